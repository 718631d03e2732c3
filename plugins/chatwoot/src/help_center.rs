use wharf_plugin::{Input, Operation, Resource, Schema, body, boolean, integer, object, path, text};

use crate::ids::{ACCOUNT_ID, ID, USER};

const SLUG: Schema = text().at_least(1);
const PORTAL_ID: Input = path("portal_id", SLUG).describe("Slug of the portal, not its number.");

const ARCHIVED: Input = body("archived", boolean()).optional().describe("Whether the portal is out of use.");
const COLOR: Input = body("color", text()).optional().describe("Color of the header, such as #1F93FF.");
const CONFIG: Input = body("config", object())
    .optional()
    .describe("Languages: allowed_locales (a list such as [\"en\", \"es\"]) and default_locale.");
const CUSTOM_DOMAIN: Input = body("custom_domain", text())
    .optional()
    .describe("Domain under which the portal is shown, such as help.example.com.");
const HEADER_TEXT: Input = body("header_text", text()).optional().describe("Text of the header.");
const HOMEPAGE_LINK: Input = body("homepage_link", text()).optional().describe("Address of your own site.");
const NAME: Input = body("name", text()).optional().describe("Name of the portal.");
const PORTAL_SLUG: Input =
    body("slug", text()).optional().describe("The portal's part of its address, by which other calls name it.");
const PAGE_TITLE: Input = body("page_title", text()).optional().describe("Title of its pages.");

/// Portals with categories and articles.
pub(crate) const HELP_CENTER: Resource = Resource::new(
    "help-center",
    &[
        Operation::get("list-portals", "List portals", "/api/v1/accounts/{account_id}/portals")
            .summary("Lists the help center portals of an account.")
            .inputs(&[ACCOUNT_ID])
            .scheme(USER),
        Operation::post("create-portal", "Create portal", "/api/v1/accounts/{account_id}/portals")
            .summary("Adds a help center portal.")
            .inputs(&[
                ACCOUNT_ID,
                ARCHIVED,
                COLOR,
                CONFIG,
                CUSTOM_DOMAIN,
                HEADER_TEXT,
                HOMEPAGE_LINK,
                NAME,
                PORTAL_SLUG,
                PAGE_TITLE,
            ])
            .scheme(USER),
        Operation::patch("update-portal", "Update portal", "/api/v1/accounts/{account_id}/portals/{id}")
            .summary("Changes the given members of a portal; with a new slug its address is another.")
            .inputs(&[
                ACCOUNT_ID,
                path("id", SLUG).describe("Slug of the portal, not its number."),
                ARCHIVED,
                COLOR,
                CONFIG,
                CUSTOM_DOMAIN,
                HEADER_TEXT,
                HOMEPAGE_LINK,
                NAME,
                PORTAL_SLUG,
                PAGE_TITLE,
            ])
            .scheme(USER),
        Operation::post(
            "create-category",
            "Create category",
            "/api/v1/accounts/{account_id}/portals/{portal_id}/categories",
        )
        .summary("Adds a category to a portal, in one of its languages.")
        .inputs(&[
            ACCOUNT_ID,
            PORTAL_ID,
            body("description", text()).optional().describe("What the category is about."),
            body("locale", text()).optional().describe("Language of the category, such as en."),
            body("name", text()).optional().describe("Name of the category."),
            body("slug", text()).optional().describe("The category's part of its address."),
            body("position", integer()).optional().describe("Place among the categories."),
            body("associated_category_id", ID).optional().describe("ID of the same category in another language."),
            body("parent_category_id", ID).optional().describe("ID of the category that this one is part of."),
            body("icon", text()).optional().describe("An emoji that is shown beside the name."),
        ])
        .scheme(USER),
        Operation::post(
            "create-article",
            "Create article",
            "/api/v1/accounts/{account_id}/portals/{portal_id}/articles",
        )
        .summary("Adds an article to a portal, as a draft or published at once.")
        .inputs(&[
            ACCOUNT_ID,
            PORTAL_ID,
            body("content", text()).optional().describe("Text of the article, in Markdown."),
            body("meta", object())
                .optional()
                .describe("For search engines: title, description and tags (a list of texts)."),
            body("position", integer()).optional().describe("Place in its category."),
            body("status", integer().at_least(0).at_most(2))
                .optional()
                .describe("0 for a draft, 1 for published, 2 for archived."),
            body("title", text()).optional().describe("Title of the article."),
            body("slug", text()).optional().describe("The article's part of its address."),
            body("author_id", ID).optional().describe("ID of the agent who is its author."),
            body("category_id", ID).optional().describe("ID of its category."),
            body("associated_article_id", ID)
                .optional()
                .describe("ID of an article that belongs to it, such as the same in another language."),
            body("description", text()).optional().describe("What the article is about, in short."),
            body("locale", text()).optional().describe("Language of the article, such as en."),
        ])
        .scheme(USER),
    ],
);
