//! A request, read.

use std::time::Duration;

use percent_encoding::percent_decode_str;
use serde::Serialize;
use serde_json::Value;

use crate::request::Recorded;

/// A request as a token server has seen it.
#[derive(Clone, Debug, PartialEq, Eq, Serialize)]
pub struct Request {
    /// When it came, counted from the server's start.
    pub at: Duration,
    /// The method, as `POST`.
    pub method: String,
    /// The path, as `/token`.
    pub path: String,
    /// The members of the query, decoded.
    pub query: Vec<(String, String)>,
    /// The members of the body, be it a form or JSON.
    pub form: Vec<(String, String)>,
    /// The headers; the names are in lower case.
    pub headers: Vec<(String, String)>,
    /// The body as it came.
    pub body: String,
    /// The status that it was answered with; 0 where the connection ended in place of an answer.
    pub status: u16,
}

impl Request {
    /// The first member of the body with this name.
    #[must_use]
    pub fn form(&self, name: &str) -> Option<&str> {
        first(&self.form, name)
    }

    /// The first member of the query with this name.
    #[must_use]
    pub fn query(&self, name: &str) -> Option<&str> {
        first(&self.query, name)
    }

    /// The first header with this name, in lower case.
    #[must_use]
    pub fn header(&self, name: &str) -> Option<&str> {
        first(&self.headers, name)
    }

    pub(super) fn read(request: &Recorded, at: Duration) -> Self {
        Self {
            at,
            method: request.method.clone(),
            path: percent_decode_str(request.path()).decode_utf8_lossy().into_owned(),
            query: request.query(),
            form: members(request),
            headers: request.headers.clone(),
            body: String::from_utf8_lossy(&request.body).into_owned(),
            status: 0,
        }
    }

    /// A member of the body, where it has something to say.
    pub(super) fn given(&self, name: &str) -> Option<&str> {
        self.form(name).filter(|value| !value.is_empty())
    }

    pub(super) fn is_json(&self) -> bool {
        self.header("content-type").is_some_and(|media_type| media_type.starts_with("application/json"))
    }

    /// A name that the body has twice, which a standard forbids.
    pub(super) fn doubled(&self) -> Option<&str> {
        let mut names: Vec<&str> = self.form.iter().map(|(name, _)| name.as_str()).collect();
        names.sort_unstable();
        names.windows(2).find(|pair| pair.first() == pair.last()).and_then(|pair| pair.first().copied())
    }

    pub(super) fn bearer(&self) -> Option<&str> {
        let (scheme, token) = self.header("authorization")?.split_once(' ')?;
        scheme.eq_ignore_ascii_case("bearer").then_some(token)
    }
}

fn first<'m>(members: &'m [(String, String)], name: &str) -> Option<&'m str> {
    members.iter().find(|(own, _)| own == name).map(|(_, value)| value.as_str())
}

fn members(request: &Recorded) -> Vec<(String, String)> {
    if !request.has_media_type("application/json") {
        let is_form = request.has_media_type("application/x-www-form-urlencoded");
        let form = form_urlencoded::parse(&request.body).into_owned();
        return if is_form { form.collect() } else { Vec::new() };
    }
    let Ok(Value::Object(members)) = serde_json::from_slice(&request.body) else { return Vec::new() };
    let text = |value: Value| value.as_str().map_or_else(|| value.to_string(), str::to_owned);
    members.into_iter().map(|(name, value)| (name, text(value))).collect()
}
