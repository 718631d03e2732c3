//! Files that are there as a whole or not at all, after a power cut too.

use std::fs::{self, File};
use std::io::{self, Write as _};
use std::path::{Path, PathBuf};

use tempfile::{NamedTempFile, TempPath};

/// The folder of a file.
pub(crate) fn folder_of(file: &Path) -> &Path {
    file.parent().filter(|folder| !folder.as_os_str().is_empty()).unwrap_or(Path::new("."))
}

/// The same path with something behind it.
pub(crate) fn beside(file: &Path, ending: &str) -> PathBuf {
    let mut name = file.as_os_str().to_owned();
    name.push(ending);
    name.into()
}

/// An empty file in the folder of another one, which is its owner's alone, and closed: what is opened by others and closed here
/// would take their locks with it.
pub(crate) fn fresh(file: &Path) -> io::Result<TempPath> {
    let name = file.file_name().unwrap_or_default().to_string_lossy().into_owned();
    let new = tempfile::Builder::new().prefix(&format!(".{name}.")).tempfile_in(folder_of(file))?;
    Ok(new.into_temp_path())
}

/// Writes a small file that is its owner's alone, in the place of what is there, or only where nothing is.
pub(crate) fn write(file: &Path, content: &[u8], only_new: bool) -> io::Result<()> {
    step();
    let mut new = NamedTempFile::new_in(folder_of(file))?;
    new.write_all(content)?;
    new.as_file().sync_all()?;
    step();
    match only_new {
        true => new.persist_noclobber(file)?,
        false => new.persist(file)?,
    };
    step();
    sync_folder(file)
}

/// Brings the names in the folder of a file to the disk; not every system can be asked to.
pub(crate) fn sync_folder(file: &Path) -> io::Result<()> {
    #[cfg(unix)]
    File::open(folder_of(file))?.sync_all()?;
    let _ = file;
    step();
    Ok(())
}

/// Renames a file, after a power cut too.
pub(crate) fn rename(from: &Path, to: &Path) -> io::Result<()> {
    step();
    fs::rename(from, to)?;
    step();
    sync_folder(to)
}

/// Gives a file a second name, in the place of what has it.
pub(crate) fn link(file: &Path, name: &Path) -> io::Result<()> {
    step();
    let link = beside(name, ".link");
    match fs::remove_file(&link) {
        Err(error) if error.kind() != io::ErrorKind::NotFound => return Err(error),
        _ => fs::hard_link(file, &link)?,
    }
    rename(&link, name)
}

/// Takes away folders whose names begin with something. Nobody may be using one.
pub(crate) fn sweep(folder: &Path, prefix: &str) {
    for entry in fs::read_dir(folder).into_iter().flatten().flatten() {
        if entry.file_name().to_string_lossy().starts_with(prefix) {
            // What cannot be deleted takes room and does no harm.
            let _ = fs::remove_dir_all(entry.path());
        }
    }
}

/// Takes a file away, if it is there.
pub(crate) fn remove(file: &Path) -> io::Result<()> {
    match fs::remove_file(file) {
        Err(error) if error.kind() != io::ErrorKind::NotFound => Err(error),
        _ => Ok(()),
    }
}

/// Which file a path leads to.
#[cfg(unix)]
pub(crate) fn identity(file: &Path) -> Option<(u64, u64)> {
    use std::os::unix::fs::MetadataExt as _;
    file.metadata().ok().map(|found| (found.dev(), found.ino()))
}

#[cfg(not(unix))]
pub(crate) fn identity(_: &Path) -> Option<(u64, u64)> {
    None
}

/// A moment at which the process may be killed and nothing is lost; a test does so at each of them.
pub(crate) fn step() {
    #[cfg(test)]
    crate::crash::step();
}
