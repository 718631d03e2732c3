use serde_json::{Value, json};

use super::*;

/// The problems of a manifest with these rules, and with an operation that has these members besides.
fn problems_of(answer: &Value, answers: &Value, members: Value) -> Vec<String> {
    let mut operation = json!({
        "name": "orders.list", "title": "", "summary": "", "effect": "read", "idempotent": true, "unverified": null,
        "attachments": [], "output-attachments": [], "sensitive-inputs": [], "sensitive-outputs": [],
        "input-schema": {"type": "object", "properties": {"x": {"type": "string"}}, "additionalProperties": false},
        "requests": [request("list", &json!([]))], "data": {},
    });
    let members = members.as_object().cloned().unwrap_or_default();
    operation.as_object_mut().unwrap().extend(members);
    let manifest = json!({
        "name": "acme", "title": "", "version": "1.0.0", "summary": "",
        "base-url": {"summary": "", "default": null, "suffix": null, "environment": null},
        "fields": [], "schemes": [], "answer": answer, "answers": answers, "operations": [operation],
    });
    problems(&serde_json::from_value(manifest).unwrap()).iter().map(ToString::to_string).collect()
}

fn request(name: &str, query: &Value) -> Value {
    json!({
        "name": name, "method": "GET", "path": "/orders", "variables": [], "query": query, "headers": [],
        "body": "none", "scheme": null, "answer": "bytes", "read-only": false, "sensitive-answer": [],
    })
}

fn has(problems: &[String], part: &str) {
    assert!(problems.iter().any(|problem| problem.contains(part)), "{part}: {problems:?}");
}

#[test]
fn rules_that_can_never_mean_anything_are_refused() {
    let of = |answer: Value| problems_of(&answer, &json!({"a": [{"use": "b"}], "b": [{"output": "body"}]}), json!({}));
    let no = || json!({"output": "body"});
    let when = |condition: Value| of(json!([{"if": [condition], "output": "body"}, {"failure": {}}]));
    assert_eq!(of(json!([{"use": "a"}])), Vec::<String>::new());
    assert_eq!(when(json!({"at": ["/*/id"], "exists": true, "except": ["x"]})), Vec::<String>::new());
    has(&of(json!([no(), no()])), "/answer/0: it fits every answer, so that none behind it is looked at");
    has(&of(json!([{"use": "a"}, no()])), "/answer/0: it fits every answer");
    has(&of(json!([{"use": "c"}])), "/answer/0: there are no rules `c` under `answers`; there are `a`, `b`");
    has(&of(json!([{"output": {"at": "a"}}])), "`a` is not a JSON Pointer, such as `/error/message`");
    has(&of(json!([{"output": {"at": "/a~2"}}])), "`/a~2` is not a JSON Pointer");
    has(&of(json!([{"output": {"at": "/a/*"}}])), "`/a/*` has to lead to one place");
    has(&of(json!([{"output": {"at": "/a".repeat(17)}}])), "leads through more than 16 members");
    has(&of(json!([{"output": {"value": "{"}}])), "its value is not JSON");
    has(&of(json!([{"failure": {"code": [{"header": "a b"}]}}])), "`a b` is not the name of a header");
    has(&of(json!([{"failure": {"field": [{"at": "/f"}]}}])), "only a failure of the kind `invalid-input`");
    has(&of(json!([{"unreadable": " "}])), "say what the answer should be");
    has(&when(json!({"at": [], "exists": true})), "a condition has no place to look at");
    has(&when(json!({"at": ["/a"], "one-of": []})), "a condition has nothing to compare with");
    has(&when(json!({"at": ["/a"], "contains": [""]})), "the empty text is in every text");
    has(&when(json!({"at": ["/a"], "exists": true, "except": ["b"]})), "and there is none");
    has(&when(json!({"status": null, "statuses": [{"one": 99}]})), "a status is one from 100 to 599");
    has(&when(json!({"status": null, "exists": true})), "asks what cannot be asked");
    let many = json!(vec![json!({"if": [{"body": null, "is": ["json"]}], "output": "body"}); 65]);
    has(&of(many), "it has 65 rules; the most are 64");
    let long: Vec<Value> = (0..5000).map(|number| json!({"text": number.to_string()})).collect();
    has(&when(json!({"at": ["/a"], "one-of": long})), "the most are 4096");
}

#[test]
fn rules_that_use_one_another_in_a_circle_are_refused() {
    let of = |answers: Value| problems_of(&json!([]), &answers, json!({}));
    let in_a_circle = json!({"a": [{"use": "b"}], "b": [{"use": "c"}], "c": [{"use": "a"}], "d": [{"use": "a"}]});
    let found = of(in_a_circle);
    for name in ["a", "b", "c"] {
        has(&found, &format!("/answers/{name}: its rules use one another in a circle"));
    }
    assert_eq!(found.len(), 3, "{found:?}");
    has(&of(json!({"a": [{"use": "a"}]})), "in a circle");
}

#[test]
fn rules_that_are_used_too_deep_or_multiply_one_another_are_refused() {
    let chain = |length: usize, width: usize| {
        let list = |number: usize| match number + 1 < length {
            true => {
                json!(vec![json!({"if": [{"body": null, "is": ["json"]}], "use": format!("l{}", number + 1)}); width])
            }
            false => json!([{"output": "body"}]),
        };
        let lists: serde_json::Map<String, Value> =
            (0..length).map(|number| (format!("l{number}"), list(number))).collect();
        problems_of(&json!([{"use": "l0"}]), &lists.into(), json!({}))
    };
    assert_eq!(chain(DEEPEST_USE, 1), Vec::<String>::new());
    has(&chain(DEEPEST_USE + 1, 1), "/answers/l0: its rules use others more than 8 deep");
    has(&chain(5, 10), "/answers/l0: with those that it uses it comes to 21110 rules; the most are 1024");
}

#[test]
fn without_code_each_value_has_somebody_who_gives_it_and_one_request_is_sent() {
    let of = |members: Value| problems_of(&json!([]), &json!({}), members);
    let free = json!([{"name": "page", "source": {"free": "why"}, "lists": "repeated"}]);
    has(
        &of(json!({"requests": [request("list", &free)]})),
        "/operations/orders.list/request: query page is free, and without code nobody gives it",
    );
    let when = |given: &[&str], last: &[&str]| {
        let (mut one, mut other) = (request("one", &json!([])), request("other", &json!([])));
        (one["when-given"], other["when-given"]) = (json!(given), json!(last));
        of(json!({"requests": [one, other]}))
    };
    assert_eq!(when(&["x"], &[]), Vec::<String>::new());
    has(&when(&["y"], &[]), "the request `one` is sent for `y`, which is no input of it");
    has(&when(&[], &[]), "no request behind `one` is ever sent");
    has(&when(&["x"], &["x"]), "one of its requests is sent in any case: the last, `other`");
    has(&of(json!({"requests": []})), "without code it needs a request");
    let mut one = request("one", &json!([]));
    one["when-given"] = json!(["x"]);
    has(&of(json!({"requests": [one], "data": null})), "it has code, which chooses among the requests");
}

#[test]
fn pages_are_turned_in_the_request_of_the_first_one_alone() {
    let free = json!([{"name": "page", "source": {"free": "why"}, "lists": "repeated"}]);
    let schema = json!({
        "type": "object", "properties": {"x": {}, "maxItems": {"type": "integer"}}, "additionalProperties": false,
    });
    let of = |next: Value, pages: Value| {
        let requests = json!([request("list", &json!([])), next]);
        problems_of(
            &json!([]),
            &json!({}),
            json!({"requests": requests, "data": {"pages": pages}, "input-schema": schema}),
        )
    };
    let by_page = || json!({"list": "/items", "turn": {"page": {"query": "page", "first": 1}}});
    assert_eq!(of(request("next-page", &free), by_page()), Vec::<String>::new());
    has(&of(request("next-page", &json!([])), by_page()), "`page` is no free parameter of the request `next-page`");
    let mut elsewhere = request("next-page", &free);
    elsewhere["path"] = json!("/users");
    has(&of(elsewhere, by_page()), "the request `next-page` is another one than that of the first page");
    let link = json!({"list": "items", "turn": {"link": {"read": []}}});
    let found = of(request("next-page", &json!([])), link);
    has(&found, "`items` is not a JSON Pointer");
    has(&found, "of the link to the next page nothing is read");
}

#[test]
fn a_file_is_declared_wherever_it_passes() {
    let of = |answer: &str, files: &[&str], output: Value| {
        let mut sent = request("get", &json!([]));
        sent["answer"] = json!(answer);
        let data = json!({"answer": [{"output": output}]});
        problems_of(&json!([]), &json!({}), json!({"requests": [sent], "output-attachments": files, "data": data}))
    };
    assert_eq!(of("blob", &["file"], json!({"file": "file"})), Vec::<String>::new());
    has(&of("blob", &[], json!({"file": "file"})), "a file `file`, which is not among the operation's files");
    has(&of("bytes", &["file"], json!({"file": "file"})), "needs a request `as-file`");
    has(&of("blob", &["file"], json!("body")), "no rule of its answer gives the file `file`");
}
