//! Operations found by words: BM25 over SQLite's FTS5, in memory.
//!
//! Each word of a question is a search of its own, and so is each word of about the same meaning: `end` finds what deletes. An
//! operation has the sum of what its words are worth, and more the more of them it has.

use std::collections::{BTreeMap, HashMap};
use std::sync::{Mutex, PoisonError};

use rusqlite::{Connection, params};
use serde_json::Value;
use wharf::declaration::Effect;
use wharf::manifest::{Manifest, Operation};

use crate::Principal;

mod words;

/// What is found of an operation.
#[derive(Clone, Debug, PartialEq, Eq)]
pub(crate) struct Found {
    pub(crate) plugin: String,
    pub(crate) name: String,
    pub(crate) title: String,
    pub(crate) summary: String,
    pub(crate) effect: Effect,
    pub(crate) idempotent: bool,
}

/// The operations of all plugins that answer calls.
pub(crate) struct Index {
    /// In the order of the rows, from 1.
    operations: Vec<Found>,
    database: Mutex<Connection>,
}

/// Rows with what they are worth for a word.
type Worth = HashMap<i64, f64>;

/// What stands in a name counts by how short the name is, whatever is said of the operation: so these are tables of their own, each
/// with what it counts. Words are reduced to their stems, and letters to those without accents.
const TABLES: &str = "
    CREATE VIRTUAL TABLE heads USING fts5(name, title, plugin, content = '', tokenize = \"porter unicode61 remove_diacritics 2\");
    CREATE VIRTUAL TABLE bodies USING fts5(summary, content = '', tokenize = \"porter unicode61 remove_diacritics 2\");
    CREATE VIRTUAL TABLE takes USING fts5(inputs, details, content = '', tokenize = \"porter unicode61 remove_diacritics 2\");";

/// BM25 is below zero, the better the lower.
const SEARCH: &str = "
    SELECT rowid, -bm25(heads, 3.0, 4.0, 3.0) FROM heads WHERE heads MATCH ?1
    UNION ALL SELECT rowid, -bm25(bodies) FROM bodies WHERE bodies MATCH ?1
    UNION ALL SELECT rowid, -0.3 * bm25(takes, 1.0, 0.5) FROM takes WHERE takes MATCH ?1";

/// What a word of about the same meaning is worth.
const ALIKE: f64 = 0.6;

/// What the beginning of a word is worth, where no such word is known.
const BEGINNING: f64 = 0.5;

/// How much the share of the words counts that an operation has: its worth is multiplied with that share so many times.
const SHARE: i32 = 2;

/// How much more an operation is worth whose name has no words but those that are asked for.
const NAMED: f64 = 0.15;

impl Index {
    /// Of the operations of these plugins.
    pub(crate) fn of(plugins: &[Manifest]) -> rusqlite::Result<Self> {
        let mut database = Connection::open_in_memory()?;
        database.execute_batch(TABLES)?;
        let transaction = database.transaction()?;
        let mut operations = Vec::new();
        for (plugin, operation) in plugins.iter().flat_map(|plugin| plugin.operations.iter().map(move |o| (plugin, o)))
        {
            operations.push(found(plugin, operation));
            insert(&transaction, operations.len() as i64, plugin, operation)?;
        }
        transaction.commit()?;
        Ok(Self { operations, database: Mutex::new(database) })
    }

    /// All that a principal may know of, in the plugins' order.
    pub(crate) fn all<'i>(&'i self, principal: &'i Principal) -> impl Iterator<Item = &'i Found> {
        self.operations.iter().filter(|found| principal.sees(&found.plugin, &found.name, found.effect))
    }

    /// Those of them that words are about, the best first.
    pub(crate) fn find(&self, question: &str, principal: &Principal) -> rusqlite::Result<Vec<&Found>> {
        let asked = words::of_question(question);
        let mut worth: BTreeMap<i64, (f64, usize)> = BTreeMap::new();
        for word in &asked {
            for (row, value) in self.worth_of(word)? {
                let (sum, count) = worth.entry(row).or_default();
                *sum += value;
                *count += 1;
            }
        }
        let share = |count: usize| (count as f64 / asked.len() as f64).powi(SHARE);
        let known = words::with_alike(&asked);
        let named = |found: &Found| 1.0 + NAMED * words::share_of(&found.name, &known);
        let mut ranked: Vec<(f64, &Found)> = worth
            .into_iter()
            .filter_map(|(row, (sum, count))| Some((sum * share(count), self.of_row(row)?)))
            .map(|(value, found)| (value * named(found), found))
            .filter(|(_, found)| principal.sees(&found.plugin, &found.name, found.effect))
            .collect();
        // Stable: equals stay in the plugins' order.
        ranked.sort_by(|(a, _), (b, _)| b.total_cmp(a));
        Ok(ranked.into_iter().map(|(_, found)| found).collect())
    }

    /// Of a word, of those of about the same meaning, or else of those that begin with it.
    fn worth_of(&self, word: &str) -> rusqlite::Result<Worth> {
        let mut worth = self.matches(&format!("\"{word}\""))?;
        // A rare word is worth much, and another one in its place is not worth more than the word itself.
        let most = worth.values().copied().reduce(f64::max).unwrap_or(f64::INFINITY);
        for alike in words::alike(word) {
            for (row, value) in self.matches(&format!("\"{alike}\""))? {
                let known = worth.entry(row).or_default();
                *known = known.max(value.min(most) * ALIKE);
            }
        }
        if worth.is_empty() && word.chars().count() > 2 {
            worth = self.matches(&format!("\"{word}\"*"))?;
            worth.values_mut().for_each(|value| *value *= BEGINNING);
        }
        Ok(worth)
    }

    fn of_row(&self, row: i64) -> Option<&Found> {
        self.operations.get(usize::try_from(row.checked_sub(1)?).ok()?)
    }

    fn matches(&self, question: &str) -> rusqlite::Result<Worth> {
        let database = self.database.lock().unwrap_or_else(PoisonError::into_inner);
        let mut search = database.prepare_cached(SEARCH)?;
        let mut worth = Worth::new();
        for found in search.query_map([question], |row| Ok((row.get(0)?, row.get::<_, f64>(1)?)))? {
            let (row, value) = found?;
            *worth.entry(row).or_default() += value;
        }
        Ok(worth)
    }
}

fn found(plugin: &Manifest, operation: &Operation) -> Found {
    Found {
        plugin: plugin.about.name.clone(),
        name: operation.name.clone(),
        title: operation.title.clone(),
        summary: operation.summary.clone(),
        effect: operation.effect,
        idempotent: operation.idempotent,
    }
}

fn insert(database: &Connection, row: i64, plugin: &Manifest, operation: &Operation) -> rusqlite::Result<()> {
    let name = words::parts(&operation.name);
    let of_plugin = format!("{} {}", plugin.about.name, plugin.about.title);
    let (inputs, details) = inputs(operation);
    database.prepare_cached("INSERT INTO heads (rowid, name, title, plugin) VALUES (?, ?, ?, ?)")?.execute(params![
        row,
        name,
        operation.title,
        of_plugin
    ])?;
    database
        .prepare_cached("INSERT INTO bodies (rowid, summary) VALUES (?, ?)")?
        .execute(params![row, operation.summary])?;
    database
        .prepare_cached("INSERT INTO takes (rowid, inputs, details) VALUES (?, ?, ?)")?
        .execute(params![row, inputs, details])?;
    Ok(())
}

/// The names of the inputs and of the attached files, and what is said of them.
fn inputs(operation: &Operation) -> (String, String) {
    let names = operation.input_names().chain(operation.attachments.iter().map(|file| file.name.as_str()));
    let names: Vec<String> = names.map(words::parts).collect();
    let of_input = |schema: &Value| schema.get("description").and_then(Value::as_str).map(str::to_owned);
    let schemas = operation.input_schema.get("properties").and_then(Value::as_object).into_iter().flatten();
    let files = operation.attachments.iter().map(|file| file.summary.clone());
    let details: Vec<String> = schemas.filter_map(|(_, schema)| of_input(schema)).chain(files).collect();
    (names.join(" "), details.join(" "))
}

#[cfg(test)]
mod tests;
