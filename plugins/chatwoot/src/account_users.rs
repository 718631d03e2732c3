use wharf_plugin::{Input, Operation, Resource, body, one_of};

use crate::ids::{ACCOUNT_ID, ID, PLATFORM};

const USER_ID: Input = body("user_id", ID).describe("ID of the user.");

/// Which user belongs to which account, as a platform app manages it.
pub(crate) const ACCOUNT_USERS: Resource = Resource::new(
    "account-users",
    &[
        Operation::get("list", "List users of an account", "/platform/api/v1/accounts/{account_id}/account_users")
            .summary("Lists the ids and roles of an account's users.")
            .inputs(&[ACCOUNT_ID])
            .scheme(PLATFORM),
        // A user who is a member already gets the role.
        Operation::post("create", "Add user to an account", "/platform/api/v1/accounts/{account_id}/account_users")
            .summary("Makes a user a member of an account, or changes the role of one who is a member already.")
            .inputs(&[
                ACCOUNT_ID,
                USER_ID,
                body("role", one_of(&["agent", "administrator"])).describe("What the user may do in the account."),
            ])
            .scheme(PLATFORM)
            .idempotent(),
        // It succeeds as well where the user is no member.
        Operation::delete(
            "delete",
            "Remove user from an account",
            "/platform/api/v1/accounts/{account_id}/account_users",
        )
        .summary("Takes a user out of an account; the user stays, and a user who was no member is no failure.")
        .inputs(&[ACCOUNT_ID, USER_ID])
        .scheme(PLATFORM)
        .idempotent()
        .answers_success(),
    ],
);
