//! The first thing that anyone sees of Wharf: five operations of five plugins, and a refusal.

use std::process::ExitCode;
use std::time::Duration;

use anyhow::{Context as _, Result};
use serde_json::{Value, json};
use wharf::failure::CallError;
use wharf::{Call, Connection, Exchange, Host, Json, Report, Secret, Timing};
use wharf_artifacts::{HOSTILE, PROVIDERS};
use wharf_simulated::{Simulation, aigency, appwrite, chatwoot, vtiger, wibiclick};

use crate::args::Demo;
use crate::print;
use crate::setup::{built, cached, simulation};

mod screen;

/// One provider's headline operation, done.
struct Line {
    plugin: &'static str,
    operation: &'static str,
    declared: Vec<String>,
    exchanges: Vec<Exchange>,
    result: Result<Json, CallError>,
    timing: Timing,
}

/// What the hostile plugin tried, and what it got.
struct Attempt {
    operation: &'static str,
    tried: &'static str,
    result: Result<Json, CallError>,
}

pub(crate) fn run(options: &Demo) -> Result<ExitCode> {
    let simulation = simulation()?;
    let host = host(&simulation)?;
    let lines = headlines().map(|(plugin, operation, input)| headline(&host, plugin, operation, input));
    let lines = lines.into_iter().collect::<Result<Vec<_>>>()?;
    let attempts = attempts().map(|(operation, tried)| attempt(&host, operation, tried));

    let good = lines.iter().all(|l| l.result.is_ok()) && attempts.iter().all(was_stopped);
    if options.json {
        print::json(&as_json(&lines, &attempts))?;
    } else {
        print::out(screen::draw(&lines, &attempts))?;
    }
    Ok(if good { ExitCode::SUCCESS } else { ExitCode::FAILURE })
}

fn headlines() -> [(&'static str, &'static str, Value); 5] {
    [
        ("appwrite", "users.delete-session", json!({"userId": appwrite::USER_ID, "sessionId": appwrite::SESSION_ID})),
        ("chatwoot", "users.get-sso-url", json!({"id": chatwoot::USER_ID})),
        ("vtiger", "session.logout", json!({"sessionName": vtiger::SESSION_NAME})),
        (
            "wibiclick",
            "users.disconnect-from-website",
            json!({"websiteId": wibiclick::WEBSITE_ID, "userId": wibiclick::USER_ID}),
        ),
        ("aigency", "users.logout", json!({"userId": aigency::USER_ID})),
    ]
}

fn attempts() -> [(&'static str, &'static str); 3] {
    [
        ("users.other-origin", "send a request to https://collector.example/steal"),
        ("users.other-path", "climb from /users/{id} to /users/../users/ada/sessions"),
        ("users.other-header", "add the header Host: collector.example"),
    ]
}

/// A host with the five providers and the hostile plugin, each with a connection to its simulated server. The hostile
/// one poses as an Appwrite plugin and gets Appwrite's connection.
fn host(simulation: &Simulation) -> Result<Host> {
    let host = built(cached(Host::builder()))?;
    for component in PROVIDERS.iter().chain([&HOSTILE]) {
        host.load_bytes(component.bytes).with_context(|| format!("the plugin {}", component.name))?;
    }
    for granted in simulation.connections() {
        grant(&host, granted.provider, &granted)?;
        if granted.provider == "appwrite" {
            grant(&host, "hostile", &granted)?;
        }
    }
    Ok(host)
}

fn grant(host: &Host, plugin: &str, granted: &wharf_simulated::Connection) -> Result<()> {
    let release = host.plugin(plugin)?;
    let mut connection = Connection::builder(plugin, "demo", &granted.base_url);
    for field in &release.about.fields {
        let value = granted.fields.iter().find(|(name, _)| *name == field.name).map(|(_, value)| value.clone());
        connection = match value {
            Some(value) if field.secret => connection.secret(&field.name, Secret::new(value)),
            Some(value) => connection.field(&field.name, value),
            None => connection.absent(&field.name, "the demo has none"),
        };
    }
    host.connect(plugin, connection.build()?);
    Ok(())
}

fn headline(host: &Host, plugin: &'static str, operation: &'static str, input: Value) -> Result<Line> {
    let release = host.plugin(plugin)?;
    let described = release.operation(operation)?;
    let declared = &described.declared.requests;
    let suffix = release.about.base_url.suffix.clone().unwrap_or_default();
    let declared = declared
        .iter()
        .map(|r| {
            let credentials = r.scheme.as_ref().map_or_else(String::new, |s| format!(", credentials: {s}"));
            let fields: Vec<&str> = r.body.fields().iter().map(|f| f.name.as_str()).collect();
            let body = if fields.is_empty() { String::new() } else { format!(" ({})", fields.join(", ")) };
            format!("{} {{base_url}}{suffix}{}{body}{credentials}", r.method.as_str(), r.path)
        })
        .collect();
    let Report { result, exchanges, timing, .. } = host.run(Call::new(plugin, operation).input(input));
    // The caller gets what is sensitive; a screenshot should not.
    let masked = |output: wharf::Output| described.declared.masked(&output.json);
    Ok(Line { plugin, operation, declared, exchanges, result: result.map(masked), timing })
}

fn attempt(host: &Host, operation: &'static str, tried: &'static str) -> Attempt {
    let result = host.call(Call::new("hostile", operation)).map(|output| output.json);
    Attempt { operation, tried, result }
}

fn was_stopped(attempt: &Attempt) -> bool {
    matches!(&attempt.result, Err(CallError::Refusal(wharf::failure::Refusal::Denied(_))))
}

fn total(lines: &[Line]) -> Timing {
    let sum = |of: fn(&Timing) -> Duration| lines.iter().map(|l| of(&l.timing)).sum();
    Timing {
        host: sum(|t| t.host),
        sandbox: Some(sum(|t| t.sandbox.unwrap_or_default())),
        network: sum(|t| t.network),
        waiting: sum(|t| t.waiting),
    }
}

fn as_json(lines: &[Line], attempts: &[Attempt; 3]) -> Value {
    let result = |result: &Result<Json, CallError>| match result {
        Ok(json) => json!({ "output": json.value().unwrap_or_default() }),
        Err(error) => json!({ "error": error.to_json() }),
    };
    let timing = |t: &Timing| {
        json!({
            "host-micros": t.host.as_micros() as u64,
            "sandbox-micros": t.sandbox.unwrap_or_default().as_micros() as u64,
            "network-micros": t.network.as_micros() as u64,
        })
    };
    let mut all: Vec<Value> = lines
        .iter()
        .map(|l| {
            json!({
                "plugin": l.plugin, "operation": l.operation, "declared": l.declared, "sent": l.exchanges,
                "result": result(&l.result), "timing": timing(&l.timing),
            })
        })
        .collect();
    all.push(json!({
        "plugin": "hostile",
        "attempts": attempts
            .iter()
            .map(|a| json!({ "operation": a.operation, "tried": a.tried, "result": result(&a.result) }))
            .collect::<Vec<_>>(),
    }));
    json!({ "lines": all, "timing": timing(&total(lines)) })
}
