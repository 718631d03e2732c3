//! Sessions of clients that begin with `initialize`: whose they are, and how many there may be.

use std::collections::{HashMap, HashSet};
use std::sync::{Arc, Mutex, MutexGuard, PoisonError};
use std::time::{Duration, Instant};

use rmcp::transport::streamable_http_server::SessionManager as _;
use rmcp::transport::streamable_http_server::session::SessionId;
use rmcp::transport::streamable_http_server::session::local::LocalSessionManager;

use crate::auth::principal::Principal;
use crate::problem::{self, Problem};

/// How many a principal has at one time: the one that was used longest ago makes room for another.
const MOST_OF_PRINCIPAL: usize = 64;

/// How many there are in all.
const MOST: usize = 10_000;

/// How long one may be without a request.
const IDLE: Duration = Duration::from_secs(4 * 60 * 60);

/// All of them.
pub(super) struct Sessions {
    pub(super) manager: Arc<LocalSessionManager>,
    owners: Mutex<HashMap<SessionId, Owner>>,
    /// Requests that are not answered yet: their sessions and ids.
    open: Arc<Mutex<HashSet<(String, String)>>>,
}

/// A request of a session that is not answered yet.
pub(super) struct Unanswered {
    open: Arc<Mutex<HashSet<(String, String)>>>,
    key: (String, String),
}

impl Drop for Unanswered {
    fn drop(&mut self) {
        self.open.lock().unwrap_or_else(PoisonError::into_inner).remove(&self.key);
    }
}

struct Owner {
    principal: String,
    tenant: Option<String>,
    used: Instant,
}

impl Owner {
    fn is(&self, principal: &Principal) -> bool {
        self.principal == principal.name && self.tenant == principal.tenant
    }
}

impl Default for Sessions {
    fn default() -> Self {
        let mut manager = LocalSessionManager::default();
        manager.session_config.keep_alive = Some(IDLE);
        Self { manager: Arc::new(manager), owners: Mutex::default(), open: Arc::default() }
    }
}

impl Sessions {
    /// Refuses a session that somebody else began, like one that is not there.
    pub(super) fn check(&self, id: &str, principal: &Principal) -> Result<(), Problem> {
        let mut owners = self.lock();
        let own = owners.get_mut(id).filter(|owner| owner.is(principal));
        let own = own.ok_or_else(|| {
            Problem::new(
                problem::UNKNOWN,
                "there is no such session, or it is over; begin another one with `initialize`",
            )
        })?;
        own.used = Instant::now();
        Ok(())
    }

    /// Lets one request of an id into a session at a time: of several nobody knows which one an answer is for.
    pub(super) fn open(&self, session: &str, id: &str) -> Result<Unanswered, Problem> {
        let key = (session.to_owned(), id.to_owned());
        let is_new = self.open.lock().unwrap_or_else(PoisonError::into_inner).insert(key.clone());
        match is_new {
            true => Ok(Unanswered { open: Arc::clone(&self.open), key }),
            false => Err(Problem::new(
                problem::BAD_REQUEST,
                "a request of this session with the same `id` is not answered yet, and nothing was done; give each one an id of its own",
            )),
        }
    }

    /// Makes room for another one of a principal.
    pub(super) async fn make_room(&self, principal: &Principal) -> Result<(), Problem> {
        let alive: Vec<SessionId> = self.manager.sessions.read().await.keys().cloned().collect();
        let oldest = {
            let mut owners = self.lock();
            owners.retain(|id, _| alive.contains(id));
            let own = owners.iter().filter(|(_, owner)| owner.is(principal));
            let is_full = own.clone().count() >= MOST_OF_PRINCIPAL;
            let oldest = own.min_by_key(|(_, owner)| owner.used).map(|(id, _)| id.clone());
            let oldest = oldest.filter(|_| is_full);
            if let Some(oldest) = &oldest {
                owners.remove(oldest);
            }
            oldest
        };
        if let Some(oldest) = oldest {
            // One that has ended by itself is as good.
            let _ = self.manager.close_session(&oldest).await;
        } else if alive.len() >= MOST {
            let detail = "as many sessions are open as may be: none was begun; come again later";
            return Err(Problem::new(problem::BUSY, detail).after(Duration::from_secs(60)));
        }
        Ok(())
    }

    /// Notes whose a session is.
    pub(super) fn began(&self, id: &str, principal: &Principal) {
        let owner = Owner { principal: principal.name.clone(), tenant: principal.tenant.clone(), used: Instant::now() };
        self.lock().insert(id.into(), owner);
    }

    fn lock(&self) -> MutexGuard<'_, HashMap<SessionId, Owner>> {
        self.owners.lock().unwrap_or_else(PoisonError::into_inner)
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::api::known::principal;

    fn named(name: &str) -> Principal {
        Principal { name: name.to_owned(), ..principal() }
    }

    #[test]
    fn of_requests_with_one_id_the_second_is_refused_until_the_first_is_answered() {
        let sessions = Sessions::default();
        let first = sessions.open("a", "77").unwrap();
        assert_eq!(sessions.open("a", "77").err().unwrap().kind, problem::BAD_REQUEST);
        assert!(sessions.open("b", "77").is_ok() && sessions.open("a", "\"77\"").is_ok());
        drop(first);
        assert!(sessions.open("a", "77").is_ok());
    }

    #[tokio::test]
    async fn a_session_is_its_principals_and_the_oldest_makes_room() {
        let sessions = Sessions::default();
        let (ada, bob) = (named("ada"), named("bob"));
        let mut ids = Vec::new();
        for _ in 0..MOST_OF_PRINCIPAL {
            sessions.make_room(&ada).await.unwrap();
            let (id, _transport) = sessions.manager.create_session().await.unwrap();
            sessions.began(&id, &ada);
            ids.push(id);
        }
        let tenant = Principal { tenant: Some("acme".to_owned()), ..ada.clone() };
        for other in [&bob, &tenant] {
            assert_eq!(sessions.check(&ids[0], other).unwrap_err().kind, problem::UNKNOWN);
        }
        sessions.check(&ids[0], &ada).unwrap();
        sessions.make_room(&bob).await.unwrap();
        sessions.check(&ids[1], &ada).unwrap();
        sessions.make_room(&ada).await.unwrap();
        assert!(sessions.check(&ids[2], &ada).is_err() && sessions.check(&ids[0], &ada).is_ok());
    }
}
