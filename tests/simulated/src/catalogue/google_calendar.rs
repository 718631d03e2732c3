//! Google Calendar: the calendars of one account.

use serde_json::{Value, json};

use super::Provider;
use super::call::{Call, Outcome, Refusal, empty, json, member, object, refusal, with};
use super::google::{self, Account, EMAIL, admit, missing, page};
use crate::answer::Canned;
use crate::request::Recorded;
use crate::store::Store;
use crate::table::{self, Table};

pub(super) static OPERATIONS: Table =
    Table::new(|| table::read(include_str!("../../tables/catalogue/google-calendar.json")));

const TIME: &str = "2026-01-05T09:00:00.000Z";
const LIST: &str = "calendarList";
const CALENDARS: &str = "calendars";

pub(super) struct GoogleCalendar {
    account: Account,
    store: Store,
}

impl Provider for GoogleCalendar {
    fn answer(&mut self, request: &Recorded) -> Canned {
        self.account.answer(request).unwrap_or_else(|| google::answered(self.serve(request)))
    }
}

impl GoogleCalendar {
    pub(super) fn new() -> Self {
        let mut store = Store::new("id");
        for (id, summary, role) in [
            (EMAIL, "Ada", "owner"),
            ("holidays@example.com", "Holidays", "reader"),
            ("team@example.com", "Team", "writer"),
        ] {
            let calendar =
                json!({ "kind": "calendar#calendar", "id": id, "summary": summary, "timeZone": "Europe/Berlin" });
            store.add(CALENDARS, calendar.clone());
            let own = json!({ "kind": "calendar#calendarListEntry", "accessRole": role, "primary": id == EMAIL });
            store.add(LIST, with(calendar, object(own)));
        }
        store.add(CALENDARS, json!({ "kind": "calendar#calendar", "id": "club@example.com", "summary": "Club" }));
        for (id, value) in [("timezone", "Europe/Berlin"), ("locale", "en"), ("weekStart", "1")] {
            store.add("settings", json!({ "kind": "calendar#setting", "id": id, "value": value }));
        }
        let owner = json!({ "type": "user", "value": EMAIL });
        store.add(&of(EMAIL, "acl"), json!({ "id": format!("user:{EMAIL}"), "role": "owner", "scope": owner }));
        Self { account: Account::new(), store }
    }

    fn serve(&mut self, request: &Recorded) -> Outcome {
        admit(request)?;
        let segments = request.segments();
        // The table has the paths below `/calendar/v3`.
        let path: Vec<&str> = segments.iter().skip(2).map(String::as_str).collect();
        let call = Call::find(&OPERATIONS, &request.method, &path).ok_or_else(missing)?;
        let call = call.read(request).map_err(Refusal::wrong(400, "invalid"))?;
        match call.name() {
            "calendars.list" => page(&call, "items", self.store.all(LIST), 100),
            "calendars.subscribe" => self.subscribe(&call),
            "calendars.unsubscribe" => self.store.remove(LIST, call.id()).map_or_else(|| Err(missing()), |_| empty()),
            "calendars.create" => self.create_calendar(&call),
            "settings.list" => page(&call, "items", self.store.all("settings"), 100),
            "free-busy.query" => self.free_busy(&call),
            name if name.starts_with("calendars.") => self.calendar(&call),
            name if name.starts_with("shares.") => self.shares(&call),
            _ => self.events(&call),
        }
    }

    /// The id of a calendar that there is: `primary` is the account's own.
    fn id_of_calendar(&self, call: &Call<'_>) -> Result<String, Refusal> {
        let id = Some(call.variable("calendarId")).filter(|id| *id != "primary").unwrap_or(EMAIL);
        self.store.find(CALENDARS, id).map(|_| id.to_owned()).ok_or_else(missing)
    }

    fn subscribe(&mut self, call: &Call<'_>) -> Outcome {
        let calendar = self.store.find(CALENDARS, &call.text("id")).cloned().ok_or_else(missing)?;
        let entry = with(with(calendar, object(json!({ "accessRole": "reader" }))), call.given());
        if self.store.find(LIST, &call.text("id")).is_none() {
            self.store.add(LIST, entry.clone());
        }
        json(200, &entry)
    }

    fn create_calendar(&mut self, call: &Call<'_>) -> Outcome {
        let id = format!("c{}@group.calendar.example.com", self.store.number());
        let calendar = with(json!({ "kind": "calendar#calendar", "id": id, "timeZone": "UTC" }), call.given());
        self.store.add(LIST, with(calendar.clone(), object(json!({ "accessRole": "owner" }))));
        json(200, &self.store.add(CALENDARS, calendar))
    }

    fn calendar(&mut self, call: &Call<'_>) -> Outcome {
        let id = self.id_of_calendar(call)?;
        match call.name() {
            "calendars.get" => json(200, self.store.find(CALENDARS, &id).ok_or_else(missing)?),
            "calendars.update" => json(200, &self.store.change(CALENDARS, &id, call.given()).ok_or_else(missing)?),
            _ if id == EMAIL => Err(refusal(403, "forbidden", "The primary calendar cannot be deleted.")),
            _ => {
                self.store.remove(CALENDARS, &id);
                self.store.remove(LIST, &id);
                empty()
            }
        }
    }

    fn events(&mut self, call: &Call<'_>) -> Outcome {
        let calendar = self.id_of_calendar(call)?;
        let events = of(&calendar, "events");
        let id = call.variable("eventId");
        match call.name() {
            "events.list" => {
                let word = call.text("q").to_lowercase();
                let is_found = |event: &&Value| member(event, "summary").to_lowercase().contains(&word);
                let found: Vec<Value> = self.store.all(&events).iter().filter(is_found).cloned().collect();
                page(call, "items", &found, 250)
            }
            "events.get" => json(200, self.store.find(&events, id).ok_or_else(missing)?),
            "events.create" => {
                let start = call.input.body.get("start");
                if start.and_then(|start| start.get("date").or_else(|| start.get("dateTime"))).is_none() {
                    return Err(refusal(400, "required", "Missing start time."));
                }
                self.create_event(call, &events)
            }
            "events.quick-add" => self.create_event(call, &events),
            "events.update" => json(200, &self.store.change(&events, id, call.given()).ok_or_else(missing)?),
            "events.move" => {
                let other = of(&call.text("destination"), "events");
                let event = self.store.remove(&events, id).ok_or_else(missing)?;
                json(200, &self.store.add(&other, event))
            }
            "events.delete" => self.store.remove(&events, id).map_or_else(|| Err(missing()), |_| empty()),
            _ => {
                let event = self.store.find(&events, id).ok_or_else(missing)?;
                // A series of ten times, whatever its rule says.
                let times = (1..=10).map(|number| {
                    let own = json!({ "id": format!("{id}_{number}"), "recurringEventId": id });
                    with(event.clone(), object(own))
                });
                page(call, "items", &times.collect::<Vec<_>>(), 250)
            }
        }
    }

    fn create_event(&mut self, call: &Call<'_>, events: &str) -> Outcome {
        let given = call.given();
        let id = match call.text("id") {
            id if id.is_empty() => format!("event{}", self.store.number()),
            id if self.store.find(events, &id).is_some() => {
                return Err(refusal(409, "duplicate", "The requested identifier already exists."));
            }
            id => id,
        };
        let event = json!({
            "kind": "calendar#event", "id": id, "status": "confirmed", "created": TIME, "updated": TIME, "summary": call.text("text"),
            "creator": { "email": EMAIL, "self": true }, "organizer": { "email": EMAIL, "self": true },
        });
        json(200, &self.store.add(events, with(event, given)))
    }

    fn free_busy(&self, call: &Call<'_>) -> Outcome {
        let items = call.input.body.get("items").and_then(Value::as_array).cloned().unwrap_or_default();
        let calendars = items.iter().map(|item| {
            let id = Some(member(item, "id")).filter(|id| *id != "primary").unwrap_or(EMAIL);
            let busy = |event: &Value| {
                let time = |side: &str| event.get(side).and_then(|time| time.get("dateTime")).cloned();
                Some(json!({ "start": time("start")?, "end": time("end")? }))
            };
            let busy: Vec<Value> = self.store.all(&of(id, "events")).iter().filter_map(busy).collect();
            (member(item, "id").to_owned(), json!({ "busy": busy }))
        });
        let calendars: Value = calendars.collect();
        let (from, to) = (call.text("timeMin"), call.text("timeMax"));
        json(200, &json!({ "kind": "calendar#freeBusy", "timeMin": from, "timeMax": to, "calendars": calendars }))
    }

    fn shares(&mut self, call: &Call<'_>) -> Outcome {
        let shares = of(&self.id_of_calendar(call)?, "acl");
        match call.name() {
            "shares.list" => page(call, "items", self.store.all(&shares), 100),
            "shares.add" => {
                let scope = call.input.body.get("scope").cloned().unwrap_or_default();
                let id = format!("{}:{}", member(&scope, "type"), member(&scope, "value"));
                let rule = with(json!({ "kind": "calendar#aclRule", "id": id }), call.given());
                self.store.remove(&shares, &id);
                json(200, &self.store.add(&shares, rule))
            }
            _ => self.store.remove(&shares, call.id()).map_or_else(|| Err(missing()), |_| empty()),
        }
    }
}

/// A collection of a calendar.
fn of(calendar: &str, collection: &str) -> String {
    format!("{CALENDARS}/{calendar}/{collection}")
}
