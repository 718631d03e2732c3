use wharf_plugin::{Effect, Operation, Resource, body, text};

pub(crate) const USERS: Resource = Resource::new(
    "users",
    &[Operation::post("disconnect-from-website", "Disconnect user from website", "/disconnect-user-from-website")
        .summary("Takes a user's access to a website away.")
        .inputs(&[
            body("websiteId", text().at_least(1)).describe("ID of the website."),
            body("userId", text().at_least(1)).describe("ID of the user."),
        ])
        .unverified("how the API key is sent is inferred, as a bearer token")
        .effect(Effect::Delete)],
);
