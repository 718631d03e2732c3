//! `wharf`: runs plugins from the command line.
#![deny(clippy::print_stderr, clippy::print_stdout)]

use std::process::ExitCode;
use std::thread;

use clap::Parser as _;
use wharf::shortage;

mod args;
mod commands;
mod exit;
mod input;
mod log;
mod print;
mod save;
mod setup;

use args::{Args, Command};

/// What the stack of the main thread has to have for plugins and what the host does for them, in bytes; it is usually 8 MiB.
const STACK: usize = 4 << 20;

fn main() -> ExitCode {
    std::panic::set_hook(Box::new(print::panicked));
    if !has_small_stack() {
        return run();
    }
    let thread = thread::Builder::new().name("main".to_owned()).stack_size(STACK);
    match thread.spawn(run) {
        // A panic was told by the hook.
        Ok(running) => running.join().unwrap_or(ExitCode::FAILURE),
        Err(error) => {
            print::error(&format!("{}; or raise the stack (`ulimit -s`)", shortage::in_words("thread", &error)));
            ExitCode::FAILURE
        }
    }
}

fn has_small_stack() -> bool {
    shortage::stack().is_some_and(|most| most < STACK as u64)
}

fn run() -> ExitCode {
    let args = match Args::try_parse() {
        Ok(args) => args,
        Err(error) => return exit::usage(&error),
    };
    let result = match &args.command {
        Command::Plugins(options) => commands::plugins::run(&args, options),
        Command::Describe(options) => commands::describe::run(&args, options),
        Command::Call(options) => commands::call::run(&args, options),
        Command::Record(options) => commands::record::run(&args, options),
        Command::Replay(options) => commands::replay::run(&args, options),
        Command::New(options) => commands::new::run(options),
        Command::Build(options) => commands::build::run(&args, options),
        Command::Dev(options) => commands::dev::run(&args, options),
        Command::Install(options) => commands::install::install(&args, options),
        Command::Watch(options) => commands::watch::run(&args, options),
        Command::Approve { plugin, digest, dry_run: true, all, .. } => {
            commands::approve::look(&args, plugin, digest.as_deref(), *all)
        }
        Command::Approve { plugin, digest, no_way_back, all, .. } => {
            commands::approve::run(&args, plugin, digest.as_deref(), *no_way_back, *all)
        }
        Command::Rollback { plugin, to, force } => commands::install::rollback(&args, plugin, to.as_deref(), *force),
        Command::Remove { plugin } => commands::install::remove(&args, plugin),
        Command::Versions(options) => commands::install::versions(&args, options),
        Command::Diff { older, newer, all } => commands::install::diff(&args, older, newer, *all),
        Command::Verify => commands::install::verify(&args),
        Command::Sync(options) => commands::sync::run(&args, options),
        Command::Check(options) => commands::check::run(&args, options),
        Command::Doctor(options) => commands::doctor::run(&args, options),
        Command::Demo(options) => commands::demo::run(options),
        Command::Simulate(options) => commands::simulate::run(options),
        Command::Audit { command } => commands::audit::run(&args, command),
        Command::Connect(options) => commands::connect::run(&args, options),
        Command::Connections(options) => commands::connections::run(&args, options),
        Command::Init(options) => commands::init::run(options),
        Command::Serve(options) => commands::serve::run(&args, options),
        Command::Mcp(options) => commands::mcp::run(&args, options),
        Command::Vault { command } => commands::vault::run(&args, command),
        Command::Tokens { command } => commands::tokens::run(&args, command),
        Command::Calls(options) => commands::calls::run(&args, options),
        Command::Approvals(options) => commands::approvals::run(&args, options),
        Command::Compile => {
            args.config.iter().for_each(|file| wharf::configuration::call_it(file.display().to_string()));
            Ok(wharf::serve_compiler())
        }
        Command::Completions { shell } => commands::completions::run(*shell),
    };
    result.unwrap_or_else(|error| exit::report(&error, args.command.wants_json()))
}
