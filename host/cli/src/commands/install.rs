//! What is installed: every command that changes or reads `wharf.lock`.

use std::fs;
use std::process::ExitCode;

use anyhow::Result;
use serde_json::{Map, Value, json};
use wharf::manifest::{Capabilities, CapabilityDiff};
use wharf::{Installed, LoadError, LockedPlugin, LockedRelease};
use wharf_artifacts::PROVIDERS;

use super::replay;
use crate::args::{Args, Install, Versions};
use crate::exit::Usage;
use crate::print::{self, BAD, BOLD, DIM, GOOD, NAME, WARN, styled};
use crate::setup::Setup;

/// As many lines of a difference as fit on a screen.
const SCREEN: usize = 40;

pub(crate) fn install(args: &Args, options: &Install) -> Result<ExitCode> {
    let setup = Setup::with_store(args.config.as_deref())?;
    let file = &options.file;
    let bytes = fs::read(file).map_err(|reason| LoadError::Unreadable { path: file.clone(), reason })?;
    let from = file.display().to_string();
    let release = setup.host.examine(&bytes, &from)?;
    let (name, version) = (&release.about.name, &release.about.version);
    let digest = format!("sha256:{}", release.digest);
    if let Some(expected) = options.digest.as_ref().filter(|expected| **expected != digest) {
        let problem = format!("{} is {digest} and not {expected}; it is not installed", file.display());
        return Err(Usage(problem).into());
    }
    if PROVIDERS.iter().any(|bundled| bundled.name == name) {
        let what = "once it is approved, it takes the place of the bundled plugin and uses its connections";
        print::warning(&format!("`{name}` is the name of a bundled plugin: {what}"));
    }
    replay::self_test(&setup, &release, file, &options.self_test)?;
    match setup.host.install(&release, &bytes, &from, options.force)? {
        Installed::Unchanged => print::out(&format!("{name} {version} is live already"))?,
        Installed::Live => print::out(&format!("{name} {version} is live"))?,
        Installed::Waiting(diff) => {
            let hint = styled(DIM, format!("`wharf approve {name} --digest {digest}` lets it answer calls."));
            print::out(&format!("{name} {version} waits for your approval. It asks for:\n{}{hint}", shown(&diff)))?;
        }
    }
    Ok(ExitCode::SUCCESS)
}

pub(crate) fn approve(args: &Args, plugin: &str, digest: Option<&str>) -> Result<ExitCode> {
    let setup = Setup::with_store(args.config.as_deref())?;
    let (release, diff) = setup.host.approve(plugin, digest)?;
    print::out(&format!("{}{plugin} {} is live", shown(&diff), release.about.version))?;
    Ok(ExitCode::SUCCESS)
}

pub(crate) fn rollback(args: &Args, plugin: &str, to: Option<&str>) -> Result<ExitCode> {
    let release = Setup::with_store(args.config.as_deref())?.host.rollback(plugin, to)?;
    print::out(&format!("{plugin} {} is live again", release.about.version))?;
    Ok(ExitCode::SUCCESS)
}

pub(crate) fn remove(args: &Args, plugin: &str) -> Result<ExitCode> {
    Setup::with_store(args.config.as_deref())?.host.remove(plugin)?;
    print::out(&format!("{plugin} is removed"))?;
    Ok(ExitCode::SUCCESS)
}

pub(crate) fn verify(args: &Args) -> Result<ExitCode> {
    let problems = Setup::with_store(args.config.as_deref())?.host.releases()?.verify()?;
    if problems.is_empty() {
        print::out("everything is as wharf.lock says")?;
        return Ok(ExitCode::SUCCESS);
    }
    Err(anyhow::anyhow!("{}", problems.join("\n")))
}

pub(crate) fn diff(args: &Args, older: &str, newer: &str) -> Result<ExitCode> {
    let setup = Setup::new(args.config.as_deref())?;
    let capabilities = |plugin: &str| Ok::<_, anyhow::Error>(Capabilities::of(&setup.load(plugin)?.manifest()));
    let diff = capabilities(older)?.diff(&capabilities(newer)?);
    let text = if diff == CapabilityDiff::default() { "no difference".to_owned() } else { coloured(&diff).join("\n") };
    print::out(&text)?;
    Ok(ExitCode::SUCCESS)
}

pub(crate) fn versions(args: &Args, options: &Versions) -> Result<ExitCode> {
    let lock = Setup::with_store(args.config.as_deref())?.host.releases()?.lock()?;
    if let Some(name) = options.plugin.as_ref().filter(|name| !lock.plugins.contains_key(*name)) {
        return Err(Usage(format!("`{name}` is not installed")).into());
    }
    let chosen = lock.plugins.iter().filter(|(name, _)| options.plugin.as_ref().is_none_or(|wanted| wanted == *name));
    if options.json {
        let all: Map<String, Value> = chosen.map(|(name, plugin)| (name.clone(), json!(plugin))).collect();
        print::json(&Value::Object(all))?;
        return Ok(ExitCode::SUCCESS);
    }
    let lines: Vec<String> = chosen
        .flat_map(|(name, plugin)| plugin.releases.iter().map(move |release| line(name, plugin, release)))
        .collect();
    print::out(&if lines.is_empty() { "nothing is installed".to_owned() } else { lines.join("\n") })?;
    Ok(ExitCode::SUCCESS)
}

fn line(name: &str, plugin: &LockedPlugin, release: &LockedRelease) -> String {
    let mark = match Some(release.digest.as_str()) {
        digest if digest == plugin.live.as_deref() => styled(GOOD, "live   "),
        digest if digest == plugin.waiting.as_deref() => styled(WARN, "waiting"),
        _ => styled(DIM, "kept   "),
    };
    let digest: String = release.digest.chars().take("sha256:".len() + 12).collect();
    format!(
        "{mark} {} {:<10} {} {}",
        styled(NAME, format!("{name:<16}")),
        release.version,
        styled(DIM, format!("{digest} {}", release.installed)),
        release.from
    )
}

fn shown(diff: &CapabilityDiff) -> String {
    let lines = coloured(diff);
    let more = lines.len().saturating_sub(SCREEN);
    let mut text = lines.into_iter().take(SCREEN).map(|line| format!("{line}\n")).collect::<String>();
    if more > 0 {
        text.push_str(&styled(BOLD, format!("and {more} more lines: `wharf versions --json` has them all\n")));
    }
    text
}

fn coloured(diff: &CapabilityDiff) -> Vec<String> {
    let removed = diff.removed.iter().map(|line| styled(GOOD, format!("- {line}")));
    let added = diff.added.iter().map(|line| styled(BAD, format!("+ {line}")));
    removed.chain(added).collect()
}
