//! What stands in a body: each list and each object is taken apart once, however many rules ask for it.

use std::borrow::Cow;
use std::collections::HashMap;
use std::fmt;
use std::rc::Rc;

use serde::de::{Deserializer as _, IgnoredAny, MapAccess, SeqAccess, Visitor};
use serde_json::value::RawValue;

use crate::members::words;

/// The most entries of lists and members of objects that are looked at, in all of an answer. What is handed on whole is not counted.
const MOST_ENTRIES: usize = 100_000;

/// Counts bytes that are about to be looked at, and says whether there is time for it.
pub type Steps<'s> = &'s dyn Fn(usize) -> bool;

/// The time is over.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct Late;

/// A member of an object, or an entry of a list.
#[derive(Clone, Copy)]
pub(crate) struct Entry<'a> {
    /// As it is written, with its quotes; none in a list.
    name: Option<&'a str>,
    pub(crate) json: &'a str,
}

/// A way into a body.
#[derive(Clone, Copy)]
pub(crate) struct Way<'w> {
    pub(crate) pointer: &'w str,
    pub(crate) any_case: bool,
    /// Names that a `*` passes over.
    pub(crate) except: &'w [Cow<'static, str>],
}

/// A body that is JSON.
pub(crate) struct Inside<'a, 's> {
    /// The body, or the value in it that is looked at by itself.
    pub(crate) json: Option<&'a str>,
    /// By where they begin.
    taken_apart: HashMap<usize, Rc<Vec<Entry<'a>>>>,
    entries: usize,
    steps: Steps<'s>,
    /// Whether the time is over.
    pub(crate) is_late: bool,
    /// Whether a pointer led through an object that has the member twice.
    pub(crate) met_equal: bool,
    /// Whether there was more than is looked at.
    pub(crate) met_too_many: bool,
}

impl<'a, 's> Inside<'a, 's> {
    /// None where the body is no JSON: then nothing stands in it.
    pub(crate) fn of(json: Option<&'a str>, steps: Steps<'s>) -> Self {
        Self {
            json: json.map(str::trim_ascii),
            taken_apart: HashMap::new(),
            entries: 0,
            steps,
            is_late: false,
            met_equal: false,
            met_too_many: false,
        }
    }

    /// Counts what is about to be looked at.
    pub(crate) fn count(&mut self, bytes: usize) {
        self.is_late = self.is_late || !(self.steps)(bytes);
    }

    /// The values that a JSON Pointer leads to, each as it is written; `*` is every entry of a list and every member of an object.
    pub(crate) fn at(&mut self, way: Way<'_>) -> Vec<&'a str> {
        let Some(json) = self.json else { return Vec::new() };
        let mut found = vec![json];
        for token in way.pointer.split('/').skip(1) {
            let token = token.replace("~1", "/").replace("~0", "~");
            let mut inside = Vec::new();
            for json in found {
                let before = inside.len();
                self.step(json, &token, way, &mut inside);
                self.met_equal |= token != "*" && inside.len() > before + 1;
            }
            found = inside;
        }
        found
    }

    fn step(&mut self, json: &'a str, token: &str, way: Way<'_>, found: &mut Vec<&'a str>) {
        let entries = self.take_apart(json);
        self.count(entries.len());
        if self.is_late {
            return;
        }
        let is_list = json.starts_with('[');
        match token {
            "*" if is_list || way.except.is_empty() => found.extend(entries.iter().map(|entry| entry.json)),
            "*" => {
                let is_left_out =
                    |entry: &&Entry<'_>| !way.except.iter().any(|name| is_called(entry.name, name, way.any_case));
                found.extend(entries.iter().filter(is_left_out).map(|entry| entry.json));
            }
            token if is_list => {
                let place = token.parse().ok().and_then(|place: usize| entries.get(place));
                found.extend(place.map(|entry| entry.json));
            }
            token => {
                let named = entries.iter().filter(|entry| is_called(entry.name, token, way.any_case));
                found.extend(named.map(|entry| entry.json));
            }
        }
    }

    /// The entries of a list or the members of an object; none of anything else.
    fn take_apart(&mut self, json: &'a str) -> Rc<Vec<Entry<'a>>> {
        if !json.starts_with(['{', '[']) || self.is_late {
            return Rc::default();
        }
        let at = json.as_ptr().addr();
        if let Some(known) = self.taken_apart.get(&at) {
            return Rc::clone(known);
        }
        self.count(json.len());
        let most = MOST_ENTRIES - self.entries;
        let (entries, is_all) = entries(json, most).unwrap_or_default();
        self.entries += entries.len();
        self.met_too_many |= !is_all;
        let entries = Rc::new(entries);
        self.taken_apart.insert(at, Rc::clone(&entries));
        entries
    }
}

/// Whether a member, by its name as it is written, has this name.
fn is_called(written: Option<&str>, name: &str, any_case: bool) -> bool {
    let Some(written) = written else { return false };
    let same = |said: &str| said == name || any_case && said.to_lowercase() == name.to_lowercase();
    match written.contains('\\') {
        false => written.get(1..written.len() - 1).is_some_and(same),
        // A half of a pair is in no name of a rule.
        true => words(written).is_some_and(|said| same(&said)),
    }
}

/// The first entries of a list, or members of an object, and whether these are all; none of anything else.
pub(crate) fn entries(json: &str, most: usize) -> Option<(Vec<Entry<'_>>, bool)> {
    struct Each(usize);

    impl<'de> Visitor<'de> for Each {
        type Value = (Vec<Entry<'de>>, bool);

        fn expecting(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
            f.write_str("a list or an object")
        }

        fn visit_seq<A: SeqAccess<'de>>(self, mut access: A) -> Result<Self::Value, A::Error> {
            let mut entries = Vec::new();
            while entries.len() < self.0 {
                match access.next_element::<&RawValue>()? {
                    Some(json) => entries.push(Entry { name: None, json: json.get() }),
                    None => return Ok((entries, true)),
                }
            }
            let mut is_all = true;
            while access.next_element::<IgnoredAny>()?.is_some() {
                is_all = false;
            }
            Ok((entries, is_all))
        }

        fn visit_map<A: MapAccess<'de>>(self, mut access: A) -> Result<Self::Value, A::Error> {
            let mut entries = Vec::new();
            while entries.len() < self.0 {
                match access.next_entry::<&RawValue, &RawValue>()? {
                    Some((name, json)) => entries.push(Entry { name: Some(name.get()), json: json.get() }),
                    None => return Ok((entries, true)),
                }
            }
            let mut is_all = true;
            // Not as ignored texts, in which half a surrogate pair is an error.
            while access.next_entry::<&RawValue, IgnoredAny>()?.is_some() {
                is_all = false;
            }
            Ok((entries, is_all))
        }
    }

    if !json.starts_with(['{', '[']) {
        return None;
    }
    serde_json::Deserializer::from_str(json).deserialize_any(Each(most)).ok()
}
