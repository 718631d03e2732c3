//! A plugin that never ends to describe itself.
// It implements the contract by itself, which only a component can.
#![cfg(target_arch = "wasm32")]

use wharf_plugin::*;

const PROVIDER: Provider = Provider {
    name: "endless",
    title: "Endless",
    version: "0.1.0",
    summary: "Says so much that it never comes to an end.",
    base_url: BaseUrl::new("Any."),
    servers: &[],
    fields: &[],
    credentials: &[],
    test: None,
    schemes: &[],
    scheme: None,
    read: read::REST,
    resources: &[],
};

struct Plugin;

impl bindings::exports::wharf::provider::plugin::Guest for Plugin {
    fn describe() -> String {
        loop {
            std::hint::black_box(PROVIDER);
        }
    }

    fn invoke(
        _: bindings::wharf::provider::call::Call,
    ) -> Result<bindings::wharf::provider::call::Output, bindings::wharf::provider::call::Failure> {
        loop {
            std::hint::black_box(PROVIDER);
        }
    }
}

bindings::export!(Plugin with_types_in wharf_plugin::bindings);
