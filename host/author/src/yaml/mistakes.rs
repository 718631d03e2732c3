//! What is probably meant where a text is no YAML: a parser tells where it cannot go on, which is often behind the mistake.

use super::brackets::{Brackets, closing};
use super::tree::shown;
use super::{Place, Problem};

/// What is wrong with a text, in words of what to do. The parser could not go on `at` a place; what is open there has `begun` at
/// one of some others.
pub(super) fn explained(text: &str, begun: impl Iterator<Item = Place>, at: Place, said: &str) -> Problem {
    let seen = Seen { lines: lines(text).collect(), at, said };
    let found = seen
        .line()
        .or_else(|| seen.quote())
        .or_else(|| seen.tab())
        .or_else(|| seen.brackets(seen.outermost_bracket(begun)))
        .or_else(|| seen.outdented());
    found.unwrap_or_else(|| at.wrong(words(said)))
}

/// Lines end as YAML says: by `\n`, `\r\n` or `\r`.
fn lines(text: &str) -> impl Iterator<Item = &str> {
    text.split('\n').flat_map(|line| line.strip_suffix('\r').unwrap_or(line).split('\r'))
}

/// A text, and where it cannot be read on.
struct Seen<'t> {
    lines: Vec<&'t str>,
    at: Place,
    said: &'t str,
}

impl<'t> Seen<'t> {
    fn says(&self, any: &[&str]) -> bool {
        any.iter().any(|part| self.said.contains(part))
    }

    fn text_of(&self, line: usize) -> &'t str {
        line.checked_sub(1).and_then(|line| self.lines.get(line)).copied().unwrap_or_default()
    }

    /// The first of some places with a bracket; else the last.
    fn outermost_bracket(&self, places: impl Iterator<Item = Place>) -> Place {
        let mut last = Place { line: self.at.line, column: 1 };
        for place in places {
            last = place;
            if matches!(self.text_of(place.line).chars().nth(place.column.saturating_sub(1)), Some('{' | '[')) {
                break;
            }
        }
        last
    }

    /// The characters of the line before the place, and those from there on.
    fn around(&self) -> (&'t str, &'t str) {
        let line = self.text_of(self.at.line);
        let at = line.char_indices().nth(self.at.column.saturating_sub(1)).map_or(line.len(), |(at, _)| at);
        line.split_at_checked(at).unwrap_or((line, ""))
    }

    /// A line that is no member, the one before the place or its own.
    fn line(&self) -> Option<Problem> {
        let of_lines =
            ["mapping values are not", "simple key expect", "expected key", "expected '-'", "block sequence"];
        if !self.says(&of_lines) {
            return None;
        }
        let is_some = |line: &usize| !self.text_of(*line).trim().is_empty();
        let before = (1..self.at.line).rev().find(is_some);
        let slip = |line: usize| {
            let (column, problem) = slip_of(self.text_of(line))?;
            Some(Place { line, column }.wrong(problem))
        };
        let nameless = |line: &usize| {
            let text = self.text_of(*line);
            self.says(&["simple key expect"]) && !text.contains(':') && !text.trim_start().starts_with(['#', '-'])
        };
        let found = before.and_then(slip).or_else(|| slip(self.at.line));
        found.or_else(|| {
            let line = before.filter(nameless)?;
            let place = Place { line, column: 1 + indent(self.text_of(line)) };
            Some(place.wrong("a name needs a colon and a blank behind it: `name: value`"))
        })
    }

    /// A text in quotes that does not end, or that ends too early.
    fn quote(&self) -> Option<Problem> {
        let (before, rest) = self.around();
        if self.says(&["invalid trailing content"]) {
            let problem = match before.trim_end().ends_with('\'') {
                true => {
                    "the text in quotes ends before this; a quote in it is written twice (`'it''s'`), or put `\"` around it"
                }
                false => "the text in quotes ends before this; a quote in it is written `\\\"`, or put `'` around it",
            };
            return Some(self.at.wrong(problem));
        }
        let does_not_end = self.says(&["invalid indentation", "unexpected end of stream", "document indicator"]);
        (does_not_end && rest.starts_with(['"', '\'']))
            .then(|| self.at.wrong("the quote that ends this text is missing"))
    }

    fn tab(&self) -> Option<Problem> {
        if !self.says(&["tab", "valid YAML whitespace"]) {
            return None;
        }
        // Of a text that goes on, the line is told in which it began.
        let lines = self.at.line..=self.at.line.saturating_add(2);
        let with_a_tab = |number: usize| Some((number, self.text_of(number).chars().position(|c| c == '\t')?));
        let (number, tab) = lines.into_iter().find_map(with_a_tab)?;
        let line = self.text_of(number);
        let place = Place { line: number, column: tab + 1 };
        Some(place.wrong(match tab <= indent(line) {
            true => "a tab stands where only blanks may; indent with blanks",
            false => "a tab stands here; write a blank",
        }))
    }

    /// What is wrong within brackets, or with them.
    fn brackets(&self, begun: Place) -> Option<Problem> {
        let (before, rest) = self.around();
        if !self.says(&["expected ',' or", "invalid indentation", "node content", "unexpected end", "unexpected eof"]) {
            return None;
        }
        let brackets = Brackets::until(&self.lines, begun, self.at);
        let &(bracket, place) = brackets.open.last()?;
        let (what, end) = (if bracket == '{' { "mapping" } else { "list" }, closing(bracket));
        if rest.starts_with(['{', '[']) && before.ends_with(|c: char| !c.is_whitespace()) {
            return Some(self.unquoted(before, rest));
        }
        if rest.starts_with(',') {
            return Some(self.at.wrong("a value is missing before this comma; write one, or delete the comma"));
        }
        if rest.starts_with(':') && place.line == self.at.line {
            return Some(self.at.wrong(
                "a comma is missing before this name; or, if it is part of a text, the quotes around one with a colon and a blank",
            ));
        }
        let is_other_end = rest.starts_with(['}', ']']) && !rest.starts_with(end);
        if !is_other_end && place.line == self.at.line && !rest.is_empty() {
            return None;
        }
        let problem = match brackets.comment {
            true => format!(
                "the `{end}` that ends this {what} is missing: what stands behind ` #` is a comment; put quotes around a text with `#`"
            ),
            false => format!("the `{end}` that ends this {what} is missing, or a comma in it"),
        };
        Some(place.wrong(problem))
    }

    /// A text in brackets that has brackets in it.
    fn unquoted(&self, before: &str, rest: &str) -> Problem {
        let begins = before.rfind([' ', '\t', ',', '[', '{']).map_or(0, |at| at + 1);
        let begun = before.get(begins..).unwrap_or_default();
        let ends = rest.find([' ', '\t', ',']).unwrap_or(rest.len());
        let text = format!("{begun}{}", rest.get(..ends).unwrap_or_default());
        let column = before.get(..begins).unwrap_or_default().chars().count() + 1;
        let bare = text.trim_matches(['“', '”', '„', '‘', '’']);
        let bracket = if rest.starts_with('{') { '{' } else { '[' };
        let problem = match bare == text {
            true => format!("a text with `{bracket}` in it needs quotes here: `\"{}\"`", shown(bare)),
            false => format!("these are no quotes of YAML; write `\"{}\"`", shown(bare)),
        };
        Place { line: self.at.line, column }.wrong(problem)
    }

    /// A name that is indented less than those before and behind it, which are like it.
    fn outdented(&self) -> Option<Problem> {
        if !self.says(&["expected key"]) {
            return None;
        }
        let indents = |lines: std::ops::Range<usize>| {
            let of = move |line: usize| (line, self.text_of(line));
            let is_content = |(_, text): &(usize, &str)| !text.trim().is_empty() && !text.trim_start().starts_with('#');
            lines.map(of).filter(is_content).map(|(line, text)| (line, indent(text)))
        };
        let own = self.at.column.saturating_sub(1);
        let (line, less) = indents(1..self.at.line).rev().find(|(_, found)| *found < own)?;
        let inner = indents(line + 1..self.at.line).next()?.1;
        let above: Vec<(usize, usize)> = indents(1..line).rev().take_while(|(_, found)| *found > less).collect();
        let at = above.iter().position(|(_, found)| *found == own)?;
        let like = above.get(at)?.0;
        above.get(..at)?.iter().any(|(_, found)| *found == inner).then(|| {
            let problem = format!("this is indented less than the names around it; indent it like line {like}");
            Place { line, column: less + 1 }.wrong(problem)
        })
    }
}

/// How many blanks a line begins with.
fn indent(line: &str) -> usize {
    line.len() - line.trim_start_matches(' ').len()
}

/// What is wrong with a line, and in which column.
fn slip_of(line: &str) -> Option<(usize, String)> {
    let begins = line.chars().take_while(|c| c.is_whitespace()).count() + 1;
    let text = line.trim();
    if line.starts_with("<<<<<<< ") || line.starts_with(">>>>>>> ") || line == "=======" {
        let problem = "two versions were not merged here: keep one of them, and delete the lines with `<<<<<<<`, `=======` and `>>>>>>>`";
        return Some((1, problem.to_owned()));
    }
    if let Some(found) = blank_that_is_none(line) {
        return Some(found);
    }
    if text.starts_with("//") || text.starts_with("/*") {
        return Some((begins, "a comment begins with `#`".to_owned()));
    }
    if text.starts_with("-{") || text.starts_with("-[") {
        return Some((begins, "a blank is missing behind the `-`".to_owned()));
    }
    if let Some((name, value)) = text.split_once('=').filter(|(name, _)| is_name(name.trim_end())) {
        return Some((begins, format!("write `{}: {}`", name.trim_end(), shown(value.trim_start()))));
    }
    let (name, value) = text.split_once(':').filter(|(name, _)| is_name(name))?;
    let is_glued = !value.is_empty() && !value.starts_with([' ', '\t', ':']) && !value.starts_with("//");
    is_glued.then(|| (begins, format!("a blank is missing behind the colon: `{name}: {}`", shown(value))))
}

fn is_name(text: &str) -> bool {
    !text.is_empty() && text.chars().all(|c| c.is_alphanumeric() || matches!(c, '-' | '_' | '.'))
}

/// A character that looks like a blank where there has to be one.
fn blank_that_is_none(line: &str) -> Option<(usize, String)> {
    let mut before = ' ';
    for (number, c) in line.chars().enumerate() {
        let is_like_one =
            matches!(c, '\u{a0}' | '\u{1680}' | '\u{2000}'..='\u{200b}' | '\u{202f}' | '\u{205f}' | '\u{3000}');
        if is_like_one && matches!(before, ' ' | ':' | '-') {
            let name =
                if c == '\u{a0}' { "a no-break space".to_owned() } else { "a character like a blank".to_owned() };
            return Some((number + 1, format!("{name} (U+{:04X}) stands here; write a blank", u32::from(c))));
        }
        before = c;
    }
    None
}

/// What the parser says, in words of what to do.
fn words(said: &str) -> String {
    const KNOWN: [(&str, &str); 22] = [
        ("unknown anchor", "there is no `&name` for this `*name`; a text that begins with `*` needs quotes"),
        ("anchor or alias", "a text that begins with `*` or `&` needs quotes"),
        ("tab", "a tab stands where only blanks may; indent with blanks"),
        (
            "mapping values are not allowed",
            "a name and its colon may not stand here; indent it like the lines around it, and put quotes around a text that \
             has a colon and a blank in it",
        ),
        ("simple key expect", "a name needs a colon and a blank behind it: `name: value`"),
        ("unexpected character", "a text that begins with this character needs quotes"),
        ("plain scalar cannot start", "a text that begins with `-` needs quotes here"),
        ("recursion limit", "brackets stand in brackets here more than 255 deep; write it flatter"),
        ("expected key", "this is no member of the mapping above: indent it like the others, and write `name: value`"),
        (
            "expected '-' indicator",
            "this is no entry of the list above: indent it like the others, and begin it with `- `",
        ),
        ("block sequence entries", "a list may not begin here; begin it in a line of its own"),
        ("expected ',' or", "a comma is missing here, or the bracket that ends the list or the mapping"),
        ("node content", "a value is missing here"),
        ("misplaced bracket", "this bracket ends nothing; delete it, or put quotes around the text"),
        ("invalid indentation", "this is indented less than what it belongs to; indent it further, with blanks"),
        ("unexpected end of stream", "the quote that ends this text is missing"),
        ("document indicator", "the quote that ends this text is missing"),
        (
            "escape character",
            "a backslash between `\"` begins an escape, and one in this text is not known; write `\\\\`, or put `'` around it",
        ),
        ("hexadecimal", "an escape in this text lacks digits; write it like `\\u00e9`"),
        (
            "comment intercepting",
            "a comment stands within a text of several lines; delete it, or put quotes around the text",
        ),
        ("directive", "a line that begins with `%` is not read here; delete it, or put quotes around a text"),
        ("byte order mark", "a byte order mark stands here, which is not shown; delete it"),
    ];
    let known = KNOWN.iter().find(|(part, _)| said.contains(part)).map(|(_, words)| (*words).to_owned());
    // What it was at is of no use to a person.
    let bare = said.split_once(", ").filter(|(doing, _)| doing.starts_with("while ")).map_or(said, |(_, bare)| bare);
    known.unwrap_or_else(|| format!("it is not YAML here: {}", shown(bare)))
}
