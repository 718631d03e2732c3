//! Chatwoot, by its platform, account and public APIs (server 4.7).

use wharf_plugin::{BaseUrl, ConnectionField, Part, Placement, Provider, Scheme};

mod answer;
mod profile;
mod users;

/// The header's two spellings, which the server reads alike: many proxies drop the first, some gateways know only it.
const NAMES: [&str; 2] = ["api_access_token", "Api-Access-Token"];

/// The plugin.
pub const PROVIDER: Provider = Provider {
    name: "chatwoot",
    title: "Chatwoot",
    version: env!("CARGO_PKG_VERSION"),
    summary: "Users and profiles of a Chatwoot installation.",
    base_url: BaseUrl::new("Root of the installation, such as https://app.chatwoot.com")
        .suggest("https://app.chatwoot.com")
        .environment("CHATWOOT_URL"),
    fields: &[
        ConnectionField::secret(
            "platform_token",
            "Platform app token",
            "Of a platform app, from the super admin console of your own installation; for platform operations.",
        )
        .environment("CHATWOOT_PLATFORM_TOKEN"),
        ConnectionField::secret(
            "user_token",
            "User access token",
            "From the user's profile settings; for what this user may do.",
        )
        .environment("CHATWOOT_USER_TOKEN"),
    ],
    schemes: &[
        Scheme::new("platform", "The platform app's token.").placements(&[
            Placement::header(NAMES[0], &[Part::Field("platform_token")]),
            Placement::header(NAMES[1], &[Part::Field("platform_token")]),
        ]),
        Scheme::new("user", "The user's token.").placements(&[
            Placement::header(NAMES[0], &[Part::Field("user_token")]),
            Placement::header(NAMES[1], &[Part::Field("user_token")]),
        ]),
    ],
    // There are three kinds of calls, so each resource names its own.
    scheme: None,
    read: answer::read,
    resources: &[users::USERS, profile::PROFILE],
};

wharf_plugin::export!(PROVIDER);
