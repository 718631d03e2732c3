//! What a plugin is able to do, as lines that a person can read and compare: all that an approval is about.
//!
//! They come from the whole manifest. Left out is only what is on this list, as it enables a plugin to do nothing: titles,
//! summaries, the version, what is said to be unverified, the reasons of free values, what an output looks like, and of an operation that is
//! data which of its requests is sent and what the host makes of the answer: like code, that is how it uses the power it has; in a schema what tells people
//! something and is not checked (see [`inputs`]). The name of a plugin is left out too: it is what lines are kept by. A test
//! walks the contract and fails for a member that is on neither side.

use std::borrow::Cow;
use std::collections::BTreeSet;
use std::fmt;

use wharf_egress::declaration::{
    AnswerForm, BodyForm, Field, Function, ListStyle, Location, Part, Request, Scheme, Sign, Slashes, Source, Template,
    Variable,
};

use super::{About, AttachmentField, BaseUrl, ConnectionField, Manifest, NEXT_PAGE, Operation, Server};

mod credentials;
mod inputs;
mod kind;

pub use kind::{Capability, Kind};

/// All that a manifest asks for: requests with their effects and credentials, free values, inputs, files, schemes, how credentials are
/// obtained, connection fields, the suggested address, and what is masked.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub struct Capabilities(BTreeSet<String>);

/// How one set of capabilities differs from another.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub struct CapabilityDiff {
    /// What the newer one asks for and the older one did not.
    pub added: Vec<String>,
    /// What the newer one does without.
    pub removed: Vec<String>,
}

/// Of an operation that is data.
const NO_CODE: &str = "runs no code";

/// What a value is that the plugin makes up itself.
const FREE: &str = " is free";

/// What one is that the host fills in place of a plugin that runs no code.
const TURNS: &str = " turns the page";

/// The operation of a line that takes something away, and what doing without it is: asking for more.
fn without(line: &str) -> Option<(&str, String)> {
    let (operation, what) = line.split_once(": ")?;
    let more = match what.strip_prefix("masks ") {
        Some(masked) => format!("does not mask {masked}"),
        None if what == NO_CODE => "runs code".to_owned(),
        None => return None,
    };
    // Of all others, what stands before is of several words.
    Some((operation, more)).filter(|_| !operation.contains(' '))
}

impl Capabilities {
    /// Those of a manifest.
    pub fn of(manifest: &Manifest) -> Self {
        let about = &manifest.about;
        let fields = about.fields.iter().flat_map(field);
        let schemes = about.schemes.iter().flat_map(scheme);
        let definitions = manifest.definitions.iter().map(|(name, schema)| inputs::definition(name, schema));
        let operations = manifest.operations.iter().flat_map(operation);
        let servers = about.servers.iter().flat_map(server);
        let credentials = about.credentials.iter().flat_map(credentials::credential);
        let credentials = credentials.chain(about.test.iter().flat_map(credentials::test));
        let lines = address(about).chain(servers).chain(fields).chain(credentials).chain(schemes);
        let lines = lines.chain(definitions).chain(operations);
        Self(lines.collect())
    }

    /// One line each, sorted.
    pub fn lines(&self) -> impl Iterator<Item = &str> {
        self.0.iter().map(String::as_str)
    }

    /// The same, to be kept.
    pub(crate) fn into_lines(self) -> Vec<String> {
        self.0.into_iter().collect()
    }

    /// What changes from these to newer ones. It widens them where anything is added.
    pub fn diff(&self, newer: &Self) -> CapabilityDiff {
        CapabilityDiff { added: newer.beyond(self), removed: self.beyond(newer) }
    }

    /// What these ask for and others do not: lines, also what is masked of an operation that the others do not have, and what
    /// these do not mask of one that both have, or that it has code now. That the host gives what was free is less.
    fn beyond(&self, others: &Self) -> Vec<String> {
        let is_asked = |line: &&String| without(line).is_none_or(|(operation, _)| !others.has(operation));
        let was_free = |value: &str| others.0.contains(&format!("{value}{FREE}"));
        let is_new = |line: &&String| line.strip_suffix(TURNS).is_none_or(|value| !was_free(value));
        let asked = self.0.difference(&others.0).filter(is_asked).filter(is_new).cloned();
        let gained = others.0.difference(&self.0).filter_map(|line| {
            let (operation, more) = without(line)?;
            self.has(operation).then(|| format!("{operation}: {more}"))
        });
        asked.chain(gained).collect()
    }

    fn has(&self, operation: &str) -> bool {
        let start = format!("{operation} (");
        self.0.range(start.clone()..).next().is_some_and(|line| line.starts_with(&start))
    }
}

impl FromIterator<String> for Capabilities {
    fn from_iter<I: IntoIterator<Item = String>>(lines: I) -> Self {
        Self(lines.into_iter().collect())
    }
}

impl CapabilityDiff {
    /// Whether the newer one asks for more.
    pub fn widens(&self) -> bool {
        !self.added.is_empty()
    }
}

impl fmt::Display for CapabilityDiff {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        self.removed.iter().try_for_each(|line| writeln!(f, "- {line}"))?;
        self.added.iter().try_for_each(|line| writeln!(f, "+ {line}"))
    }
}

/// A name in a line. One that could be taken for more than a name is quoted.
fn word(name: &str) -> Cow<'_, str> {
    let plain = |c: char| c.is_alphanumeric() || "-_./$[]~@*".contains(c);
    if !name.is_empty() && name.chars().all(plain) { Cow::Borrowed(name) } else { Cow::Owned(format!("{name:?}")) }
}

/// Words with a space before each.
fn words(names: impl IntoIterator<Item = String>) -> String {
    names.into_iter().map(|name| format!(" {name}")).collect()
}

fn address(about: &About) -> impl Iterator<Item = String> {
    let base_url = &about.base_url;
    let address = base_url.default.iter().map(|url| format!("suggested address {url}"));
    let suffix = base_url.suffix.iter().map(|suffix| format!("addresses end in {suffix}"));
    let variable = base_url.environment.iter().map(|name| format!("address from the variable {name}"));
    address.chain(suffix).chain(variable).chain(certificate(base_url))
}

fn certificate(rule: &BaseUrl) -> impl Iterator<Item = String> {
    rule.client_certificate.iter().map(|with| {
        format!("shows the certificate of field {} with the key of field {}", word(&with.certificate), word(&with.key))
    })
}

fn server(server: &Server) -> impl Iterator<Item = String> {
    let (name, rule) = (word(&server.name), &server.rule);
    let address = rule.default.iter().map(|url| format!("suggested address {url}"));
    let suffix = rule.suffix.iter().map(|suffix| format!("addresses end in {suffix}"));
    let variable = rule.environment.iter().map(|variable| format!("address from the variable {variable}"));
    let lines = address.chain(suffix).chain(variable).chain(certificate(rule));
    let lines = lines.map(|line| format!("server {name}: {line}"));
    std::iter::once(format!("server {name}")).chain(lines).collect::<Vec<_>>().into_iter()
}

fn field(field: &ConnectionField) -> impl Iterator<Item = String> {
    let name = &field.name;
    let kind = if field.secret { "secret" } else { "readable" };
    let variable = field.environment.iter().map(|name| format!(" from the variable {name}")).collect::<String>();
    let optional = (!field.required).then(|| format!("field {name} may be left out"));
    let default = field.default.as_ref().map(|value| format!("field {name} is {value:?} where it is left out"));
    let choices = (!field.choices.is_empty()).then(|| {
        format!(
            "field {name} is one of {}",
            field.choices.iter().map(|choice| format!("{choice:?}")).collect::<Vec<_>>().join(", ")
        )
    });
    std::iter::once(format!("field {name} {kind}{variable}")).chain(optional).chain(default).chain(choices)
}

fn scheme(scheme: &Scheme) -> impl Iterator<Item = String> {
    let name = word(&scheme.name);
    let value = |name: &str, what: &str, template: &Template| format!("scheme {name}: {what} = {}", in_words(template));
    let values = scheme.values.iter().map(|v| value(&name, &format!("value {}", word(&v.name)), &v.template));
    // In each line: whichever server is added or left out makes another one of it.
    let servers = words(scheme.servers.iter().map(|server| word(server).into_owned()));
    let servers = if servers.is_empty() { servers } else { format!(", for the servers{servers}") };
    let placements = scheme.placements.iter().map(|p| {
        let place = match p.location {
            Location::Header => "header",
            Location::Query => "query",
            Location::Body => "body",
            Location::Path => "path",
        };
        let unless = p.unless.iter().map(|c| format!(", unless field {} is {:?}", word(&c.field), c.value));
        value(&name, &format!("{place} {}", word(&p.name)), &p.template) + &unless.collect::<String>() + &servers
    });
    let signature = scheme.sign.iter().map(|sign| format!("scheme {name}: {}{servers}", signature(sign)));
    values.chain(placements).chain(signature).collect::<Vec<_>>().into_iter()
}

fn signature(sign: &Sign) -> String {
    let Sign::AwsV4(with) = sign;
    let fields: Vec<String> = sign.fields().map(|(what, field)| format!("{what} field {}", word(field))).collect();
    format!("signs for the service {} as aws-v4 by {}", word(&with.service), fields.join(", "))
}

fn in_words(template: &Template) -> String {
    let part = |part: &Part| match part {
        Part::Literal(text) => format!("{text:?}"),
        Part::Field(name) => format!("field {}", word(name)),
        Part::Variable(name) => format!("variable {}", word(name)),
        Part::Value(name) => format!("value {}", word(name)),
        Part::Request(part) => format!("{} of the request", part.as_str()),
        Part::Credential { credential, value } => format!("{} of the credential {}", word(value), word(credential)),
    };
    let parts: Vec<String> = template.parts.iter().map(part).collect();
    let functions: String =
        template.functions.iter().map(|function| format!(", {}", function_name(function))).collect();
    format!("{}{functions}", parts.join(" + "))
}

fn function_name(function: &Function) -> String {
    match function {
        Function::Base64 => "base64".to_owned(),
        Function::Base64Url => "base64-url".to_owned(),
        Function::PercentEncode => "percent-encode".to_owned(),
        Function::FormEncode => "form-encode".to_owned(),
        Function::JsonEscape => "json-escape".to_owned(),
        Function::Md5Hex => "md5-hex".to_owned(),
        Function::Sha256Hex => "sha256-hex".to_owned(),
        Function::HmacSha256Hex(field) => format!("hmac-sha256-hex by field {}", word(field)),
        Function::HmacSha256Base64(field) => format!("hmac-sha256-base64 by field {}", word(field)),
    }
}

fn operation(operation: &Operation) -> Vec<String> {
    let name = &operation.name;
    let head = format!("{name} ({})", operation.effect.as_str());
    let mut lines: Vec<String> = operation.requests.iter().map(|r| format!("{head}: {}", request(r))).collect();
    if lines.is_empty() {
        lines.push(format!("{head}: no request"));
    }
    let mut say = |what: String| lines.push(format!("{name}: {what}"));
    for request in &operation.requests {
        let given = if operation.data.is_some() && request.name == NEXT_PAGE { TURNS } else { FREE };
        free(request).into_iter().for_each(|value| say(format!("{value} of {}{given}", request.name)));
        request
            .body
            .media_types()
            .iter()
            .for_each(|range| say(format!("files of {} for {}", word(range), request.name)));
        for origin in &request.redirects_to {
            let many = if origin.contains('*') { ", each host below it" } else { "" };
            say(format!("fetches the file of {} from {}{many}, without credentials", request.name, word(origin)));
        }
        if request.read_only {
            say(format!("is said to change nothing by {}", request.name));
        }
    }
    if operation.data.is_some() {
        say(NO_CODE.to_owned());
    }
    // Whoever may ask again for what a safe method reads gains nothing.
    if operation.idempotent && operation.requests.iter().any(|request| !request.method.is_safe()) {
        say("may be tried again".to_owned());
    }
    inputs::of(&operation.input_schema).into_iter().for_each(&mut say);
    operation.attachments.iter().flat_map(attachment).for_each(&mut say);
    operation.output_attachments.iter().for_each(|file| say(format!("gives the file {}", word(file))));
    let masked = operation.sensitive_inputs.iter().map(|name| format!("the input {}", word(name)));
    let masked = masked.chain(operation.sensitive_outputs.iter().map(|at| format!("the output {}", word(at))));
    let in_answers = operation.requests.iter().flat_map(|request| {
        request.sensitive_answer.iter().map(|at| format!("{} of the answer to {}", word(at), request.name))
    });
    let masked = masked.chain(in_answers);
    lines.extend(masked.map(|what| format!("{name}: masks {what}")));
    lines
}

fn attachment(file: &AttachmentField) -> impl Iterator<Item = String> {
    let name = word(&file.name);
    let many = file.many.then(|| format!("takes several files {name}"));
    let optional = (!file.required).then(|| format!("the file {name} may be left out"));
    std::iter::once(format!("takes a file {name}")).chain(many).chain(optional)
}

/// A request with its bound values. A value that is free has a line of its own, so that giving it up is asking for less.
fn request(request: &Request) -> String {
    let list = |what: &str, fields: &[Field]| {
        let (open, fields): (Vec<&Field>, Vec<&Field>) =
            fields.iter().partition(|f| what == "query" && f.name.is_empty());
        let open = open.into_iter().map(|f| format!("each member of {}{}", from(&f.source), style(f.lists)));
        let named = |f: &Field| Some(bound(&f.name, &f.source)? + &style(f.lists) + &kind(f.media_type.as_deref()));
        let fields = words(open.chain(fields.into_iter().filter_map(named)));
        if fields.is_empty() { String::new() } else { format!(", {what}{fields}") }
    };
    let variable = |v: &Variable| Some(bound(&v.name, &v.source)? + slashes(v.slashes));
    let variables = words(request.variables.iter().filter_map(variable));
    let variables = if variables.is_empty() { String::new() } else { format!(", variables{variables}") };
    let body = match &request.body {
        BodyForm::None => String::new(),
        BodyForm::Blob(body) => format!(", body {}", from(&body.source)),
        BodyForm::Text(body) => format!(", body {}{}", from(&body.source), kind(Some(&body.media_type))),
        form => {
            let what = format!("{} body{}", form.name(), kind(form.media_type()));
            let fields = list(&what, form.fields());
            if fields.is_empty() { format!(", {what}") } else { fields }
        }
    };
    let answer = match request.answer {
        AnswerForm::Bytes => "",
        AnswerForm::Blob => ", answer as a file",
    };
    format!(
        "{} {}{}{variables}{}{}{body}, {}{answer}, named {}",
        request.method.as_str(),
        request.path,
        request.server.iter().map(|server| format!(" of server {}", word(server))).collect::<String>(),
        list("query", &request.query),
        list("headers", &request.headers),
        match &request.scheme {
            Some(scheme) => format!("credentials {}", word(scheme)),
            None => "no credentials".to_owned(),
        },
        request.name,
    )
}

/// What is free where no field is.
const WHOLE_BODY: &str = "the whole body";

/// The values that the plugin gives itself: `query page`.
fn free(request: &Request) -> Vec<String> {
    let named = |place: &str, name: &str, style: &str| match (place, name) {
        ("body field", "") => format!("{WHOLE_BODY}{style}"),
        _ => format!("{place} {}{style}", word(name)),
    };
    let variables = request.variables.iter().filter(|variable| variable.source.is_free());
    let fields =
        [("query", request.query.as_slice()), ("header", &request.headers), ("body field", request.body.fields())];
    let fields = fields.into_iter().flat_map(|(place, fields)| fields.iter().map(move |field| (place, field)));
    let fields = fields.filter(|(_, field)| field.source.is_free());
    let body = request.body.whole().filter(|source| source.is_free()).map(|_| WHOLE_BODY.to_owned());
    let open = request.body.open_reason().map(|_| "further body fields".to_owned());
    let open = request.open_query.as_ref().map(|_| "further query parameters".to_owned()).into_iter().chain(open);
    variables
        .map(|variable| named("variable", &variable.name, slashes(variable.slashes)))
        .chain(fields.map(|(place, field)| named(place, &field.name, &style(field.lists))))
        .chain(body)
        .chain(open)
        .collect()
}

/// A value that is bound: `id`, `user=input id`.
fn bound(name: &str, source: &Source) -> Option<String> {
    match source {
        Source::Free(_) => None,
        Source::Input(input) if input == name => Some(word(name).into_owned()),
        source => Some(format!("{}={}", word(name), from(source))),
    }
}

fn from(source: &Source) -> String {
    match source {
        Source::Input(input) => format!("input {}", word(input)),
        Source::InputOr(input, json) => format!("input {} or {json}", word(input)),
        Source::Text(text) => format!("{text:?}"),
        Source::Json(json) => format!("json {json}"),
        Source::Field(name) => format!("connection field {}", word(name)),
        Source::Free(_) => "free".to_owned(),
        Source::CallId => "the call's id".to_owned(),
    }
}

fn slashes(slashes: Slashes) -> &'static str {
    if slashes.are_refused() { "" } else { " (with slashes)" }
}

fn style(lists: ListStyle) -> String {
    lists.in_words().map(|words| format!(" ({words})")).unwrap_or_default()
}

/// The media type that something says of itself.
fn kind(media_type: Option<&str>) -> String {
    media_type.map(|media_type| format!(" as {}", word(media_type))).unwrap_or_default()
}

#[cfg(test)]
mod tests;
