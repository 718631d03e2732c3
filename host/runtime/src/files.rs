//! Files that only their owner may read.

use std::path::Path;

pub(crate) use wharf_egress::files::create_private_folder;

/// Whether nobody but this process's user can put files into a folder, or another folder in its place. One that does not
/// exist yet is as good as the one above it.
pub(crate) fn is_ours_alone(folder: &Path) -> bool {
    #[cfg(unix)]
    {
        use std::os::unix::fs::MetadataExt as _;
        const GROUP_AND_OTHERS: u32 = 0o022;
        let user = rustix::process::geteuid().as_raw();
        let ours = |found: std::fs::Metadata| found.uid() == user && found.mode() & GROUP_AND_OTHERS == 0;
        [Some(folder), folder.parent()].into_iter().flatten().filter_map(|f| f.metadata().ok()).all(ours)
    }
    #[cfg(not(unix))]
    {
        let _ = folder;
        true
    }
}
