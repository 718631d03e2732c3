//! What the project starts with.

use serde_json::{Value, json};

use super::avatars::PNG;
use super::parts::signature;
use super::{BUCKET_ID, COLLECTION_ID, DATABASE_ID, FILE_ID, FUNCTION_ID, SESSIONS, State, TOPIC_ID, USER_ID, kinds};

const CREATED: &str = "2026-01-05T09:00:00.000+00:00";
const EXPIRES: &str = "2099-01-05T09:00:00.000+00:00";

impl State {
    pub(super) fn seed(&mut self) {
        self.seed_users();
        self.seed_messaging();
        self.seed_functions();
        self.seed_storage();
        self.seed_data();
    }

    fn seed_users(&mut self) {
        for (id, name, phone) in
            [(USER_ID, "Ada Lovelace", "+4930901820"), ("grace", "Grace Hopper", ""), ("edsger", "Edsger Dijkstra", "")]
        {
            let email = format!("{id}@example.com");
            self.put("users", user(id, name, &email, phone));
            self.add_target(id, &format!("{id}-email"), "email", &email);
        }
        for (user, sessions) in SESSIONS {
            for id in sessions {
                self.put(&format!("users/{user}/sessions"), session(id, user));
            }
        }
        self.add_target(USER_ID, "ada-sms", "sms", "+4930901820");
        self.add_target(USER_ID, "ada-push", "push", "simulated-device");
        self.put("users/ada/logs", log("user.create"));
        self.put("users/ada/logs", log("session.create"));
        self.put(
            "users/ada/memberships",
            json!({
                "$id": "ada-keepers", "userId": "ada", "userName": "Ada Lovelace", "userEmail": "ada@example.com",
                "teamId": "keepers", "teamName": "Keepers", "invited": CREATED, "joined": CREATED, "confirm": true,
                "mfa": false, "roles": ["owner"],
            }),
        );
        self.put("users/ada/authenticators", json!({ "$id": "totp" }));
        self.put(
            "identities",
            json!({
                "$id": "ada-github", "userId": "ada", "provider": "github", "providerUid": "1815",
                "providerEmail": "ada@example.com", "providerAccessToken": "simulated-access-token",
                "providerAccessTokenExpiry": EXPIRES, "providerRefreshToken": "simulated-refresh-token",
            }),
        );
    }

    fn seed_messaging(&mut self) {
        self.put(
            "providers",
            json!({
                "$id": "mail", "name": "Mail", "provider": "smtp", "enabled": true, "type": "email",
                "credentials": { "host": "mail.example.com", "port": 587 },
                "options": { "fromEmail": "harbour@example.com" },
            }),
        );
        self.put(
            "topics",
            json!({
                "$id": TOPIC_ID, "name": "News", "emailTotal": 1, "smsTotal": 0, "pushTotal": 0,
                "subscribe": ["users"],
            }),
        );
        let target = self.store.find("users/grace/targets", "grace-email").cloned().unwrap_or_default();
        self.put(
            &format!("topics/{TOPIC_ID}/subscribers"),
            json!({
                "$id": "grace-news", "targetId": "grace-email", "target": target, "userId": "grace",
                "userName": "Grace Hopper", "topicId": TOPIC_ID, "providerType": "email",
            }),
        );
        self.put(
            "messages",
            json!({
                "$id": "welcome", "providerType": "email", "topics": [TOPIC_ID], "users": [],
                "targets": ["ada-email"], "scheduledAt": "", "deliveredAt": CREATED, "deliveryErrors": [],
                "deliveredTotal": 2, "data": { "subject": "Welcome", "content": "The light is on." },
                "status": "sent",
            }),
        );
        for list in [&format!("topics/{TOPIC_ID}/logs"), "messages/welcome/logs", "providers/mail/logs", "logs"] {
            self.put(list, log("messaging"));
        }
    }

    fn seed_functions(&mut self) {
        let list = format!("functions/{FUNCTION_ID}/deployments");
        let mut function = json!({ "$id": FUNCTION_ID });
        extend(&mut function, kinds::of("functions").defaults());
        extend(
            &mut function,
            json!({ "name": "Greeter", "runtime": "node-22", "entrypoint": "main.js", "deploymentId": "first" }),
        );
        self.put("functions", function);
        let code = b"\x1f\x8bsimulated code";
        self.put(
            &list,
            json!({
                "$id": "first", "type": "manual", "resourceId": FUNCTION_ID, "resourceType": "functions",
                "entrypoint": "main.js", "sourceSize": code.len(), "buildSize": code.len(), "totalSize": code.len(),
                "buildId": "first-build", "activate": true, "status": "ready", "buildLogs": "", "buildDuration": 1,
            }),
        );
        self.keep(&list, "first", "code.tar.gz", "application/gzip", code);
        self.put(
            &format!("functions/{FUNCTION_ID}/variables"),
            json!({
                "$id": "greeting", "key": "GREETING", "value": "Ahoy", "secret": false, "resourceType": "function",
                "resourceId": FUNCTION_ID,
            }),
        );
    }

    fn seed_storage(&mut self) {
        let mut bucket = json!({ "$id": BUCKET_ID, "name": "Pictures" });
        extend(&mut bucket, kinds::of("buckets").defaults());
        self.put("buckets", bucket);
        let list = format!("buckets/{BUCKET_ID}/files");
        self.put(
            &list,
            json!({
                "$id": FILE_ID, "bucketId": BUCKET_ID, "$permissions": ["read(\"any\")"], "name": "lighthouse.png",
                "signature": signature(&PNG), "mimeType": "image/png", "sizeOriginal": PNG.len(), "chunksTotal": 1,
                "chunksUploaded": 1, "encryption": true, "compression": "none",
            }),
        );
        self.keep(&list, FILE_ID, "lighthouse.png", "image/png", &PNG);
    }

    fn seed_data(&mut self) {
        self.put("databases", json!({ "$id": DATABASE_ID, "name": "Library" }));
        let list = format!("databases/{DATABASE_ID}/collections");
        self.put(&list, json!({ "$id": COLLECTION_ID, "name": "Books" }));
        for (id, title, copies) in [("emma", "Emma", 3), ("dracula", "Dracula", 1), ("ulysses", "Ulysses", 0)] {
            let sequence = self.store.number();
            self.put(
                &format!("{list}/{COLLECTION_ID}/documents"),
                json!({
                    "$id": id, "$sequence": sequence, "$databaseId": DATABASE_ID, "$permissions": [], "title": title,
                    "copies": copies,
                }),
            );
        }
    }

    fn put(&mut self, list: &str, mut thing: Value) {
        extend(&mut thing, json!({ "$createdAt": CREATED, "$updatedAt": CREATED }));
        self.store.add(list, thing);
    }
}

fn extend(thing: &mut Value, members: Value) {
    if let (Some(thing), Value::Object(members)) = (thing.as_object_mut(), members) {
        thing.extend(members);
    }
}

fn log(event: &str) -> Value {
    json!({
        "event": event, "userId": "ada", "userEmail": "ada@example.com", "userName": "Ada Lovelace", "mode": "admin",
        "ip": "127.0.0.1", "time": CREATED, "countryCode": "--", "countryName": "Unknown",
    })
}

fn user(id: &str, name: &str, email: &str, phone: &str) -> Value {
    json!({
        "$id": id,
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
        "accessedAt": CREATED,
    })
}

pub(super) fn session(id: &str, user: &str) -> Value {
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
