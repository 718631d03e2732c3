//! A call, and the requests that it makes of a provider.

use std::borrow::Cow;
use std::time::{Duration, Instant, SystemTime};

use opentelemetry::trace::{SpanContext, SpanKind, Status, TraceState};
use opentelemetry::{KeyValue, SpanId, TraceFlags, TraceId};
use opentelemetry_sdk::trace::{SpanData, SpanEvents, SpanLinks};
use url::Url;
use wharf::{Exchange, Report, TraceContext};

use super::{Telemetry, scope};
use crate::problem::type_of;
use crate::work::job::Job;

/// Something that is over, and where it stands in its trace.
pub(super) struct Span {
    pub(super) trace: TraceContext,
    /// The one above; none where the trace begins with it.
    pub(super) above: Option<u64>,
    /// Whether the one above is another program's.
    pub(super) is_from_afar: bool,
    pub(super) kind: SpanKind,
    pub(super) name: Cow<'static, str>,
    pub(super) at: SystemTime,
    pub(super) took: Duration,
    pub(super) attributes: Vec<KeyValue>,
    pub(super) status: Status,
}

/// The same as the library has it.
pub(super) fn span(span: Span) -> SpanData {
    let Span { trace, above, is_from_afar, kind, name, at, took, attributes, status } = span;
    SpanData {
        span_context: SpanContext::new(
            TraceId::from(trace.trace()),
            SpanId::from(trace.span()),
            TraceFlags::SAMPLED,
            false,
            TraceState::default(),
        ),
        parent_span_id: above.map_or(SpanId::INVALID, SpanId::from),
        parent_span_is_remote: is_from_afar && above.is_some(),
        span_kind: kind,
        name,
        start_time: at,
        end_time: later(at, took),
        attributes,
        dropped_attributes_count: 0,
        events: SpanEvents::default(),
        links: SpanLinks::default(),
        status,
        instrumentation_scope: scope("wharf"),
    }
}

fn later(at: SystemTime, by: Duration) -> SystemTime {
    at.checked_add(by).unwrap_or(at)
}

/// A call that is about to run, of a trace that is kept.
pub(crate) struct Running {
    /// Where the call stands in its trace.
    pub(crate) trace: TraceContext,
    /// The request that it is made for.
    above: u64,
    at: SystemTime,
    began: Instant,
}

impl Running {
    /// None where its trace is not kept.
    pub(crate) fn begin(telemetry: &Telemetry, trace: Option<TraceContext>) -> Option<Self> {
        let above = trace.filter(|trace| telemetry.keeps(trace))?;
        Some(Self { trace: above.under()?, above: above.span(), at: SystemTime::now(), began: Instant::now() })
    }

    /// Tells of a call and its requests. It waited before it ran.
    pub(crate) fn end(self, telemetry: &Telemetry, job: &Job, report: &Report, queued: Duration) {
        telemetry.span(span(self.call(job, report, queued)));
        report.exchanges.iter().filter_map(|exchange| self.request(exchange)).for_each(|one| telemetry.span(span(one)));
    }

    fn call(&self, job: &Job, report: &Report, queued: Duration) -> Span {
        let whose = &job.whose;
        let outcome = report.result.as_ref().map_or_else(|error| type_of(error).name, |_| "ok");
        let version = report.release.as_ref().map_or(&whose.version, |release| &release.about.version);
        let micros = |time: Duration| i64::try_from(time.as_micros()).unwrap_or(i64::MAX);
        let mut attributes = vec![
            KeyValue::new("wharf.call", job.id.clone()),
            KeyValue::new("wharf.plugin", whose.plugin.clone()),
            KeyValue::new("wharf.plugin.version", version.clone()),
            KeyValue::new("wharf.operation", whose.operation.clone()),
            KeyValue::new("wharf.effect", whose.effect),
            KeyValue::new("wharf.principal", whose.principal.clone()),
            KeyValue::new("wharf.outcome", outcome),
            KeyValue::new("wharf.retries", i64::from(report.retries)),
            KeyValue::new("wharf.queue.micros", micros(queued)),
            KeyValue::new("wharf.waiting.micros", micros(report.timing.waiting)),
        ];
        attributes.extend(whose.tenant.clone().map(|tenant| KeyValue::new("wharf.tenant", tenant)));
        attributes.extend(whose.connection.clone().map(|name| KeyValue::new("wharf.connection", name)));
        attributes.extend(job.dry_run.then(|| KeyValue::new("wharf.dry_run", true)));
        attributes.extend(report.result.is_err().then(|| KeyValue::new("error.type", outcome)));
        let status = if report.result.is_ok() { Status::Unset } else { Status::error(outcome) };
        Span {
            trace: self.trace,
            above: Some(self.above),
            is_from_afar: false,
            kind: SpanKind::Internal,
            name: format!("{} {}", whose.plugin, whose.operation).into(),
            at: self.at.checked_sub(queued).unwrap_or(self.at),
            took: self.began.elapsed() + queued,
            attributes,
            status,
        }
    }

    /// A request to the provider, if it was sent. Where the provider was told of it, it is the one that it was told of.
    fn request(&self, exchange: &Exchange) -> Option<Span> {
        let sent = exchange.sent?;
        let request = &exchange.request;
        let mut attributes = vec![
            KeyValue::new("http.request.method", request.method),
            KeyValue::new("wharf.request", request.request.clone()),
        ];
        if let Some((url, host, port)) = shown(&request.url) {
            attributes.push(KeyValue::new("url.full", url));
            attributes.push(KeyValue::new("server.address", host));
            attributes.extend(port.map(|port| KeyValue::new("server.port", i64::from(port))));
        }
        attributes.extend(exchange.status.map(|status| KeyValue::new("http.response.status_code", i64::from(status))));
        let bytes = exchange.answer_bytes.map(|bytes| i64::try_from(bytes).unwrap_or(i64::MAX));
        attributes.extend(bytes.map(|bytes| KeyValue::new("http.response.body.size", bytes)));
        let status = match exchange.status {
            Some(..400) => Status::Unset,
            Some(status) => {
                attributes.push(KeyValue::new("error.type", status.to_string()));
                Status::error("")
            }
            None => {
                attributes.push(KeyValue::new("error.type", "no-answer"));
                Status::error("no answer")
            }
        };
        Some(Span {
            trace: exchange.trace.or_else(|| self.trace.under())?,
            above: Some(self.trace.span()),
            is_from_afar: false,
            kind: SpanKind::Client,
            name: format!("{} {}", request.method, request.request).into(),
            at: later(self.at, sent.saturating_duration_since(self.began)),
            took: Duration::from_micros(exchange.micros),
            attributes,
            status,
        })
    }
}

/// A URL, whose secrets and sensitive values are masked already, without the values of its query; with its host and port.
fn shown(url: &str) -> Option<(String, String, Option<u16>)> {
    let (base, query) = url.split_once('?').map_or((url, None), |(base, query)| (base, Some(query)));
    let parsed = Url::parse(base).ok()?;
    let host = parsed.host_str()?.to_owned();
    let mut shown = base.to_owned();
    if let Some(query) = query {
        let names = query.split('&').map(|pair| pair.split('=').next().unwrap_or_default());
        shown.push('?');
        shown.push_str(&names.map(|name| format!("{name}=REDACTED")).collect::<Vec<_>>().join("&"));
    }
    Some((shown, host, parsed.port_or_known_default()))
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn of_a_query_only_the_names_are_told() {
        let of = |url| shown(url).unwrap();
        assert_eq!(
            of("https://api.example/v1/users/•••?limit=7&email=a%40b.c"),
            (
                "https://api.example/v1/users/•••?limit=REDACTED&email=REDACTED".to_owned(),
                "api.example".to_owned(),
                Some(443)
            )
        );
        assert_eq!(of("http://127.0.0.1:8443/x").2, Some(8443));
        assert_eq!(shown("no URL"), None);
    }
}
