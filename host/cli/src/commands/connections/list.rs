//! All connections, page by page: there may be very many.

use std::time::{Duration, SystemTime, UNIX_EPOCH};

use anyhow::Result;
use serde_json::{Value, json};
use wharf::{ConnectionInfo, CredentialInfo, State};

use crate::args::ListConnections;
use crate::print::{self, BAD, BOLD, DIM, GOOD, JsonList, NAME, Text, WARN, styled, text};
use crate::setup::Setup;

/// How many are read at one time.
const PAGE: usize = 200;

/// One line of the list: of the configuration, of the vault, or of both.
struct Line {
    name: String,
    is_configured: bool,
    info: Option<ConnectionInfo>,
}

pub(super) fn run(setup: &Setup, options: &ListConnections) -> Result<()> {
    let mut out = Out { json: options.json.then(JsonList::begin).transpose()?, lines: Text::default(), count: 0 };
    let plugin = options.plugin.as_deref();
    let mut configured = configured(setup, plugin);
    let mut after: Option<(String, String)> = None;
    loop {
        let last = after.as_ref().map(|(plugin, name)| (plugin.as_str(), name.as_str()));
        let page = setup.host.connections(plugin, last, PAGE)?;
        after = page.last().map(|info| (info.plugin.clone(), info.name.clone()));
        let is_last = page.len() < PAGE;
        for info in page {
            let name = name_of(&info);
            // Both are in the order of their names.
            let before = configured.partition_point(|one| *one < name);
            for one in configured.drain(..before) {
                out.line(&Line { name: one, is_configured: true, info: None })?;
            }
            let is_configured = configured.first() == Some(&name);
            configured.drain(..usize::from(is_configured));
            out.line(&Line { name, is_configured, info: Some(info) })?;
        }
        out.flush()?;
        if is_last {
            break;
        }
    }
    for one in configured {
        out.line(&Line { name: one, is_configured: true, info: None })?;
    }
    out.end(plugin)
}

/// `PLUGIN/NAME`s of the configuration, in order.
fn configured(setup: &Setup, plugin: Option<&str>) -> Vec<String> {
    let all = setup.config.connections.iter();
    let wanted = all.filter(|(_, one)| plugin.is_none_or(|plugin| one.provider == plugin));
    let mut names: Vec<String> = wanted.map(|(name, one)| format!("{}/{name}", one.provider)).collect();
    names.sort();
    names
}

fn name_of(info: &ConnectionInfo) -> String {
    format!("{}/{}", info.plugin, info.name)
}

struct Out {
    json: Option<JsonList>,
    lines: Text,
    count: u64,
}

impl Out {
    fn line(&mut self, line: &Line) -> Result<()> {
        match &mut self.json {
            Some(json) => json.item(&line.in_json())?,
            None => {
                if self.count == 0 {
                    let head = format!(
                        "{:<32} {:<15} {:<24} {:>8} {:>8}  kind",
                        "connection", "state", "account", "age", "left"
                    );
                    self.lines.add(text![styled(BOLD, head), "\n"]);
                }
                self.lines.add(text![line.in_words(), "\n"]);
            }
        }
        self.count += 1;
        Ok(())
    }

    fn flush(&mut self) -> Result<()> {
        let lines = std::mem::take(&mut self.lines);
        if !lines.is_empty() {
            print::out(lines)?;
        }
        Ok(())
    }

    fn end(mut self, plugin: Option<&str>) -> Result<()> {
        self.flush()?;
        match self.json {
            Some(json) => json.end()?,
            None if self.count == 0 => {
                let of = plugin.map(|plugin| format!(" of `{plugin}`")).unwrap_or_default();
                let how = plugin.unwrap_or("PLUGIN");
                print::note(styled(DIM, format!("There is no connection{of} yet; `wharf connect {how}` makes one.")));
            }
            None => {}
        }
        Ok(())
    }
}

impl Line {
    fn kind(&self) -> &'static str {
        if self.is_configured { "configured" } else { "made" }
    }

    fn in_words(&self) -> Text {
        let state = self.info.as_ref().map_or("-", ConnectionInfo::state);
        let account = self.info.as_ref().and_then(|info| info.account.as_deref()).unwrap_or("-");
        let age = self.info.as_ref().and_then(age).unwrap_or_else(|| "-".to_owned());
        let left = self.info.as_ref().and_then(left).unwrap_or_else(|| "-".to_owned());
        text![
            styled(NAME, format!("{:<32}", self.name)),
            " ",
            styled(style(state), format!("{state:<15}")),
            format!(" {account:<24} {age:>8} {left:>8}  "),
            self.kind(),
        ]
    }

    fn in_json(&self) -> Value {
        match &self.info {
            Some(info) => in_json(info),
            None => {
                let (plugin, name) = self.name.split_once('/').unwrap_or_default();
                json!({ "plugin": plugin, "name": name, "kind": self.kind(), "state": null })
            }
        }
    }
}

/// All that is known of one.
pub(super) fn in_json(info: &ConnectionInfo) -> Value {
    let mut json = json!(info);
    if let Some(members) = json.as_object_mut() {
        members.shift_remove("is-made");
        members.insert("kind".to_owned(), json!(if info.is_made { "made" } else { "configured" }));
        members.insert("state".to_owned(), json!(info.state()));
    }
    json
}

pub(super) fn style(state: &str) -> anstyle::Style {
    match state {
        "active" => GOOD,
        "-" => DIM,
        "expiring" | "refreshing" | "to-be-accepted" => WARN,
        _ => BAD,
    }
}

/// How long ago its credentials were obtained, or where it has none, when it was made.
fn age(info: &ConnectionInfo) -> Option<String> {
    let made = info.made.map(since);
    info.credentials.iter().filter_map(|one| one.age).max().or(made).map(short)
}

/// How long what it lives by still lasts.
pub(super) fn left(info: &ConnectionInfo) -> Option<String> {
    let valid = info.credentials.iter().filter(|one: &&CredentialInfo| one.state != State::Revoked);
    valid.filter_map(|one| one.left).min().map(short)
}

/// How many seconds ago a time was, given in seconds since 1970.
pub(super) fn since(time: u64) -> u64 {
    let now = SystemTime::now().duration_since(UNIX_EPOCH).unwrap_or_default().as_secs();
    now.saturating_sub(time)
}

/// A time in its largest unit.
pub(super) fn short(seconds: u64) -> String {
    let text = humantime::format_duration(Duration::from_secs(seconds)).to_string();
    text.split(' ').next().unwrap_or_default().to_owned()
}
