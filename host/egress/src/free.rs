//! What a plugin may give: the values that a declaration leaves free, and nothing that could pass for another one.

use crate::asked::{Asked, AskedBody, is_plain, is_unambiguous, printable, readings};
use crate::declaration::{BodyForm, Declaration, Field};
use crate::field::PLUGINS;
use crate::rules::{Denial, Rule};
use crate::well_known::replaces_method;

/// PHP passes over what comes after a thousand values, and Apache refuses more than a hundred headers.
const MOST_VALUES: usize = 1000;
const MOST_HEADERS: usize = 100;

const UNCLEAR: &str = "servers read in different ways";

/// Of a field, in bytes: each is read in several ways.
const LONGEST_NAME: usize = 1024;

/// Refuses every value that the plugin gives and the declaration does not leave free.
pub(crate) fn only_free_values(declaration: &Declaration, asked: &Asked) -> Result<(), Denial> {
    let request = &declaration.request;
    if asked.values() > MOST_VALUES || asked.headers.len() > MOST_HEADERS {
        return Err(Rule::Values.denies(format!(
            "the plugin gave {} values, {} of them headers; the most are {MOST_VALUES} and {MOST_HEADERS}",
            asked.values(),
            asked.headers.len()
        )));
    }
    for (name, _) in &asked.variables {
        if !request.variables.iter().any(|v| v.name == *name && v.source.is_free()) {
            return Err(bound("variable", name, &request.name));
        }
    }
    for (name, _) in asked.query.iter().filter(|(name, _)| !is_free(&request.query, name)) {
        if request.open_query.is_none() {
            return Err(bound("query parameter", name, &request.name));
        }
        further_parameter(declaration, name)?;
    }
    if let Some((name, _)) = asked.headers.iter().find(|(name, _)| !is_free(&request.headers, name)) {
        return Err(bound("header", name, &request.name));
    }
    only_free_body(declaration, asked.body.as_ref())
}

fn only_free_body(declaration: &Declaration, body: Option<&AskedBody>) -> Result<(), Denial> {
    let form = &declaration.request.body;
    match (form, body) {
        (_, None) => Ok(()),
        // The members of a JSON body are looked at when it is parsed.
        (BodyForm::Json(_), Some(AskedBody::Json(_))) => Ok(()),
        (BodyForm::Blob(body), Some(AskedBody::Blob(_))) if body.source.is_free() => Ok(()),
        (BodyForm::Text(body), Some(AskedBody::Text(_) | AskedBody::Blob(_))) if body.source.is_free() => Ok(()),
        (BodyForm::Form(_), Some(AskedBody::Form(fields))) => {
            fields.iter().try_for_each(|(name, _)| body_field(declaration, name))
        }
        (BodyForm::Multipart(_), Some(AskedBody::Multipart(parts))) => {
            parts.iter().try_for_each(|(name, _)| body_field(declaration, name))
        }
        _ => Err(Rule::Body.denies(format!(
            "the plugin gave a body that the request `{}` does not declare (declared: {})",
            declaration.request.name,
            form.name()
        ))),
    }
}

/// Refuses a body field that is not free, or that the provider could take for one that is not.
pub(crate) fn body_field(declaration: &Declaration, name: &str) -> Result<(), Denial> {
    let request = &declaration.request;
    if declaration.taken.free.contains(name) {
        return Ok(());
    }
    if request.body.open_reason().is_none() {
        return Err(bound("body field", name, &request.name));
    }
    lookalike(declaration, name)
}

/// Refuses a field that the provider could take for one that the host writes, or for the method.
pub(crate) fn lookalike(declaration: &Declaration, name: &str) -> Result<(), Denial> {
    if name.len() > LONGEST_NAME {
        let message =
            format!("the plugin gave a field whose name has {} bytes; the most are {LONGEST_NAME}", name.len());
        return Err(Rule::Values.denies(message));
    }
    let ambiguous = match &declaration.request.body {
        BodyForm::Multipart(_) => !is_plain(name),
        BodyForm::Form(_) => !is_unambiguous(name),
        _ => false,
    };
    if ambiguous {
        return Err(Rule::Body.denies(format!(
            "the plugin gave a field `{}`, whose name servers read in different ways",
            printable(name)
        )));
    }
    let plain = name.bytes().all(|byte| byte.is_ascii_lowercase() || byte.is_ascii_digit() || byte == b'_');
    if plain {
        return as_read(declaration, name, name);
    }
    readings(name).try_for_each(|read_as| as_read(declaration, name, &read_as))
}

/// Refuses a query parameter of an open query that the provider could take for another value.
fn further_parameter(declaration: &Declaration, name: &str) -> Result<(), Denial> {
    if !is_parameter(name) {
        return Err(Rule::BoundValue
            .denies(format!("the plugin gave a query parameter `{}`, whose name {UNCLEAR}", printable(name)))
            .with_remedy(PLUGINS.to_owned()));
    }
    readings(name).try_for_each(|read_as| as_read(declaration, name, &read_as))
}

/// The same for a name that the caller gives, as a member of an input.
pub(crate) fn callers_parameter(declaration: &Declaration, input: &str, name: &str) -> Result<(), Denial> {
    let denies = |rule: Rule, why: &str| {
        let denial = rule.denies(format!("the input `{input}` has `{}` in it, {why}", printable(name)));
        Err(denial.with_remedy("leave it out".to_owned()))
    };
    if !is_parameter(name) {
        return denies(Rule::BoundValue, &format!("whose name {UNCLEAR}"));
    }
    for read_as in readings(name) {
        match as_read(declaration, name, &read_as).map_err(|denial| denial.rule) {
            Ok(()) => {}
            Err(rule @ Rule::MethodOverride) => return denies(rule, "by which some servers replace the method"),
            Err(rule @ Rule::Credential) => return denies(rule, "which is the place of a credential"),
            Err(rule) => return denies(rule, "which the request has already"),
        }
    }
    Ok(())
}

/// Whether servers agree on what a name is: also those that go by what is encoded in it.
fn is_parameter(name: &str) -> bool {
    let is_clear = |c: char| c.is_alphanumeric() || "_-.[]:$@~ /*,!'()".contains(c);
    (1..=LONGEST_NAME).contains(&name.len())
        && name.chars().all(is_clear)
        && is_unambiguous(name)
        && !name.starts_with(['/', ' '])
        && name.trim_end() == name
        && !name.contains("__proto__")
}

/// Refuses a field by one of the names that servers take it for.
fn as_read(declaration: &Declaration, name: &str, read_as: &str) -> Result<(), Denial> {
    if replaces_method(read_as) {
        return Err(Rule::MethodOverride.denies(format!(
            "the plugin gave a field `{}`, by which some servers replace the method",
            printable(name)
        )));
    }
    if declaration.taken.by_fields.contains(read_as) {
        return Err(bound("body field", name, &declaration.request.name));
    }
    if declaration.taken.by_credentials.contains(read_as) {
        return Err(Rule::Credential
            .denies(format!("the plugin gave `{}`, which is the place of a credential", printable(name))));
    }
    Ok(())
}

fn is_free(fields: &[Field], name: &str) -> bool {
    fields.iter().any(|f| f.name == name && f.source.is_free())
}

pub(crate) fn bound(place: &str, name: &str, request: &str) -> Denial {
    Rule::BoundValue.denies(format!(
        "the plugin gave the {place} `{}`, which the request `{request}` does not leave free",
        printable(name)
    ))
}
