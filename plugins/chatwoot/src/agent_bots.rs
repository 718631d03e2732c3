use wharf_plugin::{Body, Input, Method, Operation, Resource, path, text};

use crate::avatars::{PICTURE, set_avatar, update};
use crate::ids::{AVATAR, ID, PLATFORM, optional};

const BOT_ID: Input = path("id", ID).describe("ID of a bot of the platform app.");
const NAME: Input = optional("name", text()).describe("Name that customers see.");
const DESCRIPTION: Input = optional("description", text()).describe("What the bot is for.");
const OUTGOING_URL: Input = optional("outgoing_url", text().format("uri"))
    .describe("URL that the events of the bot's conversations are posted to.");
const OF_ACCOUNT: Input =
    optional("account_id", ID).describe("ID of the account that the bot is for; without it, any may use it.");
const AVATAR_URL: Input = optional("avatar_url", text().format("uri"))
    .describe("URL of a JPEG or PNG picture, which the server fetches later; instead of a file.");

/// Bots for all accounts, as a platform app manages them.
pub(crate) const AGENT_BOTS: Resource = Resource::new(
    "agent-bots",
    &[
        Operation::get("list", "List agent bots of the platform app", "/platform/api/v1/agent_bots")
            .summary("Lists the bots of this platform app with their access tokens; not those of others.")
            .scheme(PLATFORM)
            .sensitive_outputs(&["/*/access_token"]),
        Operation::post("create", "Create agent bot of the platform app", "/platform/api/v1/agent_bots")
            .summary("Makes a bot; the answer has its access token.")
            .inputs(&[NAME, DESCRIPTION, OUTGOING_URL, OF_ACCOUNT, AVATAR_URL])
            .attachments(&[AVATAR])
            .sends(Body::JsonOrMultipart)
            .scheme(PLATFORM)
            .sensitive_outputs(&["/access_token"]),
        Operation::get("get", "Get agent bot of the platform app", "/platform/api/v1/agent_bots/{id}")
            .summary("Fetches a bot with its access token.")
            .inputs(&[BOT_ID])
            .scheme(PLATFORM)
            .sensitive_outputs(&["/access_token"]),
        Operation::patch("update", "Update agent bot of the platform app", "/platform/api/v1/agent_bots/{id}")
            .summary("Sets the given values of a bot; the answer has its access token.")
            .inputs(&[BOT_ID, NAME, DESCRIPTION, OUTGOING_URL, OF_ACCOUNT, AVATAR_URL])
            .attachments(&[AVATAR])
            .sends(Body::JsonOrMultipart)
            .also(&[set_avatar(Method::Patch, "/platform/api/v1/agent_bots/{id}", &[PICTURE]).scheme(PLATFORM)])
            .run(update)
            .scheme(PLATFORM)
            .idempotent()
            .sensitive_outputs(&["/access_token"]),
        Operation::delete("delete", "Delete agent bot of the platform app", "/platform/api/v1/agent_bots/{id}")
            .summary("Removes a bot, also from the inboxes that it works in.")
            .inputs(&[BOT_ID])
            .scheme(PLATFORM)
            .answers_success(),
    ],
);
