//! What a key takes: whether a value is that, and words with a line to copy for one that is not. A value is repeated only where
//! it is none of a field and made of words: a secret may stand in a wrong place.

use std::net::IpAddr;
use std::ops::Range;

use bytesize::ByteSize;
use toml::Spanned;
use toml::de::{DeInteger, DeTable, DeValue};
use wharf_egress::text::named;
use wharf_egress::{IpNet, Nat64};

use super::PluginOperations;
use super::keys::Key;
use crate::grant::Pattern;

type Read = fn(&str) -> Result<(), String>;

/// What a key takes.
#[derive(Clone, Copy)]
pub(super) enum Takes {
    /// Such as a path, or a name.
    Text,
    /// Texts: what they are, and what reads each or tells what is wrong with it, where not any text will do.
    List(&'static str, Option<Read>),
    /// A whole number from 0 to this one.
    Number(u64),
    /// A number from 0 to 1.
    Share,
    /// Bytes.
    Size,
    Time,
    Switch,
    /// A text, or where it stands.
    Value,
    /// Where a text stands that is not written down here.
    Place,
    /// Values by name.
    Values,
    /// Texts by name: of what.
    Texts(&'static str),
    /// A table with these keys.
    Table(&'static [&'static [Key]]),
    /// Such tables by name.
    Tables(&'static [&'static [Key]]),
}

/// What is wrong with a value, and where if that is only a part of it. It follows the key's path.
pub(super) fn problem(key: &Key, value: &DeValue<'_>) -> Option<(Option<Range<usize>>, String)> {
    let name = key.name;
    let write = |what: &str, example: Option<String>| {
        let example = example.unwrap_or_else(|| key.example.to_owned());
        Some((None, format!(" is {what}; write {name} = {example}")))
    };
    match (key.takes, value) {
        (Takes::Text, DeValue::String(_)) | (Takes::Switch, DeValue::Boolean(_)) => None,
        (Takes::Share, DeValue::Float(number))
            if number.as_str().parse().is_ok_and(|n: f64| (0.0..=1.0).contains(&n)) =>
        {
            None
        }
        (Takes::Share, DeValue::Integer(number)) if whole(number).is_some_and(|n| n <= 1) => None,
        (Takes::Size, DeValue::String(text)) if text.parse::<ByteSize>().is_ok() => None,
        (Takes::Size, DeValue::Integer(number)) if whole(number).is_some() => None,
        (Takes::Time, DeValue::String(text)) if humantime::parse_duration(text).is_ok() => None,
        (Takes::Number(most), DeValue::Integer(number)) if whole(number).is_some_and(|n| n <= most) => None,
        (Takes::Value, value) if is_value(value) => None,
        (Takes::Place, DeValue::Table(table)) if is_place(table) => None,
        (Takes::List(of, read), DeValue::Array(entries)) => entries.iter().find_map(|entry| in_list(of, read, entry)),
        (Takes::List(of, read), value) => {
            let meant = text_in(value).filter(|text| read.is_some_and(|read| read(text).is_ok()));
            write(&format!("a list of {of}"), meant.map(|text| format!("[{}]", toml::Value::from(text))))
        }
        (Takes::Text, _) => write("a text in quotes", None),
        (Takes::Size, _) => write("a size, with its unit in quotes", None),
        (Takes::Time, value) => {
            let number = match value {
                DeValue::Integer(number) => whole(number),
                value => text_in(value).and_then(|text| text.parse().ok()),
            };
            write("a time, with its unit in quotes", number.map(|seconds| format!("\"{seconds}s\"")))
        }
        (Takes::Number(most), value) => {
            let number = text_in(value).and_then(|text| text.parse::<u64>().ok()).filter(|number| *number <= most);
            write(&format!("a whole number from 0 to {most}, without quotes"), number.map(|number| number.to_string()))
        }
        (Takes::Share, _) => write("a number from 0 to 1, without quotes", None),
        (Takes::Switch, _) => write("true or false, without quotes", None),
        (Takes::Value, _) => write(VALUE, None),
        (Takes::Place, _) => write(PLACE, None),
        (Takes::Values, _) => Some((None, format!(" is a table of values by name; write {name} = {}", key.example))),
        (Takes::Texts(of), _) => {
            Some((None, format!(" is a table of texts by name, each {of}; write {name} = {}", key.example)))
        }
        (Takes::Table(_), _) => Some((None, format!(" is a table; write {}", key.example))),
        (Takes::Tables(_), _) => {
            Some((None, format!(" is a table of tables; write {} with a name in place of NAME", key.example)))
        }
    }
}

/// What a field or a proxy is.
pub(super) const VALUE: &str = "a text, { env = \"NAME\" }, { file = \"path\" } or { command = [\"program\"] }";

/// What the vault's key is.
pub(super) const PLACE: &str =
    "{ env = \"NAME\" }, { file = \"path\" } or { command = [\"program\"] }, and never the key itself";

/// Whether it is a value that can be used, or says where one stands.
pub(super) fn is_value(value: &DeValue<'_>) -> bool {
    match value {
        DeValue::String(_) => true,
        DeValue::Integer(number) => i64::from_str_radix(number.as_str(), number.radix()).is_ok(),
        DeValue::Table(table) => is_place(table),
        _ => false,
    }
}

/// Whether it says where a value stands.
fn is_place(table: &DeTable<'_>) -> bool {
    let mut entries = table.iter();
    let (Some((name, at)), None) = (entries.next(), entries.next()) else { return false };
    match (&**name.get_ref(), at.get_ref()) {
        ("env" | "file", DeValue::String(_)) => true,
        ("command", DeValue::Array(words)) => {
            let is_program =
                words.first().and_then(|word| text_in(word.get_ref())).is_some_and(|word| !word.is_empty());
            is_program && words.iter().all(|word| text_in(word.get_ref()).is_some())
        }
        _ => false,
    }
}

fn in_list(of: &str, read: Option<Read>, entry: &Spanned<DeValue<'_>>) -> Option<(Option<Range<usize>>, String)> {
    let at = |problem: String| Some((Some(entry.span()), problem));
    match entry.get_ref() {
        DeValue::String(text) => read.and_then(|read| read(text).err()).and_then(|problem| at(format!(": {problem}"))),
        _ => at(format!(" is a list of {of}, each in quotes")),
    }
}

fn text_in<'a>(value: &'a DeValue<'_>) -> Option<&'a str> {
    match value {
        DeValue::String(text) => Some(text),
        _ => None,
    }
}

fn whole(number: &DeInteger<'_>) -> Option<u64> {
    u64::from_str_radix(number.as_str(), number.radix()).ok().filter(|number| i64::try_from(*number).is_ok())
}

pub(super) fn pattern(text: &str) -> Result<(), String> {
    text.parse::<Pattern>().map(drop)
}

pub(super) fn effect(text: &str) -> Result<(), String> {
    match text {
        "read" | "write" | "delete" => Ok(()),
        other => Err(format!("{} is no effect; write `read`, `write` or `delete`", named(other, "an entry"))),
    }
}

pub(super) fn plugin_operations(text: &str) -> Result<(), String> {
    text.parse::<PluginOperations>().map(drop)
}

pub(super) fn prefix(text: &str) -> Result<(), String> {
    text.parse::<Nat64>().map(drop)
}

pub(super) fn network(text: &str) -> Result<(), String> {
    network_of(text).map(drop)
}

/// An address, or a network in CIDR notation (RFC 4632).
pub(super) fn network_of(text: &str) -> Result<IpNet, String> {
    let address = text.parse::<IpAddr>().map(IpNet::from);
    address.or_else(|_| text.parse()).map_err(|_| {
        let is_address = |c: char| c.is_ascii_hexdigit() || matches!(c, '.' | ':' | '/');
        let is_shown = text.contains(['.', ':']) && text.chars().all(is_address);
        let shown = if is_shown { format!("`{text}`") } else { named(text, "an entry") };
        format!("{shown} is neither an address nor a network such as 10.0.0.0/8")
    })
}
