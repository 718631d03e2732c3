//! What is known of every operation of the five providers, one line for each.
//!
//! The simulated providers take their routes and the checks of their parameters from these tables; tests compare the plugins
//! with them.

use std::sync::LazyLock;

use serde::Deserialize;

/// An operation of a provider.
#[derive(Clone, Debug, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct Operation {
    /// As Wharf calls it: `users.delete-session`.
    pub name: String,
    /// How the provider knows it: method and path, for Aigency the JSON-RPC method, for Vtiger method and `operation=…`.
    pub call: String,
    /// All that it takes.
    pub params: Vec<Param>,
    /// The kind of token, for Chatwoot: `platform`, `user` or `none`.
    pub token: Option<String>,
    /// The status of a good answer.
    #[serde(default)]
    pub status: Option<u16>,
    /// The kind of answer, for Appwrite: a model, `empty` or `binary …`.
    pub answer: Option<String>,
    /// Nobody has seen this path work.
    #[serde(default)]
    pub inferred: bool,
    /// The requests of a composite operation, in order.
    #[serde(default)]
    pub steps: Vec<String>,
}

/// A parameter, written `place name type! null =choice|choice`: `!` where it is required.
#[derive(Clone, Debug, Deserialize)]
#[serde(try_from = "String")]
pub struct Param {
    /// Where it goes.
    pub place: Place,
    /// As the provider knows it.
    pub name: String,
    /// What it may be.
    pub kind: Kind,
    /// Whether the operation cannot do without it.
    pub required: bool,
    /// Whether null is allowed.
    pub nullable: bool,
    /// The values that are allowed, where they are few.
    pub choices: Vec<String>,
}

/// Where a parameter goes.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
#[expect(missing_docs, reason = "the names say it")]
pub enum Place {
    Path,
    Query,
    /// A member of a JSON body.
    Body,
    Form,
    /// Of a multipart body.
    Part,
    /// The user in Aigency's authorization header.
    User,
}

/// What a parameter may be.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
#[expect(missing_docs, reason = "the names say it")]
pub enum Kind {
    Any,
    Text,
    Integer,
    Number,
    Boolean,
    Object,
    File,
    Texts,
    Integers,
    Objects,
}

impl TryFrom<String> for Param {
    type Error = String;

    fn try_from(text: String) -> Result<Self, String> {
        let mut words = text.split(' ');
        let place = match words.next() {
            Some("path") => Place::Path,
            Some("query") => Place::Query,
            Some("body") => Place::Body,
            Some("form") => Place::Form,
            Some("part") => Place::Part,
            Some("user") => Place::User,
            _ => return Err(format!("no place in `{text}`")),
        };
        let name = words.next().ok_or_else(|| format!("no name in `{text}`"))?.to_owned();
        let kind = words.next().unwrap_or_default();
        let required = kind.ends_with('!');
        let kind = match kind.trim_end_matches('!') {
            "any" => Kind::Any,
            "string" => Kind::Text,
            "integer" => Kind::Integer,
            "number" => Kind::Number,
            "boolean" => Kind::Boolean,
            "object" => Kind::Object,
            "file" => Kind::File,
            "array<string>" => Kind::Texts,
            "array<integer>" => Kind::Integers,
            "array<object>" => Kind::Objects,
            _ => return Err(format!("no type in `{text}`")),
        };
        let (mut nullable, mut choices) = (false, Vec::new());
        for word in words {
            match word.strip_prefix('=') {
                Some(list) => choices = list.split('|').map(str::to_owned).collect(),
                None if word == "null" => nullable = true,
                None => return Err(format!("`{word}` says nothing in `{text}`")),
            }
        }
        Ok(Self { place, name, kind, required, nullable, choices })
    }
}

/// The operations of a provider.
pub type Table = LazyLock<Vec<Operation>>;

/// The operations of Appwrite.
pub static APPWRITE: Table = LazyLock::new(|| read(include_str!("../tables/appwrite.json")));
/// The operations of Chatwoot.
pub static CHATWOOT: Table = LazyLock::new(|| read(include_str!("../tables/chatwoot.json")));
/// The operations of Vtiger.
pub static VTIGER: Table = LazyLock::new(|| read(include_str!("../tables/vtiger.json")));
/// The operations of WibiClick.
pub static WIBICLICK: Table = LazyLock::new(|| read(include_str!("../tables/wibiclick.json")));
/// The operations of Aigency.
pub static AIGENCY: Table = LazyLock::new(|| read(include_str!("../tables/aigency.json")));

/// The table of a provider by its name.
pub fn of(provider: &str) -> Option<&'static [Operation]> {
    Some(match provider {
        "appwrite" => &APPWRITE,
        "chatwoot" => &CHATWOOT,
        "vtiger" => &VTIGER,
        "wibiclick" => &WIBICLICK,
        "aigency" => &AIGENCY,
        _ => return None,
    })
}

/// A test reads all of them, so a table that is wrong does not get far.
pub(crate) fn read(json: &str) -> Vec<Operation> {
    serde_json::from_str(json).unwrap_or_default()
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn every_table_can_be_read() {
        let tables = [
            (include_str!("../tables/appwrite.json"), 175),
            (include_str!("../tables/chatwoot.json"), 129),
            (include_str!("../tables/vtiger.json"), 41),
            (include_str!("../tables/wibiclick.json"), 81),
            (include_str!("../tables/aigency.json"), 56),
        ];
        for (json, count) in tables {
            let operations: Vec<Operation> = serde_json::from_str(json).unwrap();
            assert_eq!(operations.len(), count);
        }
    }
}
