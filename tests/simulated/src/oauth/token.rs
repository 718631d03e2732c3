//! Where grants become tokens, and tokens are revoked.

use base64::Engine;
use base64::engine::general_purpose::URL_SAFE_NO_PAD;
use sha2::{Digest, Sha256};

use super::call::Request;
use super::client;
use super::device;
use super::jwt;
use super::options::ClientAuth;
use super::reply::{self, Refusal};
use super::shape;
use super::state::State;
use crate::answer::Canned;

const JWT_BEARER: &str = "urn:ietf:params:oauth:grant-type:jwt-bearer";
const DEVICE_CODE: &str = "urn:ietf:params:oauth:grant-type:device_code";

pub(super) fn answer(state: &mut State, call: &Request) -> Result<Canned, Refusal> {
    check_form(state, call)?;
    let grant = needed(call, "grant_type")?;
    let way =
        if grant == JWT_BEARER && !client::is_named(call) { None } else { Some(client::authenticate(state, call)?) };
    let family = match grant {
        "authorization_code" => code(state, call)?,
        "refresh_token" => return refresh(state, call),
        "client_credentials" if way == Some(ClientAuth::None) => {
            return Err(Refusal::new("unauthorized_client", "A public client has no credentials"));
        }
        "client_credentials" => state.grants.begin(&state.options.client_id, state.scopes(call.form("scope"))),
        DEVICE_CODE => device::ask(state, needed(call, "device_code")?)?,
        JWT_BEARER => assertion(state, call)?,
        _ => return Err(Refusal::new("unsupported_grant_type", "The grant type is not known")),
    };
    let has_person = !matches!(grant, "client_credentials" | JWT_BEARER);
    Ok(tokens(state, family, has_person && state.options.gives_refresh_tokens))
}

fn check_form(state: &State, call: &Request) -> Result<(), Refusal> {
    if let Some(name) = call.doubled() {
        return Err(Refusal::request(&format!("{name} is there twice")));
    }
    if call.is_json() == state.options.shape.wants_json {
        return Ok(());
    }
    Err(Refusal::request(if call.is_json() { "The body has to be a form" } else { "The body has to be JSON" }))
}

fn needed<'c>(call: &'c Request, name: &str) -> Result<&'c str, Refusal> {
    call.given(name).ok_or_else(|| Refusal::request(&format!("{name} has to be there")))
}

fn code(state: &mut State, call: &Request) -> Result<usize, Refusal> {
    let name = needed(call, "code")?;
    let code = state.grants.find_code(name)?;
    if call.form("redirect_uri") != Some(&code.redirect_uri) {
        return Err(Refusal::grant("redirect_uri is not the one that consent was asked for with"));
    }
    if let Some(challenge) = &code.challenge {
        let verifier = needed(call, "code_verifier")?;
        let digest = URL_SAFE_NO_PAD.encode(Sha256::digest(verifier));
        if !(43..=128).contains(&verifier.len()) || digest != *challenge {
            return Err(Refusal::grant("code_verifier does not fit the challenge"));
        }
    }
    state.grants.spend_code(name).ok_or_else(|| Refusal::grant("The code is not known"))
}

/// The scopes can be narrowed, and not widened.
fn refresh(state: &mut State, call: &Request) -> Result<Canned, Refusal> {
    let name = needed(call, "refresh_token")?;
    let asked = call.given("scope").map(|asked| state.scopes(Some(asked))).unwrap_or_default();
    if let Some(granted) = state.grants.scopes(name)
        && asked.iter().any(|scope| !granted.contains(scope))
    {
        return Err(Refusal::new("invalid_scope", "A refresh cannot widen the scopes"));
    }
    let family = state.grants.spend(name, &state.options)?;
    Ok(tokens(state, family, state.options.rotates))
}

fn assertion(state: &mut State, call: &Request) -> Result<usize, Refusal> {
    let assertion = needed(call, "assertion")?;
    let account = &state.options.service_account;
    let expected = jwt::Expected { issuer: account, audience: &state.issuer, now: state.now() };
    let claims = jwt::read(assertion, &state.options.keys)
        .and_then(|claims| expected.check(&claims).map(|()| claims))
        .map_err(|problem| Refusal::grant(&problem))?;
    let text = |name: &str| claims.get(name).and_then(|value| value.as_str());
    let scopes = state.scopes(text("scope").or(call.form("scope")));
    let user = text("sub").unwrap_or(account);
    Ok(state.grants.begin(user, scopes))
}

fn tokens(state: &mut State, family: usize, with_refresh: bool) -> Canned {
    let access = state.grants.access(family, &state.options);
    let refresh = with_refresh.then(|| state.grants.refresh(family, &state.options));
    shape::success(state, family, &access, refresh.as_deref())
}

/// RFC 7009: a token that is not known is revoked as well.
pub(super) fn revoke(state: &mut State, call: &Request) -> Result<Canned, Refusal> {
    client::authenticate(state, call)?;
    let is_known = state.grants.revoke_token(needed(call, "token")?);
    state.counted.revocations += u64::from(is_known);
    Ok(reply::empty(200))
}
