//! The words of questions, and what they are called in names.

use std::collections::{HashMap, HashSet};
use std::sync::LazyLock;

/// How many words of a question count, and how long they may be.
const MOST: usize = 24;
const LONGEST: usize = 64;

/// How many words of a question may stand between those of a phrase.
const BETWEEN: usize = 2;

/// Words that say nothing of what is looked for, but in a phrase.
const EMPTY: &[&str] = &[
    "a",
    "about",
    "after",
    "again",
    "all",
    "already",
    "also",
    "am",
    "an",
    "and",
    "any",
    "anybody",
    "anymore",
    "anyone",
    "anything",
    "are",
    "around",
    "as",
    "at",
    "away",
    "back",
    "be",
    "because",
    "been",
    "before",
    "being",
    "between",
    "both",
    "but",
    "by",
    "can",
    "could",
    "d",
    "did",
    "didn",
    "do",
    "does",
    "doesn",
    "don",
    "done",
    "during",
    "each",
    "either",
    "else",
    "ever",
    "every",
    "everybody",
    "everyone",
    "everything",
    "few",
    "first",
    "for",
    "from",
    "given",
    "had",
    "has",
    "have",
    "he",
    "her",
    "here",
    "hers",
    "him",
    "his",
    "how",
    "i",
    "if",
    "in",
    "into",
    "is",
    "isn",
    "it",
    "its",
    "just",
    "kindly",
    "last",
    "least",
    "less",
    "let",
    "lets",
    "like",
    "ll",
    "m",
    "many",
    "may",
    "maybe",
    "me",
    "might",
    "mine",
    "more",
    "most",
    "much",
    "must",
    "my",
    "myself",
    "need",
    "new",
    "no",
    "not",
    "now",
    "of",
    "off",
    "ok",
    "on",
    "once",
    "one",
    "only",
    "or",
    "other",
    "others",
    "our",
    "out",
    "over",
    "own",
    "per",
    "please",
    "quickly",
    "re",
    "right",
    "s",
    "same",
    "she",
    "should",
    "since",
    "so",
    "some",
    "somebody",
    "someone",
    "something",
    "soon",
    "still",
    "such",
    "t",
    "than",
    "that",
    "the",
    "their",
    "them",
    "then",
    "there",
    "these",
    "they",
    "thing",
    "things",
    "this",
    "those",
    "through",
    "to",
    "too",
    "until",
    "up",
    "us",
    "ve",
    "very",
    "via",
    "want",
    "was",
    "we",
    "were",
    "what",
    "whatever",
    "when",
    "whenever",
    "where",
    "which",
    "while",
    "who",
    "whom",
    "whose",
    "why",
    "will",
    "with",
    "within",
    "without",
    "would",
    "yet",
    "you",
    "your",
    "yours",
    "yourself",
];

/// What a question begins with that wants to know something, and changes nothing.
const ASKING: &[&str] = &[
    "are", "can", "count", "did", "do", "does", "fetch", "find", "get", "has", "have", "how", "is", "list", "look",
    "read", "see", "show", "was", "were", "what", "when", "where", "which", "who", "whose", "why",
];

/// What people say, and what it is called in names.
static KNOWN: LazyLock<Known> = LazyLock::new(|| Known::read(include_str!("words.txt")));

struct Known {
    words: HashMap<&'static str, Vec<&'static str>>,
    /// By their first word.
    phrases: HashMap<&'static str, Vec<Phrase>>,
}

struct Phrase {
    words: Vec<&'static str>,
    named: Vec<&'static str>,
}

/// A question as it is looked for.
#[derive(Debug, Default)]
pub(super) struct Question {
    pub(super) terms: Vec<Term>,
    /// Whether it wants to know something.
    pub(super) is_asking: bool,
}

/// A word of a question, or several that belong together: letters, digits and blanks alone, so that nothing of it is syntax of FTS5.
#[derive(Debug)]
pub(super) struct Term {
    pub(super) text: String,
    /// What it is called in names, too.
    pub(super) named: Vec<&'static str>,
}

impl Known {
    fn read(text: &'static str) -> Self {
        let mut known = Self { words: HashMap::new(), phrases: HashMap::new() };
        let lines = text.lines().filter(|line| !line.starts_with('#')).filter_map(|line| line.split_once(':'));
        for (said, named) in lines {
            let named: Vec<&str> = named.split_whitespace().collect();
            for said in said.split_whitespace() {
                let words: Vec<&str> = said.split('_').collect();
                match words.as_slice() {
                    [word] => known.words.entry(word).or_default().extend(&named),
                    [first, ..] => {
                        let phrase = Phrase { words: words.clone(), named: named.clone() };
                        known.phrases.entry(first).or_default().push(phrase);
                    }
                    [] => {}
                }
            }
        }
        known
    }

    fn named(&self, word: &str) -> Vec<&'static str> {
        let named = forms(word).find_map(|form| self.words.get(form.as_str())).cloned().unwrap_or_default();
        named.into_iter().filter(|named| *named != word).collect()
    }

    /// The longest phrase that begins with the first of these words, and where its words stand.
    fn phrase(&self, words: &[String]) -> Option<(&Phrase, Vec<usize>)> {
        let begin = forms(words.first()?);
        let begun = begin.filter_map(|form| self.phrases.get(form.as_str())).flatten();
        let found = begun.filter_map(|phrase| Some((phrase, phrase.places(words)?)));
        found.max_by_key(|(phrase, _)| phrase.words.len())
    }
}

impl Phrase {
    /// Where its words stand, where the first one is the first of it.
    fn places(&self, words: &[String]) -> Option<Vec<usize>> {
        let mut places = vec![0];
        for wanted in self.words.iter().skip(1) {
            let after = places.last()? + 1;
            let near = words.iter().enumerate().skip(after).take(BETWEEN + 1);
            places.push(near.into_iter().find(|(_, word)| forms(word).any(|form| form == *wanted))?.0);
        }
        Some(places)
    }
}

/// A name taken apart: `users.list-sessions` and `maxItems` are of words.
pub(super) fn parts(name: &str) -> String {
    let mut words = String::with_capacity(name.len() + 8);
    let mut before = ' ';
    for c in name.chars() {
        if c.is_uppercase() && before.is_lowercase() {
            words.push(' ');
        }
        words.push(if c.is_alphanumeric() { c } else { ' ' });
        before = c;
    }
    words
}

/// What of a question counts.
pub(super) fn of_question(question: &str) -> Question {
    let words = words_of(question);
    let mut terms: Vec<Term> = Vec::new();
    let mut used = HashSet::new();
    for at in 0..words.len() {
        let (Some(rest), false) = (words.get(at..), used.contains(&at)) else { continue };
        let Some(word) = rest.first() else { continue };
        if let Some((phrase, places)) = KNOWN.phrase(rest) {
            used.extend(places.into_iter().map(|place| at + place));
            terms.push(Term { text: phrase.words.join(" "), named: phrase.named.clone() });
        } else if !EMPTY.contains(&word.as_str()) {
            terms.push(Term { text: word.clone(), named: KNOWN.named(word) });
        }
    }
    if terms.is_empty() {
        terms = words.iter().map(|word| Term { text: word.clone(), named: KNOWN.named(word) }).collect();
    }
    let mut seen = HashSet::new();
    terms.retain(|term| seen.insert(term.text.clone()));
    terms.truncate(MOST);
    Question { terms, is_asking: words.first().is_some_and(|word| ASKING.contains(&word.as_str())) }
}

/// The words of a question. An address is worth its kind: what is in it is somebody's.
fn words_of(question: &str) -> Vec<String> {
    let question: String = question.chars().take(MOST * LONGEST).collect();
    let plain = question.split_whitespace().map(|part| match part {
        part if part.contains("://") => "url".to_owned(),
        part if part.trim_matches(|c: char| !c.is_alphanumeric()).contains('@') => "email".to_owned(),
        part => parts(part).to_lowercase(),
    });
    let plain = plain.collect::<Vec<_>>().join(" ");
    plain.split_whitespace().filter(|word| word.chars().count() <= LONGEST).map(str::to_owned).collect()
}

impl Question {
    /// Its words and what they are called in names, each in the singular.
    pub(super) fn all(&self) -> HashSet<String> {
        let terms = self.terms.iter();
        let all = terms.flat_map(|term| term.text.split(' ').chain(term.named.iter().copied()));
        all.map(single).collect()
    }
}

/// A word as it may stand in the list: itself, in the singular, or as a verb without its ending.
fn forms(word: &str) -> impl Iterator<Item = String> {
    let mut forms = vec![word.to_owned(), single(word)];
    for stem in ["ing", "ed", "es"].iter().filter_map(|end| word.strip_suffix(end)).filter(|stem| stem.len() > 2) {
        forms.push(stem.to_owned());
        forms.push(format!("{stem}e"));
        // `stopped`, of `stop`.
        let mut letters = stem.chars();
        if let Some(last) = letters.next_back().filter(|last| letters.as_str().ends_with(*last)) {
            forms.push(stem.strip_suffix(last).unwrap_or(stem).to_owned());
        }
    }
    forms.into_iter()
}

/// A word in the singular, as far as that can be told by its end.
pub(super) fn single(word: &str) -> String {
    match (word.strip_suffix("ies"), word.strip_suffix('s')) {
        (Some(stem), _) if stem.len() > 1 => format!("{stem}y"),
        (_, Some(stem)) if !stem.ends_with('s') => stem.to_owned(),
        _ => word.to_owned(),
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn texts(question: &str) -> Vec<String> {
        of_question(question).terms.into_iter().map(|term| term.text).collect()
    }

    #[test]
    fn names_and_questions_are_of_words() {
        assert_eq!(parts("users.list-sessions maxItems JWTs"), "users list sessions max Items JWTs");
        assert_eq!(texts("End a user's session!"), ["end", "user", "session"]);
        assert_eq!(texts("\"a\" OR b* NEAR(c) -x ^e title:f \u{0}"), ["b", "near", "c", "x", "e", "title", "f"]);
        assert_eq!(texts("the"), ["the"], "where there is nothing else");
        assert!(texts(" \"'* ").is_empty());
        assert_eq!(texts(&"x ".repeat(10_000)).len(), 1);
    }

    #[test]
    fn what_people_say_is_called_something_else_in_names() {
        let named = |question: &str| of_question(question).terms.pop().unwrap().named;
        assert!(named("end").contains(&"delete") && named("customers").contains(&"contact"));
        assert!(named("stopping").contains(&"disable") && named("replied").is_empty());
        assert!(named("nothing of the kind: xyzzy").is_empty());
    }

    #[test]
    fn words_that_belong_together_are_one_term() {
        assert_eq!(texts("log her out"), ["log out"]);
        assert_eq!(texts("turn the capability off"), ["turn off", "capability"]);
        assert_eq!(texts("log every single one of them out"), ["log", "single"]);
    }

    #[test]
    fn an_address_is_worth_its_kind() {
        assert_eq!(texts("mail bob@example.com about https://example.com/a?b=c"), ["mail", "email", "url"]);
    }

    #[test]
    fn a_question_that_wants_to_know_is_told_from_an_order() {
        assert!(of_question("Which users are there?").is_asking && !of_question("delete a user").is_asking);
    }
}
