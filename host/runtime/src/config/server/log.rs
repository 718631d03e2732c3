//! `[server.log]`: what `wharf serve` says of itself, and how.

use serde::Deserialize;

use super::{Wrong, wrong};
use crate::sandbox::log::Level;

/// `[server.log]`
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct LogConfig {
    /// How a line is written.
    pub form: LogForm,
    /// The least that is said.
    pub level: Level,
    /// Whether each request is told of when it ends.
    pub requests: bool,
}

/// How a line of the log is written.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum LogForm {
    /// For people.
    Text,
    /// An object for each line.
    Json,
}

impl Default for LogConfig {
    fn default() -> Self {
        Self { form: LogForm::Text, level: Level::Info, requests: false }
    }
}

#[derive(Default, Deserialize)]
#[serde(deny_unknown_fields)]
pub(super) struct FileLog {
    form: Option<String>,
    level: Option<String>,
    requests: Option<bool>,
}

impl FileLog {
    pub(super) fn read(self) -> Result<LogConfig, Wrong> {
        let default = LogConfig::default();
        let form = match self.form.as_deref() {
            None => default.form,
            Some("text") => LogForm::Text,
            Some("json") => LogForm::Json,
            Some(_) => return Err(wrong("server.log.form", "it is `text` or `json`; write form = \"json\"")),
        };
        let level = match self.level.as_deref() {
            None => default.level,
            Some("error") => Level::Error,
            Some("warn") => Level::Warning,
            Some("info") => Level::Info,
            Some("debug") => Level::Debug,
            Some(_) => {
                let problem = "it is `error`, `warn`, `info` or `debug`; write level = \"info\"";
                return Err(wrong("server.log.level", problem));
            }
        };
        Ok(LogConfig { form, level, requests: self.requests.unwrap_or(default.requests) })
    }
}
