//! How the pages of a list are turned: found by the parameters of an operation, and by what its answer has.
//!
//! | what turns the page | parameter | and in the answer |
//! | --- | --- | --- |
//! | a cursor | `cursor`, `pageToken`, `after` … | a member such as `next_cursor` |
//! | a link | any that turns pages | a URL such as `links.next`, or the header `Link` |
//! | the last id | `starting_after`, `after_id` … | items with an `id` |
//! | a page's number | `page`, `pageNumber` … | a list |
//! | a number of items | `offset`, `skip` … with `limit` … | a list |

use serde_json::{Map, Value, json};

use super::answers::shapes::Shapes;
use super::answers::{Form, good};
use super::model::{Api, In, Operation, Parameter};
use super::names;
use super::report::Report;

mod list;
mod next;
#[cfg(test)]
mod survey;
#[cfg(test)]
mod tests;

use next::Next;

/// Parameters that say where a page begins, as the provider said before.
const CURSORS: [&str; 29] = [
    "after",
    "aftercursor",
    "bookmark",
    "continuation",
    "continuationtoken",
    "continue",
    "cursor",
    "from",
    "marker",
    "next",
    "nextcursor",
    "nextmarker",
    "nextpage",
    "nextpagetoken",
    "nexttoken",
    "offset",
    "page",
    "pageafter",
    "pagecursor",
    "pageid",
    "pagestate",
    "pagetoken",
    "paginationtoken",
    "scrollid",
    "searchafter",
    "start",
    "startafter",
    "startcursor",
    "startingafter",
];

/// Parameters that are the id of the last item of the page before.
const LASTS: [&str; 6] = ["afterid", "lastid", "sinceid", "startafterid", "startingafter", "startingafterid"];

/// Parameters that are the number of a page.
const PAGES: [&str; 7] = ["currentpage", "page", "pageindex", "pageno", "pagenum", "pagenumber", "pageidx"];

/// Parameters that say how many items are left out.
const OFFSETS: [&str; 10] = [
    "from",
    "limitstart",
    "offset",
    "pageoffset",
    "resultoffset",
    "skip",
    "start",
    "startat",
    "startindex",
    "startposition",
];

/// Parameters that say how many items a page has.
const SIZES: [&str; 18] = [
    "count",
    "itemsperpage",
    "limit",
    "max",
    "maxitemcount",
    "maxresults",
    "num",
    "number",
    "pagelimit",
    "pagesize",
    "perpage",
    "resultcount",
    "resultsperpage",
    "rows",
    "rpp",
    "size",
    "take",
    "top",
];

/// Where a range of times ends: then what begins it is no number of items.
const ENDS: [&str; 7] = ["end", "enddate", "endtime", "stop", "to", "todate", "until"];

/// Parameters that only a link tells.
const OF_LINKS: [&str; 4] = ["before", "since", "skiptoken", "sincetoken"];

/// Items of a page, where the description does not say how many there may be.
const USUAL_SIZE: u64 = 100;

/// The input that the host adds.
const MAX_ITEMS: &str = "maxItems";

/// The member `pages` of an operation whose answer is a list that comes in pages.
pub(crate) fn pages(api: &Api, number: usize, report: &mut Report) -> Option<Value> {
    let operation = api.operations.get(number)?;
    let good = good(api, operation);
    let is_list = operation.method == "GET" && good.form == Form::Json;
    let has_max_items = operation.parameters.iter().any(|parameter| parameter.name == MAX_ITEMS);
    let shapes = Shapes::of(api);
    let schema = good.schema.filter(|_| is_list && !has_max_items)?;
    let list = list::list(shapes, schema, operation)?;
    let turned = Turned { shapes, operation, schema };
    let turn = turned
        .by_cursor()
        .or_else(|| turned.by_link())
        .or_else(|| turned.by_header())
        .or_else(|| turned.by_last(&list.pointer))
        .or_else(|| turned.by_page())
        .or_else(|| turned.by_offset(report))?;
    let mut pages = Map::from_iter([(turn.0.to_owned(), turn.1)]);
    if !list.pointer.is_empty() {
        pages.insert("list".to_owned(), list.pointer.into());
    }
    Some(pages.into())
}

/// An operation whose pages are to be turned.
struct Turned<'a> {
    shapes: Shapes<'a>,
    operation: &'a Operation,
    schema: &'a Value,
}

type Turn = (&'static str, Value);

impl<'a> Turned<'a> {
    /// The query parameters, with their names as they are compared.
    fn query(&self) -> impl Iterator<Item = (String, &'a Parameter)> {
        let query = self.operation.parameters.iter().filter(|parameter| parameter.at == In::Query);
        query.map(|parameter| (plain(&parameter.name), parameter))
    }

    fn find(&self, names: &[&str]) -> Option<&'a Parameter> {
        self.query().find(|(name, _)| names.contains(&name.as_str())).map(|(_, parameter)| parameter)
    }

    fn is_number(&self, parameter: &'a Parameter) -> bool {
        let is = |kind| self.shapes.is(&parameter.schema, kind);
        is("integer") || is("number") || !["string", "array", "object", "boolean"].into_iter().any(is)
    }

    fn by_cursor(&self) -> Option<Turn> {
        let places = next::places(self.shapes, self.schema);
        let cursors = self.query().filter(|(name, _)| CURSORS.contains(&name.as_str()));
        let fitting = cursors.flat_map(|(name, parameter)| {
            let is_number = self.is_number(parameter);
            let of = places.iter().filter_map(move |next| Some((next.fits(&name, is_number)?, next)));
            of.map(move |(rank, next)| (rank, parameter, next))
        });
        let (_, parameter, Next { pointer, .. }) = fitting.min_by_key(|(rank, ..)| *rank)?;
        Some(("cursor", json!({ "query": parameter.name, "at": pointer })))
    }

    fn by_link(&self) -> Option<Turn> {
        let link = next::places(self.shapes, self.schema).into_iter().find(Next::is_link)?;
        let read = self.turning()?;
        Some(("link", json!({ "at": link.pointer, "read": read })))
    }

    fn by_header(&self) -> Option<Turn> {
        let good = self.operation.answers.iter().filter(|answer| answer.status.starts_with('2'));
        let has_header = good.into_iter().any(|answer| answer.headers.iter().any(|name| name == "link"));
        // Some say it of the parameter alone.
        let is_told =
            |parameter: &Parameter| parameter.description.to_lowercase().replace('`', "").contains("link header");
        let has_header = has_header || self.query().any(|(_, parameter)| is_told(parameter));
        has_header.then(|| self.turning())?.map(|read| ("link", json!({ "read": read })))
    }

    /// All parameters by which pages are turned.
    fn turning(&self) -> Option<Vec<&'a str>> {
        let known = [&CURSORS[..], &LASTS, &PAGES, &OFFSETS, &OF_LINKS].concat();
        let names: Vec<&str> = self
            .query()
            .filter(|(name, _)| known.contains(&name.as_str()))
            .map(|(_, parameter)| parameter.name.as_str())
            .collect();
        (!names.is_empty()).then_some(names)
    }

    fn by_last(&self, list: &str) -> Option<Turn> {
        // Beside `max_id` the newest items come first, and `since_id` is where they end.
        let parameter = self.find(&LASTS).filter(|_| self.find(&["maxid"]).is_none())?;
        let list = next::at(self.shapes, self.schema, list)?;
        let item = self.shapes.members(self.shapes.entries(list)?);
        item.contains_key("id").then(|| ("last", json!({ "query": parameter.name, "at": "/id" })))
    }

    fn by_page(&self) -> Option<Turn> {
        let parameter = self.find(&PAGES)?;
        // Where the answer repeats it as a number, it is one, although every parameter is described as a text.
        let is_repeated = || next::places(self.shapes, self.schema).iter().any(|place| place.counts(&parameter.name));
        if !self.is_number(parameter) && !is_repeated() {
            return None;
        }
        let begins_at_zero = begins_at_zero(self.shapes.resolved(&parameter.schema), &parameter.description);
        let page = match begins_at_zero {
            true => json!({ "query": parameter.name, "first": 0 }),
            false => json!({ "query": parameter.name }),
        };
        Some(("page", page))
    }

    fn by_offset(&self, report: &mut Report) -> Option<Turn> {
        let parameter = self.find(&OFFSETS).filter(|parameter| self.is_number(parameter))?;
        let limit = self.find(&SIZES)?;
        // `from` and `to` are times.
        if self.find(&ENDS).is_some() && matches!(plain(&parameter.name).as_str(), "from" | "start") {
            return None;
        }
        let schema = self.shapes.resolved(&limit.schema);
        let number = |name: &str| schema.get(name).and_then(Value::as_u64).filter(|number| *number > 0);
        let most = number("maximum").or_else(|| number("default")).map(|most| most.min(10_000));
        if most.is_none() {
            let operation = names::written(self.operation);
            let text =
                format!("nothing says how many items a page may have (`{}`); {USUAL_SIZE} are asked for", limit.name);
            report.of(Some(operation)).note(&limit.place, "page-size", text);
        }
        let most = most.unwrap_or(USUAL_SIZE);
        Some(("offset", json!({ "query": parameter.name, "limit": limit.name, "most": most })))
    }
}

/// Whether the first page has the number 0.
fn begins_at_zero(schema: &Value, description: &str) -> bool {
    let number = |name: &str| schema.get(name).and_then(Value::as_i64);
    let text = description.to_lowercase();
    let says_so = [
        "zero-based",
        "0-based",
        "zero based",
        "starts at 0",
        "starting at 0",
        "starting from 0",
        "0-indexed",
        "zero-indexed",
    ];
    match number("default") {
        Some(first @ (0 | 1)) => first == 0,
        _ => says_so.iter().any(|words| text.contains(words)) || number("minimum") == Some(0),
    }
}

/// A name without its case and its marks: `page[number]`, `pageNumber` and `page_number` are the same.
fn plain(name: &str) -> String {
    name.chars().filter(char::is_ascii_alphanumeric).map(|c| c.to_ascii_lowercase()).collect()
}
