//! A plugin that behaves: what its neighbours do must not disturb it.

use std::hash::{BuildHasher as _, RandomState};
use std::hint::black_box;
use std::sync::atomic::{AtomicU32, Ordering};
use std::time::{SystemTime, UNIX_EPOCH};

use wharf_plugin::*;

/// What `good.work` does besides its work. Tests change this text in the component, and the version, to make other releases of
/// the plugin: `mode-fine`, `mode-trap`, `mode-slow`, `mode-lies`.
static MODE: &str = "mode-fine";

const ECHO: DeclaredRequest = DeclaredRequest::new("echo", Method::Get, "/echo");

/// What lets the guest in, from the answer to a request that is declared to hand it out.
const LOG_IN: DeclaredRequest = DeclaredRequest::new("log-in", Method::Get, "/login").sensitive_answer(&["/ticket"]);

/// Nothing in its declaration says what the note is.
const ENTER: DeclaredRequest =
    DeclaredRequest::new("enter", Method::Get, "/enter").fields(&[Field::free(Place::Query, "note", "a ticket")]);

/// Done once, however often it is sent.
const PAY: DeclaredRequest = DeclaredRequest::new("pay", Method::Post, "/pay").fields(&[Field::free(
    Place::Header,
    "Idempotency-Key",
    "the id of the call",
)]);

/// The server checks the time by what it is signed with.
const SIGNED: DeclaredRequest =
    DeclaredRequest::new("signed", Method::Post, "/signed").scheme(Some("signed")).fields(&[
        Field::free(Place::Variable, "time", "the time of the request, which is signed"),
        Field::free(Place::Header, "X-Time", "the same for the server"),
    ]);

const PROVIDER: Provider = Provider {
    name: "obedient",
    title: "Obedient",
    version: "3.7.11",
    summary: "Does what it is asked to do.",
    base_url: BaseUrl::new("Any."),
    servers: &[],
    fields: &[
        ConnectionField::plain("greeting", "Greeting", "Any text."),
        ConnectionField::secret("key", "Key", "Any."),
    ],
    credentials: &[],
    test: None,
    schemes: &[
        Scheme::new("key", "A key.").placements(&[Placement::header("X-Key", &[Part::Field("key")])]),
        Scheme::new("signed", "An HMAC over the time.").placements(&[Placement::header(
            "X-Signature",
            &[Part::Literal("t="), Part::Variable("time")],
        )
        .functions(&[Function::HmacSha256Hex("key")])]),
    ],
    scheme: None,
    read: Read::Function(read),
    resources: &[Resource::new(
        "good",
        &[
            local("greet", |_| Ok(Output::json(&json!(connection::field("greeting"))))),
            Operation::function("echo", "Echo", Effect::Read, &[ECHO], |call| {
                Ok(Output::text(call.read(&call.request("echo").send()?)?))
            }),
            Operation::function("work", "Work", Effect::Read, &[ECHO], work)
                .inputs(&[code_only("n", integer()).optional().describe("Any number.")]),
            Operation::function("shout", "Shout", Effect::Read, &[], shout)
                .attachments(&[Attachment::new("file", "A text.").many()])
                .gives(&["loud"]),
            Operation::function("repeat", "Repeat", Effect::Read, &[], repeat)
                .inputs(&[code_only("times", integer()).describe("Any number.")])
                .attachments(&[Attachment::new("file", "A file.")])
                .gives(&["repeated"]),
            // What other plugins say without code.
            Operation::delete("delete-session", "Delete session", "/users/{userId}/sessions/{sessionId}")
                .inputs(&[path("userId", text()).describe("Any."), path("sessionId", text()).describe("Any.")])
                .scheme(Some("key"))
                .answers_success(),
            Operation::function("enter", "Enter", Effect::Read, &[LOG_IN, ENTER], enter),
            Operation::function("pay", "Pay", Effect::Write, &[PAY], |call| {
                call.read(&call.request("pay").header("Idempotency-Key", call.id()).send()?)?;
                Ok(Output::json(&json!(call.id())))
            })
            .idempotent(),
            Operation::function("sign", "Sign", Effect::Write, &[SIGNED], |call| {
                let time = SystemTime::now().duration_since(UNIX_EPOCH).unwrap_or_default().as_nanos().to_string();
                let answer = call.request("signed").variable("time", &time).header("X-Time", &time).send()?;
                call.read(&answer)?;
                Ok(Output::json(&json!(time)))
            }),
            Operation::post("tell", "Tell", "/tell")
                .inputs(&[
                    query("rules", object()).lists(Lists::Json).describe("Any."),
                    query("tags", list(&text())).lists(Lists::Commas).describe("Any."),
                    query("note", text()).optional().sensitive().describe("Any."),
                ])
                .fields(&[Field::free(Place::Body, "", "what is told")])
                .run(|call| call.read(&call.own_request().json_text("{}").send()?).map(Output::text)),
            Operation::get("photo", "Photo", "/photo").answers_file("photo"),
            Operation::get("any-photo", "Any photo", "/photo").answers_any_file("photo"),
            // While another call does so, it waits.
            Operation::function("hold", "Hold", Effect::Read, &[ECHO], |call| {
                state::exclusive(|| call.read(&call.request("echo").send()?)).map(Output::text)
            }),
            local("remember", |_| {
                static CALLS: AtomicU32 = AtomicU32::new(0);
                Ok(Output::json(&json!(CALLS.fetch_add(1, Ordering::Relaxed))))
            }),
            local("count", |_| {
                let count = state::get("count").and_then(|c| c.parse::<u32>().ok()).unwrap_or(0) + 1;
                state::set("count", &count.to_string(), 60);
                Ok(Output::json(&json!(count)))
            }),
            local("draw", |_| {
                let mut bytes = [0; 8];
                // Whatever is drawn is as good as any other.
                let _ = getrandom::fill(&mut bytes);
                let time = SystemTime::now().duration_since(UNIX_EPOCH).unwrap_or_default();
                let hash = RandomState::new().hash_one(0_u8);
                Ok(Output::json(&json!([format!("{bytes:x?}"), hash.to_string(), time.as_nanos().to_string()])))
            }),
        ],
    )],
};

/// Its provider may say with a good status what is wrong.
fn read(response: &Response) -> Result<String, Failure> {
    match response.member("error") {
        Some(error) if response.is_success() => Err(Failure::NotFound(response.detail(Some(&error)))),
        _ => read::REST.read(response),
    }
}

const fn local(action: &'static str, run: fn(&Call<'_>) -> Result<Output, Failure>) -> Operation {
    Operation::function(action, action, Effect::Read, &[], run).summary("For tests.")
}

/// Says which release it is, after a request.
fn work(call: &Call<'_>) -> Result<Output, Failure> {
    let mode = black_box(MODE);
    if mode == "mode-slow" {
        (0..2_000_000_u32).for_each(|n| {
            black_box(n);
        });
    }
    call.read(&call.request("echo").send()?)?;
    match mode {
        "mode-trap" => std::process::abort(),
        "mode-lies" => Ok(Output::success().file("undeclared", Blob::create(b"", "text/plain", None))),
        _ => Ok(Output::json(&json!(PROVIDER.version))),
    }
}

/// Says in every way what it was given to enter with.
fn enter(call: &Call<'_>) -> Result<Output, Failure> {
    let ticket = call.request("log-in").send()?.member("ticket").unwrap_or_default();
    log::info(&format!("the ticket is {ticket}"));
    let response = call.request("enter").query("note", &ticket).send()?;
    if response.status == 403 {
        return Err(Failure::Forbidden(Detail::new(format!("no way in with {ticket}"))));
    }
    Ok(Output::json(&json!({ "ticket": ticket })))
}

fn shout(call: &Call<'_>) -> Result<Output, Failure> {
    let mut output = Output::success();
    for file in call.attachments("file") {
        let text = String::from_utf8_lossy(&file.read(0, 1000)).to_uppercase();
        let name = file.file_name();
        output = output.file("loud", Blob::create(text.as_bytes(), &file.media_type(), name.as_deref()));
    }
    Ok(output)
}

/// The file so many times in a row, and an end, of which nothing is in the memory of this plugin.
fn repeat(call: &Call<'_>) -> Result<Output, Failure> {
    let writer = BlobWriter::new("text/plain", Some("repeated.txt"));
    for file in call.attachments("file") {
        let times = call.input("times").and_then(Value::as_u64).unwrap_or(0);
        (0..times).for_each(|_| writer.append(file));
    }
    writer.write(b"end");
    Ok(Output::success().file("repeated", BlobWriter::finish(writer)))
}

wharf_plugin::export!(PROVIDER);
