//! What a request gives, checked against what its operation takes.

use serde_json::{Map, Value};

use crate::request::Recorded;
use crate::table::{Kind, Operation, Param, Place};

/// A parameter that is wrong.
#[derive(Debug, PartialEq)]
pub(crate) struct Wrong {
    pub(crate) name: String,
    pub(crate) problem: String,
}

fn wrong(name: &str, problem: impl Into<String>) -> Wrong {
    Wrong { name: name.to_owned(), problem: problem.into() }
}

/// A file of a multipart body.
#[derive(Clone, Debug, PartialEq)]
pub(crate) struct File {
    /// The name of its field.
    pub(crate) field: String,
    pub(crate) name: String,
    pub(crate) media_type: String,
    pub(crate) bytes: Vec<u8>,
}

/// What a request gives by its query and body, by name; values that come as text are turned into what the operation takes.
#[derive(Debug, Default)]
pub(crate) struct Input {
    pub(crate) query: Map<String, Value>,
    pub(crate) body: Map<String, Value>,
    pub(crate) files: Vec<File>,
}

impl Input {
    /// Reads a request as strictly as can be: what the operation does not take is wrong.
    pub(crate) fn read(operation: &Operation, request: &Recorded) -> Result<Self, Wrong> {
        let of = |place: Place| operation.params.iter().filter(move |p| p.place == place).collect::<Vec<_>>();
        let query = from_text(&of(Place::Query), request.query())?;
        let (members, fields, parts) = (of(Place::Body), of(Place::Form), of(Place::Part));
        let mut input = Self { query, ..Self::default() };
        let has_files = members.iter().chain(&parts).any(|p| p.kind == Kind::File) || !parts.is_empty();
        if request.has_media_type("multipart/form-data") && has_files {
            let known: Vec<&Param> = parts.iter().chain(&members).chain(&fields).copied().collect();
            let (texts, files) = multipart(request).ok_or_else(|| wrong("body", "it is not multipart"))?;
            if let Some(file) =
                files.iter().find(|f| !known.iter().any(|p| p.kind == Kind::File && p.name == plain(&f.field)))
            {
                return Err(wrong(&file.field, "no such file is expected"));
            }
            input.files = files;
            input.body = from_text(&known, texts)?;
            if let Some(missing) = known.iter().find(|p| p.kind == Kind::File && p.required && input.files.is_empty()) {
                return Err(wrong(&missing.name, "the file is missing"));
            }
        } else if !fields.is_empty() {
            if !request.has_media_type("application/x-www-form-urlencoded") {
                return Err(wrong("body", "it is not a form"));
            }
            input.body = from_text(&fields, form_urlencoded::parse(&request.body).into_owned().collect())?;
        } else {
            input.body = from_json(&members, request)?;
        }
        Ok(input)
    }

    pub(crate) fn text(&self, name: &str) -> Option<&str> {
        self.body.get(name).or_else(|| self.query.get(name))?.as_str()
    }
}

/// `queries[0]` and `queries[]` as `queries`.
fn plain(name: &str) -> &str {
    name.split_once('[').map_or(name, |(plain, _)| plain)
}

/// Of `headers[accept]` what stands in brackets.
fn member(name: &str) -> Option<&str> {
    name.split_once('[')?.1.strip_suffix(']')
}

fn from_text(params: &[&Param], pairs: Vec<(String, String)>) -> Result<Map<String, Value>, Wrong> {
    let mut values = Map::new();
    for (written, text) in pairs {
        let name = plain(&written);
        let param = params.iter().find(|p| p.name == written || p.name == name);
        let param = param.ok_or_else(|| wrong(&written, "it is not known here"))?;
        if let (Kind::Object, Some(member)) = (param.kind, member(&written)) {
            let object = values.entry(param.name.clone()).or_insert_with(|| Value::Object(Map::new()));
            object
                .as_object_mut()
                .into_iter()
                .for_each(|object| drop(object.insert(member.to_owned(), text.clone().into())));
            continue;
        }
        let value = parse(param, &text).ok_or_else(|| wrong(name, format!("`{text}` does not fit")))?;
        if matches!(param.kind, Kind::Texts | Kind::Integers | Kind::Objects) && !value.is_array() {
            let list = values.entry(param.name.clone()).or_insert_with(|| Value::Array(Vec::new()));
            list.as_array_mut().into_iter().for_each(|list| list.push(value.clone()));
        } else {
            values.insert(param.name.clone(), value);
        }
    }
    required(params, &values)?;
    Ok(values)
}

fn parse(param: &Param, text: &str) -> Option<Value> {
    let value = match param.kind {
        Kind::Text | Kind::Texts => Value::from(text),
        Kind::Integer | Kind::Integers => Value::from(text.parse::<i64>().ok()?),
        Kind::Number => Value::from(serde_json::from_str::<serde_json::Number>(text).ok()?),
        Kind::Boolean => Value::from(text.parse::<bool>().ok()?),
        Kind::Object | Kind::Objects => serde_json::from_str(text).ok()?,
        Kind::Any => serde_json::from_str(text).unwrap_or_else(|_| Value::from(text)),
        Kind::File => return None,
    };
    let allowed = param.choices.is_empty() || param.choices.iter().any(|choice| choice == text);
    (allowed && (param.kind != Kind::Object || value.is_object())).then_some(value)
}

fn from_json(params: &[&Param], request: &Recorded) -> Result<Map<String, Value>, Wrong> {
    if request.body.is_empty() {
        required(params, &Map::new())?;
        return Ok(Map::new());
    }
    if !request.has_media_type("application/json") {
        return Err(wrong("body", "it is not declared as JSON"));
    }
    let Ok(Value::Object(members)) = serde_json::from_slice(&request.body) else {
        return Err(wrong("body", "it is not a JSON object"));
    };
    known(params, &members, fits)?;
    required(params, &members)?;
    Ok(members)
}

/// Values that were texts, but for lists and objects, as what the operation takes.
pub(crate) fn fitting(params: &[&Param], members: Map<String, Value>) -> Result<Map<String, Value>, Wrong> {
    let read = |param: &Param, value: &Value| match value.as_str() {
        Some(text) => parse(param, text),
        None => Some(value.clone()).filter(|value| param.kind == Kind::Any || value.is_array() || value.is_object()),
    };
    known(params, &members, |param, value| read(param, value).is_some())?;
    required(params, &members)?;
    let value =
        |name: &String, value: &Value| params.iter().find(|p| p.name == *name).and_then(|param| read(param, value));
    Ok(members.iter().filter_map(|(name, given)| Some((name.clone(), value(name, given)?))).collect())
}

/// Each member is one that the operation takes, and fits.
fn known(params: &[&Param], members: &Map<String, Value>, fits: impl Fn(&Param, &Value) -> bool) -> Result<(), Wrong> {
    for (name, value) in members {
        let param = params.iter().find(|p| p.name == *name).ok_or_else(|| wrong(name, "it is not known here"))?;
        if !fits(param, value) {
            return Err(wrong(name, format!("{value} does not fit")));
        }
    }
    Ok(())
}

fn fits(param: &Param, value: &Value) -> bool {
    let of = |list: &Value, fits: fn(&Value) -> bool| list.as_array().is_some_and(|items| items.iter().all(fits));
    let kind = match param.kind {
        Kind::Any => true,
        Kind::Text => value.is_string(),
        Kind::Integer => value.is_i64() || value.is_u64(),
        Kind::Number => value.is_number(),
        Kind::Boolean => value.is_boolean(),
        Kind::Object => value.is_object(),
        Kind::File => false,
        Kind::Texts => of(value, Value::is_string),
        Kind::Integers => of(value, |item| item.is_i64() || item.is_u64()),
        Kind::Objects => of(value, Value::is_object),
    };
    let chosen = |value: &Value| {
        let text = value.as_str().map_or_else(|| value.to_string(), str::to_owned);
        param.choices.is_empty() || param.choices.contains(&text)
    };
    let chosen = value.as_array().map_or_else(|| chosen(value), |items| items.iter().all(chosen));
    (kind && chosen) || (param.nullable && value.is_null())
}

fn required(params: &[&Param], values: &Map<String, Value>) -> Result<(), Wrong> {
    let missing = params.iter().find(|p| p.required && p.kind != Kind::File && !values.contains_key(&p.name));
    missing.map_or(Ok(()), |param| Err(wrong(&param.name, "it is required")))
}

type Parts = (Vec<(String, String)>, Vec<File>);

/// The texts and files of a multipart body (RFC 7578).
pub(crate) fn multipart(request: &Recorded) -> Option<Parts> {
    let boundary = request.header("content-type")?.split_once("boundary=")?.1.trim_matches('"');
    let (mut texts, mut files) = (Vec::new(), Vec::new());
    let delimiter = format!("--{boundary}");
    let mut rest = after(&request.body, delimiter.as_bytes())?.1;
    while let Some((part, next)) = after(rest.strip_prefix(b"\r\n")?, format!("\r\n{delimiter}").as_bytes()) {
        let (head, content) = after(part, b"\r\n\r\n")?;
        let head = String::from_utf8_lossy(head);
        let parameter = |name: &str| {
            let value = head.split_once(&format!(" {name}=\""))?.1.split_once('"')?.0;
            Some(value.to_owned())
        };
        let field = parameter("name")?;
        match parameter("filename") {
            Some(name) => {
                let media_type = head.lines().find_map(|l| l.strip_prefix("Content-Type: ")).unwrap_or_default();
                files.push(File { field, name, media_type: media_type.to_owned(), bytes: content.to_vec() });
            }
            None => texts.push((field, String::from_utf8_lossy(content).into_owned())),
        }
        rest = next;
        if rest == b"--\r\n" {
            return Some((texts, files));
        }
    }
    None
}

/// What stands before and after the first place of a sequence.
fn after<'b>(bytes: &'b [u8], sequence: &[u8]) -> Option<(&'b [u8], &'b [u8])> {
    let at = memchr::memmem::find(bytes, sequence)?;
    Some((bytes.get(..at)?, bytes.get(at + sequence.len()..)?))
}
