use wharf_plugin::Resource;

use crate::pages::{LIMIT, OFFSET, PAGES};
use crate::rpc::{USER, method};

pub(crate) const USAGE: Resource = Resource::new(
    "usage",
    &[method("list-history", "List usage history", "getUsageHistory")
        .summary("Lists what a user has used so far.")
        .inputs(&[USER, LIMIT, OFFSET])
        .reads()
        .paged(&PAGES)],
);
