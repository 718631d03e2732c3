//! What `wharf serve` says while it serves: lines on standard error, of text or of JSON, and records for a collector.
//!
//! It is told by `tracing`, which libraries use too, and some of them write secrets into what they tell. So it takes what Wharf's own
//! crates say, and nothing else; no variable of the environment changes that. Of the MCP library it says where a warning comes from,
//! and not what it is, as a message may be in it.

use std::fmt::{self, Write as _};
use std::sync::{Arc, OnceLock};
use std::time::SystemTime;

use serde_json::{Map, Value as Json, json};
use tracing::field::{Field, Visit};
use tracing::level_filters::LevelFilter;
use tracing::subscriber::{Interest, Subscriber};
use tracing::{Event, Level, Metadata};
use tracing_subscriber::layer::{Context, Layer, SubscriberExt as _};
use tracing_subscriber::registry;
use wharf::TraceContext;
use wharf::config::{LogConfig, LogForm};
use wharf::text::in_one_line;
use wharf_server::{Record, Telemetry, Value};

use crate::print;

/// The log of this process, which begins with a server.
pub(crate) struct Log {
    form: LogForm,
    level: Level,
    /// Where it goes besides.
    telemetry: OnceLock<Arc<Telemetry>>,
}

/// As long as this is there, all that is told, warnings of the command line too, is a line of the log.
pub(crate) struct Logging(Arc<Log>);

/// Begins the log.
pub(crate) fn begin(config: LogConfig) -> Logging {
    let level = match config.level {
        wharf::Level::Error => Level::ERROR,
        wharf::Level::Warning => Level::WARN,
        wharf::Level::Info => Level::INFO,
        wharf::Level::Debug => Level::DEBUG,
    };
    let log = Arc::new(Log { form: config.form, level, telemetry: OnceLock::new() });
    // There is none before: it begins once, with the server.
    let is_begun = tracing::subscriber::set_global_default(registry().with(Written(Arc::clone(&log)))).is_ok();
    print::goes_to_the_log(is_begun);
    Logging(log)
}

impl Logging {
    /// Sends it to a collector as well.
    pub(crate) fn and_to(&self, telemetry: &Arc<Telemetry>) {
        if telemetry.takes_logs() {
            // There is one collector.
            let _ = self.0.telemetry.set(Arc::clone(telemetry));
        }
    }
}

impl Drop for Logging {
    /// Why a server does not start, or has ended, is told as any command tells it; but not between lines of JSON, which a program reads.
    fn drop(&mut self) {
        print::goes_to_the_log(self.0.form == LogForm::Json);
    }
}

impl Log {
    fn takes(&self, metadata: &Metadata<'_>) -> bool {
        let root = metadata.target().split("::").next().unwrap_or_default();
        let is_taken = match root {
            "wharf" => true,
            LIBRARY => *metadata.level() <= Level::WARN,
            other => other.starts_with("wharf_"),
        };
        is_taken && *metadata.level() <= self.level
    }

    fn write(&self, record: &Record<'_>) {
        let line = match self.form {
            LogForm::Text => text(record),
            LogForm::Json => json(record).to_string(),
        };
        print::log_line(&line);
        if let Some(telemetry) = self.telemetry.get() {
            telemetry.log(record);
        }
    }
}

/// The library that speaks MCP.
const LIBRARY: &str = "rmcp";

/// What is asked for each event.
struct Written(Arc<Log>);

impl<S: Subscriber> Layer<S> for Written {
    fn register_callsite(&self, metadata: &'static Metadata<'static>) -> Interest {
        if self.0.takes(metadata) { Interest::always() } else { Interest::never() }
    }

    fn enabled(&self, metadata: &Metadata<'_>, _: Context<'_, S>) -> bool {
        self.0.takes(metadata)
    }

    fn max_level_hint(&self) -> Option<LevelFilter> {
        Some(self.0.level.into())
    }

    fn on_event(&self, event: &Event<'_>, _: Context<'_, S>) {
        let metadata = event.metadata();
        let mut said = Said::default();
        if metadata.target().starts_with(LIBRARY) {
            said.message = format!("the MCP library warns, in line {}", metadata.line().unwrap_or_default());
        } else {
            event.record(&mut said);
        }
        self.0.write(&Record {
            time: SystemTime::now(),
            level: *metadata.level(),
            target: metadata.target(),
            trace: said.trace(),
            message: &said.message,
            fields: &said.fields,
        });
    }
}

/// What an event says.
#[derive(Default)]
struct Said {
    message: String,
    fields: Vec<(&'static str, Value)>,
}

impl Said {
    fn put(&mut self, field: &Field, value: Value) {
        match (field.name(), value) {
            ("message", Value::Text(text)) => self.message = text,
            (name, value) => self.fields.push((name, value)),
        }
    }

    /// The trace that it names.
    fn trace(&self) -> Option<TraceContext> {
        let of = |wanted: &str| {
            self.fields.iter().find_map(|(name, value)| match value {
                Value::Text(text) if *name == wanted => Some(text),
                _ => None,
            })
        };
        format!("00-{}-{}-01", of("trace_id")?, of("span_id")?).parse().ok()
    }
}

impl Visit for Said {
    fn record_debug(&mut self, field: &Field, value: &dyn fmt::Debug) {
        self.put(field, Value::Text(format!("{value:?}")));
    }

    fn record_str(&mut self, field: &Field, value: &str) {
        self.put(field, Value::Text(value.to_owned()));
    }

    fn record_bool(&mut self, field: &Field, value: bool) {
        self.put(field, Value::Bool(value));
    }

    fn record_i64(&mut self, field: &Field, value: i64) {
        self.put(field, Value::Number(value));
    }

    fn record_u64(&mut self, field: &Field, value: u64) {
        self.put(field, Value::Number(i64::try_from(value).unwrap_or(i64::MAX)));
    }

    fn record_f64(&mut self, field: &Field, value: f64) {
        self.put(field, Value::Float(value));
    }
}

fn time(record: &Record<'_>) -> String {
    humantime::format_rfc3339_millis(record.time).to_string()
}

/// `2026-11-29T17:02:46.120Z WARN wharf::call refused call=6134626a2b142744-1`
fn text(record: &Record<'_>) -> String {
    let mut line = format!("{} {:5} {} {}", time(record), record.level, record.target, in_one_line(record.message));
    for (name, value) in record.fields {
        let value = match value {
            Value::Text(text) if is_word(text) => text.clone(),
            // Quoted, what would end the line or move a terminal is escaped, and so is a quote.
            Value::Text(text) => in_one_line(&Json::from(text.as_str()).to_string()),
            Value::Bool(value) => value.to_string(),
            Value::Number(value) => value.to_string(),
            Value::Float(value) => value.to_string(),
        };
        // Writing to a String does not fail.
        let _ = write!(line, " {name}={value}");
    }
    line
}

/// Whether a value can stand without quotes.
fn is_word(text: &str) -> bool {
    !text.is_empty() && text.bytes().all(|byte| byte.is_ascii_graphic() && !b"\"=\\".contains(&byte))
}

fn json(record: &Record<'_>) -> Json {
    let fields: Map<String, Json> = record
        .fields
        .iter()
        .map(|(name, value)| {
            let value = match value {
                Value::Bool(value) => json!(value),
                Value::Number(value) => json!(value),
                Value::Float(value) => json!(value),
                Value::Text(value) => json!(value),
            };
            ((*name).to_owned(), value)
        })
        .collect();
    json!({
        "time": time(record),
        "level": record.level.as_str().to_ascii_lowercase(),
        "target": record.target,
        "message": record.message,
        "fields": fields,
    })
}

#[cfg(test)]
mod tests {
    use super::*;

    const HOSTILE: &str = "gone\n2026-11-29T17:02:46.120Z  INFO wharf::call all is well\u{1b}[2J\u{202e}\" x=\"1";

    fn record<'r>(message: &'r str, fields: &'r [(&'static str, Value)]) -> Record<'r> {
        let (time, level) = (SystemTime::UNIX_EPOCH, Level::WARN);
        Record { time, level, target: "wharf::call", message, fields, trace: None }
    }

    #[test]
    fn a_line_is_one_line_whatever_is_in_it() {
        let fields = [
            ("call", Value::Text("a-1".to_owned())),
            ("reason", Value::Text(HOSTILE.to_owned())),
            ("n", Value::Number(7)),
        ];
        let line = text(&record(HOSTILE, &fields));
        assert!(line.starts_with("1970-01-01T00:00:00.000Z WARN  wharf::call gone\\n2026"), "{line}");
        assert!(!line.contains(['\n', '\u{1b}', '\u{202e}']), "{line}");
        assert!(line.contains(" call=a-1 reason=\"gone\\n2026") && line.ends_with("\\\" x=\\\"1\" n=7"), "{line}");

        let line = print::escaped(&json(&record(HOSTILE, &fields)).to_string());
        assert!(!line.contains(['\n', '\u{1b}', '\u{202e}']), "{line}");
        let read: Json = serde_json::from_str(&line).unwrap();
        assert_eq!(
            (&read["message"], &read["fields"]["reason"], &read["level"]),
            (&json!(HOSTILE), &json!(HOSTILE), &json!("warn"))
        );
    }

    #[test]
    fn what_libraries_say_is_no_part_of_it() {
        static SAID: std::sync::Mutex<Vec<String>> = std::sync::Mutex::new(Vec::new());
        struct Told(Arc<Log>);
        impl<S: Subscriber> Layer<S> for Told {
            fn on_event(&self, event: &Event<'_>, _: Context<'_, S>) {
                if self.0.takes(event.metadata()) {
                    SAID.lock().unwrap().push(event.metadata().target().to_owned());
                }
            }
        }
        let log = Arc::new(Log { form: LogForm::Text, level: Level::TRACE, telemetry: OnceLock::new() });
        tracing::subscriber::with_default(registry().with(Told(log)), || {
            tracing::error!(target: "ureq", "Authorization: geheim");
            tracing::error!(target: "rustls::conn", "geheim");
            tracing::error!(target: "hyper::proto", "geheim");
            tracing::error!(target: "wharfage", "geheim");
            tracing::info!(target: "rmcp::service", "geheim");
            tracing::warn!(target: "rmcp::service", "a place");
            tracing::trace!(target: "wharf::call", "ours");
            tracing::trace!(target: "wharf_server::work", "ours");
        });
        assert_eq!(*SAID.lock().unwrap(), ["rmcp::service", "wharf::call", "wharf_server::work"]);
    }
}
