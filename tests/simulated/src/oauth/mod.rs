//! A token server for OAuth 2 and for sessions, with what they protect, and all the oddities that such servers have.
//!
//! | Path | What it does |
//! |---|---|
//! | `GET /authorize` | consents at once |
//! | `POST /token` | `authorization_code`, `refresh_token`, `client_credentials`, device code, JWT bearer |
//! | `POST /device`, `GET /device/verify` | devices, and the page on which a person consents to one |
//! | `POST /revoke` | RFC 7009 |
//! | `GET /.well-known/openid-configuration`, `/jwks` | who it is, and the keys that it signs with |
//! | `GET /api/me`, `/api/things` | what a bearer token opens |
//! | `/session/challenge`, `/session/login`, `/session/logout` | sessions |
//! | `/session/me`, `/session/things` | what a session opens |
//! | `/control/…` | what [`TokenServer`] can be told and asked, for another process |
//!
//! ```
//! use wharf_simulated::oauth::{Odd, Options, TokenServer};
//!
//! let server = TokenServer::start(Options { access_life: 60, ..Options::default() })?;
//! let (access, refresh) = server.grant("ada");
//! server.next(Odd::HangUp);
//! assert!(server.active(&access) && server.active(&refresh));
//! assert_eq!(server.refreshes(), 0);
//! # Ok::<(), std::io::Error>(())
//! ```

mod api;
mod authorize;
mod call;
mod client;
mod control;
mod device;
mod grants;
mod issuer;
mod jwt;
mod odd;
mod options;
mod reply;
mod session;
mod shape;
mod state;
mod token;

use std::io;
use std::sync::{Arc, Condvar, Mutex, MutexGuard, PoisonError};
use std::time::Duration;

pub use call::Request;
pub use odd::Odd;
pub use options::{
    Api, Authorize, CLIENT_ID, CLIENT_SECRET, ClientAuth, Device, DeviceStep, EC_KEY, EC_KEY_ID, ErrorForm, ExpiresIn,
    Options, Over, Proof, RSA_KEY, RSA_KEY_ID, SERVICE_ACCOUNT, ScopeForm, Session, SessionOver, Shape,
};
pub use state::Figures;

use serde_json::Value;

use crate::request::Recorded;
use crate::server::{Server, Thread};
use odd::Next;
use state::{Origin, State};

/// How long a test waits for what should come at once.
const PATIENCE: Duration = Duration::from_secs(60);

/// A running token server. It stops when dropped.
pub struct TokenServer {
    shared: Arc<Shared>,
    // They end what is still running.
    servers: Vec<Server>,
}

struct Shared {
    state: Mutex<State>,
    /// Told after each request.
    served: Condvar,
}

impl Shared {
    fn lock(&self) -> MutexGuard<'_, State> {
        self.state.lock().unwrap_or_else(PoisonError::into_inner)
    }
}

impl TokenServer {
    /// Starts the server on a thread of its own, at a port that the system picks.
    ///
    /// # Errors
    ///
    /// When a listener, a runtime or a thread cannot be had from the system.
    pub fn start(options: Options) -> io::Result<Self> {
        let thread = Thread::start()?;
        let is_apart = options.api_apart;
        let shared = Arc::new(Shared { state: Mutex::new(State::new(options)), served: Condvar::new() });
        let main = serve(&thread, &shared, if is_apart { Origin::Tokens } else { Origin::All })?;
        let api = is_apart.then(|| serve(&thread, &shared, Origin::Api)).transpose()?;
        {
            let mut state = shared.lock();
            state.issuer = main.url();
            state.api = api.as_ref().unwrap_or(&main).url();
        }
        Ok(Self { shared, servers: [main].into_iter().chain(api).collect() })
    }

    /// The address of the server's root, as `http://127.0.0.1:PORT`. It is the issuer too.
    #[must_use]
    pub fn url(&self) -> String {
        self.shared.lock().issuer.clone()
    }

    /// The address of the root that `/api/…` is at.
    #[must_use]
    pub fn api_url(&self) -> String {
        self.shared.lock().api.clone()
    }

    /// What the server is told, to be changed from now on.
    pub fn change(&self, change: impl FnOnce(&mut Options)) {
        change(&mut self.shared.lock().options);
    }

    /// Gives the next request of the token endpoint, that has none yet, this answer.
    pub fn next(&self, odd: Odd) {
        self.next_at("/token", odd);
    }

    /// Gives the next request of this path, that has none yet, this answer.
    pub fn next_at(&self, path: &str, odd: Odd) {
        self.queue(path, odd, false);
    }

    /// As [`next_at`](Self::next_at), but what was asked for is done, whatever the answer says.
    pub fn next_after(&self, path: &str, odd: Odd) {
        self.queue(path, odd, true);
    }

    fn queue(&self, path: &str, odd: Odd, is_carried_out: bool) {
        self.shared.lock().next.push_back(Next { path: path.to_owned(), odd, is_carried_out });
    }

    /// Follows an address of `/authorize` as a browser does, and tells where it leads.
    #[must_use]
    pub fn visit(&self, address: &str) -> Option<String> {
        let target = address.strip_prefix(&self.url())?.to_owned();
        let request = Recorded { method: "GET".to_owned(), target, ..Recorded::default() };
        let reply = self.shared.lock().answer(&request, Origin::Tokens);
        self.shared.served.notify_all();
        let mut headers = reply.answer.headers.into_iter();
        headers.find(|(name, _)| name == "Location").map(|(_, location)| location)
    }

    /// Grants an access token and a refresh token without anybody asking, as to a connection of old.
    #[must_use]
    pub fn grant(&self, user: &str) -> (String, String) {
        self.shared.lock().grant(user)
    }

    /// Signs a token as the issuer that it is: by RS256 with [`RSA_KEY`], or by ES256 with [`EC_KEY`], as the header's `alg` says. None
    /// where it says something else.
    #[must_use]
    pub fn signed(&self, header: &Value, claims: &Value) -> Option<String> {
        issuer::signed(header, claims)
    }

    /// Ends all families: consent is withdrawn.
    pub fn revoke_all(&self) {
        self.shared.lock().grants.revoke_all();
    }

    /// Ends the life of all access tokens. Refresh tokens stay good.
    pub fn expire_all(&self) {
        self.shared.lock().grants.expire_all();
    }

    /// Ends all sessions.
    pub fn end_sessions(&self) {
        self.shared.lock().sessions.end_all();
    }

    /// Gives consent to all devices that wait for it.
    pub fn approve_devices(&self) {
        self.shared.lock().approve_devices();
    }

    /// Lets go all answers that [`Odd::Hold`] keeps back.
    pub fn release(&self) {
        self.shared.lock().held.clear();
    }

    /// Everything that has arrived, in order, but for `/control/…`.
    #[must_use]
    pub fn requests(&self) -> Vec<Request> {
        self.shared.lock().seen.clone()
    }

    /// What has arrived at this path.
    #[must_use]
    pub fn requests_of(&self, path: &str) -> Vec<Request> {
        self.shared.lock().seen.iter().filter(|seen| seen.path == path).cloned().collect()
    }

    /// Forgets what has arrived so far. The figures stay.
    pub fn clear_requests(&self) {
        self.shared.lock().seen.clear();
        self.servers.iter().for_each(Server::clear_requests);
    }

    /// Waits until so many requests of this path have arrived. Whether they have, in a minute.
    #[must_use]
    pub fn wait_for(&self, path: &str, count: usize) -> bool {
        self.wait(|state| state.seen.iter().filter(|seen| seen.path == path).count() >= count)
    }

    /// Waits until so many answers are kept back by [`Odd::Hold`]. Whether they are, in a minute.
    #[must_use]
    pub fn wait_for_held(&self, count: u64) -> bool {
        self.wait(|state| state.figures().held >= count)
    }

    fn wait(&self, is_so: impl Fn(&State) -> bool) -> bool {
        let waited = self.shared.served.wait_timeout_while(self.shared.lock(), PATIENCE, |state| !is_so(state));
        !waited.unwrap_or_else(PoisonError::into_inner).1.timed_out()
    }

    /// All that the server has counted.
    #[must_use]
    pub fn figures(&self) -> Figures {
        self.shared.lock().figures()
    }

    /// Refreshes that gave a token.
    #[must_use]
    pub fn refreshes(&self) -> u64 {
        self.figures().refreshes
    }

    /// Times that a spent refresh token was spent again.
    #[must_use]
    pub fn reuses(&self) -> u64 {
        self.figures().reuses
    }

    /// Families that were revoked for it.
    #[must_use]
    pub fn families_revoked(&self) -> u64 {
        self.figures().families_revoked
    }

    /// Whether a token is good, be it an access token, a refresh token or a session.
    #[must_use]
    pub fn active(&self, token: &str) -> bool {
        self.shared.lock().is_active(token)
    }

    /// Every secret that there has ever been: those of the options, and all that were handed out.
    #[must_use]
    pub fn secrets(&self) -> Vec<String> {
        self.shared.lock().secrets()
    }
}

fn serve(thread: &Arc<Thread>, shared: &Arc<Shared>, origin: Origin) -> io::Result<Server> {
    Server::with_headers(thread, None, |_url| {
        let shared = Arc::clone(shared);
        move |request: &Recorded| {
            let reply = shared.lock().answer(request, origin);
            shared.served.notify_all();
            reply
        }
    })
}
