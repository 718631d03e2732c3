//! A request, read as the operation that it is.

use std::sync::LazyLock;

use serde_json::{Map, Value};

use super::fault::Fault;
use super::kinds::{self, Kind};
use super::rules;
use crate::answer::Answer;
use crate::input::Input;
use crate::request::Recorded;
use crate::routes;
use crate::table::{self, Kind as Type, Operation, Place};

/// The operations that are routes. Those that stand for one of several routes are not, nor are the later steps of others,
/// which are operations themselves.
static ROUTES: LazyLock<Vec<Operation>> = LazyLock::new(|| {
    let known = table::APPWRITE.iter().filter(|o| !o.call.ends_with("/*") && !o.call.contains("{providerType}"));
    let health = Operation {
        name: "health.get".to_owned(),
        call: "GET /health".to_owned(),
        params: Vec::new(),
        token: None,
        status: Some(200),
        answer: None,
        inferred: false,
        steps: Vec::new(),
    };
    known.cloned().chain([health]).collect()
});

pub(super) struct Call<'r> {
    operation: &'static Operation,
    /// The values of the path's variables.
    pub(super) path: Vec<(String, String)>,
    pub(super) input: Input,
    pub(super) request: &'r Recorded,
}

impl<'r> Call<'r> {
    pub(super) fn read(request: &'r Recorded) -> Result<Self, Fault> {
        let no_route = || Fault::new(404, "general_route_not_found", "There is no such route");
        let segments = request.segments();
        let segments: Vec<&str> = segments.iter().map(String::as_str).collect();
        let Some((&"v1", path)) = segments.split_first() else { return Err(no_route()) };
        let (operation, path) = routes::find(&ROUTES, &request.method, path).ok_or_else(no_route)?;
        check_path(operation, &path)?;
        let takes = |place: Place| operation.params.iter().any(|param| param.place == place);
        if !takes(Place::Body) && !takes(Place::Part) && !request.body.is_empty() {
            return Err(Fault::new(400, "general_bad_request", "No body is expected here"));
        }
        let input = Input::read(operation, request).map_err(|wrong| Fault::param(&wrong.name, wrong.problem))?;
        check_arrays(operation, request)?;
        Ok(Self { operation, path, input, request })
    }

    pub(super) fn name(&self) -> &'static str {
        &self.operation.name
    }

    pub(super) fn resource(&self) -> &'static str {
        self.operation.name.split_once('.').map_or("", |(resource, _)| resource)
    }

    /// What is done with the resource: `create`.
    pub(super) fn action(&self) -> &'static str {
        self.operation.name.split_once('.').map_or("", |(_, action)| action)
    }

    pub(super) fn kind(&self) -> &'static Kind {
        kinds::of(self.resource())
    }

    /// The path of the collection in which the call's things are.
    pub(super) fn list(&self) -> String {
        self.kind().list(&self.path).unwrap_or_default()
    }

    /// The value of a variable of the path.
    pub(super) fn place(&self, variable: &str) -> &str {
        self.path.iter().find(|(name, _)| name == variable).map_or("", |(_, value)| value.as_str())
    }

    /// The id of the thing that the path names.
    pub(super) fn id(&self) -> &str {
        self.place(self.kind().id)
    }

    /// Whether the path ends with the id of a thing.
    pub(super) fn is_of_one(&self) -> bool {
        self.operation.call.ends_with('}')
    }

    /// The kind in paths like `/messaging/providers/smtp/{providerId}`.
    pub(super) fn variant(&self) -> &'static str {
        let mut segments = self.operation.call.rsplit('/').filter(|segment| !segment.starts_with('{'));
        segments.next().unwrap_or_default()
    }

    pub(super) fn body(&self) -> Map<String, Value> {
        self.input.body.clone()
    }

    /// A member of the body that is there and not null.
    pub(super) fn given(&self, name: &str) -> Option<&Value> {
        self.input.body.get(name).filter(|value| !value.is_null())
    }

    pub(super) fn text(&self, name: &str) -> Option<&str> {
        self.input.text(name)
    }

    pub(super) fn answer(&self, body: &Value) -> Answer {
        Answer::json(self.operation.status.unwrap_or(200), body)
    }

    /// The name of a list in its answer: `users` of a `userList`.
    pub(super) fn plural(&self) -> String {
        let model = self.operation.answer.as_deref().unwrap_or_default();
        match model.strip_suffix("List").unwrap_or(model) {
            "resourceToken" => "tokens".to_owned(),
            singular => match singular.strip_suffix('y') {
                Some(stem) => format!("{stem}ies"),
                None => format!("{singular}s"),
            },
        }
    }
}

fn check_path(operation: &Operation, path: &[(String, String)]) -> Result<(), Fault> {
    for (name, value) in path {
        if name.ends_with("Id") {
            rules::id(name, value)?;
        }
        let param = operation.params.iter().find(|p| p.place == Place::Path && p.name == *name);
        if param.is_some_and(|p| !p.choices.is_empty() && !p.choices.contains(value)) {
            return Err(Fault::param(name, format!("`{value}` is not one of those allowed")));
        }
    }
    Ok(())
}

/// A list is written `queries[0]=…` or `permissions[]`; without brackets the last value would be taken for all of it. So
/// is an object: `headers[name]=…`.
fn check_arrays(operation: &Operation, request: &Recorded) -> Result<(), Fault> {
    let mut written: Vec<String> = request.query().into_iter().map(|(name, _)| name).collect();
    let parts = operation.params.iter().filter(|param| param.place == Place::Part);
    let bare = parts.map(|param| (param, format!("name=\"{}\"\r\n", param.name)));
    written.extend(
        bare.filter(|(_, text)| memchr::memmem::find(&request.body, text.as_bytes()).is_some())
            .map(|(param, _)| param.name.clone()),
    );
    for param in &operation.params {
        let is_list = matches!(param.kind, Type::Texts | Type::Integers | Type::Objects);
        let with_brackets = is_list || param.kind == Type::Object;
        let number =
            |name: &str| name.strip_prefix(&param.name)?.strip_prefix('[')?.strip_suffix(']').map(str::to_owned);
        for name in written.iter().filter(|name| name.split('[').next() == Some(&param.name)) {
            let fits = match number(name) {
                Some(number) => with_brackets && (!is_list || number.chars().all(|c| c.is_ascii_digit())),
                None => !with_brackets,
            };
            if !fits {
                return Err(Fault::param(&param.name, format!("`{name}` is not how it is written")));
            }
        }
    }
    Ok(())
}
