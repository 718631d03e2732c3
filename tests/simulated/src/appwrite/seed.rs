//! The users and sessions that the project starts with.

use serde_json::{Value, json};

use super::SESSIONS;

const CREATED: &str = "2026-01-05T09:00:00.000+00:00";
const EXPIRES: &str = "2099-01-05T09:00:00.000+00:00";

pub(super) fn users() -> Vec<Value> {
    vec![
        user("ada", "Ada Lovelace", "ada@example.com", "+4930901820"),
        user("grace", "Grace Hopper", "grace@example.com", ""),
        user("edsger", "Edsger Dijkstra", "edsger@example.com", ""),
    ]
}

pub(super) fn sessions() -> Vec<Value> {
    SESSIONS.iter().flat_map(|(user, sessions)| sessions.iter().map(|id| session(id, user))).collect()
}

fn user(id: &str, name: &str, email: &str, phone: &str) -> Value {
    json!({
        "$id": id,
        "$createdAt": CREATED,
        "$updatedAt": CREATED,
        "name": name,
        "password": "simulated-password-hash",
        "hash": "argon2",
        "hashOptions": { "type": "argon2", "memoryCost": 2048, "timeCost": 4, "threads": 3 },
        "registration": CREATED,
        "status": true,
        "labels": [],
        "passwordUpdate": CREATED,
        "email": email,
        "phone": phone,
        "emailVerification": true,
        "phoneVerification": false,
        "mfa": false,
        "prefs": {},
        "targets": [{
            "$id": format!("{id}-email"),
            "$createdAt": CREATED,
            "$updatedAt": CREATED,
            "name": "",
            "userId": id,
            "providerId": null,
            "providerType": "email",
            "identifier": email,
            "expired": false,
        }],
        "accessedAt": CREATED,
    })
}

fn session(id: &str, user: &str) -> Value {
    json!({
        "$id": id,
        "$createdAt": CREATED,
        "$updatedAt": CREATED,
        "userId": user,
        "expire": EXPIRES,
        "provider": "email",
        "providerUid": format!("{user}@example.com"),
        "providerAccessToken": "",
        "providerAccessTokenExpiry": "",
        "providerRefreshToken": "",
        "ip": "127.0.0.1",
        "osCode": "LIN",
        "osName": "GNU/Linux",
        "osVersion": "",
        "clientType": "browser",
        "clientCode": "FF",
        "clientName": "Firefox",
        "clientVersion": "146.0",
        "clientEngine": "Gecko",
        "clientEngineVersion": "146.0",
        "deviceName": "desktop",
        "deviceBrand": "",
        "deviceModel": "",
        "countryCode": "--",
        "countryName": "Unknown",
        "current": false,
        "factors": ["password"],
        "secret": "",
        "mfaUpdatedAt": "",
    })
}
