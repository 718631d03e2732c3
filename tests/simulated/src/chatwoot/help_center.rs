//! Help center portals, which paths know by their slug.

use serde_json::{Map, Value, json};

use super::{Call, Chatwoot, Refusal, Reply, id_of, invalid, object};
use crate::answer::Answer;

impl Chatwoot {
    pub(super) fn help_center(&mut self, call: &Call<'_>) -> Reply {
        let portals = call.of_account("portals");
        let answer = match call.action() {
            "list-portals" => json!({ "payload": self.store.all(&portals) }),
            "create-portal" => {
                let given = self.portal_given(call, &portals, "")?;
                present(&given, &["name", "slug"])?;
                let mut portal = object(json!({
                    "id": self.store.number(), "archived": false, "color": "#1f93ff",
                    "config": { "allowed_locales": [{ "code": "en", "articles_count": 0, "categories_count": 0 }] },
                    "custom_domain": null, "header_text": null, "homepage_link": null, "page_title": null,
                    "account_id": call.account().parse::<u64>().ok(),
                }));
                portal.extend(given);
                json!({ "payload": [self.store.add(&portals, Value::Object(portal))] })
            }
            "update-portal" => {
                let id = self.portal(call, &portals)?;
                let given = self.portal_given(call, &portals, &id)?;
                json!({ "payload": self.store.change(&portals, &id, given) })
            }
            action => {
                let portal = self.portal(call, &portals)?;
                let (kind, needed): (_, &[&str]) = match action {
                    "create-category" => ("categories", &["name", "slug", "locale"]),
                    _ => ("articles", &["title"]),
                };
                present(&call.input.body, needed)?;
                let mut thing = object(json!({
                    "id": self.store.number(), "portal_id": portal.parse::<u64>().ok(),
                    "account_id": call.account().parse::<u64>().ok(),
                }));
                thing.extend(call.given());
                self.store.add(&format!("{portals}/{portal}/{kind}"), Value::Object(thing))
            }
        };
        Ok(Answer::json(200, &answer))
    }

    /// The number of the portal whose slug the path has.
    fn portal(&self, call: &Call<'_>, portals: &str) -> Result<String, Refusal> {
        let found = self.store.all(portals).iter().find(|portal| super::member(portal, "slug") == call.id());
        found.map(id_of).ok_or(Refusal::NotFound)
    }

    /// What was given, as it is kept.
    fn portal_given(&self, call: &Call<'_>, portals: &str, id: &str) -> Result<Map<String, Value>, Refusal> {
        let mut given = call.given();
        if self.is_taken(portals, id, "slug", given.get("slug")) {
            return Err(invalid("slug", "has already been taken"));
        }
        if let Some(locales) = given.get("config").and_then(|config| config.get("allowed_locales")?.as_array()) {
            let locale = |code: &Value| json!({ "code": code, "articles_count": 0, "categories_count": 0 });
            let locales: Vec<Value> = locales.iter().map(locale).collect();
            given.insert("config".to_owned(), json!({ "allowed_locales": locales }));
        }
        Ok(given)
    }
}

fn present(given: &Map<String, Value>, names: &[&str]) -> Result<(), Refusal> {
    let missing = names.iter().find(|&&name| given.get(name).is_none_or(super::plain::is_blank));
    missing.map_or(Ok(()), |name| Err(invalid(name, "can't be blank")))
}
