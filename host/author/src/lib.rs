//! What an author of plugins uses: plugins that are a document and no code.
//!
//! | module | what it does |
//! | --- | --- |
//! | [`yaml`] | reads YAML, with the place of each value |
//! | [`folder`] | reads the folder of a plugin: `plugin.yaml`, what it refers to, and `overlay.yaml` |
//! | [`component`] | makes a component of a manifest, without a compiler |
//! | [`scaffold`] | writes a new folder |
//! | [`import`] | makes the folder of a plugin from the description of an API |
//!
//! No server needs this crate, and nothing of it runs in a call.
#![deny(missing_docs)]

pub mod component;
pub mod folder;
pub mod import;
pub mod scaffold;
pub mod yaml;
