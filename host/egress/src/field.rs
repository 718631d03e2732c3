//! Where the value of a declared field comes from, for the request at hand.

use std::borrow::Cow;

use serde_json::{Map, Value};

use crate::Blob;
use crate::asked::Asked;
use crate::declaration::{Declaration, Field, ListStyle, Request, Source};
use crate::rules::{Denial, Rule};
use crate::secret::Text;

/// The caller's item: what bound values are bound to. It has been validated.
#[derive(Clone, Copy, Debug)]
pub struct Item<'a> {
    /// The input.
    pub input: &'a Map<String, Value>,
    /// The attached files, by the name of their attachment field.
    pub attachments: &'a [(String, Blob)],
    /// Names whose values are masked wherever a request is shown.
    pub sensitive: &'a [String],
}

/// All sources of values for one request.
#[derive(Clone, Copy)]
pub(crate) struct Values<'a> {
    pub(crate) declaration: &'a Declaration,
    pub(crate) asked: &'a Asked,
    pub(crate) item: Item<'a>,
}

/// The value of a bound or constant source.
pub(crate) struct Bound<'a> {
    pub(crate) json: Cow<'a, Value>,
    pub(crate) sensitive: bool,
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
            Source::InputOr(name, otherwise) if value.is_none() => {
                Some(Bound { json: Cow::Borrowed(otherwise), sensitive: self.is_sensitive(name) })
            }
            _ => value,
        }
    }

    /// The same where there is JSON: there a null says something.
    pub(crate) fn bound_or_null(&self, source: &'a Source) -> Option<Bound<'a>> {
        match source {
            Source::Input(name) => self.input(name, None),
            Source::InputOr(name, otherwise) => self.input(name, Some(otherwise)),
            Source::Text(text) => Some(Bound { json: Cow::Owned(Value::from(text.as_str())), sensitive: false }),
            Source::Json(json) => Some(Bound { json: Cow::Borrowed(json), sensitive: false }),
            Source::Free(_) => None,
        }
    }

    fn input(&self, name: &str, otherwise: Option<&'a Value>) -> Option<Bound<'a>> {
        let json = get(self.item.input, name).or(otherwise)?;
        Some(Bound { json: Cow::Borrowed(json), sensitive: self.is_sensitive(name) })
    }

    pub(crate) fn is_sensitive(&self, name: &str) -> bool {
        self.item.sensitive.iter().any(|s| s == name)
    }

    /// The attached files that a source is bound to.
    pub(crate) fn attachments(&self, source: &Source) -> impl Iterator<Item = &'a Blob> {
        let name = source.input().map(str::to_owned);
        self.item.attachments.iter().filter(move |(n, _)| Some(n.as_str()) == name.as_deref()).map(|(_, blob)| blob)
    }

    /// The size of a bound value, roughly, in bytes.
    pub(crate) fn weight(&self, source: &'a Source) -> u64 {
        let files: usize = self.attachments(source).map(|blob| blob.bytes.len()).sum();
        files as u64 + self.bound_or_null(source).map_or(0, |value| weight(&value.json))
    }

    /// The value of a variable of the path or the scheme.
    pub(crate) fn variable(&self, name: &str) -> Result<Text, Denial> {
        let missing = |place: &str| {
            Rule::MissingValue
                .denies(format!("the request `{}` needs a value for `{name}`, {place}", self.request().name))
        };
        let source = self.request().source_of(name);
        if source.is_free() {
            let given = self.asked.variables.iter().find(|(n, _)| n == name);
            let (_, value) =
                given.ok_or_else(|| missing("which the plugin did not give").with_remedy(PLUGINS.to_owned()))?;
            return Ok(self.text(value.clone(), self.is_sensitive(name)));
        }
        let values = Values { ..*self };
        let value = values.bound(&source).ok_or_else(|| missing("which the caller left out"))?;
        let text = scalar(&value.json).ok_or_else(|| missing("which can be a text, a number or a boolean only"))?;
        Ok(self.text(text, value.sensitive))
    }

    /// The name-value pairs that a field becomes where there is only text.
    pub(crate) fn pairs<'f>(
        &self,
        field: &'f Field,
        free: &[(String, String)],
    ) -> impl Iterator<Item = (Cow<'f, str>, Text)> + use<'f> {
        let (one, list) = self.one_or_list(field, free);
        one.map(|text| (Cow::Borrowed(field.name.as_str()), text)).into_iter().chain(list)
    }

    /// Most fields have one value.
    fn one_or_list<'f>(
        &self,
        field: &'f Field,
        free: &[(String, String)],
    ) -> (Option<Text>, Vec<(Cow<'f, str>, Text)>) {
        if field.source.is_free() {
            let sensitive = self.is_sensitive(&field.name);
            let given: Vec<&String> = free.iter().filter(|(name, _)| *name == field.name).map(|(_, v)| v).collect();
            return match given.as_slice() {
                [only] if !matches!(field.lists, ListStyle::Brackets | ListStyle::Indexed) => {
                    (Some(self.text((*only).clone(), sensitive)), Vec::new())
                }
                _ => (None, self.list(field, given.into_iter().cloned().collect(), sensitive)),
            };
        }
        if let Source::Text(text) = &field.source {
            return (Some(Text::open(text.as_str())), Vec::new());
        }
        let Some(Bound { json, sensitive }) = self.bound(&field.source) else { return (None, Vec::new()) };
        match json.as_ref() {
            Value::Array(items) if field.lists != ListStyle::Json => {
                (None, self.list(field, items.iter().map(text).collect(), sensitive))
            }
            Value::Object(members) if field.lists == ListStyle::Brackets && members.keys().all(|key| is_key(key)) => {
                let member = |(key, value)| {
                    let name = Cow::Owned(format!("{}[{key}]", field.name));
                    (name, self.text(text(value), sensitive))
                };
                (None, members.iter().map(member).collect())
            }
            value => (Some(self.text(text(value), sensitive)), Vec::new()),
        }
    }

    fn list<'f>(&self, field: &'f Field, values: Vec<String>, sensitive: bool) -> Vec<(Cow<'f, str>, Text)> {
        let name = Cow::Borrowed(field.name.as_str());
        match field.lists {
            ListStyle::Commas | ListStyle::Json if values.is_empty() => Vec::new(),
            ListStyle::Commas => vec![(name, self.text(values.join(","), sensitive))],
            ListStyle::Json => vec![(name, self.text(Value::from(values).to_string(), sensitive))],
            style => values
                .into_iter()
                .enumerate()
                .map(|(index, value)| {
                    let name = match style {
                        ListStyle::Brackets => Cow::Owned(format!("{name}[]")),
                        ListStyle::Indexed => Cow::Owned(format!("{name}[{index}]")),
                        _ => name.clone(),
                    };
                    (name, self.text(value, sensitive))
                })
                .collect(),
        }
    }

    pub(crate) fn text(&self, value: String, sensitive: bool) -> Text {
        if sensitive { Text::masked(value) } else { Text::open(value) }
    }
}

const PLUGINS: &str = "a mistake of the plugin: no configuration can help";

/// A member of a map. Few are found sooner by looking at each than by hashing the name.
fn get<'a>(map: &'a Map<String, Value>, name: &str) -> Option<&'a Value> {
    const FEW: usize = 12;
    if map.len() > FEW {
        return map.get(name);
    }
    map.iter().find(|(known, _)| *known == name).map(|(_, value)| value)
}

/// A name that every server reads as the same key between brackets.
fn is_key(name: &str) -> bool {
    !name.is_empty() && name.bytes().all(|byte| byte.is_ascii_alphanumeric() || matches!(byte, b'_' | b'-'))
}

/// A value as text: a text as it is, everything else as JSON.
fn text(value: &Value) -> String {
    match value {
        Value::String(text) => text.clone(),
        other => other.to_string(),
    }
}

fn weight(value: &Value) -> u64 {
    /// Of a number, a boolean, a null, and of the marks around anything else.
    const SMALL: u64 = 8;
    SMALL
        + match value {
            Value::String(text) => text.len() as u64,
            Value::Array(items) => items.iter().map(weight).sum(),
            Value::Object(members) => members.iter().map(|(name, value)| name.len() as u64 + weight(value)).sum(),
            Value::Null | Value::Bool(_) | Value::Number(_) => 0,
        }
}

fn scalar(value: &Value) -> Option<String> {
    match value {
        Value::String(_) | Value::Number(_) | Value::Bool(_) => Some(text(value)),
        Value::Null | Value::Array(_) | Value::Object(_) => None,
    }
}
