//! Lists that a provider gives a page at a time.

use std::collections::HashSet;

use serde::{Deserialize, Serialize};

use crate::failure::{Detail, Failure};
use crate::look::entries;
use crate::members::{Members, find};
use crate::rules::{List, Text};

/// The longest piece of a page that a message repeats, in characters.
const LONGEST_QUOTE: usize = 200;

/// After so many pages in a row that only repeat earlier ones there is no end to be waited for.
const MOST_REPEATS: usize = 10;

/// The most items of one page. A page is asked for so that nobody has to take them all.
const MOST_ITEMS: usize = 100_000;

/// The input by which a caller asks for more than a page.
pub const MAX_ITEMS: &str = "maxItems";

/// The most items that a caller can ask for.
pub const MOST_WANTED: u32 = 10_000;

/// What people are told of that input.
pub const OF_MAX_ITEMS: &str = "Follows pages and gives at most so many items; without it there is one page. A call has a limit of requests as well.";

/// The name of the request that turns the page.
pub const NEXT_PAGE: &str = "next-page";

/// How the pages of a list are followed.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "kebab-case")]
pub struct Pages {
    /// Where the list stands in what the rules give: a JSON Pointer (RFC 6901) through objects, empty where that itself is the list.
    pub list: Text,
    /// What turns the page.
    pub turn: Turn,
    /// The member by which items are told apart. One that stood in an earlier page is left out, and only a page without items is the
    /// last: for a server that may shorten any page, or repeat it in part, though more follow.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub told_apart_by: Option<Text>,
}

/// What turns the page: query parameters, and where their values come from.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "kebab-case")]
pub enum Turn {
    /// The number of the page.
    Page {
        /// The parameter.
        query: Text,
        /// That of the first page.
        first: u64,
    },
    /// How many items are left out.
    Offset {
        /// The parameter.
        query: Text,
        /// The parameter that says how many items a page has.
        limit: Text,
        /// The most that a page may have.
        most: u64,
    },
    /// What stands in the answer before. Without it, or where it is empty, there are no more pages.
    Cursor {
        /// The parameter.
        query: Text,
        /// Where it stands: a JSON Pointer through objects, to a text or a number.
        at: Text,
    },
    /// What stands in the last item of the page before.
    Last {
        /// The parameter.
        query: Text,
        /// Where it stands in the item, as for a cursor.
        at: Text,
    },
    /// The address of the next page. It is never called: the declared request is sent again with the parameters that are read of it.
    Link {
        /// Where the address stands in the body. Without it, it is in the header `Link` with the relation `next` (RFC 8288).
        #[serde(default, skip_serializing_if = "Option::is_none")]
        at: Option<Text>,
        /// The parameters that are read.
        read: List<Text>,
    },
}

impl Turn {
    /// The query parameters that it gives.
    pub fn parameters(&self) -> Vec<&str> {
        match self {
            Self::Page { query, .. } | Self::Cursor { query, .. } | Self::Last { query, .. } => vec![query],
            Self::Offset { query, limit, .. } => vec![limit, query],
            Self::Link { read, .. } => read.iter().map(|name| &**name).collect(),
        }
    }

    /// The values that turn to a page; none where the page before was the last. `given` is what the caller gave for a parameter, and
    /// `link` the header `Link` of the answer before.
    pub fn values<'p>(
        &'p self,
        page: &Page<'_>,
        given: impl Fn(&str) -> Option<String>,
        link: Option<&str>,
    ) -> Option<Vec<(&'p str, String)>> {
        let number = |name: &str, otherwise| given(name).and_then(|text| text.parse().ok()).unwrap_or(otherwise);
        let one = |query: &'p Text, value: Option<String>| value.map(|value| (&**query, value)).into_iter().collect();
        match self {
            Self::Page { query, first } => {
                let number: u64 = number(query, *first).saturating_add(page.number as u64 - 1);
                Some(one(query, Some(number.to_string())))
            }
            Self::Offset { query, limit, most } => {
                let skipped = number(query, 0).saturating_add(page.seen as u64);
                let size = (page.missing as u64).min(*most);
                Some(vec![(limit, size.to_string()), (query, skipped.to_string())])
            }
            Self::Cursor { query, at } => match page.before {
                Some(before) => Some(one(query, Some(cursor(find(before, at)?)?))),
                None => Some(one(query, given(query))),
            },
            Self::Last { query, at } => match page.number {
                1 => Some(one(query, given(query))),
                _ => Some(one(query, Some(cursor(find(page.last?, at)?)?))),
            },
            Self::Link { at, read } => {
                let names = || read.iter().map(|name| &**name);
                let Some(before) = page.before else {
                    return Some(names().filter_map(|name| Some((name, given(name)?))).collect());
                };
                let address = match at {
                    Some(at) => cursor(find(before, at)?)?,
                    None => next_of(link?)?,
                };
                let values: Vec<(&str, String)> =
                    names().filter_map(|name| Some((name, parameter(&address, name)?))).collect();
                Some(values).filter(|values| !values.is_empty())
            }
        }
    }
}

/// How far a list was followed, and what is wanted next.
#[derive(Clone, Copy, Debug, Default)]
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

/// A list that is followed.
#[derive(Clone, Copy, Debug)]
pub struct Followed<'a> {
    /// As [`Pages::list`].
    pub list: &'a str,
    /// As [`Pages::told_apart_by`].
    pub told_apart_by: Option<&'a str>,
}

impl Pages {
    /// The list that is followed.
    pub fn followed(&self) -> Followed<'_> {
        Followed { list: &self.list, told_apart_by: self.told_apart_by.as_deref() }
    }
}

impl Followed<'_> {
    /// The first answer with the items of all pages, up to so many and each as it is written. It ends with a page that is empty, or with
    /// which the one before begins: that of a server which gives the list whole, or up to a limit. What came before a page that
    /// fails is not lost: then that failure is told beside it.
    ///
    /// # Errors
    /// The failure of the first page.
    pub fn follow(
        &self,
        wanted: usize,
        mut fetch: impl FnMut(&Page<'_>) -> Result<Option<String>, Failure>,
    ) -> Result<(String, Option<Failure>), Failure> {
        let mut known = HashSet::new();
        let (mut first, mut before) = (String::new(), String::new());
        let mut items: Vec<String> = Vec::new();
        let (mut newest, mut repeats) = (0, 0);
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
            let fetched = fetch(&page).and_then(|json| json.map(|json| self.read(json, number)).transpose());
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
            if list.is_empty() || self.told_apart_by.is_none() && items_before.starts_with(&list) {
                break;
            }
            let list = self.without_known(list, &mut known);
            newest = list.len();
            repeats = if newest == 0 { repeats + 1 } else { 0 };
            items.extend(list);
            if items.len() >= wanted {
                break;
            }
            if repeats == MOST_REPEATS {
                let message =
                    format!("the {repeats} pages up to page {number} only repeat the {} items before", items.len());
                failed = Some(Failure::Provider(Detail::new(message)));
                break;
            }
        }
        items.truncate(wanted);
        Ok((self.whole(&first, &items), failed))
    }

    /// Those that stood in no earlier page, which are known from now on.
    fn without_known(&self, list: Vec<String>, known: &mut HashSet<String>) -> Vec<String> {
        let Some(id) = self.told_apart_by else { return list };
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
        match list.filter(|list| list.starts_with('[')).and_then(|list| entries(list, MOST_ITEMS)) {
            Some((items, true)) => {
                let items = items.into_iter().map(|item| item.json.to_owned()).collect();
                Ok((json, items))
            }
            Some((_, false)) => {
                Err(Failure::Provider(Detail::new(format!("page {number} has more than {MOST_ITEMS} items"))))
            }
            None => Err(self.no_list(&json, number)),
        }
    }

    /// What the plugin's author, or the provider's, has to know where no list is found.
    fn no_list(&self, json: &str, number: usize) -> Failure {
        let begins: String = json.chars().take(LONGEST_QUOTE).collect();
        let what = match self.list {
            "" => "what was read is no list".to_owned(),
            list => format!("there is no list under `{list}` of what was read"),
        };
        Failure::Provider(Detail::new(format!("page {number}: {what}: {begins}")))
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

/// The address with the relation `next` (RFC 8288, section 3): `<https://…?page=2>; rel="next"`.
fn next_of(header: &str) -> Option<String> {
    header.split('<').skip(1).find_map(|link| {
        let (address, parameters) = link.split_once('>')?;
        let is_next = parameters.split(';').filter_map(|parameter| parameter.split_once('=')).any(|(name, value)| {
            let value = value.trim().trim_end_matches(',').trim().trim_matches('"');
            name.trim().eq_ignore_ascii_case("rel")
                && value.split_whitespace().any(|rel| rel.eq_ignore_ascii_case("next"))
        });
        is_next.then(|| address.to_owned())
    })
}

/// The value of a query parameter of an address, decoded.
fn parameter(address: &str, name: &str) -> Option<String> {
    let query = address.split_once('?')?.1.split('#').next()?;
    let pairs = query.split('&').map(|pair| pair.split_once('=').unwrap_or((pair, "")));
    let mut values = pairs.filter(|(key, _)| decoded(key).as_deref() == Some(name)).map(|(_, value)| decoded(value));
    values.next()?
}

/// `application/x-www-form-urlencoded`; none where it is not UTF-8.
fn decoded(text: &str) -> Option<String> {
    let mut bytes = Vec::with_capacity(text.len());
    let mut rest = text.as_bytes();
    while let Some((byte, after)) = rest.split_first() {
        rest = after;
        let hex = |digits: &[u8]| u8::from_str_radix(str::from_utf8(digits).ok()?, 16).ok();
        match (byte, after.get(..2).and_then(hex)) {
            (b'%', Some(byte)) => {
                bytes.push(byte);
                rest = after.get(2..).unwrap_or_default();
            }
            (b'+', _) => bytes.push(b' '),
            (byte, _) => bytes.push(*byte),
        }
    }
    String::from_utf8(bytes).ok()
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_page_of_more_items_than_anybody_asks_for_is_not_taken_apart() {
        let list = Followed { list: "/items", told_apart_by: None };
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
        assert_eq!(values(header), Some(vec![("page", "3".to_owned()), ("after", "a b".to_owned())]));
        for link in
            ["", "<x?page=1>; rel=prev", "<x>; rel=next", "<x?other=1>; rel=next", "<x?page=%ff>; rel=next", "<x"]
        {
            assert_eq!(values(link), None, "{link}");
        }
        let at = Turn::Link { at: Some("/next".into()), read: List::Owned(vec!["skip".into()]) };
        let page = Page { number: 2, before: Some(r#"{"next":"/v1/things?skip=20#x"}"#), ..Page::default() };
        assert_eq!(at.values(&page, |_| None, None), Some(vec![("skip", "20".to_owned())]));
    }

    #[test]
    fn the_last_item_says_where_the_next_page_begins() {
        let turn = Turn::Last { query: "starting_after".into(), at: "/id".into() };
        let first = Page { number: 1, ..Page::default() };
        assert_eq!(turn.values(&first, |_| None, None), Some(vec![]));
        assert_eq!(turn.values(&first, |_| Some("a".to_owned()), None), Some(vec![("starting_after", "a".to_owned())]));
        let second = Page { number: 2, last: Some(r#"{"id":1.0}"#), before: Some("[]"), ..Page::default() };
        assert_eq!(turn.values(&second, |_| None, None), Some(vec![("starting_after", "1.0".to_owned())]));
        assert_eq!(turn.values(&Page { last: Some("{}"), ..second }, |_| None, None), None, "there is no more");
    }
}

#[cfg(test)]
mod turning {
    use super::*;

    /// Whether a list ends as a whole one after an answer behind which there is more.
    fn ends(turn: Turn, first: &str) -> bool {
        let pages = Pages { list: "/items".into(), turn, told_apart_by: None };
        let followed = pages.followed().follow(100, |page| {
            if pages.turn.values(page, |_| None, None).is_none() {
                return Ok(None);
            }
            Ok(Some(if page.number == 1 { first.to_owned() } else { r#"{"items":[2]}"#.to_owned() }))
        });
        followed.is_ok_and(|(json, failed)| failed.is_none() && !json.contains(",2]"))
    }

    #[test]
    fn a_cursor_that_cannot_be_read_is_not_the_end() {
        for next in [r#""\ud83d""#, r#"{"id":1}"#, "[1]"] {
            let cursor = Turn::Cursor { query: "after".into(), at: "/next".into() };
            assert!(!ends(cursor, &format!(r#"{{"items":[1],"next":{next}}}"#)), "{next}");
        }
    }

    #[test]
    fn equal_members_on_the_way_to_a_cursor_or_a_list_are_not_the_end() {
        for first in [r#"{"items":[1],"next":"2","next":null}"#, r#"{"items":[1],"items":[],"next":"2"}"#] {
            let cursor = Turn::Cursor { query: "after".into(), at: "/next".into() };
            assert!(!ends(cursor, first), "{first}");
        }
    }

    #[test]
    fn an_address_of_which_nothing_can_be_read_is_not_the_end() {
        for address in ["https://a.example/?cursor=2", "https://a.example/?page=%ff"] {
            let link = Turn::Link { at: Some("/next".into()), read: vec!["page".into()].into() };
            assert!(!ends(link, &format!(r#"{{"items":[1],"next":"{address}"}}"#)), "{address}");
        }
    }

    #[test]
    fn an_item_without_what_turns_the_page_is_not_the_end() {
        let last = Turn::Last { query: "after".into(), at: "/id".into() };
        assert!(!ends(last, r#"{"items":[{"x":1}]}"#));
    }

    #[test]
    fn what_stands_in_quotes_is_no_relation() {
        assert_eq!(next_of(r#"<https://a/?page=2>; title="a; rel=next""#), None);
        assert_eq!(
            next_of("<https://a/?page=2>; rel=prev; rel=next"),
            None,
            "the first counts (RFC 8288, section 3.3)"
        );
        assert_eq!(next_of(r#"<https://a/?page=2>; title="<b>"; rel=next"#).as_deref(), Some("https://a/?page=2"));
    }
}
