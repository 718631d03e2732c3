//! How a client proves itself.

use base64::Engine;
use base64::engine::general_purpose::STANDARD;
use percent_encoding::percent_decode_str;

use super::call::Request;
use super::jwt;
use super::options::{ClientAuth, Options};
use super::reply::Refusal;
use super::state::State;

const ASSERTION: &str = "urn:ietf:params:oauth:client-assertion-type:jwt-bearer";

/// Makes sure of the client, and tells how it has proven itself.
pub(super) fn authenticate(state: &mut State, call: &Request) -> Result<ClientAuth, Refusal> {
    let way = way(call)?;
    if !state.options.client_auth.contains(&way) {
        return Err(refused(way, &format!("The client must not prove itself by {way:?}")));
    }
    let options = &state.options;
    let is_right = match way {
        ClientAuth::Basic => basic(call, options.basic_is_raw).is_some_and(|pair| is_client(options, &pair, call)),
        ClientAuth::Body => {
            call.form("client_id") == Some(&options.client_id)
                && call.form("client_secret") == Some(&options.client_secret)
        }
        ClientAuth::None => call.form("client_id") == Some(&options.client_id),
        ClientAuth::PrivateKeyJwt => return assertion(state, call).map(|()| way),
    };
    if is_right { Ok(way) } else { Err(refused(way, "The client or its secret is not known")) }
}

/// Whether the request says anything of a client.
pub(super) fn is_named(call: &Request) -> bool {
    let members = ["client_id", "client_secret", "client_assertion"];
    call.header("authorization").is_some() || members.iter().any(|name| call.form(name).is_some())
}

fn way(call: &Request) -> Result<ClientAuth, Refusal> {
    let ways = [
        (call.header("authorization").is_some(), ClientAuth::Basic),
        (call.form("client_secret").is_some(), ClientAuth::Body),
        (call.form("client_assertion").is_some(), ClientAuth::PrivateKeyJwt),
    ];
    let mut used = ways.into_iter().filter(|(is_used, _)| *is_used).map(|(_, way)| way);
    let first = used.next();
    match used.next() {
        Some(_) => Err(Refusal::request("The client proves itself in more than one way")),
        None => Ok(first.unwrap_or(ClientAuth::None)),
    }
}

fn refused(way: ClientAuth, description: &str) -> Refusal {
    Refusal { names_basic: way == ClientAuth::Basic, ..Refusal::client(description) }
}

fn is_client(options: &Options, (id, secret): &(String, String), call: &Request) -> bool {
    let named = call.form("client_id").is_none_or(|named| named == id);
    named && *id == options.client_id && *secret == options.client_secret
}

fn basic(call: &Request, is_raw: bool) -> Option<(String, String)> {
    let (scheme, halves) = call.header("authorization")?.split_once(' ')?;
    let halves = STANDARD.decode(halves).ok().filter(|_| scheme.eq_ignore_ascii_case("basic"))?;
    let halves = String::from_utf8(halves).ok()?;
    let (id, secret) = halves.split_once(':')?;
    if is_raw {
        return Some((id.to_owned(), secret.to_owned()));
    }
    // A space as it stands, or one of `:/=`, shows that it was not made as a form.
    let is_form = |half: &str| !half.contains([' ', ':', '/', '=']);
    (is_form(id) && is_form(secret)).then(|| (decoded(id), decoded(secret)))
}

fn decoded(half: &str) -> String {
    percent_decode_str(&half.replace('+', " ")).decode_utf8_lossy().into_owned()
}

fn assertion(state: &mut State, call: &Request) -> Result<(), Refusal> {
    if call.form("client_assertion_type") != Some(ASSERTION) {
        return Err(Refusal::client("client_assertion_type is not the one of JWT bearer"));
    }
    let expected = jwt::Expected { issuer: &state.options.client_id, audience: &state.issuer, now: state.now() };
    let claims = jwt::read(call.form("client_assertion").unwrap_or_default(), &state.options.keys)
        .and_then(|claims| expected.check(&claims).map(|()| claims))
        .map_err(|problem| Refusal::client(&problem))?;
    if claims.get("sub").and_then(|sub| sub.as_str()) != Some(&state.options.client_id) {
        return Err(Refusal::client("Invalid JWT: sub is not the client"));
    }
    match claims.get("jti").and_then(|jti| jti.as_str()) {
        None => Err(Refusal::client("Invalid JWT: jti has to be there")),
        Some(id) if state.grants.is_new_assertion(id) => Ok(()),
        Some(_) => Err(Refusal::client("Invalid JWT: jti has been used already")),
    }
}
