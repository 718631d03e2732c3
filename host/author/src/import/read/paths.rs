//! What OpenAPI 3 and Swagger 2.0 share: paths, operations, parameters by reference, tags and security.

use indexmap::IndexMap;
use serde_json::Value;

use super::at::At;
use super::schemas::{Dialect, Problems, Schemas};
use super::{Notation, examples, openapi, route, security, swagger};
use crate::import::error::ImportError;
use crate::import::model::{Answer, Api, Body, Operation, Parameter, Requirement, Scheme};
use crate::import::report::Report;
use crate::import::source::Documents;
use crate::import::texts::{beginning, is_clean, line, shown};

/// The largest known API, Microsoft's Graph, has 11,422. A path that is referred to often makes more than a file has place for.
pub(super) const MOST_OPERATIONS: usize = 50_000;

/// The parameters, answers and the like of all operations, together: some hundreds of bytes each.
const MOST_PARTS: usize = 1_000_000;

/// What is told of them.
const MOST_LINES: usize = 100_000;

/// The parameters of one operation, and its answers.
const MOST_PARAMETERS: usize = 500;
const MOST_ANSWERS: usize = 200;

/// Letters of a text that are kept. Whoever writes it into a manifest cuts it further.
const TEXT: usize = 2_000;

/// The longest name that a request takes.
pub(super) const LONGEST_NAME: usize = 256;

/// The methods of operations, as descriptions write them.
const METHODS: [&str; 8] = ["get", "put", "post", "delete", "options", "head", "patch", "trace"];

/// Other members of a path.
const OF_PATHS: [&str; 5] = ["$ref", "summary", "description", "servers", "parameters"];

/// Reads a description.
pub(super) struct Reader<'d, 'r> {
    pub(super) notation: Notation,
    pub(super) root: At<'d>,
    pub(super) schemas: Schemas<'d>,
    pub(super) report: &'r mut Report,
    /// The schemes that are described.
    pub(super) schemes: IndexMap<String, Scheme>,
    /// What all requests need where nothing else is said.
    pub(super) security: Option<Vec<Requirement>>,
    /// What is still taken.
    parts: usize,
    pub(super) examples: usize,
    /// What is told once.
    pub(super) told: Vec<&'static str>,
}

/// An operation, and what is to be told of the schemas of its input.
struct Described {
    operation: Operation,
    label: String,
    problems: Problems,
}

pub(super) fn api(documents: &Documents, notation: Notation, report: &mut Report) -> Result<Api, ImportError> {
    let root = At::root(documents, 0);
    let dialect = if notation == Notation::OpenApi31 { Dialect::Beside } else { Dialect::Alone };
    let mut reader = Reader {
        notation,
        root: root.clone(),
        schemas: Schemas::new(documents, dialect),
        report,
        schemes: IndexMap::new(),
        security: None,
        parts: MOST_PARTS,
        examples: examples::MOST_VALUES,
        told: Vec::new(),
    };
    let mut api = reader.about();
    let at = match notation {
        Notation::Swagger => root.get("securityDefinitions"),
        _ => root.get("components").and_then(|components| components.get("securitySchemes")),
    };
    let service = root.get("info").and_then(|info| security::service(&info));
    reader.schemes = security::schemes(at, service.as_deref(), reader.report);
    reader.security = reader.security(&root);
    let described = reader.operations()?;
    api.schemes = std::mem::take(&mut reader.schemes);
    let Some(definitions) = std::mem::replace(&mut reader.schemas, Schemas::new(documents, dialect)).finish() else {
        return Err(too_large(&root));
    };
    for Described { operation, label, problems } in described {
        definitions.tell(&operation, problems, &mut report.of(Some(label)));
        api.operations.push(operation);
    }
    api.schemas = definitions.schemas;
    Ok(api)
}

/// What is repeated too often.
pub(super) fn too_large(root: &At<'_>) -> ImportError {
    let problem = "it is too large when what it refers to stands in each place; describe fewer operations in it";
    ImportError::new(root.place(), problem)
}

impl<'d> Reader<'d, '_> {
    /// What is said of the whole API.
    fn about(&mut self) -> Api {
        let info = self.root.get("info");
        let of_info = |name: &str| info.as_ref().and_then(|info| text(info, name)).unwrap_or_default();
        let summary = Some(of_info("summary")).filter(|summary| !summary.is_empty());
        let servers = match self.notation {
            Notation::Swagger => swagger::servers(&self.root, &self.root),
            _ => openapi::servers(self, &self.root.clone()),
        };
        self.not_requests(
            &self.root.clone(),
            "webhooks",
            "requests to whoever registered an address: the plugin takes none",
        );
        Api {
            title: of_info("title"),
            summary: summary.unwrap_or_else(|| of_info("description")),
            servers,
            ..Api::default()
        }
    }

    /// What is described beside requests is told once for each kind.
    pub(super) fn not_requests(&mut self, at: &At<'_>, name: &'static str, what: &str) {
        let there = at.get(name).filter(|at| at.value.as_object().is_some_and(|all| !all.is_empty()));
        if let Some(at) = there.filter(|_| !self.told.contains(&name)) {
            self.told.push(name);
            self.report.of(None).note(&at.place(), name, format!("its {name} are {what}"));
        }
    }

    /// A line about a part of the API as a whole.
    pub(super) fn note(&mut self, at: &At<'_>, rule: &'static str, text: impl Into<String>) {
        self.report.of(None).note(&at.place(), rule, text);
    }

    /// Counts parts, so that what is repeated has an end. None where there are too many.
    pub(super) fn spend(&mut self, parts: usize) -> Option<()> {
        self.parts = self.parts.saturating_sub(parts);
        (self.parts > 0).then_some(())
    }

    fn is_too_much(&self) -> bool {
        self.parts == 0 || self.schemas.is_too_much() || self.report.lines.len() > MOST_LINES
    }

    fn operations(&mut self) -> Result<Vec<Described>, ImportError> {
        let paths = self.root.get("paths").filter(|paths| paths.value.as_object().is_some_and(|all| !all.is_empty()));
        let Some(paths) = paths else {
            let place = format!("{}/paths", self.root.place());
            return Err(ImportError::new(place, "it describes no paths, so there is no operation to make"));
        };
        let mut described = Vec::new();
        for (path, item) in paths.members().filter(|(path, _)| !path.starts_with("x-")) {
            let items = match self.path_items(path, item) {
                Some(items) => items,
                None => continue,
            };
            self.path(path, &items, &mut described);
            if described.len() > MOST_OPERATIONS {
                let problem = format!("it describes more than {MOST_OPERATIONS} operations; describe fewer in it");
                return Err(ImportError::new(paths.place(), problem));
            }
            if self.is_too_much() {
                return Err(too_large(&self.root));
            }
        }
        Ok(described)
    }

    /// A path as it is written and what it refers to: the first that has a member has the say.
    fn path_items(&mut self, path: &str, item: At<'d>) -> Option<Vec<At<'d>>> {
        let mut items = vec![item.clone()];
        if item.value.get("$ref").is_some() {
            match item.clone().resolved() {
                Ok(referred) => items.push(referred),
                Err(problem) => {
                    let only = item.value.as_object().is_some_and(|members| members.len() == 1);
                    let mut teller = self.report.of(Some(shown(path)));
                    if only {
                        teller.left_out(&item.place(), "reference", problem);
                        return None;
                    }
                    teller.lost(&item.place(), "reference", problem);
                }
            }
        }
        if !items.iter().all(|item| item.value.is_object()) {
            self.report.of(Some(shown(path))).left_out(&item.place(), "form", "a path is a mapping; this one is none");
            return None;
        }
        Some(items)
    }

    fn path(&mut self, path: &str, items: &[At<'d>], described: &mut Vec<Described>) {
        let (mut known, mut told): (Vec<String>, bool) = (Vec::new(), false);
        for item in items {
            for (method, at) in item.members() {
                let lower = method.to_ascii_lowercase();
                if METHODS.contains(&lower.as_str()) {
                    if known.contains(&lower) || at.value.is_null() {
                        continue;
                    }
                    described.extend(self.operation(path, &lower, items, &at));
                    known.push(lower);
                } else if !method.starts_with("x-") && !OF_PATHS.contains(&method) && !told {
                    told = true;
                    let text = format!("`{}` is no method of HTTP and nothing else of a path", shown(method));
                    self.report.of(Some(shown(path))).note(&at.place(), "method", text);
                }
            }
        }
    }

    fn operation(&mut self, path: &str, method: &str, items: &[At<'d>], at: &At<'d>) -> Option<Described> {
        let method = method.to_ascii_uppercase();
        let label = line(&format!("{method} {path}"), 300);
        let mut problems = Problems::new();
        if !at.value.is_object() {
            self.report.of(Some(label)).left_out(&at.place(), "form", "an operation is a mapping; this one is none");
            return None;
        }
        self.not_requests(at, "callbacks", "requests to an address that the caller gives: the plugin takes none");
        let mut operation = Operation {
            place: at.place(),
            id: text(at, "operationId").and_then(|id| identifier(&id)),
            method,
            tags: tags(at),
            summary: self.first_text(at, items, "summary"),
            description: self.first_text(at, items, "description"),
            deprecated: at.bool("deprecated") == Some(true),
            security: self.security(at).or_else(|| self.usual_security()),
            ..Operation::default()
        };
        let lists: Vec<At<'d>> = std::iter::once(at).chain(items).filter_map(|at| at.get("parameters")).collect();
        let (parameters, of_body) = self.parameters(&label, &lists, &mut problems)?;
        operation.parameters = parameters;
        operation.body = match self.notation {
            Notation::Swagger => swagger::body(self, &label, at, &of_body, &mut problems)?,
            _ => self.body(&label, at, &mut problems)?,
        };
        operation.answers = self.answers(&label, at);
        operation.servers = match self.notation {
            Notation::Swagger => swagger::servers_of(&self.root, at),
            _ => {
                let mut all = std::iter::once(at).chain(items).map(|at| openapi::servers(self, at));
                all.find(|servers| !servers.is_empty()).unwrap_or_default()
            }
        };
        route::write(path, &mut operation, &mut self.report.of(Some(label.clone())))?;
        operation.key.clone_from(&label);
        Some(Described { operation, label, problems })
    }

    /// Of the operation, or of its path.
    fn first_text(&self, at: &At<'d>, items: &[At<'d>], name: &str) -> String {
        std::iter::once(at)
            .chain(items)
            .find_map(|at| text(at, name).filter(|text| !text.is_empty()))
            .unwrap_or_default()
    }

    /// Those of the operation, and those of its path that it does not replace; and those of Swagger 2.0 that are its body. None
    /// where one is missing without which it cannot be.
    fn parameters(
        &mut self,
        label: &str,
        lists: &[At<'d>],
        problems: &mut Problems,
    ) -> Option<(Vec<Parameter>, Vec<At<'d>>)> {
        let (mut all, mut of_body): (Vec<Parameter>, Vec<At<'d>>) = (Vec::new(), Vec::new());
        let mut entries = 0;
        for list in lists {
            let before = all.len();
            for entry in list.entries() {
                entries += 1;
                if entries > MOST_PARAMETERS {
                    let text =
                        format!("it has more than {MOST_PARAMETERS} parameters, which no request of a plugin has");
                    self.report.of(Some(label.to_owned())).left_out(&list.place(), "parameters", text);
                    return None;
                }
                self.spend(1)?;
                let at = match entry.clone().resolved() {
                    Ok(at) => at,
                    Err(problem) => {
                        self.report.of(Some(label.to_owned())).lost(&entry.place(), "reference", problem);
                        continue;
                    }
                };
                if self.notation == Notation::Swagger && swagger::is_of_body(&at) {
                    of_body.push(at);
                    continue;
                }
                let Some(mut parameter) = openapi::parameter(self, label, &at, problems)? else { continue };
                if self.notation == Notation::Swagger {
                    (parameter.style, parameter.explode) = swagger::style(&at, parameter.at);
                }
                let same = all.iter().position(|known| known.name == parameter.name && known.at == parameter.at);
                match same {
                    None => all.push(parameter),
                    // That of the operation replaces that of the path.
                    Some(position) if position < before => {}
                    Some(_) => {
                        let text =
                            format!("the parameter `{}` stands twice; the first one is taken", shown(&parameter.name));
                        self.report.of(Some(label.to_owned())).note(&at.place(), "duplicate-parameter", text);
                    }
                }
            }
        }
        Some((all, of_body))
    }

    fn body(&mut self, label: &str, at: &At<'d>, problems: &mut Problems) -> Option<Option<Body>> {
        match at.get("requestBody") {
            Some(body) => openapi::body(self, label, &body, problems),
            None => Some(None),
        }
    }

    /// Tells of a part that falls away. None where the operation cannot be without it.
    pub(super) fn missing<T>(
        &mut self,
        label: &str,
        at: &At<'_>,
        required: bool,
        rule: &'static str,
        problem: &str,
    ) -> Option<Option<T>> {
        let mut teller = self.report.of(Some(label.to_owned()));
        if required {
            teller.left_out(&at.place(), rule, format!("{problem}; the operation cannot be without it"));
            return None;
        }
        teller.lost(&at.place(), rule, format!("{problem}; it falls away"));
        Some(None)
    }

    fn answers(&mut self, label: &str, at: &At<'d>) -> Vec<Answer> {
        let mut answers = Vec::new();
        let produces =
            (self.notation == Notation::Swagger).then(|| swagger::media_types_of(&self.root, at, "produces"));
        for (status, at) in
            at.get("responses").into_iter().flat_map(|all| all.members().take(MOST_ANSWERS).collect::<Vec<_>>())
        {
            if status.starts_with("x-") || self.spend(1).is_none() {
                continue;
            }
            let Some(status) = status_of(status) else {
                let text = format!("`{}` is no status of an answer", shown(status));
                self.report.of(Some(label.to_owned())).note(&at.place(), "status", text);
                continue;
            };
            match at.clone().resolved() {
                Ok(at) => answers.push(openapi::answer(self, status, &at, produces.as_deref())),
                Err(problem) => {
                    self.report.of(Some(label.to_owned())).note(&at.place(), "reference", problem);
                    answers.push(Answer { place: at.place(), status, ..Answer::default() });
                }
            }
        }
        answers
    }
}

/// A text of a description, of which nobody looks at more.
pub(super) fn text(at: &At<'_>, name: &str) -> Option<String> {
    match at.value.get(name)? {
        Value::String(text) => Some(beginning(text, TEXT)),
        _ => at.text(name),
    }
}

/// An identifier: its underscores are no marks of a text.
fn identifier(id: &str) -> Option<String> {
    let id = id.trim();
    let plain = Some(beginning(id, LONGEST_NAME)).filter(|id| is_clean(id));
    Some(plain.unwrap_or_else(|| line(id, LONGEST_NAME))).filter(|id| !id.is_empty())
}

/// A name that goes into a request, or why it cannot.
pub(super) fn usable(name: &str) -> Result<(), String> {
    if name.is_empty() {
        return Err("it has no name".to_owned());
    }
    if name.len() > LONGEST_NAME {
        return Err(format!("its name `{}` has more than {LONGEST_NAME} bytes", shown(name)));
    }
    if !is_clean(name) {
        return Err(format!("its name `{}` has a character that is not shown as itself", shown(name)));
    }
    Ok(())
}

fn tags(at: &At<'_>) -> Vec<String> {
    let tags = at.value.get("tags").and_then(Value::as_array).into_iter().flatten();
    let tags = tags.take(20).filter_map(|tag| tag.as_str().or_else(|| tag.get("name")?.as_str()));
    tags.map(|tag| line(tag, LONGEST_NAME)).filter(|tag| !tag.is_empty()).collect()
}

/// `200`, `4XX` or `default`.
fn status_of(written: &str) -> Option<String> {
    let status = written.to_ascii_uppercase();
    let is_one = status.len() == 3 && status.starts_with(|c: char| ('1'..='5').contains(&c));
    let rest = status.get(1..).unwrap_or_default();
    match () {
        () if status == "DEFAULT" => Some("default".to_owned()),
        () if is_one && (rest == "XX" || rest.bytes().all(|c| c.is_ascii_digit())) => Some(status),
        () => None,
    }
}
