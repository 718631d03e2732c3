//! What a release asks for, as people read it: how much of what, then what can do harm, then the rest. What is the same in
//! several operations is one line, which names their requests. Only details are ever left out, and counted.

use std::collections::BTreeMap;

use wharf::manifest::{Capabilities, Capability, CapabilityDiff, Kind};

use crate::print::{BAD, BOLD, GOOD, Text, styled, text};

/// As many lines as fit on a screen.
pub(crate) const SCREEN: usize = 40;

/// What stands above the lines of each kind, in the order in which they are read.
const HEADINGS: [(Kind, &str); 18] = [
    (Kind::Delete, "it deletes"),
    (Kind::Free, "values that the plugin makes up itself"),
    (Kind::Exposed, "credentials outside of headers"),
    (Kind::Unmasked, "what is no longer masked"),
    (Kind::Address, "where it goes"),
    (Kind::Field, "fields of the connection"),
    (Kind::Credential, "credentials in headers"),
    (Kind::Obtained, "credentials that the host obtains"),
    (Kind::Claimed, "what is said to change nothing"),
    (Kind::Other, "other"),
    (Kind::Write, "it writes"),
    (Kind::Read, "it reads"),
    (Kind::Repeats, "what may be tried again"),
    (Kind::Pages, "by which the host turns pages"),
    (Kind::File, "files"),
    (Kind::Input, "inputs"),
    (Kind::NoCode, "what runs no code of the plugin"),
    (Kind::Masks, "masks"),
];

/// How much is shown.
#[derive(Clone, Copy, PartialEq, Eq)]
pub(crate) enum Most {
    /// All that a first release asks for, with its details as far as a screen goes.
    Screen,
    /// All that is added to what there is.
    Added,
}

/// What is asked for: folded, or with `all` each line of it. Whether each line stands there by itself.
pub(crate) fn asked(diff: &CapabilityDiff, most: Most, all: bool) -> (Text, bool) {
    let asked = Asked::of(diff, most);
    let mut text = text![styled(BOLD, asked.counts()), "\n"];
    let (mut shown, mut left_out) = (0, Vec::new());
    for (kind, heading) in HEADINGS {
        let lines = asked.of_kind(kind);
        if lines.is_empty() {
            continue;
        }
        let room = if most == Most::Screen && !all { SCREEN.saturating_sub(shown) } else { usize::MAX };
        let folded = match kind {
            _ if all => lines.iter().map(|one| one.line.to_owned()).collect(),
            Kind::Write if lines.len() > room => by_resource(&lines),
            Kind::Delete | Kind::Write | Kind::Read => lines.iter().map(|one| one.line.to_owned()).collect(),
            kind => asked.folded(kind, &lines),
        };
        if kind.is_detail() && folded.len() > room {
            left_out.push(counted(lines.len(), words_of(kind)));
            continue;
        }
        shown += folded.len();
        text.add(text![heading, ":\n"]);
        folded.into_iter().for_each(|line| text.add(text![styled(BAD, format!("+ {line}")), "\n"]));
    }
    if !left_out.is_empty() {
        text.add(text![styled(BOLD, format!("and {}", left_out.join(", "))), "\n"]);
    }
    (text, shown == diff.added.len())
}

/// What is no longer asked for, as many lines of it.
pub(crate) fn given_up(diff: &CapabilityDiff, most: usize) -> Text {
    let lines = diff.removed.iter().take(most).map(|line| text![styled(GOOD, without(line)), "\n"]);
    let text: Text = lines.collect();
    match diff.removed.len().saturating_sub(most) {
        0 => text,
        more => text![text, styled(BOLD, format!("and {more} lines that it no longer asks for")), "\n"],
    }
}

/// A line of what is no longer asked for. That something is not masked, no longer said, is that it is masked now.
fn without(line: &str) -> String {
    match Capability::of(line) {
        Capability { kind: Kind::Unmasked, .. } => format!("+ {}", line.replacen(": does not mask ", ": masks ", 1)),
        _ => format!("- {line}"),
    }
}

/// What is asked for, looked through.
struct Asked<'a> {
    lines: Vec<Capability<'a>>,
    /// All operations by resource, where these are all: then `users.*` says it.
    whole: BTreeMap<String, Vec<String>>,
}

impl<'a> Asked<'a> {
    fn of(diff: &'a CapabilityDiff, most: Most) -> Self {
        let lines = diff.added.iter().map(|line| Capability::of(line)).collect();
        let added: Capabilities = diff.added.iter().cloned().collect();
        let owned = |names: Vec<&str>| names.into_iter().map(str::to_owned).collect();
        let whole = added.operations().into_iter().filter(|_| most == Most::Screen);
        Self { lines, whole: whole.map(|(resource, names)| (resource.to_owned(), owned(names))).collect() }
    }

    fn of_kind(&self, kind: Kind) -> Vec<Capability<'a>> {
        self.lines.iter().filter(|one| one.kind == kind).copied().collect()
    }

    /// How much there is of what.
    fn counts(&self) -> String {
        let effects = [(Kind::Delete, "delete"), (Kind::Write, "write"), (Kind::Read, "read")];
        let by_effect = effects.map(|(kind, effect)| (names(&self.of_kind(kind)).len(), effect));
        let operations = by_effect.iter().map(|(count, _)| count).sum();
        let each = by_effect.iter().filter(|(count, _)| *count > 0).map(|(count, effect)| format!("{count} {effect}"));
        let each: Vec<String> = each.collect();
        let each = if each.is_empty() { String::new() } else { format!(" ({})", each.join(", ")) };
        let requests: usize = effects.iter().map(|(kind, _)| self.of_kind(*kind).len()).sum();
        let count = |kinds: &[Kind], words: (&str, &str)| {
            let count: usize = kinds.iter().map(|kind| self.of_kind(*kind).len()).sum();
            (count > 0).then(|| counted(count, words))
        };
        let variables = self.lines.iter().filter(|one| is_from_variable(one)).count();
        let parts = [
            (requests > 0).then(|| counted(operations, ("operation", "operations")) + &each),
            (requests > 0).then(|| counted(requests, ("request", "requests"))),
            count(&[Kind::Free], ("value of the plugin's own", "values of the plugin's own")),
            count(&[Kind::Exposed], ("credential outside of a header", "credentials outside of headers")),
            count(&[Kind::Unmasked], ("mask less", "masks less")),
            self.fields(),
            (variables > 0)
                .then(|| counted(variables, ("variable of the environment", "variables of the environment"))),
            count(&[Kind::Input], ("input", "inputs")),
        ];
        let parts: Vec<String> = parts.into_iter().flatten().collect();
        if parts.is_empty() { counted(self.lines.len(), ("change", "changes")) } else { parts.join(", ") }
    }

    fn fields(&self) -> Option<String> {
        let fields = self.of_kind(Kind::Field);
        let kinds = |word: &str| fields.iter().filter(|one| one.line.split(' ').nth(2) == Some(word)).count();
        let (secret, readable) = (kinds("secret"), kinds("readable"));
        let all = secret + readable;
        (all > 0).then(|| format!("{} ({secret} secret)", counted(all, ("field", "fields"))))
    }

    /// What is the same in several operations as one line with their names, and with the requests that it is of.
    fn folded(&self, kind: Kind, lines: &[Capability<'a>]) -> Vec<String> {
        let mut same: Vec<(String, Vec<Capability<'a>>)> = Vec::new();
        for one in lines {
            add_to(&mut same, what_is_said(kind, one).0, *one);
        }
        same.into_iter().map(|(what, all)| self.fold(kind, &what, &all)).collect()
    }

    fn fold(&self, kind: Kind, what: &str, all: &[Capability<'a>]) -> String {
        if let [one] = all {
            let used = if kind == Kind::Exposed { self.users(one) } else { Vec::new() };
            return if used.is_empty() {
                one.line.to_owned()
            } else {
                format!("{}, for {}", one.line, self.listed(&used))
            };
        }
        let mut by_request: Vec<(Option<String>, Vec<Capability<'a>>)> = Vec::new();
        for one in all {
            add_to(&mut by_request, what_is_said(kind, one).1, *one);
        }
        let listed = by_request.into_iter().map(|(request, all)| {
            let operations = self.listed(&names(&all));
            request.map_or(operations.clone(), |request| format!("{request} in {operations}"))
        });
        format!("{what}: {}", listed.collect::<Vec<_>>().join(", "))
    }

    /// The operations whose requests have their credentials by this scheme.
    fn users(&self, scheme: &Capability<'_>) -> Vec<&'a str> {
        let name = scheme.line.strip_prefix("scheme ").and_then(|rest| rest.split_once(':')).map(|(name, _)| name);
        let users = self.lines.iter().filter(|one| one.scheme().is_some() && one.scheme() == name);
        names(&users.copied().collect::<Vec<_>>())
    }

    /// Names of operations: each, or where they are all of a resource, or all that there are, as that.
    fn listed(&self, names: &[&str]) -> String {
        if let [one] = names {
            return (*one).to_owned();
        }
        let everything: usize = self.whole.values().map(Vec::len).sum();
        if everything > 1 && names.len() == everything {
            return format!("all {everything} operations");
        }
        let mut by_resource: BTreeMap<&str, Vec<&str>> = BTreeMap::new();
        for name in names {
            by_resource.entry(resource_of(name)).or_default().push(name);
        }
        let listed = by_resource.into_iter().map(|(resource, of_resource)| {
            let all = self.whole.get(resource).map_or(0, Vec::len);
            if all > 1 && of_resource.len() == all { format!("{resource}.*") } else { of_resource.join(", ") }
        });
        let listed: Vec<String> = listed.collect();
        format!("{} ({})", counted(names.len(), ("operation", "operations")), listed.join(", "))
    }
}

/// What a line says, and of which request of its operation where it names one.
fn what_is_said(kind: Kind, one: &Capability<'_>) -> (String, Option<String>) {
    let parts = match kind {
        Kind::Free => one.what.strip_suffix(" is free").and_then(|what| what.rsplit_once(" of ")),
        Kind::Pages => one.what.strip_suffix(" turns the page").and_then(|what| what.rsplit_once(" of ")),
        Kind::Claimed => one.what.rsplit_once(" by "),
        _ => None,
    };
    match (kind, parts) {
        (Kind::Free, Some((value, request))) => (format!("{value} is free"), Some(format!("of {request}"))),
        (Kind::Pages, Some((value, request))) => (format!("{value} turns the page"), Some(format!("of {request}"))),
        (_, Some((what, request))) => (what.to_owned(), Some(format!("by {request}"))),
        (_, None) => (one.what.to_owned(), None),
    }
}

/// Puts one with those that are the same in this, in the order in which they come.
fn add_to<K: PartialEq, T>(groups: &mut Vec<(K, Vec<T>)>, key: K, one: T) {
    match groups.iter_mut().find(|(known, _)| *known == key) {
        Some((_, all)) => all.push(one),
        None => groups.push((key, vec![one])),
    }
}

/// The names of the operations of a resource in one line.
fn by_resource(lines: &[Capability<'_>]) -> Vec<String> {
    let mut resources: BTreeMap<&str, Vec<&str>> = BTreeMap::new();
    for name in names(lines) {
        resources.entry(resource_of(name)).or_default().push(name);
    }
    let line = |(resource, names): (&str, Vec<&str>)| {
        let actions = names.iter().map(|name| name.split_once('.').map_or(*name, |(_, action)| action));
        format!("{resource}: {}", actions.collect::<Vec<_>>().join(", "))
    };
    resources.into_iter().map(line).collect()
}

fn resource_of(name: &str) -> &str {
    name.split('.').next().unwrap_or(name)
}

/// The operations that lines are of, each once, in the order of the lines.
fn names<'a>(lines: &[Capability<'a>]) -> Vec<&'a str> {
    let mut names: Vec<&str> = lines.iter().filter_map(|one| one.operation).collect();
    names.dedup();
    names
}

fn is_from_variable(one: &Capability<'_>) -> bool {
    matches!(one.kind, Kind::Address | Kind::Field) && one.line.contains(" from the variable ")
}

fn words_of(kind: Kind) -> (&'static str, &'static str) {
    match kind {
        Kind::Read => ("request that reads", "requests that read"),
        Kind::Repeats => ("operation that may be tried again", "operations that may be tried again"),
        Kind::Pages => ("value by which the host turns pages", "values by which the host turns pages"),
        Kind::File => ("line on files", "lines on files"),
        Kind::Input => ("input", "inputs"),
        Kind::NoCode => ("operation that runs no code", "operations that run no code"),
        Kind::Masks => ("mask", "masks"),
        _ => ("line", "lines"),
    }
}

fn counted(count: usize, (one, many): (&str, &str)) -> String {
    format!("{count} {}", if count == 1 { one } else { many })
}
