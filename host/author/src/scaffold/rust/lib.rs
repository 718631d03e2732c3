//! All that {{title}}'s plugin may do, and nothing else. Change it into your API: see docs/authors.md of Wharf.

use wharf_plugin::build::{at, success};
use wharf_plugin::rules::{Failing, FailureKind, Output as Gives, Rule};
use wharf_plugin::*;

const PROVIDER: Provider = Provider {
    name: "{{name}}",
    title: "{{title}}",
    version: env!("CARGO_PKG_VERSION"),
    summary: "Items of {{title}}.",
    base_url: BaseUrl::new("Address of the API, such as https://api.{{name}}.example").suffix("/v1"),
    servers: &[],
    fields: &[ConnectionField::secret("token", "API token", "From the settings, under API.")
        .required()
        .environment("{{NAME}}_TOKEN")],
    credentials: &[],
    test: Some(ConnectionTest::new("items.list")),
    schemes: &[Scheme::new("token", "The API token.").placements(&[Placement::header(
        "Authorization",
        &[Part::Literal("Bearer "), Part::Field("token")],
    )])],
    scheme: Some("token"),
    read: Read::Rules(rules),
    resources: &[Resource::new("items", &[LIST, GET, CREATE, DELETE])],
};

wharf_plugin::export!(PROVIDER);

/// An error says what is wrong in `{"error": {"code": …, "message": …}}`. All else is told by the status.
fn rules() -> Rules {
    let told = Failing::of(FailureKind::ByStatus).message(["/error/message"]).code(["/error/code"]);
    Rules {
        first: vec![Rule::failure([at(["/error"]).present(true)], told)],
        output: vec![Rule::output([success()], Gives::Body)],
        ..Rules::default()
    }
}

/// A page says under `next` where the next one begins.
const PAGES: Paging = Paging::by_cursor("/items", "after", "/next");

const LIST: Operation = Operation::get("list", "List items", "/items")
    .summary("Lists items, the newest first.")
    .inputs(&[
        query("after", text()).optional().describe("The `next` of the page before."),
        query("limit", integer().at_least(1).at_most(100)).optional().describe("How many a page has."),
    ])
    .paged(&PAGES);

const GET: Operation = Operation::get("get", "Get item", "/items/{itemId}")
    .summary("Gets an item.")
    .inputs(&[path("itemId", text().at_least(1)).describe("ID of the item.")]);

const CREATE: Operation = Operation::post("create", "Create item", "/items").summary("Creates an item.").inputs(&[
    body("name", text().at_least(1).at_most(200)).describe("What it is called."),
    body("tags", list(&text())).optional().describe("Words to find it by."),
]);

const DELETE: Operation = Operation::delete("delete", "Delete item", "/items/{itemId}")
    .summary("Deletes an item.")
    .inputs(&[path("itemId", text().at_least(1)).describe("ID of the item.")])
    .answers_success();
