//! A new folder: a small plugin that builds and passes its self-test at once, to be changed into another one.

use std::fs::{self, OpenOptions};
use std::io::{self, Write as _};
use std::path::{Path, PathBuf};

use serde_json::{Map, Value, json};

/// The schema of a manifest, for editors.
const SCHEMA: &str = include_str!("../../../wit/0.2/manifest.schema.json");

/// What both kinds of plugin have: recorded calls, and a configuration with a connection.
const CASSETTE: &str = include_str!("scaffold/cassette.json");
const CONFIGURATION: &str = include_str!("scaffold/wharf.toml");

/// A file of a folder: its path below that, and what is in it.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct File {
    /// Below the folder, with `/` between its parts.
    pub path: String,
    /// What is in it.
    pub content: String,
}

/// Where a plugin in Rust has its SDK from.
#[derive(Clone, Copy, Debug)]
pub enum Sdk<'a> {
    /// A folder of this machine.
    Folder(&'a Path),
    /// The address of a repository of Git.
    Git(&'a str),
}

/// Why there is no new folder.
#[derive(Debug, thiserror::Error)]
pub enum ScaffoldError {
    /// A plugin cannot be called so.
    #[error(
        "`{0}` is no name for a plugin: it is in kebab case, such as `acme-shop`, begins with a letter and has 64 letters at most"
    )]
    Name(String),
    /// There is no SDK where it should be.
    #[error("{} is not the folder of the SDK: it is `plugins/sdk` in the repository of Wharf, with a Cargo.toml", .0.display())]
    Sdk(PathBuf),
    /// Something is there that would be written over.
    #[error("{} is there already, and stays as it is; choose another name, or empty it", .0.display())]
    Taken(PathBuf),
    /// The system does not let it be written.
    #[error("{} cannot be written: {reason}", .path.display())]
    Unwritable {
        /// The file or folder.
        path: PathBuf,
        /// What the system said.
        reason: io::Error,
    },
}

/// The files of a plugin that is a document.
///
/// # Errors
/// [`ScaffoldError::Name`] for a name that no plugin has.
pub fn data(name: &str) -> Result<Vec<File>, ScaffoldError> {
    let words = Words::of(name)?;
    Ok(vec![
        words.file("plugin.yaml", include_str!("scaffold/data/plugin.yaml")),
        words.file(&format!("{name}.cassette.json"), CASSETTE),
        schema(),
        words.file("wharf.toml", CONFIGURATION),
        words.file("README.md", include_str!("scaffold/data/README.md")),
        words.file(".gitignore", include_str!("scaffold/data/gitignore")),
    ])
}

/// The files of the same plugin in Rust.
///
/// # Errors
/// [`ScaffoldError::Name`] for a name that no plugin has, and [`ScaffoldError::Sdk`] for a folder that has none.
pub fn rust(name: &str, sdk: Sdk<'_>) -> Result<Vec<File>, ScaffoldError> {
    let words = Words::of(name)?;
    let sdk = match sdk {
        Sdk::Git(address) => format!("git = {}", quoted(address)),
        Sdk::Folder(folder) => {
            let none = || ScaffoldError::Sdk(folder.to_owned());
            let whole = folder.canonicalize().ok().filter(|folder| folder.join("Cargo.toml").is_file());
            format!("path = {}", quoted(whole.ok_or_else(none)?.to_str().ok_or_else(none)?))
        }
    };
    let manifest = words.file("Cargo.toml", include_str!("scaffold/rust/manifest.toml"));
    Ok(vec![
        File { content: manifest.content.replace("{{sdk}}", &sdk), ..manifest },
        words.file("src/lib.rs", include_str!("scaffold/rust/lib.rs")),
        words.file(&format!("{name}.cassette.json"), CASSETTE),
        words.file("wharf.toml", CONFIGURATION),
        words.file("README.md", include_str!("scaffold/rust/README.md")),
        words.file(".gitignore", include_str!("scaffold/rust/gitignore")),
    ])
}

/// The schema beside a `plugin.yaml`, which its first line names, so that an editor can tell what each member is for.
pub fn schema() -> File {
    let schema = serde_json::from_str(SCHEMA).map(|schema| format!("{:#}\n", with_references(schema)));
    File { path: "manifest.schema.json".to_owned(), content: schema.unwrap_or_else(|_| SCHEMA.to_owned()) }
}

/// In a `plugin.yaml` what has names may stand in other files, too.
fn with_references(mut schema: Value) -> Value {
    let members = schema.get_mut("properties").and_then(Value::as_object_mut);
    let named = |member: &&mut Map<String, Value>| member.get("additionalProperties").is_some_and(Value::is_object);
    for member in members.into_iter().flatten().filter_map(|(_, member)| member.as_object_mut()).filter(named) {
        let file = json!({ "type": "string", "description": "A file of this folder, whose members stand here." });
        let reference = json!({ "anyOf": [file, { "type": "array", "items": file }] });
        member.insert("properties".to_owned(), json!({ "$ref": reference }));
        if let Some(names) = member.get_mut("propertyNames") {
            *names = json!({ "anyOf": [{ "const": "$ref" }, names.take()] });
        }
    }
    schema
}

/// Whether a plugin can be called so.
///
/// # Errors
/// [`ScaffoldError::Name`].
pub fn check_name(name: &str) -> Result<(), ScaffoldError> {
    let word = |word: &str| !word.is_empty() && word.bytes().all(|b| b.is_ascii_lowercase() || b.is_ascii_digit());
    let is_one = name.len() <= 64 && name.starts_with(|c: char| c.is_ascii_lowercase()) && name.split('-').all(word);
    if is_one { Ok(()) } else { Err(ScaffoldError::Name(name.to_owned())) }
}

/// A folder that can be written to as a new one: it is not there, or has nothing in it.
///
/// # Errors
/// [`ScaffoldError::Taken`] for one that has something in it, and for what is no folder.
pub fn check_free(folder: &Path) -> Result<(), ScaffoldError> {
    let is_free = match fs::read_dir(folder) {
        Ok(mut entries) => entries.next().is_none(),
        Err(error) => error.kind() == io::ErrorKind::NotFound && folder.symlink_metadata().is_err(),
    };
    if is_free { Ok(()) } else { Err(ScaffoldError::Taken(folder.to_owned())) }
}

/// Writes a new folder. No file that is there is written over.
///
/// # Errors
/// As for [`check_free`], and [`ScaffoldError::Unwritable`]; what was written before stays.
pub fn write(folder: &Path, files: &[File]) -> Result<(), ScaffoldError> {
    check_free(folder)?;
    for File { path, content } in files {
        let file = folder.join(path);
        let within = file.parent().unwrap_or(folder);
        let unwritable = |path: &Path, reason| ScaffoldError::Unwritable { path: path.to_owned(), reason };
        fs::create_dir_all(within).map_err(|reason| unwritable(within, reason))?;
        let mut options = OpenOptions::new();
        options.write(true).create_new(true);
        // It comes to hold secrets, or answers of a provider.
        #[cfg(unix)]
        if path == "wharf.toml" || path.ends_with(".cassette.json") {
            std::os::unix::fs::OpenOptionsExt::mode(&mut options, 0o600);
        }
        let written = options.open(&file).and_then(|mut opened| opened.write_all(content.as_bytes()));
        written.map_err(|reason| unwritable(&file, reason))?;
    }
    Ok(())
}

/// What stands in the place of the words in braces of a template.
struct Words {
    name: String,
    title: String,
    /// The beginning of the names of its environment variables.
    environment: String,
    /// As a compiler calls the file.
    file: String,
}

impl Words {
    fn of(name: &str) -> Result<Self, ScaffoldError> {
        check_name(name)?;
        let capital = |word: &str| {
            let (first, rest) = word.split_at_checked(1).unwrap_or_default();
            format!("{}{rest}", first.to_ascii_uppercase())
        };
        Ok(Self {
            name: name.to_owned(),
            title: name.split('-').map(capital).collect::<Vec<_>>().join(" "),
            environment: name.replace('-', "_").to_ascii_uppercase(),
            file: name.replace('-', "_"),
        })
    }

    fn file(&self, path: &str, template: &str) -> File {
        let content = template
            .replace("{{name}}", &self.name)
            .replace("{{title}}", &self.title)
            .replace("{{NAME}}", &self.environment)
            .replace("{{file}}", &self.file);
        File { path: path.to_owned(), content }
    }
}

/// A text of TOML, which are written like those of JSON.
fn quoted(text: &str) -> String {
    Value::from(text).to_string()
}

#[cfg(test)]
mod tests;
