//! What the host does for a plugin is bounded, whatever the manifest, the caller and the plugin give: in steps, not in time.
#![expect(clippy::indexing_slicing, clippy::unwrap_used, reason = "a test fails by panicking")]

use std::collections::HashSet;
use std::time::{Duration, Instant};

use proptest::prelude::*;
use proptest::test_runner::Config;
use serde_json::{Map, Value, json};
use wharf_egress::declaration::{Declaration, Effect, Operation, Problem, Request, compile};
use wharf_egress::guard::{Asked, AskedBody, Item, Refusal, prepare, weight};
use wharf_egress::work::Work;
use wharf_egress::{Blob, Connection, Deadline, Secret};

/// A request for which only something is said.
fn request(given: &Value) -> Request {
    let mut whole = json!({
        "name": "main", "method": "POST", "path": "/things", "variables": [], "query": [], "headers": [],
        "body": "none", "scheme": null, "answer": "bytes", "read-only": false, "sensitive-answer": [],
    });
    whole.as_object_mut().unwrap().extend(given.as_object().unwrap().clone());
    serde_json::from_value(whole).unwrap()
}

fn compiled(requests: &[Request]) -> Result<Vec<Declaration>, Vec<Problem>> {
    let operation =
        Operation { name: "a.b", effect: Effect::Delete, inputs: &["a", "b"], attachments: &["file"], requests };
    compile(&["key"], &[], &[operation]).map(|mut all| all.remove(0))
}

fn connection() -> Connection {
    let secret = Secret::new("kJ8nQ2vX7pLm4RtY9wZs3BcD");
    Connection::builder("acme", "main", "https://acme.example").secret("key", secret).build().unwrap()
}

fn field(name: &str, source: &Value) -> Value {
    json!({"name": name, "source": source, "lists": "repeated"})
}

fn free(name: &str) -> Value {
    field(name, &json!({"free": "a test"}))
}

/// How many steps it takes to build a request, or to refuse it.
fn steps(declared: &[Declaration], asked: &Asked, input: &Value) -> (u64, Result<(), Refusal>) {
    let work = Work::until(Deadline::within(Duration::MAX));
    let item = Item {
        input: input.as_object().unwrap(),
        attachments: &[],
        sensitive: &HashSet::new(),
        written: None,
        call: "a-call",
    };
    weight(declared, asked, item, &connection(), 64 << 20, &work);
    let built = prepare(declared, asked, item, &connection(), &work).map(drop);
    (work.done(), built)
}

fn pair(name: &str, value: String) -> (String, String) {
    (name.to_owned(), value)
}

fn rule(result: &Result<(), Refusal>) -> &'static str {
    match result {
        Err(Refusal::Denied(denial)) => denial.rule.name(),
        Err(_) => "another refusal",
        Ok(()) => "none",
    }
}

const LARGE: usize = 40 << 20;

#[test]
fn a_value_is_bounded_by_its_place_before_anything_looks_at_it() {
    let path = json!({"path": "/things/{a}", "variables": [{"name": "a", "source": {"free": "a test"}}]});
    let text = json!({"path": "/things/{a}"});
    let query = json!({"query": [free("q")]});
    let header = json!({"headers": [free("X-H")]});
    let large = || ".".repeat(LARGE);
    for (request_of, asked, input, expected) in [
        (&path, Asked { variables: vec![pair("a", large())], ..Asked::default() }, json!({}), "url"),
        (&text, Asked::default(), json!({"a": large()}), "url"),
        (&query, Asked { query: vec![pair("q", large())], ..Asked::default() }, json!({}), "url"),
        (&header, Asked { headers: vec![pair("X-H", large())], ..Asked::default() }, json!({}), "header-value"),
    ] {
        let declared = compiled(&[request(request_of)]).unwrap();
        let asked = Asked { name: "main".to_owned(), ..asked };
        let (steps, result) = steps(&declared, &asked, &input);
        assert_eq!(rule(&result), expected, "{request_of}");
        assert!(steps < 1 << 16, "{steps} steps for {request_of}");
    }
}

#[test]
fn lists_and_names_have_an_end_where_there_is_only_text() {
    let list = json!({"query": [field("q", &json!({"input": "a"}))]});
    let form = json!({"body": {"form": {"fields": [field("q", &json!({"input": "a"}))], "open": "a test"}}});
    let body = json!({"body": {"json": {"fields": [], "open": "a test"}}});
    let members: String = (0..20_000).map(|n| format!("\"m{n}\":0,")).collect();
    let many = Some(AskedBody::Json(format!("{{{members}\"last\":0}}")));
    let long_name = Some(AskedBody::Json(format!("{{\"{}\":0}}", "n".repeat(2000))));
    let large = Some(AskedBody::Json(format!("[{}0]", "0,".repeat(9 << 20))));
    let whole = json!({"body": {"json": {"fields": [free("")], "open": null}}});
    for (request_of, asked, input, expected) in [
        (&list, None, json!({"a": vec![1; 20_000]}), "values"),
        (&form, None, json!({"a": vec![1; 20_000]}), "values"),
        (&body, many, json!({}), "values"),
        (&body, long_name, json!({}), "values"),
        (&whole, large, json!({}), "values"),
    ] {
        let declared = compiled(&[request(request_of)]).unwrap();
        let asked = Asked { name: "main".to_owned(), body: asked, ..Asked::default() };
        assert_eq!(rule(&steps(&declared, &asked, &input).1), expected, "{request_of}");
    }
}

#[test]
fn a_name_counts_for_each_entry_that_is_written_with_it() {
    let list = json!(vec![0; 10_000]);
    let of = |name: usize, lists: &str| {
        let field = json!({"name": "n".repeat(name), "source": {"input-or": ["a", list]}, "lists": lists});
        json!({"body": {"form": {"fields": [field], "open": null}}})
    };
    let problems = compiled(&[request(&of(257, "repeated"))]).unwrap_err();
    assert!(problems[0].problem.contains("more than 256 bytes"), "{problems:?}");
    for lists in ["repeated", "brackets", "indexed"] {
        let declared = compiled(&[request(&of(256, lists))]).unwrap();
        let work = Work::until(Deadline::within(Duration::MAX));
        let item =
            Item { input: &Map::new(), attachments: &[], sensitive: &HashSet::new(), written: None, call: "a-call" };
        let weight = weight(
            &declared,
            &Asked { name: "main".to_owned(), ..Asked::default() },
            item,
            &connection(),
            64 << 20,
            &work,
        );
        let weight = weight.in_memory;
        assert!(weight >= 2_560_000, "{lists}: {weight}");
        let (steps, built) = steps(&declared, &Asked { name: "main".to_owned(), ..Asked::default() }, &json!({}));
        assert!(built.is_ok() && steps >= 2_560_000, "{lists}: {steps}");
    }
}

#[test]
fn the_entries_of_a_form_end_with_the_call() {
    let fields: Vec<Value> = (0..240).map(|n| field(&format!("f{n}"), &json!({"input": "a"}))).collect();
    let declared = compiled(&[request(&json!({"body": {"form": {"fields": fields, "open": null}}}))]).unwrap();
    let work = Work::until(Deadline::within(Duration::ZERO));
    let input = json!({"a": vec![0; 10_000]});
    let item = Item {
        input: input.as_object().unwrap(),
        attachments: &[],
        sensitive: &HashSet::new(),
        written: None,
        call: "a-call",
    };
    let asked = Asked { name: "main".to_owned(), ..Asked::default() };
    let built = prepare(&declared, &asked, item, &connection(), &work).map(drop);
    assert!(matches!(built, Err(Refusal::OutOfTime(_))) && work.done() < 100_000, "{built:?} {}", work.done());
}

#[test]
fn the_keys_on_the_way_count_for_each_value_that_is_written_with_them() {
    let field = json!({"name": "n", "source": {"input": "a"}, "lists": "brackets"});
    let declared = compiled(&[request(&json!({"body": {"form": {"fields": [field], "open": null}}}))]).unwrap();
    let members: Map<String, Value> = (0..1000).map(|n| (n.to_string(), json!(0))).collect();
    let input = json!({"a": {"k".repeat(1000): members}});
    let item = Item {
        input: input.as_object().unwrap(),
        attachments: &[],
        sensitive: &HashSet::new(),
        written: None,
        call: "a-call",
    };
    let work = Work::until(Deadline::within(Duration::MAX));
    let asked = Asked { name: "main".to_owned(), ..Asked::default() };
    assert!(weight(&declared, &asked, item, &connection(), 64 << 20, &work).in_memory >= 1_000_000);
    assert!(steps(&declared, &asked, &input).1.is_ok());
}

/// Where it was copied for each place, this took minutes.
#[test]
fn what_stands_in_place_of_a_variable_is_not_copied_for_each_of_its_places() {
    let source = json!({"input-or": ["a", vec![0; 400_000]]});
    let path = format!("/{}", "{a}".repeat(4_000));
    let declared =
        compiled(&[request(&json!({"path": path, "variables": [{"name": "a", "source": source}]}))]).unwrap();
    let began = Instant::now();
    let (_, built) = steps(&declared, &Asked { name: "main".to_owned(), ..Asked::default() }, &json!({"a": "x"}));
    assert!(built.is_ok() && began.elapsed() < Duration::from_secs(5), "{built:?} {:?}", began.elapsed());
}

#[test]
fn a_body_that_takes_long_to_build_ends_with_its_call() {
    let form = json!({"body": {"form": {"fields": [field("q", &json!({"input": "a"}))], "open": null}}});
    let whole = json!({"body": {"json": {"fields": [field("q", &json!({"input": "a"}))], "open": null}}});
    let nested = json!({"body": {"json": {"fields": [field("/q/r", &json!({"input": "a"}))], "open": null}}});
    for (request_of, input) in [
        (&form, json!({"a": "ä".repeat(8 << 20)})),
        (&whole, json!({"a": "\"".repeat(8 << 20)})),
        (&nested, json!({"a": vec![json!([1]); 500_000]})),
    ] {
        let declared = compiled(&[request(request_of)]).unwrap();
        let asked = Asked { name: "main".to_owned(), ..Asked::default() };
        let item = Item {
            input: input.as_object().unwrap(),
            attachments: &[],
            sensitive: &HashSet::new(),
            written: None,
            call: "a-call",
        };
        let over = Work::until(Deadline::after(Instant::now(), Duration::ZERO));
        let built = prepare(&declared, &asked, item, &connection(), &over).map(drop);
        assert!(matches!(built, Err(Refusal::OutOfTime(_))), "{request_of}: {}", rule(&built));
        assert!(over.done() < 1 << 18, "{} steps", over.done());
    }
}

#[test]
fn a_manifest_that_would_take_long_to_compare_is_refused() {
    let problem = |requests: &[Request]| compiled(requests).unwrap_err().first().unwrap().to_string();
    let named = |n: usize, path: &str| request(&json!({"name": format!("r{n}"), "path": path, "method": "GET"}));
    let many: Vec<Request> = (0..100).map(|n| named(n, &format!("/x/{n}"))).collect();
    assert!(problem(&many).contains("it has 100 requests; the most are 64"), "{}", problem(&many));
    let long: Vec<Request> = (0..8000).map(|n| named(n, &format!("/{n}{}", "/a".repeat(20)))).collect();
    assert!(problem(&long).contains("168000 segments of paths"), "{}", problem(&long));
    let twice: Vec<Value> = (0..40).map(|n| json!({"name": format!("v{n}"), "source": {"text": "x"}})).collect();
    let path: String = (0..40).map(|n| format!("/{{v{n}}}")).collect();
    let variables = [request(&json!({"path": path, "variables": twice}))];
    assert!(problem(&variables).contains("it has 40 variables; the most are 32"), "{}", problem(&variables));
}

#[test]
fn many_siblings_are_looked_up_and_not_compared() {
    let of = |requests: &[Request]| {
        let inputs = ["a"];
        let operations: Vec<Operation<'_>> = requests
            .chunks(60)
            .map(|requests| Operation {
                name: "a.b",
                effect: Effect::Write,
                inputs: &inputs,
                attachments: &[],
                requests,
            })
            .collect();
        compile(&[], &[], &operations).unwrap().remove(0)
    };
    let mut requests = vec![request(&json!({"method": "GET", "path": "/things/{a}"}))];
    requests.extend(
        (0..1990).map(|n| {
            request(&json!({"name": format!("r{n}"), "method": "GET", "path": format!("/things/sibling-{n}")}))
        }),
    );
    let declared = of(&requests);
    let asked = Asked { name: "main".to_owned(), ..Asked::default() };
    for (value, expected) in
        [("sibling-7", "path-value"), ("Sibling-1989.json", "path-value"), ("sibling-1990", "none")]
    {
        assert_eq!(rule(&steps(&declared, &asked, &json!({"a": value})).1), expected, "{value}");
    }
}

/// Any JSON of some size.
fn any_json() -> impl Strategy<Value = Value> {
    let leaf =
        prop_oneof![Just(json!(null)), any::<i64>().prop_map(Value::from), "[ -~ä]{0,300}".prop_map(Value::from)];
    leaf.prop_recursive(4, 200, 20, |inner| {
        prop_oneof![
            prop::collection::vec(inner.clone(), 0..20).prop_map(Value::from),
            prop::collection::btree_map("[a-z]{1,9}", inner, 0..20)
                .prop_map(|m| Value::Object(m.into_iter().collect())),
        ]
    })
}

fn any_request() -> impl Strategy<Value = Value> {
    let source = prop_oneof![
        Just(json!({"input": "a"})),
        Just(json!({"input-or": ["a", [1, 2]]})),
        Just(json!({"text": "constant"})),
        Just(json!({"free": "a test"})),
    ];
    let fields = prop::collection::vec((source, prop_oneof![Just("repeated"), Just("brackets"), Just("json")]), 0..6);
    let named = fields.prop_map(|fields| {
        let fields = fields.into_iter().enumerate();
        fields.map(|(n, (source, lists))| json!({"name": format!("f{n}"), "source": source, "lists": lists})).collect()
    });
    (named, prop_oneof![Just("json"), Just("form"), Just("multipart")], any::<bool>()).prop_map(
        |(fields, form, query): (Vec<Value>, &str, bool)| {
            let mut body = json!({form: {"fields": if query { vec![] } else { fields.clone() }, "open": "a test"}});
            if form == "multipart" {
                body[form]["media-types"] = json!(["text/plain"]);
            }
            json!({"path": "/things/{b}", "query": if query { fields } else { vec![] }, "body": body})
        },
    )
}

proptest! {
    #![proptest_config(Config { cases: 300, failure_persistence: None, ..Config::default() })]

    /// A request takes no more steps than some for each byte that is given to it.
    #[test]
    fn the_steps_of_a_request_grow_with_what_is_given(
        given in any_request(),
        a in any_json(),
        b in "[a-z./%;]{0,40}",
        names in prop::collection::vec(("[a-z0-9]{1,4}", "[ -~]{0,60}"), 0..20),
    ) {
        let Ok(declared) = compiled(&[request(&given)]) else { return Ok(()) };
        let body = match &declared[0].request.body {
            wharf_egress::declaration::BodyForm::Json(_) => {
                let members: Map<String, Value> = names.iter().map(|(n, v)| (n.clone(), json!(v))).collect();
                Some(AskedBody::Json(Value::Object(members).to_string()))
            }
            wharf_egress::declaration::BodyForm::Form(_) => Some(AskedBody::Form(names)),
            _ => None,
        };
        let asked = Asked { name: "main".to_owned(), body, ..Asked::default() };
        let input = json!({"a": a, "b": b});
        let work = Work::until(Deadline::within(Duration::MAX));
        let file = [("file".to_owned(), Blob::new("x".repeat(1000), "text/plain", None))];
        let item = Item { input: input.as_object().unwrap(), attachments: &file, sensitive: &HashSet::new(), written: None, call: "a-call" };
        let weight = weight(&declared, &asked, item, &connection(), u64::MAX, &work).in_memory;
        let _ = prepare(&declared, &asked, item, &connection(), &work);
        prop_assert!(work.done() <= 4096 + 16 * weight, "{} steps for {weight} bytes", work.done());
    }
}
