//! What an authorization server gives, out of an answer that is a yes.

use std::time::Duration;

use url::Url;

use super::answer::{Said, is_fit};
use super::words::Ask;
use super::{DeviceAsked, OauthClient, TokenError, Tokens};

impl OauthClient {
    pub(super) fn tokens(&self, ask: &Ask<'_>, mut said: Said<'_>) -> Result<Tokens, TokenError> {
        let at = &self.oauth2.answer;
        // `bot` and `user` are what Slack calls its own, which are sent like all others (RFC 6750).
        const BEARER: [&str; 3] = ["bearer", "bot", "user"];
        if let Some(kind) =
            said.text("/token_type").filter(|kind| !BEARER.contains(&kind.to_ascii_lowercase().as_str()))
        {
            let problem =
                format!("its tokens are of the type `{}`, and only bearer tokens can be sent", ask.quoted(kind, &said));
            return Err(ask.unreadable(&said, &problem));
        }
        let told = said.told(self.to_be_told());
        let scopes = said.scopes(&at.scope, &self.oauth2.scope_separator);
        let lasts = said.lasts(&at.expires_in);
        let lasts = lasts.or_else(|| self.oauth2.lasts.map(|seconds| Duration::from_secs(seconds.into())));
        let mut token = |pointer: &str| {
            said.token(pointer).map_err(|problem| ask.unreadable(&said, &format!("the token at `{pointer}` {problem}")))
        };
        let (access, refresh) = (token(&at.access_token)?, token(&at.refresh_token)?);
        let clock = said.clock;
        let missing = || {
            let problem = format!("there is no text at `{}`, where the manifest says that it is", at.access_token);
            ask.unreadable(&said, &problem)
        };
        Ok(Tokens { access: access.ok_or_else(missing)?, refresh, lasts, scopes, told, clock })
    }
}

/// Reads what a device got (RFC 8628, section 3.2).
pub(super) fn device(ask: &Ask<'_>, mut said: Said<'_>) -> Result<DeviceAsked, TokenError> {
    /// What is waited where nothing is told, and what may be told.
    const INTERVAL: Duration = Duration::from_secs(5);
    const LONGEST_INTERVAL: Duration = Duration::from_secs(300);
    const LASTS: Duration = Duration::from_secs(1800);
    const LONGEST: Duration = Duration::from_secs(24 * 3600);
    // Google's name for it is of a draft.
    let address = ["/verification_uri", "/verification_url"].into_iter().find_map(|at| address_at(&said, at));
    let complete = ["/verification_uri_complete", "/verification_url_complete"];
    let complete = complete.into_iter().find_map(|at| address_at(&said, at));
    let user_code = said.text("/user_code").filter(|code| code.len() <= 64 && is_fit(code)).map(str::to_owned);
    let lasts = said.lasts("/expires_in").unwrap_or(LASTS).min(LONGEST);
    let interval = said.lasts("/interval").unwrap_or(INTERVAL).min(LONGEST_INTERVAL);
    let code = said.token("/device_code");
    match (code, user_code, address) {
        (Ok(Some(code)), Some(user_code), Some(address)) => {
            Ok(DeviceAsked { code, user_code, address, complete, lasts, interval })
        }
        _ => {
            Err(ask.unreadable(&said, "`device_code`, `user_code` or `verification_uri` is missing, or cannot be used"))
        }
    }
}

/// An address that can be shown, and opened in a browser.
fn address_at(said: &Said<'_>, pointer: &str) -> Option<String> {
    let url = Url::parse(said.text(pointer).filter(|url| is_fit(url))?).ok()?;
    (matches!(url.scheme(), "https" | "http") && url.username().is_empty() && url.password().is_none())
        .then(|| url.to_string())
}
