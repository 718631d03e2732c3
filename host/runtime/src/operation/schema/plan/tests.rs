use serde_json::json;

use super::*;

fn problem(schema: &Value) -> String {
    Plan::of(schema).map(|plan| format!("{} bytes", plan.weight)).unwrap_err()
}

#[test]
fn a_schema_that_doubles_with_each_reference_is_refused() {
    let mut defs = Map::from_iter([("d0".to_owned(), json!({"type": "string"}))]);
    for n in 1..=40 {
        let half = json!({"$ref": format!("#/$defs/d{}", n - 1)});
        defs.insert(format!("d{n}"), json!({"allOf": [half, half]}));
    }
    let schema = json!({"$defs": defs, "properties": {"x": {"$ref": "#/$defs/d40"}}});
    assert!(problem(&schema).contains("more than 4000 schemas"));
}

#[test]
fn a_chain_of_references_and_one_that_bites_its_tail_are_refused() {
    let chain = (0..10_000).map(|n| (format!("d{n}"), json!({"$ref": format!("#/$defs/d{}", n + 1)})));
    let end = [("d10000".to_owned(), json!(true))];
    let schema = json!({"$defs": Map::from_iter(chain.chain(end)), "$ref": "#/$defs/d0"});
    assert!(problem(&schema).contains("deep"));
    let a = json!({"$ref": "#/$defs/a"});
    for (of_a, of_b) in [
        (json!({"$ref": "#/$defs/a"}), json!(true)),
        (json!({"allOf": [a]}), json!(true)),
        (json!({"anyOf": [{"$ref": "#/$defs/b"}, {"type": "null"}]}), json!({"not": a})),
        (json!({"if": true, "then": {"oneOf": [true, a]}}), json!(true)),
        (json!({"dependentSchemas": {"x": a}}), json!(true)),
    ] {
        let schema = json!({"$defs": {"a": of_a, "b": of_b}, "properties": {"x": a}});
        assert!(problem(&schema).contains("refers to itself"), "{schema}");
    }
}

#[test]
fn chains_that_are_known_already_make_no_deeper_one() {
    let target = |chain: usize, n: usize| match (chain, n) {
        (0, 0) => "#/$defs/end".to_owned(),
        (_, 0) => format!("#/$defs/c{}n99", chain - 1),
        _ => format!("#/$defs/c{chain}n{}", n - 1),
    };
    let links = (0..3).flat_map(|chain| (0..100).map(move |n| (chain, n)));
    let links = links.map(|(chain, n)| (format!("c{chain}n{n}"), json!({"$ref": target(chain, n)})));
    let mut defs = Map::from_iter(links);
    defs.insert("end".to_owned(), json!(true));
    let all: Vec<Value> = (0..3).map(|chain| json!({"$ref": format!("#/$defs/c{chain}n99")})).collect();
    assert!(problem(&json!({"$defs": defs, "allOf": all})).contains("deep"));
}

#[test]
fn a_reference_leads_where_the_plan_and_an_approval_look_alone() {
    let defs = json!({"%61": true, "a": {"type": "integer"}});
    for target in ["#/$defs/%61", "#/properties/x/default", "#/$defs/a/properties/y", "#/$comment"] {
        let schema = json!({"$defs": defs, "properties": {"x": {"$ref": target, "default": {"enum": ["viewer"]}}}});
        assert!(problem(&schema).contains("#/$defs/"), "{target}");
    }
    let id = "https://json-schema.org/draft/2020-12/schema";
    let within = json!({"$id": id, "$ref": "#/$defs/b", "$defs": {"b": {"type": "integer"}}});
    let schema = json!({"$defs": {"a": within, "b": true}, "$ref": "#/$defs/a"});
    assert!(problem(&schema).contains("an `$id`"));
}

#[test]
fn what_leads_to_itself_by_a_step_into_the_value_is_fine() {
    let tree = json!({"$ref": "#/$defs/tree"});
    for step in [
        json!({"properties": {"x": tree}}),
        json!({"items": tree}),
        json!({"prefixItems": [tree]}),
        json!({"additionalProperties": {"anyOf": [tree, {"type": "null"}]}}),
        json!({"patternProperties": {"^x": tree}}),
        json!({"contains": tree}),
        json!({"propertyNames": tree}),
        json!({"unevaluatedItems": tree}),
        json!({"allOf": [{"properties": {"x": {"not": {"items": tree}}}}]}),
    ] {
        let schema = json!({"$defs": {"tree": step}, "properties": {"x": tree}});
        assert!(Plan::of(&schema).is_ok(), "{schema}");
    }
    assert!(Plan::of(&json!({"properties": {"x": {"$ref": "#"}}})).is_ok());
    let asks = json!({"$defs": {"a": {"items": {"$ref": "#/$defs/a"}, "type": "array"}}, "properties": {
        "x": {"anyOf": [{"$ref": "#/$defs/a"}], "unevaluatedItems": false},
    }});
    assert!(problem(&asks).contains("or refers to itself"), "{}", problem(&asks));
}

#[test]
fn a_definition_counts_once_however_many_references_lead_to_it() {
    let weight = |uses: usize| {
        let defs = json!({"wide": {"properties": Map::from_iter((0..3000).map(|n| (n.to_string(), json!(true))))}});
        let all = (0..uses).map(|n| (n.to_string(), json!({"$ref": "#/$defs/wide"})));
        Plan::of(&json!({"$defs": defs, "properties": Map::from_iter(all)})).unwrap().weight
    };
    assert_eq!(weight(1000) - weight(1), 999 << 10);
}

#[test]
fn shared_definitions_are_found_beside_those_of_the_schema() {
    let shared = IndexMap::from([
        ("node".to_owned(), json!({"properties": {"next": {"$ref": "#/$defs/node"}, "id": {"$ref": "#/$defs/id"}}})),
        ("id".to_owned(), json!({"type": "integer"})),
    ]);
    let mut planner = Planner::sharing(&shared).unwrap();
    let uses =
        json!({"properties": {"a": {"$ref": "#/$defs/node"}, "b": {"$ref": "#/$defs/own"}}, "$defs": {"own": true}});
    let (twice, none) = (json!({"$defs": {"id": true}}), json!({"$ref": "#/$defs/own"}));
    for _ in 0..2 {
        assert_eq!(planner.weight(&uses).unwrap(), 8 << 10);
        assert!(planner.weight(&twice).unwrap_err().contains("has a definition `id`, and the manifest has one"));
        assert!(planner.weight(&none).unwrap_err().contains("not in it"), "what another schema has is not shared");
    }
    let refused = |schema: Value| {
        let shared = IndexMap::from([("fine".to_owned(), json!(true)), ("wrong".to_owned(), schema)]);
        Planner::sharing(&shared).err().unwrap()
    };
    for (schema, words) in [
        (json!({"$ref": "#/$defs/wrong"}), "refers to itself"),
        (json!({"properties": {"x": {"allOf": [{"$ref": "#/$defs/none"}]}}}), "not in it"),
        (json!({"items": {"$ref": "#"}}), "refer to a part of it"),
    ] {
        let (name, problem) = refused(schema);
        assert_eq!(name, "wrong");
        assert!(problem.contains(words), "{problem}");
    }
}

#[test]
fn a_long_chain_of_definitions_takes_no_stack() {
    let chain = |n: usize| json!({"properties": {"x": {"$ref": format!("#/$defs/d{}", (n + 1) % 10_000)}}});
    let defs = Map::from_iter((0..10_000).map(|n| (format!("d{n}"), chain(n))));
    let schema = json!({"$defs": defs, "properties": {"x": {"$ref": "#/$defs/d0"}}});
    assert!(Plan::of(&schema).is_ok());
    let wide = |n: usize| (0..50).fold(json!({"$ref": format!("#/$defs/d{}", n + 1)}), |s, _| json!({"items": s}));
    let mut defs = Map::from_iter((0..10).map(|n| (format!("d{n}"), wide(n))));
    defs.insert("d10".to_owned(), json!(true));
    assert!(problem(&json!({"$defs": defs, "items": {"$ref": "#/$defs/d0"}})).contains("more than 200 deep"));
}

#[test]
fn a_plain_schema_with_references_is_fine() {
    let schema = json!({
        "$defs": {"id": {"type": "string"}, "ids": {"type": "array", "items": {"$ref": "#/$defs/id"}}},
        "properties": {"one": {"$ref": "#/$defs/id"}, "all": {"$ref": "#/$defs/ids"}, "$ref": {"type": "string"}},
    });
    assert!(Plan::of(&schema).is_ok());
    assert!(problem(&json!({"$ref": "#/$defs/none"})).contains("not in it"));
    assert!(problem(&json!({"$ref": "https://x.example"})).contains("outside of it"));
}

#[test]
fn what_nests_and_asks_again_what_was_looked_at_is_refused() {
    let mut nested = json!({"type": "object"});
    for _ in 0..20 {
        nested = json!({"anyOf": [{"properties": {"x": nested}}], "unevaluatedProperties": false});
    }
    assert!(problem(&nested).contains("more than 4000 schemas"));
    let beside = json!({"anyOf": [true], "allOf": [true], "unevaluatedProperties": false});
    assert!(problem(&beside).contains("beside `allOf` and `anyOf`"), "{}", problem(&beside));
    assert!(Plan::of(&json!({"allOf": [{"properties": {"x": true}}], "unevaluatedProperties": false})).is_ok());
}

#[test]
fn a_pattern_has_a_size() {
    for (pattern, words) in [
        (r"^(a?b?c?d?){20000}$", "takes more than 1048576 bytes"),
        (r"^(?=a)b$", "look-around"),
        (r"(", "no regular expression"),
    ] {
        assert!(problem(&json!({"pattern": pattern})).contains(words), "{}", problem(&json!({"pattern": pattern})));
        let names = json!({"patternProperties": {pattern: true}});
        assert!(problem(&names).contains(words));
    }
    let many = (0..200).map(|n| (format!("p{n}"), json!({"pattern": format!("^[a-z]{{900}}{n}$")})));
    assert!(problem(&json!({"properties": Map::from_iter(many)})).contains("all together"));
    for usual in [r"^[a-zA-Z0-9._-]{1,36}$", r"^[\p{L}\p{N} ._-]*$", r"^\d{4}-\d\d-\d\d$"] {
        assert!(Plan::of(&json!({"pattern": usual})).is_ok(), "{usual}");
    }
}
