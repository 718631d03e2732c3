use wharf_plugin::{Call, Failure, Field, Page, Paging, Place, Resource, query, text};

use crate::login::{SESSION, by_get, with_session};

/// What the server gives where a query has no limit, and the most that is asked for at once.
const LARGEST_PAGE: usize = 100;

const PAGES: Paging =
    Paging::new("", &[Field::free(Place::Query, "query", "the caller's query with the limit of a page")], fetch);

pub(crate) const QUERY: Resource = Resource::new(
    "query",
    &[by_get("run", "Run query", "query")
        .summary("Finds the records of one module by a query; at most 100 where neither a limit nor maxItems is given.")
        .inputs(&[
            SESSION,
            query("query", text().matches(";$")).describe(
                "select * | columns from Module where … order by column limit offset,n; with the semicolon. Conditions \
                 are joined by and, or, without brackets. With maxItems it needs a stable order by, such as order by \
                 id, and can have no limit. count(*) gives an empty list on some versions.",
            ),
        ])
        .paged(&PAGES)
        .sensitive_outputs(&["/*/accesskey", "/*/user_password", "/*/confirm_password"])],
);

fn fetch(call: &Call<'_>, page: &Page<'_>) -> Result<Option<String>, Failure> {
    if page.previous.is_some_and(|rows| rows < LARGEST_PAGE) {
        return Ok(None);
    }
    let text = with_limit(call.text("query").unwrap_or_default(), page.seen, page.missing.min(LARGEST_PAGE))?;
    let send = |session: &str| call.next_page().query("sessionName", session).query("query", text.as_str()).send();
    with_session(call, |session| page.read(call, &send(session)?))
}

/// The query with the limit of a page.
fn with_limit(query: &str, offset: usize, rows: usize) -> Result<String, Failure> {
    let wrong = |message: &str| Err(Failure::InvalidInput(Some("query".to_owned()), message.to_owned()));
    if has_word(query, "limit") {
        return wrong(
            "pages are followed by limits, and the query has one of its own: leave it out, or leave out maxItems",
        );
    }
    if !has_word(query, "order") {
        return wrong("without an order, pages may repeat records and leave out others: add one, such as order by id");
    }
    Ok(format!("{} limit {offset},{rows};", query.trim_end_matches(|c: char| c == ';' || c.is_whitespace())))
}

fn has_word(query: &str, word: &str) -> bool {
    let without_escapes = query.replace("\\'", "");
    // Between quotes stands a value, and may say anything.
    let mut outside = without_escapes.split('\'').step_by(2);
    let is_word = |c: char| c.is_alphanumeric() || c == '_';
    outside.any(|part| part.split(|c| !is_word(c)).any(|found| found.eq_ignore_ascii_case(word)))
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_page_is_a_limit_before_the_semicolon() {
        let page = with_limit("select id from Contacts where lastname='a;b' order by id ;", 200, 50).unwrap();
        assert_eq!(page, "select id from Contacts where lastname='a;b' order by id limit 200,50;");
    }

    #[test]
    fn a_query_with_a_limit_of_its_own_has_no_pages() {
        for query in ["select * from Leads LIMIT 3;", "select * from Leads where a='x\\'y' limit\n1,2;"] {
            assert!(matches!(with_limit(query, 0, 100), Err(Failure::InvalidInput(..))), "{query}");
        }
        for query in [
            "select * from Leads where a='no limit' order by id;",
            "select cf_limit from Leads where a='it\\'s limit' Order  By id;",
        ] {
            assert!(with_limit(query, 0, 100).is_ok(), "{query}");
        }
    }

    #[test]
    fn a_query_without_an_order_has_no_pages() {
        let refused = with_limit("select * from Leads where a='order by id';", 0, 100);
        assert!(matches!(refused, Err(Failure::InvalidInput(_, message)) if message.contains("order by id")));
    }
}
