//! More than a call may take. Most of them pass over whatever the host answers and go on.

use std::time::Duration;

use wharf_plugin::*;

use crate::guest;

pub(crate) const GUESTS: Resource = Resource::new(
    "limits",
    &[
        guest("sleeps-for-ever", |_| {
            std::thread::sleep(Duration::from_secs(3600));
            Ok(Output::success())
        }),
        guest("sleeps-again-and-again", |_| {
            loop {
                std::thread::sleep(Duration::from_millis(1));
            }
        }),
        guest("waits-for-a-provider", |call| answer(call.request("list"))),
        guest("goes-on-when-it-is-told-of-its-limit", |call| {
            while call.request("list").send().is_ok() {}
            loop {
                std::thread::sleep(Duration::from_millis(1));
            }
        }),
        guest("says-that-nothing-was-missing", |call| {
            while call.request("list").send().is_ok() {}
            Ok(Output::success())
        }),
        guest("loops-for-ever", |_| {
            let mut turns = 0_u64;
            loop {
                turns = std::hint::black_box(turns.wrapping_add(1));
            }
        }),
        guest("computes-for-ever", |_| {
            let mut turns = 0_u64;
            loop {
                turns = std::hint::black_box(turns.wrapping_add(1));
            }
        }),
        guest("hoards-memory", |_| {
            let mut hoard: Vec<Vec<u8>> = Vec::new();
            loop {
                hoard.push(std::hint::black_box(vec![1; 1 << 20]));
            }
        }),
        guest("recurses-for-ever", |_| Ok(Output::json(&json!(deep(std::hint::black_box(1)))))),
        guest("asks-without-end", |call| {
            loop {
                let _ = call.request("list").send();
            }
        }),
        guest("is-refused-without-end", |call| {
            loop {
                let _ = call.request("undeclared").send();
            }
        }),
        guest("sends-too-much", |call| {
            let _ = call.request("rpc").json(&json!({ "x": "x".repeat(2 << 20) })).send();
            Ok(Output::success())
        }),
        guest("reads-too-much", |call| answer(call.request("list"))),
        guest("unpacks-too-much", |call| answer(call.request("list"))),
        guest("moves-too-much", |call| {
            loop {
                let _ = call.request("rpc").json(&json!({ "x": "x".repeat(700 << 10) })).send();
            }
        }),
        guest("hoards-files", |_| {
            let mut files = Vec::new();
            loop {
                files.push(Blob::create(&[1; 64 << 10], "text/plain", None));
                drop(files.pop());
            }
        }),
        guest("hoards-answers", |call| {
            loop {
                let _ = call.request("file").send();
            }
        }),
        guest("returns-too-much", |_| Ok(Output::text(format!("\"{}\"", "x".repeat(2 << 20))))),
        guest("returns-one-file-many-times", |_| {
            let file = Blob::create(&[1; 64 << 10], "text/plain", None);
            let output = (0..64).fold(Output::success(), |output, _| output.file("copy", file.slice(0, u64::MAX)));
            Ok(output)
        })
        .gives(&["copy"]),
        guest("keeps-too-much", |_| {
            for n in 0.. {
                state::set(&format!("key {n}"), &"x".repeat(1000), u32::MAX);
            }
            Ok(Output::success())
        }),
        guest("draws-randomness-without-end", |_| {
            let mut bytes = [0; 4096];
            loop {
                let _ = getrandom::fill(&mut bytes);
            }
        }),
        guest("hoards-resources", |_| {
            let blobs: Vec<_> = (0..10_000).map(|_| Blob::create(b"x", "text/plain", None)).collect();
            Ok(Output::json(&json!(blobs.len())))
        }),
        guest("floods-the-log", |_| {
            println!("\u{1b}[2J\u{1b}[31mwiped");
            log::warning(&"x".repeat(40_000));
            log::warning(&"y".repeat(40_000));
            Ok(Output::success())
        }),
        guest("whispers-without-end", |_| {
            (0..10_000).for_each(|_| log::warning(""));
            Ok(Output::success())
        }),
    ],
);

fn answer(request: Request) -> Result<Output, Failure> {
    Ok(Output::json(&json!(request.send()?.bytes().len())))
}

#[expect(unconditional_recursion, reason = "on purpose")]
fn deep(n: u64) -> u64 {
    std::hint::black_box(deep(n + 1)) + n
}
