//! A plugin and its operations, by resource.

use indexmap::IndexMap;
use wharf::Contract;
use wharf::declaration::Effect;
use wharf::manifest::{Manifest, Operation, Rate};
use wharf::operation::in_shell;

use super::{credentials, effect, form};
use crate::print::{BOLD, DIM, NAME, Text, WARN, columns, styled, text};

/// A plugin of more operations is shown by its resources first.
const ON_A_FEW_SCREENS: usize = 250;

/// The connection, and the chosen operations. `given` is how the plugin was named.
pub(super) fn plugin(manifest: &Manifest, chosen: &[&Operation], contract: Contract, given: &str) -> Text {
    let mut text = Text::default();
    let all = chosen.len() == manifest.operations.len();
    if all {
        text.add(text![
            styled(BOLD, format!("{} {}", manifest.about.name, manifest.about.version)),
            " ",
            &manifest.about.title,
            "\n",
            &manifest.about.summary,
            "\n",
            styled(DIM, format!("built for {contract}")),
            "\n\n",
            styled(BOLD, "connection"),
            "\n",
            connection(manifest),
            credentials::section(manifest),
            "\n",
        ]);
    }
    let many = all && chosen.len() > ON_A_FEW_SCREENS;
    text.add(if many { resources(chosen) } else { operations(chosen) });
    let of = if all { String::new() } else { format!(" of {}", manifest.operations.len()) };
    let name = in_shell(given);
    let what = if many { "RESOURCE` shows its operations" } else { "OPERATION` shows the inputs of one" };
    let hint = format!(
        "{}{of} operations: {}; {}. `wharf describe {name} {what}, `--find WORD` those about a word.",
        chosen.len(),
        counts(chosen),
        forms(chosen)
    );
    text![text, "\n", styled(DIM, hint)]
}

/// A line for each resource: how many operations it has, and some of their actions.
fn resources(chosen: &[&Operation]) -> Text {
    let mut by_resource: IndexMap<&str, Vec<&Operation>> = IndexMap::new();
    for operation in chosen {
        by_resource.entry(operation.resource()).or_default().push(operation);
    }
    let name_width = by_resource.keys().map(|name| name.len()).max().unwrap_or_default();
    // A terminal of the usual width has room for a few.
    let room = columns().unwrap_or(120).saturating_sub(name_width + 9).max(20);
    let line = |(resource, operations): (&str, Vec<&Operation>)| {
        let actions: Vec<&str> = operations.iter().filter_map(|o| Some(o.name.split_once('.')?.1)).collect();
        let mut told = actions.join(", ");
        if told.len() > room {
            let most = told.char_indices().map(|(at, _)| at).take_while(|at| *at < room).last().unwrap_or_default();
            told.truncate(told.get(..most).and_then(|head| head.rfind(", ")).unwrap_or(most));
            told.push_str(", …");
        }
        let name = styled(NAME, format!("{resource:<name_width$}"));
        text!["  ", name, format!(" {:>4}  ", operations.len()), styled(DIM, told), "\n"]
    };
    let lines: Text = by_resource.into_iter().map(line).collect();
    text![styled(BOLD, "resources"), "\n", lines]
}

fn operations(chosen: &[&Operation]) -> Text {
    let mut text = Text::default();
    let name_width = chosen.iter().map(|o| o.name.len()).max().unwrap_or_default();
    // What a program or `grep` reads has one line for each.
    let width = columns().unwrap_or(usize::MAX);
    let mut resource = "";
    for operation in chosen {
        if operation.resource() != resource {
            let gap = if resource.is_empty() { "" } else { "\n" };
            resource = operation.resource();
            text.add(text![gap, styled(BOLD, resource.to_owned()), "\n"]);
        }
        let name = styled(NAME, format!("{:<name_width$}", operation.name));
        let summary = hanging(&operation.summary, width, name_width + 15);
        let form = styled(DIM, form(operation).to_owned());
        text.add(text![
            "  ",
            name,
            " ",
            effect(operation.effect),
            " ",
            form,
            " ",
            summary,
            operation.unverified.as_ref().map(|_| styled(WARN, " (unverified)")).unwrap_or_default(),
            "\n"
        ]);
    }
    text
}

/// A text whose further lines stand below its first.
fn hanging(text: &str, width: usize, indent: usize) -> Text {
    let room = width.saturating_sub(indent);
    if !(20..1000).contains(&room) {
        return text.to_owned().into();
    }
    let mut lines = textwrap::wrap(text, room).into_iter();
    let first = lines.next().unwrap_or_default().into_owned();
    let further = lines.map(|line| text!["\n", " ".repeat(indent), line.into_owned()]);
    text![first, further.collect::<Text>()]
}

fn counts(chosen: &[&Operation]) -> String {
    let effects = [Effect::Read, Effect::Write, Effect::Delete];
    let count = |effect: Effect| chosen.iter().filter(|o| o.effect == effect).count();
    let counts = effects.map(|effect| (effect.as_str(), count(effect)));
    let words: Vec<String> =
        counts.iter().filter(|(_, count)| *count > 0).map(|(word, count)| format!("{count} {word}")).collect();
    words.join(", ")
}

/// How many are data, and how many are code.
fn forms(chosen: &[&Operation]) -> String {
    let data = chosen.iter().filter(|operation| operation.data.is_some()).count();
    format!("{data} data, {} code", chosen.len() - data)
}

fn connection(manifest: &Manifest) -> Text {
    let mut text = Text::default();
    let variable = |name: &Option<String>| name.as_ref().map(|v| format!(" [{v}]")).unwrap_or_default();
    let suffix = |suffix: &Option<String>| suffix.as_ref().map(|s| format!(" ({s} is added)")).unwrap_or_default();
    let further = manifest.about.servers.iter().map(|server| (format!("servers.{}", server.name), "", &server.rule));
    let base_url = ("base_url".to_owned(), "required: ", &manifest.about.base_url);
    for (key, marks, rule) in std::iter::once(base_url).chain(further) {
        text.add(text![
            "  ",
            styled(NAME, format!("{key:<16}")),
            " ",
            styled(WARN, marks),
            &rule.summary,
            styled(DIM, suffix(&rule.suffix)),
            styled(DIM, variable(&rule.environment)),
            "\n",
        ]);
    }
    let choices =
        |choices: &[String]| if choices.is_empty() { String::new() } else { format!(" ({})", choices.join(" or ")) };
    for field in &manifest.about.fields {
        let marks = match (field.required, field.secret) {
            (true, true) => "required, secret: ",
            (true, false) => "required: ",
            (false, true) => "secret: ",
            (false, false) => "",
        };
        text.add(text![
            "  ",
            styled(NAME, format!("{:<16}", field.name)),
            " ",
            styled(WARN, marks),
            titled(&field.title, &field.summary),
            styled(DIM, choices(&field.choices)),
            styled(DIM, variable(&field.environment)),
            "\n",
        ]);
    }
    if let Some(rate) = &manifest.about.rate {
        text.add(text!["  ", styled(DIM, format!("the provider takes {} from one account", taken(rate))), "\n"]);
    }
    text
}

/// `10 requests in 60 s, 4 at one time`
fn taken(rate: &Rate) -> String {
    let of = |many: u32| if many == 1 { "1 request".to_owned() } else { format!("{many} requests") };
    let requests = rate.requests.map(|many| match rate.per_seconds.unwrap_or(1) {
        1 => format!("{} a second", of(many)),
        seconds => format!("{} in {seconds} s", of(many)),
    });
    let concurrent = rate.concurrent.map(|many| format!("{} at one time", of(many)));
    requests.into_iter().chain(concurrent).collect::<Vec<_>>().join(" and ")
}

/// A summary behind its title.
fn titled(title: &str, summary: &str) -> String {
    match (title, summary) {
        ("", one) | (one, "") => one.to_owned(),
        (title, summary) => format!("{title}. {summary}"),
    }
}
