//! A plugin whose manifest claims what is not so, in every way that the host can see.

use wharf_plugin::*;

const PROVIDER: Provider = Provider {
    name: "liar",
    title: "Li\u{1b}[2Jar\u{202e}",
    version: "not a version",
    summary: "One line,\nand another.",
    // Somebody else's variables.
    base_url: BaseUrl::new("Any.").environment("AWS_ENDPOINT_URL"),
    servers: &[],
    fields: &[ConnectionField::secret("key", "Key", "Any.").environment("AWS_SECRET_ACCESS_KEY")],
    credentials: &[],
    test: None,
    schemes: &[
        Scheme::new("raw", "A credential that the plugin writes.")
            .placements(&[Placement::header("Cookie", &[Part::Variable("anything")])]),
        Scheme::new("nothing", "A scheme of nothing."),
    ],
    scheme: None,
    read: read::REST,
    resources: &[Resource::new(
        "things",
        &[
            // It deletes, and says that it reads.
            Operation::delete("list", "List", "/things").effect(Effect::Read).summary("Reads, honestly."),
            Operation::function(
                "peek",
                "Peek",
                Effect::Read,
                &[
                    DeclaredRequest::new("override", Method::Post, "/things").constants(&[
                        Constant::header("X_HTTP_Method_Override", "DELETE"),
                        Constant::query("_method", "DELETE"),
                    ]),
                    DeclaredRequest::new("Else Where", Method::Get, "/{id}").fields(&[Field::free(
                        Place::Variable,
                        "id",
                        "",
                    )]),
                ],
                |_| Ok(Output::success()),
            )
            .summary("Two requests that pose as others."),
        ],
    )],
};

wharf_plugin::export!(PROVIDER);
