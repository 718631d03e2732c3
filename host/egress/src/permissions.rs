//! Who else can get at a file, and whose it is where this process cannot: in words, with what to type. Only on Unix is there
//! something to be told.

use std::fs::File;
use std::io;
use std::path::Path;

/// What nobody but the owner should be able to do with a file.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Closed {
    /// It is a secret: others do not read it, and neither they nor a group write to it. A group may read it, as containers
    /// have it.
    Secret,
    /// It tells what others need not know: none but the owner and a group read it or write to it.
    Private,
    /// What it says is trusted: none but the owner and a group write to it.
    Trusted,
    /// What is in it runs, or lets in: none but the owner writes to it.
    Own,
}

/// What others can do with an open file that they should not, with what to type. Nothing is told of what is mounted
/// read-only: nobody writes to it, and its mode cannot be changed from here. Containers get their secrets so, often readable
/// for everybody in them.
pub fn exposed(file: &Path, opened: &File, closed: Closed) -> Option<String> {
    unix::exposed(file, opened, closed)
}

/// The same for what is not open, such as a folder, of which [`Closed::Trusted`] is that nobody can exchange what is in it.
pub fn exposed_at(path: &Path, closed: Closed) -> Option<String> {
    unix::exposed_at(path, closed)
}

/// Who else can put something into a folder, with what to type; nobody can into one that is not there. Root, who can do
/// everything, is left out where that is wanted.
pub fn shared(folder: &Path, but_for_root: bool) -> Option<String> {
    unix::shared(folder, but_for_root)
}

/// An error of the system about a file or folder: of one that keeps this process out it says whose it is, its mode and what to
/// type.
pub fn explained(path: &Path, error: io::Error) -> io::Error {
    if error.kind() != io::ErrorKind::PermissionDenied {
        return error;
    }
    match unix::barrier(path) {
        Some(words) => io::Error::new(error.kind(), format!("{error}: {words}")),
        None => error,
    }
}

#[cfg(unix)]
mod unix {
    use std::fs::{self, File, Metadata};
    use std::io;
    use std::os::unix::fs::MetadataExt as _;
    use std::path::Path;

    use rustix::fs::StatVfsMountFlags;

    use super::Closed;

    const READ_BY_OTHERS: u32 = 0o004;
    const WRITE_BY_OTHERS: u32 = 0o002;
    const WRITE_BY_GROUP: u32 = 0o020;
    /// In such a folder nobody exchanges the files of another one.
    const STICKY: u32 = 0o1000;

    pub(super) fn exposed(file: &Path, opened: &File, closed: Closed) -> Option<String> {
        let words = words(file, &opened.metadata().ok()?, user(), closed)?;
        let is_read_only = rustix::fs::fstatvfs(opened).is_ok_and(|found| is_read_only(found.f_flag));
        (!is_read_only).then_some(words)
    }

    pub(super) fn exposed_at(path: &Path, closed: Closed) -> Option<String> {
        let found = path.metadata().ok()?;
        // A folder in the place of a file is another problem.
        let is_harmless = found.is_dir() && (found.mode() & STICKY != 0 || closed != Closed::Trusted);
        let words = words(path, &found, user(), closed).filter(|_| !is_harmless)?;
        let is_read_only = rustix::fs::statvfs(path).is_ok_and(|found| is_read_only(found.f_flag));
        (!is_read_only).then_some(words)
    }

    pub(super) fn shared(folder: &Path, but_for_root: bool) -> Option<String> {
        let found = match folder.metadata() {
            Ok(found) => found,
            Err(error) if error.kind() == io::ErrorKind::NotFound => return None,
            Err(error) => return Some(format!("{} cannot be looked at: {error}", folder.display())),
        };
        let (owner, user) = (found.uid(), user());
        if owner == user || (but_for_root && owner == 0) {
            return words(folder, &found, user, Closed::Own);
        }
        let typed = typed(folder);
        Some(format!(
            "{} is of user {owner}, and this is user {user}; run as that user, or `sudo chown {user} {typed}`",
            folder.display()
        ))
    }

    fn is_read_only(flags: StatVfsMountFlags) -> bool {
        flags.contains(StatVfsMountFlags::RDONLY)
    }

    pub(super) fn words(path: &Path, at: &Metadata, user: u32, closed: Closed) -> Option<String> {
        let (owner, mode) = (at.uid(), at.mode());
        let (wrong, change) = match closed {
            Closed::Secret => (READ_BY_OTHERS | WRITE_BY_OTHERS | WRITE_BY_GROUP, "600"),
            Closed::Private => (READ_BY_OTHERS | WRITE_BY_OTHERS, "o-rw"),
            Closed::Trusted => (WRITE_BY_OTHERS, "o-w"),
            Closed::Own => (WRITE_BY_OTHERS | WRITE_BY_GROUP, "go-w"),
        };
        let found = mode & wrong;
        let file = path.display();
        let what = match (found & READ_BY_OTHERS != 0, found & !READ_BY_OTHERS != 0) {
            (false, false) => return None,
            (true, false) => format!("others can read {file}"),
            (false, true) => format!("others can write to {file}"),
            (true, true) => format!("others can read {file} and write to it"),
        };
        let (mode, typed) = (mode & 0o7777, typed(path));
        Some(match closed {
            _ if owner == user || user == 0 => format!("{what} (mode {mode:04o}); `chmod {change} {typed}`"),
            Closed::Trusted | Closed::Own => {
                format!("{what} (mode {mode:04o}, of user {owner}); `sudo chmod {change} {typed}`")
            }
            // Closed to others alone, it would be closed to this process.
            Closed::Secret | Closed::Private => format!(
                "{what} (mode {mode:04o}, of user {owner}, and this is user {user}); `sudo chown {user} {typed} && sudo chmod {change} {typed}`"
            ),
        })
    }

    /// What keeps this process out: a folder on the way, or the file or folder itself.
    pub(super) fn barrier(path: &Path) -> Option<String> {
        let whole = std::path::absolute(path).ok()?;
        let mut way: Vec<&Path> = whole.ancestors().collect();
        way.reverse();
        let is_hidden =
            |path: &Path| path.metadata().is_err_and(|error| error.kind() == io::ErrorKind::PermissionDenied);
        match way.iter().position(|path| is_hidden(path)) {
            // Of a link it is another way.
            Some(at) if fs::symlink_metadata(way.get(at)?).is_ok() => None,
            Some(at) => {
                let folder = way.get(at.checked_sub(1)?)?;
                of_folder(folder, &folder.metadata().ok()?, user())
            }
            None => of_file(path, &path.metadata().ok()?, user()),
        }
    }

    fn user() -> u32 {
        rustix::process::geteuid().as_raw()
    }

    fn of_folder(folder: &Path, found: &Metadata, user: u32) -> Option<String> {
        let (owner, mode, typed) = (found.uid(), found.mode() & 0o7777, typed(folder));
        let whose = format!("the folder {} on the way is of user {owner}, with the mode {mode:04o}", folder.display());
        match owner == user {
            // Then it is something else.
            true if mode & 0o100 != 0 => None,
            true => Some(format!("{whose}; `chmod u+x {typed}`")),
            false => Some(format!(
                "{whose}, and does not let user {user} through; run as that user, or `sudo setfacl -m u:{user}:x {typed}`"
            )),
        }
    }

    fn of_file(path: &Path, found: &Metadata, user: u32) -> Option<String> {
        let (owner, mode, typed) = (found.uid(), found.mode() & 0o7777, typed(path));
        let own = if found.is_dir() { 0o700 } else { 0o600 };
        let whose = format!("it is of user {owner}, with the mode {mode:04o}");
        match owner == user {
            true if mode & own == own => None,
            true => Some(format!("{whose}; `chmod {own:o} {typed}`")),
            false => {
                Some(format!("{whose}, and this is user {user}; run as that user, or `sudo chown {user} {typed}`"))
            }
        }
    }

    /// A path as a shell takes it.
    fn typed(path: &Path) -> String {
        let path = path.display().to_string();
        let is_plain = |c: char| c.is_alphanumeric() || matches!(c, '/' | '.' | '_' | '-' | '+' | ',' | ':' | '@');
        if path.chars().all(is_plain) { path } else { format!("'{}'", path.replace('\'', "'\\''")) }
    }

    #[cfg(test)]
    mod tests {
        use std::os::unix::fs::PermissionsExt as _;

        use super::*;

        #[test]
        fn each_mode_is_told_with_what_others_can_do_and_what_to_type() {
            use Closed::{Own, Private, Secret, Trusted};
            let folder = tempfile::tempdir().unwrap();
            let file = folder.path().join("key");
            fs::write(&file, "").unwrap();
            let found = |mode: u32| {
                fs::set_permissions(&file, fs::Permissions::from_mode(mode)).unwrap();
                file.metadata().unwrap()
            };
            let told = |mode: u32, closed| words(Path::new("key"), &found(mode), user(), closed);
            for (mode, closed) in [
                (0o600, Secret),
                (0o400, Secret),
                (0o440, Secret),
                (0o640, Secret),
                (0o660, Private),
                (0o644, Trusted),
                (0o664, Trusted),
                (0o755, Own),
            ] {
                assert_eq!(told(mode, closed), None, "{mode:o} {closed:?}");
            }
            for (mode, closed, words) in [
                (0o644, Secret, "others can read key (mode 0644); `chmod 600 key`"),
                (0o444, Secret, "others can read key (mode 0444); `chmod 600 key`"),
                (0o660, Secret, "others can write to key (mode 0660); `chmod 600 key`"),
                (0o602, Secret, "others can write to key (mode 0602); `chmod 600 key`"),
                (0o666, Secret, "others can read key and write to it (mode 0666); `chmod 600 key`"),
                (0o644, Private, "others can read key (mode 0644); `chmod o-rw key`"),
                (0o666, Trusted, "others can write to key (mode 0666); `chmod o-w key`"),
                (0o775, Own, "others can write to key (mode 0775); `chmod go-w key`"),
            ] {
                assert_eq!(told(mode, closed).as_deref(), Some(words));
            }
            let (owner, other) = (user(), user() + 1);
            let of_another = |mode: u32, closed| words(Path::new("key"), &found(mode), other, closed).unwrap();
            let typed = format!("`sudo chown {other} key && sudo chmod 600 key`");
            assert!(of_another(0o644, Secret).ends_with(&typed), "what would keep this process out is no remedy");
            let words = format!("others can write to key (mode 0646, of user {owner}); `sudo chmod o-w key`");
            assert_eq!(of_another(0o646, Trusted), words);
        }

        #[test]
        fn a_folder_in_which_nobody_exchanges_the_files_of_others_is_as_good_as_a_closed_one() {
            let folder = tempfile::tempdir().unwrap();
            let with = |mode: u32| {
                fs::set_permissions(folder.path(), fs::Permissions::from_mode(mode)).unwrap();
                exposed_at(folder.path(), Closed::Trusted)
            };
            assert_eq!((with(0o755), with(0o1777)), (None, None));
            assert!(with(0o777).unwrap().starts_with("others can write to "));
        }

        #[test]
        fn what_keeps_this_process_out_is_told_with_whose_it_is_and_what_to_type() {
            let folder = tempfile::tempdir().unwrap();
            let (file, me) = (folder.path().join("the key"), user());
            fs::write(&file, "").unwrap();
            let with = |path: &Path, mode: u32| {
                fs::set_permissions(path, fs::Permissions::from_mode(mode)).unwrap();
                path.metadata().unwrap()
            };
            let found = with(&file, 0o000);
            let typed = format!("'{}'", file.display());
            assert_eq!(
                of_file(&file, &found, me).unwrap(),
                format!("it is of user {me}, with the mode 0000; `chmod 600 {typed}`")
            );
            let other = of_file(&file, &found, me + 1).unwrap();
            assert!(
                other.ends_with(&format!("and this is user {}; run as that user, or `sudo chown {0} {typed}`", me + 1))
            );
            assert_eq!(of_file(&file, &with(&file, 0o600), me), None, "it is something else");

            let found = with(folder.path(), 0o600);
            let words = of_folder(folder.path(), &found, me).unwrap();
            assert!(words.contains("on the way is of user") && words.contains("; `chmod u+x /"), "{words}");
            let found = with(folder.path(), 0o700);
            assert_eq!(of_folder(folder.path(), &found, me), None);
            let words = of_folder(folder.path(), &found, me + 1).unwrap();
            assert!(words.contains("the mode 0700, and does not let user") && words.contains("u:"), "{words}");
        }

        #[test]
        fn another_error_stays_as_it_is() {
            let gone = super::super::explained(Path::new("nowhere"), io::ErrorKind::NotFound.into());
            assert_eq!(gone.to_string(), io::Error::from(io::ErrorKind::NotFound).to_string());
        }
    }
}

#[cfg(not(unix))]
mod unix {
    use std::fs::File;
    use std::path::Path;

    use super::Closed;

    pub(super) fn exposed(_: &Path, _: &File, _: Closed) -> Option<String> {
        None
    }

    pub(super) fn exposed_at(_: &Path, _: Closed) -> Option<String> {
        None
    }

    pub(super) fn shared(_: &Path, _: bool) -> Option<String> {
        None
    }

    pub(super) fn barrier(_: &Path) -> Option<String> {
        None
    }
}
