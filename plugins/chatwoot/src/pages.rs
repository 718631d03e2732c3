//! Lists that come in numbered pages.

use wharf_plugin::Paging;

/// The pages of a list, which stands in the answer under this JSON Pointer. How many items a page has is the server's
/// choice, and its counts are not to be trusted, so only an empty page or a repeated one is the end.
pub(crate) const fn pages(list: &'static str) -> Paging {
    Paging::by_page(list, "page")
}
