//! Operations and their requests.

use serde_json::{Value, json};
use wharf_answer::pages::{MAX_ITEMS, MOST_WANTED, NEXT_PAGE, OF_MAX_ITEMS, Pages};
use wharf_answer::rules::{Output, Rule, Then};
use wharf_egress::declaration::{
    AnswerForm, Effect, Field, ListStyle, Method, Path, Request, Slashes, Source, Variable,
};

use super::node::At;
use super::plugin::Servers;
use super::{Problem, answers, schema, values};
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

pub(super) fn operation(name: &str, at: At<'_>, usual: &Usual<'_>) -> Result<Operation, Problem> {
    let what = "an operation";
    let at = at.of_members(what, MEMBERS)?;
    let mut requests = requests(name, &at, usual)?;
    let data = data(&at)?;
    let mut input_schema = at.find("input").map_or_else(|| Ok(closed(json!({}))), input)?;
    if let Some(data) = &data {
        as_files(&mut requests, &data.answer);
        if let Some(pages) = &data.pages {
            add_max_items(&mut input_schema, &at)?;
            turn_the_page(&mut requests, pages, &at)?;
        }
    }
    Ok(Operation {
        name: name.to_owned(),
        title: at.text_needed(what, "title")?,
        summary: at.text_needed(what, "summary")?,
        input_schema,
        output_schema: at.find("output").map(schema).transpose()?,
        effect: at.find("effect").map_or_else(|| Ok(mildest(&requests)), |effect| effect.one_of(&EFFECTS))?,
        idempotent: at.find("idempotent").map_or_else(|| Ok(are_idempotent(&requests)), |flag| flag.flag())?,
        unverified: at.text_of("unverified")?,
        attachments: match at.find("attachments") {
            Some(files) => files.members()?.map(|(name, at)| attachment(name, at)).collect::<Result<_, _>>()?,
            None => Vec::new(),
        },
        output_attachments: at.texts_of("files")?,
        sensitive_inputs: at.texts_of("sensitive-inputs")?,
        sensitive_outputs: at.texts_of("sensitive-outputs")?,
        requests,
        data,
    })
}

/// What the host makes of the answer; nothing where a function runs.
fn data(at: &At<'_>) -> Result<Option<Data>, Problem> {
    let (answer, pages) = (at.find("answer"), at.find("pages"));
    if at.flag_of("code")? {
        return match answer.or(pages) {
            Some(found) => {
                Err(found.wrong("a function reads the answers of an operation with `code`; delete one of the two"))
            }
            None => Ok(None),
        };
    }
    Ok(Some(Data {
        answer: answer.map_or_else(|| Ok(Vec::new()), answers::rules)?,
        pages: pages.map(answers::pages).transpose()?,
    }))
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

fn add_max_items(schema: &mut Value, at: &At<'_>) -> Result<(), Problem> {
    let properties = schema.as_object_mut().map(|schema| schema.entry("properties").or_insert_with(|| json!({})));
    let Some(Value::Object(properties)) = properties else {
        return Err(at.wrong("`properties` of its input is no object"));
    };
    match properties.insert(MAX_ITEMS.to_owned(), max_items()) {
        None => Ok(()),
        Some(_) => Err(at.wrong(format!("the host adds the input `{MAX_ITEMS}` to lists in pages; delete it"))),
    }
}

/// The request that turns the page is like the first one, but for the parameters that turn it.
fn turn_the_page(requests: &mut Vec<Request>, pages: &Pages, at: &At<'_>) -> Result<(), Problem> {
    let Some(first) = requests.first().filter(|_| requests.len() == 1) else {
        return Err(at.wrong("an operation in pages has one request"));
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
    Ok(())
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

fn input(at: At<'_>) -> Result<Value, Problem> {
    match schema(at)? {
        object @ Value::Object(_) => Ok(closed(object)),
        _ => Err(at.wrong("write a JSON Schema of an object: `{properties: {…}}`")),
    }
}

/// The input of an operation is an object without further members; who writes a manifest need not say so.
pub(super) fn closed(mut schema: Value) -> Value {
    if let Value::Object(members) = &mut schema {
        members.entry("type").or_insert_with(|| json!("object"));
        members.entry("additionalProperties").or_insert(Value::Bool(false));
    }
    schema
}

fn attachment(name: &str, at: At<'_>) -> Result<AttachmentField, Problem> {
    let at = at.of_members("an attachment", &["summary", "required", "many"])?;
    Ok(AttachmentField {
        name: name.to_owned(),
        summary: at.text_needed("an attachment", "summary")?,
        required: at.flag_of("required")?,
        many: at.flag_of("many")?,
    })
}

/// The one request, which has the name of the action, or several by their names.
fn requests(operation: &str, at: &At<'_>, usual: &Usual<'_>) -> Result<Vec<Request>, Problem> {
    match (at.find("request"), at.find("requests")) {
        (Some(one), None) => Ok(vec![request(action(operation), one, usual)?]),
        (None, Some(several)) => several.members()?.map(|(name, at)| request(name, at, usual)).collect(),
        (None, None) => Err(at.wrong("an operation needs `request`, or `requests` where there are several")),
        (Some(_), Some(_)) => Err(at.wrong("an operation has `request` or `requests`, not both")),
    }
}

/// `delete-session` of `users.delete-session`.
pub(super) fn action(operation: &str) -> &str {
    operation.split_once('.').map_or(operation, |(_, action)| action)
}

fn request(name: &str, at: At<'_>, usual: &Usual<'_>) -> Result<Request, Problem> {
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
    request_of(name, at.of_members("a request", MEMBERS)?, usual)
}

/// The request that an object describes whose members were looked at.
pub(super) fn request_of(name: &str, at: At<'_>, usual: &Usual<'_>) -> Result<Request, Problem> {
    let what = "a request";
    let path = at.find("path");
    let path_text = path.map_or_else(|| Ok(String::new()), |path| path.text())?;
    let server = at.find("server").map(|server| usual.servers.named(server)).transpose()?.flatten();
    let scheme = at.text_of("scheme")?.or_else(|| usual.scheme.clone());
    Ok(Request {
        name: name.to_owned(),
        method: at.require(what, "method")?.one_of(&METHODS)?,
        server: server.map(str::to_owned),
        path: Path::parse(&path_text).map_err(|error| path.unwrap_or(at).wrong(error))?,
        variables: match at.find("variables") {
            Some(variables) => variables.members()?.map(|(name, at)| variable(name, at)).collect::<Result<_, _>>()?,
            None => Vec::new(),
        },
        query: values::fields(at.find("query"))?,
        open_query: at.text_of("open-query")?,
        headers: values::fields(at.find("headers"))?,
        body: values::body(at.find("body"))?,
        scheme: scheme.filter(|scheme| scheme != NO_SCHEME),
        answer: if at.flag_of("as-file")? { AnswerForm::Blob } else { AnswerForm::Bytes },
        read_only: at.flag_of("read-only")?,
        sensitive_answer: at.texts_of("sensitive-answer")?,
        redirects_to: at.texts_of("redirects-to")?,
        when_given: at.texts_of("when-given")?,
    })
}

fn variable(name: &str, at: At<'_>) -> Result<Variable, Problem> {
    if let Some(input) = at.as_text() {
        let source = Source::Input(input.to_owned());
        return Ok(Variable { name: name.to_owned(), source, slashes: Slashes::Refused });
    }
    let what = "a variable";
    let members: Vec<&str> = [&["slashes"], values::SOURCE].concat();
    let at = at.of_members(what, &members)?;
    let slashes = at.find("slashes").map_or(Ok(Slashes::Refused), |slashes| slashes.one_of(&SLASHES))?;
    Ok(Variable { name: name.to_owned(), source: values::source(what, &at)?, slashes })
}

pub(super) const SLASHES: [(&str, Slashes); 2] = [("refused", Slashes::Refused), ("encoded", Slashes::Encoded)];
