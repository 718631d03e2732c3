//! What has been granted: families of tokens, each begun by one consent.

use std::collections::{HashMap, HashSet};
use std::time::{Duration, Instant};

use super::options::Options;
use super::reply::Refusal;
use crate::random;

/// All tokens that come from one consent.
#[derive(Clone, Debug)]
pub(super) struct Family {
    pub(super) user: String,
    pub(super) scopes: Vec<String>,
    pub(super) is_revoked: bool,
}

#[derive(Debug)]
struct Token {
    family: usize,
    made: Instant,
    life: Option<Duration>,
    spent: Option<Instant>,
}

impl Token {
    fn is_over(&self) -> bool {
        self.life.is_some_and(|life| self.made.elapsed() >= life)
    }
}

/// A code of `/authorize`.
#[derive(Clone, Debug)]
pub(super) struct Code {
    pub(super) user: String,
    pub(super) scopes: Vec<String>,
    pub(super) redirect_uri: String,
    pub(super) challenge: Option<String>,
    made: Instant,
    /// The family that it began.
    family: Option<usize>,
}

impl Code {
    pub(super) fn new(user: &str, scopes: Vec<String>, redirect_uri: &str, challenge: Option<&str>) -> Self {
        let (redirect_uri, challenge) = (redirect_uri.to_owned(), challenge.map(str::to_owned));
        Self { user: user.to_owned(), scopes, redirect_uri, challenge, made: Instant::now(), family: None }
    }
}

/// Standards recommend ten minutes at most.
const CODE_LIFE: Duration = Duration::from_secs(600);

#[derive(Debug, Default)]
pub(super) struct Grants {
    families: Vec<Family>,
    access: HashMap<String, Token>,
    refresh: HashMap<String, Token>,
    codes: HashMap<String, Code>,
    /// The ids of assertions that have been used.
    assertions: HashSet<String>,
    pub(super) secrets: Vec<String>,
    pub(super) refreshes: u64,
    pub(super) reuses: u64,
    pub(super) families_revoked: u64,
}

impl Grants {
    /// A secret that was not given before.
    pub(super) fn secret(&mut self, prefix: &str) -> String {
        let [a, b, c] = [random::number(), random::number(), random::number()];
        let secret = format!("{prefix}{a:016x}{b:016x}{c:016x}");
        self.secrets.push(secret.clone());
        secret
    }

    pub(super) fn begin(&mut self, user: &str, scopes: Vec<String>) -> usize {
        self.families.push(Family { user: user.to_owned(), scopes, is_revoked: false });
        self.families.len() - 1
    }

    pub(super) fn family(&self, family: usize) -> Option<&Family> {
        self.families.get(family)
    }

    pub(super) fn access(&mut self, family: usize, options: &Options) -> String {
        let token = self.secret("at-");
        let life = Some(Duration::from_secs(options.access_life));
        self.access.insert(token.clone(), Token { family, made: Instant::now(), life, spent: None });
        token
    }

    pub(super) fn refresh(&mut self, family: usize, options: &Options) -> String {
        let token = self.secret("rt-");
        let life = options.refresh_life.map(Duration::from_secs);
        self.refresh.insert(token.clone(), Token { family, made: Instant::now(), life, spent: None });
        token
    }

    pub(super) fn code(&mut self, code: Code) -> String {
        let name = self.secret("code-");
        self.codes.insert(name.clone(), code);
        name
    }

    /// What a code stands for. Nothing is spent yet.
    pub(super) fn find_code(&mut self, name: &str) -> Result<Code, Refusal> {
        let code = self.codes.get(name).ok_or_else(|| Refusal::grant("The code is not known"))?;
        if let Some(family) = code.family {
            self.revoke(family);
            return Err(Refusal::grant("The code has been used already; what it gave is revoked"));
        }
        if code.made.elapsed() > CODE_LIFE {
            return Err(Refusal::grant("The code is too old"));
        }
        Ok(code.clone())
    }

    /// Begins the family that a code is good for once.
    pub(super) fn spend_code(&mut self, name: &str) -> Option<usize> {
        let code = self.codes.get(name)?.clone();
        let family = self.begin(&code.user, code.scopes);
        self.codes.get_mut(name)?.family = Some(family);
        Some(family)
    }

    /// The scopes behind a refresh token, be it good or not.
    pub(super) fn scopes(&self, refresh: &str) -> Option<&[String]> {
        let family = self.refresh.get(refresh)?.family;
        Some(&self.families.get(family)?.scopes)
    }

    /// The family of a refresh token, which is spent where they rotate. A spent one takes its whole family along.
    pub(super) fn spend(&mut self, name: &str, options: &Options) -> Result<usize, Refusal> {
        let grace = Duration::from_millis(options.grace_ms);
        let token = self.refresh.get_mut(name).ok_or_else(|| Refusal::grant("The refresh token is not known"))?;
        let family = token.family;
        let is_reuse = token.spent.is_some_and(|spent| grace.is_zero() || spent.elapsed() >= grace);
        let is_revoked = self.families.get(family).is_none_or(|family| family.is_revoked);
        if is_reuse {
            self.reuses += 1;
            self.families_revoked += u64::from(!is_revoked);
            self.revoke(family);
            return Err(Refusal::grant("The refresh token has been used already; its family is revoked"));
        }
        if is_revoked {
            return Err(Refusal::grant("Token has been expired or revoked."));
        }
        if token.is_over() {
            return Err(Refusal::grant("The refresh token has run out"));
        }
        if options.rotates && token.spent.is_none() {
            token.spent = Some(Instant::now());
        }
        self.refreshes += 1;
        Ok(family)
    }

    /// Whose a good access token is.
    pub(super) fn holder(&self, token: &str) -> Option<&Family> {
        let token = self.access.get(token).filter(|token| !token.is_over())?;
        self.families.get(token.family).filter(|family| !family.is_revoked)
    }

    /// Whether a token is good: an access token for a request, a refresh token for a refresh.
    pub(super) fn is_active(&self, token: &str) -> bool {
        let refresh = self.refresh.get(token).filter(|token| !token.is_over() && token.spent.is_none());
        let family = refresh.and_then(|token| self.families.get(token.family));
        self.holder(token).is_some() || family.is_some_and(|family| !family.is_revoked)
    }

    /// Revokes an access token, or a refresh token with its family. Whether there was one.
    pub(super) fn revoke_token(&mut self, token: &str) -> bool {
        match self.refresh.get(token).map(|token| token.family) {
            Some(family) => {
                self.revoke(family);
                true
            }
            None => self.access.remove(token).is_some(),
        }
    }

    pub(super) fn revoke_all(&mut self) {
        self.families.iter_mut().for_each(|family| family.is_revoked = true);
    }

    /// Ends the life of all access tokens.
    pub(super) fn expire_all(&mut self) {
        self.access.values_mut().for_each(|token| token.life = Some(Duration::ZERO));
    }

    /// Whether an assertion's id is a new one.
    pub(super) fn is_new_assertion(&mut self, id: &str) -> bool {
        self.assertions.insert(id.to_owned())
    }

    fn revoke(&mut self, family: usize) {
        if let Some(family) = self.families.get_mut(family) {
            family.is_revoked = true;
        }
    }
}
