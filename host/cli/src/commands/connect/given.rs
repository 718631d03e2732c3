//! The fields and servers of a connection: from the command line, files, the environment, standard input, or a person.

use std::collections::BTreeMap;
use std::env;
use std::io::{self, BufRead as _, IsTerminal as _, Read as _};
use std::path::Path;

use anyhow::Result;
use wharf::manifest::ConnectionField;
use wharf::operation::nearest;
use wharf::permissions::{Closed, exposed};
use wharf::{Connect as Wanted, Release, Secret, files};

use super::is_somebody_there;
use crate::args::Connect;
use crate::exit::Usage;
use crate::print::{self, BOLD, DIM, styled, text};
use crate::setup::Setup;

/// How large a field may be, in bytes: as in a configuration.
const LARGEST: u64 = 64 << 10;

/// Of `--server`.
pub(super) fn servers(options: &Connect) -> Result<BTreeMap<String, String>> {
    let mut servers = BTreeMap::new();
    for typed in &options.servers {
        // A URL has a colon before the first `=` that it may have.
        let (name, url) = match typed.split_once('=') {
            Some((name, url)) if !name.contains(':') => (name, url),
            _ => (wharf::declaration::MAIN_SERVER, typed.as_str()),
        };
        if servers.insert(name.to_owned(), url.to_owned()).is_some() {
            return Err(Usage(format!("--server gives `{name}` twice")).into());
        }
    }
    Ok(servers)
}

/// Adds what the connection still needs. `is_based` where it has the servers and fields of a configured one.
pub(super) fn add(
    wanted: &mut Wanted,
    setup: &Setup,
    release: &Release,
    options: &Connect,
    is_based: bool,
) -> Result<()> {
    for typed in &options.fields {
        let (name, value) = field(typed, release, options)?;
        if wanted.fields.insert(name.to_owned(), value).is_some() {
            return Err(Usage(format!("--field gives `{name}` twice")).into());
        }
    }
    if !is_based && setup.host.info(&wanted.plugin, &wanted.name)?.is_none() {
        servers_of_environment(wanted, release);
    }
    let lacking = setup.host.lacking(wanted)?;
    let mut missing = Vec::new();
    for field in release.about.fields.iter().filter(|field| lacking.contains(&field.name)) {
        match variable(field) {
            Some(value) => drop(wanted.fields.insert(field.name.clone(), value)),
            None if field.required => missing.push(field),
            None => {}
        }
    }
    if missing.is_empty() {
        return Ok(());
    }
    if !is_somebody_there(options) {
        return Err(not_given(&missing).into());
    }
    for field in missing {
        wanted.fields.insert(field.name.clone(), asked(field)?);
    }
    Ok(())
}

/// Where servers are that a variable of the manifest says.
fn servers_of_environment(wanted: &mut Wanted, release: &Release) {
    let about = &release.about;
    let further = about.servers.iter().map(|server| (server.name.as_str(), &server.rule));
    for (name, rule) in further.chain([(wharf::declaration::MAIN_SERVER, &about.base_url)]) {
        let url = rule.environment.as_deref().and_then(|variable| env::var(variable).ok());
        if let Some(url) = url.filter(|url| !url.is_empty() && !wanted.servers.contains_key(name)) {
            wanted.servers.insert(name.to_owned(), url);
        }
    }
}

fn variable(field: &ConnectionField) -> Option<Secret> {
    let value = env::var(field.environment.as_deref()?).ok()?;
    Some(Secret::new(value)).filter(|value| !value.is_empty())
}

/// One `--field`.
fn field<'t>(typed: &'t str, release: &Release, options: &Connect) -> Result<(&'t str, Secret)> {
    let (name, value) = match typed.split_once('=') {
        Some((name, value)) => (name, Some(value)),
        None => (typed, None),
    };
    let about = &release.about;
    let Some(field) = about.fields.iter().find(|field| field.name == name) else {
        let names = || about.fields.iter().map(|field| field.name.as_str());
        let meant = nearest(name, names()).map(|near| format!("did you mean `{near}`?"));
        let meant = meant.unwrap_or_else(|| match names().collect::<Vec<_>>() {
            none if none.is_empty() => "it has none".to_owned(),
            all => format!("it has `{}`", all.join("`, `")),
        });
        // What was typed may be a secret without its name.
        let name = wharf::text::named(name, "of this name");
        return Err(Usage(format!("`{}` has no field {name}; {meant}", about.name)).into());
    };
    let value = match value {
        None => match variable(field) {
            Some(value) => value,
            None if is_somebody_there(options) => asked(field)?,
            None if io::stdin().is_terminal() => return Err(not_given(&[field]).into()),
            None => from_input(field)?,
        },
        Some(value) => match value.strip_prefix('@') {
            Some(file) => from_file(field, Path::new(file))?,
            None => {
                if field.secret && !value.is_empty() {
                    print::warning(&format!(
                        "the secret `{name}` stands on the command line, which other users of this machine can read, and your \
                         shell keeps; --field {name}=@FILE, or --field {name} alone, keeps it to you"
                    ));
                }
                Secret::new(value)
            }
        },
    };
    if value.is_empty() {
        return Err(Usage(format!("the field `{name}` is given, and empty")).into());
    }
    Ok((name, value))
}

fn from_file(field: &ConnectionField, file: &Path) -> Result<Secret> {
    let name = &field.name;
    let unreadable = |error: io::Error| {
        let problem = files::in_words(&error, "a file with the value and nothing else");
        Usage(format!("the file of `{name}`, {}, cannot be read: {problem}", file.display()))
    };
    let opened = files::open(file).map_err(unreadable)?;
    if let Some(words) = exposed(file, &opened, Closed::Secret).filter(|_| field.secret) {
        print::warning(&format!("the file of `{name}`: {words}"));
    }
    Ok(without_end(files::read_text_from(opened, LARGEST).map_err(unreadable)?))
}

/// The value without the line break that an editor puts at its end.
fn without_end(mut text: String) -> Secret {
    for end in ['\n', '\r'] {
        if text.ends_with(end) {
            text.pop();
        }
    }
    Secret::new(text)
}

/// The next line of standard input.
fn from_input(field: &ConnectionField) -> Result<Secret> {
    match line()? {
        Some(line) => Ok(without_end(line)),
        None => Err(not_given(&[field]).into()),
    }
}

/// A line of standard input with its end; none where there is no more.
pub(super) fn line() -> Result<Option<String>> {
    let mut line = String::new();
    let read = io::stdin().lock().take(LARGEST).read_line(&mut line);
    let read = read.map_err(|error| Usage(format!("standard input cannot be read: {error}")))?;
    Ok((read > 0).then_some(line))
}

/// What somebody at the terminal types. A secret is not shown.
fn asked(field: &ConnectionField) -> Result<Secret> {
    print::note(text![styled(BOLD, &field.title), " ", styled(DIM, &field.summary)]);
    if !field.choices.is_empty() {
        print::note(styled(DIM, format!("one of {}", field.choices.join(", "))));
    }
    print::ask(format!("{}: ", field.name));
    let value = if field.secret {
        let typed = rpassword::read_password();
        print::note("");
        Secret::new(typed.map_err(|error| Usage(format!("the terminal cannot be read without echo: {error}")))?)
    } else {
        without_end(line()?.unwrap_or_default())
    };
    if value.is_empty() {
        return Err(not_given(&[field]).into());
    }
    Ok(value)
}

/// All that is missing, and how each is given.
fn not_given(missing: &[&ConnectionField]) -> Usage {
    let each = missing.iter().map(|field| {
        let ConnectionField { name, title, .. } = field;
        let variable = field.environment.as_deref();
        let variable = variable.map(|variable| format!(", or set {variable}")).unwrap_or_default();
        match field.secret {
            true => format!("`{name}` ({title}): --field {name}=@FILE{variable}"),
            false => format!("`{name}` ({title}): --field {name}=VALUE{variable}"),
        }
    });
    let each: Vec<String> = each.collect();
    let (what, is) = if each.len() == 1 { ("field", "is") } else { ("fields", "are") };
    Usage(format!(
        "required {what} {is} missing: {}; --field NAME alone takes a line of standard input",
        each.join("; ")
    ))
}
