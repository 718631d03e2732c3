//! `wharf serve --demo`: simulated providers, a server and a token, in a folder that is gone when it ends.

use std::collections::BTreeSet;
use std::fs;
use std::net::{Ipv4Addr, SocketAddr};
use std::process::ExitCode;

use anyhow::{Context as _, Result, anyhow};
use serde_json::json;
use wharf_server::{Policy, Principal, Role};
use wharf_simulated::appwrite;

use super::Serving;
use crate::args::Serve;
use crate::commands::simulate::write_config;
use crate::print::{self, BOLD, DIM, Text, styled, text};
use crate::setup::simulation;

pub(super) fn run(options: &Serve) -> Result<ExitCode> {
    let folder = tempfile::Builder::new().prefix("wharf-demo-").tempdir().context("a folder for the demo")?;
    let simulation = simulation()?;
    let file = folder.path().join("wharf.toml");
    write_config(&file, &simulation.connections())?;
    // The key of its vault is in the folder too, so that nothing of it is left.
    let key = folder.path().join("vault.key");
    let mut random = [0; 32];
    getrandom::fill(&mut random).map_err(|error| anyhow!("a key for the demo: {error}"))?;
    fs::write(&key, random.iter().map(|byte| format!("{byte:02x}")).collect::<String>())
        .context("a key for the demo")?;
    private(&key)?;
    let mut text = fs::read_to_string(&file).context("the configuration of the demo")?;
    text.push_str("\n[vault]\nkey = { file = \"vault.key\" }\n");
    fs::write(&file, text).context("the configuration of the demo")?;

    let listen = options.listen.unwrap_or(SocketAddr::from((Ipv4Addr::LOCALHOST, 0)));
    let serving = Serving::listening(Some(&file), Some(listen), |_, builder| Ok(builder))?;
    let principal = Principal {
        name: "demo".to_owned(),
        tenant: None,
        roles: BTreeSet::from(Role::ALL),
        policy: Policy::default(),
    };
    let token = serving.store.add_principal(&principal, None)?;
    let as_json = options.json;
    let ended = serving.serve(|addresses| told(&addresses.url, &token, as_json));
    drop((simulation, folder));
    ended
}

#[cfg(unix)]
fn private(file: &std::path::Path) -> Result<()> {
    use std::os::unix::fs::PermissionsExt as _;
    fs::set_permissions(file, fs::Permissions::from_mode(0o600)).context("a key for the demo")
}

#[cfg(not(unix))]
fn private(_: &std::path::Path) -> Result<()> {
    Ok(())
}

/// The three commands, as they can be pasted.
fn commands(url: &str, token: &str) -> [(&'static str, String); 3] {
    let authorization = format!("-H 'Authorization: Bearer {token}'");
    let call = format!("{url}/v1/plugins/appwrite/operations/users.list-sessions");
    let body =
        format!("-H 'Content-Type: application/json' -d '{}'", json!({ "input": { "userId": appwrite::USER_ID } }));
    [
        ("a call", format!("curl {call} {authorization} {body}")),
        ("the OpenAPI document of what this token may do", format!("curl {url}/openapi.json {authorization}")),
        ("a call that is looked up later", format!("curl -i {call} {authorization} -H 'Prefer: respond-async' {body}")),
    ]
}

fn told(url: &str, token: &str, as_json: bool) -> Result<()> {
    let commands = commands(url, token);
    if as_json {
        let commands: Vec<&str> = commands.iter().map(|(_, command)| command.as_str()).collect();
        return Ok(print::json_line(&json!({ "url": url, "token": token, "commands": commands }))?);
    }
    let mut text = text!["simulated providers and a server at ", styled(BOLD, url.to_owned()), "\n"];
    for (what, command) in commands {
        text.add(text!["\n", styled(DIM, format!("# {what}")), "\n", command, "\n"]);
    }
    text.add(text!["\n", styled(DIM, "Ctrl-C ends it; nothing is left behind."), Text::default()]);
    Ok(print::out(text)?)
}
