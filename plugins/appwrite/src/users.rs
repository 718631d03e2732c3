use wharf_plugin::{
    Call, Constant, DeclaredRequest, Effect, Failure, Field, Input, Method, Operation, Output, Paging, Place, Request,
    Resource, Schema, body, boolean, code_only, integer, list, object, one_of, path, text,
};

use crate::data::{NEW_ID, SEARCH, TOTAL};
use crate::ids::ID;
use crate::messages::LOG_PAGE;
use crate::pages::pages;
use crate::queries::QUERIES;

const USER_PAGES: Paging = pages("/users");
const MEMBERSHIP_PAGES: Paging = pages("/memberships");

const PHONE: Schema = text().matches("^\\+[1-9][0-9]{1,14}$");
/// The phone number of a user who exists already can be taken away.
const PHONE_OR_NONE: Schema = text().matches("^(\\+[1-9][0-9]{1,14})?$");
const PASSWORD: Schema = text().at_least(8);
const LABEL: Schema = text().at_least(1).at_most(36).matches("^[a-zA-Z0-9]*$");
/// The numbers of the hash algorithms.
const COST: Schema = integer().at_least(1).at_most(2_147_483_647);

pub(crate) const USER_ID: Input = path("userId", ID).describe("ID of the user.");
const NEW_USER_ID: Input = body("userId", NEW_ID).describe("ID of the new user; unique() lets the server choose one.");
const EMAIL: Input = body("email", text().format("email")).describe("Email address.");
const NAME: Input = body("name", text().at_most(128)).describe("Name of the user.");
const NUMBER: Input = body("number", PHONE_OR_NONE)
    .describe("Phone number with + and country code; an empty text takes the present one away.");
const NEW_PASSWORD: Input = body("password", PASSWORD).sensitive().describe("New password in plain text.");
const PREFS: Input = body("prefs", object()).describe("All preferences, at most 64 kB; those not named are gone.");
const LABELS: Input = body("labels", list(&LABEL).at_most(1000))
    .describe("All labels, which permissions can name; those not named are gone.");
const STATUS: Input = body("status", boolean()).describe("True to let the user in, false to block.");
const EMAIL_VERIFICATION: Input =
    body("emailVerification", boolean()).describe("Whether the email address counts as verified.");
const PHONE_VERIFICATION: Input =
    body("phoneVerification", boolean()).describe("Whether the phone number counts as verified.");
const SALT: Input = body("passwordSalt", text()).sensitive().describe("Salt that it was hashed with.");

const USER_SECRETS: &[&str] = &["/password", "/hashOptions"];
const RECOVERY_CODES: &[&str] = &["/recoveryCodes"];

/// The value of `userId` by which the server chooses one.
const UNIQUE: &str = "unique()";
const CREATE_UNIQUE: &str = "create-unique";
const WHY_FREE: &str = "the id of the new user, from the answer to the creation";

/// The steps of an update, in their order: the input that asks for one, and its request. The server takes a new address
/// or number for not verified, so these come before what says otherwise.
const STEPS: [(&str, &str); 9] = [
    ("email", "set-email"),
    ("name", "set-name"),
    ("password", "set-password"),
    ("prefs", "set-prefs"),
    ("number", "set-phone"),
    ("phoneVerification", "set-phone-verification"),
    ("emailVerification", "set-email-verification"),
    ("labels", "set-labels"),
    ("status", "set-status"),
];

/// The steps of a creation after the user exists.
const VERIFICATIONS: [(&str, &str); 2] =
    [("emailVerification", "set-email-verification"), ("phoneVerification", "set-phone-verification")];

const fn set(name: &'static str, path: &'static str, fields: &'static [Field]) -> DeclaredRequest {
    DeclaredRequest::new(name, Method::Patch, path).fields(fields)
}

/// With a password that another system hashed.
const fn create_hashed(action: &'static str, title: &'static str, path: &'static str) -> Operation {
    Operation::post(action, title, path).sensitive_outputs(USER_SECRETS)
}

const fn hash(description: &'static str) -> Input {
    body("password", text().at_least(1)).sensitive().describe(description)
}

/// Sets one thing of a user, who is the answer.
const fn update_one(action: &'static str, title: &'static str, path: &'static str) -> Operation {
    Operation::patch(action, title, path).sensitive_outputs(USER_SECRETS)
}

pub(crate) const USERS: Resource = Resource::new(
    "users",
    &[
        Operation::get("list", "List users", "/users")
            .summary("Lists the users of the project, a page at a time.")
            .inputs(&[QUERIES, SEARCH.describe("Finds users by name, email, phone or ID."), TOTAL])
            .paged(&USER_PAGES)
            .answers_with(&["users"])
            .sensitive_outputs(&["/users/*/password", "/users/*/hashOptions"]),
        Operation::post("create", "Create user", "/users")
            .summary("Creates a user and, where wanted, marks email or phone as verified. Nobody is written to.")
            .inputs(&[
                NEW_USER_ID
                    .or_send("\"unique()\"")
                    .describe("ID of the new user; without it, or as unique() or unique, the server chooses one."),
                EMAIL.optional().or_null(),
                body("phone", PHONE.or_null())
                    .optional()
                    .describe("Phone number with + and country code, such as +16175551212."),
                NEW_PASSWORD.optional().describe("Password in plain text."),
                NAME.optional(),
                code_only("emailVerification", boolean())
                    .optional()
                    .describe("Whether the email address counts as verified; it does not where left out."),
                code_only("phoneVerification", boolean())
                    .optional()
                    .describe("Whether the phone number counts as verified; it does not where left out."),
            ])
            .also(&[
                DeclaredRequest::new(CREATE_UNIQUE, Method::Post, "/users")
                    .constants(&[Constant::body("userId", UNIQUE)])
                    .fields(&[
                        Field::bound(Place::Body, "email", "email"),
                        Field::bound(Place::Body, "phone", "phone"),
                        Field::bound(Place::Body, "password", "password"),
                        Field::bound(Place::Body, "name", "name"),
                    ]),
                set(
                    "set-email-verification",
                    "/users/{userId}/verification",
                    &[
                        Field::free(Place::Variable, "userId", WHY_FREE),
                        Field::bound(Place::Body, "emailVerification", "emailVerification"),
                    ],
                ),
                set(
                    "set-phone-verification",
                    "/users/{userId}/verification/phone",
                    &[
                        Field::free(Place::Variable, "userId", WHY_FREE),
                        Field::bound(Place::Body, "phoneVerification", "phoneVerification"),
                    ],
                ),
            ])
            .run(create)
            .sensitive_outputs(USER_SECRETS),
        create_hashed("create-argon2", "Create user with Argon2 password", "/users/argon2")
            .summary("Creates a user whose password is known only as a hash by Argon2.")
            .inputs(&[NEW_USER_ID, EMAIL, hash("Hash by Argon2, with its parameters in it."), NAME.optional()]),
        create_hashed("create-bcrypt", "Create user with bcrypt password", "/users/bcrypt")
            .summary("Creates a user whose password is known only as a hash by bcrypt.")
            .inputs(&[NEW_USER_ID, EMAIL, hash("Hash by bcrypt."), NAME.optional()]),
        create_hashed("create-md5", "Create user with MD5 password", "/users/md5")
            .summary("Creates a user whose password is known only as a hash by MD5, which is easily broken.")
            .inputs(&[NEW_USER_ID, EMAIL, hash("Hash by MD5."), NAME.optional()]),
        create_hashed("create-phpass", "Create user with PHPass password", "/users/phpass")
            .summary("Creates a user whose password is known only as a hash by PHPass.")
            .inputs(&[NEW_USER_ID, EMAIL, hash("Hash by PHPass."), NAME.optional()]),
        create_hashed("create-scrypt", "Create user with scrypt password", "/users/scrypt")
            .summary("Creates a user whose password is known only as a hash by scrypt, with what it was made by.")
            .inputs(&[
                NEW_USER_ID,
                EMAIL,
                hash("Hash by scrypt."),
                SALT,
                body("passwordCpu", COST).describe("CPU cost that it was hashed with."),
                body("passwordMemory", COST).describe("Memory cost that it was hashed with."),
                body("passwordParallel", COST).describe("Parallelism that it was hashed with."),
                body("passwordLength", COST).describe("Length of the hash."),
                NAME.optional(),
            ]),
        create_hashed("create-scrypt-modified", "Create user with modified scrypt password", "/users/scrypt-modified")
            .summary("Creates a user whose password is known only as a hash by Firebase's variant of scrypt.")
            .inputs(&[
                NEW_USER_ID,
                EMAIL,
                hash("Hash by the variant of scrypt."),
                SALT,
                body("passwordSaltSeparator", text()).sensitive().describe("Salt separator of the project it is from."),
                body("passwordSignerKey", text()).sensitive().describe("Signer key of the project it is from."),
                NAME.optional(),
            ]),
        create_hashed("create-sha", "Create user with SHA password", "/users/sha")
            .summary("Creates a user whose password is known only as a hash by an algorithm of the SHA family.")
            .inputs(&[
                NEW_USER_ID,
                EMAIL,
                hash("Hash by SHA."),
                body(
                    "passwordVersion",
                    one_of(&[
                        "sha1",
                        "sha224",
                        "sha256",
                        "sha384",
                        "sha512/224",
                        "sha512/256",
                        "sha512",
                        "sha3-224",
                        "sha3-256",
                        "sha3-384",
                        "sha3-512",
                    ]),
                )
                .optional()
                .describe("Algorithm that it was hashed by."),
                NAME.optional(),
            ]),
        Operation::get("get", "Get user", "/users/{userId}")
            .summary("Fetches one user.")
            .inputs(&[USER_ID])
            .sensitive_outputs(USER_SECRETS),
        // Not idempotent, like those of email, phone and password alone.
        Operation::function(
            "update",
            "Update user",
            Effect::Write,
            &[
                set("set-email", "/users/{userId}/email", &[Field::bound(Place::Body, "email", "email")]),
                set("set-name", "/users/{userId}/name", &[Field::bound(Place::Body, "name", "name")]),
                set("set-password", "/users/{userId}/password", &[Field::bound(Place::Body, "password", "password")]),
                set("set-prefs", "/users/{userId}/prefs", &[Field::bound(Place::Body, "prefs", "prefs")]),
                set("set-phone", "/users/{userId}/phone", &[Field::bound(Place::Body, "number", "number")]),
                set(
                    "set-phone-verification",
                    "/users/{userId}/verification/phone",
                    &[Field::bound(Place::Body, "phoneVerification", "phoneVerification")],
                ),
                set(
                    "set-email-verification",
                    "/users/{userId}/verification",
                    &[Field::bound(Place::Body, "emailVerification", "emailVerification")],
                ),
                DeclaredRequest::new("set-labels", Method::Put, "/users/{userId}/labels").fields(&[Field::bound(
                    Place::Body,
                    "labels",
                    "labels",
                )]),
                set("set-status", "/users/{userId}/status", &[Field::bound(Place::Body, "status", "status")]),
                DeclaredRequest::new("get", Method::Get, "/users/{userId}"),
            ],
            update,
        )
        .summary("Changes what is given of a user, one request each; stops at the first that fails and tells which.")
        .inputs(&[
            USER_ID,
            EMAIL.optional().describe("New email address, which counts as not verified unless the same call says so."),
            NAME.optional(),
            NEW_PASSWORD.optional(),
            PREFS.optional(),
            NUMBER.optional(),
            PHONE_VERIFICATION.optional(),
            EMAIL_VERIFICATION.optional(),
            LABELS.optional(),
            STATUS.optional(),
        ])
        .sensitive_outputs(USER_SECRETS),
        Operation::delete("delete", "Delete user", "/users/{userId}")
            .summary(
                "Deletes a user and frees the ID, but not what belongs to it; to keep the ID, block by update-status.",
            )
            .inputs(&[USER_ID])
            .answers_success(),
        // A second time the server finds the address with a target of this very user, and refuses.
        update_one("update-email", "Update email", "/users/{userId}/email")
            .summary("Changes a user's email address, which then counts as not verified.")
            .inputs(&[USER_ID, EMAIL]),
        update_one("update-email-verification", "Update email verification", "/users/{userId}/verification")
            .summary("Marks a user's email address as verified or not.")
            .inputs(&[USER_ID, EMAIL_VERIFICATION])
            .idempotent(),
        // As with the email address.
        update_one("update-phone", "Update phone", "/users/{userId}/phone")
            .summary("Changes a user's phone number, which then counts as not verified.")
            .inputs(&[USER_ID, NUMBER]),
        update_one("update-phone-verification", "Update phone verification", "/users/{userId}/verification/phone")
            .summary("Marks a user's phone number as verified or not.")
            .inputs(&[USER_ID, PHONE_VERIFICATION])
            .idempotent(),
        update_one("update-name", "Update name", "/users/{userId}/name")
            .summary("Renames a user.")
            .inputs(&[USER_ID, NAME])
            .idempotent(),
        // A project may refuse passwords that were used before.
        update_one("update-password", "Update password", "/users/{userId}/password")
            .summary("Sets a user's password; whether this ends the user's sessions is a setting of the project.")
            .inputs(&[USER_ID, NEW_PASSWORD]),
        update_one("update-status", "Update user status", "/users/{userId}/status")
            .summary("Blocks a user or lets a blocked one in again.")
            .inputs(&[USER_ID, STATUS])
            .idempotent(),
        Operation::put("update-labels", "Update user labels", "/users/{userId}/labels")
            .summary("Replaces a user's labels.")
            .inputs(&[USER_ID, LABELS])
            .sensitive_outputs(USER_SECRETS),
        Operation::get("get-preferences", "Get user preferences", "/users/{userId}/prefs")
            .summary("Fetches a user's preferences.")
            .inputs(&[USER_ID]),
        Operation::patch("update-preferences", "Update user preferences", "/users/{userId}/prefs")
            .summary("Replaces a user's preferences as a whole.")
            .inputs(&[USER_ID, PREFS])
            .idempotent(),
        Operation::get("list-logs", "List user logs", "/users/{userId}/logs")
            .summary("Lists what a user did, when and from where.")
            .inputs(&[USER_ID, LOG_PAGE, TOTAL])
            .answers_with(&["logs"]),
        Operation::get("list-memberships", "List user memberships", "/users/{userId}/memberships")
            .summary("Lists the teams that a user belongs to or is invited to, with roles, a page at a time.")
            .inputs(&[USER_ID, QUERIES, SEARCH, TOTAL])
            .paged(&MEMBERSHIP_PAGES)
            .answers_with(&["memberships"]),
        Operation::get("list-sessions", "List user sessions", "/users/{userId}/sessions")
            .summary("Lists the sessions in which a user is signed in.")
            .inputs(&[USER_ID, TOTAL.describe("Whether to count the sessions.")])
            .answers_with(&["sessions"])
            .sensitive_outputs(&[
                "/sessions/*/providerAccessToken",
                "/sessions/*/providerRefreshToken",
                "/sessions/*/secret",
            ]),
        Operation::post("create-session", "Create session", "/users/{userId}/sessions")
            .summary("Signs a user in; whoever has the session's secret acts as that user.")
            .inputs(&[USER_ID])
            .sensitive_outputs(&["/providerAccessToken", "/providerRefreshToken", "/secret"]),
        Operation::delete("delete-session", "Delete user session", "/users/{userId}/sessions/{sessionId}")
            .summary("Signs a user out of one session.")
            .inputs(&[USER_ID, path("sessionId", ID).describe("ID of the session; it need not be one of that user.")])
            .answers_success(),
        // A user without sessions is no error.
        Operation::delete("delete-all-sessions", "Delete all user sessions", "/users/{userId}/sessions")
            .summary("Signs a user out of all sessions.")
            .inputs(&[USER_ID])
            .idempotent()
            .answers_success(),
        Operation::post("create-token", "Create token", "/users/{userId}/tokens")
            .summary(
                "Creates a secret by which a client can begin a session as the user, for sign-in flows of your own.",
            )
            .inputs(&[
                USER_ID,
                body("length", integer().at_least(4).at_most(128).provider_default("6"))
                    .optional()
                    .describe("Length of the secret in characters."),
                body("expire", integer().at_least(60).at_most(31_536_000).provider_default("900"))
                    .optional()
                    .describe("After how many seconds it ends."),
            ])
            .sensitive_outputs(&["/secret", "/phrase"]),
        Operation::post("create-jwt", "Create user JWT", "/users/{userId}/jwts")
            .summary("Creates a JSON Web Token by which a client acts as the user for a while.")
            .inputs(&[
                USER_ID,
                body("sessionId", ID)
                    .optional()
                    .describe("ID of a session of the user, or recent, the default; the token ends with it."),
                body("duration", integer().at_least(0).at_most(3600).provider_default("900"))
                    .optional()
                    .describe("After how many seconds it ends."),
            ])
            .sensitive_outputs(&["/jwt"]),
        update_one("update-mfa", "Update MFA", "/users/{userId}/mfa")
            .summary("Turns a user's multi-factor authentication on or off.")
            .inputs(&[USER_ID, body("mfa", boolean()).describe("Whether a second factor is asked for.")])
            .idempotent(),
        Operation::get("list-mfa-factors", "List MFA factors", "/users/{userId}/mfa/factors")
            .summary("Tells which second factors a user has.")
            .inputs(&[USER_ID]),
        Operation::delete(
            "delete-mfa-authenticator",
            "Delete authenticator",
            "/users/{userId}/mfa/authenticators/{type}",
        )
        .summary("Removes a user's authenticator app as a second factor.")
        .inputs(&[USER_ID, path("type", one_of(&["totp"])).describe("Kind of authenticator.")])
        .answers_success(),
        // They open an account that has a second factor.
        Operation::get("get-mfa-recovery-codes", "Get MFA recovery codes", "/users/{userId}/mfa/recovery-codes")
            .summary(
                "Hands out the codes that stand in for a user's second factor; they must have been created before.",
            )
            .inputs(&[USER_ID])
            .sensitive_outputs(RECOVERY_CODES),
        Operation::patch(
            "create-mfa-recovery-codes",
            "Create MFA recovery codes",
            "/users/{userId}/mfa/recovery-codes",
        )
        .summary("Creates a user's recovery codes; fails where there are some (then: update-mfa-recovery-codes).")
        .inputs(&[USER_ID])
        .sensitive_outputs(RECOVERY_CODES),
        Operation::put(
            "update-mfa-recovery-codes",
            "Regenerate MFA recovery codes",
            "/users/{userId}/mfa/recovery-codes",
        )
        .summary("Replaces a user's recovery codes by new ones; the old ones open nothing any more.")
        .inputs(&[USER_ID])
        .not_idempotent()
        .sensitive_outputs(RECOVERY_CODES),
    ],
);

/// The bare word is a frequent slip: as an ID it would do once, and conflict from then on.
fn create(call: &Call<'_>) -> Result<Output, Failure> {
    let means_unique = call.text("userId") == Some("unique");
    let request = if means_unique { call.request(CREATE_UNIQUE) } else { call.own_request() };
    let response = request.send()?;
    let mut answer = call.read(&response)?;
    let given = given(call, &VERIFICATIONS);
    if given.is_empty() {
        return Ok(Output::text(answer));
    }
    let Some(id) = response.member("$id") else {
        return Err(response.makes_no_sense("an object with `$id`"));
    };
    let mut done = Vec::new();
    for (input, request) in given {
        answer = send(call.request(request).variable("userId", &id), call).map_err(|failure| {
            failure.with_note(&format!("user `{id}` was created, but {}", failed_at(input, &done)))
        })?;
        done.push(input);
    }
    Ok(Output::text(answer))
}

fn update(call: &Call<'_>) -> Result<Output, Failure> {
    let mut done = Vec::new();
    for (input, request) in given(call, &STEPS) {
        send(call.request(request), call).map_err(|failure| failure.with_note(&failed_at(input, &done)))?;
        done.push(input);
    }
    send(call.request("get"), call).map(Output::text).map_err(|failure| match done.as_slice() {
        [] => failure,
        done => failure.with_note(&format!("`{}` set, but the user could not be read", done.join("`, `"))),
    })
}

fn failed_at(input: &str, done: &[&str]) -> String {
    if done.is_empty() {
        format!("failed at `{input}`, with nothing set before")
    } else {
        format!("failed at `{input}`, with `{}` set before", done.join("`, `"))
    }
}

/// Those of the steps that the caller asks for. False is asked for as well.
fn given<'a>(call: &Call<'_>, steps: &[(&'a str, &'a str)]) -> Vec<(&'a str, &'a str)> {
    steps.iter().copied().filter(|(input, _)| call.input(input).is_some()).collect()
}

fn send(request: Request, call: &Call<'_>) -> Result<String, Failure> {
    call.read(&request.send()?)
}
