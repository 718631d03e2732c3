//! The names in a declaration: no two values may meet in one place, nor in places that a lenient server takes for one.

use std::collections::HashSet;

use super::{BodyForm, Field, Location, Request, Scheme, Sign, Source};
use crate::asked::{canonical, is_plain, is_unambiguous, member, place, readings, unescape};
use crate::well_known::replaces_method;

/// Names, as lenient servers read them, that a field of an open body may not have; and those that it may.
#[derive(Clone, Debug)]
pub(crate) struct Taken {
    /// Those of declared fields, in query and body, and of the variables of the path.
    pub(crate) by_fields: HashSet<String>,
    /// Those of credentials in query and body.
    pub(crate) by_credentials: HashSet<String>,
    /// Names of fields of the body that the plugin gives.
    pub(crate) free: HashSet<String>,
}

impl Taken {
    pub(super) fn of(request: &Request, scheme: Option<&Scheme>) -> Self {
        let placements = scheme.into_iter().flat_map(|s| &s.placements).filter(|p| p.location != Location::Header);
        let fields = request.query.iter().chain(request.body.fields());
        let variables = request.path.variables().map(str::to_owned);
        Self {
            // Servers that bind values by name take one from the body before one from the path.
            by_fields: fields
                .map(|f| member(&f.name))
                .chain(variables)
                .flat_map(|name| readings(&name).collect::<Vec<_>>())
                .collect(),
            by_credentials: placements.flat_map(|p| readings(&p.name)).collect(),
            free: request.body.fields().iter().filter(|f| f.source.is_free()).map(|f| f.name.clone()).collect(),
        }
    }
}

/// What is wrong with the names of a request.
pub(super) fn problems(request: &Request, scheme: Option<&Scheme>) -> Vec<String> {
    let placed = |location| {
        let placements = scheme.into_iter().flat_map(|s| &s.placements);
        placements.filter(move |p| p.location == location).map(|p| p.name.as_str()).collect::<Vec<_>>()
    };
    let mut names = Names { problems: Vec::new() };
    let signed = scheme.and_then(|scheme| scheme.sign.as_ref()).map(Sign::headers).unwrap_or_default();
    names.headers(request, &[placed(Location::Header), signed.to_vec()].concat());
    names.spelling(request);
    let fields = [placed(Location::Query), placed(Location::Body)].concat();
    names.credentials(request, &fields, !placed(Location::Body).is_empty());
    names.methods(request, &fields);
    names.apart("query parameters", request.query.iter().filter(|field| !field.name.is_empty()));
    names.apart("body fields", request.body.fields().iter());
    names.once(request);
    names.problems
}

/// What is wrong with a JSON Pointer to a member of the body (RFC 6901), which leads through objects alone. What looks like the
/// index of an entry is no name here: whoever wrote it may have meant a list.
pub(super) fn pointer(pointer: &str, most: usize) -> Vec<String> {
    let tokens: Vec<&str> = pointer.split('/').skip(1).collect();
    let bind = "bind the object or list around it to one input instead";
    let problem = |token: &str| {
        if token == "-" || (!token.is_empty() && token.bytes().all(|byte| byte.is_ascii_digit())) {
            return Some(format!("in the JSON Pointer `{pointer}`, `{token}` would be an entry of a list; {bind}"));
        }
        if token.is_empty() {
            return Some(format!("in the JSON Pointer `{pointer}` a name is empty; leave the slash out, or {bind}"));
        }
        let escapes = token.matches("~0").count() + token.matches("~1").count();
        let is_bare = token.matches('~').count() > escapes;
        is_bare.then(|| {
            format!("in the JSON Pointer `{pointer}` a `~` has to be written `~0`, and a slash in a name `~1`")
        })
    };
    let too_deep = (tokens.len() > most).then(|| format!("a JSON Pointer has at most {most} members on its way"));
    tokens.iter().find_map(|token| problem(token)).into_iter().chain(too_deep).collect()
}

/// The names that stand twice.
pub(super) fn twice(what: &str, names: impl Iterator<Item = String>) -> Vec<String> {
    let mut seen = HashSet::new();
    let again = names.filter(|name| !seen.insert(name.clone())).collect::<Vec<_>>();
    again.iter().map(|name| format!("the {what} `{name}` stands twice")).collect()
}

struct Names {
    problems: Vec<String>,
}

impl Names {
    fn report(&mut self, problem: impl Into<String>) {
        self.problems.push(problem.into());
    }

    fn unique(&mut self, what: &str, names: impl Iterator<Item = String>) {
        self.problems.extend(twice(what, names));
    }

    /// A scheme may place one credential under both spellings: servers that drop `X_Key` read `X-Key`.
    fn headers(&mut self, request: &Request, placed: &[&str]) {
        self.unique("header", placed.iter().map(|name| name.to_ascii_lowercase()));
        self.unique("header", request.headers.iter().map(|f| header_as_read(&f.name)));
        let taken = |name: &str| request.headers.iter().any(|f| header_as_read(&f.name) == header_as_read(name));
        for name in placed.iter().filter(|name| taken(name)) {
            self.report(format!("the header `{name}` stands twice: it is the place of a credential"));
        }
    }

    /// Names that servers would read in different ways.
    fn spelling(&mut self, request: &Request) {
        let clear: fn(&str) -> bool = match request.body {
            BodyForm::Json(_) => |_| true,
            BodyForm::Multipart(_) => is_plain,
            _ => is_unambiguous,
        };
        let unclear = request.query.iter().filter(|f| !is_unambiguous(&f.name));
        for field in unclear.chain(request.body.fields().iter().filter(|f| !clear(&f.name))) {
            self.report(format!("servers read the name `{}` in different ways", field.name));
        }
        let texts = request.body.fields().iter().filter(|_| !matches!(request.body, BodyForm::Json(_)));
        for field in request.query.iter().chain(texts).filter(|f| f.name.starts_with('/')) {
            self.report(format!(
                "`{}` is a JSON Pointer, and there is no JSON in this place; give the name of a field",
                field.name
            ));
        }
    }

    /// No field stands in the place of a credential, and a credential has a place.
    fn credentials(&mut self, request: &Request, placed: &[&str], in_body: bool) {
        self.unique("credential", placed.iter().map(|name| canonical(name)));
        let fields = || request.query.iter().chain(request.body.fields());
        for field in fields().filter(|f| placed.iter().any(|name| canonical(name) == place(&f.name))) {
            self.report(format!("`{}` is the place of a credential", field.name));
        }
        let whole = request.body.fields().iter().any(|f| f.name.is_empty());
        if in_body && (whole || matches!(request.body, BodyForm::None | BodyForm::Blob(_) | BodyForm::Text(_))) {
            self.report("its scheme places a credential in the body, and the body has no fields");
        }
    }

    /// Nothing replaces the method, or a variable of the path.
    fn methods(&mut self, request: &Request, placed: &[&str]) {
        let fields = || request.query.iter().chain(request.body.fields());
        let names = fields().map(|f| f.name.as_str()).chain(placed.iter().copied());
        for name in names.filter(|name| readings(&member(name)).any(|read_as| replaces_method(&read_as))) {
            self.report(format!("`{name}` replaces the method on some servers; no plugin can use it"));
        }
        let of_path = |name: &str| request.path.variables().any(|variable| canonical(variable) == canonical(name));
        for field in fields().filter(|f| f.source.is_free() && of_path(&f.name)) {
            let name = &field.name;
            self.report(format!(
                "`{name}` is free and has the name of a variable of the path, for which servers may take it"
            ));
        }
    }

    /// Each name has a place of its own; two JSON Pointers may go through one member, but not to one value.
    fn apart<'f>(&mut self, what: &str, fields: impl Iterator<Item = &'f Field>) {
        let names: Vec<(&str, [Vec<String>; 2])> = fields.map(|f| (f.name.as_str(), ways(&f.name))).collect();
        for (index, (name, ways)) in names.iter().enumerate() {
            for (other, other_ways) in names.iter().skip(index + 1) {
                // One is the other, or a part of it: `a` and `a[b]`, `/a` and `/a/b`.
                if ways.iter().zip(other_ways).any(|(way, other)| way.iter().zip(other).all(|(a, b)| meets(a, b))) {
                    self.report(format!(
                        "the {what} `{name}` and `{other}` could be taken for one; leave one of them out"
                    ));
                }
            }
        }
    }

    /// What the host writes must stand once across query and body; only two values of the caller's may meet there.
    fn once(&mut self, request: &Request) {
        let fixed =
            |f: &&Field| matches!(f.source, Source::Text(_) | Source::Json(_) | Source::Field(_) | Source::CallId);
        let (query, body) = (&request.query, request.body.fields());
        for (constants, others) in [(query.as_slice(), body), (body, query.as_slice())] {
            for constant in constants.iter().filter(|f| !f.source.is_free() && !f.name.starts_with('/')) {
                let mut others = others.iter().filter(|f| fixed(&constant) || f.source.is_free());
                if others.any(|f| place(&f.name) == place(&constant.name)) {
                    self.report(format!(
                        "`{}` is written by the host and could be given a second time by another field",
                        constant.name
                    ));
                }
            }
        }
    }
}

/// The way to a value as PHP and Rails write one, in brackets, and as ASP.NET does, with dots; or by JSON Pointer.
fn ways(name: &str) -> [Vec<String>; 2] {
    if let Some(pointer) = name.strip_prefix('/') {
        let way: Vec<String> = pointer
            .split('/')
            .enumerate()
            .map(|(n, token)| if n == 0 { canonical(&unescape(token)) } else { unescape(token) })
            .collect();
        return [way.clone(), way];
    }
    let in_brackets = name.split('[').skip(1).map(|part| part.trim_end_matches(']').trim().to_ascii_lowercase());
    let dotted = name.replace('[', ".").replace(']', "");
    let with_dots = dotted.split('.').map(|part| part.trim().to_ascii_lowercase());
    [std::iter::once(canonical(name)).chain(in_brackets).collect(), with_dots.collect()]
}

/// Whether two steps could be one: `[]` is whatever index comes next.
fn meets(step: &str, other: &str) -> bool {
    let index = |step: &str| step.bytes().all(|byte| byte.is_ascii_digit());
    step == other || (step.is_empty() && index(other)) || (other.is_empty() && index(step))
}

/// A header's name as servers read it that hand headers on as variables (RFC 3875, section 4.1.18): `X_Key` is `X-Key`.
pub(super) fn header_as_read(name: &str) -> String {
    name.to_ascii_lowercase().replace('_', "-")
}
