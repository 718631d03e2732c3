use std::path::{Path, PathBuf};
use std::sync::Arc;

use sha2::{Digest as _, Sha256};

use super::artefact::Artefacts;
use super::child::CompilerProgram;
use super::compiler::{compile_here, link};
use super::component::{LARGEST_COMPONENT, LoadError, NotLoaded, read_component, sniff};
use super::description::Description;
use super::ready::Ready;
use super::release::Release;
use crate::failure::Fault;
use crate::files::too_large;
use crate::limits::Limits;
use crate::sandbox;
use crate::sandbox::contract::Plugin;
use crate::sandbox::ctx::Ctx;
use crate::sandbox::engine::Engine;

/// Makes releases from components.
pub(crate) struct Loader {
    linker: wasmtime::component::Linker<Ctx>,
    artefacts: Artefacts,
    /// Without one, components are compiled in this process.
    compiler: Option<CompilerProgram>,
    limits: Limits,
    /// The operations of all releases that it makes.
    ready: Arc<Ready>,
}

/// What a component is told by: its SHA-256, in lower case hexadecimal.
pub fn digest_of(bytes: &[u8]) -> String {
    Sha256::digest(bytes).iter().map(|byte| format!("{byte:02x}")).collect()
}

impl Loader {
    pub(crate) fn new(
        engine: &Engine,
        cache: Option<PathBuf>,
        compiler: Option<CompilerProgram>,
        limits: Limits,
    ) -> Result<Self, Fault> {
        let linker = sandbox::linker(engine)
            .map_err(|error| Fault::Host(format!("the contract cannot be linked: {}", error.root_cause())))?;
        Ok(Self { linker, artefacts: Artefacts::new(cache, engine.inner()), compiler, limits, ready: Arc::default() })
    }

    /// A release of the component in a file.
    pub(crate) fn file(&self, engine: &Engine, file: &Path) -> Result<Release, LoadError> {
        self.bytes(engine, &read_component(file)?, Some(file))
    }

    /// A release of a component that was read, from a file where there is one.
    pub(crate) fn bytes(&self, engine: &Engine, bytes: &[u8], file: Option<&Path>) -> Result<Release, LoadError> {
        self.release(engine, bytes, file).map_err(|problem| problem.of(file.map(Path::to_owned)))
    }

    /// A release that was compiled before, without a look at the component itself.
    pub(crate) fn compiled(&self, engine: &Engine, digest: &str, file: Option<&Path>) -> Option<Release> {
        let (component, description) = self.artefacts.load(engine.inner(), digest)?;
        let plugin = link(engine.inner(), &self.linker, &component).ok()?;
        Some(self.made(plugin, description, digest, file))
    }

    fn release(&self, engine: &Engine, bytes: &[u8], file: Option<&Path>) -> Result<Release, NotLoaded> {
        sniff(bytes)?;
        if bytes.len() as u64 > LARGEST_COMPONENT {
            return Err(too_large(LARGEST_COMPONENT).to_string().into());
        }
        let digest = digest_of(bytes);
        if let Some(release) = self.compiled(engine, &digest, file) {
            return Ok(release);
        }
        let compiled = match &self.compiler {
            Some(program) => program.compile(bytes, self.limits, engine.layout)?,
            None => compile_here(engine, &self.linker, bytes, self.limits, || None)?,
        };
        // SAFETY: it was compiled just now, by this program or by the one that its owner named.
        #[expect(unsafe_code, reason = "compiled code has no other form")]
        let component = unsafe { wasmtime::component::Component::deserialize(engine.inner(), &compiled.code) };
        let component = component.map_err(|error| match sandbox::no_room(&error) {
            Some(problem) => NotLoaded::Host(problem),
            None => NotLoaded::Plugin(format!("what was compiled cannot be loaded: {error}")),
        })?;
        let plugin = link(engine.inner(), &self.linker, &component)?;
        // What cannot be loaded is not kept.
        self.artefacts.store(&digest, &compiled);
        // As it is kept, a large one takes less memory.
        let description = self.artefacts.description(&digest).unwrap_or(compiled.description);
        Ok(self.made(plugin, description, &digest, file))
    }

    fn made(&self, plugin: Plugin, description: Description, digest: &str, file: Option<&Path>) -> Release {
        Release::new(plugin, description, digest.to_owned(), file.map(Path::to_owned), Arc::clone(&self.ready))
    }

    /// Why compiled code was not kept that should have been.
    pub(crate) fn unkept(&self) -> Option<&str> {
        self.artefacts.unkept()
    }

    /// The folder where compiled code is kept, if it is.
    pub(crate) fn kept_in(&self) -> Option<&Path> {
        self.artefacts.folder()
    }

    /// A file for what was found in another one, beside the artefacts, if they are kept.
    pub(crate) fn beside_artefacts(&self, other: &Path) -> Option<PathBuf> {
        self.artefacts.beside(other)
    }
}

#[cfg(test)]
impl Loader {
    /// A release of a component that says of itself what this manifest does.
    pub(crate) fn described(
        &self,
        engine: &Engine,
        component: &wasmtime::component::Component,
        manifest: &crate::manifest::Manifest,
    ) -> Release {
        crate::manifest::check(manifest).unwrap();
        let plugin = link(engine.inner(), &self.linker, component).unwrap();
        let description = Description::of(manifest, 0, &vec![0; manifest.operations.len()]).unwrap();
        self.made(plugin, description, "0", None)
    }
}
