//! Files that only their owner may read.

use std::fs::DirBuilder;
use std::io;
use std::path::Path;

/// Makes a folder, and those above it, for the owner alone. One that exists is left as it is.
pub(crate) fn create_private_folder(folder: &Path) -> io::Result<()> {
    let mut builder = DirBuilder::new();
    builder.recursive(true);
    #[cfg(unix)]
    std::os::unix::fs::DirBuilderExt::mode(&mut builder, 0o700);
    builder.create(folder)
}

/// Whether others than the owner can write into a folder that exists.
pub(crate) fn others_can_write(folder: &Path) -> bool {
    #[cfg(unix)]
    {
        const GROUP_AND_OTHERS: u32 = 0o022;
        use std::os::unix::fs::PermissionsExt as _;
        folder.metadata().is_ok_and(|found| found.permissions().mode() & GROUP_AND_OTHERS != 0)
    }
    #[cfg(not(unix))]
    {
        let _ = folder;
        false
    }
}
