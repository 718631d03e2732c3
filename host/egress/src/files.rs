//! Folders that only their owner may look into, and files that are nothing else.

use std::fs::{self, DirBuilder, File, Metadata, OpenOptions};
use std::io;
use std::path::Path;

use crate::permissions::explained;

/// Makes a folder, and those above it, for the owner alone. One that exists is left as it is.
///
/// # Errors
/// What the system says.
pub fn create_private_folder(folder: &Path) -> io::Result<()> {
    let mut builder = DirBuilder::new();
    builder.recursive(true);
    #[cfg(unix)]
    std::os::unix::fs::DirBuilderExt::mode(&mut builder, 0o700);
    builder.create(folder)
}

/// Opens a regular file, by way of links too, and nothing else: a pipe may be waited for without end, and what a device does
/// when it is opened nobody knows.
///
/// # Errors
/// What the system says, with [whose it is](explained) where it is closed to this process; or what is there instead of a regular
/// file.
pub fn open_regular(file: &Path, options: &OpenOptions) -> io::Result<File> {
    match fs::metadata(file) {
        Ok(found) => check_regular(&found)?,
        // It may be one that is to be made.
        Err(error) if error.kind() == io::ErrorKind::NotFound => {}
        Err(error) => return Err(explained(file, error)),
    }
    let mut options = options.clone();
    // A pipe that has taken its place since is not waited for.
    #[cfg(unix)]
    std::os::unix::fs::OpenOptionsExt::custom_flags(&mut options, rustix::fs::OFlags::NONBLOCK.bits().cast_signed());
    let opened = options.open(file).map_err(|error| explained(file, error))?;
    check_regular(&opened.metadata()?)?;
    Ok(opened)
}

/// Opens a regular file to be read and written, such as one that is there to be locked, and makes it for the owner alone.
///
/// # Errors
/// As for [`open_regular`].
pub fn open_private(file: &Path) -> io::Result<File> {
    let mut options = File::options();
    options.read(true).write(true).create(true).truncate(false);
    #[cfg(unix)]
    std::os::unix::fs::OpenOptionsExt::mode(&mut options, 0o600);
    open_regular(file, &options)
}

/// What was said of a file that cannot be read, and of a folder what is expected in its place, such as `a file with JSON`.
pub fn in_words(error: &io::Error, expected: &str) -> String {
    match error.kind() {
        io::ErrorKind::IsADirectory => format!("{error}; expected is {expected}"),
        _ => error.to_string(),
    }
}

fn check_regular(found: &Metadata) -> io::Result<()> {
    if found.is_file() {
        return Ok(());
    }
    let what = match found.is_dir() {
        true => "a folder",
        false if is_pipe(found) => "a pipe",
        false => "a device or a socket",
    };
    let kind = if found.is_dir() { io::ErrorKind::IsADirectory } else { io::ErrorKind::Other };
    Err(io::Error::new(kind, format!("it is {what}, and not a regular file")))
}

#[cfg(unix)]
fn is_pipe(found: &Metadata) -> bool {
    std::os::unix::fs::FileTypeExt::is_fifo(&found.file_type())
}

#[cfg(not(unix))]
fn is_pipe(_: &Metadata) -> bool {
    false
}

#[cfg(all(test, unix))]
mod tests {
    use super::*;

    #[test]
    fn only_regular_files_are_opened_and_a_pipe_is_not_waited_for() {
        let folder = tempfile::tempdir().unwrap();
        let at = |name: &str| folder.path().join(name);
        assert!(std::process::Command::new("mkfifo").arg(at("pipe")).status().unwrap().success());
        std::os::unix::fs::symlink(at("pipe"), at("link")).unwrap();
        let problem = |file: &Path| open_regular(file, File::options().read(true)).unwrap_err().to_string();
        assert_eq!(problem(&at("pipe")), "it is a pipe, and not a regular file");
        assert_eq!(problem(&at("link")), problem(&at("pipe")));
        assert_eq!(problem(folder.path()), "it is a folder, and not a regular file");
        assert_eq!(problem(Path::new("/dev/null")), "it is a device or a socket, and not a regular file");

        fs::write(at("file"), "").unwrap();
        std::os::unix::fs::symlink(at("file"), at("way")).unwrap();
        assert!(open_regular(&at("way"), File::options().read(true)).is_ok());
        assert!(open_regular(&at("new"), File::options().append(true).create(true)).is_ok());
    }
}
