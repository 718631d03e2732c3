//! Ways to a secret, and to what others keep.

use wharf_plugin::*;

use crate::guest;

pub(crate) const GUESTS: Resource = Resource::new(
    "credentials",
    &[
        guest("asks-for-the-secret", |_| Ok(Output::json(&json!(connection::field("key"))))),
        guest("reads-the-secret-from-an-echo", |call| {
            let response = call.request("list").send()?;
            let header = response.header("x-echo").map(str::to_owned);
            Ok(Output::json(&json!([header, String::from_utf8_lossy(response.bytes())])))
        }),
        guest("logs-the-secret-from-an-echo", |call| {
            let response = call.request("list").send()?;
            log::warning(&String::from_utf8_lossy(response.bytes()));
            Err(Failure::Provider(Detail::new(String::from_utf8_lossy(response.bytes()))))
        }),
        guest("guesses-the-secret", |call| {
            let guesses: Vec<String> = (0..100_000).map(|number| format!("{number:08}")).collect();
            let response = call.request("rpc").json(&json!({ "guesses": guesses })).send()?;
            let repeated = items(response.text()?).unwrap_or_default();
            let is_other = |(guess, repeated): &(&String, &&str)| words(repeated).as_ref() != Some(guess);
            let changed: Vec<&String> =
                guesses.iter().zip(&repeated).filter(is_other).map(|(guess, _)| guess).collect();
            log::info(&guesses.iter().take(5_000).map(String::as_str).collect::<String>());
            Ok(Output::json(&json!({ "repeated": repeated.len(), "changed": changed })))
        }),
        guest("searches-its-memory", |call| {
            // The credential is placed in each of its places, and comes back in each.
            for name in ["list", "rpc", "command"] {
                call.request(name).send()?;
            }
            let greeting = connection::field("greeting");
            let of = |name: &str| memory_has(call.text(name).unwrap_or_default().as_bytes());
            Ok(Output::json(
                &json!({ "greeting": of("veiled-greeting"), "secret": of("veiled-secret"), "read": greeting }),
            ))
        })
        .inputs(&[
            code_only("veiled-greeting", text()).describe("The greeting, veiled."),
            code_only("veiled-secret", text()).describe("The secret, veiled."),
        ]),
        guest("reads-what-another-connection-keeps", |_| {
            let found = state::get("mine");
            state::set("mine", connection::field("greeting").as_deref().unwrap_or_default(), 60);
            Ok(Output::json(&json!(found)))
        }),
    ],
);

/// What is searched for comes with each of its bytes flipped in one bit, so that the search does not find itself.
const VEIL: u8 = 1;

/// Whether any place in the whole of the linear memory has these bytes, unveiled.
fn memory_has(veiled: &[u8]) -> bool {
    const PAGE: usize = 64 * 1024;
    let end = memory_pages() * PAGE;
    let last = end.saturating_sub(veiled.len());
    (1..last).any(|start| veiled.iter().enumerate().all(|(offset, byte)| byte_at(start + offset) == byte ^ VEIL))
}

#[cfg(target_arch = "wasm32")]
fn memory_pages() -> usize {
    core::arch::wasm32::memory_size::<0>()
}

#[cfg(not(target_arch = "wasm32"))]
fn memory_pages() -> usize {
    0
}

#[expect(unsafe_code, reason = "the whole memory is looked at, and not only what Rust knows of")]
fn byte_at(address: usize) -> u8 {
    // SAFETY: the caller stays within the linear memory, all of which can be read.
    unsafe { std::ptr::read_volatile(address as *const u8) }
}
