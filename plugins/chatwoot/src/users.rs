use wharf_plugin::{Effect, Operation, Resource, integer, path};

/// Users, as a platform app manages them.
pub(crate) const USERS: Resource = Resource::new(
    "users",
    // Each call makes a new link, and whoever has the link is that user: a read grant must not cover it, nor a retry.
    &[Operation::get("get-sso-url", "Get SSO URL of a user", "/platform/api/v1/users/{id}/login")
        .summary("Makes a link that signs the user in, once, within five minutes.")
        .inputs(
            &[path("id", integer().at_least(1)).describe("ID of a user that the platform app made or was granted.")],
        )
        .scheme(Some("platform"))
        .answers_with(&["url"])
        .effect(Effect::Write)
        .not_idempotent()
        .sensitive_outputs(&["/url"])],
);
