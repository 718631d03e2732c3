//! The vault, in which connections that are made at run time are kept: its state, its keys and its backups.

use std::path::Path;
use std::process::ExitCode;
use std::sync::Arc;
use std::time::SystemTime;

use anyhow::Result;
use serde_json::{Value, json};
use wharf::config::Place;
use wharf::configuration;
use wharf_vault::{InnerKey, SqliteVault, Status};

use crate::args::{Args, Vault};
use crate::exit::Usage;
use crate::print::{self, BAD, BOLD, GOOD, Text, styled, text};
use crate::setup;
use crate::setup::vault::{no_folder, source, vault};

pub(crate) fn run(args: &Args, command: &Vault) -> Result<ExitCode> {
    let config = setup::configuration(args.config.as_deref())?;
    let vault = vault(&config).ok_or_else(no_folder)?;
    match command {
        Vault::Status { json } => status(&vault, *json),
        Vault::Rotate { outer: false, .. } => rotate(&vault),
        Vault::Rotate { to: None, .. } => renew(&vault),
        Vault::Rotate { to: Some(to), .. } => {
            let folder = config.lock.as_deref().and_then(Path::parent).unwrap_or(Path::new(""));
            rotate_outer(&vault, to, folder)
        }
        Vault::Mend => mend(&vault),
        Vault::Backup { file } => backup(&vault, file),
        Vault::Restore { file } => restore(&vault, file),
    }
}

fn status(vault: &Arc<SqliteVault>, as_json: bool) -> Result<ExitCode> {
    let Some(status) = vault.status()? else {
        let file = vault.file().display();
        match as_json {
            true => print::json(&json!({ "file": file.to_string(), "exists": false }))?,
            false => {
                print::out(format!("There is no vault yet at {file}; the first connection that is made makes it."))?
            }
        }
        return Ok(ExitCode::SUCCESS);
    };
    match as_json {
        true => print::json(&in_json(&status))?,
        false => print::out(in_lines(&status))?,
    }
    let is_sound = status.checked.is_ok_and(|checked| checked.is_sound());
    Ok(if is_sound { ExitCode::SUCCESS } else { ExitCode::FAILURE })
}

fn in_lines(status: &Status) -> Text {
    let line = |subject: &'static str, what: String| text![styled(BOLD, format!("{subject:<10}")), what, "\n"];
    let mut lines = text![
        line("vault", format!("{}, {}", status.file.display(), print::size(status.size))),
        line("entries", status.entries.to_string()),
        line("key", format!("{} {}, {}", status.outer, since(status.outer_since), status.source)),
    ];
    let (current, old) =
        status.inner.split_last().map_or((None, status.inner.as_slice()), |(last, old)| (Some(last), old));
    if let Some(key) = current {
        lines.add(line("inner key", format!("{}, {}", key.id, since(key.since))));
    }
    for key in old {
        let words = "a rotation is not at its end; `wharf vault rotate` goes on with it";
        lines.add(line("old key", format!("{}, of {} entries: {words}", key.id, key.entries)));
    }
    match &status.checked {
        Ok(checked) if checked.is_sound() => lines.add(text![styled(GOOD, "✓"), " every entry is as it was written"]),
        Ok(checked) => {
            for (name, problem) in &checked.damaged {
                lines.add(text![styled(BAD, "✗"), format!(" {name}: {problem}"), "\n"]);
            }
            if checked.missing > 0 {
                let words = "entries were taken away by something else than Wharf; put back a backup with `wharf vault restore FILE`";
                lines.add(text![styled(BAD, "✗"), format!(" {} {words}", checked.missing), "\n"]);
            }
            if checked.lists > 0 {
                let words = "lists of versions are damaged; put back a backup, or `wharf vault mend`";
                lines.add(text![styled(BAD, "✗"), format!(" {} {words}", checked.lists), "\n"]);
            }
        }
        Err(problem) => lines.add(text![styled(BAD, "✗"), format!(" the entries were not looked at: {problem}")]),
    }
    lines
}

fn since(time: SystemTime) -> String {
    format!("since {}", humantime::format_rfc3339_seconds(time))
}

fn in_json(status: &Status) -> Value {
    let time = |time| humantime::format_rfc3339_seconds(time).to_string();
    let inner = |key: &InnerKey| json!({ "id": key.id, "since": time(key.since), "entries": key.entries });
    let checked = match &status.checked {
        Ok(checked) => {
            let damaged = checked.damaged.iter().map(|(name, problem)| json!({ "name": name, "problem": problem }));
            let damaged: Vec<Value> = damaged.collect();
            json!({ "damaged": damaged, "missing": checked.missing, "damaged-lists": checked.lists })
        }
        Err(problem) => json!({ "problem": problem }),
    };
    json!({
        "file": status.file.display().to_string(),
        "exists": true,
        "size": status.size,
        "entries": status.entries,
        "key": { "id": status.outer, "since": time(status.outer_since), "source": status.source },
        "inner-keys": status.inner.iter().map(inner).collect::<Vec<_>>(),
        "checked": checked,
    })
}

fn rotate(vault: &Arc<SqliteVault>) -> Result<ExitCode> {
    let rotated = vault.rotate_inner()?;
    if rotated.damaged > 0 {
        print::warning(&format!(
            "{} damaged entries keep an old key; `wharf vault status` names them",
            rotated.damaged
        ));
    }
    print::out(match rotated.resumed {
        true => format!(
            "a rotation that was begun before came to its end, with {} entries; `wharf vault rotate` begins another one",
            rotated.entries
        ),
        false => format!("{} entries have a new inner key", rotated.entries),
    })?;
    Ok(ExitCode::SUCCESS)
}

fn renew(vault: &Arc<SqliteVault>) -> Result<ExitCode> {
    let before = vault.renew_outer()?;
    let source = vault.status()?.map(|status| status.source).unwrap_or_default();
    print::out(format!(
        "the vault has a new key, in {source}: keep a copy of it elsewhere; the one before is in {}, and backups of before need it",
        before.display()
    ))?;
    Ok(ExitCode::SUCCESS)
}

fn rotate_outer(vault: &Arc<SqliteVault>, to: &str, folder: &Path) -> Result<ExitCode> {
    let place = Place::parse(to, folder).ok_or_else(|| {
        Usage(
            "--to says where the new key is, as `key` does under [vault]: { env = \"NAME\" }, { file = \"path\" } or \
             { command = [\"program\"] }"
                .to_owned(),
        )
    })?;
    vault.rotate_outer(&source(place))?;
    print::out(format!(
        "the vault has the key that is there now: write key = {to} under [vault] of {}, as nothing opens it from now on with the \
         one before; backups of before need that",
        configuration::name()
    ))?;
    Ok(ExitCode::SUCCESS)
}

fn mend(vault: &Arc<SqliteVault>) -> Result<ExitCode> {
    let lists = vault.mend()?;
    print::out(match lists {
        0 => "no list of versions is damaged".to_owned(),
        _ => format!("{lists} lists of versions were made anew, of the entries that are there"),
    })?;
    Ok(ExitCode::SUCCESS)
}

fn backup(vault: &Arc<SqliteVault>, file: &Path) -> Result<ExitCode> {
    let entries = vault.backup(file)?;
    let status = vault.status()?;
    let source = status.as_ref().map(|status| status.source.clone()).unwrap_or_default();
    let is_sound = status.is_none_or(|status| status.checked.is_ok_and(|checked| checked.is_sound()));
    print::out(format!(
        "{entries} entries are in {}; it is of no use without the key, which is from {source} and not in it",
        file.display()
    ))?;
    if !is_sound {
        print::error(
            "the vault is damaged, or could not be looked into, and so is its backup: keep an earlier one, and see `wharf vault status`",
        );
        return Ok(ExitCode::FAILURE);
    }
    Ok(ExitCode::SUCCESS)
}

fn restore(vault: &Arc<SqliteVault>, file: &Path) -> Result<ExitCode> {
    let restored = vault.restore(file)?;
    let before = restored.before.map(|before| format!("; the vault that was there is {}", before.display()));
    print::out(format!(
        "{} entries are there again, from {}{}",
        restored.entries,
        file.display(),
        before.unwrap_or_default()
    ))?;
    Ok(ExitCode::SUCCESS)
}
