//! The folder of an imported plugin, in which a person's changes stay when it is imported anew.

use std::collections::{HashMap, HashSet};
use std::fs;
use std::io::{self, Write as _};
use std::path::{Path, PathBuf};
use std::sync::Arc;

use indexmap::IndexMap;
use semver::Version;
use serde_json::{Map, Value, json};
use wharf::manifest::{Capabilities, CapabilityDiff};
use wharf::{Host, Release, digest_of};

use super::connection::connection;
use super::names::is_name;
use super::page::page;
use super::texts;
use super::{Imported, Options};
use crate::yaml::{self, Limits};
use crate::{component, folder, scaffold};

/// What was imported, and how.
const ORIGIN: &str = "import.yaml";

/// The manifest.
const PLUGIN: &str = "plugin.yaml";

/// The folder of operations that are many.
const OPERATIONS: &str = "operations";

/// A person's changes.
const OVERLAY: &str = "overlay.yaml";

/// The most that is read of it, in bytes: it has a line for each operation.
const MOST_ORIGIN: u64 = 16 << 20;

/// So many files there are at most for operations.
const MOST_PARTS: usize = 500;

/// So many operations stand in one file; more of them stand in a file for each resource.
const IN_ONE_FILE: usize = 60;

const OVERLAY_TO_BEGIN_WITH: &str = "\
# Your changes to plugin.yaml, which stay when the description is imported anew. A member that stands here takes the
# place of the one there, and null takes it away (JSON Merge Patch, RFC 7396). Such as:
#
# summary: Orders of our shop.
# operations:
#   orders.search:
#     request: { read-only: true }
#   orders.purge: null
";

/// Why a folder cannot be written, or what was written there before cannot be read.
#[derive(Debug, thiserror::Error)]
pub enum FolderError {
    /// What the system said.
    #[error("{}: {reason}", .path.display())]
    Io {
        /// The file or folder.
        path: PathBuf,
        /// Why.
        reason: io::Error,
    },
    /// There is something else.
    #[error("{}: {problem}", .path.display())]
    Taken {
        /// The file or folder.
        path: PathBuf,
        /// What is there, and what to do.
        problem: String,
    },
}

/// How a folder was imported.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub struct Origin {
    /// A file or a URL.
    pub source: String,
    /// As `--auth` says it.
    pub auth: Option<String>,
    /// As in [`Options`].
    pub include: Vec<String>,
    /// As in [`Options`].
    pub exclude: Vec<String>,
    /// As in [`Options`].
    pub names: IndexMap<String, String>,
    /// What was made; none before the first import.
    pub made: Option<Made>,
}

/// What was written.
#[derive(Debug)]
pub struct Written {
    /// In the order of their writing.
    pub files: Vec<PathBuf>,
    /// Of the plugin.
    pub version: String,
    /// What the plugin may do now and might not before, and the other way round; none for a folder that is new.
    pub changes: Option<CapabilityDiff>,
    /// What is wrong with the folder as a whole: an overlay that does not fit any more.
    pub problems: Vec<folder::Problem>,
}

/// How a folder was imported before; none for one that is not there, or empty.
///
/// # Errors
/// [`FolderError`] for a folder of something else.
pub fn origin(dir: &Path) -> Result<Option<Origin>, FolderError> {
    let file = dir.join(ORIGIN);
    if is_link(dir) {
        let problem = "it is a link; name the folder itself".to_owned();
        return Err(FolderError::Taken { path: dir.to_owned(), problem });
    }
    let text = match wharf::files::read_text(&file, MOST_ORIGIN) {
        Ok(text) => text,
        Err(reason) if reason.kind() == io::ErrorKind::NotFound => {
            let is_empty = fs::read_dir(dir).map_or(true, |mut entries| entries.next().is_none());
            let problem = "there is something in it that no import wrote; name another folder".to_owned();
            return if is_empty { Ok(None) } else { Err(FolderError::Taken { path: dir.to_owned(), problem }) };
        }
        Err(reason) => return Err(FolderError::Io { path: file, reason }),
    };
    let wrong = |problem: String| FolderError::Taken { path: file.clone(), problem };
    let node = yaml::read(&text, &Limits::plugin())
        .map_err(|problem| wrong(format!("{problem}; mend it, or delete it and give the options anew")))?;
    let value = node.to_value();
    let text = |name: &str| value.get(name).and_then(Value::as_str).map(str::to_owned);
    let list = |name: &str| {
        let entries = value.get(name).and_then(Value::as_array).into_iter().flatten();
        entries.filter_map(Value::as_str).map(str::to_owned).collect()
    };
    let (mut names, mut taken) = (IndexMap::new(), HashMap::new());
    for (key, name) in value.get("names").and_then(Value::as_object).into_iter().flatten() {
        let line = node.at(&format!("/names/{}", key.replace('~', "~0").replace('/', "~1"))).line;
        let name = name.as_str().filter(|name| is_name(name)).ok_or_else(|| {
            wrong(format!("line {line}: {name} is no name of an operation; write one such as `orders.list`"))
        })?;
        if let Some(other) = taken.insert(name.to_owned(), key) {
            return Err(wrong(format!(
                "line {line}: `{other}` has the name `{name}` already; give one of them another"
            )));
        }
        names.insert(key.clone(), name.to_owned());
    }
    Ok(Some(Origin {
        source: text("source").ok_or_else(|| wrong("`source` is missing: it names the description".to_owned()))?,
        auth: text("auth"),
        include: list("include"),
        exclude: list("exclude"),
        names,
        made: match text("version").zip(text("made")) {
            Some((version, _)) if Version::parse(&version).is_err() => {
                return Err(wrong(format!("`version`: {version:?} is none; write one such as `0.2.0`")));
            }
            made => made.map(|(version, digest)| Made { version, digest }),
        },
    }))
}

/// Writes the folder of a plugin. What a person wrote there, the overlay and cassettes, stays as it is.
///
/// # Errors
/// [`FolderError`]: the file that could not be written. Those before it are.
pub fn write(
    dir: &Path,
    imported: &Imported,
    origin: &Origin,
    options: &Options,
    host: &Host,
) -> Result<Written, FolderError> {
    let before = folder::read(dir).ok();
    let mut document = imported.document.clone();
    let made = made(origin, &mut document);
    let version = made.version.clone();
    let connection = connection(&options.plugin, &document);
    let mut files = Files { dir, written: Vec::new() };
    files.create_dir(dir)?;
    if is_link(&dir.join(OPERATIONS)) {
        let problem =
            "it is a link, and operations are written into a folder of the plugin's own; delete it".to_owned();
        return Err(FolderError::Taken { path: dir.join(OPERATIONS), problem });
    }
    // First of all: with it, a folder that could not be written to the end is gone on with.
    files.write(ORIGIN, &told(imported, origin, &made))?;
    for (name, operations) in &parts(&mut document) {
        files.write(name, &yaml::write_operations(operations))?;
    }
    files.forget(&origin.names)?;
    files.write(PLUGIN, &format!("{}{}", head(origin, options), yaml::write(&Value::Object(document))))?;
    let schema = scaffold::schema();
    files.write(&schema.path, &schema.content)?;
    files.write_new(OVERLAY, OVERLAY_TO_BEGIN_WITH)?;
    files.write_new("wharf.toml", &connection)?;
    files.write("report.md", &page(&options.plugin, &origin.source, imported))?;
    let now = match folder::read(dir) {
        Ok(now) => now,
        Err(problems) => return Ok(Written { files: files.written, version, changes: None, problems }),
    };
    let release = match examined(&now, host) {
        Ok(release) => release,
        Err(problem) => {
            let problems = vec![folder::Problem::of_file(&dir.join(PLUGIN), problem)];
            return Ok(Written { files: files.written, version, changes: None, problems });
        }
    };
    let cassette = dir.join(format!("{}.examples.cassette.json", options.plugin));
    match imported.examples(host, &release) {
        Some(examples) => {
            examples
                .write(&cassette)
                .map_err(|error| FolderError::Io { path: cassette.clone(), reason: io::Error::other(error) })?;
            files.written.push(cassette);
        }
        None => files.remove(&cassette)?,
    }
    let diff = |before: folder::Plugin| Capabilities::of(&before.manifest).diff(&Capabilities::of(&now.manifest));
    Ok(Written { files: files.written, version, changes: before.map(diff), problems: Vec::new() })
}

/// The plugin as it would be built, or why it cannot be.
fn examined(plugin: &folder::Plugin, host: &Host) -> Result<Arc<Release>, String> {
    let component = component::build(&plugin.document).map_err(|error| error.to_string())?;
    host.examine(&component, &format!("{}.wasm", plugin.manifest.about.name)).map_err(|error| error.to_string())
}

fn head(origin: &Origin, options: &Options) -> String {
    let schema = scaffold::schema().path;
    format!(
        "# yaml-language-server: $schema={schema}\n# Made by `wharf new {} --from {}`. A new import writes it anew: your changes \
         go into {OVERLAY}.\n",
        options.plugin,
        texts::line(&origin.source, 300)
    )
}

/// Takes the operations out of a document where they are many: a file for each resource.
fn parts(document: &mut Map<String, Value>) -> IndexMap<String, Map<String, Value>> {
    let mut parts: IndexMap<String, Map<String, Value>> = IndexMap::new();
    let Some(operations) = document.get_mut("operations") else { return parts };
    if operations.as_object().is_none_or(|operations| operations.len() <= IN_ONE_FILE) {
        return parts;
    }
    if let Value::Object(operations) = operations.take() {
        let resources: HashSet<&str> = operations.keys().map(|name| resource(name)).collect();
        let by_resource = resources.len() <= MOST_PARTS;
        for (number, (name, operation)) in operations.into_iter().enumerate() {
            let part =
                if by_resource { resource(&name).to_owned() } else { format!("part-{}", number / MOST_PARTS + 1) };
            parts.entry(format!("{OPERATIONS}/{part}.yaml")).or_default().insert(name, operation);
        }
    }
    *operations = json!({ "$ref": parts.keys().collect::<Vec<_>>() });
    parts
}

fn resource(name: &str) -> &str {
    name.split('.').next().unwrap_or_default()
}

fn is_link(path: &Path) -> bool {
    fs::symlink_metadata(path).is_ok_and(|found| found.is_symlink())
}

/// What an import made.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub struct Made {
    /// Of the plugin.
    pub version: String,
    /// Of the manifest as it was made.
    digest: String,
}

/// What is made now: of the next version, where something is another than it was.
fn made(origin: &Origin, document: &mut Map<String, Value>) -> Made {
    let first = document.get("version").and_then(Value::as_str).unwrap_or_default().to_owned();
    let digest = format!("sha256:{}", digest_of(serde_json::to_string(document).unwrap_or_default().as_bytes()));
    let version = match &origin.made {
        Some(before) if before.digest == digest => before.version.clone(),
        Some(before) => Version::parse(&before.version)
            .map_or(first, |version| Version::new(version.major, version.minor.saturating_add(1), 0).to_string()),
        None => first,
    };
    document.insert("version".to_owned(), version.clone().into());
    Made { version, digest }
}

/// `import.yaml`
fn told(imported: &Imported, origin: &Origin, made: &Made) -> String {
    let mut document = Map::new();
    let texts = [
        ("source", Some(&origin.source)),
        ("digest", Some(&imported.digest)),
        ("auth", origin.auth.as_ref()),
        ("version", Some(&made.version)),
        ("made", Some(&made.digest)),
    ];
    for (name, text) in texts {
        if let Some(text) = text {
            document.insert(name.to_owned(), text.clone().into());
        }
    }
    for (name, patterns) in [("include", &origin.include), ("exclude", &origin.exclude)] {
        if !patterns.is_empty() {
            document.insert(name.to_owned(), json!(patterns));
        }
    }
    // Names of operations that the description has no more come back with them.
    let mut names = origin.names.clone();
    let given: HashSet<&String> = imported.names.values().collect();
    // One that is another operation's now, whose path was renamed, is not kept for the old path.
    names.retain(|_, name| !given.contains(name));
    names.extend(imported.names.iter().map(|(key, name)| (key.clone(), name.clone())));
    document.insert("names".to_owned(), json!(names));
    format!(
        "# What this plugin was made of. A new import keeps these names, by which callers know the operations: change one here, and \
         import again.\n{}",
        yaml::write(&Value::Object(document))
    )
}

/// Files of the folder, each of which is there whole or not at all.
struct Files<'a> {
    dir: &'a Path,
    written: Vec<PathBuf>,
}

impl Files<'_> {
    fn create_dir(&self, dir: &Path) -> Result<(), FolderError> {
        fs::create_dir_all(dir).map_err(|reason| FolderError::Io { path: dir.to_owned(), reason })
    }

    fn write(&mut self, name: &str, text: &str) -> Result<(), FolderError> {
        let path = self.dir.join(name);
        let within = path.parent().unwrap_or(self.dir);
        self.create_dir(within)?;
        let write = || -> io::Result<()> {
            let mut file = tempfile::NamedTempFile::new_in(within)?;
            file.write_all(text.as_bytes())?;
            file.as_file().sync_all()?;
            #[cfg(unix)]
            file.as_file().set_permissions(std::os::unix::fs::PermissionsExt::from_mode(0o644))?;
            file.persist(&path)?;
            Ok(())
        };
        write().map_err(|reason| FolderError::Io { path: path.clone(), reason })?;
        self.written.push(path);
        Ok(())
    }

    /// Writes a file that is a person's from then on.
    fn write_new(&mut self, name: &str, text: &str) -> Result<(), FolderError> {
        if fs::symlink_metadata(self.dir.join(name)).is_ok() { Ok(()) } else { self.write(name, text) }
    }

    /// Deletes files that an earlier import wrote, which had these names of operations, and this one did not.
    fn forget(&self, names: &IndexMap<String, String>) -> Result<(), FolderError> {
        let resources: HashSet<&str> = names.values().map(|name| resource(name)).collect();
        let parts = (1..=names.len() / MOST_PARTS + 1).map(|number| format!("part-{number}"));
        for part in resources.into_iter().map(str::to_owned).chain(parts) {
            let path = self.dir.join(OPERATIONS).join(format!("{part}.yaml"));
            if !self.written.contains(&path) {
                self.remove(&path)?;
            }
        }
        Ok(())
    }

    fn remove(&self, path: &Path) -> Result<(), FolderError> {
        match fs::remove_file(path) {
            Err(reason) if reason.kind() != io::ErrorKind::NotFound => {
                Err(FolderError::Io { path: path.to_owned(), reason })
            }
            _ => Ok(()),
        }
    }
}
