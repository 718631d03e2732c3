//! The form of what the token endpoint answers.

use base64::Engine;
use base64::engine::general_purpose::URL_SAFE_NO_PAD;
use form_urlencoded::Serializer;
use serde_json::{Map, Value, json};

use super::options::{ErrorForm, ExpiresIn, ScopeForm, Shape};
use super::reply::{self, Refusal};
use super::state::State;
use crate::answer::{Answer, Canned};

pub(super) fn success(state: &State, family: usize, access: &str, refresh: Option<&str>) -> Canned {
    let shape = &state.options.shape;
    let members = nested(own(state, family, access, refresh), &shape.below);
    let mut answer = Map::new();
    if shape.has_ok {
        answer.insert("ok".to_owned(), true.into());
    }
    answer.extend(members);
    answer.extend(shape.extra.clone());
    written(shape, 200, &answer)
}

fn own(state: &State, family: usize, access: &str, refresh: Option<&str>) -> Map<String, Value> {
    let (shape, life) = (&state.options.shape, state.options.access_life);
    let scopes = state.grants.family(family).map(|family| family.scopes.clone()).unwrap_or_default();
    let expires_in = match shape.expires_in {
        ExpiresIn::Number => Some(life.into()),
        ExpiresIn::Text => Some(life.to_string().into()),
        ExpiresIn::Zero => Some(0.into()),
        ExpiresIn::Absent => None,
    };
    let scope = match shape.scope {
        ScopeForm::Spaces => Some(scopes.join(" ").into()),
        ScopeForm::Commas => Some(scopes.join(",").into()),
        ScopeForm::Array => Some(scopes.into()),
        ScopeForm::Absent => None,
    };
    let token_type = shape.token_type.as_deref().unwrap_or("Bearer");
    let members = [
        ("access_token", Some(access.into())),
        ("token_type", Some(token_type).filter(|of| !of.is_empty()).map(Value::from)),
        ("expires_in", expires_in),
        ("refresh_token", refresh.map(Value::from)),
        ("scope", scope),
        ("id_token", shape.has_id_token.then(|| id_token(state, family).into())),
    ];
    members.into_iter().filter_map(|(name, value)| Some((name.to_owned(), value?))).collect()
}

/// The members inside of objects, one for each part of the pointer.
fn nested(members: Map<String, Value>, below: &str) -> Map<String, Value> {
    let parts = below.rsplit('/').filter(|part| !part.is_empty());
    parts.fold(members, |inner, part| Map::from_iter([(part.to_owned(), inner.into())]))
}

/// A token that nobody has signed, which says whose the others are.
fn id_token(state: &State, family: usize) -> String {
    let user = state.grants.family(family).map(|family| family.user.clone()).unwrap_or_default();
    let now = state.now();
    let claims = json!({
        "iss": state.issuer,
        "sub": user,
        "aud": state.options.client_id,
        "email": super::api::email(&user),
        "iat": now,
        "exp": now + 3600,
    });
    let part = |value: &Value| URL_SAFE_NO_PAD.encode(value.to_string());
    format!("{}.{}.", part(&json!({ "alg": "none" })), part(&claims))
}

pub(super) fn failure(shape: &Shape, refusal: &Refusal) -> Canned {
    match shape.errors {
        ErrorForm::Standard => refusal.answer(),
        ErrorForm::OkFalse => reply::json(200, &json!({ "ok": false, "error": refusal.error })),
        ErrorForm::Status200 => match refusal.members() {
            Value::Object(members) => written(shape, 200, &members),
            other => reply::json(200, &other),
        },
    }
}

fn written(shape: &Shape, status: u16, members: &Map<String, Value>) -> Canned {
    if !shape.is_form {
        return reply::json(status, &Value::Object(members.clone()));
    }
    let text = |value: &Value| value.as_str().map_or_else(|| value.to_string(), str::to_owned);
    let mut form = Serializer::new(String::new());
    form.extend_pairs(members.iter().map(|(name, value)| (name, text(value))));
    Answer::text(status, "application/x-www-form-urlencoded; charset=utf-8", &form.finish()).into()
}
