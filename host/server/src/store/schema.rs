//! The tables of the database.

use std::path::Path;
use std::time::Duration;

use rusqlite::config::DbConfig;
use rusqlite::{Connection, OpenFlags, TransactionBehavior};

use super::carry;
use super::error::{StoreError, damaged};

/// What stands in the file's head: `whrs`.
pub(super) const APPLICATION: i32 = 0x7768_7273;
pub(super) const FORMAT: i32 = 3;

/// What makes each form of the tables out of the one before it. What was released is not edited.
pub(super) const STEPS: [&str; 3] = [TABLES, OWNERS, APPROVALS];

/// How long to wait for another process that writes.
const PATIENCE: Duration = Duration::from_secs(10);

/// Statements that are kept ready by each connection.
const STATEMENTS: usize = 64;

/// What is long is in a table of its own, so that looking through the history reads none of it. The place there is twice the number
/// of the call, and one more for the answer. Keys are there by their digest alone.
///
/// Somebody waits for a call to begin, so that its row is in few indices then: it is found by its tenant when it has ended, and among
/// those that are not at their end if it waits for a worker. Those that began at once and are not at their end have numbers from
/// `open_from` on.
const TABLES: &str = "
CREATE TABLE settings (name TEXT PRIMARY KEY, value NOT NULL) WITHOUT ROWID;
CREATE TABLE principals (name TEXT PRIMARY KEY, digest BLOB NOT NULL, principal TEXT NOT NULL, created INTEGER NOT NULL, expires INTEGER, used INTEGER) STRICT;
CREATE TABLE calls (number INTEGER PRIMARY KEY, id TEXT NOT NULL UNIQUE, tenant TEXT, principal TEXT NOT NULL, plugin TEXT NOT NULL, version TEXT NOT NULL, digest TEXT NOT NULL, operation TEXT NOT NULL, connection TEXT, effect TEXT NOT NULL, trace TEXT NOT NULL, is_later INTEGER NOT NULL, state INTEGER NOT NULL, problem TEXT, at INTEGER NOT NULL, ended INTEGER, requests TEXT, retries INTEGER NOT NULL, queue INTEGER, host INTEGER, sandbox INTEGER, network INTEGER, waiting INTEGER) STRICT;
CREATE INDEX calls_of_tenant ON calls (tenant) WHERE ended IS NOT NULL;
CREATE INDEX calls_later ON calls (state) WHERE state < 2 AND is_later = 1;
CREATE TABLE contents (place INTEGER PRIMARY KEY, until INTEGER, sealed BLOB NOT NULL) STRICT;
CREATE TABLE keys (digest BLOB PRIMARY KEY, fingerprint BLOB NOT NULL, number INTEGER NOT NULL, at INTEGER NOT NULL) STRICT, WITHOUT ROWID;
CREATE INDEX keys_of_call ON keys (number);
CREATE TABLE deliveries (number INTEGER PRIMARY KEY, id TEXT NOT NULL UNIQUE, webhook TEXT NOT NULL, payload TEXT NOT NULL, at INTEGER NOT NULL, attempts INTEGER NOT NULL, next INTEGER NOT NULL) STRICT;
CREATE INDEX deliveries_due ON deliveries (webhook, next);
INSERT INTO settings (name, value) VALUES ('principals', 0), ('open_from', 0);
";

/// A call has the number of its process, whose name tells whether it runs. Calls of before have none.
const OWNERS: &str = "
CREATE TABLE owners (number INTEGER PRIMARY KEY AUTOINCREMENT, name TEXT NOT NULL UNIQUE) STRICT;
ALTER TABLE calls ADD COLUMN owner INTEGER;
";

/// An approval has the id of its call, or one of its own where somebody asks for access. What became of it is told by a server, which
/// writes down in `told` what it has told. The one of a call goes with the call.
const APPROVALS: &str = "
CREATE TABLE approvals (id TEXT PRIMARY KEY, kind INTEGER NOT NULL, state INTEGER NOT NULL, told INTEGER NOT NULL, tenant TEXT, principal TEXT NOT NULL, plugin TEXT NOT NULL, operation TEXT, effect TEXT, connection TEXT, digest TEXT, shown BLOB, reason TEXT, at INTEGER NOT NULL, expires INTEGER NOT NULL, decided INTEGER, decider TEXT, decision TEXT) STRICT;
CREATE INDEX approvals_open ON approvals (expires) WHERE state = 0;
CREATE INDEX approvals_untold ON approvals (at) WHERE told <> state;
";

/// A connection to a database that is there.
pub(super) fn connect(file: &Path) -> rusqlite::Result<Connection> {
    let flags = OpenFlags::SQLITE_OPEN_READ_WRITE | OpenFlags::SQLITE_OPEN_NO_MUTEX;
    let connection = Connection::open_with_flags(file, flags)?;
    connection.busy_timeout(PATIENCE)?;
    connection.set_prepared_statement_cache_capacity(STATEMENTS);
    // What stands in a file from elsewhere is data, and runs nothing.
    connection.set_db_config(DbConfig::SQLITE_DBCONFIG_TRUSTED_SCHEMA, false)?;
    connection.set_db_config(DbConfig::SQLITE_DBCONFIG_DEFENSIVE, true)?;
    connection.set_db_config(DbConfig::SQLITE_DBCONFIG_ENABLE_TRIGGER, false)?;
    for (pragma, value) in [
        // A process that is killed loses nothing of what was written; a power cut may take the last calls with it, and no more.
        ("synchronous", "NORMAL"),
        // A call changes a few rows in as many places, and each costs a page.
        ("page_size", "2048"),
        ("temp_store", "MEMORY"),
        ("journal_size_limit", "67108864"),
    ] {
        connection.pragma_update(None, pragma, value)?;
    }
    Ok(connection)
}

/// One that only reads.
pub(super) fn reader(file: &Path) -> rusqlite::Result<Connection> {
    let connection = connect(file)?;
    connection.pragma_update(None, "query_only", "ON")?;
    Ok(connection)
}

/// Readers do not wait for who writes, and the other way round.
pub(super) fn share(connection: &Connection, file: &Path) -> Result<(), StoreError> {
    let mode = connection.pragma_update_and_check(None, "journal_mode", "WAL", |row| row.get::<_, String>(0));
    match mode {
        Ok(mode) if mode == "wal" => Ok(()),
        Ok(_) => Err(StoreError::Unusable(format!(
            "the disk of {} has no shared memory; put it on a disk of this machine",
            file.display()
        ))),
        Err(error) => Err(StoreError::of_sql(&error, file)),
    }
}

/// Makes the tables where there are none yet, or brings those of an earlier Wharf to what they are now; what is in them stays. Says
/// whether the file is one that this program understands. Several processes may do so at one time.
pub(super) fn prepare(connection: &mut Connection, file: &Path, is_server: bool) -> Result<(), StoreError> {
    let of_sql = |error| StoreError::of_sql(&error, file);
    let number = |of: &Connection, pragma| of.pragma_query_value(None, pragma, |row| row.get::<_, i32>(0));
    match (number(connection, "application_id").map_err(of_sql)?, number(connection, "user_version").map_err(of_sql)?) {
        (APPLICATION, FORMAT) => return Ok(()),
        (APPLICATION, format) => carry::before(connection, file, format, is_server)?,
        _ => {}
    }
    let transaction = connection.transaction_with_behavior(TransactionBehavior::Immediate).map_err(of_sql)?;
    let tables = transaction.query_row("SELECT count(*) FROM sqlite_schema", [], |row| row.get::<_, i64>(0));
    let application = number(&transaction, "application_id").map_err(of_sql)?;
    let format = number(&transaction, "user_version").map_err(of_sql)?;
    let mut steps = match (application, format, tables.map_err(of_sql)?) {
        (APPLICATION, FORMAT, _) => return Ok(()),
        (APPLICATION, FORMAT.., _) => {
            return Err(carry::newer(&transaction, file, format));
        }
        (APPLICATION, 1.., _) | (0, 0, 0) => STEPS.iter().skip(usize::try_from(format).unwrap_or_default()),
        _ => return Err(StoreError::Unusable(damaged(file))),
    };
    let made = transaction
        .pragma_update(None, "application_id", APPLICATION)
        .and_then(|()| transaction.pragma_update(None, "user_version", FORMAT))
        .and_then(|()| steps.try_for_each(|step| transaction.execute_batch(step)))
        .and_then(|()| carry::sign(&transaction))
        .and_then(|()| transaction.commit());
    made.map_err(of_sql)
}
