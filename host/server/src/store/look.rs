//! A look at what the server keeps, which changes nothing.

use std::path::Path;

use rusqlite::{Connection, OpenFlags};

use super::carry::newer;
use super::error::{StoreError, damaged};
use super::schema::{APPLICATION, FORMAT};

/// What was found in the file of a server.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Look {
    /// How many principals have a token.
    pub principals: u64,
    /// The form of its tables, where another Wharf made it that is older: the next one that opens it carries it over.
    pub older: Option<i32>,
}

/// Looks at the file of a server, which is there: whether it is whole, and of a form that this program knows.
///
/// # Errors
/// [`StoreError`], with what is wrong with it.
pub fn look(file: &Path) -> Result<Look, StoreError> {
    let of_sql = |error| StoreError::of_sql(&error, file);
    // A pipe would be waited for.
    if !std::fs::metadata(file).is_ok_and(|found| found.is_file()) {
        return Err(StoreError::Unusable(format!(
            "{} is no file that can be read; put another one in its place",
            file.display()
        )));
    }
    let flags = OpenFlags::SQLITE_OPEN_READ_ONLY | OpenFlags::SQLITE_OPEN_NO_MUTEX;
    let connection = Connection::open_with_flags(file, flags).map_err(of_sql)?;
    let number = |pragma| connection.pragma_query_value(None, pragma, |row| row.get::<_, i32>(0)).map_err(of_sql);
    let (application, format) = (number("application_id")?, number("user_version")?);
    if application != APPLICATION || format < 1 {
        return Err(StoreError::Unusable(damaged(file)));
    }
    if format > FORMAT {
        return Err(newer(&connection, file, format));
    }
    let whole = connection.query_row("PRAGMA quick_check(1)", [], |row| row.get::<_, String>(0)).map_err(of_sql)?;
    if whole != "ok" {
        return Err(StoreError::Unusable(damaged(file)));
    }
    let principals = connection.query_row("SELECT count(*) FROM principals", [], |row| row.get::<_, i64>(0));
    let principals = principals.map_err(of_sql)?.unsigned_abs();
    Ok(Look { principals, older: (format < FORMAT).then_some(format) })
}
