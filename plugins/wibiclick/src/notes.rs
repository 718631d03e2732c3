use wharf_plugin::{Input, Operation, Paging, Resource, body, query};

use crate::ids::{ID, WEBSITE, words};
use crate::pages::{LIMIT, OFFSET, pages};

const PAGES: Paging = pages("/notes");

const TITLE: Input = words("title", "Title of the note.");

const DESCRIPTION: Input = words("description", "Text of the note.");

const TAG: Input = words("tag", "Tag by which notes are sorted.");

const USER: Input = words("user", "The user whose note it is.");

const THUMB: Input = words("thumb", "Small picture that is shown with the note.");

pub(crate) const NOTES: Resource = Resource::new(
    "notes",
    &[
        Operation::get("list", "List notes", "/notes")
            .summary("Lists the notes of a website.")
            .inputs(&[WEBSITE, LIMIT, OFFSET])
            .paged(&PAGES),
        Operation::post("add", "Add note", "/add-notes")
            .summary("Adds a note: to a contact by customerId and notes, else to the website by title and description.")
            .inputs(&[
                WEBSITE,
                body("customerId", ID).optional().sent_as("id").describe("ID of the contact that the note is about."),
                words("notes", "Text of the note about a contact."),
                TITLE,
                DESCRIPTION,
                TAG,
                USER,
                THUMB,
            ]),
        Operation::post("update", "Update note", "/update-note")
            .summary("Changes a note.")
            .inputs(&[WEBSITE, body("id", ID).describe("ID of the note."), TITLE, DESCRIPTION, TAG, USER, THUMB])
            .idempotent(),
        Operation::delete("delete", "Delete note", "/notes")
            .summary("Deletes a note.")
            // Elsewhere this name means the website.
            .inputs(&[query("noteId", ID).sent_as("id").describe("ID of the note.")]),
    ],
);
