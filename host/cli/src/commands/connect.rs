//! Making a connection at run time: what is asked for, who has to agree, and whose it is.

use std::collections::BTreeMap;
use std::io::{self, IsTerminal as _};
use std::process::ExitCode;
use std::sync::atomic::{AtomicBool, Ordering};

use anyhow::Result;
use serde_json::{Value, json};
use wharf::declaration::GrantType;
use wharf::failure::{CallError, Kind};
use wharf::{Connect as Wanted, Connected, Device, Release, Tested};

use crate::args::{Args, Connect};
use crate::exit;
use crate::print::{self, BOLD, GOOD, Text, styled, text};
use crate::setup::{Setup, on_signal};

mod browser;
mod given;
mod listener;

use browser::Typed;

pub(crate) fn run(args: &Args, options: &Connect) -> Result<ExitCode> {
    let setup = Setup::new(args.config.as_deref())?;
    setup.need_vault()?;
    let release = setup.load(&options.plugin)?;
    let code = Making { setup: &setup, release: &release, options }.run();
    setup.host.flush_audit()?;
    setup.note_audit();
    code
}

/// Whether somebody is there who can be asked.
fn is_somebody_there(options: &Connect) -> bool {
    !options.json && io::stdin().is_terminal()
}

struct Making<'a> {
    setup: &'a Setup,
    release: &'a Release,
    options: &'a Connect,
}

/// What became of it, besides that it was made.
#[derive(Default)]
struct Outcome {
    /// Servers that wait for the operator's word.
    proposed: BTreeMap<String, String>,
    accepted: BTreeMap<String, String>,
    tested: Option<Result<Tested, CallError>>,
}

impl Making<'_> {
    fn run(&self) -> Result<ExitCode> {
        let wanted = self.wanted()?;
        let asked = wanted.scopes.clone();
        let (connected, typed) = self.connect(wanted)?;
        let outcome = self.conclude(&connected, typed)?;
        if let (Some(asked), Some(granted)) = (asked, &connected.scopes) {
            let denied: Vec<&str> = asked.iter().filter(|one| !granted.contains(one)).map(String::as_str).collect();
            if !denied.is_empty() {
                print::warning(&format!("not granted of what was asked for: {}", denied.join(", ")));
            }
        }
        if self.options.json {
            print::json(&in_json(&connected, &outcome))?;
        } else {
            print::out(in_words(&connected, &outcome))?;
        }
        self.tell(&connected, &outcome);
        let waits = !outcome.proposed.is_empty();
        Ok(if waits { ExitCode::from(exit::of_kind(Kind::Input)) } else { ExitCode::SUCCESS })
    }

    /// What is to be made, of what was given and what is asked for.
    fn wanted(&self) -> Result<Wanted> {
        let Self { setup, release, options } = self;
        let plugin = &release.about.name;
        // Only what is configured: what the environment gives is kept with the connection, which is there without it, too.
        let base = match &options.from {
            None if setup.is_configured(plugin, &options.name) => Some(options.name.clone()),
            None => self.usual_base()?,
            from => from.clone(),
        };
        if let Some(base) = &base {
            setup.grant(release, Some(base))?;
        }
        let scopes = options.scopes.as_ref().map(|scopes| {
            let each = scopes.split([',', ' ']).filter(|scope| !scope.is_empty());
            each.map(str::to_owned).collect()
        });
        let mut wanted = Wanted {
            plugin: plugin.clone(),
            name: options.name.clone(),
            from: options.from.clone(),
            servers: given::servers(options)?,
            credential: options.credential.clone(),
            grant: options.grant.or(options.device.then_some(GrantType::DeviceCode)),
            scopes,
            ..Wanted::default()
        };
        given::add(&mut wanted, setup, release, options, base.is_some())?;
        Ok(wanted)
    }

    /// What it was made from before, or else the only configured one.
    fn usual_base(&self) -> Result<Option<String>> {
        let plugin = &self.release.about.name;
        if let Some(before) = self.setup.host.info(plugin, &self.options.name)?.filter(|info| info.made.is_some()) {
            return Ok(before.from.filter(|from| self.setup.is_configured(plugin, from)));
        }
        let mut configured = self.setup.configured(plugin);
        Ok(configured.next().filter(|_| configured.next().is_none()).map(str::to_owned))
    }

    fn connect(&self, wanted: Wanted) -> Result<(Connected, Option<Typed>)> {
        let host = &self.setup.host;
        let grants = host.grants_of(&wanted.plugin, wanted.credential.as_deref())?;
        match wanted.grant.or_else(|| grants.first().copied()) {
            Some(GrantType::AuthorizationCode) => browser::connect(host, wanted, self.options),
            Some(GrantType::DeviceCode) => {
                let device = host.device(wanted)?;
                on_signal(stopped)?;
                show(&device);
                let connected = host.device_agreed(device)?;
                AGREED.store(true, Ordering::SeqCst);
                Ok((connected, None))
            }
            Some(GrantType::ClientCredentials | GrantType::JwtBearer) | None => {
                Ok((host.connect_unattended(wanted)?, None))
            }
        }
    }

    /// Asks about servers that the provider told of, and looks whose connection it is.
    fn conclude(&self, connected: &Connected, typed: Option<Typed>) -> Result<Outcome> {
        let (host, Connected { plugin, name, proposed, .. }) = (&self.setup.host, connected);
        let mut outcome = Outcome { proposed: proposed.clone(), ..Outcome::default() };
        if !proposed.is_empty() && (self.options.accept_server || self.is_accepted(proposed, typed.as_ref())?) {
            outcome.accepted = host.accept(plugin, name)?;
            outcome.proposed.clear();
        }
        // From here on the signal to stop ends the process.
        drop(typed);
        if outcome.proposed.is_empty() && self.release.about.test.is_some() {
            outcome.tested = Some(host.test_connection(plugin, name));
        }
        Ok(outcome)
    }

    fn is_accepted(&self, proposed: &BTreeMap<String, String>, typed: Option<&Typed>) -> Result<bool> {
        if !is_somebody_there(self.options) {
            return Ok(false);
        }
        for (server, url) in proposed {
            let question = format!(
                "The provider says that {} is at {url}. Send requests with these credentials there? [y/N] ",
                called(server)
            );
            print::ask(question);
            let answer = typed.map_or_else(given::line, |typed| Ok(typed.line()))?.unwrap_or_default();
            if !matches!(answer.trim(), "y" | "Y" | "yes" | "Yes") {
                return Ok(false);
            }
        }
        Ok(true)
    }

    /// What is to be done besides.
    fn tell(&self, connected: &Connected, outcome: &Outcome) {
        let Connected { plugin, name, .. } = connected;
        if let Some(Err(error)) = &outcome.tested {
            print::warning(&format!(
                "it is connected, and its test fails: {error}; `wharf connections test {plugin}/{name}` runs it again"
            ));
        }
        if !outcome.proposed.is_empty() {
            let each = outcome.proposed.iter().map(|(server, url)| format!("{} is at {url}", called(server)));
            print::error(&format!(
                "the provider says that {}, and nothing is sent there before you accept it: `wharf connections accept \
                 {plugin}/{name}`",
                each.collect::<Vec<_>>().join(" and ")
            ));
        }
    }
}

fn called(server: &str) -> String {
    if server == wharf::declaration::MAIN_SERVER { "it".to_owned() } else { format!("its server `{server}`") }
}

/// Whether somebody has agreed on another device.
static AGREED: AtomicBool = AtomicBool::new(false);

/// When the process is told to stop while it waits for another device.
fn stopped() {
    if !AGREED.load(Ordering::SeqCst) {
        print::error("stopped before anybody has agreed: nothing was connected");
    }
    std::process::exit(i32::from(exit::of_kind(Kind::Host)));
}

/// Where somebody has to go with what.
fn show(device: &Device) {
    print::note(text!["Open ", styled(BOLD, &device.address), "\nand type ", styled(BOLD, &device.user_code)]);
    if let Some(complete) = &device.complete {
        print::note(text!["or open ", styled(BOLD, complete)]);
    }
    let minutes = device.lasts.as_secs().div_ceil(60);
    print::note(format!("Waiting for {minutes} minutes at most; Ctrl-C ends it."));
}

fn in_words(connected: &Connected, outcome: &Outcome) -> Text {
    let Connected { plugin, name, scopes, .. } = connected;
    let mut line = text![styled(GOOD, "✓"), format!(" connected `{name}` of `{plugin}`")];
    let tested = outcome.tested.as_ref().and_then(|tested| tested.as_ref().ok());
    if let Some(account) = tested.and_then(|tested| tested.account.as_ref()) {
        line.add(format!(" as {account}"));
    }
    if let Some(scopes) = scopes.as_ref().filter(|scopes| !scopes.is_empty()) {
        line.add(format!("; scopes: {}", scopes.join(", ")));
    }
    for (server, url) in &outcome.accepted {
        line.add(format!("; {} is at {url}", called(server)));
    }
    line
}

fn in_json(connected: &Connected, outcome: &Outcome) -> Value {
    let tested = outcome.tested.as_ref();
    let test = tested.map(|tested| match tested {
        Ok(tested) => json!({ "operation": tested.operation }),
        Err(error) => json!({ "error": error.to_json() }),
    });
    json!({
        "plugin": connected.plugin,
        "name": connected.name,
        "scopes": connected.scopes,
        "proposed": outcome.proposed,
        "accepted": outcome.accepted,
        "test": test,
        "account": tested.and_then(|tested| tested.as_ref().ok()?.account.as_ref()),
    })
}
