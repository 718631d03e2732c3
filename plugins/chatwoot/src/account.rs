use wharf_plugin::{Input, Operation, Resource, body, boolean, integer, path, text};

use crate::ids::{ID, USER};

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
                body("name", text()).optional().describe("Name of the account."),
                body("locale", text()).optional().describe("Language of the account, such as en or pt_BR."),
                body("domain", text()).optional().describe("Domain that its mail comes in by."),
                body("support_email", text().format("email"))
                    .optional()
                    .describe("Address that its mail is sent from."),
                body("auto_resolve_after", integer().at_least(10).at_most(1_439_856).or_null())
                    .optional()
                    .describe("Minutes without activity after which a conversation is resolved; null for never."),
                body("auto_resolve_message", text().or_null())
                    .optional()
                    .describe("Message that the customer gets when that happens."),
                body("auto_resolve_ignore_waiting", boolean().or_null())
                    .optional()
                    .describe("Whether conversations in which the customer waits for an answer are left alone."),
                body("industry", text()).optional().describe("What the company does."),
                body("company_size", text()).optional().describe("How many people it has, such as 50-100."),
                body("timezone", text()).optional().describe("Time zone, such as UTC."),
            ])
            .scheme(USER)
            .idempotent(),
    ],
);
