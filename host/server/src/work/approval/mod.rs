//! Calls that need a person: they wait until somebody confirms exactly them, or says no.
//!
//! | step | where |
//! | --- | --- |
//! | Does it need one? | [`is_needed`]: by the configuration and by who asks; asked for each call, whatever the door |
//! | It waits | [`park`]: its dry run is made, and it is written down with the digest of all that it would do |
//! | A person decides | `store/decisions.rs`: in the API (`api/approvals.rs`), or by `wharf approvals` in another process |
//! | That is noticed | [`notice`]: it is recorded, told, and the call begins |
//! | It runs | [`run`]: its dry run is made again, and it is sent only where that has the same digest |
//!
//! Beside it, somebody may ask for what they may not do at all: [`ask`]. That grants nothing.

use std::time::{Duration, SystemTime};

use serde_json::{Value, json};
use wharf::declaration::Effect;
use wharf::{Call, Report};

use super::job::Job;
use crate::app::App;
use crate::auth::principal::{Principal, Role};
use crate::problem::{self, Problem};
use crate::store::{ApprovalState, CallRow, LOCAL, StoreError};

mod access;
mod digest;
mod notice;
mod park;

pub(crate) use access::{Wanted, ask, cleaned};
pub(crate) use notice::notice;
pub(crate) use park::park;

/// Whether a person has to agree to a call, or did.
#[derive(Clone, Debug, PartialEq, Eq)]
pub(crate) enum Agreed {
    /// Nobody has to.
    NotNeeded,
    /// Somebody has to, and nobody did: it does not run.
    Needed,
    /// Somebody was asked to agree to this. It is kept sealed, so that nobody changes it meanwhile.
    To(Agreement),
}

/// What somebody agrees to.
#[derive(Clone, Debug, PartialEq, Eq)]
pub(crate) struct Agreement {
    /// In hexadecimal.
    pub(crate) digest: String,
    /// When it was asked for, in milliseconds since 1970: the time that its dry runs tell.
    pub(crate) at: u64,
}

impl Agreement {
    fn time(&self) -> SystemTime {
        SystemTime::UNIX_EPOCH.checked_add(Duration::from_millis(self.at)).unwrap_or(SystemTime::UNIX_EPOCH)
    }
}

/// Whether a call of an operation needs a person, by what the operator says of all calls and of this principal's. A dry run never
/// does.
pub(crate) fn is_needed(app: &App, principal: &Principal, plugin: &str, operation: &str, effect: Effect) -> bool {
    let config = app.config.load();
    let approvals = &config.approvals;
    approvals.effects.contains(&effect)
        || approvals.operations.iter().any(|operations| operations.cover(plugin, operation))
        || principal.policy.needs_approval(plugin, operation, effect)
}

/// Why several inputs of one request are refused.
pub(crate) fn one_by_one(operation: &str) -> Problem {
    let detail = format!(
        "a person has to confirm each call of `{operation}`, so that it takes no `items`; send them one by one, each with its `input`"
    );
    Problem::new(problem::APPROVAL_NEEDED, detail)
}

/// Runs a call that somebody confirmed, if it would still do exactly what they confirmed.
pub(super) fn run(app: &App, job: &Job, call: Call, agreement: &Agreement) -> Result<Report, (Box<Report>, Problem)> {
    if !still_may(app, job) {
        let mut dry = app.host.run(call.dry_run());
        dry.exchanges.clear();
        let detail = "nothing was sent: whoever asked for the call may not make it any more";
        return Err((Box::new(dry), Problem::new(problem::APPROVAL_OUTDATED, detail)));
    }
    let is_agreed =
        |dry: &Report| dry.result.is_ok() && digest::of(app, job, dry).is_some_and(|digest| digest == agreement.digest);
    app.host.run_if(call, agreement.time(), is_agreed).map_err(|mut dry| {
        // What its dry run would have sent was not.
        dry.exchanges.clear();
        let problem = outdated(&dry);
        (dry, problem)
    })
}

/// Whether whoever asked for a call may still make it. Of users of an issuer only their next token tells, and whoever started a process
/// of their own has none.
fn still_may(app: &App, job: &Job) -> bool {
    let whose = &job.whose;
    if whose.principal.contains('/') || whose.principal == LOCAL {
        return true;
    }
    let effect =
        [Effect::Read, Effect::Write, Effect::Delete].into_iter().find(|effect| effect.as_str() == whose.effect);
    app.store.principal_named(&whose.principal).ok().flatten().is_some_and(|principal| {
        principal.tenant == whose.tenant
            && principal.is(Role::Call)
            && effect.is_some_and(|effect| principal.sees(&whose.plugin, &whose.operation, effect))
            && whose.connection.as_deref().is_none_or(|name| principal.policy.covers_connection(name))
    })
}

/// Why what was confirmed does not run.
fn outdated(dry: &Report) -> Problem {
    let why = match &dry.result {
        Err(error) => format!("it cannot be made any more as it was confirmed ({error})"),
        Ok(_) => {
            "the plugin, its connection or what they make of the input has changed since it was asked for".to_owned()
        }
    };
    let detail = format!("nothing was sent: {why}; make the call again, so that somebody sees what it would do now");
    Problem::new(problem::APPROVAL_OUTDATED, detail)
}

/// How it stands with the approval of a call, if it needed one. What the call would send is for whoever asked.
pub(crate) fn of_call(app: &App, row: &CallRow, is_own: bool) -> Result<Option<Value>, StoreError> {
    if !row.is_later {
        return Ok(None);
    }
    let Some(approval) = app.store.approval(&row.id)? else { return Ok(None) };
    let all = approval.to_json();
    let named = ["id", "state", "digest", "reason", "expires", "decidedAt", "decidedBy", "decision"];
    let members = named.into_iter().filter_map(|name| Some((name.to_owned(), all.get(name)?.clone())));
    let mut told: serde_json::Map<String, Value> = members.filter(|(_, value)| !value.is_null()).collect();
    if is_own && approval.state == ApprovalState::Open {
        let shown = app.store.approval_shown(&row.id)?;
        let requests = shown.and_then(|shown| shown.get("requests").cloned());
        told.insert("requests".to_owned(), requests.unwrap_or_else(|| json!([])));
    }
    Ok(Some(Value::Object(told)))
}
