use wharf_plugin::{Field, Input, Operation, Place, Resource, body, path, text};

use crate::data::{
    CHANGES, DATA, DATABASE_ID, GREATEST, ITEMS, LEAST, MATCHES, NEW_ID, NEW_PERMISSIONS, PERMISSIONS,
    READ_TRANSACTION, ROW_PAGES, SELECTION, STEP, TOTAL, WRITE_TRANSACTION, create, create_many,
};
use crate::ids::ID;
use crate::queries::QUERIES;

const ALL: &str = "/tablesdb/{databaseId}/tables/{tableId}/rows";
const ONE: &str = "/tablesdb/{databaseId}/tables/{tableId}/rows/{rowId}";

const TABLE_ID: Input = path("tableId", ID).describe("ID of the table.");
const ROW_ID: Input = path("rowId", ID).describe("ID of the row.");
const COLUMN: Input = path("column", text().at_least(1)).describe("Key of the column, which holds a number.");

pub(crate) const ROWS: Resource = Resource::new(
    "rows",
    &[
        Operation::get("list", "List rows", ALL)
            .summary("Lists the rows of a table, a page at a time.")
            .inputs(&[DATABASE_ID, TABLE_ID, QUERIES, READ_TRANSACTION, TOTAL])
            .paged(&ROW_PAGES)
            .answers_with(&["rows"]),
        Operation::post("create", "Create row", ALL)
            .summary("Creates one row from `data`, or many from `rows`, but not both.")
            .inputs(&[
                DATABASE_ID,
                TABLE_ID,
                body("rowId", NEW_ID)
                    .or_send("\"unique()\"")
                    .describe("ID of the new row; the server chooses one where it is left out. Not for many."),
                DATA.describe("Values of the one row by the keys of columns."),
                PERMISSIONS.describe("Who may do what with the one row, such as read(\"any\"). Not for many."),
                body("rows", ITEMS)
                    .optional()
                    .describe("Many at once, each with its values and, where wanted, `$id` and `$permissions`."),
                WRITE_TRANSACTION,
            ])
            .also(&[create_many(
                ALL,
                &[
                    Field::bound(Place::Body, "rows", "rows"),
                    Field::bound(Place::Body, "rowId", "rowId"),
                    Field::bound(Place::Body, "data", "data"),
                    Field::bound(Place::Body, "permissions", "permissions"),
                    Field::bound(Place::Body, "transactionId", "transactionId"),
                ],
            )])
            .run(create),
        Operation::put("upsert-many", "Upsert rows", ALL)
            .summary("Updates the rows whose `$id` exists and creates the others.")
            .inputs(&[
                DATABASE_ID,
                TABLE_ID,
                body("rows", ITEMS).describe("Each with its values and `$id`; without `$id` it is always a new one."),
                WRITE_TRANSACTION,
            ])
            .answers_with(&["rows"])
            .not_idempotent(),
        Operation::patch("update-many", "Update rows", ALL)
            .summary("Sets the same values in each row that matches, or in all without queries.")
            .inputs(&[DATABASE_ID, TABLE_ID, CHANGES, MATCHES, WRITE_TRANSACTION])
            .answers_with(&["rows"]),
        Operation::delete("delete-many", "Delete rows", ALL)
            .summary("Deletes each row that matches, or all of the table without queries.")
            .inputs(&[DATABASE_ID, TABLE_ID, MATCHES, WRITE_TRANSACTION])
            .answers_with(&["rows"]),
        Operation::get("get", "Get row", ONE).summary("Fetches one row.").inputs(&[
            DATABASE_ID,
            TABLE_ID,
            ROW_ID,
            SELECTION,
            READ_TRANSACTION,
        ]),
        // Not idempotent, nor is an update: a value can be an operator, such as one that adds to a number.
        Operation::put("upsert", "Upsert row", ONE)
            .summary("Updates the row of this ID, or creates it where there is none.")
            .inputs(&[
                DATABASE_ID,
                TABLE_ID,
                ROW_ID,
                DATA.describe("Values by the keys of columns, with all that a new row must have."),
                NEW_PERMISSIONS,
                WRITE_TRANSACTION,
            ])
            .not_idempotent(),
        Operation::patch("update", "Update row", ONE)
            .summary("Changes some values of a row and keeps the others.")
            .inputs(&[DATABASE_ID, TABLE_ID, ROW_ID, CHANGES, NEW_PERMISSIONS, WRITE_TRANSACTION]),
        Operation::delete("delete", "Delete row", ONE)
            .summary("Deletes one row.")
            .inputs(&[DATABASE_ID, TABLE_ID, ROW_ID, WRITE_TRANSACTION])
            .answers_success(),
        Operation::patch(
            "increment-column",
            "Increment column",
            "/tablesdb/{databaseId}/tables/{tableId}/rows/{rowId}/{column}/increment",
        )
        .summary("Adds to a number of a row, even while others do so.")
        .inputs(&[DATABASE_ID, TABLE_ID, ROW_ID, COLUMN, STEP, GREATEST, WRITE_TRANSACTION]),
        Operation::patch(
            "decrement-column",
            "Decrement column",
            "/tablesdb/{databaseId}/tables/{tableId}/rows/{rowId}/{column}/decrement",
        )
        .summary("Takes from a number of a row, even while others do so.")
        .inputs(&[DATABASE_ID, TABLE_ID, ROW_ID, COLUMN, STEP, LEAST, WRITE_TRANSACTION]),
    ],
);
