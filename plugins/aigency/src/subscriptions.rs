use wharf_plugin::{Effect, Input, Resource, Schema, body, boolean, number, text};

use crate::pages::{LIMIT, OFFSET, PAGES};
use crate::rpc::{KEY, NUMBER, USER, USER_PARAM, bare, method, with_result};

/// A version of the server writes it into its SQL as it comes, so nothing that ends a text there may be in it.
const TIME: Schema = text().format("date-time").matches(r"^[^'\\]*$");

const ID: Input = body("id", NUMBER).sent_as("/params/id").describe("ID of the subscription, a number.");
const SOURCE: Input =
    body("source", text()).sent_as("/params/source").describe("Kind of the source: telegram, reddit or another.");
const LINK: Input = body("link", text())
    .sent_as("/params/link")
    .describe("What is subscribed to, as the source calls it: a Telegram channel, or a subreddit such as r/news.");
const TIMESTAMP: Input = body("timestamp", TIME)
    .sent_as("/params/timestamp")
    .describe("When the newest post that was seen was written, in ISO 8601.");
const ONLY_ACTIVE: Input = body("onlyActive", boolean())
    .sent_as("/params/onlyActive")
    .optional()
    .describe("Whether those that are disabled are left out.");

pub(crate) const SUBSCRIPTIONS: Resource = Resource::new(
    "subscriptions",
    &[
        method("list", "List subscriptions", "getSubscriptions")
            .summary("Lists what a user is subscribed to, newest first.")
            .inputs(&[USER, LIMIT, OFFSET])
            .reads()
            .paged(&PAGES),
        method("add", "Add subscription", "addSubscription")
            .summary("Subscribes a user to a channel. It may come back with the link as the source itself writes it.")
            .inputs(&[USER, SOURCE, LINK, TIMESTAMP.optional()])
            .run(with_result),
        method("enable", "Enable subscription", "enableSubscription")
            .summary("Turns a user's subscription on again; one that does not exist is no error.")
            .inputs(&[USER, ID])
            .idempotent()
            .answers_success(),
        method("disable", "Disable subscription", "disableSubscription")
            .summary("Turns a user's subscription off and keeps it; one that does not exist is no error.")
            .inputs(&[USER, ID])
            .idempotent()
            .answers_success(),
        method("remove", "Remove subscription", "removeSubscription")
            .summary("Deletes a user's subscription; one that does not exist is no error.")
            .inputs(&[USER, ID])
            .effect(Effect::Delete)
            .idempotent()
            .answers_success(),
        bare("get-next-scan", "Get time of next scan", "getNextScanOfSubscriptions")
            .summary("Tells when the server next looks for new posts.")
            .inputs(&[USER])
            .reads(),
        bare("scan", "Scan subscriptions", "scanSubscriptions")
            .summary("Asks the server to look for new posts at once, which it does not do yet.")
            .inputs(&[USER])
            .unverified("The server that is known always refuses it as not implemented."),
        method("add-by-user", "Add subscription for a user", "addSubscriptionByUser")
            .summary("Subscribes a user to a channel on behalf of the finder, and marks the subscription as its own.")
            .inputs(&[USER_PARAM, SOURCE, LINK, TIMESTAMP.optional()])
            .scheme(KEY),
        method("list-by-user", "List subscriptions of a user", "getSubscriptionsByUser")
            .summary("Lists everything that a user is subscribed to, in one answer.")
            .inputs(&[USER_PARAM, ONLY_ACTIVE])
            .scheme(KEY)
            .reads(),
        method("list-by-source", "List subscriptions of a source", "getSubscriptionsBySource")
            .summary("Lists the subscriptions of all users to one kind of source, in one answer.")
            .inputs(&[SOURCE, ONLY_ACTIVE])
            .scheme(KEY)
            .reads(),
        method("set-last-seen-post-timestamp", "Set time of last post", "setLastSeenPostTimestamp")
            .summary("Notes up to which time a user's subscription was read.")
            .inputs(&[USER_PARAM, SOURCE, LINK, TIMESTAMP])
            .scheme(KEY)
            .idempotent(),
        method("add-evaluation", "Add evaluation", "addEvaluation")
            .summary("Adds a mark to a subscription, which keeps the newest ten.")
            .inputs(&[ID, body("newValue", number()).sent_as("/params/newValue").describe("The mark.")])
            .scheme(KEY),
        method("get-evaluations", "Get evaluations", "getEvaluations")
            .summary("Lists the newest marks of a subscription; fails for one that does not exist.")
            .inputs(&[ID])
            .scheme(KEY)
            .reads(),
        method("set-is-by-finder", "Set mark of the finder", "setIsByFinder")
            .summary("Marks whether a subscription came from the finder.")
            .inputs(&[
                body("entityId", NUMBER).sent_as("/params/entityId").describe("ID of the subscription, a number."),
                body("isByFinder", boolean())
                    .sent_as("/params/isByFinder")
                    .optional()
                    .describe("Whether it came from the finder."),
            ])
            .scheme(KEY)
            .idempotent(),
    ],
);
