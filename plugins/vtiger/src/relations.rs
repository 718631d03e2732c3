use wharf_plugin::{
    Call, Constant, DeclaredRequest, Failure, Field, Input, Method, Output, Page, Paging, Place, Resource, Response,
    body, items, log, query, text,
};

use crate::ids::{ID, MODULE};
use crate::login::{GET_CHALLENGE, LOGIN, SESSION, WHY_FREE, by_get, by_post, send_in_query, with_session};
use crate::vtql::{MOST_ROWS, Query};

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
        Field::free(Place::Query, "sessionName", WHY_FREE).sensitive(),
    ]);

const PAGES: Paging = Paging::new("", &[], fetch).told_apart_by("id");

pub(crate) const RELATIONS: Resource = Resource::new(
    "relations",
    &[
        by_get("list", "List related records", "retrieve_related")
            .summary("Lists the records of a module that are related to a record; the server gives at most 100 at once, so pages follow.")
            .inputs(&[
                SESSION,
                SOURCE,
                query("relatedType", MODULE).describe("Module of the related records, such as SalesOrder."),
                LABEL,
            ])
            .also(&[GET_CHALLENGE, LOGIN, PAGE])
            .paged(&PAGES)
            .run(|call| whole(call, send_in_query(call)?)),
        by_get("query", "Query related records", "query_related")
            .summary("Finds by a query those records that are related to a record; without a limit all, in pages of at most 100.")
            .inputs(&[
                SESSION,
                query("query", text().matches(r"[^;\s]\s*$")).describe(
                    "As in query.run, but without the semicolon at the end; a WHERE stands in capitals, and there must be \
                     one before an order or a limit of at most 100.",
                ),
                SOURCE,
                LABEL,
            ])
            .also(&[GET_CHALLENGE, LOGIN, PAGE])
            .paged(&PAGES)
            .run(find),
        by_post("add", "Add relation", "add_related")
            .summary(
                "Relates two records. Where a field of one holds the other's id, such as a contact's account_id, it \
                 says success and does nothing: set that field instead.",
            )
            .inputs(&[
                SESSION,
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
    match query.limit() {
        Some(limit) if limit.rows > MOST_ROWS => PAGES.follow(call, limit.rows),
        _ if query.has_limit() => send_in_query(call).map(Output::text),
        _ => whole(call, send_in_query(call)?),
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
        // A server that does not take such a query has hardly cut so few.
        Err(Failure::InvalidInput(..) | Failure::Provider(_) | Failure::Forbidden(_)) if given < MOST_ROWS => {
            log::warning("the server does not say whether there are more related records than it gave");
            Ok(Output::text(answer))
        }
        Err(failure) => {
            let note =
                format!("the server gives at most {MOST_ROWS} related records at once, and the next ones failed");
            Ok(Output::text(answer).incomplete(failure.with_note(&note)))
        }
    }
}

fn fetch(call: &Call<'_>, wanted: &Page<'_>) -> Result<Option<String>, Failure> {
    let first = Query::read(&asked(call)).first_row(call.input("maxItems").is_some())?;
    page(call, first.saturating_add(MOST_ROWS * (wanted.number - 1)), |response| wanted.read(call, response))
}

fn page<T>(call: &Call<'_>, offset: usize, read: impl Fn(&Response) -> Result<T, Failure>) -> Result<T, Failure> {
    let text = Query::read(&asked(call)).page_of_related(offset);
    let request =
        |session: &str| call.request(RELATED_PAGE).query("query", text.as_str()).query("sessionName", session);
    with_session(call, |session| read(&request(session).send()?))
}

/// The caller's query, or one for all records of the module that the caller names: the server makes the same of it.
fn asked(call: &Call<'_>) -> String {
    match call.text("relatedType") {
        Some(module) => format!("SELECT * FROM {module}"),
        None => call.text("query").unwrap_or_default().to_owned(),
    }
}
