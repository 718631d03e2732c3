use wharf_plugin::{Operation, Resource};

/// The user whose token it is.
pub(crate) const PROFILE: Resource = Resource::new(
    "profile",
    &[Operation::get("get", "Get profile", "/api/v1/profile")
        .summary("Fetches the profile of the user whose token the connection has.")
        .scheme(Some("user"))
        .answers_with(&["id"])
        .sensitive_outputs(&["/access_token", "/hmac_identifier", "/pubsub_token"])],
);
