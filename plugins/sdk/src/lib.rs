//! Write a Wharf plugin in Rust.
//!
//! A plugin is *data*: a [`Provider`] with its connection, its credential schemes and its operations. From this one
//! description come the JSON Schema of each input, the requests that are declared to the host, and what is sent. Only an
//! operation that needs more than one plain request has a function.
//!
//! ```
//! use wharf_plugin::*;
//!
//! const PROVIDER: Provider = Provider {
//!     name: "acme",
//!     title: "Acme",
//!     version: "0.1.0",
//!     summary: "Orders and customers of the Acme shop.",
//!     base_url: BaseUrl::new("Address of the shop, such as https://shop.example").suffix("/api"),
//!     servers: &[],
//!     fields: &[ConnectionField::secret("token", "Token", "From the shop's settings.").required()],
//!     credentials: &[],
//!     test: None,
//!     schemes: &[Scheme::new("token", "The shop's token.").placements(&[
//!         Placement::header("Authorization", &[Part::Literal("Bearer "), Part::Field("token")]),
//!     ])],
//!     scheme: Some("token"),
//!     read: read::REST,
//!     resources: &[Resource::new("orders", &[
//!         Operation::get("get", "Get order", "/orders/{orderId}")
//!             .summary("Fetches one order.")
//!             .inputs(&[path("orderId", integer().at_least(1)).describe("Number of the order.")]),
//!         Operation::delete("cancel", "Cancel order", "/orders/{orderId}")
//!             .summary("Cancels an order that was not sent yet.")
//!             .inputs(&[
//!                 path("orderId", integer().at_least(1)).describe("Number of the order."),
//!                 query("reason", text().at_most(200)).optional().describe("Shown to the customer."),
//!             ])
//!             .answers_success(),
//!     ])],
//! };
//!
//! wharf_plugin::export!(PROVIDER);
//! # fn main() {}
//! ```
//!
//! Build it with `cargo build --release --target wasm32-wasip2` as a `cdylib`.
#![deny(missing_docs)]

mod call;
mod check;
mod credential;
mod describe;
mod failure;
mod file;
mod input;
mod invoke;
mod json_text;
mod operation;
mod pages;
mod provider;
pub mod read;
mod request;
mod response;
mod schema;
mod text_of_json;

pub use bindings::wharf::provider::blobs::{Blob, BlobWriter};
pub use call::{Call, Output, Request, connection, log, state};
pub use credential::{
    Assertion, Client, ConnectionTest, Credential, Endpoint, Grant, Key, Login, Oauth2, Parameter, Session, Sign,
    Taken, TokenAnswer, Told,
};
pub use failure::{Detail, Failure};
pub use input::{Input, body, code_only, header, path, query, variable};
pub use operation::{Answer, Effect, Operation, Resource, Run};
pub use pages::{Page, Paging};
pub use provider::{
    Attachment, BaseUrl, ConnectionField, Function, Location, NamedTemplate, Part, Placement, Provider, Scheme, Server,
};
pub use read::{Read, Rules};
pub use request::{Body, Constant, DeclaredRequest, Field, Lists, Method, Place};
pub use response::Response;
pub use schema::{
    Definition, Property, Schema, any, boolean, integer, list, named, number, object, object_of, one_of, property,
    shared, text, text_or_integer,
};
pub use serde_json::{Value, json};
pub use text_of_json::plain_json;
pub use wharf_answer::lines::Lines;
pub use wharf_answer::{Members, build, items, rules, words};

/// The generated side of the contract. [`export!`] needs to see it; nothing else should.
#[doc(hidden)]
pub mod bindings {
    wit_bindgen::generate!({
        path: "../../wit/0.2",
        world: "provider",
        pub_export_macro: true,
        default_bindings_module: "wharf_plugin::bindings",
    });
}

#[doc(hidden)]
pub use check::check as __check;
#[doc(hidden)]
pub use describe::document as __document;
#[doc(hidden)]
pub use invoke::invoke as __invoke;

/// The guide, whose code has to compile.
#[cfg(doctest)]
#[doc = include_str!("../../../docs/authors.md")]
mod guide {}

/// Makes a provider the plugin of this crate.
#[macro_export]
macro_rules! export {
    ($provider:expr) => {
        // A native build, for tests, has no use for the exports; it checks the constant all the same.
        #[allow(long_running_const_eval, reason = "hundreds of operations take a moment")]
        const _: () = {
            const THIS_PLUGIN: $crate::Provider = $provider;
            $crate::__check(&THIS_PLUGIN)
        };

        #[cfg(target_arch = "wasm32")]
        const _: () = {
            static THIS_PLUGIN: $crate::Provider = $provider;

            struct Plugin;

            impl $crate::bindings::exports::wharf::provider::plugin::Guest for Plugin {
                fn describe() -> String {
                    $crate::__document(&THIS_PLUGIN)
                }

                fn invoke(
                    call: $crate::bindings::wharf::provider::call::Call,
                ) -> Result<
                    $crate::bindings::wharf::provider::call::Output,
                    $crate::bindings::wharf::provider::call::Failure,
                > {
                    $crate::__invoke(&THIS_PLUGIN, call)
                }
            }

    $crate::bindings::export!(Plugin with_types_in $crate::bindings);
        };
    };
}
