//! Runs of functions: each answers what it was given.

use serde_json::{Value, json};

use super::State;
use super::call::Call;
use super::fault::Fault;
use super::plain::{member, text, unique};
use super::rules;
use crate::answer::Answer;

impl State {
    pub(super) fn executions(&mut self, call: &Call<'_>) -> Result<Option<Answer>, Fault> {
        match call.action() {
            "create" => self.execute(call).map(Some),
            "get" => {
                // A run in the background lasts until it is first looked at.
                if text(&self.found(call)?, "status") == "waiting" {
                    let members = json!({ "status": "completed", "responseStatusCode": 200, "duration": 0.1 });
                    self.set(&call.list(), call.id(), members.as_object().cloned().unwrap_or_default());
                }
                Ok(Some(call.answer(&self.found(call)?)))
            }
            "delete" if text(&self.found(call)?, "status") == "waiting" => {
                Err(Fault::new(400, "execution_in_progress", "The execution has not ended"))
            }
            _ => Ok(None),
        }
    }

    fn execute(&mut self, call: &Call<'_>) -> Result<Answer, Fault> {
        let in_background = call.given("async") == Some(&Value::Bool(true));
        let at = call.text("scheduledAt");
        if let Some(date) = at {
            if !in_background {
                let message = "An execution can only be scheduled when it is asynchronous";
                return Err(Fault::new(400, "general_bad_request", message));
            }
            rules::ahead("scheduledAt", date)?;
        }
        let function = self.store.find("functions", call.place("functionId")).cloned().unwrap_or_default();
        let deployment = text(&function, "deploymentId");
        if deployment.is_empty() {
            return Err(Fault::new(404, "deployment_not_found", "The function has no active deployment"));
        }
        let headers = call.given("headers").and_then(Value::as_object);
        let headers = headers.into_iter().flatten().map(|(name, value)| json!({ "name": name, "value": value }));
        let status = match (in_background, at) {
            (false, _) => "completed",
            (true, None) => "waiting",
            (true, Some(_)) => "scheduled",
        };
        let members = json!({
            "$permissions": [], "functionId": call.place("functionId"), "deploymentId": deployment,
            "trigger": if at.is_some() { "schedule" } else { "http" }, "status": status,
            "requestMethod": call.text("method").unwrap_or("POST"), "requestPath": call.text("path").unwrap_or("/"),
            "requestHeaders": headers.collect::<Vec<_>>(), "responseStatusCode": if in_background { 0 } else { 200 },
            "responseBody": if in_background { "" } else { call.text("body").unwrap_or_default() },
            "responseHeaders": [], "logs": "", "errors": "", "duration": 0.1, "scheduledAt": at,
        });
        let members = members.as_object().cloned().unwrap_or_default();
        let execution = self.make(&call.list(), &unique(), call.kind(), members);
        if call.request.header("accept").is_none_or(|types| !types.contains("application/json")) {
            // Who does not ask for JSON may get the parts of a form.
            return Ok(Answer::file("multipart/form-data; boundary=execution", *b"--execution--\r\n"));
        }
        let answer = call.answer(&execution);
        let started = member(&execution, "status") != "completed";
        Ok(if started { Answer { status: 202, ..answer } } else { answer })
    }
}
