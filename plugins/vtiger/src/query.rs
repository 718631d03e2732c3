use wharf_plugin::{Call, Failure, Field, Output, Page, Paging, Place, Resource, query, text};

use crate::login::{by_get, send};
use crate::vtql::{Limit, MOST_ROWS, Query};

const PAGES: Paging =
    Paging::new("", &[Field::free(Place::Query, "query", "the caller's query with the limit of a page")], fetch)
        .told_apart_by("id");

pub(crate) const QUERY: Resource = Resource::new(
    "query",
    &[by_get("run", "Run query", "query")
        .summary(
            "Finds the records of one module by a query; at most 100 where neither maxItems nor a limit above 100 is \
             given.",
        )
        .inputs(&[
            query("query", text().matches(r";\s*$")).describe(
                "select * | columns from Module where … order by column limit offset,n; with the semicolon. Conditions \
                 are joined by and, or, without brackets; a quote in a value is written twice. The server reads at most \
                 100 rows at once, and leaves out repeats afterwards: maxItems, or else a limit above 100, follows as \
                 many pages as it takes, by id where there is no order, and by id last unless it descends. count(*) gives an empty list on some versions.",
            ),
        ])
        .paged(&PAGES)
        .run(run)
        .sensitive_outputs(&["/*/accesskey", "/*/user_password", "/*/confirm_password"])],
);

/// The server takes any limit above its own for that, and does not say so.
fn run(call: &Call<'_>) -> Result<Output, Failure> {
    match Query::read(call.text("query").unwrap_or_default()).limit().and_then(Limit::beyond_most) {
        Some(rows) => PAGES.follow(call, rows),
        None => send(call).map(Output::text),
    }
}

fn fetch(call: &Call<'_>, page: &Page<'_>) -> Result<Option<String>, Failure> {
    let query = Query::read(call.text("query").unwrap_or_default());
    let first = query.first_row(call.input("maxItems").is_some())?;
    let text = query.page(first.saturating_add(MOST_ROWS.saturating_mul(page.number as u64 - 1)));
    let answer = call.next_page().query("query", text).send()?;
    query.joined(page.before, call.read_page(page, &answer)?)
}
