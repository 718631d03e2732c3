//! The check of a manifest. What passes here can be shown, validated against and acted upon without another look.
//!
//! All of it is checked when a release is made; an operation is made ready for use when it is called for the first time.

use std::collections::HashSet;
use std::sync::Arc;

use indexmap::IndexMap;
use serde_json::Value;
use wharf_egress::declaration::{
    self, Choice, MAIN_SERVER, Problem, Request, Routes, Scheme, Sign, Source, is_pointer, place, place_of_request,
};
use wharf_egress::text::deceives;

use super::{About, BaseUrl, ClientCertificate, ConnectionField, Manifest, Operation, Server, answers, document};
use crate::operation::{self, Planner, Schema, check_all, check_one};

/// The largest manifest, as JSON, in bytes: that of the largest API known, with some 15,000 requests.
pub(super) const LARGEST: usize = 16 << 20;

/// What checking the input of one operation may take, roughly, in bytes.
const LARGEST_SCHEMA: u64 = 16 << 20;

/// Files of an operation, of the caller's and of the output, and members of its output that are sensitive.
const MOST_FILES: usize = 64;
const MOST_SENSITIVE: usize = 32;

/// Further servers: each has a client of its own in every connection.
const MOST_SERVERS: usize = 16;

/// What a field of a connection can be, where the operator chooses.
const MOST_CHOICES: usize = 32;

/// Checks a manifest.
///
/// # Errors
/// Every problem that was found.
pub fn check(manifest: &Manifest) -> Result<(), Vec<Problem>> {
    let Manifest { about, definitions, operations } = manifest;
    let mut lint = Lint { problems: Vec::new() };
    lint.texts(manifest);
    lint.about(about);
    lint.fields(about);
    lint.credentials(about);
    let mut planner = lint.definitions(definitions);
    operations.iter().for_each(|operation| lint.operation(about, operation, planner.as_mut()));
    lint.unique("/operations", operations.iter().map(|o| &o.name));

    let fields: Vec<&str> = about.fields.iter().map(|f| f.name.as_str()).collect();
    let names: Vec<Names<'_>> = operations.iter().map(Names::of).collect();
    let declared: Vec<_> = operations.iter().zip(&names).map(|(o, names)| names.declared(o)).collect();
    lint.problems.extend(declaration::check(&fields, &about.credentials, &about.schemes, &declared));
    lint.problems.extend(answers::problems(manifest));
    lint.test(manifest);
    lint.rate(about);
    told::once(&mut lint.problems);
    if lint.problems.is_empty() { Ok(()) } else { Err(lint.problems) }
}

/// Makes an operation ready for use: one of a manifest that passed the check. What is sensitive by its place is so from then on.
pub(crate) fn prepare(
    mut operation: Operation,
    schemes: &[Arc<Scheme>],
    routes: &Routes,
) -> Result<operation::Operation, String> {
    let by_place = declaration::sensitive_by_place(&operation.requests, schemes, &operation.sensitive_inputs);
    operation.sensitive_inputs.extend(by_place);
    let schema = Schema::new(&operation.input_schema).map_err(|problem| format!("its input schema {problem}"))?;
    let requests = declaration::prepare(schemes, routes, &operation.requests);
    Ok(operation::Operation::new(operation, schema, requests))
}

/// The names that the requests of an operation can be bound to.
struct Names<'a> {
    inputs: Vec<&'a str>,
    attachments: Vec<&'a str>,
}

impl<'a> Names<'a> {
    fn of(operation: &'a Operation) -> Self {
        Self {
            inputs: operation.input_names().collect(),
            attachments: operation.attachments.iter().map(|a| a.name.as_str()).collect(),
        }
    }

    fn declared(&'a self, operation: &'a Operation) -> declaration::Operation<'a> {
        declaration::Operation {
            name: &operation.name,
            effect: operation.effect,
            inputs: &self.inputs,
            attachments: &self.attachments,
            requests: &operation.requests,
        }
    }
}

struct Lint {
    problems: Vec<Problem>,
}

impl Lint {
    fn report(&mut self, place: &str, problem: impl Into<String>) {
        self.problems.push(Problem { place: place.to_owned(), problem: problem.into() });
    }

    fn unique<'a>(&mut self, place: &str, names: impl Iterator<Item = &'a String>) {
        let mut seen = HashSet::new();
        for name in names {
            if !seen.insert(name) {
                self.report(place, format!("`{name}` stands twice"));
            }
        }
    }

    /// What people read must not move their cursor or pose as something else.
    fn texts(&mut self, manifest: &Manifest) {
        let json = serde_json::to_value(manifest).unwrap_or_default();
        let size = json.to_string().len();
        if size > LARGEST {
            self.report("", format!("it has {size} bytes as JSON; the most that is read is {LARGEST}"));
        }
        let json = breaks::without(json);
        if let Some(at) = deceiving(&json, "", &deceives) {
            // The manifest as it is kept has other places than its document. There a line break may be one of a body.
            let deceives_anywhere = |c: char| deceives(c) && !matches!(c, '\n' | '\t');
            let place = deceiving(&document::write(manifest), "", &deceives_anywhere);
            let place = place.unwrap_or_else(|| place_in_document(manifest, &at));
            self.report(
                &place,
                "a text in it has a line break, a control character or another one that is not shown as itself; write it in one line",
            );
        }
    }

    fn rate(&mut self, about: &About) {
        if let Some((member, problem)) = about.rate.and_then(|rate| rate.problem()) {
            self.report(&format!("/rate{member}"), problem);
        }
    }

    fn about(&mut self, about: &About) {
        if !is_kebab(&about.name) {
            self.report("/name", format!("`{}` is not in kebab case (such as `vtiger-crm`)", about.name));
        }
        if let Err(error) = semver::Version::parse(&about.version) {
            let mend = "write three numbers, such as `0.1.0`";
            self.report("/version", format!("`{}` is not a semantic version: {error}; {mend}", about.version));
        }
        self.base_url("/server", about, &about.base_url);
        self.servers(about);
    }

    fn base_url(&mut self, place: &str, about: &About, rule: &BaseUrl) {
        if let Some(suffix) = &rule.suffix {
            let problem = declaration::Path::parse(suffix).err().map(|e| e.to_string());
            if let Some(problem) = problem.or_else(|| suffix.contains('{').then(|| "has a variable".to_owned())) {
                self.report(&format!("{place}/suffix"), format!("the suffix cannot be used: {problem}"));
            }
        }
        self.environment(place, about, rule.environment.as_deref());
        if let Some(ClientCertificate { certificate, key }) = &rule.client_certificate {
            let place = format!("{place}/client-certificate");
            self.secret(&format!("{place}/certificate"), about, certificate);
            self.secret(&format!("{place}/key"), about, key);
        }
    }

    fn servers(&mut self, about: &About) {
        self.unique("/servers", about.servers.iter().map(|server| &server.name));
        if about.servers.len() > MOST_SERVERS {
            self.report("/servers", format!("there are {}; the most are {MOST_SERVERS}", about.servers.len()));
        }
        for Server { name, rule } in &about.servers {
            let place = place(&["servers", name]);
            if !is_snake(name) || name == MAIN_SERVER {
                self.report(
                    &place,
                    format!("its name is not in snake case (such as `uploads`), or is `{MAIN_SERVER}`"),
                );
            }
            self.base_url(&place, about, rule);
        }
        for scheme in &about.schemes {
            let place = place(&["schemes", &scheme.name]);
            self.unique(&format!("{place}/servers"), scheme.servers.iter());
            for name in scheme.servers.iter().filter(|name| *name != MAIN_SERVER && about.server(Some(name)).is_none())
            {
                self.report(&place, format!("its server `{name}` is not declared"));
            }
        }
    }

    fn fields(&mut self, about: &About) {
        self.unique("/fields", about.fields.iter().map(|f| &f.name));
        for ConnectionField { name, secret, default, choices, environment, .. } in &about.fields {
            let place = place(&["fields", name]);
            if !is_snake(name) {
                self.report(&place, "its name is not in snake case (such as `api_key`)");
            }
            if *secret && default.is_some() {
                self.report(&place, "a secret has no default");
            }
            if *secret && !choices.is_empty() {
                self.report(&place, "a secret has no choices");
            }
            if choices.len() > MOST_CHOICES {
                self.report(&place, format!("it has more than {MOST_CHOICES} choices"));
            }
            if default.as_ref().is_some_and(|default| !choices.is_empty() && !choices.contains(default)) {
                self.report(&place, "its default is none of its choices");
            }
            self.unique(&format!("{place}/choices"), choices.iter());
            self.environment(&place, about, environment.as_deref());
        }
        about.schemes.iter().for_each(|scheme| self.choices(about, scheme));
        for scheme in &about.schemes {
            let fields = scheme.sign.iter().flat_map(Sign::fields);
            let secret = fields.filter(|(what, _)| matches!(*what, "secret-key" | "session-token"));
            // One that is not declared is told with those of placements.
            for (what, field) in secret.filter(|(_, field)| about.fields.iter().any(|known| known.name == *field)) {
                self.secret(&place(&["schemes", &scheme.name, "sign", "aws-v4", what]), about, field);
            }
        }
    }

    /// Whatever the operator chooses, a request has its credentials.
    fn choices(&mut self, about: &About, scheme: &Scheme) {
        let place = place(&["schemes", &scheme.name]);
        let named = || scheme.placements.iter().filter_map(|placement| placement.unless.as_ref());
        for choice in named() {
            let field = about.fields.iter().find(|field| field.name == choice.field);
            if !field.is_some_and(|field| field.choices.contains(&choice.value)) {
                self.report(&place, format!("`{}` is no choice of a field `{}`", choice.value, choice.field));
            }
        }
        let of_one_field = named().all(|choice| named().all(|other| other.field == choice.field));
        if !of_one_field {
            self.report(&place, "its placements depend on several fields");
        }
        let leaves_none = |choice: &Choice| scheme.placements.iter().all(|p| p.unless.as_ref() == Some(choice));
        if let Some(choice) = named().find(|choice| leaves_none(choice)) {
            self.report(&place, format!("where `{}` is `{}` it places no credential", choice.field, choice.value));
        }
    }

    /// A plugin may suggest only variables that bear its own name: no `AWS_SECRET_ACCESS_KEY`.
    fn environment(&mut self, place: &str, about: &About, variable: Option<&str>) {
        let Some(variable) = variable else { return };
        let prefix = format!("{}_", about.name.replace('-', "_").to_ascii_uppercase());
        if !variable.starts_with(&prefix) {
            let place = format!("{place}/environment");
            self.report(&place, format!("the environment variable `{variable}` does not begin with `{prefix}`"));
        }
    }

    /// What takes schemas apart that may refer to them, where all of them can be used.
    fn definitions<'m>(&mut self, definitions: &'m IndexMap<String, Value>) -> Option<Planner<'m>> {
        let before = self.problems.len();
        for (name, schema) in definitions {
            let place = place(&["$defs", name]);
            if !is_definition(name) {
                self.report(&place, "its name is not of letters, digits, `-`, `_` and `.`, 128 at most");
            }
            if let Err(problem) = check_one(schema) {
                self.report(&place, format!("it {problem}"));
            }
        }
        match Planner::sharing(definitions) {
            _ if self.problems.len() > before => None,
            Err((name, problem)) => {
                self.report(&place(&["$defs", &name]), format!("it {problem}"));
                None
            }
            Ok(planner) => match check_all(definitions) {
                Ok(()) => Some(planner),
                Err(problem) => {
                    self.report("/$defs", format!("one of them {problem}"));
                    None
                }
            },
        }
    }

    fn operation<'m>(&mut self, about: &About, operation: &'m Operation, planner: Option<&mut Planner<'m>>) {
        let place = place(&["operations", &operation.name]);
        let mut parts = operation.name.split('.');
        if !matches!((parts.next(), parts.next(), parts.next()), (Some(r), Some(a), None) if is_kebab(r) && is_kebab(a))
        {
            self.report(&place, "its name is not `<resource>.<action>`, both in kebab case, such as `orders.list`");
        }
        let of_requests = operation.requests.iter().flat_map(|r| {
            let fields = r.query.iter().chain(&r.headers).chain(r.body.fields()).map(|field| &field.name);
            r.variables.iter().map(|variable| &variable.name).chain(fields).map(String::as_str)
        });
        let files = operation.attachments.iter().map(|file| file.name.as_str());
        // What the plugin gives as a whole body has no name.
        let whole = operation.requests.iter().filter(|r| r.body.whole().is_some_and(Source::is_free)).map(|_| "");
        let known: HashSet<&str> = operation.input_names().chain(of_requests).chain(files).chain(whole).collect();
        // Where names are open, each may be one of them.
        let is_open = |r: &Request| {
            r.open_query.is_some()
                || r.body.open_reason().is_some()
                || r.query.iter().any(|field| field.name.is_empty())
        };
        let is_open = operation.requests.iter().any(is_open);
        for name in operation.sensitive_inputs.iter().filter(|name| !is_open && !known.contains(name.as_str())) {
            self.report(&place, format!("the sensitive input `{name}` is not declared"));
        }
        self.unique(&format!("{place}/sensitive-inputs"), operation.sensitive_inputs.iter());
        self.unique(&format!("{place}/sensitive-outputs"), operation.sensitive_outputs.iter());
        self.unique(&format!("{place}/attachments"), operation.attachments.iter().map(|a| &a.name));
        self.unique(&format!("{place}/files"), operation.output_attachments.iter());
        for (what, count, most) in [
            ("attachments", operation.attachments.len(), MOST_FILES),
            ("attachments of the output", operation.output_attachments.len(), MOST_FILES),
            ("sensitive members of the output", operation.sensitive_outputs.len(), MOST_SENSITIVE),
        ] {
            if count > most {
                self.report(&place, format!("it has {count} {what}; the most are {most}"));
            }
        }
        for name in operation.attachments.iter().map(|a| &a.name).chain(&operation.output_attachments) {
            if !is_file_field(name) {
                self.report(
                    &place,
                    format!("the attachment `{name}` needs a name of letters, digits, `-`, `_`, `[` and `]`"),
                );
            }
        }
        for pointer in operation.sensitive_outputs.iter().filter(|pointer| !is_pointer(pointer)) {
            self.report(&place, format!("the sensitive output `{pointer}` is not a JSON Pointer"));
        }
        self.schemas(operation, planner);
        let schema = |name: &str| operation.input_schema.get("properties")?.get(name);
        for request in &operation.requests {
            let place = place_of_request(&operation.name, &operation.requests, &request.name);
            self.server(&place, about, request.server.as_deref());
            self.no_secrets(&place, about, request);
            request.problems_of_inputs(schema).into_iter().for_each(|problem| self.report(&place, problem));
        }
    }

    fn schemas<'m>(&mut self, operation: &'m Operation, planner: Option<&mut Planner<'m>>) {
        let (schema, place) = (&operation.input_schema, &place(&["operations", &operation.name, "input"]));
        let closed = schema.get("additionalProperties") == Some(&Value::Bool(false));
        if schema.get("type") != Some(&Value::from("object")) || !closed {
            self.report(place, "its input schema is not of type `object` with `additionalProperties` false");
        }
        if let Some((at, problem)) = schemas::malformed(schema) {
            return self.report(&format!("{place}{at}"), problem);
        }
        schemas::uncallable(schema).into_iter().for_each(|(at, problem)| self.report(&format!("{place}{at}"), problem));
        // What they refer to cannot be used, which was told.
        let Some(planner) = planner else { return };
        match planner.weight(schema) {
            Err(problem) => self.report(place, format!("its input schema {problem}")),
            Ok(weight) if weight > LARGEST_SCHEMA => {
                self.report(place, format!("its input schema takes {weight} bytes; the most are {LARGEST_SCHEMA}"));
            }
            Ok(_) => {}
        }
        let Some(schema) = &operation.output_schema else { return };
        let place = &declaration::place(&["operations", &operation.name, "output"]);
        if let Err(problem) = check_one(schema).and_then(|()| planner.check(schema)) {
            self.report(place, format!("its output schema {problem}"));
        }
    }
}

/// A place of the manifest as it is kept, in its document: there what has a name is a member.
fn place_in_document(manifest: &Manifest, at: &str) -> String {
    let about = &manifest.about;
    let mut steps = at.splitn(4, '/').skip(1);
    let (Some(member), Some(number)) = (steps.next(), steps.next().and_then(|step| step.parse::<usize>().ok())) else {
        return at.to_owned();
    };
    let name = match member {
        "operations" => manifest.operations.get(number).map(|operation| &operation.name),
        "fields" => about.fields.get(number).map(|field| &field.name),
        "schemes" => about.schemes.get(number).map(|scheme| &scheme.name),
        "servers" => about.servers.get(number).map(|server| &server.name),
        "credentials" => about.credentials.get(number).map(|credential| &credential.name),
        _ => None,
    };
    let rest = steps.next().unwrap_or_default().replacen("input-schema", "input", 1);
    name.map_or_else(|| at.to_owned(), |name| format!("{}/{rest}", place(&[member, name])))
}

/// The name of a shared definition, which stands in references as it is.
fn is_definition(text: &str) -> bool {
    let plain = |c: char| c.is_ascii_alphanumeric() || matches!(c, '-' | '_' | '.');
    (1..=128).contains(&text.len()) && text.chars().all(plain)
}

fn is_kebab(text: &str) -> bool {
    let word = |w: &str| !w.is_empty() && w.bytes().all(|b| b.is_ascii_lowercase() || b.is_ascii_digit());
    text.len() <= 64 && text.starts_with(|c: char| c.is_ascii_lowercase()) && text.split('-').all(word)
}

/// The name of an attachment: that of a form field, and the start of a file's name.
fn is_file_field(text: &str) -> bool {
    let plain = |c: char| c.is_ascii_alphanumeric() || matches!(c, '-' | '_' | '[' | ']');
    (1..=64).contains(&text.len()) && text.chars().all(plain)
}

fn is_snake(text: &str) -> bool {
    !text.contains('-') && is_kebab(&text.replace('_', "-"))
}

/// The place of the first text that has such a character.
fn deceiving(value: &Value, at: &str, is_one: &dyn Fn(char) -> bool) -> Option<String> {
    match value {
        Value::String(text) => text.contains(is_one).then(|| at.to_owned()),
        Value::Array(items) => {
            items.iter().enumerate().find_map(|(number, item)| deceiving(item, &format!("{at}/{number}"), is_one))
        }
        Value::Object(members) => members.iter().find_map(|(name, value)| {
            let at = format!("{at}{}", place(&[name]));
            if name.contains(is_one) { Some(at) } else { deceiving(value, &at, is_one) }
        }),
        Value::Null | Value::Bool(_) | Value::Number(_) => None,
    }
}

mod breaks;
mod credentials;
mod doubts;
mod schemas;
mod told;

pub(super) use doubts::doubts;
#[cfg(test)]
mod tests;
