//! What a line is about, for those who read many of them: what can do harm comes first.

use std::collections::BTreeMap;

use super::{Capabilities, FREE, NO_CODE, TURNS};

/// What a line is about, in the order in which they are to be read.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord, Hash)]
pub enum Kind {
    /// A request of an operation that deletes.
    Delete,
    /// A value, or a whole body, that the plugin makes up itself.
    Free,
    /// A credential elsewhere than in a header: in logs and caches of servers it may be read.
    Exposed,
    /// What is no longer masked.
    Unmasked,
    /// Where requests go: the base URL, and the variable of the environment that it comes from.
    Address,
    /// A field of the connection, and the variable of the environment that it comes from.
    Field,
    /// How a field becomes a credential in a header.
    Credential,
    /// How a credential is obtained that the host renews: from where, and what for.
    Obtained,
    /// That a request is said to change nothing, whatever its method.
    Claimed,
    /// What no rule here knows.
    Other,
    /// A request of an operation that writes.
    Write,
    /// A request of an operation that reads.
    Read,
    /// That the operation may be tried again.
    Repeats,
    /// A value by which the host turns the pages of a list, where nothing of the plugin runs.
    Pages,
    /// A file that comes in or goes out.
    File,
    /// An input.
    Input,
    /// That nothing of the plugin runs.
    NoCode,
    /// What is masked.
    Masks,
}

impl Kind {
    /// Whether it may be left out of what is shown at first.
    pub fn is_detail(self) -> bool {
        self >= Self::Read
    }
}

/// A line, and what it is about.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct Capability<'a> {
    /// What it is about.
    pub kind: Kind,
    /// The operation, if it is of one.
    pub operation: Option<&'a str>,
    /// The rest of the line, or all of it.
    pub what: &'a str,
    /// All of it.
    pub line: &'a str,
}

impl<'a> Capability<'a> {
    /// What a line is about.
    pub fn of(line: &'a str) -> Self {
        let whole = |kind| Self { kind, operation: None, what: line, line };
        let starts = |start: &str| line.starts_with(start);
        if starts("suggested address ")
            || starts("addresses end in ")
            || starts("address from the variable ")
            || starts("server ")
        {
            return whole(Kind::Address);
        }
        if starts("shows the certificate of ") {
            return whole(Kind::Credential);
        }
        if starts("field ") {
            return whole(Kind::Field);
        }
        if starts("credential ") {
            return whole(Kind::Obtained);
        }
        if starts("definition ") {
            return whole(Kind::Input);
        }
        if starts("scheme ") {
            return whole(of_scheme(line));
        }
        let Some((head, what)) = line.split_once(": ") else { return whole(Kind::Other) };
        let (operation, effect) = head.split_once(" (").map_or((head, None), |(name, rest)| (name, Some(rest)));
        // No name of an operation has a space in it.
        let kind = match effect {
            _ if operation.contains(' ') => return whole(Kind::Other),
            Some("delete)") => Kind::Delete,
            Some("write)") => Kind::Write,
            Some("read)") => Kind::Read,
            Some(_) => Kind::Other,
            None => of_operation(what),
        };
        Self { kind, operation: Some(operation), what, line }
    }

    /// The scheme that a request has its credentials by.
    pub fn scheme(&self) -> Option<&'a str> {
        // Behind it stand names alone; before it constants in which the words may stand.
        let (_, after) = self.what.rsplit_once(", credentials ")?;
        after.split(',').next()
    }
}

fn of_scheme(line: &str) -> Kind {
    let place = line.split_once(": ").map_or("", |(_, what)| what);
    match place.split_once(' ').map_or(place, |(first, _)| first) {
        "header" | "value" | "signs" => Kind::Credential,
        "query" | "body" | "path" => Kind::Exposed,
        _ => Kind::Other,
    }
}

/// By how a line of an operation begins, or ends.
fn of_operation(what: &str) -> Kind {
    const BEGINNINGS: [(&str, Kind); 13] = [
        ("does not mask ", Kind::Unmasked),
        ("masks ", Kind::Masks),
        (NO_CODE, Kind::NoCode),
        ("runs code", Kind::Other),
        ("input ", Kind::Input),
        ("all inputs together ", Kind::Input),
        ("is said to change nothing by ", Kind::Claimed),
        ("may be tried again", Kind::Repeats),
        ("files of ", Kind::File),
        ("takes a file ", Kind::File),
        ("takes several files ", Kind::File),
        ("the file ", Kind::File),
        ("gives the file ", Kind::File),
    ];
    match BEGINNINGS.iter().find(|(beginning, _)| what.starts_with(beginning)) {
        Some((_, kind)) => *kind,
        None if what.ends_with(FREE) => Kind::Free,
        None if what.ends_with(TURNS) => Kind::Pages,
        None => Kind::Other,
    }
}

impl Capabilities {
    /// The names of the operations by their resource.
    pub fn operations(&self) -> BTreeMap<&str, Vec<&str>> {
        let mut by_resource: BTreeMap<&str, Vec<&str>> = BTreeMap::new();
        let heads = self.lines().filter_map(|line| line.split_once(" (")).filter(|(name, _)| !name.contains(' '));
        for (name, _) in heads {
            let of_resource = by_resource.entry(name.split('.').next().unwrap_or(name)).or_default();
            if of_resource.last() != Some(&name) {
                of_resource.push(name);
            }
        }
        by_resource
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_line_is_told_by_its_words_and_what_is_not_known_is_not_a_detail() {
        for (line, kind) in [
            ("suggested address https://acme.example", Kind::Address),
            ("address from the variable ACME_URL", Kind::Address),
            ("server uploads", Kind::Address),
            ("server uploads: suggested address https://uploads.acme.example", Kind::Address),
            ("scheme key: header X-Key = field token, for the servers main uploads", Kind::Credential),
            ("field token secret from the variable ACME_TOKEN", Kind::Field),
            ("scheme key: header X-Key = field token", Kind::Credential),
            ("scheme key: value key = field token, base64", Kind::Credential),
            ("credential acme: gets tokens from POST /token of server accounts", Kind::Obtained),
            ("credential.get (read): no request", Kind::Read),
            ("connections are tested by credential.get", Kind::Other),
            ("scheme key: query key = field token", Kind::Exposed),
            ("scheme key: path token = field token", Kind::Exposed),
            ("scheme key: body key = field token, unless field role is \"header \"", Kind::Exposed),
            ("orders.remove (delete): DELETE /orders/{id}, credentials key, named remove", Kind::Delete),
            ("orders.add (write): POST /orders, json body, no credentials, named add", Kind::Write),
            ("orders.get (read): no request", Kind::Read),
            ("orders.get: query page of get is free", Kind::Free),
            ("orders.add: further body fields of add is free", Kind::Free),
            ("orders.add: the whole body of add is free", Kind::Free),
            ("orders.add: variable \"input x\" of add is free", Kind::Free),
            ("orders.get: does not mask the output /key", Kind::Unmasked),
            ("orders.get: masks the output /key", Kind::Masks),
            ("orders.list: query cursor of next-page turns the page", Kind::Pages),
            ("orders.get: runs no code", Kind::NoCode),
            ("orders.get: input id (text)", Kind::Input),
            ("definition order (text that matches `: masks `)", Kind::Input),
            ("orders.get: may be tried again", Kind::Repeats),
            ("orders.get: gives the file invoice", Kind::File),
            ("orders.get: does something new", Kind::Other),
            ("orders.get (burn): POST /", Kind::Other),
            ("what nobody has written", Kind::Other),
        ] {
            assert_eq!(Capability::of(line).kind, kind, "{line}");
        }
        assert!(!Kind::Other.is_detail() && !Kind::Unmasked.is_detail() && Kind::Input.is_detail());
    }

    #[test]
    fn a_request_has_the_scheme_that_stands_behind_its_constants() {
        let line = "a.b (read): GET /x, query q=\", credentials other, named z\", credentials key, named b";
        assert_eq!(Capability::of(line).scheme(), Some("key"));
        assert_eq!(Capability::of("a.b (read): GET /x, no credentials, named b").scheme(), None);
    }

    #[test]
    fn operations_are_found_by_their_resource() {
        let lines =
            ["users.get (read): GET /", "users.get (read): GET /2", "users.get: may be", "a.b (write): no request"];
        let all: Capabilities = lines.into_iter().map(str::to_owned).collect();
        let expected = BTreeMap::from([("a", vec!["a.b"]), ("users", vec!["users.get"])]);
        assert_eq!(all.operations(), expected);
    }
}
