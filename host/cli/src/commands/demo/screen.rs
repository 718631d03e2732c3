//! The demo on a screen of 100 columns.

use std::time::Duration;

use wharf::failure::{CallError, Refusal};
use wharf::{Exchange, Timing};

use super::{Attempt, Line, total, was_stopped};
use crate::print::{BAD, BOLD, DIM, GOOD, NAME, Text, WARN, styled, text};

/// Columns of the screen.
const SCREEN: usize = 100;
/// Width of the bar that shows where the time went, in characters.
const BAR: usize = 60;
/// From here on the details of a line stand.
const INDENT: &str = "              ";

pub(super) fn draw(lines: &[Line], attempts: &[Attempt]) -> Text {
    let mut text = text![
        "\n",
        styled(BOLD, "Wharf: other people's integrations, without the keys to your house"),
        "\n",
        styled(
            DIM,
            "Five providers, simulated on this machine. All requests leave by one way; code runs in a fresh sandbox."
        ),
        "\n",
    ];
    for (index, line) in lines.iter().enumerate() {
        text.add(one(index + 1, line));
    }
    text![text, hostile(lines.len() + 1, attempts), split(&total(lines))]
}

fn one(number: usize, line: &Line) -> Text {
    let (mark, result) = match &line.result {
        Ok(json) => (styled(GOOD, "✓"), json.to_string()),
        Err(error) => (styled(BAD, "✗"), error.to_string()),
    };
    let mut text = text![
        "\n",
        number.to_string(),
        " ",
        mark,
        " ",
        styled(NAME, line.plugin),
        " ",
        styled(BOLD, line.operation),
        "  ",
        styled(DIM, "→"),
        " ",
        result,
        "  ",
        styled(DIM, millis(line.timing.total())),
        "\n",
    ];
    for declared in &line.declared {
        text.add(detail("declared", declared));
    }
    for exchange in &line.exchanges {
        text.add(sent(exchange));
    }
    text
}

fn sent(exchange: &Exchange) -> Text {
    let request = &exchange.request;
    let status = exchange.status.map_or_else(|| "no answer".to_owned(), |s| s.to_string());
    let line = format!("{} {} ", request.method, request.url);
    let mut text = detail("sent", text![line, styled(DIM, format!("→ {status}"))]);
    for (name, value) in &request.headers {
        text.add(text![INDENT, name, ": ", styled(WARN, value), "\n"]);
    }
    if let Some(body) = &request.body {
        text.add(text![INDENT, body, "\n"]);
    }
    text
}

fn hostile(number: usize, attempts: &[Attempt]) -> Text {
    let (mark, end) = if attempts.iter().all(was_stopped) {
        (styled(GOOD, "✓"), "is refused")
    } else {
        (styled(BAD, "✗"), "IS NOT REFUSED")
    };
    let story = format!("a plugin that was granted the same connection tries to get out, and {end}");
    let name = styled(NAME, "hostile");
    let mut text = text!["\n", number.to_string(), " ", mark, " ", name, " ", styled(BOLD, story), "\n"];
    for attempt in attempts {
        text.add(detail("tried", attempt.tried));
        text.add(match &attempt.result {
            Err(CallError::Refusal(Refusal::Denied(denial))) => {
                let remedy = styled(DIM, first_clause(&denial.remedy).to_owned());
                let rule = styled(BAD, denial.rule.name());
                text![detail("denied", text![rule, " ", remedy]), paragraph(&denial.message)]
            }
            Err(error) => detail("failed", error.to_string()),
            Ok(json) => text!["    ", styled(BAD, "GOT OUT"), "   ", json.to_string(), "\n"],
        });
    }
    text
}

fn split(timing: &Timing) -> Text {
    let total = timing.total().as_secs_f64().max(f64::MIN_POSITIVE);
    let part = |time: Duration| (time.as_secs_f64() / total * BAR as f64).round() as usize;
    text![
        "\n",
        styled(WARN, "█".repeat(part(timing.host))),
        styled(GOOD, "█".repeat(part(timing.sandbox.unwrap_or_default()))),
        styled(DIM, "█".repeat(part(timing.network))),
        "\n",
        styled(WARN, "host"),
        format!(" {} · ", millis(timing.host)),
        styled(GOOD, "sandbox"),
        format!(" {} · ", millis(timing.sandbox.unwrap_or_default())),
        styled(DIM, "network"),
        format!(" {}", millis(timing.network)),
        "\n",
    ]
}

/// `no configuration can allow it`, without the explanation.
fn first_clause(remedy: &str) -> &str {
    remedy.split(':').next().unwrap_or(remedy)
}

/// Words under a detail, as wide as the screen.
fn paragraph(words: &str) -> Text {
    let options = textwrap::Options::new(SCREEN).initial_indent(INDENT).subsequent_indent(INDENT).break_words(false);
    textwrap::wrap(words, options).into_iter().map(|line| text![line.into_owned(), "\n"]).collect()
}

fn detail(what: &str, words: impl Into<Text>) -> Text {
    text!["    ", styled(DIM, format!("{what:<9}")), " ", words.into(), "\n"]
}

fn millis(time: Duration) -> String {
    format!("{:.2} ms", time.as_secs_f64() * 1000.0)
}
