//! What a caller types, as input and attachments.

use std::fs;
use std::path::Path;

use anyhow::{Context as _, Result};
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
            let file_name = Path::new(file).file_name().map(|n| n.to_string_lossy().into_owned());
            Ok((name.to_owned(), Blob::new(bytes, media_type.essence_str(), file_name)))
        })
        .collect()
}

/// Writes a file of the output into a folder, beside what is there already, and returns its name.
pub(crate) fn save(folder: &Path, name: &str, blob: &Blob) -> Result<String> {
    fs::create_dir_all(folder).with_context(|| format!("the folder {}", folder.display()))?;
    let wanted = blob.file_name.as_deref().map(safe_name).filter(|name| !name.is_empty());
    let safe = wanted.unwrap_or_else(|| safe_name(&default_name(name, &blob.media_type)));
    let (stem, ending) = match safe.rsplit_once('.') {
        Some((stem, ending)) if !stem.is_empty() => (stem.to_owned(), format!(".{ending}")),
        _ => (safe, String::new()),
    };
    for number in 0_u32.. {
        let file_name = if number == 0 { format!("{stem}{ending}") } else { format!("{stem}-{number}{ending}") };
        match fs::File::create_new(folder.join(&file_name)) {
            Ok(mut file) => {
                std::io::Write::write_all(&mut file, &blob.bytes).with_context(|| format!("the file {file_name}"))?;
                return Ok(file_name);
            }
            Err(error) if error.kind() == std::io::ErrorKind::AlreadyExists => {}
            Err(error) => return Err(error).with_context(|| format!("the file {}", folder.join(&file_name).display())),
        }
    }
    Err(Usage(format!("{} is full of files of this name", folder.display())).into())
}

/// A name that stays in its folder: both the plugin's and the provider's names come from strangers.
fn safe_name(name: &str) -> String {
    let plain: String =
        name.chars().map(|c| if wharf::text::deceives(c) || matches!(c, '/' | '\\' | ':') { '_' } else { c }).collect();
    plain.trim_start_matches('.').to_owned()
}

fn default_name(name: &str, media_type: &str) -> String {
    let essence = media_type.split(';').next().unwrap_or_default().trim();
    let endings = mime_guess::get_mime_extensions_str(essence).unwrap_or_default();
    // The list is in no order that would tell the usual one.
    let usual = match essence {
        "image/jpeg" => "jpg",
        "image/svg+xml" => "svg",
        "text/plain" => "txt",
        _ => essence.rsplit('/').next().unwrap_or_default(),
    };
    match endings.iter().find(|ending| **ending == usual).or(endings.last()) {
        Some(ending) => format!("{name}.{ending}"),
        None => name.to_owned(),
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_file_without_a_name_has_the_usual_ending_of_its_media_type() {
        for (media_type, name) in [
            ("image/png", "avatar.png"),
            ("image/jpeg", "avatar.jpg"),
            ("text/html; charset=utf-8", "avatar.html"),
            ("text/plain", "avatar.txt"),
            ("application/pdf", "avatar.pdf"),
            ("application/x-nobody-knows", "avatar"),
            ("", "avatar"),
        ] {
            assert_eq!(default_name("avatar", media_type), name, "{media_type}");
        }
    }
}
