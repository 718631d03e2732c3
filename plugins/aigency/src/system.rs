use wharf_plugin::{Resource, body, text};

use crate::rpc::{KEY, bare, optional};

pub(crate) const SYSTEM: Resource = Resource::new(
    "system",
    &[
        bare("get-status", "Get status", "getStatus")
            .summary("Tells whether the server is up and takes the API key: a test of the connection.")
            .scheme(KEY)
            .reads(),
        bare("get-openrpc-document", "Get OpenRPC document", "getOpenRPCDocument")
            .summary("Fetches the server's own description of all its methods; needs no API key.")
            .scheme(None)
            .reads(),
        bare("grab-telegrams", "Grab Telegram posts", "grabTelegrams")
            .summary("Reads new posts of the Telegram channels that users are subscribed to.")
            .scheme(KEY),
        optional("grab-reddits", "Grab Reddit posts", "grabReddits")
            .summary("Reads new posts of the subreddits that users are subscribed to.")
            .inputs(&[body("channelName", text())
                .sent_as("/params/channelName")
                .optional()
                .describe("The one subreddit that is read, such as r/news.")])
            .scheme(KEY),
    ],
);
