//! A request to the server, from its head to the last byte of its answer.

use std::pin::Pin;
use std::sync::{Arc, OnceLock};
use std::task::{Context, Poll};
use std::time::{Instant, SystemTime};

use axum::body::{Body, Bytes};
use axum::extract::{MatchedPath, Request, State};
use axum::http::Method;
use axum::middleware::Next;
use axum::response::Response;
use hyper::body::{Body as HttpBody, Frame, SizeHint};
use opentelemetry::KeyValue;
use opentelemetry::trace::{SpanKind, Status};
use tracing::{error, info};
use wharf::TraceContext;

use super::call::{Span, span};
use crate::app::App;
use crate::auth::caller::trace_given;
use crate::auth::principal::Principal;

/// Who only looks whether the server is there is not worth a word.
const LOOKS: [&str; 3] = ["/healthz", "/readyz", "/metrics"];

/// The trace of a request, which all that is done for it is a part of.
#[derive(Clone)]
pub(crate) struct Traced {
    /// Where the request stands in it; none where the system has no random numbers.
    pub(crate) trace: Option<TraceContext>,
    /// Who asks, once that is known.
    who: Option<Arc<OnceLock<Arc<Principal>>>>,
}

impl Traced {
    /// Notes who asks.
    pub(crate) fn by(&self, principal: &Arc<Principal>) {
        if let Some(who) = &self.who {
            // It is one request, and of one principal.
            let _ = who.set(Arc::clone(principal));
        }
    }
}

/// Lets a request through, and tells of it when it is over.
pub(crate) async fn pass(State(app): State<Arc<App>>, mut request: Request, next: Next) -> Response {
    let given = trace_given(request.headers());
    let begun = || {
        let begun = TraceContext::begin()?;
        Some(app.telemetry.as_ref().map_or(begun, |telemetry| telemetry.judged(begun)))
    };
    let trace = given.and_then(|given| given.under()).or_else(begun);
    let is_kept = app.telemetry.as_ref().is_some_and(|telemetry| trace.is_some_and(|trace| telemetry.keeps(&trace)));
    let is_told = app.config.load().log.requests;
    if !is_kept && !is_told {
        request.extensions_mut().insert(Traced { trace, who: None });
        return next.run(request).await;
    }
    let route = request.extensions().get::<MatchedPath>().map(|path| path.as_str().to_owned());
    if route.as_deref().is_some_and(|route| LOOKS.contains(&route)) {
        return next.run(request).await;
    }
    let who = Arc::<OnceLock<_>>::default();
    request.extensions_mut().insert(Traced { trace, who: Some(Arc::clone(&who)) });
    let mut passing = Passing {
        app,
        at: SystemTime::now(),
        began: Instant::now(),
        trace,
        above: given,
        method: known(request.method()),
        route,
        who,
        status: None,
        call: None,
        is_kept,
        is_told,
    };
    let response = next.run(request).await;
    passing.status = Some(response.status().as_u16());
    passing.call = response.headers().get("wharf-call").and_then(|id| Some(id.to_str().ok()?.to_owned()));
    response.map(|body| Body::new(Watched { body, _passing: passing }))
}

/// A method as it is told: whoever asks can make up others, of which there is no end.
fn known(method: &Method) -> &'static str {
    match *method {
        Method::GET => "GET",
        Method::HEAD => "HEAD",
        Method::POST => "POST",
        Method::PUT => "PUT",
        Method::PATCH => "PATCH",
        Method::DELETE => "DELETE",
        Method::OPTIONS => "OPTIONS",
        _ => "_OTHER",
    }
}

/// A request on its way. It is over when this is dropped: with its answer, or as whoever asked hung up.
struct Passing {
    app: Arc<App>,
    at: SystemTime,
    began: Instant,
    trace: Option<TraceContext>,
    /// The one above, of whoever asks.
    above: Option<TraceContext>,
    method: &'static str,
    /// The pattern of its path; none where there is no such path.
    route: Option<String>,
    who: Arc<OnceLock<Arc<Principal>>>,
    /// None where nobody waited for an answer.
    status: Option<u16>,
    call: Option<String>,
    is_kept: bool,
    is_told: bool,
}

impl Drop for Passing {
    fn drop(&mut self) {
        if self.is_told {
            self.log();
        }
        if let (true, Some(telemetry), Some(trace)) = (self.is_kept, &self.app.telemetry, self.trace) {
            telemetry.span(span(self.span(trace)));
        }
    }
}

impl Passing {
    /// One line. Nothing of it is as whoever asks wrote it.
    fn log(&self) {
        let micros = u64::try_from(self.began.elapsed().as_micros()).unwrap_or(u64::MAX);
        let (trace, span) = super::news::ids(self.trace);
        macro_rules! tell {
            ($level:ident) => {
                $level!(
                    target: "wharf::request",
                    method = self.method,
                    route = self.route.as_deref(),
                    status = self.status,
                    micros,
                    principal = self.who.get().map(|principal| principal.name.as_str()),
                    tenant = self.who.get().and_then(|principal| principal.tenant.as_deref()),
                    call = self.call.as_deref(),
                    trace_id = trace.as_deref(),
                    span_id = span.as_deref(),
                    "request"
                )
            };
        }
        if self.status == Some(500) { tell!(error) } else { tell!(info) }
    }

    fn span(&self, trace: TraceContext) -> Span {
        let mut attributes =
            vec![KeyValue::new("http.request.method", self.method), KeyValue::new("url.scheme", "http")];
        let name = match &self.route {
            Some(route) => {
                attributes.push(KeyValue::new("http.route", route.clone()));
                format!("{} {route}", self.method)
            }
            None => self.method.to_owned(),
        };
        attributes.extend(self.status.map(|status| KeyValue::new("http.response.status_code", i64::from(status))));
        if let Some(principal) = self.who.get() {
            attributes.push(KeyValue::new("wharf.principal", principal.name.clone()));
            attributes.extend(principal.tenant.clone().map(|tenant| KeyValue::new("wharf.tenant", tenant)));
        }
        attributes.extend(self.call.clone().map(|call| KeyValue::new("wharf.call", call)));
        let status = if self.status.is_some_and(|status| status >= 500) { Status::error("") } else { Status::Unset };
        Span {
            trace,
            above: self.above.map(|above| above.span()),
            is_from_afar: true,
            kind: SpanKind::Server,
            name: name.into(),
            at: self.at,
            took: self.began.elapsed(),
            attributes,
            status,
        }
    }
}

/// A body that has what is to be told with it.
struct Watched {
    body: Body,
    _passing: Passing,
}

impl HttpBody for Watched {
    type Data = Bytes;
    type Error = axum::Error;

    fn poll_frame(
        mut self: Pin<&mut Self>,
        context: &mut Context<'_>,
    ) -> Poll<Option<Result<Frame<Bytes>, axum::Error>>> {
        Pin::new(&mut self.body).poll_frame(context)
    }

    fn is_end_stream(&self) -> bool {
        self.body.is_end_stream()
    }

    fn size_hint(&self) -> SizeHint {
        self.body.size_hint()
    }
}
