//! Differences between what was recorded and what is now, for people.

use std::fmt;

use serde_json::Value;
use wharf_egress::Json;
use wharf_egress::text::in_one_line;

use super::node::Node;
use super::{End, FileDigest, RecordedRequest};

/// As much of a line as anyone reads, in characters.
const LONGEST_LINE: usize = 300;

/// Errors that are told in the host's own words, which are not the plugin's to repeat: they change with the host and its
/// configuration.
const OF_THE_HOST: [&str; 7] =
    ["unknown", "connection", "missing-credential", "denied", "limit", "plugin-fault", "host-fault"];

/// Where a release does not do what was recorded.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Difference {
    /// The call's place in the cassette, from 1.
    pub call: usize,
    /// The operation.
    pub operation: String,
    /// What differs, as a sentence.
    pub what: String,
    /// `- recorded` and `+ now`, fit to be shown.
    pub lines: Vec<String>,
}

impl fmt::Display for Difference {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(f, "call {}, {}: {}", self.call, in_one_line(&self.operation), self.what)?;
        self.lines.iter().try_for_each(|line| write!(f, "\n{line}"))
    }
}

impl RecordedRequest {
    /// Whether another one asks for the same. The members of a JSON body have no order.
    pub(super) fn is_same(&self, now: &Self) -> bool {
        let head = |request: &Self| (request.request.clone(), request.method.clone(), request.url.clone());
        head(self) == head(now) && self.headers == now.headers && {
            self.body == now.body || self.json().is_some_and(|json| Some(json) == now.json())
        }
    }

    pub(super) fn differences(&self, now: &Self) -> Vec<String> {
        let mut lines = texts(&self.head(), &now.head());
        match (self.json(), now.json()) {
            (Some(old), Some(new)) => lines.extend(values(&old, &new)),
            _ => lines.extend(texts(&self.body_lines(), &now.body_lines())),
        }
        lines
    }

    /// All of it, each line with a mark before it.
    pub(super) fn marked(&self, mark: char) -> Vec<String> {
        self.head().iter().chain(&self.body_lines()).map(|line| marked(mark, line)).collect()
    }

    fn head(&self) -> Vec<String> {
        let headers = self.headers.iter().map(|(name, value)| format!("{name}: {value}"));
        let first = [format!("request {}", self.request), format!("{} {}", self.method, self.url)];
        first.into_iter().chain(headers).collect()
    }

    fn body_lines(&self) -> Vec<String> {
        self.body.iter().flat_map(|body| body.lines()).map(str::to_owned).collect()
    }

    /// The body, if it is one JSON object or list in which no member stands twice, as the parts of a form may.
    fn json(&self) -> Option<Node> {
        Json::parse(self.body.as_deref()?)
            .ok()
            .map(|json| Node::of(&json))
            .filter(|node| !matches!(node, Node::Text(_)))
    }
}

impl End {
    pub(super) fn differences(&self, now: &Self) -> Vec<String> {
        match (self, now) {
            (Self::Output { json: old, attachments: before }, Self::Output { json: new, attachments: after }) => {
                let file = |file: &FileDigest| {
                    let FileDigest { name, media_type, size, sha256 } = file;
                    format!("file {name}: {size} bytes of {media_type}, sha256:{sha256}")
                };
                let mut lines = values(&Node::of(old), &Node::of(new));
                let files = |all: &[FileDigest]| all.iter().map(file).collect::<Vec<_>>();
                lines.extend(texts(&files(before), &files(after)));
                lines
            }
            (Self::Failure(old), Self::Failure(new)) => values(&comparable(old), &comparable(new)),
            _ => vec![marked('-', &self.in_words()), marked('+', &now.in_words())],
        }
    }

    fn in_words(&self) -> String {
        match self {
            Self::Output { json, .. } => format!("output {json}"),
            Self::Failure(error) => {
                let error = error.value().unwrap_or_default();
                let text = |name: &str| error.get(name).and_then(Value::as_str).unwrap_or_default();
                format!("failure {}: {}", text("code"), text("message"))
            }
        }
    }
}

fn comparable(error: &Json) -> Node {
    let mut node = Node::of(error);
    let of_host = |code: &Node| OF_THE_HOST.iter().any(|known| *code == Node::of(&Value::from(*known).into()));
    if let Node::Object(members) = &mut node
        && members.get("code").is_some_and(of_host)
    {
        members.retain(|name, _| !["message", "remedy", "value"].contains(&name.as_str()));
    }
    node
}

/// The lines of one text that the other has not, and the other way round.
fn texts(old: &[String], new: &[String]) -> Vec<String> {
    let mut lines = Vec::new();
    let mut rest = new.iter();
    for line in old {
        match rest.as_slice().iter().position(|other| other == line) {
            Some(ahead) => {
                lines.extend(rest.by_ref().take(ahead).map(|line| marked('+', line)));
                rest.next();
            }
            None => lines.push(marked('-', line)),
        }
    }
    lines.extend(rest.map(|line| marked('+', line)));
    lines
}

/// The places, as JSON Pointers, where two documents differ.
fn values(old: &Node, new: &Node) -> Vec<String> {
    let mut lines = Vec::new();
    compare("", old, new, &mut lines);
    lines
}

fn compare(at: &str, old: &Node, new: &Node, lines: &mut Vec<String>) {
    let mut say = |mark: char, place: &str, value: &Node| {
        let place = if place.is_empty() { String::new() } else { format!("{place}: ") };
        lines.push(marked(mark, &format!("{place}{value}")));
    };
    match (old, new) {
        _ if old == new => {}
        (Node::Object(before), Node::Object(after)) => {
            let within = |name: &str| format!("{at}/{}", name.replace('~', "~0").replace('/', "~1"));
            for (name, value) in before {
                match after.get(name) {
                    Some(other) => compare(&within(name), value, other, lines),
                    None => lines.push(marked('-', &format!("{}: {value}", within(name)))),
                }
            }
            for (name, value) in after.iter().filter(|(name, _)| !before.contains_key(*name)) {
                lines.push(marked('+', &format!("{}: {value}", within(name))));
            }
        }
        (Node::List(before), Node::List(after)) => {
            let both = before.len().min(after.len());
            for (index, (value, other)) in before.iter().zip(after).enumerate() {
                compare(&format!("{at}/{index}"), value, other, lines);
            }
            for (mark, rest) in [('-', before), ('+', after)] {
                let rest = rest.iter().enumerate().skip(both);
                lines.extend(rest.map(|(index, value)| marked(mark, &format!("{at}/{index}: {value}"))));
            }
        }
        _ => {
            say('-', at, old);
            say('+', at, new);
        }
    }
}

/// A line that came from a stranger, fit to be shown: it stays one.
fn marked(mark: char, line: &str) -> String {
    let mut text: String = line.chars().take(LONGEST_LINE).collect();
    if line.chars().nth(LONGEST_LINE).is_some() {
        text.push('…');
    }
    format!("{mark} {}", in_one_line(&text))
}

#[cfg(test)]
mod tests {
    use serde_json::json;

    use super::*;

    fn request(url: &str, headers: &[(&str, &str)], body: Option<&str>) -> RecordedRequest {
        RecordedRequest {
            request: "list".into(),
            method: "POST".into(),
            url: url.into(),
            headers: headers.iter().map(|(name, value)| ((*name).to_owned(), (*value).to_owned())).collect(),
            body: body.map(str::to_owned),
        }
    }

    #[test]
    fn two_requests_are_told_apart_line_by_line() {
        let old = request("{base_url}/a", &[("X-Key", "•••"), ("X-Old", "1"), ("X-Last", "2")], Some("one\ntwo"));
        let new = request("{base_url}/b", &[("X-Key", "•••"), ("X-New", "1"), ("X-Last", "2")], Some("one\nthree"));
        assert_eq!(
            old.differences(&new),
            ["- POST {base_url}/a", "+ POST {base_url}/b", "- X-Old: 1", "+ X-New: 1", "- two", "+ three"]
        );
        assert!(old.is_same(&old.clone()) && !old.is_same(&new));
    }

    #[test]
    fn the_members_of_a_json_body_have_no_order() {
        let old = request("u", &[], Some(r#"{"a":1,"b":{"c":[1,2]}}"#));
        assert!(old.is_same(&request("u", &[], Some(r#"{"b":{"c":[1,2]},"a":1}"#))));
        let new = request("u", &[], Some(r#"{"a":1,"b":{"c":[1,3,4]},"d/e":null}"#));
        assert_eq!(old.differences(&new), ["- /b/c/1: 2", "+ /b/c/1: 3", "+ /b/c/2: 4", "+ /d~1e: null"]);
    }

    #[test]
    fn the_parts_of_a_form_may_have_one_name() {
        let old = request("u", &[], Some(r#"{"file":"[1 bytes]","file":"[2 bytes]"}"#));
        let new = request("u", &[], Some(r#"{"file":"[3 bytes]","file":"[2 bytes]"}"#));
        assert!(!old.is_same(&new), "a parser keeps the last one alone");
        assert_eq!(old.differences(&new).len(), 2);
    }

    #[test]
    fn an_end_is_told_apart_by_its_places() {
        let output = |json: Value| End::Output { json: json.into(), attachments: Vec::new() };
        let lines = output(json!({"users": [{"name": "Ada"}], "total": 1}))
            .differences(&output(json!({"total": 1, "users": [{"name": "Grace"}, {}]})));
        assert_eq!(lines, [r#"- /users/0/name: "Ada""#, r#"+ /users/0/name: "Grace""#, "+ /users/1: {}"]);
        let failure = End::Failure(json!({"kind": "provider", "code": "not-found", "message": "No user 7."}).into());
        assert_eq!(output(json!(1)).differences(&failure), ["- output 1", "+ failure not-found: No user 7."]);
    }

    #[test]
    fn digits_are_told_apart_as_they_are_written() {
        let output = |json: &str| End::Output { json: Json::parse(json).unwrap(), attachments: Vec::new() };
        let old = output(r#"{"id":123456789012345678901,"price":1.10,"half":"\ud83d","e":"\u00e9"}"#);
        let new = output(r#"{ "e": "é", "id": 123456789012345678902, "price": 1.1, "half": "\ud83d" }"#);
        assert_eq!(
            old.differences(&new),
            ["- /id: 123456789012345678901", "+ /id: 123456789012345678902", "- /price: 1.10", "+ /price: 1.1"]
        );
    }

    #[test]
    fn the_words_of_the_host_may_change_and_those_of_the_plugin_may_not() {
        let limit = |value: &str| {
            End::Failure(json!({"kind": "limit", "code": "limit", "limit": "cpu", "value": value}).into())
        };
        assert_eq!(limit("10s").differences(&limit("20s")), Vec::<String>::new());
        let told =
            |message: &str| End::Failure(json!({"kind": "provider", "code": "conflict", "message": message}).into());
        assert_eq!(told("a").differences(&told("b")), [r#"- /message: "a""#, r#"+ /message: "b""#]);
    }

    #[test]
    fn what_a_stranger_wrote_is_cut_and_cannot_move_the_cursor() {
        let long = marked('+', &"x".repeat(1000));
        assert_eq!(long.chars().count(), LONGEST_LINE + 3);
        assert_eq!(marked('-', "a\u{1b}[2J\n+ b"), "- a\\u{1b}[2J\\n+ b");
    }
}
