//! Lists that a provider gives a page at a time.

use std::borrow::Cow;

use serde_json::Value;
use wharf_answer::pages::{self, Followed, MOST_WANTED, OF_MAX_ITEMS};
pub(crate) use wharf_answer::pages::{MAX_ITEMS, NEXT_PAGE};

use crate::call::{Call, Output, Request};
use crate::failure::Failure;
use crate::input::{Input, code_only};

use crate::request::{Field, Place};
use crate::schema::integer;

/// The input by which a caller asks for more than a page.
pub(crate) const MAX_ITEMS_INPUT: Input =
    code_only(MAX_ITEMS, integer().at_least(1).at_most(MOST_WANTED as i64)).optional().describe(OF_MAX_ITEMS);

pub use wharf_answer::pages::Page;

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
    /// What stands in the last item of the page before, and where.
    Last([Field; 1], &'static str),
    /// The address of the next page: where it stands, if not in the header `Link`, and the parameters that are read of it.
    Link(Option<&'static str>, &'static [&'static str]),
}

type Fetch = fn(&Call<'_>, &Page<'_>) -> Result<Option<String>, Failure>;
type Instead = fn(&Call<'_>) -> Option<Request>;

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

    /// The same where it stands in the last item of the page before.
    pub const fn by_last(list: &'static str, cursor: &'static str, at: &'static str) -> Self {
        Self::of(
            list,
            Turn::Last([Field::free(Place::Query, cursor, "comes from the last item of the page before")], at),
        )
    }

    /// Pages by the address of the next one in the header `Link` (RFC 8288). It is never called: the operation's own request is sent
    /// again with these query parameters of it. The host does so, for operations without a function alone.
    pub const fn by_link(list: &'static str, read: &'static [&'static str]) -> Self {
        assert!(!read.is_empty(), "of the link to the next page nothing is read: name its query parameters");
        Self::of(list, Turn::Link(None, read))
    }

    /// The same where the address stands in the answer under a JSON Pointer.
    pub const fn by_link_at(list: &'static str, at: &'static str, read: &'static [&'static str]) -> Self {
        assert!(!read.is_empty(), "of the link to the next page nothing is read: name its query parameters");
        Self::of(list, Turn::Link(Some(at), read))
    }

    const fn of(list: &'static str, turn: Turn) -> Self {
        Self { list, turn, instead: None, id: None }
    }

    /// The values that turn the page, where the plugin may turn it.
    pub(crate) const fn free(&self) -> &[Field] {
        match &self.turn {
            Turn::Function(fields, _) => fields,
            Turn::Page(fields, _) | Turn::Cursor(fields, _) | Turn::Last(fields, _) => fields,
            Turn::Offset(fields, _) => fields,
            Turn::Link(..) => &[],
        }
    }

    /// Whether the host alone can turn the page.
    pub(crate) const fn is_by_link(&self) -> bool {
        matches!(self.turn, Turn::Link(..))
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
        let wanted = call.input(MAX_ITEMS).and_then(Value::as_u64).and_then(|n| usize::try_from(n).ok()).unwrap_or(1);
        self.follow(call, wanted)
    }

    /// The first answer with the items of all pages, up to so many and each as it is written. It ends with a page that is empty, or with
    /// which the one before begins, unless a cursor says that there is more: that of a server which gives the list whole, or up to a
    /// limit. What came before a page that fails is not lost, nor is that before a cursor which cannot be read or leads back.
    ///
    /// # Errors
    /// The failure of the first page.
    pub fn follow(&self, call: &Call<'_>, wanted: usize) -> Result<Output, Failure> {
        let (json, failed) = match self.as_data() {
            Some(turn) => self.data(turn).follow(
                wanted,
                |name| call.given(name),
                |page, values| {
                    let begun = call.next_page();
                    let request = values.iter().fold(begun, |request, (name, value)| request.query(name, value));
                    Ok(call.read_page(page, &request.send()?)?.map(|json| (json, None)))
                },
            )?,
            None => {
                let list = Followed { list: self.list, told_apart_by: self.id, says_more: false };
                list.follow(wanted, |page| self.fetch(call, page))?
            }
        };
        let output = Output::text(json);
        Ok(match failed {
            Some(failure) => output.incomplete(failure),
            None => output,
        })
    }

    /// What the function of the plugin gives.
    fn fetch(&self, call: &Call<'_>, page: &Page<'_>) -> Result<Option<String>, Failure> {
        if let Turn::Function(_, fetch) = self.turn { fetch(call, page) } else { Ok(None) }
    }

    /// The whole as data, where no function turns the page.
    pub(crate) fn data(&self, turn: pages::Turn) -> pages::Pages {
        pages::Pages { list: Cow::Borrowed(self.list), turn, told_apart_by: self.id.map(Cow::Borrowed) }
    }

    /// What turns the page, where no function does.
    pub(crate) fn as_data(&self) -> Option<pages::Turn> {
        let query = |field: &Field| Cow::Borrowed(field.name);
        match &self.turn {
            Turn::Function(..) => None,
            Turn::Page([field], first) => Some(pages::Turn::Page { query: query(field), first: *first }),
            Turn::Offset([limit, offset], most) => {
                Some(pages::Turn::Offset { query: query(offset), limit: query(limit), most: *most as u64 })
            }
            Turn::Cursor([field], next) => Some(pages::Turn::Cursor { query: query(field), at: Cow::Borrowed(next) }),
            Turn::Last([field], at) => Some(pages::Turn::Last { query: query(field), at: Cow::Borrowed(at) }),
            Turn::Link(at, read) => Some(pages::Turn::Link {
                at: at.map(Cow::Borrowed),
                read: read.iter().map(|name| Cow::Borrowed(*name)).collect(),
            }),
        }
    }
}

#[cfg(test)]
mod tests;
