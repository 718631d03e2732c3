//! Conditions of the calls that filter contacts and conversations.

use wharf_plugin::{Input, Property, Schema, body, list, object_of, one_of, text};

const VALUE: Schema = text();

const CONDITION: Schema = object_of(&[
    Property {
        name: "attribute_key",
        schema: text().at_least(1),
        required: false,
        description: "Attribute that is compared: a standard one such as status or email, or a custom one.",
    },
    Property {
        name: "filter_operator",
        schema: one_of(&["equal_to", "not_equal_to", "contains", "does_not_contain"]),
        required: false,
        description: "How it is compared.",
    },
    Property {
        name: "values",
        schema: list(&VALUE),
        required: false,
        description: "What it is compared with; numbers are written as texts.",
    },
    Property {
        name: "query_operator",
        schema: one_of(&["AND", "OR"]),
        required: false,
        description: "How the next condition is joined; leave it out of the last one.",
    },
]);

/// What is looked for.
pub(crate) const FILTER: Input =
    body("payload", list(&CONDITION)).optional().describe("Conditions, in the order in which they are joined.");
