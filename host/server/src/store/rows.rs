//! Reading calls.

use rusqlite::types::Value;
use rusqlite::{Connection, OptionalExtension as _, Row, params_from_iter};

use super::Store;
use super::error::StoreError;
use super::keys::Column;
use super::signed;
use super::types::{CallFilter, CallRow, CallState};

const COLUMNS: &str = "number, id, tenant, principal, plugin, version, digest, operation, connection, effect, trace, state, problem, at, \
                       ended, requests, retries, queue, host, sandbox, network, waiting, is_later, owner";

/// From which number on there may be calls that began at once and are not at their end.
pub(super) const OPEN_FROM: &str = "(SELECT value FROM settings WHERE name = 'open_from')";

/// As which number a state is kept. Those below two are not at their end.
pub(super) fn code_of(state: CallState) -> i64 {
    match state {
        CallState::Waiting => -1,
        CallState::Accepted => 0,
        CallState::Running => 1,
        CallState::Succeeded => 2,
        CallState::Failed => 3,
        CallState::Unknown => 4,
    }
}

/// Where something sealed of a call is kept.
pub(super) fn place(number: i64, column: Column) -> i64 {
    number * 2 + column as i64
}

fn read(row: &Row<'_>) -> rusqlite::Result<CallRow> {
    let unsigned =
        |at: usize| row.get::<_, Option<i64>>(at).map(|number| number.and_then(|number| u64::try_from(number).ok()));
    Ok(CallRow {
        number: row.get(0)?,
        id: row.get(1)?,
        tenant: row.get(2)?,
        principal: row.get(3)?,
        plugin: row.get(4)?,
        version: row.get(5)?,
        digest: row.get(6)?,
        operation: row.get(7)?,
        connection: row.get(8)?,
        effect: row.get(9)?,
        trace: row.get(10)?,
        state: match row.get::<_, i64>(11)? {
            -1 => CallState::Waiting,
            0 => CallState::Accepted,
            1 => CallState::Running,
            2 => CallState::Succeeded,
            3 => CallState::Failed,
            _ => CallState::Unknown,
        },
        problem: row.get(12)?,
        at: unsigned(13)?.unwrap_or_default(),
        ended: unsigned(14)?,
        requests: row.get(15)?,
        retries: row.get(16)?,
        micros: [unsigned(17)?, unsigned(18)?, unsigned(19)?, unsigned(20)?, unsigned(21)?],
        is_later: row.get(22)?,
        owner: row.get(23)?,
    })
}

/// The call of a number, if it is still there.
pub(super) fn row_of(connection: &Connection, number: i64) -> rusqlite::Result<Option<CallRow>> {
    row_by_number(connection, number).optional()
}

pub(super) fn row_by_number(connection: &Connection, number: i64) -> rusqlite::Result<CallRow> {
    let sql = format!("SELECT {COLUMNS} FROM calls WHERE number = ?1");
    connection.prepare_cached(&sql)?.query_row([number], read)
}

impl Store {
    /// A call.
    ///
    /// # Errors
    /// [`StoreError`], where the database cannot be read.
    pub fn call(&self, id: &str) -> Result<Option<CallRow>, StoreError> {
        let sql = format!("SELECT {COLUMNS} FROM calls WHERE id = ?1");
        self.inner.read(|connection| connection.prepare_cached(&sql)?.query_row([id], read).optional())
    }

    /// So many calls at most, the newest first, of those before a number.
    ///
    /// # Errors
    /// [`StoreError`], where the database cannot be read.
    pub fn calls(&self, filter: &CallFilter, before: Option<i64>, most: usize) -> Result<Vec<CallRow>, StoreError> {
        let (sql, values) = filter.in_sql(before, most);
        self.inner
            .read(|connection| connection.prepare_cached(&sql)?.query_map(params_from_iter(values), read)?.collect())
    }

    /// What was answered, where it is kept.
    ///
    /// # Errors
    /// [`StoreError`], where the database or the vault cannot be read.
    pub fn answer(&self, id: &str) -> Result<Option<Vec<u8>>, StoreError> {
        self.content(id, Column::Answer)
    }

    /// What was asked for, where it is kept.
    ///
    /// # Errors
    /// [`StoreError`], where the database or the vault cannot be read.
    pub fn request(&self, id: &str) -> Result<Option<Vec<u8>>, StoreError> {
        self.content(id, Column::Request)
    }

    /// What does not open is as good as not kept: it is of another time, or was changed.
    fn content(&self, id: &str, column: Column) -> Result<Option<Vec<u8>>, StoreError> {
        let sql = "SELECT sealed FROM contents WHERE place = (SELECT number FROM calls WHERE id = ?1) * 2 + ?2";
        let sealed = self.inner.read(|connection| {
            let mut statement = connection.prepare_cached(sql)?;
            statement.query_row((id, column as i64), |row| row.get::<_, Vec<u8>>(0)).optional()
        })?;
        match sealed {
            Some(sealed) => Ok(self.inner.keys()?.open(id, column, &sealed)),
            None => Ok(None),
        }
    }
}

impl CallFilter {
    /// As a query, with its values.
    pub(super) fn in_sql(&self, before: Option<i64>, most: usize) -> (String, Vec<Value>) {
        let (conditions, mut values) = self.conditions(before);
        values.push(Value::Integer(i64::try_from(most).unwrap_or(i64::MAX)));
        let limit = values.len();
        let found = match self.tenant {
            None => query(None, &conditions),
            // Those at their end are found by their tenant, and the others are few.
            Some(_) => {
                let open = format!(
                    "ended IS NULL AND number IN (SELECT number FROM calls WHERE state < 2 AND is_later = 1 \
                     UNION ALL SELECT number FROM calls WHERE number >= {OPEN_FROM} AND ended IS NULL)"
                );
                format!(
                    "{} UNION ALL {}",
                    query(Some("ended IS NOT NULL"), &conditions),
                    query(Some(&open), &conditions)
                )
            }
        };
        (format!("{found} ORDER BY number DESC LIMIT ?{limit}"), values)
    }

    fn conditions(&self, before: Option<i64>) -> (Vec<String>, Vec<Value>) {
        let (mut conditions, mut values) = (Vec::new(), Vec::new());
        let mut add = |condition: &str, value: Value| {
            values.push(value);
            conditions.push(condition.replace('?', &format!("?{}", values.len())));
        };
        let text = |text: &String| Value::Text(text.clone());
        if let Some(tenant) = &self.tenant {
            add("tenant IS ?", tenant.as_ref().map_or(Value::Null, text));
        }
        let texts = [
            ("principal = ?", &self.principal),
            ("plugin = ?", &self.plugin),
            ("operation = ?", &self.operation),
            ("connection = ?", &self.connection),
        ];
        for (condition, wanted) in texts {
            wanted.iter().for_each(|wanted| add(condition, text(wanted)));
        }
        if let Some(state) = self.state {
            add("state = ?", Value::Integer(code_of(state)));
        }
        if let Some(since) = self.since {
            // The calls are in the order of their times, so that those of before are not looked through.
            let last = "number > coalesce((SELECT number FROM calls WHERE at < ? ORDER BY number DESC LIMIT 1), 0)";
            add(last, Value::Integer(signed(since)));
        }
        if let Some(before) = before {
            add("number < ?", Value::Integer(before));
        }
        (conditions, values)
    }
}

fn query(first: Option<&str>, conditions: &[String]) -> String {
    let all: Vec<&str> = first.into_iter().chain(conditions.iter().map(String::as_str)).collect();
    let wanted = if all.is_empty() { "" } else { " WHERE " };
    format!("SELECT {COLUMNS} FROM calls{wanted}{}", all.join(" AND "))
}
