//! What the server takes besides the parameters of the table.

use std::sync::LazyLock;

use crate::table::{CHATWOOT, Operation, Param};

/// A parameter of the same place and name stands for that of the table.
const PARAMETERS: [(&str, &str); 14] = [
    // An older description has it, and without it nobody is named.
    ("account-users.delete", "body user_id integer!"),
    ("messages.list", "query before integer"),
    ("messages.list", "query after integer"),
    // Older descriptions have these, and servers read them.
    ("agents.create", "body availability string =online|busy|offline"),
    ("agents.update", "body availability string =online|busy|offline"),
    ("public-contacts.create", "body avatar_url string"),
    ("public-contacts.update", "body avatar_url string"),
    // Files are in no description.
    ("messages.create", "body attachments file"),
    ("public-messages.create", "body attachments file"),
    // The server reads this one, and passes over the `type` of the descriptions.
    ("custom-filters.create", "body filter_type string =conversation|contact|report"),
    ("custom-filters.update", "body filter_type string =conversation|contact|report"),
    ("account.update", "body auto_resolve_after integer null"),
    ("account.update", "body auto_resolve_message string null"),
    ("account.update", "body auto_resolve_ignore_waiting boolean null"),
];

/// The operations with all that they take.
pub(super) static OPERATIONS: LazyLock<Vec<Operation>> = LazyLock::new(|| {
    let mut operations = CHATWOOT.clone();
    for (name, parameter) in PARAMETERS {
        let operation = operations.iter_mut().find(|operation| operation.name == name);
        if let (Some(operation), Ok(param)) = (operation, Param::try_from(parameter.to_owned())) {
            operation.params.retain(|known| known.place != param.place || known.name != param.name);
            operation.params.push(param);
        }
    }
    operations
});
