//! `wharf:provider@0.1.0`.

mod convert;
mod imports;

use wasmtime::component::{Component, ComponentExportIndex, HasSelf, Linker};
use wasmtime::{Store, format_err};

use super::super::ctx::Ctx;
use crate::failure::Failure;
use crate::manifest::Manifest;
use bindings::wharf::provider::call::{Attachment, Call, Failure as ToldFailure, Output as Returned};

#[expect(clippy::all, clippy::restriction, reason = "generated")]
mod bindings {
    wasmtime::component::bindgen!({
        path: "../../wit",
        world: "provider",
        imports: { default: trappable },
        with: { "wharf:provider/blobs.blob": wharf_egress::Blob },
    });
}

/// The contract, by the name of its package.
pub(crate) const CONTRACT: &str = "wharf:provider@0.1.0";

/// The interface that every plugin of this version exports.
pub(crate) const EXPORT: &str = "wharf:provider/plugin@0.1.0";

/// A component that is linked and ready to be instantiated.
pub(crate) struct Plugin {
    pre: bindings::ProviderPre<Ctx>,
    /// A call needs one of the exports: the bindings would look up all of them, and compare their types, in each instance.
    invoke: ComponentExportIndex,
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

pub(crate) fn add_to_linker(linker: &mut Linker<Ctx>) -> wasmtime::Result<()> {
    bindings::Provider::add_to_linker::<_, HasSelf<Ctx>>(linker, |ctx| ctx)
}

impl Plugin {
    pub(crate) fn link(linker: &Linker<Ctx>, component: &Component) -> wasmtime::Result<Self> {
        let pre = bindings::ProviderPre::new(linker.instantiate_pre(component)?)?;
        let invoke = component
            .get_export_index(None, EXPORT)
            .and_then(|plugin| component.get_export_index(Some(&plugin), "invoke"))
            .ok_or_else(|| format_err!("`{EXPORT}` has no `invoke`"))?;
        Ok(Self { pre, invoke })
    }

    /// Prepares what each instance begins with; else the first one does.
    pub(crate) fn warm_up(&self) -> wasmtime::Result<()> {
        self.pre.instance_pre().component().initialize_copy_on_write_image()
    }

    pub(crate) fn describe(&self, store: &mut Store<Ctx>) -> wasmtime::Result<Result<Manifest, String>> {
        let instance = self.pre.instantiate(&mut *store)?;
        let manifest = instance.wharf_provider_plugin().call_describe(&mut *store)?;
        Ok(convert::manifest(manifest))
    }

    pub(crate) fn invoke(
        &self,
        store: &mut Store<Ctx>,
        operation: &str,
        id: String,
        input: String,
        attachments: Vec<(String, wharf_egress::Blob)>,
    ) -> wasmtime::Result<Invoked> {
        let instance = self.pre.instance_pre().instantiate(&mut *store)?;
        let invoke = instance.get_typed_func::<(&Call,), (Result<Returned, ToldFailure>,)>(&mut *store, self.invoke)?;
        let table = &mut store.data_mut().table;
        let attachments = attachments
            .into_iter()
            .map(|(name, blob)| Ok(Attachment { name, content: table.push(blob)? }))
            .collect::<wasmtime::Result<_>>()?;
        let call = Call { operation: operation.to_owned(), id, input, attachments };
        match invoke.call(&mut *store, (&call,))?.0 {
            Ok(output) => {
                let table = &mut store.data_mut().table;
                let attachments = output
                    .attachments
                    .into_iter()
                    .map(|attachment| Ok((attachment.name, table.delete(attachment.content)?)))
                    .collect::<wasmtime::Result<_>>()?;
                let incomplete = output.incomplete.map(convert::failure);
                Ok(Invoked::Output(Output { json: output.json, attachments, incomplete }))
            }
            Err(failure) => Ok(Invoked::Failed(convert::failure(failure))),
        }
    }
}
