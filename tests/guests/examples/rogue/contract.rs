//! Breaches of the contract.

use wharf_plugin::*;

use crate::guest;

pub(crate) const GUESTS: Resource = Resource::new(
    "contract",
    &[
        guest("panics", |_| panics()),
        guest("returns-no-json", |_| Ok(Output::text("{ not json".to_owned()))),
        guest("returns-a-second-document", |_| Ok(Output::text("{} {}".to_owned()))),
        guest("returns-json-that-nests-without-end", |_| Ok(Output::text("[".repeat(100_000)))),
        guest("returns-a-file-that-was-not-declared", |_| {
            Ok(Output::success().file("undeclared", Blob::create(b"x", "text/plain", None)))
        }),
        guest("claims-a-denial-that-did-not-happen", |_| Err(Failure::Denied("the host is mean".to_owned()))),
        guest("forges-escapes-in-a-failure", |_| {
            let detail = Detail::new("\u{1b}[2J\u{202e}error: all is well\r\nwharf: done");
            Err(Failure::Provider(detail.code("\u{7}\u{1b}]0;title\u{7}")))
        }),
        guest("forges-escapes-in-the-output", |_| Ok(Output::json(&json!("\u{1b}[2J\u{9b}31m\u{202e}wiped\u{7f}")))),
        guest("forges-escapes-in-the-log", |_| {
            log::warning("\u{1b}[2J\u{9b}31m\u{202e}wiped\rerror: no");
            eprint!("\u{1b}[31mred");
            Ok(Output::success())
        }),
    ],
);

#[expect(clippy::panic, reason = "on purpose")]
fn panics() -> Result<Output, Failure> {
    panic!("on purpose")
}
