//! Credentials that the host obtains itself, as lines: where tokens come from and who asks for them, the requests that log in, and what
//! ends a session. Each line begins with the name of the credential.

use wharf_egress::declaration::{
    Algorithm, Assertion, Client, ClientAuthentication, Credential, CredentialKind, Endpoint, Key, LoginStep, Oauth2,
    Over, Parameter, ParameterValue, Session, TakenFrom, TokenAnswer, Told, ToldBy,
};

use super::{free, request, word, words};
use crate::manifest::ConnectionTest;

pub(super) fn credential(credential: &Credential) -> Vec<String> {
    let lines = match &credential.kind {
        CredentialKind::Oauth2(of) => oauth2(of),
        CredentialKind::Session(of) => session(of),
    };
    let name = word(&credential.name);
    lines.into_iter().map(|line| format!("credential {name}: {line}")).collect()
}

/// How a connection is tested.
pub(super) fn test(test: &ConnectionTest) -> Vec<String> {
    let identity = test.identity.iter().map(|at| format!("the test shows {} of the output", word(at)));
    std::iter::once(format!("connections are tested by {}", word(&test.operation))).chain(identity).collect()
}

fn oauth2(of: &Oauth2) -> Vec<String> {
    let mut lines: Vec<String> = of.grants.iter().map(|grant| format!("obtained by {}", grant.as_str())).collect();
    // Without the grant that has a code nothing is bound to one.
    if !of.pkce {
        lines.push("a code is not bound to who asked for it (no PKCE)".to_owned());
    }
    lines.extend(of.endpoints().map(|(what, at)| endpoint(what, at)));
    lines.push(client(&of.client));
    lines.extend(of.scopes.iter().map(|scope| format!("scope {}", word(scope))));
    if of.scopes.len() > 1 && of.scope_separator != " " {
        lines.push(format!("scopes with {:?} between them", of.scope_separator));
    }
    lines.push(match &of.issuer {
        Some(issuer) => format!("issuer {issuer:?}"),
        None => "of whatever issuer".to_owned(),
    });
    lines.extend(of.assertion.iter().map(assertion));
    lines.extend(answer(&of.answer));
    lines.extend(of.lasts.map(|seconds| format!("lasts {seconds} seconds where the answer does not say")));
    lines.extend(of.over.iter().map(|sign| format!("over where {}", self::sign(sign))));
    lines.extend(of.fields.iter().map(|told| self::told("field", told)));
    lines.extend(of.servers.iter().map(|told| self::told("address of the server", told)));
    lines
}

/// `token from POST /token of server accounts, parameters audience="api"`.
fn endpoint(what: &str, Endpoint { server, path, parameters, json }: &Endpoint) -> String {
    let (what, method) = match what {
        "authorize" => ("asks a person at", "GET"),
        "device" => ("asks for a device's code at", "POST"),
        "revoke" => ("gives tokens up at", "POST"),
        _ => ("gets tokens from", "POST"),
    };
    let parameter = |Parameter { name, value }: &Parameter| match value {
        ParameterValue::Text(text) => format!("{}={text:?}", word(name)),
        ParameterValue::Field(field) => format!("{}=connection field {}", word(name), word(field)),
    };
    let parameters = words(parameters.iter().map(parameter));
    format!(
        "{what} {method} {path}{}{}{}",
        server.iter().map(|server| format!(" of server {}", word(server))).collect::<String>(),
        if *json { ", json body" } else { "" },
        if parameters.is_empty() { String::new() } else { format!(", parameters{parameters}") },
    )
}

fn client(Client { id, secret, by, key }: &Client) -> String {
    let how = match by {
        ClientAuthentication::Basic => "shown by the header Authorization",
        ClientAuthentication::Body => "shown in the body",
        ClientAuthentication::None => "not shown to be it",
        ClientAuthentication::Jwt => "shown by a signature",
    };
    let secret = secret.iter().map(|secret| format!(", secret field {}", word(secret))).collect::<String>();
    let key = key.iter().map(|key| format!(", {}", self::key(key))).collect::<String>();
    format!("client field {}, {how}{secret}{key}", word(id))
}

/// `key field client_key by RS256, named by field key_id`.
fn key(Key { field, algorithm, id }: &Key) -> String {
    let algorithm = match algorithm {
        Algorithm::Rs256 => "RS256",
        Algorithm::Es256 => "ES256",
    };
    let id = id.iter().map(|id| format!(", named by field {}", word(id))).collect::<String>();
    format!("key field {} by {algorithm}{id}", word(field))
}

fn assertion(Assertion { key, issuer, subject, audience, scope_claim, lasts }: &Assertion) -> String {
    format!(
        "signs for field {}{}{}{}, for {lasts} seconds, {}",
        word(issuer),
        subject.iter().map(|subject| format!(" in the name of field {}", word(subject))).collect::<String>(),
        audience.iter().map(|audience| format!(", to {audience:?}")).collect::<String>(),
        if *scope_claim { ", with the scopes" } else { "" },
        self::key(key),
    )
}

/// What stands elsewhere than usual.
fn answer(answer: &TokenAnswer) -> Vec<String> {
    let usual = TokenAnswer::default();
    let both = answer.places().into_iter().zip(usual.places()).filter(|(place, usual)| place != usual);
    both.map(|((name, place), _)| format!("{name} at {} of the answer", word(place))).collect()
}

fn told(what: &str, Told { name, by }: &Told) -> String {
    let name = word(name);
    match by {
        ToldBy::Answer(pointer) => format!("{what} {name} is told by {} of the answer", word(pointer)),
        ToldBy::Callback(parameter) => {
            format!("{what} {name} is told by the parameter {} of the browser that comes back", word(parameter))
        }
    }
}

fn session(of: &Session) -> Vec<String> {
    let mut lines: Vec<String> = of.login.iter().zip(1..).flat_map(|(step, number)| self::step(number, step)).collect();
    lines.extend(of.lasts.map(|seconds| format!("is used for {seconds} seconds")));
    lines.extend(of.over.iter().map(|sign| format!("over where {}", self::sign(sign))));
    lines.extend(of.again.iter().map(|sign| format!("logs in again where {}", self::sign(sign))));
    lines
}

/// A request of a login with its number: the order is a part of what happens.
fn step(number: usize, LoginStep { request, takes }: &LoginStep) -> Vec<String> {
    let taken = takes.iter().map(|taken| {
        let place = match &taken.from {
            TakenFrom::Answer(pointer) => format!("{} of the answer", word(pointer)),
            TakenFrom::Header(name) => format!("the header {}", word(name)),
            TakenFrom::Cookie(name) => format!("the cookie {}", word(name)),
        };
        format!("login {number} takes {} from {place}", word(&taken.name))
    });
    let given = free(request).into_iter().map(|value| format!("login {number} gives what was taken: {value}"));
    std::iter::once(format!("login {number} by {}", self::request(request))).chain(given).chain(taken).collect()
}

fn sign(Over { status, at, is }: &Over) -> String {
    let status = status.map(|status| format!("the status is {status}"));
    let place = at.as_ref().map(|at| match is.as_slice() {
        [] => format!("{} is there", word(at)),
        words => {
            format!("{} is {}", word(at), words.iter().map(|text| format!("{text:?}")).collect::<Vec<_>>().join(" or "))
        }
    });
    status.into_iter().chain(place).collect::<Vec<_>>().join(" and ")
}
