//! Lists that come in numbered pages.

use wharf_plugin::{Call, Failure, Field, Page, Paging, Place, Value};

const FREE: &[Field] = &[Field::free(Place::Query, "page", "the number of the page, from 1")];

/// The pages of a list, which stands in the answer under this JSON Pointer. How many items a page has is the server's
/// choice, and its counts are not to be trusted, so only an empty page or a repeated one is the end.
pub(crate) const fn pages(list: &'static str) -> Paging {
    Paging::new(list, FREE, fetch)
}

fn fetch(call: &Call<'_>, page: &Page<'_>) -> Result<Option<String>, Failure> {
    let first = call.input("page").and_then(Value::as_u64).unwrap_or(1);
    let number = first.saturating_add(page.number as u64 - 1);
    let response = call.next_page().query("page", number.to_string()).send()?;
    page.read(call, &response)
}
