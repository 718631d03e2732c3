//! JSON bodies: one object, in which each member stands once.

use std::borrow::Cow;
use std::io;

use serde::de::{Deserializer, Error as _, MapAccess, Visitor};
use serde_json::Value;
use serde_json::value::RawValue;

use super::text_body;
use crate::asked::{AskedBody, printable, unescape};
use crate::declaration::{BodyFields, Field, Method};
use crate::encode::json_escape;
use crate::field::{Bound, Values};
use crate::free;
use crate::json::{Problem, each_member_once};
use crate::outgoing::Body;
use crate::refusal::Refusal;
use crate::rules::Rule;
use crate::scheme::Credential;
use crate::secret::Text;
use crate::wiped::Wiped;
use crate::work::{OutOfTime, Work};

pub(super) fn build(
    values: &Values<'_>,
    body: &BodyFields,
    placed: &[&Credential<'_>],
) -> Result<Option<Body>, Refusal> {
    let media_type = body.media_type.as_deref().unwrap_or("application/json");
    if let [field] = body.fields.as_slice()
        && field.name.is_empty()
    {
        let is_left_out = values.asked.body.is_none() && values.bound_or_null(&field.source).is_none();
        // `{}` is a patch that changes nothing only where it is no list, so nothing is made up for a media type of its own.
        if body.media_type.is_some() && is_left_out {
            return Ok(None);
        }
        return whole(values, field).map(|text| Some(text_body(media_type, text)));
    }
    let mut object = Object::begin(values.work);
    for field in body.fields.iter().filter(|field| !field.name.starts_with('/')) {
        if let Some(value) = values.bound_or_null(&field.source) {
            object.add(&field.name, |text| push_value(text, &value, values.work))?;
        }
    }
    for (name, member) in nested(values, body) {
        object.add(&name, |text| push_member(text, &member, values.work))?;
    }
    for credential in placed {
        object.add(credential.name, |text| {
            text.push_str("\"");
            text.push(&credential.text.encoded(json_escape));
            text.push_str("\"");
            Ok(())
        })?;
    }
    if let Some(AskedBody::Json(text)) = &values.asked.body {
        for (Name(name), value) in members(text, values.work)? {
            free::body_field(values.declaration, &name)?;
            values.work.steps(value.get().len())?;
            object.add(&name, |text| {
                text.push_free(value.get(), values.hides(&name));
                Ok(())
            })?;
        }
    }
    // A DELETE has a body only where there is something to say (RFC 9110, section 9.3.5): many servers refuse another.
    if object.empty && values.request().method == Method::Delete {
        return Ok(None);
    }
    Ok(Some(text_body(media_type, object.end())))
}

/// A part that is JSON; none where the caller left the input out.
pub(super) fn part(values: &Values<'_>, field: &Field) -> Result<Option<Text>, OutOfTime> {
    let Some(value) = values.bound_or_null(&field.source) else { return Ok(None) };
    let mut text = Text::default();
    push_value(&mut text, &value, values.work)?;
    Ok(Some(text))
}

/// A body that is one value: the caller's, or any document that the plugin gives.
fn whole(values: &Values<'_>, field: &Field) -> Result<Text, Refusal> {
    let mut text = Text::default();
    match &values.asked.body {
        Some(AskedBody::Json(given)) if field.source.is_free() => {
            text.push_free(free_document(values, given)?, values.is_sensitive(&field.name));
        }
        Some(_) => return Err(free::bound("body", &field.name, &values.request().name).into()),
        None => match values.bound_or_null(&field.source) {
            Some(value) => push_value(&mut text, &value, values.work)?,
            None => text.push_str("{}"),
        },
    }
    Ok(text)
}

/// Any document. If it is an object, its members are looked at like those of an open one.
pub(super) fn free_document<'t>(values: &Values<'_>, text: &'t str) -> Result<&'t str, Refusal> {
    if text.trim_start().starts_with('{') {
        let members = members(text, values.work)?;
        members.iter().try_for_each(|(Name(name), _)| free::lookalike(values.declaration, name))?;
        return Ok(text);
    }
    check_size(text, values.work)?;
    once(text, values.work)?;
    Ok(text.trim())
}

/// The text of an object in the making. Not the object itself: what that is made of is not wiped.
struct Object<'a> {
    text: Text,
    empty: bool,
    work: &'a Work,
}

impl<'a> Object<'a> {
    fn begin(work: &'a Work) -> Self {
        Self { text: Text::begin("{"), empty: true, work }
    }

    fn add(&mut self, name: &str, value: impl FnOnce(&mut Text) -> Result<(), OutOfTime>) -> Result<(), OutOfTime> {
        self.work.steps(name.len())?;
        if !self.empty {
            self.text.push_str(",");
        }
        self.empty = false;
        self.text.push_quoted(name);
        self.text.push_str(":");
        value(&mut self.text)
    }

    fn end(mut self) -> Text {
        self.text.push_str("}");
        self.text
    }
}

/// A member that JSON Pointers lead to or through.
enum Member<'a> {
    Value(Bound<'a>),
    Object(Vec<(String, Member<'a>)>),
}

/// The members that JSON Pointers lead through.
fn nested<'a>(values: &Values<'a>, body: &'a BodyFields) -> Vec<(String, Member<'a>)> {
    let mut members = Vec::new();
    for field in &body.fields {
        if let Some((way, value)) = field.name.strip_prefix('/').zip(values.bound_or_null(&field.source)) {
            put(&mut members, way, value);
        }
    }
    members
}

/// Sets a value by the way that leads to it; objects on the way are made.
fn put<'a>(members: &mut Vec<(String, Member<'a>)>, way: &str, value: Bound<'a>) {
    let (token, rest) = way.split_once('/').map_or((way, None), |(token, rest)| (token, Some(rest)));
    let name = unescape(token);
    let index = members.iter().position(|(known, _)| *known == name).unwrap_or_else(|| {
        members.push((name, Member::Object(Vec::new())));
        members.len() - 1
    });
    let Some((_, member)) = members.get_mut(index) else { return };
    match (rest, member) {
        (None, member) => *member = Member::Value(value),
        (Some(rest), Member::Object(inner)) => put(inner, rest, value),
        // A declaration in which one way goes through the value of another is not accepted.
        (Some(_), Member::Value(_)) => {}
    }
}

fn push_member(text: &mut Text, member: &Member<'_>, work: &Work) -> Result<(), OutOfTime> {
    match member {
        Member::Value(value) => push_value(text, value, work),
        Member::Object(members) => {
            for (index, (name, member)) in members.iter().enumerate() {
                text.push_str(if index == 0 { "{" } else { "," });
                text.push_quoted(name);
                text.push_str(":");
                push_member(text, member, work)?;
            }
            text.push_str("}");
            Ok(())
        }
    }
}

/// Writes a bound value. A large one is written piece by piece, so that it does not outlast its call.
fn push_value(text: &mut Text, value: &Bound<'_>, work: &Work) -> Result<(), OutOfTime> {
    const LARGE: usize = 64 << 10;
    if let Some(written) = value.written {
        work.steps(written.as_str().len())?;
        text.push_free(written.as_str(), value.sensitive);
        return Ok(());
    }
    let small = match value.json.as_ref() {
        Value::String(text) => text.len() < LARGE,
        Value::Array(items) => items.is_empty(),
        Value::Object(members) => members.is_empty(),
        Value::Null | Value::Bool(_) | Value::Number(_) => true,
    };
    if small {
        work.steps(value.json.as_str().unwrap_or_default().len())?;
        text.push_json(&value.json, value.sensitive);
        return Ok(());
    }
    let mut written = Metered { text: Wiped::default(), work };
    // A value has no other way to be no JSON.
    serde_json::to_writer(&mut written, &value.json).map_err(|_| OutOfTime)?;
    let Metered { text: json, .. } = written;
    work.steps(json.len())?;
    text.push_free(&json, value.sensitive);
    Ok(())
}

/// A text that stops being written when the time is over.
struct Metered<'a> {
    text: Wiped,
    work: &'a Work,
}

impl io::Write for Metered<'_> {
    fn write(&mut self, bytes: &[u8]) -> io::Result<usize> {
        self.work.steps(bytes.len()).map_err(io::Error::other)?;
        self.text.write(bytes)
    }

    fn flush(&mut self) -> io::Result<()> {
        Ok(())
    }
}

/// Members that a plugin gives: each is compared with the declared ones.
const MOST_MEMBERS: usize = 10_000;
const TOO_MANY: &str = "more than 10,000 members";

/// The largest JSON that a plugin gives, in bytes: all of it is read, and a file need not be.
const LARGEST: usize = 16 << 20;

fn check_size(text: &str, work: &Work) -> Result<(), Refusal> {
    if text.len() > LARGEST {
        let message = format!("the JSON that the plugin gave has {} bytes; the most are {LARGEST}", text.len());
        return Err(Rule::Values.denies(message).into());
    }
    Ok(work.steps(text.len())?)
}

/// A name that is borrowed unless it has escapes in it.
#[derive(serde::Deserialize)]
struct Name<'a>(#[serde(borrow)] Cow<'a, str>);

type Given<'a> = (Name<'a>, &'a RawValue);

/// The members of an object that the plugin gives. Their values stay as they are written: read into memory they could take
/// many times their size. An object that names a member twice is refused: providers differ in which one they take.
fn members<'t>(text: &'t str, work: &Work) -> Result<Vec<Given<'t>>, Refusal> {
    check_size(text, work)?;
    if !text.trim_start().starts_with('{') {
        return Err(Rule::Body.denies("the JSON body that the plugin gave is not one object").into());
    }
    let read = unique_members(text).map_err(|problem| {
        let problem = printable(&problem.to_string());
        if problem.starts_with(TOO_MANY) {
            return Rule::Values.denies(format!("the JSON body that the plugin gave has {problem}"));
        }
        Rule::Body
            .denies(format!("the JSON body that the plugin gave is not one object with each member once: {problem}"))
    });
    let read = read?;
    let nests = |value: &str| value.starts_with(['{', '[']);
    read.iter().filter(|(_, value)| nests(value.get())).try_for_each(|(_, value)| once(value.get(), work))?;
    Ok(read)
}

/// Refuses JSON in which an object, however deep, names a member twice.
fn once(text: &str, work: &Work) -> Result<(), Refusal> {
    each_member_once(text, work).map_err(|problem| match problem {
        Problem::OutOfTime(out_of_time) => out_of_time.into(),
        Problem::NoJson(problem) => {
            Rule::Body.denies(format!("the body that the plugin gave is not JSON: {problem}")).into()
        }
        Problem::Twice(_) => Rule::Body.denies(format!("in the JSON that the plugin gave, {problem}")).into(),
    })
}

fn unique_members(text: &str) -> Result<Vec<Given<'_>>, serde_json::Error> {
    struct Unique;
    impl<'de> Visitor<'de> for Unique {
        type Value = Vec<Given<'de>>;

        fn expecting(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
            f.write_str("a JSON object")
        }

        fn visit_map<A: MapAccess<'de>>(self, mut access: A) -> Result<Self::Value, A::Error> {
            let mut members: Vec<Given<'de>> = Vec::new();
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
