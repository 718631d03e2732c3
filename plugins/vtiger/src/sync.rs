use wharf_plugin::{Resource, integer, one_of, query};

use crate::ids::MODULE;
use crate::login::by_get;

pub(crate) const SYNC: Resource = Resource::new(
    "sync",
    &[by_get("get-changes", "Get changes", "sync")
        .summary(
            "Lists what was changed and deleted since a point in time: about 100 records a call, and more where many were \
             changed in one second. Where `more` is true, the next call begins at lastModifiedTime.",
        )
        .inputs(&[
            query("modifiedTime", integer().at_least(0))
                .describe("Since when, in seconds since 1970; 1 for everything, as the server takes 0 for nothing."),
            query("elementType", MODULE).optional().describe("Only records of this module."),
            query("syncType", one_of(&["application", "user", "userandgroup"]))
                .optional()
                .describe("Whose records: all, the user's, or also those of the user's groups."),
        ])
        .unverified("fresh installations of 8.x on PHP 8 answer status 500 without a body, whatever is sent")],
);
