//! The tree of a document, with the place of each value in it.
//!
//! Where it came from does not matter here: other notations of the same document can make such trees too.

use std::borrow::Cow;
use std::fmt::Write as _;

use indexmap::IndexMap;
use indexmap::map::Entry;
use wharf_egress::json::{KEPT_NAME, Kind as TokenKind, Token, Tokens, quoted};

use super::Problem;
use crate::manifest::lint::LARGEST;

/// How deep values may stand in values: nothing that a person writes goes deeper.
const DEEPEST: usize = 64;

/// How many values there may be: each takes some 100 bytes, and the largest API known has some hundred thousands.
const MOST: usize = 2_000_000;

/// A value of a document.
#[derive(Debug)]
pub(super) struct Node<'t> {
    /// Where it begins, in bytes.
    pub(super) at: usize,
    pub(super) kind: Kind<'t>,
}

#[derive(Debug)]
pub(super) enum Kind<'t> {
    /// `true`, `false` or `null`
    Word(&'t str),
    /// As it is written.
    Number(&'t str),
    Text(Cow<'t, str>),
    List(Vec<Node<'t>>),
    Object(IndexMap<Cow<'t, str>, Node<'t>>),
}

/// A value that is still being read.
struct Open<'t> {
    node: Node<'t>,
    /// The name of the member that comes next.
    name: Option<Cow<'t, str>>,
}

impl<'t> Node<'t> {
    /// The tree of a JSON text in which no name stands twice.
    pub(super) fn of_json(text: &'t str) -> Result<Self, Problem> {
        if text.len() > LARGEST {
            let problem = format!("it has {} bytes; the most that is read is {LARGEST}", text.len());
            return Err(Problem::new("", None, problem));
        }
        let (mut open, mut count) = (Vec::<Open<'t>>::new(), 0);
        for token in Tokens::of(text) {
            let token = token.map_err(|error| Problem::new("", None, format!("it is not JSON: {error}")))?;
            let Some(node) = began(&token, &mut open)? else { continue };
            count += 1;
            if count > MOST {
                let problem = format!("there are more than {MOST} values; write fewer");
                return Err(Problem::new("", Some(node.at), problem));
            }
            let Some(outer) = open.last_mut() else { return Ok(node) };
            match (&mut outer.node.kind, outer.name.take()) {
                (Kind::List(items), _) => items.push(node),
                (Kind::Object(members), Some(name)) => match members.entry(name) {
                    Entry::Vacant(free) => drop(free.insert(node)),
                    Entry::Occupied(taken) => {
                        let problem = format!("`{}` stands twice in one object; write it once", taken.key());
                        return Err(Problem::new(&place_of(&open), Some(node.at), problem));
                    }
                },
                // Only lists and objects are open, and a value in an object has a name.
                _ => {}
            }
        }
        Err(Problem::new("", None, "it is empty".to_owned()))
    }

    /// Where the value begins that a JSON Pointer leads to, or the last one on its way that is there.
    pub(super) fn at_the_end_of(&self, pointer: &str) -> usize {
        let mut node = self;
        for token in pointer.split('/').skip(1) {
            let name = token.replace("~1", "/").replace("~0", "~");
            let next = match &node.kind {
                Kind::Object(members) => members.get(name.as_str()),
                Kind::List(items) => name.parse().ok().and_then(|number: usize| items.get(number)),
                Kind::Word(_) | Kind::Number(_) | Kind::Text(_) => None,
            };
            let Some(next) = next else { break };
            node = next;
        }
        node.at
    }

    /// The value as JSON text, numbers as they are written.
    pub(super) fn write_json(&self, text: &mut String) {
        match &self.kind {
            Kind::Word(word) => text.push_str(word),
            Kind::Number(number) => text.push_str(number),
            Kind::Text(said) => text.push_str(&quoted(said)),
            Kind::List(items) => {
                text.push('[');
                for (place, item) in items.iter().enumerate() {
                    text.push_str(if place == 0 { "" } else { "," });
                    item.write_json(text);
                }
                text.push(']');
            }
            Kind::Object(members) => {
                text.push('{');
                for (place, (name, value)) in members.iter().enumerate() {
                    text.push_str(if place == 0 { "" } else { "," });
                    text.push_str(&quoted(name));
                    text.push(':');
                    value.write_json(text);
                }
                text.push('}');
            }
        }
    }

    pub(super) fn what(&self) -> &'static str {
        match &self.kind {
            Kind::Word("null") => "null",
            Kind::Word(_) => "a boolean",
            Kind::Number(_) => "a number",
            Kind::Text(_) => "a text",
            Kind::List(_) => "a list",
            Kind::Object(_) => "an object",
        }
    }
}

/// A value that is complete with this token; none where there is more to come.
fn began<'t>(token: &Token<'t>, open: &mut Vec<Open<'t>>) -> Result<Option<Node<'t>>, Problem> {
    let at = token.at;
    let kind = match (token.kind, token.text) {
        (TokenKind::Begin, text) => {
            if open.len() == DEEPEST {
                let problem = format!("values stand in values here more than {DEEPEST} deep; write it flatter");
                return Err(Problem::new(&place_of(open), Some(at), problem));
            }
            let kind = if text == "{" { Kind::Object(IndexMap::new()) } else { Kind::List(Vec::new()) };
            open.push(Open { node: Node { at, kind }, name: None });
            return Ok(None);
        }
        (TokenKind::Name, _) => {
            let name = said(token, open)?;
            // What is kept of a manifest is read by a parser that takes it for its own.
            if name == KEPT_NAME {
                let problem = format!("`{KEPT_NAME}` is kept for other uses; give it another name");
                return Err(Problem::new(&place_of(open), Some(at), problem));
            }
            if let Some(outer) = open.last_mut() {
                outer.name = Some(name);
            }
            return Ok(None);
        }
        (TokenKind::End, _) => return Ok(open.pop().map(|open| open.node)),
        (TokenKind::Text, _) => Kind::Text(said(token, open)?),
        (TokenKind::Number, text) => Kind::Number(text),
        (TokenKind::Word, text) => Kind::Word(text),
    };
    Ok(Some(Node { at, kind }))
}

/// What a name or a text says. Half a surrogate pair says nothing, and would be sent as something else.
fn said<'t>(token: &Token<'t>, open: &[Open<'_>]) -> Result<Cow<'t, str>, Problem> {
    if token.text.contains("\\u") && serde_json::from_str::<String>(token.text).is_err() {
        let problem = "an escape such as `\\ud83d` is half of a surrogate pair; write the other half behind it";
        return Err(Problem::new(&place_of(open), Some(token.at), problem.to_owned()));
    }
    Ok(token.said())
}

/// The JSON Pointer to what is being read.
fn place_of(open: &[Open<'_>]) -> String {
    let mut place = String::new();
    for Open { node, name } in open {
        match (&node.kind, name) {
            (Kind::List(items), _) => drop(write!(place, "/{}", items.len())),
            (_, Some(name)) => push_token(&mut place, name),
            (_, None) => {}
        }
    }
    place
}

/// RFC 6901, section 3.
pub(super) fn push_token(pointer: &mut String, name: &str) {
    pointer.push('/');
    pointer.push_str(&name.replace('~', "~0").replace('/', "~1"));
}

#[cfg(test)]
mod tests {
    use super::*;

    fn problem(text: &str) -> String {
        Node::of_json(text).unwrap_err().to_string()
    }

    #[test]
    fn no_document_takes_more_than_there_is_for_one() {
        let text = |bytes: usize| format!("\"{}\"", "a".repeat(bytes - 2));
        let list = |values: usize| format!("[{}0]", "0,".repeat(values - 2));
        assert!(Node::of_json(&text(LARGEST)).is_ok() && Node::of_json(&list(MOST)).is_ok());
        assert_eq!(problem(&text(LARGEST + 1)), "it has 16777217 bytes; the most that is read is 16777216");
        assert_eq!(problem(&list(MOST + 1)), "there are more than 2000000 values; write fewer");
    }

    #[test]
    fn no_document_is_deeper_than_a_stack_bears() {
        let nested = |open: &str, close: &str, deep: usize| format!("{}1{}", open.repeat(deep), close.repeat(deep));
        assert!(Node::of_json(&nested("[", "]", DEEPEST)).is_ok());
        for (open, close, deep) in [("[", "]", DEEPEST + 1), ("{\"a\":", "}", 200), ("[", "]", LARGEST / 2 - 1)] {
            assert!(problem(&nested(open, close, deep)).contains("more than 64 deep"), "{open} {deep}");
        }
    }
}
