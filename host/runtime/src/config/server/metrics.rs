//! `[server.metrics]`: who may ask for metrics.

use serde::Deserialize;

use super::{Wrong, wrong};

/// `[server.metrics]`
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
pub struct MetricsConfig {
    /// Whether whoever reaches the address for management may ask without a token.
    pub open: bool,
}

#[derive(Default, Deserialize)]
#[serde(deny_unknown_fields)]
pub(super) struct FileMetrics {
    open: Option<bool>,
}

impl FileMetrics {
    /// `has_management`: whether there is an address for management.
    pub(super) fn read(self, has_management: bool) -> Result<MetricsConfig, Wrong> {
        let open = self.open.unwrap_or_default();
        if open && !has_management {
            let problem = "it lets whoever reaches the address for management ask without a token, and there is none; write \
                           management = \"127.0.0.1:9090\" under [server], or leave `open` out and give the scraper a token";
            return Err(wrong("server.metrics.open", problem));
        }
        Ok(MetricsConfig { open })
    }
}
