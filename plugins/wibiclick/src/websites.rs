use wharf_plugin::{Operation, Paging, Resource, body, query, text};

use crate::ids::{ID, WEBSITE};
use crate::pages::{LIMIT, OFFSET, pages};

/// The answer itself is the list.
const PAGES: Paging = pages("");

pub(crate) const WEBSITES: Resource = Resource::new(
    "websites",
    &[
        Operation::get("list", "List websites", "/get-websites")
            .summary("Lists the websites of the account.")
            .inputs(&[LIMIT, OFFSET])
            .paged(&PAGES),
        Operation::get("get-for-user", "Get websites for user", "/get-websites-for-user")
            .summary("Lists the websites that a user has access to.")
            // Elsewhere this name means the website.
            .inputs(&[query("userId", ID).sent_as("id").describe("ID of the user."), LIMIT, OFFSET])
            .paged(&PAGES),
        Operation::get("get", "Get website", "/get-website")
            .summary("Fetches a website with its settings.")
            .inputs(&[WEBSITE]),
        Operation::post("add", "Add website", "/add-website")
            .summary("Adds a website to the account.")
            .inputs(&[body("url", text().at_least(1)).describe("Address of the website.")]),
        Operation::get("get-analytics", "Get website analytics", "/get-website-analytics")
            .summary("Fetches the figures about the visitors of a website.")
            .inputs(&[WEBSITE]),
        Operation::get("get-clicks", "Get website clicks", "/get-website-clicks")
            .summary("Fetches the clicks on a website's contact buttons.")
            .inputs(&[WEBSITE]),
        Operation::get("get-views", "Get website views", "/get-website-views")
            .summary("Fetches the views of a website.")
            .inputs(&[WEBSITE]),
        Operation::get("get-recent-clicks", "Get recent clicks", "/get-recent-clicks")
            .summary("Fetches the latest clicks on a website's contact buttons.")
            .inputs(&[WEBSITE]),
        Operation::get("get-performance", "Get website performance", "/website-performance")
            .summary("Fetches how a website performs.")
            .inputs(&[WEBSITE]),
    ],
);
