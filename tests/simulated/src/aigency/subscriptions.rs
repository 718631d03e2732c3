//! What users are subscribed to.

use std::time::{Duration, SystemTime, UNIX_EPOCH};

use serde_json::{Value, json};

use super::Aigency;
use super::call::{Call, Fault, Outcome, result};
use super::things::{id_of, number, one, pick};

/// How many evaluations a subscription keeps.
const KEPT: usize = 10;

/// What a subscription is like that was just made.
const MADE: [&str; 7] = ["id", "source", "link", "isEnabled", "lastSeenPostTimestamp", "isByFinder", "evaluations"];

impl Aigency {
    pub(super) fn subscribe(&mut self, call: &Call<'_>, user: &str, by_finder: bool) -> Outcome {
        let collection = format!("users/{user}/subscriptions");
        // The database has no user without a record, and no two subscriptions to the same.
        if self.store.find("users", user).is_none() || self.subscription(call, &collection).is_some() {
            return Err(Fault::internal());
        }
        let seen = call.params.get("timestamp").map(|_| time(call.text("timestamp"))).transpose()?;
        let subscription = json!({
            "id": self.store.number(),
            "userId": number(user)?,
            "source": call.text("source"),
            "link": call.text("link"),
            "isEnabled": true,
            "lastSeenPostTimestamp": seen.map(written),
            "isByFinder": by_finder,
            "evaluations": [],
        });
        result(pick(&self.store.add(&collection, subscription), &MADE))
    }

    /// The id of the subscription to the source and link of a call.
    fn subscription(&self, call: &Call<'_>, collection: &str) -> Option<String> {
        let is_meant = |thing: &&Value| ["source", "link"].iter().all(|name| thing.get(name) == call.params.get(*name));
        self.store.all(collection).iter().find(is_meant).map(id_of)
    }

    pub(super) fn subscriptions_by_user(&self, call: &Call<'_>) -> Outcome {
        all(call, self.newest(&format!("users/{}/subscriptions", call.id("userId")?)))
    }

    pub(super) fn subscriptions_by_source(&self, call: &Call<'_>) -> Outcome {
        let of_source = self.of_all_users("subscriptions").filter(|s| s.get("source") == call.params.get("source"));
        let mut subscriptions: Vec<Value> = of_source.cloned().collect();
        subscriptions.sort_by_key(|subscription| std::cmp::Reverse(subscription.get("id").and_then(Value::as_u64)));
        all(call, subscriptions)
    }

    /// The later of two times remains.
    pub(super) fn see_post(&mut self, call: &Call<'_>) -> Outcome {
        let collection = format!("users/{}/subscriptions", call.id("userId")?);
        let seen = time(call.text("timestamp"))?;
        if let Some(id) = self.subscription(call, &collection) {
            let before = self.store.find(&collection, &id).and_then(|s| s.get("lastSeenPostTimestamp"));
            let before = before.and_then(Value::as_str).and_then(|before| time(before).ok());
            let latest = before.map_or(seen, |before| before.max(seen));
            self.store.change(&collection, &id, one("lastSeenPostTimestamp", written(latest)));
        }
        Ok(None)
    }

    pub(super) fn evaluate(&mut self, call: &Call<'_>) -> Outcome {
        let id = call.id("id")?;
        if let Some(collection) = self.store.holder("subscriptions", &id) {
            let old = self.store.find(&collection, &id).and_then(|s| s.get("evaluations")).and_then(Value::as_array);
            let old = old.into_iter().flatten();
            let values: Vec<Value> = call.params.get("newValue").into_iter().chain(old).take(KEPT).cloned().collect();
            self.store.change(&collection, &id, one("evaluations", values));
        }
        Ok(None)
    }

    pub(super) fn evaluations(&self, call: &Call<'_>) -> Outcome {
        let id = call.id("id")?;
        let subscription = self.store.holder("subscriptions", &id).and_then(|of| self.store.find(&of, &id));
        result(subscription.and_then(|s| s.get("evaluations")).cloned().ok_or_else(Fault::internal)?)
    }

    pub(super) fn mark_by_finder(&mut self, call: &Call<'_>) -> Outcome {
        let id = call.id("entityId")?;
        // The database is not asked to change nothing.
        let is_by_finder = call.params.get("isByFinder").cloned().ok_or_else(Fault::internal)?;
        if let Some(collection) = self.store.holder("subscriptions", &id) {
            self.store.change(&collection, &id, one("isByFinder", is_by_finder));
        }
        Ok(None)
    }
}

/// A list without pages.
fn all(call: &Call<'_>, mut subscriptions: Vec<Value>) -> Outcome {
    if call.is_true("onlyActive") {
        subscriptions.retain(|subscription| subscription.get("isEnabled") == Some(&true.into()));
    }
    result(json!({ "total": subscriptions.len(), "items": subscriptions }))
}

/// Every hour, two minutes past.
pub(super) fn next_scan() -> String {
    let seconds = SystemTime::now().duration_since(UNIX_EPOCH).map_or(0, |since| since.as_secs());
    let hours = seconds.saturating_sub(120) / 3600 + 1;
    written(UNIX_EPOCH + Duration::from_secs(hours * 3600 + 120))
}

fn written(time: SystemTime) -> String {
    humantime::format_rfc3339_millis(time).to_string()
}

/// A time in ISO 8601, with `Z`, an offset or neither. The database takes nothing else.
fn time(text: &str) -> Result<SystemTime, Fault> {
    read_time(text).ok_or_else(Fault::internal)
}

fn read_time(text: &str) -> Option<SystemTime> {
    let of_day = text.find('T')?;
    let zone = text.get(of_day..)?.find(['Z', '+', '-']).map_or(text.len(), |at| of_day + at);
    let (moment, zone) = text.split_at_checked(zone)?;
    let moment = humantime::parse_rfc3339_weak(moment).ok()?;
    if ["", "Z"].contains(&zone) {
        return Some(moment);
    }
    let (hours, minutes) = zone.get(1..)?.split_once(':')?;
    let offset = Duration::from_secs(hours.parse::<u64>().ok()? * 3600 + minutes.parse::<u64>().ok()? * 60);
    if zone.starts_with('+') { moment.checked_sub(offset) } else { moment.checked_add(offset) }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn times_are_read_with_their_offset() {
        for text in ["2026-01-05T09:00:00Z", "2026-01-05T11:00:00+02:00", "2026-01-05T07:30:00.000-01:30"] {
            assert_eq!(written(time(text).unwrap()), "2026-01-05T09:00:00.000Z");
        }
        for text in ["", "tomorrow", "2026-01-05T09:00:00Z'", "2026-01-05T09:00:00+é", "éTé"] {
            assert!(time(text).is_err(), "{text}");
        }
    }
}
