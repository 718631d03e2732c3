//! Vtiger CRM, by its webservice (version 8.4).

use wharf_plugin::{
    BaseUrl, ConnectionField, ConnectionTest, Credential, Function, Part, Placement, Provider, Read, Scheme,
};

mod advanced;
mod answer;
mod app_sync;
mod documents;
mod encoded;
mod ids;
mod inventory;
mod leads;
mod login;
mod metadata;
mod mobile;
mod query;
mod records;
mod relations;
mod session;
mod sync;
mod users;
mod vtql;

/// The plugin.
pub const PROVIDER: Provider = Provider {
    name: "vtiger",
    title: "Vtiger CRM",
    version: env!("CARGO_PKG_VERSION"),
    summary: "Records, queries, relations, documents and sessions of a Vtiger CRM.",
    base_url: BaseUrl::new(
        "Root of the installation, with its subfolder if it has one, such as https://crm.example.com",
    )
    .suffix("/webservice.php")
    .environment("VTIGER_URL"),
    // Ending a session needs neither of the fields, so a connection can do without them.
    servers: &[],
    fields: &[
        ConnectionField::plain("username", "User name", "Of the user who logs in.").environment("VTIGER_USERNAME"),
        ConnectionField::secret("access_key", "Access key", "From the user's preferences; not the password.")
            .environment("VTIGER_ACCESS_KEY"),
    ],
    credentials: &[Credential::session(
        "session",
        "A session of the user, which the access key begins.",
        &login::SESSION,
    )],
    test: Some(ConnectionTest::new("metadata.list-types")),
    schemes: &[
        Scheme::new("user", "The user name, to ask for a challenge.")
            .placements(&[Placement::query("username", &[Part::Field("username")])]),
        Scheme::new("access-key", "The user name, and the MD5 of the challenge followed by the access key.")
            .placements(&[
                Placement::body("username", &[Part::Field("username")]),
                Placement::body("accessKey", &[Part::Variable("challenge"), Part::Field("access_key")])
                    .functions(&[Function::Md5Hex]),
            ]),
        Scheme::new("session", "The name of the session, as a parameter of the form.")
            .placements(&[Placement::body("sessionName", &[Part::Credential("session", "name")])]),
        // The server reads it from either place, whatever the method.
        Scheme::new("session-in-query", "The name of the session, as a parameter of the query.")
            .placements(&[Placement::query("sessionName", &[Part::Credential("session", "name")])]),
    ],
    scheme: Some("session"),
    read: Read::Rules(answer::rules),
    resources: &[
        session::SESSION,
        metadata::METADATA,
        records::RECORDS,
        query::QUERY,
        relations::RELATIONS,
        documents::DOCUMENTS,
        leads::LEADS,
        users::USERS,
        inventory::INVENTORY,
        sync::SYNC,
        mobile::MOBILE,
        app_sync::APP_SYNC,
        advanced::ADVANCED,
    ],
};

wharf_plugin::export!(PROVIDER);
