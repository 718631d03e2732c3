use wharf_plugin::{Input, Operation, Paging, Resource, body, path, text};

use crate::data::TOTAL;
use crate::files::{BUCKET_ID, FILE_ID};
use crate::ids::ID;
use crate::pages::pages;
use crate::queries::QUERIES;

const PAGES: Paging = pages("/tokens");

const TOKEN_ID: Input = path("tokenId", ID).describe("ID of the token.");

pub(crate) const TOKENS: Resource = Resource::new(
    "tokens",
    &[
        Operation::get("list", "List file tokens", "/tokens/buckets/{bucketId}/files/{fileId}")
            .summary("Lists the tokens of a file with their secrets, a page at a time.")
            .inputs(&[BUCKET_ID, FILE_ID, QUERIES, TOTAL])
            .paged(&PAGES)
            .answers_with(&["tokens"])
            .sensitive_outputs(&["/tokens/*/secret"]),
        Operation::post("create", "Create file token", "/tokens/buckets/{bucketId}/files/{fileId}")
            .summary("Creates a token whose secret opens one file to anybody who has it.")
            .inputs(&[
                BUCKET_ID,
                FILE_ID,
                body("expire", text().format("date-time").or_null())
                    .optional()
                    .describe("When it ends, in ISO 8601; never where left out."),
            ])
            .sensitive_outputs(&["/secret"]),
        Operation::get("get", "Get token", "/tokens/{tokenId}")
            .summary("Fetches one token with its secret.")
            .inputs(&[TOKEN_ID])
            .sensitive_outputs(&["/secret"]),
        Operation::patch("update", "Update token", "/tokens/{tokenId}")
            .summary("Sets when a token ends, or lets it last for ever.")
            .inputs(&[
                TOKEN_ID,
                body("expire", text().format("date-time").or_null())
                    .optional()
                    .describe("When it ends, in ISO 8601; null, or nothing, takes the end away."),
            ])
            .idempotent()
            .sensitive_outputs(&["/secret"]),
        Operation::delete("delete", "Delete token", "/tokens/{tokenId}")
            .summary("Deletes a token, so that its secret opens the file no longer.")
            .inputs(&[TOKEN_ID])
            .answers_success(),
    ],
);
