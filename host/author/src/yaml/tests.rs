//! YAML as it is read: what values are, where they stand, and what is refused.

use proptest::prelude::*;
use serde_json::json;

use super::*;

fn plugin(text: &str) -> Result<Node, Problem> {
    read(text, &Limits::plugin())
}

fn description(text: &str) -> Result<Node, Problem> {
    read(text, &Limits::description())
}

fn value(text: &str) -> Value {
    plugin(text).unwrap_or_else(|problem| panic!("{text}\n{problem}")).to_value()
}

fn problem(text: &str) -> String {
    plugin(text).unwrap_err().to_string()
}

#[test]
fn a_document_of_every_kind_of_value() {
    let text = "\
# How it begins
name: shop          # and what stands behind a blank and a hash is told to people
empty:
nothing: ~
list:
- 1
- [two, 'it''s', \"\\u00e9\\n\"]
-   a: {b: c, d: [], e: {}}
    \"f\": |
      one
      two
    g: >-
      folded
      to one
";
    let expected = json!({
        "name": "shop", "empty": null, "nothing": null,
        "list": [1, ["two", "it's", "é\n"], {"a": {"b": "c", "d": [], "e": {}}, "f": "one\ntwo\n", "g": "folded to one"}],
    });
    assert_eq!(value(text), expected);
    assert_eq!(value(&text.replace('\n', "\r\n")), expected);
    assert_eq!(value(&format!("\u{feff}---\n{text}...\n")), expected);
    assert_eq!((value(""), value("# nothing\n"), value("---\n...\n")), (Value::Null, Value::Null, Value::Null));
}

#[test]
fn what_readers_of_yaml_differ_in_is_a_text() {
    for text in [
        "no",
        "yes",
        "on",
        "off",
        "y",
        "n",
        "No",
        "2026-01-01",
        "2026-01-01T12:00:00Z",
        "=",
        "1_000",
        "012",
        "-012",
        "00",
        "1:30",
        "0b11",
        "0x",
        "0o8",
        "0xg",
        "-0x1",
        "1e",
        "1e+",
        ".",
        "+",
        "+.e1",
        "1.2.3",
        "e1",
        "Infinity",
        "nan",
        "nULL",
        "tRue",
        "a b",
        "a#b",
        "a:b",
        "http://a/b",
    ] {
        assert_eq!(value(text), json!(text), "{text}");
    }
}

#[test]
fn numbers_keep_their_digits() {
    for (text, digits) in [
        ("0", "0"),
        ("-0", "-0"),
        ("+1", "1"),
        ("1.10", "1.10"),
        (".5", "0.5"),
        ("-.5", "-0.5"),
        ("1.", "1.0"),
        ("0.10e-07", "0.10e-07"),
        ("1E5", "1E5"),
        ("1.e5", "1.0e5"),
        ("123456789012345678901234567890", "123456789012345678901234567890"),
        ("0x1F", "31"),
        ("0o17", "15"),
        ("0xffffffffffffffffffffffffffffffff", "340282366920938463463374607431768211455"),
    ] {
        assert_eq!(plugin(text).unwrap().kind, Kind::Number(digits.to_owned()), "{text}");
        assert_eq!(plugin(&format!("[{text}]")).unwrap().to_json(), format!("[{digits}]"));
    }
    for (text, said) in [
        ("a: .inf", "line 1, column 4: `.inf` is no number of JSON; write a number, or a text in quotes"),
        ("a: -.Inf", "line 1, column 4: `-.Inf` is no number of JSON"),
        ("a: .NaN", "line 1, column 4: `.NaN` is no number of JSON"),
        ("a: 0x1ffffffffffffffffffffffffffffffff", "line 1, column 4: this number has more than 128 bits"),
        ("a: 1e400", "line 1, column 4: a number is larger than 1.7976931348623157e308"),
        (r#"{"a": 1e400}"#, "line 1, column 7: a number is larger than 1.7976931348623157e308"),
    ] {
        assert!(problem(text).starts_with(said), "{}", problem(text));
    }
}

#[test]
fn what_stands_in_quotes_is_a_text_and_so_is_each_name() {
    assert_eq!(value("a: '1'\nb: \"true\"\nc: ''\nd: |-\n  12"), json!({"a": "1", "b": "true", "c": "", "d": "12"}));
    assert_eq!(
        value("200: a\n404: b\n1.50: c\ntrue: d\nnull: e\n~: f\n'': g\n012: h\n'<<': i"),
        json!({"200": "a", "404": "b", "1.50": "c", "true": "d", "null": "e", "~": "f", "": "g", "012": "h", "<<": "i"}),
    );
}

#[test]
fn tags_of_the_core_schema_say_what_a_value_is() {
    let text =
        "a: !!str 12\nb: !!int '12'\nc: !!float 1\nd: !!bool 'true'\ne: !!null ''\nf: ! 12\n!!str g: !!seq [!!map {}]";
    assert_eq!(value(text), json!({"a": "12", "b": 12, "c": 1, "d": true, "e": null, "f": "12", "g": [{}]}));
    for (text, said) in [
        ("a: !!int x", "line 1, column 4: `x` is not what its tag `!!int` says; delete the tag"),
        ("a: !!int 1.5", "line 1, column 4: `1.5` is not what its tag `!!int` says"),
        ("a: !mine x", "line 1, column 4: the tag `!mine` is not read here; delete it"),
        ("a: !!binary aGk=", "line 1, column 4: the tag `tag:yaml.org,2002:!binary` is not read here"),
        ("a: !!set {b}", "line 1, column 4: the tag `tag:yaml.org,2002:!set` is not read here"),
    ] {
        assert!(problem(text).starts_with(said), "{}", problem(text));
    }
}

#[test]
fn each_value_knows_where_it_stands() {
    let text = "name: shop\noperations:\n  é.get:\n    request: {method: GET,\n      path: /a}\n  b.list:\n    - x\n    - y: |\n        z\n";
    let tree = plugin(text).unwrap();
    for (pointer, line, column) in [
        ("", 1, 1),
        ("/name", 1, 7),
        // What begins on a line below its name is where its name is.
        ("/operations", 2, 1),
        ("/operations/é.get", 3, 3),
        ("/operations/é.get/request", 4, 14),
        ("/operations/é.get/request/method", 4, 23),
        ("/operations/é.get/request/path", 5, 13),
        ("/operations/b.list/0", 7, 7),
        ("/operations/b.list/1", 8, 7),
        ("/operations/b.list/1/y", 8, 7),
        // The last one on the way that is there.
        ("/operations/é.get/input/properties", 3, 3),
        ("/operations/b.list/7", 6, 3),
        ("/name/x", 1, 7),
    ] {
        let node = tree.at(pointer);
        assert_eq!((node.line, node.column), (line, column), "{pointer}");
    }
    let tree = plugin("{\n  \"a/b\": {\"é\": 1, \"c\":\n  [true]}}").unwrap();
    for (pointer, line, column) in [("/a~1b", 2, 10), ("/a~1b/é", 2, 16), ("/a~1b/c", 2, 19), ("/a~1b/c/0", 3, 4)] {
        let node = tree.at(pointer);
        assert_eq!((node.line, node.column), (line, column), "{pointer}");
    }
}

#[test]
fn what_is_wrong_is_told_with_its_place_and_the_remedy() {
    for (text, said) in [
        ("a: 1\nb:\n  c: 2\na: 3", "line 4, column 1: `a` stands twice in one mapping, first in line 1; write it once"),
        ("b:\n  c:\n    d: 1\n  c: 2", "line 4, column 3: `c` stands twice in one mapping, first in line 2"),
        ("{\"a\": 1,\n \"\\u0061\": 2}", "line 2, column 2: `a` stands twice in one mapping, first in line 1"),
        ("a: 1\n---\nb: 2", "line 2, column 1: a second document begins here; write one, and delete the line `---`"),
        ("a: &x 1\nb: 2", "line 1, column 4: anchors and aliases (`&name`, `*name`) are not read here; write it again"),
        ("&x a: 1", "line 1, column 1: anchors and aliases"),
        (
            "a:\n  <<: {b: 1}",
            "line 2, column 3: `<<` is not read here; write the members themselves, or take them from",
        ),
        (
            "a: *.json",
            "line 1, column 4: there is no `&name` for this `*name`; a text that begins with `*` needs quotes",
        ),
        ("? [a]\n: 1", "line 1, column 3: a list or a mapping is no name"),
        ("{a}: 1", "line 1, column 1: a list or a mapping is no name"),
        (": 1", "line 1, column 1: a name is missing before the colon"),
        ("a: b: c", "line 1, column 5: a name and its colon may not stand here"),
        ("a: b\n c: d", "line 2, column 3: a name and its colon may not stand here"),
        ("a:\n  b: 1\n c: 2", "line 3, column 2: this is no member of the mapping above: indent it like the others"),
        ("a: 1\nb\nc: 2", "line 2, column 1: a name needs a colon and a blank behind it: `name: value`"),
        ("a:\n\tb: 1", "line 2, column 1: a tab stands where only blanks may; indent with blanks"),
        ("a: @b", "line 1, column 4: a text that begins with this character needs quotes"),
        ("a: [1, 2", "line 1, column 4: the `]` that ends this list is missing, or a comma in it"),
        ("a: 'b", "line 1, column 4: the quote that ends this text is missing"),
        (
            "a: \"\\q\"",
            "line 1, column 4: a backslash between `\"` begins an escape, and one in this text is not known",
        ),
        (
            "a: b\u{1b}[2J",
            "line 1, column 5: a control character stands here; delete it, or write it as an escape in quotes",
        ),
        ("a: \0", "line 1, column 4: a control character stands here"),
        ("{\"a\": \"\\ud83d\"}", "line 1, column 7: an escape such as `\\ud83d` is half of a surrogate pair"),
        ("{\"a\": 1 \"b\": 2}", "line 1, column 9: it is not JSON: a comma or an end is expected"),
        ("{a: tru\n, b: [}", "line 2, column 6: the `]` that ends this list is missing, or a comma in it"),
    ] {
        assert!(problem(text).starts_with(said), "{text:?}: {}", problem(text));
    }
}

/// What a person types who is new to YAML, and where the mistake is, which is often before what cannot be read.
#[test]
fn a_mistake_is_told_where_it_was_made() {
    for (text, said) in [
        ("a: {at: *, b: 1}", "line 1, column 9: a text that begins with `*` or `&` needs quotes"),
        (
            "a: {b: GET, path: /beds/{id} }",
            "line 1, column 19: a text with `{` in it needs quotes here: `\"/beds/{id}\"`",
        ),
        ("a: {path: “/beds/{id}” }", "line 1, column 11: these are no quotes of YAML; write `\"/beds/{id}\"`"),
        ("a: {b: \"c }\nd: 1\ne: 2", "line 1, column 8: the quote that ends this text is missing"),
        ("a: {b: [c, d]\ne: 1", "line 1, column 4: the `}` that ends this mapping is missing, or a comma in it"),
        ("a: {b: [c, d }\ne: 1", "line 1, column 8: the `]` that ends this list is missing"),
        (
            "a: {b: c #7 }\nd: 1",
            "line 1, column 4: the `}` that ends this mapping is missing: what stands behind ` #` is",
        ),
        ("a: {\n  b: c\n  d: e\n", "line 1, column 4: the `}` that ends this mapping is missing, or a comma in it"),
        ("a: {b: such as: 7 }", "line 1, column 15: a comma is missing before this name; or, if it is part of a text"),
        ("a: [b,, c]", "line 1, column 7: a value is missing before this comma; write one, or delete the comma"),
        ("a: 'the b's c'", "line 1, column 11: the text in quotes ends before this; a quote in it is written twice"),
        ("a:\n  b:c d\n  e: 1", "line 2, column 3: a blank is missing behind the colon: `b: c d`"),
        ("a:\n  b = c\n  e: 1", "line 2, column 3: write `b: c`"),
        ("a:\n  // b\n  e: 1", "line 2, column 3: a comment begins with `#`"),
        ("a:\n  b:\u{a0}c\n  e: 1", "line 2, column 5: a no-break space (U+00A0) stands here; write a blank"),
        ("a:\n\u{a0}\u{a0}b: c\n  e: 1", "line 2, column 1: a no-break space (U+00A0) stands here"),
        (
            "a:\n  b: 1\n<<<<<<< HEAD\n  c: 1\n=======\n  c: 2\n>>>>>>> x\n",
            "line 3, column 1: two versions were not merged",
        ),
        ("a:\tb", "line 1, column 3: a tab stands here; write a blank"),
        ("a:\n  - {b: 1}\n  -{c: 2}\n", "line 3, column 3: a blank is missing behind the `-`"),
        (
            "o:\n  a:\n    x: 1\nb:\n    x: 1\n  c:\n    x: 1\n",
            "line 4, column 1: this is indented less than the names around it",
        ),
        ("o:\n  a: 1\nb:\n    x: 1\n  c: 1\n", "line 5, column 3: this is no member of the mapping above"),
    ] {
        assert!(problem(text).starts_with(said), "{text:?}: {}", problem(text));
    }
}

#[test]
fn what_is_no_text_in_utf_8_is_told_in_words() {
    assert_eq!(decoded("a: é".as_bytes()), Ok("a: é"));
    let said = |bytes: &[u8]| decoded(bytes).unwrap_err().to_string();
    assert_eq!(said(b"a: 1\nb: \xe9"), "line 2, column 4: a byte here is not of UTF-8; save the file as UTF-8");
    for bytes in [&b"\xff\xfea\0"[..], b"\xfe\xff\0a", b"a\0:\0", b"\0a\0:"] {
        assert!(said(bytes).contains("it is not in UTF-8, but in UTF-16"), "{bytes:?}");
    }
}

#[test]
fn a_description_may_have_aliases_and_take_in_mappings() {
    let text = "\
base: &base {a: 1, b: 2}
more: &more {b: 3, c: 4}
one: *base
two: {<<: *base, b: 5}
three: {<<: [*more, *base]}
four:
  <<: *base
  <<: *more
";
    let tree = description(text).unwrap();
    let expected = json!({
        "base": {"a": 1, "b": 2}, "more": {"b": 3, "c": 4}, "one": {"a": 1, "b": 2}, "two": {"a": 1, "b": 5},
        "three": {"a": 1, "b": 3, "c": 4}, "four": {"a": 1, "b": 2, "c": 4},
    });
    assert_eq!(tree.to_value(), expected);
    assert_eq!((tree.at("/one").line, tree.at("/one").column), (3, 6));
    let said = |text: &str| description(text).unwrap_err().to_string();
    assert!(said("a: &a [1, *a]").starts_with("line 1, column 11: this alias stands in what it stands for"));
    assert!(said("a: &a 1\n*a : 2").starts_with("line 2, column 1: an alias is no name"));
    assert!(said("a: {<<: 1}").starts_with("line 1, column 9: `<<` takes in mappings, and this is a number"));
    assert!(said("a: {<<: [{}, []]}").starts_with("line 1, column 14: `<<` takes in mappings, and this is a list"));
}

/// Of each: what takes memory or stack without end where nobody counts.
#[test]
fn no_text_takes_more_than_there_is_for_one() {
    let doubling: String = (1..64)
        .map(|n| format!("a{n}: &a{n} [*a{}, *a{}]\n", n - 1, n - 1))
        .fold("a0: &a0 [x]\n".to_owned(), |all, one| all + &one);
    let in_each_other: String = (1..9000)
        .map(|n| format!("a{n}: &a{n} [*a{}]\n", n - 1))
        .fold("a0: &a0 []\n".to_owned(), |all, one| all + &one);
    let long = format!("a: &a {}\nb: [{}]", "x".repeat(1 << 16), "*a,".repeat(1 << 16));
    let large = 16 << 20;
    let blocks: String = (0..10_000).map(|n| format!("{}a:\n", " ".repeat(n % 1000))).collect();
    for (what, text, said) in [
        ("aliases that double", doubling, "there are more than 1000000 values"),
        ("aliases in aliases", in_each_other, "more than 128 deep"),
        ("aliases of a long text", long, "its texts have more than 16777216 bytes"),
        ("lists as JSON", "[".repeat(large), "more than 128 deep"),
        ("lists as YAML", format!("a: {}", "[".repeat(large - 3)), ""),
        ("mappings as JSON", "{\"a\":".repeat(large / 5), "more than 128 deep"),
        ("mappings as YAML", format!("a: {}", "{a: ".repeat(large / 4 - 1)), ""),
        ("lists in lines", "- ".repeat(large / 2), "more than 128 deep"),
        ("names without values", "? ".repeat(large / 2), "is no name"),
        ("mappings in lines", blocks, "more than 128 deep"),
        ("values in lines", "- 1\n".repeat(large / 4), "there are more than 1000000 values"),
        ("values in brackets", format!("- [{}]", "1,".repeat(large / 2 - 3)), "a million characters"),
        ("tags in brackets", format!("- [{}", "!a ".repeat(large / 3 - 1)), "a million characters"),
        ("a text without an end", format!("a: \"{}", "x".repeat(large - 4)), "a million characters"),
        ("a comment", "#".repeat(large), "a million characters"),
        ("one byte too much", " ".repeat(large + 1), "it has 16777217 bytes, and at most 16777216 are read"),
    ] {
        let begun = std::time::Instant::now();
        let problem = description(&text).unwrap_err().to_string();
        assert!(problem.contains(said), "{what}: {problem}");
        assert!(begun.elapsed().as_secs() < 10, "{what}");
    }
}

#[test]
fn an_empty_list_is_as_deep_as_it_is_written() {
    let lists = |deep: usize| format!("{}{}", "[".repeat(deep), "]".repeat(deep));
    assert!(plugin(&lists(64)).is_ok() && plugin(&format!("- {}", lists(63))).is_ok());
    assert!(problem(&lists(65)).contains("more than 64 deep"));
    assert!(problem(&format!("- {}", lists(64))).contains("more than 64 deep"));
}

fn any_json() -> impl Strategy<Value = Value> {
    let leaf = prop_oneof![
        Just(Value::Null),
        any::<bool>().prop_map(Value::from),
        any::<i64>().prop_map(Value::from),
        any::<f64>().prop_map(Value::from),
        any::<String>().prop_map(Value::from),
    ];
    leaf.prop_recursive(4, 64, 8, |inner| {
        prop_oneof![
            prop::collection::vec(inner.clone(), 0..8).prop_map(Value::from),
            prop::collection::btree_map(any::<String>(), inner, 0..8).prop_map(|map| map.into_iter().collect()),
        ]
    })
}

proptest! {
    #[test]
    fn json_says_the_same_as_to_a_parser_of_json(value in any_json(), pretty in any::<bool>()) {
        let text = if pretty { serde_json::to_string_pretty(&value).unwrap() } else { value.to_string() };
        // A character that a text may not have in YAML is an escape in JSON.
        prop_assert_eq!(description(&text).unwrap().to_value(), value.clone());
        prop_assert_eq!(description(&text).unwrap().to_json(), value.to_string());
        // As YAML too: a comment alone makes it no JSON.
        if !text.contains(['\u{feff}', '\u{fffe}', '\u{ffff}']) {
            prop_assert_eq!(description(&format!("# YAML\n{text}")).unwrap().to_value(), value);
        }
    }

    #[test]
    fn no_text_breaks_the_reader(text in "[\\[\\]{}:,?&*!|>'\"%@#\\-<= \n\r\t~.0-9a-c\\\\\u{85}\u{feff}é]{0,60}") {
        let _ = plugin(&text);
        let _ = description(&text);
    }

    #[test]
    fn nor_does_any_other(text in any::<String>()) {
        let _ = description(&text);
    }
}
