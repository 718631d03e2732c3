use wharf_plugin::{Operation, Paging, Resource, body, object, path, text};

use crate::ids::{EMAIL, ID, ID_TO_CHANGE, WEBSITE, words};
use crate::pages::{LIMIT, OFFSET, pages};

const PAGES: Paging = pages("/suppliers");

pub(crate) const SUPPLIERS: Resource = Resource::new(
    "suppliers",
    &[
        Operation::get("list", "List suppliers", "/suppliers")
            .summary("Lists the suppliers of a website.")
            .inputs(&[WEBSITE, LIMIT, OFFSET])
            .paged(&PAGES),
        Operation::post("save", "Add or update supplier", "/add-supplier")
            .summary("Changes the supplier that has the given ID, or adds a new one where no ID is given.")
            .inputs(&[
                WEBSITE,
                ID_TO_CHANGE.sent_as("/data/id"),
                body("name", text().at_least(1)).sent_as("/data/name").describe("Name of the company."),
                words("contactPerson", "Whom to speak to there.").sent_as("/data/contactPerson"),
                body("email", EMAIL).optional().sent_as("/data/email").describe("Email address."),
                words("phone", "Phone number.").sent_as("/data/phone"),
                words("address", "Street and house number.").sent_as("/data/address"),
                words("city", "City.").sent_as("/data/city"),
                words("state", "State or province.").sent_as("/data/state"),
                words("zip", "Postal code.").sent_as("/data/zip"),
                words("country", "Country.").sent_as("/data/country"),
            ]),
        Operation::put("update", "Update supplier", "/suppliers/{supplierId}")
            .summary("Changes a supplier; save does the same and is the surer way.")
            .inputs(&[
                path("supplierId", ID).describe("ID of the supplier."),
                WEBSITE,
                body("supplier", object()).sent_as("data").describe("The supplier, with the members that save has."),
            ])
            .unverified("the path is a guess: the web client has this call only in a part that is switched off"),
    ],
);
