//! Conditions of the calls that filter contacts and conversations.

use wharf_plugin::{Input, Property, Schema, any, body, list, object_of, text};

const fn part(name: &'static str, schema: Schema, description: &'static str) -> Property {
    Property { name, schema: schema.or_null(), required: false, description }
}

/// Which operators an attribute has, and what they compare with, differs by attribute and by server, which knows it best.
const CONDITION: Schema = object_of(&[
    part(
        "attribute_key",
        text().at_least(1),
        "Attribute that is compared: a standard one such as status or email, or a custom one.",
    ),
    part(
        "filter_operator",
        text().at_least(1),
        "How it is compared: equal_to, not_equal_to, contains, does_not_contain, starts_with, is_present, \
         is_not_present, is_greater_than, is_less_than or days_before; few attributes know all of them.",
    ),
    part(
        "values",
        any(),
        "What it is compared with: a list of texts, numbers or booleans; is_present and is_not_present need none.",
    ),
    part(
        "query_operator",
        text().or_null(),
        "How the next condition is joined, AND or OR; null, or nothing, in the last one.",
    ),
    part(
        "custom_attribute_type",
        text().or_null(),
        "Whose custom attribute it is: contact_attribute or conversation_attribute; empty for a standard one.",
    ),
    part("attribute_model", text(), "Kind of the attribute: standard, additional or custom_attribute."),
])
.open();

/// What is looked for.
pub(crate) const FILTER: Input =
    body("payload", list(&CONDITION)).optional().describe("Conditions, in the order in which they are joined.");
