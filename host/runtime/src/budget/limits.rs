//! The budget of a connection: what the manifest suggests, and what the operator says instead, member by member.

use std::time::Duration;

use humantime::format_duration;
use wharf_egress::configuration;

use crate::config::RateConfig;
use crate::manifest::Rate;

/// What the operator says.
#[derive(Clone, Debug, Default)]
pub(crate) struct Own {
    pub(crate) rate: RateConfig,
    /// The table of the configuration where it stands, or would stand; none where the connection has none.
    pub(crate) table: Option<String>,
}

/// How many requests a connection may make.
#[derive(Clone, Debug)]
pub(crate) struct Budget {
    pub(super) window: Option<Window>,
    pub(super) concurrent: Option<u32>,
    requests_by: Source,
    concurrent_by: Source,
    table: Option<String>,
}

/// So many requests at most in each such time.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(super) struct Window {
    pub(super) requests: u32,
    pub(super) per: Duration,
}

#[derive(Clone, Copy, Debug)]
enum Source {
    Manifest,
    Connection,
}

/// Where nobody says the time.
const USUAL: Duration = Duration::from_secs(1);

/// The longest time that is looked back on.
const LONGEST: Duration = Duration::from_secs(31 * 86_400);

impl Budget {
    /// None where nobody says how many.
    pub(crate) fn of(suggested: Option<&Rate>, own: Option<&Own>) -> Option<Self> {
        let rate = own.map(|own| own.rate).unwrap_or_default();
        let suggested = suggested.copied().unwrap_or_default();
        let either = |own: Option<u32>, suggested: Option<u32>| match (own, suggested) {
            (Some(own), _) => (Some(own), Source::Connection),
            (None, suggested) => (suggested, Source::Manifest),
        };
        let (requests, requests_by) = either(rate.requests, suggested.requests);
        let (concurrent, concurrent_by) = either(rate.concurrent, suggested.concurrent);
        let per = rate.per.or_else(|| suggested.per_seconds.map(|seconds| Duration::from_secs(seconds.into())));
        let per = per.unwrap_or(USUAL).min(LONGEST);
        // None in no time would be none at all.
        let window = requests.map(|requests| Window { requests: requests.max(1), per });
        let concurrent = concurrent.map(|concurrent| concurrent.max(1));
        (window.is_some() || concurrent.is_some()).then(|| Self {
            window,
            concurrent,
            requests_by,
            concurrent_by,
            table: own.and_then(|own| own.table.clone()),
        })
    }

    /// How many requests in which time.
    pub(super) fn requests(&self) -> String {
        self.window.map_or_else(String::new, |Window { requests, per }| {
            let requests = if requests == 1 { "1 request".to_owned() } else { format!("{requests} requests") };
            format!("{requests} in {}", format_duration(per))
        })
    }

    /// How many at one time.
    pub(super) fn at_one_time(&self) -> String {
        self.concurrent.map_or_else(String::new, |most| match most {
            1 => "1 request at one time".to_owned(),
            most => format!("{most} requests at one time"),
        })
    }

    pub(super) fn requests_by(&self) -> String {
        self.by(self.requests_by)
    }

    pub(super) fn concurrent_by(&self) -> String {
        self.by(self.concurrent_by)
    }

    fn by(&self, source: Source) -> String {
        match (source, &self.table) {
            (Source::Connection, Some(table)) => format!("`rate` of {table}"),
            (Source::Connection, None) => "`rate` of the connection".to_owned(),
            (Source::Manifest, _) => "the plugin's manifest".to_owned(),
        }
    }

    /// What lets more requests through.
    pub(super) fn remedy(&self, member: &str) -> String {
        let file = configuration::name();
        match &self.table {
            Some(table) => {
                format!("try again later, or, if the provider takes more, raise `rate.{member}` of {table} in {file}")
            }
            None => format!(
                "try again later, or, if the provider takes more, make the connection from one of {file} whose \
                 `rate.{member}` is higher"
            ),
        }
    }
}
