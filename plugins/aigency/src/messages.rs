use wharf_plugin::{Effect, Input, Property, Resource, any, body, integer, object, object_of, property, text};

use crate::pages::{LIMIT, OFFSET, PAGES};
use crate::rpc::{KEY, USER, USER_PARAM, UUID, method, with_result};

const SESSION: Input = body("sessionId", text()).sent_as("/params/sessionId").describe("ID of the conversation.");
const MESSAGE: Input = body("messageId", UUID).sent_as("/params/messageId").describe("ID of the message, a UUID.");

const PARTS: &[Property] = &[
    property("content", text()).describe("What is said."),
    property("type", text()).describe("Who says it, such as human or ai."),
    property("name", text()).optional().describe("Name of the one who says it."),
    property("role", text()).optional().describe("Role, where the type does not tell."),
    property("additional_kwargs", object()).optional().describe("Values of your own, by name."),
    property("tool_call_id", text()).optional().describe("ID of the tool call that the message answers."),
];

/// What a conversation of a user with the agents consists of, and messages by the Telegram bot.
pub(crate) const MESSAGES: Resource = Resource::new(
    "messages",
    &[
        method("add", "Add message", "addMessage")
            .summary("Adds a message to a user's stored conversation; nothing is sent to anybody.")
            .inputs(&[
                USER,
                SESSION,
                body("message", object_of(PARTS)).sent_as("/params/message").describe("The message."),
            ])
            .answers_success(),
        method("list", "List messages", "getMessages")
            .summary("Lists the messages of a user's conversation, newest first.")
            .inputs(&[USER, SESSION, LIMIT, OFFSET])
            .reads()
            .paged(&PAGES),
        method("delete-all", "Delete all messages", "deleteMessages")
            .summary("Deletes every message of a user's conversation.")
            .inputs(&[USER, SESSION])
            .effect(Effect::Delete)
            .idempotent()
            .answers_success(),
        method("delete", "Delete message", "deleteMessage")
            .summary("Deletes one message of a user's conversation; one that does not exist is no error.")
            .inputs(&[USER, SESSION, MESSAGE])
            .effect(Effect::Delete)
            .idempotent()
            .answers_success(),
        method("delete-last", "Delete last messages", "deleteLastMessages")
            .summary("Deletes the newest messages of a user's conversation.")
            .inputs(&[
                USER,
                SESSION,
                body("limit", integer().at_least(1))
                    .sent_as("/params/limit")
                    .describe("How many of the newest messages are deleted."),
            ])
            .effect(Effect::Delete)
            .answers_success(),
        method("send", "Send message", "sendMessage")
            .summary("Sends a Telegram message by the bot, for example to a user.")
            .inputs(&[
                body("userId", any())
                    .sent_as("/params/userId")
                    .describe("ID of the user or the Telegram chat: a number, or a text such as @channel."),
                body("text", text()).sent_as("/params/text").describe("What is sent, in Telegram's Markdown."),
            ])
            .answers_success(),
        // Whoever has the address has the bot's token: a read grant must not cover it.
        method("get-file-url", "Get file address", "getFileUrl")
            .summary("Gets an address from which a Telegram file can be fetched; it holds the bot's own token.")
            .inputs(&[body("fileId", text().at_least(1))
                .sent_as("/params/fileId")
                .describe("ID of the file, as Telegram's messages give it.")])
            .scheme(KEY)
            .idempotent()
            .run(with_result)
            // The address is a part of it, or all.
            .sensitive_outputs(&[""])
            .unverified("The form of the answer was not seen."),
        method("list-by-user", "List messages of a user", "getMessagesByUser")
            .summary("Lists the messages of all conversations of a user.")
            .inputs(&[USER_PARAM, LIMIT, OFFSET])
            .scheme(KEY)
            .reads()
            .paged(&PAGES),
        method("delete-by-user", "Delete message of a user", "deleteMessageByUser")
            .summary("Deletes one message of a user, whatever the conversation; one that does not exist is no error.")
            .inputs(&[USER_PARAM, MESSAGE, SESSION.optional()])
            .scheme(KEY)
            .effect(Effect::Delete)
            .idempotent(),
    ],
);
