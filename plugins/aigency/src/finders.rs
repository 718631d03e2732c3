use wharf_plugin::{Effect, Resource};

use crate::rpc::{KEY, USER, bare};

/// The finder, which looks for sources that a user could subscribe to.
pub(crate) const FINDERS: Resource = Resource::new(
    "finders",
    &[
        bare("list-active", "List active finders", "getActiveFinders")
            .summary("Lists the IDs of the users whose finder is on.")
            .scheme(KEY)
            .reads(),
        bare("get-activity-state", "Get state of the finder", "getFinderActivityState")
            .summary("Tells whether a user has a finder, and whether it is on: a list of at most one.")
            .inputs(&[USER])
            .reads(),
        bare("enable", "Enable finder", "enableFinder")
            .summary("Turns a user's finder on; a user without one is no error, and gets none.")
            .inputs(&[USER])
            .idempotent(),
        bare("disable", "Disable finder", "disableFinder")
            .summary("Turns a user's finder off; a user without one is no error.")
            .inputs(&[USER])
            .idempotent(),
        bare("add", "Add finder", "addFinder")
            .summary("Gives a user a finder, which is off at first; a second call adds another.")
            .inputs(&[USER]),
        bare("remove", "Remove finder", "removeFinder")
            .summary("Takes the finder away from a user; a user without one is no error.")
            .inputs(&[USER])
            .effect(Effect::Delete)
            .idempotent(),
    ],
);
