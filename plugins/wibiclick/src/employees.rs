use wharf_plugin::{Operation, Paging, Resource, body, path, text};

use crate::ids::{EMAIL, ID, ID_TO_CHANGE, MONTH, WEBSITE, YEAR, words};
use crate::pages::{LIMIT, OFFSET, pages};

const PAGES: Paging = pages("/employees");

pub(crate) const EMPLOYEES: Resource = Resource::new(
    "employees",
    &[
        Operation::get("list", "List employees", "/employees")
            .summary("Lists the employees of a website.")
            .inputs(&[WEBSITE, LIMIT, OFFSET])
            .paged(&PAGES),
        Operation::post("save", "Add or update employee", "/add-employee")
            .summary("Changes the employee who has the given ID, or adds a new one where no ID is given.")
            .inputs(&[
                WEBSITE,
                ID_TO_CHANGE,
                body("firstName", text().at_least(1)).describe("First name."),
                words("lastName", "Last name."),
                body("email", EMAIL).optional().describe("Email address."),
                words("phone", "Phone number."),
                words("location", "Where the employee works."),
                words("description", "More about the employee."),
            ]),
        Operation::get("get-monthly-summary", "Get monthly summary", "/employees/{employeeId}/monthly-summary")
            .summary("Fetches an employee's jobs of a month with payments, expenses and net revenue.")
            .inputs(&[path("employeeId", ID).describe("ID of the employee."), WEBSITE, YEAR, MONTH]),
    ],
);
