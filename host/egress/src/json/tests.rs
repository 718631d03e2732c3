use std::time::Duration;

use proptest::prelude::*;
use serde::de::IgnoredAny;
use serde_json::json;

use super::*;
use crate::Deadline;

/// What a parser changes, or refuses.
const AS_WRITTEN: &str = r#"{"n":[117.63331139400017,123456789012345678901,-0,1.10,1e400,1E+2],"a":1,"\u0061":2,"h":"\ud83d","e":[],"o":{}}"#;

fn unlimited() -> Work {
    Work::until(Deadline::within(Duration::MAX))
}

#[test]
fn a_document_stays_as_it_was_written() {
    let document = Json::parse(AS_WRITTEN).unwrap();
    assert_eq!(document.to_string(), AS_WRITTEN);
    assert_eq!(serde_json::to_string(&vec![&document]).unwrap(), format!("[{AS_WRITTEN}]"));
    assert_eq!(serde_json::from_str::<Json>(AS_WRITTEN).unwrap(), document);
    let pretty = Json::parse(document.pretty()).unwrap();
    assert_eq!((pretty.compact().as_str(), &pretty), (AS_WRITTEN, &document));
    assert_eq!(Json::object([("a", Json::list([document]))]).to_string(), format!(r#"{{"a":[{AS_WRITTEN}]}}"#));
}

#[test]
fn line_breaks_stand_where_a_parser_puts_them() {
    let value = json!({"a": [1, {}, [], {"b": [null]}], "c": "d", "e": {"f": {}}});
    assert_eq!(Json::from(value.clone()).pretty(), format!("{value:#}"));
    assert_eq!(Json::from(json!([])).pretty(), "[]");
}

#[test]
fn depth_has_no_end_and_its_lines_are_no_longer_than_it() {
    let many = format!("{}{}0{}", "[".repeat(124), "0,".repeat(1000), "]".repeat(124));
    assert!(Json::parse(many.as_str()).unwrap().pretty().len() < many.len() + 32 * 70 * 2);
    let deep = format!("{}1{}", "[".repeat(100_000), "]".repeat(100_000));
    let document = Json::parse(deep.clone()).unwrap();
    assert_eq!(document.compact().as_str(), deep);
    assert!(document.pretty().len() < 300_000);
    assert!(document.value().is_err());
    assert_eq!(document.at(&["/0/0".to_owned()])[0].as_str().len(), deep.len() - 4);
}

#[test]
fn what_is_no_document_is_told_with_its_place() {
    for (text, problem) in [
        ("", "it ends too early at line 1 column 1"),
        ("{broken", "a name in quotes is expected at line 1 column 2"),
        ("[1,\n 2,]", "a value is expected at line 2 column 4"),
        ("[1}", "a comma or an end is expected at line 1 column 3"),
        ("1 2", "there is more behind the document at line 1 column 3"),
        ("[01]", "a comma or an end is expected at line 1 column 3"),
        ("{\"a\" 1}", "a colon is expected at line 1 column 6"),
        ("\"\\x\"", "an escape that there is not at line 1 column 2"),
        ("1.", "a digit is expected at line 1 column 3"),
    ] {
        assert_eq!(Json::parse(text).unwrap_err().to_string(), problem, "{text}");
    }
}

#[test]
fn a_control_character_in_a_string_of_an_answer_is_an_escape() {
    let read = |text: &str| Json::of_answer(text.as_bytes()).map(Json::into_string);
    assert_eq!(
        read("\u{feff}{\n\"a\u{1}\": \"\u{b}\\\\\u{1f}\"}").unwrap(),
        "{\n\"a\\u0001\": \"\\u000b\\\\\\u001f\"}"
    );
    assert_eq!(read(AS_WRITTEN).unwrap(), AS_WRITTEN);
    for text in ["[\u{1}1]", "\"\\\u{1}\"", "\"\u{1}", "said \"a\nb\""] {
        assert_eq!(read(text), None, "{text:?}");
    }
    assert!(Json::parse("\"\u{1}\"").is_err(), "what is no answer is JSON");
}

#[test]
fn a_document_in_a_text_has_no_escapes_that_are_read_in_two_ways() {
    for (json, plain) in [
        (r#"{"a":"C:\\u006eew"}"#, r#"{"a":"C:\\\u0075006eew"}"#),
        (r#"{"\\u0041": 1.10, "b": "\\\\U00e9 \\u00e"}"#, r#"{"\\\u00750041": 1.10, "b": "\\\\\u005500e9 \\u00e"}"#),
        (r#"["\\\u0041\u00e9\ud83d\ude00\u0022\u005c\/\u0001", -0]"#, r#"["\\Aé😀\"\\/\u0001", -0]"#),
        (r#"["\ud83d \\u0041", "\u005cu0041"]"#, r#"["\ud83d \\\u00750041", "\\\u00750041"]"#),
        (r#"[1e400,"x\n"]"#, r#"[1e400,"x\n"]"#),
    ] {
        let (json, plain) = (Json::parse(json).unwrap(), Json::parse(plain).unwrap());
        assert_eq!(json.in_text(), plain.as_str());
        let said = |json: &Json| json.tokens().map(|token| token.alike().into_owned()).collect::<Vec<_>>();
        assert_eq!(said(&json), said(&plain), "the same JSON");
    }
}

#[test]
fn a_document_is_read_within_the_time_of_its_call() {
    let expired = Work::until(Deadline::within(Duration::ZERO));
    let long = format!("[{}0]", "1.5, ".repeat(100_000));
    assert!(matches!(Json::parse_within(long, &expired), Err(Problem::OutOfTime(_))));
}

#[test]
fn a_name_that_stands_twice_is_found_however_it_is_written_and_however_deep() {
    for (text, name) in [
        (AS_WRITTEN, "a"),
        (r#"{"a":1,"a":1}"#, "a"),
        (r#"[{"b":{"x":[{"\ud83d\ude00":1,"😀":2}]}}]"#, "😀"),
        (r#"{"\ud83d":1,"\ud83e":2}"#, "\u{fffd}"),
        (r#"{"\n":1,"x":{"y":1},"\u000a":2}"#, "\n"),
    ] {
        assert_eq!(each_member_once(text, &unlimited()), Err(Problem::Twice(name.to_owned())), "{text}");
    }
    for text in [r#"{"a":{"a":{"a":1}},"b":[{"a":1},{"a":2}]}"#, "7", r#"{"a":1,"A":2}"#] {
        assert_eq!(each_member_once(text, &unlimited()), Ok(()), "{text}");
    }
}

#[test]
fn pointers_lead_to_each_of_equal_members_and_the_rest_stays() {
    let document =
        Json::parse(r#"{"k": 1.10, "\u006b": {"k": 2}, "l": [{"k": 3}, {"k": [4]}], "m": [5, 6e0]}"#).unwrap();
    let pointers = ["/k".to_owned(), "/l/*/k".to_owned(), "/m/1".to_owned(), "/none".to_owned()];
    let masked = document.replaced(&pointers, |_| Json::from(json!("•")));
    assert_eq!(masked.to_string(), r#"{"k": "•", "\u006b": "•", "l": [{"k": "•"}, {"k": "•"}], "m": [5, "•"]}"#);
    let found: Vec<String> = document.at(&pointers).iter().map(Json::to_string).collect();
    assert_eq!(found, ["1.10", r#"{"k": 2}"#, "3", "[4]", "6e0"]);
    assert_eq!(document.at(&[String::new()]), std::slice::from_ref(&document));
    let members: Vec<String> = document.members().iter().map(|(name, value)| format!("{name} {value}")).collect();
    assert_eq!(members, ["k 1.10", r#"k {"k": 2}"#, r#"l [{"k": 3}, {"k": [4]}]"#, "m [5, 6e0]"]);
    let edited = document.edited(|token| (token.text == "2").then(|| "true".to_owned()));
    assert_eq!(edited.at(&["/k/k".to_owned()])[0], json!(true));
}

#[test]
fn names_are_alike_however_they_are_written_and_halves_are_not() {
    let alike = |text: &str| {
        let json = Json::parse(text).unwrap();
        let token = json.tokens().next().unwrap();
        token.alike().into_owned()
    };
    for (one, other) in [
        (r#""\u0061""#, r#""a""#),
        (r#""\ud83d\ude00\/""#, r#""😀/""#),
        (r#""\uD83D\u000A""#, r#""\ud83d\n""#),
        (r#""\u0022""#, r#""\"""#),
    ] {
        assert_eq!(alike(one), alike(other));
    }
    for (one, other) in
        [(r#""\ud83d""#, r#""\ud83e""#), (r#""\ud83d""#, r#""\\ud83d""#), (r#""\ud83d""#, r#""\ufffd""#)]
    {
        assert_ne!(alike(one), alike(other));
    }
}

#[test]
fn what_a_parser_does_not_take_is_told_with_its_place() {
    for (text, problem) in [
        (r#"{"a":["\ud83d"]}"#.to_owned(), "half of a surrogate pair, and needs the other half at line 1 column 7"),
        ("[\n1e400]".to_owned(), "308, the largest that is allowed at line 2 column 1"),
        (["[".repeat(128), "]".repeat(128)].concat(), "at most 127 may at line 1 column 128"),
    ] {
        let told = Json::parse(text).unwrap().value().unwrap_err().to_string();
        assert!(told.ends_with(problem), "{told}");
    }
}

#[test]
fn a_number_is_plain_if_a_parser_writes_it_as_it_is() {
    for (digits, plain) in [
        ("0", true),
        ("-17", true),
        ("1.5", true),
        ("18446744073709551615", true),
        ("123456789012345678901", false),
        ("1.10", false),
        ("-0", false),
        ("1e2", false),
        ("1e400", false),
    ] {
        assert_eq!(Json::parse(digits).unwrap().has_plain_numbers(), plain, "{digits}");
    }
}

/// Something that is nearly JSON.
fn nearly_json() -> impl Strategy<Value = String> {
    let piece = prop::sample::select(vec![
        "{",
        "}",
        "[",
        "]",
        ",",
        ":",
        "\"a\"",
        "\"\\u0061\"",
        "\"\\ud83d\"",
        "1",
        "-0",
        "1e9",
        "0.5",
        "01",
        "true",
        "nul",
        " ",
        "\n",
        "\"",
        "\\",
        "é",
        "\u{1}",
    ]);
    prop::collection::vec(piece, 0..12).prop_map(|pieces| pieces.concat())
}

proptest! {
    /// The same texts are documents as for a parser.
    #[test]
    fn a_document_is_what_a_parser_takes_for_one(text in nearly_json()) {
        let is_one = serde_json::from_str::<IgnoredAny>(&text).is_ok();
        prop_assert_eq!(Json::parse(text.as_str()).is_ok(), is_one);
        if let Ok(document) = Json::parse(text.as_str()) {
            prop_assert_eq!(&Json::parse(document.pretty()).unwrap(), &document);
            prop_assert_eq!(&document.compact(), &document);
            let _ = each_member_once(&text, &unlimited());
        }
    }
}

#[test]
fn a_name_that_a_parser_keeps_for_itself_is_a_name() {
    for text in [r#"{"$serde_json::private::RawValue":"[1]"}"#, r#"[{"\u0024serde_json::private::RawValue":{}}]"#] {
        let value = Json::parse(text).unwrap().value().unwrap();
        assert_eq!(value.to_string(), text.replace("\\u0024", "$"));
    }
}

#[test]
fn texts_in_texts_do_not_take_the_stack() {
    // Each text is a document in its turn, and each goes as deep as a parser goes.
    let boxed = (0..150).fold("1".to_owned(), |inner, _| {
        let inner = inner.replace('\\', "\\u005c").replace('"', "\\u0022");
        let (open, shut) = ("[".repeat(120), "]".repeat(120));
        format!("{open}{{\"{KEPT_NAME}\":\"{inner}\"}}{shut}")
    });
    assert!(Json::parse(boxed).unwrap().value().is_ok());
}

#[test]
fn values_are_those_of_the_usual_parser() {
    for text in ["-0", "1.5", "-7", "18446744073709551615", "1e30", "null", "[true,{}]", r#"{"b":"\n\u00e9","a":[[]]}"#]
    {
        assert_eq!(Json::parse(text).unwrap().value().unwrap(), serde_json::from_str::<Value>(text).unwrap(), "{text}");
    }
}
