use wharf_plugin::{Operation, Paging, Resource};

use crate::ids::{ACCOUNT_ID, PAGE, USER};
use crate::pages::pages;

const PAGES: Paging = pages("/audit_logs");

/// Who changed what in an account.
pub(crate) const AUDIT_LOGS: Resource = Resource::new(
    "audit-logs",
    &[Operation::get("list", "List audit logs", "/api/v1/accounts/{account_id}/audit_logs")
        .summary("Lists who changed what in the account; only Enterprise editions have it, as a feature to switch on.")
        .inputs(&[ACCOUNT_ID, PAGE])
        .scheme(USER)
        .paged(&PAGES)],
);
