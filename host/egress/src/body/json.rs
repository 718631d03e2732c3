//! JSON bodies: one object, in which each member stands once.

use std::borrow::Cow;

use serde::de::{Deserializer, Error as _, MapAccess, Visitor};
use serde_json::value::RawValue;
use serde_json::{Map, Value};

use super::text_body;
use crate::asked::{AskedBody, printable, unescape};
use crate::declaration::{BodyFields, Field, Method};
use crate::encode::json_escape;
use crate::field::Values;
use crate::free;
use crate::outgoing::Body;
use crate::rules::{Denial, Rule};
use crate::scheme::Credential;
use crate::secret::Text;

pub(super) fn build(
    values: &Values<'_>,
    body: &BodyFields,
    placed: &[&Credential<'_>],
) -> Result<Option<Body>, Denial> {
    if let [field] = body.fields.as_slice()
        && field.name.is_empty()
    {
        return whole(values, field).map(|text| Some(text_body("application/json", text)));
    }
    let mut object = Object::begin();
    for field in body.fields.iter().filter(|field| !field.name.starts_with('/')) {
        if let Some(value) = values.bound_or_null(&field.source) {
            object.add(&field.name, |text| text.push_json(&value.json, value.sensitive));
        }
    }
    for (name, value, shown) in nested(values, body) {
        object.add(&name, |text| text.push(&Text::open(value.to_string()).but_shown_as(shown)));
    }
    for credential in placed {
        object.add(credential.name, |text| {
            text.push_str("\"");
            text.push(&credential.text.encoded(json_escape));
            text.push_str("\"");
        });
    }
    if let Some(AskedBody::Json(text)) = &values.asked.body {
        for (Name(name), value) in members(text)? {
            free::body_field(values.declaration, &name)?;
            object.add(&name, |text| text.push_free(value.get(), values.is_sensitive(&name)));
        }
    }
    // A DELETE has a body only where there is something to say (RFC 9110, section 9.3.5): many servers refuse another.
    if object.empty && values.request().method == Method::Delete {
        return Ok(None);
    }
    Ok(Some(text_body("application/json", object.end())))
}

/// A body that is one value: the caller's, or any document that the plugin gives.
fn whole(values: &Values<'_>, field: &Field) -> Result<Text, Denial> {
    let mut text = Text::default();
    match &values.asked.body {
        Some(AskedBody::Json(given)) if field.source.is_free() => {
            text.push_free(free_document(values, given)?, values.is_sensitive(&field.name));
        }
        Some(_) => return Err(free::bound("body", &field.name, &values.request().name)),
        None => match values.bound_or_null(&field.source) {
            Some(value) => text.push_json(&value.json, value.sensitive),
            None => text.push_str("{}"),
        },
    }
    Ok(text)
}

/// Any document. If it is an object, its members are looked at like those of an open one.
pub(super) fn free_document<'t>(values: &Values<'_>, text: &'t str) -> Result<&'t str, Denial> {
    if text.trim_start().starts_with('{') {
        members(text)?.iter().try_for_each(|(Name(name), _)| free::lookalike(values.declaration, name))?;
        return Ok(text);
    }
    let document: &RawValue = serde_json::from_str(text)
        .map_err(|problem| printable(&problem.to_string()))
        .map_err(|problem| Rule::Body.denies(format!("the body that the plugin gave is not JSON: {problem}")))?;
    Ok(document.get())
}

/// The text of an object in the making. Not the object itself: what that is made of is not wiped.
struct Object {
    text: Text,
    empty: bool,
}

impl Object {
    fn begin() -> Self {
        Self { text: Text::begin("{"), empty: true }
    }

    fn add(&mut self, name: &str, value: impl FnOnce(&mut Text)) {
        if !self.empty {
            self.text.push_str(",");
        }
        self.empty = false;
        self.text.push_quoted(name);
        self.text.push_str(":");
        value(&mut self.text);
    }

    fn end(mut self) -> Text {
        self.text.push_str("}");
        self.text
    }
}

/// The members that JSON Pointers lead through: each with its value and, as text, what may be shown of it.
fn nested(values: &Values<'_>, body: &BodyFields) -> Vec<(String, Value, String)> {
    let mut members: Vec<(String, Value, Value)> = Vec::new();
    for field in &body.fields {
        let Some((way, value)) = field.name.strip_prefix('/').zip(values.bound_or_null(&field.source)) else {
            continue;
        };
        let (root, way) = way.split_once('/').map_or((way, None), |(root, way)| (root, Some(way)));
        let root = unescape(root);
        let shown = if value.sensitive { Value::from(crate::MASK) } else { value.json.as_ref().clone() };
        let index = members.iter().position(|(name, ..)| *name == root).unwrap_or_else(|| {
            members.push((root, Value::Null, Value::Null));
            members.len() - 1
        });
        if let Some((_, real, masked)) = members.get_mut(index) {
            put(real, way, value.json.into_owned());
            put(masked, way, shown);
        }
    }
    members.into_iter().map(|(name, real, shown)| (name, real, shown.to_string())).collect()
}

/// Sets a value by the way that leads to it; objects on the way are made.
fn put(target: &mut Value, way: Option<&str>, value: Value) {
    let mut slot = target;
    for token in way.into_iter().flat_map(|way| way.split('/')) {
        if !slot.is_object() {
            *slot = Value::Object(Map::new());
        }
        let Value::Object(members) = slot else { return };
        slot = members.entry(unescape(token)).or_insert(Value::Null);
    }
    *slot = value;
}

/// Members that a plugin gives: each is compared with the declared ones.
const MOST_MEMBERS: usize = 10_000;
const TOO_MANY: &str = "more than 10,000 members";

/// A name that is borrowed unless it has escapes in it.
#[derive(serde::Deserialize)]
struct Name<'a>(#[serde(borrow)] Cow<'a, str>);

type Member<'a> = (Name<'a>, &'a RawValue);

/// The members of an object that the plugin gives. Their values stay as they are written: read into memory they could take
/// many times their size. An object that names a member twice is refused: providers differ in which one they take.
fn members(text: &str) -> Result<Vec<Member<'_>>, Denial> {
    if !text.trim_start().starts_with('{') {
        return Err(Rule::Body.denies("the JSON body that the plugin gave is not one object"));
    }
    unique_members(text).map_err(|problem| {
        let problem = printable(&problem.to_string());
        if problem.starts_with(TOO_MANY) {
            return Rule::Values.denies(format!("the JSON body that the plugin gave has {problem}"));
        }
        Rule::Body
            .denies(format!("the JSON body that the plugin gave is not one object with each member once: {problem}"))
    })
}

fn unique_members(text: &str) -> Result<Vec<Member<'_>>, serde_json::Error> {
    struct Unique;
    impl<'de> Visitor<'de> for Unique {
        type Value = Vec<Member<'de>>;

        fn expecting(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
            f.write_str("a JSON object")
        }

        fn visit_map<A: MapAccess<'de>>(self, mut access: A) -> Result<Self::Value, A::Error> {
            let mut members: Vec<Member<'de>> = Vec::new();
            while let Some(member) = access.next_entry()? {
                if members.len() == MOST_MEMBERS {
                    return Err(A::Error::custom(TOO_MANY));
                }
                members.push(member);
            }
            let mut names: Vec<&str> = members.iter().map(|(Name(name), _)| &**name).collect();
            names.sort_unstable();
            if names.windows(2).any(|pair| matches!(pair, [one, other] if one == other)) {
                return Err(A::Error::custom("a member stands in it twice"));
            }
            Ok(members)
        }
    }
    let mut deserializer = serde_json::Deserializer::from_str(text);
    let members = deserializer.deserialize_map(Unique)?;
    deserializer.end()?;
    Ok(members)
}
