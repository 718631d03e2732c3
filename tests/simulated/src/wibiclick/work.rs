//! Contacts and jobs, notes and tasks: what goes beyond the plain.

use serde_json::{Value, json};

use super::State;
use super::call::{Call, Outcome, done, member, members, refusal};
use crate::answer::Answer;

/// Those who had a job, the latest first.
pub(super) fn contacts_by_recent_jobs(state: &State, call: &Call<'_>) -> Outcome {
    let mut customers: Vec<&Value> = Vec::new();
    let jobs: Vec<&Value> = state.of("jobs", call.website()).collect();
    for job in jobs.into_iter().rev() {
        let customer = state.store.find("customers", member(job, "customerId"));
        customers.extend(customer.filter(|customer| !customers.contains(customer)));
    }
    Ok(Answer::json(200, &json!({ "customers": customers })))
}

pub(super) fn merge_contacts(state: &mut State, call: &Call<'_>) -> Outcome {
    let target = call.body("targetCustomerId");
    let merged = call.input.body.get("mergeCustomerIds").and_then(Value::as_array).into_iter().flatten();
    let merged: Vec<&str> = merged.filter_map(Value::as_str).collect();
    if merged.contains(&target) || merged.is_empty() {
        return Err(refusal(400, "mergeCustomerIds needs others than targetCustomerId"));
    }
    for id in &merged {
        state.find("customers", id, "")?;
    }
    for list in ["jobs", "estimates", "invoices", "notes", "tasks"] {
        let things = state.store.all(list).iter().filter(|thing| merged.contains(&member(thing, "customerId")));
        let ids: Vec<Value> = things.filter_map(|thing| thing.get("id").cloned()).collect();
        for id in ids {
            let id = id.as_str().map_or_else(|| id.to_string(), str::to_owned);
            state.store.change(list, &id, members(json!({ "customerId": target })));
        }
    }
    for id in merged {
        state.store.remove("customers", id);
    }
    done("Customers merged")
}

/// Groups of contacts with the same phone number.
pub(super) fn potential_merges(state: &State) -> Outcome {
    let customers = state.store.all("customers");
    let phone = |customer: &Value| member(customer, "Phone").to_owned();
    let mut phones: Vec<String> = customers.iter().map(phone).filter(|phone| !phone.is_empty()).collect();
    phones.sort_unstable();
    phones.dedup();
    let groups = phones.iter().map(|of| customers.iter().filter(|c| phone(c) == *of).collect::<Vec<_>>());
    let groups: Vec<_> = groups.filter(|group| group.len() > 1).collect();
    Ok(Answer::json(200, &json!({ "potentialMerges": groups })))
}

pub(super) fn match_technician(state: &State, call: &Call<'_>) -> Outcome {
    let mut technicians = state
        .of("employees", call.website())
        .map(|employee| json!({ "technicianId": member(employee, "id"), "firstName": member(employee, "firstName") }));
    let first = technicians.next();
    let others: Vec<Value> = technicians.collect();
    let recommendations = json!({ "primaryRecommendation": first, "alternatives": others });
    Ok(Answer::json(200, &json!({ "recommendations": recommendations })))
}

pub(super) fn book(state: &mut State, call: &Call<'_>) -> Outcome {
    state.find("customers", call.body("data"), call.website())?;
    let job = json!({ "customerId": call.body("data"), "jobStatus": "AI-Draft" });
    state.add("jobs", call.website(), members(job));
    Ok(Answer::json(200, &json!({ "message": "Booking drafted" })))
}

/// There are two uses: `id` and `notes` on a contact, and a note of the website with a title or a text.
pub(super) fn add_note(state: &mut State, call: &Call<'_>) -> Outcome {
    let mut note = call.input.body.clone();
    match note.remove("id") {
        Some(customer) => {
            state.find("customers", call.body("id"), call.website())?;
            if call.body("notes").is_empty() {
                return Err(refusal(400, "notes: a note on a customer needs its text here"));
            }
            note.insert("customerId".to_owned(), customer);
        }
        None if note.contains_key("notes") => return Err(refusal(400, "id: notes belongs to a customer")),
        None if note.contains_key("title") || note.contains_key("description") => {}
        None => return Err(refusal(400, "title: a note needs it, or a description")),
    }
    let note = state.add("notes", call.website(), note);
    Ok(Answer::json(200, &json!({ "message": "Note added", "note": note })))
}

pub(super) fn create_task(state: &mut State, call: &Call<'_>) -> Outcome {
    let assignee = call.body("assigneeId");
    let known = ["users", "employees"].iter().any(|list| state.find(list, assignee, call.website()).is_ok());
    if !assignee.is_empty() && !known {
        return Err(refusal(404, "Assignee not found"));
    }
    let task = state.add("tasks", call.website(), call.input.body.clone());
    Ok(Answer::json(200, &json!({ "message": "Task created", "task": task })))
}
