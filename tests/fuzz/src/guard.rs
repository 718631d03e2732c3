//! The guard: what is sent has the shape that was declared, whatever was declared and asked for.

use std::borrow::Cow;
use std::collections::HashSet;
use std::time::Duration;

use arbitrary::{Arbitrary, Unstructured};
use percent_encoding::percent_decode_str;
use serde_json::{Map, Value, json};
use url::Url;
use wharf_egress::declaration::{Declaration, Effect, Operation, Request, compile, is_credential};
use wharf_egress::guard::{Asked, AskedBody, Item, prepare};
use wharf_egress::work::Work;
use wharf_egress::{Connection, Deadline, MASK};

use crate::words::Words;

/// Where a value comes from, and the value.
#[derive(Arbitrary, Debug)]
enum Source {
    Input(Words),
    Constant(Words),
    /// Given by the plugin, or left out.
    Free(Option<Words>),
}

#[derive(Arbitrary, Debug)]
struct Field {
    name: Words,
    source: Source,
}

#[derive(Arbitrary, Debug)]
enum Piece {
    Literal(Words),
    Variable(Source),
}

#[derive(Arbitrary, Debug)]
enum Form {
    Json,
    Form,
}

#[derive(Arbitrary, Debug)]
struct Body {
    form: Form,
    fields: Vec<Field>,
    open: bool,
}

#[derive(Arbitrary, Debug)]
struct Case {
    path: Vec<Vec<Piece>>,
    query: Vec<Field>,
    headers: Vec<Field>,
    body: Option<Body>,
    /// What the plugin gives besides, declared or not.
    further_query: Vec<(Words, Words)>,
    further_headers: Vec<(Words, Words)>,
    further_body: Vec<(Words, Words)>,
}

/// What is longer is shown without its end, in bytes.
const LONGEST_SHOWN: usize = 4096;

type Pair = (String, String);
type Pairs = Vec<Pair>;

/// What is declared, the input, what is asked for, and what has to come of it.
#[derive(Default)]
struct Setup {
    input: Map<String, Value>,
    variables: Vec<Value>,
    asked: Asked,
}

impl Setup {
    /// A source as the manifest has it; the value, if there is one, and whether the plugin gave it.
    fn source<'a>(&mut self, source: &'a Source) -> (Value, Option<&'a str>, bool) {
        match source {
            Source::Input(Words(value)) => {
                let name = format!("i{}", self.input.len());
                self.input.insert(name.clone(), json!(value));
                (json!({"input": name}), Some(value), false)
            }
            Source::Constant(Words(value)) => (json!({"text": value}), Some(value), false),
            Source::Free(value) => (json!({"free": "a test"}), value.as_ref().map(|Words(value)| value.as_str()), true),
        }
    }

    /// The fields, the pairs that have to arrive, and those of them that the plugin gives.
    fn fields(&mut self, fields: &[Field]) -> (Vec<Value>, Pairs, Pairs) {
        let (mut declared, mut arriving, mut given) = (Vec::new(), Vec::new(), Vec::new());
        for Field { name: Words(name), source } in fields {
            let (source, value, free) = self.source(source);
            declared.push(json!({"name": name, "source": source, "lists": "repeated"}));
            let pair = value.map(|value| (name.clone(), value.to_owned()));
            arriving.extend(pair.clone());
            given.extend(pair.filter(|_| free));
        }
        (declared, arriving, given)
    }

    /// The path template, and the segments that have to arrive.
    fn path(&mut self, path: &[Vec<Piece>]) -> (String, Vec<String>) {
        let (mut template, mut segments) = (String::new(), Vec::new());
        for pieces in path {
            let mut segment = String::new();
            template.push('/');
            for piece in pieces {
                match piece {
                    Piece::Literal(Words(text)) => {
                        template.push_str(text);
                        // A slash that is declared begins another one.
                        let mut parts = text.split('/');
                        segment.push_str(parts.next().unwrap_or_default());
                        parts.for_each(|part| segments.push(std::mem::replace(&mut segment, part.to_owned())));
                    }
                    Piece::Variable(source) => {
                        let name = format!("v{}", self.variables.len());
                        let (source, value, free) = self.source(source);
                        template.push_str(&format!("{{{name}}}"));
                        segment.push_str(value.unwrap_or_default());
                        self.variables.push(json!({"name": name, "source": source}));
                        let given = value.filter(|_| free).map(|value| (name, value.to_owned()));
                        self.asked.variables.extend(given);
                    }
                }
            }
            segments.push(segment);
        }
        (template, segments)
    }
}

fn words(pairs: &[(Words, Words)]) -> Pairs {
    pairs.iter().map(|(Words(name), Words(value))| (name.clone(), value.clone())).collect()
}

/// A request that is made of the bytes meets one that is declared by them: whether it is sent.
pub fn guard(bytes: &[u8]) -> bool {
    let Ok(case) = Unstructured::new(bytes).arbitrary::<Case>() else { return false };
    let mut setup = Setup::default();
    let (path, segments) = setup.path(&case.path);
    let (query, mut query_arriving, query_given) = setup.fields(&case.query);
    let (headers, mut headers_arriving, headers_given) = setup.fields(&case.headers);
    let further_query = words(&case.further_query);
    let further_headers = words(&case.further_headers);
    query_arriving.extend(further_query.iter().cloned());
    headers_arriving.extend(further_headers.iter().cloned());
    setup.asked.name = "main".to_owned();
    setup.asked.query = [query_given, further_query].concat();
    setup.asked.headers = [headers_given, further_headers].concat();
    let (body, body_arriving, body_declared) = match &case.body {
        Some(body) => {
            let (fields, mut arriving, given) = setup.fields(&body.fields);
            let (further, declared) = (words(&case.further_body), arriving.len());
            arriving.extend(further.iter().cloned());
            let open = body.open.then_some("a test");
            let members = json!({"fields": fields, "open": open});
            let given = [given, further].concat();
            let (form, asked) = match body.form {
                Form::Json => (json!({"json": members}), AskedBody::Json(json_of(&given))),
                Form::Form => (json!({"form": members}), AskedBody::Form(given)),
            };
            setup.asked.body = Some(asked);
            (form, arriving, declared)
        }
        None => (json!("none"), Vec::new(), 0),
    };
    let request = json!({
        "name": "main", "method": "POST", "path": path, "variables": setup.variables, "query": query, "headers": headers,
        "body": body, "scheme": null, "answer": "bytes", "read-only": false, "sensitive-answer": [],
    });
    let Some(declarations) = declared(request, &setup.input) else { return false };
    let connection = Connection::builder("acme", "main", "https://acme.example/api").build().expect("it is a base URL");
    let item =
        Item { input: &setup.input, attachments: &[], sensitive: &HashSet::new(), written: None, call: "a-call" };
    let work = Work::until(Deadline::within(Duration::from_secs(60)));
    let Ok(outgoing) = prepare(&declarations, &setup.asked, item, &connection, &work) else { return false };

    let shown = outgoing.shown();
    let headers_are_whole = shown.headers.iter().all(|(_, value)| value.len() < LONGEST_SHOWN);
    if outgoing.body_bytes() as usize >= LONGEST_SHOWN || shown.url.len() >= LONGEST_SHOWN || !headers_are_whole {
        return true;
    }
    let url = Url::parse(&shown.url).expect("a URL is sent");
    assert_eq!(url.as_str(), shown.url, "nothing is left to normalise");
    assert_eq!((shown.method, url.origin().ascii_serialization().as_str()), ("POST", "https://acme.example"));
    let arrived = url.path().strip_prefix("/api").expect("the path goes on from that of the base URL");
    let arrived: Vec<Cow<'_, str>> =
        arrived.split('/').skip(1).map(|s| percent_decode_str(s).decode_utf8().expect("it was text")).collect();
    assert_eq!(arrived, segments);
    assert_same(url.query_pairs().into_owned().collect(), query_arriving);
    assert_same(shown.headers, headers_arriving);
    match (case.body, shown.body) {
        (Some(Body { form: Form::Form, .. }), Some(text)) => {
            assert_same(form_urlencoded::parse(text.as_bytes()).into_owned().collect(), body_arriving);
        }
        (Some(Body { form: Form::Json, .. }), Some(text)) => json_has(&text, body_arriving.split_at(body_declared)),
        (_, body) => assert!(body_arriving.is_empty() && body.is_none_or(|body| body.is_empty())),
    }
    assert_eq!(url.fragment(), None);
    true
}

fn declared(request: Value, input: &Map<String, Value>) -> Option<Vec<Declaration>> {
    let requests: [Request; 1] = [serde_json::from_value(request).ok()?];
    let inputs: Vec<&str> = input.keys().map(String::as_str).collect();
    let operation =
        Operation { name: "a.b", effect: Effect::Write, inputs: &inputs, attachments: &[], requests: &requests };
    compile(&[], &[], &[operation]).ok().map(|mut all| all.remove(0))
}

/// As a plugin would write it, members twice included.
fn json_of(pairs: &[(String, String)]) -> String {
    let members: Vec<String> = pairs.iter().map(|(name, value)| format!("{}:{}", json!(name), json!(value))).collect();
    format!("{{{}}}", members.join(","))
}

/// The same pairs, in any order: no more, no fewer, and no others.
fn assert_same(arrived: Pairs, expected: Pairs) {
    let [arrived, expected] = [arrived, expected].map(|pairs| {
        let mut shown: Pairs = pairs.into_iter().map(|(name, value)| (name.clone(), as_shown(&name, value))).collect();
        shown.sort();
        shown
    });
    assert_eq!(arrived, expected);
}

/// What has the name of a credential is not shown.
fn as_shown(name: &str, value: String) -> String {
    if is_credential(name) { MASK.to_owned() } else { value }
}

/// Every value stands where its name or JSON Pointer says, and there is nothing else.
fn json_has(text: &str, (declared, further): (&[Pair], &[Pair])) {
    let body: Value = serde_json::from_str(text).expect("JSON is sent");
    // What a plugin adds is a member, also where its name begins with a slash.
    let of_declared = declared.iter().map(|pair| (pair, pair.0.starts_with('/')));
    for ((name, value), is_pointer) in of_declared.chain(further.iter().map(|pair| (pair, false))) {
        let member = if is_pointer { body.pointer(name) } else { body.get(name) };
        let member = member.and_then(Value::as_str).map(|text| as_shown(name, text.to_owned()));
        assert_eq!(member, Some(as_shown(name, value.clone())), "`{name}` in {body}");
    }
    assert_eq!(leaves(&body), declared.len() + further.len(), "{body}");
}

fn leaves(value: &Value) -> usize {
    match value {
        Value::Object(members) => members.values().map(leaves).sum(),
        Value::Array(items) => items.iter().map(leaves).sum(),
        _ => 1,
    }
}
