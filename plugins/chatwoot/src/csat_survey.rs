use wharf_plugin::{Operation, Resource, path, text};

/// The page on which a contact says how content he is.
pub(crate) const CSAT_SURVEY: Resource = Resource::new(
    "csat-survey",
    &[Operation::get("get-page", "Get survey page", "/survey/responses/{conversation_uuid}")
        .summary("Fetches the HTML page of a conversation's satisfaction survey; its address is meant as a link.")
        // The official description has a whole number here.
        .inputs(&[path("conversation_uuid", text().at_least(1).format("uuid"))
            .describe("UUID of the conversation, which is not its number.")])
        .scheme(None)
        .answers_file("page")],
);
