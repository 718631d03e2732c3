//! `wharf:provider@0.2.0-draft`: its manifest is a document.

use crate::manifest::{Manifest, document};

#[expect(clippy::all, clippy::restriction, reason = "generated")]
mod bindings {
    wasmtime::component::bindgen!({
        path: "../../wit/0.2",
        world: "provider",
        imports: { default: trappable },
        with: { "wharf:provider/blobs.blob": wharf_egress::Blob },
    });
}

/// The contract, by the name of its package.
pub(crate) const CONTRACT: &str = "wharf:provider@0.2.0-draft";

/// The interface that every plugin of this version exports.
pub(crate) const EXPORT: &str = "wharf:provider/plugin@0.2.0-draft";

super::served::serve!();

impl Plugin {
    pub(crate) fn describe(&self, store: &mut Store<Ctx>) -> wasmtime::Result<Result<Manifest, String>> {
        let instance = self.pre.instantiate(&mut *store)?;
        let document = instance.wharf_provider_plugin().call_describe(&mut *store)?;
        Ok(document::read(&document).map_err(|problem| problem.to_string()))
    }
}
