//! A plugin without functions, whose requests and answers have what others seldom need.

use wharf_plugin::build::success;
use wharf_plugin::rules::{Output as Gives, Rule};
use wharf_plugin::*;

/// Made of others of its kind.
const PART: Definition =
    Definition::new("part", object_of(&[property("name", text()), property("parts", list(&named("part"))).optional()]));

const ACCOUNT: Field = Field::of_connection(Place::Variable, "account", "account");

const BY_LAST: Paging = Paging::by_last("/orders", "after", "/id");
const BY_LINK: Paging = Paging::by_link("/orders", &["page"]);

const PROVIDER: Provider = Provider {
    name: "thorough",
    title: "Thorough",
    version: "1.0.0",
    summary: "Has what others seldom need.",
    base_url: BaseUrl::new("Any."),
    servers: &[],
    fields: &[
        ConnectionField::plain("account", "Account", "Any.").required(),
        ConnectionField::secret("token", "Token", "Any.").required(),
    ],
    schemes: &[
        Scheme::new("bot", "A token in the path.").placements(&[Placement::path("token", &[Part::Field("token")])])
    ],
    scheme: None,
    read: read::REST,
    resources: &[Resource::new(
        "orders",
        &[
            Operation::post("create", "Create", "/{account}/orders")
                .summary("For tests.")
                .inputs(&[body("part", shared(&PART)).describe("Any.")])
                .fields(&[ACCOUNT, Field::call_id(Place::Header, "Idempotency-Key")])
                .output(shared(&PART))
                .idempotent(),
            Operation::post("send", "Send", "/bot{token}/send")
                .summary("For tests.")
                .scheme(Some("bot"))
                .inputs(&[body("text", text()).describe("Any.")]),
            Operation::get("read", "Read", "/{account}/contents/{+path}")
                .summary("For tests.")
                .inputs(&[path("path", text()).describe("Any.")])
                .fields(&[ACCOUNT]),
            Operation::get("one", "One", "/one/{id}")
                .summary("For tests.")
                .inputs(&[path("id", text()).describe("Any.").encode_slashes()]),
            Operation::get("photo", "Photo", "/photo")
                .summary("For tests.")
                .answers_file("photo")
                .redirects_to(&["https://*.example.com"]),
            Operation::patch("note", "Note", "/note")
                .summary("For tests.")
                .sends(Body::JsonAs("application/merge-patch+json"))
                .inputs(&[body("note", text()).describe("Any.")]),
            Operation::get("watch", "Watch", "/watch").summary("For tests.").answers_by(|| {
                vec![Rule::output([success()], Gives::Lines(Lines::events().until("[DONE]").at_most(100)))]
            }),
            Operation::get("list", "List", "/orders")
                .summary("For tests.")
                .inputs(&[query("after", text()).optional().describe("Any.")])
                .paged(&BY_LAST),
            Operation::get("links", "List by links", "/links")
                .summary("For tests.")
                .inputs(&[query("page", text()).optional().describe("Any.")])
                .paged(&BY_LINK),
        ],
    )],
};

wharf_plugin::export!(PROVIDER);
