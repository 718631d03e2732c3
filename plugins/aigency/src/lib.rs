//! Aigency, by its JSON-RPC 2.0 endpoint.

use wharf_plugin::{BaseUrl, ConnectionField, Function, NamedTemplate, Part, Placement, Provider, Read, Scheme};

mod answer;
mod capabilities;
mod contexts;
mod finders;
mod memories;
mod messages;
mod pages;
mod rewards;
mod rpc;
mod subscriptions;
mod system;
mod usage;
mod users;
mod warnings;

const KEY: NamedTemplate =
    NamedTemplate { name: "key", parts: &[Part::Field("api_key")], functions: &[Function::FormEncode] };

/// The plugin.
pub const PROVIDER: Provider = Provider {
    name: "aigency",
    title: "Aigency",
    version: env!("CARGO_PKG_VERSION"),
    summary: "Users, messages, subscriptions, capabilities and memories of an Aigency server.",
    base_url: BaseUrl::new("API URL: the JSON-RPC endpoint itself, such as https://host/rpc")
        .environment("AIGENCY_API_URL"),
    servers: &[],
    fields: &[ConnectionField::secret(
        "api_key",
        "API key",
        "Whoever has it can do everything, in the name of every user.",
    )
    .required()
    .environment("AIGENCY_API_KEY")],
    credentials: &[],
    test: None,
    schemes: &[
        Scheme::new("as-user", "The API key and the user on whose behalf the call is, form-encoded.")
            .values(&[
                KEY,
                NamedTemplate { name: "id", parts: &[Part::Variable("userId")], functions: &[Function::JsonEscape] },
                NamedTemplate {
                    name: "user",
                    parts: &[Part::Literal("{\"id\":\""), Part::Value("id"), Part::Literal("\"}")],
                    functions: &[Function::FormEncode],
                },
            ])
            .placements(&[Placement::header(
                "Authorization",
                &[Part::Literal("Bearer api_key="), Part::Value("key"), Part::Literal("&user="), Part::Value("user")],
            )]),
        Scheme::new("key", "The API key alone, form-encoded.")
            .values(&[KEY])
            .placements(&[Placement::header("Authorization", &[Part::Literal("Bearer api_key="), Part::Value("key")])]),
    ],
    scheme: Some("as-user"),
    read: Read::Rules(answer::rules),
    resources: &[
        users::USERS,
        messages::MESSAGES,
        subscriptions::SUBSCRIPTIONS,
        capabilities::CAPABILITIES,
        finders::FINDERS,
        memories::MEMORIES,
        contexts::CONTEXTS,
        warnings::WARNINGS,
        rewards::REWARDS,
        usage::USAGE,
        system::SYSTEM,
    ],
};

wharf_plugin::export!(PROVIDER);
