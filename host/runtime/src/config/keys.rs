//! Unknown keys: refused with their line and the nearest known key.

use toml::de::{DeTable, DeValue};

use wharf_egress::text::in_one_line;

use crate::operation::nearest;

const TOP: &[&str] = &["plugins", "store", "audit", "retries", "limits", "connections"];
const AUDIT: &[&str] = &["file", "required", "enabled"];
const LIMITS: &[&str] = &[
    "timeout",
    "cpu",
    "memory",
    "table_entries",
    "requests",
    "request",
    "answer_head",
    "answer",
    "traffic",
    "blobs",
    "output",
    "attachments",
    "state",
    "randomness",
    "transfer",
    "resources",
    "log",
];
/// Of all calls together.
const COMMON_LIMITS: &[&str] = &[
    "calls",
    "instances",
    "memories",
    "tables",
    "stack",
    "compile_time",
    "compile_memory",
    "compile_output",
    "plugins",
];
const CONNECTION: &[&str] = &[
    "provider",
    "base_url",
    "fields",
    "operations",
    "effects",
    "allow_addresses",
    "allow_weak",
    "nat64",
    "ca",
    "ca_file",
    "proxy",
    "limits",
];

type Problem = (Option<usize>, String);

/// Refuses the first key that is not known. The names of plugins, connections and fields are the operator's and the
/// plugin's.
pub(super) fn check(text: &str) -> Result<(), Problem> {
    let table =
        DeTable::parse(text).map_err(|e| (e.span().map(|span| line_of(text, span.start)), e.message().to_owned()))?;
    let table = table.get_ref();
    known(text, "", table, TOP)?;
    if let Some(audit) = table_in(table, "audit") {
        known(text, "audit.", audit, AUDIT)?;
    }
    if let Some(limits) = table_in(table, "limits") {
        known(text, "limits.", limits, &[LIMITS, COMMON_LIMITS].concat())?;
        for (name, limits) in tables_in(limits, "plugins") {
            known(text, &format!("limits.plugins.{name}."), limits, LIMITS)?;
        }
    }
    for (name, connection) in tables_in(table, "connections") {
        let place = format!("connections.{name}.");
        known(text, &place, connection, CONNECTION)?;
        if let Some(limits) = table_in(connection, "limits") {
            one_for_all(text, &place, limits)?;
            known(text, &format!("{place}limits."), limits, LIMITS)?;
        }
    }
    Ok(())
}

fn table_in<'a, 'de>(table: &'a DeTable<'de>, key: &str) -> Option<&'a DeTable<'de>> {
    match table.get(key)?.get_ref() {
        DeValue::Table(inner) => Some(inner),
        _ => None,
    }
}

/// The tables in a table of tables, by name.
fn tables_in<'a, 'de>(table: &'a DeTable<'de>, key: &str) -> impl Iterator<Item = (&'a str, &'a DeTable<'de>)> {
    table_in(table, key).into_iter().flat_map(|all| all.iter()).filter_map(|(name, value)| match value.get_ref() {
        DeValue::Table(inner) => Some((name.get_ref().as_ref(), inner)),
        _ => None,
    })
}

/// Says of a limit of all calls that it cannot stand with a connection, rather than that it is not known.
fn one_for_all(text: &str, place: &str, limits: &DeTable<'_>) -> Result<(), Problem> {
    match limits.keys().find(|key| COMMON_LIMITS.contains(&key.get_ref().as_ref())) {
        Some(key) => {
            let problem = format!("`{place}limits.{}` is one for all calls; it stands under [limits]", key.get_ref());
            Err((Some(line_of(text, key.span().start)), problem))
        }
        None => Ok(()),
    }
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
        return Err((Some(line), format!("`{place}{}` is not known here; {known_here}", in_one_line(name))));
    }
    Ok(())
}

/// The line, from 1, of a place in a text.
pub(super) fn line_of(text: &str, at: usize) -> usize {
    text.bytes().take(at).filter(|byte| *byte == b'\n').count() + 1
}
