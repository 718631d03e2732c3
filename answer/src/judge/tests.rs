use super::*;

fn rules(json: serde_json::Value) -> Vec<Rule> {
    serde_json::from_value(json).unwrap()
}

fn judged(status: u16, body: &str, of: serde_json::Value) -> Result<String, Failure> {
    match judge(&Answer::new(status, &[], body), &rules(of), &())? {
        Found::Json(json) => Ok(json),
        Found::File(name) => Ok(format!("file {name}")),
        Found::Lines(lines) => Ok(format!("{lines:?}")),
    }
}

#[test]
fn without_rules_the_status_decides() {
    let answer = |status: u16, body: &str| judge(&Answer::new(status, &[], body), &[], &());
    assert_eq!(answer(200, r#"{"n":1.10}"#), Ok(Found::Json(r#"{"n":1.10}"#.to_owned())));
    assert_eq!(answer(204, ""), Ok(Found::Json("null".to_owned())));
    for (body, words) in [
        (r#"{"message":"No.","error":"x"}"#, "No."),
        (r#"{"error":{"message":"Gone."}}"#, "Gone."),
        (r#"{"errors":[{"field":"name","message":"is taken"},"x"]}"#, "name: is taken; x"),
        (r#"{"errors":[]}"#, r#"{"errors":[]}"#),
        ("no such thing", "no such thing"),
        ("<h1>Gone</h1>", "<h1>Gone</h1>"),
        ("", "an answer without a body"),
    ] {
        assert!(matches!(answer(404, body), Err(Failure::NotFound(detail)) if detail.message == words), "{body}");
    }
}

#[test]
fn the_first_rule_that_fits_decides() {
    let of = serde_json::json!([
        { "if": [{ "at": ["/ok"], "none-of": [{ "boolean": true }] }], "failure": { "code": [{ "at": "/error" }] } },
        { "output": { "at": "/data" } },
    ]);
    assert_eq!(judged(200, r#"{"ok":true,"data":[1.0]}"#, of.clone()), Ok("[1.0]".to_owned()));
    let failed = judged(200, r#"{"ok":false,"error":"not_in_channel"}"#, of.clone()).unwrap_err();
    assert!(matches!(failed, Failure::Provider(detail) if detail.code.as_deref() == Some("not_in_channel")));
    let twice = judged(200, r#"{"ok":true,"ok":true,"data":1}"#, of.clone());
    assert!(matches!(twice, Err(Failure::Provider(detail)) if detail.message.contains("once")));
    assert!(judged(200, r#"{"ok":true,"ok":false,"data":1}"#, of.clone()).is_err(), "one no is enough");
    assert!(judged(200, r#"{"ok":true}"#, of).is_err(), "there is no data");
}

#[test]
fn numbers_are_equal_however_they_are_written() {
    let of = serde_json::json!([
        { "if": [{ "at": ["/code"], "one-of": [{ "number": "500" }] }], "failure": { "kind": "not-found" } },
        { "output": "body" },
    ]);
    for code in ["500", "500.0", "5e2", "\"500\""] {
        let failed = judged(200, &format!("{{\"code\":{code}}}"), of.clone());
        assert!(matches!(failed, Err(Failure::NotFound(_))), "{code}");
    }
    for code in ["501", "\"x\"", "null", "[500]"] {
        assert!(judged(200, &format!("{{\"code\":{code}}}"), of.clone()).is_ok(), "{code}");
    }
}

/// Where all entries were looked at together, what one of them said spoke for the others.
#[test]
fn an_entry_does_not_speak_for_the_others() {
    struct No(Vec<Rule>);
    impl Named for No {
        fn rules(&self, _: &str) -> Option<&[Rule]> {
            Some(&self.0)
        }
    }
    let no = No(rules(serde_json::json!([{
        "if": [{ "at": ["/id"], "exists": true, "not": true }, { "at": ["/status"], "one-of": [{ "number": "0" }] }],
        "failure": { "kind": "conflict", "message": [{ "at": "/error" }] },
    }])));
    let of = rules(serde_json::json!([{ "each": "/results/*", "use": "no" }, { "output": { "at": "/results" } }]));
    let judged = |body: &str| judge(&Answer::new(200, &[], body), &of, &no);
    let failed = judged(r#"{"results":[{"id":7,"status":0},{"status":0,"error":"is taken"}],"error":"x"}"#);
    assert!(matches!(failed, Err(Failure::Conflict(detail)) if detail.message == "is taken"));
    for list in [r#"[{"id":7,"status":0},{"status":1}]"#, "[]", "[0]", r#"[{"id":7},{"id":8,"status":0}]"#] {
        assert_eq!(judged(&format!(r#"{{"results":{list}}}"#)), Ok(Found::Json(list.to_owned())));
    }
    assert!(judged(r#"{"results":[],"results":[{"status":0}]}"#).is_err());
    assert!(judged(r#"{"results":[{"status":1,"status":1}]}"#).is_err(), "it says twice how it went");
}

#[test]
fn a_rule_that_uses_itself_comes_to_an_end() {
    struct Again([Rule; 1]);
    impl Named for Again {
        fn rules(&self, _: &str) -> Option<&[Rule]> {
            Some(&self.0)
        }
    }
    let again = Again([Rule::uses("again")]);
    assert!(judge(&Answer::new(200, &[], "1"), &again.0, &again).is_ok());
}

/// Answers that read the same, or nearly, as one that a rule knows.
#[test]
fn what_a_rule_looks_at_is_never_met_twice_in_a_success() {
    let of = serde_json::json!([
        { "if": [{ "at": ["/ok"], "one-of": [{ "boolean": true }] }], "output": { "at": "/data/id" } },
        { "failure": {} },
    ]);
    assert_eq!(judged(200, r#"{"ok":true,"data":{"id":1e400}}"#, of.clone()), Ok("1e400".to_owned()));
    for body in [
        r#"{"ok":true,"\u006fk":true,"data":{"id":1}}"#,
        r#"{"ok":true,"data":{"id":1},"data":{"id":1}}"#,
        r#"{"ok":true,"data":{"id":1,"id":1}}"#,
        r#"{"ok":true,"data":[{"id":1}]}"#,
        r#"{"ok":true,"data":{"id":1}} {}"#,
        r#"{"ok":"true","data":{"id":1}}"#,
        r#"[{"ok":true,"data":{"id":1}}]"#,
    ] {
        assert!(judged(200, body, of.clone()).is_err(), "{body}");
    }
}

#[test]
fn an_answer_with_more_entries_than_are_looked_at_is_no_success() {
    let of =
        |conditions: serde_json::Value| serde_json::json!([{ "if": conditions, "failure": {} }, { "output": "body" }]);
    let body = format!("[{}0]", "0,".repeat(200_000));
    let one_by_one = of(serde_json::json!([{ "at": ["/*"], "one-of": [{ "number": "1" }] }]));
    assert!(judged(200, &body, one_by_one).is_err());
    assert_eq!(judged(200, &body, of(serde_json::json!([{ "at": [""], "is": ["object"] }]))), Ok(body), "as a whole");
}

#[test]
fn rules_that_multiply_one_another_end_with_the_time() {
    struct Many(Vec<Rule>);
    impl Named for Many {
        fn rules(&self, _: &str) -> Option<&[Rule]> {
            Some(&self.0)
        }
    }
    let many = Many(vec![Rule::uses("again"); 64]);
    let left = std::cell::Cell::new(10_000_i32);
    let in_time = |_| left.replace(left.get() - 1) > 0;
    assert_eq!(judge_within(&Answer::new(200, &[], "1"), &many.0, &many, &in_time), Err(Late));
}

#[test]
fn reading_ends_with_its_time() {
    let of = rules(serde_json::json!([{ "if": [{ "at": ["/a/b"], "exists": true }], "output": "body" }]));
    let body = r#"{"a":{"b":1}}"#;
    let counted = std::cell::Cell::new(0);
    let within = |most: usize| {
        counted.set(0);
        judge_within(&Answer::new(200, &[], body), &of, &(), &|bytes| {
            counted.set(counted.get() + bytes);
            counted.get() <= most
        })
    };
    assert_eq!(within(1000), Ok(Ok(Found::Json(body.to_owned()))));
    let needed = counted.get();
    assert!(needed < 5 * body.len(), "{needed}");
    for most in 0..needed {
        assert_eq!(within(most), Err(Late), "{most}");
    }
}

/// Rules that look at everything in every way.
fn curious() -> Vec<Rule> {
    let pointers = ["", "/*", "/*/*", "/a", "/a/b", "/a/*/0", "/b/a", "/0", "/~0~1"];
    let tests = [
        serde_json::json!({ "exists": false }),
        serde_json::json!({ "present": true }),
        serde_json::json!({ "is": ["nothing"] }),
        serde_json::json!({ "one-of": [{ "text": "a" }, { "number": "1e9" }, "empty-list"] }),
        serde_json::json!({ "none-of": ["null", { "boolean": true }] }),
        serde_json::json!({ "contains": ["zz"] }),
        serde_json::json!({ "statuses": [{ "class": 5 }] }),
        serde_json::json!({ "words": { "one-of": ["ab"], "only": ["a"] } }),
    ];
    let conditions = pointers.iter().flat_map(|pointer| {
        tests.iter().map(move |test| {
            let mut condition = test.clone();
            condition["at"] = serde_json::json!([pointer]);
            condition["any-case"] = pointer.len().is_multiple_of(2).into();
            condition["not"] = pointer.len().is_multiple_of(3).into();
            condition
        })
    });
    let failing = serde_json::json!({
        "message": [{ "at": "/a" }, { "at": "" }], "code": [{ "at": "/a/b" }], "retry-after": [{ "at": "/b" }],
    });
    conditions
        .enumerate()
        .map(|(number, condition)| match number % 3 {
            0 => serde_json::json!({ "if": [condition], "output": { "at": "/a/b" } }),
            1 => serde_json::json!({ "if": [condition], "failure": failing }),
            _ => serde_json::json!({ "if": [condition], "output": "body" }),
        })
        .zip(["", "/*", "/a", "/*/*"].into_iter().cycle())
        .map(|(rule, each)| Rule { each: Some(each.into()), ..serde_json::from_value(rule).unwrap() })
        .collect()
}

proptest::proptest! {
    #![proptest_config(proptest::prelude::ProptestConfig { cases: 500, failure_persistence: None, ..Default::default() })]

    #[test]
    fn whatever_comes_is_read_in_a_time_that_grows_with_its_length(
        pieces in proptest::collection::vec(
            proptest::sample::select(vec![
                "{", "}", "[", "]", ",", ":", "\"a\"", "\"A\"", "\"b\":", "\"\\ud83d\"", "\"\\u0061\":", "1e400", "-0",
                "null", "true", "\u{1}", "\"", "\\", " ", "\u{feff}", "ab a!",
            ]),
            0..60,
        ),
        status in proptest::sample::select(vec![100_u16, 200, 204, 404, 429, 503, 599]),
        from in 0_usize..72,
    ) {
        let rules = curious();
        let rules = rules.get(from..).unwrap_or_default();
        let body = pieces.concat();
        let counted = std::cell::Cell::new(0_usize);
        let answer = Answer::new(status, &[("retry-after", &body)], body.as_str());
        let read = judge_within(&answer, rules, &(), &|bytes| {
            counted.set(counted.get() + bytes);
            true
        });
        proptest::prop_assert!(read.is_ok());
        // Each rule has one condition, each of at most three values.
        let most = (3 * rules.len() + 10) * (6 * body.len() + 10);
        proptest::prop_assert!(counted.get() <= most, "{} of {most}", counted.get());
        if let Ok(Ok(Found::Json(json))) = read {
            proptest::prop_assert!(serde_json::from_str::<&serde_json::value::RawValue>(&json).is_ok(), "{json}");
        }
    }
}

/// Whether a look at an answer for which there is a tenth of a second ends soon after it. A look that does not takes minutes.
fn ends_in_time(body: &str, rule: serde_json::Value) -> bool {
    let (answer, rules) = (Answer::new(200, &[], body), rules(serde_json::json!([rule])));
    let started = std::time::Instant::now();
    let _ = judge_within(&answer, &rules, &(), &|_| started.elapsed().as_millis() < 100);
    started.elapsed().as_secs() < 5
}

fn many(text: &str) -> Vec<String> {
    (0..4000).map(|n| format!("{text}{n}")).collect()
}

#[test]
fn names_are_compared_within_the_time() {
    let body = format!("{{{}\"z\":1}}", (0..99_000).map(|n| format!("\"n{n}\":1,")).collect::<String>());
    let passed_over =
        serde_json::json!({"at": ["/*"], "exists": true, "any-case": true, "except": many("m"), "not": true});
    assert!(ends_in_time(&body, serde_json::json!({"if": [passed_over], "unreadable": "x"})));
    let long = format!("{{\"{}\":1}}", "N".repeat(4 << 20));
    let looks = serde_json::json!({"at": vec!["/n"; 256], "exists": true, "any-case": true});
    assert!(ends_in_time(&long, serde_json::json!({"if": [looks], "unreadable": "x"})));
}

#[test]
fn a_text_is_compared_with_many_within_the_time() {
    let (long, blank) = (format!("\"{}\"", "a\\n".repeat(1 << 18)), format!("\"{}\"", "\\n".repeat(1 << 18)));
    let texts: Vec<_> = many("a").into_iter().map(|text| serde_json::json!({"text": text})).collect();
    let words = serde_json::json!({"one-of": many("a")});
    let statuses = vec![serde_json::json!({"one": 404}); 4000];
    for (body, of, test, wanted) in [
        (&long, "at", "one-of", serde_json::json!(texts)),
        (&long, "at", "none-of", serde_json::json!(texts)),
        (&long, "at", "contains", serde_json::json!(many("a"))),
        (&long, "at", "words", words.clone()),
        (&long, "at", "statuses", serde_json::json!(statuses)),
        (&blank, "at", "is", serde_json::json!(vec!["something"; 4000])),
    ] {
        let condition = serde_json::json!({of: [""], test: wanted, "any-case": true});
        assert!(ends_in_time(body, serde_json::json!({"if": [condition], "unreadable": "x"})), "{test}");
    }
    let failing = serde_json::json!({"message": vec![serde_json::json!({"at": ""}); 4000]});
    assert!(ends_in_time(&blank, serde_json::json!({"failure": failing})), "words of a failure");
}

/// Where a value was no list and no object, nothing was counted of the looks at it.
#[test]
fn looks_at_each_of_many_values_are_counted() {
    let body = format!("[{}0]", "0,".repeat(1000));
    let condition = serde_json::json!({"at": vec!["/a"; 1000], "exists": true});
    let of = rules(serde_json::json!([{"each": "/*", "if": [condition], "unreadable": "x"}]));
    let counted = std::cell::Cell::new(0);
    let within = judge_within(&Answer::new(200, &[], body), &of, &(), &|bytes| {
        counted.set(counted.get() + bytes);
        counted.get() < 1_000_000
    });
    assert_eq!(within, Err(Late));
}

#[test]
fn numbers_that_differ_are_not_equal() {
    for (number, code) in [("9007199254740993", "9007199254740992"), ("0", "1e-400"), ("1e400", "1e401")] {
        let of = serde_json::json!([{"if": [{"at": ["/n"], "one-of": [{"number": number}]}], "unreadable": "x"}]);
        assert!(judged(200, &format!("{{\"n\":{code}}}"), of).is_ok(), "{number} is not {code}");
    }
    let of = serde_json::json!([{"if": [{"at": ["/n"], "is": ["nothing"]}], "unreadable": "x"}]);
    assert!(judged(200, r#"{"n":1e-400}"#, of.clone()).is_ok(), "it is something");
    assert!(judged(200, r#"{"n":-0.0e9}"#, of).is_err());
    let of = serde_json::json!([{"if": [{"at": ["/n"], "statuses": [{"one": 404}, {"class": 5}]}], "unreadable": "x"}]);
    assert!(judged(200, r#"{"n":404.00000000000000000001}"#, of.clone()).is_ok());
    assert!(judged(200, r#"{"n":"5.03e2"}"#, of).is_err());
}
