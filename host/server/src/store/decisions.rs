//! What becomes of an approval. Who decides first decides: what is looked at and what is written is one transaction, whatever process
//! it is of.

use rusqlite::Connection;
use serde_json::Value;

use super::approvals::{Approval, ApprovalKind, ApprovalState, all_where, find};
use super::calls::Ending;
use super::error::StoreError;
use super::keys::Column;
use super::rows::code_of;
use super::types::{CallState, Ended};
use super::{Inner, Store, now, signed};
use crate::problem::{self, Problem};

/// What somebody decides.
#[derive(Clone, Debug, PartialEq, Eq)]
pub enum Decision {
    /// The call is to run, which has this digest.
    Confirm {
        /// In hexadecimal.
        digest: String,
    },
    /// It is not to run; a request for access is dismissed.
    Reject {
        /// Why, in the words of whoever decides.
        reason: Option<String>,
    },
}

/// What came of a decision.
#[derive(Clone, Debug, PartialEq, Eq)]
pub enum Decided {
    /// It holds.
    Done(Approval),
    /// It came too late: this is how it stands.
    Before(Approval),
    /// There is no such approval.
    Unknown,
    /// The digest is another one.
    WrongDigest,
    /// A request for access is not confirmed: it grants nothing.
    NoCall,
}

impl Store {
    /// Decides about an approval. `by` says who, for those who look at it later. A call that is confirmed is accepted from then on, and
    /// a server that runs begins it within a second.
    ///
    /// # Errors
    /// [`StoreError`], where the database or the vault cannot be used.
    pub fn decide(&self, id: &str, decision: &Decision, by: &str) -> Result<Decided, StoreError> {
        let reason = match decision {
            Decision::Reject { reason } => reason.as_deref(),
            Decision::Confirm { .. } => None,
        };
        let rejected = self.inner.ending(id, &rejected(by, reason))?;
        self.inner.write(|connection| {
            let at = now();
            let Some(approval) = find(connection, id)? else { return Ok(Decided::Unknown) };
            if approval.state != ApprovalState::Open || approval.expires <= at {
                // It is over, though nobody has said so yet.
                let is_late = approval.state == ApprovalState::Open;
                let state = if is_late { ApprovalState::Expired } else { approval.state };
                return Ok(Decided::Before(Approval { state, ..approval }));
            }
            let state = match decision {
                Decision::Confirm { .. } if approval.kind == ApprovalKind::Access => return Ok(Decided::NoCall),
                Decision::Confirm { digest } if approval.digest.as_deref() != Some(digest.as_str()) => {
                    return Ok(Decided::WrongDigest);
                }
                Decision::Confirm { .. } => ApprovalState::Confirmed,
                Decision::Reject { .. } => ApprovalState::Rejected,
            };
            let sql = "UPDATE approvals SET state = ?2, decided = ?3, decider = ?4, decision = ?5 WHERE id = ?1 AND state = 0";
            connection.execute(sql, (id, state.code(), signed(at), by, reason))?;
            match state {
                ApprovalState::Confirmed => accept(connection, id)?,
                _ => rejected.write(connection)?,
            }
            Ok(find(connection, id)?.map_or(Decided::Unknown, Decided::Done))
        })
    }

    /// Ends those that nobody decided about in time.
    pub(crate) fn expire(&self) -> Result<(), StoreError> {
        let late = self.inner.read(|connection| all_where(connection, "state = 0 AND expires <= ?1", signed(now())))?;
        for approval in late {
            let expired = self.inner.ending(&approval.id, &expired())?;
            self.inner.write(|connection| {
                let sql = "UPDATE approvals SET state = ?2 WHERE id = ?1 AND state = 0";
                if connection.execute(sql, (&approval.id, ApprovalState::Expired.code()))? == 1 {
                    expired.write(connection)?;
                }
                Ok(())
            })?;
        }
        Ok(())
    }

    /// What was decided, by whatever process, and is yet to be told, the oldest first.
    pub(crate) fn untold(&self) -> Result<Vec<Approval>, StoreError> {
        self.inner.read(|connection| all_where(connection, "told <> state AND at >= ?1", 0))
    }

    /// Takes note that it is told how an approval stands: false where somebody else did.
    pub(crate) fn told(&self, approval: &Approval) -> Result<bool, StoreError> {
        let sql = "UPDATE approvals SET told = ?2 WHERE id = ?1 AND told <> ?2";
        self.inner.write(|connection| Ok(connection.execute(sql, (&approval.id, approval.state.code()))? == 1))
    }
}

/// Lets the call of an approval run: it waits for a worker from now on.
fn accept(connection: &Connection, id: &str) -> rusqlite::Result<()> {
    let sql = "UPDATE calls SET state = ?2 WHERE id = ?1 AND state = ?3";
    let states = (id, code_of(CallState::Accepted), code_of(CallState::Waiting));
    connection.execute(sql, states).map(drop)
}

impl Inner {
    /// The end of a call that waits for a person, and of which nothing was sent. Of what is no call it is the end of nothing.
    fn ending(&self, id: &str, problem: &Problem) -> Result<Ending, StoreError> {
        let answer = Value::Object([("problem".to_owned(), problem.to_json())].into_iter().collect());
        let answer = self.keys()?.seal(id, Column::Answer, answer.to_string().as_bytes())?;
        // Who asks again after a person said no is told again what that one said.
        let frees_key = problem.kind != problem::APPROVAL_REJECTED;
        Ok(Ending::of_nothing_sent(Ended::with_nothing_sent(id, now(), problem.kind.name, frees_key), answer))
    }
}

fn rejected(by: &str, reason: Option<&str>) -> Problem {
    let reason = reason.map(|reason| format!(": {reason}")).unwrap_or_default();
    Problem::new(problem::APPROVAL_REJECTED, format!("`{by}` rejected the call, and nothing was sent{reason}"))
}

fn expired() -> Problem {
    let detail = "nobody confirmed the call in time, and nothing was sent; make it again to ask once more";
    Problem::new(problem::APPROVAL_EXPIRED, detail)
}
