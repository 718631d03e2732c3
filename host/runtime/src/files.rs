//! Files: read within bounds, replaced as a whole, and kept from others.

use std::fs::File;
use std::io::{Read, Write as _};
use std::path::{Path, PathBuf};
use std::{fs, io};

use bytesize::ByteSize;
pub(crate) use wharf_egress::files::create_private_folder;
pub use wharf_egress::files::in_words;
use wharf_egress::permissions::{self, explained};
use wharf_egress::text::MARK;

/// How many links lead to a file at most, as on Linux.
const MOST_LINKS: usize = 40;

/// Opens a regular file to be read, and nothing else: a pipe may be waited for without end.
///
/// # Errors
/// What the system says, or what is there instead.
pub fn open(file: &Path) -> io::Result<File> {
    wharf_egress::files::open_regular(file, File::options().read(true))
}

/// Whether something could be added to a regular file, or one could be made if it is not there. Nothing is left behind.
///
/// # Errors
/// As for [`open`].
pub fn check_appendable(file: &Path) -> io::Result<()> {
    match wharf_egress::files::open_regular(file, File::options().append(true)) {
        Err(error) if error.kind() == io::ErrorKind::NotFound => check_can_be_made(file),
        opened => opened.map(drop),
    }
}

/// Whether a file can be made where it is not there, with the folders on the way: what a folder lets be made only a try can tell.
fn check_can_be_made(file: &Path) -> io::Result<()> {
    let folder = folder_of(file);
    let there = folder.ancestors().find(|above| is_there(above)).unwrap_or(Path::new("."));
    let tried = there.join(format!(".wharf-check-{}", std::process::id()));
    fs::create_dir(&tried).map_err(|error| explained(there, error))?;
    fs::remove_dir(&tried)
}

/// The content of a regular file of so many bytes at most; of a larger one nothing is read.
///
/// # Errors
/// What the system says, what is there instead, or how large it may be.
pub fn read(file: &Path, most: u64) -> io::Result<Vec<u8>> {
    let mut bytes = Vec::new();
    read_rest(&open(file)?, &mut bytes, most)?;
    Ok(bytes)
}

/// The same for a text, without the mark of its byte order.
///
/// # Errors
/// As for [`read`], and where it is not UTF-8.
pub fn read_text(file: &Path, most: u64) -> io::Result<String> {
    read_text_of(&open(file)?, most)
}

/// The same of a file that is open.
pub(crate) fn read_text_of(opened: &File, most: u64) -> io::Result<String> {
    let mut bytes = Vec::new();
    read_rest(opened, &mut bytes, most)?;
    text_of(bytes)
}

/// What comes from somewhere else than a file, as a text of so many bytes at most.
///
/// # Errors
/// As for [`read_text`].
pub fn read_text_from(from: impl Read, most: u64) -> io::Result<String> {
    let mut bytes = Vec::new();
    take(from, &mut bytes, most)?;
    text_of(bytes)
}

/// A text without the mark of its byte order. In place: it may be a secret, of which no copies are left behind.
fn text_of(mut bytes: Vec<u8>) -> io::Result<String> {
    if bytes.starts_with(MARK) {
        bytes.drain(..MARK.len());
    }
    String::from_utf8(bytes).map_err(not_utf8)
}

/// Whether something of this name is there, in whatever form: a link that leads nowhere, too. What cannot be looked at is,
/// so that whoever reads it tells why.
pub fn is_there(path: &Path) -> bool {
    use io::ErrorKind::{NotADirectory, NotFound};
    !path.symlink_metadata().is_err_and(|error| matches!(error.kind(), NotFound | NotADirectory))
}

/// Reads on behind what was read of a file, all of which has so many bytes at most.
pub(crate) fn read_rest(from: &File, bytes: &mut Vec<u8>, most: u64) -> io::Result<()> {
    let length = from.metadata()?.len();
    if length > most {
        return Err(too_large(most));
    }
    // In one piece: what is read may be a secret, of which no copies are left behind.
    bytes.reserve_exact(usize::try_from(length + 1).unwrap_or_default().saturating_sub(bytes.len()));
    take(from, bytes, most)
}

fn take(from: impl Read, bytes: &mut Vec<u8>, most: u64) -> io::Result<()> {
    from.take(most.saturating_add(1).saturating_sub(bytes.len() as u64)).read_to_end(bytes)?;
    if bytes.len() as u64 > most { Err(too_large(most)) } else { Ok(()) }
}

/// What is told of a file that is larger.
pub(crate) fn too_large(most: u64) -> io::Error {
    let most = ByteSize::b(most).display().iec();
    io::Error::new(io::ErrorKind::FileTooLarge, format!("it has more than {most}"))
}

fn not_utf8(_: std::string::FromUtf8Error) -> io::Error {
    io::Error::new(io::ErrorKind::InvalidData, "it is not UTF-8")
}

/// The file that a path leads to in the end, by way of links, whether or not it is there.
pub(crate) fn resolved(file: &Path) -> io::Result<PathBuf> {
    let mut file = file.to_owned();
    for _ in 0..MOST_LINKS {
        match fs::read_link(&file) {
            Ok(target) => file = folder_of(&file).join(target),
            // It is no link, or not there.
            Err(_) => {
                let name = file.file_name().ok_or_else(|| io::Error::other("it is not the name of a file"))?;
                return Ok(folder_of(&file).canonicalize()?.join(name));
            }
        }
    }
    Err(io::Error::other("too many links lead to it, or they lead in a circle"))
}

/// Replaces a file: whoever reads it finds the old content or the new one.
pub(crate) fn replace(file: &Path, content: &[u8]) -> io::Result<()> {
    written(file, content)?.persist(file)?;
    Ok(())
}

/// The same for a file that keeps its permissions; a new one is its owner's alone.
pub(crate) fn replace_as_it_is(file: &Path, content: &[u8]) -> io::Result<()> {
    let new = written(file, content)?;
    #[cfg(unix)]
    if let Ok(found) = file.metadata() {
        new.as_file().set_permissions(found.permissions())?;
    }
    new.persist(file)?;
    Ok(())
}

/// The same, and it is so after a power cut, too.
pub(crate) fn replace_durably(file: &Path, content: &[u8]) -> io::Result<()> {
    step();
    persist(written(file, content)?, file)
}

/// Replaces a file: whoever reads it finds the old content or the new one, also after a power cut. Others may read it, as far as they
/// may read the one that is there.
///
/// # Errors
/// What the system says; then the file is as it was.
pub fn replace_durably_for_all(file: &Path, content: &[u8]) -> io::Result<()> {
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
    File::open(folder_of(file))?.sync_all()?;
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
pub(crate) fn step() {
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
    files_ending(folder, COMPONENTS)
}

/// How the files of components end.
pub(crate) const COMPONENTS: &[&str] = &["wasm"];

/// How documents end that a person writes.
pub(crate) const DOCUMENTS: &[&str] = &["yaml", "yml", "json"];

/// The files of a folder that end in one of these, in the order of their names.
pub(crate) fn files_ending(folder: &Path, endings: &[&str]) -> io::Result<Vec<PathBuf>> {
    let paths = fs::read_dir(folder).map_err(|error| explained(folder, error))?.map(|entry| Ok(entry?.path()));
    let mut paths = paths.collect::<io::Result<Vec<PathBuf>>>()?;
    paths.retain(|path| ends_in(path, endings));
    paths.sort();
    Ok(paths)
}

/// Whether the name of a file ends in one of these.
pub(crate) fn ends_in(file: &Path, endings: &[&str]) -> bool {
    file.extension().is_some_and(|of| endings.iter().any(|ending| of == *ending))
}

pub(crate) fn folder_of(file: &Path) -> &Path {
    file.parent().filter(|folder| !folder.as_os_str().is_empty()).unwrap_or(Path::new("."))
}

/// Who else can put files into a folder, or another folder in its place, with what to type; nothing where none can. One that does
/// not exist yet is as good as the one above it. Root, who can do everything, is left out where that is wanted.
pub(crate) fn shared(folder: &Path, but_for_root: bool) -> Option<String> {
    [Some(folder), folder.parent()].into_iter().flatten().find_map(|folder| permissions::shared(folder, but_for_root))
}

/// What is told of a folder that is [shared], where it must not be: who else can write to it, and what is kept there.
pub(crate) fn not_ours(shared: &str, what: &str) -> String {
    format!("{shared}, as {what}, or name another folder as `store`")
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
    fn no_more_is_read_than_allowed() {
        let folder = tempfile::tempdir().unwrap();
        let file = folder.path().join("file");
        fs::write(&file, "déjà").unwrap();
        assert_eq!(read_text(&file, 6).unwrap(), "déjà");
        assert_eq!(read_text(&file, 5).unwrap_err().to_string(), "it has more than 5 B");
        assert_eq!(read_text_from(&b"12345"[..], 5).unwrap(), "12345");
        assert_eq!(
            read_text_from("\u{feff}\u{feff}a\u{feff}".as_bytes(), 10).unwrap(),
            "\u{feff}a\u{feff}",
            "one mark"
        );
        assert_eq!(read_text_from(io::repeat(b'x'), 5).unwrap_err().kind(), io::ErrorKind::FileTooLarge);
        fs::write(&file, b"\xff").unwrap();
        assert_eq!(read_text(&file, 5).unwrap_err().to_string(), "it is not UTF-8");
        assert_eq!(read(&file, u64::MAX).unwrap(), b"\xff");
        // It takes no memory either.
        File::create(&file).unwrap().set_len(3 << 40).unwrap();
        assert!(read(&file, 1 << 20).is_err());
        assert!(read(folder.path(), 1).unwrap_err().to_string().contains("it is a folder"));
    }

    #[test]
    fn what_is_there_in_any_form_is_there() {
        let folder = tempfile::tempdir().unwrap();
        let at = |name: &str| folder.path().join(name);
        assert!(is_there(folder.path()) && !is_there(&at("file")));
        fs::write(at("file"), "").unwrap();
        std::os::unix::fs::symlink("nowhere", at("link")).unwrap();
        assert!(is_there(&at("file")) && is_there(&at("link")) && !is_there(&at("file/below")));
    }

    #[test]
    fn links_are_followed_to_the_file_that_is_written_also_where_it_is_not_there() {
        use std::os::unix::fs::symlink;
        let folder = tempfile::tempdir().unwrap();
        let root = folder.path().canonicalize().unwrap();
        fs::create_dir_all(root.join("a/b")).unwrap();
        symlink("../b.lock", root.join("a/first")).unwrap();
        symlink("first", root.join("a/second")).unwrap();
        symlink(root.join("a"), root.join("c")).unwrap();
        for path in ["b.lock", "a/first", "a/second", "c/second", "a/b/../first"] {
            assert_eq!(resolved(&root.join(path)).unwrap(), root.join("b.lock"), "{path}");
        }
        fs::write(root.join("b.lock"), "").unwrap();
        assert_eq!(resolved(&root.join("c/second")).unwrap(), root.join("b.lock"));
        symlink("circle", root.join("circle")).unwrap();
        assert!(resolved(&root.join("circle")).unwrap_err().to_string().contains("in a circle"));
        assert!(resolved(&root.join("nowhere/wharf.lock")).is_err());
    }

    #[test]
    fn a_folder_is_closed_where_nobody_else_can_write_to_it_or_put_another_one_in_its_place() {
        use std::os::unix::fs::PermissionsExt as _;
        let root = tempfile::tempdir().unwrap();
        let (above, folder) = (root.path().join("store"), root.path().join("store/state"));
        fs::create_dir_all(&folder).unwrap();
        let with = |of_above: u32, of_folder: u32| {
            for (path, mode) in [(&above, of_above), (&folder, of_folder)] {
                fs::set_permissions(path, fs::Permissions::from_mode(mode)).unwrap();
            }
            (shared(&folder, false), shared(&folder, true))
        };
        assert_eq!(with(0o755, 0o755), (None, None));
        for (of_above, of_folder, open) in
            [(0o775, 0o755, &above), (0o757, 0o755, &above), (0o755, 0o775, &folder), (0o755, 0o757, &folder)]
        {
            let (mode, open) = (of_above | of_folder, open.display());
            let told = format!("others can write to {open} (mode {mode:04o}); `chmod go-w {open}`");
            assert_eq!(with(of_above, of_folder), (Some(told.clone()), Some(told)));
        }
        with(0o755, 0o755);
        assert_eq!((shared(&folder.join("new"), true), shared(&above.join("new/new"), true)), (None, None));
        // What is root's is written to by nobody who could not do everything anyway.
        assert_eq!(shared(Path::new("/usr/bin"), true), None);
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
