//! Lists and objects where there is only text: how they are written, and those that a server would read as others.

use std::borrow::Cow;

use serde_json::{Map, Value};

use crate::Json;
use crate::asked::printable;
use crate::declaration::{Field, ListStyle, Source};
use crate::field::{Item, MOST_ENTRIES, PLUGINS, Place, Scale, Values, text};
use crate::free;
use crate::rules::{Denial, Rule};
use crate::secret::Text;

/// Of the name of a field with all keys in brackets, in bytes: it is written with each entry.
const LONGEST_NAME: usize = 1024;

/// Keys of one name. Rack takes 32, and no API is known that nests as deep.
const DEEPEST: usize = 16;

/// JavaScript keeps something of its own under this key: readers in it leave it out, or take it for that.
const PROTOTYPE: &str = "__proto__";

const LEAVE_IT_OUT: &str = "leave it out";

/// The most members of an object that are parameters by themselves: PHP passes over what comes after a thousand.
const MOST_NAMES: usize = 1000;

impl Values<'_> {
    /// The query parameters that the members of an object become, each by its own name.
    pub(crate) fn open_names(&self, field: &Field) -> Result<Vec<(String, Text)>, Denial> {
        let input = field.source.input().unwrap_or_default();
        let Some(bound) = self.bound(&field.source) else { return Ok(Vec::new()) };
        let Value::Object(members) = bound.json.as_ref() else {
            let problem = format!("`{input}` is no object, and its members are to be query parameters");
            return Err(denies(problem, "give an object"));
        };
        if members.len() > MOST_NAMES {
            let message = format!("`{input}` has {} members; the most are {MOST_NAMES}", members.len());
            return Err(Rule::Values.denies(message));
        }
        members.keys().try_for_each(|name| free::callers_parameter(self.declaration, input, name))?;
        let hidden = |name: &&String| bound.sensitive || self.hides(name);
        let sensitive = members.keys().filter(hidden).cloned().collect();
        let written = bound.written.map(|written| members.keys().cloned().zip(written.entries()).collect());
        let item =
            Item { input: members, sensitive: &sensitive, written: written.as_ref(), attachments: &[], ..self.item };
        let inside = Values { item, ..*self };
        let mut pairs = Vec::new();
        for name in members.keys() {
            let (name, lists) = (name.clone(), field.lists);
            let field = Field { source: Source::Input(name.clone()), name, lists, media_type: None };
            inside.fits(&field, &[], Place::Query)?;
            pairs.extend(inside.pairs(&field, &[]).map(|(name, text)| (name.into_owned(), text)));
        }
        Ok(pairs)
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
        let Some(bound) = self.bound(&field.source) else { return (None, Vec::new()) };
        match (bound.json.as_ref(), style(field)) {
            (value @ (Value::Array(_) | Value::Object(_)), ListStyle::Indexed) => {
                let mut pairs = Vec::new();
                by_index(&field.name, value, bound.written, &mut pairs);
                let masked = |(name, value)| (Cow::Owned(name), self.text(value, bound.sensitive));
                (None, pairs.into_iter().map(masked).collect())
            }
            (Value::Array(items), style) if style != ListStyle::Json => {
                let texts = entries(items.iter(), bound.written).map(|(item, written)| text(item, written.as_ref()));
                (None, self.list(field, texts.collect(), bound.sensitive))
            }
            (Value::Object(members), ListStyle::Brackets) => {
                let mut pairs = Vec::new();
                in_brackets(&field.name, members, bound.written, &mut pairs);
                let masked = |(name, value)| (Cow::Owned(name), self.text(value, bound.sensitive));
                (None, pairs.into_iter().map(masked).collect())
            }
            _ => (Some(self.text(bound.text(), bound.sensitive)), Vec::new()),
        }
    }

    fn list<'f>(&self, field: &'f Field, values: Vec<String>, sensitive: bool) -> Vec<(Cow<'f, str>, Text)> {
        let name = Cow::Borrowed(field.name.as_str());
        match field.lists {
            ListStyle::Commas | ListStyle::Json if values.is_empty() => Vec::new(),
            ListStyle::Commas => vec![(name, self.text(values.join(","), sensitive))],
            ListStyle::Json => vec![(name, self.text(Json::from(Value::from(values)).in_text(), sensitive))],
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
}

/// JSON that a manifest always has says by itself how it is written, and so does a part that is JSON.
fn style(field: &Field) -> ListStyle {
    let is_json = matches!(field.source, Source::Json(_)) || field.media_type.is_some();
    if is_json { ListStyle::Json } else { field.lists }
}

/// Values of a list or an object, each with how it is written where a parser would write it in another way.
fn entries<'v>(
    values: impl Iterator<Item = &'v Value>,
    written: Option<&Json>,
) -> impl Iterator<Item = (&'v Value, Option<Json>)> {
    let mut written = written.map(|written| written.entries().into_iter());
    values.map(move |value| (value, written.as_mut().and_then(Iterator::next)))
}

/// An object as PHP and Rails read one.
fn in_brackets(name: &str, members: &Map<String, Value>, written: Option<&Json>, pairs: &mut Vec<(String, String)>) {
    for (key, (member, written)) in members.keys().zip(entries(members.values(), written)) {
        let name = format!("{name}[{key}]");
        match member {
            Value::Object(members) => in_brackets(&name, members, written.as_ref(), pairs),
            Value::Array(items) => {
                let texts = entries(items.iter(), written.as_ref()).map(|(item, written)| text(item, written.as_ref()));
                pairs.extend(texts.map(|text| (format!("{name}[]"), text)));
            }
            _ => pairs.push((name, text(member, written.as_ref()))),
        }
    }
}

/// Lists and objects, one in the other, as PHP, Rails and those who read as they do see them.
fn by_index(name: &str, value: &Value, written: Option<&Json>, pairs: &mut Vec<(String, String)>) {
    match value {
        Value::Array(items) => {
            for (index, (item, written)) in entries(items.iter(), written).enumerate() {
                by_index(&format!("{name}[{index}]"), item, written.as_ref(), pairs);
            }
        }
        Value::Object(members) => {
            for (key, (member, written)) in members.keys().zip(entries(members.values(), written)) {
                by_index(&format!("{name}[{key}]"), member, written.as_ref(), pairs);
            }
        }
        _ => pairs.push((name.to_owned(), text(value, written))),
    }
}

/// Puts the names on the scale that the entries of a list, or the values of an object, are written with.
pub(crate) fn weigh_names(field: &Field, value: &Value, scale: &mut Scale) {
    /// Of an index, in bytes.
    const INDEX: usize = "[9999]".len();
    fn each(name: usize, value: &Value, scale: &mut Scale) {
        match value {
            Value::Array(items) if items.iter().any(|item| item.is_array() || item.is_object()) => {
                for item in items {
                    if scale.is_over() {
                        return;
                    }
                    each(name + INDEX, item, scale);
                }
            }
            Value::Array(items) => scale.add(items.len().saturating_mul(name)),
            Value::Object(members) if !scale.is_over() => {
                members.iter().for_each(|(key, member)| each(name + key.len() + "[]".len(), member, scale));
            }
            _ => scale.add(name),
        }
    }
    match (value, style(field)) {
        (Value::Object(_), ListStyle::Brackets | ListStyle::Indexed) | (Value::Array(_), _) => {
            each(field.name.len(), value, scale)
        }
        _ => scale.add(field.name.len()),
    }
}

/// Refuses a list or an object that a server would read as another one.
pub(crate) fn check(field: &Field, value: &Value, sensitive: bool, place: Place) -> Result<(), Denial> {
    let of = field.source.input().unwrap_or(&field.name);
    let between =
        if place == Place::Header || field.lists == ListStyle::Commas { Between::Commas } else { Between::Names };
    match (value, style(field)) {
        (_, ListStyle::Json) => Ok(()),
        (Value::Array(_) | Value::Object(_), ListStyle::Indexed) if place != Place::Header => {
            let whole = Object { of: of.to_owned(), name: field.name.len(), depth: 1, sensitive, by_index: true };
            whole.check_value(&format!("`{of}`"), value, &mut 0)
        }
        (Value::Array(items), _) => list(of, items, between),
        (Value::Object(members), ListStyle::Brackets) => {
            let whole = Object { of: of.to_owned(), name: field.name.len(), depth: 1, sensitive, by_index: false };
            whole.check(members, &mut 0)
        }
        (Value::Object(_), _) => Err(only_text(&format!("`{of}`"), "an object")),
        _ => Ok(()),
    }
}

/// The same for a list that the plugin gives.
pub(crate) fn check_given(field: &Field, given: &[(String, String)]) -> Result<(), Denial> {
    if field.lists != ListStyle::Commas {
        return Ok(());
    }
    let values: Vec<Value> = given.iter().filter(|(n, _)| *n == field.name).map(|(_, v)| v.as_str().into()).collect();
    // What it gives as one value it may have joined itself.
    if values.len() < 2 {
        return Ok(());
    }
    list(&field.name, &values, Between::Commas).map_err(|denial| denial.with_remedy(PLUGINS.to_owned()))
}

/// What tells the entries of a list apart. In a header it is a comma always: fields of one name count as one (RFC 9110, section 5.2).
#[derive(Clone, Copy, PartialEq, Eq)]
enum Between {
    Commas,
    Names,
}

fn list(of: &str, items: &[Value], between: Between) -> Result<(), Denial> {
    if items.is_empty() {
        return Err(nothing(of, "an empty list"));
    }
    items.iter().enumerate().try_for_each(|(index, item)| {
        let entry = || format!("entry {} of `{of}`", index + 1);
        match item {
            Value::Null => Err(denies(format!("{} is null, and would be read as a text", entry()), LEAVE_IT_OUT)),
            Value::Array(_) => Err(only_text(&entry(), "a list")),
            Value::Object(_) => Err(only_text(&entry(), "an object")),
            Value::String(text) if between == Between::Commas && text.contains(',') => Err(denies(
                format!("{} has a comma in it, and would be read as two: commas stand between the entries", entry()),
                "give entries without a comma; the plugin's manifest would need another list style",
            )),
            Value::String(text) if between == Between::Commas && text.trim().is_empty() => Err(denies(
                format!("{} is empty, and would be passed over: commas stand between the entries", entry()),
                LEAVE_IT_OUT,
            )),
            Value::String(_) | Value::Number(_) | Value::Bool(_) => Ok(()),
        }
    })
}

/// An object whose keys stand in brackets.
struct Object {
    /// As messages call it.
    of: String,
    /// How long its name is, in bytes.
    name: usize,
    depth: usize,
    sensitive: bool,
    /// Whether its lists have their indices in the name, so that they can be lists of anything.
    by_index: bool,
}

impl Object {
    fn check(&self, members: &Map<String, Value>, count: &mut usize) -> Result<(), Denial> {
        if members.is_empty() {
            return Err(nothing(&self.of, "an empty object"));
        }
        for (key, member) in members {
            self.key(key)?;
            let way = || if self.sensitive { self.of.clone() } else { format!("{}[{}]", self.of, printable(key)) };
            if self.by_index {
                self.inside(key).check_value(&format!("`{}`", way()), member, count)?;
                continue;
            }
            *count += member.as_array().map_or(1, Vec::len);
            if *count > MOST_ENTRIES {
                return Err(too_many(&self.of, *count));
            }
            match member {
                Value::Null => {
                    return Err(denies(format!("`{}` is null, and would be read as a text", way()), LEAVE_IT_OUT));
                }
                Value::Array(items) => list(&way(), items, Between::Names)?,
                Value::Object(members) => {
                    let name = self.name + key.len() + "[]".len();
                    Self { of: way(), name, depth: self.depth + 1, ..*self }.check(members, count)?;
                }
                Value::String(_) | Value::Number(_) | Value::Bool(_) => {}
            }
        }
        Ok(())
    }

    /// What stands in it under a key or an index.
    fn inside(&self, step: &str) -> Self {
        let of = if self.sensitive { self.of.clone() } else { format!("{}[{}]", self.of, printable(step)) };
        Self { of, name: self.name + step.len() + "[]".len(), depth: self.depth + 1, ..*self }
    }

    /// The same of what may be a list, or no more than a text. `called` is what messages call it.
    fn check_value(&self, called: &str, value: &Value, count: &mut usize) -> Result<(), Denial> {
        match value {
            Value::Null => Err(denies(format!("{called} is null, and would be read as a text"), LEAVE_IT_OUT)),
            Value::Array(items) if items.is_empty() => Err(nothing(&self.of, "an empty list")),
            Value::Array(items) => items.iter().enumerate().try_for_each(|(index, item)| {
                self.short_enough("[]".len() + index.to_string().len())?;
                let called = format!("entry {} of `{}`", index + 1, self.of);
                self.inside(&index.to_string()).check_value(&called, item, count)
            }),
            Value::Object(members) => self.check(members, count),
            Value::String(_) | Value::Number(_) | Value::Bool(_) => {
                *count += 1;
                if *count > MOST_ENTRIES { Err(too_many(&self.of, *count)) } else { Ok(()) }
            }
        }
    }

    fn key(&self, key: &str) -> Result<(), Denial> {
        // A list is made of an object by those who find nothing but numbers in it, and of the other key none at all.
        let is_index = self.by_index && key.bytes().all(|byte| byte.is_ascii_digit());
        if !is_key(key) || is_index || key == PROTOTYPE {
            let shown = if self.sensitive { "a key".to_owned() } else { format!("the key `{}`", printable(key)) };
            return Err(denies(
                format!("servers read {shown} of `{}` in different ways", self.of),
                match is_index {
                    true => "give keys that are more than digits; the plugin's manifest would need another list style",
                    false => {
                        "give keys of letters, digits, `_` and `-`; the plugin's manifest would need another list style"
                    }
                },
            ));
        }
        self.short_enough(key.len())
    }

    fn short_enough(&self, more: usize) -> Result<(), Denial> {
        if self.name + more > LONGEST_NAME || self.depth > DEEPEST {
            let message = format!("a name in `{}` has more than {LONGEST_NAME} bytes or {DEEPEST} keys", self.of);
            return Err(Rule::Values.denies(message));
        }
        Ok(())
    }
}

pub(crate) fn too_many(of: &str, entries: usize) -> Denial {
    Rule::Values.denies(format!("the value of `{of}` has {entries} entries; the most are {MOST_ENTRIES}"))
}

fn nothing(of: &str, what: &str) -> Denial {
    denies(format!("`{of}` is {what}, of which nothing would be sent"), LEAVE_IT_OUT)
}

fn only_text(what: &str, kind: &str) -> Denial {
    denies(
        format!("{what} is {kind}, and its place in the request takes only text"),
        "no configuration can allow it: the plugin's manifest has to ask for JSON there, by the list style `json`",
    )
}

fn denies(message: String, remedy: &str) -> Denial {
    Rule::ListValue.denies(message).with_remedy(remedy.to_owned())
}

/// A name that every server reads as the same key between brackets.
fn is_key(name: &str) -> bool {
    !name.is_empty() && name.bytes().all(|byte| byte.is_ascii_alphanumeric() || matches!(byte, b'_' | b'-'))
}
