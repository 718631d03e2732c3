use std::process::ExitCode;

use anyhow::Result;
use serde_json::json;

use crate::args::{Args, Doctor};
use crate::print::{self, GOOD, Text, WARN, styled, text};
use crate::setup::Setup;

/// What is lacking is no failure: a host works without, slower or with fewer calls.
pub(crate) fn run(args: &Args, options: &Doctor) -> Result<ExitCode> {
    let setup = Setup::new(args.config.as_deref())?;
    let mut findings = setup.host.doctor();
    findings.push(setup.vault_found());
    if options.json {
        print::json(&json!(findings))?;
        return Ok(ExitCode::SUCCESS);
    }
    let line = |finding: &wharf::doctor::Finding| {
        let mark = if finding.good { styled(GOOD, "good") } else { styled(WARN, "look") };
        text![mark, format!("  {:<14} {}", finding.subject, finding.text), "\n"]
    };
    print::out(findings.iter().map(line).collect::<Text>())?;
    Ok(ExitCode::SUCCESS)
}
