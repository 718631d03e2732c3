//! Where a person consents, which takes no time here.

use form_urlencoded::Serializer;

use super::call::Request;
use super::grants::Code;
use super::reply;
use super::state::State;
use crate::answer::Canned;

/// Where an application of this machine listens (RFC 8252, 7.3).
const LOOPBACK: [&str; 3] = ["127.0.0.1", "localhost", "[::1]"];

pub(super) fn answer(state: &mut State, call: &Request) -> Canned {
    // Without them nobody can be sent back.
    if call.query("client_id") != Some(&state.options.client_id) {
        return reply::html(400, "invalid_client: the client is not known");
    }
    let Some(redirect_uri) = call.query("redirect_uri").filter(|uri| is_registered(state, uri)) else {
        return reply::html(400, "redirect_uri_mismatch: the redirect address is not registered");
    };
    let answer = match problem(state, call) {
        Some((error, description)) => vec![("error", error), ("error_description", description)],
        None => vec![("code", code(state, call, redirect_uri))],
    };
    reply::found(&back(state, call, redirect_uri, &answer))
}

fn is_registered(state: &State, uri: &str) -> bool {
    let registered = &state.options.redirect_uris;
    if !registered.is_empty() {
        return registered.iter().any(|own| own == uri);
    }
    let rest = uri.strip_prefix("http://").unwrap_or_default();
    let authority = rest.split(['/', '?']).next().unwrap_or_default();
    let is_port =
        |rest: &str| rest.is_empty() || rest.strip_prefix(':').is_some_and(|port| port.parse::<u16>().is_ok());
    LOOPBACK.iter().any(|host| authority.strip_prefix(host).is_some_and(is_port))
}

fn problem(state: &State, call: &Request) -> Option<(String, String)> {
    let wrong = |error: &str, description: &str| Some((error.to_owned(), description.to_owned()));
    if call.query("response_type") != Some("code") {
        return wrong("unsupported_response_type", "response_type has to be code");
    }
    let has_challenge = call.query("code_challenge").is_some_and(|challenge| challenge.len() == 43);
    if state.options.needs_pkce && !has_challenge {
        return wrong("invalid_request", "code_challenge has to be there, with 43 characters");
    }
    if has_challenge && call.query("code_challenge_method") != Some("S256") {
        return wrong("invalid_request", "code_challenge_method has to be S256");
    }
    let error = state.options.authorize.error.clone()?;
    Some((error, "The person or the server said no".to_owned()))
}

fn code(state: &mut State, call: &Request, redirect_uri: &str) -> String {
    let scopes = state.scopes(call.query("scope"));
    let code = Code::new(&state.options.user, scopes, redirect_uri, call.query("code_challenge"));
    state.grants.code(code)
}

fn back(state: &State, call: &Request, redirect_uri: &str, answer: &[(&str, String)]) -> String {
    let told = &state.options.authorize;
    let mut form = Serializer::new(String::new());
    form.extend_pairs(answer);
    if let Some(value) = told.state.as_deref().or(call.query("state")) {
        form.append_pair("state", value);
    }
    let own = told.tells_iss.then_some(state.issuer.as_str());
    if let Some(iss) = told.iss.as_deref().or(own) {
        form.append_pair("iss", iss);
    }
    form.extend_pairs(&told.extra);
    let joint = if redirect_uri.contains('?') { '&' } else { '?' };
    format!("{redirect_uri}{joint}{}", form.finish())
}
