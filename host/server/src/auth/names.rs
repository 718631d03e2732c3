//! What a principal may name. What it may not use and what there is not are answered alike, before any credential is looked up.

use std::sync::Arc;

use wharf::operation::{Operation, nearest};
use wharf::text::named;
use wharf::{Host, Release};

use crate::auth::principal::Principal;
use crate::problem::{self, Problem};

/// The most connections that are looked at where a caller names none.
const LOOKED_AT: usize = 200;

/// An operation that somebody may use.
pub(crate) fn visible(
    host: &Host,
    principal: &Principal,
    plugin: &str,
    operation: &str,
) -> Result<(Arc<Release>, Arc<Operation>), Problem> {
    let release = visible_plugin(host, principal, plugin)?;
    let found = release.operation(operation).ok();
    match found.filter(|found| principal.sees(plugin, operation, found.declared.effect)) {
        Some(found) => Ok((release, found)),
        None => {
            // The nearest of those that it may use: were it one of all, what is nearer and hidden would show by what is not said.
            let sees = |name: &&str| {
                release.operation(name).is_ok_and(|one| principal.sees(plugin, name, one.declared.effect))
            };
            let near = nearest(operation, release.operation_names().filter(sees));
            Err(unknown(&format!("`{plugin}` has no operation"), operation, near))
        }
    }
}

/// A plugin that somebody may use.
pub(crate) fn visible_plugin(host: &Host, principal: &Principal, plugin: &str) -> Result<Arc<Release>, Problem> {
    let found = host.plugin(plugin).ok().filter(|_| principal.policy.covers_plugin(plugin));
    found.ok_or_else(|| {
        let all = host.plugins();
        let names = all.iter().map(|release| release.about.name.as_str());
        let near = nearest(plugin, names.filter(|name| principal.policy.covers_plugin(name)));
        unknown("there is no plugin", plugin, near)
    })
}

pub(crate) fn unknown(what: &str, name: &str, near: Option<&str>) -> Problem {
    let name = named(name, "of this name");
    let meant = near.map(|near| format!("; did you mean `{near}`?")).unwrap_or_default();
    Problem::new(problem::UNKNOWN, format!("{what} {name} that this token may use{meant}"))
}

/// The connection of a call, where that is one of the configuration: the one that is named, or else the only one. Nothing is waited
/// for.
pub(crate) fn configured(host: &Host, principal: &Principal, plugin: &str, name: Option<&str>) -> Option<String> {
    if let Some(name) = name {
        let may = is_plain(name) && principal.policy.covers_connection(name);
        return (may && host.is_granted(plugin, &principal.host_name(name))).then(|| name.to_owned());
    }
    let granted = host.granted_names(plugin);
    let mut own = granted.iter().filter_map(|name| principal.own_name(name));
    match (own.next(), own.next()) {
        (Some(only), None) => Some(only.to_owned()),
        _ => None,
    }
}

/// Whether it can be the name of a connection of somebody's own tenant.
fn is_plain(name: &str) -> bool {
    !name.contains([':', '/'])
}

/// The connection of a call, by the name that it has for its tenant: the one that is named, or the only one. The vault is asked.
pub(crate) fn connection(
    host: &Host,
    principal: &Principal,
    plugin: &str,
    name: Option<&str>,
) -> Result<Option<String>, Problem> {
    if let Some(name) = name {
        let may = is_plain(name) && principal.policy.covers_connection(name);
        return match may && host.has_connection(plugin, &principal.host_name(name))? {
            true => Ok(Some(name.to_owned())),
            false => {
                let known = own_connections(host, principal, plugin)?;
                let near = nearest(name, known.iter().map(String::as_str));
                Err(unknown(&format!("`{plugin}` has no connection"), name, near))
            }
        };
    }
    let mut known = own_connections(host, principal, plugin)?;
    match known.as_slice() {
        [] => {
            let detail =
                format!("`{plugin}` has no connection that this token may use; make one, or ask for one to be made");
            Err(Problem::new(problem::CONNECTION, detail))
        }
        [_] => Ok(known.pop()),
        several => {
            let some = several.iter().take(5).map(String::as_str).collect::<Vec<_>>().join("`, `");
            let detail = format!("`{plugin}` has several connections; say which one in `connection`, such as `{some}`");
            Err(Problem::new(problem::CONNECTION, detail))
        }
    }
}

/// Connections of a plugin that somebody may use, some of them where there are very many.
pub(crate) fn own_connections(host: &Host, principal: &Principal, plugin: &str) -> Result<Vec<String>, Problem> {
    let names = host.connection_names(plugin, principal.tenant.as_deref(), LOOKED_AT)?;
    Ok(names.iter().filter_map(|name| principal.own_name(name)).map(str::to_owned).collect())
}
