//! Connections that were made, and those of the configuration: looking at them, and changing them.

use std::process::ExitCode;

use anyhow::Result;
use serde_json::json;
use wharf::ConnectionInfo;

use crate::args::{Args, Connections, OfConnections, One, Refresh};
use crate::exit::Usage;
use crate::print;
use crate::setup::Setup;

mod list;
mod show;

pub(crate) fn run(args: &Args, options: &Connections) -> Result<ExitCode> {
    let setup = Setup::new(args.config.as_deref())?;
    let done = match &options.command {
        None => list::run(&setup, &options.list),
        Some(OfConnections::List(list)) => list::run(&setup, list),
        Some(OfConnections::Show(one)) => show::run(&setup, one),
        Some(OfConnections::Test(one)) => test(&setup, one),
        Some(OfConnections::Refresh(refresh)) => renew(&setup, refresh),
        Some(OfConnections::Rename { connection, new }) => rename(&setup, connection, new),
        Some(OfConnections::Revoke { connection }) => revoke(&setup, connection),
        Some(OfConnections::Remove { connection, revoke }) => remove(&setup, connection, *revoke),
        Some(OfConnections::Accept { connection }) => accept(&setup, connection),
    };
    setup.host.flush_audit()?;
    setup.note_audit();
    done.map(|()| ExitCode::SUCCESS)
}

/// The connection that was typed, ready for requests: its plugin is loaded, and has what it was made from.
fn ready(setup: &Setup, typed: &str) -> Result<(String, String)> {
    let (plugin, name) = setup.which(typed)?;
    let release = setup.load(&plugin)?;
    setup.connect(&release, Some(&name))?;
    Ok((plugin, name))
}

fn test(setup: &Setup, one: &One) -> Result<()> {
    let (plugin, name) = ready(setup, &one.connection)?;
    let tested = setup.host.test_connection(&plugin, &name)?;
    if one.json {
        return Ok(print::json(&json!(tested))?);
    }
    let mut line = format!("✓ {plugin}/{name} works: {}", tested.operation);
    if let Some(account) = &tested.account {
        line += &format!(" says that it is of {account}");
    }
    if let Some(scopes) = tested.scopes.filter(|scopes| !scopes.is_empty()) {
        line += &format!("; scopes: {}", scopes.join(", "));
    }
    Ok(print::out(line)?)
}

fn renew(setup: &Setup, options: &Refresh) -> Result<()> {
    let Some(typed) = &options.connection else { return sweep(setup, options) };
    let (plugin, name) = ready(setup, typed)?;
    if setup.host.plugin(&plugin)?.about.credentials.is_empty() {
        let words = format!("`{plugin}/{name}` has nothing that is renewed: its credentials are its fields");
        return Err(Usage(words).into());
    }
    setup.host.refresh(&plugin, &name)?;
    let info = setup.host.info(&plugin, &name)?;
    if options.json {
        return Ok(print::json(&info.map(|info| list::in_json(&info)).unwrap_or_default())?);
    }
    let lasts = info.as_ref().and_then(list::left).map(|left| format!(", for {left}")).unwrap_or_default();
    Ok(print::out(format!("✓ {plugin}/{name} was renewed{lasts}"))?)
}

/// Renews what is due, of all plugins.
fn sweep(setup: &Setup, options: &Refresh) -> Result<()> {
    setup.load_all()?;
    setup.grant_all();
    let swept = setup.host.sweep(options.unused)?;
    if options.json {
        print::json(&json!(swept))?;
    } else {
        let wharf::Swept { looked_at, renewed, .. } = swept;
        print::out(format!("{looked_at} connections were looked at, and {renewed} credentials renewed"))?;
    }
    if swept.failed > 0 {
        let words = format!(
            "{} could not be renewed; `wharf connections list` tells which need a person, and `wharf audit show` why",
            swept.failed
        );
        return Err(anyhow::anyhow!(words));
    }
    Ok(())
}

fn rename(setup: &Setup, typed: &str, new: &str) -> Result<()> {
    let (plugin, name) = setup.which(typed)?;
    if setup.is_configured(&plugin, &name) {
        return Err(of_configuration(&plugin, &name, "renamed").into());
    }
    // What stands before the slash may be typed again.
    let new = new.strip_prefix(&format!("{plugin}/")).unwrap_or(new);
    if setup.is_configured(&plugin, new) {
        return Err(Usage(format!("the configuration has a connection `{new}` of `{plugin}` already")).into());
    }
    setup.host.rename(&plugin, &name, new)?;
    Ok(print::out(format!("✓ {plugin}/{name} is {plugin}/{new} from now on"))?)
}

fn revoke(setup: &Setup, typed: &str) -> Result<()> {
    let (plugin, name) = ready(setup, typed)?;
    let is_told = setup.host.revoke(&plugin, &name)?;
    let again = format!("`wharf connect {plugin} --name {name}` connects it anew");
    Ok(print::out(match is_told {
        true => format!("✓ {plugin}/{name} is revoked, and the provider knows; {again}"),
        false => format!(
            "✓ {plugin}/{name} is revoked here; the provider has nothing to give tokens back to, so end its access there, too; \
             {again}"
        ),
    })?)
}

fn remove(setup: &Setup, typed: &str, gives_back: bool) -> Result<()> {
    let (plugin, name) = setup.which(typed)?;
    let info = setup.host.info(&plugin, &name)?;
    let Some(info) = info else { return Err(of_configuration(&plugin, &name, "removed").into()) };
    let is_told = if gives_back {
        ready(setup, &format!("{plugin}/{name}"))?;
        setup.host.revoke(&plugin, &name)?
    } else {
        false
    };
    setup.host.forget(&plugin, &name)?;
    let left = match (is_told, has_tokens(&info)) {
        (true, _) => "; the provider knows that its tokens are over",
        (false, true) if gives_back => {
            "; the provider has nothing to give tokens back to, so end its access there, too"
        }
        (false, true) => "; its tokens stay valid at the provider until they run out, or its access is ended there",
        (false, false) => "",
    };
    let stays = if setup.is_configured(&plugin, &name) { "; it stays in the configuration" } else { "" };
    Ok(print::out(format!("✓ {plugin}/{name} is removed{left}{stays}"))?)
}

fn has_tokens(info: &ConnectionInfo) -> bool {
    info.credentials.iter().any(|one| one.age.is_some())
}

fn accept(setup: &Setup, typed: &str) -> Result<()> {
    let (plugin, name) = ready(setup, typed)?;
    let accepted = setup.host.accept(&plugin, &name)?;
    for (server, url) in accepted {
        print::out(format!("✓ requests of {plugin}/{name} to its server `{server}` go to {url} from now on"))?;
    }
    Ok(())
}

fn of_configuration(plugin: &str, name: &str, what: &str) -> Usage {
    Usage(format!(
        "`{plugin}/{name}` stands in the configuration, and is {what} there: [connections.{name}] of {}",
        wharf::configuration::name()
    ))
}
