//! Ids, and other inputs that many operations have.

use wharf_plugin::{Field, Input, Place, Schema, body, integer, query, text, text_or_integer};

/// Mostly a UUID. Some are numbers, which answers have as such.
pub(crate) const ID: Schema = text_or_integer().at_least(1);

pub(crate) const EMAIL: Schema = text().format("email");

pub(crate) const TIME: Schema = text().format("date-time");

/// The provider calls it `id`, beside another `id` in the body.
pub(crate) const WEBSITE: Input = query("websiteId", ID).sent_as("id").describe("ID of the website.");

/// Some calls want the website in the body as well.
pub(crate) const WEBSITE_IN_BODY: &[Field] = &[Field::bound(Place::Body, "websiteId", "websiteId")];

/// Adding and changing are one call.
pub(crate) const ID_TO_CHANGE: Input =
    body("id", ID).optional().describe("ID of the one that is changed; left out, one is added.");

pub(crate) const CUSTOMER: Input = body("customerId", ID).optional().describe("ID of the contact.");

pub(crate) const EMPLOYEE: Input = body("employeeId", ID).optional().describe("ID of the employee.");

pub(crate) const YEAR: Input = query("year", integer().at_least(1)).describe("Year, such as 2025.");

pub(crate) const MONTH: Input =
    query("month", integer().at_least(1).at_most(12)).describe("Month, from 1 for January to 12.");

/// A text that the caller may leave out.
pub(crate) const fn words(name: &'static str, description: &'static str) -> Input {
    body(name, text()).optional().describe(description)
}
