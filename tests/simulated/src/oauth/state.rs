//! All that a token server knows, and which part of it answers a request.

use std::collections::{HashMap, VecDeque};
use std::time::{Duration, Instant};

use serde::{Deserialize, Serialize};
use serde_json::Value;
use tokio::sync::oneshot;

use super::call::Request;
use super::device::Waiting;
use super::grants::Grants;
use super::odd::{self, Next};
use super::options::Options;
use super::reply::{self, Refusal, header};
use super::session::Sessions;
use super::{api, authorize, control, device, issuer, session, shape, token};
use crate::answer::Canned;
use crate::clock;
use crate::request::Recorded;
use crate::server::Reply;

/// What a token server has counted.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq, Serialize, Deserialize)]
pub struct Figures {
    /// Refreshes that gave a token.
    pub refreshes: u64,
    /// Times that a spent refresh token was spent again, outside of the grace.
    pub reuses: u64,
    /// Families that were revoked for it.
    pub families_revoked: u64,
    /// Tokens that a client had revoked.
    pub revocations: u64,
    /// What was carried out behind a token or a session: each making and each removal of a thing.
    pub executed: u64,
    /// Requests of the protected part without a good token or session.
    pub turned_away: u64,
    /// Sessions that were begun.
    pub logins: u64,
    /// Answers that wait for their release.
    pub held: u64,
}

/// What is served at one origin.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(super) enum Origin {
    All,
    Tokens,
    Api,
}

pub(super) struct State {
    pub(super) options: Options,
    pub(super) issuer: String,
    pub(super) api: String,
    begun: Instant,
    pub(super) grants: Grants,
    pub(super) devices: HashMap<String, Waiting>,
    pub(super) sessions: Sessions,
    pub(super) things: Vec<Value>,
    pub(super) things_made: u64,
    pub(super) next: VecDeque<Next>,
    pub(super) held: Vec<oneshot::Sender<()>>,
    pub(super) seen: Vec<Request>,
    pub(super) counted: Figures,
}

impl State {
    pub(super) fn new(options: Options) -> Self {
        Self {
            options,
            issuer: String::new(),
            api: String::new(),
            begun: Instant::now(),
            grants: Grants::default(),
            devices: HashMap::new(),
            sessions: Sessions::default(),
            things: Vec::new(),
            things_made: 0,
            next: VecDeque::new(),
            held: Vec::new(),
            seen: Vec::new(),
            counted: Figures::default(),
        }
    }

    pub(super) fn answer(&mut self, request: &Recorded, origin: Origin) -> Reply {
        let mut call = Request::read(request, self.begun.elapsed());
        if let Some(command) = call.path.strip_prefix("/control/") {
            return control::run(self, command, &call).into();
        }
        let is_api = call.path.starts_with("/api/");
        let mut reply = match origin {
            Origin::Tokens if is_api => reply::empty(404).into(),
            Origin::Api if !is_api => reply::empty(404).into(),
            _ => self.reply(&call),
        };
        self.tell_time(&mut reply.answer);
        if call.path == "/token" && reply.answer.delay.is_none() {
            reply.answer.delay = Some(self.options.delay_ms).filter(|ms| *ms > 0).map(Duration::from_millis);
        }
        call.status = if reply.is_lost { 0 } else { reply.answer.status };
        self.seen.push(call);
        reply
    }

    fn reply(&mut self, call: &Request) -> Reply {
        let meant = self.next.iter().position(|next| next.path == call.path);
        match meant.and_then(|position| self.next.remove(position)) {
            Some(next) => odd::reply(self, call, next),
            None => self.carry_out(call).into(),
        }
    }

    pub(super) fn carry_out(&mut self, call: &Request) -> Canned {
        match (call.method.as_str(), call.path.as_str()) {
            ("GET", "/authorize") => authorize::answer(self, call),
            ("POST", "/token") => {
                let answer = token::answer(self, call);
                answer.unwrap_or_else(|refusal| shape::failure(&self.options.shape, &refusal))
            }
            ("POST", "/device") => device::begin(self, call).unwrap_or_else(|refusal| refusal.answer()),
            ("GET", "/device/verify") => device::page(self, call),
            ("GET", issuer::DESCRIBED_AT) => issuer::described(self),
            ("GET", "/jwks") => issuer::keys(self),
            ("POST", "/revoke") => token::revoke(self, call).unwrap_or_else(|refusal: Refusal| refusal.answer()),
            (_, path) if path.starts_with("/api/") => api::answer(self, call),
            (_, path) if path.starts_with("/session/") => session::answer(self, call),
            (_, "/authorize" | "/token" | "/device" | "/revoke") => reply::html(405, "405 Method Not Allowed"),
            _ => reply::html(404, "404 Not Found"),
        }
    }

    /// Seconds since 1970, as this server believes.
    pub(super) fn now(&self) -> i64 {
        clock::seconds() + self.options.clock_ahead
    }

    /// What is granted to one who asks for these scopes.
    pub(super) fn scopes(&self, asked: Option<&str>) -> Vec<String> {
        let options = &self.options;
        let asked = asked.unwrap_or_default().split(options.scope_separator.as_str());
        let mut scopes: Vec<String> = asked.filter(|scope| !scope.is_empty()).map(str::to_owned).collect();
        if scopes.is_empty() {
            scopes.clone_from(&options.scopes);
        }
        if let Some(most) = &options.grants_only {
            scopes.retain(|scope| most.contains(scope));
        }
        scopes
    }

    pub(super) fn figures(&self) -> Figures {
        Figures {
            refreshes: self.grants.refreshes,
            reuses: self.grants.reuses,
            families_revoked: self.grants.families_revoked,
            logins: self.sessions.logins,
            held: self.held.iter().filter(|held| !held.is_closed()).count() as u64,
            ..self.counted
        }
    }

    fn tell_time(&self, answer: &mut Canned) {
        let told = answer.headers.iter().any(|(name, _)| name.eq_ignore_ascii_case("date"));
        if self.options.clock_ahead != 0 && !told {
            answer.headers.push(header("Date", &odd::date(self.options.clock_ahead)));
        }
    }
}
