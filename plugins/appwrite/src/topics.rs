use wharf_plugin::{Input, Operation, Paging, Resource, Schema, body, list, path, text};

use crate::data::{NEW_ID, SEARCH, TOTAL};
use crate::ids::ID;
use crate::messages::LOG_PAGE;
use crate::pages::pages;
use crate::queries::QUERIES;

const PAGES: Paging = pages("/topics");

const ROLE: Schema = text().at_most(64);
const NAME: Input = body("name", text()).describe("Name of the topic, for people.");
const SUBSCRIBE: Input = body("subscribe", list(&ROLE).at_most(100)).optional();

pub(crate) const TOPIC_ID: Input = path("topicId", ID).describe("ID of the topic.");

pub(crate) const TOPICS: Resource = Resource::new(
    "topics",
    &[
        Operation::get("list", "List topics", "/messaging/topics")
            .summary("Lists the topics that people can subscribe to, a page at a time.")
            .inputs(&[QUERIES, SEARCH, TOTAL])
            .paged(&PAGES)
            .answers_with(&["topics"]),
        Operation::post("create", "Create topic", "/messaging/topics")
            .summary("Creates a topic, whose subscribers get every message that is sent to it.")
            .inputs(&[
                body("topicId", NEW_ID).describe("ID of the new topic; unique() lets the server choose one."),
                NAME,
                SUBSCRIBE.describe("Roles that may subscribe, such as users or user:ID; without it, any."),
            ]),
        Operation::get("get", "Get topic", "/messaging/topics/{topicId}")
            .summary("Fetches one topic, with its numbers of subscribers by kind of target.")
            .inputs(&[TOPIC_ID]),
        Operation::patch("update", "Update topic", "/messaging/topics/{topicId}")
            .summary("Renames a topic or changes who may subscribe to it.")
            .inputs(&[
                TOPIC_ID,
                NAME.optional().or_null(),
                SUBSCRIBE.or_null().describe("Replaces the roles that may subscribe, such as users or user:ID."),
            ])
            .idempotent(),
        Operation::delete("delete", "Delete topic", "/messaging/topics/{topicId}")
            .summary("Deletes a topic and with it the subscriptions to it.")
            .inputs(&[TOPIC_ID])
            .answers_success(),
        Operation::get("list-logs", "List topic logs", "/messaging/topics/{topicId}/logs")
            .summary("Lists what was done with a topic, by whom and when.")
            .inputs(&[TOPIC_ID, LOG_PAGE, TOTAL])
            .answers_with(&["logs"]),
    ],
);
