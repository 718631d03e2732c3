use std::time::Duration;

use proptest::prelude::*;
use serde_json::json;
use wharf_egress::Deadline;

use super::*;

fn walked(schema: &Value, input: &mut Value) -> Result<u64, Stop> {
    let work = Work::until(Deadline::within(Duration::MAX));
    walk(&Plan::of(schema).unwrap(), input, &mut Numbers::None, &work).map(|()| work.done())
}

#[test]
fn a_whole_number_is_found_behind_references_and_choices() {
    let schema = json!({
        "$defs": {"id": {"type": "integer"}},
        "properties": {
            "a": {"$ref": "#/$defs/id"},
            "b": {"anyOf": [{"type": "integer"}, {"type": "null"}]},
            "c": {"not": {"type": "integer"}},
            "d": {"anyOf": [{"type": "integer"}, {"type": "number"}]},
        },
    });
    let mut input = json!({"a": 1.0, "b": 2e0, "c": 3.0, "d": 4.0});
    assert!(walked(&schema, &mut input).is_ok());
    assert_eq!(input.to_string(), r#"{"a":1,"b":2,"c":3.0,"d":4.0}"#);
}

#[test]
fn a_whole_number_is_written_as_one_or_refused() {
    let schema = json!({"properties": {"id": {"type": "integer"}, "ids": {"items": {"type": "integer"}}, "n": {"type": "number"}}});
    let mut input = json!({"id": 7.0, "ids": [1e2, -3], "n": 1.5, "other": 2.0});
    assert!(walked(&schema, &mut input).is_ok());
    assert_eq!(input.to_string(), r#"{"id":7,"ids":[100,-3],"n":1.5,"other":2.0}"#);
    for wrong in ["1.5", "123456789012345678901", "1e300"] {
        let mut input: Value = serde_json::from_str(&format!(r#"{{"id": {wrong}}}"#)).unwrap();
        let Err(Stop::Number { input, .. }) = walked(&schema, &mut input) else { panic!("{wrong}") };
        assert_eq!(input.as_deref(), Some("id"), "{wrong}");
    }
}

#[test]
fn what_a_check_would_take_is_known_before_it_is_made() {
    let text = json!("a".repeat(1 << 20));
    let nested = (0..100).fold(json!({}), |inner, _| json!([inner]));
    let alike: Vec<Value> = (0..2000).map(|n| json!([n])).collect();
    let many = json!({"items": {"anyOf": vec![json!({"type": "string"}); 1000]}});
    for (what, schema, mut input) in [
        ("a pattern", json!({"pattern": "^(a?b?c?d?){90}$"}), text),
        ("lists that look alike", json!({"uniqueItems": true}), json!(alike)),
        ("many choices for many values", many, json!(vec![0; 2000])),
    ] {
        assert!(matches!(walked(&schema, &mut input), Err(Stop::TooMuch)), "{what}");
    }
    assert!(walked(&json!({"uniqueItems": true}), &mut json!((0..100_000).collect::<Vec<_>>())).is_ok());
    assert!(walked(&json!({"pattern": "^[A-Za-z0-9+/=]*$"}), &mut json!("a".repeat(1 << 20))).is_ok());
    assert!(walked(&json!({}), &mut nested.clone()).is_ok());
}

#[test]
fn what_nests_deeper_than_a_parser_reads_is_refused() {
    let mut input = (0..200).fold(json!({}), |inner, _| json!([inner]));
    let schema = (0..150).fold(json!({}), |inner, _| json!({"items": inner}));
    assert!(matches!(walked(&schema, &mut input), Err(Stop::TooDeep)));
}

#[test]
fn a_schema_that_leads_to_itself_is_followed_as_far_as_the_stack_goes() {
    let tree = json!({"$defs": {"tree": {"properties": {
        "children": {"type": "array", "items": {"$ref": "#/$defs/tree"}}, "id": {"type": "integer"},
    }}}, "$ref": "#/$defs/tree"});
    let deep = |levels: usize| (0..levels).fold(json!({"id": 1.0}), |inner, _| json!({"children": [inner], "id": 1.0}));
    let mut input = deep(60);
    assert!(walked(&tree, &mut input).is_ok());
    assert!(!input.to_string().contains("1.0"));
    let once = json!({"$defs": {"a": {"items": {"allOf": [{"allOf": [{"$ref": "#/$defs/a"}]}]}}}, "$ref": "#/$defs/a"});
    let lists = |levels: usize| (0..levels).fold(json!([]), |inner, _| json!([inner]));
    assert!(walked(&once, &mut lists(40)).is_ok());
    assert!(matches!(walked(&once, &mut lists(100)), Err(Stop::TooDeep)));
}

#[test]
fn what_doubles_with_each_step_into_the_value_is_counted_and_ends() {
    let again = json!({"items": {"$ref": "#/$defs/a"}});
    let doubles = json!({"$defs": {"a": {"anyOf": [again, again]}}, "$ref": "#/$defs/a"});
    let lists = |levels: usize| (0..levels).fold(json!([]), |inner, _| json!([inner]));
    assert!(walked(&doubles, &mut lists(10)).is_ok());
    assert!(matches!(walked(&doubles, &mut lists(40)), Err(Stop::TooMuch)));
}

#[test]
fn the_time_of_the_call_ends_a_check() {
    let work = Work::until(Deadline::within(Duration::ZERO));
    let plan = Plan::of(&json!({"items": {"type": "string"}})).unwrap();
    assert!(matches!(walk(&plan, &mut json!(vec![""; 10_000]), &mut Numbers::None, &work), Err(Stop::OutOfTime(_))));
}

fn schemas() -> impl Strategy<Value = Value> {
    let leaf = prop_oneof![
        Just(json!(true)),
        Just(json!({"type": "string", "maxLength": 9})),
        Just(json!({"pattern": "^(a?b?){9}$"})),
        Just(json!({"enum": [1, "a", [null]]})),
    ];
    leaf.prop_recursive(4, 64, 8, |inner| {
        let list = prop::collection::vec(inner.clone(), 0..4);
        prop_oneof![
            list.clone().prop_map(|all| json!({"allOf": all, "unevaluatedProperties": false})),
            list.prop_map(|all| json!({"anyOf": all, "not": false})),
            inner.clone().prop_map(|one| json!({"properties": {"a": one}, "additionalProperties": one})),
            inner.prop_map(|one| json!({"items": one, "contains": one, "uniqueItems": true})),
        ]
    })
}

fn inputs() -> impl Strategy<Value = Value> {
    let leaf = prop_oneof![Just(json!(1.0)), Just(json!("ab")), Just(json!(null))];
    leaf.prop_recursive(4, 64, 8, |inner| {
        prop_oneof![
            prop::collection::vec(inner.clone(), 0..8).prop_map(Value::from),
            prop::collection::btree_map("[ab]{1,2}", inner, 0..4).prop_map(|m| Value::Object(m.into_iter().collect())),
        ]
    })
}

/// Definitions that lead to each other, and to themselves.
fn recursive() -> impl Strategy<Value = Value> {
    let reference = (0..4_usize).prop_map(|n| json!({"$ref": format!("#/$defs/d{n}")}));
    let leaf = prop_oneof![reference, Just(json!({"type": "integer"})), Just(json!({"pattern": "^(a?b?){9}$"}))];
    let schema = leaf.prop_recursive(3, 24, 4, |inner| {
        let list = prop::collection::vec(inner.clone(), 1..4);
        prop_oneof![
            list.clone().prop_map(|all| json!({"anyOf": all})),
            list.clone().prop_map(|all| json!({"prefixItems": all, "unevaluatedItems": false})),
            list.prop_map(|all| json!({"oneOf": all, "unevaluatedProperties": false})),
            inner.clone().prop_map(|one| json!({"properties": {"a": one, "b": one}, "additionalProperties": one})),
            inner.clone().prop_map(|one| json!({"items": one, "contains": one})),
            inner.prop_map(|one| json!({"not": one, "propertyNames": one})),
        ]
    });
    prop::collection::vec(schema, 4).prop_map(|all| {
        let defs = all.into_iter().enumerate().map(|(n, schema)| (format!("d{n}"), schema));
        json!({"$defs": serde_json::Map::from_iter(defs), "$ref": "#/$defs/d0"})
    })
}

proptest! {
    /// What is let in has an end, for the walk as for the validator.
    #[test]
    fn schemas_that_lead_to_themselves_are_refused_or_end(schema in recursive(), mut input in inputs()) {
        if let Ok(plan) = Plan::of(&schema) {
            let validator = super::super::validator(&schema);
            prop_assert!(validator.is_ok(), "{:?}", validator.err());
            let work = Work::until(Deadline::within(Duration::MAX));
            if walk(&plan, &mut input, &mut Numbers::None, &work).is_ok() {
                let _ = validator.map(|validator| validator.is_valid(&input));
            }
            prop_assert!(work.done() <= (MOST_STEPS * STEP) as u64);
        }
    }

    /// Whatever the schema and the input are, a walk ends within its steps.
    #[test]
    fn a_walk_has_no_more_steps_than_it_may(schema in schemas(), mut input in inputs()) {
        if let Ok(plan) = Plan::of(&schema) {
            let work = Work::until(Deadline::within(Duration::MAX));
            let _ = walk(&plan, &mut input, &mut Numbers::None, &work);
            prop_assert!(work.done() <= (MOST_STEPS * STEP) as u64);
        }
    }
}
