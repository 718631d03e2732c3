//! The credentials of a manifest, ready for use.

use std::sync::Arc;

use wharf_egress::Connection;
use wharf_egress::declaration::{Credential, CredentialKind, Oauth2, Scheme, Session};
use wharf_egress::tokens::OauthClient;

use super::session::Steps;

/// A credential, and how it is obtained.
pub(crate) struct Prepared {
    pub(crate) declared: Credential,
    how: How,
}

enum How {
    Oauth2(OauthClient),
    Session(Arc<Steps>),
}

impl Prepared {
    /// All of a manifest that passed the check.
    pub(crate) fn all(credentials: &[Credential], schemes: &[Arc<Scheme>]) -> Vec<Arc<Self>> {
        let prepared = |declared: &Credential| {
            let how = match &declared.kind {
                CredentialKind::Oauth2(oauth2) => How::Oauth2(OauthClient::new(oauth2)),
                CredentialKind::Session(session) => How::Session(Arc::new(Steps::of(session, schemes))),
            };
            Arc::new(Self { declared: declared.clone(), how })
        };
        credentials.iter().map(prepared).collect()
    }

    /// Whose credential it is, and from where. A session is that of all that the connection consists of, as another one costs no more
    /// than a login. A token is that of the client at its server: the secret of the client may change.
    pub(crate) fn binding(&self, connection: &Connection) -> String {
        let Some((oauth2, _)) = self.oauth2() else { return connection.identity().to_owned() };
        let server = connection.server(oauth2.token.server.as_deref());
        let server = server.map(|server| server.base_url().to_owned()).unwrap_or_default();
        connection.digest_of(&[&server], &[&oauth2.client.id])
    }

    pub(crate) fn session(&self) -> Option<(&Session, &Arc<Steps>)> {
        match (&self.declared.kind, &self.how) {
            (CredentialKind::Session(session), How::Session(steps)) => Some((session, steps)),
            _ => None,
        }
    }

    pub(crate) fn oauth2(&self) -> Option<(&Oauth2, &OauthClient)> {
        match (&self.declared.kind, &self.how) {
            (CredentialKind::Oauth2(oauth2), How::Oauth2(client)) => Some((oauth2, client)),
            _ => None,
        }
    }
}
