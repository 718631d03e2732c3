use wharf_plugin::{Input, Operation, Resource, Schema, boolean, integer, object, path, text};

use crate::ids::{ACCOUNT_ID, ID, USER, optional};

const SLUG: Schema = text().at_least(1);
const PORTAL_ID: Input = path("portal_id", SLUG).describe("Slug of the portal, not its number.");

const ARCHIVED: Input = optional("archived", boolean()).describe("Whether the portal is out of use.");
const COLOR: Input = optional("color", text()).describe("Color of the header, such as #1F93FF.");
const CONFIG: Input = optional("config", object())
    .describe("Languages: allowed_locales (a list such as [\"en\", \"es\"]) and default_locale.");
const CUSTOM_DOMAIN: Input =
    optional("custom_domain", text()).describe("Domain under which the portal is shown, such as help.example.com.");
const HEADER_TEXT: Input = optional("header_text", text()).describe("Text of the header.");
const HOMEPAGE_LINK: Input = optional("homepage_link", text()).describe("Address of your own site.");
const NAME: Input = optional("name", text()).describe("Name of the portal.");
const PORTAL_SLUG: Input =
    optional("slug", text()).describe("The portal's part of its address, by which other calls name it.");
const PAGE_TITLE: Input = optional("page_title", text()).describe("Title of its pages.");

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
            optional("description", text()).describe("What the category is about."),
            optional("locale", text()).describe("Language of the category, such as en."),
            optional("name", text()).describe("Name of the category."),
            optional("slug", text()).describe("The category's part of its address."),
            optional("position", integer()).describe("Place among the categories."),
            optional("associated_category_id", ID).describe("ID of the same category in another language."),
            optional("parent_category_id", ID).describe("ID of the category that this one is part of."),
            optional("icon", text()).describe("An emoji that is shown beside the name."),
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
            optional("content", text()).describe("Text of the article, in Markdown."),
            optional("meta", object()).describe("For search engines: title, description and tags (a list of texts)."),
            optional("position", integer()).describe("Place in its category."),
            optional("status", integer().at_least(0).at_most(2))
                .describe("0 for a draft, 1 for published, 2 for archived."),
            optional("title", text()).describe("Title of the article."),
            optional("slug", text()).describe("The article's part of its address."),
            optional("author_id", ID).describe("ID of the agent who is its author."),
            optional("category_id", ID).describe("ID of its category."),
            optional("associated_article_id", ID)
                .describe("ID of an article that belongs to it, such as the same in another language."),
            optional("description", text()).describe("What the article is about, in short."),
            optional("locale", text()).describe("Language of the article, such as en."),
        ])
        .scheme(USER),
    ],
);
