use wharf_plugin::{Effect, Input, Operation, Paging, Resource, Schema, body, boolean, text};

use crate::ids::{EMAIL, ID, WEBSITE, words};
use crate::pages::{LIMIT, OFFSET, pages};

const PAGES: Paging = pages("/users");

const PASSWORD: Schema = text().at_least(1);

const WEBSITE_ID: Input = body("websiteId", ID).describe("ID of the website.");

const USER_ID: Input = body("userId", ID).describe("ID of the user.");

const FIRST_NAME: Input = words("firstName", "First name.");

const LAST_NAME: Input = words("lastName", "Last name.");

const COUNTRY: Input = words("country", "Country.");

const OWN_EMAIL: Input = body("email", EMAIL.at_least(1)).describe("Email address of the account.");

const OLD_USER: Input = body("oldUserId", ID).describe("ID of the user who has them.");

const NEW_USER: Input = body("newUserId", ID).describe("ID of the user who gets them.");

/// Where an answer may have a token that acts for a person.
const TOKENS: &[&str] = &["/token", "/user/token"];

pub(crate) const USERS: Resource = Resource::new(
    "users",
    &[
        Operation::post("disconnect-from-website", "Disconnect user from website", "/disconnect-user-from-website")
            .summary("Takes a user's access to a website away.")
            .inputs(&[WEBSITE_ID, USER_ID])
            .unverified("how the API key is sent is inferred, as a bearer token")
            .effect(Effect::Delete),
        Operation::post("connect-to-website", "Connect user to website", "/connect-user-to-website")
            .summary("Gives a user access to a website.")
            .inputs(&[WEBSITE_ID, USER_ID]),
        Operation::get("list", "List users", "/users")
            .summary("Lists the users of a website.")
            .inputs(&[WEBSITE, LIMIT, OFFSET])
            .paged(&PAGES),
        Operation::post("update", "Update user", "/update-user")
            .summary("Changes a user of a website.")
            .inputs(&[
                WEBSITE,
                body("id", ID).describe("ID of the user."),
                FIRST_NAME,
                LAST_NAME,
                body("email", EMAIL).optional().describe("Email address."),
                words("phone", "Phone number."),
                COUNTRY,
                words("lifetime", "The field of this name; its meaning is not documented."),
            ])
            .idempotent(),
        Operation::get("get-profile", "Get profile", "/profile")
            .summary("Fetches the profile of the API key's own user.")
            .inputs(&[WEBSITE])
            .sensitive_outputs(TOKENS),
        // Each answer has a new token, so it is not idempotent.
        Operation::post("update-profile", "Update profile", "/profile")
            .summary("Changes the profile of the API key's own user; the answer has a new token.")
            .inputs(&[
                FIRST_NAME,
                LAST_NAME,
                body("email", EMAIL).optional().describe("Email address of the user."),
                body("companyEmail", EMAIL).optional().describe("Email address of the company."),
                words("address", "Street and house number."),
                words("city", "City."),
                words("state", "State or province."),
                words("zip", "Postal code."),
                COUNTRY,
                body("marketing", boolean()).optional().describe("Whether the user wants advertising mail."),
                body("updates", boolean())
                    .optional()
                    .describe("Whether the user wants mail about news of the product."),
            ])
            .sensitive_outputs(TOKENS),
        Operation::post("reassign-notes", "Reassign notes", "/reassign-notes")
            .summary("Hands all notes of a user over to another one.")
            .inputs(&[OLD_USER, NEW_USER])
            .unverified("the path is a guess; only the two inputs are known"),
        Operation::post("reassign-activities", "Reassign activities", "/reassign-activities")
            .summary("Hands all activities of a user over to another one.")
            .inputs(&[OLD_USER, NEW_USER])
            .unverified("the path is a guess; only the two inputs are known"),
        Operation::get("get-credits", "Get credits", "/get-credits")
            .summary("Tells how many credits the account has, and how many are used."),
        // These four are for people who have not logged in: there is no token yet that the web client could send.
        Operation::post("login", "Log in", "/login")
            .summary("Logs a person in by email and password; the answer has a token that acts for this person.")
            .inputs(&[OWN_EMAIL, body("password", PASSWORD).sensitive().describe("Password of the account.")])
            .sensitive_outputs(TOKENS)
            .scheme(None),
        Operation::post("register", "Register", "/register")
            .summary("Makes a new account for a person.")
            .inputs(&[
                FIRST_NAME,
                LAST_NAME,
                OWN_EMAIL,
                words("company", "Name of the company."),
                body("password", PASSWORD).sensitive().describe("Password for the account."),
                words("password_confirm", "The same password once more.").sensitive(),
                words("marketing", "Consent to advertising mail, as a text."),
                words("policy", "Consent to the provider's policy, as a text."),
            ])
            .sensitive_outputs(TOKENS)
            .scheme(None),
        Operation::post("request-password-reset", "Request password reset", "/verify-email")
            .summary("Sends a person the mail with the link by which the password is reset.")
            .inputs(&[OWN_EMAIL])
            .scheme(None),
        Operation::post("reset-password", "Reset password", "/password-reset")
            .summary("Sets a new password by the token of the mail that request-password-reset sends.")
            .inputs(&[
                body("token", text().at_least(1)).sensitive().describe("Token from the link in the mail."),
                body("password", PASSWORD).sensitive().describe("The new password."),
            ])
            .scheme(None),
    ],
);
