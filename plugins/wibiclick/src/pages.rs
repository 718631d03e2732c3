//! Lists, and pages that are followed by how many items to leave out.

use wharf_plugin::{Call, Failure, Field, Input, Page, Paging, Place, Value, integer, query};

/// The most items that are asked for at once. The provider's own limit is not known, so a page may have fewer and not be the
/// last; the web client asks for far more.
const LARGEST_PAGE: usize = 100;

pub(crate) const LIMIT: Input =
    query("limit", integer().at_least(1)).optional().describe("Most items that the page has.");

pub(crate) const OFFSET: Input =
    query("offset", integer().at_least(0)).optional().describe("How many items are left out at the beginning.");

const FREE: &[Field] = &[
    Field::free(Place::Query, "limit", "how many items the page has"),
    Field::free(Place::Query, "offset", "how many items the pages before had"),
];

/// The pages of a list, which stands in the answer under this JSON Pointer.
pub(crate) const fn pages(list: &'static str) -> Paging {
    Paging::new(list, FREE, fetch)
}

fn fetch(call: &Call<'_>, page: &Page<'_>) -> Result<Option<String>, Failure> {
    let first = call.input("offset").and_then(Value::as_u64).and_then(|n| usize::try_from(n).ok()).unwrap_or(0);
    let request = call
        .next_page()
        .query("limit", page.missing.min(LARGEST_PAGE).to_string())
        .query("offset", first.saturating_add(page.seen).to_string());
    page.read(call, &request.send()?)
}
