//! One connection: all that is known of it, and no value of a secret.

use std::collections::BTreeMap;

use anyhow::Result;
use serde_json::{Value, json};
use wharf::declaration::{CredentialKind, Part};
use wharf::manifest::About;
use wharf::{ConnectionInfo, CredentialInfo, State};

use super::list;
use crate::args::One;
use crate::print::{self, BOLD, DIM, NAME, Text, styled, text};
use crate::setup::Setup;

pub(super) fn run(setup: &Setup, one: &One) -> Result<()> {
    let (plugin, name) = setup.which(&one.connection)?;
    // It is shown also where its plugin is not there any more.
    let release = setup.load(&plugin).ok();
    let about = release.as_ref().map(|release| &release.about);
    let info = setup.host.info(&plugin, &name)?;
    let configured = setup.is_configured(&plugin, &name);
    if one.json {
        return Ok(print::json(&as_json(&plugin, &name, configured, info.as_ref(), about))?);
    }
    let mut text =
        text![styled(BOLD, format!("{plugin}/{name}")), " ", if configured { "configured" } else { "made" }, "\n"];
    match &info {
        Some(info) => text.add(known(info, about)),
        None => text.add(text![row("state", "nothing was obtained for it yet".to_owned())]),
    }
    Ok(print::out(text)?)
}

fn row(subject: &'static str, what: String) -> Text {
    text![styled(DIM, format!("{subject:<11}")), what, "\n"]
}

fn known(info: &ConnectionInfo, about: Option<&About>) -> Text {
    let state = info.state();
    let mut text = text![styled(DIM, format!("{:<11}", "state")), styled(list::style(state), state), "\n"];
    let mut add = |subject, what: Option<String>| what.into_iter().for_each(|what| text.add(row(subject, what)));
    add("damaged", info.damaged.clone());
    add("account", info.account.clone());
    add("tested", info.tested.map(ago));
    add("made", info.made.map(ago));
    add("made from", info.from.as_ref().map(|from| format!("[connections.{from}] of the configuration")));
    for (server, url) in &info.servers {
        add("server", Some(format!("{server}: {url}")));
    }
    for (server, url) in &info.proposed {
        let accept = format!("`wharf connections accept {}/{}`", info.plugin, info.name);
        add("proposed", Some(format!("{server}: {url}, as the provider says; {accept} lets requests go there")));
    }
    let uses = about.map(uses).unwrap_or_default();
    for (field, given) in &info.fields {
        let used = uses.get(field).map(|used| format!("; used by {}", used.join(", "))).unwrap_or_default();
        add("field", Some(format!("{field}: given {}{used}", ago(*given))));
    }
    for credential in &info.credentials {
        text.add(of_credential(info, credential));
    }
    text
}

fn of_credential(info: &ConnectionInfo, credential: &CredentialInfo) -> Text {
    let CredentialInfo { state, age, left, .. } = credential;
    let mut text = text![
        styled(DIM, format!("{:<11}", "credential")),
        styled(NAME, &credential.name),
        " ",
        styled(list::style(state.as_str()), state.as_str()),
        "\n",
    ];
    let mut add = |what: String| text.add(text![" ".repeat(11), what, "\n"]);
    if let Some(reason) = &credential.reason {
        add(reason.clone());
    }
    if matches!(state, State::NeedsReconnect | State::Revoked) {
        add(format!("`wharf connect {} --name {}` connects it anew", info.plugin, info.name));
    }
    if let Some(age) = age {
        let lasts = left.map_or("no end is known".to_owned(), |left| format!("{} left", list::short(left)));
        let next = if credential.has_refresh_token { ", renewed with a refresh token" } else { "" };
        add(format!("obtained {} ago, {lasts}{next}", list::short(*age)));
    }
    if let Some(scopes) = credential.scopes.as_ref().filter(|scopes| !scopes.is_empty()) {
        add(format!("scopes: {}", scopes.join(", ")));
    }
    if credential.lost > 0 {
        add(format!("{} refresh tokens were lost, as a process ended while one was exchanged", credential.lost));
    }
    text
}

fn ago(time: u64) -> String {
    format!("{} ago", list::short(list::since(time)))
}

fn as_json(plugin: &str, name: &str, configured: bool, info: Option<&ConnectionInfo>, about: Option<&About>) -> Value {
    let Some(info) = info else {
        return json!({ "plugin": plugin, "name": name, "kind": "configured", "state": null });
    };
    let mut json = list::in_json(info);
    let uses = about.map(uses).unwrap_or_default();
    let used = info.fields.keys().map(|field| (field.clone(), json!(uses.get(field).cloned().unwrap_or_default())));
    if let Some(members) = json.as_object_mut() {
        members.insert("uses".to_owned(), Value::Object(used.collect()));
        members.insert("kind".to_owned(), json!(if configured { "configured" } else { "made" }));
    }
    json
}

/// By whom each field is used, by its name.
fn uses(about: &About) -> BTreeMap<String, Vec<String>> {
    let mut uses: BTreeMap<String, Vec<String>> = BTreeMap::new();
    let mut add = |field: &str, by: String| {
        let all = uses.entry(field.to_owned()).or_default();
        if !all.contains(&by) {
            all.push(by);
        }
    };
    for scheme in &about.schemes {
        let placed = scheme.placements.iter().map(|placement| &placement.template);
        let templates = placed.chain(scheme.values.iter().map(|value| &value.template));
        for template in templates {
            let parts = template.parts.iter().filter_map(|part| match part {
                Part::Field(field) => Some(field.as_str()),
                _ => None,
            });
            let keys = template.functions.iter().filter_map(|function| function.key_field());
            parts.chain(keys).for_each(|field| add(field, format!("the scheme `{}`", scheme.name)));
        }
    }
    for credential in &about.credentials {
        let CredentialKind::Oauth2(oauth2) = &credential.kind else { continue };
        for used in oauth2.uses() {
            add(used.field, format!("the credential `{}`", credential.name));
        }
    }
    uses
}
