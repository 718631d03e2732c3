//! Credentials that the host obtains itself, as they stand in a document.

use serde_json::{Map, Value, json};
use wharf_egress::declaration::{
    Assertion, Client, Credential, CredentialKind, Endpoint, Key, LoginStep, Oauth2, Over, Parameter, ParameterValue,
    Session, Taken, TakenFrom, TokenAnswer, Told, ToldBy,
};

use super::{Object, list, named, request, word};
use crate::manifest::ConnectionTest;
use crate::manifest::document::credentials::{ALGORITHMS, ASSERTION_LASTS, GRANTS, SEPARATOR, WAYS, usual_way};

pub(super) fn credential(credential: &Credential) -> Value {
    let mut written = Object::default();
    written.put("summary", credential.summary.as_str());
    match &credential.kind {
        CredentialKind::Oauth2(of) => written.put("oauth2", oauth2(of)),
        CredentialKind::Session(of) => written.put("session", session(of)),
    }
    written.into()
}

pub(super) fn test(test: &ConnectionTest) -> Value {
    let mut written = Object::default();
    written.put("operation", test.operation.as_str());
    written.put_some("identity", test.identity.as_slice());
    written.into()
}

fn oauth2(of: &Oauth2) -> Value {
    let mut written = Object::default();
    written.put("grants", list(&of.grants, |grant| word(&GRANTS, grant).into()));
    written.put_option("authorize", of.authorize.as_ref().map(endpoint));
    written.put_option("device", of.device.as_ref().map(endpoint));
    written.put("token", endpoint(&of.token));
    written.put_option("revoke", of.revoke.as_ref().map(endpoint));
    written.put("client", client(&of.client));
    written.put_some("scopes", of.scopes.as_slice());
    if of.scope_separator != SEPARATOR {
        written.put("scope-separator", of.scope_separator.as_str());
    }
    if !of.pkce {
        written.put("pkce", false);
    }
    written.put_option("issuer", of.issuer.as_deref());
    written.put_option("assertion", of.assertion.as_ref().map(assertion));
    written.put_some("answer", answer(&of.answer));
    written.put_option("lasts", of.lasts);
    written.put_some("over", list(&of.over, sign));
    written.put_some("fields", told(&of.fields));
    written.put_some("servers", told(&of.servers));
    written.into()
}

fn endpoint(endpoint: &Endpoint) -> Value {
    let mut written = Object::default();
    written.put_option("server", endpoint.server.as_deref());
    if endpoint.path.as_str() != "" {
        written.put("path", endpoint.path.as_str());
    }
    let parameter = |Parameter { name, value }: &Parameter| match value {
        ParameterValue::Text(text) => (name.clone(), text.as_str().into()),
        ParameterValue::Field(field) => (name.clone(), json!({ "field": field })),
    };
    written.put_some("parameters", endpoint.parameters.iter().map(parameter).collect::<Map<_, _>>());
    written.put_some("json", endpoint.json);
    written.into()
}

fn client(client: &Client) -> Value {
    let mut written = Object::default();
    written.put("id", client.id.as_str());
    written.put_option("secret", client.secret.as_deref());
    if client.by != usual_way(client.secret.as_deref()) {
        written.put("by", word(&WAYS, &client.by));
    }
    written.put_option("key", client.key.as_ref().map(key));
    written.into()
}

fn key(key: &Key) -> Value {
    let mut written = Object::default();
    written.put("field", key.field.as_str());
    written.put("algorithm", word(&ALGORITHMS, &key.algorithm));
    written.put_option("id", key.id.as_deref());
    written.into()
}

fn assertion(assertion: &Assertion) -> Value {
    let mut written = Object::default();
    written.put("key", key(&assertion.key));
    written.put("issuer", assertion.issuer.as_str());
    written.put_option("subject", assertion.subject.as_deref());
    written.put_option("audience", assertion.audience.as_deref());
    written.put_some("scope-claim", assertion.scope_claim);
    if assertion.lasts != ASSERTION_LASTS {
        written.put("lasts", assertion.lasts);
    }
    written.into()
}

/// What stands elsewhere than usual.
fn answer(answer: &TokenAnswer) -> Value {
    let usual = TokenAnswer::default();
    let mut written = Object::default();
    for ((name, place), (_, usual)) in answer.places().into_iter().zip(usual.places()) {
        if place != usual {
            written.put(name, place);
        }
    }
    written.into()
}

fn told(told: &[Told]) -> Value {
    let by = |told: &Told| match &told.by {
        ToldBy::Answer(pointer) => json!({ "answer": pointer }),
        ToldBy::Callback(parameter) => json!({ "callback": parameter }),
    };
    named(told, |told| (&told.name, by(told)))
}

fn session(session: &Session) -> Value {
    let mut written = Object::default();
    written.put("login", named(&session.login, |step| (&step.request.name, self::step(step))));
    written.put_option("lasts", session.lasts);
    written.put_some("over", list(&session.over, sign));
    written.put_some("again", list(&session.again, sign));
    written.into()
}

fn step(step: &LoginStep) -> Value {
    let from = |taken: &Taken| match &taken.from {
        TakenFrom::Answer(pointer) => json!({ "answer": pointer }),
        TakenFrom::Header(name) => json!({ "header": name }),
        TakenFrom::Cookie(name) => json!({ "cookie": name }),
    };
    let mut written = request(&step.request, None, false);
    if let Some(members) = written.as_object_mut().filter(|_| !step.takes.is_empty()) {
        members.insert("takes".to_owned(), named(&step.takes, |taken| (&taken.name, from(taken))));
    }
    written
}

fn sign(sign: &Over) -> Value {
    let mut written = Object::default();
    written.put_option("status", sign.status);
    written.put_option("at", sign.at.as_deref());
    written.put_some("is", sign.is.as_slice());
    written.into()
}
