use wharf_plugin::Resource;

use crate::rpc::{USER, bare};

pub(crate) const REWARDS: Resource = Resource::new(
    "rewards",
    &[bare("get-amount", "Get reward amount", "getRewardAmount")
        .summary("Tells how much a user has earned, and how much of it can be claimed; both are texts.")
        .inputs(&[USER])
        .reads()],
);
