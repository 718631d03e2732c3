//! What a principal reaches of plugins and connections. What it does not reach is answered like what is not there.

use std::collections::{BTreeMap, BTreeSet};
use std::sync::Arc;

use url::{Host as UrlHost, Url};
use wharf::operation::nearest;
use wharf::text::named;
use wharf::{ConnectionInfo, Host, Release};

use crate::auth::names::{unknown, visible_plugin};
use crate::auth::principal::Principal;
use crate::problem::{self, Problem};

/// How many names one that is none is compared with.
const COMPARED: usize = 1000;

/// How many rows of the vault are read at one time.
const PAGE: usize = 100;

/// What a principal reaches.
#[derive(Clone, Copy)]
pub(crate) struct Reach<'a> {
    pub(crate) host: &'a Host,
    pub(crate) principal: &'a Principal,
}

/// A connection that is there.
#[derive(Clone, Debug)]
pub(crate) struct Known {
    pub(crate) plugin: String,
    /// As its tenant calls it.
    pub(crate) own: String,
    /// As the host calls it.
    pub(crate) host: String,
    /// Whether it stands in the configuration.
    pub(crate) is_configured: bool,
    /// What the vault knows of it.
    pub(crate) info: Option<ConnectionInfo>,
}

impl<'a> Reach<'a> {
    /// The plugins that it may use, in the order of their names.
    pub(crate) fn plugins(&self) -> BTreeMap<String, Arc<Release>> {
        let all = self.host.plugins().into_iter();
        let named = all.map(|release| (release.about.name.clone(), release));
        named.filter(|(name, _)| self.principal.policy.covers_plugin(name)).collect()
    }

    pub(crate) fn plugin(&self, name: &str) -> Result<Arc<Release>, Problem> {
        visible_plugin(self.host, self.principal, name)
    }

    /// The name that the host has for a connection which the principal may have, whether it is there or not.
    pub(crate) fn host_name(&self, own: &str) -> Option<String> {
        let host = self.principal.host_name(own);
        // There and back: so a name with that of another tenant in it is none.
        (self.principal.own_name(&host) == Some(own)).then_some(host)
    }

    pub(crate) fn is_configured(&self, plugin: &str, host_name: &str) -> bool {
        self.host.is_granted(plugin, host_name)
    }

    /// A connection that is there.
    pub(crate) fn known(&self, plugin: &str, own: &str) -> Result<Known, Problem> {
        self.plugin(plugin)?;
        let Some(host) = self.host_name(own) else { return Err(self.unknown(plugin, own)?) };
        let is_configured = self.is_configured(plugin, &host);
        // What cannot be the name of a connection is not looked up.
        let info = if wharf_name(own) { self.host.info(plugin, &host)? } else { None };
        if info.is_none() && !is_configured {
            return Err(self.unknown(plugin, own)?);
        }
        Ok(Known { plugin: plugin.to_owned(), own: own.to_owned(), host, is_configured, info })
    }

    fn unknown(&self, plugin: &str, own: &str) -> Result<Problem, Problem> {
        let known = self.list(plugin, None, COMPARED)?;
        let near = nearest(own, known.iter().map(|one| one.own.as_str()));
        Ok(unknown(&format!("`{plugin}` has no connection"), own, near))
    }

    /// Connections of a plugin in the order of their names, from the one after `after`: so many at most.
    pub(crate) fn list(&self, plugin: &str, after: Option<&str>, most: usize) -> Result<Vec<Known>, Problem> {
        let mut found: BTreeMap<String, Known> = BTreeMap::new();
        for name in &self.host.granted_names(plugin) {
            if let Some(own) = self.principal.own_name(name).filter(|own| after.is_none_or(|after| *own > after)) {
                found.insert(own.to_owned(), self.of(plugin, own, name, None));
            }
        }
        let mut of_vault = 0;
        let mut from = self.begin(after);
        while of_vault < most {
            let page = self.host.connections(Some(plugin), Some((plugin, &from)), PAGE)?;
            let is_last = page.len() < PAGE;
            let Some(last) = page.last().map(|info| info.name.clone()) else { break };
            for info in page {
                let name = info.name.clone();
                if let Some(own) = self.principal.own_name(&name) {
                    found.insert(own.to_owned(), self.of(plugin, own, &name, Some(info)));
                    of_vault += 1;
                }
            }
            match self.next(&last).filter(|_| !is_last) {
                Some(next) => from = next,
                None => break,
            }
        }
        Ok(found.into_values().take(most).collect())
    }

    fn of(&self, plugin: &str, own: &str, host: &str, info: Option<ConnectionInfo>) -> Known {
        let is_configured = self.is_configured(plugin, host);
        Known { plugin: plugin.to_owned(), own: own.to_owned(), host: host.to_owned(), is_configured, info }
    }

    /// What comes before the first name that is looked for.
    fn begin(&self, after: Option<&str>) -> String {
        match (&self.principal.tenant, after) {
            (_, Some(after)) => self.principal.host_name(after),
            (Some(tenant), None) => format!("{tenant}:"),
            (None, None) => String::new(),
        }
    }

    /// Where to go on after a name; none where there are no more. Other tenants are passed over at one time: there may be very many.
    fn next(&self, last: &str) -> Option<String> {
        match (&self.principal.tenant, last.split_once(':')) {
            (None, Some((tenant, _))) => Some(format!("{tenant};")),
            (Some(tenant), Some((of, _))) if tenant != of => None,
            (Some(_), None) => None,
            _ => Some(last.to_owned()),
        }
    }

    /// The host's name of a connection of the configuration that one of the principal's may be made from.
    pub(crate) fn base(&self, plugin: &str, from: &str) -> Result<String, Problem> {
        if let Some(host) = self.host_name(from).filter(|host| self.is_configured(plugin, host)) {
            return Ok(host);
        }
        if self.lends(plugin, from) {
            return Ok(from.to_owned());
        }
        let known = self.bases(plugin);
        let meant = nearest(from, known.iter().map(String::as_str)).map(|near| format!("; did you mean `{near}`?"));
        let words = format!(
            "`{plugin}` has no connection {} that yours may be made from{}",
            named(from, "of this name"),
            meant.unwrap_or_default()
        );
        Err(Problem::new(problem::UNKNOWN, words))
    }

    /// The host's name of what a connection was made from, where the principal's may still be made from it.
    pub(crate) fn base_before(&self, plugin: &str, host_name: &str) -> Result<String, Problem> {
        let is_own = self.principal.own_name(host_name).is_some() && self.is_configured(plugin, host_name);
        if is_own || self.lends(plugin, host_name) {
            return Ok(host_name.to_owned());
        }
        let words = format!(
            "the connection was made from one of the operator's, and may not be any more; make it anew, or ask the operator to \
             list your tenant in its `tenants` (`{plugin}`)"
        );
        Err(Problem::new(problem::CONNECTION, words))
    }

    /// Whether a connection of the tenant without a name is there for the principal's tenant.
    fn lends(&self, plugin: &str, name: &str) -> bool {
        let tenant = self.principal.tenant.as_deref().filter(|_| !name.contains(':'));
        tenant.is_some_and(|tenant| self.host.lends(plugin, name, tenant))
    }

    /// What the principal's connections may be made from, as it calls them.
    fn bases(&self, plugin: &str) -> BTreeSet<String> {
        let granted = self.host.granted_names(plugin).into_iter();
        let reached = granted.filter_map(|name| match self.principal.own_name(&name) {
            Some(own) => Some(own.to_owned()),
            None => self.lends(plugin, &name).then_some(name),
        });
        reached.collect()
    }

    /// What it calls a connection that one of its own was made from.
    pub(crate) fn called(&self, host_name: &str) -> String {
        match (&self.principal.tenant, host_name.split_once(':')) {
            (Some(tenant), Some((of, own))) if tenant == of => own.to_owned(),
            _ => host_name.to_owned(),
        }
    }
}

/// Whether a text can be the name of a connection, as its tenant calls it.
pub(crate) fn wharf_name(text: &str) -> bool {
    let is_plain = |c: char| c.is_ascii_alphanumeric() || matches!(c, '-' | '_' | '.' | '@');
    !text.is_empty() && text.len() <= 64 && text.chars().all(is_plain) && !text.starts_with(['.', '-'])
}

/// Refuses the URL of a server at an address that only the operator lets requests go to: one that is written as such is taken for the
/// operator's own word, and a caller is not the operator. What a name resolves to is judged when a request is sent.
pub(crate) fn check_server(name: &str, text: &str) -> Result<(), Problem> {
    let is_name = Url::parse(text).ok().is_some_and(|url| match url.host() {
        Some(UrlHost::Domain(host)) => {
            let host = host.trim_end_matches('.');
            host != "localhost" && !host.ends_with(".localhost")
        }
        _ => false,
    });
    if is_name {
        return Ok(());
    }
    let words = format!(
        "the URL of the server `{}` has to have the name of a host, such as https://shop.example.com: only the operator gives \
         an address, in a [connections.NAME] that others are made from",
        wharf::text::in_one_line(name)
    );
    Err(Problem::new(problem::INVALID_INPUT, words))
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_server_has_a_name_and_no_address() {
        for good in ["https://shop.example.com/v1", "https://shop.example.com."] {
            assert!(check_server("main", good).is_ok(), "{good}");
        }
        for bad in [
            "http://127.0.0.1:8081/",
            "http://2130706433/",
            "http://0x7f.1/",
            "http://[::1]/",
            "https://localhost/",
            "https://LOCALHOST./",
            "https://a.localhost/",
            "file:///etc/passwd",
            "no url",
        ] {
            assert!(check_server("main", bad).is_err(), "{bad}");
        }
    }
}
