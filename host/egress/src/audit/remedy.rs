//! What to do about an audit that cannot be written: what the system said tells what would help.

use std::io::{self, ErrorKind};
use std::path::Path;

use crate::{configuration, shortage};

/// What would let the record be written.
pub(super) fn remedy(file: &Path, error: &io::Error) -> String {
    let folder = file.parent().filter(|folder| !folder.as_os_str().is_empty()).unwrap_or(Path::new("."));
    // Of the folders above, the first one that is there is the one that has a say.
    let there = folder.ancestors().find(|above| above.symlink_metadata().is_ok()).unwrap_or(folder);
    let elsewhere = "name a file elsewhere as `file`";
    match error.kind() {
        _ if file.is_dir() => format!("name a file in it as `file`, such as {}", file.join("audit.jsonl").display()),
        _ if there.metadata().is_ok_and(|found| !found.is_dir()) => {
            format!("{} is no folder, and one is needed there: move it, or {elsewhere}", there.display())
        }
        ErrorKind::PermissionDenied => {
            let denied = if file.exists() { file } else { there };
            format!("let the user who runs this write to {}, or {elsewhere}", denied.display())
        }
        ErrorKind::ReadOnlyFilesystem => format!("its file system is read-only: {elsewhere}"),
        ErrorKind::StorageFull => format!("make room on the disk, or {elsewhere}"),
        ErrorKind::QuotaExceeded => format!("make room within the user's quota, or {elsewhere}"),
        ErrorKind::FileTooLarge => {
            format!("{}, or rename the file, as a new one is begun then", shortage::raise(&shortage::of_file_size()))
        }
        _ if shortage::is_behind(error) => shortage::raise(&shortage::of_files()),
        _ => elsewhere.to_owned(),
    }
}

/// Where the keys stand, and the two that let things go on without the record.
pub(super) fn place() -> String {
    format!(
        "under [audit] in {}, where required = false runs on unrecorded while that is so, and enabled = false records nothing",
        configuration::name()
    )
}

#[cfg(test)]
mod tests {
    use std::fs;

    use super::*;

    #[test]
    fn each_cause_has_a_remedy_of_its_own() {
        let folder = tempfile::tempdir().unwrap();
        let (file, deep) = (folder.path().join("audit.jsonl"), folder.path().join("not/there/audit.jsonl"));
        let said = |file: &Path, kind: ErrorKind| remedy(file, &kind.into());
        let here = folder.path().display();
        assert!(
            said(&file, ErrorKind::PermissionDenied)
                .starts_with(&format!("let the user who runs this write to {here},"))
        );
        assert!(
            said(&deep, ErrorKind::PermissionDenied)
                .starts_with(&format!("let the user who runs this write to {here},"))
        );
        assert!(said(&file, ErrorKind::ReadOnlyFilesystem).starts_with("its file system is read-only"));
        assert!(said(&file, ErrorKind::StorageFull).starts_with("make room on the disk"));
        assert!(said(&file, ErrorKind::FileTooLarge).starts_with("raise "));
        fs::write(&file, "").unwrap();
        let denied = said(&file, ErrorKind::PermissionDenied);
        assert!(denied.contains("audit.jsonl") && !denied.contains("make room"), "{denied}");
        assert!(said(&file.join("below"), ErrorKind::AlreadyExists).contains("audit.jsonl is no folder"));
        assert!(said(folder.path(), ErrorKind::IsADirectory).starts_with("name a file in it"));
    }
}
