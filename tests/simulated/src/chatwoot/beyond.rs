//! What the server takes besides the parameters of the table.

use std::sync::LazyLock;

use crate::table::{CHATWOOT, Operation, Param, Place};

/// A parameter of the same place and name stands for that of the table.
const PARAMETERS: [(&str, &str); 49] = [
    // An older description has it, and without it nobody is named.
    ("account-users.delete", "body user_id integer!"),
    ("messages.list", "query before integer"),
    ("messages.list", "query after integer"),
    // Older descriptions have these, and servers read them.
    ("agents.create", "body availability string =online|busy|offline"),
    ("agents.update", "body availability string =online|busy|offline"),
    ("public-contacts.create", "body avatar_url string"),
    ("public-contacts.update", "body avatar_url string"),
    // Files are in no description, nor that a message can be one.
    ("messages.create", "body attachments file"),
    ("messages.create", "body content string"),
    ("public-messages.create", "body attachments file"),
    // The server reads this one, and passes over the `type` of the descriptions.
    ("custom-filters.create", "body filter_type string =conversation|contact|report"),
    ("custom-filters.update", "body filter_type string =conversation|contact|report"),
    ("account.update", "body auto_resolve_after integer"),
    ("account.update", "body auto_resolve_message string"),
    ("account.update", "body auto_resolve_ignore_waiting boolean"),
    // The descriptions name some of the values; the server knows more.
    (
        "messages.create",
        "body content_type string =text|input_text|input_textarea|input_email|input_select|input_csat|cards|form|article",
    ),
    (
        "automation-rules.create",
        "body event_name string =conversation_created|conversation_updated|conversation_opened|conversation_resolved|message_created",
    ),
    (
        "automation-rules.update",
        "body event_name string =conversation_created|conversation_updated|conversation_opened|conversation_resolved|message_created",
    ),
    ("contacts.list", "query sort string"),
    ("contacts.search", "query sort string"),
    ("conversations.create", "body status string =open|resolved|pending|snoozed"),
    ("reports.list-statistics", "query metric string!"),
    // The server reads these as well.
    ("messages.create", "body echo_id any"),
    ("messages.create", "body source_id any"),
    ("messages.create", "body external_created_at any"),
    ("messages.create", "body to_emails string"),
    ("messages.create", "body cc_emails string"),
    ("messages.create", "body bcc_emails string"),
    // A contact may be in no inbox yet.
    ("contacts.create", "body inbox_id integer"),
    // The ids of apps are words in answers, and to the server the number of an inbox and its text are the same.
    ("integrations.create-hook", "body app_id any"),
    ("inboxes.set-members", "body inbox_id any!"),
    ("inboxes.remove-members", "body inbox_id any!"),
    // A number becomes the text of it.
    ("contacts.create", "body identifier any"),
    ("contacts.update", "body identifier any"),
    ("contacts.create-inbox", "body source_id any"),
    ("public-contacts.create", "body identifier any"),
    ("public-contacts.update", "body identifier any"),
    ("public-messages.create", "body echo_id any"),
    // Either the contact or what it is called in the inbox is enough.
    ("conversations.create", "body source_id any"),
    ("conversations.toggle-priority", "body priority string! null =urgent|high|medium|low|none"),
    ("conversations.toggle-status", "body snoozed_until number"),
    ("conversations.update", "body priority string =urgent|high|medium|low|none"),
    // By their numbers or their names.
    ("custom-attributes.list", "query attribute_model string! =0|1|conversation_attribute|contact_attribute"),
    ("custom-attributes.create", TYPE),
    ("custom-attributes.create", MODEL),
    ("custom-attributes.create", "body attribute_values any"),
    ("custom-attributes.update", TYPE),
    ("custom-attributes.update", MODEL),
    ("custom-attributes.update", "body attribute_values any"),
];

const TYPE: &str =
    "body attribute_display_type any =0|1|2|3|4|5|6|7|text|number|currency|percent|link|date|list|checkbox";
const MODEL: &str = "body attribute_model any =0|1|conversation_attribute|contact_attribute";

/// The operations with all that they take. Instead of a member of the body that may be left out there may be a null.
pub(super) static OPERATIONS: LazyLock<Vec<Operation>> = LazyLock::new(|| {
    let mut operations = CHATWOOT.clone();
    for (name, parameter) in PARAMETERS {
        let operation = operations.iter_mut().find(|operation| operation.name == name);
        if let (Some(operation), Ok(param)) = (operation, Param::try_from(parameter.to_owned())) {
            match operation.params.iter_mut().find(|known| known.place == param.place && known.name == param.name) {
                Some(known) => *known = param,
                None => operation.params.push(param),
            }
        }
    }
    let bodies = operations.iter_mut().flat_map(|operation| &mut operation.params).filter(|p| p.place == Place::Body);
    bodies.filter(|param| !param.required && param.name != "payload").for_each(|param| param.nullable = true);
    operations
});
