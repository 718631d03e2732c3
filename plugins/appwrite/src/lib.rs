//! Appwrite, by its server API (version 1.8).

use wharf_plugin::{BaseUrl, ConnectionField, Part, Placement, Provider, Read, Scheme};

mod answer;
mod avatars;
mod buckets;
mod data;
mod deployments;
mod documents;
mod executions;
mod files;
mod functions;
mod identities;
mod ids;
mod locale;
mod messages;
mod pages;
mod places;
mod providers;
mod queries;
mod rows;
mod subscribers;
mod targets;
mod tokens;
mod topics;
mod upload;
mod users;
mod variables;

/// The plugin.
pub const PROVIDER: Provider = Provider {
    name: "appwrite",
    title: "Appwrite",
    version: env!("CARGO_PKG_VERSION"),
    summary: "Users, databases, storage, functions and messaging of an Appwrite project.",
    base_url: BaseUrl::new(
        "API endpoint of the region or of your own server, such as https://fra.cloud.appwrite.io/v1",
    )
    .suffix("/v1")
    .environment("APPWRITE_ENDPOINT"),
    servers: &[],
    fields: &[
        ConnectionField::plain("project_id", "Project ID", "From the settings of the project in the Appwrite console.")
            .required()
            .environment("APPWRITE_PROJECT_ID"),
        ConnectionField::secret("api_key", "API key", "A key of the project with the scopes that the operations need.")
            .required()
            .environment("APPWRITE_API_KEY"),
    ],
    credentials: &[],
    test: None,
    schemes: &[Scheme::new("key", "Project and API key, as two headers.").placements(&[
        Placement::header("X-Appwrite-Project", &[Part::Field("project_id")]),
        Placement::header("X-Appwrite-Key", &[Part::Field("api_key")]),
    ])],
    scheme: Some("key"),
    read: Read::Rules(answer::rules),
    resources: &[
        users::USERS,
        identities::IDENTITIES,
        targets::TARGETS,
        documents::DOCUMENTS,
        rows::ROWS,
        buckets::BUCKETS,
        files::FILES,
        tokens::TOKENS,
        functions::FUNCTIONS,
        deployments::DEPLOYMENTS,
        executions::EXECUTIONS,
        variables::VARIABLES,
        messages::MESSAGES,
        providers::PROVIDERS,
        topics::TOPICS,
        subscribers::SUBSCRIBERS,
        avatars::AVATARS,
        locale::LOCALE,
    ],
};

wharf_plugin::export!(PROVIDER);
