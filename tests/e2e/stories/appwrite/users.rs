//! Users and what belongs to them.

use serde_json::json;

use crate::stories::{call, fails};
use crate::world::World;

#[test]
fn a_user_is_made_found_listed_changed_and_deleted() {
    let world = World::new();
    let made = call(
        &world,
        "appwrite users.create",
        json!({"userId": "mary", "name": "Mary Shelley", "email": "mary@example.com", "phone": "+441234567890",
               "password": "frankenstein", "emailVerification": true, "phoneVerification": true}),
    );
    assert_eq!((&made["name"], &made["phone"]), (&json!("Mary Shelley"), &json!("+441234567890")));
    assert_eq!((&made["emailVerification"], &made["phoneVerification"]), (&json!(true), &json!(true)));
    fails(
        &world,
        "appwrite users.create",
        json!({"email": "mary@example.com"}),
        4,
        &["conflict", "user_already_exists"],
    );

    let found = call(&world, "appwrite users.get", json!({"userId": "mary"}));
    assert_eq!(found["email"], "mary@example.com");
    let listed = call(&world, "appwrite users.list", json!({"search": "shelley"}));
    assert_eq!((&listed["total"], &listed["users"][0]["$id"]), (&json!(1), &json!("mary")));

    let changed = call(
        &world,
        "appwrite users.update",
        json!({"userId": "mary", "email": "mws@example.com", "name": "Mary W. Shelley", "password": "prometheus",
               "prefs": {"theme": "dark"}, "number": "+441234567891", "phoneVerification": true,
               "emailVerification": true, "labels": ["author"], "status": false}),
    );
    assert_eq!((&changed["name"], &changed["email"]), (&json!("Mary W. Shelley"), &json!("mws@example.com")));
    assert_eq!((&changed["phone"], &changed["status"]), (&json!("+441234567891"), &json!(false)));
    assert_eq!((&changed["emailVerification"], &changed["phoneVerification"]), (&json!(true), &json!(true)));
    assert_eq!((&changed["labels"], &changed["prefs"]), (&json!(["author"]), &json!({"theme": "dark"})));

    assert_eq!(call(&world, "appwrite users.delete", json!({"userId": "mary"})), json!({"success": true}));
    fails(&world, "appwrite users.get", json!({"userId": "mary"}), 4, &["not found", "user_not_found"]);
}

#[test]
fn each_thing_of_a_user_is_changed_alone() {
    let world = World::new();
    let changes = [
        ("appwrite users.update-email", "email", "email", json!("countess@example.com")),
        ("appwrite users.update-email-verification", "emailVerification", "emailVerification", json!(true)),
        ("appwrite users.update-phone", "number", "phone", json!("+4930901821")),
        ("appwrite users.update-phone-verification", "phoneVerification", "phoneVerification", json!(true)),
        ("appwrite users.update-name", "name", "name", json!("Countess of Lovelace")),
        ("appwrite users.update-labels", "labels", "labels", json!(["countess"])),
        ("appwrite users.update-status", "status", "status", json!(false)),
        ("appwrite users.update-mfa", "mfa", "mfa", json!(true)),
    ];
    for (operation, input, output, value) in changes {
        let user = call(&world, operation, json!({"userId": "ada", input: value}));
        assert_eq!(user[output], value, "{operation}");
        let found = call(&world, "appwrite users.get", json!({"userId": "ada"}));
        assert_eq!(found[output], value, "{operation}");
    }
    let before = call(&world, "appwrite users.get", json!({"userId": "ada"}));
    let after = call(&world, "appwrite users.update-password", json!({"userId": "ada", "password": "analytical"}));
    assert_ne!(before["password"], after["password"]);
}

#[test]
fn the_preferences_of_a_user_are_replaced() {
    let world = World::new();
    call(&world, "appwrite users.update-preferences", json!({"userId": "ada", "prefs": {"old": 1}}));
    let prefs = json!({"theme": "light", "numbers": [1, 2]});
    let replaced = call(&world, "appwrite users.update-preferences", json!({"userId": "ada", "prefs": prefs}));
    assert_eq!(replaced, prefs);
    assert_eq!(call(&world, "appwrite users.get-preferences", json!({"userId": "ada"})), prefs);
}

#[test]
fn a_user_may_come_with_the_hash_of_a_password() {
    let world = World::new();
    let hashes = [
        ("appwrite users.create-argon2", json!({})),
        ("appwrite users.create-bcrypt", json!({})),
        ("appwrite users.create-md5", json!({})),
        ("appwrite users.create-phpass", json!({})),
        ("appwrite users.create-sha", json!({"passwordVersion": "sha512"})),
        (
            "appwrite users.create-scrypt",
            json!({"passwordSalt": "s", "passwordCpu": 8, "passwordMemory": 14, "passwordParallel": 1,
                   "passwordLength": 64}),
        ),
        (
            "appwrite users.create-scrypt-modified",
            json!({"passwordSalt": "s", "passwordSaltSeparator": "Bw==", "passwordSignerKey": "k"}),
        ),
    ];
    for (position, (operation, mut input)) in hashes.into_iter().enumerate() {
        let id = format!("moved-{position}");
        input["userId"] = json!(id);
        input["email"] = json!(format!("{id}@example.com"));
        input["name"] = json!("Moved");
        input["password"] = json!("a-hash");
        let made = call(&world, operation, input);
        assert_eq!((&made["$id"], &made["name"]), (&json!(id), &json!("Moved")), "{operation}");
        let kind = operation.strip_prefix("appwrite users.create-");
        assert_eq!(made["hash"].as_str(), kind, "{operation}");
    }
}

#[test]
fn a_user_is_signed_in_and_out() {
    let world = World::new();
    let session = call(&world, "appwrite users.create-session", json!({"userId": "edsger"}));
    let listed = call(&world, "appwrite users.list-sessions", json!({"userId": "edsger"}));
    assert_eq!((&listed["total"], &listed["sessions"][2]["$id"]), (&json!(3), &session["$id"]));
    let one = json!({"userId": "edsger", "sessionId": session["$id"]});
    assert_eq!(call(&world, "appwrite users.delete-session", one.clone()), json!({"success": true}));
    fails(&world, "appwrite users.delete-session", one, 4, &["not found", "user_session_not_found"]);
    call(&world, "appwrite users.delete-all-sessions", json!({"userId": "edsger"}));
    assert_eq!(call(&world, "appwrite users.list-sessions", json!({"userId": "edsger"}))["total"], 0);
}

#[test]
fn a_user_gets_secrets_for_signing_in() {
    let world = World::new();
    let token = call(&world, "appwrite users.create-token", json!({"userId": "ada", "length": 12, "expire": 60}));
    assert_eq!((&token["userId"], token["secret"].as_str().unwrap().len()), (&json!("ada"), 12));
    let input = json!({"userId": "ada", "sessionId": "ada-phone", "duration": 60});
    assert!(call(&world, "appwrite users.create-jwt", input)["jwt"].is_string());
}

#[test]
fn the_second_factors_of_a_user_are_seen_to() {
    let world = World::new();
    let ada = json!({"userId": "ada"});
    let factors = call(&world, "appwrite users.list-mfa-factors", ada.clone());
    assert_eq!((&factors["totp"], &factors["recoveryCode"]), (&json!(true), &json!(false)));

    fails(&world, "appwrite users.get-mfa-recovery-codes", ada.clone(), 4, &["user_recovery_codes_not_found"]);
    let first = call(&world, "appwrite users.create-mfa-recovery-codes", ada.clone());
    assert_eq!(call(&world, "appwrite users.get-mfa-recovery-codes", ada.clone()), first);
    fails(&world, "appwrite users.create-mfa-recovery-codes", ada.clone(), 4, &["conflict"]);
    assert_ne!(call(&world, "appwrite users.update-mfa-recovery-codes", ada.clone()), first);

    let totp = json!({"userId": "ada", "type": "totp"});
    call(&world, "appwrite users.delete-mfa-authenticator", totp.clone());
    fails(&world, "appwrite users.delete-mfa-authenticator", totp, 4, &["user_authenticator_not_found"]);
    assert_eq!(call(&world, "appwrite users.list-mfa-factors", ada)["totp"], false);
}

#[test]
fn what_a_user_did_and_belongs_to_is_listed() {
    let world = World::new();
    let logs = call(&world, "appwrite users.list-logs", json!({"userId": "ada"}));
    assert_eq!((&logs["total"], &logs["logs"][0]["event"]), (&json!(2), &json!("user.create")));
    let one = json!({"userId": "ada", "queries": [r#"{"method":"limit","values":[1]}"#]});
    assert_eq!(call(&world, "appwrite users.list-logs", one)["logs"].as_array().unwrap().len(), 1);
    let teams = call(&world, "appwrite users.list-memberships", json!({"userId": "ada"}));
    assert_eq!(teams["memberships"][0]["teamName"], "Keepers");
}

#[test]
fn an_identity_is_listed_and_deleted() {
    let world = World::new();
    let of_ada = json!({"queries": [r#"{"method":"equal","attribute":"userId","values":["ada"]}"#]});
    let listed = call(&world, "appwrite identities.list", of_ada.clone());
    assert_eq!((&listed["total"], &listed["identities"][0]["provider"]), (&json!(1), &json!("github")));
    let identity = json!({"identityId": "ada-github"});
    assert_eq!(call(&world, "appwrite identities.delete", identity.clone()), json!({"success": true}));
    fails(&world, "appwrite identities.delete", identity, 4, &["not found", "user_identity_not_found"]);
    assert_eq!(call(&world, "appwrite identities.list", of_ada)["total"], 0);
}

#[test]
fn a_target_is_made_found_listed_changed_and_deleted() {
    let world = World::new();
    let made = call(
        &world,
        "appwrite targets.create",
        json!({"userId": "grace", "targetId": "work", "providerType": "email", "identifier": "navy@example.com",
               "providerId": "mail", "name": "Navy"}),
    );
    assert_eq!((&made["userId"], &made["providerId"]), (&json!("grace"), &json!("mail")));
    let one = json!({"userId": "grace", "targetId": "work"});
    assert_eq!(call(&world, "appwrite targets.get", one.clone()), made);
    let listed = call(&world, "appwrite targets.list", json!({"userId": "grace"}));
    assert_eq!((&listed["total"], &listed["targets"][1]["name"]), (&json!(2), &json!("Navy")));
    let changed = json!({"userId": "grace", "targetId": "work", "identifier": "cobol@example.com"});
    assert_eq!(call(&world, "appwrite targets.update", changed)["identifier"], "cobol@example.com");
    call(&world, "appwrite targets.delete", one.clone());
    fails(&world, "appwrite targets.get", one, 4, &["not found", "user_target_not_found"]);
}
