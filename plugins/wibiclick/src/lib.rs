//! WibiClick, by the API of its web client.

use wharf_plugin::{BaseUrl, ConnectionField, Part, Placement, Provider, Read, Scheme};

mod answer;
mod contacts;
mod employees;
mod estimates;
mod ids;
mod invoices;
mod jobs;
mod line_items;
mod notes;
mod pages;
mod sales;
mod settings;
mod suppliers;
mod tasks;
mod technicians;
mod users;
mod websites;
mod whatsapp;

/// The plugin.
pub const PROVIDER: Provider = Provider {
    name: "wibiclick",
    title: "WibiClick",
    version: env!("CARGO_PKG_VERSION"),
    summary: "Contacts, jobs, invoices, users and websites of WibiClick; how the API key is sent is inferred.",
    base_url: BaseUrl::new("API URL of the account, such as https://wibi.wilbertzgroup.com")
        .suggest("https://wibi.wilbertzgroup.com")
        .environment("WIBICLICK_API_URL"),
    servers: &[],
    fields: &[ConnectionField::secret("api_key", "API key", "From the account's settings.")
        .required()
        .environment("WIBICLICK_API_KEY")],
    // Inferred: the web client sends the token of its login in this way; nobody has seen the key being sent.
    credentials: &[],
    test: None,
    schemes: &[Scheme::new("key", "The API key as a bearer token, which is inferred.")
        .placements(&[Placement::header("Authorization", &[Part::Literal("Bearer "), Part::Field("api_key")])])],
    scheme: Some("key"),
    read: Read::Rules(answer::rules),
    resources: &[
        users::USERS,
        websites::WEBSITES,
        contacts::CONTACTS,
        employees::EMPLOYEES,
        suppliers::SUPPLIERS,
        technicians::TECHNICIANS,
        jobs::JOBS,
        estimates::ESTIMATES,
        invoices::INVOICES,
        line_items::LINE_ITEMS,
        notes::NOTES,
        tasks::TASKS,
        settings::SETTINGS,
        whatsapp::WHATSAPP,
    ],
};

wharf_plugin::export!(PROVIDER);
