use wharf_plugin::{
    Attachment, Body, Field, Input, Lists, Operation, Paging, Place, Resource, Schema, body, integer, number, one_of,
    path, query, text,
};

use crate::data::{NEW_ID, PERMISSIONS, SEARCH, TOTAL};
use crate::ids::ID;
use crate::pages::pages;
use crate::queries::QUERIES;
use crate::upload::{RANGE, UPLOAD_ID, WHY_FREE, part_request, upload};

const ALL: &str = "/storage/buckets/{bucketId}/files";
const ONE: &str = "/storage/buckets/{bucketId}/files/{fileId}";

const PAGES: Paging = pages("/files");

pub(crate) const BUCKET_ID: Input = path("bucketId", ID).describe("ID of the bucket.");
pub(crate) const FILE_ID: Input = path("fileId", ID).describe("ID of the file.");

/// What images can be made into.
pub(crate) const IMAGE_FORMAT: Schema = one_of(&["jpg", "jpeg", "png", "webp", "heic", "avif", "gif"]);
/// From the smallest file to the best image; -1 keeps what the image has.
pub(crate) const IMAGE_QUALITY: Schema = integer().at_least(-1).at_most(100).provider_default("-1");

/// In hexadecimal, without `#`.
pub(crate) const COLOUR: Schema = text().matches("^([0-9a-fA-F]{3}){1,2}$");
const PIXELS: Schema = integer().at_least(0).at_most(4000).provider_default("0");
const TOKEN: Input = query("token", text())
    .optional()
    .sensitive()
    .describe("Secret of a file token; the API key opens the file without one.");

pub(crate) const FILES: Resource = Resource::new(
    "files",
    &[
        Operation::get("list", "List files", ALL)
            .summary("Lists the files of a bucket, a page at a time; their bytes come from files.download.")
            .inputs(&[BUCKET_ID, QUERIES, SEARCH, TOTAL])
            .paged(&PAGES)
            .answers_with(&["files"]),
        Operation::post("create", "Upload file", ALL)
            .summary("Uploads a file to a bucket, in parts above 5 MiB; a part that fails leaves an unfinished file.")
            .inputs(&[
                BUCKET_ID,
                body("fileId", NEW_ID)
                    .or_send("\"unique()\"")
                    .describe("ID of the new file; the server chooses one where it is left out."),
                PERMISSIONS
                    .lists(Lists::Brackets)
                    .describe("Who may do what, such as read(\"any\"); in force where the bucket has fileSecurity."),
            ])
            .attachments(&[Attachment::new("file", "The file, with the name that it gets.")])
            .sends(Body::Multipart)
            .also(&[part_request(
                ALL,
                &[
                    Field::bound_or(Place::Body, "fileId", "fileId", "\"unique()\""),
                    Field::bound(Place::Body, "permissions", "permissions").lists(Lists::Brackets),
                    Field::free(Place::Body, "file", WHY_FREE),
                    RANGE,
                    UPLOAD_ID,
                ],
            )])
            .run(|call| upload(call, "file")),
        Operation::get("get", "Get file", ONE)
            .summary("Tells name, size, type and permissions of a file; its bytes come from files.download.")
            .inputs(&[BUCKET_ID, FILE_ID]),
        Operation::put("update", "Update file", ONE)
            .summary("Renames a file or replaces its permissions; its bytes stay.")
            .inputs(&[
                BUCKET_ID,
                FILE_ID,
                body("name", text()).optional().describe("New name."),
                PERMISSIONS.describe("Replaces who may do what, such as read(\"any\"); left out, it stays as it is."),
            ]),
        Operation::delete("delete", "Delete file", ONE)
            .summary("Deletes a file.")
            .inputs(&[BUCKET_ID, FILE_ID])
            .answers_success(),
        Operation::get("download", "Download file", "/storage/buckets/{bucketId}/files/{fileId}/download")
            .summary("Fetches the bytes of a file.")
            .inputs(&[BUCKET_ID, FILE_ID, TOKEN])
            .answers_file("file"),
        Operation::get("view", "View file", "/storage/buckets/{bucketId}/files/{fileId}/view")
            .summary("Fetches the bytes of a file, marked for display instead of download.")
            .inputs(&[BUCKET_ID, FILE_ID, TOKEN])
            .answers_file("file"),
        Operation::get("preview", "Get file preview", "/storage/buckets/{bucketId}/files/{fileId}/preview")
            .summary("Makes a picture of an image below 10 MB, resized or restyled; other files give an icon.")
            .inputs(&[
                BUCKET_ID,
                FILE_ID,
                query("width", PIXELS).optional().describe("Width in pixels; 0 follows from the height."),
                query("height", PIXELS).optional().describe("Height in pixels; 0 follows from the width."),
                query(
                    "gravity",
                    one_of(&[
                        "center",
                        "top-left",
                        "top",
                        "top-right",
                        "left",
                        "right",
                        "bottom-left",
                        "bottom",
                        "bottom-right",
                    ])
                    .provider_default("\"center\""),
                )
                .optional()
                .describe("Part that stays where the image is cut."),
                query("quality", IMAGE_QUALITY).optional().describe("Quality from 0 to 100; -1 keeps the image's own."),
                query("borderWidth", integer().at_least(0).at_most(100).provider_default("0"))
                    .optional()
                    .describe("Width of a border in pixels."),
                query("borderColor", COLOUR).optional().describe("Colour of the border in hexadecimal, without #."),
                query("borderRadius", PIXELS).optional().describe("Radius of round corners in pixels."),
                query("opacity", number().at_least(0).at_most(1).provider_default("1"))
                    .optional()
                    .describe("From 0, which cannot be seen, to 1; for formats with transparency such as png."),
                query("rotation", integer().at_least(-360).at_most(360).provider_default("0"))
                    .optional()
                    .describe("Turn in degrees."),
                query("background", COLOUR)
                    .optional()
                    .describe("Colour behind transparent parts in hexadecimal, without #."),
                query("output", IMAGE_FORMAT)
                    .optional()
                    .describe("Format of the picture; without it, the image's own."),
                TOKEN,
            ])
            .answers_file("preview"),
    ],
);
