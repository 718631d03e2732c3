//! Chatwoot, by its platform, account and public APIs (server 4.7).

use wharf_plugin::{BaseUrl, ConnectionField, Part, Placement, Provider, Read, Scheme};

mod account;
mod account_agent_bots;
mod account_users;
mod accounts;
mod agent_bots;
mod agents;
mod answer;
mod audit_logs;
mod automation_rules;
mod avatars;
mod canned_responses;
mod contacts;
mod conversations;
mod csat_survey;
mod custom_attributes;
mod custom_filters;
mod filters;
mod help_center;
mod ids;
mod inboxes;
mod integrations;
mod messages;
mod pages;
mod profile;
mod public_contacts;
mod public_conversations;
mod public_inboxes;
mod public_messages;
mod reports;
mod teams;
mod users;
mod webhooks;

/// The header's two spellings, which the server reads alike: many proxies drop the first, some gateways know only it, and others
/// refuse a request that has one in it. So both are sent, unless the operator chooses one.
const NAMES: [&str; 2] = ["api_access_token", "api-access-token"];
/// The field by which the operator chooses.
pub(crate) const TOKEN_HEADER: &str = "token_header";

const fn token(field: &'static [Part]) -> [Placement; 2] {
    [
        Placement::header(NAMES[0], field).unless(TOKEN_HEADER, NAMES[1]),
        Placement::header(NAMES[1], field).unless(TOKEN_HEADER, NAMES[0]),
    ]
}

/// The plugin.
pub const PROVIDER: Provider = Provider {
    name: "chatwoot",
    title: "Chatwoot",
    version: env!("CARGO_PKG_VERSION"),
    summary: "Contacts, conversations, inboxes, agents and reports of a Chatwoot installation, and its platform and public APIs.",
    base_url: BaseUrl::new("Root of the installation, such as https://app.chatwoot.com")
        .suggest("https://app.chatwoot.com")
        .environment("CHATWOOT_URL"),
    servers: &[],
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
        ConnectionField::plain(
            TOKEN_HEADER,
            "Name of the token's header",
            "Only where a gateway in between refuses the one or the other; both are sent where it is left out.",
        )
        .choices(&NAMES)
        .environment("CHATWOOT_TOKEN_HEADER"),
    ],
    credentials: &[],
    test: None,
    schemes: &[
        Scheme::new("platform", "The platform app's token.")
            .placements(const { &token(&[Part::Field("platform_token")]) }),
        Scheme::new("user", "The user's token.").placements(const { &token(&[Part::Field("user_token")]) }),
    ],
    // There are three kinds of calls, so each resource names its own.
    scheme: None,
    read: Read::Rules(answer::rules),
    resources: &[
        accounts::ACCOUNTS,
        account_users::ACCOUNT_USERS,
        agent_bots::AGENT_BOTS,
        users::USERS,
        public_inboxes::PUBLIC_INBOXES,
        public_contacts::PUBLIC_CONTACTS,
        public_conversations::PUBLIC_CONVERSATIONS,
        public_messages::PUBLIC_MESSAGES,
        csat_survey::CSAT_SURVEY,
        profile::PROFILE,
        account::ACCOUNT,
        agents::AGENTS,
        account_agent_bots::ACCOUNT_AGENT_BOTS,
        audit_logs::AUDIT_LOGS,
        automation_rules::AUTOMATION_RULES,
        canned_responses::CANNED_RESPONSES,
        contacts::CONTACTS,
        conversations::CONVERSATIONS,
        custom_attributes::CUSTOM_ATTRIBUTES,
        custom_filters::CUSTOM_FILTERS,
        help_center::HELP_CENTER,
        inboxes::INBOXES,
        integrations::INTEGRATIONS,
        messages::MESSAGES,
        reports::REPORTS,
        teams::TEAMS,
        webhooks::WEBHOOKS,
    ],
};

wharf_plugin::export!(PROVIDER);
