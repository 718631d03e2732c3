//! `[audit]`: what is recorded, where, and for how long.

use std::path::{Path, PathBuf};

use bytesize::ByteSize;
use serde::Deserialize;
use wharf_egress::audit::Rotation;

use super::AUDIT_FILE;
use super::keys::Wrong;

/// `[audit]`
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct AuditConfig {
    /// The file.
    pub file: PathBuf,
    /// Whether a call fails that cannot be recorded.
    pub required: bool,
    /// When the file is closed and another one begun.
    pub rotation: Rotation,
    /// Whether `wharf serve` writes each record to standard output as well.
    pub stdout: bool,
}

impl AuditConfig {
    /// What holds where nothing is said.
    pub(super) fn in_folder(folder: &Path) -> Self {
        Self { file: folder.join(AUDIT_FILE), required: true, rotation: Rotation::default(), stdout: false }
    }
}

#[derive(Default, Deserialize)]
#[serde(deny_unknown_fields)]
pub(super) struct FileAudit {
    file: Option<PathBuf>,
    required: Option<bool>,
    enabled: Option<bool>,
    rotate: Option<FileRotation>,
    stdout: Option<bool>,
}

#[derive(Default, Deserialize)]
#[serde(deny_unknown_fields)]
struct FileRotation {
    size: Option<ByteSize>,
    daily: Option<bool>,
    keep: Option<u32>,
}

impl FileAudit {
    /// What holds, for a configuration and a store in these folders; none where nothing is to be recorded.
    pub(super) fn read(self, folder: &Path, store: &Path) -> Result<Option<AuditConfig>, Wrong> {
        let default = AuditConfig::in_folder(store);
        let rotation = self.rotate.map(FileRotation::read).transpose()?.unwrap_or_default();
        let config = AuditConfig {
            file: self.file.map_or(default.file, |file| folder.join(file)),
            required: self.required.unwrap_or(default.required),
            rotation,
            stdout: self.stdout.unwrap_or(default.stdout),
        };
        Ok(self.enabled.unwrap_or(true).then_some(config))
    }
}

impl FileRotation {
    fn read(self) -> Result<Rotation, Wrong> {
        let wrong = |path: &str, problem: &str| Wrong { path: path.to_owned(), problem: problem.to_owned() };
        let rotation = Rotation {
            size: self.size.map(|size| size.as_u64()),
            daily: self.daily.unwrap_or(false),
            keep: self.keep.filter(|keep| *keep > 0),
        };
        if rotation.size == Some(0) {
            return Err(wrong("audit.rotate.size", "no file is that small; write size = \"64MiB\""));
        }
        if !rotation.is_on() {
            let problem = "it does not say when a file is closed; write rotate = { size = \"64MiB\", daily = true }";
            return Err(wrong("audit.rotate", problem));
        }
        Ok(rotation)
    }
}

#[cfg(test)]
mod tests {
    use super::super::Config;
    use super::*;

    fn read(text: &str) -> Result<Option<AuditConfig>, String> {
        let parsed = Config::parse(text, Path::new("/etc/wharf"));
        parsed.map(|config| config.audit).map_err(|(line, problem)| format!("{}: {problem}", line.unwrap_or_default()))
    }

    #[test]
    fn files_are_closed_where_it_is_said_when() {
        assert_eq!(read(""), Ok(Some(AuditConfig::in_folder(Path::new("/etc/wharf/.wharf")))));
        let text = "[audit]\nstdout = true\nrotate = { size = \"64MiB\", daily = true, keep = 30 }";
        let said = read(text).unwrap().unwrap();
        assert_eq!(said.rotation, Rotation { size: Some(64 << 20), daily: true, keep: Some(30) });
        assert!(said.stdout);
        let all = read("[audit.rotate]\ndaily = true\nkeep = 0").unwrap().unwrap();
        assert_eq!(all.rotation, Rotation { size: None, daily: true, keep: None });
    }

    #[test]
    fn what_would_never_be_closed_is_refused() {
        for text in ["[audit]\nrotate = {}", "[audit]\nrotate = { daily = false, keep = 3 }"] {
            let problem = read(text).unwrap_err();
            assert!(
                problem.starts_with("2: `audit.rotate`: it does not say when a file is closed; write"),
                "{problem}"
            );
        }
        let problem = read("[audit.rotate]\nsize = 0").unwrap_err();
        assert!(problem.starts_with("2: `audit.rotate.size`: no file is that small; write size"), "{problem}");
    }
}
