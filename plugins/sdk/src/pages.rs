//! Lists that a provider gives a page at a time.

use std::collections::HashSet;

use serde_json::Value;
use wharf_answer::{Members, find, items};

use crate::call::{Call, Output, Request};
use crate::failure::{Detail, Failure};
use crate::input::{Input, code_only};

use crate::request::{Field, Place};
use crate::response::Response;
use crate::schema::integer;

/// The name of the input by which a caller asks for more than a page.
pub(crate) const MAX_ITEMS: &str = "maxItems";

/// The name of the request that turns the page.
pub(crate) const NEXT_PAGE: &str = "next-page";

/// The longest piece of a page that a message repeats, in characters.
const LONGEST_QUOTE: usize = 200;

/// The input by which a caller asks for more than a page.
pub(crate) const MAX_ITEMS_INPUT: Input = code_only(MAX_ITEMS, integer().at_least(1).at_most(10_000))
    .optional()
    .describe("Follows pages and gives at most so many items; without it there is one page. A call has a limit of requests as well.");

/// After so many pages in a row that only repeat earlier ones there is no end to be waited for.
const MOST_REPEATS: usize = 10;

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
    /// Where the list stands in what the provider's `read` gives: a JSON Pointer (RFC 6901), empty where that itself is the list. Then the
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
    /// last: for a server that may shorten any page, or repeat it in part, though more follow. After ten pages in a row with nothing
    /// but earlier items the list is an incomplete one.
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
        match items {
            Some(items) => Ok((json, items)),
            None => Err(self.no_list(&json, number)),
        }
    }

    /// What the plugin's author, or the provider's, has to know where no list is found.
    fn no_list(&self, json: &str, number: usize) -> Failure {
        let begins: String = json.chars().take(LONGEST_QUOTE).collect();
        let what = match self.list {
            "" => "what the plugin's `read` gave is no list".to_owned(),
            list => format!("there is no list under `{list}` of what the plugin's `read` gave"),
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

#[cfg(test)]
mod tests;
