use wharf_plugin::{Input, Operation, Resource, boolean, integer, path, text};

use crate::ids::{ID, USER, optional};

const THIS_ONE: Input = path("id", ID).describe("ID of the account.");

/// An account, as its own users manage it.
pub(crate) const ACCOUNT: Resource = Resource::new(
    "account",
    &[
        Operation::get("get", "Get account", "/api/v1/accounts/{id}")
            .summary("Fetches the settings and features of an account that the user belongs to.")
            .inputs(&[THIS_ONE])
            .scheme(USER),
        Operation::patch("update", "Update account", "/api/v1/accounts/{id}")
            .summary("Sets the given settings of the account, for instance after how long conversations are resolved.")
            .inputs(&[
                THIS_ONE,
                optional("name", text()).describe("Name of the account."),
                optional("locale", text()).describe("Language of the account, such as en or pt_BR."),
                optional("domain", text()).describe("Domain that its mail comes in by."),
                optional("support_email", text().format("email")).describe("Address that its mail is sent from."),
                optional("auto_resolve_after", integer().at_least(10).at_most(1_439_856))
                    .describe("Minutes without activity after which a conversation is resolved; null for never."),
                optional("auto_resolve_message", text()).describe("Message that the customer gets when that happens."),
                optional("auto_resolve_ignore_waiting", boolean())
                    .describe("Whether conversations in which the customer waits for an answer are left alone."),
                optional("industry", text()).describe("What the company does."),
                optional("company_size", text()).describe("How many people it has, such as 50-100."),
                optional("timezone", text()).describe("Time zone, such as UTC."),
            ])
            .scheme(USER)
            .idempotent(),
    ],
);
