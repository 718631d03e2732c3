//! Compiled components on disk, so that a component is compiled once on a machine.
//!
//! A compiled artefact is trusted code: who can write into the folder can run code as its owner. It is made for the owner
//! alone; one that others own or can write to is not used. An artefact of another engine, other settings or another processor has
//! another name and is never tried.

use std::fs;
use std::hash::{DefaultHasher, Hash, Hasher};
use std::path::PathBuf;

use wasmtime::component::Component;

use crate::files::{create_private_folder, is_ours_alone, replace};
use crate::manifest::Manifest;

/// Goes up with every change of what is stored, so that an old manifest is never read as a new one.
const FORMAT: u32 = 1;

/// The folder of artefacts; nothing is kept without one.
pub(crate) struct Artefacts {
    folder: Option<PathBuf>,
    /// What an artefact must have been compiled with.
    engine: u64,
}

impl Artefacts {
    pub(crate) fn new(folder: Option<PathBuf>, engine: &wasmtime::Engine) -> Self {
        let mut hasher = DefaultHasher::new();
        FORMAT.hash(&mut hasher);
        engine.precompile_compatibility_hash().hash(&mut hasher);
        env!("CARGO_PKG_VERSION").hash(&mut hasher);
        Self { folder: folder.filter(|folder| is_ours_alone(folder)), engine: hasher.finish() }
    }

    /// The component and its manifest, if both are there and fit. Whatever is wrong with them, they are made anew.
    pub(crate) fn load(&self, engine: &wasmtime::Engine, digest: &str) -> Option<(Component, Manifest)> {
        let manifest = serde_json::from_slice(&fs::read(self.file(digest, "json")?).ok()?).ok()?;
        // SAFETY: the file was written by `store`, or by somebody who can write to the owner's own cache folder.
        #[expect(unsafe_code, reason = "mapping compiled code is the point of the cache")]
        let component = unsafe { Component::deserialize_file(engine, self.file(digest, "cwasm")?) }.ok()?;
        Some((component, manifest))
    }

    /// Keeps both. A full disk costs the next start some time, and nothing else.
    pub(crate) fn store(&self, digest: &str, component: &Component, manifest: &Manifest) {
        let Ok(code) = component.serialize() else { return };
        let Ok(json) = serde_json::to_vec(manifest) else { return };
        for (ending, bytes) in [("cwasm", code), ("json", json)] {
            // Losing an artefact is no failure of the call.
            let _ = self.write(digest, ending, &bytes);
        }
    }

    fn write(&self, digest: &str, ending: &str, bytes: &[u8]) -> Option<()> {
        let file = self.file(digest, ending)?;
        let folder = file.parent()?;
        create_private_folder(folder).ok()?;
        replace(&file, bytes).ok()
    }

    fn file(&self, digest: &str, ending: &str) -> Option<PathBuf> {
        Some(self.folder.as_ref()?.join(format!("{digest}-{:016x}.{ending}", self.engine)))
    }
}
