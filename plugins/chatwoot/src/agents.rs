use wharf_plugin::{Input, Operation, Resource, body, boolean, one_of, path, text};

use crate::ids::{ACCOUNT_ID, ID, USER, optional};

const AGENT_ID: Input = path("id", ID).describe("ID of the agent, which is the user's.");
const ROLE: Input = body("role", one_of(&["agent", "administrator"])).describe("What the agent may do in the account.");
const AVAILABILITY_STATUS: Input = optional("availability_status", one_of(&["available", "busy", "offline"]))
    .describe("As documented; servers pass over it, see availability.");
const AVAILABILITY: Input = optional("availability", one_of(&["online", "busy", "offline"]))
    .describe("Whether new conversations are assigned to the agent.");
const AUTO_OFFLINE: Input = optional("auto_offline", boolean())
    .describe("Whether the agent is shown as offline while the application is closed.");

/// Members of an account.
pub(crate) const AGENTS: Resource = Resource::new(
    "agents",
    &[
        Operation::get("list", "List agents", "/api/v1/accounts/{account_id}/agents")
            .summary("Lists all agents of the account, administrators included.")
            .inputs(&[ACCOUNT_ID])
            .scheme(USER),
        Operation::post("create", "Add agent", "/api/v1/accounts/{account_id}/agents")
            .summary("Adds an agent to the account and invites them by email; needs an administrator.")
            .inputs(&[
                ACCOUNT_ID,
                body("name", text()).describe("Full name."),
                body("email", text().format("email")).describe("Address that the agent signs in with."),
                ROLE,
                AVAILABILITY,
                AVAILABILITY_STATUS,
                AUTO_OFFLINE,
            ])
            .scheme(USER),
        Operation::patch("update", "Update agent", "/api/v1/accounts/{account_id}/agents/{id}")
            .summary("Sets the role of an agent, and whether the agent is available; needs an administrator.")
            .inputs(&[ACCOUNT_ID, AGENT_ID, ROLE, AVAILABILITY, AVAILABILITY_STATUS, AUTO_OFFLINE])
            .scheme(USER)
            .idempotent(),
        Operation::delete("delete", "Remove agent", "/api/v1/accounts/{account_id}/agents/{id}")
            .summary("Takes an agent out of the account; a user who is left without any account is deleted.")
            .inputs(&[ACCOUNT_ID, AGENT_ID])
            .scheme(USER)
            .answers_success(),
    ],
);
