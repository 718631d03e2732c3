use std::borrow::Cow;

use serde::de::{Deserialize, Deserializer, Error, MapAccess, Visitor};
use serde_json::value::RawValue;

use crate::rules::Kind;
use crate::values;

/// The members of a JSON object, each as it is written. What a parser would make of their numbers is not the same.
#[derive(Clone, Debug)]
pub struct Members<'a>(Vec<(&'a RawValue, &'a RawValue)>);

impl<'a> Members<'a> {
    /// Those of a JSON text, if it is an object.
    pub fn of(json: &'a str) -> Option<Self> {
        serde_json::from_str(json).ok()
    }

    /// The JSON text of a member. Where several have the name it is that of the last, as for most readers.
    pub fn get(&self, name: &str) -> Option<&'a str> {
        self.0.iter().rev().find(|(known, _)| is(known, name)).map(|(_, value)| value.get())
    }

    /// The JSON texts of all members of a name, in their order.
    pub fn all(&self, name: &str) -> impl Iterator<Item = &'a str> {
        self.0.iter().filter(move |(known, _)| is(known, name)).map(|(_, value)| value.get())
    }

    /// A member that is a text.
    pub fn text(&self, name: &str) -> Option<String> {
        serde_json::from_str(self.get(name)?).ok()
    }

    /// A member that is a text, for people: see [`words`].
    pub fn words(&self, name: &str) -> Option<String> {
        words(self.get(name)?)
    }

    /// The names and the JSON texts of all, in their order.
    pub fn iter(&self) -> impl Iterator<Item = (String, &'a str)> {
        self.0.iter().map(|(name, value)| (serde_json::from_str(name.get()).unwrap_or_default(), value.get()))
    }

    /// The same object with other JSON texts for some members, or without these.
    pub fn with(&self, other: impl Fn(&str) -> Option<Option<String>>) -> String {
        let members = self.0.iter().filter_map(|(name, value)| {
            let said: String = serde_json::from_str(name.get()).unwrap_or_default();
            match other(&said) {
                None => Some(format!("{}:{}", name.get(), value.get())),
                Some(other) => other.map(|other| format!("{}:{other}", name.get())),
            }
        });
        format!("{{{}}}", members.collect::<Vec<_>>().join(","))
    }
}

/// The entries of a JSON list, each as it is written; none of anything else.
pub fn items(json: &str) -> Option<Vec<&str>> {
    let items: Vec<&RawValue> = serde_json::from_str(json).ok()?;
    Some(items.into_iter().map(RawValue::get).collect())
}

/// What a JSON text says, if it is a text, for people: half a surrogate pair, which no text can have, is a replacement character
/// (U+FFFD). What goes on to a program goes as it is written.
pub fn words(json: &str) -> Option<String> {
    let Bytes(bytes) = serde_json::from_str(json).ok()?;
    let mut words = String::new();
    for chunk in bytes.utf8_chunks() {
        words.push_str(chunk.valid());
        // Each of the three bytes of a half is a chunk, and this is the first.
        if chunk.invalid() == [0xED] {
            words.push(char::REPLACEMENT_CHARACTER);
        }
    }
    Some(words)
}

/// A JSON text with its halves of surrogate pairs, as if they were characters.
struct Bytes<'a>(Cow<'a, [u8]>);

impl<'de: 'a, 'a> Deserialize<'de> for Bytes<'a> {
    fn deserialize<D: Deserializer<'de>>(deserializer: D) -> Result<Self, D::Error> {
        struct Text;
        impl<'de> Visitor<'de> for Text {
            type Value = Bytes<'de>;

            fn expecting(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
                f.write_str("a JSON text")
            }

            fn visit_borrowed_bytes<E: Error>(self, bytes: &'de [u8]) -> Result<Self::Value, E> {
                Ok(Bytes(Cow::Borrowed(bytes)))
            }

            fn visit_bytes<E: Error>(self, bytes: &[u8]) -> Result<Self::Value, E> {
                Ok(Bytes(Cow::Owned(bytes.to_vec())))
            }
        }
        deserializer.deserialize_bytes(Text)
    }
}

/// Whether a name, with its quotes, says this.
fn is(written: &RawValue, name: &str) -> bool {
    let written = written.get();
    match written.contains('\\') {
        false => written.get(1..written.len() - 1) == Some(name),
        true => serde_json::from_str::<String>(written).is_ok_and(|said| said == name),
    }
}

/// Where a JSON Pointer leads cannot be told.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Unclear {
    /// A member on the way, or at its end, stands twice in its object. Readers differ in which one they take.
    Twice,
    /// On the way there is something that is no object.
    NoObject,
}

/// The value that a JSON Pointer (RFC 6901) leads to, through objects alone: a part of the text. None where a member is missing, or
/// what should have it is null or empty.
///
/// # Errors
/// [`Unclear`]
pub fn find<'a>(json: &'a str, pointer: &str) -> Result<Option<&'a str>, Unclear> {
    let mut found = json.trim_ascii();
    for token in pointer.split('/').skip(1) {
        match only(found, &token.replace("~1", "/").replace("~0", "~"))? {
            Some(inside) => found = inside,
            None => return Ok(None),
        }
    }
    Ok(Some(found))
}

/// The only member of a name. No list of the others is made, of which there may be millions.
fn only<'a>(json: &'a str, name: &str) -> Result<Option<&'a str>, Unclear> {
    struct Only<'n>(&'n str);
    impl<'de> Visitor<'de> for Only<'_> {
        type Value = Result<Option<&'de RawValue>, Unclear>;

        fn expecting(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
            f.write_str("a JSON object")
        }

        fn visit_map<A: MapAccess<'de>>(self, mut access: A) -> Result<Self::Value, A::Error> {
            let mut only = Ok(None);
            while let Some((name, value)) = access.next_entry::<&RawValue, &RawValue>()? {
                if is(name, self.0) {
                    only = if matches!(only, Ok(None)) { Ok(Some(value)) } else { Err(Unclear::Twice) };
                }
            }
            Ok(only)
        }
    }
    if values::is(json, Kind::Nothing) {
        return Ok(None);
    }
    let found = serde_json::Deserializer::from_str(json).deserialize_map(Only(name)).map_err(|_| Unclear::NoObject)?;
    Ok(found?.map(RawValue::get))
}

impl<'de: 'a, 'a> Deserialize<'de> for Members<'a> {
    fn deserialize<D: Deserializer<'de>>(deserializer: D) -> Result<Self, D::Error> {
        struct Each;
        impl<'de> Visitor<'de> for Each {
            type Value = Members<'de>;

            fn expecting(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
                f.write_str("a JSON object")
            }

            fn visit_map<A: MapAccess<'de>>(self, mut access: A) -> Result<Self::Value, A::Error> {
                let mut members = Vec::new();
                while let Some(member) = access.next_entry()? {
                    members.push(member);
                }
                Ok(Members(members))
            }
        }
        deserializer.deserialize_map(Each)
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    const OBJECT: &str =
        r#"{"id": 123456789012345678901, "\u0070rice": 1.10, "h": "\ud83d", "id": -0, "\udc00": 1e400}"#;

    #[test]
    fn members_stay_as_they_are_written() {
        let members = Members::of(OBJECT).unwrap();
        assert_eq!((members.get("id"), members.get("price"), members.get("none")), (Some("-0"), Some("1.10"), None));
        assert_eq!((members.text("h"), members.iter().count()), (None, 5));
        let with = members.with(|name| match name {
            "id" => Some(None),
            "h" => Some(Some("7".to_owned())),
            _ => None,
        });
        assert_eq!(with, r#"{"\u0070rice":1.10,"h":7,"\udc00":1e400}"#);
    }

    #[test]
    fn half_a_surrogate_pair_is_shown_to_people_and_is_no_text_for_programs() {
        let members = Members::of(
            r#"{"m":"a \ud83d\ud83d\ude00 \udc00b\ud83d\u0041","m2":"Gr\u00fc\u00dfe \ufffd\/","n":1,"l":["x"]}"#,
        )
        .unwrap();
        assert_eq!(members.words("m").as_deref(), Some("a \u{fffd}😀 \u{fffd}b\u{fffd}A"));
        assert_eq!(members.words("m2").as_deref(), Some("Grüße \u{fffd}/"));
        assert_eq!((members.text("m"), members.words("n"), members.words("l")), (None, None, None));
        assert_eq!(words("\"\""), Some(String::new()));
    }

    #[test]
    fn of_equal_members_the_last_counts_and_all_can_be_looked_at() {
        let members = Members::of(r#"{"a":1,"b":2,"\u0061":3}"#).unwrap();
        assert_eq!((members.get("a"), members.all("a").collect::<Vec<_>>()), (Some("3"), vec!["1", "3"]));
    }

    #[test]
    fn a_pointer_leads_through_objects() {
        let json = format!(r#" {{"a/b": {{"c": {OBJECT}}}, "n": null, "l": [], "e": false, "t": "x", "m": [1]}} "#);
        assert_eq!(find(&json, "/a~1b/c"), Ok(Some(OBJECT)));
        assert_eq!(find(&json, "/a~1b/c/id"), Err(Unclear::Twice));
        assert_eq!(
            (find(OBJECT, "/price"), find(OBJECT, "/h"), find("[1] ", "")),
            (Ok(Some("1.10")), Ok(Some(r#""\ud83d""#)), Ok(Some("[1]")))
        );
        for missing in ["/c", "/n/x", "/l/x", "/e/x", "/a~1b/x/y"] {
            assert_eq!(find(&json, missing), Ok(None), "{missing}");
        }
        for unclear in ["/t/x", "/m/0", "/m/x"] {
            assert_eq!(find(&json, unclear), Err(Unclear::NoObject), "{unclear}");
        }
    }
}
