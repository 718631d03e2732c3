use wharf_plugin::{
    Input, Operation, Paging, Resource, Schema, body, boolean, integer, list, object, one_of, path, text,
};

use crate::data::{NEW_ID, SEARCH, TOTAL};
use crate::ids::ID;
use crate::pages::pages;
use crate::queries::QUERIES;

const PAGES: Paging = pages("/messages");
const TARGET_PAGES: Paging = pages("/targets");

/// A file of a bucket: the ids of both, each of at most 36 characters.
const STORED_FILE: Schema = text().at_most(73).matches("^[a-zA-Z0-9][a-zA-Z0-9._-]*:[a-zA-Z0-9][a-zA-Z0-9._-]*$");
const IDS: Schema = list(&ID);

/// The page of a log, which has nothing to filter or to order by.
pub(crate) const LOG_PAGE: Input = QUERIES.describe(
    "Which part of the log, each as JSON text: {\"method\":\"limit\",\"values\":[25]} or offset; no other method.",
);

const MESSAGE_ID: Input = path("messageId", ID).describe("ID of the message.");
const NEW_MESSAGE_ID: Input = body("messageId", NEW_ID)
    .or_send("\"unique()\"")
    .describe("ID of the new message; the server chooses one where it is left out.");

const TO_TOPICS: Input =
    body("topics", IDS).optional().describe("IDs of topics: the message goes to all their subscribers.");
const TO_USERS: Input =
    body("users", IDS).optional().describe("IDs of users: it goes to all their targets of this kind.");
const TO_TARGETS: Input =
    body("targets", IDS).optional().describe("IDs of targets, that is of single addresses, numbers or devices.");
const CC: Input = body("cc", IDS).optional().describe("IDs of targets (not addresses) that get a copy.");
const BCC: Input =
    body("bcc", IDS).optional().describe("IDs of targets (not addresses) that get a copy unseen by the others.");

const SUBJECT: Input = body("subject", text()).describe("Subject of the email.");
const EMAIL_CONTENT: Input = body("content", text()).describe("The email: plain text, or HTML where `html` is true.");
const HTML: Input = body("html", boolean()).optional().describe("Whether the content is HTML.");
const ATTACHMENTS: Input = body("attachments", list(&STORED_FILE))
    .optional()
    .describe("Files of the project's storage, each as BUCKET_ID:FILE_ID.");

const SMS_CONTENT: Input = body("content", text()).describe("Text of the SMS.");

const TITLE: Input = body("title", text()).optional().describe("Title of the notification.");
const BODY: Input = body("body", text()).optional().describe("Text of the notification.");
const DATA: Input = body("data", object().or_null()).optional().describe("Values for the app, by their names.");
const ACTION: Input = body("action", text()).optional().describe("What the device opens when it is tapped.");
const IMAGE: Input = body("image", STORED_FILE)
    .optional()
    .describe("A jpeg, png or bmp file of the project's storage, as BUCKET_ID:FILE_ID.");
const ICON: Input = body("icon", text()).optional().describe("Icon, for Android and the web.");
const SOUND: Input = body("sound", text()).optional().describe("Sound, for Android and iOS.");
const COLOR: Input = body("color", text()).optional().describe("Color of the icon, for Android.");
const TAG: Input =
    body("tag", text()).optional().describe("For Android: a notification replaces an earlier one of the same tag.");
const BADGE: Input = body("badge", integer().at_least(i32::MIN as i64).at_most(i32::MAX as i64))
    .optional()
    .describe("Number at the icon of the app, for iOS.");
const CONTENT_AVAILABLE: Input = body("contentAvailable", boolean())
    .optional()
    .describe("For iOS: whether it wakes the app in the background instead of being shown.");
const CRITICAL: Input = body("critical", boolean())
    .optional()
    .describe("For iOS: whether it is a critical alert, for which the app needs Apple's entitlement.");
const PRIORITY: Input = body("priority", one_of(&["normal", "high"]))
    .optional()
    .describe("normal may wait for the device to be in use, high is delivered at once.");

const DRAFT: Input =
    body("draft", boolean()).optional().describe("Whether to keep it as a draft instead of sending it.");
const STILL_DRAFT: Input =
    body("draft", boolean().or_null()).optional().describe("false sends the draft, at its time where it has one.");
const SCHEDULED_AT: Input = body("scheduledAt", text().format("date-time").or_null())
    .optional()
    .describe("When to send it, in ISO 8601 and in the future; without it, at once.");

pub(crate) const MESSAGES: Resource = Resource::new(
    "messages",
    &[
        Operation::get("list", "List messages", "/messaging/messages")
            .summary("Lists the messages of the project, sent or not, a page at a time.")
            .inputs(&[QUERIES, SEARCH, TOTAL])
            .paged(&PAGES)
            .answers_with(&["messages"]),
        Operation::post("create-email", "Create email", "/messaging/messages/email")
            .summary("Sends an email now or later, or keeps a draft, which alone may lack recipients.")
            .inputs(&[
                NEW_MESSAGE_ID,
                SUBJECT,
                EMAIL_CONTENT,
                HTML,
                TO_TOPICS,
                TO_USERS,
                TO_TARGETS,
                CC,
                BCC,
                ATTACHMENTS,
                DRAFT,
                SCHEDULED_AT,
            ]),
        Operation::post("create-push", "Create push notification", "/messaging/messages/push")
            .summary("Sends a push notification now or later, or keeps a draft, which alone may lack recipients.")
            .inputs(&[
                NEW_MESSAGE_ID,
                TITLE,
                BODY,
                TO_TOPICS,
                TO_USERS,
                TO_TARGETS,
                DATA,
                ACTION,
                IMAGE,
                ICON,
                SOUND,
                COLOR,
                TAG,
                BADGE,
                CONTENT_AVAILABLE,
                CRITICAL,
                PRIORITY,
                DRAFT,
                SCHEDULED_AT,
            ]),
        Operation::post("create-sms", "Create SMS", "/messaging/messages/sms")
            .summary("Sends an SMS now or later, or keeps a draft, which alone may lack recipients.")
            .inputs(&[NEW_MESSAGE_ID, SMS_CONTENT, TO_TOPICS, TO_USERS, TO_TARGETS, DRAFT, SCHEDULED_AT]),
        Operation::get("get", "Get message", "/messaging/messages/{messageId}")
            .summary("Fetches one message, with its state and what went wrong in its delivery.")
            .inputs(&[MESSAGE_ID]),
        // Not idempotent, like the other two: what sends a draft is refused the second time.
        Operation::patch("update-email", "Update email", "/messaging/messages/email/{messageId}")
            .summary("Changes or sends an email that is a draft or still waits for its time.")
            .inputs(&[
                MESSAGE_ID,
                SUBJECT.optional().or_null(),
                EMAIL_CONTENT.optional().or_null(),
                HTML.or_null(),
                TO_TOPICS.or_null(),
                TO_USERS.or_null(),
                TO_TARGETS.or_null(),
                CC.or_null(),
                BCC.or_null(),
                ATTACHMENTS.or_null(),
                STILL_DRAFT,
                SCHEDULED_AT,
            ]),
        Operation::patch("update-push", "Update push notification", "/messaging/messages/push/{messageId}")
            .summary("Changes or sends a push notification that is a draft or still waits for its time.")
            .inputs(&[
                MESSAGE_ID,
                TITLE.or_null(),
                BODY.or_null(),
                TO_TOPICS.or_null(),
                TO_USERS.or_null(),
                TO_TARGETS.or_null(),
                DATA,
                ACTION.or_null(),
                IMAGE.or_null(),
                ICON.or_null(),
                SOUND.or_null(),
                COLOR.or_null(),
                TAG.or_null(),
                BADGE.or_null(),
                CONTENT_AVAILABLE.or_null(),
                CRITICAL.or_null(),
                PRIORITY.or_null(),
                STILL_DRAFT,
                SCHEDULED_AT,
            ]),
        Operation::patch("update-sms", "Update SMS", "/messaging/messages/sms/{messageId}")
            .summary("Changes or sends an SMS that is a draft or still waits for its time.")
            .inputs(&[
                MESSAGE_ID,
                SMS_CONTENT.optional().or_null(),
                TO_TOPICS.or_null(),
                TO_USERS.or_null(),
                TO_TARGETS.or_null(),
                STILL_DRAFT,
                SCHEDULED_AT,
            ]),
        Operation::delete("delete", "Delete message", "/messaging/messages/{messageId}")
            .summary("Deletes a message, which stops one that waits but does not call back one that was sent.")
            .inputs(&[MESSAGE_ID])
            .answers_success(),
        Operation::get("list-targets", "List message targets", "/messaging/messages/{messageId}/targets")
            .summary("Lists the single targets that a message names, a page at a time.")
            .inputs(&[MESSAGE_ID, QUERIES, TOTAL])
            .paged(&TARGET_PAGES)
            .answers_with(&["targets"]),
        Operation::get("list-logs", "List message logs", "/messaging/messages/{messageId}/logs")
            .summary("Lists what was done with a message, by whom and when.")
            .inputs(&[MESSAGE_ID, LOG_PAGE, TOTAL])
            .answers_with(&["logs"]),
    ],
);
