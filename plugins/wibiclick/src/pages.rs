//! Lists, and pages that are followed by how many items to leave out.

use wharf_plugin::{Input, Paging, integer, query};

/// The most items that are asked for at once. The provider's own limit is not known, so a page may have fewer and not be the
/// last; the web client asks for far more.
const LARGEST_PAGE: usize = 100;

pub(crate) const LIMIT: Input =
    query("limit", integer().at_least(1)).optional().describe("Most items that the page has.");

pub(crate) const OFFSET: Input =
    query("offset", integer().at_least(0)).optional().describe("How many items are left out at the beginning.");

/// The pages of a list, which stands in the answer under this JSON Pointer.
pub(crate) const fn pages(list: &'static str) -> Paging {
    Paging::by_offset(list, "offset", "limit", LARGEST_PAGE)
}
