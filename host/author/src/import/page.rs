//! The report as a page for people.

use std::fmt::Write as _;

use super::report::{Line, Outcome, Report, Rule};
use super::{Imported, texts};

/// So many lines of one outcome are told; `--json` tells all.
const MOST: usize = 2_000;

const CHAPTERS: [(Outcome, &str, &str); 4] = [
    (Outcome::LeftOut, "Left out", "These operations are missing."),
    (Outcome::Lost, "A part lost", "These operations work without a part of what is described."),
    (
        Outcome::Relaxed,
        "Relaxed",
        "These operations take more than what is described: the provider refuses what is wrong.",
    ),
    (Outcome::Note, "Notes", "Nothing is missing here; some of it is worth a look."),
];

/// Writes the report in Markdown.
pub(crate) fn page(plugin: &str, source: &str, imported: &Imported) -> String {
    let mut page = format!("# What became of {}\n\n", cell(&texts::line(source, 300)));
    let _ = write!(page, "{}.", imported.totals);
    if imported.aside > 0 {
        let _ = write!(page, " Operations that were not chosen: {}.", imported.aside);
    }
    page.push_str(" None was seen to work yet: record a call of each one that matters");
    let _ = writeln!(page, " (`wharf record --to {plugin}.cassette.json {plugin} …`), and build it again.\n");
    summary(&mut page, &imported.report);
    for (outcome, title, words) in CHAPTERS {
        chapter(&mut page, outcome, title, words, &imported.report.lines);
    }
    page
}

/// How often each rule decided.
fn summary(page: &mut String, report: &Report) {
    if report.lines.is_empty() {
        page.push_str("There is nothing to tell of any part.\n");
        return;
    }
    page.push_str("| outcome | rule | times | such as |\n| --- | --- | --: | --- |\n");
    for Rule { outcome, rule, times, such } in report.by_rule() {
        let outcome = CHAPTERS.iter().find(|(of, ..)| *of == outcome).map_or("", |(_, title, _)| title);
        let _ = writeln!(page, "| {outcome} | `{rule}` | {times} | {} |", cell(such));
    }
}

fn chapter(page: &mut String, outcome: Outcome, title: &str, words: &str, lines: &[Line]) {
    let lines: Vec<&Line> = lines.iter().filter(|line| line.outcome == outcome).collect();
    if lines.is_empty() {
        return;
    }
    let _ = writeln!(page, "\n## {title}\n\n{words}\n");
    page.push_str("| operation | what | rule | place |\n| --- | --- | --- | --- |\n");
    for Line { operation, place, rule, text, .. } in lines.iter().take(MOST) {
        let code =
            |text: &str| if text.is_empty() { String::new() } else { format!("`{}`", cell(&text.replace('`', "'"))) };
        let operation = operation.as_deref().unwrap_or_default();
        let _ = writeln!(page, "| {} | {} | `{rule}` | {} |", code(operation), cell(text), code(place));
    }
    if let Some(more) = lines.len().checked_sub(MOST).filter(|more| *more > 0) {
        let _ = writeln!(page, "\nAnd {more} more: `wharf new … --from … --dry-run --json` tells all.");
    }
}

/// A text in a table.
fn cell(text: &str) -> String {
    text.replace('|', "\\|").replace('<', "&lt;").replace("![", "! [")
}
