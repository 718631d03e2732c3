//! `wharf:provider@0.1.0`, which is released: its manifest is a record.

mod convert;

use crate::manifest::Manifest;

#[expect(clippy::all, clippy::restriction, reason = "generated")]
mod bindings {
    wasmtime::component::bindgen!({
        path: "../../wit/0.1",
        world: "provider",
        imports: { default: trappable },
        with: { "wharf:provider/blobs.blob": wharf_egress::Blob },
    });
}

/// The contract, by the name of its package.
pub(crate) const CONTRACT: &str = "wharf:provider@0.1.0";

/// The interface that every plugin of this version exports.
pub(crate) const EXPORT: &str = "wharf:provider/plugin@0.1.0";

super::served::serve!();

// An interface of types alone.
impl bindings::wharf::provider::manifest::Host for Ctx {}

impl Plugin {
    pub(crate) fn describe(&self, store: &mut Store<Ctx>) -> wasmtime::Result<Result<Manifest, String>> {
        let instance = self.pre.instantiate(&mut *store)?;
        let manifest = instance.wharf_provider_plugin().call_describe(&mut *store)?;
        Ok(convert::manifest(manifest))
    }
}
