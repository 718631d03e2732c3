use wharf_plugin::{Property, Resource, Schema, any, body, object_of, text};

use crate::rpc::{KEY, method};

const fn part(name: &'static str, schema: Schema, description: &'static str) -> Property {
    Property { name, schema, required: true, description }
}

const NAMESPACE: Property = part("namespace", text(), "Where it comes from, such as reddit.");
const TYPE: Property = part("type", text(), "What it is, such as post or profile.");
const ID: Property = part("id", text(), "ID that is unique among those of its namespace and type.");
const CONTENT: Property = part("content", any(), "Its data, of any form.");

/// The server knows one generation.
const PARENT: Property = Property {
    name: "parent",
    schema: object_of(&[NAMESPACE, TYPE, ID, CONTENT]),
    required: false,
    description: "What it belongs to, in the same form.",
};

/// Things that the agents know of, such as posts.
pub(crate) const CONTEXTS: Resource = Resource::new(
    "contexts",
    &[method("add", "Add context", "addContext")
        .summary("Stores something that the agents should know of, and its parent where it has one.")
        .inputs(&[body("context", object_of(&[NAMESPACE, TYPE, ID, CONTENT, PARENT]))
            .sent_as("/params/context")
            .describe("What is stored.")])
        .scheme(KEY)
        .answers_success()],
);
