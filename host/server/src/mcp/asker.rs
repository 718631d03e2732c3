//! Who asks for a tool, and in which words.

use std::sync::Arc;

use axum::http::HeaderMap;
use rmcp::model::Extensions;
use wharf::{Json, TraceContext};

use crate::api::room::Held;
use crate::auth::allowance::LetIn;
use crate::auth::caller::{Caller, need_one_of, trace};
use crate::auth::principal::{Principal, Role};
use crate::problem::Problem;

/// Whoever asks, for as long as the request is worked on. A session is no principal: each of its requests has its own asker.
pub(crate) struct Asker {
    pub(crate) principal: Arc<Principal>,
    pub(crate) trace: Option<TraceContext>,
    /// The arguments as they are written, as a parser would round their numbers.
    pub(crate) arguments: Option<Json>,
    /// What counts among the principal's requests, and the memory that this one takes, until it is dropped.
    over_http: Option<(Caller, Held)>,
    /// The same of one that did not come over HTTP.
    _let_in: Option<LetIn>,
}

impl Asker {
    /// Whoever sent a request over HTTP.
    pub(crate) fn over_http(caller: Caller, arguments: Option<Json>, held: Held) -> Arc<Self> {
        let (principal, trace) = (Arc::clone(&caller.principal), caller.trace);
        Arc::new(Self { principal, trace, arguments, over_http: Some((caller, held)), _let_in: None })
    }

    /// Whoever started the process.
    pub(super) fn local(principal: Arc<Principal>, arguments: Option<Json>, let_in: Option<LetIn>) -> Arc<Self> {
        let trace = trace(&HeaderMap::new());
        Arc::new(Self { principal, trace, arguments, over_http: None, _let_in: let_in })
    }

    /// The asker that a transport left with a request.
    pub(super) fn of(extensions: &Extensions) -> Option<Arc<Self>> {
        let over_http = || extensions.get::<axum::http::request::Parts>()?.extensions.get();
        extensions.get().or_else(over_http).cloned()
    }

    /// Refuses whoever has not a role, and what is asked for at another door than it has.
    pub(super) fn need(&self, role: Role) -> Result<(), Problem> {
        match &self.over_http {
            Some((caller, _)) => caller.need(role),
            None => need_one_of(&self.principal, &[role]),
        }
    }
}
