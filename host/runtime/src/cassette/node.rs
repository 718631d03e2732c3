//! A document taken apart, to be compared with another one.

use std::fmt;
use std::iter::Peekable;

use indexmap::IndexMap;
use wharf_egress::Json;
use wharf_egress::json::{Kind, Token};

/// From here on values within values are compared as they are written: what calls itself could go too deep.
const DEEPEST: usize = 128;

/// A value: the members of an object have no order, and digits are as they were written.
#[derive(Clone, PartialEq)]
pub(super) enum Node {
    /// Its names are as [`Token::alike`] gives them.
    Object(IndexMap<String, Node>),
    List(Vec<Node>),
    /// What is neither, in one way of several to write it; also an object that has a name twice.
    Text(String),
}

impl Node {
    pub(super) fn of(json: &Json) -> Self {
        let json = json.compact();
        read(json.as_str(), &mut json.tokens().peekable(), 0)
    }
}

/// The value that the next tokens of a document are.
fn read<'t>(document: &str, tokens: &mut Peekable<impl Iterator<Item = Token<'t>>>, depth: usize) -> Node {
    let Some(first) = tokens.next() else { return Node::Text(String::new()) };
    let as_written = |last: Token<'_>| Node::Text(document.get(first.at..last.end()).unwrap_or_default().to_owned());
    match first.kind {
        Kind::Text => Node::Text(format!("\"{}\"", first.alike())),
        Kind::Begin if depth < DEEPEST => {
            let (mut members, mut items, mut twice, mut last) = (IndexMap::new(), Vec::new(), false, first);
            while let Some(next) = tokens.peek().copied() {
                last = next;
                match next.kind {
                    Kind::End => {
                        tokens.next();
                        break;
                    }
                    Kind::Name => {
                        tokens.next();
                        let member = read(document, tokens, depth + 1);
                        twice |= members.insert(next.alike().into_owned(), member).is_some();
                    }
                    _ => items.push(read(document, tokens, depth + 1)),
                }
            }
            match first.text {
                "[" => Node::List(items),
                _ if twice => as_written(last),
                _ => Node::Object(members),
            }
        }
        Kind::Begin => {
            let (mut open, mut last) = (1_usize, first);
            while open > 0
                && let Some(token) = tokens.next()
            {
                open = match token.kind {
                    Kind::Begin => open + 1,
                    Kind::End => open - 1,
                    _ => open,
                };
                last = token;
            }
            as_written(last)
        }
        _ => as_written(first),
    }
}

impl fmt::Display for Node {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        match self {
            Self::Text(text) => f.write_str(text),
            Self::List(items) => {
                for (index, item) in items.iter().enumerate() {
                    write!(f, "{}{item}", if index == 0 { "[" } else { "," })?;
                }
                f.write_str(if items.is_empty() { "[]" } else { "]" })
            }
            Self::Object(members) => {
                for (index, (name, member)) in members.iter().enumerate() {
                    write!(f, "{}\"{name}\":{member}", if index == 0 { "{" } else { "," })?;
                }
                f.write_str(if members.is_empty() { "{}" } else { "}" })
            }
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn node(text: &str) -> Node {
        Node::of(&Json::parse(text).unwrap())
    }

    #[test]
    fn members_are_the_same_in_any_order_and_with_any_escapes_but_no_half_is_another() {
        for (one, other) in [
            (r#"{"a":"\u0062","c":1.10}"#, r#"{"c":1.10,"\u0061":"b"}"#),
            (r#"{"\ud83d":"\uD83D"}"#, r#"{"\uD83D":"\ud83d"}"#),
        ] {
            assert!(node(one) == node(other), "{one} {other}");
        }
        for (one, other) in [
            (r#"{"\ud83d":1}"#, r#"{"\ud83e":1}"#),
            (r#"["\ud83d"]"#, r#"["\ud83e"]"#),
            (r#"{"\ud83d":1}"#, r#"{"\ufffd":1}"#),
        ] {
            assert!(node(one) != node(other), "{one} {other}");
        }
        assert_eq!(node(r#"{ "a\"": ["\ud83d"] }"#).to_string(), r#"{"a\"":["\ud83d"]}"#);
    }
}
