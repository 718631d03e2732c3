//! `wharf:provider@0.2.0-draft`: its manifest is a document.

use std::io::Read as _;

use wharf_egress::{BlobWriter, SpoolError};

use crate::manifest::{Manifest, document};

#[expect(clippy::all, clippy::restriction, reason = "generated")]
mod bindings {
    wasmtime::component::bindgen!({
        path: "../../wit/0.2",
        world: "provider",
        imports: { default: trappable },
        with: {
            "wharf:provider/blobs.blob": wharf_egress::Blob,
            "wharf:provider/blobs.blob-writer": wharf_egress::BlobWriter,
        },
    });
}

/// The contract, by the name of its package.
pub(crate) const CONTRACT: &str = "wharf:provider@0.2.0-draft";

/// The interface that every plugin of this version exports.
pub(crate) const EXPORT: &str = "wharf:provider/plugin@0.2.0-draft";

super::served::serve!();

impl blobs::HostBlobWriter for Ctx {
    fn new(&mut self, media_type: String, file_name: Option<String>) -> wasmtime::Result<Resource<BlobWriter>> {
        let spool = self.call.as_ref().and_then(|call| call.spool.as_deref());
        let writer = BlobWriter::new(spool, media_type, file_name);
        self.meter.count_written((0, 0), writer.sizes())?;
        Ok(self.table.push(writer)?)
    }

    fn write(&mut self, writer: Resource<BlobWriter>, bytes: Vec<u8>) -> wasmtime::Result<()> {
        self.write_to(&writer, &bytes)
    }

    fn append(&mut self, writer: Resource<BlobWriter>, content: Resource<Blob>) -> wasmtime::Result<()> {
        const PIECE: usize = 64 << 10;
        let mut reader = self.table.get(&content)?.reader();
        let mut piece = vec![0; PIECE];
        loop {
            let amount = reader.read(&mut piece).map_err(SpoolError::of)?;
            if amount == 0 {
                return Ok(());
            }
            self.meter.check_time()?;
            self.write_to(&writer, piece.get(..amount).unwrap_or_default())?;
        }
    }

    fn finish(&mut self, writer: Resource<BlobWriter>) -> wasmtime::Result<Resource<Blob>> {
        // It is counted already.
        let blob = self.table.delete(writer)?.finish();
        Ok(self.table.push(blob)?)
    }

    fn drop(&mut self, writer: Resource<BlobWriter>) -> wasmtime::Result<()> {
        self.table.delete(writer)?;
        Ok(())
    }
}

impl Ctx {
    fn write_to(&mut self, writer: &Resource<BlobWriter>, bytes: &[u8]) -> wasmtime::Result<()> {
        let writer = self.table.get_mut(writer)?;
        let had = writer.sizes();
        writer.write(bytes)?;
        Ok(self.meter.count_written(had, writer.sizes())?)
    }
}

impl Plugin {
    pub(crate) fn describe(&self, store: &mut Store<Ctx>) -> wasmtime::Result<Result<Manifest, String>> {
        let instance = self.pre.instantiate(&mut *store)?;
        let document = instance.wharf_provider_plugin().call_describe(&mut *store)?;
        Ok(document::read(&document).map_err(|problem| problem.to_string()))
    }
}
