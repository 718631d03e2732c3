//! JSON, by its tokens.

use std::borrow::Cow;

use wharf::json::{Kind as TokenKind, NoJson, Token, Tokens};

use super::tree::Tree;
use super::{Kind, Limits, Node, Place, Problem, scalar};

/// Why a text is not read.
pub(super) enum Error {
    /// It is not JSON.
    Syntax(Problem),
    /// It is JSON, and something in it is wrong.
    Content(Problem),
}

impl From<Problem> for Error {
    fn from(problem: Problem) -> Self {
        Self::Content(problem)
    }
}

pub(super) fn read(text: &str, limits: &Limits) -> Result<Node, Error> {
    let mut tree = Tree::new(limits);
    let (mut place, mut passed) = (Place::START, 0);
    for token in Tokens::of(text) {
        let token = token.map_err(syntax)?;
        place.pass(text.get(passed..token.at).unwrap_or_default());
        passed = token.at;
        take(&mut tree, place, &token)?;
    }
    // A text without a token was an error of theirs.
    tree.root().ok_or_else(|| Error::Syntax(Place::START.wrong("it is empty")))
}

fn syntax(NoJson { problem, line, column }: NoJson) -> Error {
    Error::Syntax(Problem { line, column, problem: format!("it is not JSON: {problem}") })
}

fn take(tree: &mut Tree<'_>, place: Place, token: &Token<'_>) -> Result<(), Problem> {
    let kind = match (token.kind, token.text) {
        (TokenKind::Begin, "{") => return tree.open(place, Kind::Map(Default::default())),
        (TokenKind::Begin, _) => return tree.open(place, Kind::List(Vec::new())),
        (TokenKind::End, _) => return tree.close().map_or(Ok(()), |node| tree.add(node)),
        (TokenKind::Name, _) => return tree.name(place, said(place, token)?.into_owned(), false),
        (TokenKind::Text, _) => Kind::Text(said(place, token)?.into_owned()),
        (TokenKind::Number, digits) => scalar::number(place, digits.to_owned())?,
        (TokenKind::Word, "null") => Kind::Null,
        (TokenKind::Word, word) => Kind::Bool(word == "true"),
    };
    tree.add(place.node(kind))
}

/// Half a surrogate pair says nothing.
fn said<'t>(place: Place, token: &Token<'t>) -> Result<Cow<'t, str>, Problem> {
    if token.text.contains("\\u") && serde_json::from_str::<String>(token.text).is_err() {
        return Err(
            place.wrong("an escape such as `\\ud83d` is half of a surrogate pair; write the other half behind it")
        );
    }
    Ok(token.said())
}
