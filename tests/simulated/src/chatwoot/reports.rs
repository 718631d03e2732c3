//! Figures about conversations.

use serde_json::{Value, json};

use super::{Call, Chatwoot, Refusal, Reply, id_of, invalid, member};
use crate::answer::Answer;

const DAY: u64 = 86_400;
/// What a report ends with that was given no end.
const NOW: u64 = 1_767_603_600;
const PER_PAGE: usize = 25;

impl Chatwoot {
    pub(super) fn reports(&mut self, call: &Call<'_>) -> Reply {
        let (since, until) = (time(call, "since")?, time(call, "until")?);
        let conversations = self.store.all(&call.of_account("conversations"));
        let answer = match call.action() {
            "list-statistics" => {
                let until = until.unwrap_or(NOW);
                let since = since.unwrap_or(until.saturating_sub(6 * DAY));
                let days = (0..31).map(|day| since + day * DAY).take_while(|&day| day <= until);
                let value = |position: usize| match call.text("metric") {
                    "avg_first_response_time" | "avg_resolution_time" => json!("90.5"),
                    _ => json!(position % 3),
                };
                days.enumerate().map(|(i, day)| json!({ "value": value(i), "timestamp": day })).collect()
            }
            "get-statistics-summary" => {
                let figures = |count: usize| {
                    json!({
                        "avg_first_response_time": "90.5", "avg_resolution_time": "180.0",
                        "conversations_count": count, "incoming_messages_count": count,
                        "outgoing_messages_count": count, "resolutions_count": 0,
                    })
                };
                let mut summary = figures(conversations.len());
                if let Some(members) = summary.as_object_mut() {
                    members.insert("previous".to_owned(), figures(0));
                }
                summary
            }
            "get-account-metrics" => {
                let open: Vec<&Value> = conversations.iter().filter(|c| member(c, "status") == "open").collect();
                let unassigned = open.iter().filter(|c| c.get("assignee_id").is_none_or(Value::is_null)).count();
                json!({ "open": open.len(), "unattended": 0, "unassigned": unassigned })
            }
            "get-agent-metrics" => {
                let users: Vec<String> = self.store.all(&call.of_account("account_users")).iter().map(id_of).collect();
                let wanted = |id: &&String| call.input.text("user_id").is_none_or(|wanted| *id == wanted);
                users.iter().filter(wanted).filter_map(|id| self.agent_figures(call.account(), id)).collect()
            }
            _ => self.events(call, since, until),
        };
        Ok(Answer::json(200, &answer))
    }

    fn events(&self, call: &Call<'_>, since: Option<u64>, until: Option<u64>) -> Value {
        let is_wanted = |event: &&Value| {
            let time = event.get("created_at").and_then(Value::as_u64).unwrap_or_default();
            let has = |name: &str| call.input.query.get(name).is_none_or(|wanted| event.get(name) == Some(wanted));
            since.is_none_or(|since| time >= since)
                && until.is_none_or(|until| time <= until)
                && ["inbox_id", "user_id", "name"].into_iter().all(has)
        };
        let events: Vec<&Value> =
            self.store.all(&call.of_account("reporting_events")).iter().filter(is_wanted).collect();
        let page: Vec<&Value> = events.iter().skip((call.page() - 1) * PER_PAGE).take(PER_PAGE).copied().collect();
        let pages = events.len().div_ceil(PER_PAGE);
        let meta = json!({ "count": events.len(), "current_page": call.page(), "total_pages": pages });
        json!({ "meta": meta, "payload": page })
    }
}

/// A time in seconds since 1970, which is written as text.
fn time(call: &Call<'_>, name: &str) -> Result<Option<u64>, Refusal> {
    let Some(text) = call.input.text(name) else { return Ok(None) };
    text.parse().map(Some).map_err(|_| invalid(name, "is no time in seconds"))
}
