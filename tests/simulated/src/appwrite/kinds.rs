//! What kinds of things there are, and where they are kept.

use serde_json::{Value, json};

use super::fault::Fault;

/// A kind of things.
#[derive(Debug)]
pub(super) struct Kind {
    /// The first part of the names of its operations.
    pub(super) resource: &'static str,
    /// The name of the variable or parameter that holds its id.
    pub(super) id: &'static str,
    /// Its name in the kinds of faults: `user_not_found`.
    noun: &'static str,
    /// The path of the collection that it is kept in.
    within: &'static str,
    /// What the queries of its list may speak of; nothing stands for everything.
    pub(super) attributes: &'static [&'static str],
}

const fn kind(
    resource: &'static str,
    id: &'static str,
    noun: &'static str,
    within: &'static str,
    attributes: &'static [&'static str],
) -> Kind {
    Kind { resource, id, noun, within, attributes }
}

const NONE: Kind = kind("", "", "general", "", &[]);

const KINDS: [Kind; 19] = [
    kind(
        "users",
        "userId",
        "user",
        "users",
        &[
            "name",
            "email",
            "phone",
            "status",
            "passwordUpdate",
            "registration",
            "emailVerification",
            "phoneVerification",
            "labels",
        ],
    ),
    kind("sessions", "sessionId", "user_session", "users/{userId}/sessions", &[]),
    kind(
        "identities",
        "identityId",
        "user_identity",
        "identities",
        &["userId", "provider", "providerUid", "providerEmail", "providerAccessTokenExpiry"],
    ),
    kind(
        "targets",
        "targetId",
        "user_target",
        "users/{userId}/targets",
        &["userId", "providerId", "identifier", "providerType"],
    ),
    kind("databases", "databaseId", "database", "databases", &[]),
    kind("collections", "collectionId", "collection", "databases/{databaseId}/collections", &[]),
    kind("tables", "tableId", "collection", "databases/{databaseId}/collections", &[]),
    kind("documents", "documentId", "document", "databases/{databaseId}/collections/{collectionId}/documents", &[]),
    // The same data under a newer name.
    kind("rows", "rowId", "document", "databases/{databaseId}/collections/{tableId}/documents", &[]),
    kind(
        "functions",
        "functionId",
        "function",
        "functions",
        &[
            "name",
            "enabled",
            "runtime",
            "deploymentId",
            "schedule",
            "scheduleNext",
            "schedulePrevious",
            "timeout",
            "entrypoint",
            "commands",
            "installationId",
        ],
    ),
    kind(
        "deployments",
        "deploymentId",
        "deployment",
        "functions/{functionId}/deployments",
        &["buildSize", "sourceSize", "totalSize", "buildDuration", "status", "activate", "type"],
    ),
    kind(
        "executions",
        "executionId",
        "execution",
        "functions/{functionId}/executions",
        &["trigger", "status", "responseStatusCode", "duration", "requestMethod", "requestPath", "deploymentId"],
    ),
    kind("variables", "variableId", "variable", "functions/{functionId}/variables", &[]),
    kind(
        "messages",
        "messageId",
        "message",
        "messages",
        &["scheduledAt", "deliveredAt", "deliveredTotal", "status", "description", "providerType"],
    ),
    kind("providers", "providerId", "provider", "providers", &["name", "provider", "type", "enabled"]),
    kind("topics", "topicId", "topic", "topics", &["name", "description", "emailTotal", "smsTotal", "pushTotal"]),
    kind(
        "subscribers",
        "subscriberId",
        "subscriber",
        "topics/{topicId}/subscribers",
        &["name", "provider", "type", "enabled"],
    ),
    kind(
        "buckets",
        "bucketId",
        "storage_bucket",
        "buckets",
        &["enabled", "name", "fileSecurity", "maximumFileSize", "encryption", "antivirus", "transformations"],
    ),
    kind(
        "files",
        "fileId",
        "storage_file",
        "buckets/{bucketId}/files",
        &["name", "signature", "mimeType", "sizeOriginal", "chunksTotal", "chunksUploaded"],
    ),
];

const TOKENS: Kind = kind("tokens", "tokenId", "token", "tokens", &["expire"]);

static ALL: [&[Kind]; 2] = [&KINDS, &[TOKENS]];

/// The kind of a resource.
pub(super) fn of(resource: &str) -> &'static Kind {
    ALL.iter().copied().flatten().find(|kind| kind.resource == resource).unwrap_or(&NONE)
}

/// The kind that a variable of a path holds the id of.
pub(super) fn by_id(variable: &str) -> Option<&'static Kind> {
    ALL.iter().copied().flatten().find(|kind| kind.id == variable)
}

impl Kind {
    /// The path of its collection at a place; none where the place does not say enough.
    pub(super) fn list(&self, place: &[(String, String)]) -> Option<String> {
        let filled = place
            .iter()
            .fold(self.within.to_owned(), |path, (variable, value)| path.replace(&format!("{{{variable}}}"), value));
        (!filled.contains('{')).then_some(filled)
    }

    /// The last name of the path of its collection.
    pub(super) fn last_name(&self) -> &'static str {
        self.within.rsplit('/').next().unwrap_or_default()
    }

    /// Whether it is looked up by its id alone, wherever the path says that it is.
    pub(super) fn is_found_anywhere(&self) -> bool {
        self.resource == "sessions"
    }

    pub(super) fn not_found(&self, id: &str) -> Fault {
        Fault::new(404, format!("{}_not_found", self.noun), format!("There is no {} `{id}`", self.name()))
    }

    pub(super) fn already_exists(&self) -> Fault {
        let message = format!("A {} with this id exists already", self.name());
        Fault::new(409, format!("{}_already_exists", self.noun), message)
    }

    fn name(&self) -> String {
        self.noun.replace('_', " ")
    }

    /// What a new one has besides what is given.
    pub(super) fn defaults(&self) -> Value {
        match self.resource {
            "functions" => json!({
                "execute": [], "name": "", "enabled": true, "live": true, "logging": true, "runtime": "",
                "deploymentId": "", "deploymentCreatedAt": "", "latestDeploymentId": "",
                "latestDeploymentCreatedAt": "", "latestDeploymentStatus": "", "scopes": [], "vars": [], "events": [],
                "schedule": "", "timeout": 15, "entrypoint": "", "commands": "", "version": "v5", "installationId": "",
                "providerRepositoryId": "", "providerBranch": "", "providerRootDirectory": "",
                "providerSilentMode": false, "specification": "s-1vcpu-512mb",
            }),
            "variables" => json!({ "secret": true, "resourceType": "function" }),
            "topics" => json!({ "emailTotal": 0, "smsTotal": 0, "pushTotal": 0, "subscribe": ["users"] }),
            "buckets" => json!({
                "$permissions": [], "fileSecurity": false, "enabled": true, "maximumFileSize": 30_000_000,
                "allowedFileExtensions": [], "compression": "none", "encryption": true, "antivirus": true,
                "transformations": true, "totalSize": 0,
            }),
            "files" => json!({ "$permissions": [], "encryption": true, "compression": "none" }),
            "targets" => json!({ "name": "", "providerId": null, "expired": false }),
            "users" => json!({
                "name": "", "password": "", "hash": "", "hashOptions": {}, "status": true, "labels": [],
                "passwordUpdate": "", "email": "", "phone": "", "emailVerification": false,
                "phoneVerification": false, "mfa": false, "prefs": {}, "accessedAt": "",
            }),
            _ => json!({}),
        }
    }
}
