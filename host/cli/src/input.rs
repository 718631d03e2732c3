//! What a caller types, as input and attachments.

use std::io;
use std::path::Path;

use anyhow::Result;
use wharf::operation::Operation;
use wharf::text::without_mark;
use wharf::{Blob, Json, files};

use crate::args::Target;
use crate::exit::Usage;

/// How large an input may be, in bytes: as large as a request where nobody raises that limit.
const LARGEST_INPUT: u64 = 64 << 20;

/// One item, or one for each object of an array.
pub(crate) enum Items {
    One(Json),
    Many(Vec<Json>),
}

impl Items {
    /// Whether any of them has a value for an input.
    pub(crate) fn give(&self, input: &str) -> bool {
        let items = match self {
            Self::One(item) => std::slice::from_ref(item),
            Self::Many(items) => items,
        };
        items.iter().any(|item| item.is_object() && item.members().iter().any(|(name, _)| name == input))
    }
}

/// The input of `--input` with the values of `name=value` and `name:=JSON` put over it.
pub(crate) fn items(operation: &Operation, target: &Target) -> Result<Items> {
    let mut values: Vec<(String, Json)> = Vec::new();
    for pair in &target.values {
        let (name, text) = pair.split_once('=').ok_or_else(|| {
            Usage(format!("`{pair}` is not `name=value` or `name:=JSON`; a whole input goes with --input"))
        })?;
        let (name, value) = match name.strip_suffix(':') {
            Some(name) => (name, operation.parse_json(name, text)?),
            None => (name, operation.parse_value(name, text)?),
        };
        if values.iter().any(|(known, _)| known == name) {
            return Err(Usage(format!("`{name}` is given twice; a list goes as JSON, `{name}:=[…]`")).into());
        }
        values.push((name.to_owned(), value));
    }
    match target.input.as_deref().map(parse).transpose()? {
        None => Ok(Items::One(over(Json::object([]), &values))),
        Some(list) if list.is_list() => {
            Ok(Items::Many(list.entries().into_iter().map(|item| over(item, &values)).collect()))
        }
        Some(item) => Ok(Items::One(over(item, &values))),
    }
}

fn over(item: Json, values: &[(String, Json)]) -> Json {
    // Where it is no object, the operation's own check says so.
    if values.is_empty() || !item.is_object() {
        return item;
    }
    let mut members = item.members();
    for (name, value) in values {
        let mut found = false;
        for (_, member) in members.iter_mut().filter(|(known, _)| known == name) {
            member.clone_from(value);
            found = true;
        }
        if !found {
            members.push((name.clone(), value.clone()));
        }
    }
    Json::object(members.iter().map(|(name, member)| (name.as_str(), member.clone())))
}

fn parse(input: &str) -> Result<Json> {
    let (text, origin) = match input {
        "-" => {
            let text = files::read_text_from(io::stdin(), LARGEST_INPUT)
                .map_err(|e| Usage(format!("standard input cannot be read: {e}")))?;
            (text, "standard input".to_owned())
        }
        _ => match input.strip_prefix('@') {
            Some(file) => {
                let text = files::read_text(Path::new(file), LARGEST_INPUT)
                    .map_err(|e| Usage(format!("--input @{file} cannot be read: {}", instead_of_input(&e))))?;
                (text, file.to_owned())
            }
            None => (without_mark(input).to_owned(), "--input".to_owned()),
        },
    };
    Ok(Json::parse(text).map_err(|e| Usage(format!("{origin} is not JSON: {e}")))?)
}

fn instead_of_input(error: &io::Error) -> String {
    match error.kind() {
        // What is no file is a pipe, more often than not.
        io::ErrorKind::Other => format!("{error}; a pipe goes with --input -"),
        _ => files::in_words(error, "a file with JSON"),
    }
}

fn attached_wrongly(pair: &str) -> String {
    let (name, file) = pair.split_once('=').unwrap_or(("NAME", pair.trim_start_matches('@')));
    format!("`--attach {pair}` is not `name=@FILE`; write --attach {name}=@{file}")
}

fn no_media_type(pair: &str, said: &str) -> String {
    format!("`--attach {pair}`: `{said}` is no media type; write one such as ;type=application/octet-stream")
}

/// The files of `--attach name=@FILE`, whose media type is that of its name where `;type=` behind it says no other.
pub(crate) fn attachments(target: &Target) -> Result<Vec<(String, Blob)>> {
    target
        .attach
        .iter()
        .map(|pair| {
            let (name, file) = pair.split_once("=@").ok_or_else(|| Usage(attached_wrongly(pair)))?;
            let (file, media_type) = match file.rsplit_once(";type=") {
                Some((file, said)) => (file, said.parse().map_err(|_| Usage(no_media_type(pair, said)))?),
                None => (file, mime_guess::from_path(file).first_or_octet_stream()),
            };
            let file_name = Path::new(file).file_name().and_then(|name| name.to_str()).map(str::to_owned);
            let blob = files::open(Path::new(file))
                .and_then(|opened| Blob::from_file(opened, media_type.essence_str(), file_name))
                .map_err(|e| {
                    let problem = files::in_words(&e, "one file; pack a folder first, as with tar or zip");
                    Usage(format!("the attachment {file} cannot be read: {problem}"))
                })?;
            Ok((name.to_owned(), blob))
        })
        .collect()
}
