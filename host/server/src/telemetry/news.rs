//! What the log says of what happens besides requests: releases, connections, refusals, and what plugins write.

use std::sync::Arc;

use serde_json::Value;
use tracing::{debug, error, info, warn};
use wharf::failure::{CallError, Refusal};
use wharf::operation::Operation;
use wharf::text::in_one_line;
use wharf::{Json, Level, LogEntry, MASK, Report, TraceContext};

use crate::events::{Events, Told};
use crate::work::job::Job;

/// So many messages of a call, and so many bytes of each, are written into the log: it is the operator's, and no plugin is to fill it.
const MOST_ENTRIES: usize = 100;
const LONGEST_ENTRY: usize = 4096;

/// A trace and where something stands in it, as a log has them.
pub(super) fn ids(trace: Option<TraceContext>) -> (Option<String>, Option<String>) {
    (trace.map(|trace| trace.trace_id()), trace.map(|trace| format!("{:016x}", trace.span())))
}

/// Writes what happens to releases and connections into the log.
pub(crate) fn follow(events: &Events) {
    events.on_each(note);
}

fn note(told: &Arc<Told>) {
    let event = &told.event;
    let member = |name: &str| event.data.get(name).and_then(Value::as_str);
    macro_rules! of_connection {
        ($level:ident, $words:literal) => {
            $level!(
                target: "wharf::connection",
                tenant = event.tenant.as_deref(),
                plugin = event.plugin.as_deref(),
                connection = event.connection.as_deref(),
                credential = member("credential"),
                reason = member("reason"),
                $words
            )
        };
    }
    match event.kind {
        "release.live" => info!(
            target: "wharf::release",
            plugin = event.plugin.as_deref(),
            version = member("version"),
            digest = member("digest"),
            "another release answers calls"
        ),
        "connection.needs-reconnect" => of_connection!(warn, "somebody has to agree to the connection anew"),
        "connection.revoked" => of_connection!(warn, "the connection was revoked"),
        "connection.active" => of_connection!(info, "the connection can be used"),
        "connection.expiring" | "connection.refreshing" => {
            of_connection!(debug, "a credential of the connection is renewed")
        }
        _ => {}
    }
}

/// Writes what the operator may want to know of a call into the log: what was refused, what broke, and what the plugin wrote.
pub(crate) fn of_call(job: &Job, report: &Report, trace: Option<TraceContext>) {
    let rule = match &report.result {
        Err(CallError::Refusal(Refusal::Limit(limit))) => Some(limit.name),
        Err(CallError::Refusal(refusal)) => rule_of(refusal),
        Err(CallError::Fault(fault)) => {
            let (trace, span) = ids(trace);
            error!(
                target: "wharf::call",
                call = job.id,
                plugin = job.whose.plugin,
                operation = job.whose.operation,
                trace_id = trace.as_deref(),
                span_id = span.as_deref(),
                "{fault}"
            );
            None
        }
        _ => None,
    };
    if let Some(rule) = rule {
        let (trace, span) = ids(trace);
        warn!(
            target: "wharf::call",
            call = job.id,
            plugin = job.whose.plugin,
            operation = job.whose.operation,
            principal = job.whose.principal,
            rule,
            trace_id = trace.as_deref(),
            span_id = span.as_deref(),
            "refused; the audit says what was asked for"
        );
    }
    if !report.log.is_empty() {
        let operation = report.release.as_ref().and_then(|release| release.operation(&job.whose.operation).ok());
        let hidden = operation.map(|operation| sensitive(&job.input, &operation)).unwrap_or_default();
        report.log.iter().take(MOST_ENTRIES).for_each(|entry| of_plugin(job, entry, &hidden));
        let more = report.log.len().saturating_sub(MOST_ENTRIES);
        if more > 0 {
            warn!(target: "wharf::plugin", plugin = job.whose.plugin, call = job.id, "{more} further messages of this call are left out");
        }
    }
}

/// The rule of a refusal that the audit has, but for limits.
fn rule_of(refusal: &Refusal) -> Option<&'static str> {
    match refusal {
        Refusal::Denied(denial) => Some(denial.rule.name()),
        Refusal::MissingCredential(_) => Some("missing-credential"),
        Refusal::Reconnect(_) => Some("needs-reconnect"),
        Refusal::Limit(_) | Refusal::InvalidInput { .. } | Refusal::Unknown(_) | Refusal::Connection(_) => None,
    }
}

/// The texts of the inputs that are sensitive: the plugin knows them, and the log is not to.
fn sensitive(input: &Json, operation: &Operation) -> Vec<String> {
    let names = &operation.declared.sensitive_inputs;
    let members = input.members().into_iter().filter(|(name, _)| names.contains(name));
    let mut texts = Vec::new();
    for (_, value) in members {
        // What is no JSON has no text.
        gather(&serde_json::from_str(value.as_str()).unwrap_or_default(), &mut texts);
    }
    // The longest first: another one may be a part of it.
    texts.sort_by_key(|text| std::cmp::Reverse(text.len()));
    texts
}

fn gather(value: &Value, into: &mut Vec<String>) {
    match value {
        Value::String(text) if !text.is_empty() => into.push(text.clone()),
        Value::Number(number) => into.push(number.to_string()),
        Value::Array(all) => all.iter().for_each(|one| gather(one, into)),
        Value::Object(members) => members.values().for_each(|one| gather(one, into)),
        _ => {}
    }
}

/// What a plugin wrote is its own: it stays in its line, and says that it is a plugin's.
fn of_plugin(job: &Job, entry: &LogEntry, hidden: &[String]) {
    let mut message = entry.message.clone();
    for text in hidden {
        message = message.replace(text.as_str(), MASK);
    }
    let message = message.trim_end();
    let message = in_one_line(message.get(..message.floor_char_boundary(LONGEST_ENTRY)).unwrap_or_default());
    macro_rules! write {
        ($level:ident) => {
            $level!(target: "wharf::plugin", plugin = job.whose.plugin, call = job.id, "{message}")
        };
    }
    match entry.level {
        Level::Error => write!(error),
        Level::Warning => write!(warn),
        Level::Info => write!(info),
        Level::Debug => write!(debug),
    }
}
