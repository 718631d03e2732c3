//! Lists: queries, and pages that are followed by the id of the last item.

use wharf_plugin::{Call, Failure, Field, Input, Lists, Page, Paging, Place, Schema, Value, json, list, query, text};

const QUERY: Schema = text().at_most(4096);

/// The filters, order and page of a list.
pub(crate) const QUERIES: Input = query("queries", list(&QUERY).at_most(100)).optional().lists(Lists::Indexed).describe(
    "Filters, order and page, each as JSON text such as {\"method\":\"equal\",\"attribute\":\"name\",\"values\":[\"x\"]}.",
);

/// The most that a page may have.
const LARGEST_PAGE: usize = 100;
/// Methods of the caller's queries that say which page; following the pages says so by itself.
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
    let filters = call.input("queries").and_then(Value::as_array).into_iter().flatten().filter_map(Value::as_str);
    let mut queries: Vec<String> = filters.filter(|query| !is_of_a_page(query)).map(str::to_owned).collect();
    queries.push(json!({ "method": "limit", "values": [LARGEST_PAGE] }).to_string());
    if let Some(last) = page.last {
        let id = last.get("$id").ok_or_else(|| {
            let message = "pages are followed by `$id`: with maxItems, a `select` must have it".to_owned();
            Failure::InvalidInput(Some("queries".to_owned()), message)
        })?;
        queries.push(json!({ "method": "cursorAfter", "values": [id] }).to_string());
    }
    let request = queries.into_iter().fold(call.next_page(), |request, query| request.query("queries", query));
    call.read(&request.send()?).map(Some)
}

fn is_of_a_page(query: &str) -> bool {
    let query: Value = serde_json::from_str(query).unwrap_or_default();
    query.get("method").and_then(Value::as_str).is_some_and(|method| OF_A_PAGE.contains(&method))
}
