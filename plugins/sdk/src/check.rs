//! What a plugin's data says that would come to nothing: an input that no request carries, for instance. It is found when the
//! plugin is compiled, so it is written for a compiler that knows neither iterators nor formatting there.

use crate::input::Input;
use crate::operation::{Answer, Operation};
use crate::provider::{Attachment, Provider, Scheme};
use crate::request::{Body, DeclaredRequest, Field, FieldSource, Lists, Place};
use crate::schema::Schema;

/// Checks all operations of a provider.
///
/// # Panics
/// With the first value that would go nowhere, and what to do.
pub const fn check(provider: &Provider) {
    let mut resources = provider.resources;
    while let [resource, others @ ..] = resources {
        let mut operations = resource.operations;
        while let [operation, others @ ..] = operations {
            if let Some((name, problem)) = problem(provider, operation) {
                Words::new()
                    .add(resource.name)
                    .add(".")
                    .add(operation.action)
                    .add(": `")
                    .add(name)
                    .add(problem)
                    .panic();
            }
            operations = others;
        }
        resources = others;
    }
}

/// The name of a value that goes nowhere, and what to do about it.
const fn problem(provider: &Provider, operation: &Operation) -> Option<(&'static str, &'static str)> {
    if operation.paging.is_some() && !matches!(operation.answer, Answer::Value) {
        return Some((
            "paged",
            "` gives the value that is read, with the items of all pages: leave `.answers_body()`, `.answers_success()` or \
             `.answers_file(…)` out",
        ));
    }
    let mut inputs = operation.inputs;
    while let [input, others @ ..] = inputs {
        if let Some(problem) = of_input(provider, operation, input) {
            return Some((input.name, problem));
        }
        inputs = others;
    }
    let mut attachments = operation.attachments;
    while let [attachment, others @ ..] = attachments {
        if !is_sent(operation, attachment) {
            return Some((
                attachment.name,
                "` is a file that is sent nowhere: say `.sends(Body::Multipart)` or `.sends(Body::File(…))`, or add `.run(…)`",
            ));
        }
        attachments = others;
    }
    if let Some(own) = &operation.request
        && let Some(problem) = of_request(operation, own)
    {
        return Some(problem);
    }
    let mut requests = operation.requests;
    while let [request, others @ ..] = requests {
        if operation.run.is_none() && !has_code(operation) {
            return Some((request.name, "` is a request that nothing sends: add the function that does, by `.run(…)`"));
        }
        if let Some(problem) = of_request(operation, request) {
            return Some(problem);
        }
        requests = others;
    }
    None
}

/// What is wrong where an input goes.
const fn of_input(provider: &Provider, operation: &Operation, input: &Input) -> Option<&'static str> {
    let has_other_name = input.wire_name.is_some() || input.otherwise.is_some();
    match input.place {
        Place::Code if has_other_name => Some(
            "` is code_only and goes nowhere by itself: say `Field::bound(place, name, input)` or `Field::bound_or` on a request \
             instead of `.sent_as(…)` or `.or_send(…)`",
        ),
        Place::Code if is_bound(operation, input.name) || has_code(operation) => None,
        Place::Code => Some(
            "` is sent nowhere: it is code_only, and the operation has no function; say where it goes, by `query`, `body` or the \
             like, or add `.run(…)`",
        ),
        Place::Variable if is_variable(provider, operation, input) => None,
        Place::Variable => Some(
            "` is sent nowhere: neither a path nor a scheme of the operation has a variable of this name; write `{name}` into the \
             path, or say `query`, `body` or the like",
        ),
        Place::Query | Place::Header | Place::Body if is_bound(operation, input.name) => None,
        _ if operation.request.is_none() => Some(
            "` is sent nowhere: an operation of a function has no request of its own; make it `code_only`, and bind it in one of \
             its requests, by `Field::bound(place, name, input)`, where one carries it",
        ),
        Place::Body if has_whole_body(operation) => {
            Some("` is sent nowhere: the body is one file, which has no fields; say `query` or `header`")
        }
        Place::Query | Place::Header | Place::Body => match &operation.request {
            Some(own) => as_text(own, input.place, &input.schema, input.lists),
            None => None,
        },
    }
}

/// What is wrong with a list or an object where there is only text.
const fn as_text(request: &DeclaredRequest, place: Place, schema: &Schema, lists: Lists) -> Option<&'static str> {
    let is_text = match place {
        Place::Query | Place::Header => true,
        Place::Body => matches!(request.body, Body::Form | Body::Multipart | Body::JsonOrMultipart),
        Place::Variable | Place::Code => false,
    };
    match lists {
        _ if !is_text => None,
        Lists::Repeated | Lists::Indexed | Lists::Commas if schema.is_object() => Some(
            "` is an object where there is only text: say how it is written, by `.lists(Lists::Json)` or `.lists(Lists::Brackets)`",
        ),
        Lists::Repeated | Lists::Brackets | Lists::Indexed | Lists::Commas if schema.is_nested_list() => {
            Some("` has lists or objects in it where there is only text: say `.lists(Lists::Json)`")
        }
        _ => None,
    }
}

/// What is wrong with the values of a request.
const fn of_request(operation: &Operation, request: &DeclaredRequest) -> Option<(&'static str, &'static str)> {
    const NOWHERE: &str = "` is sent nowhere: the body is one file, which has no fields";
    let whole = matches!(request.body, Body::File(_) | Body::FreeFile(_));
    let mut fields = request.fields;
    while let [field, others @ ..] = fields {
        match (field.place, &field.source) {
            (Place::Code, _) => {
                return Some((
                    field.name,
                    "` is a value of a request without a place: say query, header, body or variable",
                ));
            }
            (Place::Body, _) if whole => return Some((field.name, NOWHERE)),
            (place, FieldSource::Input(name) | FieldSource::InputOr(name, _)) => {
                if let Some(input) = find(operation.inputs, name)
                    && let Some(problem) = as_text(request, place, &input.schema, field.lists)
                {
                    return Some((field.name, problem));
                }
            }
            (_, FieldSource::Free(_)) if !has_code(operation) => {
                return Some((
                    field.name,
                    "` is free, and there is no function that gives it: add `.run(…)`, or bind it to an input",
                ));
            }
            _ => {}
        }
        fields = others;
    }
    let mut constants = request.constants;
    while let [constant, others @ ..] = constants {
        if whole && matches!(constant.place, Place::Body) {
            return Some((constant.name, NOWHERE));
        }
        constants = others;
    }
    None
}

const fn find<'i>(inputs: &'i [Input], name: &str) -> Option<&'i Input> {
    let mut inputs = inputs;
    while let [input, others @ ..] = inputs {
        if same(input.name, name) {
            return Some(input);
        }
        inputs = others;
    }
    None
}

/// Whether a function of the plugin sees the operation's inputs.
const fn has_code(operation: &Operation) -> bool {
    let of_pages = match operation.paging {
        Some(paging) => paging.has_function(),
        None => false,
    };
    operation.run.is_some() || of_pages
}

const fn has_whole_body(operation: &Operation) -> bool {
    match &operation.request {
        Some(own) => matches!(own.body, Body::File(_) | Body::FreeFile(_)),
        None => false,
    }
}

/// Whether a request binds one of its values to an input.
const fn is_bound(operation: &Operation, input: &str) -> bool {
    if let Some(own) = &operation.request
        && binds(own.fields, input)
    {
        return true;
    }
    if let Some(paging) = operation.paging
        && binds(paging.free(), input)
    {
        return true;
    }
    let mut requests = operation.requests;
    while let [request, others @ ..] = requests {
        if binds(request.fields, input) {
            return true;
        }
        requests = others;
    }
    false
}

const fn binds(fields: &[Field], input: &str) -> bool {
    let mut fields = fields;
    while let [field, others @ ..] = fields {
        if let FieldSource::Input(name) | FieldSource::InputOr(name, _) = field.source
            && same(name, input)
        {
            return true;
        }
        fields = others;
    }
    false
}

/// Whether the path or the scheme of a request has an input as a variable.
const fn is_variable(provider: &Provider, operation: &Operation, input: &Input) -> bool {
    if let Some(own) = &operation.request
        && has_variable(provider, own, input.on_wire())
    {
        return true;
    }
    let mut requests = operation.requests;
    while let [request, others @ ..] = requests {
        // Of these none but an input's own name is known.
        if input.wire_name.is_none() && has_variable(provider, request, input.name) {
            return true;
        }
        requests = others;
    }
    is_bound(operation, input.name)
}

const fn has_variable(provider: &Provider, request: &DeclaredRequest, name: &str) -> bool {
    let scheme = match request.scheme {
        Some(scheme) => scheme,
        None => provider.scheme,
    };
    let in_scheme = match scheme {
        Some(scheme) => in_schemes(provider.schemes, scheme, name),
        None => false,
    };
    in_scheme || in_path(request.path, name)
}

const fn in_schemes(schemes: &[Scheme], name: &str, variable: &str) -> bool {
    let mut schemes = schemes;
    while let [scheme, others @ ..] = schemes {
        if same(scheme.name, name) && scheme.has_variable(variable) {
            return true;
        }
        schemes = others;
    }
    false
}

/// Whether `{name}` stands in a path.
const fn in_path(path: &str, name: &str) -> bool {
    let mut rest = path.as_bytes();
    while let [first, others @ ..] = rest {
        if *first == b'{'
            && let Some((inside, [b'}', ..])) = others.split_at_checked(name.len())
            && same_bytes(inside, name.as_bytes())
        {
            return true;
        }
        rest = others;
    }
    false
}

const fn is_sent(operation: &Operation, attachment: &Attachment) -> bool {
    let by_itself = match &operation.request {
        Some(own) => match own.body {
            Body::Multipart | Body::JsonOrMultipart => true,
            Body::File(name) => same(name, attachment.name),
            Body::Json | Body::Form | Body::FreeFile(_) => false,
        },
        None => false,
    };
    by_itself || has_code(operation)
}

pub(crate) const fn same(one: &str, other: &str) -> bool {
    same_bytes(one.as_bytes(), other.as_bytes())
}

const fn same_bytes(mut one: &[u8], mut other: &[u8]) -> bool {
    while let ([a, ones @ ..], [b, others @ ..]) = (one, other) {
        if *a != *b {
            return false;
        }
        one = ones;
        other = others;
    }
    one.is_empty() && other.is_empty()
}

/// A message in the making.
struct Words {
    bytes: [u8; 512],
    length: usize,
}

impl Words {
    const fn new() -> Self {
        Self { bytes: [0; 512], length: 0 }
    }

    /// What finds no room is left out.
    const fn add(mut self, words: &str) -> Self {
        let mut rest = words.as_bytes();
        let room = self.bytes.split_at_mut(self.length).1;
        if room.len() >= rest.len() {
            let mut room = room;
            while let ([byte, others @ ..], [place, places @ ..]) = (rest, room) {
                *place = *byte;
                rest = others;
                room = places;
            }
            self.length += words.len();
        }
        self
    }

    #[expect(clippy::panic, reason = "what it panics with is what the compiler tells the author")]
    const fn panic(&self) -> ! {
        match str::from_utf8(self.bytes.split_at(self.length).0) {
            Ok(words) => panic!("{}", words),
            Err(_) => panic!("a value is sent nowhere"),
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::{
        BaseUrl, Constant, Effect, Lists, Method, Output, Paging, Part, Placement, Resource, body, code_only, list,
        object, path, query, read, text, variable,
    };

    const PROVIDER: Provider = Provider {
        name: "acme",
        title: "Acme",
        version: "0.1.0",
        summary: "",
        base_url: BaseUrl::new(""),
        servers: &[],
        fields: &[],
        schemes: &[Scheme::new("signed", "").placements(&[Placement::header("X", &[Part::Variable("nonce")])])],
        scheme: None,
        read: read::REST,
        resources: &[],
    };

    const GET: Operation = Operation::get("get", "", "/orders/{id}");
    const POST: Operation = Operation::post("post", "", "/orders");
    const FILE: &[Attachment] = &[Attachment::new("file", "")];
    const OTHER: &[DeclaredRequest] =
        &[DeclaredRequest::new("other", Method::Get, "/{id}").fields(&[Field::bound(Place::Query, "q", "status")])];
    const FUNCTION: Operation = Operation::function("all", "", Effect::Read, OTHER, |_| Ok(Output::success()));

    #[test]
    fn a_value_that_goes_nowhere_is_found_with_what_to_do() {
        const X: Input = query("x", text());
        const FREE: Field = Field::free(Place::Query, "x", "a test");
        for (operation, name, what) in [
            (GET.inputs(const { &[code_only("x", text())] }), "x", "add `.run(…)`"),
            (GET.inputs(const { &[code_only("id", text()), code_only("y", text())] }), "id", "is code_only"),
            (GET.inputs(const { &[path("ID", text())] }), "ID", "neither a path nor a scheme"),
            (GET.inputs(const { &[path("i", text())] }), "i", "write `{name}` into the path"),
            (GET.inputs(const { &[variable("nonce", text())] }), "nonce", "neither a path nor a scheme"),
            (FUNCTION.inputs(const { &[X] }), "x", "an operation of a function has no request of its own"),
            (FUNCTION.inputs(const { &[code_only("x", text()).sent_as("y")] }), "x", "Field::bound"),
            (POST.inputs(const { &[body("x", text())] }).sends(Body::File("file")), "x", "the body is one file"),
            (
                POST.constants(const { &[Constant::body("x", "y")] }).sends(Body::File("file")),
                "x",
                "the body is one file",
            ),
            (POST.attachments(FILE), "file", "is a file that is sent nowhere"),
            (POST.attachments(FILE).sends(Body::File("other")), "file", "is a file that is sent nowhere"),
            (POST.also(OTHER), "other", "is a request that nothing sends"),
            (POST.fields(const { &[FREE] }), "x", "there is no function that gives it"),
            (POST.fields(const { &[Field::bound(Place::Code, "x", "y")] }), "x", "without a place"),
            (
                POST.fields(const { &[FREE] }).paged(const { &Paging::by_page("", "page") }),
                "x",
                "there is no function that gives it",
            ),
            (
                GET.inputs(const { &[query("x", object())] }),
                "x",
                "by `.lists(Lists::Json)` or `.lists(Lists::Brackets)`",
            ),
            (
                GET.inputs(const { &[query("x", list(const { &object() })).lists(Lists::Brackets)] }),
                "x",
                "say `.lists(Lists::Json)`",
            ),
            (
                POST.inputs(const { &[body("x", object())] }).sends(Body::Form),
                "x",
                "is an object where there is only text",
            ),
            (
                GET.inputs(const { &[code_only("x", object())] })
                    .fields(const { &[Field::bound(Place::Query, "q", "x")] }),
                "q",
                "is an object where there is only text",
            ),
            (GET.paged(const { &Paging::by_page("", "page") }).answers_body(), "paged", "leave `.answers_body()`"),
            (GET.answers_file("f").paged(const { &Paging::by_page("", "page") }), "paged", "`.answers_file(…)` out"),
        ] {
            let found = problem(&PROVIDER, &operation);
            assert!(
                found.is_some_and(|(value, words)| value == name && words.contains(what)),
                "{name} {what}: {found:?}"
            );
        }
    }

    #[test]
    fn a_value_that_a_request_or_a_function_takes_is_none_of_them() {
        for operation in [
            GET.inputs(const { &[path("id", text()), query("x", text())] }),
            GET.inputs(const { &[path("orderId", text()).sent_as("id")] }),
            GET.inputs(const { &[variable("nonce", text())] }).scheme(Some("signed")),
            GET.inputs(const { &[code_only("x", text())] }).run(|_| Ok(Output::success())),
            GET.inputs(const { &[code_only("x", text())] })
                .fields(const { &[Field::bound(Place::Query, "a", "x").lists(Lists::Json)] }),
            FUNCTION.inputs(const { &[path("id", text()), query("status", text()), code_only("x", text())] }),
            POST.inputs(const { &[body("a", object()), body("b", list(const { &object() }))] }),
            GET.inputs(const { &[query("a", object()).lists(Lists::Json), query("b", list(const { &text() }))] }),
            POST.attachments(FILE).sends(Body::Multipart),
            POST.attachments(FILE).sends(Body::File("file")),
            POST.attachments(FILE).also(OTHER).run(|_| Ok(Output::success())),
            POST.inputs(const { &[body("a", text()), code_only("b", text())] })
                .fields(const { &[Field::bound(Place::Body, "b", "b")] }),
        ] {
            assert_eq!(problem(&PROVIDER, &operation), None, "{operation:?}");
        }
    }

    #[test]
    #[should_panic(expected = "orders.get: `x` is sent nowhere: it is code_only, and the operation has no function")]
    fn the_operation_is_named() {
        const RESOURCES: &[Resource] = &[Resource::new("orders", &[GET.inputs(&[code_only("x", text())])])];
        check(&Provider { resources: RESOURCES, ..PROVIDER });
    }
}
