use wharf_plugin::{Effect, Resource};

use crate::pages::{LIMIT, OFFSET, PAGES};
use crate::rpc::{USER, bare, method};

pub(crate) const WARNINGS: Resource = Resource::new(
    "warnings",
    &[
        method("list", "List warnings", "getWarnings")
            .summary("Lists the warnings that were stored for a user.")
            .inputs(&[USER, LIMIT, OFFSET])
            .reads()
            .paged(&PAGES),
        bare("delete-all", "Delete all warnings", "deleteAllWarnings")
            .summary("Deletes every warning of a user.")
            .inputs(&[USER])
            .effect(Effect::Delete)
            .idempotent()
            .answers_success(),
    ],
);
