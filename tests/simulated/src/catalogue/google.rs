//! What Google Calendar and Gmail have in common: accounts and tokens, errors and pages.

use base64::Engine as _;
use base64::engine::general_purpose::URL_SAFE_NO_PAD;
use serde_json::{Value, json};
use sha2::{Digest, Sha256};

use super::call::{Call, Outcome, Refusal, json as answer, object, refusal};
use crate::answer::{Answer, Canned};
use crate::request::Recorded;

/// Of the one client.
pub(super) const CLIENT_ID: &str = "7311-wharf.apps.googleusercontent.example";
pub(super) const CLIENT_SECRET: &str = "GOCSPX-simulated-4fT9wQzLm2Xv8KbY";
/// Of the one account.
pub(super) const EMAIL: &str = "ada@example.com";

const ACCESS: &str = "ya29.simulated-Zq8TnYx3Wk5BvHc7LmPa";
const REFRESH: &str = "1//simulated-Rk8YpJc37Qm2ZxV9tLw4";
const CODE: &str = "4/simulated-YpJc37Qm2";

/// The account, and how far somebody has come with getting a token of it.
pub(super) struct Account {
    /// The challenge (RFC 7636) and the address of whoever has the code.
    agreed: Option<(String, String)>,
    scope: String,
}

impl Account {
    pub(super) fn new() -> Self {
        Self { agreed: None, scope: String::new() }
    }

    /// What the servers `accounts` and `tokens` answer; nothing where it is for the API.
    pub(super) fn answer(&mut self, request: &Recorded) -> Option<Canned> {
        match (request.method.as_str(), request.path()) {
            ("GET", "/o/oauth2/v2/auth") => Some(self.agree(&request.query())),
            ("POST", "/token") => {
                Some(self.token(&form_urlencoded::parse(&request.body).into_owned().collect::<Vec<_>>()))
            }
            ("POST", "/revoke") => Some(Answer::json(200, &json!({})).into()),
            _ => None,
        }
    }

    /// A person who says yes at once.
    fn agree(&mut self, query: &[(String, String)]) -> Canned {
        let of = |name: &str| given(query, name);
        let is_complete = of("client_id") == CLIENT_ID
            && of("response_type") == "code"
            && of("code_challenge_method") == "S256"
            // Without these there is no refresh token.
            && (of("access_type"), of("prompt")) == ("offline", "consent");
        if !is_complete {
            return Answer::text(400, "text/html", "Error 400: invalid_request").into();
        }
        self.agreed = Some((of("code_challenge").to_owned(), of("redirect_uri").to_owned()));
        of("scope").clone_into(&mut self.scope);
        let query = form_urlencoded::Serializer::new(String::new())
            .extend_pairs([("state", of("state")), ("code", CODE), ("scope", of("scope"))])
            .finish();
        let location = format!("{}?{query}", of("redirect_uri"));
        Canned { headers: vec![("Location".to_owned(), location)], ..Answer::empty(302).into() }
    }

    fn token(&mut self, form: &[(String, String)]) -> Canned {
        let of = |name: &str| given(form, name);
        if (of("client_id"), of("client_secret")) != (CLIENT_ID, CLIENT_SECRET) {
            return Answer::json(401, &json!({ "error": "invalid_client" })).into();
        }
        let token = json!({ "access_token": ACCESS, "expires_in": 3599, "scope": self.scope, "token_type": "Bearer" });
        let is_good = match of("grant_type") {
            "authorization_code" => {
                let challenge = URL_SAFE_NO_PAD.encode(Sha256::digest(of("code_verifier")));
                let agreed = self.agreed.take();
                of("code") == CODE && agreed == Some((challenge, of("redirect_uri").to_owned()))
            }
            "refresh_token" => of("refresh_token") == REFRESH,
            _ => false,
        };
        if !is_good {
            return Answer::json(400, &json!({ "error": "invalid_grant", "error_description": "Bad Request" })).into();
        }
        let mut token = object(token);
        if of("grant_type") == "authorization_code" {
            token.insert("refresh_token".to_owned(), REFRESH.into());
        }
        Answer::json(200, &Value::Object(token)).into()
    }
}

fn given<'p>(pairs: &'p [(String, String)], name: &str) -> &'p str {
    pairs.iter().find(|(known, _)| known == name).map_or("", |(_, value)| value)
}

/// Whether the request has the account's token.
pub(super) fn admit(request: &Recorded) -> Result<(), Refusal> {
    match request.header("authorization") == Some(&format!("Bearer {ACCESS}")) {
        true => Ok(()),
        false => Err(refusal(401, "authError", "Invalid Credentials")),
    }
}

pub(super) fn missing() -> Refusal {
    refusal(404, "notFound", "Not Found")
}

pub(super) fn answered(outcome: Outcome) -> Canned {
    outcome
        .unwrap_or_else(|Refusal { status, code, text, .. }| Answer::json(status, &error(status, &code, &text)).into())
}

pub(super) fn error(status: u16, reason: &str, message: &str) -> Value {
    let detail = json!({ "domain": "global", "reason": reason, "message": message });
    json!({ "error": { "code": status, "message": message, "errors": [detail] } })
}

/// A page of a list as the member of this name, and what leads to the next one.
pub(super) fn page(call: &Call<'_>, list: &str, things: &[Value], usual: usize) -> Outcome {
    let token = call.text("pageToken");
    let from = match token.strip_prefix("page-") {
        _ if token.is_empty() => 0,
        Some(from) => from.parse().map_err(|_| refusal(400, "invalidPageToken", "Invalid page token"))?,
        None => return Err(refusal(400, "invalidPageToken", "Invalid page token")),
    };
    let (items, next) = call.page(things, from, "maxResults", usual);
    let mut body = object(json!({ list: items }));
    if let Some(next) = next {
        body.insert("nextPageToken".to_owned(), format!("page-{next}").into());
    }
    answer(200, &Value::Object(body))
}
