//! Operations found by words: BM25 over SQLite's FTS5, in memory.
//!
//! Each word of a question is a search of its own, and so is what it is called in names (`search/words.txt`): `end` finds what deletes.
//! An operation has the sum of what its words are worth, and more the more of them it has, the rare ones before all. Its name and its
//! effect say how likely it is meant.

use std::collections::{BTreeMap, HashMap, HashSet};
use std::sync::{Mutex, PoisonError};

use rusqlite::{Connection, params};
use serde_json::Value;
use wharf::declaration::Effect;
use wharf::manifest::{Manifest, Operation};

use crate::Principal;

mod words;

use words::{Question, Term, parts, single};

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

/// What another word for it is worth, and what a further one adds.
const NAMED: f64 = 0.8;
const FURTHER: f64 = 0.6;

/// How many further ones add something.
const MORE: usize = 2;

/// The same where it stands for several words: those have another meaning each alone.
const OF_PHRASE: f64 = 0.9;

/// What the beginning of a word is worth, where no such word is known.
const BEGINNING: f64 = 0.5;

/// How much more an operation is worth whose name has no words but those that are asked for, and whose action is one of them.
const WHOLE_NAME: f64 = 1.2;
const ACTION: f64 = 0.2;

/// What reading is worth to whoever wants to know something, and deleting to whoever did not speak of it.
const READS: f64 = 1.2;
const DELETES: f64 = 0.6;

/// What an operation is worth, in shares of the one that its name begins with, where nobody asked for the rest of it:
/// `users.create-bcrypt` comes after `users.create`.
const SPECIAL: f64 = 0.95;

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

    /// All that there are, in the plugins' order.
    pub(crate) fn operations(&self) -> impl Iterator<Item = &Found> {
        self.operations.iter()
    }

    /// Those that a principal may know of.
    pub(crate) fn all<'i>(&'i self, principal: &'i Principal) -> impl Iterator<Item = &'i Found> {
        self.operations().filter(|found| principal.sees(&found.plugin, &found.name, found.effect))
    }

    /// Those of them that words are about, the best first.
    pub(crate) fn find(&self, question: &str, principal: &Principal) -> rusqlite::Result<Vec<&Found>> {
        let question = words::of_question(question);
        let mut sums: BTreeMap<i64, (f64, f64)> = BTreeMap::new();
        let mut whole = 0.0;
        for term in &question.terms {
            let worth = self.worth_of(term)?;
            // A word that nothing has is no reason to find nothing.
            if worth.is_empty() {
                continue;
            }
            let rare = (1.0 + self.operations.len() as f64 / worth.len() as f64).ln();
            whole += rare;
            for (row, value) in worth {
                let (sum, has) = sums.entry(row).or_default();
                *sum += value;
                *has += rare;
            }
        }
        let said = question.all();
        let mut ranked: Vec<(f64, &Found)> = sums
            .into_iter()
            .filter_map(|(row, (sum, has))| Some((sum * has / whole, self.of_row(row)?)))
            .filter(|(_, found)| principal.sees(&found.plugin, &found.name, found.effect))
            .map(|(value, found)| (value * meant(found, &question, &said), found))
            .collect();
        after_what_they_begin_with(&mut ranked, &said);
        // Stable: equals stay in the plugins' order.
        ranked.sort_by(|(a, _), (b, _)| b.total_cmp(a));
        Ok(ranked.into_iter().map(|(_, found)| found).collect())
    }

    /// Of a term, of what else it is called, or else of words that begin with it.
    fn worth_of(&self, term: &Term) -> rusqlite::Result<Worth> {
        let mut worth = self.matches(&format!("\"{}\"", term.text))?;
        // A rare word is worth much, and another one in its place is not worth more than the word itself.
        let most = worth.values().copied().reduce(f64::max).unwrap_or(f64::INFINITY);
        let share = if term.text.contains(' ') { OF_PHRASE } else { NAMED };
        let mut others: HashMap<i64, Vec<f64>> = HashMap::new();
        for named in &term.named {
            for (row, value) in self.matches(&format!("\"{named}\""))? {
                others.entry(row).or_default().push(value.min(most) * share);
            }
        }
        for (row, mut values) in others {
            values.sort_by(|a, b| b.total_cmp(a));
            let further: f64 = values.iter().skip(1).take(MORE).sum();
            let known = worth.entry(row).or_default();
            *known = known.max(values.first().copied().unwrap_or_default() + FURTHER * further);
        }
        if worth.is_empty() && term.text.chars().count() > 2 {
            worth = self.matches(&format!("\"{}\"*", term.text))?;
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

/// How likely it is meant, by its name and its effect.
fn meant(found: &Found, question: &Question, said: &HashSet<String>) -> f64 {
    let words: Vec<String> = parts(&found.name).to_lowercase().split_whitespace().map(single).collect();
    let known = words.iter().filter(|word| said.contains(*word)).count();
    let mut meant = 1.0 + WHOLE_NAME * known as f64 / words.len().max(1) as f64;
    let action = found.name.rsplit('.').next().and_then(|action| action.split('-').next());
    if action.is_some_and(|action| said.contains(&single(action))) {
        meant *= 1.0 + ACTION;
    }
    match found.effect {
        Effect::Read if question.is_asking => meant * READS,
        Effect::Delete if !["delete", "remove"].iter().any(|word| said.contains(*word)) => meant * DELETES,
        _ => meant,
    }
}

/// Puts what is special after what it is special of, where nobody asked for that.
fn after_what_they_begin_with(ranked: &mut [(f64, &Found)], said: &HashSet<String>) {
    let worth: HashMap<(&str, &str), f64> =
        ranked.iter().map(|(value, found)| ((found.plugin.as_str(), found.name.as_str()), *value)).collect();
    for (value, found) in ranked {
        for (place, _) in found.name.match_indices('-') {
            let (general, special) = found.name.split_at(place);
            let is_said = parts(special).split_whitespace().any(|word| said.contains(&single(word)));
            match worth.get(&(found.plugin.as_str(), general)) {
                Some(of_general) if !is_said => *value = value.min(of_general * SPECIAL),
                _ => {}
            }
        }
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
    let name = parts(&operation.name);
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
    let names: Vec<String> = names.map(parts).collect();
    let of_input = |schema: &Value| schema.get("description").and_then(Value::as_str).map(str::to_owned);
    let schemas = operation.input_schema.get("properties").and_then(Value::as_object).into_iter().flatten();
    let files = operation.attachments.iter().map(|file| file.summary.clone());
    let details: Vec<String> = schemas.filter_map(|(_, schema)| of_input(schema)).chain(files).collect();
    (names.join(" "), details.join(" "))
}

#[cfg(test)]
mod agents;
#[cfg(test)]
mod tests;
