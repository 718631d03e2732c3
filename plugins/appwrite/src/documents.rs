use wharf_plugin::{Field, Input, Operation, Place, Resource, body, path, text};

use crate::data::{
    CHANGES, DATA, DATABASE_ID, DOCUMENT_PAGES, GREATEST, ITEMS, LEAST, MATCHES, NEW_ID, NEW_PERMISSIONS, PERMISSIONS,
    READ_TRANSACTION, SELECTION, STEP, TOTAL, WRITE_TRANSACTION, create, create_many,
};
use crate::ids::ID;
use crate::queries::QUERIES;

const ALL: &str = "/databases/{databaseId}/collections/{collectionId}/documents";
const ONE: &str = "/databases/{databaseId}/collections/{collectionId}/documents/{documentId}";

const COLLECTION_ID: Input = path("collectionId", ID).describe("ID of the collection.");
const DOCUMENT_ID: Input = path("documentId", ID).describe("ID of the document.");
const ATTRIBUTE: Input = path("attribute", text().at_least(1)).describe("Key of the attribute, which holds a number.");

pub(crate) const DOCUMENTS: Resource = Resource::new(
    "documents",
    &[
        Operation::get("list", "List documents", ALL)
            .summary("Lists the documents of a collection, a page at a time (newer: rows.list).")
            .inputs(&[DATABASE_ID, COLLECTION_ID, QUERIES, READ_TRANSACTION, TOTAL])
            .paged(&DOCUMENT_PAGES)
            .answers_with(&["documents"]),
        Operation::post("create", "Create document", ALL)
            .summary("Creates one document from `data`, or many from `documents`, but not both (newer: rows.create).")
            .inputs(&[
                DATABASE_ID,
                COLLECTION_ID,
                body("documentId", NEW_ID)
                    .or_send("\"unique()\"")
                    .describe("ID of the new document; the server chooses one where it is left out. Not for many."),
                DATA.describe("Values of the one document by the keys of attributes."),
                PERMISSIONS.describe("Who may do what with the one document, such as read(\"any\"). Not for many."),
                body("documents", ITEMS)
                    .optional()
                    .describe("Many at once, each with its values and, where wanted, `$id` and `$permissions`."),
                WRITE_TRANSACTION,
            ])
            .also(&[create_many(
                ALL,
                &[
                    Field::bound(Place::Body, "documents", "documents"),
                    Field::bound(Place::Body, "documentId", "documentId"),
                    Field::bound(Place::Body, "data", "data"),
                    Field::bound(Place::Body, "permissions", "permissions"),
                    Field::bound(Place::Body, "transactionId", "transactionId"),
                ],
            )])
            .run(create),
        Operation::put(
            "upsert-many",
            "Upsert documents",
            ALL,
        )
        .summary("Updates the documents whose `$id` exists and creates the others (newer: rows.upsert-many).")
        .inputs(&[
            DATABASE_ID,
            COLLECTION_ID,
            body("documents", ITEMS).describe("Each with its values and `$id`; without `$id` it is always a new one."),
            WRITE_TRANSACTION,
        ])
        .answers_with(&["documents"])
        .not_idempotent(),
        Operation::patch(
            "update-many",
            "Update documents",
            ALL,
        )
        .summary(
            "Sets the same values in each document that matches, or in all without queries (newer: rows.update-many).",
        )
        .inputs(&[DATABASE_ID, COLLECTION_ID, CHANGES, MATCHES, WRITE_TRANSACTION])
        .answers_with(&["documents"]),
        Operation::delete(
            "delete-many",
            "Delete documents",
            ALL,
        )
        .summary(
            "Deletes each document that matches, or all of the collection without queries (newer: rows.delete-many).",
        )
        .inputs(&[DATABASE_ID, COLLECTION_ID, MATCHES, WRITE_TRANSACTION])
        .answers_with(&["documents"]),
        Operation::get(
            "get",
            "Get document",
            ONE,
        )
        .summary("Fetches one document (newer: rows.get).")
        .inputs(&[DATABASE_ID, COLLECTION_ID, DOCUMENT_ID, SELECTION, READ_TRANSACTION]),
        // Not idempotent, nor is an update: a value can be an operator, such as one that adds to a number.
        Operation::put(
            "upsert",
            "Upsert document",
            ONE,
        )
        .summary("Updates the document of this ID, or creates it where there is none (newer: rows.upsert).")
        .inputs(&[
            DATABASE_ID,
            COLLECTION_ID,
            DOCUMENT_ID,
            DATA.describe("Values by the keys of attributes, with all that a new document must have."),
            NEW_PERMISSIONS,
            WRITE_TRANSACTION,
        ])
        .not_idempotent(),
        Operation::patch(
            "update",
            "Update document",
            ONE,
        )
        .summary("Changes some values of a document and keeps the others (newer: rows.update).")
        .inputs(&[DATABASE_ID, COLLECTION_ID, DOCUMENT_ID, CHANGES, NEW_PERMISSIONS, WRITE_TRANSACTION]),
        Operation::delete(
            "delete",
            "Delete document",
            ONE,
        )
        .summary("Deletes one document (newer: rows.delete).")
        .inputs(&[DATABASE_ID, COLLECTION_ID, DOCUMENT_ID, WRITE_TRANSACTION])
        .answers_success(),
        Operation::patch(
            "increment-attribute",
            "Increment attribute",
            "/databases/{databaseId}/collections/{collectionId}/documents/{documentId}/{attribute}/increment",
        )
        .summary("Adds to a number of a document, even while others do so (newer: rows.increment-column).")
        .inputs(&[DATABASE_ID, COLLECTION_ID, DOCUMENT_ID, ATTRIBUTE, STEP, GREATEST, WRITE_TRANSACTION]),
        Operation::patch(
            "decrement-attribute",
            "Decrement attribute",
            "/databases/{databaseId}/collections/{collectionId}/documents/{documentId}/{attribute}/decrement",
        )
        .summary("Takes from a number of a document, even while others do so (newer: rows.decrement-column).")
        .inputs(&[DATABASE_ID, COLLECTION_ID, DOCUMENT_ID, ATTRIBUTE, STEP, LEAST, WRITE_TRANSACTION]),
    ],
);
