use wharf_plugin::{Operation, Paging, Resource, path};

use crate::data::{SEARCH, TOTAL};
use crate::ids::ID;
use crate::pages::pages;
use crate::queries::QUERIES;

const PAGES: Paging = pages("/identities");

pub(crate) const IDENTITIES: Resource = Resource::new(
    "identities",
    &[
        Operation::get("list", "List identities", "/users/identities")
            .summary(
                "Lists accounts at other services that users sign in with; filter by userId for those of one user.",
            )
            .inputs(&[QUERIES, SEARCH, TOTAL])
            .paged(&PAGES)
            .answers_with(&["identities"])
            .sensitive_outputs(&["/identities/*/providerAccessToken", "/identities/*/providerRefreshToken"]),
        Operation::delete("delete", "Delete identity", "/users/identities/{identityId}")
            .summary("Unlinks an account at another service from its user, who stays.")
            .inputs(&[path("identityId", ID).describe("ID of the identity.")])
            .answers_success(),
    ],
);
