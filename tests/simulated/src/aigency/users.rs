//! Users and their wallets.

use serde_json::{Value, json};

use super::call::{Call, Fault, Outcome, result};
use super::things::one;
use super::{Aigency, http_error};
use crate::answer::Answer;
use crate::random;
use crate::request::Recorded;

impl Aigency {
    pub(super) fn user(&self, call: &Call<'_>) -> Result<&Value, Fault> {
        self.store.find("users", &call.user).ok_or_else(Fault::internal)
    }

    /// Changes one member of the user.
    pub(super) fn set(&mut self, call: &Call<'_>, name: &str, value: Value) -> Outcome {
        self.store.change("users", &call.user, one(name, value));
        Ok(None)
    }

    /// The server's other wallet fields come and go with the account on NEAR.
    pub(super) fn is_logged_in(&self, call: &Call<'_>) -> Result<(), Fault> {
        let account = self.user(call)?.get("nearAccountId").and_then(Value::as_str);
        account.map(|_| ()).ok_or_else(|| Fault::refusal("User is not logged in"))
    }

    pub(super) fn balance(&self, call: &Call<'_>) -> Outcome {
        self.is_logged_in(call)?;
        result(json!({ "balance": "1500000000000000000000000", "formatted": "1.5" }))
    }

    /// Gives the address of the wallet, which comes back to [`Aigency::finish_login`].
    pub(super) fn login(&mut self, call: &Call<'_>) -> Outcome {
        let key = format!("ed25519:{:016x}{:016x}", random::number(), random::number());
        let callback = format!("{}/api/user/login/{key}", self.url);
        self.logins.insert(key.clone(), call.user.clone());
        let query = form_urlencoded::Serializer::new(String::new())
            .append_pair("public_key", &key)
            .append_pair("success_url", &callback)
            .finish();
        result(json!({ "url": format!("https://wallet.example/login?{query}") }))
    }

    /// What a browser asks for; it is no JSON-RPC.
    pub(super) fn finish_login(&mut self, key: &str, request: &Recorded) -> Answer {
        let account = request.query().into_iter().find(|(name, _)| name == "account_id").map(|(_, account)| account);
        let user = self.logins.remove(&key.replace("%3A", ":"));
        let (Some(user), Some(account)) = (user, account) else {
            return http_error(500, "Internal Server Error", "Invalid login ID");
        };
        self.store.change("users", &user, one("nearAccountId", account));
        Answer::text(200, "text/html; charset=utf-8", "You are logged in")
    }
}
