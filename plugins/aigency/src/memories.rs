use wharf_plugin::{Effect, Resource, body};

use crate::pages::{LIMIT, OFFSET, PAGES};
use crate::rpc::{NUMBER, USER, bare, method};

/// What the agents remember of a user.
pub(crate) const MEMORIES: Resource = Resource::new(
    "memories",
    &[
        method("list", "List memories", "getMemories")
            .summary("Lists what the agents remember of a user, newest first.")
            .inputs(&[USER, LIMIT, OFFSET])
            .reads()
            .paged(&PAGES),
        method("delete", "Delete memory", "deleteMemory")
            .summary("Makes the agents forget one thing about a user; one that does not exist is no error.")
            .inputs(&[USER, body("id", NUMBER).sent_as("/params/id").describe("ID of the memory, a number.")])
            .effect(Effect::Delete)
            .idempotent()
            .answers_success(),
        bare("delete-all", "Delete all memories", "deleteAllMemories")
            .summary("Makes the agents forget everything about a user.")
            .inputs(&[USER])
            .effect(Effect::Delete)
            .idempotent()
            .answers_success(),
    ],
);
