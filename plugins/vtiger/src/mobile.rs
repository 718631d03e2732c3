use wharf_plugin::{Call, Failure, Input, Lists, Operation, Output, Resource, body, object, text};

use crate::ids::MODULE;
use crate::login::{by_post, send};
use crate::vtql::Query;

const UNTRIED: &str = "no answer of a server was seen, and it may ask for more than the inputs listed";

const MODULE_NAME: Input = body("module", MODULE).describe("Name of the module, such as Contacts; case matters.");

const RECORD: Input = body("record", text().at_least(1)).describe("Id of the record, such as 12x5.");

const QUERY: Input = body("query", text().at_least(1)).describe(
    "What to look for, in Vtiger's query language. Without a limit of its own there are pages, for which the order needs \
     the id as its last column; with one, of at most 100 rows, there is no other page.",
);

const PAGE: Input = body("page", text().at_least(1)).optional().describe(
    "Number of the page, from 0; nextPage of the answer has the next one, or 0. It has 0 too early where the server leaves out \
     repeats, as of events: query.run does not.",
);

/// They come by POST, as everything from the Mobile module, and change nothing.
const fn reading(action: &'static str, title: &'static str, name: &'static str) -> Operation {
    by_post(action, title, name).reads()
}

pub(crate) const MOBILE: Resource = Resource::new(
    "mobile",
    &[
        reading("list-alerts", "List alerts", "mobile.fetchallalerts")
            .summary("Lists the alerts that the Mobile module has for the user."),
        reading("get-alert", "Get alert", "mobile.alertdetailswithmessage")
            .summary("Fetches one alert of the Mobile module with its message.")
            .inputs(&[body("alertid", text().at_least(1)).describe("Id of the alert.")])
            .unverified(UNTRIED),
        reading("list-filters", "List filters", "mobile.fetchmodulefilters")
            .summary("Lists the saved filters of a module.")
            .inputs(&[MODULE_NAME]),
        reading("get-filter", "Get filter", "mobile.filterdetailswithcount")
            .summary("Fetches one saved filter and how many records it finds.")
            .inputs(&[body("filterid", text().at_least(1)).describe("Id of the filter.")])
            .unverified(UNTRIED),
        reading("list-records", "List records", "mobile.listmodulerecords")
            .summary("Lists records of a module as the mobile client sees them (better documented: query.run).")
            .inputs(&[body("elements", object())
                .lists(Lists::Json)
                .describe("Which records; its members are not documented.")]),
        reading("get-record", "Get record", "mobile.fetchrecord")
            .summary("Fetches one record as the mobile client sees it (better documented: records.get).")
            .inputs(&[RECORD])
            .unverified(UNTRIED),
        reading("get-record-grouped", "Get record in blocks", "mobile.fetchrecordwithgrouping")
            .summary("Fetches one record with its fields in the blocks of the record's form.")
            .inputs(&[RECORD])
            .unverified(UNTRIED),
        by_post("save-record", "Save record", "mobile.saverecord")
            .summary("Adds a record, or changes the one given (better documented: records.create, records.revise).")
            .inputs(&[
                MODULE_NAME,
                RECORD.optional().describe("Id of the record to change; without it one is added."),
                body("values", object()).lists(Lists::Json).describe("Fields of the record by name."),
            ])
            .unverified(UNTRIED),
        reading("sync-records", "Sync records", "mobile.syncModuleRecords")
            .summary("Lists the records of a module that were changed since an earlier call.")
            .inputs(&[
                MODULE_NAME,
                body("syncToken", text().at_least(1)).optional().describe("The token that the earlier call gave."),
                PAGE,
            ]),
        reading("query", "Query records", "mobile.query")
            .summary("Finds records of a module by a query, a page at a time (better documented: query.run).")
            .inputs(&[MODULE_NAME, QUERY, PAGE])
            .run(find),
        reading("query-grouped", "Query records in blocks", "mobile.querywithgrouping")
            .summary("Finds records by a query and gives their fields in the blocks of the record's form.")
            .inputs(&[MODULE_NAME, QUERY, PAGE])
            .run(find)
            .unverified(UNTRIED),
    ],
);

fn find(call: &Call<'_>) -> Result<Output, Failure> {
    Query::read(call.text("query").unwrap_or_default()).check_limit("query")?;
    send(call).map(Output::text)
}
