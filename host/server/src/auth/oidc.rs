//! Users of an issuer that the operator names: its tokens, and whose they are.

use std::num::NonZeroUsize;
use std::sync::{Arc, Mutex, PoisonError};
use std::time::{Duration, SystemTime};

use lru::LruCache;
use ring::digest::{SHA256, digest};
use wharf::config::OidcConfig;
use wharf_egress::tokens::{Expected, Issuer, Jwt, Keys, NotVerified, SignedBy};

use super::principal::Principal;
use crate::problem::{self, Problem};

mod keys;
mod users;

use keys::Held;
use users::Users;

/// Tokens that are known to hold: those that were used last.
const MOST_KNOWN: NonZeroUsize = NonZeroUsize::new(10_000).unwrap();

/// Why nobody is known by a token.
#[derive(Clone, Debug, PartialEq, Eq)]
pub(crate) enum NotKnown {
    /// It does not hold: what is wrong, as the end of a sentence that begins with the token.
    Refused(String),
    /// It may hold, and the keys of the issuer cannot be had for now.
    Unreachable,
}

/// An issuer, and who its users are.
pub(crate) struct Oidc {
    expected: Expected,
    users: Vec<Users>,
    held: Held,
    /// By the digest of the token.
    known: Mutex<LruCache<[u8; 32], Known>>,
}

/// Who is meant by a token that was verified.
struct Known {
    principal: Arc<Principal>,
    /// When it ends, since 1970.
    expires: Duration,
    /// What it was verified with: it holds no longer than these are the issuer's.
    keys: Arc<Keys>,
}

impl Oidc {
    /// That of the configuration. Nothing is asked before the first token comes. The operator is told where the issuer gives no keys.
    ///
    /// # Errors
    /// What cannot be used of it, and where it stands.
    pub(crate) fn new(config: &OidcConfig, tell: Arc<dyn Fn(&str) + Send + Sync>) -> Result<Self, String> {
        let allowed = config.allow_addresses.iter().copied();
        let issuer = Issuer::new(&config.issuer, allowed, "server.oidc");
        let users = config.principals.iter().map(|(name, principal)| Users::new(name, principal));
        Ok(Self {
            held: Held::new(issuer.map_err(|error| format!("`server.oidc.issuer`: {error}"))?, tell),
            expected: Expected {
                issuer: config.issuer.clone(),
                audience: config.audience.clone(),
                algorithms: config.algorithms.iter().filter_map(|name| SignedBy::of(name)).collect(),
            },
            users: users.collect::<Result<_, _>>()?,
            known: Mutex::new(LruCache::new(MOST_KNOWN)),
        })
    }

    /// Who is meant by a token that was verified before, if it still holds. It waits for nobody.
    pub(crate) fn known(&self, token: &str) -> Option<Arc<Principal>> {
        let (keys, digest) = (self.held.current()?, of(token));
        let mut known = self.known.lock().unwrap_or_else(PoisonError::into_inner);
        let known = known.get(&digest).filter(|known| known.expires > now() && Arc::ptr_eq(&known.keys, &keys))?;
        Some(Arc::clone(&known.principal))
    }

    /// Who is meant by a token; nobody where it holds, and no principal of the configuration fits it. It may wait for the issuer, so it is
    /// no work for a thread that others wait for.
    ///
    /// # Errors
    /// See [`NotKnown`].
    pub(crate) fn principal_of(&self, token: &str) -> Result<Option<Arc<Principal>>, NotKnown> {
        if let Some(principal) = self.known(token) {
            return Ok(Some(principal));
        }
        let jwt = Jwt::read(token, &self.expected, now()).map_err(NotKnown::Refused)?;
        let mut keys = self.held.some()?;
        let mut claims = jwt.verified(&keys);
        if claims == Err(NotVerified::UnknownKey) {
            keys = self.held.others_than(&keys)?;
            claims = jwt.verified(&keys);
        }
        let claims = claims.map_err(|error| NotKnown::Refused(error.to_string()))?;
        let principal = self.users.iter().find_map(|users| users.principal(&claims.members)).transpose();
        let Some(principal) = principal.map_err(NotKnown::Refused)?.map(Arc::new) else { return Ok(None) };
        let known = Known { principal: Arc::clone(&principal), expires: claims.expires, keys };
        self.known.lock().unwrap_or_else(PoisonError::into_inner).put(of(token), known);
        Ok(Some(principal))
    }
}

impl From<NotKnown> for Problem {
    fn from(why: NotKnown) -> Self {
        match why {
            NotKnown::Refused(problem) => Self::new(problem::UNAUTHENTICATED, format!("the token {problem}")),
            // Whoever asks is not known yet, so nothing of the operator's network is told.
            NotKnown::Unreachable => {
                let detail = "the keys of the token's issuer cannot be had for now, so nobody can tell whether it holds; try again";
                Self::new(problem::UNAVAILABLE, detail).after(keys::PACE.failed)
            }
        }
    }
}

/// Tokens themselves are not kept.
fn of(token: &str) -> [u8; 32] {
    let mut short = [0; 32];
    short.copy_from_slice(digest(&SHA256, token.as_bytes()).as_ref());
    short
}

/// Since 1970.
fn now() -> Duration {
    SystemTime::now().duration_since(SystemTime::UNIX_EPOCH).unwrap_or_default()
}

#[cfg(test)]
mod tests;
