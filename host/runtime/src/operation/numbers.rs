//! The numbers of an input, as they are written.

use serde_json::Value;
use wharf_egress::Json;
use wharf_egress::json::{Kind, Token};

/// Those of a value, in its shape.
#[derive(Debug)]
pub(super) enum Numbers<'t> {
    /// There is none in it, or nobody knows how they were written.
    None,
    /// It is a number.
    Written(&'t str),
    /// It is a number that is to be sent in another way.
    Other(String),
    /// Of the entries of a list or the members of an object, in their order.
    Each(Vec<Numbers<'t>>),
}

impl<'t> Numbers<'t> {
    /// Of a document in which no member stands twice, and the value that it is.
    pub(super) fn of(value: &Value, json: &'t Json) -> Self {
        Self::next(value, &mut json.tokens().filter(|token| token.kind == Kind::Number))
    }

    fn next(value: &Value, tokens: &mut dyn Iterator<Item = Token<'t>>) -> Self {
        let each = match value {
            Value::Number(_) => return tokens.next().map_or(Self::None, |token| Self::Written(token.text)),
            Value::Array(items) => items.iter().map(|item| Self::next(item, tokens)).collect::<Vec<_>>(),
            Value::Object(members) => members.values().map(|member| Self::next(member, tokens)).collect(),
            Value::Null | Value::Bool(_) | Value::String(_) => return Self::None,
        };
        if each.iter().all(|numbers| matches!(numbers, Self::None)) { Self::None } else { Self::Each(each) }
    }

    /// Those of an entry or a member.
    pub(super) fn at(&mut self, index: usize) -> Option<&mut Self> {
        match self {
            Self::Each(each) => each.get_mut(index),
            _ => None,
        }
    }

    /// The number that it is.
    pub(super) fn digits(&self) -> Option<&str> {
        match self {
            Self::Written(text) => Some(text),
            Self::Other(text) => Some(text),
            Self::None | Self::Each(_) => None,
        }
    }

    /// The digits of all of them, in the order in which they are written.
    pub(super) fn visit(&self, visit: &mut dyn FnMut(&str)) {
        match self {
            Self::Each(each) => each.iter().for_each(|numbers| numbers.visit(visit)),
            number => number.digits().into_iter().for_each(visit),
        }
    }
}
