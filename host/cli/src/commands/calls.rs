//! The calls of a server: who asked for what, when, and what became of it.

use std::process::ExitCode;

use anyhow::Result;
use serde_json::{Value, json};
use wharf_server::{CallFilter, CallRow, CallState, Store};

use super::tokens::{millis, moment, now};
use crate::args::{Args, Calls, ListCalls, OfCalls};
use crate::exit::Usage;
use crate::print::{self, BAD, BOLD, DIM, GOOD, NAME, Text, WARN, styled, text};
use crate::setup;
use crate::setup::server;

pub(crate) fn run(args: &Args, command: &Calls) -> Result<ExitCode> {
    let config = setup::configuration(args.config.as_deref())?;
    let store = server::open_if_there(&config, &server::file_of_user(&config)?)?;
    match &command.command {
        None => list(store.as_ref(), &command.list)?,
        Some(OfCalls::Show { id, json }) => show(store.as_ref(), id, *json)?,
    }
    Ok(ExitCode::SUCCESS)
}

fn list(store: Option<&Store>, options: &ListCalls) -> Result<()> {
    let filter = CallFilter {
        tenant: options.tenant.clone().map(|tenant| Some(tenant).filter(|tenant| !tenant.is_empty())),
        principal: options.principal.clone(),
        plugin: options.plugin.clone(),
        operation: options.operation.clone(),
        connection: options.connection.clone(),
        state: options.state,
        since: options.since.map(|time| now().saturating_sub(millis(time))),
    };
    let found = store.map(|store| store.calls(&filter, None, options.limit)).transpose()?.unwrap_or_default();
    if options.json {
        let all: Vec<Value> = found.iter().map(CallRow::to_json).collect();
        return Ok(print::json(&json!(all))?);
    }
    if found.is_empty() {
        let words = match filter == CallFilter::default() {
            true => "No call was made yet over a server.",
            false => "There is no such call, or none any more.",
        };
        print::note(styled(DIM, words));
        return Ok(());
    }
    let mut lines = Text::default();
    for row in &found {
        lines.add(text![line(row), "\n"]);
    }
    Ok(print::out(lines)?)
}

/// One call, in one line.
fn line(row: &CallRow) -> Text {
    let whose = row.tenant.as_ref().map(|tenant| format!("{tenant}/")).unwrap_or_default();
    let connection = row.connection.as_ref().map(|name| format!(" with {name}")).unwrap_or_default();
    let problem = row.problem.as_ref().map(|problem| format!(" {problem}")).unwrap_or_default();
    let took = row.ended.map(|end| format!(" {} ms", end.saturating_sub(row.at))).unwrap_or_default();
    text![
        styled(DIM, moment(row.at)),
        " ",
        styled(DIM, &row.id),
        " ",
        styled(style(row.state), format!("{:<9}", row.state.as_str())),
        " ",
        styled(NAME, format!("{} {}", row.plugin, row.operation)),
        format!("{connection} for {whose}{}{took}{problem}", row.principal),
    ]
}

fn style(state: CallState) -> anstyle::Style {
    match state {
        CallState::Waiting | CallState::Accepted | CallState::Running => WARN,
        CallState::Succeeded => GOOD,
        CallState::Failed | CallState::Unknown => BAD,
    }
}

fn show(store: Option<&Store>, id: &str, as_json: bool) -> Result<()> {
    let found = store.map(|store| Ok::<_, anyhow::Error>((store.call(id)?, store)));
    let Some((Some(row), store)) = found.transpose()? else {
        let words = format!("there is no call `{id}`, or none any more; `wharf calls` lists those that are there");
        return Err(Usage(words).into());
    };
    // What it is yet to run with has what is sensitive in it.
    let waits = row.is_later && row.ended.is_none();
    let request = if waits { None } else { content(store.request(id)?) };
    let answer = content(store.answer(id)?);
    if as_json {
        let mut json = row.to_json();
        if let Some(members) = json.as_object_mut() {
            members.extend(request.map(|request| ("request".to_owned(), request)));
            members.extend(answer.map(|answer| ("answer".to_owned(), answer)));
        }
        return Ok(print::json(&json)?);
    }
    let mut text = known(&row);
    for request in row.requests().as_array().into_iter().flatten() {
        text.add(text![styled(DIM, format!("{:<11}", "request")), sent(request), "\n"]);
    }
    for (subject, what) in [("asked", request), ("answered", answer)] {
        if let Some(what) = what {
            text.add(text![styled(DIM, subject), "\n", print::lines(&format!("{what:#}")), "\n"]);
        }
    }
    Ok(print::out(text)?)
}

fn known(row: &CallRow) -> Text {
    let mut text = text![
        styled(BOLD, format!("{} {}", row.plugin, row.operation)),
        format!(" {}", row.id),
        "\n",
        styled(DIM, format!("{:<11}", "state")),
        styled(style(row.state), row.state.as_str()),
        row.problem.as_ref().map(|problem| format!(": {problem}")).unwrap_or_default(),
        "\n",
    ];
    let mut add = |subject: &'static str, what: Option<String>| {
        what.into_iter().for_each(|what| text.add(text![styled(DIM, format!("{subject:<11}")), what, "\n"]));
    };
    if row.state == CallState::Unknown {
        let words = "the server ended while it ran: look at the provider before you ask for it again";
        add("outcome", Some(words.to_owned()));
    }
    add("tenant", row.tenant.clone());
    add("principal", Some(row.principal.clone()));
    add("connection", row.connection.clone());
    add("plugin", Some(format!("{} {} {}", row.plugin, row.version, row.digest)));
    add("effect", Some(row.effect.clone()));
    add("accepted", Some(moment(row.at)));
    add("ended", row.ended.map(moment));
    add("retries", Some(row.retries.to_string()).filter(|_| row.retries > 0));
    add("timing", timing(row));
    add("trace", Some(row.trace.clone()));
    text
}

fn timing(row: &CallRow) -> Option<String> {
    let names = ["queue", "host", "sandbox", "network", "waiting"];
    let known = names.iter().zip(row.micros).filter_map(|(name, micros)| {
        let millis = micros? as f64 / 1000.0;
        Some(format!("{name} {millis:.1} ms"))
    });
    Some(known.collect::<Vec<_>>().join(", ")).filter(|text| !text.is_empty())
}

/// A request that was sent, in one line.
fn sent(request: &Value) -> String {
    let text = |name: &str| request.get(name).and_then(Value::as_str).unwrap_or_default();
    let number = |name: &str| request.get(name).and_then(Value::as_u64);
    let status = number("status").map_or_else(|| "no answer".to_owned(), |status| status.to_string());
    let size = number("answerBytes").map(|bytes| format!(", {}", print::size(bytes))).unwrap_or_default();
    let took = number("micros").unwrap_or_default() as f64 / 1000.0;
    format!("{} {}: {status}{size} in {took:.1} ms", text("method"), text("url"))
}

/// What was kept is JSON; what is not, is not for people.
fn content(kept: Option<Vec<u8>>) -> Option<Value> {
    serde_json::from_slice(&kept?).ok()
}

#[cfg(test)]
mod tests {
    use super::*;

    fn row() -> CallRow {
        CallRow {
            id: "0123".to_owned(),
            number: 7,
            tenant: Some("acme".to_owned()),
            principal: "shop".to_owned(),
            plugin: "appwrite".to_owned(),
            version: "1.0.0".to_owned(),
            digest: "sha256:00".to_owned(),
            operation: "users.list".to_owned(),
            connection: Some("main\u{1b}[2J".to_owned()),
            effect: "read".to_owned(),
            trace: "4bf9".to_owned(),
            state: CallState::Failed,
            problem: Some("timeout".to_owned()),
            at: 1_700_000_000_000,
            ended: Some(1_700_000_000_250),
            requests: Some(
                r#"[{"method":"GET","url":"https://a.example/users","status":200,"answerBytes":12,"micros":1500}]"#
                    .to_owned(),
            ),
            retries: 2,
            micros: [Some(100), Some(200), None, Some(1500), Some(0)],
            is_later: false,
            owner: None,
        }
    }

    fn plain(text: &Text) -> String {
        anstream::adapter::strip_str(&format!("{text:?}")).to_string()
    }

    #[test]
    fn a_call_is_told_in_one_line_and_as_a_whole() {
        let one = plain(&line(&row()));
        for words in ["2023-11-14T22:13:20Z", "failed", "appwrite users.list", "for acme/shop 250 ms timeout"] {
            assert!(one.contains(words), "{words}: {one}");
        }
        let whole = plain(&known(&row()));
        for words in ["queue 0.1 ms, host 0.2 ms, network 1.5 ms, waiting 0.0 ms", "retries", "sha256:00"] {
            assert!(whole.contains(words), "{words}: {whole}");
        }
        let unknown = CallRow { state: CallState::Unknown, ..row() };
        assert!(plain(&known(&unknown)).contains("look at the provider before you ask for it again"));
        let requests = row().requests();
        assert_eq!(sent(&requests[0]), "GET https://a.example/users: 200, 12 B in 1.5 ms");
        assert_eq!(sent(&json!({ "method": "GET", "url": "/" })), "GET /: no answer in 0.0 ms");
    }

    #[test]
    fn what_a_program_reads_has_times_as_texts() {
        let json = row().to_json();
        assert_eq!((&json["call"], &json["acceptedAt"]), (&json!("0123"), &json!("2023-11-14T22:13:20.000Z")));
        assert_eq!(
            json["timing"],
            json!({ "queueMicros": 100, "hostMicros": 200, "networkMicros": 1500, "waitingMicros": 0 })
        );
        assert_eq!((&json["requests"][0]["status"], &json["state"]), (&json!(200), &json!("failed")));
        assert!(json.get("number").is_none() && json.get("micros").is_none());
    }
}
