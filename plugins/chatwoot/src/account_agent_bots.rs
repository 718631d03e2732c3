use wharf_plugin::{Body, Input, Lists, Method, Operation, Resource, integer, object, path, text};

use crate::avatars::{ITSELF, NEW_ID, PICTURE, create, set_avatar, update};
use crate::ids::{ACCOUNT_ID, AVATAR, ID, USER, optional};

const BOT_ID: Input = path("id", ID).describe("ID of the bot.");
const NAME: Input = optional("name", text()).describe("Name that customers see.");
const DESCRIPTION: Input = optional("description", text()).describe("What the bot is for.");
const OUTGOING_URL: Input = optional("outgoing_url", text().format("uri"))
    .describe("URL that the events of the bot's conversations are posted to.");
const AVATAR_URL: Input = optional("avatar_url", text().format("uri"))
    .describe("URL of a JPEG or PNG picture, which the server fetches later; instead of a file.");
const BOT_TYPE: Input = optional("bot_type", integer().provider_default("0"))
    .describe("Kind of bot: 0 is one that is reached by its outgoing URL.");
const BOT_CONFIG: Input =
    optional("bot_config", object()).lists(Lists::Brackets).describe("Settings of the bot, by name.");

/// Bots of one account.
pub(crate) const ACCOUNT_AGENT_BOTS: Resource = Resource::new(
    "account-agent-bots",
    &[
        Operation::get("list", "List agent bots", "/api/v1/accounts/{account_id}/agent_bots")
            .summary("Lists the bots that the account can use with the access tokens of its own.")
            .inputs(&[ACCOUNT_ID])
            .scheme(USER)
            .sensitive_outputs(&["/*/access_token"]),
        Operation::post("create", "Create agent bot", "/api/v1/accounts/{account_id}/agent_bots")
            .summary("Makes a bot of the account; the answer has its access token.")
            .inputs(&[ACCOUNT_ID, NAME, DESCRIPTION, OUTGOING_URL, AVATAR_URL, BOT_TYPE, BOT_CONFIG])
            .attachments(&[AVATAR])
            .sends(Body::JsonOrMultipart)
            .also(&[set_avatar(Method::Patch, "/api/v1/accounts/{account_id}/agent_bots/{id}", &[PICTURE, NEW_ID])
                .scheme(USER)])
            .run(|call| create(call, &ITSELF))
            .scheme(USER)
            .sensitive_outputs(&["/access_token"]),
        Operation::get("get", "Get agent bot", "/api/v1/accounts/{account_id}/agent_bots/{id}")
            .summary("Fetches a bot that the account can use with its access token.")
            .inputs(&[ACCOUNT_ID, BOT_ID])
            .scheme(USER)
            .sensitive_outputs(&["/access_token"]),
        Operation::patch("update", "Update agent bot", "/api/v1/accounts/{account_id}/agent_bots/{id}")
            .summary("Sets the given values of a bot of the account; the answer has its access token.")
            .inputs(&[ACCOUNT_ID, BOT_ID, NAME, DESCRIPTION, OUTGOING_URL, AVATAR_URL, BOT_TYPE, BOT_CONFIG])
            .attachments(&[AVATAR])
            .sends(Body::JsonOrMultipart)
            .also(
                &[set_avatar(Method::Patch, "/api/v1/accounts/{account_id}/agent_bots/{id}", &[PICTURE]).scheme(USER)],
            )
            .run(update)
            .scheme(USER)
            .idempotent()
            .sensitive_outputs(&["/access_token"]),
        Operation::delete("delete", "Delete agent bot", "/api/v1/accounts/{account_id}/agent_bots/{id}")
            .summary("Removes a bot of the account, also from the inboxes that it works in.")
            .inputs(&[ACCOUNT_ID, BOT_ID])
            .scheme(USER)
            .answers_success(),
    ],
);
