use wharf_plugin::{Input, Resource, body, query, text};

use crate::ids::{ID, MODULE};
use crate::login::{SESSION, by_get, by_post};

const SOURCE: Input = query("id", ID).describe("Id of the record whose related ones are wanted, such as 11x5.");

const LABEL: Input = query("relatedLabel", text().at_least(1))
    .describe("Label of the relation, from metadata.list-related-types, such as Sales Order.");

pub(crate) const RELATIONS: Resource = Resource::new(
    "relations",
    &[
        by_get("list", "List related records", "retrieve_related")
            .summary("Lists the records of a module that are related to a record.")
            .inputs(&[
                SESSION,
                SOURCE,
                query("relatedType", MODULE).describe("Module of the related records, such as SalesOrder."),
                LABEL,
            ]),
        by_get("query", "Query related records", "query_related")
            .summary("Finds by a query those records that are related to a record.")
            .inputs(&[
                SESSION,
                query("query", text().matches("[^;]$"))
                    .describe("As in query.run, but without the semicolon at the end; a WHERE stands in capitals."),
                SOURCE,
                LABEL,
            ]),
        by_post("add", "Add relation", "add_related")
            .summary(
                "Relates two records. Where a field of one holds the other's id, such as a contact's account_id, it \
                 says success and does nothing: set that field instead.",
            )
            .inputs(&[
                SESSION,
                body("sourceRecordId", ID).describe("Id of the record that gets the relation."),
                body("relatedRecordId", ID).describe("Id of the record that it is related to."),
                body("relationIdLabel", text().at_least(1))
                    .optional()
                    .describe("Label or number of the relation, where the two modules have several."),
            ]),
    ],
);
