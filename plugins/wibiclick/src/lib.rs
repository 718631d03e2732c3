//! WibiClick, by the API of its web client.

use wharf_plugin::{BaseUrl, ConnectionField, Part, Placement, Provider, Scheme};

mod answer;
mod users;

/// The plugin.
pub const PROVIDER: Provider = Provider {
    name: "wibiclick",
    title: "WibiClick",
    version: env!("CARGO_PKG_VERSION"),
    summary: "Users and websites of a WibiClick account.",
    base_url: BaseUrl::new("API URL of the account, such as https://wibi.wilbertzgroup.com")
        .suggest("https://wibi.wilbertzgroup.com")
        .environment("WIBICLICK_API_URL"),
    fields: &[ConnectionField::secret("api_key", "API key", "From the account's settings.")
        .required()
        .environment("WIBICLICK_API_KEY")],
    // Inferred: the web client sends the token of its login in this way; nobody has seen the key being sent.
    schemes: &[Scheme::new("key", "The API key as a bearer token.")
        .placements(&[Placement::header("Authorization", &[Part::Literal("Bearer "), Part::Field("api_key")])])],
    scheme: Some("key"),
    read: answer::read,
    resources: &[users::USERS],
};

wharf_plugin::export!(PROVIDER);
