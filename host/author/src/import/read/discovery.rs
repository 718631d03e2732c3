//! Google's discovery documents: methods in resources, paths as templates with a flat form, and scopes of which one is enough.

use indexmap::IndexMap;
use serde_json::{Value, json};

use super::at::At;
use super::paths::{MOST_OPERATIONS, text, too_large, usable};
use super::route;
use super::schemas::{Dialect, Problems, Schemas};
use crate::import::error::ImportError;
use crate::import::model::{
    Answer, Api, Body, Content, Flow, FlowKind, In, Operation, Parameter, Requirement, Scheme, SchemeKind, Server,
    Style,
};
use crate::import::report::Report;
use crate::import::source::Documents;
use crate::import::texts::{is_clean, line};

/// Where Google's authorization server is; no document says it.
const AUTHORIZE: &str = "https://accounts.google.com/o/oauth2/v2/auth";
const TOKEN: &str = "https://oauth2.googleapis.com/token";

/// Resources within resources.
const DEEPEST: usize = 20;

/// The one parameter of all methods that says something of the answer, which a caller may want to be short.
const KEPT: &str = "fields";

/// The names of the schemes.
const OAUTH2: &str = "oauth2";
const KEY: &str = "key";

struct Reader<'d, 'r> {
    root: At<'d>,
    schemas: Schemas<'d>,
    report: &'r mut Report,
    described: Vec<(Operation, String, Problems)>,
    /// That of every method.
    fields: Option<At<'d>>,
}

pub(super) fn api(documents: &Documents, report: &mut Report) -> Result<Api, ImportError> {
    let root = At::root(documents, 0);
    let all = root.get("parameters");
    let fields = all.as_ref().and_then(|all| all.get(KEPT));
    if let Some(at) = all.filter(|all| all.members().any(|(name, _)| name != KEPT)) {
        let text = "the parameters of every request are left out, but for `fields`: they are credentials, or change the form of \
                    answers";
        report.of(None).note(&at.place(), "common-parameters", text);
    }
    let schemas = Schemas::new(documents, Dialect::Names);
    let mut reader = Reader { root: root.clone(), schemas, report, described: Vec::new(), fields };
    reader.resource(&root, &mut Vec::new());
    let Reader { schemas, described, .. } = reader;
    if described.is_empty() {
        return Err(ImportError::new(root.place(), "it describes no methods, so there is no operation to make"));
    }
    if described.len() > MOST_OPERATIONS {
        return Err(ImportError::new(root.place(), format!("it describes more than {MOST_OPERATIONS} methods")));
    }
    let Some(definitions) = schemas.finish() else { return Err(too_large(&root)) };
    let of = |name: &str| text(&root, name).unwrap_or_default();
    let operations = described.into_iter().map(|(operation, label, problems)| {
        definitions.tell(&operation, problems, &mut report.of(Some(label)));
        operation
    });
    let operations: Vec<Operation> = operations.collect();
    Ok(Api {
        title: of("title"),
        summary: of("description"),
        servers: vec![server(&root)],
        schemes: schemes(&root),
        operations,
        schemas: definitions.schemas,
    })
}

fn server(root: &At<'_>) -> Server {
    let url = text(root, "rootUrl").or_else(|| text(root, "baseUrl")).unwrap_or_default();
    Server { place: root.place(), url: url.trim_end_matches('/').to_owned(), ..Server::default() }
}

fn schemes(root: &At<'_>) -> IndexMap<String, Scheme> {
    let mut schemes = IndexMap::new();
    let auth = root.get("auth").and_then(|auth| auth.get("oauth2")).and_then(|oauth2| oauth2.get("scopes"));
    if let Some(at) = auth {
        let flow = Flow {
            place: at.place(),
            kind: FlowKind::AuthorizationCode,
            authorize: Some(AUTHORIZE.to_owned()),
            token: Some(TOKEN.to_owned()),
        };
        let kind = SchemeKind::Oauth2(vec![flow]);
        let description = "An account of Google.".to_owned();
        schemes.insert(OAUTH2.to_owned(), Scheme { place: at.place(), description, kind });
    }
    let kind = SchemeKind::ApiKey { at: In::Query, name: "key".to_owned() };
    let description = "A key of a project at Google.".to_owned();
    schemes.insert(KEY.to_owned(), Scheme { place: root.place(), description, kind });
    schemes
}

impl<'d> Reader<'d, '_> {
    /// The methods of a resource, and of those within it.
    fn resource(&mut self, at: &At<'d>, tags: &mut Vec<String>) {
        for (name, method) in at.get("methods").iter().flat_map(At::members) {
            if self.described.len() <= MOST_OPERATIONS && !self.schemas.is_too_much() {
                self.method(name, &method, tags);
            }
        }
        for (name, resource) in at.get("resources").iter().flat_map(At::members) {
            if tags.len() < DEEPEST {
                tags.push(line(name, 100));
                self.resource(&resource, tags);
                tags.pop();
            }
        }
    }

    fn method(&mut self, name: &str, at: &At<'d>, tags: &[String]) {
        let method = at.text("httpMethod").unwrap_or_default().to_ascii_uppercase();
        // Several methods may have one `path`, where its variables have slashes.
        let written = text(at, "flatPath").or_else(|| text(at, "path")).unwrap_or_default();
        let label = line(&format!("{method} /{}", written.trim_start_matches('/')), 300);
        let mut operation = Operation {
            place: at.place(),
            id: text(at, "id").or_else(|| Some(name.to_owned())).map(|id| line(&id, 200)).filter(|id| !id.is_empty()),
            method,
            tags: tags.to_vec(),
            description: text(at, "description").unwrap_or_default(),
            deprecated: at.bool("deprecated") == Some(true),
            security: Some(security(at)),
            ..Operation::default()
        };
        let mut problems = Problems::new();
        let path = self.parameters(at, &label, &mut operation, &mut problems);
        self.body(at, &label, &mut operation, &mut problems);
        self.answer(at, &label, &mut operation);
        let upload = media_upload(at).filter(|_| operation.body.is_none());
        let path = match upload {
            Some(upload) => {
                send_content(&upload, &mut operation);
                text(&upload, "path").unwrap_or_default()
            }
            None => format!("/{}{path}", text(&self.root, "servicePath").unwrap_or_default().trim_start_matches('/')),
        };
        let contents = self.contents(at, &operation, &path);
        self.add(operation, label, &path, problems);
        for (operation, label, path) in contents {
            self.add(operation, label, &path, Problems::new());
        }
    }

    fn add(&mut self, mut operation: Operation, label: String, path: &str, problems: Problems) {
        if route::write(path, &mut operation, &mut self.report.of(Some(label.clone()))).is_some() {
            operation.key.clone_from(&label);
            self.described.push((operation, label, problems));
        }
    }

    /// A method that takes or gives what is said of a file takes or gives the file itself, where it is asked for that: operations of
    /// their own, with their labels and paths.
    fn contents(&self, at: &At<'d>, operation: &Operation, path: &str) -> Vec<(Operation, String, String)> {
        let named = |what: &str| Operation {
            id: operation.id.as_ref().map(|id| format!("{id}{what}")),
            description: format!("{} The content of the file alone.", operation.description),
            ..operation.clone()
        };
        let mut contents = Vec::new();
        if let Some(upload) = media_upload(at).filter(|_| sends_json(operation)) {
            let path = text(&upload, "path").unwrap_or_default();
            let mut operation = Operation { place: upload.place(), ..named("Content") };
            send_content(&upload, &mut operation);
            let label = line(&format!("{} {path}", operation.method), 300);
            contents.push((operation, label, path));
        }
        if at.bool("supportsMediaDownload") == Some(true) && at.get("response").is_some() {
            let mut operation = named("Content");
            constant("alt", "media", &mut operation);
            for answer in operation.answers.iter_mut().filter(|answer| answer.status == "200") {
                answer.contents = vec![file(&answer.place)];
            }
            let label = line(&format!("{} {path}?alt=media", operation.method), 300);
            contents.push((operation, label, path.to_owned()));
        }
        contents
    }

    /// The parameters, and the path that fits them: the flat one where it says as much.
    fn parameters(&mut self, at: &At<'d>, label: &str, operation: &mut Operation, problems: &mut Problems) -> String {
        let written = text(at, "path").unwrap_or_default();
        let of_method = at.get("parameters").map(|all| all.members().collect::<Vec<_>>()).unwrap_or_default();
        let flat = text(at, "flatPath").filter(|_| written.contains("{+"));
        let pattern = |name: &str| at.get("parameters")?.get(name)?.text("pattern");
        let flat = flat.and_then(|flat| flattened(&written, &flat, pattern));
        for (name, at) in of_method {
            let is_of_path = at.text("location").as_deref() == Some("path");
            // Its parts stand in its place, and are named by `route`.
            let is_split = is_of_path && written.contains(&format!("{{+{name}}}")) && flat.is_some();
            if is_split {
                continue;
            }
            let place = if is_of_path { In::Path } else { In::Query };
            if let Err(problem) = usable(name) {
                self.report.of(Some(label.to_owned())).lost(&at.place(), "parameter", problem);
                continue;
            }
            let parameter = self.parameter(name, &at, place, problems);
            operation.parameters.push(parameter);
        }
        for (name, of, number) in flat.iter().flat_map(|flat| &flat.parts) {
            let whole = at.get("parameters").and_then(|all| all.get(of));
            let described = whole.as_ref().and_then(|at| text(at, "description")).unwrap_or_default();
            operation.parameters.push(Parameter {
                place: whole.map_or_else(|| at.place(), |at| at.place()),
                name: name.clone(),
                at: In::Path,
                required: true,
                description: format!("Part {number} of `{of}`: {described}"),
                schema: json!({"type": "string"}),
                style: Style::Simple,
                ..Parameter::default()
            });
        }
        if let Some(fields) = self.fields.clone().filter(|_| !operation.parameters.iter().any(|p| p.name == KEPT)) {
            let parameter = self.parameter(KEPT, &fields, In::Query, problems);
            operation.parameters.push(parameter);
        }
        flat.map_or(written, |flat| flat.path)
    }

    fn parameter(&mut self, name: &str, at: &At<'d>, place: In, problems: &mut Problems) -> Parameter {
        let one = self.schemas.of(at, problems);
        let repeated = at.bool("repeated") == Some(true);
        Parameter {
            place: at.place(),
            name: name.to_owned(),
            at: place,
            required: at.bool("required") == Some(true) || place == In::Path,
            description: text(at, "description").unwrap_or_default(),
            schema: if repeated { json!({"type": "array", "items": one}) } else { one },
            style: if place == In::Path { Style::Simple } else { Style::Form },
            explode: place == In::Query,
            media_type: None,
            deprecated: at.bool("deprecated") == Some(true),
            examples: Vec::new(),
        }
    }

    fn body(&mut self, at: &At<'d>, label: &str, operation: &mut Operation, problems: &mut Problems) {
        let Some(request) = at.get("request") else { return };
        let schema = self.schemas.of(&request, problems);
        let content = Content {
            place: request.place(),
            media_type: "application/json".to_owned(),
            schema: Some(schema),
            ..Content::default()
        };
        operation.body =
            Some(Body { place: request.place(), required: true, description: String::new(), contents: vec![content] });
        if let Some(upload) = media_upload(at) {
            let text = "the content of a file is sent by an operation of its own, and what is said of it by this one";
            self.report.of(Some(label.to_owned())).note(&upload.place(), "media-upload", text);
        }
    }

    fn answer(&mut self, at: &At<'d>, label: &str, operation: &mut Operation) {
        let response = at.get("response");
        let downloads = at.bool("supportsMediaDownload") == Some(true);
        let content = |media_type: &str, schema: Option<Value>| Content {
            place: at.place(),
            media_type: media_type.to_owned(),
            schema,
            ..Content::default()
        };
        let contents = match &response {
            Some(response) => {
                if downloads {
                    let text = "the content of the file is fetched by an operation of its own";
                    self.report.of(Some(label.to_owned())).note(&at.place(), "media-download", text);
                }
                vec![content("application/json", Some(self.schemas.of(response, &mut Problems::new())))]
            }
            None if downloads => {
                constant("alt", "media", operation);
                vec![file(&at.place())]
            }
            None => Vec::new(),
        };
        let good = Answer { place: at.place(), status: "200".to_owned(), contents, ..Answer::default() };
        // The form of failures is the same for all that Google has, and stands in no document.
        let failure = json!({"type": "object", "properties": {"error": {"type": "object", "properties": {
            "code": {"type": "integer"}, "message": {"type": "string"}, "status": {"type": "string"}}}}});
        let contents = vec![content("application/json", Some(failure))];
        let bad = Answer { place: at.place(), status: "default".to_owned(), contents, ..Answer::default() };
        operation.answers = vec![good, bad];
    }
}

/// Each scope of a method is enough. A method without one takes a key.
fn security(at: &At<'_>) -> Vec<Requirement> {
    let scopes =
        at.value.get("scopes").and_then(Value::as_array).into_iter().flatten().filter_map(Value::as_str).take(100);
    let all: Vec<Requirement> = scopes
        .filter(|scope| is_clean(scope))
        .map(|scope| Requirement::from([(OAUTH2.to_owned(), vec![scope.to_owned()])]))
        .collect();
    if all.is_empty() { vec![Requirement::from([(KEY.to_owned(), Vec::new())])] } else { all }
}

/// How the content of a file is sent as it is.
fn media_upload<'d>(at: &At<'d>) -> Option<At<'d>> {
    at.get("mediaUpload")?.get("protocols")?.get("simple").filter(|_| at.bool("supportsMediaUpload") == Some(true))
}

/// Whether an operation sends what is said of something.
fn sends_json(operation: &Operation) -> bool {
    let contents = operation.body.iter().flat_map(|body| &body.contents);
    contents.into_iter().any(|content| content.media_type == "application/json")
}

/// A file of any kind.
fn file(place: &str) -> Content {
    Content { place: place.to_owned(), media_type: "application/octet-stream".to_owned(), ..Content::default() }
}

/// Makes a method that sends a file alone one whose body is the file.
fn send_content(upload: &At<'_>, operation: &mut Operation) {
    let content = Content {
        place: upload.place(),
        media_type: "application/octet-stream".to_owned(),
        schema: Some(json!({"type": "string", "format": "binary"})),
        ..Content::default()
    };
    let (place, contents) = (upload.place(), vec![content]);
    operation.body = Some(Body { place, required: true, description: "The file.".to_owned(), contents });
    constant("uploadType", "media", operation);
}

fn constant(name: &str, value: &str, operation: &mut Operation) {
    operation.parameters.push(Parameter {
        place: operation.place.clone(),
        name: name.to_owned(),
        at: In::Query,
        required: true,
        schema: json!({"const": value}),
        explode: true,
        ..Parameter::default()
    });
}

/// A path without names that have strokes.
struct Flat {
    path: String,
    /// Each variable that is a part of another: its name, that of the other, and which part it is.
    parts: Vec<(String, String, usize)>,
}

/// The flat form of a path, with a variable for each part of a name. A part that may have strokes stays one that may. None where the
/// two do not fit each other.
fn flattened(written: &str, flat: &str, pattern: impl Fn(&str) -> Option<String>) -> Option<Flat> {
    let mut wanted: Vec<(String, bool, usize)> = Vec::new();
    for variable in variables(written) {
        match variable.strip_prefix('+') {
            None => wanted.push((variable.to_owned(), false, 0)),
            Some(name) => {
                let parts = parts(&pattern(name)?);
                wanted.extend(parts.into_iter().enumerate().map(|(number, free)| (name.to_owned(), free, number + 1)));
            }
        }
    }
    let of_flat: Vec<&str> = variables(flat).collect();
    if of_flat.len() != wanted.len() {
        return None;
    }
    let (mut path, mut all) = (flat.to_owned(), Vec::new());
    for (name, (of, free, number)) in of_flat.iter().zip(&wanted) {
        if *free {
            path = path.replace(&format!("{{{name}}}"), &format!("{{+{name}}}"));
        }
        if *number > 0 {
            all.push(((*name).to_owned(), of.clone(), *number));
        }
    }
    Some(Flat { path, parts: all })
}

/// For each part of a name that is not fixed, whether it may have strokes: `^projects/[^/]+/files/.*$` has two.
fn parts(pattern: &str) -> Vec<bool> {
    let marked = pattern.trim_start_matches('^').trim_end_matches('$').replace("[^/]+", "{}");
    let part = |part: &str| match part {
        "{}" => Some(false),
        part if part.contains(['*', '+', '[', '(']) => Some(true),
        _ => None,
    };
    marked.split('/').filter_map(part).collect()
}

fn variables(path: &str) -> impl Iterator<Item = &str> {
    path.split('{').skip(1).filter_map(|rest| rest.split_once('}')).map(|(name, _)| name)
}
