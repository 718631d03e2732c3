//! What a person is asked: to confirm a call, or for access. `decisions.rs` writes what became of it.

use rusqlite::{Connection, OptionalExtension as _, Row, params};
use serde::{Deserialize, Serialize};
use serde_json::{Value, json};

use super::error::StoreError;
use super::keys::Column;
use super::types::moment;
use super::{Inner, Store, signed};

/// What a person is asked.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "kebab-case")]
pub enum ApprovalKind {
    /// To confirm a call.
    Call,
    /// For what somebody may not do. It grants nothing, and nothing waits for it.
    Access,
}

/// How it stands with an approval.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "kebab-case")]
pub enum ApprovalState {
    /// Nobody has decided.
    Open,
    /// Somebody confirmed it: its call runs, or ran.
    Confirmed,
    /// Somebody rejected it.
    Rejected,
    /// Nobody decided in time.
    Expired,
}

impl ApprovalState {
    /// All of them, in the order of the numbers that they are kept as.
    pub const ALL: [Self; 4] = [Self::Open, Self::Confirmed, Self::Rejected, Self::Expired];

    /// `open`, `confirmed`, `rejected` or `expired`.
    pub fn as_str(self) -> &'static str {
        match self {
            Self::Open => "open",
            Self::Confirmed => "confirmed",
            Self::Rejected => "rejected",
            Self::Expired => "expired",
        }
    }

    /// The state of a name.
    pub fn of(name: &str) -> Option<Self> {
        Self::ALL.into_iter().find(|state| state.as_str() == name)
    }

    pub(super) fn code(self) -> i64 {
        self as i64
    }
}

/// An approval as it is known. Times are in milliseconds since 1970.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Approval {
    /// The id of its call, or its own where it is for access.
    pub id: String,
    /// What is asked.
    pub kind: ApprovalKind,
    /// How it stands.
    pub state: ApprovalState,
    /// Whose it is.
    pub tenant: Option<String>,
    /// Who asks.
    pub principal: String,
    /// Name of the plugin.
    pub plugin: String,
    /// Name of the operation; where it is for access, as whoever asks wrote it.
    pub operation: Option<String>,
    /// `read`, `write` or `delete`, of a call.
    pub effect: Option<String>,
    /// Name of the connection.
    pub connection: Option<String>,
    /// What a call is confirmed with, in hexadecimal.
    pub digest: Option<String>,
    /// Why it is asked for, in the words of whoever asks.
    pub reason: Option<String>,
    /// When it was asked for.
    pub at: u64,
    /// When nobody can decide any more.
    pub expires: u64,
    /// When somebody decided.
    pub decided: Option<u64>,
    /// Who did.
    pub decider: Option<String>,
    /// Why it was rejected.
    pub decision: Option<String>,
}

impl Approval {
    /// As people and programs read it.
    pub fn to_json(&self) -> Value {
        json!({
            "id": self.id,
            "kind": self.kind,
            "state": self.state,
            "tenant": self.tenant,
            "principal": self.principal,
            "plugin": self.plugin,
            "operation": self.operation,
            "effect": self.effect,
            "connection": self.connection,
            "digest": self.digest,
            "reason": self.reason,
            "askedAt": moment(self.at),
            "expires": moment(self.expires),
            "decidedAt": self.decided.map(moment),
            "decidedBy": self.decider,
            "decision": self.decision,
        })
    }
}

/// Which approvals are looked for. What is none is not narrowed.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub struct ApprovalFilter {
    /// Of a tenant: of the one without a name where the inner one is none.
    pub tenant: Option<Option<String>>,
    /// That stand so.
    pub state: Option<ApprovalState>,
}

/// What a person is to confirm.
#[derive(Clone, Debug)]
pub(crate) struct NewApproval {
    /// In hexadecimal.
    pub(crate) digest: String,
    /// Milliseconds since 1970.
    pub(crate) expires: u64,
    /// What the person is shown, as JSON, to be sealed.
    pub(crate) shown: Vec<u8>,
}

/// What somebody asks for who may not do it.
#[derive(Clone, Debug)]
pub(crate) struct NewAccess {
    pub(crate) id: String,
    pub(crate) tenant: Option<String>,
    pub(crate) principal: String,
    pub(crate) plugin: String,
    pub(crate) operation: Option<String>,
    pub(crate) connection: Option<String>,
    pub(crate) reason: String,
    /// Milliseconds since 1970.
    pub(crate) at: u64,
    pub(crate) expires: u64,
}

const COLUMNS: &str = "id, kind, state, tenant, principal, plugin, operation, effect, connection, digest, reason, at, expires, decided, \
                       decider, decision";

fn read(row: &Row<'_>) -> rusqlite::Result<Approval> {
    let time = |at: usize| row.get::<_, Option<i64>>(at).map(|time| time.and_then(|time| u64::try_from(time).ok()));
    let state = usize::try_from(row.get::<_, i64>(2)?).unwrap_or(usize::MAX);
    Ok(Approval {
        id: row.get(0)?,
        kind: if row.get::<_, i64>(1)? == ApprovalKind::Call as i64 {
            ApprovalKind::Call
        } else {
            ApprovalKind::Access
        },
        // What is of a later Wharf can at least not be confirmed.
        state: ApprovalState::ALL.get(state).copied().unwrap_or(ApprovalState::Expired),
        tenant: row.get(3)?,
        principal: row.get(4)?,
        plugin: row.get(5)?,
        operation: row.get(6)?,
        effect: row.get(7)?,
        connection: row.get(8)?,
        digest: row.get(9)?,
        reason: row.get(10)?,
        at: time(11)?.unwrap_or_default(),
        expires: time(12)?.unwrap_or_default(),
        decided: time(13)?,
        decider: row.get(14)?,
        decision: row.get(15)?,
    })
}

pub(super) fn find(connection: &Connection, id: &str) -> rusqlite::Result<Option<Approval>> {
    let sql = format!("SELECT {COLUMNS} FROM approvals WHERE id = ?1");
    connection.prepare_cached(&sql)?.query_row([id], read).optional()
}

/// Those that fit a condition, the oldest first.
pub(super) fn all_where(connection: &Connection, condition: &str, value: i64) -> rusqlite::Result<Vec<Approval>> {
    let sql = format!("SELECT {COLUMNS} FROM approvals WHERE {condition} ORDER BY at");
    connection.prepare_cached(&sql)?.query_map([value], read)?.collect()
}

/// How many of a kind a principal has open.
fn open_of(
    connection: &Connection,
    kind: ApprovalKind,
    tenant: Option<&str>,
    principal: &str,
) -> rusqlite::Result<i64> {
    let sql = "SELECT count(*) FROM approvals WHERE state = 0 AND kind = ?1 AND tenant IS ?2 AND principal = ?3";
    connection.prepare_cached(sql)?.query_row((kind as i64, tenant, principal), |row| row.get(0))
}

impl Store {
    /// An approval.
    ///
    /// # Errors
    /// [`StoreError`], where the database cannot be read.
    pub fn approval(&self, id: &str) -> Result<Option<Approval>, StoreError> {
        self.inner.read(|connection| find(connection, id))
    }

    /// So many approvals at most, the newest first.
    ///
    /// # Errors
    /// [`StoreError`], where the database cannot be read.
    pub fn approvals(&self, filter: &ApprovalFilter, most: usize) -> Result<Vec<Approval>, StoreError> {
        let sql = format!(
            "SELECT {COLUMNS} FROM approvals WHERE (?1 OR tenant IS ?2) AND (?3 IS NULL OR state = ?3) ORDER BY at DESC LIMIT ?4"
        );
        let (is_all, tenant) = (filter.tenant.is_none(), filter.tenant.clone().flatten());
        let values = (is_all, tenant, filter.state.map(ApprovalState::code), i64::try_from(most).unwrap_or(i64::MAX));
        self.inner.read(|connection| connection.prepare_cached(&sql)?.query_map(values, read)?.collect())
    }

    /// What a person is shown who is to confirm a call, as JSON: `input` without what is sensitive, `files`, `options`, the `requests`
    /// that would be sent, masked, and whether `more` may follow that depend on their answers.
    ///
    /// # Errors
    /// [`StoreError`], where the database or the vault cannot be read.
    pub fn approval_shown(&self, id: &str) -> Result<Option<Value>, StoreError> {
        let sql = "SELECT shown FROM approvals WHERE id = ?1 AND shown IS NOT NULL";
        let sealed = self.inner.read(|connection| {
            connection.prepare_cached(sql)?.query_row([id], |row| row.get::<_, Vec<u8>>(0)).optional()
        })?;
        let Some(sealed) = sealed else { return Ok(None) };
        let open = self.inner.keys()?.open(id, Column::Shown, &sealed);
        Ok(open.and_then(|bytes| serde_json::from_slice(&bytes).ok()))
    }

    /// How many calls of a principal wait for a person.
    pub(crate) fn waiting_of(&self, tenant: Option<&str>, principal: &str) -> Result<i64, StoreError> {
        self.inner.read(|connection| open_of(connection, ApprovalKind::Call, tenant, principal))
    }

    /// Asks for access, unless the principal has so many such requests open. One that asks for the same is told of instead, with its
    /// own words.
    pub(crate) fn ask_for_access(&self, new: &NewAccess, most: i64) -> Result<Option<Approval>, StoreError> {
        let same = "SELECT id FROM approvals WHERE state = 0 AND kind = 1 AND tenant IS ?1 AND principal = ?2 AND plugin = ?3 \
                    AND operation IS ?4 AND connection IS ?5";
        self.inner.write(|connection| {
            let values = (&new.tenant, &new.principal, &new.plugin, &new.operation, &new.connection);
            let known = connection.prepare_cached(same)?.query_row(values, |row| row.get::<_, String>(0)).optional()?;
            if let Some(known) = known {
                return find(connection, &known);
            }
            if open_of(connection, ApprovalKind::Access, new.tenant.as_deref(), &new.principal)? >= most {
                return Ok(None);
            }
            let sql = "INSERT INTO approvals (id, kind, state, told, tenant, principal, plugin, operation, connection, reason, at, expires) \
                       VALUES (?1, 1, 0, 0, ?2, ?3, ?4, ?5, ?6, ?7, ?8, ?9)";
            connection.prepare_cached(sql)?.execute(params![
                new.id,
                new.tenant,
                new.principal,
                new.plugin,
                new.operation,
                new.connection,
                new.reason,
                signed(new.at),
                signed(new.expires),
            ])?;
            find(connection, &new.id)
        })
    }

    /// Adds why somebody wants a call that waits. False where it does not wait any more.
    pub(crate) fn give_reason(&self, id: &str, reason: &str) -> Result<bool, StoreError> {
        let sql = "UPDATE approvals SET reason = ?2 WHERE id = ?1 AND state = 0";
        self.inner.write(|connection| connection.execute(sql, (id, reason))).map(|changed| changed == 1)
    }
}

impl Inner {
    /// What a person is shown, sealed.
    pub(super) fn seal_shown(&self, id: &str, shown: &[u8]) -> Result<Vec<u8>, StoreError> {
        self.keys()?.seal(id, Column::Shown, shown)
    }

    /// Requests for access of before a time that are decided.
    pub(super) fn prune_requests_for_access(&self, time: u64) -> Result<(), StoreError> {
        let sql = "DELETE FROM approvals WHERE kind = 1 AND state <> 0 AND told = state AND at < ?1";
        self.write(|connection| connection.execute(sql, [signed(time)])).map(drop)
    }
}
