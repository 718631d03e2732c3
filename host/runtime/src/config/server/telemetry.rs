//! `[server.telemetry]`: the collector of traces and logs, where there is one.

use std::collections::BTreeMap;
use std::path::Path;

use serde::Deserialize;
use wharf_egress::IpNet;

use super::{Wrong, networks, wrong};
use crate::config::place::Place;
use crate::config::value::PLACE;

/// `[server.telemetry]`
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct TelemetryConfig {
    /// The collector, which speaks OTLP over HTTP: a URL without the path of a signal.
    pub endpoint: String,
    /// Headers of each request, and where their values stand.
    pub headers: BTreeMap<String, Place>,
    /// Internal addresses that its host may resolve to.
    pub allow_addresses: Vec<IpNet>,
    /// Whether it is sent traces.
    pub traces: bool,
    /// Whether it is sent what the server says of itself.
    pub logs: bool,
    /// Whether it is sent the records of the audit.
    pub audit: bool,
    /// How many of a million traces are kept that begin at this server. Of those that a caller began, the caller says it.
    pub sample: u32,
    /// What the server is called.
    pub service_name: String,
}

/// All of them.
const MILLION: u32 = 1_000_000;

#[derive(Deserialize)]
#[serde(deny_unknown_fields)]
pub(super) struct FileTelemetry {
    endpoint: Option<String>,
    #[serde(default)]
    headers: BTreeMap<String, toml::Value>,
    #[serde(default)]
    allow_addresses: Vec<String>,
    traces: Option<bool>,
    logs: Option<bool>,
    audit: Option<bool>,
    sample: Option<f64>,
    service_name: Option<String>,
}

impl FileTelemetry {
    pub(super) fn read(self, folder: &Path) -> Result<TelemetryConfig, Wrong> {
        let endpoint = self.endpoint.filter(|url| url.starts_with("https://") || url.starts_with("http://"));
        let endpoint = endpoint.ok_or_else(|| {
            let problem = "it has no `endpoint`; write endpoint = \"https://collector.example.com:4318\" below it";
            wrong("server.telemetry", problem)
        })?;
        let headers = self.headers.into_iter().map(|(name, value)| {
            let place = value.as_table().cloned().and_then(|table| Place::read(table, folder));
            match place {
                Some(place) => Ok((name, place)),
                None => Err(wrong("server.telemetry.headers", format!("the value of a header is {PLACE}"))),
            }
        });
        // What is no number from 0 to 1 was refused before.
        let sample = (self.sample.unwrap_or(1.0).clamp(0.0, 1.0) * f64::from(MILLION)).round();
        Ok(TelemetryConfig {
            endpoint,
            headers: headers.collect::<Result<_, Wrong>>()?,
            allow_addresses: networks("server.telemetry.allow_addresses", &self.allow_addresses)?,
            traces: self.traces.unwrap_or(true),
            logs: self.logs.unwrap_or(true),
            audit: self.audit.unwrap_or(false),
            sample: sample as u32,
            service_name: self
                .service_name
                .filter(|name| !name.trim().is_empty())
                .unwrap_or_else(|| "wharf".to_owned()),
        })
    }
}
