//! Files that only their owner may read.

use std::io::Write as _;
use std::path::Path;
use std::{fs, io};

pub(crate) use wharf_egress::files::create_private_folder;

/// Replaces a file: whoever reads it finds the old content or the new one.
pub(crate) fn replace(file: &Path, content: &[u8]) -> io::Result<()> {
    written(file, content)?.persist(file)?;
    Ok(())
}

/// The same, and it is so after a power cut, too.
pub(crate) fn replace_durably(file: &Path, content: &[u8]) -> io::Result<()> {
    let new = written(file, content)?;
    new.as_file().sync_all()?;
    new.persist(file)?;
    // The new name is in the folder, which has to reach the disk as well; not every system can say so.
    #[cfg(unix)]
    fs::File::open(folder_of(file))?.sync_all()?;
    Ok(())
}

/// A file beside another one, which it is to replace.
fn written(file: &Path, content: &[u8]) -> io::Result<tempfile::NamedTempFile> {
    let mut new = tempfile::NamedTempFile::new_in(folder_of(file))?;
    new.write_all(content)?;
    Ok(new)
}

fn folder_of(file: &Path) -> &Path {
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
