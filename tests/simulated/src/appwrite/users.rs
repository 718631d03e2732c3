//! Users, their sessions and the ways to reach them.

use serde_json::{Map, Value, json};

use super::State;
use super::call::Call;
use super::fault::Fault;
use super::kinds;
use super::plain::{member, text, unique, with};
use super::queries::Scope;
use super::rules;
use super::seed;
use crate::answer::Answer;
use crate::clock;

impl State {
    pub(super) fn users(&mut self, call: &Call<'_>) -> Result<Option<Answer>, Fault> {
        let id = call.place("userId");
        Ok(Some(match call.action() {
            "list" => {
                let users: Vec<Value> = self.store.all("users").iter().map(|user| self.shown_user(user)).collect();
                self.list_of(call, &users, Scope::Whole(call.kind().attributes))?
            }
            "get" => call.answer(&self.shown_user(&self.found(call)?)),
            "delete" | "list-logs" | "list-memberships" => return Ok(None),
            action if action.starts_with("create") && call.id().is_empty() => self.create_user(call)?,
            "get-preferences" => call.answer(member(&self.found(call)?, "prefs")),
            "update-preferences" => {
                let user = self.change(call, call.body())?;
                call.answer(member(&user, "prefs"))
            }
            "list-sessions" => self.list_sessions(call),
            "create-session" => {
                let session = self.store.add(&format!("users/{id}/sessions"), seed::session(&unique(), id));
                call.answer(&session)
            }
            "delete-session" => {
                let session = call.place("sessionId");
                if let Some(list) = self.store.holder("sessions", session) {
                    self.store.remove(&list, session);
                }
                Answer::empty(204)
            }
            "delete-all-sessions" => {
                let sessions = self.store.all(&format!("users/{id}/sessions")).to_vec();
                for session in sessions {
                    self.store.remove(&format!("users/{id}/sessions"), text(&session, "$id"));
                }
                Answer::empty(204)
            }
            "create-token" => {
                rules::range("length", call.given("length"), 4.0, 128.0)?;
                rules::range("expire", call.given("expire"), 60.0, 31_536_000.0)?;
                let length = call.given("length").and_then(Value::as_u64).unwrap_or(6);
                let expire = call.given("expire").and_then(Value::as_i64).unwrap_or(900);
                let secret: String = unique().chars().cycle().take(usize::try_from(length).unwrap_or(6)).collect();
                call.answer(&json!({
                    "$id": unique(), "$createdAt": clock::now(), "userId": id, "secret": secret,
                    "expire": clock::after(expire), "phrase": "",
                }))
            }
            "create-jwt" => {
                rules::range("duration", call.given("duration"), 0.0, 3600.0)?;
                call.answer(&json!({ "jwt": format!("simulated.{id}.{}", unique()) }))
            }
            action if action.contains("mfa-") => self.factors(call)?,
            _ => self.update_user(call)?,
        }))
    }

    fn create_user(&mut self, call: &Call<'_>) -> Result<Answer, Fault> {
        let mut members = call.body();
        let given = |name: &str| call.given(name).and_then(Value::as_str).filter(|text| !text.is_empty());
        let (email, phone) = (given("email"), given("phone"));
        self.check_addresses(email, phone, "user_already_exists", "user_already_exists", "")?;
        let hash = call.action().strip_prefix("create-").unwrap_or("argon2");
        if call.action() == "create" && given("password").is_some_and(|password| password.chars().count() < 8) {
            return Err(Fault::param("password", "it must have at least 8 characters"));
        }
        // Salts and the like belong to the hash.
        members.retain(|name, _| matches!(name.as_str(), "userId" | "email" | "phone" | "name"));
        let now = clock::now();
        if given("password").is_some() {
            members.extend([
                ("password".to_owned(), "simulated-password-hash".into()),
                ("hash".to_owned(), hash.into()),
                ("hashOptions".to_owned(), json!({ "type": hash })),
                ("passwordUpdate".to_owned(), now.clone().into()),
            ]);
        }
        members.insert("registration".to_owned(), now.into());
        let user = self.create(call, members)?;
        let id = text(&user, "$id").to_owned();
        for (kind, identifier) in [("email", email), ("sms", phone)] {
            if let Some(identifier) = identifier {
                self.add_target(&id, &unique(), kind, identifier);
            }
        }
        Ok(call.answer(&self.shown_user(&user)))
    }

    /// Addresses are well written, and of one user at most.
    fn check_addresses(
        &self,
        email: Option<&str>,
        phone: Option<&str>,
        email_taken: &str,
        phone_taken: &str,
        own: &str,
    ) -> Result<(), Fault> {
        email.map_or(Ok(()), |email| rules::email("email", email))?;
        phone.map_or(Ok(()), |phone| rules::phone("phone", phone))?;
        let others = || self.store.all("users").iter().filter(|user| text(user, "$id") != own);
        for (name, address, kind) in [("email", email, email_taken), ("phone", phone, phone_taken)] {
            if address.is_some_and(|address| others().any(|user| text(user, name) == address)) {
                return Err(Fault::new(409, kind, format!("A user with the same {name} exists already")));
            }
        }
        Ok(())
    }

    fn update_user(&mut self, call: &Call<'_>) -> Result<Answer, Fault> {
        let mut members = call.body();
        match call.action() {
            "update-email" => {
                let email = call.text("email").filter(|email| !email.is_empty());
                self.check_addresses(email, None, "user_email_already_exists", "", call.id())?;
                // A new address has not been verified.
                members.insert("emailVerification".to_owned(), false.into());
                self.readdress(call, "email", email);
            }
            "update-phone" => {
                let phone = call.text("number").filter(|phone| !phone.is_empty());
                self.check_addresses(None, phone, "", "user_phone_already_exists", call.id())?;
                members = Map::new();
                members.insert("phone".to_owned(), call.text("number").unwrap_or_default().into());
                members.insert("phoneVerification".to_owned(), false.into());
                self.readdress(call, "sms", phone);
            }
            "update-password" => {
                rules::length("password", call.text("password").unwrap_or_default(), 8, 256)?;
                members = Map::new();
                members.insert("password".to_owned(), "another-simulated-password-hash".into());
                members.insert("passwordUpdate".to_owned(), clock::now().into());
            }
            "update-labels" => {
                let labels = call.given("labels").and_then(Value::as_array).into_iter().flatten();
                for label in labels.filter_map(Value::as_str) {
                    let fits = (1..=36).contains(&label.len()) && label.chars().all(|c| c.is_ascii_alphanumeric());
                    fits.then_some(()).ok_or_else(|| Fault::param("labels", "up to 36 letters and digits each"))?;
                }
            }
            _ => {}
        }
        let user = self.change(call, members)?;
        Ok(call.answer(&self.shown_user(&user)))
    }

    /// The target of a user's own address follows it.
    fn readdress(&mut self, call: &Call<'_>, kind: &str, address: Option<&str>) {
        let list = format!("users/{}/targets", call.id());
        let old = text(
            self.store.find("users", call.id()).unwrap_or(&Value::Null),
            if kind == "sms" { "phone" } else { kind },
        );
        let of_old = |target: &&Value| text(target, "providerType") == kind && text(target, "identifier") == old;
        let target = self.store.all(&list).iter().find(of_old).map(|target| text(target, "$id").to_owned());
        match (target, address) {
            (Some(id), Some(address)) => {
                self.set(&list, &id, [("identifier".to_owned(), address.into())].into_iter().collect());
            }
            (Some(id), None) => self.remove(&list, &id),
            (None, Some(address)) => self.add_target(call.id(), &unique(), kind, address),
            (None, None) => {}
        }
    }

    pub(super) fn add_target(&mut self, user: &str, id: &str, kind: &str, identifier: &str) {
        let members = json!({ "userId": user, "providerType": kind, "identifier": identifier });
        let members = members.as_object().cloned().unwrap_or_default();
        self.make(&format!("users/{user}/targets"), id, kinds::of("targets"), members);
    }

    fn shown_user(&self, user: &Value) -> Value {
        with(user, "targets", self.store.all(&format!("users/{}/targets", text(user, "$id"))))
    }

    fn list_sessions(&self, call: &Call<'_>) -> Answer {
        let sessions = self.store.all(&format!("users/{}/sessions", call.id()));
        let counted = call.input.query.get("total").is_none_or(|total| *total == true);
        call.answer(&json!({ "total": if counted { sessions.len() } else { 0 }, "sessions": sessions }))
    }

    fn factors(&mut self, call: &Call<'_>) -> Result<Answer, Fault> {
        let place = format!("users/{}", call.id());
        let (authenticators, codes) = (format!("{place}/authenticators"), format!("{place}/recovery"));
        let recovery = self.store.find(&codes, "codes").map(|found| member(found, "recoveryCodes").clone());
        let codes_missing = || Fault::new(404, "user_recovery_codes_not_found", "The user has no recovery codes");
        Ok(match call.action() {
            "delete-mfa-authenticator" => {
                let gone = self.store.remove(&authenticators, call.place("type"));
                gone.ok_or_else(|| Fault::new(404, "user_authenticator_not_found", "There is no such authenticator"))?;
                Answer::empty(204)
            }
            "list-mfa-factors" => {
                let user = self.found(call)?;
                call.answer(&json!({
                    "totp": self.store.find(&authenticators, "totp").is_some(),
                    "phone": member(&user, "phoneVerification"),
                    "email": member(&user, "emailVerification"),
                    "recoveryCode": recovery.is_some(),
                }))
            }
            "get-mfa-recovery-codes" => call.answer(&json!({ "recoveryCodes": recovery.ok_or_else(codes_missing)? })),
            action => {
                match (action, &recovery) {
                    ("create-mfa-recovery-codes", Some(_)) => {
                        let message = "The user has recovery codes already";
                        return Err(Fault::new(409, "user_recovery_codes_already_exists", message));
                    }
                    ("update-mfa-recovery-codes", None) => return Err(codes_missing()),
                    _ => {}
                }
                let made: Vec<String> = (0..6).map(|_| unique().chars().take(10).collect()).collect();
                self.store.remove(&codes, "codes");
                self.store.add(&codes, json!({ "$id": "codes", "recoveryCodes": made }));
                call.answer(&json!({ "recoveryCodes": made }))
            }
        })
    }

    pub(super) fn targets(&mut self, call: &Call<'_>) -> Result<Option<Answer>, Fault> {
        if !matches!(call.action(), "create" | "update") {
            return Ok(None);
        }
        let present = self.store.find(&call.list(), call.id()).cloned().unwrap_or_default();
        let kind = call.text("providerType").unwrap_or_else(|| text(&present, "providerType")).to_owned();
        match (kind.as_str(), call.text("identifier")) {
            ("email", Some(email)) => rules::email("identifier", email)
                .map_err(|_| Fault::new(400, "general_invalid_email", "It is no email address"))?,
            ("sms", Some(phone)) => rules::phone("identifier", phone)
                .map_err(|_| Fault::new(400, "general_invalid_phone", "It is no phone number"))?,
            _ => {}
        }
        if let Some(id) = call.text("providerId").filter(|id| !id.is_empty()) {
            let provider = self.store.find("providers", id).ok_or_else(|| kinds::of("providers").not_found(id))?;
            if text(provider, "type") != kind {
                return Err(Fault::new(400, "provider_incorrect_type", "The provider carries something else"));
            }
        }
        let mut members = call.body();
        members.insert("userId".to_owned(), call.place("userId").into());
        let target = if call.action() == "create" { self.create(call, members)? } else { self.change(call, members)? };
        Ok(Some(call.answer(&target)))
    }
}
