use wharf_plugin::{Input, Operation, Resource, object, one_of, text};

use crate::ids::{ACCOUNT_ID, PLATFORM, optional};

const NAME: Input = optional("name", text()).describe("Name of the account.");
const LOCALE: Input = optional("locale", text()).describe("Language of the account, such as en or pt_BR.");
const DOMAIN: Input = optional("domain", text()).describe("Domain that its mail comes in by.");
const SUPPORT_EMAIL: Input =
    optional("support_email", text().format("email")).describe("Address that its mail is sent from.");
const STATUS: Input = optional("status", one_of(&["active", "suspended"]))
    .describe("Whether its users can work in it; nobody can in a suspended one.");
const LIMITS: Input = optional("limits", object()).describe("Most that it may have, such as {\"agents\": 5}.");
const CUSTOM_ATTRIBUTES: Input = optional("custom_attributes", object()).describe("Values of your own, by name.");

/// Accounts, as a platform app manages them.
pub(crate) const ACCOUNTS: Resource = Resource::new(
    "accounts",
    &[
        Operation::post("create", "Create account", "/platform/api/v1/accounts")
            .summary("Makes an account, which belongs to the platform app and has no users yet.")
            .inputs(&[NAME, LOCALE, DOMAIN, SUPPORT_EMAIL, STATUS, LIMITS, CUSTOM_ATTRIBUTES])
            .scheme(PLATFORM),
        Operation::get("get", "Get account of the platform app", "/platform/api/v1/accounts/{account_id}")
            .summary("Fetches an account that the platform app made or was granted.")
            .inputs(&[ACCOUNT_ID])
            .scheme(PLATFORM),
        Operation::patch("update", "Update account of the platform app", "/platform/api/v1/accounts/{account_id}")
            .summary("Sets the given values of an account, and suspends or resumes it.")
            .inputs(&[ACCOUNT_ID, NAME, LOCALE, DOMAIN, SUPPORT_EMAIL, STATUS, LIMITS, CUSTOM_ATTRIBUTES])
            .scheme(PLATFORM)
            .idempotent(),
        Operation::delete("delete", "Delete account", "/platform/api/v1/accounts/{account_id}")
            .summary("Queues the removal of an account with all its conversations; success means queued, not gone.")
            .inputs(&[ACCOUNT_ID])
            .scheme(PLATFORM)
            .answers_success(),
    ],
);
