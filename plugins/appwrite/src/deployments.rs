use wharf_plugin::{
    Attachment, Body, Field, Input, Operation, Paging, Place, Resource, body, boolean, one_of, path, query, text,
};

use crate::data::{SEARCH, TOTAL};
use crate::functions::FUNCTION_ID;
use crate::ids::ID;
use crate::pages::pages;
use crate::queries::QUERIES;
use crate::upload::{RANGE, UPLOAD_ID, WHY_FREE, part_request, upload};

const PAGES: Paging = pages("/deployments");

const DEPLOYMENT_ID: Input = path("deploymentId", ID).describe("ID of the deployment.");
const ACTIVATE: Input = body("activate", boolean().provider_default("false"))
    .optional()
    .describe("Whether the function runs this code as soon as it is built.");

pub(crate) const DEPLOYMENTS: Resource = Resource::new(
    "deployments",
    &[
        Operation::get("list", "List deployments", "/functions/{functionId}/deployments")
            .summary("Lists the deployments of a function, a page at a time.")
            .inputs(&[FUNCTION_ID, QUERIES, SEARCH, TOTAL])
            .paged(&PAGES)
            .answers_with(&["deployments"]),
        Operation::post("create", "Create deployment", "/functions/{functionId}/deployments")
            .summary("Uploads code as a tar.gz file and queues its build, which goes on after the answer.")
            .inputs(&[
                FUNCTION_ID,
                body("entrypoint", text().at_least(1).or_null())
                    .optional()
                    .describe("File that runs; the function's own where left out."),
                body("commands", text().or_null())
                    .optional()
                    .describe("Commands that build the code; the function's own where left out."),
                body("activate", boolean()).describe("Whether the function runs this code as soon as it is built."),
            ])
            .attachments(&[Attachment::new(
                "code",
                "The code, as a tar.gz file whose name ends in .gz; above 5 MiB it is sent in parts.",
            )])
            .sends(Body::Multipart)
            .also(&[part_request(
                "/functions/{functionId}/deployments",
                &[
                    Field::bound(Place::Body, "entrypoint", "entrypoint"),
                    Field::bound(Place::Body, "commands", "commands"),
                    Field::bound(Place::Body, "activate", "activate"),
                    Field::free(Place::Body, "code", WHY_FREE),
                    RANGE,
                    UPLOAD_ID,
                ],
            )])
            .run(|call| upload(call, "code")),
        Operation::post("create-duplicate", "Rebuild deployment", "/functions/{functionId}/deployments/duplicate")
            .summary("Builds the code of a deployment again, as a new one with the function's present settings.")
            .inputs(&[
                FUNCTION_ID,
                body("deploymentId", ID).describe("ID of the deployment whose code is built again."),
                body("buildId", ID).optional().describe("Of no effect; it is there for old clients."),
            ]),
        Operation::post("create-template", "Deploy template", "/functions/{functionId}/deployments/template")
            .summary("Deploys code from a public template repository and queues its build.")
            .inputs(&[
                FUNCTION_ID,
                body("repository", text().at_least(1)).describe("Name of the template's repository."),
                body("owner", text().at_least(1)).describe("Owner of the repository."),
                body("rootDirectory", text().at_least(1)).describe("Directory of the code in the repository."),
                body("type", one_of(&["commit", "branch", "tag"])).describe("What the reference is."),
                body("reference", text().at_least(1)).describe("Hash of the commit, or name of the branch or tag."),
                ACTIVATE,
            ]),
        Operation::post("create-vcs", "Deploy from Git", "/functions/{functionId}/deployments/vcs")
            .summary("Deploys code from the repository that the function is connected to, and queues its build.")
            .inputs(&[
                FUNCTION_ID,
                body("type", one_of(&["branch", "commit"])).describe("What the reference is."),
                body("reference", text().at_least(1)).describe("Name of the branch, or hash of the commit."),
                ACTIVATE,
            ]),
        Operation::get("get", "Get deployment", "/functions/{functionId}/deployments/{deploymentId}")
            .summary("Fetches one deployment, with the state and the log of its build.")
            .inputs(&[FUNCTION_ID, DEPLOYMENT_ID]),
        Operation::delete("delete", "Delete deployment", "/functions/{functionId}/deployments/{deploymentId}")
            .summary("Deletes a deployment; without its active one a function does not run.")
            .inputs(&[FUNCTION_ID, DEPLOYMENT_ID])
            .answers_success(),
        Operation::get(
            "download",
            "Download deployment",
            "/functions/{functionId}/deployments/{deploymentId}/download",
        )
        .summary("Downloads the code of a deployment, or what its build made of it, as a tar.gz file.")
        .inputs(&[
            FUNCTION_ID,
            DEPLOYMENT_ID,
            query("type", one_of(&["source", "output"]).provider_default("\"source\""))
                .optional()
                .describe("The code as it was uploaded (source), or the result of the build (output)."),
        ])
        .answers_file("code"),
        Operation::patch(
            "update-status",
            "Cancel deployment",
            "/functions/{functionId}/deployments/{deploymentId}/status",
        )
        .summary("Cancels a build that waits or runs; one that is ready or failed cannot be cancelled.")
        .inputs(&[FUNCTION_ID, DEPLOYMENT_ID]),
    ],
);
