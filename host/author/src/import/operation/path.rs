//! The path of a request, and its variables.

use serde_json::Value;
use wharf::declaration::{Path, Slashes, Source, Variable};

use super::super::model::{Api, In, Operation, Parameter, Style};
use super::super::report::Teller;
use super::super::texts;
use super::inputs::Inputs;
use super::schemas;

/// Names of what may have slashes in it, as paths of files do.
const PATHS: [&str; 6] = ["path", "dir", "file_path", "filepath", "filePath", "file-path"];

/// Names of what may have slashes in it, as branches of Git do.
const REFERENCES: [&str; 5] = ["basehead", "branch", "branch_name", "ref", "tag"];

/// A path, and where its variables come from.
pub(super) struct Written {
    pub(super) path: Path,
    pub(super) variables: Vec<Variable>,
}

/// Writes the path; none where it cannot be one, which is told.
pub(super) fn write(api: &Api, operation: &Operation, inputs: &mut Inputs, teller: &mut Teller<'_>) -> Option<Written> {
    let place = operation.place.as_str();
    let path = operation.path.as_str();
    let (mut written, mut variables) = (String::new(), Vec::new());
    let of_matrix = |parameter: &&Parameter| parameter.at == In::Path && parameter.style == Style::Matrix;
    if let Some(parameter) = operation.parameters.iter().find(of_matrix) {
        let name = texts::shown(&parameter.name);
        let text = format!("its path has `;{name}=`, which servers read in different ways: the host writes none");
        teller.left_out(&parameter.place, "matrix-style", text);
        return None;
    }
    for piece in pieces(path) {
        match piece {
            Piece::Text(text) => written.push_str(text),
            Piece::Variable { name, rest } => {
                let parameter = operation.parameters.iter().find(|p| p.at == In::Path && p.name == name);
                let missing = Parameter { name: name.to_owned(), at: In::Path, required: true, ..Parameter::default() };
                let parameter = parameter.unwrap_or(&missing);
                let plain = plain(name);
                written.push_str(&before(parameter));
                let slashes = if rest { May::BeSegments } else { slashes(parameter) };
                let whole = |more: &str| format!("{written}{{{more}{plain}}}{}", behind(path, name));
                let takes_segments = slashes == May::BeSegments && Path::parse(&with_plain_names(&whole("+"))).is_ok();
                written.push_str(&if takes_segments { format!("{{+{plain}}}") } else { format!("{{{plain}}}") });
                if !variables.iter().any(|variable: &Variable| variable.name == plain) {
                    let input = input(api, parameter, &plain, inputs, teller);
                    let encoded = slashes != May::NotBe && !takes_segments;
                    let slashes = if encoded { Slashes::Encoded } else { Slashes::Refused };
                    variables.push(Variable { name: plain, source: Source::Input(input), slashes });
                }
            }
        }
    }
    let path = match Path::parse(&written) {
        Ok(path) => path,
        Err(error) => {
            teller.left_out(place, "path", texts::line(&format!("{error}"), 300));
            return None;
        }
    };
    for variable in variables.iter_mut().filter(|variable| variable.slashes == Slashes::Encoded) {
        // Slashes are encoded in whole segments alone.
        if !path.as_str().split('/').any(|segment| segment == format!("{{{}}}", variable.name)) {
            variable.slashes = Slashes::Refused;
        }
    }
    // One that is the input of its own name need not be listed.
    variables.retain(|v| v.source != Source::Input(v.name.clone()) || v.slashes != Slashes::Refused);
    Some(Written { path, variables })
}

enum Piece<'a> {
    Text(&'a str),
    Variable { name: &'a str, rest: bool },
}

/// Text and variables in braces, in their order. A brace without its other half is text.
fn pieces(path: &str) -> Vec<Piece<'_>> {
    let mut pieces = Vec::new();
    let mut rest = path;
    while let Some((text, behind)) = rest.split_once('{') {
        let Some((inside, behind)) = behind.split_once('}') else { break };
        pieces.push(Piece::Text(text));
        let name = inside.trim_start_matches(['+', '*', '/', '.', ';']).trim_end_matches('*');
        pieces.push(Piece::Variable { name, rest: inside.starts_with(['+', '*']) || inside.ends_with('*') });
        rest = behind;
    }
    pieces.push(Piece::Text(rest));
    pieces
}

/// What stands behind a variable.
fn behind<'p>(path: &'p str, name: &str) -> &'p str {
    let from = path.find(&format!("{name}}}")).map(|at| at.saturating_add(name.len() + 1));
    from.and_then(|from| path.get(from..)).unwrap_or_default()
}

/// A path whose variables have names that the host takes.
fn with_plain_names(path: &str) -> String {
    let piece = |piece: Piece<'_>| match piece {
        Piece::Text(text) => text.to_owned(),
        Piece::Variable { name, rest: true } => format!("{{+{}}}", plain(name)),
        Piece::Variable { name, rest: false } => format!("{{{}}}", plain(name)),
    };
    pieces(path).into_iter().map(piece).collect()
}

/// A name of letters, digits, `_`, `-` and `$`.
fn plain(name: &str) -> String {
    let plain = |c: char| if c.is_ascii_alphanumeric() || matches!(c, '_' | '-' | '$') { c } else { '_' };
    let plain: String = name.chars().map(plain).take(100).collect();
    if plain.is_empty() { "value".to_owned() } else { plain }
}

/// What stands before a value in its style (RFC 6570).
fn before(parameter: &Parameter) -> String {
    match parameter.style {
        Style::Label => ".".to_owned(),
        _ => String::new(),
    }
}

#[derive(Clone, Copy, PartialEq, Eq)]
enum May {
    NotBe,
    BeEncoded,
    BeSegments,
}

/// Whether a value may have slashes, as far as its name and the words for it say so.
fn slashes(parameter: &Parameter) -> May {
    let words = parameter.description.to_ascii_lowercase();
    let told = words.contains("slash")
        && !["no slash", "not contain", "without slash", "not include"].iter().any(|no| words.contains(no));
    match parameter.name.as_str() {
        _ if told && (words.contains("encode") || words.contains("%2f")) => May::BeEncoded,
        _ if words.contains("path safe") => May::BeEncoded,
        name if PATHS.contains(&name) || told => May::BeSegments,
        name if REFERENCES.contains(&name) => May::BeEncoded,
        _ => May::NotBe,
    }
}

/// Of what a list is whose entries one text can be held to.
enum Entries {
    /// Whole ones, each of this pattern.
    Numbers(&'static str),
    /// Any text is one.
    Texts,
}

fn entries(api: &Api, list: &Value) -> Option<Entries> {
    const WORDS: [&str; 6] = ["type", "items", "description", "title", "example", "default"];
    let says_no_more = |schema: &Value| {
        schema.as_object().is_some_and(|schema| schema.keys().all(|keyword| WORDS.contains(&keyword.as_str())))
    };
    let list = schemas::resolved(api, list);
    let items = schemas::resolved(api, list.get("items")?);
    match items.get("type").and_then(Value::as_str) {
        Some("integer") => Some(Entries::Numbers(match items.get("minimum").and_then(Value::as_i64) {
            Some(1..) => "[1-9][0-9]*",
            Some(0) => "[0-9]+",
            _ => "-?[0-9]+",
        })),
        Some("string") if says_no_more(list) && says_no_more(items) => Some(Entries::Texts),
        _ => None,
    }
}

/// Adds the input of a variable, and gives its name.
fn input(api: &Api, parameter: &Parameter, plain: &str, inputs: &mut Inputs, teller: &mut Teller<'_>) -> String {
    let kinds = schemas::kinds(api, &parameter.schema);
    let schema = match parameter.schema {
        Value::Null => schemas::input(api, &serde_json::json!({"type": "string"}), &parameter.description),
        _ if kinds.is_only_text() => schemas::input(api, &parameter.schema, &parameter.description),
        _ => {
            let mut schema = schemas::text(&parameter.description, "Several with commas between them.");
            let entries = entries(api, &parameter.schema);
            if let (Some(Entries::Numbers(one)), Some(schema)) = (&entries, schema.as_object_mut()) {
                schema.insert("pattern".to_owned(), format!("^{one}(,{one})*$").into());
            }
            let text = "a list or an object in the path is one text here: its entries, with commas between them";
            match entries {
                Some(_) => teller.note(&parameter.place, "list-in-path", text),
                None => teller.relaxed(&parameter.place, "list-in-path", text),
            }
            schema
        }
    };
    inputs.add(plain, "path", schema, true)
}
