//! What a person says of credentials where the description does not.

use std::str::FromStr;

use super::way::Way;
use super::{KEY, Spot, Where};

/// How requests are authenticated: `--auth`.
#[derive(Clone, Debug, PartialEq, Eq)]
pub enum Auth {
    /// A token, in the header `Authorization`.
    Bearer,
    /// User and password, in the header `Authorization`.
    Basic,
    /// A key in the header of this name.
    Header(String),
    /// A key in the query parameter of this name.
    Query(String),
    /// A key in the member of the body of this name.
    Body(String),
    /// Nothing.
    None,
}

impl FromStr for Auth {
    type Err = String;

    fn from_str(text: &str) -> Result<Self, String> {
        match text.split_once(':') {
            None if text == "bearer" => Ok(Self::Bearer),
            None if text == "basic" => Ok(Self::Basic),
            None if text == "none" => Ok(Self::None),
            Some(("header", name)) if !name.is_empty() => Ok(Self::Header(name.to_owned())),
            Some(("query", name)) if !name.is_empty() => Ok(Self::Query(name.to_owned())),
            Some(("body", name)) if !name.is_empty() => Ok(Self::Body(name.to_owned())),
            _ => Err(format!(
                "`{text}` is no way to authenticate; write `bearer`, `basic`, `header:X-Key`, `query:key`, `body:key` or `none`"
            )),
        }
    }
}

impl Auth {
    /// The name of the scheme that it is, and how that is placed.
    pub(super) fn scheme(&self) -> Option<(&'static str, Way)> {
        let key = |at, name: &String| Some((KEY, Way::Key(Spot { at, name: name.clone() })));
        match self {
            Self::Bearer => Some(("token", Way::Bearer)),
            Self::Basic => Some(("login", Way::Basic)),
            Self::Header(name) => key(Where::Header, name),
            Self::Query(name) => key(Where::Query, name),
            Self::Body(name) => key(Where::Body, name),
            Self::None => None,
        }
    }
}
