//! What became of approvals is noticed: whoever decided may have been another process, or a person who never came.

use serde_json::json;
use wharf::audit::{Principal, Who};
use wharf::declaration::Effect;

use crate::app::App;
use crate::events::{Event, OfCall};
use crate::store::{Approval, ApprovalKind, ApprovalState, StoreError};
use crate::work::job::Shared;
use crate::work::later;

/// Ends what nobody decided about in time, and tells of what was decided: it is recorded, then told, then what was confirmed begins.
/// What cannot be recorded is tried again the next time.
pub(crate) fn notice(app: &Shared) -> Result<(), StoreError> {
    app.store.expire()?;
    for approval in app.store.untold()? {
        if let Err(fault) = record(app, &approval) {
            (app.tell)(&format!("what became of the approval {} is not recorded: {fault}", approval.id));
            continue;
        }
        if !app.store.told(&approval)? {
            continue;
        }
        tell(app, &approval);
        match approval.state {
            ApprovalState::Confirmed => later::confirmed(app, &approval.id)?,
            _ => app.waiters.ended(&approval.id),
        }
    }
    Ok(())
}

fn record(app: &App, approval: &Approval) -> Result<(), wharf::failure::Fault> {
    let row = app.store.call(&approval.id).ok().flatten();
    let digest = row.as_ref().map(|row| row.digest.as_str()).unwrap_or_default();
    // Also where it is of no connection: another tenant is not to read of it.
    let connection = approval.connection.as_deref().unwrap_or_default();
    let connection = approval.tenant.as_ref().map_or(connection.to_owned(), |tenant| format!("{tenant}:{connection}"));
    // Where nobody decided, it is told of whoever asked.
    let name = approval.decider.as_ref().unwrap_or(&approval.principal).clone();
    let principal = Principal { name, tenant: approval.tenant.clone() };
    let who = Who {
        principal: Some(&principal),
        call: if approval.kind == ApprovalKind::Call { &approval.id } else { "" },
        plugin: &approval.plugin,
        digest,
        operation: approval.operation.as_deref().unwrap_or_default(),
        connection: &connection,
    };
    let by = approval.decider.as_ref().map(|by| format!(" by `{by}`")).unwrap_or_default();
    let what = if approval.kind == ApprovalKind::Access { "request for access " } else { "" };
    let message = format!("{what}{}{by}; it was asked for by `{}`", approval.state.as_str(), approval.principal);
    app.host.record_approval(who, &message)
}

fn tell(app: &App, approval: &Approval) {
    let kind = match approval.state {
        ApprovalState::Open => return,
        ApprovalState::Confirmed => "approval.confirmed",
        ApprovalState::Rejected => "approval.rejected",
        ApprovalState::Expired => "approval.expired",
    };
    let mut data = json!({ "approval": approval.id, "kind": approval.kind });
    if let Some(members) = data.as_object_mut() {
        if approval.kind == ApprovalKind::Call {
            members.insert("call".to_owned(), json!(approval.id));
        }
        members.extend(approval.decider.as_ref().map(|by| ("decidedBy".to_owned(), json!(by))));
        members.extend(approval.decision.as_ref().map(|why| ("decision".to_owned(), json!(why))));
    }
    let event = Event {
        kind,
        tenant: approval.tenant.clone(),
        plugin: Some(approval.plugin.clone()),
        connection: approval.connection.clone(),
        data,
    };
    let known = [Effect::Read, Effect::Write, Effect::Delete].map(Effect::as_str);
    let effect = known.into_iter().find(|known| approval.effect.as_deref() == Some(*known)).unwrap_or_default();
    let (principal, operation) = (approval.principal.clone(), approval.operation.clone().unwrap_or_default());
    app.events.tell_of_approval(event, OfCall { principal, operation, effect });
}
