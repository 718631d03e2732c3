//! Copies of a secret that are this crate's own are wiped before their memory is given back.
//!
//! The allocator of this test looks into every block that is freed or moved. What a library copies is not this crate's own:
//! the HTTP client keeps the credentials of a request in buffers of its own while it is sent.
#![expect(clippy::unwrap_used, reason = "a test fails by panicking")]
#![expect(unsafe_code, reason = "an allocator cannot be written without")]

use std::alloc::{GlobalAlloc, Layout, System};
use std::collections::HashSet;
use std::sync::atomic::{AtomicUsize, Ordering};
use std::time::Duration;

use serde_json::{Value, json};
use wharf_egress::declaration::{Declaration, Effect, Operation, Request, Scheme, compile};
use wharf_egress::guard::{Asked, Item, prepare};
use wharf_egress::work::Work;
use wharf_egress::{Blob, Connection, Deadline, Secret};

/// It stands in the program itself, so it is veiled; none of it is in memory before the test makes it.
const VEILED: &[u8; 16] = b"j6SlY3wP-8M{U5,C";
const VEIL: u8 = 1;

static LEFT: AtomicUsize = AtomicUsize::new(0);

struct Looking;

// SAFETY: everything is handed on to the system's allocator; blocks are only looked at, before they are given back.
unsafe impl GlobalAlloc for Looking {
    unsafe fn alloc(&self, layout: Layout) -> *mut u8 {
        // Zeroed, so that a block never has content that somebody else left there.
        unsafe { System.alloc_zeroed(layout) }
    }

    unsafe fn dealloc(&self, block: *mut u8, layout: Layout) {
        let bytes = unsafe { std::slice::from_raw_parts(block, layout.size()) };
        let is_secret = |window: &[u8]| window.iter().zip(VEILED).all(|(byte, veiled)| byte ^ VEIL == *veiled);
        if bytes.windows(VEILED.len()).any(is_secret) {
            LEFT.fetch_add(1, Ordering::SeqCst);
        }
        unsafe { System.dealloc(block, layout) }
    }
    // `realloc` is not overridden: the provided one allocates, copies and frees, so that a moved block is looked at too.
}

#[global_allocator]
static ALLOCATOR: Looking = Looking;

fn secret() -> Secret {
    Secret::new(VEILED.iter().map(|byte| char::from(byte ^ VEIL)).collect::<String>())
}

/// A scheme that places the secret everywhere, in every encoding.
fn scheme() -> Value {
    let template =
        |functions: Value| json!({"parts": [{"literal": "Bearer "}, {"field": "key"}], "functions": functions});
    let place = |location: &str, name: &str, functions: Value| json!({"location": location, "name": name, "template": template(functions)});
    json!({"name": "all", "summary": "", "values": [{"name": "v", "template": template(json!(["json-escape"]))}], "placements": [
        place("header", "A", json!([])),
        place("header", "B", json!(["base64"])),
        place("header", "C", json!(["percent-encode"])),
        place("query", "d", json!(["form-encode"])),
        place("body", "e", json!([])),
        place("body", "f", json!(["json-escape"])),
        place("body", "g", json!([{"hmac-sha256-hex": "key"}])),
    ]})
}

fn declared(body: &Value) -> Vec<Declaration> {
    let requests: [Request; 1] = [serde_json::from_value(json!({
        "name": "main", "method": "POST", "path": "/things", "variables": [], "query": [], "headers": [],
        "body": body, "scheme": "all", "answer": "bytes", "read-only": false, "sensitive-answer": [],
    }))
    .unwrap()];
    let scheme: Scheme = serde_json::from_value(scheme()).unwrap();
    let inputs = ["name"];
    let operation =
        Operation { name: "a.b", effect: Effect::Write, inputs: &inputs, attachments: &["file"], requests: &requests };
    compile(&["key"], &[scheme], &[operation]).unwrap().remove(0)
}

#[test]
fn no_block_is_given_back_with_the_secret_in_it() {
    // The judge can see: a copy that is not wiped is found.
    drop(VEILED.iter().map(|byte| byte ^ VEIL).collect::<Vec<u8>>());
    assert!(LEFT.swap(0, Ordering::SeqCst) > 0);

    let field = json!({"name": "name", "source": {"input": "name"}, "lists": "repeated"});
    let file = json!({"name": "file", "source": {"input": "file"}, "lists": "repeated"});
    let fields = json!({"fields": [field], "open": null});
    let with_file = json!({"fields": [field, file], "open": null, "media-types": ["image/png"]});
    for body in [json!({"json": fields}), json!({"form": fields}), json!({"multipart": with_file})] {
        let connection =
            Connection::builder("acme", "main", "https://acme.example").secret("key", secret()).build().unwrap();
        let declared = declared(&body);
        let input = json!({"name": "x".repeat(1000)});
        let attachments = [("file".to_owned(), Blob::new(vec![1; 5000], "image/png", Some("\"\\\"".repeat(50))))];
        let work = Work::until(Deadline::within(Duration::MAX));
        let item = Item {
            input: input.as_object().unwrap(),
            attachments: &attachments,
            sensitive: &HashSet::new(),
            written: None,
            call: "a-call",
        };
        let asked = Asked { name: "main".to_owned(), ..Asked::default() };
        let outgoing = prepare(&declared, &asked, item, &connection, &work).unwrap();
        let shown = serde_json::to_string(&outgoing.shown()).unwrap();
        assert!(shown.contains("•••"), "{shown}");
        connection.mask_for_people("an answer".to_owned());
        drop((outgoing, connection));
        assert_eq!(LEFT.load(Ordering::SeqCst), 0, "{body}");
    }
}
