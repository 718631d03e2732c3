//! Bodies: what is bound, what the plugin may add, and the credentials, in the form that the request declares.

use std::collections::BTreeMap;
use std::fmt::Write as _;
use std::hash::{BuildHasher, RandomState};

use bytes::Bytes;
use serde::de::{Deserializer, MapAccess, Visitor};
use serde_json::{Map, Value};
use zeroize::Zeroizing;

use crate::Blob;
use crate::asked::{AskedBody, AskedPart, unescape};
use crate::declaration::{BodyFields, BodyForm, Location, Source};
use crate::encode::{form_encode, json_escape};
use crate::field::Values;
use crate::free;
use crate::outgoing::Body;
use crate::rules::{Denial, Rule};
use crate::scheme::Credential;
use crate::secret::{MASK, Text};

pub(crate) fn build(values: &Values<'_>, credentials: &[Credential<'_>]) -> Result<Option<Body>, Denial> {
    let placed: Vec<&Credential<'_>> = credentials.iter().filter(|c| c.location == Location::Body).collect();
    match &values.request.body {
        BodyForm::None => Ok(None),
        BodyForm::Json(fields) => json(values, fields, &placed).map(Some),
        BodyForm::Form(fields) => Ok(Some(form(values, fields, &placed))),
        BodyForm::Multipart(fields) => Ok(Some(multipart(values, fields, &placed))),
        BodyForm::Blob(source) => blob(values, source),
    }
}

fn json(values: &Values<'_>, body: &BodyFields, placed: &[&Credential<'_>]) -> Result<Body, Denial> {
    let mut real = free_part(values, body)?;
    let mut masked = Vec::new();
    for field in &body.fields {
        let Some(value) = values.bound_or_null(&field.source) else {
            let given = field.name.is_empty() || real.get(&field.name).is_some();
            if given && field.source.free_reason().is_some() && values.is_sensitive(&field.name) {
                masked.push(field.name.as_str());
            }
            continue;
        };
        if value.sensitive {
            masked.push(field.name.as_str());
        }
        put(&mut real, &field.name, value.json.into_owned());
    }
    let mut text = Text::open(real.to_string());
    if !masked.is_empty() {
        masked.iter().for_each(|name| put(&mut real, name, Value::from(MASK)));
        text = text.but_shown_as(real.to_string());
    }
    placed.iter().for_each(|credential| add_member(&mut text, credential));
    Ok(text_body("application/json", text))
}

/// Adds a credential to the text of an object. Not to the object: what it is made of is not wiped.
fn add_member(object: &mut Text, credential: &Credential<'_>) {
    let empty = object.real().len() == "{}".len();
    object.remove_end("}");
    object.push_str(if empty { "\"" } else { ",\"" });
    object.push_str(&json_escape(credential.name));
    object.push_str("\":\"");
    object.push(&credential.text.encoded(json_escape));
    object.push_str("\"}");
}

fn text_body(media_type: &str, text: Text) -> Body {
    let (real, shown) = text.into_parts();
    Body { media_type: media_type.to_owned(), bytes: Bytes::from_owner(real), shown }
}

/// What the plugin gives: members of the object, or the whole body where that is free.
fn free_part(values: &Values<'_>, body: &BodyFields) -> Result<Value, Denial> {
    let Some(AskedBody::Json(text)) = &values.asked.body else { return Ok(Value::Object(Map::new())) };
    if let [whole] = body.fields.as_slice()
        && whole.name.is_empty()
        && whole.source.free_reason().is_some()
    {
        return free_document(values, text);
    }
    let members = object(text)?;
    for name in members.keys() {
        free::body_field(values.request, values.scheme, name)?;
    }
    Ok(Value::Object(members))
}

/// Any document. If it is an object, its members are looked at like those of an open one.
fn free_document(values: &Values<'_>, text: &str) -> Result<Value, Denial> {
    if text.trim_start().starts_with('{') {
        let members = object(text)?;
        members.keys().try_for_each(|name| free::lookalike(values.request, values.scheme, name))?;
        return Ok(Value::Object(members));
    }
    serde_json::from_str(text)
        .map_err(|problem| Rule::Body.denies(format!("the body that the plugin gave is not JSON: {problem}")))
}

fn object(text: &str) -> Result<Map<String, Value>, Denial> {
    unique_members(text).map_err(|problem| {
        let message = format!("the JSON body that the plugin gave is not one object with each member once: {problem}");
        Rule::Body.denies(message)
    })
}

/// Parses an object, and refuses one that names a member twice: providers differ in which one they take.
fn unique_members(text: &str) -> Result<Map<String, Value>, serde_json::Error> {
    struct Unique;
    impl<'de> Visitor<'de> for Unique {
        type Value = Map<String, Value>;

        fn expecting(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
            f.write_str("a JSON object")
        }

        fn visit_map<A: MapAccess<'de>>(self, mut access: A) -> Result<Self::Value, A::Error> {
            let mut members = Map::new();
            while let Some((name, value)) = access.next_entry::<String, Value>()? {
                if members.insert(name, value).is_some() {
                    return Err(serde::de::Error::custom("a member stands in it twice"));
                }
            }
            Ok(members)
        }
    }
    let mut deserializer = serde_json::Deserializer::from_str(text);
    let members = deserializer.deserialize_map(Unique)?;
    deserializer.end()?;
    Ok(members)
}

/// Sets a member by its name or JSON Pointer; objects on the way are made.
fn put(target: &mut Value, name: &str, value: Value) {
    let Some(pointer) = name.strip_prefix('/') else {
        if name.is_empty() {
            *target = value;
        } else {
            member(target, name.to_owned(), |slot| *slot = value);
        }
        return;
    };
    let mut slot = target;
    for token in pointer.split('/') {
        let token = unescape(token);
        if !slot.is_object() {
            *slot = Value::Object(Map::new());
        }
        let Value::Object(members) = slot else { return };
        slot = members.entry(token).or_insert(Value::Null);
    }
    *slot = value;
}

fn member(target: &mut Value, name: String, set: impl FnOnce(&mut Value)) {
    if let Value::Object(members) = target {
        set(members.entry(name).or_insert(Value::Null));
    }
}

fn form(values: &Values<'_>, body: &BodyFields, placed: &[&Credential<'_>]) -> Body {
    let mut text = Text::default();
    for (name, value) in text_fields(values, body, placed) {
        if !text.real().is_empty() {
            text.push_str("&");
        }
        text.push_str(&form_encode(&name));
        text.push_str("=");
        text.push(&value.encoded(form_encode));
    }
    text_body("application/x-www-form-urlencoded", text)
}

/// Bound and free fields in the order of their declaration, then those that the plugin adds, then the credentials.
fn text_fields(values: &Values<'_>, body: &BodyFields, placed: &[&Credential<'_>]) -> Vec<(String, Text)> {
    let given: Vec<(String, String)> = match &values.asked.body {
        Some(AskedBody::Form(fields)) => fields.clone(),
        Some(AskedBody::Multipart(parts)) => parts
            .iter()
            .filter_map(|(name, part)| match part {
                AskedPart::Text(text) => Some((name.clone(), text.clone())),
                AskedPart::Blob(_) => None,
            })
            .collect(),
        _ => Vec::new(),
    };
    let declared = body.fields.iter().flat_map(|f| values.pairs(f, &given));
    let added = given.iter().filter(|(name, _)| !body.fields.iter().any(|f| f.name == *name));
    declared
        .chain(added.map(|(name, value)| (name.clone(), Text::open(value.as_str()))))
        .chain(placed.iter().map(|c| (c.name.to_owned(), c.text.clone())))
        .collect()
}

fn multipart(values: &Values<'_>, body: &BodyFields, placed: &[&Credential<'_>]) -> Body {
    // 128 random bits: nobody can put the boundary into a file that he does not see.
    let random = || RandomState::new().hash_one(0_u8);
    let boundary = format!("wharf-{:016x}{:016x}", random(), random());
    let mut parts = Parts { boundary: &boundary, bytes: Zeroizing::default(), shown: BTreeMap::new() };
    let texts = text_fields(values, body, placed);
    let files: Vec<(&str, &Blob)> = files(values, body).collect();
    // Room for all from the start: a vector that grows leaves its content, a credential perhaps, where it was.
    let of_texts = texts.iter().map(|(name, text)| Parts::room(name, None, text.real().len()));
    let of_files = files.iter().map(|(name, blob)| Parts::room(name, Some(blob), blob.bytes.len()));
    parts.bytes.reserve_exact(Parts::AROUND + of_texts.chain(of_files).sum::<usize>());
    for (name, value) in texts {
        parts.add(&name, None, value.real().as_bytes());
        parts.shown.insert(name, value.shown().to_owned());
    }
    for (name, blob) in files {
        parts.add(name, Some(blob), &blob.bytes);
        parts.shown.insert(name.to_owned(), format!("[{} bytes of {}]", blob.bytes.len(), blob.media_type));
    }
    parts.bytes.extend_from_slice(format!("--{boundary}--\r\n").as_bytes());
    Body {
        shown: Some(serde_json::to_string(&parts.shown).unwrap_or_default()),
        bytes: Bytes::from_owner(parts.bytes),
        media_type: format!("multipart/form-data; boundary={boundary}"),
    }
}

/// Files that fields are bound to, then those that the plugin gives.
fn files<'a>(values: &Values<'a>, body: &'a BodyFields) -> impl Iterator<Item = (&'a str, &'a Blob)> {
    let bound: Vec<_> =
        body.fields.iter().flat_map(|f| values.attachments(&f.source).map(|blob| (f.name.as_str(), blob))).collect();
    let given = match &values.asked.body {
        Some(AskedBody::Multipart(parts)) => parts.as_slice(),
        _ => &[],
    };
    let given = given.iter().filter_map(|(name, part)| match part {
        AskedPart::Blob(blob) => Some((name.as_str(), blob)),
        AskedPart::Text(_) => None,
    });
    bound.into_iter().chain(given)
}

/// A multipart body in the making.
struct Parts<'a> {
    boundary: &'a str,
    bytes: Zeroizing<Vec<u8>>,
    shown: BTreeMap<String, String>,
}

impl Parts<'_> {
    /// More than what stands around one part besides names and content, in bytes.
    const AROUND: usize = 256;

    /// The most that a part can take, in bytes: a character of a name becomes three at most.
    fn room(name: &str, file: Option<&Blob>, content: usize) -> usize {
        let file = file.map_or(0, |f| f.file_name.as_deref().unwrap_or(name).len() * 3 + f.media_type.len());
        Self::AROUND + name.len() * 3 + file + content
    }

    /// Writes one part (RFC 7578, section 4), with names escaped as the WHATWG form encoding does; and backslashes too,
    /// with which some servers escape the quotes around a name.
    fn add(&mut self, name: &str, file: Option<&Blob>, content: &[u8]) {
        let quoted = |text: &str| {
            text.replace('\\', "%5C").replace('"', "%22").replace('\r', "%0D").replace('\n', "%0A").replace('\0', "%00")
        };
        let mut head = format!("--{}\r\nContent-Disposition: form-data; name=\"{}\"", self.boundary, quoted(name));
        if let Some(file) = file {
            let file_name = file.file_name.as_deref().unwrap_or(name);
            let media_type: String = file.media_type.chars().filter(|c| matches!(c, ' '..='~')).collect();
            // Writing to a String does not fail.
            let _ = write!(head, "; filename=\"{}\"\r\nContent-Type: {media_type}", quoted(file_name));
        }
        self.bytes.extend_from_slice(head.as_bytes());
        self.bytes.extend_from_slice(b"\r\n\r\n");
        self.bytes.extend_from_slice(content);
        self.bytes.extend_from_slice(b"\r\n");
    }
}

fn blob(values: &Values<'_>, source: &Source) -> Result<Option<Body>, Denial> {
    let blob = match (source, &values.asked.body) {
        (Source::Free(_), Some(AskedBody::Blob(blob))) => Some(blob),
        (Source::Free(_), _) => None,
        _ => values.attachments(source).next(),
    };
    let Some(blob) = blob else { return Ok(None) };
    if !blob.media_type.bytes().all(|byte| matches!(byte, b' '..=b'~')) {
        return Err(Rule::HeaderValue.denies("the media type of the blob has a character that is not visible ASCII"));
    }
    Ok(Some(Body { media_type: blob.media_type.clone(), bytes: blob.bytes.clone(), shown: None }))
}
