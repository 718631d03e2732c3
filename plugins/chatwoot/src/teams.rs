use wharf_plugin::{Input, Operation, Resource, body, boolean, list, path, text};

use crate::ids::{ACCOUNT_ID, ID, USER, optional};

const TEAM_ID: Input = path("team_id", ID).describe("ID of the team.");
const NAME: Input = optional("name", text()).describe("Name of the team.");
const DESCRIPTION: Input = optional("description", text()).describe("What the team is for.");
const ALLOW_AUTO_ASSIGN: Input = optional("allow_auto_assign", boolean())
    .describe("Whether a conversation that the team gets is assigned to one of its agents by the server.");
const USER_IDS: Input = body("user_ids", list(&ID)).describe("IDs of agents.");

/// Teams and their agents.
pub(crate) const TEAMS: Resource = Resource::new(
    "teams",
    &[
        Operation::get("list", "List teams", "/api/v1/accounts/{account_id}/teams")
            .summary("Lists the teams of an account.")
            .inputs(&[ACCOUNT_ID])
            .scheme(USER),
        Operation::get("get", "Get team", "/api/v1/accounts/{account_id}/teams/{team_id}")
            .summary("Fetches one team, without its agents.")
            .inputs(&[ACCOUNT_ID, TEAM_ID])
            .scheme(USER),
        Operation::post("create", "Create team", "/api/v1/accounts/{account_id}/teams")
            .summary("Adds a team, which has no agents at first.")
            .inputs(&[ACCOUNT_ID, NAME, DESCRIPTION, ALLOW_AUTO_ASSIGN])
            .scheme(USER),
        Operation::patch("update", "Update team", "/api/v1/accounts/{account_id}/teams/{team_id}")
            .summary("Changes the given members of a team and leaves the others.")
            .inputs(&[ACCOUNT_ID, TEAM_ID, NAME, DESCRIPTION, ALLOW_AUTO_ASSIGN])
            .scheme(USER)
            .idempotent(),
        Operation::delete("delete", "Delete team", "/api/v1/accounts/{account_id}/teams/{team_id}")
            .summary("Deletes a team; its agents stay in the account.")
            .inputs(&[ACCOUNT_ID, TEAM_ID])
            .scheme(USER)
            .answers_success(),
        Operation::get(
            "list-members",
            "List agents of a team",
            "/api/v1/accounts/{account_id}/teams/{team_id}/team_members",
        )
        .summary("Lists the agents of a team.")
        .inputs(&[ACCOUNT_ID, TEAM_ID])
        .scheme(USER),
        Operation::post(
            "add-members",
            "Add agents to a team",
            "/api/v1/accounts/{account_id}/teams/{team_id}/team_members",
        )
        .summary("Adds agents to those of a team.")
        .inputs(&[ACCOUNT_ID, TEAM_ID, USER_IDS])
        .scheme(USER),
        Operation::patch(
            "set-members",
            "Set agents of a team",
            "/api/v1/accounts/{account_id}/teams/{team_id}/team_members",
        )
        .summary("Replaces the agents of a team: whoever is not named leaves it.")
        .inputs(&[ACCOUNT_ID, TEAM_ID, USER_IDS])
        .scheme(USER)
        .idempotent(),
        Operation::delete(
            "remove-members",
            "Remove agents from a team",
            "/api/v1/accounts/{account_id}/teams/{team_id}/team_members",
        )
        .summary("Takes the named agents out of a team.")
        .inputs(&[ACCOUNT_ID, TEAM_ID, USER_IDS])
        .scheme(USER)
        .answers_success(),
    ],
);
