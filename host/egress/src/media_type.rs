//! Media types of files. A manifest declares ranges, as in an `Accept` header; what is sent is one of them, written anew.

use std::fmt;

use crate::asked::printable;
use crate::rules::{Denial, Rule};

/// Types by which servers read fields out of a body, besides `multipart/*`. No file can have them.
const FORM: &str = "application/x-www-form-urlencoded";

/// What a range without a subtype may be where a plugin gives the whole body: types that no server reads fields from.
const CLOSED_RANGES: [&str; 4] = ["audio/*", "font/*", "image/*", "video/*"];

/// A media type (RFC 9110, section 8.3.1), of tokens alone: servers differ in how they read anything else.
#[derive(Debug, PartialEq, Eq)]
pub(crate) struct MediaType {
    /// `image/png`, in lower case.
    essence: String,
    parameters: Vec<(String, String)>,
}

impl MediaType {
    pub(crate) fn parse(text: &str) -> Option<Self> {
        let mut pieces = text.split(';').map(|piece| piece.trim_matches([' ', '\t']));
        let essence = pieces.next()?.to_ascii_lowercase();
        let (kind, subtype) = essence.split_once('/')?;
        let parameters = pieces.map(|piece| {
            let (name, value) = piece.split_once('=')?;
            let name = name.to_ascii_lowercase();
            // It tells where parts begin, and there are none.
            (is_token(&name) && is_token(value) && name != "boundary").then(|| (name, value.to_owned()))
        });
        let parameters = parameters.collect::<Option<Vec<_>>>()?;
        let is_type = is_token(kind) && is_token(subtype) && !essence.contains('*');
        is_type.then_some(Self { essence, parameters })
    }

    /// Whether servers read members out of it.
    pub(crate) fn is_json(&self) -> bool {
        let (_, subtype) = self.essence.split_once('/').unwrap_or_default();
        ["json", "x-json", "jsonrequest", "json-rpc"].contains(&subtype) || subtype.ends_with("+json")
    }

    /// Whether it is written in another way than UTF-8.
    pub(crate) fn is_foreign(&self) -> bool {
        self.parameters.iter().any(|(name, value)| name == "charset" && !value.eq_ignore_ascii_case("utf-8"))
    }

    fn has_fields(&self) -> bool {
        self.essence == FORM || self.essence.starts_with("multipart/")
    }

    fn is_in(&self, range: &str) -> bool {
        let range = range.to_ascii_lowercase();
        match range.strip_suffix('*') {
            Some("*/") => true,
            Some(kind) => self.essence.starts_with(kind),
            None => self.essence == range,
        }
    }
}

impl fmt::Display for MediaType {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(&self.essence)?;
        self.parameters.iter().try_for_each(|(name, value)| write!(f, "; {name}={value}"))
    }
}

fn is_token(text: &str) -> bool {
    let mark = |byte: u8| byte.is_ascii_alphanumeric() || b"!#$%&'*+-.^_`|~".contains(&byte);
    !text.is_empty() && text.bytes().all(mark)
}

/// Where a file stands in a body.
#[derive(Clone, Copy, PartialEq, Eq)]
pub(crate) enum As {
    /// It is all of it. JSON is then one of fields, so that a range does not let it in.
    Whole,
    Part,
}

/// The media type of a file, if it is a declared one.
pub(crate) fn declared(ranges: &[String], given: &str, place: As) -> Result<MediaType, Denial> {
    let Some(media_type) = MediaType::parse(given) else {
        return Err(Rule::Body.denies(format!(
            "the media type `{}` of a file is not one type and subtype with plain parameters",
            printable(given)
        )));
    };
    let fits = |range: &String| {
        media_type.is_in(range) && !(place == As::Whole && media_type.is_json() && range.contains('*'))
    };
    if !media_type.has_fields() && ranges.iter().any(fits) {
        return Ok(media_type);
    }
    let taken = if ranges.is_empty() { "no file".to_owned() } else { format!("`{}`", ranges.join("`, `")) };
    let message = format!("a file of the media type `{}` is not declared: the request takes {taken}", printable(given));
    Err(Rule::Body.denies(message).with_remedy("give a file of a media type that the request takes".to_owned()))
}

/// What is wrong with the media type of JSON that the host writes.
pub(crate) fn problem_of_json(text: &str) -> Option<String> {
    let is_known = |essence: &str| {
        essence == "application/json" || essence.starts_with("application/") && essence.ends_with("+json")
    };
    problem_of(text, is_known, "one of JSON: `application/json`, or `application/…+json`")
}

/// The same for a text.
pub(crate) fn problem_of_text(text: &str) -> Option<String> {
    let is_known = |essence: &str| {
        let is_xml = |kind: &str| kind == "xml" || kind.ends_with("+xml");
        essence.starts_with("text/") || essence.strip_prefix("application/").is_some_and(is_xml)
    };
    problem_of(text, is_known, "one of text or XML: `text/…`, `application/xml`, or `application/…+xml`").or_else(
        || {
            MediaType::parse(text)?
                .is_json()
                .then(|| format!("the media type `{text}` is one of JSON; declare a body of JSON"))
        },
    )
}

fn problem_of(text: &str, is_known: impl Fn(&str) -> bool, allowed: &str) -> Option<String> {
    let parsed = MediaType::parse(text);
    let is_good = parsed.is_some_and(|parsed| parsed.parameters.is_empty() && is_known(&parsed.essence));
    (!is_good).then(|| format!("the media type `{}` is not {allowed}, without parameters", printable(text)))
}

/// What is wrong with a declared range. `free` says that a plugin gives it, and that it is the whole body.
pub(crate) fn problem(range: &str, free: bool) -> Option<String> {
    let lower = range.to_ascii_lowercase();
    let problem = match lower.strip_suffix("/*") {
        Some(_) if free && !CLOSED_RANGES.contains(&lower.as_str()) => {
            "lets in types that servers read fields from; for a file that the plugin gives, name each"
        }
        Some("multipart") => "is one of fields, not of files",
        Some("*") => return None,
        Some(kind) if is_token(kind) && !kind.contains('*') => return None,
        Some(_) => "is not a media type",
        None => match MediaType::parse(range) {
            Some(media_type) if media_type.has_fields() => "is one of fields, not of files",
            Some(media_type) if media_type.parameters.is_empty() => return None,
            _ => "is not a media type, or has parameters",
        },
    };
    Some(format!("the media type `{range}` {problem}"))
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn what_is_sent_is_written_anew() {
        for (given, sent) in [
            ("image/png", Some("image/png")),
            ("Text/HTML ;Charset=utf-8", Some("text/html; charset=utf-8")),
            ("x;y, application/json", None),
            ("text/plain, application/json", None),
            ("text/plain; charset=\"utf-8\"", None),
            ("text/plain; a", None),
            ("text/plain; boundary=x", None),
            ("text/plain\r\nX-Injected: 1", None),
            ("text/plain;", None),
            ("text", None),
            ("*/*", None),
            ("/png", None),
            ("", None),
        ] {
            assert_eq!(MediaType::parse(given).map(|parsed| parsed.to_string()).as_deref(), sent, "{given:?}");
        }
    }

    #[test]
    fn a_range_lets_in_no_type_of_fields() {
        let taken = |range: &str, given: &str, place| declared(&[range.to_owned()], given, place).is_ok();
        assert!(taken("*/*", "text/plain", As::Whole) && taken("image/*", "IMAGE/PNG", As::Whole));
        assert!(!taken("image/*", "imageX/png", As::Part) && !taken("image/png", "image/jpeg", As::Part));
        for given in ["application/x-www-form-urlencoded", "multipart/form-data", "Multipart/Mixed"] {
            assert!(!taken("*/*", given, As::Part) && !taken("*/*", given, As::Whole), "{given}");
        }
        for given in ["application/json", "text/json", "application/vnd.api+json"] {
            assert!(!taken("*/*", given, As::Whole) && taken(given, given, As::Whole), "{given}");
            assert!(taken("*/*", given, As::Part), "{given}");
        }
    }

    #[test]
    fn a_range_that_cannot_be_declared_is_told() {
        for (range, free, ok) in [
            ("image/*", true, true),
            ("*/*", false, true),
            ("*/*", true, false),
            ("text/*", true, false),
            ("application/json", true, true),
            ("multipart/*", false, false),
            ("multipart/mixed", false, false),
            ("application/x-www-form-urlencoded", false, false),
            ("text/plain; charset=utf-8", false, false),
            ("*/png", false, false),
            ("a*/*", false, false),
            ("png", false, false),
        ] {
            assert_eq!(problem(range, free).is_none(), ok, "{range}");
        }
    }
}
