use std::process::ExitCode;

use anyhow::Result;
use clap::CommandFactory as _;
use clap_complete::Shell;

use crate::args::Args;
use crate::print;

pub(crate) fn run(shell: Shell) -> Result<ExitCode> {
    let mut script = Vec::new();
    clap_complete::generate(shell, &mut Args::command(), "wharf", &mut script);
    print::out(print::lines(&String::from_utf8_lossy(&script)))?;
    Ok(ExitCode::SUCCESS)
}
