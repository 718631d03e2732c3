//! A plugin whose provider has two servers, and a credential that is not for both.

use wharf_plugin::*;

const PROVIDER: Provider = Provider {
    name: "scattered",
    title: "Scattered",
    version: "1.0.0",
    summary: "Keeps its files elsewhere.",
    base_url: BaseUrl::new("Any."),
    servers: &[Server::new(
        "uploads",
        // Tests change the suffix in the component, to make another release of the plugin.
        BaseUrl::new("Where files go.").suffix("/up-1").environment("SCATTERED_UPLOADS_URL"),
    )],
    fields: &[ConnectionField::secret("key", "Key", "Any."), ConnectionField::secret("ticket", "Ticket", "Any.")],
    credentials: &[],
    test: None,
    schemes: &[
        Scheme::new("key", "A key.").placements(&[Placement::header("X-Key", &[Part::Field("key")])]),
        Scheme::new("ticket", "A ticket for uploads.")
            .servers(&["uploads"])
            .placements(&[Placement::header("X-Ticket", &[Part::Field("ticket")])]),
    ],
    scheme: Some("key"),
    read: read::REST,
    resources: &[Resource::new(
        "files",
        &[
            Operation::get("list", "List files", "/files").summary("For tests."),
            Operation::put("put", "Put file", "/files/{id}")
                .summary("For tests.")
                .server("uploads")
                .scheme(Some("ticket"))
                .inputs(&[path("id", text()).describe("Any.")]),
            Operation::function(
                "look",
                "Look at file",
                Effect::Read,
                &[DeclaredRequest::new("look", Method::Get, "/public").server("uploads").scheme(None)],
                |call| Ok(Output::text(call.read(&call.request("look").send()?)?)),
            )
            .summary("For tests."),
        ],
    )],
};

wharf_plugin::export!(PROVIDER);
