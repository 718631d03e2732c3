//! The one way out of Wharf's sandbox.
//!
//! A plugin cannot write a URL. It names a [declared request](declaration::Request) of the running operation and this
//! crate builds what is sent: the address from the operator's [`Connection`], the bound values from the caller's
//! validated input, the credentials from a [scheme](declaration::Scheme). A plugin gives only the values that its
//! manifest declares as free, and each of them is checked.
//!
//! The path of a request through this crate, in order:
//!
//! | station | what happens |
//! | --- | --- |
//! | [`declaration`] | what a plugin declares; linted once, when a release is loaded |
//! | [`guard::prepare`] | an asked-for request meets its declaration, or is [denied](rules::Denial) |
//! | [`outgoing`] | the request as it goes over the wire, and as it may be shown |
//! | [`audit`] | what is about to be sent, and what became of it, is recorded |
//! | [`send`] | the only call of the HTTP client in Wharf |
//!
//! What is refused, and why, is one table: [`rules`]. What the operator asks for, such as a component to install, comes by
//! [`download`], over the same station [`send`]. What the host asks of an authorization server itself comes by [`tokens`], which declares
//! its requests as a plugin would, what it tells others goes by [`notify`], and its own traces and logs go by [`collector`]. [`probe()`]
//! tries a connection, and sends nothing.
//!
//! There is no WebAssembly in this crate.
#![deny(missing_docs)]

pub mod address;
mod agent;
mod answer;
mod asked;
pub mod audit;
mod blob;
mod body;
mod charset;
pub mod collector;
pub mod configuration;
mod connection;
mod content;
mod deadline;
pub mod declaration;
pub mod download;
mod encode;
mod field;
pub mod file_name;
pub mod files;
mod free;
mod given;
pub mod guard;
mod incoming;
pub mod json;
pub mod lines;
mod lists;
mod lookup;
mod masker;
mod media_type;
mod moved;
pub mod notify;
pub mod open;
pub mod outgoing;
pub mod owner;
mod parameters;
mod path;
pub mod permissions;
mod probe;
mod range;
mod redirect;
mod refusal;
mod retry_after;
pub mod rules;
mod scheme;
mod secret;
pub mod send;
pub mod shortage;
mod sign;
mod spool;
mod strength;
pub mod text;
pub mod tokens;
mod well_known;
mod wiped;
mod wire;
pub mod work;

pub use address::Nat64;
pub use blob::Blob;
pub use connection::{Connection, ConnectionBuilder};
pub use content::Reader;
pub use deadline::Deadline;
pub use given::Given;
pub use ipnet::IpNet;
pub use json::Json;
pub use masker::Masker;
pub use moved::moved;
pub use probe::{Reached, probe};
pub use refusal::{ConnectionError, MissingCredential};
pub use secret::{Kept, MASK, Secret};
pub use spool::{BlobWriter, IN_MEMORY, Room, Spool, SpoolError};
