//! The approval of a release that waits.

use std::process::ExitCode;

use anyhow::{Context as _, Result};
use wharf::manifest::CapabilityDiff;

use super::asked::{Most, SCREEN, asked, given_up};
use super::install::{as_in_lock, live_version};
use crate::args::Args;
use crate::print::{self, DIM, Text, styled, text};
use crate::setup::Setup;

pub(crate) fn run(args: &Args, plugin: &str, digest: Option<&str>, no_way_back: bool, all: bool) -> Result<ExitCode> {
    let setup = Setup::with_store(args.config.as_deref())?;
    let first = live_version(&setup, plugin)?.is_none();
    let digest = digest.map(as_in_lock);
    let (release, diff) = match no_way_back {
        true => setup.host.approve_with_no_way_back(plugin, digest.as_deref())?,
        false => setup.host.approve(plugin, digest.as_deref())?,
    };
    setup.note_audit();
    let stays = if no_way_back { ", and nothing goes back behind it" } else { "" };
    print::out(text![shown(&diff, first, all).0, format!("{plugin} {} is live{stays}", release.about.version)])?;
    Ok(ExitCode::SUCCESS)
}

/// Shows what the release that waits asks for.
pub(crate) fn look(args: &Args, plugin: &str, digest: Option<&str>, all: bool) -> Result<ExitCode> {
    let setup = Setup::with_store(args.config.as_deref())?;
    let store = setup.host.releases()?;
    let waiting = store.waiting(plugin, digest.map(as_in_lock).as_deref())?;
    let lock = store.lock()?;
    let locked = lock.plugins.get(plugin).with_context(|| format!("`{plugin}` is no longer installed"))?;
    let diff = locked.capabilities().diff(&locked.asked.iter().cloned().collect());
    print::out(waits(plugin, &waiting.version, &waiting.digest, &diff, locked.live.is_none(), all))?;
    Ok(ExitCode::SUCCESS)
}

/// That a release waits, what it asks for, and how it is approved.
pub(crate) fn waits(plugin: &str, version: &str, digest: &str, diff: &CapabilityDiff, first: bool, all: bool) -> Text {
    let more = if first { "" } else { " more" };
    let hint = format!("`wharf approve {plugin} --digest {digest}` lets it answer calls.");
    let (shown, whole) = shown(diff, first, all);
    let look = Text::from(format!("`wharf approve {plugin} --dry-run --all` shows every line of it."));
    let look = if whole { Text::default() } else { text![styled(DIM, look), "\n"] };
    text![
        format!("{plugin} {version} waits for your approval. It asks for{more}:"),
        "\n",
        shown,
        look,
        styled(DIM, hint),
    ]
}

/// What is asked for beyond the live release, all of it: an approval is of that. Of a first release, which asks for all that
/// it does, and of what is no longer asked for, as much as a screen holds, and everything that can do harm.
pub(super) fn shown(diff: &CapabilityDiff, first: bool, all: bool) -> (Text, bool) {
    let most = if first { Most::Screen } else { Most::Added };
    let left = if all { usize::MAX } else { SCREEN.saturating_sub(diff.added.len()) };
    let (asked, whole) = asked(diff, most, all);
    (text![asked, given_up(diff, left)], whole)
}
