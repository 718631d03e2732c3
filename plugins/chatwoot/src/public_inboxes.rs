use wharf_plugin::{Operation, Resource};

use crate::ids::INBOX_IDENTIFIER;

/// API inboxes, as their customers see them.
pub(crate) const PUBLIC_INBOXES: Resource = Resource::new(
    "public-inboxes",
    &[Operation::get("get", "Get public inbox", "/public/api/v1/inboxes/{inbox_identifier}")
        .summary("Fetches the name, working hours and greeting of an API inbox, without a token.")
        .inputs(&[INBOX_IDENTIFIER])
        .scheme(None)
        .sensitive_outputs(&["/identifier"])],
);
