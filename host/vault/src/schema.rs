//! The tables of the database.

use std::path::Path;
use std::time::Duration;

use rusqlite::config::DbConfig;
use rusqlite::{Connection, OpenFlags};

use crate::fault::{Fault, damaged};

/// What stands in the file's head: `whrf`.
const APPLICATION: i32 = 0x7768_7266;
const FORMAT: i32 = 1;

/// How long to wait for another process that writes.
const PATIENCE: Duration = Duration::from_secs(10);

/// Names are blobs: so they are in the order of their bytes. A version has no index that would be unique, as a damaged entry could
/// keep others from being written.
const TABLES: &str = "
CREATE TABLE vault (one INTEGER PRIMARY KEY, id BLOB NOT NULL, counter INTEGER NOT NULL, outer_key BLOB NOT NULL, outer_made INTEGER NOT NULL) STRICT;
CREATE TABLE inner_keys (id INTEGER PRIMARY KEY, made INTEGER NOT NULL, wrapped BLOB NOT NULL) STRICT;
CREATE TABLE entries (row INTEGER PRIMARY KEY, name BLOB NOT NULL UNIQUE, version INTEGER NOT NULL, inner_key INTEGER NOT NULL, wrapped BLOB NOT NULL, sealed BLOB NOT NULL) STRICT;
CREATE INDEX entries_by_version ON entries (version);
CREATE INDEX entries_by_key ON entries (inner_key);
CREATE TABLE gone (version INTEGER PRIMARY KEY, name BLOB NOT NULL UNIQUE, at INTEGER NOT NULL) STRICT;
CREATE TABLE anchors (bucket INTEGER PRIMARY KEY, inner_key INTEGER NOT NULL, sealed BLOB NOT NULL) STRICT;
";

/// A connection to a database that is there.
pub(crate) fn connect(file: &Path) -> Result<Connection, Fault> {
    let flags = OpenFlags::SQLITE_OPEN_READ_WRITE | OpenFlags::SQLITE_OPEN_NO_MUTEX;
    let connection = Connection::open_with_flags(file, flags)?;
    connection.busy_timeout(PATIENCE)?;
    // What stands in a file from elsewhere is data, and runs nothing.
    connection.set_db_config(DbConfig::SQLITE_DBCONFIG_TRUSTED_SCHEMA, false)?;
    connection.set_db_config(DbConfig::SQLITE_DBCONFIG_DEFENSIVE, true)?;
    connection.set_db_config(DbConfig::SQLITE_DBCONFIG_ENABLE_TRIGGER, false)?;
    for (pragma, value) in [
        ("synchronous", "FULL"),
        ("fullfsync", "ON"),
        ("secure_delete", "ON"),
        ("cell_size_check", "ON"),
        ("temp_store", "MEMORY"),
        // What a rotation of 100,000 entries leaves behind is given back.
        ("journal_size_limit", "4194304"),
    ] {
        connection.pragma_update(None, pragma, value)?;
    }
    Ok(connection)
}

/// Makes the tables of a new database, in one file.
pub(crate) fn make(connection: &Connection) -> Result<(), Fault> {
    connection.pragma_update(None, "application_id", APPLICATION)?;
    connection.pragma_update(None, "user_version", FORMAT)?;
    connection.execute_batch(TABLES)?;
    Ok(())
}

/// Readers do not wait for who writes, and the other way round.
pub(crate) fn share(connection: &Connection) -> Result<(), Fault> {
    let mode: String = connection.pragma_update_and_check(None, "journal_mode", "WAL", |row| row.get(0))?;
    match mode.as_str() {
        "wal" => Ok(()),
        _ => {
            Err(Fault::Words("the disk of the vault has no shared memory; put it on a disk of this machine".to_owned()))
        }
    }
}

/// Whether it is a vault, and of this format.
pub(crate) fn check(connection: &Connection, file: &Path) -> Result<(), Fault> {
    let number = |pragma| connection.pragma_query_value(None, pragma, |row| row.get::<_, i32>(0));
    let file = file.display().to_string();
    if number("application_id")? != APPLICATION {
        return Err(Fault::Words(damaged(&file)));
    }
    let format = number("user_version")?;
    if format > FORMAT {
        return Err(Fault::Words(format!("{file} is of a newer Wharf; use that one, or put back a backup of before")));
    }
    let mut tables = connection.prepare("SELECT sql FROM sqlite_schema WHERE sql IS NOT NULL ORDER BY rowid")?;
    let tables = tables.query_map([], |row| row.get::<_, String>(0))?.collect::<Result<Vec<_>, _>>()?;
    let expected = TABLES.split(';').map(str::trim).filter(|table| !table.is_empty());
    match tables.iter().map(String::as_str).eq(expected) {
        true => Ok(()),
        false => Err(Fault::Words(damaged(&file))),
    }
}
