use std::fs;
use std::path::{Path, PathBuf};
use std::sync::Arc;

use indexmap::IndexMap;
use sha2::{Digest as _, Sha256};
use wharf_egress::declaration::Problem;

use super::artefact::Artefacts;
use super::component::{LoadError, check_world, compile, sniff};
use crate::failure::{Fault, Refusal};
use crate::limits::Limits;
use crate::manifest::{self, Manifest};
use crate::operation::{Operation, nearest};
use crate::sandbox;
use crate::sandbox::contract::v0_1::Plugin;
use crate::sandbox::ctx::Ctx;
use crate::sandbox::engine::Engine;
use crate::sandbox::log::visible;

/// A loaded version of a plugin, ready to answer calls.
pub struct Release {
    /// What the plugin says of itself; it has passed the check.
    pub manifest: Manifest,
    /// SHA-256 of the component, in lower case hexadecimal.
    pub digest: String,
    /// Size of the component, in bytes.
    pub size: u64,
    /// The file that it was loaded from; none for bytes in memory.
    pub file: Option<PathBuf>,
    operations: IndexMap<String, Arc<Operation>>,
    pub(crate) plugin: Plugin,
}

impl Release {
    /// The operations, in the plugin's order.
    pub fn operations(&self) -> impl Iterator<Item = &Operation> {
        self.operations.values().map(Arc::as_ref)
    }

    /// An operation by its name.
    ///
    /// # Errors
    /// [`Refusal::Unknown`] with the nearest name.
    pub fn operation(&self, name: &str) -> Result<Arc<Operation>, Refusal> {
        self.operations.get(name).cloned().ok_or_else(|| {
            let plugin = &self.manifest.name;
            // The part after the dot alone is a common way to name it.
            let by_action = self.operations.keys().find(|known| known.split('.').nth(1) == Some(name));
            let known = self.operations.keys().map(String::as_str);
            Refusal::Unknown(match by_action.map(String::as_str).or_else(|| nearest(name, known)) {
                Some(near) => format!("`{plugin}` has no operation `{name}`; did you mean `{near}`?"),
                None => format!("`{plugin}` has no operation `{name}`; `wharf describe {plugin}` lists them"),
            })
        })
    }
}

/// Makes releases from component files.
pub(crate) struct Loader {
    linker: wasmtime::component::Linker<Ctx>,
    artefacts: Artefacts,
    limits: Limits,
}

impl Loader {
    pub(crate) fn new(engine: &Engine, cache: Option<PathBuf>, limits: Limits) -> Result<Self, Fault> {
        let linker = sandbox::linker(engine)
            .map_err(|error| Fault::Host(format!("the contract cannot be linked: {}", error.root_cause())))?;
        Ok(Self { linker, artefacts: Artefacts::new(cache, engine.inner()), limits })
    }

    /// A release of the component in a file.
    pub(crate) fn file(&self, engine: &Engine, file: &Path) -> Result<Release, LoadError> {
        let bytes = fs::read(file).map_err(|reason| LoadError::Unreadable { path: file.to_owned(), reason })?;
        self.read(engine, file, &bytes)
    }

    /// A release of a component that was read from a file.
    pub(crate) fn read(&self, engine: &Engine, file: &Path, bytes: &[u8]) -> Result<Release, LoadError> {
        let no_plugin =
            |problem: String| LoadError::NoPlugin { path: Some(file.to_owned()), problem: visible(&problem) };
        let mut release = self.release(engine, bytes).map_err(no_plugin)?;
        release.file = Some(file.to_owned());
        Ok(release)
    }

    /// A release of a component in memory.
    pub(crate) fn bytes(&self, engine: &Engine, bytes: &[u8]) -> Result<Release, LoadError> {
        self.release(engine, bytes)
            .map_err(|problem: String| LoadError::NoPlugin { path: None, problem: visible(&problem) })
    }

    fn release(&self, engine: &Engine, bytes: &[u8]) -> Result<Release, String> {
        sniff(bytes)?;
        let digest: String = Sha256::digest(bytes).iter().map(|byte| format!("{byte:02x}")).collect();
        let (plugin, manifest) = match self.artefacts.load(engine.inner(), &digest) {
            Some((component, manifest)) => (self.link(&component)?, manifest),
            None => {
                let component = compile(engine.inner(), bytes, &self.limits)?;
                check_world(engine.inner(), &component)?;
                let plugin = self.link(&component)?;
                let manifest = sandbox::describe(engine, &plugin, self.limits)?;
                self.artefacts.store(&digest, &component, &manifest);
                (plugin, manifest)
            }
        };
        let checked = manifest::check(&manifest).map_err(|problems| refused(&problems))?;
        let operations = manifest
            .operations
            .iter()
            .cloned()
            .zip(checked)
            .map(|(declared, (validator, requests))| {
                (declared.name.clone(), Arc::new(Operation::new(declared, validator, requests)))
            })
            .collect();
        Ok(Release { manifest, digest, size: bytes.len() as u64, file: None, operations, plugin })
    }

    fn link(&self, component: &wasmtime::component::Component) -> Result<Plugin, String> {
        Plugin::link(&self.linker, component).map_err(|error| {
            format!("it does not fit the contract ({}); build it against the contract of this host", error.root_cause())
        })
    }
}

fn refused(problems: &[Problem]) -> String {
    const MOST: usize = 5;
    let mut lines: Vec<String> = problems.iter().take(MOST).map(|p| format!("\n  - {p}")).collect();
    if problems.len() > MOST {
        lines.push(format!("\n  - and {} more", problems.len() - MOST));
    }
    format!("its manifest is not accepted:{}", lines.concat())
}
