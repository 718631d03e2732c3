//! What a caller types, as input and attachments.

use std::path::Path;

use anyhow::Result;
use serde_json::{Map, Value};
use wharf::operation::Operation;
use wharf::{Blob, files};

use crate::args::Target;
use crate::exit::Usage;

/// How large an input may be, in bytes: as large as a request where nobody raises that limit.
const LARGEST_INPUT: u64 = 64 << 20;

/// How large a file may be, in bytes. The limits of a call are lower, unless they are raised a good deal.
const LARGEST_ATTACHMENT: u64 = 1 << 30;

/// One item, or one for each object of an array.
pub(crate) enum Items {
    One(Value),
    Many(Vec<Value>),
}

/// The input of `--input` with the values of `name=value` put over it.
pub(crate) fn items(operation: &Operation, target: &Target) -> Result<Items> {
    let values = target
        .values
        .iter()
        .map(|pair| {
            let (name, text) = pair
                .split_once('=')
                .ok_or_else(|| Usage(format!("`{pair}` is not `name=value`; JSON goes with --input")))?;
            Ok((name.to_owned(), operation.parse_value(name, text)?))
        })
        .collect::<Result<Map<_, _>>>()?;
    match target.input.as_deref().map(parse).transpose()? {
        None => Ok(Items::One(Value::Object(values))),
        Some(Value::Array(items)) => {
            let items = items.into_iter().map(|item| over(item, &values)).collect();
            Ok(Items::Many(items))
        }
        Some(item) => Ok(Items::One(over(item, &values))),
    }
}

fn over(item: Value, values: &Map<String, Value>) -> Value {
    match item {
        Value::Object(mut members) => {
            members.extend(values.clone());
            Value::Object(members)
        }
        // Not an object: the operation's own check says so.
        other => other,
    }
}

fn parse(input: &str) -> Result<Value> {
    let (text, origin) = match input {
        "-" => {
            let text = files::read_text_from(std::io::stdin(), LARGEST_INPUT)
                .map_err(|e| Usage(format!("standard input cannot be read: {e}")))?;
            (text, "standard input".to_owned())
        }
        _ => match input.strip_prefix('@') {
            Some(file) => {
                let text = files::read_text(Path::new(file), LARGEST_INPUT)
                    .map_err(|e| Usage(format!("--input @{file} cannot be read: {e}; a pipe goes with --input -")))?;
                (text, file.to_owned())
            }
            None => (input.to_owned(), "--input".to_owned()),
        },
    };
    Ok(serde_json::from_str(&text).map_err(|e| Usage(format!("{origin} is not JSON: {e}")))?)
}

/// The files of `--attach name=@FILE`.
pub(crate) fn attachments(target: &Target) -> Result<Vec<(String, Blob)>> {
    target
        .attach
        .iter()
        .map(|pair| {
            let (name, file) =
                pair.split_once("=@").ok_or_else(|| Usage(format!("`--attach {pair}` is not `name=@FILE`")))?;
            let bytes = files::read(Path::new(file), LARGEST_ATTACHMENT)
                .map_err(|e| Usage(format!("the attachment {file} cannot be read: {e}")))?;
            let media_type = mime_guess::from_path(file).first_or_octet_stream();
            let file_name = Path::new(file).file_name().and_then(|name| name.to_str()).map(str::to_owned);
            Ok((name.to_owned(), Blob::new(bytes, media_type.essence_str(), file_name)))
        })
        .collect()
}
