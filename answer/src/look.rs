//! What stands in a body: each list and each object is taken apart once, however many rules ask for it.

use std::borrow::Cow;
use std::collections::{HashMap, HashSet};
use std::fmt;
use std::rc::Rc;

use serde::de::{Deserializer as _, IgnoredAny, MapAccess, SeqAccess, Visitor};
use serde_json::value::RawValue;

use crate::members::words;
use crate::values::folded;

/// The most entries of lists and members of objects that are looked at, in all of an answer. What is handed on whole is not counted.
const MOST_ENTRIES: usize = 100_000;

/// Counts bytes that are about to be looked at or compared, and says whether there is time for it.
pub type Steps<'s> = &'s dyn Fn(usize) -> bool;

/// The time is over.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct Late;

/// Counts what is about to be done.
///
/// # Errors
/// [`Late`]
pub(crate) fn count(steps: Steps<'_>, bytes: usize) -> Result<(), Late> {
    if steps(bytes) { Ok(()) } else { Err(Late) }
}

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
    /// Names that a `*` passes over, folded.
    pub(crate) except: &'w HashSet<Cow<'w, str>>,
}

/// A body that is JSON.
pub(crate) struct Inside<'a, 's> {
    /// The body, or the value in it that is looked at by itself.
    pub(crate) json: Option<&'a str>,
    /// By where they begin.
    taken_apart: HashMap<usize, Rc<Vec<Entry<'a>>>>,
    entries: usize,
    pub(crate) steps: Steps<'s>,
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
            met_equal: false,
            met_too_many: false,
        }
    }

    /// Counts what is about to be looked at.
    pub(crate) fn count(&self, bytes: usize) -> Result<(), Late> {
        count(self.steps, bytes)
    }

    /// The values that a JSON Pointer leads to, each as it is written; `*` is every entry of a list and every member of an object.
    pub(crate) fn at(&mut self, pointer: &str) -> Result<Vec<&'a str>, Late> {
        self.along(Way { pointer, any_case: false, except: &HashSet::new() })
    }

    /// The same on a way with more to say.
    pub(crate) fn along(&mut self, way: Way<'_>) -> Result<Vec<&'a str>, Late> {
        self.count(1 + way.pointer.len())?;
        let Some(json) = self.json else { return Ok(Vec::new()) };
        let mut found = vec![json];
        for token in way.pointer.split('/').skip(1) {
            let token = token.replace("~1", "/").replace("~0", "~");
            let mut inside = Vec::new();
            for json in found {
                let before = inside.len();
                self.step(json, &token, way, &mut inside)?;
                self.met_equal |= token != "*" && inside.len() > before + 1;
            }
            found = inside;
        }
        Ok(found)
    }

    fn step(&mut self, json: &'a str, token: &str, way: Way<'_>, found: &mut Vec<&'a str>) -> Result<(), Late> {
        let entries = self.take_apart(json)?;
        self.count(1 + entries.len())?;
        let is_list = json.starts_with('[');
        if token == "*" && (is_list || way.except.is_empty()) {
            found.extend(entries.iter().map(|entry| entry.json));
            return Ok(());
        }
        if is_list {
            let place = token.parse().ok().and_then(|place: usize| entries.get(place));
            found.extend(place.map(|entry| entry.json));
            return Ok(());
        }
        let wanted = folded(token, way.any_case);
        for Entry { name, json } in entries.iter() {
            let written = name.unwrap_or_default();
            self.count(written.len())?;
            let name = said(written);
            let name = folded(&name, way.any_case);
            if if token == "*" { !way.except.contains(&name) } else { name == wanted } {
                found.push(json);
            }
        }
        Ok(())
    }

    /// The entries of a list or the members of an object; none of anything else.
    fn take_apart(&mut self, json: &'a str) -> Result<Rc<Vec<Entry<'a>>>, Late> {
        if !json.starts_with(['{', '[']) {
            return Ok(Rc::default());
        }
        let at = json.as_ptr().addr();
        if let Some(known) = self.taken_apart.get(&at) {
            return Ok(Rc::clone(known));
        }
        self.count(json.len())?;
        let most = MOST_ENTRIES - self.entries;
        let (entries, is_all) = entries(json, most).unwrap_or_default();
        self.entries += entries.len();
        self.met_too_many |= !is_all;
        let entries = Rc::new(entries);
        self.taken_apart.insert(at, Rc::clone(&entries));
        Ok(entries)
    }
}

/// What a name says that is written with its quotes. A half of a pair is in no name of a rule.
fn said(written: &str) -> Cow<'_, str> {
    match written.contains('\\') {
        false => Cow::Borrowed(written.get(1..written.len() - 1).unwrap_or_default()),
        true => Cow::Owned(words(written).unwrap_or_default()),
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
