//! A plugin and its operations, by resource.

use std::fmt::Write as _;
use std::io::{IsTerminal as _, stdout};

use wharf::declaration::Effect;
use wharf::manifest::{Manifest, Operation};

use super::{effect, unverified};
use crate::print::{BOLD, DIM, NAME, WARN, styled};

/// The connection, and the chosen operations.
pub(super) fn plugin(manifest: &Manifest, chosen: &[&Operation]) -> String {
    let mut text = String::new();
    let all = chosen.len() == manifest.operations.len();
    if all {
        let _ = writeln!(
            text,
            "{} {}\n{}\n\n{}\n{}",
            styled(BOLD, format!("{} {}", manifest.about.name, manifest.about.version)),
            manifest.about.title,
            manifest.about.summary,
            styled(BOLD, "connection"),
            connection(manifest)
        );
    }
    text.push_str(&operations(chosen));
    let of = if all { String::new() } else { format!(" of {}", manifest.operations.len()) };
    let name = &manifest.about.name;
    let hint = format!(
        "{}{of} operations: {}. `wharf describe {name} OPERATION` shows the inputs of one, `--find WORD` those about a word.",
        chosen.len(),
        counts(chosen)
    );
    let _ = write!(text, "\n{}", styled(DIM, hint));
    text
}

fn operations(chosen: &[&Operation]) -> String {
    let mut text = String::new();
    let name_width = chosen.iter().map(|o| o.name.len()).max().unwrap_or_default();
    // What a program or `grep` reads has one line for each.
    let width = if stdout().is_terminal() { textwrap::termwidth() } else { usize::MAX };
    let mut resource = "";
    for operation in chosen {
        if operation.resource() != resource {
            let gap = if resource.is_empty() { "" } else { "\n" };
            resource = operation.resource();
            // Writing to a String does not fail.
            let _ = writeln!(text, "{gap}{}", styled(BOLD, resource));
        }
        let name = styled(NAME, format!("{:<name_width$}", operation.name));
        let indent = " ".repeat(name_width + 10);
        let summary = hanging(&operation.summary, width, &indent);
        let _ = writeln!(text, "  {name} {} {summary}{}", effect(operation.effect), unverified(operation));
    }
    text
}

/// A text whose further lines stand below its first.
fn hanging(text: &str, width: usize, indent: &str) -> String {
    let room = width.saturating_sub(indent.len());
    if !(20..1000).contains(&room) {
        return text.to_owned();
    }
    textwrap::wrap(text, room).join(&format!("\n{indent}"))
}

fn counts(chosen: &[&Operation]) -> String {
    let effects = [Effect::Read, Effect::Write, Effect::Delete];
    let count = |effect: Effect| chosen.iter().filter(|o| o.effect == effect).count();
    let counts = effects.map(|effect| (effect.as_str(), count(effect)));
    let words: Vec<String> =
        counts.iter().filter(|(_, count)| *count > 0).map(|(word, count)| format!("{count} {word}")).collect();
    words.join(", ")
}

fn connection(manifest: &Manifest) -> String {
    let mut text = String::new();
    let base_url = &manifest.about.base_url;
    let variable = |name: &Option<String>| name.as_ref().map(|v| format!(" [{v}]")).unwrap_or_default();
    let _ = writeln!(
        text,
        "  {} {}{}",
        styled(NAME, format!("{:<16}", "base_url")),
        base_url.summary,
        styled(DIM, variable(&base_url.environment))
    );
    for field in &manifest.about.fields {
        let marks = match (field.required, field.secret) {
            (true, true) => "required, secret: ",
            (true, false) => "required: ",
            (false, true) => "secret: ",
            (false, false) => "",
        };
        let _ = writeln!(
            text,
            "  {} {}{}{}",
            styled(NAME, format!("{:<16}", field.name)),
            styled(WARN, marks),
            field.summary,
            styled(DIM, variable(&field.environment))
        );
    }
    text
}
