//! Lists: queries, and pages that are followed by the id of the last item.

use wharf_plugin::{Call, Failure, Field, Input, Lists, Page, Paging, Place, Schema, Value, json, list, query, text};

const QUERY: Schema = text().at_most(4096);

/// The filters, order and page of a list.
pub(crate) const QUERIES: Input = query("queries", list(&QUERY).at_most(MOST_QUERIES as i64)).optional().lists(Lists::Indexed).describe(
    "Filters, order and page, each as JSON text such as {\"method\":\"equal\",\"attribute\":\"name\",\"values\":[\"x\"]}.",
);

/// The most that the server takes at once.
const MOST_QUERIES: usize = 100;
/// The most that a page may have.
const LARGEST_PAGE: usize = 100;
/// Methods of queries that say which page. Following the pages says so by itself.
const OF_A_PAGE: [&str; 4] = ["limit", "offset", "cursorAfter", "cursorBefore"];

const FREE: &[Field] =
    &[Field::free(Place::Query, "queries", "the caller's filters and order, and the id after which the page begins")
        .lists(Lists::Indexed)];

/// The pages of a list, which stands in the answer under this JSON Pointer.
pub(crate) const fn pages(list: &'static str) -> Paging {
    Paging { list, free: FREE, fetch }
}

fn fetch(call: &Call<'_>, page: &Page<'_>) -> Result<Option<String>, Failure> {
    if page.previous.is_some_and(|items| items < LARGEST_PAGE) {
        return Ok(None);
    }
    let wrong = |message: &str| Failure::InvalidInput(Some("queries".to_owned()), message.to_owned());
    let given = call.input("queries").and_then(Value::as_array).into_iter().flatten().filter_map(Value::as_str);
    let mut queries: Vec<String> = given.map(str::to_owned).collect();
    if queries.iter().any(|query| is_of_a_page(query)) {
        return Err(wrong("with maxItems there can be no limit, offset or cursor of the caller's own"));
    }
    if queries.len() > MOST_QUERIES - 2 {
        return Err(wrong("with maxItems there can be 98 queries at most, as two say which page"));
    }
    let size = page.missing.min(LARGEST_PAGE);
    queries.push(json!({ "method": "limit", "values": [size] }).to_string());
    if let Some(last) = page.last {
        let id = last.get("$id").ok_or_else(|| wrong("pages are followed by `$id`, so a select must have it"))?;
        queries.push(json!({ "method": "cursorAfter", "values": [id] }).to_string());
    }
    let request = queries.into_iter().fold(call.next_page(), |request, query| request.query("queries", query));
    call.read(&request.send()?).map(Some)
}

fn is_of_a_page(query: &str) -> bool {
    let query: Value = serde_json::from_str(query).unwrap_or_default();
    query.get("method").and_then(Value::as_str).is_some_and(|method| OF_A_PAGE.contains(&method))
}
