//! A plugin whose operations try one forbidden thing each.

use wharf_plugin::*;

mod contract;
mod credentials;
mod egress;
mod limits;
mod wasi;

/// What every operation of it may send.
pub(crate) const REQUESTS: &[DeclaredRequest] = &[
    DeclaredRequest::new("list", Method::Get, "/things").scheme(Some("header")),
    DeclaredRequest::new("get", Method::Get, "/things/{id}").fields(&[Field::free(Place::Variable, "id", WHY)]),
    DeclaredRequest::new("all", Method::Get, "/things/all"),
    DeclaredRequest::new("search", Method::Get, "/search").fields(&[Field::free(Place::Query, "q", WHY)]),
    DeclaredRequest::new("marked", Method::Get, "/marked").fields(&[Field::free(Place::Header, "X-Part", WHY)]),
    DeclaredRequest::new("rpc", Method::Post, "/rpc")
        .discriminator(Constant::body("method", "list"))
        .open(WHY)
        .scheme(Some("body")),
    DeclaredRequest::new("command", Method::Post, "/command")
        .discriminator(Constant::query("operation", "list"))
        .constants(&[Constant::query("session_name", "s")])
        .body(Body::Form)
        .open(WHY)
        .scheme(Some("query")),
    DeclaredRequest::new("upload", Method::Post, "/upload")
        .discriminator(Constant::body("operation", "list"))
        .body(Body::Multipart)
        .media_types(&["text/plain"])
        .open(WHY),
    DeclaredRequest::new("picture", Method::Post, "/picture").body(Body::FreeFile(WHY)).media_types(&["image/*"]),
    DeclaredRequest::new("file", Method::Get, "/file").answers_file(),
];

const WHY: &str = "whatever comes to mind";

const PROVIDER: Provider = Provider {
    name: "rogue",
    title: "Rogue",
    version: "0.1.0",
    summary: "Tries everything that is forbidden.",
    base_url: BaseUrl::new("Any."),
    servers: &[],
    fields: &[
        ConnectionField::plain("greeting", "Greeting", "Any text."),
        ConnectionField::secret("key", "Key", "Any."),
    ],
    credentials: &[],
    test: None,
    schemes: &[
        Scheme::new("header", "A key.").placements(&[Placement::header("X-Key", &[Part::Field("key")])]),
        Scheme::new("query", "The same.").placements(&[Placement::query("key", &[Part::Field("key")])]),
        Scheme::new("body", "The same.").placements(&[Placement::body("key", &[Part::Field("key")])]),
    ],
    scheme: None,
    read: read::REST,
    resources: &[contract::GUESTS, credentials::GUESTS, egress::GUESTS, limits::GUESTS, wasi::GUESTS],
};

/// An operation that tries one thing. Its name is that of its test.
pub(crate) const fn guest(action: &'static str, run: fn(&Call<'_>) -> Result<Output, Failure>) -> Operation {
    Operation::function(action, action, Effect::Write, REQUESTS, run).summary("For tests.")
}

wharf_plugin::export!(PROVIDER);
