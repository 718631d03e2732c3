//! Connect sessions: links, each good once and for minutes, with which somebody connects an account of theirs.

use std::collections::HashMap;
use std::sync::{Arc, Mutex, MutexGuard, PoisonError};
use std::time::{Duration, Instant, SystemTime};

use wharf::{Connected, Consent, Secret};

use super::wish::Wish;
use crate::auth::principal::Principal;
use crate::problem::{self, Problem};

/// How long a link is good where nobody says so, and at most.
pub(crate) const USUAL: Duration = Duration::from_secs(15 * 60);
pub(crate) const LONGEST: Duration = Duration::from_secs(60 * 60);

/// How long it is known what became of a session after its link is over.
const KEPT: Duration = Duration::from_secs(60 * 60);

/// How many there are at most, of one tenant and of all.
const MOST_OF_TENANT: usize = 10_000;
const MOST: usize = 100_000;

/// How often somebody may try: what is entered may be wrong, and a session is no way to guess.
const TRIES: u32 = 10;

/// A session that is about to begin.
pub(crate) struct New {
    pub(crate) wish: Wish,
    /// Who asked for it, and what they may do.
    pub(crate) principal: Arc<Principal>,
    pub(crate) return_url: Option<String>,
    pub(crate) lasts: Duration,
}

/// What is known of a session.
#[derive(Clone)]
pub(crate) struct Session {
    pub(crate) id: String,
    pub(crate) wish: Wish,
    pub(crate) principal: Arc<Principal>,
    pub(crate) return_url: Option<String>,
    pub(crate) expires: SystemTime,
    /// What the form has that is sent back. It is shown to the session's browser alone.
    pub(crate) form_token: String,
    pub(crate) state: State,
    ends: Instant,
    /// Digests of the link's token, and of what the browser keeps that opened it.
    token: String,
    browser: Option<String>,
    tries: u32,
}

/// How it stands with a session.
#[derive(Clone)]
pub(crate) enum State {
    /// Nobody has connected anything yet; what went wrong last, if anything did.
    Waiting(Option<String>),
    /// It is being connected at this moment.
    Busy,
    /// Somebody was sent to the provider.
    Away(Arc<Consent>),
    /// It is connected.
    Connected(Box<Outcome>),
}

/// What came of it.
#[derive(Clone)]
pub(crate) struct Outcome {
    pub(crate) connected: Connected,
    /// Whose it is, as its test told.
    pub(crate) account: Option<String>,
    /// Why its test failed.
    pub(crate) test: Option<String>,
}

/// Why a link does nothing.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) enum Refused {
    /// There is none, as far as this process knows.
    Unknown,
    TooOld,
    /// Another browser has opened it.
    OtherBrowser,
    /// It was used.
    Used,
    /// It is being used.
    Busy,
    /// The form was not one of its own.
    Forged,
    TooOften,
}

/// A link that somebody opened.
pub(crate) struct Opened {
    pub(crate) session: Session,
    /// What the browser has to keep from now on, where it is the first one.
    pub(crate) browser: Option<String>,
}

#[derive(Default)]
struct All {
    by_id: HashMap<String, Session>,
    /// Ids by the digests of tokens, and of the states of consents.
    by_token: HashMap<String, String>,
    by_state: HashMap<String, String>,
}

/// All of them.
#[derive(Default)]
pub(crate) struct Sessions(Mutex<All>);

fn digest(text: &str) -> String {
    Secret::new(text).digest()
}

impl Session {
    /// Whether its link is over by age.
    pub(crate) fn is_over(&self) -> bool {
        Instant::now() >= self.ends
    }

    /// For how long its link is good.
    pub(crate) fn left(&self) -> Duration {
        self.ends.saturating_duration_since(Instant::now())
    }

    /// Whether what a browser keeps is what it was given. By digests, so that the time that it takes tells nothing.
    fn is_of(&self, kept: Option<&str>) -> bool {
        kept.map(digest).is_some_and(|kept| self.browser.as_ref() == Some(&kept))
    }

    fn usable(&self) -> Result<(), Refused> {
        match self.state {
            State::Connected(_) => Err(Refused::Used),
            _ if self.is_over() => Err(Refused::TooOld),
            _ => Ok(()),
        }
    }
}

impl Sessions {
    /// Begins one: what is known of it, and the token of its link.
    pub(crate) fn begin(&self, new: New) -> Result<(Session, String), Problem> {
        let New { wish, principal, return_url, lasts } = new;
        let (id, token, form_token) = (super::random::<16>()?, super::random::<32>()?, super::random::<32>()?);
        let (now, begun) = (SystemTime::now(), Instant::now());
        let session = Session {
            id: format!("cs_{}", id.as_str()),
            wish,
            principal,
            return_url,
            expires: now.checked_add(lasts).unwrap_or(now),
            form_token: form_token.to_string(),
            state: State::Waiting(None),
            ends: begun.checked_add(lasts).unwrap_or(begun),
            token: digest(&token),
            browser: None,
            tries: 0,
        };
        let mut all = self.lock();
        all.make_room(&session)?;
        all.by_token.insert(session.token.clone(), session.id.clone());
        all.by_id.insert(session.id.clone(), session.clone());
        Ok((session, token.to_string()))
    }

    pub(crate) fn get(&self, id: &str) -> Option<Session> {
        self.lock().by_id.get(id).cloned()
    }

    /// Opens a link; `kept` tells what the browser keeps for a session. The first browser that opens it is the only one from then on.
    pub(crate) fn open(&self, token: &str, kept: impl Fn(&str) -> Option<String>) -> Result<Opened, Refused> {
        let first = super::random::<32>().map_err(|_| Refused::Busy)?;
        let mut all = self.lock();
        let session = all.of_token(token)?;
        let is_first = session.browser.is_none();
        if !is_first && !session.is_of(kept(&session.id).as_deref()) {
            return Err(Refused::OtherBrowser);
        }
        session.usable()?;
        if is_first {
            session.browser = Some(digest(&first));
        }
        Ok(Opened { session: session.clone(), browser: is_first.then(|| first.to_string()) })
    }

    /// Begins to connect, with a form that came back; nobody else does until it is [settled](Self::settle).
    pub(crate) fn enter(
        &self,
        token: &str,
        kept: impl Fn(&str) -> Option<String>,
        form_token: &str,
    ) -> Result<Session, Refused> {
        let mut all = self.lock();
        let session = all.of_token(token)?;
        if !session.is_of(kept(&session.id).as_deref()) {
            return Err(Refused::OtherBrowser);
        }
        session.usable()?;
        if digest(form_token) != digest(&session.form_token) {
            return Err(Refused::Forged);
        }
        if matches!(session.state, State::Busy) {
            return Err(Refused::Busy);
        }
        if session.tries >= TRIES {
            return Err(Refused::TooOften);
        }
        session.tries += 1;
        session.state = State::Busy;
        Ok(session.clone())
    }

    /// Somebody is sent to the provider.
    pub(crate) fn away(&self, id: &str, state: &str, consent: Consent) {
        let mut all = self.lock();
        if let Some(session) = all.by_id.get_mut(id) {
            session.state = State::Away(Arc::new(consent));
            all.by_state.insert(digest(state), id.to_owned());
        }
    }

    /// Somebody came back from the provider: nobody else does until it is [settled](Self::settle). What they were sent out with.
    pub(crate) fn come_back(
        &self,
        state: &str,
        kept: impl Fn(&str) -> Option<String>,
    ) -> Result<(Session, Arc<Consent>), Refused> {
        let mut all = self.lock();
        let key = digest(state);
        let id = all.by_state.get(&key).cloned().ok_or(Refused::Unknown)?;
        let session = all.by_id.get_mut(&id).ok_or(Refused::Unknown)?;
        if !session.is_of(kept(&id).as_deref()) {
            return Err(Refused::OtherBrowser);
        }
        session.usable()?;
        let State::Away(consent) = &session.state else { return Err(Refused::Busy) };
        let consent = Arc::clone(consent);
        session.state = State::Busy;
        let session = session.clone();
        all.by_state.remove(&key);
        Ok((session, consent))
    }

    /// What came of it.
    pub(crate) fn settle(&self, id: &str, state: State) {
        if let Some(session) = self.lock().by_id.get_mut(id) {
            session.state = state;
        }
    }

    fn lock(&self) -> MutexGuard<'_, All> {
        self.0.lock().unwrap_or_else(PoisonError::into_inner)
    }

    /// For tests, which do not wait for minutes.
    #[cfg(test)]
    pub(crate) fn age(&self, id: &str) {
        self.lock().by_id.get_mut(id).unwrap().ends = Instant::now();
    }
}

impl All {
    fn of_token(&mut self, token: &str) -> Result<&mut Session, Refused> {
        let id = self.by_token.get(&digest(token)).ok_or(Refused::Unknown)?;
        self.by_id.get_mut(id).ok_or(Refused::Unknown)
    }

    fn make_room(&mut self, new: &Session) -> Result<(), Problem> {
        let now = Instant::now();
        let is_known = |session: &Session| session.ends.checked_add(KEPT).is_some_and(|end| now < end);
        let is_of_tenant = |session: &&Session| session.principal.tenant == new.principal.tenant;
        let is_full =
            |all: &Self| all.by_id.len() >= MOST || all.by_id.values().filter(is_of_tenant).count() >= MOST_OF_TENANT;
        // Those that are over go only where there is no room, since looking for them takes a while.
        if self.by_id.len() % 1000 == 999 || is_full(self) {
            self.by_id.retain(|_, session| is_known(session));
            let by_id = &self.by_id;
            self.by_token.retain(|_, id| by_id.contains_key(id));
            self.by_state.retain(|_, id| by_id.contains_key(id));
        }
        if is_full(self) {
            let words = format!("{MOST_OF_TENANT} connect sessions are open already; try again once some are over");
            return Err(Problem::new(problem::BUSY, words).after(Duration::from_secs(60)));
        }
        Ok(())
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn begun(sessions: &Sessions) -> (Session, String) {
        let principal =
            Principal { name: "product".into(), tenant: None, roles: Default::default(), policy: Default::default() };
        let wish = Wish { plugin: "acme".into(), name: "ada".into(), ..Wish::default() };
        sessions.begin(New { wish, principal: Arc::new(principal), return_url: None, lasts: USUAL }).unwrap()
    }

    fn none(_: &str) -> Option<String> {
        None
    }

    #[test]
    fn the_browser_that_opens_a_link_first_is_the_only_one() {
        let sessions = Sessions::default();
        let (session, token) = begun(&sessions);
        let opened = sessions.open(&token, none).unwrap();
        let kept = opened.browser.unwrap();
        assert_eq!(sessions.open(&token, none).err(), Some(Refused::OtherBrowser));
        assert_eq!(sessions.open(&token, |_| Some("another".into())).err(), Some(Refused::OtherBrowser));
        assert!(sessions.open(&token, |id| (id == session.id).then(|| kept.clone())).unwrap().browser.is_none());
        assert_eq!(sessions.open("guessed", none).err(), Some(Refused::Unknown));
        // It is not kept as it is.
        assert!(sessions.lock().by_token.keys().all(|known| *known != token));
    }

    #[test]
    fn a_form_counts_with_its_token_alone_and_one_at_a_time() {
        let sessions = Sessions::default();
        let (session, token) = begun(&sessions);
        let kept = sessions.open(&token, none).unwrap().browser.unwrap();
        let mine = |_: &str| Some(kept.clone());
        assert_eq!(sessions.enter(&token, none, &session.form_token).err(), Some(Refused::OtherBrowser));
        assert_eq!(sessions.enter(&token, mine, "").err(), Some(Refused::Forged));
        assert!(sessions.enter(&token, mine, &session.form_token).is_ok());
        assert_eq!(sessions.enter(&token, mine, &session.form_token).err(), Some(Refused::Busy));
        for _ in 1..TRIES {
            sessions.settle(&session.id, State::Waiting(None));
            assert!(sessions.enter(&token, mine, &session.form_token).is_ok());
        }
        sessions.settle(&session.id, State::Waiting(None));
        assert_eq!(sessions.enter(&token, mine, &session.form_token).err(), Some(Refused::TooOften));
    }

    #[test]
    fn a_link_that_is_over_does_nothing() {
        let sessions = Sessions::default();
        let (session, token) = begun(&sessions);
        let kept = sessions.open(&token, none).unwrap().browser.unwrap();
        let mine = |_: &str| Some(kept.clone());
        sessions.age(&session.id);
        assert_eq!(sessions.open(&token, mine).err(), Some(Refused::TooOld));
        assert_eq!(sessions.enter(&token, mine, &session.form_token).err(), Some(Refused::TooOld));
        let connected =
            Connected { plugin: "acme".into(), name: "ada".into(), scopes: None, proposed: Default::default() };
        let outcome = Outcome { connected, account: None, test: None };
        sessions.settle(&session.id, State::Connected(Box::new(outcome)));
        assert_eq!(sessions.open(&token, mine).err(), Some(Refused::Used));
        // Others are not told what became of it.
        assert_eq!(sessions.open(&token, none).err(), Some(Refused::OtherBrowser));
    }
}
