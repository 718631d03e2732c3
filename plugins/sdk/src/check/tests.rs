use super::*;
use crate::{
    BaseUrl, ConnectionField, Constant, Effect, Lists, Method, Output, Paging, Part, Placement, Resource, body,
    code_only, header, list, object, path, query, read, text, variable,
};

mod credentials;

const PROVIDER: Provider = Provider {
    name: "acme",
    title: "Acme",
    version: "0.1.0",
    summary: "",
    base_url: BaseUrl::new(""),
    servers: &[],
    fields: &[ConnectionField::plain("account", "", ""), ConnectionField::secret("key", "", "")],
    credentials: &[],
    test: None,
    schemes: &[
        Scheme::new("signed", "").placements(&[Placement::header("X", &[Part::Variable("nonce")])]),
        Scheme::new("bot", "").placements(&[Placement::path("token", &[Part::Field("key")])]),
    ],
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
        (POST.constants(const { &[Constant::body("x", "y")] }).sends(Body::File("file")), "x", "the body is one file"),
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
        (GET.inputs(const { &[query("x", object())] }), "x", "by `.lists(Lists::Json)`, `.lists(Lists::Brackets)`"),
        (
            GET.inputs(const { &[query("x", list(const { &object() })).lists(Lists::Brackets)] }),
            "x",
            "say `.lists(Lists::Json)`",
        ),
        (POST.inputs(const { &[body("x", object())] }).sends(Body::Form), "x", "is an object where there is only text"),
        (
            GET.inputs(const { &[code_only("x", object())] }).fields(const { &[Field::bound(Place::Query, "q", "x")] }),
            "q",
            "is an object where there is only text",
        ),
        (GET.paged(const { &Paging::by_page("", "page") }).answers_body(), "paged", "leave `.answers_body()`"),
        (GET.answers_file("f").paged(const { &Paging::by_page("", "page") }), "paged", "`.answers_file(…)` out"),
    ] {
        let found = problem(&PROVIDER, &operation);
        assert!(found.is_some_and(|(value, words)| value == name && words.contains(what)), "{name} {what}: {found:?}");
    }
}

#[test]
fn what_a_request_cannot_say_is_found_with_what_to_do() {
    const FILES: Operation = GET.answers_any_file("f");
    const PART: Input = header("part", text()).sent_as("Range");
    const FIND: DeclaredRequest = DeclaredRequest::new("find", Method::Get, "/find").when_given(&["x"]);
    const LINK: Paging = Paging::by_link("", &["page"]);
    const KEY: Field = Field::call_id(Place::Header, "Key");
    let of_connection = |field| Field::of_connection(Place::Query, "q", field);
    let fields = |field: Field| &*Box::leak(Box::new([field]));
    for (operation, name, what) in [
        (GET.fields(fields(of_connection("nowhere"))), "q", "add `ConnectionField::plain`"),
        (GET.fields(fields(of_connection("key"))), "q", "a scheme alone places"),
        (GET.fields(const { &[KEY, KEY] }), "Key", "leave one of them out"),
        (GET.fields(fields(Field::call_id(Place::Variable, "id"))), "id", "say query, header or body"),
        (POST.fields(fields(Field::call_id(Place::Body, ""))), "", "give it a name"),
        (GET.scheme(Some("bot")), "token", "write `{…}` into it"),
        (GET.redirects_to(&["https://a.example"]), "get", "its answer is no file"),
        (GET.also(const { &[FIND] }), "x", "no input or attachment"),
        (
            GET.inputs(const { &[query("x", text())] }).also(const { &[FIND] }).run(|_| Ok(Output::success())),
            "find",
            "the function chooses",
        ),
        (
            GET.inputs(const { &[query("x", text())] }).also(const { &[FIND] }).paged(&LINK),
            "paged",
            "follows one request",
        ),
        (
            GET.inputs(const { &[query("x", text())] }).also(const { &[FIND.open_query("a test")] }),
            "find",
            "no function that adds anything",
        ),
        (GET.paged(&LINK).run(|_| Ok(Output::success())), "by_link", "`Paging::new`"),
        (GET.answers_by(Vec::new).run(|_| Ok(Output::success())), "answers_by", "`.run(…)`"),
        (GET.inputs(const { &[query("id", text()).encode_slashes()] }), "id", "no whole segment"),
        (
            Operation::get("get", "", "/a-{id}").inputs(const { &[path("id", text()).encode_slashes()] }),
            "id",
            "`{+…}` takes several segments",
        ),
        (
            POST.inputs(const { &[body("x", object()).media_type("application/json")] }),
            "x",
            "`.sends(Body::Multipart)`",
        ),
        (POST.sends(Body::Text("text/plain")), "post", "one value"),
        (
            POST.inputs(const { &[body("x", text()), body("y", text())] }).sends(Body::Text("text/plain")),
            "post",
            "one value",
        ),
        (GET.inputs(const { &[query("x", text()).sent_as("")] }), "x", "it is no object"),
        (GET.inputs(const { &[PART] }), "part", "by `.answers_file(…)`"),
        (FILES.inputs(const { &[PART] }).redirects_to(&["https://a.example"]), "part", "without `.redirects_to(…)`"),
    ] {
        let found = problem(&PROVIDER, &operation);
        assert!(found.is_some_and(|(value, words)| value == name && words.contains(what)), "{name} {what}: {found:?}");
    }
}

#[test]
fn where_a_function_reads_the_answers_there_are_no_rules_and_no_links() {
    let provider = Provider { read: Read::Function(read::json), ..PROVIDER };
    const LINK: Paging = Paging::by_link("", &["page"]);
    for (operation, name) in [(GET.answers_by(Vec::new), "answers_by"), (GET.paged(&LINK), "by_link")] {
        assert!(problem(&provider, &operation).is_some_and(|(value, _)| value == name));
        assert_eq!(problem(&PROVIDER, &operation), None);
    }
}

#[test]
#[should_panic(expected = "a credential in the path is made of no variable")]
fn a_credential_in_the_path_is_made_of_no_variable() {
    Placement::path("token", &[Part::Variable("token")]);
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
        GET.inputs(const { &[path("id", text()).encode_slashes(), query("x", object()).sent_as("")] }),
        Operation::get("get", "", "/{+id}").inputs(const { &[path("id", text())] }),
        Operation::get("get", "", "/bot{token}/send").scheme(Some("bot")),
        GET.fields(const { &[Field::of_connection(Place::Header, "X", "account"), Field::call_id(Place::Query, "k")] }),
        GET.inputs(const { &[header("range", text())] }).answers_file("f"),
        GET.inputs(const { &[query("x", list(const { &object() })).lists(Lists::Indexed)] }),
        POST.inputs(const { &[body("x", object()).media_type("application/json")] }).sends(Body::Multipart),
        POST.inputs(const { &[body("x", text())] }).sends(Body::Text("text/plain")),
        POST.attachments(FILE).also(
            const { &[DeclaredRequest::new("put", Method::Put, "/").body(Body::File("file")).when_given(&["file"])] },
        ),
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
