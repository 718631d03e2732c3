//! Names of operations: `<resource>.<action>`.
//!
//! They are what callers write, so they stay: those that were given before come first (pins), then the order of the description
//! decides. What is added at its end takes no name from what was there.

use std::collections::{HashMap, HashSet};

use indexmap::IndexMap;

use super::model::{Api, Operation};
use super::words::{is_alike, words};

/// Of a resource and of an action, in letters: what the host takes.
const LONGEST: usize = 64;

/// Tags that say nothing of a resource.
const EMPTY_TAGS: [&str; 12] =
    ["api", "apis", "basic", "default", "endpoints", "general", "main", "misc", "other", "public", "rest", "root"];

/// Segments of a path before that of a resource.
const BEFORE_RESOURCES: [&str; 6] = ["api", "apis", "rest", "beta", "public", "services"];

/// Words that say nothing of what is done.
const ARTICLES: [&str; 3] = ["a", "an", "the"];

/// One name for each operation of the API, in its order. Pins are names by method and path, such as `GET /users/{id}`.
pub(crate) fn names(api: &Api, pins: &IndexMap<String, String>) -> Vec<String> {
    let style = Style::of(api);
    let mut taken: HashSet<String> = HashSet::new();
    let pinned: Vec<Option<String>> = api
        .operations
        .iter()
        .map(|operation| {
            pins.get(&written(operation)).filter(|name| is_name(name) && taken.insert((*name).clone())).cloned()
        })
        .collect();
    let mut next = HashMap::new();
    let of = |(operation, pin): (&Operation, Option<String>)| {
        pin.unwrap_or_else(|| {
            let name = free(&style.resource(operation), &style.actions(operation), &taken, &mut next);
            taken.insert(name.clone());
            name
        })
    };
    api.operations.iter().zip(pinned).map(of).collect()
}

/// An operation as the description writes it: `GET /users/{id}`.
pub(crate) fn written(operation: &Operation) -> String {
    match operation.key.as_str() {
        "" => format!("{} {}", operation.method, operation.path),
        key => key.to_owned(),
    }
}

/// The first of these names that is free; with a number, where none is.
fn free(resource: &str, actions: &[String], taken: &HashSet<String>, next: &mut HashMap<String, usize>) -> String {
    let named = |action: &str| format!("{resource}.{action}");
    let first = actions.iter().map(|action| named(action)).find(|name| !taken.contains(name));
    let last = actions.last().map_or("call", String::as_str);
    let with = |number: usize| {
        let number = format!("-{number}");
        named(&format!("{}{number}", cut(last, LONGEST.saturating_sub(number.len()))))
    };
    first.unwrap_or_else(|| {
        // Those before it were taken when it was looked for the last time.
        let number = next.entry(named(last)).or_insert(2);
        while taken.contains(&with(*number)) {
            *number = number.saturating_add(1);
        }
        with(*number)
    })
}

pub(crate) fn is_name(name: &str) -> bool {
    let word = |word: &str| !word.is_empty() && word.bytes().all(|b| b.is_ascii_lowercase() || b.is_ascii_digit());
    let part = |part: &str| {
        part.len() <= LONGEST && part.starts_with(|c: char| c.is_ascii_lowercase()) && part.split('-').all(word)
    };
    name.split_once('.').is_some_and(|(resource, action)| part(resource) && part(action))
}

/// What the identifiers and tags of an API have in common.
struct Style {
    /// What tells the resource from the action in identifiers, where most have it: `users/list`, `calendar.events.list`.
    separator: Option<char>,
    /// The first part of all of them, where there is more before the action: the name of the API.
    first: Option<String>,
    /// Tags that do not tell resources apart: one of half of all operations.
    too_wide: HashSet<String>,
}

impl Style {
    fn of(api: &Api) -> Self {
        let ids: Vec<&str> = api.operations.iter().filter_map(|operation| operation.id.as_deref()).collect();
        let most_have = |separator: &char| {
            let count = ids.iter().filter(|id| parts(id, *separator).is_some()).count();
            count > 0 && count * 2 >= ids.len()
        };
        let separator = ['/', '.'].into_iter().find(most_have);
        let mut firsts = ids.iter().map(|id| parts(id, separator?).and_then(|parts| parts.first().copied()));
        let first = firsts.next().flatten().filter(|first| firsts.all(|other| other == Some(*first)));
        let mut counts: HashMap<&String, usize> = HashMap::new();
        api.operations.iter().filter_map(|o| o.tags.first()).for_each(|tag| *counts.entry(tag).or_default() += 1);
        let half = api.operations.len().div_ceil(2).max(2);
        let too_wide = counts.into_iter().filter(|(_, count)| *count >= half).map(|(tag, _)| tag.clone()).collect();
        Self { separator, first: first.map(str::to_owned), too_wide }
    }

    fn resource(&self, operation: &Operation) -> String {
        let of_id = self.namespace(operation).map(|parts| parts.iter().flat_map(|part| words(part)).collect());
        let of_tag = || operation.tags.first().filter(|tag| !self.too_wide.contains(*tag)).map(|tag| words(tag));
        let says_something = |words: &Vec<String>| {
            kebab(words).is_some() && !(words.len() == 1 && words.iter().all(|word| is_passed_over(word, &EMPTY_TAGS)))
        };
        let candidates = of_id.into_iter().chain(of_tag()).filter(says_something);
        let of_path = || words(literals(&operation.path).next().unwrap_or("root"));
        candidates
            .chain(std::iter::once_with(of_path))
            .find_map(|words| kebab(&words))
            .unwrap_or_else(|| "root".to_owned())
    }

    /// The parts of the identifier before the action.
    fn namespace<'o>(&self, operation: &'o Operation) -> Option<Vec<&'o str>> {
        let mut parts = parts(operation.id.as_deref()?, self.separator?)?;
        parts.pop();
        if parts.len() > 1 && parts.first().copied() == self.first.as_deref() {
            parts.remove(0);
        }
        Some(parts)
    }

    /// What the operation may be called, the best first.
    fn actions(&self, operation: &Operation) -> Vec<String> {
        let id = own_id(operation);
        let of_resource = words(&self.resource(operation));
        let in_namespace =
            self.namespace(operation).map_or(0, |parts| parts.iter().flat_map(|part| words(part)).count());
        let is_of_resource = |word: &String| of_resource.iter().any(|other| is_alike(word, other));
        let own: Vec<String> = match in_namespace {
            0 => words(id),
            _ => words(id.rsplit(['/', '.']).next().unwrap_or(id)),
        };
        let short: Vec<String> =
            own.iter().filter(|word| !is_of_resource(word) && !ARTICLES.contains(&word.as_str())).cloned().collect();
        let described = by_path(operation);
        let without_resource: Vec<String> = described.iter().filter(|word| !is_of_resource(word)).cloned().collect();
        let plain = if own.is_empty() { without_resource } else { short };
        [plain, own, described].iter().filter_map(|words| kebab(words)).collect()
    }
}

/// The identifier without its path and method, which FastAPI writes behind the name of each function.
fn own_id(operation: &Operation) -> &str {
    let id = operation.id.as_deref().unwrap_or_default();
    let plain = |c: char| if c.is_alphanumeric() { c } else { '_' };
    let path: String = operation.path.chars().map(plain).collect();
    let behind = format!("{path}_{}", operation.method.to_ascii_lowercase());
    let own = id.strip_suffix(&behind).map(|own| own.trim_end_matches('_'));
    own.filter(|own| !own.is_empty() && path.len() > 1).unwrap_or(id)
}

/// The parts of an identifier with this separator. One with braces or an empty part is a path, and no name.
fn parts(id: &str, separator: char) -> Option<Vec<&str>> {
    let parts: Vec<&str> = id.split(separator).collect();
    let is_name = |part: &&str| !part.is_empty() && !part.contains(['{', '}', '/', ' ']);
    let is_right = parts.len() > 1 && parts.iter().all(is_name) && (separator != '/' || parts.len() == 2);
    is_right.then_some(parts)
}

/// Literal segments of a path from that of a resource on.
fn literals(path: &str) -> impl Iterator<Item = &str> {
    let path = path.split(['?', '#']).next().unwrap_or_default();
    let segments = path.split('/').filter(|segment| !segment.is_empty() && !segment.starts_with(['{', ':']));
    segments.filter(|segment| !is_passed_over(&segment.to_ascii_lowercase(), &BEFORE_RESOURCES))
}

/// Whether a word says nothing: one of these, a version, or a date.
fn is_passed_over(word: &str, these: &[&str]) -> bool {
    let version = word.strip_prefix('v').unwrap_or(word);
    let is_version = version.starts_with(|c: char| c.is_ascii_digit())
        && version.chars().all(|c| c.is_ascii_digit() || matches!(c, '.' | '-' | '_'));
    these.contains(&word) || is_version
}

/// What an operation without an identifier does, and to what.
fn by_path(operation: &Operation) -> Vec<String> {
    let ends_in_variable = operation.path.trim_end_matches('/').ends_with('}');
    let verb = match operation.method.as_str() {
        "GET" if ends_in_variable => "get",
        "GET" => "list",
        "POST" => "create",
        "PUT" => "replace",
        "PATCH" => "update",
        "DELETE" => "delete",
        other => other,
    };
    words(verb).into_iter().chain(literals(&operation.path).flat_map(words)).collect()
}

/// Words in kebab case, as many as there is room for; none where no word begins with a letter.
fn kebab(words: &[String]) -> Option<String> {
    let begins = |word: &&String| !word.starts_with(|c: char| c.is_ascii_lowercase());
    let text = words.iter().skip_while(begins).map(String::as_str).collect::<Vec<_>>().join("-");
    Some(cut(&text, LONGEST).to_owned()).filter(|text| !text.is_empty())
}

/// At the end of a word, where there is one.
fn cut(text: &str, most: usize) -> &str {
    if text.len() <= most {
        return text;
    }
    let head = text.get(..most).unwrap_or(text);
    let is_whole = text.as_bytes().get(most) == Some(&b'-');
    let at_a_word = head.rsplit_once('-').map_or(head, |(words, _)| words);
    if is_whole { head } else { at_a_word }.trim_end_matches('-')
}

#[cfg(test)]
mod tests;
