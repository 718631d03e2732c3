use wharf_plugin::{Input, Operation, Paging, Resource, Schema, body, boolean, integer, list, one_of, text};

use crate::data::{NEW_ID, PERMISSIONS, SEARCH, TOTAL};
use crate::files::BUCKET_ID;
use crate::pages::pages;
use crate::queries::QUERIES;

const PAGES: Paging = pages("/buckets");

const EXTENSION: Schema = text().at_most(64);

const NAME: Input = body("name", text().at_least(1)).describe("Name of the bucket, for people.");
const FILE_SECURITY: Input = body("fileSecurity", boolean())
    .optional()
    .describe("Whether each file has permissions of its own, which add to those of the bucket.");
const ENABLED: Input =
    body("enabled", boolean()).optional().describe("Whether users get at the files; holders of keys do in any case.");
const MAXIMUM_FILE_SIZE: Input = body("maximumFileSize", integer().at_least(1).at_most(2_147_483_647))
    .optional()
    .describe("Largest file that it takes, in bytes; the server or the plan sets the most.");
const EXTENSIONS: Input = body("allowedFileExtensions", list(&EXTENSION).at_most(100))
    .optional()
    .describe("Endings of names that it takes, such as jpg; all where the list is empty.");
const COMPRESSION: Input = body("compression", one_of(&["none", "gzip", "zstd"]))
    .optional()
    .describe("How files up to 20 MB are compressed at rest.");
const ENCRYPTION: Input =
    body("encryption", boolean()).optional().describe("Whether files up to 20 MB are encrypted at rest.");
const ANTIVIRUS: Input =
    body("antivirus", boolean()).optional().describe("Whether files up to 20 MB are scanned for viruses.");
const TRANSFORMATIONS: Input =
    body("transformations", boolean()).optional().describe("Whether previews of images may be made.");

pub(crate) const BUCKETS: Resource = Resource::new(
    "buckets",
    &[
        Operation::get("list", "List buckets", "/storage/buckets")
            .summary("Lists the buckets that hold files, a page at a time.")
            .inputs(&[QUERIES, SEARCH, TOTAL])
            .paged(&PAGES)
            .answers_with(&["buckets"]),
        Operation::post("create", "Create bucket", "/storage/buckets")
            .summary("Creates a bucket for files; without permissions only holders of keys get at them.")
            .inputs(&[
                body("bucketId", NEW_ID).describe("ID of the new bucket; unique() lets the server choose one."),
                NAME,
                PERMISSIONS.describe("Who may do what, such as read(\"any\") or create(\"users\")."),
                FILE_SECURITY,
                ENABLED,
                MAXIMUM_FILE_SIZE,
                EXTENSIONS,
                COMPRESSION,
                ENCRYPTION,
                ANTIVIRUS,
                TRANSFORMATIONS,
            ]),
        Operation::get("get", "Get bucket", "/storage/buckets/{bucketId}")
            .summary("Fetches the settings of a bucket.")
            .inputs(&[BUCKET_ID]),
        Operation::put("update", "Update bucket", "/storage/buckets/{bucketId}")
            .summary("Replaces a bucket's settings; those left out, but for permissions, fall back to defaults.")
            .inputs(&[
                BUCKET_ID,
                NAME,
                PERMISSIONS.describe("Replaces who may do what, such as read(\"any\"); left out, it stays as it is."),
                FILE_SECURITY,
                ENABLED,
                MAXIMUM_FILE_SIZE,
                EXTENSIONS,
                COMPRESSION,
                ENCRYPTION,
                ANTIVIRUS,
                TRANSFORMATIONS,
            ]),
        Operation::delete("delete", "Delete bucket", "/storage/buckets/{bucketId}")
            .summary("Deletes a bucket with all its files.")
            .inputs(&[BUCKET_ID])
            .answers_success(),
    ],
);
