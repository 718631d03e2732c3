//! Rules for answers, and pages.

use wharf_answer::document::{FAILURES, KINDS};
use wharf_answer::lines::{Content, End, Form, Lines};
use wharf_answer::pages::{Pages, Turn};
use wharf_answer::rules::{Condition, Failing, Output, Place, Rule, Status, Subject, Test, Text, Then, Value, Words};

use super::at::At;

/// Rules in a list.
pub(super) fn rules(at: At<'_>) -> Vec<Rule> {
    at.entries().filter_map(rule).collect()
}

const OUTCOMES: [&str; 4] = ["output", "failure", "unreadable", "use"];

fn rule(at: At<'_>) -> Option<Rule> {
    let what = "a rule";
    let members: Vec<&str> = [&["each", "if"][..], &OUTCOMES].concat();
    let at = at.of_members(what, &members);
    let conditions = at.find("if").map(|all| one_or_list(all, condition)).unwrap_or_default();
    let each = at.find("each").map(pointer);
    let then = at.only_one(what, &OUTCOMES)?;
    Some(Rule {
        each,
        conditions: conditions.into(),
        then: match then.name() {
            "output" => Then::Output(output(then)?),
            "failure" => Then::Failure(failure(then)),
            "unreadable" => Then::Unreadable(text(then)),
            _ => Then::Use(text(then)),
        },
    })
}

fn text(at: At<'_>) -> Text {
    Text::Owned(at.text())
}

/// One of something, or several in a list.
fn one_or_list<T>(at: At<'_>, each: impl Fn(At<'_>) -> Option<T>) -> Vec<T> {
    if at.is_list() { at.entries().filter_map(each).collect() } else { each(at).into_iter().collect() }
}

fn texts(at: At<'_>) -> Vec<Text> {
    one_or_list(at, |at| Some(text(at)))
}

fn pointers(at: At<'_>) -> Vec<Text> {
    one_or_list(at, |at| Some(pointer(at)))
}

const SUBJECTS: [&str; 5] = ["status", "reads", "at", "header", "body"];
const TESTS: [&str; 9] = ["exists", "present", "equals", "one-of", "none-of", "is", "contains", "words", "is-status"];

fn condition(at: At<'_>) -> Option<Condition> {
    let what = "a condition";
    let members: Vec<&str> = [&SUBJECTS[..], &TESTS, &["any-case", "except", "not"]].concat();
    let at = at.of_members(what, &members);
    let except = at.find("except").map(texts).unwrap_or_default();
    let (any_case, not) = (at.flag_of("any-case"), at.flag_of("not"));
    let subject = at.only_one(what, &SUBJECTS)?;
    let of = match subject.name() {
        "status" => Subject::Status,
        "reads" => Subject::Operation,
        "at" => Subject::At(pointers(subject).into()),
        "header" => Subject::Header(text(subject)),
        _ => {
            subject.set();
            Subject::Body
        }
    };
    let has_test = TESTS.iter().any(|test| at.find(test).is_some());
    let test = match of {
        Subject::Status | Subject::Operation if has_test => {
            subject.wrong(format!("`{}` is a condition by itself; delete the others", subject.name()));
            return None;
        }
        Subject::Status => Test::Statuses(one_or_list(subject, status).into()),
        Subject::Operation => Test::Reads(subject.flag()),
        _ => test(at.only_one(what, &TESTS)?)?,
    };
    if matches!((&of, &test), (Subject::Header(_), Test::Is(_))) {
        at.wrong("a header is a text; ask `equals`, `one-of`, `contains` or `present` of it");
    }
    Some(Condition { of, test, any_case, except: except.into(), not })
}

fn test(at: At<'_>) -> Option<Test> {
    Some(match at.name() {
        "exists" => Test::Exists(at.flag()),
        "present" => Test::Present(at.flag()),
        "equals" => Test::OneOf(vec![value(at)?].into()),
        "one-of" => Test::OneOf(some(at).into()),
        "none-of" => Test::NoneOf(some(at).into()),
        "is" => Test::Is(one_or_list(at, |kind| kind.one_of(&KINDS)).into()),
        "words" => Test::Words(words(at)),
        "is-status" => Test::Statuses(one_or_list(at, status).into()),
        _ => Test::Contains(texts(at).into()),
    })
}

fn words(at: At<'_>) -> Words {
    let what = "words";
    let at = at.of_members(what, &["one-of", "only"]);
    Words {
        one_of: at.require(what, "one-of").map(texts).unwrap_or_default().into(),
        only: at.find("only").map(texts).unwrap_or_default().into(),
    }
}

fn some(at: At<'_>) -> Vec<Value> {
    let entries = at.entries();
    if at.is_list() && entries.len() == 0 {
        at.wrong("write at least one value");
    }
    entries.filter_map(value).collect()
}

/// A value to compare with: what has no parts.
fn value(at: At<'_>) -> Option<Value> {
    let json = at.to_json();
    Some(match (json.as_str(), json.as_bytes().first()) {
        ("null", _) => Value::Null,
        ("true", _) => Value::Boolean(true),
        ("false", _) => Value::Boolean(false),
        (_, Some(b'"')) => Value::Text(text(at)),
        ("[]", _) => Value::EmptyList,
        ("{}", _) => Value::EmptyObject,
        (_, Some(b'{' | b'[')) => {
            at.wrong("a list or an object is compared only where it is empty; look at what stands in it");
            return None;
        }
        _ => Value::Number(json.into()),
    })
}

/// `404`, or `4xx`.
fn status(at: At<'_>) -> Option<Status> {
    let one = |status: u16| Some(Status::One(status)).filter(|_| (100..600).contains(&status));
    let status = match at.as_text().map(str::as_bytes) {
        None => at.as_number().and_then(|number| number.try_into().ok()).and_then(one),
        Some([class @ b'1'..=b'5', b'x', b'x']) => Some(Status::Class((class - b'0').into())),
        // As long as a status is, and without a sign.
        Some([b'1'..=b'5', _, _]) => at.as_text().and_then(|text| text.parse().ok()).and_then(one),
        Some(_) => None,
    };
    if status.is_none() {
        at.wrong("write a status such as 404, or a hundred of them such as `4xx`");
    }
    status
}

/// A JSON Pointer (RFC 6901).
fn pointer(at: At<'_>) -> Text {
    let text = at.text();
    if !text.is_empty() && !text.starts_with('/') {
        at.wrong(format!("`{text}` is not a JSON Pointer; one begins with a slash: `/{text}`"));
    }
    text.into()
}

type Made = (&'static str, fn() -> Output);

const OUTPUTS: [Made; 4] = [
    ("body", || Output::Body),
    ("text", || Output::Text),
    ("message", || Output::Message),
    ("nothing", || Output::Value("null".into())),
];

fn output(at: At<'_>) -> Option<Output> {
    if !at.is_object() {
        return at.one_of(&OUTPUTS).map(|made| made());
    }
    let what = "an output";
    let kinds = ["at", "value", "file", "events", "lines"];
    let at = at.of_members(what, &kinds);
    let kind = at.only_one(what, &kinds)?;
    Some(match kind.name() {
        "events" | "lines" => Output::Lines(lines(kind)),
        "at" => Output::At(pointer(kind)),
        "value" => Output::Value(kind.to_json().into()),
        _ => Output::File(text(kind)),
    })
}

const CONTENTS: [(&str, Content); 2] = [("json", Content::Json), ("text", Content::Text)];

/// Items that come line by line.
fn lines(at: At<'_>) -> Lines {
    let is_of_events = at.name() == "events";
    let members: &[&str] = if is_of_events { &["data", "end", "most", "seconds"] } else { &["end", "most", "seconds"] };
    let at = at.of_members("it", members);
    let content = at.word_of("data", &CONTENTS).unwrap_or_default();
    Lines {
        form: if is_of_events { Form::Events(content) } else { Form::Lines },
        end: at.find("end").and_then(end),
        most: at.number_of("most"),
        seconds: at.number_of("seconds"),
    }
}

fn end(at: At<'_>) -> Option<End> {
    let what = "an end";
    let at = at.of_members(what, &["text", "event", "at", "equals"]);
    let kind = at.only_one(what, &["text", "event", "at"])?;
    if let Some(equals) = at.find("equals").filter(|_| kind.name() != "at") {
        equals.wrong("only what stands `at` a JSON Pointer equals a value; delete `equals`, or write `at`");
    }
    Some(match kind.name() {
        "text" => End::Text(text(kind)),
        "event" => End::Event(text(kind)),
        _ => End::At(pointer(kind), at.require(what, "equals").and_then(value)?),
    })
}

fn failure(at: At<'_>) -> Failing {
    let members = ["kind", "message", "code", "field", "retry-after", "note", "hint"];
    let at = at.of_members("a failure", &members);
    let places = |name| at.find(name).map(|found| one_or_list(found, place)).unwrap_or_default().into();
    Failing {
        kind: at.word_of("kind", &FAILURES).unwrap_or_default(),
        message: places("message"),
        code: places("code"),
        field: places("field"),
        retry_after: places("retry-after"),
        note: at.find("note").map(text),
        hint: at.find("hint").map(text),
    }
}

fn place(at: At<'_>) -> Option<Place> {
    if !at.is_object() {
        return Some(Place::At(pointer(at)));
    }
    let what = "a place";
    let kinds = ["header", "body", "words"];
    let at = at.of_members(what, &kinds);
    let kind = at.only_one(what, &kinds)?;
    Some(match kind.name() {
        "header" => Place::Header(text(kind)),
        "words" => Place::Words(text(kind)),
        _ => {
            kind.set();
            Place::Body
        }
    })
}

const TURNS: [&str; 5] = ["page", "offset", "cursor", "last", "link"];

pub(super) fn pages(at: At<'_>) -> Option<Pages> {
    let what = "pages";
    let members: Vec<&str> = [&["list", "told-apart-by"][..], &TURNS].concat();
    let at = at.of_members(what, &members);
    let (list, told_apart_by) = (at.find("list").map(pointer), at.find("told-apart-by").map(text));
    let turn = turn(at.only_one(what, &TURNS)?);
    Some(Pages { list: list.unwrap_or_default(), turn, told_apart_by })
}

fn turn(at: At<'_>) -> Turn {
    let what = "it";
    let (example, members): (_, &[&str]) = match at.name() {
        "page" => ("{query: page}", &["query", "first"]),
        "offset" => ("{query: offset, limit: limit, most: 100}", &["query", "limit", "most"]),
        "cursor" => ("{query: cursor, at: /next}", &["query", "at"]),
        "last" => ("{query: after, at: /id}", &["query", "at"]),
        _ => ("{at: /next, read: [page]}", &["at", "read"]),
    };
    let name = at.name();
    let at = at.of_form("how a page is turned", example, members);
    let query = || at.text_needed(what, "query").into();
    let needed = || at.require(what, "at").map(pointer).unwrap_or_default();
    match name {
        "page" => Turn::Page { query: query(), first: at.number_of("first").unwrap_or(1).into() },
        "offset" => {
            let most = at.require(what, "most").map(|most| (most, most.number()));
            if let Some((most, Some(0))) = most {
                most.wrong("a page has at least one item");
            }
            let most = most.and_then(|(_, count)| count).unwrap_or(1);
            Turn::Offset { query: query(), limit: at.text_needed(what, "limit").into(), most: most.into() }
        }
        "cursor" => Turn::Cursor { query: query(), at: needed() },
        "last" => Turn::Last { query: query(), at: needed() },
        _ => {
            at.require(what, "read");
            Turn::Link { at: at.find("at").map(pointer), read: at.entries_of("read", text).into() }
        }
    }
}
