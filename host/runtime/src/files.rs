//! Files that only their owner may read, and those with components in them.

use std::io::Write as _;
use std::path::{Path, PathBuf};
use std::{fs, io};

pub(crate) use wharf_egress::files::create_private_folder;

/// Replaces a file: whoever reads it finds the old content or the new one.
pub(crate) fn replace(file: &Path, content: &[u8]) -> io::Result<()> {
    written(file, content)?.persist(file)?;
    Ok(())
}

/// The same, and it is so after a power cut, too.
pub(crate) fn replace_durably(file: &Path, content: &[u8]) -> io::Result<()> {
    step();
    persist(written(file, content)?, file)
}

/// The same for a file that others may read, as far as they may read the one that is there.
pub(crate) fn replace_durably_for_all(file: &Path, content: &[u8]) -> io::Result<()> {
    step();
    let new = written(file, content)?;
    #[cfg(unix)]
    {
        use std::os::unix::fs::PermissionsExt as _;
        let usual = fs::Permissions::from_mode(0o644);
        new.as_file().set_permissions(file.metadata().map_or(usual, |found| found.permissions()))?;
    }
    persist(new, file)
}

fn persist(new: tempfile::NamedTempFile, file: &Path) -> io::Result<()> {
    step();
    new.as_file().sync_all()?;
    step();
    new.persist(file)?;
    step();
    // The new name is in the folder, which has to reach the disk as well; not every system can say so.
    #[cfg(unix)]
    fs::File::open(folder_of(file))?.sync_all()?;
    step();
    Ok(())
}

/// Deletes what processes that were killed have left of their attempts to replace a file. Nobody may be about to do so.
pub(crate) fn sweep(file: &Path) {
    let prefix = prefix_of(file);
    // As the names of temporary files are made.
    let is_random = |rest: &str| rest.len() == 6 && rest.bytes().all(|byte| byte.is_ascii_alphanumeric());
    for entry in fs::read_dir(folder_of(file)).into_iter().flatten().flatten() {
        if entry.file_name().to_string_lossy().strip_prefix(&prefix).is_some_and(is_random) {
            // What cannot be deleted takes room and does no harm.
            let _ = fs::remove_file(entry.path());
        }
    }
}

/// A moment at which the process may be killed and nothing is lost; a test does so at each of them.
fn step() {
    #[cfg(test)]
    tests::step();
}

/// A file beside another one, which it is to replace.
fn written(file: &Path, content: &[u8]) -> io::Result<tempfile::NamedTempFile> {
    let mut new = tempfile::Builder::new().prefix(&prefix_of(file)).tempfile_in(folder_of(file))?;
    new.write_all(content)?;
    Ok(new)
}

fn prefix_of(file: &Path) -> String {
    format!(".{}.", file.file_name().unwrap_or_default().to_string_lossy())
}

/// The component files of a folder, which are those that end in `.wasm`, in the order of their names.
///
/// # Errors
/// What the system says where the folder cannot be read.
pub fn component_files(folder: &Path) -> io::Result<Vec<PathBuf>> {
    let paths = fs::read_dir(folder)?.map(|entry| Ok(entry?.path()));
    let mut paths = paths.collect::<io::Result<Vec<PathBuf>>>()?;
    paths.retain(|path| path.extension().is_some_and(|ending| ending == "wasm"));
    paths.sort();
    Ok(paths)
}

pub(crate) fn folder_of(file: &Path) -> &Path {
    file.parent().filter(|folder| !folder.as_os_str().is_empty()).unwrap_or(Path::new("."))
}

/// Whether nobody but this process's user can put files into a folder, or another folder in its place. One that does not
/// exist yet is as good as the one above it.
pub(crate) fn is_ours_alone(folder: &Path) -> bool {
    #[cfg(unix)]
    {
        use std::os::unix::fs::MetadataExt as _;
        const GROUP_AND_OTHERS: u32 = 0o022;
        let user = rustix::process::geteuid().as_raw();
        let ours = |found: fs::Metadata| found.uid() == user && found.mode() & GROUP_AND_OTHERS == 0;
        [Some(folder), folder.parent()].into_iter().flatten().filter_map(|f| f.metadata().ok()).all(ours)
    }
    #[cfg(not(unix))]
    {
        let _ = folder;
        true
    }
}

#[cfg(test)]
pub(crate) mod tests {
    use std::sync::atomic::{AtomicU64, Ordering};

    use rustix::process::{Signal, getpid, kill_process};

    use super::*;

    /// The variable that says at which step this process is killed.
    pub(crate) const KILLED_AT: &str = "WHARF_TEST_KILLED_AT";

    pub(super) fn step() {
        static STEPS: AtomicU64 = AtomicU64::new(1);
        let Ok(at) = std::env::var(KILLED_AT) else { return };
        if STEPS.fetch_add(1, Ordering::Relaxed).to_string() == at {
            kill_process(getpid(), Signal::KILL).unwrap();
        }
    }

    #[test]
    fn what_a_killed_process_left_is_swept_and_nothing_else() {
        let folder = tempfile::tempdir().unwrap();
        let file = folder.path().join("wharf.lock");
        for name in [".wharf.lock.a1b2C3", ".wharf.lock.swp", "wharf.lock", ".other.lock.a1b2C3"] {
            fs::write(folder.path().join(name), "").unwrap();
        }
        sweep(&file);
        let mut left: Vec<_> = folder.path().read_dir().unwrap().map(|entry| entry.unwrap().file_name()).collect();
        left.sort();
        assert_eq!(left, [".other.lock.a1b2C3", ".wharf.lock.swp", "wharf.lock"]);
    }
}
