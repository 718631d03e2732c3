//! Credentials that the host obtains, in the document.

use super::{Bound, method, object, values};
use crate::credential::{
    Assertion, Authentication, Client, ConnectionTest, Credential, CredentialKind, Endpoint, Grant, Key, Login, Oauth2,
    ParameterValue, Session, Sign, TakenFrom, Told, ToldBy,
};
use crate::json_text::{Members, push_quoted};
use crate::provider::Provider;
use crate::request::{DeclaredRequest, Place};

pub(super) fn credential(provider: &Provider, credential: &Credential, json: &mut String) {
    object(json, |written| {
        written.add_text("summary", credential.summary);
        match &credential.kind {
            CredentialKind::Oauth2(of) => oauth2(of, written.value("oauth2")),
            CredentialKind::Session(of) => session(provider, of, written.value("session")),
        }
    });
}

pub(super) fn test(test: &ConnectionTest, json: &mut String) {
    object(json, |written| {
        written.add_text("operation", test.operation);
        written.add_texts("identity", test.identity);
    });
}

fn oauth2(of: &Oauth2, json: &mut String) {
    let grant = |grant: &Grant, json: &mut String| {
        let word = match grant {
            Grant::AuthorizationCode => "authorization-code",
            Grant::DeviceCode => "device-code",
            Grant::ClientCredentials => "client-credentials",
            Grant::JwtBearer => "jwt-bearer",
        };
        push_quoted(json, word);
    };
    object(json, |written| {
        written.add_list("grants", of.grants, grant);
        let endpoints = [
            ("authorize", of.authorize.as_ref()),
            ("device", of.device.as_ref()),
            ("token", Some(&of.token)),
            ("revoke", of.revoke.as_ref()),
        ];
        for (name, endpoint) in endpoints {
            endpoint.into_iter().for_each(|one| self::endpoint(one, written.value(name)));
        }
        client(&of.client, written.value("client"));
        written.add_texts("scopes", of.scopes);
        written.add_option("scope-separator", of.scope_separator);
        if !of.pkce {
            written.add("pkce", "false");
        }
        written.add_option("issuer", of.issuer);
        of.assertion.iter().for_each(|one| assertion(one, written.value("assertion")));
        if of.answer.places.iter().any(|(_, place)| place.is_some()) {
            object(written.value("answer"), |answer| {
                of.answer.places.iter().for_each(|(name, place)| answer.add_option(name, *place));
            });
        }
        seconds(of.lasts, written);
        written.add_list("over", of.over, sign);
        told("fields", of.fields, written);
        told("servers", of.servers, written);
    });
}

fn seconds(lasts: Option<u32>, written: &mut Members<'_>) {
    lasts.iter().for_each(|seconds| written.add("lasts", &seconds.to_string()));
}

fn endpoint(endpoint: &Endpoint, json: &mut String) {
    object(json, |written| {
        written.add_option("server", endpoint.server);
        written.add_text("path", endpoint.path);
        if !endpoint.parameters.is_empty() {
            object(written.value("parameters"), |all| {
                for parameter in endpoint.parameters {
                    match parameter.value {
                        ParameterValue::Text(text) => all.add_text(parameter.name, text),
                        ParameterValue::Field(field) => {
                            object(all.value(parameter.name), |of| of.add_text("field", field));
                        }
                    }
                }
            });
        }
        written.add_flag("json", endpoint.json);
    });
}

fn client(client: &Client, json: &mut String) {
    object(json, |written| {
        written.add_text("id", client.id);
        written.add_option("secret", client.secret);
        let by = match client.by {
            Authentication::Basic => "basic",
            Authentication::Body => "body",
            Authentication::None => "none",
            Authentication::Jwt => "jwt",
        };
        written.add_text("by", by);
        client.key.iter().for_each(|one| key(one, written.value("key")));
    });
}

fn key(key: &Key, json: &mut String) {
    object(json, |written| {
        written.add_text("field", key.field);
        written.add_text("algorithm", key.algorithm);
        written.add_option("id", key.id);
    });
}

fn assertion(assertion: &Assertion, json: &mut String) {
    object(json, |written| {
        key(&assertion.key, written.value("key"));
        written.add_text("issuer", assertion.issuer);
        written.add_option("subject", assertion.subject);
        written.add_option("audience", assertion.audience);
        written.add_flag("scope-claim", assertion.scope_claim);
        seconds(assertion.lasts, written);
    });
}

fn told(member: &str, all: &[Told], written: &mut Members<'_>) {
    if all.is_empty() {
        return;
    }
    object(written.value(member), |written| {
        for told in all {
            object(written.value(told.name), |one| match told.by {
                ToldBy::Answer(pointer) => one.add_text("answer", pointer),
                ToldBy::Callback(parameter) => one.add_text("callback", parameter),
            });
        }
    });
}

fn session(provider: &Provider, session: &Session, json: &mut String) {
    object(json, |written| {
        object(written.value("login"), |steps| {
            session.login.iter().for_each(|step| login(provider, step, steps.value(step.request.name)));
        });
        seconds(session.lasts, written);
        written.add_list("over", session.over, sign);
        written.add_list("again", session.again, sign);
    });
}

/// The provider's own scheme places what is not there yet, so that a login has only the one that it names.
fn login(provider: &Provider, Login { request, takes }: &Login, json: &mut String) {
    let scheme = request.scheme.flatten();
    let bound = Bound {
        request: DeclaredRequest { scheme: Some(scheme), ..*request },
        name: request.name,
        inputs: Vec::new(),
        attachments: &[],
        fields: request.fields.iter().collect(),
        is_for_files: false,
    };
    object(json, |written| {
        written.add_text("method", method(request.method));
        written.add_option("server", request.server);
        written.add_text("path", request.path);
        values::variables(&bound, written);
        written.add_list("query", &values::fields(&bound, Place::Query), values::field);
        written.add_list("headers", &values::fields(&bound, Place::Header), values::field);
        values::body(provider, &bound, written);
        written.add_option("scheme", scheme);
        if !takes.is_empty() {
            object(written.value("takes"), |all| {
                for taken in *takes {
                    object(all.value(taken.name), |from| match taken.from {
                        TakenFrom::Answer(pointer) => from.add_text("answer", pointer),
                        TakenFrom::Header(name) => from.add_text("header", name),
                        TakenFrom::Cookie(name) => from.add_text("cookie", name),
                    });
                }
            });
        }
    });
}

fn sign(sign: &Sign, json: &mut String) {
    object(json, |written| {
        sign.status.iter().for_each(|status| written.add("status", &status.to_string()));
        written.add_option("at", sign.at);
        written.add_texts("is", sign.is);
    });
}
