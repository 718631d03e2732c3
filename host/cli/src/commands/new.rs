//! `wharf new`: the folder of a new plugin.

use std::path::Path;
use std::process::ExitCode;

use anyhow::Result;
use serde_json::json;
use wharf_author::scaffold::{self, File, Sdk};

use super::install::url_in;
use crate::args::{Language, New};
use crate::print::{self, DIM, styled, text};

mod import;

pub(crate) fn run(options: &New) -> Result<ExitCode> {
    match &options.from {
        Some(from) => import::run(options, from),
        None => scaffolded(options),
    }
}

/// Writes a small plugin to be changed into another one.
fn scaffolded(options: &New) -> Result<ExitCode> {
    let name = &options.name;
    let files = match options.lang {
        Language::Yaml => scaffold::data(name)?,
        Language::Rust => scaffold::rust(name, sdk(options.sdk.as_deref().unwrap_or_default()))?,
    };
    scaffold::write(Path::new(name), &files)?;
    if options.json {
        let files: Vec<&str> = files.iter().map(|file| file.path.as_str()).collect();
        print::json(&json!({ "folder": name, "files": files }))?;
        return Ok(ExitCode::SUCCESS);
    }
    told(name, &files, options.lang)
}

fn told(name: &str, files: &[File], language: Language) -> Result<ExitCode> {
    let (source, build) = match language {
        Language::Yaml => ("plugin.yaml", "wharf build"),
        Language::Rust => ("src/lib.rs", "cargo build --release --target wasm32-wasip2"),
    };
    let next =
        format!("`cd {name}`, change {source} into your API, and `{build}`; README.md has the commands after that.");
    print::out(text![format!("{name}/ is written: {} files. Next: ", files.len()), styled(DIM, next)])?;
    Ok(ExitCode::SUCCESS)
}

/// What looks like an address is one; everything else is a folder.
fn sdk(from: &str) -> Sdk<'_> {
    let is_address =
        url_in(Path::new(from)).is_some() || ["ssh://", "file://", "git@"].iter().any(|s| from.starts_with(s));
    if is_address { Sdk::Git(from) } else { Sdk::Folder(Path::new(from)) }
}
