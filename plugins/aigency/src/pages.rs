//! Lists with a limit and an offset, both of which the server insists on.

use wharf_plugin::{Call, Failure, Field, Input, Page, Paging, Place, body, integer};

pub(crate) const LIMIT: Input = body("limit", integer().at_least(1))
    .sent_as("/params/limit")
    .or_send("50")
    .describe("Most items that the page has; 50 where it is left out.");

pub(crate) const OFFSET: Input = body("offset", integer().at_least(0))
    .sent_as("/params/offset")
    .or_send("0")
    .describe("How many items are left out at the beginning; 0 where it is left out.");

/// The server sets no limit of its own: one page can have as much as the caller wants, and nothing needs to be free.
pub(crate) const PAGES: Paging =
    Paging::new("/items", &[Field::bound(Place::Body, "/params/limit", "maxItems")], fetch);

fn fetch(call: &Call<'_>, page: &Page<'_>) -> Result<Option<String>, Failure> {
    if page.number > 1 {
        return Ok(None);
    }
    call.read_page(page, &call.next_page().send()?)
}
