//! A record of a log, as a collector gets it.

use std::time::SystemTime;

use opentelemetry::logs::{AnyValue, LogRecord as _, Logger as _, Severity};
use opentelemetry::{SpanId, TraceFlags, TraceId};
use opentelemetry_sdk::logs::SdkLogger;
use wharf::TraceContext;

use super::severity;

/// One thing that the server says of itself.
#[derive(Clone, Debug)]
pub struct Record<'r> {
    /// When it was said.
    pub time: SystemTime,
    /// How important it is.
    pub level: tracing::Level,
    /// Which part of the program says it, such as `wharf::server`.
    pub target: &'static str,
    /// What it says.
    pub message: &'r str,
    /// What else is known.
    pub fields: &'r [(&'static str, Value)],
    /// The trace that it is part of.
    pub trace: Option<TraceContext>,
}

/// The value of a field.
#[derive(Clone, Debug, PartialEq)]
#[expect(missing_docs, reason = "the names are the usual ones")]
pub enum Value {
    Bool(bool),
    Number(i64),
    Float(f64),
    Text(String),
}

impl Record<'_> {
    pub(super) fn emit(&self, logger: &SdkLogger) {
        let mut record = logger.create_log_record();
        record.set_timestamp(self.time);
        record.set_observed_timestamp(self.time);
        record.set_severity_number(severity(self.level));
        record.set_severity_text(self.level.as_str());
        record.set_target(self.target);
        record.set_body(AnyValue::from(self.message.to_owned()));
        record.add_attributes(self.fields.iter().map(|(name, value)| (*name, AnyValue::from(value))));
        if let Some(trace) = self.trace {
            let (id, span) = (TraceId::from(trace.trace()), SpanId::from(trace.span()));
            let flags = if trace.is_sampled() { TraceFlags::SAMPLED } else { TraceFlags::NOT_SAMPLED };
            record.set_trace_context(id, span, Some(flags));
        }
        logger.emit(record);
    }
}

impl From<&Value> for AnyValue {
    fn from(value: &Value) -> Self {
        match value {
            Value::Bool(value) => (*value).into(),
            Value::Number(value) => (*value).into(),
            Value::Float(value) => (*value).into(),
            Value::Text(value) => value.clone().into(),
        }
    }
}

/// A line of the audit, which is sent as it is written: its hash is of these bytes.
pub(super) fn emit_line(logger: &SdkLogger, line: &str) {
    let now = SystemTime::now();
    let mut record = logger.create_log_record();
    record.set_timestamp(now);
    record.set_observed_timestamp(now);
    record.set_severity_number(Severity::Info);
    record.set_severity_text("INFO");
    record.set_target("wharf::audit");
    record.set_body(AnyValue::from(line.trim_end().to_owned()));
    logger.emit(record);
}
