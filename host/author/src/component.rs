//! A component made of a manifest, without a compiler: it describes itself, and nothing else of it ever runs.
//!
//! Its memory begins with the place of the document, and behind that stands the document. `describe` gives where the place is.
//! The same document always makes the same bytes.

use std::path::Path;

use wasm_encoder::{
    CodeSection, ConstExpr, DataSection, ExportKind, ExportSection, Function, FunctionSection, MemorySection,
    MemoryType, Module, TypeSection, ValType,
};
use wit_component::{ComponentEncoder, StringEncoding, embed_component_metadata};
use wit_parser::{Resolve, SourceMap, WorldId};

mod verified;

pub use verified::verified;

/// The contract that it is built for.
const CONTRACT: [(&str, &str); 7] = [
    ("world.wit", include_str!("../../../wit/0.2/world.wit")),
    ("blobs.wit", include_str!("../../../wit/0.2/blobs.wit")),
    ("call.wit", include_str!("../../../wit/0.2/call.wit")),
    ("connection.wit", include_str!("../../../wit/0.2/connection.wit")),
    ("http.wit", include_str!("../../../wit/0.2/http.wit")),
    ("log.wit", include_str!("../../../wit/0.2/log.wit")),
    ("state.wit", include_str!("../../../wit/0.2/state.wit")),
];

/// The interface that it exports.
const PLUGIN: &str = "wharf:provider/plugin@0.2.0-draft";

/// Where the place of the document is in the memory: not at its beginning, which programs take for nothing.
const PLACE: u32 = 8;

/// Where the document is: behind two numbers of four bytes, its place and its length.
const DOCUMENT: u32 = PLACE + 8;

const PAGE: u32 = 1 << 16;

/// The largest document, in bytes: what the host reads.
const LARGEST: usize = 16 << 20;

/// Why there is no component.
#[derive(Debug, thiserror::Error)]
pub enum BuildError {
    /// The document is larger than a host reads.
    #[error(
        "the manifest has {0} bytes as JSON, and {LARGEST} (16 MiB) are the most; leave operations out, or make several plugins of it"
    )]
    TooLarge(usize),
    /// The tools did not make it: a fault of Wharf, as every document can be one.
    #[error("the component cannot be made: {0}; this is a fault of Wharf")]
    Broken(String),
}

/// Makes the component of a manifest, given as the JSON text of its document. What the document says is not looked at.
///
/// # Errors
/// [`BuildError::TooLarge`] for a document of more than 16 MiB.
pub fn build(document: &str) -> Result<Vec<u8>, BuildError> {
    let length = u32::try_from(document.len()).ok().filter(|_| document.len() <= LARGEST);
    let length = length.ok_or(BuildError::TooLarge(document.len()))?;
    let mut module = module(document, length);
    let broken = |error: &dyn std::fmt::Display| BuildError::Broken(error.to_string());
    let (resolve, world) = contract()?;
    embed_component_metadata(&mut module, &resolve, world, StringEncoding::UTF8).map_err(|error| broken(&error))?;
    let encoder = ComponentEncoder::default().module(&module);
    encoder.and_then(|mut encoder| encoder.encode()).map_err(|error| broken(&format!("{error:#}")))
}

/// The world that it targets.
fn contract() -> Result<(Resolve, WorldId), BuildError> {
    let broken = |error: String| BuildError::Broken(format!("the contract cannot be read: {error}"));
    let mut sources = SourceMap::new();
    for (name, text) in CONTRACT {
        sources.push(Path::new(name), text);
    }
    let group = sources.parse().map_err(|(_, error)| broken(error.to_string()))?;
    let mut resolve = Resolve::default();
    let package = resolve.push_group(group).map_err(|error| broken(error.to_string()))?;
    let world = resolve.select_world(&[package], Some("provider")).map_err(|error| broken(error.to_string()))?;
    Ok((resolve, world))
}

/// The module inside of it, with the functions that the canonical ABI asks for.
fn module(document: &str, length: u32) -> Vec<u8> {
    const DESCRIBE: u32 = 0;
    const INVOKE: u32 = 1;
    const REALLOC: u32 = 2;

    let mut types = TypeSection::new();
    types.ty().function([], [ValType::I32]);
    // A call, flattened: three texts and a list, each a place and a length. The result is the place of another one.
    types.ty().function([ValType::I32; 8], [ValType::I32]);
    types.ty().function([ValType::I32; 4], [ValType::I32]);

    let mut functions = FunctionSection::new();
    functions.function(DESCRIBE).function(INVOKE).function(REALLOC);

    let mut memories = MemorySection::new();
    let pages = DOCUMENT.saturating_add(length).div_ceil(PAGE);
    memories.memory(MemoryType {
        minimum: pages.into(),
        maximum: Some(pages.into()),
        memory64: false,
        shared: false,
        page_size_log2: None,
    });

    let mut exports = ExportSection::new();
    exports.export("memory", ExportKind::Memory, 0);
    exports.export(&format!("{PLUGIN}#describe"), ExportKind::Func, DESCRIBE);
    exports.export(&format!("{PLUGIN}#invoke"), ExportKind::Func, INVOKE);
    exports.export("cabi_realloc", ExportKind::Func, REALLOC);

    let mut code = CodeSection::new();
    let mut describe = Function::new([]);
    describe.instructions().i32_const(PLACE.cast_signed()).end();
    // The host calls neither: it has no operation that is code, and so nothing to hand over.
    let mut never = Function::new([]);
    never.instructions().unreachable().end();
    code.function(&describe).function(&never).function(&never);

    let mut data = DataSection::new();
    let place = [DOCUMENT, length].map(u32::to_le_bytes).concat();
    data.active(0, &ConstExpr::i32_const(PLACE.cast_signed()), place);
    data.active(0, &ConstExpr::i32_const(DOCUMENT.cast_signed()), document.bytes());

    let mut module = Module::new();
    module.section(&types).section(&functions).section(&memories).section(&exports).section(&code).section(&data);
    module.finish()
}

#[cfg(test)]
mod tests;
