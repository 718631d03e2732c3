//! WibiClick: websites with their users, contacts, employees, jobs, estimates, invoices, notes and messages.

mod call;
mod messages;
mod people;
mod plain;
mod reading;
mod reports;
mod sales;
mod seed;
mod websites;
mod work;

use std::collections::{BTreeMap, BTreeSet};
use std::io;
use std::sync::Arc;

use serde_json::{Map, Value, json};

use crate::answer::Answer;
use crate::request::Recorded;
use crate::routes;
use crate::server::{Server, Thread};
use crate::store::Store;
use crate::table::{Operation, Place, WIBICLICK};
use call::{Call, Outcome, Refusal, refusal};

/// The key that the server accepts.
pub const API_KEY: &str = "3d7c1f84-9b26-4e5a-8c70-f1a6b2d94e03";
/// A website to which both users are connected.
pub const WEBSITE_ID: &str = "harbour-website";
/// A website to which only [`USER_ID`] is connected.
pub const SECOND_WEBSITE_ID: &str = "lighthouse-website";
/// A user of both websites, and the one to whom the key belongs.
pub const USER_ID: &str = "user-ada";
/// A user of [`WEBSITE_ID`] alone.
pub const SECOND_USER_ID: &str = "user-grace";
/// With this address [`USER_ID`] logs in.
pub const EMAIL: &str = "ada@harbour.example";
/// The password of all users.
pub const PASSWORD: &str = "simulated-wibiclick-password";
/// The token in the link of the mail by which a password is reset.
pub const RESET_TOKEN: &str = "simulated-wibiclick-reset-token";
/// A contact of [`WEBSITE_ID`] with a job, an estimate and an invoice.
pub const CUSTOMER_ID: &str = "customer-marie";
/// The same person once more, by the phone number.
pub const SECOND_CUSTOMER_ID: &str = "customer-curie";
/// An employee of [`WEBSITE_ID`].
pub const EMPLOYEE_ID: &str = "employee-joan";
/// A job of [`CUSTOMER_ID`], done by [`EMPLOYEE_ID`] in September 2025.
pub const JOB_ID: &str = "job-dishwasher";
/// An estimate for [`CUSTOMER_ID`].
pub const ESTIMATE_ID: &str = "estimate-dishwasher";
/// The invoice of [`JOB_ID`].
pub const INVOICE_ID: &str = "invoice-dishwasher";
/// The line item of [`INVOICE_ID`].
pub const ITEM_ID: &str = "item-pump";

/// When everything was made; the server has no clock.
const CREATED: &str = "2025-09-04T08:00:00.000Z";

/// For people who have not logged in.
const OPEN: [&str; 4] = ["users.login", "users.register", "users.request-password-reset", "users.reset-password"];

/// Starts the server.
///
/// # Errors
///
/// When a listener, a runtime or a thread cannot be had from the system.
pub fn start() -> io::Result<Server> {
    start_on(&Thread::start()?)
}

pub(crate) fn start_on(thread: &Arc<Thread>) -> io::Result<Server> {
    Server::start(thread, &["authorization"], |_url| {
        let mut state = seed::state();
        move |request| state.answer(request)
    })
}

struct State {
    /// By the names that the lists have in answers; each thing has the id of its website.
    store: Store,
    /// Pairs of website and user.
    connected: BTreeSet<(String, String)>,
    /// The contact buttons of each website.
    settings: BTreeMap<String, Map<String, Value>>,
    /// What the profile says of the company.
    company: Map<String, Value>,
    passwords: BTreeMap<String, String>,
    /// Whom each token acts for.
    tokens: BTreeMap<String, String>,
    /// Who has asked for a new password.
    resetting: Option<String>,
}

impl State {
    fn answer(&mut self, request: &Recorded) -> Answer {
        // Split raw: a path that was joined with two slashes is another path.
        let segments: Vec<String> = request.path().split('/').skip(1).map(reading::decoded).collect();
        let segments: Vec<&str> = segments.iter().map(String::as_str).collect();
        let Some((operation, path)) = operation(request, &segments) else {
            return message(404, "Not found");
        };
        let outcome = self.caller(operation, request).and_then(|caller| {
            let input = reading::read(operation, request)?;
            let call = Call { operation, path, input, caller };
            self.things_exist(&call)?;
            self.handle(&call)
        });
        outcome.unwrap_or_else(|Refusal { status, text }| match segments.len() {
            1 => message(status, &text),
            // The newer calls have longer paths, and another name for it.
            _ => Answer::json(status, &json!({ "error": text })),
        })
    }

    /// The user who asks: the key's own, or the one who has logged in.
    fn caller(&self, operation: &Operation, request: &Recorded) -> Result<String, Refusal> {
        if OPEN.contains(&operation.name.as_str()) {
            return Ok(String::new());
        }
        let token = request.header("authorization").and_then(|value| value.strip_prefix("Bearer "));
        let user = match token {
            Some(API_KEY) => Some(USER_ID),
            Some(token) => self.tokens.get(token).map(String::as_str),
            None => None,
        };
        user.map(str::to_owned).ok_or_else(|| refusal(401, "Unauthorized"))
    }

    /// All that a call names by its id must be there, and belong to the website.
    fn things_exist(&self, call: &Call<'_>) -> Result<(), Refusal> {
        for website in [call.website(), call.body("websiteId")] {
            if !website.is_empty() {
                self.find("websites", website, "")?;
            }
        }
        if [call.website(), call.body("websiteId")].iter().all(|id| !id.is_empty())
            && call.website() != call.body("websiteId")
        {
            return Err(refusal(400, "websiteId is another website than id"));
        }
        for (name, id) in call.ids() {
            let collection = match name {
                "customerId" | "contactId" | "targetCustomerId" => "customers",
                "employeeId" | "technicianId" => "employees",
                "jobId" => "jobs",
                "estimateId" => "estimates",
                "invoiceId" => "invoices",
                "supplierId" => "suppliers",
                "userId" | "oldUserId" | "newUserId" => "users",
                _ => continue,
            };
            self.find(collection, id, call.website())?;
        }
        Ok(())
    }

    fn handle(&mut self, call: &Call<'_>) -> Outcome {
        match call.operation.name.as_str() {
            "contacts.get-by-recent-jobs" => work::contacts_by_recent_jobs(self, call),
            "contacts.get-financials" => reports::financials(self, call),
            "contacts.merge" => work::merge_contacts(self, call),
            "contacts.get-potential-merges" => work::potential_merges(self),
            "employees.get-monthly-summary" => reports::monthly_summary(self, call),
            "estimates.get-number" => sales::next_number(self, call, "estimates", "estimate_number"),
            "invoices.get-number" => sales::next_number(self, call, "invoices", "invoice_number"),
            "estimates.remove-item" => sales::remove_item(self, call, "estimates"),
            "invoices.remove-item" | "line-items.remove-from-invoice" => sales::remove_item(self, call, "invoices"),
            "estimates.convert-to-invoice" => sales::convert(self, call),
            "jobs.send-to-technician" => messages::send_job(self, call),
            "jobs.match-technician" => work::match_technician(self, call),
            "jobs.book-with-ai" => work::book(self, call),
            "line-items.save" => sales::save_item(self, call),
            "line-items.parse" => sales::parse_items(call),
            "notes.add" => work::add_note(self, call),
            "settings.get" | "websites.get" => websites::get(self, call),
            "settings.update" => websites::update_settings(self, call),
            "settings.update-company-information" => websites::update_company(self, call),
            "settings.upload-logo" => websites::upload_logo(self, call),
            "tasks.create" => work::create_task(self, call),
            "technicians.get-monthly-report" => reports::technician_month(self, call),
            "technicians.calculate-salary" => reports::salary(self, call),
            "technicians.get-performance" => reports::performance(self, call),
            "users.disconnect-from-website" => people::disconnect(self, call),
            "users.connect-to-website" => people::connect(self, call),
            "users.list" => people::list(self, call),
            "users.update" => people::update(self, call),
            "users.get-profile" => Ok(people::profile(self, &call.caller)),
            "users.update-profile" => people::update_profile(self, call),
            "users.reset-password" => people::reset_password(self, call),
            "users.request-password-reset" => people::request_reset(self, call),
            "users.reassign-notes" => people::reassign_notes(self, call),
            "users.reassign-activities" => people::reassign_activities(self, call),
            "users.login" => people::login(self, call),
            "users.register" => people::register(self, call),
            "users.get-credits" => Ok(Answer::json(200, &json!({ "used": 12, "total": 100, "lifetime": false }))),
            "websites.list" => Ok(websites::list(self, call)),
            "websites.get-for-user" => websites::of_user(self, call),
            "websites.add" => websites::add(self, call),
            "websites.get-analytics" => reports::analytics(self, call),
            "websites.get-clicks" | "websites.get-recent-clicks" => reports::clicks(self, call),
            "websites.get-views" => reports::views(self, call),
            "websites.get-performance" => reports::website_performance(self, call),
            "whatsapp.send" | "whatsapp.send-document" | "whatsapp.send-direct" => messages::send(self, call),
            "whatsapp.check-number" => messages::check_number(self, call),
            "whatsapp.get-recent" => messages::recent(self, call),
            _ => plain::handle(self, call),
        }
    }

    /// A thing of a website; without a website, of any.
    fn find(&self, collection: &str, id: &str, website: &str) -> Result<&Value, Refusal> {
        let thing = self.store.find(collection, id).filter(|thing| is_of(thing, website));
        thing.ok_or_else(|| refusal(404, format!("{} not found", plain::title(collection))))
    }

    /// All things of a website.
    fn of<'s>(&'s self, collection: &str, website: &str) -> impl Iterator<Item = &'s Value> + use<'s> {
        let website = website.to_owned();
        self.store.all(collection).iter().filter(move |thing| is_of(thing, &website))
    }

    /// Mostly ids are UUIDs.
    fn new_id(&mut self) -> String {
        let number = self.store.number();
        format!("{number:08x}-0000-4000-8000-{number:012x}")
    }

    /// Adds a thing that has the members given.
    fn add(&mut self, collection: &str, website: &str, members: Map<String, Value>) -> Value {
        // Some tables number their things.
        let id = match collection {
            "notes" => self.store.number().into(),
            _ => Value::from(self.new_id()),
        };
        let mut thing = json!({ "id": id, "websiteId": website, "createdAt": CREATED });
        thing.as_object_mut().into_iter().for_each(|thing| thing.extend(members.clone()));
        self.store.add(collection, thing)
    }
}

/// Whether a thing belongs to a website. Websites and users belong to none.
fn is_of(thing: &Value, website: &str) -> bool {
    website.is_empty() || thing.get("websiteId").is_none_or(|of| of == website)
}

/// Of operations with the same method and path, the first that takes what the query has.
fn operation(request: &Recorded, path: &[&str]) -> Option<(&'static Operation, Vec<(String, String)>)> {
    let (first, variables) = routes::find(&WIBICLICK, &request.method, path)?;
    let query = request.query();
    let takes = |operation: &Operation, name: &str| {
        operation.params.iter().any(|param| param.place == Place::Query && param.name == name)
    };
    let fitting = WIBICLICK
        .iter()
        .find(|other| other.call == first.call && query.iter().all(|(name, _)| takes(other, name)))
        .unwrap_or(first);
    Some((fitting, variables))
}

fn message(status: u16, message: &str) -> Answer {
    Answer::json(status, &json!({ "message": message }))
}
