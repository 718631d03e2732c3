//! Tokens of an authorization server: the next one by a refresh token, or by a key or a secret of the connection.

use std::sync::Arc;
use std::time::Duration;

use wharf_egress::declaration::{ACCESS, GrantType, Oauth2};
use wharf_egress::send::{Allowance, SendError};
use wharf_egress::tokens::{OauthClient, Spend, TokenError, Tokens};
use wharf_egress::{Connection, Deadline, Secret};

use super::obtain::OnBehalf;
use super::prepared::Prepared;
use super::renewal::{NotObtained, Obtain, Obtained};
use super::row::Live;
use crate::failure::{Detail, Fault, Refusal};

/// The most that an answer of an authorization server has, in bytes.
const LARGEST_HEAD: u64 = 64 << 10;
const LARGEST_ANSWER: u64 = 1 << 20;

/// What a request to an authorization server may take.
pub(crate) fn allowance(within: Duration) -> Allowance<'static> {
    Allowance::new(Deadline::within(within), LARGEST_HEAD, LARGEST_ANSWER)
}

/// Obtains tokens with nobody there.
pub(crate) struct Renew {
    pub(crate) prepared: Arc<Prepared>,
    pub(crate) connection: Arc<Connection>,
    pub(crate) by: OnBehalf,
}

impl Renew {
    fn parts(&self) -> Option<(&Oauth2, &OauthClient)> {
        self.prepared.oauth2()
    }

    /// The grant that needs nobody: the one that it was first obtained by, or else the usual one.
    fn grant(&self, live: &Live) -> Option<GrantType> {
        let usual = || self.parts().and_then(|(oauth2, _)| oauth2.grants.first().copied());
        live.grant.or_else(usual).filter(|grant| grant.is_unattended())
    }
}

impl Obtain for Renew {
    fn spends<'l>(&self, live: &'l Live) -> Option<&'l Secret> {
        live.refresh.as_ref().map(|kept| &kept.0)
    }

    fn is_unattended(&self, live: &Live) -> bool {
        self.grant(live).is_some()
    }

    fn obtain(&self, live: &Live, within: Duration) -> Result<Obtained, NotObtained> {
        let Some((oauth2, client)) = self.parts() else {
            return Err(NotObtained::Fault(Fault::Host("a session is no token".to_owned())));
        };
        let spend = match (self.spends(live), self.grant(live)) {
            (Some(refresh), _) => Spend::Refresh(refresh),
            (None, Some(GrantType::JwtBearer)) => Spend::Assertion,
            (None, _) => Spend::ClientCredentials,
        };
        let scopes = live.scopes.as_deref().unwrap_or(&oauth2.scopes);
        // By RFC 6749, section 6, a refresh without scopes is for those that were granted.
        let scopes = if matches!(spend, Spend::Refresh(_)) { &[] } else { scopes };
        let who = self.by.who(self.connection.name(), "renew");
        let tokens = client.token(&self.connection, spend, scopes, allowance(within), self.by.recorder(who));
        tokens.map(obtained).map_err(not_obtained)
    }
}

pub(crate) fn obtained(tokens: Tokens) -> Obtained {
    Obtained {
        values: vec![(ACCESS.to_owned(), tokens.access)],
        refresh: tokens.refresh,
        lasts: tokens.lasts.map(|lasts| lasts.as_secs()),
        scopes: tokens.scopes,
    }
}

pub(crate) fn not_obtained(error: TokenError) -> NotObtained {
    let sent = error.may_have_been_spent();
    let after = error.retry_after();
    match error {
        error if error.is_final() => NotObtained::Final(error.to_string()),
        TokenError::Refused(refused) => NotObtained::Rejected(Detail {
            message: refused.words.clone(),
            status: Some(refused.status).filter(|status| *status != 0),
            ..Detail::default()
        }),
        TokenError::Refusal(refusal) => NotObtained::Refusal(refusal.into()),
        TokenError::Key(words) => NotObtained::Refusal(Refusal::Connection(words)),
        TokenError::Ends(SendError::Unrecorded(error)) => NotObtained::Fault(Fault::from(error)),
        TokenError::Ends(error) => NotObtained::Fault(Fault::Host(error.to_string())),
        other => NotObtained::Later { words: other.to_string(), sent, after },
    }
}
