//! What a plugin is able to do, as lines that a person can read and compare: all that an approval is about.

use std::collections::BTreeSet;
use std::fmt;

use wharf_egress::declaration::{BodyForm, Field, Function, Location, Part, Request, Scheme, Source, Template};

use super::{ConnectionField, Manifest, Operation};

/// All that a manifest asks for: requests with their effects and credentials, free values, schemes, connection fields and the
/// suggested address. Titles, summaries and schemas are not part of it: they enable a plugin to do nothing.
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

impl Capabilities {
    /// Those of a manifest.
    pub fn of(manifest: &Manifest) -> Self {
        let about = &manifest.about;
        let address = about.base_url.default.iter().map(|url| format!("suggested address {url}"));
        let suffix = about.base_url.suffix.iter().map(|suffix| format!("addresses end in {suffix}"));
        let variable = about.base_url.environment.iter().map(|name| format!("address from the variable {name}"));
        let fields = about.fields.iter().map(field);
        let schemes = about.schemes.iter().flat_map(scheme);
        let operations = manifest.operations.iter().flat_map(operation);
        Self(address.chain(suffix).chain(variable).chain(fields).chain(schemes).chain(operations).collect())
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
        CapabilityDiff {
            added: newer.0.difference(&self.0).cloned().collect(),
            removed: self.0.difference(&newer.0).cloned().collect(),
        }
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

fn field(field: &ConnectionField) -> String {
    let kind = if field.secret { "secret" } else { "readable" };
    let variable = field.environment.iter().map(|name| format!(" from the variable {name}")).collect::<String>();
    format!("field {} {kind}{variable}", field.name)
}

fn scheme(scheme: &Scheme) -> impl Iterator<Item = String> {
    let name = &scheme.name;
    let values = scheme.values.iter().map(move |v| format!("scheme {name}: {} = {}", v.name, template(&v.template)));
    let placements = scheme.placements.iter().map(move |p| {
        let place = match p.location {
            Location::Header => "header",
            Location::Query => "query",
            Location::Body => "body",
        };
        format!("scheme {name}: {place} {} = {}", p.name, template(&p.template))
    });
    values.chain(placements)
}

fn template(template: &Template) -> String {
    let part = |part: &Part| match part {
        Part::Literal(text) => format!("{text:?}"),
        Part::Field(name) => format!("field {name}"),
        Part::Variable(name) => format!("variable {name}"),
        Part::Value(name) => name.clone(),
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
        Function::HmacSha256Hex(field) => format!("hmac-sha256-hex by field {field}"),
        Function::HmacSha256Base64(field) => format!("hmac-sha256-base64 by field {field}"),
    }
}

fn operation(operation: &Operation) -> impl Iterator<Item = String> {
    let name = &operation.name;
    operation.requests.iter().flat_map(move |request| {
        let free = request.free_values();
        let free = free.into_iter().map(move |(value, _)| format!("{name}: {value} of {} is free", request.name));
        std::iter::once(format!("{name} ({}): {}", operation.effect.as_str(), in_words(request))).chain(free)
    })
}

fn in_words(request: &Request) -> String {
    let list = |what: &str, names: Vec<String>| match names.as_slice() {
        [] => String::new(),
        names => format!(", {what} {}", names.join(" ")),
    };
    // A value that is free has a line of its own, so that giving it up is asking for less.
    let of = |fields: &[Field]| fields.iter().filter_map(|field| named(&field.name, &field.source)).collect::<Vec<_>>();
    let variables = request.variables.iter().filter_map(|variable| named(&variable.name, &variable.source)).collect();
    let body = match &request.body {
        BodyForm::None => String::new(),
        BodyForm::Blob(source) => format!(", body {}", from(source)),
        form => format!(", {} body {}", form.name(), of(form.fields()).join(" ")),
    };
    format!(
        "{} {}{}{}{}{body}, {}",
        request.method.as_str(),
        request.path,
        list("variables", variables),
        list("query", of(&request.query)),
        list("headers", of(&request.headers)),
        request.scheme.as_ref().map_or_else(|| "no credentials".to_owned(), |scheme| format!("credentials {scheme}")),
    )
}

fn named(name: &str, source: &Source) -> Option<String> {
    match source {
        Source::Free(_) => None,
        Source::Input(input) if input == name => Some(name.to_owned()),
        source => Some(format!("{name}={}", from(source))),
    }
}

fn from(source: &Source) -> String {
    match source {
        Source::Input(input) => format!("input {input}"),
        Source::InputOr(input, json) => format!("input {input} or {json}"),
        Source::Text(text) => format!("{text:?}"),
        Source::Json(json) => json.to_string(),
        Source::Free(_) => "free".to_owned(),
    }
}

#[cfg(test)]
mod tests {
    use serde_json::{Value, json};

    use super::*;

    fn manifest(change: impl FnOnce(&mut Value)) -> Manifest {
        let mut manifest = json!({
            "name": "acme", "title": "Acme", "version": "1.0.0", "summary": "Orders.",
            "base-url": {"summary": "", "default": null, "suffix": "/api", "environment": null},
            "fields": [{"name": "token", "title": "", "summary": "", "secret": true, "required": true, "default": null, "environment": "ACME_TOKEN"}],
            "schemes": [{"name": "token", "summary": "", "values": [], "placements": [{
                "location": "header", "name": "Authorization",
                "template": {"parts": [{"literal": "Bearer "}, {"field": "token"}], "functions": []},
            }]}],
            "operations": [{
                "name": "orders.get", "title": "", "summary": "", "input-schema": {}, "effect": "read", "idempotent": true,
                "unverified": null, "attachments": [], "output-attachments": [], "sensitive-inputs": [],
                "sensitive-outputs": [], "requests": [{
                    "name": "get", "method": "GET", "path": "/orders/{id}", "variables": [],
                    "query": [{"name": "page", "source": {"free": "a reason"}, "lists": "repeated"}],
                    "headers": [], "body": "none", "scheme": "token", "answer": "bytes", "read-only": false,
                }],
            }],
        });
        change(&mut manifest);
        serde_json::from_value(manifest).unwrap()
    }

    fn diff(change: impl FnOnce(&mut Value)) -> CapabilityDiff {
        Capabilities::of(&manifest(|_| {})).diff(&Capabilities::of(&manifest(change)))
    }

    #[test]
    fn capabilities_are_lines_that_a_person_can_read() {
        let capabilities = Capabilities::of(&manifest(|_| {}));
        let lines: Vec<&str> = capabilities.lines().collect();
        assert_eq!(
            lines,
            [
                "addresses end in /api",
                "field token secret from the variable ACME_TOKEN",
                "orders.get (read): GET /orders/{id}, credentials token",
                "orders.get: query page of get is free",
                "scheme token: header Authorization = \"Bearer \" + field token",
            ]
        );
    }

    #[test]
    fn words_and_schemas_are_no_capabilities() {
        let diff = diff(|m| {
            m["version"] = json!("2.0.0");
            m["summary"] = json!("Orders and more.");
            m["operations"][0]["input-schema"] = json!({"type": "object"});
        });
        assert_eq!(diff, CapabilityDiff::default());
    }

    #[test]
    fn asking_for_less_does_not_widen() {
        let without_free = diff(|m| m["operations"][0]["requests"][0]["query"] = json!([]));
        assert_eq!(without_free.to_string(), "- orders.get: query page of get is free\n");
        assert!(!without_free.widens());
        let without_operations = diff(|m| m["operations"] = json!([]));
        assert!(!without_operations.widens() && without_operations.removed.len() == 2);
    }

    #[test]
    fn each_thing_that_gives_more_power_widens() {
        type Change = fn(&mut Value);
        let changes: [(&str, Change); 8] = [
            ("another method", |m| m["operations"][0]["requests"][0]["method"] = json!("DELETE")),
            ("another path", |m| m["operations"][0]["requests"][0]["path"] = json!("/users/{id}")),
            ("a graver effect", |m| m["operations"][0]["effect"] = json!("write")),
            ("other credentials", |m| m["operations"][0]["requests"][0]["scheme"] = json!(null)),
            ("a constant", |m| {
                m["operations"][0]["requests"][0]["query"][0]["source"] = json!({"text": "all"});
            }),
            ("a secret elsewhere", |m| m["schemes"][0]["placements"][0]["location"] = json!("query")),
            ("a secret that the plugin reads", |m| m["fields"][0]["secret"] = json!(false)),
            ("a suggested address", |m| m["base-url"]["default"] = json!("https://evil.example")),
        ];
        for (what, change) in changes {
            assert!(diff(change).widens(), "{what}");
        }
    }
}
