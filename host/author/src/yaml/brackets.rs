//! Brackets that are open at a place of a text.

use super::Place;

/// Brackets that are open.
#[derive(Default)]
pub(super) struct Brackets {
    /// The innermost last.
    pub(super) open: Vec<(char, Place)>,
    /// Whether a comment stands within them.
    pub(super) comment: bool,
}

/// The bracket that ends what this one begins.
pub(super) fn closing(bracket: char) -> char {
    if bracket == '{' { '}' } else { ']' }
}

impl Brackets {
    /// Those that are open between two places, before the first of which there are none.
    pub(super) fn until(lines: &[&str], begun: Place, end: Place) -> Self {
        let (mut all, mut quote, mut before) = (Self::default(), None, ' ');
        let places = (begun.line..=end.line).filter_map(|line| Some((line, lines.get(line.checked_sub(1)?)?)));
        for (line, text) in places {
            for (number, c) in text.chars().enumerate() {
                let place = Place { line, column: number + 1 };
                if (place.line, place.column) >= (end.line, end.column) {
                    break;
                }
                if (place.line, place.column) < (begun.line, begun.column) {
                    continue;
                }
                match (quote, c) {
                    (Some(open), _) if c == open => quote = None,
                    (Some(_), _) => {}
                    (None, '#') if before.is_whitespace() => {
                        all.comment |= !all.open.is_empty();
                        break;
                    }
                    (None, '"' | '\'') if matches!(before, ' ' | '\t' | ',' | '[' | '{' | ':') => quote = Some(c),
                    (None, '{' | '[') if !all.open.is_empty() || before.is_whitespace() => all.open.push((c, place)),
                    (None, '}' | ']') => drop(all.open.pop()),
                    (None, _) => {}
                }
                before = c;
            }
            before = ' ';
        }
        all
    }
}
