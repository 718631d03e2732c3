//! Wharf runs other people's integrations inside your product, without giving them the keys.
//!
//! A plugin is a WebAssembly component that declares every request it will ever make. The host runs it in a sandbox
//! with no way out but those requests, adds the credentials itself, and ends a call that goes beyond its limits.
//!
//! The stations of a call, in order, are the folders of this crate:
//!
//! | station | question |
//! | --- | --- |
//! | `registry` | which release answers? |
//! | [`operation`] | does the input fit? |
//! | `sandbox` | what does the plugin make of it? |
//! | [`wharf_egress`] | may this request go out, and how? |
//!
//! [`Host`] is where to begin:
//!
//! ```no_run
//! use serde_json::json;
//! use wharf::{Call, Connection, Host, Secret};
//!
//! let host = Host::builder().build()?;
//! let plugin = host.load_file("appwrite.wasm".as_ref())?;
//! let connection = Connection::builder("appwrite", "main", "https://cloud.example/v1")
//!     .field("project_id", "shop")
//!     .secret("api_key", Secret::new(std::env::var("APPWRITE_API_KEY")?))
//!     .build()?;
//! host.connect("appwrite", connection);
//!
//! let call = Call::new("appwrite", "users.list-sessions").input(json!({"userId": "ada"}));
//! println!("{}", host.call(call)?.json);
//! # Ok::<(), Box<dyn std::error::Error>>(())
//! ```
#![deny(missing_docs)]

mod budget;
mod call;
pub mod cassette;
mod check;
pub mod config;
mod credentials;
mod data;
pub mod doctor;
mod failpoint;
pub mod failure;
pub mod files;
mod grant;
mod host;
mod limits;
pub mod manifest;
pub mod operation;
mod registry;
mod retry;
mod sandbox;
mod state;
mod trace;
pub mod vault;
pub mod watch;

pub use call::{Call, Input, Output, Report, Timing};
pub use check::Unreached;
pub use credentials::connect::{Connect, Connected, TIME_TO_CONSENT};
pub use credentials::events::{ConnectionEvent, State};
#[doc(hidden)]
pub use credentials::renewal::RenewalTiming;
pub use files::component_files;
pub use grant::{Grant, Pattern};
pub use host::{
    BudgetFigures, ChangedConnections, ConnectionInfo, Consent, CredentialInfo, Device, Figures, Followed, Host,
    HostBuilder, RefusalEvent, Stream, Swept, Tested,
};
pub use limits::{CompileLimits, EngineLimits, Limits};
pub use registry::{
    Drain, Installed, LARGEST_COMPONENT, LoadError, LockFile, LockedPlugin, LockedRelease, Missing, Release,
    ReleaseStore, Standing, StoreError, Swap, digest_of, read_component, serve_compiler,
};
pub use retry::MOST_RETRIES;
pub use sandbox::contract::Contract;
pub use sandbox::exchange::Exchange;
pub use sandbox::log::{Level, LogEntry};
pub use trace::TraceContext;
pub use wharf_egress::{
    Blob, Connection, Deadline, IN_MEMORY, Json, MASK, MissingCredential, Reached, Reader, Secret, SpoolError, audit,
    configuration, declaration, download, file_name, json, permissions, shortage, text,
};
