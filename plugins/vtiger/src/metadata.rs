use wharf_plugin::{Input, Lists, Resource, Schema, list, query, text};

use crate::ids::MODULE;
use crate::login::by_get;

const FIELD_TYPE: Schema = text().at_least(1);

const ELEMENT_TYPE: Input =
    query("elementType", MODULE).describe("Name of the module, such as Contacts; case matters.");

pub(crate) const METADATA: Resource = Resource::new(
    "metadata",
    &[
        by_get("list-types", "List types", "listtypes").summary("Lists the modules that the user may use.").inputs(&[
            query("fieldTypeList", list(&FIELD_TYPE))
                .optional()
                .lists(Lists::Json)
                .describe("Only modules that have a field of one of these types, such as email."),
        ]),
        by_get("describe", "Describe module", "describe")
            .summary(
                "Tells the fields of a module, what may be done with it, and the number its record ids begin with.",
            )
            .inputs(&[ELEMENT_TYPE]),
        by_get("list-related-types", "List related types", "relatedtypes")
            .summary(
                "Lists the modules that records of a module can be related to, with the labels that relations.* want.",
            )
            .inputs(&[ELEMENT_TYPE]),
    ],
);
