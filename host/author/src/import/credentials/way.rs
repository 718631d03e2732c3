//! How each scheme of a description can be placed.

use super::{Schemes, Spot, Ways, Where, alike};
use crate::import::model::{Flow, FlowKind, In, SchemeKind};
use crate::import::report::Report;

/// Headers that no scheme may write: the host's own, as far as a description could mean one by a key.
const OF_THE_HOST: [&str; 8] =
    ["connection", "content-length", "content-type", "cookie", "host", "range", "user-agent", "x-real-ip"];

/// And families of such headers.
const PREFIXES: [&str; 8] =
    ["proxy-", "sec-", "x-accel-", "x-envoy-", "x-forwarded-", "x-original-", "x-override-", "x-rewrite-"];

/// How a scheme is placed.
#[derive(Clone, Debug)]
pub(super) enum Way {
    Key(Spot),
    Basic,
    Bearer,
    /// A token that somebody obtained elsewhere, sent as `Bearer`: the host knows no way to it.
    Token,
    /// The requests are signed as AWS has it, for this service.
    AwsV4(String),
    /// The ways to a token that the host knows.
    Oauth2(Vec<Flow>),
    /// It cannot be placed: what it is, for people.
    Nowhere(String),
}

impl Way {
    pub(super) fn is_static(&self) -> bool {
        matches!(self, Self::Key(_) | Self::Basic | Self::Bearer | Self::AwsV4(_))
    }

    /// Where it is written.
    pub(super) fn spot(&self) -> Option<Spot> {
        match self {
            Self::Key(spot) => Some(spot.clone()),
            Self::Basic | Self::Bearer | Self::Token | Self::AwsV4(_) | Self::Oauth2(_) => {
                Some(Spot { at: Where::Header, name: "Authorization".to_owned() })
            }
            Self::Nowhere(_) => None,
        }
    }
}

/// By the names of the schemes.
pub(super) fn ways(schemes: &Schemes, report: &mut Report) -> Ways {
    let mut tell = report.of(None);
    let way = |(name, scheme): (&String, &super::Scheme)| {
        let way = match &scheme.kind {
            SchemeKind::ApiKey { at, name } => key(*at, name),
            SchemeKind::Basic => Way::Basic,
            SchemeKind::Bearer => Way::Bearer,
            SchemeKind::AwsV4(service) => Way::AwsV4(service.clone()),
            SchemeKind::OpenIdConnect => {
                let text = format!(
                    "`{name}` is a token by OpenID Connect, whose addresses are not looked up; the operator enters one"
                );
                tell.note(&scheme.place, "open-id-connect", text);
                Way::Token
            }
            SchemeKind::Oauth2(flows) => {
                let known: Vec<Flow> = flows.iter().filter(|flow| is_known(flow)).cloned().collect();
                if known.is_empty() {
                    let text = format!("`{name}` has no way to a token that the host can go; the operator enters one");
                    tell.note(&scheme.place, "oauth2-flow", text);
                    Way::Token
                } else {
                    Way::Oauth2(known)
                }
            }
            SchemeKind::Other(what) => Way::Nowhere(what.clone()),
        };
        (name.clone(), way)
    };
    schemes.iter().map(way).collect()
}

fn key(at: In, name: &str) -> Way {
    let spot = |at| Way::Key(Spot { at, name: name.to_owned() });
    match at {
        In::Cookie => Way::Nowhere("a key in a cookie".to_owned()),
        _ if !is_plain(name) => Way::Nowhere("a key whose name servers could read in different ways".to_owned()),
        In::Header if is_of_the_host(&alike(name)) => {
            Way::Nowhere(format!("a key in the header `{name}`, which is the host's own"))
        }
        In::Header => spot(Where::Header),
        In::Query => spot(Where::Query),
        In::Path => spot(Where::Path),
    }
}

/// Whether all servers read a name in one way.
fn is_plain(name: &str) -> bool {
    let plain = |c: char| c.is_ascii_alphanumeric() || matches!(c, '-' | '_' | '.' | '$');
    (1..=64).contains(&name.len()) && name.chars().all(plain)
}

fn is_of_the_host(name: &str) -> bool {
    OF_THE_HOST.contains(&name) || PREFIXES.iter().any(|prefix| name.starts_with(prefix))
}

/// Whether the host can go this way. Those of `implicit` and `password` are no more (RFC 9700).
fn is_known(flow: &Flow) -> bool {
    match flow.kind {
        FlowKind::AuthorizationCode | FlowKind::Device => flow.authorize.is_some() && flow.token.is_some(),
        FlowKind::ClientCredentials => flow.token.is_some(),
        FlowKind::Implicit | FlowKind::Password => false,
    }
}
