//! Taking secrets out of what comes back.

use std::borrow::Cow;
use std::cmp::Reverse;
use std::fmt;
use std::ops::Range;
use std::sync::OnceLock;

use aho_corasick::{AhoCorasick, AhoCorasickKind, MatchKind};
use memchr::memmem::Finder;
use zeroize::{Zeroize as _, Zeroizing};

use crate::encode::{ascii_escape, form_encode, json_escape, percent_encode, slash_escape, without_false_escapes};
use crate::secret::{MASK, Text};
use crate::strength;
use crate::wiped::Wiped;

/// Secrets shorter than this many bytes are not looked for: too much else would match.
const SHORTEST_MASKED: usize = 8;

/// So many needles are looked for one by one, which is faster and makes no copies of them.
const FEW: usize = 32;

/// What is searched between two looks at the clock, in bytes.
const STRIDE: usize = 1 << 20;

/// Finds secrets in a text and takes them out. Best effort: a provider can always disguise a secret.
///
/// A search takes time that grows with the length of the text alone: few needles are looked for one by one, many in one pass.
#[derive(Clone, Default)]
pub struct Masker {
    /// The longest first: a short one may be a part of a long one, whose rest would stay.
    needles: Vec<Needle>,
    automaton: OnceLock<Option<AhoCorasick>>,
}

#[derive(Clone)]
struct Needle {
    text: Wiped,
    /// What stands in its place.
    by: Cow<'static, str>,
}

/// The time was over before everything was searched.
#[derive(Debug)]
pub(crate) struct Late;

impl Masker {
    /// Looks for the secret as it is and as it stands in JSON, in a form, in a URL and, if it is strong there too, in the
    /// name of a header.
    pub(crate) fn add(&mut self, secret: &str) {
        self.put(secret, MASK);
        let mut in_lower_case = Wiped::from(secret.to_ascii_lowercase());
        in_lower_case.secret = true;
        if *in_lower_case != *secret && strength::is_strong(&in_lower_case) {
            self.put(&in_lower_case, MASK);
        }
        self.sort();
    }

    /// Looks for a secret in the same way, and puts another text in its place. One of fewer than 8 bytes is not looked for.
    pub fn replace(&mut self, secret: &str, by: &str) {
        self.put(secret, by.to_owned());
        self.sort();
    }

    /// Looks for what another one looks for, too.
    pub fn extend(&mut self, other: &Self) {
        if !other.needles.is_empty() {
            self.needles.extend(other.needles.iter().cloned());
            self.sort();
        }
    }

    /// Looks for what was made of secrets for a request, where this one does not do so already.
    pub(crate) fn beside<'t>(&self, made: impl Iterator<Item = &'t Text>) -> Self {
        let mut masker = Self::default();
        made.for_each(|text| masker.put(text.real(), MASK));
        masker.needles.retain(|needle| !self.needles.iter().any(|known| *known.text == *needle.text));
        masker.sort();
        masker
    }

    fn put(&mut self, secret: &str, by: impl Into<Cow<'static, str>>) {
        if secret.len() < SHORTEST_MASKED {
            return;
        }
        let in_json = json_escape(secret);
        let by_php = slash_escape(&in_json);
        let forms = [
            ascii_escape(&in_json),
            ascii_escape(&by_php),
            without_false_escapes(&in_json),
            in_json,
            by_php,
            [secret].into_iter().collect(),
            form_encode(secret),
            percent_encode(secret),
        ];
        let by = by.into();
        self.needles.extend(forms.into_iter().map(|text| Needle { text, by: by.clone() }));
    }

    /// Of two that are the same, the one that came first stays.
    fn sort(&mut self) {
        self.needles.sort_by(|a, b| (Reverse(a.text.len()), &*a.text).cmp(&(Reverse(b.text.len()), &*b.text)));
        self.needles.dedup_by(|later, first| *later.text == *first.text);
        self.automaton = OnceLock::new();
    }

    /// The length of the longest thing that it looks for, in bytes.
    pub(crate) fn longest(&self) -> usize {
        self.needles.first().map_or(0, |needle| needle.text.len())
    }

    /// What it looks for, the longest first.
    pub(crate) fn needles(&self) -> impl Iterator<Item = &[u8]> {
        self.needles.iter().map(|needle| needle.text.as_bytes())
    }

    /// Where secrets stand in these bytes. They may overlap, and are in no order.
    pub(crate) fn spans(&self, bytes: &[u8], is_late: &dyn Fn() -> bool) -> Result<Vec<Range<usize>>, Late> {
        let mut spans = Vec::new();
        if let Some(automaton) = self.automaton() {
            if is_late() {
                return Err(Late);
            }
            spans.extend(automaton.find_iter(bytes).map(|found| found.range()));
            return Ok(spans);
        }
        for needle in self.needles().filter(|needle| needle.len() <= bytes.len()) {
            if is_late() {
                return Err(Late);
            }
            spans.extend(Finder::new(needle).find_iter(bytes).map(|start| start..start + needle.len()));
        }
        Ok(spans)
    }

    /// The text without the secrets in it.
    pub fn mask_text(&self, mut text: String) -> String {
        match self.masked(text.as_bytes(), &|| false) {
            Ok(Some(masked)) => {
                text.zeroize();
                // Texts were taken out of a text, so it is one.
                String::from_utf8(masked).unwrap_or_default()
            }
            Ok(None) | Err(Late) => text,
        }
    }

    /// The bytes without the secrets in them.
    pub fn mask_bytes(&self, bytes: Vec<u8>) -> Vec<u8> {
        self.mask_in_time(bytes, &|| false).unwrap_or_default()
    }

    /// The same, as long as there is time.
    pub(crate) fn mask_in_time(&self, mut bytes: Vec<u8>, is_late: &dyn Fn() -> bool) -> Result<Vec<u8>, Late> {
        Ok(match self.masked(&bytes, is_late)? {
            Some(masked) => {
                bytes.zeroize();
                masked
            }
            None => bytes,
        })
    }

    fn masked(&self, bytes: &[u8], is_late: &dyn Fn() -> bool) -> Result<Option<Vec<u8>>, Late> {
        let longest = self.longest();
        if let Some(automaton) = self.automaton() {
            return replaced(bytes, longest, is_late, |window| {
                let found = automaton.find(window)?;
                Some((found.start(), self.needles.get(found.pattern().as_usize())?))
            });
        }
        let mut masked: Option<Vec<u8>> = None;
        for needle in &self.needles {
            let all = masked.as_deref().unwrap_or(bytes);
            // To prepare a long one takes longer than to search a short text, and there may be many short ones.
            if needle.text.len() > all.len() {
                continue;
            }
            let finder = Finder::new(needle.text.as_bytes());
            let without = replaced(all, longest, is_late, |window| Some((finder.find(window)?, needle)))?;
            if let (Some(old), Some(_)) = (&mut masked, &without) {
                old.zeroize();
            }
            masked = without.or(masked);
        }
        Ok(masked)
    }

    /// For many needles. Without a prefilter, which would keep a copy of each; what the automaton itself is made of is not
    /// the needles any more, but is not wiped either. None where it would be too large.
    fn automaton(&self) -> Option<&AhoCorasick> {
        if self.needles.len() <= FEW {
            return None;
        }
        let build = || {
            AhoCorasick::builder()
                .match_kind(MatchKind::LeftmostLongest)
                .kind(Some(AhoCorasickKind::ContiguousNFA))
                .prefilter(false)
                .build(self.needles.iter().map(|needle| needle.text.as_bytes()))
                .ok()
        };
        self.automaton.get_or_init(build).as_ref()
    }
}

/// Takes secrets out of a text that comes piece by piece. What could be the beginning of one is held back until more has come.
///
/// Of the needles at one place the longest counts, and the first place before all others.
pub(crate) struct Stream<'m> {
    masker: &'m Masker,
    finders: Vec<Finder<'m>>,
    /// What was held back, and then what came behind it.
    text: Zeroizing<Vec<u8>>,
}

impl<'m> Stream<'m> {
    /// No piece has more than so many bytes.
    pub(crate) fn new(masker: &'m Masker, longest_piece: usize) -> Self {
        let needles = if masker.automaton().is_some() { &[] } else { masker.needles.as_slice() };
        let finders = needles.iter().map(|needle| Finder::new(needle.text.as_bytes())).collect();
        // It does not grow: a vector that does leaves its content where it was.
        Self { masker, finders, text: Zeroizing::new(Vec::with_capacity(longest_piece + masker.longest())) }
    }

    /// Takes a piece, and gives what is known to be no part of a secret; after the last piece all of it.
    pub(crate) fn push(&mut self, piece: &[u8], is_last: bool, masked: &mut Vec<u8>) {
        self.text.extend_from_slice(piece);
        let text = self.text.as_slice();
        // All that begins before this place is there as a whole.
        let whole =
            if is_last { text.len() } else { text.len().saturating_sub(self.masker.longest().saturating_sub(1)) };
        let mut next: Vec<_> = self.finders.iter().map(|finder| finder.find(text)).collect();
        let mut at = 0;
        while let Some((start, needle)) = self.first(text, at, &mut next).filter(|(start, _)| *start < whole) {
            masked.extend_from_slice(text.get(at..start).unwrap_or_default());
            masked.extend_from_slice(needle.by.as_bytes());
            at = start + needle.text.len();
        }
        let end = whole.max(at);
        masked.extend_from_slice(text.get(at..end).unwrap_or_default());
        self.text.drain(..end);
    }

    /// The first place from here on where there is a needle. `next` has where each of few was found last.
    fn first(&self, text: &[u8], from: usize, next: &mut [Option<usize>]) -> Option<(usize, &'m Needle)> {
        let rest = text.get(from..)?;
        if let Some(automaton) = self.masker.automaton() {
            let found = automaton.find(rest)?;
            return Some((from + found.start(), self.masker.needles.get(found.pattern().as_usize())?));
        }
        for (finder, next) in self.finders.iter().zip(&mut *next) {
            if next.is_some_and(|place| place < from) {
                *next = finder.find(rest).map(|place| from + place);
            }
        }
        // Of those at one place the first, which is the longest.
        let found = next.iter().zip(&self.masker.needles).filter_map(|(next, needle)| Some(((*next)?, needle)));
        found.min_by_key(|(place, _)| *place)
    }
}

impl fmt::Debug for Masker {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(f, "Masker({} needles)", self.needles.len())
    }
}

/// The bytes without what `next` finds first in each window of them; none where it finds nothing.
fn replaced<'n>(
    bytes: &[u8],
    longest: usize,
    is_late: &dyn Fn() -> bool,
    next: impl Fn(&[u8]) -> Option<(usize, &'n Needle)>,
) -> Result<Option<Vec<u8>>, Late> {
    let mut masked: Option<Vec<u8>> = None;
    let (mut kept, mut at) = (0, 0);
    while at < bytes.len() {
        if is_late() {
            return Err(Late);
        }
        // Beyond the stride, so that what begins in it is found whole.
        let end = bytes.len().min(at + STRIDE + longest);
        at = match next(bytes.get(at..end).unwrap_or_default()) {
            Some((start, Needle { text, by })) if start < STRIDE => {
                let masked = masked.get_or_insert_with(|| Vec::with_capacity(bytes.len()));
                masked.extend_from_slice(bytes.get(kept..at + start).unwrap_or_default());
                masked.extend_from_slice(by.as_bytes());
                kept = at + start + text.len();
                kept
            }
            _ => at + STRIDE,
        };
    }
    if let Some(masked) = &mut masked {
        masked.extend_from_slice(bytes.get(kept..).unwrap_or_default());
    }
    Ok(masked)
}

#[cfg(test)]
mod tests;
