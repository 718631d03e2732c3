//! What is alike for contacts, employees, estimates, invoices, jobs, notes and suppliers.

use serde_json::{Map, Value, json};

use super::call::{Call, Outcome, Refusal, done, member, refusal};
use super::{State, sales};
use crate::answer::Answer;
use crate::table::WIBICLICK;

/// The name of a resource's list in answers and of one of its things, and how messages call one.
const KINDS: [(&str, &str, &str, &str); 9] = [
    ("contacts", "customers", "customer", "Customer"),
    ("employees", "employees", "employee", "Employee"),
    ("estimates", "estimates", "estimate", "Estimate"),
    ("invoices", "invoices", "invoice", "Invoice"),
    ("jobs", "jobs", "job", "Job"),
    ("notes", "notes", "note", "Note"),
    ("suppliers", "suppliers", "supplier", "Supplier"),
    ("users", "users", "user", "User"),
    ("websites", "websites", "website", "Website"),
];

/// How messages call a thing of a collection.
pub(super) fn title(collection: &str) -> &'static str {
    KINDS.iter().find(|(_, list, _, _)| *list == collection).map_or("Record", |(_, _, _, title)| title)
}

pub(super) fn handle(state: &mut State, call: &Call<'_>) -> Outcome {
    let (resource, verb) = call.operation.name.split_once('.').unwrap_or_default();
    let Some(&(_, list, one, title)) = KINDS.iter().find(|(name, ..)| *name == resource) else {
        return Err(refusal(404, "Not found"));
    };
    match verb {
        "list" | "get-for-contact" => {
            let things = state.of(list, call.website()).filter(|thing| is_wanted(call, thing));
            Ok(Answer::json(200, &json!({ list: call.page(things) })))
        }
        "get" => Ok(Answer::json(200, &json!({ one: state.find(list, id(call), call.website())? }))),
        "save" => save(state, call, list, one),
        "delete" => {
            state.find(list, id(call), call.website())?;
            state.store.remove(list, id(call));
            done(&format!("{title} deleted"))
        }
        _ => {
            state.find(list, id(call), call.website())?;
            state.store.change(list, id(call), changes(call)?);
            Ok(Answer::json(200, &json!({ "message": format!("{title} updated") })))
        }
    }
}

/// The id of the one thing that a call is about. Its name varies, and sometimes misleads.
fn id<'c>(call: &'c Call<'_>) -> &'c str {
    match call.operation.name.as_str() {
        "contacts.get" | "contacts.delete" | "invoices.delete" | "jobs.delete" => call.query("custId"),
        "estimates.delete" => call.query("estimateId"),
        "jobs.get" => call.query("jobId"),
        "jobs.update-callout-fee" => call.body("jobId"),
        "notes.delete" => call.query("id"),
        _ if call.path.is_empty() => call.body("id"),
        _ => call.variable(),
    }
}

/// Whether a thing has what the filters of a list ask for.
fn is_wanted(call: &Call<'_>, thing: &Value) -> bool {
    let filters = call.input.query.iter().filter(|(name, _)| !["id", "limit", "offset"].contains(&name.as_str()));
    let name = |filter: &str| if filter == "contactId" { "customerId".to_owned() } else { filter.to_owned() };
    filters.into_iter().all(|(filter, value)| thing.get(name(filter)) == Some(value))
}

/// Adding and changing are one call.
fn save(state: &mut State, call: &Call<'_>, list: &str, one: &str) -> Outcome {
    let mut members = call.input.body.clone();
    let told = members.remove("id").is_some();
    members.remove("notify");
    if told {
        state.find(list, id(call), call.website())?;
    }
    if ["estimates", "invoices"].contains(&list) {
        sales::complete(state, call, list, &mut members)?;
    }
    let (thing, what) = match told {
        true => (state.store.change(list, id(call), members).unwrap_or_default(), "updated"),
        false => (state.add(list, call.website(), members), "added"),
    };
    let mut answer = json!({ "message": format!("{} {what}", title(list)) });
    if ["estimates", "invoices", "suppliers"].contains(&list) {
        answer = json!({ "success": true, "message": member(&answer, "message"), one: thing });
    }
    Ok(Answer::json(200, &answer))
}

/// The members that a call replaces.
fn changes(call: &Call<'_>) -> Result<Map<String, Value>, Refusal> {
    let mut changes = Map::new();
    for (name, value) in &call.input.body {
        match (name.as_str(), value) {
            ("id" | "jobId" | "websiteId", _) => {}
            ("(preferences)", _) => drop(changes.insert("communicationPreferences".to_owned(), value.clone())),
            ("(technician)", _) => drop(changes.insert("preferredTechnician".to_owned(), value.clone())),
            ("(supplier)", Value::Object(members)) => {
                let known = WIBICLICK.iter().filter(|operation| operation.name == "suppliers.save");
                let known: Vec<&str> = known.flat_map(|o| &o.params).map(|param| param.name.as_str()).collect();
                if let Some(name) = members.keys().find(|name| !known.contains(&name.as_str())) {
                    return Err(refusal(400, format!("{name}: it is not known here")));
                }
                changes.extend(members.clone());
            }
            _ => drop(changes.insert(name.clone(), value.clone())),
        }
    }
    Ok(changes)
}
