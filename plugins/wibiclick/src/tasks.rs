use wharf_plugin::{Operation, Resource, body, text};

use crate::ids::{CUSTOMER, ID, TIME, WEBSITE, words};

pub(crate) const TASKS: Resource = Resource::new(
    "tasks",
    &[Operation::post("create", "Create task", "/task").summary("Creates a task, for somebody to do.").inputs(&[
        WEBSITE,
        body("title", text().at_least(1)).describe("What is to be done, in a few words."),
        words("description", "What is to be done, in full."),
        body("assigneeId", ID).optional().describe("ID of the one who is to do it."),
        body("dueDate", TIME.or_null()).optional().describe("When it is due, in ISO 8601; null for no time."),
        CUSTOMER,
    ])],
);
