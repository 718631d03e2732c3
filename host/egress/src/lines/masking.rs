//! Masking of items that follow each other: a secret whose parts stand in several of them is taken out as if they were one text.

use std::collections::VecDeque;
use std::ops::Range;

use zeroize::Zeroize as _;

use super::Line;
use crate::masker::{Late, Masker};
use crate::secret::MASK;

/// How many items may be held back at one time. Beyond them, what could become a secret is taken for one.
const MOST_HELD: usize = 64;

/// What stands between items where somebody puts them together: nothing, or the end of a line, which secrets of several lines have.
const BETWEEN: [&str; 2] = ["", "\n"];

/// What follows the items that there are.
#[derive(Clone, Copy, PartialEq, Eq)]
enum Then {
    More,
    End,
    /// Nobody knows.
    Break,
}

/// Takes secrets out of items. One is held back as long as its end could be the beginning of a secret, and no longer.
pub(crate) struct LineMasker {
    masker: Masker,
    /// For each needle how much of its beginning its parts end with, so that no byte is looked at twice.
    borders: Vec<Vec<usize>>,
    held: VecDeque<Line>,
    /// How many at the front are masked, and may go.
    ready: usize,
}

impl LineMasker {
    pub(crate) fn new(masker: Masker) -> Self {
        let borders = masker.needles().map(borders).collect();
        Self { masker, borders, held: VecDeque::new(), ready: 0 }
    }

    /// The next item.
    pub(crate) fn put(&mut self, line: Line, is_late: &dyn Fn() -> bool) -> Result<(), Late> {
        // Nobody puts names together.
        let event = self.masker.mask_text(line.event);
        let id = self.masker.mask_text(line.id);
        self.held.push_back(Line { event, id, ..line });
        self.release(Then::More, is_late)
    }

    /// There is no other: what could have become a secret is none, unless there would have been more.
    pub(crate) fn end(&mut self, is_whole: bool, is_late: &dyn Fn() -> bool) -> Result<(), Late> {
        self.release(if is_whole { Then::End } else { Then::Break }, is_late)
    }

    /// What is masked.
    pub(crate) fn take(&mut self) -> Option<Line> {
        self.ready = self.ready.checked_sub(1)?;
        self.held.pop_front()
    }

    /// Whether none is there, also none that is held back.
    pub(crate) fn is_empty(&self) -> bool {
        self.held.is_empty()
    }

    fn release(&mut self, then: Then, is_late: &dyn Fn() -> bool) -> Result<(), Late> {
        let mut go = self.held.len();
        let mut found = Vec::new();
        for between in BETWEEN {
            // Items that end in nothing of a secret of several lines look the same.
            if !between.is_empty() && (self.held.len() < self.ready + 1 || !self.masker.needles().any(has_line_break)) {
                continue;
            }
            let joined = Joined::of(self.held.iter().skip(self.ready), between);
            let mut secrets = self.masker.spans(&joined.text, is_late)?;
            let open = joined.text.len() - self.unfinished(&joined.text);
            match then {
                Then::End => {}
                Then::More if self.held.len() - self.ready <= MOST_HELD => {
                    go = go.min(self.ready + joined.whole_before(open, &secrets));
                }
                Then::More | Then::Break => secrets.push(open..joined.text.len()),
            }
            found.push((joined, secrets));
        }
        let cuts: Vec<Cut> = found.iter().flat_map(|(joined, secrets)| joined.cuts(secrets)).collect();
        let from = self.ready;
        for (index, line) in self.held.iter_mut().enumerate().skip(from).take(go.saturating_sub(from)) {
            cut(&mut line.data, cuts.iter().filter(|cut| cut.line + from == index));
        }
        self.ready = self.ready.max(go);
        Ok(())
    }

    /// How long the end of a text is that could be the beginning of a secret.
    fn unfinished(&self, text: &[u8]) -> usize {
        let each = self.masker.needles().zip(&self.borders);
        each.map(|(needle, borders)| beginning_at_the_end(text, needle, borders)).max().unwrap_or(0)
    }
}

fn has_line_break(needle: &[u8]) -> bool {
    needle.contains(&b'\n')
}

/// Items as one text.
struct Joined {
    text: Vec<u8>,
    /// Where each of them stands in it.
    lines: Vec<Range<usize>>,
}

/// A part of an item that belongs to a secret.
struct Cut {
    line: usize,
    range: Range<usize>,
    /// Whether the secret begins there, so that the mask stands there.
    begins: bool,
}

impl Joined {
    fn of<'l>(lines: impl Iterator<Item = &'l Line>, between: &str) -> Self {
        let mut joined = Self { text: Vec::new(), lines: Vec::new() };
        for line in lines {
            if !joined.lines.is_empty() {
                joined.text.extend_from_slice(between.as_bytes());
            }
            let start = joined.text.len();
            joined.text.extend_from_slice(line.data.as_bytes());
            joined.lines.push(start..joined.text.len());
        }
        joined
    }

    /// How many items end before a place, and have no part of a secret that goes on behind them.
    fn whole_before(&self, mut place: usize, secrets: &[Range<usize>]) -> usize {
        loop {
            let whole = self.lines.iter().take_while(|line| line.end <= place).count();
            let end = self.lines.get(..whole).and_then(<[_]>::last).map_or(0, |line| line.end);
            match secrets.iter().find(|secret| secret.start < end && secret.end > end) {
                Some(secret) => place = secret.start,
                None => return whole,
            }
        }
    }

    fn cuts(&self, secrets: &[Range<usize>]) -> impl Iterator<Item = Cut> {
        secrets.iter().flat_map(|secret| {
            let mut begins = true;
            let parts = self.lines.iter().enumerate().map(move |(line, place)| {
                let range = secret.start.max(place.start)..secret.end.min(place.end);
                (line, place, range)
            });
            parts.filter(|(_, _, range)| !range.is_empty()).map(move |(line, place, range)| Cut {
                line,
                range: range.start - place.start..range.end - place.start,
                begins: std::mem::replace(&mut begins, false),
            })
        })
    }
}

/// Takes parts out of a text. Those that overlap are one.
fn cut<'c>(text: &mut String, cuts: impl Iterator<Item = &'c Cut>) {
    let mut cuts: Vec<(Range<usize>, bool)> = cuts.map(|cut| (cut.range.clone(), cut.begins)).collect();
    if cuts.is_empty() {
        return;
    }
    cuts.sort_by_key(|(range, _)| range.start);
    let (mut masked, mut kept) = (String::with_capacity(text.len()), 0);
    for (range, begins) in cuts {
        if range.start >= kept {
            masked.push_str(text.get(kept..range.start).unwrap_or_default());
            if begins {
                masked.push_str(MASK);
            }
        }
        kept = kept.max(range.end);
    }
    masked.push_str(text.get(kept..).unwrap_or_default());
    text.zeroize();
    *text = masked;
}

/// For each part at the beginning of a needle, how long the longest shorter one is that it ends with.
fn borders(needle: &[u8]) -> Vec<usize> {
    let mut borders = vec![0; needle.len()];
    let mut matched = 0;
    for (at, byte) in needle.iter().enumerate().skip(1) {
        matched = step(needle, &borders, matched, *byte);
        if let Some(border) = borders.get_mut(at) {
            *border = matched;
        }
    }
    borders
}

/// How much of a needle is matched after another byte (Knuth, Morris and Pratt).
fn step(needle: &[u8], borders: &[usize], mut matched: usize, byte: u8) -> usize {
    while matched > 0 && needle.get(matched) != Some(&byte) {
        matched = borders.get(matched - 1).copied().unwrap_or(0);
    }
    if needle.get(matched) == Some(&byte) { matched + 1 } else { 0 }
}

/// The length of the longest beginning of a needle, but not all of it, that a text ends with.
fn beginning_at_the_end(text: &[u8], needle: &[u8], borders: &[usize]) -> usize {
    let window = text.get(text.len().saturating_sub(needle.len().saturating_sub(1))..).unwrap_or(text);
    window.iter().fold(0, |matched, byte| step(needle, borders, matched, *byte))
}

#[cfg(test)]
mod tests {
    use proptest::prelude::*;

    use super::*;

    const SECRET: &str = "k7RmX2vQp9LzT4wB";

    fn masker(secrets: &[&str]) -> Masker {
        let mut masker = Masker::default();
        secrets.iter().for_each(|secret| masker.add(secret));
        masker
    }

    fn line(data: &str) -> Line {
        Line { data: data.to_owned(), ..Line::default() }
    }

    /// What is handed on after each of these, and at the end.
    fn steps(secrets: &[&str], items: &[&str]) -> Vec<Vec<String>> {
        let mut masking = LineMasker::new(masker(secrets));
        let mut taken = Vec::new();
        for item in items {
            masking.put(line(item), &|| false).unwrap();
            taken.push(std::iter::from_fn(|| masking.take()).map(|line| line.data).collect());
        }
        masking.end(true, &|| false).unwrap();
        taken.push(std::iter::from_fn(|| masking.take()).map(|line| line.data).collect());
        taken
    }

    fn masked(secrets: &[&str], items: &[&str]) -> Vec<String> {
        steps(secrets, items).concat()
    }

    #[test]
    fn an_item_goes_at_once_unless_it_ends_like_the_beginning_of_a_secret() {
        let taken = steps(&[SECRET], &["plain", "ends in k7R", "and goes on", "k7RmX2vQp9LzT4wB."]);
        assert_eq!(taken, [vec!["plain"], vec![], vec!["ends in k7R", "and goes on"], vec!["•••."], vec![]]);
    }

    #[test]
    fn a_secret_in_two_items_is_in_none() {
        for at in 1..SECRET.len() {
            let (first, second) = SECRET.split_at(at);
            let items = [format!("the {first}"), format!("{second} it is")];
            let taken = steps(&[SECRET], &items.each_ref().map(String::as_str));
            assert_eq!(taken, [vec![], vec!["the •••".to_owned(), " it is".to_owned()], vec![]], "{at}");
        }
    }

    #[test]
    fn a_secret_in_many_items_is_in_none() {
        let items: Vec<String> = format!("a {SECRET} z").chars().map(String::from).collect();
        let items: Vec<&str> = items.iter().map(String::as_str).collect();
        assert_eq!(masked(&[SECRET], &items).concat(), "a ••• z");
        assert_eq!(masked(&[SECRET], &items).len(), items.len(), "none is left out");
    }

    #[test]
    fn a_secret_of_several_lines_is_in_none() {
        let secret = "first-line-of-it\nsecond-line-of-it";
        assert_eq!(masked(&[secret], &["first-line-of-it", "second-line-of-it", "."]), ["•••", "", "."]);
        assert_eq!(masked(&[secret], &["first-line-of-it\nsecond-line-of-it."]), ["•••."]);
    }

    #[test]
    fn a_secret_that_begins_another_one_does_not_save_its_rest() {
        assert_eq!(masked(&["abcdefgh", "abcdefgh-and-more"], &["abcdefgh", "-and-more"]), ["•••", ""]);
        assert_eq!(masked(&["abcdefgh", "abcdefgh-and-more"], &["abcdefgh", "-and-less"]), ["•••", "-and-less"]);
    }

    #[test]
    fn the_beginning_of_a_secret_at_the_end_of_all_is_none_unless_there_would_have_been_more() {
        assert_eq!(masked(&[SECRET], &["k7RmX2vQ"]), ["k7RmX2vQ"]);
        let mut masking = LineMasker::new(masker(&[SECRET]));
        masking.put(line("half: k7RmX2vQ"), &|| false).unwrap();
        masking.end(false, &|| false).unwrap();
        assert_eq!(masking.take().unwrap().data, "half: •••");
    }

    #[test]
    fn names_and_ids_are_masked_too() {
        let mut masking = LineMasker::new(masker(&[SECRET]));
        masking.put(Line { event: format!("e-{SECRET}"), id: SECRET.to_owned(), ..line("1") }, &|| false).unwrap();
        assert_eq!(masking.take(), Some(Line { event: "e-•••".to_owned(), id: "•••".to_owned(), ..line("1") }));
    }

    #[test]
    fn no_more_than_so_many_are_held_back() {
        let mut masking = LineMasker::new(masker(&[SECRET]));
        masking.put(line("k7RmX2"), &|| false).unwrap();
        (0..MOST_HELD).for_each(|_| masking.put(line(""), &|| false).unwrap());
        let taken: Vec<String> = std::iter::from_fn(|| masking.take()).map(|line| line.data).collect();
        assert_eq!((taken.len(), taken[0].as_str()), (MOST_HELD + 1, "•••"), "and what may be a secret is not let go");
    }

    proptest! {
        #[test]
        fn no_secret_is_left_however_it_is_split_and_nothing_else_is_lost(
            parts in prop::collection::vec(prop::sample::select(vec!["ab", "abcabcab", "cabcabca", "abcabcabd", "x", ""]), 0..12),
            at in prop::collection::vec(0..100_usize, 0..8),
        ) {
            let secrets = ["abcabcabd", "cabcabca"];
            let stream = parts.concat();
            let mut at: Vec<usize> = at.into_iter().map(|at| at.min(stream.len())).chain([0, stream.len()]).collect();
            at.sort_unstable();
            let items: Vec<&str> = at.windows(2).map(|pair| &stream[pair[0]..pair[1]]).collect();
            let masked = masked(&secrets, &items);
            prop_assert_eq!(masked.len(), items.len());
            let all = masked.concat();
            prop_assert!(secrets.iter().all(|secret| !all.contains(secret)), "{:?}", masked);
            if secrets.iter().all(|secret| !stream.contains(secret)) {
                prop_assert_eq!(all, stream);
            }
        }
    }
}
