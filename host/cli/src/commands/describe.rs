use std::fmt::Write as _;
use std::process::ExitCode;

use anyhow::Result;
use serde_json::{Value, json};
use wharf::Release;
use wharf::declaration::{Effect, Request};
use wharf::manifest::{Manifest, Operation};
use wharf::operation::allowed;

use crate::args::{Args, Describe};
use crate::print::{self, BAD, BOLD, DIM, GOOD, NAME, WARN, styled};
use crate::setup::Setup;

pub(crate) fn run(args: &Args, options: &Describe) -> Result<ExitCode> {
    let setup = Setup::new(args.config.as_deref())?;
    let release = setup.load(&options.plugin)?;
    match &options.operation {
        None if options.json => print::json(&manifest_json(&release))?,
        None => print::out(&plugin(&release.manifest))?,
        Some(name) => {
            let operation = release.operation(name)?;
            if options.json {
                print::json(&json!(operation.declared))?;
            } else {
                print::out(&one(&release.manifest, &operation.declared))?;
            }
        }
    }
    Ok(ExitCode::SUCCESS)
}

fn manifest_json(release: &Release) -> Value {
    let mut json = json!(release.manifest);
    if let Some(members) = json.as_object_mut() {
        members.insert("digest".to_owned(), json!(format!("sha256:{}", release.digest)));
        members.insert("size".to_owned(), json!(release.size));
    }
    json
}

fn plugin(manifest: &Manifest) -> String {
    let mut text = format!(
        "{} {}\n{}\n\n{}\n",
        styled(BOLD, format!("{} {}", manifest.name, manifest.version)),
        manifest.title,
        manifest.summary,
        styled(BOLD, "connection")
    );
    text.push_str(&connection(manifest));
    let mut resource = "";
    for operation in &manifest.operations {
        if operation.resource() != resource {
            resource = operation.resource();
            // Writing to a String does not fail.
            let _ = write!(text, "\n{}\n", styled(BOLD, resource));
        }
        let _ = writeln!(
            text,
            "  {} {} {}{}",
            styled(NAME, format!("{:<28}", operation.name)),
            effect(operation.effect),
            operation.summary,
            unverified(operation)
        );
    }
    let _ = write!(
        text,
        "\n{}",
        styled(DIM, format!("wharf describe {} OPERATION shows inputs and requests.", manifest.name))
    );
    text
}

fn connection(manifest: &Manifest) -> String {
    let mut text = String::new();
    let base_url = &manifest.base_url;
    let variable = |name: &Option<String>| name.as_ref().map(|v| format!(" [{v}]")).unwrap_or_default();
    let _ = writeln!(
        text,
        "  {} {}{}",
        styled(NAME, format!("{:<16}", "base_url")),
        base_url.summary,
        styled(DIM, variable(&base_url.environment))
    );
    for field in &manifest.fields {
        let marks = match (field.required, field.secret) {
            (true, true) => "required, secret: ",
            (true, false) => "required: ",
            (false, true) => "secret: ",
            (false, false) => "",
        };
        let _ = writeln!(
            text,
            "  {} {}{}{}",
            styled(NAME, format!("{:<16}", field.name)),
            styled(WARN, marks),
            field.summary,
            styled(DIM, variable(&field.environment))
        );
    }
    text
}

fn one(manifest: &Manifest, operation: &Operation) -> String {
    let mut text = format!(
        "{} {}{}\n{}\n\n{}\n",
        styled(BOLD, format!("{} {}", manifest.name, operation.name)),
        effect(operation.effect),
        unverified(operation),
        operation.summary,
        styled(BOLD, "inputs")
    );
    text.push_str(&inputs(operation));
    let _ = write!(text, "\n{}\n", styled(BOLD, "requests"));
    for declared in &operation.requests {
        text.push_str(&request(manifest, declared));
    }
    let example = operation.input_names().map(|name| format!(" {name}=…")).collect::<String>();
    let _ = write!(text, "\n{}", styled(DIM, format!("wharf call {} {}{example}", manifest.name, operation.name)));
    text
}

fn inputs(operation: &Operation) -> String {
    let mut text = String::new();
    let required: Vec<&str> = operation
        .input_schema
        .get("required")
        .and_then(Value::as_array)
        .into_iter()
        .flatten()
        .filter_map(Value::as_str)
        .collect();
    for name in operation.input_names() {
        let schema = operation.input_schema.get("properties").and_then(|p| p.get(name)).unwrap_or(&Value::Null);
        let description = schema.get("description").and_then(Value::as_str).unwrap_or_default();
        let need = if required.contains(&name) { styled(WARN, "required") } else { styled(DIM, "optional") };
        let default = schema.get("default").map(|d| format!("; {d} where it is left out")).unwrap_or_default();
        let _ = writeln!(text, "  {} {need}  {description}", styled(NAME, format!("{name:<16}")));
        let _ = writeln!(text, "  {:<16}           {}", "", styled(DIM, format!("{}{default}", allowed(schema))));
    }
    for file in &operation.attachments {
        let need = if file.required { styled(WARN, "required") } else { styled(DIM, "optional") };
        let many = if file.many { "files" } else { "file" };
        let _ = writeln!(text, "  {} {need}  {many}: {}", styled(NAME, format!("{:<16}", file.name)), file.summary);
    }
    if text.is_empty() { "  none\n".to_owned() } else { text }
}

fn request(manifest: &Manifest, request: &Request) -> String {
    let suffix = manifest.base_url.suffix.as_deref().unwrap_or_default();
    let line = format!("{} {{base_url}}{suffix}{}", request.method.as_str(), request.path);
    let read_only = if request.read_only { "  (changes nothing)" } else { "" };
    let mut text = format!("  {} {line}{read_only}\n", styled(NAME, format!("{:<16}", request.name)));
    let mut detail = |what: &str, words: String| {
        if !words.is_empty() {
            let _ = writeln!(text, "  {:<16} {} {words}", "", styled(DIM, what));
        }
    };
    let names = |fields: &[wharf::declaration::Field]| fields.iter().map(field_in_words).collect::<Vec<_>>().join(", ");
    detail("query", names(&request.query));
    detail("headers", names(&request.headers));
    detail(&format!("{} body", request.body.name()), names(request.body.fields()));
    detail("credentials", request.scheme.clone().unwrap_or_default());
    for (what, why) in request.free_values() {
        detail("free", format!("{what}: {why}"));
    }
    text
}

fn field_in_words(field: &wharf::declaration::Field) -> String {
    use wharf::declaration::Source;
    match &field.source {
        Source::Input(input) if *input == field.name => field.name.clone(),
        Source::Input(input) | Source::InputOr(input, _) => format!("{} ← {input}", field.name),
        Source::Text(text) => format!("{}={text}", field.name),
        Source::Json(json) => format!("{}={json}", field.name),
        Source::Free(_) => format!("{} (free)", field.name),
    }
}

fn effect(effect: Effect) -> String {
    let style = match effect {
        Effect::Read => GOOD,
        Effect::Write => WARN,
        Effect::Delete => BAD,
    };
    styled(style, format!("{:<6}", effect.as_str()))
}

fn unverified(operation: &Operation) -> String {
    operation.unverified.as_ref().map(|why| styled(WARN, format!(" (unverified: {why})"))).unwrap_or_default()
}
