//! The demo on a screen of 100 columns.

use std::fmt::Write as _;
use std::time::Duration;

use wharf::failure::{CallError, Refusal};
use wharf::{Exchange, Timing};

use super::{Attempt, Line, total, was_stopped};
use crate::print::{BAD, BOLD, DIM, GOOD, NAME, WARN, styled};

/// Columns of the screen.
const SCREEN: usize = 100;
/// Width of the bar that shows where the time went, in characters.
const BAR: usize = 60;
/// From here on the details of a line stand.
const INDENT: &str = "              ";

pub(super) fn draw(lines: &[Line], attempts: &[Attempt]) -> String {
    let mut text = format!(
        "\n{}\n{}\n",
        styled(BOLD, "Wharf: other people's integrations, without the keys to your house"),
        styled(
            DIM,
            "Five providers, simulated on this machine. Each call runs in a fresh sandbox that has one way out."
        )
    );
    for (index, line) in lines.iter().enumerate() {
        text.push_str(&one(index + 1, line));
    }
    text.push_str(&hostile(lines.len() + 1, attempts));
    text.push_str(&split(&total(lines)));
    text
}

fn one(number: usize, line: &Line) -> String {
    let (mark, result) = match &line.result {
        Ok(json) => (styled(GOOD, "✓"), json.to_string()),
        Err(error) => (styled(BAD, "✗"), error.to_string()),
    };
    let mut text = format!(
        "\n{number} {mark} {} {}  {} {result}  {}\n",
        styled(NAME, line.plugin),
        styled(BOLD, line.operation),
        styled(DIM, "→"),
        styled(DIM, millis(line.timing.total())),
    );
    for declared in &line.declared {
        text.push_str(&detail("declared", declared));
    }
    for exchange in &line.exchanges {
        text.push_str(&sent(exchange));
    }
    text
}

fn sent(exchange: &Exchange) -> String {
    let request = &exchange.request;
    let status = exchange.status.map_or_else(|| "no answer".to_owned(), |s| s.to_string());
    let mut text =
        detail("sent", &format!("{} {} {}", request.method, request.url, styled(DIM, format!("→ {status}"))));
    for (name, value) in &request.headers {
        let _ = writeln!(text, "{INDENT}{name}: {}", styled(WARN, value));
    }
    if let Some(body) = &request.body {
        let _ = writeln!(text, "{INDENT}{body}");
    }
    text
}

fn hostile(number: usize, attempts: &[Attempt]) -> String {
    let (mark, end) = if attempts.iter().all(was_stopped) {
        (styled(GOOD, "✓"), "is refused")
    } else {
        (styled(BAD, "✗"), "IS NOT REFUSED")
    };
    let story = format!("a plugin that was granted the same connection tries to get out, and {end}");
    let mut text = format!("\n{number} {mark} {} {}\n", styled(NAME, "hostile"), styled(BOLD, story));
    for attempt in attempts {
        text.push_str(&detail("tried", attempt.tried));
        match &attempt.result {
            Err(CallError::Refusal(Refusal::Denied(denial))) => {
                text.push_str(&detail(
                    "denied",
                    &format!("{} {}", styled(BAD, denial.rule), styled(DIM, first_clause(&denial.remedy))),
                ));
                text.push_str(&paragraph(&denial.message));
            }
            Err(error) => text.push_str(&detail("failed", &error.to_string())),
            Ok(json) => text.push_str(&detail(&styled(BAD, "GOT OUT"), &json.to_string())),
        }
    }
    text
}

fn split(timing: &Timing) -> String {
    let total = timing.total().as_secs_f64().max(f64::MIN_POSITIVE);
    let part = |time: Duration| (time.as_secs_f64() / total * BAR as f64).round() as usize;
    let bar = format!(
        "{}{}{}",
        styled(WARN, "█".repeat(part(timing.host))),
        styled(GOOD, "█".repeat(part(timing.sandbox))),
        styled(DIM, "█".repeat(part(timing.network)))
    );
    format!(
        "\n{bar}\n{} {} · {} {} · {} {}\n",
        styled(WARN, "host"),
        millis(timing.host),
        styled(GOOD, "sandbox"),
        millis(timing.sandbox),
        styled(DIM, "network"),
        millis(timing.network)
    )
}

/// `no configuration can allow it`, without the explanation.
fn first_clause(remedy: &str) -> &str {
    remedy.split(':').next().unwrap_or(remedy)
}

/// Words under a detail, as wide as the screen.
fn paragraph(words: &str) -> String {
    let options = textwrap::Options::new(SCREEN).initial_indent(INDENT).subsequent_indent(INDENT).break_words(false);
    format!("{}\n", textwrap::fill(words, options))
}

fn detail(what: &str, words: &str) -> String {
    format!("    {} {words}\n", styled(DIM, format!("{what:<9}")))
}

fn millis(time: Duration) -> String {
    format!("{:.2} ms", time.as_secs_f64() * 1000.0)
}
