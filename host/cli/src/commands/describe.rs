use std::process::ExitCode;

use anyhow::Result;
use serde_json::{Value, json};
use wharf::Release;
use wharf::declaration::Effect;
use wharf::manifest::{Manifest, Operation, document};
use wharf::operation::nearest;

use crate::args::{Args, Describe};
use crate::exit::Usage;
use crate::print::{self, BAD, GOOD, Text, WARN, styled};
use crate::setup::Setup;

mod credentials;
mod list;
mod one;

pub(crate) fn run(args: &Args, options: &Describe) -> Result<ExitCode> {
    let setup = Setup::new(args.config.as_deref())?;
    let release = setup.load(&options.plugin)?;
    let manifest = &release.manifest()?;
    match options.name.as_deref() {
        Some(name) if !is_resource(manifest, name) => {
            let operation = release.operation(name).map_err(|refusal| in_a_resource(manifest, name, refusal))?;
            if options.json {
                print::json(&document::of_operation(manifest, &operation.declared))?;
            } else {
                print::out(one::operation(manifest, &operation.declared, &options.plugin))?;
            }
        }
        resource => {
            let chosen = choose(manifest, resource, &options.find)?;
            if options.json {
                print::json(&manifest_json(&release, manifest, &chosen))?;
            } else {
                print::out(list::plugin(manifest, &chosen, release.contract(), &options.plugin))?;
            }
        }
    }
    Ok(ExitCode::SUCCESS)
}

fn is_resource(manifest: &Manifest, name: &str) -> bool {
    manifest.operations.iter().any(|o| o.resource() == name)
}

/// A name without a dot may be meant for a resource.
fn in_a_resource(manifest: &Manifest, name: &str, refusal: wharf::failure::Refusal) -> anyhow::Error {
    let resources = manifest.operations.iter().map(Operation::resource);
    match nearest(name, resources).filter(|_| !name.contains('.')) {
        Some(near) => {
            Usage(format!("`{}` has no resource `{name}`; did you mean `{near}`?", manifest.about.name)).into()
        }
        None => refusal.into(),
    }
}

/// The operations of a resource, or of all, that have every one of these words in their name, title or summary.
fn choose<'m>(manifest: &'m Manifest, resource: Option<&str>, words: &[String]) -> Result<Vec<&'m Operation>> {
    let of_resource = manifest.operations.iter().filter(|o| resource.is_none_or(|name| o.resource() == name));
    let chosen: Vec<&Operation> = of_resource.filter(|o| words.iter().all(|word| is_about(o, word))).collect();
    if chosen.is_empty() && !words.is_empty() {
        let words = words.join("` and `");
        return Err(Usage(format!(
            "no operation of `{}` has `{words}` in its name, title or summary",
            manifest.about.name
        ))
        .into());
    }
    Ok(chosen)
}

fn is_about(operation: &Operation, word: &str) -> bool {
    let word = word.to_lowercase();
    [&operation.name, &operation.title, &operation.summary].iter().any(|text| text.to_lowercase().contains(&word))
}

/// The document of the manifest with the chosen operations, and what is known of the release besides.
fn manifest_json(release: &Release, manifest: &Manifest, chosen: &[&Operation]) -> Value {
    let mut json = document::of(manifest, chosen);
    if let Some(members) = json.as_object_mut() {
        members.insert("x-contract".to_owned(), json!(release.contract().as_str()));
        members.insert("x-digest".to_owned(), json!(format!("sha256:{}", release.digest)));
        members.insert("x-size".to_owned(), json!(release.size));
    }
    json
}

fn effect(effect: Effect) -> Text {
    let style = match effect {
        Effect::Read => GOOD,
        Effect::Write => WARN,
        Effect::Delete => BAD,
    };
    styled(style, format!("{:<6}", effect.as_str()))
}

/// Whether the host reads the answers of an operation, or a function of the plugin runs.
fn form(operation: &Operation) -> &'static str {
    if operation.data.is_some() { "data" } else { "code" }
}

fn unverified(operation: &Operation) -> Text {
    operation.unverified.as_ref().map(|why| styled(WARN, format!(" (unverified: {why})"))).unwrap_or_default()
}
