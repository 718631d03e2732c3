//! The plugins that are called: components that are nothing but a manifest, and one that tries what is forbidden.

use serde_json::{Value, json};
use wharf_artifacts::BLANK;

/// The versions of the shop that take turns.
pub(crate) const VERSIONS: [&str; 2] = ["1.0.0", "1.0.1"];

/// Takes orders: `orders.add` is done as often as it is sent, `orders.pay` once for each key.
pub(crate) fn shop(version: &str) -> Vec<u8> {
    let id =
        || json!({ "required": ["id"], "properties": { "id": { "type": "string" }, "note": { "type": "string" } } });
    let request = |method: &str| {
        let mut request = json!({ "method": method, "path": "/orders/{id}", "variables": { "id": { "input": "id" } } });
        if method == "POST" {
            request["body"] = json!({ "json": ["note"] });
        }
        request
    };
    let mut pay = request("POST");
    pay["headers"] = json!([{ "name": "Idempotency-Key", "call-id": true }]);
    let mut look = id();
    look["properties"].as_object_mut().unwrap().remove("note");
    component(&json!({
        "contract": "0.2.0-draft", "name": "shop", "title": "Shop", "version": version, "summary": "Orders.",
        "server": { "summary": "Where it is." },
        "operations": {
            "orders.add": { "title": "Add", "summary": "Adds one.", "input": id(), "request": request("POST") },
            "orders.pay": { "title": "Pay", "summary": "Pays one.", "input": id(), "idempotent": true, "request": pay },
            "orders.get": { "title": "Get", "summary": "Tells of one.", "input": look, "request": request("GET") },
        },
    }))
}

/// What a token is needed for.
pub(crate) fn acme() -> Vec<u8> {
    component(&json!({
        "contract": "0.2.0-draft", "name": "acme", "title": "Acme", "version": "1.0.0", "summary": "Whose token it is.",
        "server": { "summary": "Where it is." },
        "fields": {
            "client_id": { "title": "Client ID", "summary": "From the provider.", "required": true },
            "client_secret": {
                "title": "Client secret", "summary": "From the provider.", "secret": true, "required": true,
            },
        },
        "credentials": { "account": { "summary": "An account.", "oauth2": {
            "grants": ["authorization-code"],
            "authorize": { "path": "/authorize" },
            "token": { "path": "/token" },
            "client": { "id": "client_id", "secret": "client_secret", "by": "basic" },
            "scopes": ["read"],
        } } },
        "schemes": { "account": {
            "summary": "The token.",
            "placements": [{ "header": "Authorization", "template": "Bearer {credential.account.access}" }],
        } },
        "scheme": "account",
        "operations": { "me.get": {
            "title": "Me", "summary": "Whose token it is.", "request": { "method": "GET", "path": "/api/me" },
        } },
    }))
}

/// A manifest, written into the component that has none.
fn component(manifest: &Value) -> Vec<u8> {
    const MARK: &[u8] = b"A manifest is written over this text.";
    let mut bytes = BLANK.bytes.to_vec();
    let at = bytes.windows(MARK.len()).position(|window| window == MARK).unwrap();
    let text = manifest.to_string();
    assert!(text.len() <= 64 << 10);
    bytes[at..at + MARK.len()].fill(b' ');
    bytes[at..at + text.len()].copy_from_slice(text.as_bytes());
    bytes
}
