//! Unknown keys: refused with their line and the nearest known key.

use toml::de::{DeTable, DeValue};

use crate::operation::nearest;

const TOP: &[&str] = &["plugins", "store", "limits", "connections"];
const LIMITS: &[&str] =
    &["timeout", "memory", "table_entries", "request", "answer", "blobs", "output", "requests", "log", "resources"];
const CONNECTION: &[&str] = &["provider", "base_url", "fields", "operations", "effects", "allow_addresses", "limits"];

type Problem = (Option<usize>, String);

/// Refuses the first key that is not known. The names of connections and fields are the operator's and the plugin's.
pub(super) fn check(text: &str) -> Result<(), Problem> {
    let table =
        DeTable::parse(text).map_err(|e| (e.span().map(|span| line_of(text, span.start)), e.message().to_owned()))?;
    let table = table.get_ref();
    known(text, "", table, TOP)?;
    if let Some(DeValue::Table(limits)) = table.get("limits").map(|v| v.get_ref()) {
        known(text, "limits.", limits, LIMITS)?;
    }
    let Some(DeValue::Table(connections)) = table.get("connections").map(|v| v.get_ref()) else { return Ok(()) };
    for (name, connection) in connections {
        if let DeValue::Table(connection) = connection.get_ref() {
            let place = format!("connections.{}.", name.get_ref());
            known(text, &place, connection, CONNECTION)?;
            if let Some(DeValue::Table(limits)) = connection.get("limits").map(|v| v.get_ref()) {
                known(text, &format!("{place}limits."), limits, LIMITS)?;
            }
        }
    }
    Ok(())
}

fn known(text: &str, place: &str, table: &DeTable<'_>, known: &[&str]) -> Result<(), Problem> {
    for key in table.keys() {
        let name: &str = key.get_ref();
        if known.contains(&name) {
            continue;
        }
        let known_here = match nearest(name, known.iter().copied()) {
            Some(near) => format!("did you mean `{near}`?"),
            None => format!("known are `{}`", known.join("`, `")),
        };
        let line = line_of(text, key.span().start);
        return Err((Some(line), format!("`{place}{}` is not known here; {known_here}", name.escape_debug())));
    }
    Ok(())
}

/// The line, from 1, of a place in a text.
pub(super) fn line_of(text: &str, at: usize) -> usize {
    text.bytes().take(at).filter(|byte| *byte == b'\n').count() + 1
}
