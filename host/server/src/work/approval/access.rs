//! Somebody asks for what they may not do, or tells why a call of theirs should be confirmed.

use std::sync::Arc;

use serde::Deserialize;
use serde_json::{Value, json};
use wharf::text::{deceives, shortened};

use crate::app::App;
use crate::auth::caller::need_one_of;
use crate::auth::principal::{Principal, Role};
use crate::events::{Event, OfCall};
use crate::problem::{self, Problem};
use crate::store::{CallState, NewAccess};
use crate::work::job::{blocking, now};
use crate::work::past::own_call;

use super::of_call;

/// How many requests for access of a principal may be open.
const MOST: i64 = 20;

/// How long one is open, in milliseconds: a week.
const LASTS: u64 = 7 * 24 * 60 * 60 * 1000;

/// The longest reason that is kept, in characters.
const LONGEST: usize = 500;

/// What somebody asks a person for.
#[derive(Clone, Debug, Default, PartialEq, Eq, Deserialize)]
#[serde(rename_all = "camelCase", deny_unknown_fields)]
pub(crate) struct Wanted {
    /// A call of theirs that waits: the reason is added to it. Then nothing else is named.
    pub(crate) call: Option<String>,
    /// The plugin of what they may not do.
    pub(crate) plugin: Option<String>,
    pub(crate) operation: Option<String>,
    pub(crate) connection: Option<String>,
    /// Why, for the person who reads it.
    #[serde(default)]
    pub(crate) reason: String,
}

/// Asks a person: for access, or with a reason for a call that waits. It grants nothing, and what there is shows in no answer: a plugin
/// that does not exist is asked for like any other. The answer is the same as of [`status`], or `{id, kind: "access", state, …}`.
///
/// # Errors
/// [`problem::BAD_REQUEST`] where it is not one of the two, or what it names is no name; [`problem::UNKNOWN`] of a call that is not
/// theirs; [`problem::BUSY`] where many requests of theirs are open.
pub(crate) async fn ask(app: &Arc<App>, principal: &Arc<Principal>, wanted: Wanted) -> Result<Value, Problem> {
    need_one_of(principal, &[Role::Call])?;
    let Wanted { call, plugin, operation, connection, reason } = wanted;
    let reason = cleaned(&reason);
    match (call, plugin) {
        (Some(call), None) if operation.is_none() && connection.is_none() => {
            status(app, principal, &call, Some(reason)).await
        }
        (None, Some(plugin)) => {
            for (member, name) in
                [("plugin", Some(&plugin)), ("operation", operation.as_ref()), ("connection", connection.as_ref())]
            {
                check(member, name)?;
            }
            if reason.is_empty() {
                return Err(wrong("a request for access has a `reason`, for the person who reads it"));
            }
            let new = NewAccess {
                id: app.host.new_call_id(),
                tenant: principal.tenant.clone(),
                principal: principal.name.clone(),
                plugin,
                operation,
                connection,
                reason,
                at: now(),
                expires: now().saturating_add(LASTS),
            };
            let shared = Arc::clone(app);
            blocking(move || for_access(&shared, &new)).await?
        }
        _ => Err(wrong(
            "say what is asked for: `call`, the id of a call that waits, or `plugin` and perhaps `operation` and `connection`; \
             and a `reason`",
        )),
    }
}

/// How it stands with a call that needed a person, whose reason is kept where one is given and nobody has decided:
/// `{call, state, approval: {id, state, digest, expires, requests, …}}`.
///
/// # Errors
/// [`problem::UNKNOWN`] where the call is not theirs.
pub(crate) async fn status(
    app: &Arc<App>,
    principal: &Principal,
    call: &str,
    reason: Option<String>,
) -> Result<Value, Problem> {
    let row = own_call(app, principal, call).await?;
    let shared = Arc::clone(app);
    let told = blocking(move || -> Result<Value, Problem> {
        if let Some(reason) = reason.filter(|reason| !reason.is_empty() && row.state == CallState::Waiting) {
            shared.store.give_reason(&row.id, &reason)?;
        }
        let approval = of_call(&shared, &row, true)?;
        Ok(json!({ "call": row.id, "state": row.state, "approval": approval }))
    });
    told.await?
}

fn for_access(app: &App, new: &NewAccess) -> Result<Value, Problem> {
    let Some(approval) = app.store.ask_for_access(new, MOST)? else {
        let detail = format!(
            "{MOST} requests for access of this token are open, which is the most; wait until somebody has seen them"
        );
        return Err(Problem::new(problem::BUSY, detail).after(std::time::Duration::from_secs(3600)));
    };
    if approval.id == new.id {
        let data = json!({ "approval": approval.id, "kind": "access" });
        let event = Event {
            kind: "approval.requested",
            tenant: new.tenant.clone(),
            plugin: Some(new.plugin.clone()),
            connection: new.connection.clone(),
            data,
        };
        let operation = new.operation.clone().unwrap_or_default();
        app.events.tell_of_approval(event, OfCall { principal: new.principal.clone(), operation, effect: "" });
    }
    Ok(approval.to_json())
}

fn wrong(detail: impl Into<String>) -> Problem {
    Problem::new(problem::BAD_REQUEST, detail)
}

/// What a person reads of somebody's words: one line, of no more than a few sentences, that is what it looks like.
pub(crate) fn cleaned(text: &str) -> String {
    let seen: String =
        text.chars().map(|c| if c.is_whitespace() { ' ' } else { c }).filter(|c| !deceives(*c)).collect();
    let words = seen.split(' ').filter(|word| !word.is_empty()).collect::<Vec<_>>().join(" ");
    shortened(&words, LONGEST)
}

/// Whether something can be a name. It need not be one.
fn check(member: &str, name: Option<&String>) -> Result<(), Problem> {
    let is_plain = |c: char| c.is_ascii_alphanumeric() || matches!(c, '-' | '_' | '.' | '@' | '*');
    match name {
        Some(name) if name.is_empty() || name.len() > 130 || !name.chars().all(is_plain) => {
            Err(wrong(format!("`{member}` is a name, of up to 130 letters, digits, `-`, `_`, `.` and `@`")))
        }
        _ => Ok(()),
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_persons_eye_is_not_deceived_by_a_reason() {
        assert_eq!(cleaned("  Please\n\tdelete\u{202e} it\u{200b}!\u{1b}[31m "), "Please delete it![31m");
        assert!(cleaned(&"a".repeat(5000)).chars().count() <= LONGEST + 1);
        assert!(check("plugin", Some(&"app/write".to_owned())).is_err());
        assert!(check("operation", Some(&"users.*".to_owned())).is_ok());
    }
}
