use wharf_plugin::{Effect, Input, Resource, body, boolean, text};

use crate::pages::{LIMIT, OFFSET, PAGES};
use crate::rpc::{KEY, USER, UUID, bare, method, with_result};

const ID: Input = body("id", UUID).sent_as("/params/id").describe("ID of the capability, a UUID.");

/// Agents and built-in functions that a user has.
pub(crate) const CAPABILITIES: Resource = Resource::new(
    "capabilities",
    &[
        method("list", "List capabilities", "getCapabilities")
            .summary("Lists the agents and functions that a user has, and whether each is enabled.")
            .inputs(&[USER, LIMIT, OFFSET])
            .reads()
            .paged(&PAGES),
        method("enable", "Enable capability", "enableCapability")
            .summary("Turns one of a user's capabilities on; one that does not exist is no error.")
            .inputs(&[USER, ID])
            .idempotent()
            .answers_success(),
        method("disable", "Disable capability", "disableCapability")
            .summary("Turns one of a user's capabilities off and keeps it; one that does not exist is no error.")
            .inputs(&[USER, ID])
            .idempotent()
            .answers_success(),
        method("remove", "Remove capability", "removeCapability")
            .summary("Takes a capability away from a user; one that does not exist is no error.")
            .inputs(&[USER, ID])
            .effect(Effect::Delete)
            .idempotent()
            .answers_success(),
        method("call", "Call capability", "callCapability")
            .summary(
                "Runs a NEAR AI agent of a user and gives its answer, or null; other capabilities cannot be called.",
            )
            .inputs(&[
                USER,
                ID,
                body("text", text()).sent_as("/params/text").optional().describe("What the agent is told."),
            ])
            .run(with_result),
        bare("sync", "Synchronise capabilities", "syncCapabilities")
            .summary("Gives a user the NEAR AI agents of the connected account; fails for one who is not logged in.")
            .inputs(&[USER])
            .answers_success(),
        method("list-users", "List users of a capability", "getUsersByCapability")
            .summary("Lists the users who have a capability.")
            .inputs(&[
                body("domain", text()).sent_as("/params/domain").describe("Namespace of the capability, such as core."),
                body("name", text())
                    .sent_as("/params/name")
                    .describe("Name of the capability in it, such as news-monitor."),
                body("onlyActive", boolean())
                    .sent_as("/params/onlyActive")
                    .optional()
                    .describe("Whether users who have disabled it are left out."),
            ])
            .scheme(KEY)
            .reads(),
    ],
);
