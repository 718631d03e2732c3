use std::process::ExitCode;

use anyhow::Result;
use serde_json::{Value, json};
use wharf::Release;

use crate::args::{Args, Plugins};
use crate::print::{self, BOLD, DIM, NAME, styled, text};
use crate::setup::Setup;

/// As many digits of a digest as tell two releases apart at a glance.
const DIGITS: usize = 12;

pub(crate) fn run(args: &Args, options: &Plugins) -> Result<ExitCode> {
    let setup = Setup::new(args.config.as_deref())?;
    setup.load_all()?;
    let plugins = setup.host.plugins();
    if options.json {
        print::json(&plugins.iter().map(|p| entry(p)).collect::<Value>())?;
        return Ok(ExitCode::SUCCESS);
    }
    let mut text = styled(
        BOLD,
        format!("{:<12} {:<9} {:<14} {:>10} {:>11}  from", "plugin", "version", "digest", "operations", "size"),
    );
    for plugin in &plugins {
        let digest: String = plugin.digest.chars().take(DIGITS).collect();
        text.add(text![
            "\n",
            styled(NAME, format!("{:<12}", plugin.about.name)),
            format!(" {:<9} ", plugin.about.version),
            styled(DIM, format!("{digest:<14}")),
            format!(" {:>10} {:>11}  {}", plugin.operation_names().len(), print::size(plugin.size), source(plugin)),
        ]);
    }
    print::out(text)?;
    Ok(ExitCode::SUCCESS)
}

fn entry(plugin: &Release) -> Value {
    json!({
        "name": plugin.about.name,
        "title": plugin.about.title,
        "version": plugin.about.version,
        "digest": format!("sha256:{}", plugin.digest),
        "operations": plugin.operation_names().len(),
        "size": plugin.size,
        "from": source(plugin),
    })
}

fn source(plugin: &Release) -> String {
    plugin.file.as_ref().map_or_else(|| "bundled".to_owned(), |file| file.display().to_string())
}
