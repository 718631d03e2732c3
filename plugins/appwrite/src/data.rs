//! What documents and rows have in common, which are the same data under an older and a newer name; and what other
//! lists and new things share with them.

use wharf_plugin::{
    Call, DeclaredRequest, Failure, Field, Input, Method, Output, Paging, Schema, body, boolean, list, number, object,
    path, query, text,
};

use crate::ids::ID;
use crate::pages;
use crate::queries::QUERIES;

/// The name of the declared request that creates several.
const CREATE_MANY: &str = "create-many";

const PERMISSION: Schema = text();
const ITEM: Schema = object();

/// Several of them, each with its `$id` and `$permissions` where it has some.
pub(crate) const ITEMS: Schema = list(&ITEM);

pub(crate) const DATABASE_ID: Input = path("databaseId", ID).describe("ID of the database.");

/// The values, by the names of attributes or columns.
pub(crate) const DATA: Input = body("data", object()).optional();

/// The values that change.
pub(crate) const CHANGES: Input = DATA.describe("New values by key; those left out stay as they are.");

pub(crate) const PERMISSIONS: Input = body("permissions", list(&PERMISSION).at_most(100).or_null()).optional();

/// The permissions of what may exist already.
pub(crate) const NEW_PERMISSIONS: Input =
    PERMISSIONS.describe("Replaces the permissions, such as read(\"any\"); left out, they stay as they are.");

pub(crate) const WRITE_TRANSACTION: Input = body("transactionId", ID.or_null())
    .optional()
    .describe("ID of a transaction: the change waits in it until it is committed.");

pub(crate) const READ_TRANSACTION: Input = query("transactionId", ID)
    .optional()
    .describe("ID of a transaction: what waits in it is read as if it were committed.");

pub(crate) const TOTAL: Input = query("total", boolean().provider_default("true"))
    .optional()
    .describe("Whether to count all matches, up to 5000; otherwise `total` is 0.");

pub(crate) const SELECTION: Input = QUERIES.describe(
    "Which values to give, as JSON text such as {\"method\":\"select\",\"values\":[\"name\"]}; no other method.",
);

pub(crate) const SEARCH: Input =
    query("search", text().at_most(256)).optional().describe("Finds those in which this text occurs.");

/// An id for something new, or the word by which the server chooses one.
pub(crate) const NEW_ID: Schema = text().at_least(1).at_most(36).matches("^(unique\\(\\)|[a-zA-Z0-9][a-zA-Z0-9._-]*)$");

/// Which ones a change of many concerns.
pub(crate) const MATCHES: Input = body("queries", QUERIES.schema).optional().describe(
    "Which ones, each as JSON text such as {\"method\":\"equal\",\"attribute\":\"name\",\"values\":[\"x\"]}; without any, all.",
);

/// By how much a number changes.
pub(crate) const STEP: Input =
    body("value", number().provider_default("1")).optional().describe("By how much, a positive number.");

pub(crate) const LEAST: Input =
    body("min", number().or_null()).optional().describe("The least that the result may be; otherwise it is refused.");

pub(crate) const GREATEST: Input = body("max", number().or_null())
    .optional()
    .describe("The greatest that the result may be; otherwise it is refused.");

pub(crate) const DOCUMENT_PAGES: Paging = pages::pages("/documents");
pub(crate) const ROW_PAGES: Paging = pages::pages("/rows");

/// The request that creates several. It carries what the operation's own request does, but an id only where the caller
/// gives one: the server refuses it there.
pub(crate) const fn create_many(path: &'static str, fields: &'static [Field]) -> DeclaredRequest {
    DeclaredRequest::new(CREATE_MANY, Method::Post, path).fields(fields)
}

/// Creates one, whose id the server chooses where the caller gives none, or several.
pub(crate) fn create(call: &Call<'_>) -> Result<Output, Failure> {
    let many = call.input("documents").or_else(|| call.input("rows")).is_some();
    let request = if many { call.request(CREATE_MANY) } else { call.own_request() };
    call.read(&request.send()?).map(Output::text)
}
