//! Bodies: what is bound, what the plugin may add, and the credentials, in the form that the request declares.

use std::borrow::Cow;
use std::collections::HashSet;
use std::fmt::Write as _;
use std::hash::{BuildHasher, RandomState};

use bytes::Bytes;
use serde_json::{Value, json};
use zeroize::Zeroizing;

use crate::asked::{AskedBody, AskedPart};
use crate::content::Content;
use crate::declaration::{BlobBody, BodyForm, Field, Location, MultipartFields, Source, TextBody};
use crate::encode::form_encode;
use crate::field::{Place, Values};
use crate::media_type::{self, As, MediaType};
use crate::outgoing::{Body, cut};
use crate::refusal::Refusal;
use crate::rules::{Denial, Rule};
use crate::scheme::Credential;
use crate::secret::Text;
use crate::text::without_mark;
use crate::work::{OutOfTime, Work};
use crate::{Blob, MASK};

mod json;
mod quoted;

use quoted::quoted;

pub(crate) fn build(values: &Values<'_>, credentials: &[Credential<'_>]) -> Result<Option<Body>, Refusal> {
    let placed: Vec<&Credential<'_>> = credentials.iter().filter(|c| c.location == Location::Body).collect();
    match &values.request().body {
        BodyForm::None => Ok(None),
        BodyForm::Json(fields) => json::build(values, fields, &placed),
        BodyForm::Form(body) => form(values, &body.fields, &placed).map(Some),
        BodyForm::Multipart(body) => multipart(values, body, &placed).map(Some),
        BodyForm::Blob(body) => blob(values, body),
        BodyForm::Text(body) => one_text(values, body),
    }
}

fn text_body(media_type: &str, text: Text) -> Body {
    let (real, shown) = text.into_parts();
    let content = vec![Content::Memory(Bytes::from_owner(real))];
    Body { media_type: media_type.to_owned(), content, shown }
}

fn form(values: &Values<'_>, fields: &[Field], placed: &[&Credential<'_>]) -> Result<Body, Refusal> {
    let mut text = Text::default();
    for Written { name, value, .. } in text_fields(values, fields, placed)? {
        if !text.real().is_empty() {
            text.push_str("&");
        }
        text.push_str(&form_encode(&name));
        text.push_str("=");
        push_form_encoded(&mut text, &value, values.work)?;
    }
    Ok(text_body("application/x-www-form-urlencoded", text))
}

/// Piece by piece, so that a large value does not outlast its call.
fn push_form_encoded(text: &mut Text, value: &Text, work: &Work) -> Result<(), OutOfTime> {
    const PIECE: usize = 64 << 10;
    if value.real().len() <= PIECE {
        work.steps(value.real().len())?;
        text.push(&value.encoded(form_encode));
        return Ok(());
    }
    // Nothing is shown of a masked one but that it is there.
    let mut shown = MASK;
    let mut rest = value.real();
    while !rest.is_empty() {
        let (piece, after) = rest.split_at(rest.floor_char_boundary(PIECE));
        work.steps(piece.len())?;
        let encoded = form_encode(piece);
        if value.is_masked() {
            text.push(&Text::masked(encoded).but_shown_as(std::mem::take(&mut shown).to_owned()));
        } else {
            text.push_str(&encoded);
        }
        rest = after;
    }
    Ok(())
}

/// A field, or a part that is no file.
struct Written<'a> {
    name: Cow<'a, str>,
    value: Text,
    /// Of a part that is JSON.
    media_type: Option<&'a str>,
}

/// What the host writes, then what the plugin gives: a server that passes over what is too much passes over the latter.
fn text_fields<'a>(
    values: &Values<'_>,
    fields: &'a [Field],
    placed: &[&Credential<'a>],
) -> Result<Vec<Written<'a>>, Refusal> {
    /// Of an entry of a list, besides its letters.
    const PAIR: usize = 16;
    let given = given_texts(values);
    fields.iter().try_for_each(|field| Values { ..*values }.fits(field, &given, Place::Form))?;
    let declared: HashSet<&str> = fields.iter().map(|field| field.name.as_str()).collect();
    let is_free = |field: &&Field| field.source.is_free();
    let is_text = |field: &&Field| !is_free(field) && field.media_type.is_none();
    let bound = fields.iter().filter(is_text).flat_map(|f| values.pairs(f, &given));
    let free = fields.iter().filter(is_free).flat_map(|f| values.pairs(f, &given));
    let added = given.iter().filter(|(name, _)| !declared.contains(name.as_str()));
    let pairs = bound
        .chain(placed.iter().map(|c| (Cow::Borrowed(c.name), c.text.clone())))
        .chain(free)
        .chain(added.map(|(name, value)| (Cow::Owned(name.clone()), values.text(value.clone(), values.hides(name)))));
    let mut all = Vec::new();
    // What is JSON often says what the parts behind it are.
    for field in fields.iter().filter(|field| field.media_type.is_some()) {
        values.work.steps(PAIR + field.name.len())?;
        let name = Cow::Borrowed(field.name.as_str());
        let written = |value| Written { name, value, media_type: field.media_type.as_deref() };
        all.extend(json::part(values, field)?.map(written));
    }
    for (name, value) in pairs {
        values.work.steps(PAIR + name.len())?;
        all.push(Written { name, value, media_type: None });
    }
    Ok(all)
}

fn given_texts(values: &Values<'_>) -> Vec<(String, String)> {
    match &values.asked.body {
        Some(AskedBody::Form(fields)) => fields.clone(),
        Some(AskedBody::Multipart(parts)) => parts
            .iter()
            .filter_map(|(name, part)| match part {
                AskedPart::Text(text) => Some((name.clone(), text.clone())),
                AskedPart::Blob(_) => None,
            })
            .collect(),
        _ => Vec::new(),
    }
}

fn multipart(values: &Values<'_>, body: &MultipartFields, placed: &[&Credential<'_>]) -> Result<Body, Refusal> {
    // 128 random bits: nobody can put the boundary into a file that he does not see.
    let random = || RandomState::new().hash_one(0_u8);
    let boundary = format!("wharf-{:016x}{:016x}", random(), random());
    let mut parts = Parts { boundary: &boundary, before: Vec::new(), bytes: Zeroizing::default(), shown: Vec::new() };
    let texts = text_fields(values, &body.fields, placed)?;
    let files: Vec<File<'_>> = files(values, body)
        .map(|(name, blob)| {
            let media_type = media_type::declared(&body.media_types, &blob.media_type, As::Part)?;
            Ok(File { name, blob, media_type: media_type.to_string() })
        })
        .collect::<Result<_, Denial>>()?;
    // Room for all from the start: a vector that grows leaves its content, a credential perhaps, where it was.
    let of_texts = texts.iter().map(|text| Parts::room(&text.name, &text.kind(), text.value.real().len()));
    let in_memory = |file: &File<'_>| file.blob.in_memory().map_or(0, Bytes::len);
    let of_files = files.iter().map(|file| Parts::room(file.name, &file.kind(), in_memory(file)));
    let room = Parts::AROUND + of_texts.chain(of_files).sum::<usize>();
    values.work.steps(room)?;
    parts.bytes.reserve_exact(room);
    for text in texts {
        parts.add_head(&text.name, &text.kind());
        parts.bytes.extend_from_slice(text.value.real().as_bytes());
        parts.end();
        parts.shown.push((text.name.into_owned(), cut(text.value.shown())));
    }
    for file in &files {
        parts.add_head(file.name, &file.kind());
        parts.add_content(&file.blob.content);
        parts.end();
        let shown = format!("[{} bytes of {}]", file.blob.len(), file.media_type);
        parts.shown.push((file.name.to_owned(), shown));
    }
    parts.bytes.extend_from_slice(format!("--{boundary}--\r\n").as_bytes());
    parts.before.push(Content::Memory(Bytes::from_owner(parts.bytes)));
    Ok(Body {
        shown: Some(shown(&parts.shown)),
        content: parts.before,
        media_type: format!("multipart/form-data; boundary={boundary}"),
    })
}

/// A part that is a file, with a media type that may be sent.
struct File<'a> {
    name: &'a str,
    blob: &'a Blob,
    media_type: String,
}

/// What the head of a part says besides its name.
struct Kind<'a> {
    file_name: Option<&'a str>,
    media_type: Option<&'a str>,
}

impl File<'_> {
    fn kind(&self) -> Kind<'_> {
        let file_name = self.blob.file_name.as_deref().unwrap_or(self.name);
        Kind { file_name: Some(file_name), media_type: Some(&self.media_type) }
    }
}

impl Written<'_> {
    fn kind(&self) -> Kind<'_> {
        Kind { file_name: None, media_type: self.media_type }
    }
}

/// Files that fields are bound to, then those that the plugin gives.
fn files<'a>(values: &Values<'a>, body: &'a MultipartFields) -> impl Iterator<Item = (&'a str, &'a Blob)> {
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
    /// What stands before the bytes: files on disk, and what stands before these.
    before: Vec<Content>,
    bytes: Zeroizing<Vec<u8>>,
    /// Each part in its turn: a name may stand there several times.
    shown: Vec<(String, String)>,
}

impl Parts<'_> {
    /// More than what stands around one part besides names and content, in bytes.
    const AROUND: usize = 256;

    /// The most that a part can take, in bytes: a byte of a name becomes three at most.
    fn room(name: &str, kind: &Kind<'_>, content: usize) -> usize {
        let [file_name, media_type] = [kind.file_name, kind.media_type].map(|text| text.map_or(0, str::len));
        Self::AROUND + (name.len() + file_name) * 3 + media_type + content
    }

    /// Writes the head of one part (RFC 7578, section 4).
    fn add_head(&mut self, name: &str, kind: &Kind<'_>) {
        let mut head = format!("--{}\r\nContent-Disposition: form-data; name=\"{}\"", self.boundary, quoted(name));
        // Writing to a String does not fail.
        if let Some(file_name) = kind.file_name {
            let _ = write!(head, "; filename=\"{}\"", quoted(file_name));
        }
        if let Some(media_type) = kind.media_type {
            let _ = write!(head, "\r\nContent-Type: {media_type}");
        }
        self.bytes.extend_from_slice(head.as_bytes());
        self.bytes.extend_from_slice(b"\r\n\r\n");
    }

    /// What is on disk stays there until it is sent. No credential stands behind it.
    fn add_content(&mut self, content: &Content) {
        match content {
            Content::Memory(bytes) => self.bytes.extend_from_slice(bytes),
            Content::Disk(_) => {
                let before = Content::Memory(Bytes::from_owner(std::mem::take(&mut self.bytes)));
                self.before.extend([before, content.clone()]);
            }
        }
    }

    fn end(&mut self) {
        self.bytes.extend_from_slice(b"\r\n");
    }
}

/// The parts as an object, in which a name stands as often as in the body.
fn shown(parts: &[(String, String)]) -> String {
    let members: Vec<String> = parts.iter().map(|(name, text)| format!("{}:{}", json!(name), json!(text))).collect();
    format!("{{{}}}", members.join(","))
}

/// A body that is one text; none where nobody gives it.
fn one_text(values: &Values<'_>, body: &TextBody) -> Result<Option<Body>, Refusal> {
    let text = match (&values.asked.body, values.bound(&body.source)) {
        (Some(AskedBody::Text(given)), _) => values.text(given.clone(), values.is_sensitive("")),
        (Some(AskedBody::Blob(blob)), _) => {
            let bytes = blob.bytes()?;
            let given = std::str::from_utf8(&bytes);
            let given = given.map_err(|_| Rule::Body.denies("the text that is the body is not written in UTF-8"))?;
            values.text(given.to_owned(), values.is_sensitive(""))
        }
        (_, Some(bound)) if matches!(*bound.json, Value::Array(_) | Value::Object(_)) => {
            let of = body.source.input().unwrap_or("the body");
            let denial = Rule::ListValue.denies(format!("`{of}` is a list or an object, and the body is one text"));
            return Err(denial.with_remedy("give a text".to_owned()).into());
        }
        (_, Some(bound)) => values.text(bound.text(), bound.sensitive),
        (_, None) => return Ok(None),
    };
    values.work.steps(text.real().len())?;
    Ok(Some(text_body(&format!("{}; charset=utf-8", body.media_type), text)))
}

/// What is read of files on disk before they are sent, in bytes: a body of JSON, whose members are looked at, and one that is a text.
pub(crate) fn looked_into(values: &Values<'_>) -> u64 {
    let body = match (&values.request().body, &values.asked.body) {
        (BodyForm::Blob(body), _) => body,
        (BodyForm::Text(_), Some(AskedBody::Blob(blob))) => return blob.size_on_disk(),
        _ => return 0,
    };
    let is_json = |blob: &&Blob| MediaType::parse(&blob.media_type).is_some_and(|media_type| media_type.is_json());
    whole(values, body).filter(is_json).map_or(0, Blob::size_on_disk)
}

/// The file that is the whole body.
fn whole<'a>(values: &Values<'a>, body: &BlobBody) -> Option<&'a Blob> {
    match (&body.source, &values.asked.body) {
        (Source::Free(_), Some(AskedBody::Blob(blob))) => Some(blob),
        (Source::Free(_), _) => None,
        (source, _) => values.attachments(source).next(),
    }
}

fn blob(values: &Values<'_>, body: &BlobBody) -> Result<Option<Body>, Refusal> {
    let Some(blob) = whole(values, body) else { return Ok(None) };
    let media_type = media_type::declared(&body.media_types, &blob.media_type, As::Whole)?;
    let mut content = blob.content.clone();
    if media_type.is_json() {
        // Its members are fields, too. Written in another way than it is looked at, it could have others; so what was looked at is sent,
        // whatever becomes of the file.
        let bytes = blob.bytes()?;
        values.work.steps(bytes.len())?;
        let text = std::str::from_utf8(&bytes).ok().filter(|_| !media_type.is_foreign());
        let text = text.ok_or_else(|| Rule::Body.denies("a file of JSON is not written in UTF-8"))?;
        json::free_document(values, without_mark(text))?;
        content = Content::Memory(bytes);
    }
    let is_hidden = values.is_sensitive(body.source.input().unwrap_or_default());
    let shown = is_hidden.then(|| MASK.to_owned());
    Ok(Some(Body { media_type: media_type.to_string(), content: vec![content], shown }))
}
