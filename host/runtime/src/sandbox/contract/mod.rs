//! The versions of the contract that this host serves, each in a module of its own.
//!
//! A module holds the generated bindings (private), the host's side of the imports, and the conversions between the
//! contract's types and the host's own, so that nothing outside of here knows which version a plugin was built for.

mod served;
mod v0_1;
mod v0_2;

use std::fmt;

use serde::{Deserialize, Serialize};
use wasmtime::Store;
use wasmtime::component::{Component, Linker};

use super::ctx::Ctx;
use crate::failure::Failure;
use crate::manifest::Manifest;

/// A version of the contract.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Serialize, Deserialize)]
pub enum Contract {
    /// Released, and never edited again.
    #[serde(rename = "wharf:provider@0.1.0")]
    V0_1,
    /// The newest.
    #[serde(rename = "wharf:provider@0.2.0-draft")]
    V0_2,
}

impl Contract {
    /// Those that this host serves, the newest first.
    pub const ALL: [Self; 2] = [Self::V0_2, Self::V0_1];

    /// The name of its package: `wharf:provider@0.1.0`.
    pub fn as_str(self) -> &'static str {
        match self {
            Self::V0_1 => v0_1::CONTRACT,
            Self::V0_2 => v0_2::CONTRACT,
        }
    }

    /// The interface that its plugins export.
    pub(crate) fn export(self) -> &'static str {
        match self {
            Self::V0_1 => v0_1::EXPORT,
            Self::V0_2 => v0_2::EXPORT,
        }
    }
}

impl fmt::Display for Contract {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(self.as_str())
    }
}

/// A component that is linked and ready to be instantiated.
pub(crate) enum Plugin {
    V0_1(v0_1::Plugin),
    V0_2(v0_2::Plugin),
}

/// An instance that no call had yet.
pub(crate) enum Instance {
    V0_1(v0_1::Instance),
    V0_2(v0_2::Instance),
}

/// What an invocation gave back, before the host has looked at it.
pub(crate) struct Output {
    pub(crate) json: String,
    pub(crate) attachments: Vec<(String, wharf_egress::Blob)>,
    /// Why it is only a part.
    pub(crate) incomplete: Option<Failed>,
}

/// How an invocation ended where nothing trapped.
pub(crate) enum Invoked {
    Output(Output),
    Failed(Failed),
}

/// What a plugin says of a failure.
pub(crate) enum Failed {
    Told(Failure),
    /// The plugin says that the host refused something.
    Denied(String),
}

impl Failed {
    /// In the plugin's words.
    pub(crate) fn words(self) -> String {
        match self {
            Self::Told(failure) => failure.to_string(),
            Self::Denied(message) => message,
        }
    }
}

/// Lets plugins of each version import what it has.
pub(crate) fn add_to_linker(linker: &mut Linker<Ctx>) -> wasmtime::Result<()> {
    v0_1::add_to_linker(linker)?;
    v0_2::add_to_linker(linker)
}

impl Plugin {
    pub(crate) fn link(contract: Contract, linker: &Linker<Ctx>, component: &Component) -> wasmtime::Result<Self> {
        match contract {
            Contract::V0_1 => v0_1::Plugin::link(linker, component).map(Self::V0_1),
            Contract::V0_2 => v0_2::Plugin::link(linker, component).map(Self::V0_2),
        }
    }

    /// The version that it was built for.
    pub(crate) fn contract(&self) -> Contract {
        match self {
            Self::V0_1(_) => Contract::V0_1,
            Self::V0_2(_) => Contract::V0_2,
        }
    }

    /// Prepares what each instance begins with; else the first one does.
    pub(crate) fn warm_up(&self) -> wasmtime::Result<()> {
        match self {
            Self::V0_1(plugin) => plugin.warm_up(),
            Self::V0_2(plugin) => plugin.warm_up(),
        }
    }

    pub(crate) fn describe(&self, store: &mut Store<Ctx>) -> wasmtime::Result<Result<Manifest, String>> {
        match self {
            Self::V0_1(plugin) => plugin.describe(store),
            Self::V0_2(plugin) => plugin.describe(store),
        }
    }

    /// Makes an instance, up to where a call begins.
    pub(crate) fn instantiate(&self, store: &mut Store<Ctx>) -> wasmtime::Result<Instance> {
        match self {
            Self::V0_1(plugin) => plugin.instantiate(store).map(Instance::V0_1),
            Self::V0_2(plugin) => plugin.instantiate(store).map(Instance::V0_2),
        }
    }
}

impl Instance {
    /// Has the one call that it is for.
    pub(crate) fn invoke(
        self,
        store: &mut Store<Ctx>,
        operation: &str,
        id: String,
        input: String,
        attachments: Vec<(String, wharf_egress::Blob)>,
    ) -> wasmtime::Result<Invoked> {
        match self {
            Self::V0_1(instance) => instance.invoke(store, operation, id, input, attachments),
            Self::V0_2(instance) => instance.invoke(store, operation, id, input, attachments),
        }
    }
}
