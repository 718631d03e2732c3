//! What is wrong, as it is told.

use std::fmt;
use std::path::Path;

use wharf::text::in_one_line;

/// How much of a line is shown, and how much of that before the place, in characters.
const SHOWN: usize = 100;
const BEFORE: usize = 60;

/// What is wrong with the folder of a plugin.
#[derive(Clone, Debug, PartialEq, Eq, serde::Serialize)]
pub struct Problem {
    /// The file, by the name that the folder was given by: `acme/plugin.yaml`.
    pub file: String,
    /// From 1; 0 for a whole file.
    pub line: usize,
    /// In characters, from 1; 0 for a whole file.
    pub column: usize,
    /// A JSON Pointer into the document; empty for the whole of it.
    pub place: String,
    /// What is wrong, and what to write instead.
    pub problem: String,
    /// The line as it stands, or the part of a long one around the place, with control characters as escapes.
    pub source: String,
    /// How many characters of it stand before the place.
    pub before: usize,
}

impl Problem {
    /// What is wrong with a whole file, or with the folder.
    pub(crate) fn of_file(file: &Path, problem: impl Into<String>) -> Self {
        let (source, problem) = (String::new(), problem.into());
        Self { file: named(file), line: 0, column: 0, place: String::new(), problem, source, before: 0 }
    }

    /// What is wrong at a place of a file's text.
    pub(super) fn at(file: &Path, text: &str, line: usize, column: usize, place: &str, problem: String) -> Self {
        let whole = lines(text).nth(line.saturating_sub(1)).unwrap_or_default();
        let skipped = if whole.chars().count() > SHOWN { column.saturating_sub(1).saturating_sub(BEFORE) } else { 0 };
        let part = |from: usize, most: usize| whole.chars().skip(from).take(most).collect::<String>();
        let dots = if skipped > 0 { "…" } else { "" };
        let before = format!("{dots}{}", in_one_line(&part(skipped, column.saturating_sub(1).saturating_sub(skipped))));
        let cut = if whole.chars().count() > skipped + SHOWN { "…" } else { "" };
        let source = format!("{dots}{}{cut}", in_one_line(&part(skipped, SHOWN)));
        let before = before.chars().count();
        Self { file: named(file), line, column, place: place.to_owned(), problem, source, before }
    }

    /// The same at the name of the member, where that stands before its value.
    pub(super) fn at_the_name(mut self) -> Self {
        let name = self.place.rsplit('/').next().unwrap_or_default().replace("~1", "/").replace("~0", "~");
        let before: String = self.source.chars().take(self.before).collect();
        let Some(before) = before.trim_end().strip_suffix(':').map(str::trim_end) else { return self };
        let quotes = before.chars().rev().take_while(|c| matches!(c, '"' | '\'')).count().min(1);
        let length = name.chars().count() + 2 * quotes;
        let bare: String = before.chars().rev().skip(quotes).take(name.chars().count()).collect();
        if !bare.chars().eq(name.chars().rev()) {
            return self;
        }
        if let Some(begins) = before.chars().count().checked_sub(length) {
            self.column = self.column.saturating_sub(self.before.saturating_sub(begins));
            self.before = begins;
        }
        self
    }

    /// The same in other words where a comment has made null of what was to be a text.
    pub(super) fn of_null(mut self) -> Self {
        let behind: String = self.source.chars().skip(self.before).collect();
        let comment = behind.trim_start_matches([':', ' ']);
        if self.problem.starts_with("it is null") && comment.starts_with('#') {
            self.problem =
                "it is null, as `#` begins a comment; put quotes around a text that begins with `#`".to_owned();
        }
        self
    }
}

/// As a person names it.
fn named(file: &Path) -> String {
    in_one_line(&file.strip_prefix(".").unwrap_or(file).display().to_string())
}

/// Lines end as they do in YAML.
fn lines(text: &str) -> impl Iterator<Item = &str> {
    text.split('\n').flat_map(|line| line.strip_suffix('\r').unwrap_or(line).split('\r'))
}

impl fmt::Display for Problem {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        let Self { file, line, column, place, problem, source, before } = self;
        if *line == 0 {
            return write!(f, "{file}: {problem}");
        }
        let place = if place.is_empty() { String::new() } else { format!("{}: ", in_one_line(place)) };
        writeln!(f, "{file}:{line}:{column}: {place}{}", in_one_line(problem))?;
        writeln!(f, "{line:>5} | {source}")?;
        write!(f, "      | {:before$}^", "")
    }
}

impl std::error::Error for Problem {}
