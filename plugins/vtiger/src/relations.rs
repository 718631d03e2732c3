use wharf_plugin::{
    Call, Constant, DeclaredRequest, Detail, Failure, Field, Input, Method, Output, Page, Paging, Place, Resource,
    Response, body, items, log, query, text,
};

use crate::ids::{ID, MODULE};
use crate::login::{by_get, by_post, send};
use crate::vtql::{Limit, MOST_ROWS, Query};

const SOURCE: Input = query("id", ID).describe("Id of the record whose related ones are wanted, such as 11x5.");

const LABEL: Input = query("relatedLabel", text().at_least(1))
    .describe("Label of the relation, from metadata.list-related-types, such as Sales Order.");

const RELATED_PAGE: &str = "related-page";

/// Records that are related to a record, a page at a time. What the server offers to list them all is cut at 100 and knows no pages.
const PAGE: DeclaredRequest = DeclaredRequest::new(RELATED_PAGE, Method::Get, "")
    .discriminator(Constant::query("operation", "query_related"))
    .fields(&[
        Field::bound(Place::Query, "id", "id"),
        Field::bound(Place::Query, "relatedLabel", "relatedLabel"),
        Field::free(Place::Query, "query", "the caller's query, or one for all of a module, with the limit of a page"),
    ])
    .scheme(Some("session-in-query"));

/// With fewer records it is not likely that the server has cut their rows at its limit.
const FEW: usize = 10;

/// What a server says that does not have an operation.
const NO_OPERATION: &str = "UNKNOWN_OPERATION";

const PAGES: Paging = Paging::new("", &[], fetch).told_apart_by("id");

pub(crate) const RELATIONS: Resource = Resource::new(
    "relations",
    &[
        by_get("list", "List related records", "retrieve_related")
            .summary("Lists the records of a module that are related to a record; the server gives at most 100 at once, so pages follow.")
            .inputs(&[
                SOURCE,
                query("relatedType", MODULE).describe("Module of the related records, such as SalesOrder."),
                LABEL,
            ])
            .also(&[PAGE])
            .paged(&PAGES)
            .run(|call| whole(call, send(call)?)),
        by_get("query", "Query related records", "query_related")
            .summary("Finds by a query those records that are related to a record; without a limit all, in pages of at most 100.")
            .inputs(&[
                query("query", text().matches(r"[^;\s]\s*$")).describe(
                    "As in query.run, but without the semicolon at the end; a WHERE stands in capitals, and there must be \
                     one before an order or a limit of at most 100.",
                ),
                SOURCE,
                LABEL,
            ])
            .also(&[PAGE])
            .paged(&PAGES)
            .run(find),
        by_post("add", "Add relation", "add_related")
            .summary(
                "Relates two records. Where a field of one holds the other's id, such as a contact's account_id, it \
                 says success and does nothing: set that field instead.",
            )
            .inputs(&[
                body("sourceRecordId", ID).describe("Id of the record that gets the relation."),
                body("relatedRecordId", ID).describe("Id of the record that it is related to."),
                body("relationIdLabel", text().at_least(1))
                    .optional()
                    .describe("Label or number of the relation, where the two modules have several."),
            ]),
    ],
);

fn find(call: &Call<'_>) -> Result<Output, Failure> {
    let text = asked(call);
    let query = Query::read(&text);
    match query.limit().and_then(Limit::beyond_most) {
        Some(rows) => PAGES.follow(call, rows),
        _ if query.has_limit() => send(call).map(Output::text),
        _ => whole(call, send(call)?),
    }
}

/// What the server gave, if that was all. It does not say so, and what it gives may be short of 100 because it left out repeats, so
/// only the next page tells.
fn whole(call: &Call<'_>, answer: String) -> Result<Output, Failure> {
    let given = items(&answer).map_or(0, |rows| rows.len());
    if given == 0 {
        return Ok(Output::text(answer));
    }
    match page(call, MOST_ROWS, |response| call.read(response)) {
        Ok(next) if items(&next).is_none_or(|rows| rows.is_empty()) => Ok(Output::text(answer)),
        Ok(_) => PAGES.follow(call, usize::MAX),
        // Nothing on that server tells more, and 100 rows of so few records would be more than ten of each.
        Err(Failure::NotFound(detail)) if given < FEW && detail.code.as_deref() == Some(NO_OPERATION) => {
            log::warning("the server has no pages that would say whether there are more related records than it gave");
            Ok(Output::text(answer))
        }
        Err(failure) => Ok(Output::text(answer).incomplete(uncertain(failure))),
    }
}

/// How a list may be short that the server gave: not by a fault of the caller's, who did not ask for the next page.
fn uncertain(failure: Failure) -> Failure {
    let failure = match failure {
        Failure::InvalidInput(_, message) => Failure::Provider(Detail::new(message)),
        failure => failure,
    };
    failure.with_note(
        "there may be more related records: the server gives at most 100 rows at once and leaves out repeats among them, and \
         asking for the next ones failed (try again, or find fewer at a time by relations.query with a WHERE)",
    )
}

fn fetch(call: &Call<'_>, wanted: &Page<'_>) -> Result<Option<String>, Failure> {
    let first = Query::read(&asked(call)).first_row(call.input("maxItems").is_some())?;
    let offset = first.saturating_add(MOST_ROWS.saturating_mul(wanted.number as u64 - 1));
    let answer = page(call, offset, |response| call.read_page(wanted, response))?;
    Query::read(&asked(call)).joined(wanted.before, answer)
}

fn page<T>(call: &Call<'_>, offset: u64, read: impl Fn(&Response) -> Result<T, Failure>) -> Result<T, Failure> {
    let text = Query::read(&asked(call)).page_of_related(offset);
    read(&call.request(RELATED_PAGE).query("query", text).send()?)
}

/// The caller's query, or one for all records of the module that the caller names: the server makes the same of it.
fn asked(call: &Call<'_>) -> String {
    match call.text("relatedType") {
        Some(module) => format!("SELECT * FROM {module}"),
        None => call.text("query").unwrap_or_default().to_owned(),
    }
}
