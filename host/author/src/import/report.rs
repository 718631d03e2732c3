//! What became of each part of a description.

use std::cmp::Reverse;
use std::collections::HashMap;
use std::fmt;

use indexmap::IndexMap;
use serde::Serialize;

/// What became of a part.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord, Hash, Serialize)]
#[serde(rename_all = "kebab-case")]
pub enum Outcome {
    /// It works as described; something of it is said in another way, or a person should look at it.
    Note,
    /// Its input is held to less than the description says.
    Relaxed,
    /// The operation works, and an optional part of it is missing.
    Lost,
    /// The operation is missing.
    LeftOut,
}

/// One thing that is told.
#[derive(Clone, Debug, PartialEq, Eq, Serialize)]
pub struct Line {
    /// What became of the part.
    pub outcome: Outcome,
    /// The operation, as the description writes it: `GET /users/{id}`; none for what belongs to no single one.
    pub operation: Option<String>,
    /// Where it stands: `openapi.yaml#/paths/~1users/get/parameters/0`.
    pub place: String,
    /// Which rule of the importer decided, in kebab case: `cookie-parameter`.
    pub rule: &'static str,
    /// What was met, and what became of it, for people.
    pub text: String,
}

/// All that is told of an import.
#[derive(Clone, Debug, Default, PartialEq, Eq, Serialize)]
pub struct Report {
    /// What became of parts, in the order of the description.
    pub lines: Vec<Line>,
}

/// What one rule decided.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct Rule<'r> {
    /// What became of the parts.
    pub outcome: Outcome,
    /// The rule, in kebab case.
    pub rule: &'r str,
    /// How often it decided.
    pub times: usize,
    /// The first text of it.
    pub such: &'r str,
}

/// How much of a description was carried over, in operations.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq, Serialize)]
pub struct Totals {
    /// All that were chosen.
    pub operations: usize,
    /// With nothing relaxed and nothing lost.
    pub carried_over: usize,
    /// With something relaxed, and nothing lost.
    pub relaxed: usize,
    /// With a part lost.
    pub lost: usize,
    /// Those that are missing.
    pub left_out: usize,
}

/// Tells what became of the parts of one operation.
pub(crate) struct Teller<'r> {
    report: &'r mut Report,
    operation: Option<String>,
}

impl Report {
    /// For the parts of an operation, such as `GET /users/{id}`; none for those of the whole API.
    pub(crate) fn of(&mut self, operation: Option<String>) -> Teller<'_> {
        Teller { report: self, operation }
    }

    /// How often each rule decided, the worst outcome and the most usual rule first.
    pub fn by_rule(&self) -> Vec<Rule<'_>> {
        let mut rules: IndexMap<(Outcome, &str), Rule<'_>> = IndexMap::new();
        for Line { outcome, rule, text, .. } in &self.lines {
            let first = Rule { outcome: *outcome, rule, times: 0, such: text };
            rules.entry((*outcome, rule)).or_insert(first).times += 1;
        }
        let mut rules: Vec<Rule<'_>> = rules.into_values().collect();
        rules.sort_by_key(|rule| Reverse((rule.outcome, rule.times)));
        rules
    }

    /// The operations that are missing.
    pub(crate) fn left_out(&self) -> impl Iterator<Item = &str> {
        let left_out = self.lines.iter().filter(|line| line.outcome == Outcome::LeftOut);
        left_out.filter_map(|line| line.operation.as_deref())
    }

    /// What became of the operations, each of which counts once, by the worst that is told of it.
    pub(crate) fn totals<'a>(&self, operations: impl Iterator<Item = &'a str>) -> Totals {
        let mut worst: HashMap<&str, Outcome> = HashMap::new();
        for Line { outcome, operation, .. } in &self.lines {
            if let Some(operation) = operation {
                let known = worst.entry(operation).or_insert(*outcome);
                *known = (*known).max(*outcome);
            }
        }
        let mut totals = Totals::default();
        for operation in operations {
            totals.operations += 1;
            match worst.get(operation) {
                None | Some(Outcome::Note) => totals.carried_over += 1,
                Some(Outcome::Relaxed) => totals.relaxed += 1,
                Some(Outcome::Lost) => totals.lost += 1,
                Some(Outcome::LeftOut) => totals.left_out += 1,
            }
        }
        totals
    }
}

impl Teller<'_> {
    pub(crate) fn note(&mut self, place: &str, rule: &'static str, text: impl Into<String>) {
        self.tell(Outcome::Note, place, rule, text.into());
    }

    pub(crate) fn relaxed(&mut self, place: &str, rule: &'static str, text: impl Into<String>) {
        self.tell(Outcome::Relaxed, place, rule, text.into());
    }

    pub(crate) fn lost(&mut self, place: &str, rule: &'static str, text: impl Into<String>) {
        self.tell(Outcome::Lost, place, rule, text.into());
    }

    pub(crate) fn left_out(&mut self, place: &str, rule: &'static str, text: impl Into<String>) {
        self.tell(Outcome::LeftOut, place, rule, text.into());
    }

    fn tell(&mut self, outcome: Outcome, place: &str, rule: &'static str, text: String) {
        let (operation, place) = (self.operation.clone(), place.to_owned());
        self.report.lines.push(Line { outcome, operation, place, rule, text });
    }
}

impl fmt::Display for Totals {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        let Self { operations, carried_over, relaxed, lost, left_out } = self;
        write!(f, "{carried_over} of {operations} operations carried over")?;
        for (count, what) in [(relaxed, "relaxed"), (lost, "with a part lost"), (left_out, "left out")] {
            if *count > 0 {
                write!(f, ", {count} {what}")?;
            }
        }
        Ok(())
    }
}
