//! Lists in pages, which are followed by the id of the last item.

use wharf_plugin::{Call, Failure, Field, Lists, Members, Page, Paging, Place, Request, json};

use crate::queries::{MOST_QUERIES, are_in_other_words, given, is_of_a_page};

/// The most that a page may have.
const LARGEST_PAGE: usize = 100;

const FREE: &[Field] = &[Field::free(
    Place::Query,
    "queries",
    "the caller's filters and order in the words of the API, and the id after which the page begins",
)
.lists(Lists::Indexed)];

/// The pages of a list, which stands in the answer under this JSON Pointer.
pub(crate) const fn pages(list: &'static str) -> Paging {
    Paging::new(list, FREE, fetch).instead(instead)
}

/// Queries are bound to what the caller wrote, unless the API would not know them.
fn instead(call: &Call<'_>) -> Option<Request> {
    are_in_other_words(call).then(|| with_queries(call, given(call)))
}

fn fetch(call: &Call<'_>, page: &Page<'_>) -> Result<Option<String>, Failure> {
    if page.previous.is_some_and(|items| items < LARGEST_PAGE) && has_all(page) {
        return Ok(None);
    }
    let wrong = |message: &str| Failure::InvalidInput(Some("queries".to_owned()), message.to_owned());
    let mut queries = given(call);
    if queries.iter().any(|query| is_of_a_page(query)) {
        return Err(wrong("with maxItems there can be no limit, offset or cursor of the caller's own"));
    }
    if queries.len() > MOST_QUERIES - 2 {
        return Err(wrong("with maxItems there can be 98 queries at most, as two say which page"));
    }
    let size = page.missing.min(LARGEST_PAGE);
    queries.push(json!({ "method": "limit", "values": [size] }).to_string());
    if let Some(last) = page.last {
        let id = Members::of(last).and_then(|last| last.get("$id"));
        let id = id.ok_or_else(|| wrong("pages are followed by `$id`, so a select must have it"))?;
        queries.push(format!(r#"{{"method":"cursorAfter","values":[{id}]}}"#));
    }
    call.read_page(page, &with_queries(call, queries).send()?)
}

/// A page may be short because a server gives fewer at once. The total is 0 where it was not asked for.
fn has_all(page: &Page<'_>) -> bool {
    let total = page.first.and_then(Members::of).and_then(|answer| answer.get("total")?.parse::<usize>().ok());
    total.is_some_and(|total| total > 0 && total <= page.seen)
}

fn with_queries(call: &Call<'_>, queries: Vec<String>) -> Request {
    queries.into_iter().fold(call.next_page(), |request, query| request.query("queries", query))
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_short_page_is_the_last_where_the_total_says_so() {
        let page = |first| Page {
            number: 2,
            seen: 50,
            missing: 200,
            previous: Some(50),
            last: None,
            first: Some(first),
            before: Some(first),
        };
        assert!(has_all(&page(r#"{"total":50,"users":[]}"#)));
        for first in [r#"{"total":120}"#, r#"{"total":0}"#, "{}", r#"{"total":null}"#] {
            assert!(!has_all(&page(first)), "{first}");
        }
    }
}
