//! Where the value of a declared field comes from, for the request at hand.

use std::borrow::Cow;
use std::collections::{HashMap, HashSet};

use bytes::Bytes;
use serde_json::{Map, Value};

use crate::asked::Asked;
use crate::connection::Connection;
use crate::declaration::{Declaration, Field, Request, Source};
use crate::json::Literal;
use crate::lists;
use crate::rules::{Denial, LONGEST_HEADER, LONGEST_URL, Rule, header_too_long, too_long};
use crate::secret::Text;
use crate::well_known::is_credential;
use crate::work::Work;
use crate::{Blob, Json};

/// The caller's item: what bound values are bound to. It has been validated.
#[derive(Clone, Copy, Debug)]
pub struct Item<'a> {
    /// The input.
    pub input: &'a Map<String, Value>,
    /// The attached files, by the name of their attachment field.
    pub attachments: &'a [(String, Blob)],
    /// Names whose values are masked wherever a request is shown.
    pub sensitive: &'a HashSet<String>,
    /// How members of the input are written that have a number in them which a parser would write in another way: so they are
    /// sent. None where there are none.
    pub written: Option<&'a HashMap<String, Json>>,
    /// The id of the call, which stays the same where the call is tried again.
    pub call: &'a str,
}

/// Where there is only text.
#[derive(Clone, Copy, PartialEq, Eq)]
pub(crate) enum Place {
    Query,
    Header,
    /// It takes a value of any size.
    Form,
}

/// Entries of a list, or members of an object, where there is only text.
pub(crate) const MOST_ENTRIES: usize = 10_000;

/// All sources of values for one request.
#[derive(Clone, Copy)]
pub(crate) struct Values<'a> {
    pub(crate) declaration: &'a Declaration,
    pub(crate) asked: &'a Asked,
    pub(crate) item: Item<'a>,
    pub(crate) connection: &'a Connection,
    pub(crate) work: &'a Work,
}

/// The value of a bound or constant source.
pub(crate) struct Bound<'a> {
    pub(crate) json: Cow<'a, Value>,
    pub(crate) written: Option<&'a Json>,
    pub(crate) sensitive: bool,
}

impl<'a> Bound<'a> {
    fn of(literal: &'a Literal, sensitive: bool) -> Self {
        Self { json: Cow::Borrowed(&literal.value), written: literal.written.as_ref(), sensitive }
    }

    /// As text: a text as it is, everything else as JSON, see [`Json::in_text`].
    pub(crate) fn text(&self) -> String {
        text(&self.json, self.written)
    }

    fn weigh(&self, scale: &mut Scale) {
        match self.written {
            Some(written) => scale.add(written.as_str().len()),
            None => scale.weigh(&self.json),
        }
    }
}

impl<'a> Values<'a> {
    pub(crate) fn request(&self) -> &'a Request {
        &self.declaration.request
    }

    /// The value of a source where there is only text; none where the caller left the input out or gave null, or where
    /// the source is free.
    pub(crate) fn bound(&self, source: &'a Source) -> Option<Bound<'a>> {
        let value = self.bound_or_null(source).filter(|value| !value.json.is_null());
        match source {
            Source::InputOr(name, otherwise) if value.is_none() => Some(Bound::of(otherwise, self.is_sensitive(name))),
            _ => value,
        }
    }

    /// The same where there is JSON: there a null says something.
    pub(crate) fn bound_or_null(&self, source: &'a Source) -> Option<Bound<'a>> {
        match source {
            Source::Input(name) => self.input(name, None),
            Source::InputOr(name, otherwise) => self.input(name, Some(otherwise)),
            Source::Text(text) => {
                Some(Bound { json: Cow::Owned(Value::from(text.as_str())), written: None, sensitive: false })
            }
            Source::Json(json) => Some(Bound::of(json, false)),
            Source::CallId => {
                Some(Bound { json: Cow::Owned(Value::from(self.item.call)), written: None, sensitive: false })
            }
            Source::Field(name) => {
                let value = self.connection.field(name)?;
                Some(Bound { json: Cow::Owned(Value::from(value)), written: None, sensitive: false })
            }
            Source::Free(_) => None,
        }
    }

    fn input(&self, name: &str, otherwise: Option<&'a Literal>) -> Option<Bound<'a>> {
        let sensitive = self.is_sensitive(name);
        match get(self.item.input, name) {
            Some(json) => {
                let written = self.item.written.and_then(|written| written.get(name));
                Some(Bound { json: Cow::Borrowed(json), written, sensitive })
            }
            None => Some(Bound::of(otherwise?, sensitive)),
        }
    }

    pub(crate) fn is_sensitive(&self, name: &str) -> bool {
        self.item.sensitive.contains(name)
    }

    /// Whether a field that no manifest lists is masked: one that is named as sensitive, or that has the name of a credential.
    pub(crate) fn hides(&self, name: &str) -> bool {
        self.is_sensitive(name) || is_credential(name)
    }

    /// The attached files that a source is bound to.
    pub(crate) fn attachments(&self, source: &Source) -> impl Iterator<Item = &'a Blob> {
        let name = source.input().map(str::to_owned);
        self.item.attachments.iter().filter(move |(n, _)| Some(n.as_str()) == name.as_deref()).map(|(_, blob)| blob)
    }

    /// Puts a bound value on the scale, and the files that it is bound to.
    pub(crate) fn weigh(&self, source: &'a Source, scale: &mut Scale) {
        self.attachments(source).for_each(|blob| scale.add_file(blob));
        if let Some(value) = self.bound_or_null(source) {
            value.weigh(scale);
        }
    }

    /// Puts the value of a field on the scale. Where there is only text, each entry of a list stands there with the name.
    pub(crate) fn weigh_field(&self, field: &'a Field, scale: &mut Scale) {
        self.weigh(&field.source, scale);
        if let Some(value) = self.bound_or_null(&field.source) {
            lists::weigh_names(field, &value.json, scale);
        }
    }

    /// Refuses a value that is too large for its place, where there is only text, before anything is made of it, and one that
    /// would be read as another there. What is written down decides in the end.
    pub(crate) fn fits(&self, field: &'a Field, free: &[(String, String)], place: Place) -> Result<(), Denial> {
        /// JSON weighs more than it takes as text.
        const ROOM: u64 = 16;
        let most = match place {
            Place::Query => Some(LONGEST_URL),
            Place::Header => Some(LONGEST_HEADER),
            Place::Form => None,
        };
        let too_large = || match place {
            Place::Header => header_too_long(&field.name),
            Place::Query | Place::Form => too_long(),
        };
        if field.source.is_free() {
            let given = free.iter().filter(|(name, _)| *name == field.name).map(|(_, value)| value.len());
            if most.is_some_and(|most| given.sum::<usize>() > most) {
                return Err(too_large());
            }
            return lists::check_given(field, free);
        }
        let Some(value) = self.bound(&field.source) else { return Ok(()) };
        let entries = match value.json.as_ref() {
            Value::Array(items) => items.len(),
            Value::Object(members) => members.len(),
            _ => 0,
        };
        if entries > MOST_ENTRIES {
            return Err(lists::too_many(&field.name, entries));
        }
        if let Some(most) = most {
            let mut scale = Scale::to(most as u64 * ROOM);
            value.weigh(&mut scale);
            if scale.is_over() {
                return Err(too_large());
            }
        }
        lists::check(field, &value.json, value.sensitive, place)
    }

    /// The value of a variable of the path or the scheme.
    pub(crate) fn variable(&self, name: &str) -> Result<Text, Denial> {
        let missing = |place: &str| {
            Rule::MissingValue
                .denies(format!("the request `{}` needs a value for `{name}`, {place}", self.request().name))
        };
        // Not a copy: it may have a large value in it, and a variable may stand in many places.
        let declared = self.request().variables.iter().find(|variable| variable.name == name);
        let implied = Source::Input(name.to_owned());
        let source = declared.map_or(&implied, |variable| &variable.source);
        if source.is_free() {
            let given = self.asked.variables.iter().find(|(n, _)| n == name);
            let (_, value) =
                given.ok_or_else(|| missing("which the plugin did not give").with_remedy(PLUGINS.to_owned()))?;
            short_enough(name, value)?;
            return Ok(self.text(value.clone(), self.is_sensitive(name)));
        }
        let values = Values { ..*self };
        let value = values.bound(source).ok_or_else(|| missing("which the caller left out"))?;
        if matches!(*value.json, Value::Null | Value::Array(_) | Value::Object(_)) {
            return Err(missing("which can be a text, a number or a boolean only"));
        }
        short_enough(name, value.json.as_str().or(value.written.map(Json::as_str)).unwrap_or_default())?;
        Ok(self.text(value.text(), value.sensitive))
    }

    pub(crate) fn text(&self, value: String, sensitive: bool) -> Text {
        if sensitive { Text::masked(value) } else { Text::open(value) }
    }
}

/// A variable stands in a URL, or in a credential.
fn short_enough(variable: &str, value: &str) -> Result<(), Denial> {
    if value.len() <= LONGEST_URL {
        return Ok(());
    }
    let message =
        format!("the value of `{variable}` has {} bytes; the most for a variable are {LONGEST_URL}", value.len());
    Err(Rule::Url.denies(message).with_remedy("give a shorter value".to_owned()))
}

pub(crate) const PLUGINS: &str = "a mistake of the plugin: no configuration can help";

/// A member of a map. Few are found sooner by looking at each than by hashing the name.
fn get<'a>(map: &'a Map<String, Value>, name: &str) -> Option<&'a Value> {
    const FEW: usize = 12;
    if map.len() > FEW {
        return map.get(name);
    }
    map.iter().find(|(known, _)| *known == name).map(|(_, value)| value)
}

/// A value as text: a text as it is, everything else as JSON.
pub(crate) fn text(value: &Value, written: Option<&Json>) -> String {
    match (value, written) {
        (Value::String(text), _) => text.clone(),
        (_, Some(written)) => written.in_text(),
        (other, None) => Json::from(other).in_text(),
    }
}

/// How large values are, roughly, in bytes. It looks at no more of them than it takes to know that they are too large.
pub(crate) struct Scale {
    sum: u64,
    most: u64,
    /// What is on disk, and not a part of the sum.
    on_disk: u64,
}

impl Scale {
    /// One that goes so far.
    pub(crate) fn to(most: u64) -> Self {
        Self { sum: 0, most, on_disk: 0 }
    }

    pub(crate) fn add(&mut self, bytes: usize) {
        self.sum = self.sum.saturating_add(bytes as u64);
    }

    fn add_file(&mut self, blob: &Blob) {
        self.add(blob.in_memory().map_or(0, Bytes::len));
        self.on_disk = self.on_disk.saturating_add(blob.size_on_disk());
    }

    pub(crate) fn on_disk(&self) -> u64 {
        self.on_disk
    }

    pub(crate) fn is_over(&self) -> bool {
        self.sum > self.most
    }

    /// The weight, or one that is more than the most.
    pub(crate) fn sum(&self) -> u64 {
        self.sum
    }

    fn weigh(&mut self, value: &Value) {
        /// Of a number, a boolean, a null, and of the marks around anything else.
        const SMALL: usize = 8;
        if self.is_over() {
            return;
        }
        self.add(SMALL);
        match value {
            Value::String(text) => self.add(text.len()),
            Value::Array(items) => {
                for item in items {
                    self.weigh(item);
                    if self.is_over() {
                        return;
                    }
                }
            }
            Value::Object(members) => {
                for (name, member) in members {
                    self.add(name.len());
                    self.weigh(member);
                    if self.is_over() {
                        return;
                    }
                }
            }
            Value::Null | Value::Bool(_) | Value::Number(_) => {}
        }
    }
}
