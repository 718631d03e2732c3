//! Rules for answers, and pages.

use wharf_answer::document::{FAILURES, KINDS};
use wharf_answer::lines::{Content, End, Form, Lines};
use wharf_answer::pages::{Pages, Turn};
use wharf_answer::rules::{Condition, Failing, Output, Place, Rule, Status, Subject, Test, Text, Then, Value, Words};

use super::Problem;
use super::node::At;

/// Rules in a list.
pub(super) fn rules(at: At<'_>) -> Result<Vec<Rule>, Problem> {
    at.entries()?.map(rule).collect()
}

const OUTCOMES: [&str; 4] = ["output", "failure", "unreadable", "use"];

fn rule(at: At<'_>) -> Result<Rule, Problem> {
    let what = "a rule";
    let members: Vec<&str> = [&["each", "if"][..], &OUTCOMES].concat();
    let at = at.of_members(what, &members)?;
    let then = at.only_one(what, &OUTCOMES)?;
    let conditions = match at.find("if") {
        None => Vec::new(),
        Some(several) if several.is_list() => several.entries()?.map(condition).collect::<Result<_, _>>()?,
        Some(one) => vec![condition(one)?],
    };
    Ok(Rule {
        each: at.find("each").map(pointer).transpose()?,
        conditions: conditions.into(),
        then: match then.name() {
            "output" => Then::Output(output(then)?),
            "failure" => Then::Failure(failure(then)?),
            "unreadable" => Then::Unreadable(text(then)?),
            _ => Then::Use(text(then)?),
        },
    })
}

fn text(at: At<'_>) -> Result<Text, Problem> {
    at.text().map(Text::Owned)
}

/// One of something, or several in a list.
fn one_or_list<T>(at: At<'_>, each: impl Fn(At<'_>) -> Result<T, Problem>) -> Result<Vec<T>, Problem> {
    if at.is_list() { at.entries()?.map(each).collect() } else { Ok(vec![each(at)?]) }
}

const SUBJECTS: [&str; 5] = ["status", "reads", "at", "header", "body"];
const TESTS: [&str; 9] = ["exists", "present", "equals", "one-of", "none-of", "is", "contains", "words", "is-status"];

fn condition(at: At<'_>) -> Result<Condition, Problem> {
    let what = "a condition";
    let members: Vec<&str> = [&SUBJECTS[..], &TESTS, &["any-case", "except", "not"]].concat();
    let at = at.of_members(what, &members)?;
    let subject = at.only_one(what, &SUBJECTS)?;
    let of = match subject.name() {
        "status" => Subject::Status,
        "reads" => Subject::Operation,
        "at" => Subject::At(one_or_list(subject, pointer)?.into()),
        "header" => Subject::Header(text(subject)?),
        _ if subject.flag()? => Subject::Body,
        _ => return Err(subject.wrong("write `true`, or delete it")),
    };
    let has_test = TESTS.iter().any(|test| at.find(test).is_some());
    let test = match of {
        Subject::Status | Subject::Operation if has_test => {
            return Err(subject.wrong(format!("`{}` is a condition by itself; delete the others", subject.name())));
        }
        Subject::Status => Test::Statuses(one_or_list(subject, status)?.into()),
        Subject::Operation => Test::Reads(subject.flag()?),
        _ => test(at.only_one(what, &TESTS)?)?,
    };
    if matches!((&of, &test), (Subject::Header(_), Test::Is(_))) {
        return Err(at.wrong("a header is a text; ask `equals`, `one-of`, `contains` or `present` of it"));
    }
    Ok(Condition {
        of,
        test,
        any_case: at.flag_of("any-case")?,
        except: at.find("except").map_or_else(|| Ok(Vec::new()), |names| one_or_list(names, text))?.into(),
        not: at.flag_of("not")?,
    })
}

fn test(at: At<'_>) -> Result<Test, Problem> {
    Ok(match at.name() {
        "exists" => Test::Exists(at.flag()?),
        "present" => Test::Present(at.flag()?),
        "equals" => Test::OneOf(vec![value(at)?].into()),
        "one-of" => Test::OneOf(some(at)?.into()),
        "none-of" => Test::NoneOf(some(at)?.into()),
        "is" => Test::Is(one_or_list(at, |kind| kind.one_of(&KINDS))?.into()),
        "words" => Test::Words(words(at)?),
        "is-status" => Test::Statuses(one_or_list(at, status)?.into()),
        _ => Test::Contains(one_or_list(at, text)?.into()),
    })
}

fn words(at: At<'_>) -> Result<Words, Problem> {
    let what = "words";
    let at = at.of_members(what, &["one-of", "only"])?;
    Ok(Words {
        one_of: one_or_list(at.require(what, "one-of")?, text)?.into(),
        only: at.find("only").map_or_else(|| Ok(Vec::new()), |only| one_or_list(only, text))?.into(),
    })
}

fn some(at: At<'_>) -> Result<Vec<Value>, Problem> {
    let values: Vec<Value> = at.entries()?.map(value).collect::<Result<_, _>>()?;
    if values.is_empty() { Err(at.wrong("write at least one value")) } else { Ok(values) }
}

/// A value to compare with: what has no parts.
fn value(at: At<'_>) -> Result<Value, Problem> {
    let json = at.to_json();
    Ok(match (json.as_str(), json.as_bytes().first()) {
        ("null", _) => Value::Null,
        ("true", _) => Value::Boolean(true),
        ("false", _) => Value::Boolean(false),
        (_, Some(b'"')) => Value::Text(text(at)?),
        ("[]", _) => Value::EmptyList,
        ("{}", _) => Value::EmptyObject,
        (_, Some(b'{' | b'[')) => {
            return Err(at.wrong("a list or an object is compared only where it is empty; look at what stands in it"));
        }
        _ => Value::Number(json.into()),
    })
}

/// `404`, or `4xx`.
fn status(at: At<'_>) -> Result<Status, Problem> {
    let one = |status: u16| Some(Status::One(status)).filter(|_| (100..600).contains(&status));
    let status = match at.as_text().map(str::as_bytes) {
        None => at.number().ok().and_then(|number| number.try_into().ok()).and_then(one),
        Some([class @ b'1'..=b'5', b'x', b'x']) => Some(Status::Class((class - b'0').into())),
        // As long as a status is, and without a sign.
        Some([b'1'..=b'5', _, _]) => at.as_text().and_then(|text| text.parse().ok()).and_then(one),
        Some(_) => None,
    };
    status.ok_or_else(|| at.wrong("write a status such as 404, or a hundred of them such as `4xx`"))
}

/// A JSON Pointer (RFC 6901).
fn pointer(at: At<'_>) -> Result<Text, Problem> {
    let text = at.text()?;
    if text.is_empty() || text.starts_with('/') {
        return Ok(text.into());
    }
    Err(at.wrong(format!("`{text}` is not a JSON Pointer; one begins with a slash: `/{text}`")))
}

type Made = (&'static str, fn() -> Output);

const OUTPUTS: [Made; 4] = [
    ("body", || Output::Body),
    ("text", || Output::Text),
    ("message", || Output::Message),
    ("nothing", || Output::Value("null".into())),
];

fn output(at: At<'_>) -> Result<Output, Problem> {
    if !at.is_object() {
        return Ok(at.one_of(&OUTPUTS)?());
    }
    let what = "an output";
    let kinds = ["at", "value", "file", "events", "lines"];
    let at = at.of_members(what, &kinds)?;
    let kind = at.only_one(what, &kinds)?;
    Ok(match kind.name() {
        "events" | "lines" => Output::Lines(lines(kind)?),
        "at" => Output::At(pointer(kind)?),
        "value" => Output::Value(kind.to_json().into()),
        _ => Output::File(text(kind)?),
    })
}

const CONTENTS: [(&str, Content); 2] = [("json", Content::Json), ("text", Content::Text)];

/// Items that come line by line.
fn lines(at: At<'_>) -> Result<Lines, Problem> {
    let is_of_events = at.name() == "events";
    let members: &[&str] = if is_of_events { &["data", "end", "most", "seconds"] } else { &["end", "most", "seconds"] };
    let at = at.of_members("it", members)?;
    let content = at.find("data").map_or_else(|| Ok(Content::default()), |data| data.one_of(&CONTENTS))?;
    Ok(Lines {
        form: if is_of_events { Form::Events(content) } else { Form::Lines },
        end: at.find("end").map(end).transpose()?,
        most: at.find("most").map(|most| most.number()).transpose()?,
        seconds: at.find("seconds").map(|seconds| seconds.number()).transpose()?,
    })
}

fn end(at: At<'_>) -> Result<End, Problem> {
    let what = "an end";
    let at = at.of_members(what, &["text", "event", "at", "equals"])?;
    let kind = at.only_one(what, &["text", "event", "at"])?;
    if let Some(equals) = at.find("equals").filter(|_| kind.name() != "at") {
        return Err(equals.wrong("only what stands `at` a JSON Pointer equals a value; delete `equals`, or write `at`"));
    }
    Ok(match kind.name() {
        "text" => End::Text(text(kind)?),
        "event" => End::Event(text(kind)?),
        _ => End::At(pointer(kind)?, value(at.require(what, "equals")?)?),
    })
}

fn failure(at: At<'_>) -> Result<Failing, Problem> {
    let members = ["kind", "message", "code", "field", "retry-after", "note", "hint"];
    let at = at.of_members("a failure", &members)?;
    let places = |name: &'static str| match at.find(name) {
        Some(found) => one_or_list(found, place),
        None => Ok(Vec::new()),
    };
    Ok(Failing {
        kind: at.find("kind").map_or_else(|| Ok(Default::default()), |kind| kind.one_of(&FAILURES))?,
        message: places("message")?.into(),
        code: places("code")?.into(),
        field: places("field")?.into(),
        retry_after: places("retry-after")?.into(),
        note: at.find("note").map(text).transpose()?,
        hint: at.find("hint").map(text).transpose()?,
    })
}

fn place(at: At<'_>) -> Result<Place, Problem> {
    if !at.is_object() {
        return pointer(at).map(Place::At);
    }
    let what = "a place";
    let kinds = ["header", "body", "words"];
    let at = at.of_members(what, &kinds)?;
    let kind = at.only_one(what, &kinds)?;
    Ok(match kind.name() {
        "header" => Place::Header(text(kind)?),
        "words" => Place::Words(text(kind)?),
        _ if kind.flag()? => Place::Body,
        _ => return Err(kind.wrong("write `true`, or delete it")),
    })
}

const TURNS: [&str; 5] = ["page", "offset", "cursor", "last", "link"];

pub(super) fn pages(at: At<'_>) -> Result<Pages, Problem> {
    let what = "pages";
    let members: Vec<&str> = [&["list", "told-apart-by"][..], &TURNS].concat();
    let at = at.of_members(what, &members)?;
    Ok(Pages {
        list: at.find("list").map_or_else(|| Ok(Text::default()), pointer)?,
        turn: turn(at.only_one(what, &TURNS)?)?,
        told_apart_by: at.find("told-apart-by").map(text).transpose()?,
    })
}

fn turn(at: At<'_>) -> Result<Turn, Problem> {
    let what = "it";
    let members: &[&str] = match at.name() {
        "page" => &["query", "first"],
        "offset" => &["query", "limit", "most"],
        "cursor" | "last" => &["query", "at"],
        _ => &["at", "read"],
    };
    let name = at.name();
    let at = at.of_members(what, members)?;
    let query = || at.require(what, "query").and_then(|query| query.text()).map(Text::Owned);
    let needed = || at.require(what, "at").and_then(pointer);
    Ok(match name {
        "page" => Turn::Page { query: query()?, first: at.find("first").map_or(Ok(1), |first| first.number())?.into() },
        "offset" => {
            let most = at.require(what, "most")?;
            let count = most.number()?;
            if count == 0 {
                return Err(most.wrong("a page has at least one item"));
            }
            Turn::Offset { query: query()?, limit: at.text_needed(what, "limit")?.into(), most: count.into() }
        }
        "cursor" => Turn::Cursor { query: query()?, at: needed()? },
        "last" => Turn::Last { query: query()?, at: needed()? },
        _ => Turn::Link {
            at: at.find("at").map(pointer).transpose()?,
            read: at.require(what, "read")?.entries()?.map(text).collect::<Result<Vec<_>, _>>()?.into(),
        },
    })
}
