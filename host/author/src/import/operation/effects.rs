//! What an operation does, as far as its name says more than its method.

use wharf::declaration::{Effect, Method};

use super::super::model::Operation;
use super::super::report::Teller;
use super::super::texts;
use super::super::words::words;

/// Words of what takes something away.
const DELETES: [&str; 6] = ["delete", "destroy", "erase", "purge", "remove", "wipe"];

/// Words of an identifier with which something ends for good, wherever they stand.
const ENDS: [&str; 9] = ["delete", "destroy", "erase", "kill", "obliterate", "purge", "remove", "terminate", "wipe"];

/// Words with which a text begins that tells of a change.
const SAYS_THAT_IT_CHANGES: [&str; 8] = ["create", "modify", "pay", "revoke", "send", "transfer", "trigger", "update"];

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

/// The same of an identifier alone: as a part of a path, they are things as well.
const CHANGES_BY_ID: [&str; 26] = [
    "accept",
    "add",
    "allocate",
    "assign",
    "associate",
    "attach",
    "authorize",
    "change",
    "connect",
    "copy",
    "deregister",
    "detach",
    "disassociate",
    "import",
    "modify",
    "move",
    "put",
    "reboot",
    "release",
    "replace",
    "restore",
    "run",
    "set",
    "tag",
    "terminate",
    "untag",
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
    let id_begins = |with: &[&str]| {
        let first = words.first().filter(|_| operation.id.is_some()).and_then(|name| name.first());
        first.is_some_and(|word| with.contains(&word.as_str()))
    };
    let says = said(operation);
    if method.is_safe() {
        let ends = || {
            words
                .first()
                .filter(|_| operation.id.is_some())
                .into_iter()
                .flatten()
                .any(|word| ENDS.contains(&word.as_str()))
        };
        return match () {
            () if begins(&DELETES) || ends() || says == Some(Effect::Delete) => Some(Effect::Delete),
            () if begins(&CHANGES) || id_begins(&CHANGES_BY_ID) || says == Some(Effect::Write) => Some(Effect::Write),
            () => None,
        };
    }
    let deletes = words.iter().flatten().any(|word| DELETES.contains(&word.as_str()));
    let deletes = deletes || says == Some(Effect::Delete);
    (deletes && method != Method::Delete).then_some(Effect::Delete)
}

/// What the first word of its text says that it does: `Deletes the account.`
fn said(operation: &Operation) -> Option<Effect> {
    let text = [&operation.summary, &operation.description].into_iter().find(|text| !text.trim().is_empty())?;
    let first = words(&texts::beginning(text.trim_start(), 40)).into_iter().next()?;
    let plain = first.strip_suffix('s').unwrap_or(&first);
    match () {
        () if ENDS.contains(&plain) || DELETES.contains(&plain) => Some(Effect::Delete),
        () if SAYS_THAT_IT_CHANGES.contains(&plain) => Some(Effect::Write),
        () => None,
    }
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
    let own = operation.id.as_deref().map(|id| id.rsplit(['/', '.']).next().unwrap_or(id));
    // `GET_DeleteQueue` deletes; `get-update` gets an update.
    let prefix = format!("{}_", operation.method);
    let own = own.map(|own| own.strip_prefix(prefix.as_str()).unwrap_or(own));
    let id = own.map(words);
    let method = operation.method.to_ascii_lowercase();
    let without_method = |mut words: Vec<String>| {
        let is_method = |word: &String| *word == method && method != "get" && method != "head";
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
        assert_eq!(effect("GET_DeleteQueue", Method::Get, "/"), Some(Effect::Delete));
    }

    #[test]
    fn what_changes_by_its_name_does_not_only_read() {
        assert_eq!(effect("logoutUser", Method::Get, "/user/logout"), Some(Effect::Write));
        assert_eq!(effect("", Method::Get, "/user/logout"), Some(Effect::Write));
        assert_eq!(effect("deleteToken", Method::Get, "/token"), Some(Effect::Delete));
        assert_eq!(effect("getUser", Method::Get, "/users/{id}"), None);
        assert_eq!(effect("get-update", Method::Get, "/updates"), None);
        assert_eq!(effect("GET_ModifyFleet", Method::Get, "/"), Some(Effect::Write));
        assert_eq!(effect("connectCoreV1GetNamespacedPodExec", Method::Get, "/pods/{name}/exec"), Some(Effect::Write));
    }
}
