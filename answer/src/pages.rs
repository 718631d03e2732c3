//! Lists that a provider gives a page at a time.

use std::collections::HashSet;

use serde::{Deserialize, Serialize};

use crate::decimal::Decimal;
use crate::failure::{Detail, Failure};
use crate::link::{Unreadable, next_of, parameter};
use crate::look::entries;
use crate::members::{Members, Unclear, find};
use crate::rules::{Kind, List, Text};
use crate::values::is;

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

    /// Whether it counts pages or items. Else the first page is what the request gives without turning it.
    pub fn counts(&self) -> bool {
        matches!(self, Self::Page { .. } | Self::Offset { .. })
    }

    /// Whether each page says if there is another.
    fn says_more(&self) -> bool {
        matches!(self, Self::Cursor { .. } | Self::Link { .. })
    }

    /// The values that turn to a page; none where the page before was the last. `given` is what the caller gave for a parameter, and
    /// `link` the header `Link` of the answer before.
    ///
    /// # Errors
    /// [`Failure::Provider`] where something stands in the answer before that should turn the page, and cannot be read; and
    /// [`Failure::InvalidInput`] where the caller wants to begin at what is no number of a page or an item.
    pub fn values<'p>(
        &'p self,
        page: &Page<'_>,
        given: impl Fn(&str) -> Option<Given>,
        link: Option<&str>,
    ) -> Result<Option<Vec<(&'p str, String)>>, Failure> {
        let begins = |name: &str, otherwise| given(name).map_or(Ok(otherwise), |given| given.number());
        let of_caller = |name: &'p str| given(name).map(|given| (name, given.value));
        let cursor = |json: &str, at: &str| {
            find(json, at).ok().and_then(|found| found.map_or(Some(None), cursor)).ok_or_else(|| unreadable(at))
        };
        Ok(Some(match self {
            Self::Page { query, first } => {
                let number = begins(query, *first)?.saturating_add(page.number as u64 - 1);
                vec![(query, number.to_string())]
            }
            Self::Offset { query, limit, most } => {
                let skipped = begins(query, 0)?.saturating_add(page.seen as u64);
                let size = (page.missing as u64).min(*most);
                vec![(limit, size.to_string()), (query, skipped.to_string())]
            }
            Self::Cursor { query, at } => match page.before {
                None => of_caller(query).into_iter().collect(),
                Some(before) => match cursor(before, at)? {
                    Some(cursor) => vec![(query, cursor)],
                    None => return Ok(None),
                },
            },
            Self::Last { query, at } => match (page.number, page.last) {
                (1, _) => of_caller(query).into_iter().collect(),
                (_, None) => return Ok(None),
                // It is the last of its page, and not of the list.
                (_, Some(last)) => vec![(query, cursor(last, at)?.ok_or_else(|| unreadable(at))?)],
            },
            Self::Link { at, read } => {
                let names = || read.iter().map(|name| &**name);
                let Some(before) = page.before else { return Ok(Some(names().filter_map(of_caller).collect())) };
                let (address, place) = match at {
                    Some(at) => (cursor(before, at)?, &**at),
                    None => match next_of(link.unwrap_or_default()) {
                        Ok(address) => (address.map(str::to_owned), "Link"),
                        Err(Unreadable) => return Err(unreadable("Link")),
                    },
                };
                let Some(address) = address else { return Ok(None) };
                let value = |name| parameter(&address, name).transpose().map(|value| value.map(|value| (name, value)));
                let values: Result<Vec<_>, Unreadable> = names().filter_map(value).collect();
                values.ok().filter(|values| !values.is_empty()).ok_or_else(|| unreadable(place))?
            }
        }))
    }
}

/// There may be more, and nobody can say where.
fn unreadable(place: &str) -> Failure {
    Failure::Provider(Detail::new(format!(
        "what stands at `{place}` of the page before does not say which page is next"
    )))
}

/// What a caller gave for a parameter.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Given {
    /// The input.
    pub input: String,
    /// Its value, as it is sent.
    pub value: String,
}

impl Given {
    fn number(self) -> Result<u64, Failure> {
        let number = Decimal::parse(&self.value).and_then(|number| number.in_digits()?.parse().ok());
        number.ok_or_else(|| {
            let words = format!("it says where the list begins, so with `{MAX_ITEMS}` it is a whole number from 0");
            Failure::InvalidInput(Some(self.input), words)
        })
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
    /// Whether each page says if there is another. Then one that repeats the page before is not the end.
    pub says_more: bool,
}

impl Pages {
    /// The list that is followed.
    pub fn followed(&self) -> Followed<'_> {
        let told_apart_by = self.told_apart_by.as_deref();
        Followed { list: &self.list, told_apart_by, says_more: self.turn.says_more() }
    }

    /// Follows the list, from where the caller begins: see [`Followed::follow`]. `send` sends the request of a page with these values, and
    /// gives what the answer gives and its header `Link`. Where a page leads back to an earlier one, the list is incomplete.
    ///
    /// # Errors
    /// As of [`Followed::follow`].
    pub fn follow(
        &self,
        wanted: usize,
        given: impl Fn(&str) -> Option<Given>,
        mut send: impl FnMut(&Page<'_>, &[(&str, String)]) -> Result<Option<(String, Option<String>)>, Failure>,
    ) -> Result<(String, Option<Failure>), Failure> {
        let (mut known, mut link) = (HashSet::new(), None);
        self.followed().follow(wanted, |page| {
            let Some(values) = self.turn.values(page, &given, link.as_deref())? else { return Ok(None) };
            if self.turn.says_more() && !known.insert(values.clone()) {
                return Err(Failure::Provider(Detail::new("the page before leads back to an earlier one")));
            }
            let Some((json, next)) = send(page, &values)? else { return Ok(None) };
            link = next;
            Ok(Some(json))
        })
    }
}

impl Followed<'_> {
    /// The first answer with the items of all pages, up to so many and each as it is written. It ends with a page that is empty, or with
    /// which the one before begins, unless each page says if there is another: that of a server which gives the list whole, or up to a
    /// limit. What came before a page that fails is not lost: then that failure is told beside it.
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
            let is_repeated = !self.says_more && self.told_apart_by.is_none() && items_before.starts_with(&list);
            if list.is_empty() || is_repeated {
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
        let list = match find(&json, self.list) {
            Err(Unclear::Twice) => {
                let words =
                    format!("page {number}: on the way to `{}` of what was read a member stands twice", self.list);
                return Err(Failure::Provider(Detail::new(words)));
            }
            found => found.ok().flatten(),
        };
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
        let Ok(Some(list)) = find(answer, self.list) else { return "null".to_owned() };
        // It is a part of the answer.
        let start = list.as_ptr().addr() - answer.as_ptr().addr();
        let (before, after) = (answer.get(..start), answer.get(start + list.len()..));
        [before.unwrap_or_default(), "[", &items.join(","), "]", after.unwrap_or_default()].concat()
    }
}

/// A cursor as it stands in an answer: a text, or a number with its digits; none where it is null or empty. Anything else is no cursor.
fn cursor(json: &str) -> Option<Option<String>> {
    if is(json, Kind::Number) {
        return Some(Some(json.to_owned()));
    }
    if is(json, Kind::Nothing) { Some(None) } else { serde_json::from_str(json).ok().map(Some) }
}

#[cfg(test)]
mod tests;
