//! What is told of a server that runs: traces and logs for a collector (OTLP), and what stands in its log.
//!
//! | part | what it tells |
//! | --- | --- |
//! | `passing` | a request to the server |
//! | `call` | a call, and its requests to a provider |
//! | `news` | what happens besides |
//! | `record` | a line of the log, or of the audit, as the collector gets it |
//! | `queue` | what waits to be sent, and what was lost |
//! | `client` | how it is sent: by the one way out |
//!
//! Spans are made when what they tell of is over. Whoever makes a call waits for none of this.

use std::sync::Arc;
use std::time::Duration;

use opentelemetry::logs::{LoggerProvider as _, Severity};
use opentelemetry::{Context, InstrumentationScope, KeyValue};
use opentelemetry_otlp::{
    LogExporter, Protocol, RetryPolicy, SpanExporter, WithExportConfig as _, WithHttpConfig as _,
};
use opentelemetry_sdk::Resource;
use opentelemetry_sdk::logs::{self, BatchLogProcessor, SdkLogger, SdkLoggerProvider};
use opentelemetry_sdk::trace::{self, BatchSpanProcessor, SpanData, SpanProcessor as _};
use wharf::TraceContext;
use wharf::config::TelemetryConfig;
use wharf_egress::Deadline;
use wharf_egress::collector::Collector;

use self::client::Client;
use self::queue::{Counted, Queue};
use crate::app::Tell;

pub(crate) mod call;
mod client;
pub(crate) mod news;
pub(crate) mod passing;
mod queue;
mod record;

pub use record::{Record, Value};

/// The table of the configuration.
const TABLE: &str = "server.telemetry";

/// How many spans, and how many records of logs, wait at most. A span is about a kilobyte.
const MOST_WAITING: usize = 16_384;

/// How many are sent at one time.
const AT_ONCE: usize = 1024;

/// How long one waits at most until it is sent.
const PAUSE: Duration = Duration::from_secs(2);

/// How long the collector may take, with all that is tried again.
const PATIENCE: Duration = Duration::from_secs(10);

/// How long what waits may take when the server stops.
const LAST: Duration = Duration::from_secs(5);

/// The collector of traces and logs, and what waits for it. It is told of what happens by threads of its own, so that nobody waits for it.
pub struct Telemetry {
    spans: Option<Spans>,
    records: Option<Records>,
    audit: Option<SdkLogger>,
    /// How many of a million traces are kept that begin here.
    sample: u32,
}

/// Spans on their way.
struct Spans {
    queue: Arc<Queue>,
    processor: BatchSpanProcessor,
}

/// Records of logs on their way.
struct Records {
    queue: Arc<Queue>,
    provider: SdkLoggerProvider,
    /// Of the server's own log, where it is sent.
    own: Option<SdkLogger>,
}

impl Telemetry {
    /// Begins to collect for a collector. `tell` is told, once in a while, of what it does not take.
    ///
    /// # Errors
    /// What cannot be used of the configuration.
    pub fn start(config: &TelemetryConfig, tell: Tell) -> Result<Arc<Self>, String> {
        let environment = |variable: &str| std::env::var(variable).ok();
        let headers = config.headers.iter().map(|(name, place)| {
            let key = format!("{TABLE}.headers.{name}");
            let warn = &mut |words: &str| tell(&format!("`{key}`: {words}"));
            let value = place.secret(name, &environment, warn).map_err(|problem| format!("`{key}`: {problem}"))?;
            Ok((name.clone(), value))
        });
        let headers: Vec<_> = headers.collect::<Result<_, String>>()?;
        let allowed = config.allow_addresses.iter().copied();
        let collector = Arc::new(Collector::new(&config.endpoint, headers, allowed, TABLE)?);
        let resource = Resource::builder_empty()
            .with_service_name(config.service_name.clone())
            .with_attribute(KeyValue::new("service.version", env!("CARGO_PKG_VERSION")))
            .build();
        let spans = config.traces.then(|| Spans::start(&collector, &resource, &tell)).transpose()?;
        let records = (config.logs || config.audit)
            .then(|| Records::start(&collector, &resource, &tell, config.logs))
            .transpose()?;
        let audit = records.as_ref().filter(|_| config.audit).map(|records| records.logger("wharf.audit"));
        Ok(Arc::new(Self { spans, records, audit, sample: config.sample }))
    }

    /// Whether the server's own log is sent.
    pub fn takes_logs(&self) -> bool {
        self.records.as_ref().is_some_and(|records| records.own.is_some())
    }

    /// Whether the records of the audit are sent.
    pub fn takes_audit(&self) -> bool {
        self.audit.is_some()
    }

    /// Takes what the server says of itself, but for what the threads say that send it: that the collector takes nothing, for example.
    pub fn log(&self, record: &Record<'_>) {
        let Some(records) = &self.records else { return };
        let Some(logger) = records.own.as_ref().filter(|_| !Context::is_current_telemetry_suppressed()) else { return };
        if records.queue.enter() {
            record.emit(logger);
        }
    }

    /// Takes a line of the audit.
    pub fn audit(&self, line: &str) {
        if let (Some(records), Some(logger)) = (&self.records, &self.audit)
            && records.queue.enter()
        {
            record::emit_line(logger, line);
        }
    }

    /// A trace that begins here: whether it is kept is decided here, and once.
    pub(crate) fn judged(&self, begun: TraceContext) -> TraceContext {
        let million = u128::from(1_000_000_u32);
        let is_kept = self.spans.is_some() && begun.trace() % million < u128::from(self.sample);
        if is_kept { begun } else { begun.not_sampled() }
    }

    /// Whether spans of a trace are collected.
    pub(crate) fn keeps(&self, trace: &TraceContext) -> bool {
        self.spans.is_some() && trace.is_sampled()
    }

    /// Takes a span that is over.
    pub(crate) fn span(&self, span: SpanData) {
        if let Some(spans) = &self.spans
            && spans.queue.enter()
        {
            spans.processor.on_end(span);
        }
    }

    /// Sends what waits, and waits for that some seconds at most.
    pub fn stop(&self) {
        let (until, least) = (Deadline::within(LAST), Duration::from_millis(500));
        let left = || until.left().max(least);
        // Whatever is lost was told by the queue.
        if let Some(spans) = &self.spans {
            let _ = spans.processor.shutdown_with_timeout(left());
        }
        if let Some(records) = &self.records {
            let _ = records.provider.shutdown_with_timeout(left());
        }
    }
}

impl Spans {
    fn start(collector: &Arc<Collector>, resource: &Resource, tell: &Tell) -> Result<Self, String> {
        let queue = Queue::new("spans", MOST_WAITING, tell);
        let exporter = SpanExporter::builder()
            .with_http()
            .with_http_client(Client::new(collector, "/v1/traces", &queue))
            .with_endpoint("http://collector/v1/traces")
            .with_protocol(Protocol::HttpBinary)
            .with_timeout(PATIENCE)
            .with_retry_policy(RetryPolicy::default())
            .build()
            .map_err(|error| format!("`{TABLE}`: {error}"))?;
        let config = trace::BatchConfigBuilder::default()
            .with_max_queue_size(MOST_WAITING + 1)
            .with_max_export_batch_size(AT_ONCE)
            .with_scheduled_delay(PAUSE)
            .build();
        let exporter = Counted { exporter, queue: Arc::clone(&queue) };
        let mut processor = BatchSpanProcessor::builder(exporter).with_batch_config(config).build();
        processor.set_resource(resource);
        Ok(Self { queue, processor })
    }
}

impl Records {
    fn start(collector: &Arc<Collector>, resource: &Resource, tell: &Tell, own: bool) -> Result<Self, String> {
        let queue = Queue::new("records of logs", MOST_WAITING, tell);
        let exporter = LogExporter::builder()
            .with_http()
            .with_http_client(Client::new(collector, "/v1/logs", &queue))
            .with_endpoint("http://collector/v1/logs")
            .with_protocol(Protocol::HttpBinary)
            .with_timeout(PATIENCE)
            .with_retry_policy(RetryPolicy::default())
            .build()
            .map_err(|error| format!("`{TABLE}`: {error}"))?;
        let config = logs::BatchConfigBuilder::default()
            .with_max_queue_size(MOST_WAITING + 1)
            .with_max_export_batch_size(AT_ONCE)
            .with_scheduled_delay(PAUSE)
            .build();
        let exporter = Counted { exporter, queue: Arc::clone(&queue) };
        let processor = BatchLogProcessor::builder(exporter).with_batch_config(config).build();
        let provider =
            SdkLoggerProvider::builder().with_log_processor(processor).with_resource(resource.clone()).build();
        let mut records = Self { queue, provider, own: None };
        records.own = own.then(|| records.logger("wharf"));
        Ok(records)
    }

    fn logger(&self, name: &'static str) -> SdkLogger {
        self.provider.logger_with_scope(scope(name))
    }
}

/// Who made it, as the collector sees it.
fn scope(name: &'static str) -> InstrumentationScope {
    InstrumentationScope::builder(name).with_version(env!("CARGO_PKG_VERSION")).build()
}

/// How grave something is, as OpenTelemetry numbers it.
fn severity(level: tracing::Level) -> Severity {
    match level {
        tracing::Level::ERROR => Severity::Error,
        tracing::Level::WARN => Severity::Warn,
        tracing::Level::INFO => Severity::Info,
        tracing::Level::DEBUG => Severity::Debug,
        tracing::Level::TRACE => Severity::Trace,
    }
}
