//! Who asks: what is signed to show it, or in the name of somebody else.

use std::time::Duration;

use super::jwt::{self, Claims};
use super::request::{self, Sent};
use super::words::What;
use super::{OauthClient, TokenError, declared};
use crate::connection::Connection;
use crate::deadline::Deadline;
use crate::declaration::{Assertion, ClientAuthentication};
use crate::guard::Refusal;
use crate::secret::Secret;

/// How long what a client signs for itself holds.
const SIGNED: Duration = Duration::from_secs(300);

/// A client signs for itself (RFC 7523, section 2.2).
const BY_JWT: &str = "urn:ietf:params:oauth:client-assertion-type:jwt-bearer";

impl OauthClient {
    /// What is given for a token of the grant `jwt-bearer`.
    pub(super) fn assertion(
        &self,
        assertion: &Assertion,
        connection: &Connection,
        scopes: &[String],
        deadline: Deadline,
    ) -> Result<Secret, TokenError> {
        let issuer = connection.credential(&assertion.issuer).map_err(Refusal::from)?;
        // It has a value where the manifest says so, and is not required.
        let subject = assertion.subject.as_deref().and_then(|field| connection.credential(field).ok());
        let subject = subject.filter(|subject| !subject.real().is_empty());
        let scopes = self.joined(scopes);
        let audience = match &assertion.audience {
            Some(audience) => Secret::new(audience.as_str()),
            None => request::address(&self.oauth2.token, &Sent::default(), connection, deadline)?,
        };
        let claims = Claims {
            issuer: issuer.real(),
            subject: subject.as_ref().unwrap_or(&issuer).real(),
            audience: audience.reveal(),
            scope: Some(scopes.as_str()).filter(|scopes| assertion.scope_claim && !scopes.is_empty()),
            lasts: Duration::from_secs(assertion.lasts.into()),
        };
        jwt::signed(&assertion.key, &claims, connection)
    }

    /// What shows who the client is, where that is signed.
    pub(super) fn sign(&self, sent: &mut Sent, connection: &Connection, deadline: Deadline) -> Result<(), TokenError> {
        let client = &self.oauth2.client;
        let key = declared(client.key.as_ref(), "what the client signs with").map_err(TokenError::Refusal)?;
        let id = connection.credential(&client.id).map_err(Refusal::from)?;
        let audience = match &self.oauth2.issuer {
            Some(issuer) => Secret::new(issuer.as_str()),
            None => request::address(&self.oauth2.token, &Sent::default(), connection, deadline)?,
        };
        let (id, audience) = (id.real(), audience.reveal());
        let claims = Claims { issuer: id, subject: id, audience, scope: None, lasts: SIGNED };
        let signed = jwt::signed(key, &claims, connection)?;
        sent.open("client_assertion_type", BY_JWT).secret("client_assertion", &signed);
        Ok(())
    }

    /// Whether the client shows who it is. What is signed by somebody else says enough (RFC 7523, section 2.1): a client is named
    /// besides only where it has a secret.
    pub(super) fn is_shown(&self, what: What, connection: &Connection) -> bool {
        let client = &self.oauth2.client;
        let has_secret = client.secret.as_deref().is_some_and(|secret| connection.require(secret).is_ok());
        match client.by {
            _ if what != What::Assertion => true,
            ClientAuthentication::Basic | ClientAuthentication::Body => has_secret,
            ClientAuthentication::None => false,
            ClientAuthentication::Jwt => true,
        }
    }
}
