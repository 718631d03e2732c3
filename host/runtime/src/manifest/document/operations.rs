//! Operations and their requests.

use serde_json::{Value, json};
use wharf_answer::pages::{MAX_ITEMS, MOST_WANTED, NEXT_PAGE, OF_MAX_ITEMS, Pages};
use wharf_answer::rules::{Output, Rule, Then};
use wharf_egress::declaration::{
    AnswerForm, BodyForm, Effect, Field, ListStyle, Method, Request, Slashes, Source, Variable,
};

use super::at::At;
use super::plugin::Servers;
use super::{answers, credentials, schema, values};
use crate::manifest::{AttachmentField, Data, Operation};

/// What holds where an operation or a request says nothing else.
pub(super) struct Usual<'a> {
    /// Of all requests.
    pub(super) scheme: Option<String>,
    /// Those that a request can name; one that names none goes to the main one.
    pub(super) servers: Servers<'a>,
}

/// The name of no scheme.
pub(super) const NO_SCHEME: &str = "none";

const MEMBERS: &[&str] = &[
    "title",
    "summary",
    "effect",
    "idempotent",
    "unverified",
    "code",
    "input",
    "output",
    "attachments",
    "files",
    "sensitive-inputs",
    "sensitive-outputs",
    "request",
    "requests",
    "answer",
    "pages",
];

pub(super) const EFFECTS: [(&str, Effect); 3] =
    [("read", Effect::Read), ("write", Effect::Write), ("delete", Effect::Delete)];

pub(super) const METHODS: [(&str, Method); 6] = [
    ("GET", Method::Get),
    ("HEAD", Method::Head),
    ("POST", Method::Post),
    ("PUT", Method::Put),
    ("PATCH", Method::Patch),
    ("DELETE", Method::Delete),
];

pub(super) fn operation(name: &str, at: At<'_>, usual: &Usual<'_>) -> Operation {
    let what = "an operation";
    let at = at.of_members(what, MEMBERS);
    let mut requests = requests(name, &at, usual);
    let data = data(&at);
    let mut input_schema = at.find("input").map_or_else(|| closed(json!({})), input);
    if let Some(data) = &data {
        as_files(&mut requests, &data.answer);
        if let Some(pages) = &data.pages {
            add_max_items(&mut input_schema, &at);
            turn_the_page(&mut requests, pages, &at);
        }
    }
    Operation {
        name: name.to_owned(),
        title: at.text_needed(what, "title"),
        summary: at.text_needed(what, "summary"),
        input_schema,
        output_schema: at.find("output").map(schema),
        effect: at.word_of("effect", &EFFECTS).unwrap_or_else(|| mildest(&requests)),
        idempotent: at.find("idempotent").map_or_else(|| are_idempotent(&requests), |flag| flag.flag()),
        unverified: at.text_of("unverified"),
        attachments: at.members_of("attachments", attachment),
        output_attachments: at.texts_of("files"),
        sensitive_inputs: at.texts_of("sensitive-inputs"),
        sensitive_outputs: at.texts_of("sensitive-outputs"),
        requests,
        data,
    }
}

/// What the host makes of the answer; nothing where a function runs.
fn data(at: &At<'_>) -> Option<Data> {
    let (answer, pages) = (at.find("answer"), at.find("pages"));
    if !at.flag_of("code") {
        return Some(Data {
            answer: answer.map(answers::rules).unwrap_or_default(),
            pages: pages.and_then(answers::pages),
        });
    }
    if let Some(found) = answer.or(pages) {
        found.wrong("a function reads the answers of an operation with `code`; delete one of the two");
    }
    None
}

/// Where the rules give a file, it does not pass through memory.
fn as_files(requests: &mut [Request], rules: &[Rule]) {
    if give_a_file(rules) {
        requests.iter_mut().for_each(|request| request.answer = AnswerForm::Blob);
    }
}

/// Whether a rule gives a file.
pub(super) fn give_a_file(rules: &[Rule]) -> bool {
    rules.iter().any(|rule| matches!(rule.then, Then::Output(Output::File(_))))
}

/// The input by which a caller asks for more than a page.
pub(super) fn max_items() -> Value {
    json!({
        "type": "integer",
        "minimum": 1,
        "maximum": MOST_WANTED,
        "description": OF_MAX_ITEMS,
    })
}

fn add_max_items(schema: &mut Value, at: &At<'_>) {
    let properties = schema.as_object_mut().map(|schema| schema.entry("properties").or_insert_with(|| json!({})));
    let Some(Value::Object(properties)) = properties else {
        return at.wrong("`properties` of its input is no object");
    };
    if properties.insert(MAX_ITEMS.to_owned(), max_items()).is_some() {
        at.wrong(format!("the host adds the input `{MAX_ITEMS}` to lists in pages; delete it"));
    }
}

/// The request that turns the page is like the first one, but for the parameters that turn it.
fn turn_the_page(requests: &mut Vec<Request>, pages: &Pages, at: &At<'_>) {
    let Some(first) = requests.first().filter(|_| requests.len() == 1) else {
        // That there is none was told.
        return if !requests.is_empty() {
            at.wrong("an operation in pages has one request")
        };
    };
    let mut next = Request { name: NEXT_PAGE.to_owned(), ..first.clone() };
    let turning = pages.turn.parameters();
    next.query.retain(|field| !turning.contains(&field.name.as_str()));
    next.query.extend(turning.into_iter().map(|name| Field {
        name: name.to_owned(),
        source: Source::Free("the host turns the page by it".to_owned()),
        lists: ListStyle::Repeated,
        media_type: None,
    }));
    requests.push(next);
}

/// The mildest effect that an operation with these requests may have: the usual one.
pub(super) fn mildest(requests: &[Request]) -> Effect {
    requests.iter().map(Request::effect).max().unwrap_or(Effect::Read)
}

/// Whether running requests twice usually does no more than running them once. Of a DELETE the second one fails.
pub(super) fn are_idempotent(requests: &[Request]) -> bool {
    let is_idempotent =
        |request: &Request| request.read_only || matches!(request.method, Method::Get | Method::Head | Method::Put);
    requests.iter().all(is_idempotent)
}

fn input(at: At<'_>) -> Value {
    let schema = schema(at);
    if !schema.is_object() {
        at.wrong("write a JSON Schema of an object: `{properties: {…}}`");
        return closed(json!({}));
    }
    closed(schema)
}

/// The input of an operation is an object without further members; who writes a manifest need not say so.
pub(super) fn closed(mut schema: Value) -> Value {
    if let Value::Object(members) = &mut schema {
        members.entry("type").or_insert_with(|| json!("object"));
        members.entry("additionalProperties").or_insert(Value::Bool(false));
    }
    schema
}

fn attachment(name: &str, at: At<'_>) -> AttachmentField {
    let at = at.of_members("an attachment", &["summary", "required", "many"]);
    AttachmentField {
        name: name.to_owned(),
        summary: at.text_needed("an attachment", "summary"),
        required: at.flag_of("required"),
        many: at.flag_of("many"),
    }
}

/// The one request, which has the name of the action, or several by their names.
fn requests(operation: &str, at: &At<'_>, usual: &Usual<'_>) -> Vec<Request> {
    match (at.find("request"), at.find("requests")) {
        (Some(one), None) => return vec![request(action(operation), one, usual)],
        (None, Some(_)) => return at.members_of("requests", |name, at| request(name, at, usual)),
        (Some(_), Some(_)) => at.wrong("an operation has `request` or `requests`, not both"),
        (None, None) if at.is_object() => {
            at.wrong("an operation needs `request`, or `requests` where there are several")
        }
        // What is no object was told already.
        (None, None) => {}
    }
    Vec::new()
}

/// `delete-session` of `users.delete-session`.
pub(super) fn action(operation: &str) -> &str {
    operation.split_once('.').map_or(operation, |(_, action)| action)
}

fn request(name: &str, at: At<'_>, usual: &Usual<'_>) -> Request {
    const MEMBERS: &[&str] = &[
        "method",
        "server",
        "path",
        "variables",
        "query",
        "headers",
        "body",
        "scheme",
        "as-file",
        "read-only",
        "sensitive-answer",
        "when-given",
        "redirects-to",
        "open-query",
    ];
    request_of(name, at.of_form("a request", "{method: GET, path: /…}", MEMBERS), usual)
}

/// The request that an object describes whose members were looked at.
pub(super) fn request_of(name: &str, at: At<'_>, usual: &Usual<'_>) -> Request {
    let scheme = at.text_of("scheme").or_else(|| usual.scheme.clone());
    Request {
        name: name.to_owned(),
        method: at.require("a request", "method").and_then(|method| method.one_of(&METHODS)).unwrap_or(Method::Get),
        server: usual.servers.of_member(&at),
        path: credentials::path(&at),
        variables: at.members_of("variables", variable).into_iter().flatten().collect(),
        query: values::fields_of(&at, "query"),
        open_query: at.text_of("open-query"),
        headers: values::fields_of(&at, "headers"),
        body: at.find("body").and_then(values::body).unwrap_or(BodyForm::None),
        scheme: scheme.filter(|scheme| scheme != NO_SCHEME),
        answer: if at.flag_of("as-file") { AnswerForm::Blob } else { AnswerForm::Bytes },
        read_only: at.flag_of("read-only"),
        sensitive_answer: at.texts_of("sensitive-answer"),
        redirects_to: at.texts_of("redirects-to"),
        when_given: at.texts_of("when-given"),
    }
}

fn variable(name: &str, at: At<'_>) -> Option<Variable> {
    if let Some(input) = at.as_text() {
        let source = Source::Input(input.to_owned());
        return Some(Variable { name: name.to_owned(), source, slashes: Slashes::Refused });
    }
    let what = "a variable";
    let members: Vec<&str> = [&["slashes"], values::SOURCE].concat();
    let at = at.of_members(what, &members);
    let slashes = at.word_of("slashes", &SLASHES).unwrap_or(Slashes::Refused);
    Some(Variable { name: name.to_owned(), source: values::source(what, &at)?, slashes })
}

pub(super) const SLASHES: [(&str, Slashes); 2] = [("refused", Slashes::Refused), ("encoded", Slashes::Encoded)];
