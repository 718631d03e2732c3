//! Connect sessions, for the product: it asks for a link, gives it to somebody, and is told what came of it.

use std::collections::BTreeMap;
use std::sync::Arc;
use std::time::Duration;

use serde::Deserialize;
use serde_json::{Value, json};
use wharf::config::ServerConfig;
use wharf::declaration::GrantType;

use super::manage::body;
use crate::auth::principal::Principal;
use crate::connect::Connecting;
use crate::connect::flow::{is_listed, outcome_json};
use crate::connect::reach::Reach;
use crate::connect::sessions::{LONGEST, New, Session, State, USUAL};
use crate::connect::wish::{Wish, plan};
use crate::problem::{self, Problem};

/// `POST /v1/connect-sessions`
#[derive(Deserialize)]
#[serde(rename_all = "camelCase", deny_unknown_fields)]
struct Wanted {
    plugin: String,
    name: String,
    from: Option<String>,
    #[serde(default)]
    servers: BTreeMap<String, String>,
    credential: Option<String>,
    scopes: Option<Vec<String>>,
    return_url: Option<String>,
    minutes: Option<u64>,
}

/// Begins a session: its id, and the link, which is shown once.
pub(crate) fn begin(
    reach: &Reach<'_>,
    connecting: &Connecting,
    config: &ServerConfig,
    public_url: &str,
    principal: &Arc<Principal>,
    text: &str,
) -> Result<Value, Problem> {
    let Wanted { plugin, name, from, servers, credential, scopes, return_url, minutes } = body(text)?;
    let lasts = minutes.map_or(USUAL, |minutes| Duration::from_secs(minutes.saturating_mul(60)));
    if lasts.is_zero() || lasts > LONGEST {
        let words =
            format!("`minutes` is from 1 to {}; {} where it is left out", LONGEST.as_secs() / 60, USUAL.as_secs() / 60);
        return Err(Problem::new(problem::INVALID_INPUT, words));
    }
    if return_url.as_ref().is_some_and(|url| !is_listed(config, url)) {
        let words = "`returnUrl` is at no origin that the operator lists; write that to `return_urls` under [server], such as \
                     return_urls = [\"https://product.example.com\"]";
        return Err(Problem::new(problem::INVALID_INPUT, words));
    }
    let wish = Wish { plugin, name, from, servers, credential, grant: None, scopes };
    let wanted = plan(reach, &wish, BTreeMap::new())?;
    let grants = wanted.grants(reach)?;
    if !grants.is_empty() && grants.iter().all(|grant| *grant == GrantType::DeviceCode) {
        let words = format!(
            "what `{}` lives by is agreed to on another device, and not by a link: `wharf connect {} --device`",
            wish.plugin, wish.plugin
        );
        return Err(Problem::new(problem::CONNECTION, words));
    }
    let new = New { wish, principal: Arc::clone(principal), return_url, lasts };
    let (session, token) = connecting.sessions.begin(new)?;
    let mut view = view(&session);
    if let Some(members) = view.as_object_mut() {
        members.insert("url".to_owned(), json!(format!("{public_url}/connect/{token}")));
    }
    Ok(view)
}

/// How it stands with a session.
pub(crate) fn get(reach: &Reach<'_>, connecting: &Connecting, id: &str) -> Result<Value, Problem> {
    let is_seen = |session: &Session| {
        session.principal.tenant == reach.principal.tenant
            && reach.principal.policy.covers_plugin(&session.wish.plugin)
            && reach.principal.policy.covers_connection(&session.wish.name)
    };
    let session = connecting.sessions.get(id).filter(is_seen).ok_or_else(|| {
        let words = "there is no such connect session: it was over an hour ago, or the server was started anew; begin again with \
                     `POST /v1/connect-sessions`";
        Problem::new(problem::UNKNOWN, words)
    })?;
    Ok(view(&session))
}

fn view(session: &Session) -> Value {
    let Session { id, wish, expires, state, .. } = session;
    let (state, detail, outcome) = match state {
        State::Connected(outcome) => ("connected", None, Some(outcome_json(session, outcome))),
        State::Waiting(detail) if session.is_over() => ("expired", detail.clone(), None),
        State::Away(_) if session.is_over() => ("expired", None, None),
        State::Waiting(detail) => ("waiting", detail.clone(), None),
        State::Away(_) => ("at-provider", None, None),
        State::Busy => ("connecting", None, None),
    };
    json!({
        "id": id,
        "plugin": wish.plugin,
        "name": wish.name,
        "state": state,
        // What went wrong last.
        "detail": detail,
        "outcome": outcome,
        "expiresAt": humantime::format_rfc3339_seconds(*expires).to_string(),
    })
}
