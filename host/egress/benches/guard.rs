//! What the guard costs: from what a plugin asks for to the request that is ready to be sent, and the look at an address.
//!
//! The floor beside it is a request of the same bytes that is written out by hand, without a rule.
#![expect(clippy::unwrap_used, reason = "a benchmark fails by panicking")]

use std::collections::HashSet;
use std::hint::black_box;
use std::net::IpAddr;
use std::time::Duration;

use criterion::{Criterion, criterion_group, criterion_main};
use serde_json::{Map, Value, json};
use wharf_egress::address::reach;
use wharf_egress::declaration::{Declaration, Effect, Operation, Request, Scheme, compile};
use wharf_egress::guard::{Asked, AskedBody, Item, prepare, weight};
use wharf_egress::work::Work;
use wharf_egress::{Connection, Deadline, Secret};

fn work() -> Work {
    Work::until(Deadline::within(Duration::MAX))
}

fn declarations(request: &Value, effect: Effect) -> Vec<Declaration> {
    let requests: [Request; 1] = [serde_json::from_value(request.clone()).unwrap()];
    let template = json!({"parts": [{"field": "key"}], "functions": []});
    let scheme: Scheme = serde_json::from_value(json!({
        "name": "key", "summary": "", "values": [],
        "placements": [
            {"location": "header", "name": "X-Appwrite-Key", "template": template},
            {"location": "header", "name": "X-Appwrite-Project", "template": {"parts": [{"field": "project"}], "functions": []}},
        ],
    }))
    .unwrap();
    let inputs = ["userId", "sessionId", "name", "email", "labels"];
    let operation = Operation { name: "users.do", effect, inputs: &inputs, attachments: &[], requests: &requests };
    compile(&["key", "project"], &[scheme], &[operation]).unwrap().remove(0)
}

fn connection() -> Connection {
    let builder = Connection::builder("appwrite", "main", "https://cloud.example/v1").field("project", "shop");
    builder.secret("key", Secret::new("standard_8d1f6b0c3a97e254f0b86d1c7a3e9250")).build().unwrap()
}

fn input() -> Map<String, Value> {
    let input = json!({
        "userId": "5e5ea5c16897e", "sessionId": "5e5bb8c16897e", "name": "Ada Lovelace", "email": "ada@example.com",
        "labels": ["vip", "early"],
    });
    input.as_object().unwrap().clone()
}

fn field(name: &str, source: &Value) -> Value {
    json!({"name": name, "source": source, "lists": "brackets"})
}

fn guard(bench: &mut Criterion) {
    let (connection, input) = (connection(), input());
    let item = Item { input: &input, attachments: &[], sensitive: &HashSet::new(), written: None, call: "a-call" };
    let asked = Asked { name: "main".to_owned(), ..Asked::default() };

    let delete = declarations(
        &json!({
            "name": "main", "method": "DELETE", "path": "/users/{userId}/sessions/{sessionId}", "variables": [],
            "query": [], "headers": [], "body": "none", "scheme": "key", "answer": "bytes", "read-only": false, "sensitive-answer": [],
        }),
        Effect::Delete,
    );
    bench.bench_function("guard/delete with two bound values and two credentials", |b| {
        b.iter(|| {
            black_box(weight(&delete, &asked, item, &connection, u64::MAX, &work()));
            prepare(&delete, black_box(&asked), item, &connection, &work()).unwrap()
        });
    });

    let create = declarations(
        &json!({
            "name": "main", "method": "POST", "path": "/users", "variables": [],
            "query": [field("dryRun", &json!({"text": "false"})), field("page", &json!({"free": "a cursor"}))],
            "headers": [],
            "body": {"json": {
                "fields": [
                    field("userId", &json!({"input": "userId"})), field("name", &json!({"input": "name"})),
                    field("email", &json!({"input": "email"})), field("labels", &json!({"input": "labels"})),
                ],
                "open": "further preferences",
            }},
            "scheme": "key", "answer": "bytes", "read-only": false, "sensitive-answer": [],
        }),
        Effect::Write,
    );
    let with_body = Asked {
        query: vec![("page".to_owned(), "eyJvIjo1MH0".to_owned())],
        body: Some(AskedBody::Json(r#"{"theme": "dark"}"#.to_owned())),
        ..asked.clone()
    };
    bench.bench_function("guard/post of a JSON body with four bound values and a free one", |b| {
        b.iter(|| {
            black_box(weight(&create, &with_body, item, &connection, u64::MAX, &work()));
            prepare(&create, black_box(&with_body), item, &connection, &work()).unwrap()
        });
    });

    bench.bench_function("floor/the same delete, written out by hand", |b| {
        b.iter(|| {
            let (user, session) = (input.get("userId").unwrap(), input.get("sessionId").unwrap());
            let (user, session) = (user.as_str().unwrap(), session.as_str().unwrap());
            let url = format!("https://cloud.example/v1/users/{user}/sessions/{session}");
            let key = ("X-Appwrite-Key".to_owned(), "standard_8d1f6b0c3a97e254f0b86d1c7a3e9250".to_owned());
            black_box((url, vec![key, ("X-Appwrite-Project".to_owned(), "shop".to_owned())]))
        });
    });

    let addresses: [IpAddr; 2] =
        ["93.184.216.34".parse().unwrap(), "2606:2800:220:1:248:1893:25c8:1946".parse().unwrap()];
    bench.bench_function("address/judge two answers of a resolver", |b| b.iter(|| black_box(addresses).map(reach)));
}

criterion_group!(benches, guard);
criterion_main!(benches);
