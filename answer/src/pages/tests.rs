use super::*;

#[test]
fn a_page_of_more_items_than_anybody_asks_for_is_not_taken_apart() {
    let list = Followed { list: "/items", told_apart_by: None, says_more: false };
    let of = |count: usize| {
        let json = format!("{{\"items\":[{}0]}}", "0,".repeat(count - 1));
        list.follow(5, move |page| Ok((page.number == 1).then(|| json.clone())))
    };
    assert_eq!(of(MOST_ITEMS), Ok((r#"{"items":[0,0,0,0,0]}"#.to_owned(), None)));
    let failed = of(MOST_ITEMS + 1).unwrap_err();
    assert!(matches!(failed, Failure::Provider(detail) if detail.message == "page 1 has more than 100000 items"));
}

#[test]
fn the_next_page_is_read_of_a_link_and_never_called() {
    let turn = Turn::Link { at: None, read: List::Borrowed(&[Text::Borrowed("page"), Text::Borrowed("after")]) };
    let page = Page { number: 2, before: Some("[]"), ..Page::default() };
    let values = |link: &str| turn.values(&page, |_| None, Some(link));
    let header = r#"<https://evil.example/x?page=1>; rel="prev", <https://evil.example/x?page=3&after=a%20b&key=k>; rel="next last""#;
    assert_eq!(values(header), Ok(Some(vec![("page", "3".to_owned()), ("after", "a b".to_owned())])));
    for link in ["", "<x?page=1>; rel=prev"] {
        assert_eq!(values(link), Ok(None), "{link}");
    }
    for link in
        ["<x>; rel=next", "<x?other=1>; rel=next", "<x?page=%ff>; rel=next", "<x?page=1&page=2>; rel=next", "<x"]
    {
        assert!(values(link).is_err(), "{link}");
    }
    let at = Turn::Link { at: Some("/next".into()), read: List::Owned(vec!["skip".into()]) };
    let page = Page { number: 2, before: Some(r#"{"next":"/v1/things?skip=20#x"}"#), ..Page::default() };
    assert_eq!(at.values(&page, |_| None, None), Ok(Some(vec![("skip", "20".to_owned())])));
}

fn given(value: &str) -> impl Fn(&str) -> Option<Given> {
    move |_| Some(Given { input: "begin".to_owned(), value: value.to_owned() })
}

#[test]
fn the_last_item_says_where_the_next_page_begins() {
    let turn = Turn::Last { query: "starting_after".into(), at: "/id".into() };
    let first = Page { number: 1, ..Page::default() };
    assert_eq!(turn.values(&first, |_| None, None), Ok(Some(vec![])));
    assert_eq!(turn.values(&first, given("a"), None), Ok(Some(vec![("starting_after", "a".to_owned())])));
    let second = Page { number: 2, last: Some(r#"{"id":1.0}"#), before: Some("[]"), ..Page::default() };
    assert_eq!(turn.values(&second, |_| None, None), Ok(Some(vec![("starting_after", "1.0".to_owned())])));
    for last in ["{}", r#"{"id":null}"#, r#"{"id":1,"id":1}"#, "7"] {
        assert!(turn.values(&Page { last: Some(last), ..second }, |_| None, None).is_err(), "{last}");
    }
    assert_eq!(turn.values(&Page { last: None, ..second }, |_| None, None), Ok(None), "there was no item");
}

#[test]
fn a_list_begins_at_a_whole_number_or_not_at_all() {
    let first = Page { number: 1, missing: 9, ..Page::default() };
    let offset = Turn::Offset { query: "skip".into(), limit: "top".into(), most: 5 };
    let page = Turn::Page { query: "page".into(), first: 1 };
    let values = offset.values(&first, given("5.0"), None);
    assert_eq!(values, Ok(Some(vec![("top", "5".to_owned()), ("skip", "5".to_owned())])));
    for value in ["five", "", "-1", "1.5", "18446744073709551616", "[1]"] {
        for turn in [&offset, &page] {
            let failed = turn.values(&first, given(value), None).unwrap_err();
            assert!(matches!(failed, Failure::InvalidInput(Some(input), _) if input == "begin"), "{value}");
        }
    }
}

/// What comes of following a list whose pages are these.
fn followed(turn: Turn, answers: &[&str]) -> (String, Option<Failure>) {
    let pages = Pages { list: "/items".into(), turn, told_apart_by: None };
    let followed = pages.follow(
        100,
        |_| None,
        |page, _| Ok(answers.get(page.number - 1).map(|answer| ((*answer).to_owned(), None))),
    );
    followed.unwrap()
}

fn by_cursor() -> Turn {
    Turn::Cursor { query: "after".into(), at: "/next".into() }
}

/// Whether a list is told as incomplete after an answer behind which there is more.
fn is_incomplete(turn: Turn, first: &str) -> bool {
    matches!(followed(turn, &[first]), (json, Some(Failure::Provider(_))) if json.contains("[1]"))
}

#[test]
fn a_cursor_that_is_missing_null_or_empty_is_the_end() {
    for next in ["", r#","next":null"#, r#","next":"""#, r#","next":" ""#, r#","next":false"#, r#","next":[]"#] {
        assert_eq!(followed(by_cursor(), &[&format!(r#"{{"items":[1]{next}}}"#)]).1, None, "{next}");
    }
}

#[test]
fn a_cursor_that_cannot_be_read_is_not_the_end() {
    for next in [r#""\ud83d""#, r#"{"id":1}"#, "[1]", "true", r#""2","next":null"#] {
        assert!(is_incomplete(by_cursor(), &format!(r#"{{"items":[1],"next":{next}}}"#)), "{next}");
    }
    let deep = Turn::Cursor { query: "after".into(), at: "/paging/next".into() };
    assert!(is_incomplete(deep, r#"{"items":[1],"paging":[{"next":"b"}]}"#));
}

#[test]
fn a_list_that_stands_there_twice_is_a_failure() {
    let list = Followed { list: "/items", told_apart_by: None, says_more: true };
    let failed = list.follow(9, |_| Ok(Some(r#"{"items":[1,2],"items":[]}"#.to_owned()))).unwrap_err();
    assert!(matches!(failed, Failure::Provider(detail) if detail.message.contains("twice")));
}

#[test]
fn an_address_of_which_nothing_can_be_read_is_not_the_end() {
    for address in ["\"https://a.example/?cursor=2\"", "\"https://a.example/?page=%ff\"", "7", "{\"href\":\"?page=2\"}"]
    {
        let link = Turn::Link { at: Some("/next".into()), read: vec!["page".into()].into() };
        assert!(is_incomplete(link, &format!(r#"{{"items":[1],"next":{address}}}"#)), "{address}");
    }
}

#[test]
fn an_item_without_what_turns_the_page_is_not_the_end() {
    let last = Turn::Last { query: "after".into(), at: "/id".into() };
    assert!(is_incomplete(last, r#"{"items":[1]}"#));
}

#[test]
fn a_page_like_the_one_before_is_not_the_end_where_it_says_that_there_is_more() {
    let pages = [r#"{"items":[1],"next":"b"}"#, r#"{"items":[1],"next":"c"}"#, r#"{"items":[2]}"#];
    assert_eq!(followed(by_cursor(), &pages), (r#"{"items":[1,1,2],"next":"b"}"#.to_owned(), None));
    let page = Turn::Page { query: "page".into(), first: 1 };
    assert_eq!(followed(page, &pages), (r#"{"items":[1],"next":"b"}"#.to_owned(), None));
}

#[test]
fn pages_that_lead_in_a_circle_are_no_whole_list() {
    let pages = [r#"{"items":[1],"next":"b"}"#, r#"{"items":[2],"next":"c"}"#, r#"{"items":[3],"next":"b"}"#];
    let (json, failed) = followed(by_cursor(), &pages);
    assert_eq!(json, r#"{"items":[1,2,3],"next":"b"}"#);
    assert!(matches!(failed, Some(Failure::Provider(detail)) if detail.message.contains("leads back")));
}
