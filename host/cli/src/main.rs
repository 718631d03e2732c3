//! `wharf`: runs plugins from the command line.

use std::process::ExitCode;

use clap::Parser as _;

mod args;
mod commands;
mod exit;
mod input;
mod print;
mod setup;

use args::{Args, Command};

fn main() -> ExitCode {
    let args = Args::parse();
    let result = match &args.command {
        Command::Plugins(options) => commands::plugins::run(&args, options),
        Command::Describe(options) => commands::describe::run(&args, options),
        Command::Call(options) => commands::call::run(&args, options),
        Command::Demo(options) => commands::demo::run(options),
        Command::Simulate(options) => commands::simulate::run(options),
        Command::Audit { command } => commands::audit::run(&args, command),
        Command::Completions { shell } => commands::completions::run(*shell),
    };
    result.unwrap_or_else(|error| exit::report(&error, args.command.wants_json()))
}
