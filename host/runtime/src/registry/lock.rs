//! `wharf.lock`: what is installed, which release of it answers calls, and what each may do. It is written down so that two
//! machines with the same file run the same.

use std::collections::{BTreeMap, BTreeSet};
use std::io;
use std::path::Path;

use serde::de::IgnoredAny;
use serde::{Deserialize, Serialize};
use wharf_egress::text::MARK;

use crate::config::line_of;
use crate::files::{in_words, read, replace_durably_for_all};
use crate::manifest::Capabilities;

/// Goes up where an older Wharf could misread the file.
const FORMAT: u32 = 2;

/// How large the file may be, in bytes: many times what hundreds of plugins with thousands of operations take.
pub(super) const LARGEST: u64 = 64 << 20;

/// How many releases of a plugin are kept besides the live one and one that waits.
const KEPT: usize = 5;

const HEADER: &str = "# What is installed, and what each release may do. Written by `wharf install`, `approve`, `rollback` and \
                      `remove`;\n# keep it under version control.\n\n";

/// How to get a lock file back.
pub(super) const RESTORE: &str = "restore it from version control, and `wharf sync` puts back what it names; or write `format = 2` \
                                  into it, alone, and install the plugins anew (`wharf install FILE`)";

/// The format alone, whatever else there is.
#[derive(Deserialize)]
struct Format {
    format: Option<i64>,
}

/// What a text is that is no lock file of this format.
fn no_lock_file(text: &str) -> Option<String> {
    if text.trim().is_empty() {
        return Some(format!("it is empty, and a lock file is not; {RESTORE}"));
    }
    let mark_of = |line: &str| ["<<<<<<<", "|||||||", ">>>>>>>"].into_iter().find(|mark| line.starts_with(mark));
    if let Some((at, mark)) = text.lines().enumerate().find_map(|(at, line)| Some((at, mark_of(line)?))) {
        return Some(format!(
            "line {}: two versions of it were merged and it has both (`{mark}`); take one of them, as with `git checkout \
             --theirs FILE`, and `wharf sync` puts back what it names",
            at + 1
        ));
    }
    if text.trim_start().starts_with(['{', '[']) && serde_json::from_str::<IgnoredAny>(text).is_ok() {
        return Some(format!("it is JSON, and a lock file is TOML; {RESTORE}"));
    }
    let Format { format } = toml::from_str(text).ok()?;
    let line = text.lines().position(|line| line.trim_start().starts_with("format"));
    let line = line.map(|at| format!("line {}: ", at + 1)).unwrap_or_default();
    match format {
        Some(format) if format == i64::from(FORMAT) => None,
        Some(format) if format > i64::from(FORMAT) => Some(format!(
            "{line}it has the format {format}, and this Wharf knows {FORMAT}: a newer Wharf wrote it; use that one"
        )),
        Some(format) => Some(format!(
            "{line}it has the format {format}, and this Wharf knows {FORMAT}: an older Wharf wrote it; use that one, or write \
             `format = {FORMAT}` into it, alone, and install the plugins anew (`wharf install FILE`)"
        )),
        None => Some(format!("it does not say `format = {FORMAT}`, so it is no lock file, or was cut; {RESTORE}")),
    }
}

/// The content of a lock file.
#[derive(Clone, Debug, Default, PartialEq, Eq, Serialize, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct LockFile {
    #[serde(default)]
    format: u32,
    /// By the plugin's name.
    #[serde(default)]
    pub plugins: BTreeMap<String, LockedPlugin>,
}

/// A plugin of a lock file.
#[derive(Clone, Debug, Default, PartialEq, Eq, Serialize, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct LockedPlugin {
    /// Digest of the release that answers calls; none before the first approval.
    pub live: Option<String>,
    /// Digest of a release that asks for more than the live one, and waits for an approval.
    pub waiting: Option<String>,
    /// Whether it is not gone back behind the live release, until a later one goes live.
    #[serde(default, skip_serializing_if = "std::ops::Not::not")]
    pub no_way_back: bool,
    /// Digests of releases that were live before, the newest last.
    #[serde(default)]
    pub before: Vec<String>,
    /// What the live release may do: see [`Capabilities`].
    #[serde(default)]
    pub capabilities: Vec<String>,
    /// What the release that waits asks for.
    #[serde(default, skip_serializing_if = "Vec::is_empty")]
    pub asked: Vec<String>,
    /// All that are kept, in the order of their installation.
    #[serde(default)]
    pub releases: Vec<LockedRelease>,
}

/// A release of a lock file.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct LockedRelease {
    /// Semantic version.
    pub version: String,
    /// `sha256:` and the SHA-256 of the component, in lower case hexadecimal.
    pub digest: String,
    /// The contract that it was built for: `wharf:provider@0.1.0`.
    pub contract: String,
    /// The file or the URL that it came from.
    pub from: String,
    /// When it was installed (RFC 3339, UTC).
    pub installed: String,
    /// Whether another one was approved with no way back in its place: it is gone back to by force alone, whatever went live
    /// since.
    #[serde(default, skip_serializing_if = "std::ops::Not::not")]
    pub superseded: bool,
}

impl LockedRelease {
    /// Whether a version or the beginning of a digest is its own.
    pub(super) fn is_called(&self, name: &str) -> bool {
        self.version == name || (name.starts_with(DIGEST) && name.len() > DIGEST.len() && self.digest.starts_with(name))
    }
}

impl LockedPlugin {
    /// What the live release may do.
    pub fn capabilities(&self) -> Capabilities {
        self.capabilities.iter().cloned().collect()
    }

    /// The release of a digest.
    pub fn release(&self, digest: &str) -> Option<&LockedRelease> {
        self.releases.iter().find(|release| release.digest == digest)
    }

    /// What a release is called in a command: its version, or where others have the same one the beginning of its digest.
    pub fn name_of(&self, digest: &str) -> String {
        let release = self.release(digest);
        let twins = |version: &str| self.releases.iter().filter(|release| release.version == version).count();
        match release.filter(|release| twins(&release.version) == 1) {
            Some(alone) => alone.version.clone(),
            None => digest.chars().take(SHORT_DIGEST).collect(),
        }
    }

    /// The release that answers calls.
    pub fn live(&self) -> Option<&LockedRelease> {
        self.release(self.live.as_deref()?)
    }

    /// The release that waits for an approval.
    pub fn waiting(&self) -> Option<&LockedRelease> {
        self.release(self.waiting.as_deref()?)
    }

    /// Lets a release answer calls. Going back to one takes those after it out of the way back.
    pub(super) fn go_live(&mut self, digest: &str, capabilities: Capabilities) {
        if self.live.as_deref() == Some(digest) {
            return;
        }
        match self.before.iter().position(|before| before == digest) {
            Some(at) => self.before.truncate(at),
            None => self.before.extend(self.live.take()),
        }
        self.live = Some(digest.to_owned());
        self.no_way_back = false;
        self.releases.iter_mut().filter(|release| release.digest == digest).for_each(|r| r.superseded = false);
        self.capabilities = capabilities.into_lines();
        if self.waiting.as_deref() == Some(digest) {
            self.waiting = None;
            self.asked.clear();
        }
    }

    /// Keeps everybody from going back behind the live release, also from one that goes live later.
    pub(super) fn end_ways_back(&mut self) {
        self.no_way_back = true;
        let live = self.live.as_deref();
        self.releases.iter_mut().filter(|r| live != Some(r.digest.as_str())).for_each(|r| r.superseded = true);
    }

    /// Whether a release may be gone back to without force.
    pub(super) fn has_way_back_to(&self, digest: &str) -> bool {
        !self.no_way_back && self.release(digest).is_none_or(|release| !release.superseded)
    }

    /// Keeps the live release, the one that waits, and the newest of the others.
    pub(super) fn forget_old(&mut self) {
        let needed = [self.live.clone(), self.waiting.clone()];
        let is_needed = |release: &LockedRelease| needed.iter().flatten().any(|digest| *digest == release.digest);
        let mut others = self.releases.iter().filter(|release| !is_needed(release)).count();
        self.releases.retain(|release| {
            if is_needed(release) || others <= KEPT {
                return true;
            }
            others -= 1;
            false
        });
        let releases = &self.releases;
        self.before.retain(|digest| releases.iter().any(|release| release.digest == *digest));
    }
}

/// What a digest begins with.
const DIGEST: &str = "sha256:";

/// As much of a digest as tells two releases apart at a glance.
const SHORT_DIGEST: usize = DIGEST.len() + 12;

fn is_digest(text: &str) -> bool {
    let hex = |byte: u8| byte.is_ascii_digit() || (b'a'..=b'f').contains(&byte);
    text.strip_prefix(DIGEST).is_some_and(|digits| digits.len() == 64 && digits.bytes().all(hex))
}

impl LockFile {
    /// One of which nothing is installed.
    pub(super) fn empty() -> Self {
        Self { format: FORMAT, plugins: BTreeMap::new() }
    }

    /// The bytes of a file; none where it does not exist.
    pub(super) fn bytes(file: &Path) -> Result<Option<Vec<u8>>, String> {
        match read(file, LARGEST) {
            Ok(bytes) => Ok(Some(bytes)),
            Err(error) if error.kind() == io::ErrorKind::NotFound => Ok(None),
            Err(error) => Err(format!("it cannot be read: {}", in_words(&error, "a file; move the folder away"))),
        }
    }

    /// What the bytes say.
    pub(super) fn parse(bytes: &[u8]) -> Result<Self, String> {
        let bytes = bytes.strip_prefix(MARK).unwrap_or(bytes);
        let text = std::str::from_utf8(bytes).map_err(|_| format!("it is not UTF-8, so it is damaged; {RESTORE}"))?;
        let damaged = |error: toml::de::Error| {
            let line = error.span().map(|span| format!("line {}: ", line_of(text, span.start))).unwrap_or_default();
            format!("{line}{}, so it is damaged or cut short; {RESTORE}", error.message())
        };
        let parsed: Result<Self, _> = toml::from_str(text);
        // What it is comes before what is wrong in it: a file of another format has other members.
        let lock = match parsed {
            Ok(lock) if lock.format == FORMAT => lock,
            other => return Err(no_lock_file(text).or(other.err().map(damaged)).unwrap_or_default()),
        };
        lock.check().map_err(|(what, problem)| {
            let line = text.find(what).map(|at| format!("line {}: ", line_of(text, at))).unwrap_or_default();
            format!("{line}{problem}; {RESTORE}")
        })?;
        Ok(lock)
    }

    /// The digests of all releases.
    pub(super) fn digests(&self) -> BTreeSet<&str> {
        self.plugins.values().flat_map(|plugin| &plugin.releases).map(|release| release.digest.as_str()).collect()
    }

    /// Whether it makes sense, or the text that does not, and what is wrong with it.
    fn check(&self) -> Result<(), (&str, String)> {
        for (name, plugin) in &self.plugins {
            if let Some(LockedRelease { digest, .. }) = plugin.releases.iter().find(|r| !is_digest(&r.digest)) {
                return Err((digest, format!("plugins.{name} has the digest {digest:?}, which is no SHA-256")));
            }
            for digest in plugin.live.iter().chain(&plugin.waiting).chain(&plugin.before) {
                if plugin.release(digest).is_none() {
                    return Err((digest, format!("plugins.{name} names {digest}, which is none of its releases")));
                }
            }
        }
        Ok(())
    }

    /// What is written into the file.
    pub(super) fn to_text(&self) -> Result<String, String> {
        // What could not be read again is not written.
        self.check().map_err(|(_, problem)| problem)?;
        let text = toml::to_string_pretty(self).map_err(|error| error.to_string())?;
        Ok(format!("{HEADER}{text}"))
    }

    /// Replaces the file: whoever reads it finds the old content or the new one.
    pub(super) fn write(file: &Path, text: &str) -> io::Result<()> {
        // It is no secret, and often under version control: another user may read it.
        replace_durably_for_all(file, text.as_bytes())
    }
}
