//! WhatsApp. Nothing is sent; what would be is found among the recent interactions.

use serde_json::{Map, Value, json};

use super::State;
use super::call::{Call, Outcome, done, member, members, refusal};
use crate::answer::Answer;

pub(super) fn send(state: &mut State, call: &Call<'_>) -> Outcome {
    let message: Map<String, Value> = match call.input.files.first() {
        Some(file) => members(json!({
            "to": call.body("id"),
            "filename": call.body("filename"),
            "mimetype": file.media_type,
            "size": file.bytes.len(),
        })),
        None => match call.input.body.get("(payload)") {
            Some(payload) => members(payload.clone()),
            None => call.input.body.clone(),
        },
    };
    if message.is_empty() {
        return Err(refusal(400, "There is nothing to send"));
    }
    state.add("interactions", call.website(), message);
    done("Message sent")
}

/// The job comes whole, and without its website beside it.
pub(super) fn send_job(state: &mut State, call: &Call<'_>) -> Outcome {
    let given = call.input.body.get("job").cloned().unwrap_or_default();
    let job = state.find("jobs", member(&given, "id"), "")?.clone();
    let employee = state.find("employees", member(&given, "employeeId"), "");
    let employee = employee.map_err(|_| refusal(400, "The job has no technician"))?;
    let to = format!("{}@s.whatsapp.net", digits(member(employee, "phone")));
    let message = json!({ "to": to, "message": format!("Job: {}", member(&job, "name")) });
    state.add("interactions", member(&job, "websiteId"), members(message));
    done("Job sent to technician")
}

/// The contacts' numbers are on WhatsApp, and no others.
pub(super) fn check_number(state: &State, call: &Call<'_>) -> Outcome {
    let number = digits(call.body("to"));
    let exists = state.of("customers", call.website()).any(|customer| digits(member(customer, "Phone")) == number);
    Ok(Answer::json(200, &json!({ "exists": exists, "jid": call.body("to") })))
}

pub(super) fn recent(state: &State, call: &Call<'_>) -> Outcome {
    let all: Vec<&Value> = state.of("interactions", call.website()).collect();
    Ok(Answer::json(200, &json!({ "interactions": call.page(all.into_iter().rev()) })))
}

fn digits(text: &str) -> String {
    text.chars().filter(char::is_ascii_digit).collect()
}
