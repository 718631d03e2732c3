//! A plugin whose operations break one rule or reach one limit each, and two that behave, for comparison.

#![expect(clippy::panic, reason = "on purpose")]

use std::time::Duration;

use wharf_plugin::*;

const ECHO: DeclaredRequest = DeclaredRequest::new("echo", Method::Get, "/echo");

const DUMP: DeclaredRequest = DeclaredRequest::new("dump", Method::Post, "/dump").open("whatever comes to mind");

const PROVIDER: Provider = Provider {
    name: "unruly",
    title: "Unruly",
    version: "0.1.0",
    summary: "Breaks every rule, one at a time.",
    base_url: BaseUrl::new("Any."),
    fields: &[
        ConnectionField::plain("greeting", "Greeting", "Any text."),
        ConnectionField::secret("key", "Key", "Any."),
    ],
    schemes: &[Scheme::new("key", "A key.").placements(&[Placement::header("X-Key", &[Part::Field("key")])])],
    scheme: None,
    read: read::rest,
    resources: &[
        Resource::new(
            "good",
            &[
                local("greet", |_| Ok(Output::json(&json!(connection::field("greeting"))))),
                Operation::function("echo", "Echo", Effect::Read, &[ECHO], |call| {
                    Ok(Output::text(call.read(&call.request("echo").send()?)?))
                }),
                Operation::function("shout", "Shout", Effect::Read, &[], shout)
                    .attachments(&[Attachment::new("file", "A text.").many()])
                    .gives(&["loud"]),
                local("count", |_| {
                    let count = state::get("count").and_then(|c| c.parse::<u32>().ok()).unwrap_or(0) + 1;
                    state::set("count", &count.to_string(), 60);
                    Ok(Output::json(&json!(count)))
                }),
            ],
        ),
        Resource::new(
            "bad",
            &[
                local("panic", |_| panic!("on purpose")),
                local("loop", |_| {
                    let mut turns = 0_u64;
                    loop {
                        turns = std::hint::black_box(turns.wrapping_add(1));
                    }
                }),
                local("sleep", |_| {
                    std::thread::sleep(Duration::from_secs(3600));
                    Ok(Output::success())
                }),
                local("hoard", |_| {
                    let mut hoard: Vec<Vec<u8>> = Vec::new();
                    loop {
                        hoard.push(std::hint::black_box(vec![1; 1 << 20]));
                    }
                }),
                local("recurse", |_| Ok(Output::json(&json!(deep(std::hint::black_box(1)))))),
                local("no-json", |_| Ok(Output::text("{ not json".to_owned()))),
                local("long-output", |_| Ok(Output::text(format!("\"{}\"", "x".repeat(2 << 20))))),
                local("stowaway", |_| {
                    let blob = Blob::create(b"x", "text/plain", None);
                    Ok(Output::success().file("undeclared", blob))
                }),
                local("cry-wolf", |_| Err(Failure::Denied("the host is mean".to_owned()))),
                local("look-around", |_| {
                    Ok(Output::json(&json!({
                        "environment": std::env::vars().count(),
                        "arguments": std::env::args().count(),
                        "file": std::fs::read_to_string("/etc/passwd").is_ok(),
                        "socket": std::net::TcpStream::connect("127.0.0.1:80").is_ok(),
                        "secret": connection::field("key"),
                    })))
                }),
                local("chatter", |_| {
                    println!("\u{1b}[2J\u{1b}[31mwiped");
                    log::warning(&"x".repeat(40_000));
                    log::warning(&"y".repeat(40_000));
                    Ok(Output::success())
                }),
                local("whisper", |_| {
                    (0..10_000).for_each(|_| log::warning(""));
                    Ok(Output::success())
                }),
                local("collect", |_| {
                    let blobs: Vec<_> = (0..10_000).map(|_| Blob::create(b"x", "text/plain", None)).collect();
                    Ok(Output::json(&json!(blobs.len())))
                }),
                Operation::function("flood", "Flood", Effect::Write, &[DUMP], |call| {
                    call.request("dump").json(&json!({ "x": "x".repeat(2 << 20) })).send()?;
                    Ok(Output::success())
                }),
                Operation::function("hammer", "Hammer", Effect::Read, &[ECHO], |call| {
                    loop {
                        call.request("echo").send()?;
                    }
                }),
            ],
        ),
    ],
};

const fn local(action: &'static str, run: fn(&Call<'_>) -> Result<Output, Failure>) -> Operation {
    Operation::function(action, action, Effect::Read, &[], run).summary("For tests.")
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

#[expect(unconditional_recursion, reason = "on purpose")]
fn deep(n: u64) -> u64 {
    std::hint::black_box(deep(n + 1)) + n
}

wharf_plugin::export!(PROVIDER);
