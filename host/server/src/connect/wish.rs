//! A connection that somebody wants made or changed, and the rules for it.
//!
//! No secret can be read back, and that holds for whoever may change a connection: so where requests go does not change under a secret
//! that is kept, neither one of the connection nor one of what it is made from.

use std::collections::{BTreeMap, HashSet};
use std::sync::{Arc, Mutex, PoisonError};

use wharf::declaration::{CredentialKind, GrantType, MAIN_SERVER};
use wharf::manifest::{About, BaseUrl};
use wharf::{Connect, ConnectionInfo, Release, Secret};

use super::reach::{Reach, check_server, wharf_name};
use crate::problem::{self, Problem};

/// What is wanted, besides fields.
#[derive(Clone, Debug, Default)]
pub(crate) struct Wish {
    pub(crate) plugin: String,
    /// As its tenant calls it.
    pub(crate) name: String,
    /// What it is made from, as its tenant calls that.
    pub(crate) from: Option<String>,
    pub(crate) servers: BTreeMap<String, String>,
    pub(crate) credential: Option<String>,
    pub(crate) grant: Option<GrantType>,
    pub(crate) scopes: Option<Vec<String>>,
}

/// What a wish leads to.
pub(crate) struct Plan {
    pub(crate) release: Arc<Release>,
    pub(crate) connect: Connect,
    /// What there is of it already.
    pub(crate) info: Option<ConnectionInfo>,
    pub(crate) is_configured: bool,
}

/// What a wish with these fields leads to, where it may.
pub(crate) fn plan(reach: &Reach<'_>, wish: &Wish, fields: BTreeMap<String, Secret>) -> Result<Plan, Problem> {
    let Wish { plugin, name, .. } = wish;
    let release = reach.plugin(plugin)?;
    let is_free = reach.host_name(name).filter(|_| wharf_name(name));
    let host_name = is_free.ok_or_else(|| Problem::new(problem::UNKNOWN, not_a_name(name)))?;
    let info = reach.host.info(plugin, &host_name)?;
    let is_configured = reach.is_configured(plugin, &host_name);
    let from = base(reach, wish, info.as_ref(), is_configured)?;
    check_servers(wish, info.as_ref(), from.is_some() || is_configured, &release.about, &fields)?;
    let connect = Connect {
        plugin: plugin.clone(),
        name: host_name,
        from,
        is_alone: true,
        servers: wish.servers.clone(),
        fields,
        credential: wish.credential.clone(),
        grant: wish.grant,
        scopes: wish.scopes.clone(),
    };
    Ok(Plan { release, connect, info, is_configured })
}

fn not_a_name(name: &str) -> String {
    format!(
        "{} is no name that a connection of yours can have: take up to 64 letters, digits, `-`, `_`, `.` and `@`, a letter or digit \
         first, which your policy covers",
        wharf::text::named(name, "this")
    )
}

/// What it is made from, as the host calls that.
fn base(
    reach: &Reach<'_>,
    wish: &Wish,
    info: Option<&ConnectionInfo>,
    is_configured: bool,
) -> Result<Option<String>, Problem> {
    let wrong = |words: String| Err(Problem::new(problem::CONNECTION, words));
    let made = info.filter(|info| info.made.is_some() && !is_configured);
    if info.is_some_and(|info| info.damaged.is_some()) {
        return wrong(format!("`{}/{}` is damaged; delete it, and make it anew", wish.plugin, wish.name));
    }
    match (&wish.from, made) {
        (Some(_), _) if is_configured => wrong(format!(
            "the connection `{}` stands in the operator's configuration, so it is made from no other one; leave out `from`",
            wish.name
        )),
        (Some(from), made) => {
            let base = reach.base(&wish.plugin, from)?;
            // Else what is kept of the one would go where the other leads.
            if made.is_some_and(|made| made.from.as_deref() != Some(base.as_str())) {
                return wrong(format!(
                    "`{}` was not made from `{from}`; delete it first, or take another name",
                    wish.name
                ));
            }
            Ok(Some(base))
        }
        (None, Some(made)) => made.from.as_deref().map(|from| reach.base_before(&wish.plugin, from)).transpose(),
        (None, None) => Ok(None),
    }
}

fn check_servers(
    wish: &Wish,
    info: Option<&ConnectionInfo>,
    is_based: bool,
    about: &About,
    fields: &BTreeMap<String, Secret>,
) -> Result<(), Problem> {
    if wish.servers.is_empty() {
        return Ok(());
    }
    if is_based {
        let words = format!(
            "`servers` cannot be given for `{}`: its requests go where the connection of the operator's configuration leads",
            wish.name
        );
        return Err(Problem::new(problem::INVALID_INPUT, words));
    }
    for (name, url) in &wish.servers {
        check_server(name, url)?;
    }
    let Some(info) = info.filter(|info| wish.servers.iter().any(|(name, url)| info.servers.get(name) != Some(url)))
    else {
        return Ok(());
    };
    if info.credentials.iter().any(|credential| credential.age.is_some()) {
        let words = format!(
            "the servers of `{}` cannot be changed while it has what was obtained from the old ones; revoke it first",
            wish.name
        );
        return Err(Problem::new(problem::CONNECTION, words));
    }
    let secret = about.fields.iter().filter(|field| field.secret).map(|field| field.name.as_str());
    let kept: Vec<&str> =
        secret.filter(|name| info.fields.contains_key(*name) && !fields.contains_key(*name)).collect();
    match kept.as_slice() {
        [] => Ok(()),
        kept => {
            let words = format!(
                "the servers of `{}` change, and its secrets do not go to others unasked; give `{}` anew, too",
                wish.name,
                kept.join("`, `")
            );
            Err(Problem::new(problem::INVALID_INPUT, words).with("missing", kept.to_vec()))
        }
    }
}

impl Plan {
    /// Whether nobody has said yet where the main server is.
    pub(crate) fn lacks_main_server(&self) -> bool {
        let About { base_url, credentials, .. } = &self.release.about;
        let is_told = credentials.iter().any(|credential| match &credential.kind {
            CredentialKind::Oauth2(oauth2) => oauth2.servers.iter().any(|told| told.name == MAIN_SERVER),
            CredentialKind::Session(_) => false,
        });
        let is_given = |servers: &BTreeMap<String, String>| servers.contains_key(MAIN_SERVER);
        !self.is_configured
            && self.connect.from.is_none()
            && base_url.default.is_none()
            && !is_told
            && !is_given(&self.connect.servers)
            && !self.info.as_ref().is_some_and(|info| is_given(&info.servers))
    }

    /// Refuses what lacks something that it cannot be without.
    pub(crate) fn check_whole(&self, reach: &Reach<'_>) -> Result<(), Problem> {
        if self.lacks_main_server() {
            let BaseUrl { summary, .. } = &self.release.about.base_url;
            let words =
                format!("nobody said where the provider is ({summary}); give `servers`: {{\"main\": \"https://…\"}}");
            return Err(Problem::new(problem::INVALID_INPUT, words).with("missing", vec!["servers.main"]));
        }
        let lacking = reach.host.lacking(&self.connect)?;
        let needed = self.release.about.fields.iter().filter(|field| field.required && lacking.contains(&field.name));
        let mut missing: Vec<_> = needed.collect();
        if missing.is_empty() {
            let secrets: Vec<_> = self.release.about.fields.iter().filter(|field| field.secret).collect();
            let has_one = secrets.iter().any(|field| !lacking.contains(&field.name));
            if has_one || secrets.is_empty() || !self.release.about.credentials.is_empty() {
                return Ok(());
            }
            // One of them is what it works with, and none is what every connection has to have.
            missing = secrets;
        }
        let each: Vec<String> = missing.iter().map(|field| format!("`{}` ({})", field.name, field.title)).collect();
        let words = format!("what the connection cannot be without is missing; give in `fields`: {}", each.join(", "));
        let names: Vec<&str> = missing.iter().map(|field| field.name.as_str()).collect();
        Err(Problem::new(problem::INVALID_INPUT, words).with("missing", names))
    }

    /// The ways to what it lives by.
    pub(crate) fn grants(&self, reach: &Reach<'_>) -> Result<Vec<GrantType>, Problem> {
        Ok(reach.host.grants_of(&self.connect.plugin, self.connect.credential.as_deref())?)
    }
}

/// Connections that are being made or changed: one by one each, since the rules hold for what is there when they are looked at.
#[derive(Default)]
pub(crate) struct Changing(Mutex<HashSet<(String, String)>>);

/// Nobody else changes the connection until it is dropped.
pub(crate) struct Held<'c> {
    changing: &'c Changing,
    key: (String, String),
}

impl Changing {
    pub(crate) fn hold(&self, plugin: &str, host_name: &str) -> Result<Held<'_>, Problem> {
        let key = (plugin.to_owned(), host_name.to_owned());
        if self.0.lock().unwrap_or_else(PoisonError::into_inner).insert(key.clone()) {
            return Ok(Held { changing: self, key });
        }
        Err(Problem::new(problem::CONNECTION, "the connection is being changed by another request; try again"))
    }
}

impl Drop for Held<'_> {
    fn drop(&mut self) {
        self.changing.0.lock().unwrap_or_else(PoisonError::into_inner).remove(&self.key);
    }
}
