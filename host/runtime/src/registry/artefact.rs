//! Compiled components on disk, so that a component is compiled once on a machine.
//!
//! A compiled artefact is trusted code: who can write into the folder can run code as its owner. It is made for the owner
//! alone; one that others own or can write to is not used. An artefact of another engine, other settings or another processor
//! has another name and is never tried. One that was damaged by accident is not loaded: its checksum covers all of it up to
//! [`CHECKED`] bytes, and as many bytes from all over a larger one. Of a large description the pieces have checksums of their own,
//! which are looked at when an operation is called.

use std::hash::{DefaultHasher, Hash, Hasher};
use std::io::{self, Read as _, Seek as _, SeekFrom};
use std::path::{Path, PathBuf};
use std::sync::{Mutex, OnceLock};

use serde::{Deserialize, Serialize};
use wasmtime::component::Component;

use super::compiler::Compiled;
use super::description::{Description, Pieces};
use crate::files::{create_private_folder, open, replace_durably, shared};

/// Goes up with every change of what is stored, so that an old manifest is never read as a new one.
const FORMAT: u32 = 5;

/// So much of an artefact is read when it is loaded, in bytes; the rest is mapped and read when it is needed.
const CHECKED: u64 = 4 << 20;

const BLOCK: u64 = 64 << 10;

/// How large an index and the pieces behind it may be, in bytes: several times what a plugin may hand over to describe itself.
const LARGEST_DESCRIPTION: u64 = 64 << 20;

/// Pieces of a description up to this size are read, and checked, when it is loaded. Of a larger one each is when it is needed: to
/// read all would take longer than all else, and each file that stays open counts.
const READ_AT_ONCE: u64 = 1 << 20;

/// How long the line is at most that stands before a description.
const LONGEST_HEAD: usize = 1 << 10;

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
    index: Check,
    pieces: Check,
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
        let (head, description) = load_description(&self.file(digest, "manifest")?).ok()??;
        let code = self.file(digest, "cwasm")?;
        if check(&code).ok()? != head.code {
            return None;
        }
        // SAFETY: the file was written by `store`, or by somebody who can write to the owner's own cache folder.
        #[expect(unsafe_code, reason = "mapping compiled code is the point of the cache")]
        let component = unsafe { Component::deserialize_file(engine, code) }.ok()?;
        Some((component, description))
    }

    /// The manifest as it is kept, if it is.
    pub(crate) fn description(&self, digest: &str) -> Option<Description> {
        load_description(&self.file(digest, "manifest")?).ok()?.map(|(_, description)| description)
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
        let (index, pieces) = (compiled.description.index()?, compiled.description.pieces());
        let head = Head { code: check(&code)?, index: Check::of(&index), pieces: Check::of(pieces) };
        let head = serde_json::to_vec(&head)?;
        replace_durably(&manifest, &[&head, b"\n".as_slice(), &index, pieces].concat())
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

impl Check {
    fn of(bytes: &[u8]) -> Self {
        Self { length: bytes.len() as u64, crc: crc32fast::hash(bytes) }
    }
}

/// A description, and what stands before it; none where it is cut, damaged or something else.
fn load_description(path: &Path) -> io::Result<Option<(Head, Description)>> {
    let mut file = open(path)?;
    let mut bytes = Vec::new();
    (&file).take(LONGEST_HEAD as u64).read_to_end(&mut bytes)?;
    let Some(head_ends) = bytes.iter().position(|byte| *byte == b'\n') else { return Ok(None) };
    let Ok(head) = serde_json::from_slice::<Head>(bytes.get(..head_ends).unwrap_or_default()) else { return Ok(None) };
    let begin = head_ends as u64 + 1;
    let lengths = head.index.length.checked_add(head.pieces.length).filter(|both| *both <= LARGEST_DESCRIPTION);
    if lengths.is_none_or(|both| file.metadata().map_or(true, |found| found.len() != begin + both)) {
        return Ok(None);
    }
    let mut read = |from: u64, length: u64| {
        file.seek(SeekFrom::Start(from))?;
        let mut bytes = Vec::with_capacity(usize::try_from(length).unwrap_or_default());
        (&file).take(length).read_to_end(&mut bytes).map(|_| bytes)
    };
    let index = read(begin, head.index.length)?;
    let from = begin + head.index.length;
    let at_once = head.pieces.length <= READ_AT_ONCE;
    let pieces = if at_once { read(from, head.pieces.length)? } else { Vec::new() };
    if Check::of(&index) != head.index || (at_once && Check::of(&pieces) != head.pieces) {
        return Ok(None);
    }
    let pieces = if at_once { Pieces::Read(pieces) } else { Pieces::InFile(Mutex::new(file), from) };
    let length = usize::try_from(head.pieces.length).unwrap_or(usize::MAX);
    Ok(Description::from_index(&index, pieces, length, Some(path)).map(|description| (head, description)))
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

    use serde_json::json;

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

    /// A description of so many operations, with some text in each.
    fn description(operations: usize, text: usize) -> Description {
        let operation = |n: usize| {
            json!({
                "name": format!("things.do-{n}"), "title": "", "summary": "x".repeat(text), "effect": "read", "idempotent": true,
                "unverified": null, "attachments": [], "output-attachments": [], "sensitive-inputs": [], "sensitive-outputs": [],
                "requests": [], "input-schema": {"type": "object", "additionalProperties": false},
            })
        };
        let manifest = json!({
            "name": "acme", "title": "", "version": "1.0.0", "summary": "",
            "base-url": {"summary": "", "default": null, "suffix": null, "environment": null}, "fields": [], "schemes": [],
            "operations": (0..operations).map(operation).collect::<Vec<_>>(),
        });
        let weights = vec![1; operations];
        Description::of(&serde_json::from_value(manifest).unwrap(), 1, &weights).unwrap()
    }

    /// The file of a description, and where its pieces begin.
    fn stored(artefacts: &Artefacts, description: Description) -> (PathBuf, usize) {
        let pieces = description.pieces().len();
        artefacts.try_store("d", &Compiled { code: vec![7; 99], description }).unwrap();
        let file = artefacts.file("d", "manifest").unwrap();
        let length = fs::metadata(&file).unwrap().len();
        (file, usize::try_from(length).unwrap() - pieces)
    }

    #[test]
    fn of_a_large_description_the_index_is_read_and_what_is_damaged_is_told_by_the_operation() {
        let folder = tempfile::tempdir().unwrap();
        let artefacts = Artefacts::new(Some(folder.path().join("compiled")), &wasmtime::Engine::default());
        let (file, pieces) = stored(&artefacts, description(3000, 600));
        let (_, whole) = load_description(&file).unwrap().unwrap();
        assert_eq!((whole.names().len(), whole.pieces().len()), (3000, 0));
        assert_eq!(whole.operation("things.do-2999").unwrap().name, "things.do-2999");

        let mut bytes = fs::read(&file).unwrap();
        let text = "\"things.do-7\"";
        let at = bytes.windows(text.len()).rposition(|window| window == text.as_bytes()).unwrap();
        bytes[at + 3] ^= 1;
        fs::write(&file, &bytes).unwrap();
        let (_, damaged) = load_description(&file).unwrap().unwrap();
        let problem = damaged.operation("things.do-7").unwrap_err();
        let words = format!(
            "what is kept of it in {} is damaged (its checksum is another one); delete that file and load",
            file.display()
        );
        assert!(problem.starts_with(&words), "{problem}");
        assert!(damaged.operation("things.do-8").is_ok() && damaged.manifest().is_err());

        // One that was loaded has its file, whatever becomes of its name.
        fs::remove_file(&file).unwrap();
        assert!(whole.operation("things.do-8").is_ok());
        for (at, to) in [(pieces - 1, 0), (pieces - 5000, 0xff), (0, b'x')] {
            let mut damaged = bytes.clone();
            damaged[at] ^= to | 1;
            fs::write(&file, damaged).unwrap();
            assert!(load_description(&file).unwrap().is_none(), "the index is damaged at {at}");
        }
        fs::write(&file, &bytes[..bytes.len() - 1]).unwrap();
        assert!(load_description(&file).unwrap().is_none(), "it is cut");
    }

    #[test]
    fn a_small_description_is_checked_as_a_whole() {
        let folder = tempfile::tempdir().unwrap();
        let artefacts = Artefacts::new(Some(folder.path().join("compiled")), &wasmtime::Engine::default());
        let (file, pieces) = stored(&artefacts, description(30, 60));
        assert!(load_description(&file).unwrap().is_some());
        let mut bytes = fs::read(&file).unwrap();
        bytes[pieces + 500] ^= 1;
        fs::write(&file, bytes).unwrap();
        assert!(load_description(&file).unwrap().is_none());
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
