//! A value of a document and the way to it, as the readers of its parts see it: what cannot be read is told here.

use std::cell::RefCell;
use std::collections::HashSet;
use std::fmt::{self, Write as _};

use wharf_answer::Decimal;

use super::Problem;
use super::node::{Kind, Node, push_token};
use crate::operation::nearest;

/// What is wrong with a document, as far as it was read.
#[derive(Default)]
pub(super) struct Problems {
    told: RefCell<Vec<Problem>>,
    /// Members that are there by another name, of objects by where these begin: that one is missing was told with that name.
    meant: RefCell<HashSet<(usize, String)>>,
}

impl Problems {
    /// More of one document tell nothing new.
    const MOST: usize = 1_000;

    fn tell(&self, problem: Problem) {
        let mut all = self.told.borrow_mut();
        if all.len() < Self::MOST {
            all.push(problem);
        }
    }

    /// Each once, in the order in which they stand.
    pub(super) fn all(self) -> Vec<Problem> {
        let mut all = self.told.into_inner();
        all.sort_by_key(|problem| problem.at);
        all.dedup();
        all
    }
}

/// A value, the way to it, and where it is told what is wrong with it.
///
/// What cannot be read is told, and is nothing then: an empty text, a list without entries. So the reader goes on, and tells all that is
/// wrong at once.
#[derive(Clone, Copy)]
pub(super) struct At<'a> {
    node: &'a Node<'a>,
    outer: Option<&'a At<'a>>,
    step: Step<'a>,
    problems: &'a Problems,
}

#[derive(Clone, Copy)]
enum Step<'a> {
    Root,
    Member(&'a str),
    Entry(usize),
}

impl<'a> At<'a> {
    pub(super) fn root(node: &'a Node<'a>, problems: &'a Problems) -> Self {
        Self { node, outer: None, step: Step::Root, problems }
    }

    /// A value in this one.
    fn inner(&'a self, node: &'a Node<'a>, step: Step<'a>) -> Self {
        Self { node, outer: Some(self), step, problems: self.problems }
    }

    /// As a JSON Pointer (RFC 6901).
    fn place(&self) -> String {
        let mut place = self.outer.map(At::place).unwrap_or_default();
        match self.step {
            Step::Root => {}
            Step::Member(name) => push_token(&mut place, name),
            Step::Entry(number) => drop(write!(place, "/{number}")),
        }
        place
    }

    /// Tells what is wrong here.
    pub(super) fn wrong(&self, problem: impl fmt::Display) {
        self.problems.tell(Problem::new(&self.place(), Some(self.node.at), problem.to_string()));
    }

    /// Tells that this is no name of a member.
    fn wrong_name(&self, problem: String) {
        self.problems.tell(Problem { of_name: true, ..Problem::new(&self.place(), Some(self.node.at), problem) });
    }

    /// Whether a member is there by another name, which was told.
    fn is_meant(&self, name: &str) -> bool {
        self.problems.meant.borrow().contains(&(self.node.at, name.to_owned()))
    }

    pub(super) fn expected(&self, what: &str) {
        let found = self.node.what();
        let mend = if matches!(self.node.kind, Kind::Word("null")) { "leave it out, or write" } else { "write" };
        self.wrong(format!("it is {found}; {mend} {what}"));
    }

    /// An object that has no members but these, and those that begin with `x-`, which nobody reads.
    pub(super) fn of_members(self, what: &str, known: &[&str]) -> Self {
        self.of_form(what, "", known)
    }

    /// The same of an object of which an example is told where something else stands.
    pub(super) fn of_form(self, what: &str, example: &str, known: &[&str]) -> Self {
        let Kind::Object(members) = &self.node.kind else {
            match example {
                "" => self.expected(what),
                _ => self.expected(&format!("{what}: `{example}`")),
            }
            return self;
        };
        for (name, value) in members.iter().filter(|(name, _)| !known.contains(&&***name) && !name.starts_with("x-")) {
            let near = meant(name, known);
            if let Some(near) = near {
                self.problems.meant.borrow_mut().insert((self.node.at, near.to_owned()));
            }
            let mend = match (near, name.split_once(':')) {
                // In YAML what has no blank behind its colon is all name.
                (Some(near), Some((first, rest))) if first == near && matches!(value.kind, Kind::Word("null")) => {
                    format!("a blank is missing behind its colon: `{first}: {rest}`")
                }
                (Some(near), _) => format!("did you mean `{near}`?"),
                (None, _) => format!("there are `{}`, and names of your own that begin with `x-`", known.join("`, `")),
            };
            At { node: value, outer: Some(&self), step: Step::Member(name), problems: self.problems }
                .wrong_name(format!("{what} has no member `{name}`; {mend}"));
        }
        self
    }

    pub(super) fn is_object(&self) -> bool {
        matches!(self.node.kind, Kind::Object(_))
    }

    pub(super) fn is_list(&self) -> bool {
        matches!(self.node.kind, Kind::List(_))
    }

    pub(super) fn as_text(&self) -> Option<&'a str> {
        match &self.node.kind {
            Kind::Text(text) => Some(text),
            _ => None,
        }
    }

    /// A whole number, however it is written: `100`, `100.0`, `1e2`.
    pub(super) fn as_number(&self) -> Option<u32> {
        match self.node.kind {
            Kind::Number(text) => Decimal::of(text).in_digits().and_then(|digits| digits.parse().ok()),
            _ => None,
        }
    }

    /// A member of an object, if it is there. Null is a value like others, and in most places a wrong one.
    pub(super) fn find(&'a self, name: &'a str) -> Option<At<'a>> {
        let Kind::Object(members) = &self.node.kind else { return None };
        Some(self.inner(members.get(name)?, Step::Member(name)))
    }

    /// A member that has to be there.
    pub(super) fn require(&'a self, what: &str, name: &'a str) -> Option<At<'a>> {
        let found = self.find(name);
        // What is no object was told already.
        if found.is_none() && self.is_object() && !self.is_meant(name) {
            self.wrong(format!("{what} needs `{name}`"));
        }
        found
    }

    pub(super) fn text(&self) -> String {
        match &self.node.kind {
            Kind::Text(_) => {}
            Kind::Number(word) | Kind::Word(word) if *word != "null" => {
                self.expected(&format!("a text, in quotes: `\"{word}\"`"));
            }
            Kind::Object(members) => match members.first() {
                // In YAML `{token}` is an object with a member that says nothing.
                Some((name, Node { kind: Kind::Word("null"), .. })) if members.len() == 1 => {
                    self.expected(&format!("a text, in quotes: `\"{{{name}}}\"`"));
                }
                _ => self.expected("a text"),
            },
            _ => self.expected("a text"),
        }
        self.as_text().unwrap_or_default().to_owned()
    }

    pub(super) fn flag(&self) -> bool {
        match self.node.kind {
            Kind::Word("true") => true,
            Kind::Word("false") => false,
            _ => {
                self.expected("`true` or `false`");
                false
            }
        }
    }

    /// A flag that is there to be set.
    pub(super) fn set(&self) {
        match self.node.kind {
            Kind::Word("false") => self.wrong("write `true`, or delete it"),
            _ => {
                self.flag();
            }
        }
    }

    pub(super) fn number(&self) -> Option<u32> {
        let number = self.as_number();
        if number.is_none() {
            self.expected(&format!("a whole number from 0 to {}", u32::MAX));
        }
        number
    }

    /// The entries of a list.
    pub(super) fn entries(&'a self) -> impl ExactSizeIterator<Item = At<'a>> {
        let items = match &self.node.kind {
            Kind::List(items) => items.as_slice(),
            Kind::Text(text) if is_word(text) => {
                self.expected(&format!("a list: `[{text}]`"));
                &[]
            }
            _ => {
                self.expected("a list");
                &[]
            }
        };
        items.iter().enumerate().map(move |(number, node)| self.inner(node, Step::Entry(number)))
    }

    /// The members of an object, whatever they are called.
    pub(super) fn members(&'a self) -> impl Iterator<Item = (&'a str, At<'a>)> {
        let members = match &self.node.kind {
            Kind::Object(members) => Some(members),
            _ => {
                self.expected("an object");
                None
            }
        };
        let members = members.into_iter().flatten();
        members.map(move |(name, node)| (&**name, self.inner(node, Step::Member(name))))
    }

    /// What is made of each entry of a list in a member, if it is there.
    pub(super) fn entries_of<T>(&self, name: &str, each: impl Fn(At<'_>) -> T) -> Vec<T> {
        self.find(name).map_or_else(Vec::new, |found| found.entries().map(each).collect())
    }

    /// What is made of each member of an object in a member, if it is there.
    pub(super) fn members_of<T>(&self, name: &str, each: impl Fn(&str, At<'_>) -> T) -> Vec<T> {
        self.find(name).map_or_else(Vec::new, |found| found.members().map(|(name, at)| each(name, at)).collect())
    }

    /// A text of a member, if it is there.
    pub(super) fn text_of(&self, name: &str) -> Option<String> {
        self.find(name).map(|found| found.text())
    }

    /// A text that has to be there.
    pub(super) fn text_needed(&self, what: &str, name: &str) -> String {
        self.require(what, name).map(|found| found.text()).unwrap_or_default()
    }

    /// A list of texts, empty where it is not there.
    pub(super) fn texts_of(&self, name: &str) -> Vec<String> {
        self.entries_of(name, |entry| entry.text())
    }

    /// A flag, which is not set where it is not there.
    pub(super) fn flag_of(&self, name: &str) -> bool {
        self.find(name).is_some_and(|found| found.flag())
    }

    /// A number of a member, if it is there.
    pub(super) fn number_of(&self, name: &str) -> Option<u32> {
        self.find(name)?.number()
    }

    /// One of some words.
    pub(super) fn one_of<T: Copy>(&self, words: &[(&str, T)]) -> Option<T> {
        let known = || words.iter().map(|(word, _)| *word);
        let list = || format!("one of `{}`", known().collect::<Vec<_>>().join("`, `"));
        let Some(text) = self.as_text() else {
            self.expected(&list());
            return None;
        };
        let found = words.iter().find(|(word, _)| *word == text).map(|(_, value)| *value);
        if found.is_none() {
            // Of few words those that begin otherwise are none that was meant.
            let alike = |near: &&str| first_letter(near) == first_letter(text);
            match nearest(text, known()).filter(alike) {
                Some(near) => self.wrong(format!("`{text}` is not known here; did you mean `{near}`?")),
                None => self.wrong(format!("`{text}` is not known here; write {}", list())),
            }
        }
        found
    }

    /// One of some words in a member, if it is there.
    pub(super) fn word_of<T: Copy>(&self, name: &str, words: &[(&str, T)]) -> Option<T> {
        self.find(name)?.one_of(words)
    }

    /// The one of these members that is there.
    pub(super) fn only_one(&'a self, what: &str, names: &[&'a str]) -> Option<At<'a>> {
        let mut found = names.iter().filter_map(|name| self.find(name));
        match (found.next(), found.next()) {
            (Some(one), None) => return Some(one),
            (Some(_), Some(_)) => self.wrong(format!("{what} has one of `{}` and no second one", names.join("`, `"))),
            (None, _) if names.iter().any(|name| self.is_meant(name)) => {}
            (None, _) if self.is_object() => self.wrong(format!("{what} needs one of `{}`", names.join("`, `"))),
            // What is no object was told already.
            (None, _) => {}
        }
        None
    }

    /// Where it begins, in bytes.
    pub(super) fn at(&self) -> usize {
        self.node.at
    }

    /// The names of the members of an object.
    pub(super) fn names(&self) -> Vec<&'a str> {
        match &self.node.kind {
            Kind::Object(members) => members.keys().map(|name| &**name).collect(),
            _ => Vec::new(),
        }
    }

    /// The name by which this is a member.
    pub(super) fn name(&self) -> &'a str {
        match self.step {
            Step::Member(name) => name,
            Step::Root | Step::Entry(_) => "",
        }
    }

    /// As JSON text.
    pub(super) fn to_json(self) -> String {
        let mut text = String::new();
        self.node.write_json(&mut text);
        text
    }
}

/// Names by which other formats call what there is here.
const ELSEWHERE: [(&str, &str); 6] = [
    ("params", "query"),
    ("parameters", "query"),
    ("url", "path"),
    ("uri", "path"),
    ("description", "summary"),
    ("inputs", "input"),
];

/// The member that was probably meant.
fn meant<'k>(name: &str, known: &[&'k str]) -> Option<&'k str> {
    let elsewhere = ELSEWHERE.iter().filter(|(other, _)| *other == name);
    let found = elsewhere.filter_map(|(_, here)| known.iter().find(|known| *known == here)).next();
    found.copied().or_else(|| nearest(name, known.iter().copied()))
}

fn first_letter(word: &str) -> Option<char> {
    word.chars().next().map(|c| c.to_ascii_lowercase())
}

fn is_word(text: &str) -> bool {
    text.len() <= 64 && !text.is_empty() && text.chars().all(|c| c.is_alphanumeric() || matches!(c, '-' | '_' | '.'))
}
