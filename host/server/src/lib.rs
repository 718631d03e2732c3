//! `wharf-server`: the HTTP API, for products in any language.
//!
//! The stations of a request, in order, are the folders of this crate:
//!
//! | station | question |
//! | --- | --- |
//! | `listen` | is it small, quick and meant for this server? |
//! | `auth` | who asks, and what may they do? |
//! | `api`, `mcp` | what is asked for: over HTTP, or by an agent? |
//! | `work` | when does its call run? |
//! | `store` | what is known of it, also after a restart? |
//!
//! Then the call is one of [`wharf::Host`]. Nothing of this crate opens a socket to somewhere else: webhooks and the keys of issuers
//! go through [`wharf_egress`].
#![deny(missing_docs)]

mod api;
mod app;
mod auth;
mod catalogue;
mod connect;
mod events;
mod heaps;
mod listen;
mod mcp;
mod metrics;
mod problem;
mod serve;
mod store;
mod telemetry;
mod webhooks;
mod work;

pub use auth::policy::{Names, Policy};
pub use auth::principal::{Principal, Role};
pub use connect::page::Page;
pub use events::Events;
pub use heaps::share_heaps;
pub use listen::may_listen_at;
pub use metrics::Metrics;
pub use problem::{PREFIX, TYPES, Type};
pub use serve::{Addresses, Local, Reload, ServeError, Server};
pub use store::{
    Approval, ApprovalFilter, ApprovalKind, ApprovalState, CallFilter, CallRow, CallState, Decided, Decision, LOCAL,
    Look, Meta, Store, StoreError, is_served, look,
};
pub use telemetry::{Record, Telemetry, Value};
