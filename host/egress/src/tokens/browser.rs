//! What a browser is sent away with, and what it comes back with.

use std::time::Duration;

use super::answer::is_fit;
use super::request::{self, Sent};
use super::{Callback, OauthClient, TokenError, declared, words};
use crate::connection::Connection;
use crate::deadline::Deadline;
use crate::declaration::{Told, ToldBy};
use crate::guard::Refusal;
use crate::secret::Secret;

/// What is waited for where nothing is sent.
const AT_ONCE: Duration = Duration::from_secs(10);

impl OauthClient {
    /// Where a person says yes, in a browser (RFC 6749, section 4.1.1). The host never asks for it itself.
    ///
    /// # Errors
    /// [`Refusal`] where a rule forbids it, or the connection lacks what it needs.
    pub fn authorize_url(
        &self,
        connection: &Connection,
        scopes: &[String],
        state: &Secret,
        challenge: Option<&str>,
        redirect: &str,
    ) -> Result<String, Refusal> {
        let endpoint = declared(self.oauth2.authorize.as_ref(), "where a person says yes")?;
        let mut sent = Sent::default();
        let id = connection.credential(&self.oauth2.client.id)?;
        sent.open("response_type", "code").open("client_id", id.real()).open("redirect_uri", redirect);
        self.add_scopes(&mut sent, scopes);
        sent.secret("state", state);
        if let Some(challenge) = challenge {
            sent.open("code_challenge", challenge).open("code_challenge_method", "S256");
        }
        sent.besides(&endpoint.parameters, connection, None);
        let url = request::address(endpoint, &sent, connection, Deadline::within(AT_ONCE))?;
        Ok(url.reveal().to_owned())
    }

    /// The code that a browser came back with. Whether the state is the right one was looked at before.
    ///
    /// # Errors
    /// [`TokenError::Refused`] where there is none, or somebody else answers than the server that was asked (RFC 9207).
    pub fn code(&self, connection: &Connection, callback: &Callback) -> Result<Secret, TokenError> {
        let endpoint = self.oauth2.authorize.as_ref().unwrap_or(&self.oauth2.token);
        let there = connection.server(endpoint.server.as_deref()).map_err(Refusal::from)?;
        // A manifest that names the issuer says that the server names itself: an answer with a code that does not is another's.
        if let Some(wanted) = &self.oauth2.issuer
            && callback.iss.as_ref().map_or(callback.error.is_none(), |iss| iss != wanted)
        {
            return Err(words::of_another(there, wanted, callback.iss.as_deref(), callback));
        }
        match (&callback.error, &callback.code) {
            (None, Some(code)) => Ok(code.clone()),
            _ => Err(words::came_back(there, self.oauth2.client.by, callback)),
        }
    }

    /// Fields and servers of the connection that the address tells which the browser came back to.
    pub fn told(&self, callback: &Callback) -> Vec<(Told, String)> {
        let value = |told: &Told| match &told.by {
            ToldBy::Callback(name) => callback.parameters.iter().find(|(known, _)| known == name),
            ToldBy::Answer(_) => None,
        };
        let told = self.to_be_told().filter_map(|told| Some((told.clone(), value(told)?.1.clone())));
        told.filter(|(_, value)| is_fit(value)).collect()
    }
}
