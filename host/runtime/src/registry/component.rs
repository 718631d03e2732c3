//! Is this file a plugin? Each way in which it is not has its own sentence.

use std::io::Read as _;
use std::path::{Path, PathBuf};

use bytesize::ByteSize;
use serde::{Deserialize, Serialize};
use wasmtime::component::Component;
use wharf_egress::text::visible;

use crate::failure::LimitReached;
use crate::files::{self, in_words};
use crate::limits::{EngineLimits, Limits};
use crate::sandbox::contract::Contract;
use crate::sandbox::no_room;

/// What every component of the contract imports from, besides WASI.
const PACKAGE: &str = "wharf:provider/";

/// How the interface begins that every plugin exports, whatever its version.
const PLUGIN: &str = "wharf:provider/plugin@";

/// Why a file was not loaded.
#[derive(Debug, thiserror::Error)]
pub enum LoadError {
    /// There is no such file, or it cannot be read.
    #[error("{} cannot be read: {}", .path.display(), in_words(.reason, "a component, which is a file (.wasm)"))]
    Unreadable {
        /// The file or folder.
        path: PathBuf,
        /// What the system said.
        reason: std::io::Error,
    },
    /// It is no plugin, or one that this host does not accept.
    #[error("{}{problem}", .path.as_ref().map(|p| format!("{}: ", p.display())).unwrap_or_default())]
    NoPlugin {
        /// The file; none for bytes in memory.
        path: Option<PathBuf>,
        /// What was found, and what is needed.
        problem: String,
    },
    /// The system gives the host too little to load it: a process, threads, memory. The component may be a good one.
    #[error("{}it cannot be loaded here: {problem}", .path.as_ref().map(|p| format!("{}: ", p.display())).unwrap_or_default())]
    NoRoom {
        /// The file; none for bytes in memory.
        path: Option<PathBuf>,
        /// What could not be had, and what makes room.
        problem: String,
    },
}

/// Why a component was not made a release, in words, and whose fault that is.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
pub(crate) enum NotLoaded {
    Plugin(String),
    Host(String),
}

impl From<String> for NotLoaded {
    fn from(problem: String) -> Self {
        Self::Plugin(problem)
    }
}

impl NotLoaded {
    /// The same for those who asked for it.
    pub(super) fn of(self, path: Option<PathBuf>) -> LoadError {
        match self {
            Self::Plugin(problem) => LoadError::NoPlugin { path, problem: visible(&problem) },
            Self::Host(problem) => LoadError::NoRoom { path, problem: visible(&problem) },
        }
    }
}

/// How large a component may be, in bytes: those that bring an engine for JavaScript or Python along have some 40 MiB.
pub const LARGEST_COMPONENT: u64 = 256 << 20;

/// As many bytes as tell what a file is.
const HEAD: u64 = 256;

/// The bytes of a component file. Only a regular file is opened, and of one that does not begin like a component, or has
/// more than [`LARGEST_COMPONENT`], no more than the beginning is read.
///
/// # Errors
/// [`LoadError`] says what was found and what is needed.
pub fn read_component(file: &Path) -> Result<Vec<u8>, LoadError> {
    let unreadable = |reason| LoadError::Unreadable { path: file.to_owned(), reason };
    let opened = files::open(file).map_err(unreadable)?;
    let mut bytes = Vec::new();
    (&opened).take(HEAD).read_to_end(&mut bytes).map_err(unreadable)?;
    sniff(&bytes).map_err(|problem| {
        let problem = if is_document(file) { DOCUMENT.to_owned() } else { problem };
        LoadError::NoPlugin { path: Some(file.to_owned()), problem }
    })?;
    files::read_rest(&opened, &mut bytes, LARGEST_COMPONENT).map_err(unreadable)?;
    Ok(bytes)
}

const DOCUMENT: &str = "it has the name of a manifest, and Wharf loads components; make one of it: `wharf build DIR`, with the folder of `plugin.yaml`";

/// Whether a file has the name of a manifest that stands by itself.
fn is_document(file: &Path) -> bool {
    file.extension().is_some_and(|of| ["json", "yaml", "yml"].iter().any(|one| of.eq_ignore_ascii_case(one)))
}

/// Looks at the first bytes of a file: the Core Specification, section 5.5.16, and the component model's binary format.
pub(super) fn sniff(bytes: &[u8]) -> Result<(), String> {
    const NEEDED: &str = "a plugin is a WebAssembly component, such as `cargo build --target wasm32-wasip2` makes";
    let Some((magic, rest)) = bytes.split_first_chunk::<4>() else {
        return Err(format!("it has {} bytes, which is no WebAssembly; {NEEDED}", bytes.len()));
    };
    if magic != b"\0asm" {
        let what = match magic {
            b"\x7fELF" => "it is a native program",
            b"PK\x03\x04" => "it is a ZIP archive",
            _ if bytes.iter().take(256).all(|b| b.is_ascii_graphic() || b.is_ascii_whitespace()) => "it is a text",
            _ => "it is no WebAssembly",
        };
        return Err(format!("{what}; {NEEDED}"));
    }
    match rest.split_first_chunk::<4>() {
        Some((&[_, _, 1, 0], _)) => Ok(()),
        Some((&[1, 0, 0, 0], _)) => Err(format!(
            "it is a core WebAssembly module, not a component; {NEEDED} (a module can be made into one with `wasm-tools \
             component new`)"
        )),
        Some((version, _)) => Err(format!("it is WebAssembly of an unknown version {version:?}; {NEEDED}")),
        None => Err(format!("it ends after {} bytes; {NEEDED}", bytes.len())),
    }
}

/// Why a component that begins like one does not compile.
pub(super) fn compile(engine: &wasmtime::Engine, bytes: &[u8], limits: &Limits) -> Result<Component, NotLoaded> {
    Component::from_binary(engine, bytes).map_err(|error| {
        if let Some(problem) = no_room(&error) {
            return NotLoaded::Host(problem);
        }
        let reason = error.root_cause().to_string();
        let problem = if let Some(limit) = too_large_for_the_pool(&reason, limits) {
            limit.of_a_component()
        } else if reason.contains("unexpected end") || reason.contains("out of bounds (bound") {
            format!("it is truncated or damaged ({reason}); copy or build it again")
        } else {
            format!("it does not compile ({reason}); build it again, and with the features that wasm32-wasip2 has")
        };
        problem.into()
    })
}

/// The limit that a component goes beyond before it does anything. The engine has no types for these errors.
fn too_large_for_the_pool(reason: &str, limits: &Limits) -> Option<LimitReached> {
    let EngineLimits { instances, memories, tables, .. } = limits.engine;
    let says = |words: &[&str]| words.iter().any(|words| reason.contains(words));
    let (name, value) = match () {
        _ if says(&["core module instances, which exceeds"]) => ("instances", instances.to_string()),
        _ if says(&["Wasm linear memories, which exceeds", "defined memories count"]) => {
            ("memories", memories.to_string())
        }
        _ if says(&["tables, which exceeds", "defined tables count"]) => ("tables", tables.to_string()),
        _ if says(&["minimum byte size"]) => ("memory", ByteSize::b(limits.memory).display().iec().to_string()),
        _ if says(&["minimum element size"]) => ("table_entries", limits.table_entries.to_string()),
        _ => return None,
    };
    Some(LimitReached::new(name, value, "the component begins with more"))
}

/// The version of the contract that a component was built for, and whether it targets its world. Nothing of the component has run.
pub(super) fn contract_of(engine: &wasmtime::Engine, component: &Component) -> Result<Contract, String> {
    let component_type = component.component_type();
    let exports: Vec<&str> = component_type.exports(engine).map(|(name, _)| name).collect();
    let plugins: Vec<&str> = exports.iter().copied().filter(|name| name.starts_with(PLUGIN)).collect();
    let contract = match plugins.as_slice() {
        [] => return Err(of_no_plugin(&exports)),
        [one] => Contract::ALL.into_iter().find(|contract| contract.export() == *one).ok_or_else(|| {
            format!(
                "it exports `{one}`, another version of the contract; this host serves {}: build the plugin for one of them, or \
                 run a host that knows its own",
                served()
            )
        })?,
        several => {
            return Err(format!(
                "it exports several versions of the contract (`{}`); a plugin exports one",
                several.join("` and `")
            ));
        }
    };
    let foreign: Vec<&str> = component_type
        .imports(engine)
        .map(|(name, _)| name)
        .filter(|name| !name.starts_with(PACKAGE) && !name.starts_with("wasi:"))
        .collect();
    if foreign.is_empty() {
        return Ok(contract);
    }
    Err(format!(
        "it imports `{}`, which no host of this contract has; a plugin imports `wharf:provider` and `wasi` alone",
        foreign.join("`, `")
    ))
}

/// What is wrong with a component that exports no plugin.
fn of_no_plugin(exports: &[&str]) -> String {
    let needed = format!("a plugin exports the interface `plugin` of {}", served());
    if exports.is_empty() {
        return format!("it is a component that exports nothing; {needed}");
    }
    format!("it is a component of another world (it exports `{}`); {needed}", exports.join("`, `"))
}

/// The versions that this host serves.
fn served() -> String {
    Contract::ALL.map(|contract| format!("`{contract}`")).join(" and ")
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn each_wrong_file_has_its_own_sentence() {
        let cases: [(&[u8], &str); 7] = [
            (b"", "0 bytes"),
            (b"(module)", "it is a text"),
            (b"\x7fELF\x02\x01\x01\0", "native program"),
            (b"PK\x03\x04\0\0", "ZIP archive"),
            (b"\xff\xd8\xff\xe0", "no WebAssembly"),
            (b"\0asm\x01\0\0\0", "core WebAssembly module"),
            (b"\0asm\x0d", "ends after 5 bytes"),
        ];
        for (bytes, sentence) in cases {
            let error = sniff(bytes).unwrap_err();
            assert!(error.contains(sentence), "{error}");
            let file = tempfile::NamedTempFile::new().unwrap();
            std::fs::write(file.path(), bytes).unwrap();
            assert!(read_component(file.path()).unwrap_err().to_string().contains(sentence), "{sentence}");
        }
        assert_eq!(sniff(b"\0asm\x0d\0\x01\0"), Ok(()));
    }

    #[test]
    fn of_what_begins_like_a_component_no_more_is_read_than_one_may_have() {
        let file = tempfile::NamedTempFile::new().unwrap();
        std::fs::write(file.path(), b"\0asm\x0d\0\x01\0").unwrap();
        assert_eq!(read_component(file.path()).unwrap().len(), 8);
        file.as_file().set_len(HEAD + 1).unwrap();
        assert_eq!(read_component(file.path()).unwrap().len() as u64, HEAD + 1);
        file.as_file().set_len(3 << 40).unwrap();
        let error = read_component(file.path()).unwrap_err().to_string();
        assert!(error.contains("cannot be read: it has more than 256.0 MiB"), "{error}");
    }
}
