//! Reading a call the way PHP does.

use serde_json::{Map, Value};

use super::refusal::Refusal;
use super::zend;
use crate::input::{File, multipart};
use crate::request::Recorded;
use crate::table::{Kind, Operation, VTIGER};

/// The parameters of a request by their place. An operation looks for its own ones in one place
/// only, whatever the method of the request.
pub(super) struct Call<'r> {
    request: &'r Recorded,
    query: Pairs,
    form: Pairs,
    pub(super) files: Vec<File>,
}

type Pairs = Vec<(String, String)>;

impl<'r> Call<'r> {
    pub(super) fn read(request: &'r Recorded) -> Self {
        let (form, files) = if request.method == "POST" { form(request) } else { Default::default() };
        Self { request, query: request.query(), form, files }
    }

    pub(super) fn is_post(&self) -> bool {
        self.request.method == "POST"
    }

    pub(super) fn in_query(&self, name: &str) -> Option<&str> {
        last(&self.query, name)
    }

    pub(super) fn in_form(&self, name: &str) -> Option<&str> {
        last(&self.form, name)
    }

    /// What the call is registered as, and how it is called. The case of the name does not matter.
    pub(super) fn operation(&self) -> Option<(&'static str, &'static Operation)> {
        let wanted = self.anywhere("operation")?;
        VTIGER.iter().find_map(|operation| {
            let name = operation.call.split_once(" operation=")?.1;
            name.eq_ignore_ascii_case(wanted).then_some((name, operation))
        })
    }

    /// The parameters that the operation is registered with; others are not seen, nor these in the wrong place.
    pub(super) fn parameters(&self, operation: &Operation) -> Result<Parameters, Refusal> {
        let pairs = if operation.call.starts_with("GET ") { &self.query } else { &self.form };
        let mut parameters = Map::new();
        for param in &operation.params {
            let Some(text) = last(pairs, &param.name) else { continue };
            let value = match param.kind {
                Kind::Object | Kind::Any | Kind::Texts => zend::decode(text).ok_or_else(Refusal::internal)?,
                _ => Value::from(text),
            };
            parameters.insert(param.name.clone(), value);
        }
        Ok(Parameters(parameters))
    }

    /// An empty name and the word `null` count as none.
    pub(super) fn session_name(&self) -> Option<&str> {
        self.anywhere("sessionName").filter(|name| !name.is_empty() && !name.eq_ignore_ascii_case("null"))
    }

    pub(super) fn cookie(&self, name: &str) -> Option<&str> {
        let cookies = self.request.header("cookie")?.split(';');
        cookies
            .filter_map(|cookie| cookie.trim().split_once('='))
            .find_map(|(key, value)| (key == name).then_some(value))
    }

    /// The form goes before the query.
    fn anywhere(&self, name: &str) -> Option<&str> {
        self.in_form(name).or_else(|| self.in_query(name))
    }
}

/// An operation's own parameters: texts, and what comes as JSON text decoded.
pub(super) struct Parameters(Map<String, Value>);

impl Parameters {
    /// Empty where it is missing.
    pub(super) fn text(&self, name: &str) -> &str {
        self.value(name).as_str().unwrap_or_default()
    }

    /// Null where it is missing.
    pub(super) fn value(&self, name: &str) -> &Value {
        self.0.get(name).unwrap_or(&Value::Null)
    }
}

/// Of parameters that come more than once the last one counts.
fn last<'p>(pairs: &'p Pairs, name: &str) -> Option<&'p str> {
    pairs.iter().rev().find(|(key, _)| key == name).map(|(_, value)| value.as_str())
}

/// Empty for every other kind of body, JSON among them.
fn form(request: &Recorded) -> (Pairs, Vec<File>) {
    if request.has_media_type("application/x-www-form-urlencoded") {
        (form_urlencoded::parse(&request.body).into_owned().collect(), Vec::new())
    } else if request.has_media_type("multipart/form-data") {
        multipart(request).unwrap_or_default()
    } else {
        Default::default()
    }
}
