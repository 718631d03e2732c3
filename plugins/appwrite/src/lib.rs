//! Appwrite, by its server API (version 1.8).

use wharf_plugin::{BaseUrl, ConnectionField, Part, Placement, Provider, Scheme};

mod answer;
mod ids;
mod users;

/// The plugin.
pub const PROVIDER: Provider = Provider {
    name: "appwrite",
    title: "Appwrite",
    version: env!("CARGO_PKG_VERSION"),
    summary: "Users and sessions of an Appwrite project.",
    base_url: BaseUrl::new(
        "API endpoint of the region or of your own server, such as https://fra.cloud.appwrite.io/v1",
    )
    .suffix("/v1")
    .environment("APPWRITE_ENDPOINT"),
    fields: &[
        ConnectionField::plain("project_id", "Project ID", "From the settings of the project in the Appwrite console.")
            .required()
            .environment("APPWRITE_PROJECT_ID"),
        ConnectionField::secret("api_key", "API key", "A key of the project with the scopes that the operations need.")
            .required()
            .environment("APPWRITE_API_KEY"),
    ],
    schemes: &[Scheme::new("key", "Project and API key, as two headers.").placements(&[
        Placement::header("X-Appwrite-Project", &[Part::Field("project_id")]),
        Placement::header("X-Appwrite-Key", &[Part::Field("api_key")]),
    ])],
    scheme: Some("key"),
    read: answer::read,
    resources: &[users::USERS],
};

wharf_plugin::export!(PROVIDER);
