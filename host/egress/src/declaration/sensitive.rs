//! What is not to be shown although no manifest says so: values that stand where credentials do.

use std::collections::HashSet;

use super::{Function, Location, Part, Request, Scheme, Source, Template};
use crate::well_known::is_credential;

/// The names of inputs and free values that stand where credentials do: in a field that has the [name of
/// one](is_credential), in one that is `declared` to be sensitive, or, given by the plugin, in a scheme that does not only sign it.
/// What the caller gives to a scheme is hidden there alone, where it is declared: it may be a user's name. A free value also takes over
/// the sensitivity of an input that is bound to its name in another request: that of the first page of a list, for instance.
pub fn sensitive_by_place(requests: &[Request], schemes: &[impl AsRef<Scheme>], declared: &[String]) -> Vec<String> {
    let declared: HashSet<&str> = declared.iter().map(String::as_str).collect();
    let is_hidden = |name: &str| is_credential(name) || declared.contains(name);
    let mut names = Vec::new();
    for request in requests {
        let fields = request.query.iter().chain(&request.headers).chain(request.body.fields());
        let fields = fields.filter(|field| is_hidden(&field.name)).map(|field| (&field.name, &field.source));
        let scheme = schemes.iter().map(AsRef::as_ref).find(|s| Some(&s.name) == request.scheme.as_ref());
        let in_scheme: HashSet<&str> = scheme.map(Scheme::readable_variables).unwrap_or_default();
        let variables = request.variables.iter().filter(|variable| match &variable.source {
            Source::Free(_) => is_hidden(&variable.name) || in_scheme.contains(variable.name.as_str()),
            _ => declared.contains(variable.name.as_str()),
        });
        for (name, source) in fields.chain(variables.map(|v| (&v.name, &v.source))) {
            match source {
                Source::Free(_) => names.push(name.clone()),
                Source::Input(input) | Source::InputOr(input, _) => names.push(input.clone()),
                // It stands in the manifest for everybody to read, in each record of the call, or is a field that is no secret.
                Source::Text(_) | Source::Json(_) | Source::Field(_) | Source::CallId => {}
            }
        }
    }
    let sources = || {
        requests.iter().flat_map(|request| {
            let fields = request.query.iter().chain(&request.headers).chain(request.body.fields());
            let fields = fields.map(|field| (&field.name, &field.source));
            fields.chain(request.variables.iter().map(|variable| (&variable.name, &variable.source)))
        })
    };
    let is_sensitive = |input: &str| declared.contains(input) || names.iter().any(|name| name == input);
    let bound: HashSet<&String> =
        sources().filter(|(_, source)| source.input().is_some_and(is_sensitive)).map(|(name, _)| name).collect();
    names.extend(
        sources().filter(|(name, source)| source.is_free() && bound.contains(name)).map(|(name, _)| name.clone()),
    );
    names.sort_unstable();
    names.dedup();
    names.retain(|name| !declared.contains(name.as_str()));
    names
}

impl Scheme {
    /// The variables of the path in whose place it puts a credential.
    pub(crate) fn placed_in_path(&self) -> impl Iterator<Item = &str> {
        self.placements.iter().filter(|p| p.location == Location::Path).map(|p| p.name.as_str())
    }

    /// The credentials that live of which it places something, each as often as it does.
    pub fn credentials(&self) -> impl Iterator<Item = &str> {
        let templates = self.values.iter().map(|v| &v.template).chain(self.placements.iter().map(|p| &p.template));
        templates.flat_map(|template| &template.parts).filter_map(|part| match part {
            Part::Credential { credential, .. } => Some(credential.as_str()),
            _ => None,
        })
    }

    /// The variables of the request that it uses.
    pub(crate) fn variables(&self) -> impl Iterator<Item = &str> {
        let templates = self.values.iter().map(|v| &v.template).chain(self.placements.iter().map(|p| &p.template));
        templates.flat_map(|template| &template.parts).filter_map(|part| match part {
            Part::Variable(name) => Some(name.as_str()),
            _ => None,
        })
    }

    /// Those that can be read back from what is placed. The others go into a digest, wherever they stand: they are what is signed, such
    /// as the time of a request, and no credentials.
    fn readable_variables(&self) -> HashSet<&str> {
        let (mut variables, mut values) = (HashSet::new(), HashSet::new());
        let last_first = self.values.iter().rev().map(|value| (Some(value.name.as_str()), &value.template));
        // A value is used by those behind it alone.
        for (name, template) in self.placements.iter().map(|p| (None, &p.template)).chain(last_first) {
            let is_used = name.is_none_or(|name| values.contains(name));
            if !is_used || template.functions.iter().any(Function::is_digest) {
                continue;
            }
            for part in &template.parts {
                match part {
                    Part::Variable(name) => _ = variables.insert(name.as_str()),
                    Part::Value(name) => _ = values.insert(name.as_str()),
                    Part::Literal(_) | Part::Field(_) | Part::Request(_) | Part::Credential { .. } => {}
                }
            }
        }
        variables
    }

    /// For each placement whether one of these parts is in it, also by way of a value.
    pub(crate) fn placed_with(&self, is_one: impl Fn(&Part) -> bool) -> Vec<bool> {
        let mut values: HashSet<&str> = HashSet::new();
        let has = |template: &Template, values: &HashSet<&str>| {
            template.parts.iter().any(|part| match part {
                Part::Value(name) => values.contains(name.as_str()),
                part => is_one(part),
            })
        };
        for value in &self.values {
            if has(&value.template, &values) {
                values.insert(&value.name);
            }
        }
        self.placements.iter().map(|placement| has(&placement.template, &values)).collect()
    }
}
