use wharf_plugin::{Property, Resource, any, body, object_of, property, text};

use crate::rpc::{KEY, method};

const NAMESPACE: Property = property("namespace", text()).describe("Where it comes from, such as reddit.");
const TYPE: Property = property("type", text()).describe("What it is, such as post or profile.");
const ID: Property = property("id", text()).describe("ID that is unique among those of its namespace and type.");
const CONTENT: Property = property("content", any()).describe("Its data, of any form.");

/// The server knows one generation.
const PARENT: Property = property("parent", object_of(&[NAMESPACE, TYPE, ID, CONTENT]))
    .optional()
    .describe("What it belongs to, in the same form.");

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
