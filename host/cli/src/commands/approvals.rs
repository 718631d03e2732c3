//! What a person is asked: to confirm calls of a server, or for access. Whoever has the command line is the operator.

use std::process::ExitCode;

use anyhow::Result;
use serde_json::{Value, json};
use wharf::text::shortened;
use wharf_server::{Approval, ApprovalFilter, ApprovalKind, ApprovalState, Decided, Decision, Store};

use super::tokens::moment;
use crate::args::{Approvals, Args, ListApprovals, OfApprovals};
use crate::exit::Usage;
use crate::print::{self, BAD, BOLD, DIM, GOOD, NAME, Text, WARN, styled, text};
use crate::setup;
use crate::setup::server;

/// The longest reason that is kept, in characters.
const LONGEST: usize = 500;

pub(crate) fn run(args: &Args, command: &Approvals) -> Result<ExitCode> {
    let config = setup::configuration(args.config.as_deref())?;
    let store = server::open_if_there(&config, &server::file_of_user(&config)?)?;
    match &command.command {
        None => list(store.as_ref(), &command.list)?,
        Some(OfApprovals::Show { id, json }) => show(store.as_ref(), id, *json)?,
        Some(OfApprovals::Confirm { id, digest }) => {
            decide(store.as_ref(), id, &Decision::Confirm { digest: digest.clone() })?;
        }
        Some(OfApprovals::Reject { id, reason }) => {
            let reason = reason.as_ref().map(|reason| shortened(reason.trim(), LONGEST));
            decide(store.as_ref(), id, &Decision::Reject { reason })?;
        }
    }
    Ok(ExitCode::SUCCESS)
}

fn list(store: Option<&Store>, options: &ListApprovals) -> Result<()> {
    let state = options.state.or_else(|| (!options.all).then_some(ApprovalState::Open));
    let tenant = options.tenant.clone().map(|tenant| Some(tenant).filter(|tenant| !tenant.is_empty()));
    let found = store.map(|store| store.approvals(&ApprovalFilter { tenant, state }, options.limit));
    let found = found.transpose()?.unwrap_or_default();
    if options.json {
        return Ok(print::json(&json!(found.iter().map(Approval::to_json).collect::<Vec<_>>()))?);
    }
    if found.is_empty() {
        print::note(styled(DIM, "Nobody waits for a person."));
        return Ok(());
    }
    let mut lines = Text::default();
    for approval in &found {
        lines.add(text![line(approval), "\n"]);
    }
    print::out(lines)?;
    if found.iter().any(|approval| approval.state == ApprovalState::Open) {
        print::note(styled(DIM, "`wharf approvals show ID` shows what it would do, and how to confirm it."));
    }
    Ok(())
}

/// One approval, in one line.
fn line(approval: &Approval) -> Text {
    let reason = approval.reason.as_ref().map(|reason| format!(": {reason}")).unwrap_or_default();
    let kind = match approval.kind {
        ApprovalKind::Call => "call  ",
        ApprovalKind::Access => "access",
    };
    text![
        styled(DIM, moment(approval.at)),
        " ",
        styled(DIM, &approval.id),
        " ",
        styled(style(approval.state), format!("{:<9}", approval.state.as_str())),
        " ",
        kind,
        " ",
        styled(NAME, what(approval)),
        format!(" for {}{reason}", whose(approval)),
    ]
}

fn what(approval: &Approval) -> String {
    let operation = approval.operation.as_ref().map(|name| format!(" {name}")).unwrap_or_default();
    let connection = approval.connection.as_ref().map(|name| format!(" with {name}")).unwrap_or_default();
    format!("{}{operation}{connection}", approval.plugin)
}

fn whose(approval: &Approval) -> String {
    let tenant = approval.tenant.as_ref().map(|tenant| format!("{tenant}/")).unwrap_or_default();
    format!("{tenant}{}", approval.principal)
}

fn style(state: ApprovalState) -> anstyle::Style {
    match state {
        ApprovalState::Open => WARN,
        ApprovalState::Confirmed => GOOD,
        ApprovalState::Rejected | ApprovalState::Expired => BAD,
    }
}

fn unknown(id: &str) -> Usage {
    Usage(format!("there is no approval `{id}`, or none any more; `wharf approvals --all` lists those that are there"))
}

fn show(store: Option<&Store>, id: &str, as_json: bool) -> Result<()> {
    let found = store.map(|store| Ok::<_, anyhow::Error>((store.approval(id)?, store.approval_shown(id)?)));
    let Some((Some(approval), shown)) = found.transpose()? else { return Err(unknown(id).into()) };
    if as_json {
        let mut json = approval.to_json();
        if let (Some(members), Some(Value::Object(shown))) = (json.as_object_mut(), shown) {
            members.extend(shown);
        }
        return Ok(print::json(&json)?);
    }
    let mut text = known(&approval);
    if let Some(shown) = &shown {
        text.add(would_do(shown));
    }
    print::out(text)?;
    match (approval.state, approval.kind, &approval.digest) {
        (ApprovalState::Open, ApprovalKind::Call, Some(digest)) => {
            print::note(format!("to let it run, exactly so: wharf approvals confirm {id} --digest {digest}"));
            print::note(format!("to refuse it: wharf approvals reject {id} --reason TEXT"));
        }
        (ApprovalState::Open, ..) => {
            print::note("it grants nothing: make a token with `wharf tokens create` that may do it, if you want that");
            print::note(format!("to dismiss it: wharf approvals reject {id}"));
        }
        _ => {}
    }
    Ok(())
}

fn known(approval: &Approval) -> Text {
    let mut all = text![
        styled(BOLD, what(approval)),
        format!(" {}", approval.id),
        "\n",
        styled(DIM, format!("{:<11}", "state")),
        styled(style(approval.state), approval.state.as_str()),
        "\n",
    ];
    let mut add = |subject: &'static str, what: Option<String>| {
        what.into_iter().for_each(|what| all.add(text![styled(DIM, format!("{subject:<11}")), what, "\n"]));
    };
    add("asked by", Some(whose(approval)));
    add("asked", Some(moment(approval.at)));
    add("reason", approval.reason.clone());
    add("effect", approval.effect.clone());
    add("expires", Some(moment(approval.expires)).filter(|_| approval.state == ApprovalState::Open));
    add("decided", approval.decided.map(moment));
    add("decided by", approval.decider.clone());
    add("decision", approval.decision.clone());
    all
}

/// The requests that would be sent, and the input that they are made of.
fn would_do(shown: &Value) -> Text {
    let mut all = Text::default();
    let text_of = |value: &Value, name: &str| value.get(name).and_then(Value::as_str).unwrap_or_default().to_owned();
    for request in shown.get("requests").and_then(Value::as_array).into_iter().flatten() {
        let line = format!("{} {}", text_of(request, "method"), text_of(request, "url"));
        all.add(text![styled(DIM, format!("{:<11}", "would send")), line, "\n"]);
        for header in request.get("headers").and_then(Value::as_array).into_iter().flatten() {
            let part = |at: usize| header.get(at).and_then(Value::as_str).unwrap_or_default();
            all.add(text![format!("{:<11}{}: {}", "", part(0), part(1)), "\n"]);
        }
        if let Some(body) = request.get("body").and_then(Value::as_str) {
            all.add(text![format!("{:<11}{body}", ""), "\n"]);
        }
    }
    if shown.get("more").and_then(Value::as_bool).unwrap_or(true) {
        let words =
            "code of the plugin goes on from the answer: further requests, of those that it declares, may follow";
        all.add(text![styled(DIM, format!("{:<11}", "and then")), styled(WARN, words), "\n"]);
    }
    for file in shown.get("files").and_then(Value::as_array).into_iter().flatten() {
        all.add(text![styled(DIM, format!("{:<11}", "file")), file.to_string(), "\n"]);
    }
    if let Some(input) = shown.get("input").filter(|input| !input.is_null()) {
        all.add(text![styled(DIM, "input"), "\n", print::lines(&format!("{input:#}")), "\n"]);
    }
    all
}

fn decide(store: Option<&Store>, id: &str, decision: &Decision) -> Result<()> {
    let decided = store.map(|store| store.decide(id, decision, &operator())).transpose()?;
    let problem = match decided {
        Some(Decided::Done(approval)) => {
            let words = match (approval.state, approval.kind) {
                (ApprovalState::Confirmed, _) => {
                    format!("✓ {} is confirmed; a server that runs begins it within a second", what(&approval))
                }
                (_, ApprovalKind::Call) => format!("✓ {} is rejected, and nothing is sent", what(&approval)),
                (_, ApprovalKind::Access) => "✓ the request for access is dismissed".to_owned(),
            };
            return Ok(print::out(words)?);
        }
        Some(Decided::Before(approval)) => {
            let by = approval.decider.as_ref().map(|by| format!(" by {by}")).unwrap_or_default();
            format!("it is {}{by}, and stays so: who decides first decides", approval.state.as_str())
        }
        Some(Decided::WrongDigest) => {
            format!(
                "the digest is not the one of this approval; look at `wharf approvals show {id}` again, and confirm what that shows"
            )
        }
        Some(Decided::NoCall) => format!(
            "a request for access is not confirmed, as that would grant nothing; make a token that may do it, or dismiss it with \
             `wharf approvals reject {id}`"
        ),
        Some(Decided::Unknown) | None => return Err(unknown(id).into()),
    };
    Err(Usage(problem).into())
}

/// Who decides, as the environment claims. No token has such a name.
fn operator() -> String {
    let user = std::env::var("USER").or_else(|_| std::env::var("LOGNAME")).unwrap_or_default();
    let user: String =
        user.chars().filter(|c| c.is_ascii_alphanumeric() || matches!(c, '-' | '_' | '.')).take(64).collect();
    if user.is_empty() { "operator:".to_owned() } else { format!("operator:{user}") }
}
