use serde_json::json;
use wharf_answer::pages::Given;

use super::*;
use crate::bindings::wharf::provider::call as contract;
use crate::{BaseUrl, Detail, Operation, Provider, Response, read};

const PROVIDER: Provider = Provider {
    name: "acme",
    title: "Acme",
    version: "0.1.0",
    summary: "",
    base_url: BaseUrl::new(""),
    servers: &[],
    fields: &[],
    credentials: &[],
    test: None,
    schemes: &[],
    scheme: None,
    read: read::REST,
    resources: &[],
};

const FIRST: Page<'static> =
    Page { number: 1, seen: 0, missing: 250, previous: None, last: None, first: None, before: None };

/// The values that turn to a page, where the caller gave this in the query.
fn turned(paging: &Paging, page: &Page<'_>, given: &Value) -> Option<String> {
    let turn = paging.as_data()?;
    let given = |name: &str| Some(Given { input: name.to_owned(), value: given.get(name)?.to_string() });
    let pairs = turn.values(page, given, None).unwrap()?;
    Some(pairs.iter().map(|(name, value)| format!("{name}={value}")).collect::<Vec<_>>().join("&"))
}

#[test]
fn pages_are_turned_without_a_function_from_where_the_caller_begins() {
    let later = Page { number: 3, seen: 200, missing: 50, before: Some(r#"{"next": {"after": "b c"}}"#), ..FIRST };
    for (paging, given, pages) in [
        (Paging::by_page("", "page"), json!({}), ["page=1", "page=3"]),
        (Paging::by_page("", "page"), json!({"page": 4}), ["page=4", "page=6"]),
        (Paging::by_page("", "page").from(0), json!({}), ["page=0", "page=2"]),
        (Paging::by_offset("", "skip", "top", 100), json!({}), ["top=100&skip=0", "top=50&skip=200"]),
        (Paging::by_offset("", "skip", "top", 100), json!({"skip": 7}), ["top=100&skip=7", "top=50&skip=207"]),
        (Paging::by_cursor("", "after", "/next/after"), json!({}), ["", "after=b c"]),
        (Paging::by_cursor("", "after", "/next/after"), json!({"after": 1}), ["after=1", "after=b c"]),
    ] {
        let turned = [&FIRST, &later].map(|page| turned(&paging, page, &given).unwrap());
        assert_eq!(turned, pages);
    }
}

#[test]
fn without_a_cursor_there_are_no_more_pages_and_a_number_is_one_with_its_digits() {
    let paging = Paging::by_cursor("/items", "after", "/next");
    let after = |before| turned(&paging, &Page { number: 2, before: Some(before), ..FIRST }, &json!({}));
    for before in [r#"{"next": null}"#, r#"{"next": ""}"#, r#"{"next": false}"#, "{}", "[]"] {
        assert_eq!(after(before), None, "{before}");
    }
    assert_eq!(after(r#"{"next": 123456789012345678901}"#).as_deref(), Some("after=123456789012345678901"));
}

#[test]
fn the_function_of_a_page_is_given_the_answer_before() {
    let fetch = |_: &Call<'_>, page: &Page<'_>| match page.before {
        None => Ok(Some(r#"{"items": [1], "next": "b"}"#.to_owned())),
        Some(before) if before.contains("\"b\"") => Ok(Some(r#"{"items": [2]}"#.to_owned())),
        Some(before) => {
            assert_eq!(before, r#"{"items": [2]}"#);
            Ok(None)
        }
    };
    assert_eq!(follow(fetch, "/items", 9), json!({"items": [1, 2], "next": "b"}));
}

/// What comes of following pages up to a number of items.
fn follow(fetch: fn(&Call<'_>, &Page<'_>) -> Result<Option<String>, Failure>, list: &'static str, most: u32) -> Value {
    let operation = Operation::get("list", "List", "/things");
    let input = json!({ MAX_ITEMS: most }).to_string();
    let raw = contract::Call { operation: "things.list".to_owned(), id: String::new(), input, attachments: Vec::new() };
    let output = Paging::new(list, &[], fetch).follow_as_asked(&Call::new(&PROVIDER, &operation, raw)).unwrap();
    serde_json::from_str(&contract::Output::from(output).json).unwrap()
}

/// Pages of two: 0 and 1, 2 and 3, 4 alone.
fn pages_of_two(_call: &Call<'_>, page: &Page<'_>) -> Result<Option<String>, Failure> {
    assert_eq!(page.seen, ((page.number - 1) * 2).min(5));
    assert_eq!(page.last.is_some(), page.number > 1);
    let items: Vec<usize> = (page.seen..5).take(2).collect();
    Ok((page.number <= 3).then(|| json!({ "total": 5, "things": items, "page": page.number }).to_string()))
}

#[test]
fn pages_are_followed_to_the_end_and_keep_what_stands_around_the_first_list() {
    let expected = json!({ "total": 5, "things": [0, 1, 2, 3, 4], "page": 1 });
    assert_eq!(follow(pages_of_two, "/things", 100), expected);
}

#[test]
fn no_more_items_are_given_than_asked_for() {
    for most in 1..5 {
        let given = follow(pages_of_two, "/things", most);
        assert_eq!(given["things"].as_array().unwrap().len(), most as usize);
    }
}

#[test]
fn a_server_that_gives_the_list_whole_each_time_is_asked_no_further() {
    assert_eq!(follow(|_, _| Ok(Some("[1, 2]".to_owned())), "", 100), json!([1, 2]));
}

#[test]
fn an_empty_page_is_the_end() {
    let fetch =
        |_: &Call<'_>, page: &Page<'_>| Ok(Some(json!(if page.number == 1 { vec![7] } else { vec![] }).to_string()));
    assert_eq!(follow(fetch, "", 100), json!([7]));
    assert_eq!(follow(|_, _| Ok(Some(r#"{"things": []}"#.to_owned())), "/things", 100), json!({ "things": [] }));
}

/// How a call of five items ends.
fn ended(fetch: fn(&Call<'_>, &Page<'_>) -> Result<Option<String>, Failure>) -> Result<Output, Failure> {
    let operation = Operation::get("list", "List", "/things");
    let input = r#"{"maxItems": 5}"#.to_owned();
    let raw = contract::Call { operation: String::new(), id: String::new(), input, attachments: Vec::new() };
    Paging::new("/things", &[], fetch).follow_as_asked(&Call::new(&PROVIDER, &operation, raw))
}

#[test]
fn items_and_what_stands_around_them_stay_as_they_are_written() {
    let output = ended(|_, page| {
        Ok(Some(match page.number {
            1 => r#"{ "total": 1.10, "things": [ 117.63331139400017, {"a": 1, "\u0061": -0} ], "h": "\ud83d" }"#
                .to_owned(),
            _ => format!(r#"{{"things": [123456789012345678901, 1e400, "{}"]}}"#, page.last.unwrap().len()),
        }))
    });
    assert_eq!(
        contract::Output::from(output.unwrap()).json,
        r#"{ "total": 1.10, "things": [117.63331139400017,{"a": 1, "\u0061": -0},123456789012345678901,1e400,"22"], "h": "\ud83d" }"#
    );
}

#[test]
fn a_page_without_a_list_is_a_failure() {
    let Err(Failure::Provider(detail)) = ended(|_, _| Ok(Some(r#"{"things": 7}"#.to_owned()))) else { panic!() };
    assert_eq!(detail.message, "page 1: there is no list under `/things` of what was read: {\"things\": 7}");
}

#[test]
fn nothing_in_the_place_of_a_list_is_a_list_without_items() {
    assert_eq!(
        follow(|_, _| Ok(Some(r#"{"total":0,"things":null}"#.to_owned())), "/things", 5),
        json!({"total": 0, "things": []})
    );
    assert_eq!(follow(|_, _| Ok(Some("null".to_owned())), "", 5), json!([]));
    assert_eq!(follow(|_, _| Ok(Some("null".to_owned())), "/things", 5), json!(null), "as without maxItems");
}

#[test]
fn a_server_that_repeats_what_it_gave_is_asked_no_further() {
    let fetch = |_: &Call<'_>, page: &Page<'_>| {
        let all: Vec<usize> = (0..page.missing.min(4)).collect();
        Ok(Some(json!(all).to_string()))
    };
    assert_eq!(follow(fetch, "", 6), json!([0, 1, 2, 3]));
}

/// The rows 0 to 8 in pages of three, of each the record that it is of: as a server gives them that joins tables, and then
/// leaves out what it has given in the same page.
fn shortened(_call: &Call<'_>, page: &Page<'_>) -> Result<Option<String>, Failure> {
    let records = [1, 1, 1, 1, 1, 1, 2, 2, 3];
    let mut rows = records.get((page.number - 1) * 3..).unwrap_or_default().to_vec();
    rows.truncate(3);
    rows.dedup();
    let rows: Vec<Value> = rows.into_iter().map(|id| json!({ "id": id, "page": page.number })).collect();
    Ok(Some(json!(rows).to_string()))
}

#[test]
fn a_page_that_a_server_shortens_or_repeats_is_not_the_last() {
    let paging = Paging::new("", &[], shortened).told_apart_by("id");
    let operation = Operation::get("list", "List", "/things");
    let followed = |most| {
        let raw = contract::Call {
            operation: String::new(),
            id: String::new(),
            input: "{}".to_owned(),
            attachments: Vec::new(),
        };
        let output = paging.follow(&Call::new(&PROVIDER, &operation, raw), most).unwrap();
        serde_json::from_str::<Value>(&contract::Output::from(output).json).unwrap()
    };
    let expected = [(1, 1), (2, 3), (3, 3)].map(|(id, page)| json!({ "id": id, "page": page }));
    assert_eq!(followed(usize::MAX), json!(expected));
    assert_eq!(followed(2), json!(expected[..2]));
}

#[test]
fn a_server_whose_pages_only_repeat_is_not_asked_for_ever() {
    let fetch = |_: &Call<'_>, page: &Page<'_>| {
        assert!(page.number <= 12, "the second has an item of its own");
        Ok(Some(if page.number == 2 { r#"[{"id":1},{"id":2}]"# } else { r#"[{"id":1}]"# }.to_owned()))
    };
    let paging = Paging::new("", &[], fetch).told_apart_by("id");
    let operation = Operation::get("list", "List", "/things");
    let raw =
        contract::Call { operation: String::new(), id: String::new(), input: "{}".to_owned(), attachments: Vec::new() };
    let output = contract::Output::from(paging.follow(&Call::new(&PROVIDER, &operation, raw), 100).unwrap());
    assert_eq!(output.json, r#"[{"id":1},{"id":2}]"#);
    let told = format!("{:?}", output.incomplete.unwrap());
    assert!(told.contains("the 10 pages up to page 12 only repeat the 2 items before"), "{told}");
}

#[test]
fn items_that_cannot_be_told_apart_are_all_kept() {
    let paging = Paging::new("", &[], |_, page| {
        Ok(Some(if page.number == 3 { "[]" } else { r#"[{"a":1},7,{"a":1},{"id":null}]"# }.to_owned()))
    });
    let operation = Operation::get("list", "List", "/things");
    let raw =
        contract::Call { operation: String::new(), id: String::new(), input: "{}".to_owned(), attachments: Vec::new() };
    let output = paging.told_apart_by("id").follow(&Call::new(&PROVIDER, &operation, raw), 100).unwrap();
    assert_eq!(contract::Output::from(output).json, r#"[{"a":1},7,{"a":1},{"id":null},{"a":1},7,{"a":1},{"id":null}]"#);
}

#[test]
fn a_later_answer_without_anything_is_no_page() {
    let operation = Operation::get("list", "List", "/things");
    let raw =
        contract::Call { operation: String::new(), id: String::new(), input: "{}".to_owned(), attachments: Vec::new() };
    let call = Call::new(&PROVIDER, &operation, raw);
    let page = |number| Page { number, seen: 0, missing: 5, ..FIRST };
    for (status, body) in [(204, ""), (200, ""), (200, " \r\n"), (200, "\u{feff}"), (200, "\u{feff}null\n")] {
        let response = Response::new(status, &[], body).to_a_read();
        assert_eq!(call.read_page(&page(2), &response), Ok(None), "{status} {body:?}");
        assert_eq!(call.read_page(&page(1), &response).is_ok(), status == 204 || body.contains("null"), "{body:?}");
    }
    assert!(call.read_page(&page(2), &Response::new(500, &[], "")).is_err());
}

#[test]
fn a_later_page_of_nothing_is_the_end() {
    fn pages(page: &Page<'_>, later: &str) -> Result<Option<String>, Failure> {
        Ok(Some(if page.number == 1 { r#"{"things": [1]}"# } else { later }.to_owned()))
    }
    let expected = json!({ "things": [1] });
    assert_eq!(follow(|_, page| pages(page, "null"), "/things", 5), expected);
    assert_eq!(follow(|_, page| pages(page, r#"{"things": null}"#), "/things", 5), expected);
    assert_eq!(follow(|_, page| pages(page, r#"{"things": []}"#), "/things", 5), expected);
}

#[test]
fn what_came_before_a_page_that_fails_is_handed_on_with_the_failure() {
    let output = ended(|_, page| match page.number {
        1 => Ok(Some(r#"{"things": [1, 2]}"#.to_owned())),
        2 => Ok(Some(r#"{"things": [3]}"#.to_owned())),
        _ => Err(Failure::Unavailable(Detail::new("it is down"))),
    });
    let output = contract::Output::from(output.unwrap());
    assert_eq!(output.json, r#"{"things": [1,2,3]}"#);
    let Some(contract::Failure::Unavailable(detail)) = output.incomplete else { panic!() };
    assert_eq!(detail.message, "page 3 failed after 3 items: it is down");
}
