//! What a platform app manages: accounts, their users, bots for all accounts, and users.

use serde_json::{Map, Value, json};

use super::{Call, Chatwoot, Refusal, Reply, id_of, invalid, object, pick, secret};
use crate::answer::Answer;

const ACCOUNT: [&str; 9] =
    ["id", "name", "locale", "domain", "support_email", "status", "features", "limits", "custom_attributes"];

impl Chatwoot {
    pub(super) fn platform(&mut self, call: &Call<'_>) -> Reply {
        let kind = match call.resource() {
            "agent-bots" => "agent_bots",
            "users" => "users",
            _ => "accounts",
        };
        if let Some((_, id)) = call.path.first() {
            self.may_reach(kind, id)?;
        }
        match (call.resource(), call.action()) {
            ("account-users", _) => self.account_users(call),
            ("users", "get-sso-url") => self.login_link(call.id()),
            ("users", _) => self.platform_users(call),
            (_, "list") => {
                let own = |thing: &&Value| self.store.find(&format!("permissible/{kind}"), &id_of(thing)).is_some();
                let list: Vec<&Value> = self.store.all(kind).iter().filter(own).collect();
                Ok(Answer::json(200, &json!(list)))
            }
            (resource, action) => {
                let mut answer = self.plain(call, kind)?;
                let thing: Option<Value> = serde_json::from_slice(&answer.body).ok();
                if let (Some(thing), "create") = (&thing, action) {
                    self.permit(kind, &id_of(thing));
                }
                if let (Some(thing), "accounts") = (&thing, resource) {
                    answer = Answer::json(200, &pick(thing, &ACCOUNT));
                }
                Ok(answer)
            }
        }
    }

    /// Of what others have made, an app learns no more than that it is not its own.
    fn may_reach(&self, kind: &str, id: &str) -> Result<(), Refusal> {
        self.store.find(kind, id).ok_or(Refusal::NotFound)?;
        self.store.find(&format!("permissible/{kind}"), id).map(|_| ()).ok_or(Refusal::Foreign)
    }

    fn permit(&mut self, kind: &str, id: &str) {
        let collection = format!("permissible/{kind}");
        if self.store.find(&collection, id).is_none() {
            self.store.add(&collection, json!({ "id": id }));
        }
    }

    fn account_users(&mut self, call: &Call<'_>) -> Reply {
        const SHOWN: [&str; 3] = ["account_id", "user_id", "role"];
        let collection = call.of_account("account_users");
        let user = call.number("user_id").map(|id| id.to_string()).unwrap_or_default();
        match call.action() {
            "list" => {
                let list: Vec<Value> = self.store.all(&collection).iter().map(|thing| pick(thing, &SHOWN)).collect();
                Ok(Answer::json(200, &json!(list)))
            }
            "create" => {
                self.may_reach("users", &user)?;
                if !["agent", "administrator"].contains(&call.text("role")) {
                    return Err(invalid("role", "is not included in the list"));
                }
                let membership = self.join(call.account(), &user, call.text("role"));
                Ok(Answer::json(200, &pick(&membership, &SHOWN)))
            }
            // Whoever is no member is taken out as well.
            _ => {
                self.store.remove(&collection, &user);
                Ok(Answer::empty(200))
            }
        }
    }

    fn platform_users(&mut self, call: &Call<'_>) -> Reply {
        let id = match call.action() {
            "create" => {
                let given = given(call)?;
                let known = self.user_with(call.text("email"));
                let id = match known {
                    Some(id) => id,
                    None if call.text("email").is_empty() => return Err(invalid("email", "can't be blank")),
                    None => self.add_user(given),
                };
                self.permit("users", &id);
                id
            }
            "update" => {
                let given = given(call)?;
                if self.is_taken("users", call.id(), "email", given.get("email")) {
                    return Err(invalid("email", "has already been taken"));
                }
                self.store.change("users", call.id(), given).ok_or(Refusal::NotFound)?;
                call.id().to_owned()
            }
            "delete" => {
                self.store.remove("users", call.id());
                let accounts: Vec<String> = self.store.all("accounts").iter().map(id_of).collect();
                for account in accounts {
                    self.store.remove(&format!("accounts/{account}/account_users"), call.id());
                }
                return Ok(Answer::empty(200));
            }
            _ => call.id().to_owned(),
        };
        Ok(Answer::json(200, &self.user(&id)?))
    }

    fn login_link(&self, id: &str) -> Reply {
        let user = self.store.find("users", id).ok_or(Refusal::NotFound)?;
        let email: String = form_urlencoded::byte_serialize(super::member(user, "email").as_bytes()).collect();
        let link = format!("{}/app/login?email={email}&sso_auth_token={}", self.url, secret());
        Ok(Answer::json(200, &json!({ "url": link })))
    }
}

/// The members of a user that were given. The password is checked and not shown again.
fn given(call: &Call<'_>) -> Result<Map<String, Value>, Refusal> {
    let mut given = call.given();
    if let Some(Value::String(password)) = given.remove("password") {
        let kinds: [fn(char) -> bool; 4] = [
            |c| c.is_ascii_uppercase(),
            |c| c.is_ascii_lowercase(),
            |c| c.is_ascii_digit(),
            |c| c.is_ascii_punctuation(),
        ];
        if password.chars().count() < 6 || kinds.iter().any(|kind| !password.chars().any(kind)) {
            let problem = "must contain upper and lower case letters, a number and a special character";
            return Err(invalid("password", problem));
        }
    }
    let names = [("name", "available_name"), ("display_name", "available_name"), ("email", "uid")];
    for (name, follower) in names {
        if let Some(value) = given.get(name).cloned() {
            given.extend(object(json!({ follower: value })));
        }
    }
    Ok(given)
}
