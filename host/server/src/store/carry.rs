//! Files that another Wharf wrote: of an older one a copy is kept before its tables are changed, and one of a newer is refused in words.

use std::fs;
use std::path::{Path, PathBuf};

use rusqlite::{Connection, OpenFlags, OptionalExtension as _};
use wharf_egress::files::open_private;

use super::error::StoreError;
use super::open::is_served;
use super::schema::FORMAT;

/// The setting that says which Wharf gave the tables their form.
const WRITTEN_BY: &str = "written_by";

/// Says in a file which Wharf gave its tables their form.
pub(super) fn sign(connection: &Connection) -> rusqlite::Result<()> {
    let row = (WRITTEN_BY, env!("CARGO_PKG_VERSION"));
    connection.execute("INSERT OR REPLACE INTO settings (name, value) VALUES (?1, ?2)", row).map(drop)
}

/// What is told of a file whose tables have a form that this program does not know.
pub(super) fn newer(connection: &Connection, file: &Path, format: i32) -> StoreError {
    let by = connection.query_row("SELECT value FROM settings WHERE name = ?1", [WRITTEN_BY], |row| row.get(0));
    let by: Option<String> = by.optional().unwrap_or_default();
    let by = by.filter(|by| by.len() < 40).map_or_else(|| "a newer Wharf".to_owned(), |by| format!("Wharf {by}"));
    let copy = (1..=FORMAT).rev().map(|format| copy_of(file, format)).find(|copy| copy.exists());
    let back = match copy {
        Some(copy) => format!("put {} in its place, which has nothing of what was done since", copy.display()),
        None => "put back a backup of before".to_owned(),
    };
    StoreError::Refused(format!(
        "{} is of {by} and has the form {format}, and this Wharf, {}, knows the forms to {FORMAT}: use the newer one; or, to go back, \
         stop it and {back}",
        file.display(),
        env!("CARGO_PKG_VERSION")
    ))
}

/// Where the copy of a file is kept, as it was in a form.
fn copy_of(file: &Path, format: i32) -> PathBuf {
    beside(file, &format!(".v{format}.backup"))
}

/// What is done before the tables of a file are given another form: no server of before goes on with them, which this process is not
/// itself, and a copy is kept.
pub(super) fn before(connection: &Connection, file: &Path, format: i32, is_server: bool) -> Result<(), StoreError> {
    if !(1..FORMAT).contains(&format) {
        return Ok(());
    }
    if !is_server && is_served(file) {
        return Err(StoreError::Refused(format!(
            "a server of an older Wharf runs with {}: stop it first, and start it with this one, {}",
            file.display(),
            env!("CARGO_PKG_VERSION")
        )));
    }
    keep_copy(connection, file, format)
}

/// Keeps a copy of a file whose tables have an earlier form: the program that wrote it cannot read what they become. One that is
/// there stays: it is of before somebody tried.
fn keep_copy(connection: &Connection, file: &Path, format: i32) -> Result<(), StoreError> {
    let copy = copy_of(file, format);
    if copy.exists() {
        return Ok(());
    }
    let new = beside(file, &format!(".v{format}.{}", std::process::id()));
    let of_io = |error: &std::io::Error| {
        StoreError::of_io("the copy that is kept before the tables are changed,", &copy, error)
    };
    // What is made by another name is nobody's copy until it is whole.
    let _ = fs::remove_file(&new);
    open_private(&new).map_err(|error| of_io(&error))?;
    let text = new.to_string_lossy();
    let copied =
        connection.execute("VACUUM INTO ?1", [text.as_ref()]).map_err(|error| StoreError::of_sql(&error, &copy));
    let placed = copied.and_then(|_| match format_of(&new) {
        Ok(found) if found == format => fs::rename(&new, &copy).map_err(|error| of_io(&error)),
        // Another process was quicker, and has one.
        Ok(_) => Ok(()),
        Err(error) => Err(StoreError::of_sql(&error, &new)),
    });
    let _ = fs::remove_file(&new);
    placed
}

fn format_of(file: &Path) -> rusqlite::Result<i32> {
    let flags = OpenFlags::SQLITE_OPEN_READ_ONLY | OpenFlags::SQLITE_OPEN_NO_MUTEX;
    Connection::open_with_flags(file, flags)?.pragma_query_value(None, "user_version", |row| row.get(0))
}

fn beside(file: &Path, more: &str) -> PathBuf {
    let mut name = file.as_os_str().to_owned();
    name.push(more);
    name.into()
}

#[cfg(test)]
mod tests {
    use super::*;

    fn made() -> (tempfile::TempDir, PathBuf, Connection) {
        let folder = tempfile::tempdir().unwrap();
        let file = folder.path().join("server.db");
        let connection = Connection::open(&file).unwrap();
        let tables =
            "CREATE TABLE settings (name TEXT PRIMARY KEY, value NOT NULL) WITHOUT ROWID; PRAGMA user_version = 1;";
        connection.execute_batch(tables).unwrap();
        (folder, file, connection)
    }

    #[test]
    fn a_copy_of_an_older_form_is_kept_for_its_owner_and_is_not_written_over() {
        let (folder, file, connection) = made();
        keep_copy(&connection, &file, 1).unwrap();
        let copy = folder.path().join("server.db.v1.backup");
        assert_eq!(format_of(&copy), Ok(1));
        #[cfg(unix)]
        {
            use std::os::unix::fs::PermissionsExt as _;
            assert_eq!(fs::metadata(&copy).unwrap().permissions().mode() & 0o777, 0o600);
        }
        connection.execute_batch("CREATE TABLE more (a)").unwrap();
        keep_copy(&connection, &file, 1).unwrap();
        let count = Connection::open(&copy).unwrap();
        let count: i64 =
            count.query_row("SELECT count(*) FROM sqlite_schema WHERE name = 'more'", [], |row| row.get(0)).unwrap();
        assert_eq!(count, 0, "it is of before");

        connection.execute_batch("PRAGMA user_version = 2").unwrap();
        fs::remove_file(&copy).unwrap();
        keep_copy(&connection, &file, 1).unwrap();
        assert!(!copy.exists(), "what another process changed meanwhile is no copy of before");
        assert_eq!(fs::read_dir(folder.path()).unwrap().count(), 1, "and nothing is left behind");
    }

    #[test]
    fn a_newer_form_is_refused_with_who_wrote_it_and_the_way_back() {
        let (_folder, file, connection) = made();
        let words = newer(&connection, &file, 99).to_string();
        assert!(
            words.contains("is of a newer Wharf and has the form 99") && words.contains("a backup of before"),
            "{words}"
        );
        connection.execute("INSERT INTO settings VALUES ('written_by', '9.9.9')", []).unwrap();
        keep_copy(&connection, &file, 1).unwrap();
        let words = newer(&connection, &file, 99).to_string();
        assert!(words.contains("is of Wharf 9.9.9 ") && words.contains("server.db.v1.backup in its place"), "{words}");
    }
}
