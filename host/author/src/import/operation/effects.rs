//! What an operation does, as far as its name says more than its method.

use wharf::declaration::{Effect, Method};

use super::super::model::Operation;
use super::super::report::Teller;
use super::super::words::words;

/// Words of what takes something away.
const DELETES: [&str; 6] = ["delete", "destroy", "erase", "purge", "remove", "wipe"];

/// Words with which the name of something begins that changes something.
const CHANGES: [&str; 16] = [
    "cancel",
    "create",
    "disable",
    "enable",
    "invite",
    "logout",
    "register",
    "reset",
    "revoke",
    "send",
    "signout",
    "start",
    "stop",
    "trigger",
    "unsubscribe",
    "update",
];

/// Words with which the name of something begins that only reads.
const READS: [&str; 16] = [
    "batchget",
    "calculate",
    "count",
    "describe",
    "download",
    "estimate",
    "export",
    "fetch",
    "find",
    "get",
    "list",
    "lookup",
    "preview",
    "query",
    "read",
    "search",
];

/// What it does, where that is more than its method says.
pub(super) fn raised(operation: &Operation, method: Method) -> Option<Effect> {
    let words = names(operation);
    let begins =
        |with: &[&str]| words.iter().any(|name| name.first().is_some_and(|word| with.contains(&word.as_str())));
    if method.is_safe() {
        return match () {
            () if begins(&DELETES) => Some(Effect::Delete),
            () if begins(&CHANGES) => Some(Effect::Write),
            () => None,
        };
    }
    let deletes = words.iter().flatten().any(|word| DELETES.contains(&word.as_str()));
    (deletes && method != Method::Delete).then_some(Effect::Delete)
}

/// Tells of a POST that looks like one that reads: only a person can say so.
pub(super) fn tell_of_reading(operation: &Operation, method: Method, teller: &mut Teller<'_>) {
    let reads = |name: &Vec<String>| name.first().is_some_and(|word| READS.contains(&word.as_str()));
    let reads = names(operation).iter().any(reads);
    if method == Method::Post && reads && raised(operation, method).is_none() {
        teller.note(
            &operation.place,
            "reads",
            "its name says that it only reads: where that is so, write `read-only: true` into its request in the overlay",
        );
    }
}

/// The names that say what it does: its identifier behind a namespace and a method (but for GET: what is got is a thing), and the last literal of the path.
fn names(operation: &Operation) -> Vec<Vec<String>> {
    const METHODS: [&str; 4] = ["post", "put", "patch", "delete"];
    let id = operation.id.as_deref().map(|id| words(id.rsplit(['/', '.']).next().unwrap_or(id)));
    let method = operation.method.to_ascii_lowercase();
    let without_method = |mut words: Vec<String>| {
        let is_method = |word: &String| *word == method && METHODS.contains(&word.as_str());
        if words.len() > 1 && words.first().is_some_and(is_method) {
            words.remove(0);
        }
        words
    };
    let literal = operation.path.split(['?', '#']).next().unwrap_or_default().rsplit('/');
    let literal = literal.map(str::trim).find(|segment| !segment.is_empty());
    let verb = literal.and_then(|segment| segment.rsplit(['}', '.', ':']).next()).filter(|text| !text.starts_with('{'));
    id.map(without_method).into_iter().chain(verb.map(words)).filter(|words| !words.is_empty()).collect()
}

#[cfg(test)]
mod tests {
    use super::*;

    fn effect(id: &str, method: Method, path: &str) -> Option<Effect> {
        let id = Some(id.to_owned()).filter(|id| !id.is_empty());
        let operation =
            Operation { id, method: method.as_str().to_owned(), path: path.to_owned(), ..Operation::default() };
        raised(&operation, method)
    }

    #[test]
    fn what_takes_away_by_its_name_deletes_whatever_its_method() {
        assert_eq!(effect("chat_delete", Method::Post, "/chat.delete"), Some(Effect::Delete));
        assert_eq!(effect("removeFollowers", Method::Post, "/tasks/{id}/removeFollowers"), Some(Effect::Delete));
        assert_eq!(effect("", Method::Post, "/templates/delete"), Some(Effect::Delete));
        assert_eq!(effect("users.messages.batchDelete", Method::Post, "/x"), Some(Effect::Delete));
        assert_eq!(effect("deleteUser", Method::Delete, "/users/{id}"), None);
        assert_eq!(effect("undeleteUser", Method::Post, "/users/{id}:undelete"), None);
        assert_eq!(effect("listDeleted", Method::Get, "/deleted"), None);
    }

    #[test]
    fn what_changes_by_its_name_does_not_only_read() {
        assert_eq!(effect("logoutUser", Method::Get, "/user/logout"), Some(Effect::Write));
        assert_eq!(effect("", Method::Get, "/user/logout"), Some(Effect::Write));
        assert_eq!(effect("deleteToken", Method::Get, "/token"), Some(Effect::Delete));
        assert_eq!(effect("getUser", Method::Get, "/users/{id}"), None);
        assert_eq!(effect("get-update", Method::Get, "/updates"), None);
    }
}
