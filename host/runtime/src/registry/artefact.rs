//! Compiled components on disk, so that a component is compiled once on a machine.
//!
//! A compiled artefact is trusted code: who can write into the folder can run code as its owner. It is made for the owner
//! alone; one that others own or can write to is not used. An artefact of another engine, other settings or another processor
//! has another name and is never tried. One that was damaged by accident is not loaded: its checksum covers all of it up to
//! [`CHECKED`] bytes, and as many bytes from all over a larger one.

use std::hash::{DefaultHasher, Hash, Hasher};
use std::io::{self, Read as _, Seek as _, SeekFrom};
use std::path::{Path, PathBuf};
use std::sync::OnceLock;

use serde::{Deserialize, Serialize};
use wasmtime::component::Component;

use super::compiler::Compiled;
use super::description::Description;
use crate::files::{create_private_folder, open, read, replace_durably, shared};

/// Goes up with every change of what is stored, so that an old manifest is never read as a new one.
const FORMAT: u32 = 4;

/// So much of an artefact is read when it is loaded, in bytes; the rest is mapped and read when it is needed.
const CHECKED: u64 = 4 << 20;

const BLOCK: u64 = 64 << 10;

/// How large a description may be, in bytes: several times what a plugin may hand over to describe itself.
const LARGEST_DESCRIPTION: u64 = 64 << 20;

/// The folder of artefacts; nothing is kept without one.
pub(crate) struct Artefacts {
    folder: Option<PathBuf>,
    /// What an artefact must have been compiled with.
    engine: u64,
    /// Why the first artefact that was not kept was not, though there should be a folder for it.
    unkept: OnceLock<String>,
}

/// Stands before a description.
#[derive(Serialize, Deserialize)]
struct Head {
    code: Check,
    /// CRC-32 of the description.
    description: u32,
}

#[derive(PartialEq, Serialize, Deserialize)]
struct Check {
    length: u64,
    crc: u32,
}

impl Artefacts {
    pub(crate) fn new(folder: Option<PathBuf>, engine: &wasmtime::Engine) -> Self {
        let mut hasher = DefaultHasher::new();
        FORMAT.hash(&mut hasher);
        engine.precompile_compatibility_hash().hash(&mut hasher);
        env!("CARGO_PKG_VERSION").hash(&mut hasher);
        let unkept = OnceLock::new();
        let folder = folder.filter(|folder| match shared(folder, false) {
            Some(words) => {
                unkept.get_or_init(|| words);
                false
            }
            None => true,
        });
        Self { folder, engine: hasher.finish(), unkept }
    }

    /// The component and its manifest, if both are there and fit. Whatever is wrong with them, they are made anew.
    pub(crate) fn load(&self, engine: &wasmtime::Engine, digest: &str) -> Option<(Component, Description)> {
        let mut bytes = read(&self.file(digest, "manifest")?, LARGEST_DESCRIPTION).ok()?;
        let head_ends = bytes.iter().position(|byte| *byte == b'\n')?;
        let description = bytes.split_off(head_ends + 1);
        let head: Head = serde_json::from_slice(&bytes).ok()?;
        let code = self.file(digest, "cwasm")?;
        if crc32fast::hash(&description) != head.description || check(&code).ok()? != head.code {
            return None;
        }
        let description = Description::from_bytes(description)?;
        // SAFETY: the file was written by `store`, or by somebody who can write to the owner's own cache folder.
        #[expect(unsafe_code, reason = "mapping compiled code is the point of the cache")]
        let component = unsafe { Component::deserialize_file(engine, code) }.ok()?;
        Some((component, description))
    }

    /// Keeps both. A full disk costs the next start some time, and nothing else.
    pub(crate) fn store(&self, digest: &str, compiled: &Compiled) {
        // Losing an artefact is no failure of the call.
        if let Err(error) = self.try_store(digest, compiled) {
            let folder = self.folder.as_deref().unwrap_or(Path::new(""));
            self.unkept.get_or_init(|| format!("{}: {error}", folder.display()));
        }
    }

    fn try_store(&self, digest: &str, compiled: &Compiled) -> io::Result<()> {
        let (Some(code), Some(manifest)) = (self.file(digest, "cwasm"), self.file(digest, "manifest")) else {
            return Ok(());
        };
        create_private_folder(code.parent().unwrap_or(Path::new(".")))?;
        replace_durably(&code, &compiled.code)?;
        let description = compiled.description.to_bytes()?;
        let head = Head { code: check(&code)?, description: crc32fast::hash(&description) };
        let mut bytes = serde_json::to_vec(&head)?;
        bytes.push(b'\n');
        bytes.extend(description);
        replace_durably(&manifest, &bytes)
    }

    /// Why something was not kept that should have been.
    pub(crate) fn unkept(&self) -> Option<&str> {
        self.unkept.get().map(String::as_str)
    }

    /// Where they are kept, if they are.
    pub(crate) fn folder(&self) -> Option<&Path> {
        self.folder.as_deref()
    }

    /// A file for what was found in another one, in the same folder.
    pub(crate) fn beside(&self, other: &Path) -> Option<PathBuf> {
        let mut hasher = DefaultHasher::new();
        other.canonicalize().ok()?.hash(&mut hasher);
        Some(self.folder.as_ref()?.join(format!("live-{:016x}.json", hasher.finish())))
    }

    fn file(&self, digest: &str, ending: &str) -> Option<PathBuf> {
        Some(self.folder.as_ref()?.join(format!("{digest}-{:016x}.{ending}", self.engine)))
    }
}

/// What is compared with what was written.
fn check(file: &Path) -> io::Result<Check> {
    let mut file = open(file)?;
    let length = file.metadata()?.len();
    let mut hasher = crc32fast::Hasher::new();
    let mut block = Vec::with_capacity(BLOCK as usize);
    // One after the other, or spread evenly.
    let step = (BLOCK * length).checked_div(CHECKED.min(length)).unwrap_or(BLOCK);
    let mut at = 0;
    while at < length {
        file.seek(SeekFrom::Start(at))?;
        block.clear();
        (&file).take(BLOCK).read_to_end(&mut block)?;
        hasher.update(&block);
        at += step;
    }
    Ok(Check { length, crc: hasher.finalize() })
}

#[cfg(test)]
mod tests {
    use std::fs;

    use super::*;

    #[test]
    fn damage_anywhere_in_an_artefact_is_seen() {
        let folder = tempfile::tempdir().unwrap();
        let file = folder.path().join("code");
        let of = |bytes: &[u8]| {
            fs::write(&file, bytes).unwrap();
            check(&file).unwrap()
        };
        let mut bytes: Vec<u8> = (0..3 * BLOCK + 17).map(|n| (n % 251) as u8).collect();
        let whole = of(&bytes);
        assert!(whole == of(&bytes) && whole != of(&bytes[1..]) && whole != of(&[]));
        for at in [0, BLOCK - 1, BLOCK, 2 * BLOCK + 1, 3 * BLOCK + 16] {
            bytes[at as usize] ^= 1;
            assert!(whole != of(&bytes), "{at}");
            bytes[at as usize] ^= 1;
        }
    }

    #[test]
    fn a_large_artefact_is_checked_in_places_all_over() {
        let folder = tempfile::tempdir().unwrap();
        let file = folder.path().join("code");
        let mut bytes = vec![7; 5 * CHECKED as usize];
        fs::write(&file, &bytes).unwrap();
        let whole = check(&file).unwrap();
        let last = (CHECKED / BLOCK - 1) * 5 * BLOCK;
        for at in [0, 5 * BLOCK, last] {
            bytes[at as usize] ^= 1;
            fs::write(&file, &bytes).unwrap();
            assert!(check(&file).unwrap() != whole, "{at}");
            bytes[at as usize] ^= 1;
        }
    }
}
