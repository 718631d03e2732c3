//! The path of an operation: as a request can have it, with a parameter for each of its variables.

use serde_json::json;

use super::paths::usable;
use crate::import::model::{In, Operation, Parameter, Style};
use crate::import::report::Teller;
use crate::import::source::percent_decoded;
use crate::import::texts::{is_clean, shown};

/// Writes the path of an operation, and mends its parameters. None where no request can have such a path.
pub(super) fn write(written: &str, operation: &mut Operation, teller: &mut Teller<'_>) -> Option<()> {
    let place = operation.place.clone();
    if !is_clean(written) || written.contains('\\') {
        let text = "its path has a character that is not shown as itself, or a backslash";
        teller.left_out(&place, "path", text);
        return None;
    }
    let (path, fragment) = written.split_once('#').unwrap_or((written, ""));
    if !fragment.is_empty() {
        teller.note(&place, "path-fragment", "what stands behind `#` in its path is not sent, by nobody");
    }
    let (path, query, is_expression) = split_query(path);
    let path = plain(path, &place, teller)?;
    constants(query, is_expression, operation, teller);
    operation.path = path;
    expressions(operation);
    variables(operation, teller)
}

/// The path and its query, and whether that is an expression: `{?page,limit}`.
fn split_query(path: &str) -> (&str, &str, bool) {
    match path.split_once("{?").or_else(|| path.split_once("{&")) {
        Some((before, names)) => (before, names.trim_end_matches('}'), true),
        None => path.split_once('?').map_or((path, "", false), |(before, query)| (before, query, false)),
    }
}

/// A path with a stroke before each part, and no encoding.
fn plain(path: &str, place: &str, teller: &mut Teller<'_>) -> Option<String> {
    let mut path = path.trim().to_owned();
    if !path.starts_with('/') {
        path.insert(0, '/');
        teller.note(place, "path", "its path does not begin with a stroke, and one is put before it");
    }
    while path.contains("//") {
        path = path.replace("//", "/");
        if !path.contains("//") {
            teller.note(place, "path", "its path has two strokes in a row, which are taken for one");
        }
    }
    let decoded = percent_decoded(&path);
    let parts = |path: &str| path.split('/').count();
    if parts(&decoded) != parts(&path) || !is_clean(&decoded) || decoded.contains(['%', '?', '#', '\\']) {
        teller.left_out(place, "path", "its path has a percent-encoding that no request of a plugin has");
        return None;
    }
    if decoded.split('/').any(|part| part == "." || part == "..") {
        teller.left_out(place, "path", "its path has `.` or `..` as a part");
        return None;
    }
    Some(decoded)
}

/// What stands in the query of a path: a constant becomes a parameter with one value, and `a={b}` the parameter `b` as `a`.
fn constants(query: &str, is_expression: bool, operation: &mut Operation, teller: &mut Teller<'_>) {
    let between = if is_expression { ',' } else { '&' };
    for pair in query.split(between).filter(|pair| !pair.is_empty()) {
        let (name, value) = pair.split_once('=').unwrap_or((pair.trim_end_matches('*'), ""));
        let name = percent_decoded(name.trim_matches(['{', '}']));
        if usable(&name).is_err() || !is_clean(value) {
            continue;
        }
        let known = |operation: &Operation, name: &str| {
            operation.parameters.iter().position(|known| known.name == name && known.at != In::Header)
        };
        let variable = value.strip_prefix('{').and_then(|value| value.strip_suffix('}'));
        match variable.and_then(|variable| known(operation, variable)) {
            Some(position) => {
                if let Some(parameter) = operation.parameters.get_mut(position) {
                    (parameter.name, parameter.at, parameter.style) = (name, In::Query, Style::Form);
                }
            }
            None if known(operation, &name).is_some() => {}
            None => {
                let place = operation.place.clone();
                let is_constant = variable.is_none() && !is_expression && !pair.starts_with('{');
                let schema =
                    if is_constant { json!({"const": percent_decoded(value)}) } else { json!({"type": "string"}) };
                let text = format!("`{}` in the query of its path becomes a parameter", shown(pair));
                teller.note(&place, "path-query", text);
                operation.parameters.push(Parameter {
                    place,
                    name,
                    required: is_constant || variable.is_some(),
                    schema,
                    explode: true,
                    ..Parameter::default()
                });
            }
        }
    }
}

/// Writes `{name+}`, `{*name}` and `{name:.*}` as `{+name}`, which have one meaning, and other patterns without them.
fn expressions(operation: &mut Operation) {
    let mut path = String::with_capacity(operation.path.len());
    let mut rest = operation.path.as_str();
    while let Some((before, name, after)) = rest.split_once('{').and_then(|(before, behind)| {
        let (name, after) = behind.split_once('}')?;
        Some((before, name, after))
    }) {
        let (bare, pattern) = name.split_once(':').unwrap_or((name, ""));
        let has_strokes = bare.starts_with(['+', '*'])
            || bare.ends_with(['+', '*'])
            || pattern.contains(".*")
            || pattern.contains(".+");
        let bare = bare.trim_matches(['+', '*']).trim();
        for parameter in
            operation.parameters.iter_mut().filter(|parameter| parameter.at == In::Path && parameter.name == name)
        {
            bare.clone_into(&mut parameter.name);
        }
        path.push_str(before);
        path.push_str(if has_strokes { "{+" } else { "{" });
        path.push_str(bare);
        path.push('}');
        rest = after;
    }
    operation.path = path + rest;
}

/// A parameter for each variable, and no other in the path.
fn variables(operation: &mut Operation, teller: &mut Teller<'_>) -> Option<()> {
    let place = operation.place.clone();
    let Some(names) = names(&operation.path) else {
        teller.left_out(
            &place,
            "path",
            format!("the braces of its path `{}` do not come in pairs", shown(&operation.path)),
        );
        return None;
    };
    for name in &names {
        if let Err(problem) = usable(name) {
            teller.left_out(&place, "path", format!("a variable of its path cannot be used: {problem}"));
            return None;
        }
        let of_path = |parameter: &&mut Parameter| parameter.at == In::Path;
        if operation.parameters.iter_mut().filter(of_path).any(|parameter| parameter.name == *name) {
            continue;
        }
        let other = operation.parameters.iter_mut().filter(of_path).find(|parameter| {
            parameter.name.trim().eq_ignore_ascii_case(name.trim()) && !names.contains(&parameter.name)
        });
        match other {
            Some(parameter) => parameter.name.clone_from(name),
            None => {
                teller.note(&place, "path-variable", format!("`{name}` of its path is not described; it is a text"));
                operation.parameters.push(Parameter {
                    place: place.clone(),
                    name: name.clone(),
                    at: In::Path,
                    required: true,
                    schema: json!({"type": "string"}),
                    style: Style::Simple,
                    ..Parameter::default()
                });
            }
        }
    }
    operation.parameters.retain(|parameter| {
        let stays = parameter.at != In::Path || names.contains(&parameter.name);
        if !stays {
            let text = format!("`{}` stands nowhere in the path, and falls away", shown(&parameter.name));
            teller.note(&parameter.place, "path-variable", text);
        }
        stays
    });
    Some(())
}

/// The variables of a path, without `+` for one with strokes. None where the braces do not come in pairs.
fn names(path: &str) -> Option<Vec<String>> {
    let mut names: Vec<String> = Vec::new();
    let mut rest = path;
    while let Some((before, behind)) = rest.split_once('{') {
        let (name, after) = behind.split_once('}')?;
        if before.contains('}') || name.contains('{') {
            return None;
        }
        names.push(name.trim_start_matches('+').to_owned());
        rest = after;
    }
    (!rest.contains('}')).then_some(names)
}
