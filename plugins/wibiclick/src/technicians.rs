use wharf_plugin::{Input, Operation, Resource, path};

use crate::ids::{ID, MONTH, WEBSITE, YEAR};

const TECHNICIAN: Input = path("technicianId", ID).describe("ID of the technician.");

pub(crate) const TECHNICIANS: Resource = Resource::new(
    "technicians",
    &[
        Operation::get("get-monthly-report", "Get monthly report", "/technician-reports/monthly/{technicianId}")
            .summary("Fetches a technician's report of a month, with the salary.")
            .inputs(&[TECHNICIAN, WEBSITE, YEAR, MONTH]),
        Operation::get("calculate-salary", "Calculate salary", "/technician-reports/salary/{technicianId}")
            .summary("Works out a technician's salary of a month.")
            .inputs(&[TECHNICIAN, WEBSITE.optional(), YEAR, MONTH])
            .unverified("the path is that of an earlier web client; whether it needs the website is not known"),
        Operation::get("get-performance", "Get technician performance", "/technician-performance")
            .summary("Fetches how the technicians of a website perform, in all or in a month.")
            .inputs(&[WEBSITE, YEAR.optional(), MONTH.optional()]),
    ],
);
