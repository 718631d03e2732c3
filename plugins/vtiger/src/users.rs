use wharf_plugin::{Effect, Input, Resource, body, text};

use crate::ids::ID;
use crate::login::by_post;

const BROKEN: &str =
    "fresh installations of 8.x answer with a line of text, as the file that should handle it is missing";

const fn password(name: &'static str, description: &'static str) -> Input {
    body(name, text().at_least(1)).sensitive().describe(description)
}

pub(crate) const USERS: Resource = Resource::new(
    "users",
    &[
        by_post("change-password", "Change password", "changePassword")
            .summary("Changes the password of a user; only that user or an administrator may.")
            .inputs(&[
                body("id", ID).describe("Id of the user, such as 19x5."),
                password("oldPassword", "The password until now."),
                password("newPassword", "The password from now on."),
                password("confirmPassword", "The new password again."),
            ])
            .unverified(BROKEN),
        by_post("delete", "Delete user", "deleteUser")
            .summary("Hands all records of a user to another one and deletes the user.")
            .inputs(&[
                body("id", ID).describe("Id of the user, such as 19x5."),
                body("newOwnerId", ID).describe("Id of the user who gets the records."),
            ])
            .effect(Effect::Delete)
            .unverified(BROKEN),
    ],
);
