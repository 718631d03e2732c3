//! The check of a plugin's declarations, once, when a release is loaded.

use std::collections::HashSet;
use std::sync::Arc;

use super::names::{self, Taken};
use super::place::{is_pointer, place, place_of_request};
use super::{BodyForm, Credential, Effect, MAIN_SERVER, Method, Request, Route, Routes, Scheme, Siblings, Source};

mod credentials;
mod fields;
mod schemes;

/// A declared request that passed the check, with what was found out on the way.
#[derive(Clone, Debug)]
pub struct Declaration {
    /// The request.
    pub request: Request,
    /// Its scheme.
    pub(crate) scheme: Option<Arc<Scheme>>,
    pub(crate) siblings: Siblings,
    pub(crate) taken: Taken,
}

impl Declaration {
    /// The credentials that live of which its scheme places something.
    pub fn credentials(&self) -> impl Iterator<Item = &str> {
        self.scheme.iter().flat_map(|scheme| scheme.credentials())
    }
}

/// Something in a manifest that the host does not accept: where, and what.
#[derive(Clone, Debug, PartialEq, Eq, thiserror::Error)]
#[error("{}{problem}", if place.is_empty() { String::new() } else { format!("{place}: ") })]
pub struct Problem {
    /// A JSON Pointer into the document of the manifest: `/operations/users.list/request`; empty for the whole.
    pub place: String,
    /// What is wrong.
    pub problem: String,
}

/// An operation, as far as its requests are concerned.
#[derive(Clone, Copy, Debug)]
pub struct Operation<'a> {
    /// Its name.
    pub name: &'a str,
    /// What it claims to do.
    pub effect: Effect,
    /// Names of its inputs.
    pub inputs: &'a [&'a str],
    /// Names of its attachment fields.
    pub attachments: &'a [&'a str],
    /// Its requests.
    pub requests: &'a [Request],
}

/// Longer than any name that is meant to be read.
const LONGEST_NAME: usize = 64;

/// Of a field, in bytes: each entry of a list is written with it.
const LONGEST_FIELD: usize = 256;

/// The largest request known has some forty. Each is compared with every other.
const MOST_FIELDS: usize = 250;

/// Of the path and the scheme together.
const MOST_VARIABLES: usize = 32;

/// Of one operation: six is the most that is known.
const MOST_REQUESTS_OF_ONE: usize = 64;

/// Requests, segments of their paths and fields of all operations together. Some hundreds of requests are usual; the largest API
/// known has some 15,000.
const MOST_REQUESTS: usize = 16_000;
const MOST_SEGMENTS: usize = 160_000;
const MOST_FIELDS_OF_ALL: usize = 400_000;

/// Members of an answer: each is looked for.
const MOST_SENSITIVE: usize = 32;

/// Schemes of a plugin.
const MOST_SCHEMES: usize = 100;

/// Checks the declarations of a plugin and prepares them for use: a list for each operation, in the order given.
///
/// # Errors
/// Every problem that was found.
pub fn compile(
    fields: &[&str],
    schemes: &[Scheme],
    operations: &[Operation<'_>],
) -> Result<Vec<Vec<Declaration>>, Vec<Problem>> {
    let problems = check(fields, &[], schemes, operations);
    if !problems.is_empty() {
        return Err(problems);
    }
    let schemes: Vec<Arc<Scheme>> = schemes.iter().cloned().map(Arc::new).collect();
    let routes: Routes = operations.iter().flat_map(|o| o.requests).map(Route::of).collect();
    Ok(operations.iter().map(|operation| prepare(&schemes, &routes, operation.requests)).collect())
}

/// Checks the declarations of a plugin: every problem that was found.
pub fn check(
    fields: &[&str],
    credentials: &[Credential],
    schemes: &[Scheme],
    operations: &[Operation<'_>],
) -> Vec<Problem> {
    let mut lint = Lint { place: String::new(), problems: Vec::new(), fields, credentials };
    for scheme in schemes {
        lint.place = place(&["schemes", &scheme.name]);
        lint.scheme(scheme);
    }
    lint.credentials(schemes);
    lint.place = place(&["schemes"]);
    lint.unique("name", schemes.iter().map(|s| s.name.clone()));
    lint.place = place(&[]);
    if let Some(problem) = too_much(schemes, operations) {
        lint.report(problem);
        return lint.problems;
    }
    operations.iter().for_each(|operation| lint.operation(operation, schemes));
    lint.problems
}

/// Makes the requests of one operation ready for use: of a plugin whose declarations passed the check, with its schemes and the
/// routes of all of its requests.
pub fn prepare(schemes: &[Arc<Scheme>], routes: &Routes, requests: &[Request]) -> Vec<Declaration> {
    let declaration = |request: &Request| {
        let scheme = request.scheme.as_ref().and_then(|name| schemes.iter().find(|s| s.name == *name)).cloned();
        Declaration {
            request: request.clone(),
            siblings: routes.siblings(
                request.method,
                &request.path,
                request.variables.iter().any(|variable| !variable.slashes.are_refused()),
            ),
            taken: Taken::of(request, scheme.as_deref()),
            scheme,
        }
    };
    requests.iter().map(declaration).collect()
}

/// What all of a plugin's declarations together take to be compared with each other.
fn too_much(schemes: &[Scheme], operations: &[Operation<'_>]) -> Option<String> {
    let requests = || operations.iter().flat_map(|operation| operation.requests);
    let segments = requests().map(|request| Route::of(request).segments()).sum::<usize>();
    let fields = requests().map(fields_of).sum::<usize>();
    let counts = [
        ("requests", requests().count(), MOST_REQUESTS),
        ("schemes", schemes.len(), MOST_SCHEMES),
        ("segments of paths", segments, MOST_SEGMENTS),
        ("fields of requests", fields, MOST_FIELDS_OF_ALL),
    ];
    let beyond = counts.into_iter().find(|(_, count, most)| count > most);
    beyond.map(|(what, count, most)| format!("there are {count} {what}, all together; the most are {most}"))
}

/// What a value can be bound to.
struct Bindable<'a> {
    inputs: HashSet<&'a str>,
    attachments: HashSet<&'a str>,
}

struct Lint<'a> {
    place: String,
    problems: Vec<Problem>,
    /// Those of a connection.
    fields: &'a [&'a str],
    /// Those that schemes may place.
    credentials: &'a [Credential],
}

impl Lint<'_> {
    fn report(&mut self, problem: impl Into<String>) {
        self.problems.push(Problem { place: self.place.clone(), problem: problem.into() });
    }

    fn unique(&mut self, what: &str, names: impl Iterator<Item = String>) {
        names::twice(what, names).into_iter().for_each(|problem| self.report(problem));
    }

    fn operation(&mut self, operation: &Operation<'_>, schemes: &[Scheme]) {
        self.place = place(&["operations", operation.name]);
        self.unique("request", operation.requests.iter().map(|r| r.name.clone()));
        if operation.requests.len() > MOST_REQUESTS_OF_ONE {
            let count = operation.requests.len();
            return self.report(format!("it has {count} requests; the most are {MOST_REQUESTS_OF_ONE}"));
        }
        let names = Bindable {
            inputs: operation.inputs.iter().copied().collect(),
            attachments: operation.attachments.iter().copied().collect(),
        };
        for request in operation.requests {
            self.place = place_of_request(operation.name, operation.requests, &request.name);
            self.effect(operation, request);
            self.request(&names, request, schemes);
        }
    }

    /// One that is at this place.
    fn request(&mut self, names: &Bindable<'_>, request: &Request, schemes: &[Scheme]) {
        let scheme = self.scheme_of(request, schemes);
        if let Some(scheme) = scheme.filter(|scheme| !scheme.is_for(request.server.as_deref())) {
            let (scheme, server) = (&scheme.name, request.server.as_deref().unwrap_or(MAIN_SERVER));
            self.report(format!(
                "the credentials of its scheme `{scheme}` are not for the server `{server}`; name it in the `servers` of the scheme"
            ));
        }
        self.head(request);
        self.variables(request, scheme);
        self.sources(names, request, scheme);
        self.credentials_in_path(request, scheme);
        self.literals(request);
        self.key(request);
        self.open_names(request);
        self.headers(request);
        self.body(request);
        self.media_types(request);
        self.json_parts(names, request);
        self.redirects(request);
        // Each name is compared with every other.
        if fields_of(request) <= MOST_FIELDS {
            names::problems(request, scheme).into_iter().for_each(|problem| self.report(problem));
        }
    }

    fn scheme_of<'s>(&mut self, request: &Request, schemes: &'s [Scheme]) -> Option<&'s Scheme> {
        let name = request.scheme.as_deref()?;
        let scheme = schemes.iter().find(|s| s.name == name);
        if scheme.is_none() {
            self.report(format!("its scheme `{name}` is not declared"));
        }
        scheme
    }

    fn head(&mut self, request: &Request) {
        let plain = |c: char| c.is_ascii_lowercase() || c.is_ascii_digit() || c == '-';
        if request.name.is_empty() || request.name.len() > LONGEST_NAME || !request.name.chars().all(plain) {
            self.report(format!("its name is not in kebab case, of at most {LONGEST_NAME} letters"));
        }
        let fields = fields_of(request);
        if fields > MOST_FIELDS {
            self.report(format!("it has {fields} fields; the most are {MOST_FIELDS}"));
        }
        let named = request.query.iter().chain(&request.headers).chain(request.body.fields());
        if named.into_iter().any(|field| field.name.len() > LONGEST_FIELD) {
            self.report(format!("the name of a field has more than {LONGEST_FIELD} bytes"));
        }
        if request.read_only && request.method != Method::Post {
            self.report(format!("only a POST can be marked as one that reads, not a {}", request.method.as_str()));
        }
        if request.sensitive_answer.len() > MOST_SENSITIVE {
            self.report(format!("more than {MOST_SENSITIVE} members of its answer are sensitive"));
        }
        for pointer in request.sensitive_answer.iter().filter(|pointer| !is_pointer(pointer)) {
            self.report(format!("the sensitive member `{pointer}` of its answer is not a JSON Pointer"));
        }
        self.unique("sensitive member of its answer", request.sensitive_answer.iter().cloned());
        for (what, why) in request.free_values() {
            if why.trim().is_empty() {
                self.report(format!("the {what} is free without a reason"));
            }
        }
    }

    fn effect(&mut self, operation: &Operation<'_>, request: &Request) {
        if operation.effect < request.effect() {
            self.report(format!(
                "the operation claims the effect `{}`, but a {} has the effect `{}`",
                operation.effect.as_str(),
                request.method.as_str(),
                request.effect().as_str()
            ));
        }
    }

    fn variables(&mut self, request: &Request, scheme: Option<&Scheme>) {
        let used: HashSet<&str> =
            request.path.variables().chain(scheme.into_iter().flat_map(Scheme::variables)).collect();
        for variable in &request.variables {
            if !used.contains(variable.name.as_str()) {
                self.report(format!("the variable `{}` stands neither in the path nor in the scheme", variable.name));
            }
        }
        let with_slashes = request.variables.iter().filter(|variable| !variable.slashes.are_refused());
        for variable in with_slashes.filter(|v| !request.path.whole_segments().any(|name| name == v.name)) {
            self.report(format!(
                "the slashes of the variable `{}` cannot be encoded: it is no whole segment of the path; `{{+{0}}}` takes several",
                variable.name
            ));
        }
        self.unique("variable", request.variables.iter().map(|v| v.name.clone()));
        if used.len() > MOST_VARIABLES {
            self.report(format!("it has {} variables; the most are {MOST_VARIABLES}", used.len()));
        }
    }

    /// What a value is bound to must exist.
    fn sources(&mut self, names: &Bindable<'_>, request: &Request, scheme: Option<&Scheme>) {
        let is_placed = |name: &str| scheme.is_some_and(|scheme| scheme.placed_in_path().any(|placed| placed == name));
        let is_bound = |name: &str| request.variables.iter().any(|variable| variable.name == name);
        let implied = request.path.variables().filter(|name| !is_placed(name) && !is_bound(name));
        let implied = implied.map(|name| (Source::Input(name.to_owned()), true));
        for field in request.connection_fields().filter(|field| !self.fields.contains(field)) {
            self.problems.push(Problem {
                place: self.place.clone(),
                problem: format!("it has the connection field `{field}` as a value, which is not declared"),
            });
        }
        if request.body.whole().is_some_and(|source| source.connection_field().is_some()) {
            self.report("the file that is its body cannot be a field of the connection");
        }
        let variables = request.variables.iter().map(|v| v.source.clone());
        let files: Vec<&str> = match &request.body {
            BodyForm::Multipart(body) => body.fields.iter().filter_map(|f| f.source.input()).collect(),
            BodyForm::Blob(body) => body.source.input().into_iter().collect(),
            _ => Vec::new(),
        };
        let fields =
            request.query.iter().chain(&request.headers).chain(request.body.fields()).map(|f| f.source.clone());
        let bound = variables.chain(fields).chain(request.body.whole().cloned()).map(|source| (source, false));
        for (source, is_implied) in implied.chain(bound) {
            let Some(input) = source.input() else { continue };
            let is_file = files.contains(&input) && names.attachments.contains(input);
            if is_file && request.body.media_types().is_empty() {
                self.report(format!("the file `{input}` is of no media type; say which it may have"));
            }
            if names.inputs.contains(input) || is_file {
                continue;
            }
            self.report(match is_implied {
                true => format!(
                    "`{{{input}}}` in the path is no input of the operation: add it to its inputs, or say under `variables` where \
                     its value comes from"
                ),
                false => format!("it is bound to `{input}`, which is no input of the operation"),
            });
        }
    }

    /// A credential has a segment of the path to itself, but for constants: what else is in it could be chosen by a plugin.
    fn credentials_in_path(&mut self, request: &Request, scheme: Option<&Scheme>) {
        for name in scheme.into_iter().flat_map(Scheme::placed_in_path) {
            if !request.path.variables().any(|variable| variable == name) {
                self.report(format!("its scheme places a credential in the path, which has no variable `{name}`"));
            }
            if request.variables.iter().any(|variable| variable.name == name) {
                self.report(format!("the variable `{name}` is the place of a credential"));
            }
            if request.path.unseparated().any(|variable| variable == name) {
                self.report(format!("the credential `{name}` shares its segment of the path with a variable"));
            }
        }
    }
}

/// Lower case and digits, in words with `-` between them.
fn is_kebab(text: &str) -> bool {
    let word = |word: &str| !word.is_empty() && word.bytes().all(|b| b.is_ascii_lowercase() || b.is_ascii_digit());
    let begins = text.starts_with(|c: char| c.is_ascii_lowercase());
    begins && text.len() <= LONGEST_NAME && text.split('-').all(word)
}

fn fields_of(request: &Request) -> usize {
    request.query.len() + request.headers.len() + request.body.fields().len() + request.variables.len()
}
