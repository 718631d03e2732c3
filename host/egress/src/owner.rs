//! Who a process is to the others that share a database: a name, and a file that is locked for as long as it runs. The system lets go
//! of the lock when the process ends, however that ends.

use std::fs::{self, File, TryLockError};
use std::path::{Path, PathBuf};
use std::sync::OnceLock;
use std::time::Duration;

use ring::rand::{SecureRandom as _, SystemRandom};

use crate::files::{create_private_folder, open_private};

const FOLDER: &str = "owners";
const LOCKED: &str = "lock";
/// What a lock is called until it is locked.
const NEW: &str = "new";

/// How long nobody needs between making a lock and locking it.
const LONG: Duration = Duration::from_secs(60 * 60);

/// Whoever uses a database, one in each process or more.
pub struct Owner {
    id: OnceLock<String>,
    folder: PathBuf,
    lock: OnceLock<Result<File, String>>,
}

impl Owner {
    /// A new one, whose lock is to be in the folder `owners` beside a database. Nothing is made yet.
    pub fn beside(database: &Path) -> Self {
        let folder = database.parent().filter(|folder| !folder.as_os_str().is_empty()).unwrap_or(Path::new("."));
        Self { id: OnceLock::new(), folder: folder.join(FOLDER), lock: OnceLock::new() }
    }

    /// Its name, from when on it is locked. Where that does not work, [`Owner::problem`] tells, before anything is written.
    pub fn id(&self) -> &str {
        let id = self.id.get_or_init(|| {
            let mut id = [0; 16];
            // Without randomness nothing can be written under any name.
            let _ = SystemRandom::new().fill(&mut id);
            id.iter().map(|byte| format!("{byte:02x}")).collect()
        });
        self.lock.get_or_init(|| {
            sweep(&self.folder);
            let folder = self.folder.display();
            make(&self.folder, id).map_err(|error| format!("the lock in {folder} cannot be used: {error}"))
        });
        id
    }

    /// Why others would take this owner for one that runs no more.
    pub fn problem(&self) -> Option<&str> {
        self.lock.get()?.as_ref().err().map(String::as_str)
    }

    /// Whether an owner of this name is known to run no more. A text that is no name is of nobody who is gone.
    pub fn is_gone(&self, owner: &str) -> bool {
        let is_name = owner.len() == 32 && owner.bytes().all(|byte| byte.is_ascii_hexdigit());
        if !is_name || self.id.get().is_some_and(|id| id == owner) {
            return false;
        }
        match File::options().read(true).write(true).open(path(&self.folder, owner, LOCKED)) {
            Ok(file) => file.try_lock().is_ok(),
            Err(error) => error.kind() == std::io::ErrorKind::NotFound,
        }
    }
}

impl Drop for Owner {
    fn drop(&mut self) {
        if let (Some(id), Some(Ok(_))) = (self.id.get(), self.lock.get()) {
            // What cannot be taken away is swept later.
            let _ = fs::remove_file(path(&self.folder, id, LOCKED));
        }
    }
}

fn path(folder: &Path, id: &str, ending: &str) -> PathBuf {
    folder.join(format!("{id}.{ending}"))
}

/// It is locked before it has its name: so nobody who looks takes it for one that was left behind.
fn make(folder: &Path, id: &str) -> std::io::Result<File> {
    create_private_folder(folder)?;
    let new = path(folder, id, NEW);
    let file = open_private(&new)?;
    file.try_lock()?;
    fs::rename(&new, path(folder, id, LOCKED))?;
    Ok(file)
}

/// Takes away what owners have left behind that were killed.
fn sweep(folder: &Path) {
    for entry in fs::read_dir(folder).into_iter().flatten().flatten() {
        let path = entry.path();
        let ending = path.extension().and_then(|ending| ending.to_str());
        let age = || entry.metadata().ok()?.modified().ok()?.elapsed().ok();
        let is_left = match ending {
            Some(LOCKED) => true,
            Some(NEW) => age().is_some_and(|age| age > LONG),
            _ => false,
        };
        let Ok(file) = File::options().read(true).write(true).open(&path) else { continue };
        if is_left && !matches!(file.try_lock(), Err(TryLockError::WouldBlock | TryLockError::Error(_))) {
            let _ = fs::remove_file(&path);
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn an_owner_is_gone_when_its_lock_is_let_go_or_is_not_there() {
        let folder = tempfile::tempdir().unwrap();
        let database = folder.path().join("vault.db");
        let (one, other) = (Owner::beside(&database), Owner::beside(&database));
        assert!(!folder.path().join(FOLDER).exists(), "nothing is made before it is needed");
        let (id, other_id) = (one.id().to_owned(), other.id().to_owned());
        assert_ne!(id, other_id);
        assert!(!one.is_gone(&id) && !one.is_gone(&other_id) && !other.is_gone(&id));
        assert!(other.is_gone("0123456789abcdef0123456789abcdef"));
        for name in ["this process", "", "../../../etc/passwd", "0123"] {
            assert!(!one.is_gone(name), "it is not known");
        }
        drop(one);
        assert!(other.is_gone(&id));
        assert_eq!(fs::read_dir(folder.path().join(FOLDER)).unwrap().count(), 1);
    }

    #[test]
    fn what_was_left_behind_is_swept() {
        let folder = tempfile::tempdir().unwrap();
        let database = folder.path().join("vault.db");
        let one = Owner::beside(&database);
        one.id();
        let left = path(&folder.path().join(FOLDER), &"ab".repeat(16), LOCKED);
        fs::write(&left, "").unwrap();
        assert!(one.is_gone(&"ab".repeat(16)));
        let other = Owner::beside(&database);
        other.id();
        assert!(!left.exists() && !other.is_gone(one.id()));
    }

    #[test]
    fn a_lock_that_cannot_be_made_is_told() {
        let folder = tempfile::tempdir().unwrap();
        fs::write(folder.path().join(FOLDER), "").unwrap();
        let owner = Owner::beside(&folder.path().join("vault.db"));
        assert_eq!(owner.problem(), None);
        owner.id();
        assert!(owner.problem().unwrap().starts_with("the lock in "));
    }
}
