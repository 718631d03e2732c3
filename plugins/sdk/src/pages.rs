//! Lists that a provider gives a page at a time.

use std::collections::HashSet;

use serde_json::Value;

use crate::call::{Call, Output, Request};
use crate::failure::{Detail, Failure};
use crate::input::{Input, code_only};
use crate::members::{Members, find, items};
use crate::request::{Field, Place};
use crate::response::Response;
use crate::schema::integer;

/// The name of the input by which a caller asks for more than a page.
pub(crate) const MAX_ITEMS: &str = "maxItems";

/// The name of the request that turns the page.
pub(crate) const NEXT_PAGE: &str = "next-page";

/// The input by which a caller asks for more than a page.
pub(crate) const MAX_ITEMS_INPUT: Input = code_only(MAX_ITEMS, integer().at_least(1).at_most(10_000))
    .optional()
    .describe("Follows pages and gives at most so many items; without it there is one page. A call has a limit of requests as well.");

/// How the pages of a list are followed.
#[derive(Clone, Copy)]
pub struct Paging {
    list: &'static str,
    turn: Turn,
    pub(crate) instead: Option<Instead>,
    id: Option<&'static str>,
}

/// What turns the page.
#[derive(Clone, Copy)]
enum Turn {
    Function(&'static [Field], Fetch),
    /// The number of the page, and that of the first one.
    Page([Field; 1], u64),
    /// How many items the page has, and how many are left out; the most that a page may have.
    Offset([Field; 2], usize),
    /// What stands in the answer before, and where.
    Cursor([Field; 1], &'static str),
}

type Fetch = fn(&Call<'_>, &Page<'_>) -> Result<Option<String>, Failure>;
type Instead = fn(&Call<'_>) -> Option<Request>;

/// How far a list was followed, and what is wanted next.
#[derive(Clone, Copy, Debug)]
pub struct Page<'a> {
    /// From 1.
    pub number: usize,
    /// How many items the pages before had, without those that are left out.
    pub seen: usize,
    /// How many items are still missing.
    pub missing: usize,
    /// How many items the page before had; none for the first page.
    pub previous: Option<usize>,
    /// The last item of the page before, as JSON text.
    pub last: Option<&'a str>,
    /// The answer of the first page, as JSON text: it may say how many items there are.
    pub first: Option<&'a str>,
    /// The answer of the page before, as JSON text: it may say how to go on, by a cursor for instance.
    pub before: Option<&'a str>,
}

impl Page<'_> {
    /// Reads the answer of a page, as [`Call::read`] does. The first must have what the operation's answer must have; for a later
    /// one a good answer without anything is no page, as the one before was the last.
    ///
    /// # Errors
    /// What the provider says is wrong.
    pub fn read(&self, call: &Call<'_>, response: &Response) -> Result<Option<String>, Failure> {
        let is_nothing = response.is_empty() || response.bytes().trim_ascii() == b"null";
        match self.number {
            1 => call.value(response).map(Some),
            _ if response.is_success() && is_nothing => Ok(None),
            _ => call.read(response).map(Some),
        }
    }
}

impl Paging {
    /// Where the list stands in an answer: a JSON Pointer (RFC 6901), empty where the answer itself is the list. Then the
    /// values that turn the page: in the declared request `next-page`, which is otherwise like the operation's own, they
    /// stand instead of inputs of the same name; without any there is no such request. And what fetches a page by this request
    /// ([`Call::next_page`]), or by one of the operation's others: it gives the JSON text of the page's value, or nothing where
    /// the page before was the last.
    pub const fn new(list: &'static str, free: &'static [Field], fetch: Fetch) -> Self {
        Self::of(list, Turn::Function(free, fetch))
    }

    /// Pages by their number, from 1, in this query parameter. The list stands in an answer as [`Paging::new`] says.
    pub const fn by_page(list: &'static str, page: &'static str) -> Self {
        Self::of(list, Turn::Page([Field::free(Place::Query, page, "the number of the page")], 1))
    }

    /// The same where the number of the first page is another one.
    pub const fn from(mut self, first: u64) -> Self {
        assert!(matches!(self.turn, Turn::Page(..)), "only pages that are turned by their number have a first one");
        if let Turn::Page(field, _) = self.turn {
            self.turn = Turn::Page(field, first);
        }
        self
    }

    /// Pages by how many items are left out, and by how many a page has, in these query parameters: `most` at once.
    pub const fn by_offset(list: &'static str, offset: &'static str, limit: &'static str, most: usize) -> Self {
        let fields = [
            Field::free(Place::Query, limit, "how many items the page has"),
            Field::free(Place::Query, offset, "how many items the pages before had"),
        ];
        assert!(most > 0, "a page has at least one item");
        Self::of(list, Turn::Offset(fields, most))
    }

    /// Pages by a cursor in this query parameter, which stands in the answer before under this JSON Pointer: a text or a
    /// number. Without one, or with an empty one, there are no more pages.
    pub const fn by_cursor(list: &'static str, cursor: &'static str, next: &'static str) -> Self {
        Self::of(list, Turn::Cursor([Field::free(Place::Query, cursor, "comes from the page before")], next))
    }

    const fn of(list: &'static str, turn: Turn) -> Self {
        Self { list, turn, instead: None, id: None }
    }

    /// The values that turn the page.
    pub(crate) const fn free(&self) -> &[Field] {
        match &self.turn {
            Turn::Function(fields, _) => fields,
            Turn::Page(fields, _) | Turn::Cursor(fields, _) => fields,
            Turn::Offset(fields, _) => fields,
        }
    }

    /// Whether a function of the plugin turns the page.
    pub(crate) const fn has_function(&self) -> bool {
        matches!(self.turn, Turn::Function(..)) || self.instead.is_some()
    }

    /// What begins `next-page` for the one page of a call without `maxItems`, where the operation's own request cannot
    /// carry what the caller gave as it is.
    pub const fn instead(mut self, instead: Instead) -> Self {
        self.instead = Some(instead);
        self
    }

    /// The member by which items are told apart. One that stood in an earlier page is left out, and only a page without items is the
    /// last: for a server that may shorten any page, or repeat it in part, though more follow.
    pub const fn told_apart_by(mut self, member: &'static str) -> Self {
        self.id = Some(member);
        self
    }

    /// As far as the caller asked for.
    pub(crate) fn follow_as_asked(&self, call: &Call<'_>) -> Result<Output, Failure> {
        self.follow(
            call,
            call.input(MAX_ITEMS).and_then(Value::as_u64).and_then(|n| usize::try_from(n).ok()).unwrap_or(1),
        )
    }

    /// The first answer with the items of all pages, up to so many and each as it is written. It ends with a page that is empty, or with
    /// which the one before begins: that of a server which gives the list whole, or up to a limit. What came before a page that
    /// fails is not lost.
    ///
    /// # Errors
    /// The failure of the first page.
    pub fn follow(&self, call: &Call<'_>, wanted: usize) -> Result<Output, Failure> {
        let mut known = HashSet::new();
        let (mut first, mut before) = (String::new(), String::new());
        let mut items: Vec<String> = Vec::new();
        let mut newest = 0;
        let mut failed = None;
        for number in 1.. {
            let page = Page {
                number,
                seen: items.len(),
                missing: wanted - items.len(),
                previous: (number > 1).then_some(newest),
                last: items.last().map(String::as_str),
                first: (number > 1).then_some(first.as_str()),
                before: (number > 1).then_some(before.as_str()),
            };
            let fetched = self.fetch(call, &page).and_then(|json| json.map(|json| self.read(json, number)).transpose());
            let (json, list) = match fetched {
                Ok(Some(fetched)) => fetched,
                Ok(None) => break,
                Err(failure) if number == 1 => return Err(failure),
                Err(failure) => {
                    failed = Some(failure.with_note(&format!("page {number} failed after {} items", items.len())));
                    break;
                }
            };
            if number == 1 {
                first.clone_from(&json);
            }
            before = json;
            let items_before = items.get(items.len() - newest..).unwrap_or_default();
            if list.is_empty() || self.id.is_none() && items_before.starts_with(&list) {
                break;
            }
            let list = self.without_known(list, &mut known);
            newest = list.len();
            items.extend(list);
            if items.len() >= wanted {
                break;
            }
        }
        items.truncate(wanted);
        let output = Output::text(self.whole(&first, &items));
        Ok(match failed {
            Some(failure) => output.incomplete(failure),
            None => output,
        })
    }

    /// The JSON text of a page's value; none where the page before was the last.
    fn fetch(&self, call: &Call<'_>, page: &Page<'_>) -> Result<Option<String>, Failure> {
        if let Turn::Function(_, fetch) = self.turn {
            return fetch(call, page);
        }
        match self.turned(page, |name| call.in_query(name)) {
            Some(values) => {
                let begun = call.next_page();
                let request = values.into_iter().fold(begun, |request, (name, value)| request.query(name, value));
                page.read(call, &request.send()?)
            }
            None => Ok(None),
        }
    }

    /// The values that turn to a page, where no function does; `given` is what the caller gave for a query parameter.
    fn turned<'g>(&self, page: &Page<'_>, given: impl Fn(&str) -> Option<&'g Value>) -> Option<Vec<(&str, String)>> {
        let number = |field: &Field, otherwise| given(field.name).and_then(Value::as_u64).unwrap_or(otherwise);
        match &self.turn {
            Turn::Function(..) => None,
            Turn::Page([field], first) => {
                let number = number(field, *first).saturating_add(page.number as u64 - 1);
                Some(vec![(field.name, number.to_string())])
            }
            Turn::Offset([limit, offset], most) => {
                let skipped = number(offset, 0).saturating_add(page.seen as u64);
                let size = page.missing.min(*most);
                Some(vec![(limit.name, size.to_string()), (offset.name, skipped.to_string())])
            }
            Turn::Cursor([field], next) => {
                let cursor = match page.before {
                    Some(before) => Some(cursor(find(before, next)?)?),
                    None => {
                        given(field.name).map(|value| value.as_str().map_or_else(|| value.to_string(), str::to_owned))
                    }
                };
                Some(cursor.map(|cursor| (field.name, cursor)).into_iter().collect())
            }
        }
    }

    /// Those that stood in no earlier page, which are known from now on.
    fn without_known(&self, list: Vec<String>, known: &mut HashSet<String>) -> Vec<String> {
        let Some(id) = self.id else { return list };
        let id = |item: &String| Members::of(item)?.get(id).filter(|id| *id != "null").map(str::to_owned);
        let ids: Vec<String> = list.iter().filter_map(id).collect();
        let list = list.into_iter().filter(|item| id(item).is_none_or(|id| !known.contains(&id))).collect();
        known.extend(ids);
        list
    }

    /// An answer with the items of its list. A null, for an answer or in the place of a list, is an empty page.
    fn read(&self, json: String, number: usize) -> Result<(String, Vec<String>), Failure> {
        let list = find(&json, self.list);
        if json.trim_ascii() == "null" || list == Some("null") {
            return Ok((json, Vec::new()));
        }
        let items: Option<Vec<String>> =
            list.and_then(items).map(|items| items.into_iter().map(str::to_owned).collect());
        let no_list = || Failure::Provider(Detail::new(format!("page {number} of the answer has no list")));
        items.ok_or_else(no_list).map(|items| (json, items))
    }

    /// An answer with these items in its list.
    fn whole(&self, answer: &str, items: &[String]) -> String {
        let Some(list) = find(answer, self.list) else { return "null".to_owned() };
        // It is a part of the answer.
        let start = list.as_ptr().addr() - answer.as_ptr().addr();
        let (before, after) = (answer.get(..start), answer.get(start + list.len()..));
        [before.unwrap_or_default(), "[", &items.join(","), "]", after.unwrap_or_default()].concat()
    }
}

/// A cursor as it stands in an answer: a text, or a number with its digits.
fn cursor(json: &str) -> Option<String> {
    let is_number = json.starts_with(|c: char| c.is_ascii_digit() || c == '-');
    let text = if is_number { Some(json.to_owned()) } else { serde_json::from_str::<String>(json).ok() };
    text.filter(|text| !text.is_empty())
}

#[cfg(test)]
mod tests {
    use serde_json::json;

    use super::*;
    use crate::bindings::wharf::provider::call as contract;
    use crate::{BaseUrl, Operation, Provider, read};

    const PROVIDER: Provider = Provider {
        name: "acme",
        title: "Acme",
        version: "0.1.0",
        summary: "",
        base_url: BaseUrl::new(""),
        fields: &[],
        schemes: &[],
        scheme: None,
        read: read::rest,
        resources: &[],
    };

    const FIRST: Page<'static> =
        Page { number: 1, seen: 0, missing: 250, previous: None, last: None, first: None, before: None };

    /// The values that turn to a page, where the caller gave this in the query.
    fn turned(paging: &Paging, page: &Page<'_>, given: &Value) -> Option<String> {
        let pairs = paging.turned(page, |name| given.get(name))?;
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
            (Paging::by_cursor("", "after", "/next/after"), json!({"after": "a"}), ["after=a", "after=b c"]),
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
    fn follow(
        fetch: fn(&Call<'_>, &Page<'_>) -> Result<Option<String>, Failure>,
        list: &'static str,
        most: u32,
    ) -> Value {
        let operation = Operation::get("list", "List", "/things");
        let input = json!({ MAX_ITEMS: most }).to_string();
        let raw =
            contract::Call { operation: "things.list".to_owned(), id: String::new(), input, attachments: Vec::new() };
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
        let fetch = |_: &Call<'_>, page: &Page<'_>| {
            Ok(Some(json!(if page.number == 1 { vec![7] } else { vec![] }).to_string()))
        };
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
        assert_eq!(detail.message, "page 1 of the answer has no list");
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
    fn items_that_cannot_be_told_apart_are_all_kept() {
        let paging = Paging::new("", &[], |_, page| {
            Ok(Some(if page.number == 3 { "[]" } else { r#"[{"a":1},7,{"a":1},{"id":null}]"# }.to_owned()))
        });
        let operation = Operation::get("list", "List", "/things");
        let raw = contract::Call {
            operation: String::new(),
            id: String::new(),
            input: "{}".to_owned(),
            attachments: Vec::new(),
        };
        let output = paging.told_apart_by("id").follow(&Call::new(&PROVIDER, &operation, raw), 100).unwrap();
        assert_eq!(
            contract::Output::from(output).json,
            r#"[{"a":1},7,{"a":1},{"id":null},{"a":1},7,{"a":1},{"id":null}]"#
        );
    }

    #[test]
    fn a_later_answer_without_anything_is_no_page() {
        let operation = Operation::get("list", "List", "/things");
        let raw = contract::Call {
            operation: String::new(),
            id: String::new(),
            input: "{}".to_owned(),
            attachments: Vec::new(),
        };
        let call = Call::new(&PROVIDER, &operation, raw);
        let page = |number| Page { number, seen: 0, missing: 5, ..FIRST };
        for (status, body) in [(204, ""), (200, ""), (200, " \r\n"), (200, "\u{feff}"), (200, "\u{feff}null\n")] {
            let response = Response::new(status, &[], body).to_a_read();
            assert_eq!(page(2).read(&call, &response), Ok(None), "{status} {body:?}");
            assert_eq!(page(1).read(&call, &response).is_ok(), status == 204 || body.contains("null"), "{body:?}");
        }
        assert!(page(2).read(&call, &Response::new(500, &[], "")).is_err());
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
}
