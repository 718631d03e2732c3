use std::fmt;

use percent_encoding::percent_decode_str;
use serde::{Deserialize, Deserializer, Serialize, Serializer};

use crate::declaration::Siblings;
use crate::rules::{Denial, LONGEST_URL, Rule, too_long};
use crate::secret::Text;

/// Far more than any API nests.
const MOST_SEGMENTS: usize = 64;

/// How often a value is percent-decoded in search of something hidden: as often as a chain of proxies might.
const DECODINGS: usize = 4;

/// A path template: `/users/{userId}/sessions/{sessionId}`. The empty template adds nothing to the base URL.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Path {
    template: String,
    segments: Vec<Vec<Piece>>,
}

#[derive(Clone, Debug, PartialEq, Eq)]
enum Piece {
    Literal(String),
    Variable(String),
}

impl Piece {
    fn is_variable(&self) -> bool {
        matches!(self, Self::Variable(_))
    }
}

/// Why a text is not a path template.
#[derive(Clone, Debug, PartialEq, Eq, thiserror::Error)]
#[error("the path `{template}` {problem}")]
pub struct PathError {
    template: String,
    problem: &'static str,
}

impl Path {
    /// Reads a template.
    ///
    /// # Errors
    /// A path that does not begin with a slash, has an empty segment (but for the last), a dot segment, a brace without
    /// its other half, a variable without a name, or a character that does not stand in a path (RFC 3986, section 3.3).
    pub fn parse(template: &str) -> Result<Self, PathError> {
        let error = |problem| PathError { template: template.to_owned(), problem };
        if template.is_empty() {
            return Ok(Self { template: String::new(), segments: Vec::new() });
        }
        let rest = template.strip_prefix('/').ok_or_else(|| error("does not begin with `/`"))?;
        let count = rest.split('/').count();
        if count > MOST_SEGMENTS {
            return Err(error("has more than 64 segments"));
        }
        let segments = rest
            .split('/')
            .enumerate()
            .map(|(index, segment)| match segment {
                "" if index + 1 < count => Err("has an empty segment"),
                "." | ".." => Err("has a dot segment"),
                _ => pieces(segment),
            })
            .collect::<Result<_, _>>()
            .map_err(error)?;
        Ok(Self { template: template.to_owned(), segments })
    }

    /// The template as it was written.
    pub fn as_str(&self) -> &str {
        &self.template
    }

    /// The variables, in order.
    pub fn variables(&self) -> impl Iterator<Item = &str> {
        self.segments.iter().flatten().filter_map(|piece| match piece {
            Piece::Variable(name) => Some(name.as_str()),
            Piece::Literal(_) => None,
        })
    }

    /// The segments, in order.
    pub(crate) fn segments(&self) -> impl Iterator<Item = Segment<'_>> {
        self.segments.iter().map(|pieces| Segment(pieces))
    }

    /// Appends the path to a URL, with its variables filled in.
    pub(crate) fn expand(
        &self,
        path: &mut Text,
        siblings: &Siblings,
        value: impl Fn(&str) -> Result<Text, Denial>,
    ) -> Result<(), Denial> {
        for (index, segment) in self.segments.iter().enumerate() {
            path.push_str("/");
            let is_sibling = |text: &str| siblings.has(index, text);
            let together = segment.len() > 1;
            let mut whole = Text::default();
            for piece in segment {
                match piece {
                    Piece::Literal(text) => {
                        path.push_str(text);
                        whole.push_str(if together { text } else { "" });
                    }
                    Piece::Variable(name) => {
                        let value = value(name)?;
                        check(name, value.real(), is_sibling)?;
                        path.push_percent_encoded(&value);
                        if path.real().len() > LONGEST_URL {
                            return Err(too_long());
                        }
                        if together {
                            whole.push(&value);
                        }
                    }
                }
            }
            // What each of several pieces is not, all of them together may be.
            if let Some(Piece::Variable(name)) = segment.iter().find(|piece| together && piece.is_variable()) {
                check(name, whole.real(), is_sibling)?;
            }
        }
        Ok(())
    }
}

/// What stands between two slashes.
#[derive(Clone, Copy)]
pub(crate) struct Segment<'a>(&'a [Piece]);

impl<'a> Segment<'a> {
    /// The text of a segment without variables.
    pub(crate) fn literal(self) -> Option<&'a str> {
        match self.0 {
            [] => Some(""),
            [Piece::Literal(text)] => Some(text),
            _ => None,
        }
    }
}

fn pieces(segment: &str) -> Result<Vec<Piece>, &'static str> {
    let mut pieces = Vec::new();
    let mut rest = segment;
    while !rest.is_empty() {
        let (text, variable) = match rest.split_once('{') {
            None => (rest, None),
            Some((text, after)) => {
                let (name, after) = after.split_once('}').ok_or("has `{` without `}`")?;
                if name.is_empty() || !name.chars().all(|c| c.is_ascii_alphanumeric() || matches!(c, '_' | '-' | '$')) {
                    return Err("has a variable whose name is not made of letters, digits, `_`, `-` and `$`");
                }
                rest = after;
                (text, Some(name))
            }
        };
        if !text.bytes().all(is_path_character) {
            return Err("has a character that does not stand in a path");
        }
        if !text.is_empty() {
            pieces.push(Piece::Literal(text.to_owned()));
        }
        match variable {
            Some(name) => pieces.push(Piece::Variable(name.to_owned())),
            None => break,
        }
    }
    Ok(pieces)
}

/// `pchar` of RFC 3986 without percent-encoding.
fn is_path_character(byte: u8) -> bool {
    byte.is_ascii_alphanumeric() || b"-._~!$&'()*+,;=:@".contains(&byte)
}

/// Refuses a value that would make another path of the template, also one that would do so after a proxy on the way
/// has decoded it.
fn check(variable: &str, value: &str, is_sibling: impl Fn(&str) -> bool) -> Result<(), Denial> {
    let deny = |problem: &str| Err(Rule::PathValue.denies(format!("the value of `{variable}` in the path {problem}")));
    let mut level = value.to_owned();
    for _ in 0..DECODINGS {
        // What strips spaces takes `.. ` for `..`.
        match without_parameters(&level).trim_matches(' ') {
            "" => return deny("is empty, which would make another path"),
            "." | ".." => return deny("is a dot segment, which would make another path"),
            _ if level.contains(['/', '\\']) => return deny("has a slash in it, which would make another path"),
            _ if level.chars().any(char::is_control) => return deny("has a control character in it"),
            _ => {
                if let Some(sibling) = routes(&level).find(|route| is_sibling(route)) {
                    let sibling = sibling.to_ascii_lowercase();
                    return deny(&format!("is `{sibling}`, which another request of the plugin has in this place"));
                }
            }
        }
        if !level.contains('%') {
            break;
        }
        let decoded = percent_decode_str(&level).decode_utf8_lossy().into_owned();
        if decoded == level {
            break;
        }
        level = decoded;
    }
    Ok(())
}

/// A segment as servers in Java see it: without the parameters after a semicolon (`..;a=b` for `..`).
fn without_parameters(segment: &str) -> &str {
    segment.split([';', '?', '#']).next().unwrap_or_default()
}

/// What a segment is taken for by servers that pass over parameters, and over dots and spaces at its end, or take what follows
/// the last dot for a format (`all.json` for `all`, as Rails does).
fn routes(segment: &str) -> impl Iterator<Item = &str> {
    let trimmed = without_parameters(segment).trim_end_matches(['.', ' ']);
    let without_format = trimmed.rsplit_once('.').map(|(name, _)| name);
    [segment, trimmed].into_iter().chain(without_format)
}

impl fmt::Display for Path {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(&self.template)
    }
}

impl Serialize for Path {
    fn serialize<S: Serializer>(&self, serializer: S) -> Result<S::Ok, S::Error> {
        serializer.serialize_str(&self.template)
    }
}

impl<'de> Deserialize<'de> for Path {
    fn deserialize<D: Deserializer<'de>>(deserializer: D) -> Result<Self, D::Error> {
        let template = String::deserialize(deserializer)?;
        Self::parse(&template).map_err(serde::de::Error::custom)
    }
}

#[cfg(test)]
mod tests {
    use serde_json::json;

    use super::*;
    use crate::declaration::{Method, Route, Routes};

    fn siblings(path: &Path, others: &[&str]) -> Siblings {
        let route = |path: &&str| serde_json::from_value::<Route>(json!({"method": "GET", "path": path})).unwrap();
        others.iter().map(route).collect::<Routes>().siblings(Method::Get, path)
    }

    fn expand(template: &str, value: &str) -> Result<String, Denial> {
        let path = Path::parse(template).unwrap();
        let siblings = siblings(&path, &["/users/identities", "/users/{id}/sessions", "/teams/members"]);
        let mut text = Text::default();
        path.expand(&mut text, &siblings, |_| Ok(Text::open(value)))?;
        Ok(text.real().to_owned())
    }

    #[test]
    fn values_are_percent_encoded() {
        assert_eq!(
            expand("/users/{userId}/sessions", "ada lovelace?#&é").unwrap(),
            "/users/ada%20lovelace%3F%23%26%C3%A9/sessions"
        );
        assert_eq!(expand("/files/{id}.json", "7").unwrap(), "/files/7.json");
        assert_eq!(expand("", "7").unwrap(), "");
        assert_eq!(expand("/inboxes/", "7").unwrap(), "/inboxes/");
    }

    #[test]
    fn values_that_would_make_another_path_are_refused() {
        for value in [
            "",
            ".",
            "..",
            "a/b",
            "a\\b",
            "%2e%2e",
            "%252E%252e",
            "1%2f2",
            "1%00",
            "a\nb",
            "..;",
            ".. ",
            "%2e.%20",
            ".;a=b",
            ";x",
            "..%3bx",
            "%2e%2e%253b",
        ] {
            let denial = expand("/users/{userId}", value).unwrap_err();
            assert_eq!(denial.rule, Rule::PathValue, "{value}");
        }
    }

    #[test]
    fn a_value_that_names_a_sibling_is_refused() {
        for value in [
            "identities",
            "Identities",
            "%69dentities",
            "identities.json",
            "identities.",
            "identities. ",
            "identities;x",
            "identities;a=b.json",
            "identities%3Bx",
            "identities.;x",
            "identities?x",
            "identities%23x",
        ] {
            let denial = expand("/users/{userId}", value).unwrap_err();
            assert!(denial.message.contains("`identities`"), "{denial}");
        }
        assert_eq!(expand("/users/{userId}", "members").unwrap(), "/users/members", "a sibling elsewhere");
        assert_eq!(expand("/users/{userId}", "100%").unwrap(), "/users/100%25");
    }

    #[test]
    fn values_of_one_segment_are_looked_at_together() {
        let together = |template: &str, first: &str, second: &str| {
            let path = Path::parse(template).unwrap();
            let siblings = siblings(&path, &["/users/identities"]);
            path.expand(&mut Text::default(), &siblings, |name| {
                Ok(Text::open(if name == "a" { first } else { second }))
            })
        };
        assert!(together("/users/{a}{b}", "iden", "tities").is_err());
        assert!(together("/users/i{a}", "dentities", "").is_err());
        assert!(together("/users/{a}.{b}", ".", "x").is_err(), "a dot by itself");
        assert!(together("/users/{a}{b}", "%2", "e%2e").is_err());
        assert!(together("/users/{a}.{b}", "report", "pdf").is_ok());
    }

    #[test]
    fn templates_are_checked() {
        for (template, problem) in [
            ("users", "does not begin with"),
            ("/users//sessions", "empty segment"),
            ("/users/../teams", "dot segment"),
            ("/users/{id", "without"),
            ("/users/{}", "variable"),
            ("/users/id}", "character"),
            ("/users?id=1", "character"),
            ("/us%65rs", "character"),
            (&"/a".repeat(65), "64 segments"),
        ] {
            let error = Path::parse(template).unwrap_err().to_string();
            assert!(error.contains(problem), "{template}: {error}");
        }
    }
}
