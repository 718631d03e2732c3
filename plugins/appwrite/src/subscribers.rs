use wharf_plugin::{Input, Operation, Paging, Resource, body, path};

use crate::data::{NEW_ID, SEARCH, TOTAL};
use crate::ids::ID;
use crate::messages::LOG_PAGE;
use crate::pages::pages;
use crate::queries::QUERIES;
use crate::topics::TOPIC_ID;

const PAGES: Paging = pages("/subscribers");

const SUBSCRIBER_ID: Input = path("subscriberId", ID).describe("ID of the subscriber, which is not that of the user.");

pub(crate) const SUBSCRIBERS: Resource = Resource::new(
    "subscribers",
    &[
        Operation::get("list", "List subscribers", "/messaging/topics/{topicId}/subscribers")
            .summary("Lists the subscribers of a topic, a page at a time.")
            .inputs(&[TOPIC_ID, QUERIES, SEARCH, TOTAL])
            .paged(&PAGES)
            .answers_with(&["subscribers"]),
        Operation::post("create", "Create subscriber", "/messaging/topics/{topicId}/subscribers")
            .summary("Subscribes a target, that is an address, number or device of a user, to a topic.")
            .inputs(&[
                TOPIC_ID,
                body("subscriberId", NEW_ID).describe("ID of the new subscriber; unique() lets the server choose one."),
                body("targetId", ID).describe("ID of the user's target that is to get the messages."),
            ]),
        Operation::get("get", "Get subscriber", "/messaging/topics/{topicId}/subscribers/{subscriberId}")
            .summary("Fetches one subscriber of a topic, with its target.")
            .inputs(&[TOPIC_ID, SUBSCRIBER_ID]),
        Operation::delete("delete", "Delete subscriber", "/messaging/topics/{topicId}/subscribers/{subscriberId}")
            .summary("Ends a subscription; the target itself stays.")
            .inputs(&[TOPIC_ID, SUBSCRIBER_ID])
            .answers_success(),
        Operation::get("list-logs", "List subscriber logs", "/messaging/subscribers/{subscriberId}/logs")
            .summary("Lists what was done with a subscriber, by whom and when.")
            .inputs(&[SUBSCRIBER_ID, LOG_PAGE, TOTAL])
            .answers_with(&["logs"]),
    ],
);
