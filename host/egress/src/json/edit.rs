//! What is done to a document without reading it into values: all that is not meant stays as it is written.

use std::borrow::Cow;
use std::convert::Infallible;
use std::ops::Range;

use super::Json;
use super::tokens::{Kind, Token};
use crate::encode::without_false_escapes;

/// From here on values within values are written in one line: what they are indented by would be longer than they are.
const DEEPEST_INDENT: usize = 32;

const INDENT: &str = "                                                                ";

impl Json {
    /// With line breaks, for people.
    pub fn pretty(&self) -> String {
        let mut text = String::with_capacity(self.as_str().len() * 2);
        let written = self.write_pretty(|piece| {
            text.push_str(piece);
            Ok::<(), Infallible>(())
        });
        written.map_or_else(|never| match never {}, |()| text)
    }

    /// The same, piece by piece: many short lines take many times what the document does.
    ///
    /// # Errors
    /// The first one of `write`.
    pub fn write_pretty<E>(&self, mut write: impl FnMut(&str) -> Result<(), E>) -> Result<(), E> {
        let mut after_name = false;
        let mut before = None;
        let mut depth = 0_usize;
        for token in self.tokens() {
            if token.kind == Kind::End {
                depth = depth.saturating_sub(1);
            }
            let begins = before == Some(Kind::Begin);
            if before.is_some() && !begins && token.kind != Kind::End && !after_name {
                write(",")?;
            }
            let empty = begins && token.kind == Kind::End;
            let inside = depth < DEEPEST_INDENT || (token.kind == Kind::End && depth == DEEPEST_INDENT);
            if before.is_some() && !after_name && !empty && inside {
                write("\n")?;
                write(INDENT.get(..2 * depth).unwrap_or(INDENT))?;
            }
            write(token.text)?;
            after_name = token.kind == Kind::Name;
            if after_name {
                write(": ")?;
            }
            if token.kind == Kind::Begin {
                depth += 1;
            }
            before = Some(token.kind);
        }
        Ok(())
    }

    /// Without blanks between its tokens.
    pub fn compact(&self) -> Self {
        let mut text = String::with_capacity(self.as_str().len());
        let mut before = None;
        for token in self.tokens() {
            if before.is_some_and(|kind| kind != Kind::Begin && kind != Kind::Name) && token.kind != Kind::End {
                text.push(',');
            }
            text.push_str(token.text);
            if token.kind == Kind::Name {
                text.push(':');
            }
            before = Some(token.kind);
        }
        Self(text)
    }

    /// As it goes where there is only text: in a query, a header, a field of a form. Each server decodes it there by itself, and some
    /// in a way of their own, so strings have no escapes but those that must be, and none that is read in two ways.
    pub(crate) fn in_text(&self) -> String {
        if !self.as_str().contains('\\') {
            return self.as_str().to_owned();
        }
        let plain = |token: &Token<'_>| {
            let is_string = matches!(token.kind, Kind::Name | Kind::Text) && token.text.contains('\\');
            is_string.then(|| ["\"", &without_false_escapes(&token.alike()), "\""].concat())
        };
        self.edited(plain).into_string()
    }

    /// With other texts in the place of names, strings and numbers for which `other` gives one. It is written as it is given.
    pub fn edited(&self, mut other: impl FnMut(&Token<'_>) -> Option<String>) -> Self {
        let (mut text, mut copied) = (String::new(), 0);
        for token in self.tokens().filter(|token| !matches!(token.kind, Kind::Begin | Kind::End)) {
            if let Some(other) = other(&token) {
                text.push_str(self.as_str().get(copied..token.at).unwrap_or_default());
                text.push_str(&other);
                copied = token.end();
            }
        }
        if copied == 0 {
            return self.clone();
        }
        text.push_str(self.as_str().get(copied..).unwrap_or_default());
        Self(text)
    }

    /// With other values in the place of those that JSON Pointers lead to, as for [`Json::at`].
    pub fn replaced(&self, pointers: &[String], other: impl Fn(Self) -> Self) -> Self {
        let (mut text, mut copied) = (String::new(), 0);
        for Range { start, end } in self.places(pointers) {
            text.push_str(self.as_str().get(copied..start).unwrap_or_default());
            let value = self.as_str().get(start..end).unwrap_or_default().to_owned();
            text.push_str(other(Self(value)).as_str());
            copied = end;
        }
        text.push_str(self.as_str().get(copied..).unwrap_or_default());
        Self(text)
    }

    /// The values that JSON Pointers (RFC 6901) lead to, the outermost of them, in their order. The token `*` stands for every
    /// entry of a list and every member of an object. Of members with one name each is meant.
    pub fn at(&self, pointers: &[String]) -> Vec<Self> {
        let places = self.places(pointers).into_iter();
        places.filter_map(|place| self.as_str().get(place)).map(|text| Self(text.to_owned())).collect()
    }

    /// The entries of a list, or the members of an object without their names.
    pub fn entries(&self) -> Vec<Self> {
        self.at(&["/*".to_owned()])
    }

    /// The members of an object, in their order; none of anything else.
    pub fn members(&self) -> Vec<(String, Self)> {
        if !self.is_object() {
            return Vec::new();
        }
        let mut depth = 0_usize;
        let own = |token: &Token<'_>| {
            match token.kind {
                Kind::Begin => depth += 1,
                Kind::End => depth = depth.saturating_sub(1),
                _ => {}
            }
            token.kind == Kind::Name && depth == 1
        };
        self.tokens().filter(own).map(|name| name.said().into_owned()).zip(self.entries()).collect()
    }

    /// Whether it is an object.
    pub fn is_object(&self) -> bool {
        self.tokens().next().is_some_and(|first| first.text == "{")
    }

    /// Whether it is a list.
    pub fn is_list(&self) -> bool {
        self.tokens().next().is_some_and(|first| first.text == "[")
    }

    fn places(&self, pointers: &[String]) -> Vec<Range<usize>> {
        if pointers.is_empty() {
            return Vec::new();
        }
        let ways: Vec<Vec<Cow<'_, str>>> = pointers.iter().map(|pointer| way(pointer)).collect();
        let mut places = Vec::new();
        // For each open value the ways that lead into it, and how many entries it had.
        let mut open: Vec<(Vec<usize>, usize)> = Vec::new();
        let mut name: Option<Token<'_>> = None;
        // Where the value begins that a way has led to, and how deep that is.
        let mut inside: Option<(usize, usize)> = None;
        for token in self.tokens() {
            if token.kind == Kind::Name {
                name = Some(token);
                continue;
            }
            if token.kind == Kind::End {
                open.pop();
            } else {
                let depth = open.len();
                let leading = match open.last_mut() {
                    None => (0..ways.len()).collect(),
                    Some((leading, _)) if leading.is_empty() => Vec::new(),
                    Some((leading, entries)) => {
                        let key = name.map_or_else(|| Cow::Owned(entries.to_string()), |name| name.said());
                        *entries += 1;
                        let leads = |way: &&usize| {
                            let token = ways.get(**way).and_then(|way| way.get(depth - 1));
                            token.is_some_and(|token| *token == "*" || *token == key)
                        };
                        leading.iter().filter(leads).copied().collect::<Vec<_>>()
                    }
                };
                let ends = |way: &usize| ways.get(*way).is_some_and(|way| way.len() == depth);
                if inside.is_none() && leading.iter().any(ends) {
                    inside = Some((token.at, depth));
                }
                if token.kind == Kind::Begin {
                    open.push((leading, 0));
                }
                name = None;
            }
            if let Some((start, _)) = inside.filter(|(_, depth)| *depth == open.len()) {
                places.push(start..token.end());
                inside = None;
            }
        }
        places
    }
}

/// The tokens of a pointer.
fn way(pointer: &str) -> Vec<Cow<'_, str>> {
    pointer.split('/').skip(1).map(|token| Cow::Owned(crate::asked::unescape(token))).collect()
}
