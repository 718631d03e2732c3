//! Exit codes: one place decides which error becomes which.

use std::io;
use std::process::ExitCode;

use clap::error::ErrorKind;
use serde_json::json;
use wharf::cassette::{CassetteError, ReplayError};
use wharf::config::ConfigError;
use wharf::download::DownloadError;
use wharf::failure::{CallError, Kind, Refusal};
use wharf::watch::WatchError;
use wharf::{LoadError, StoreError};
use wharf_author::import::ImportError;
use wharf_author::import::folder::FolderError;
use wharf_author::scaffold::ScaffoldError;
use wharf_server::ServeError;

use crate::print;

/// Told by `wharf --help`.
pub(crate) const HELP: &str = "\
Exit codes:
  0  success
  1  anything else, such as a fault of the host or a file that could not be kept
  2  usage, configuration or input that is wrong
  3  denied by the host
  4  a failure told by the provider
  5  a limit was reached: deadline, memory, size
  6  a fault of the plugin: a trap, a broken contract, a file that is no plugin";

/// Wrong usage that only the command itself can see.
#[derive(Debug, thiserror::Error)]
#[error("{0}")]
pub(crate) struct Usage(pub(crate) String);

/// What a person wrote is no plugin: all that is wrong with it, each with where it stands.
#[derive(Debug, thiserror::Error)]
#[error("{0}")]
pub(crate) struct NoPlugin(pub(crate) String);

/// Prints what the command line was found to be: a wish for help, or wrong.
pub(crate) fn usage(error: &clap::Error) -> ExitCode {
    let code = ExitCode::from(u8::try_from(error.exit_code()).unwrap_or(of_kind(Kind::Input)));
    match error.kind() {
        ErrorKind::DisplayHelp | ErrorKind::DisplayHelpOnMissingArgumentOrSubcommand | ErrorKind::DisplayVersion => {
            print::help(error);
        }
        ErrorKind::InvalidUtf8 => print::error(&not_utf8()),
        // It repeats what was typed, or what a script was given by others.
        _ => {
            let message = error.render().to_string();
            print::error(message.strip_prefix("error: ").unwrap_or(&message));
        }
    }
    code
}

/// Which argument is not UTF-8. Names of files are sent, and inputs are JSON, which is UTF-8.
fn not_utf8() -> String {
    let argument = std::env::args_os().find(|argument| argument.to_str().is_none()).unwrap_or_default();
    format!(
        "the argument {argument:?} is not UTF-8, as inputs and names of attached files have to be; rename the file, or link to it: ln -s OLD NEW"
    )
}

/// Prints an error in one piece, for a program that reads as JSON too, and chooses its exit code.
pub(crate) fn report(error: &anyhow::Error, as_json: bool) -> ExitCode {
    if error.chain().filter_map(|e| e.downcast_ref::<io::Error>()).any(|e| e.kind() == io::ErrorKind::BrokenPipe) {
        // Whoever read the output has read enough.
        return ExitCode::SUCCESS;
    }
    let message = in_words(error);
    print::error(&message);
    let kind = kind(error);
    if as_json {
        let known = error.chain().find_map(|e| e.downcast_ref::<CallError>()).map(CallError::to_json);
        let refused =
            error.chain().find_map(|e| e.downcast_ref::<Refusal>()).cloned().map(|r| CallError::from(r).to_json());
        let json = known.or(refused).unwrap_or_else(|| json!({ "kind": kind, "code": code(kind), "message": message }));
        print::last(&json!({ "error": json }));
    }
    ExitCode::from(of_kind(kind))
}

/// The error with what caused it, each said once: some say in their own words what their cause says.
fn in_words(error: &anyhow::Error) -> String {
    let mut words = String::new();
    for cause in error.chain().map(ToString::to_string) {
        if !words.ends_with(&cause) {
            let between = if words.is_empty() { "" } else { ": " };
            words.push_str(between);
            words.push_str(&cause);
        }
    }
    words
}

pub(crate) fn kind(error: &anyhow::Error) -> Kind {
    for cause in error.chain() {
        if let Some(error) = cause.downcast_ref::<CallError>() {
            return error.kind();
        }
        if cause.is::<Refusal>() || cause.is::<ConfigError>() || cause.is::<Usage>() {
            return Kind::Input;
        }
        if cause.is::<NoPlugin>() || cause.is::<ImportError>() {
            return Kind::Plugin;
        }
        if matches!(
            cause.downcast_ref(),
            Some(ScaffoldError::Name(_) | ScaffoldError::Sdk(_) | ScaffoldError::Taken(_))
        ) {
            return Kind::Input;
        }
        if matches!(cause.downcast_ref(), Some(FolderError::Taken { .. })) {
            return Kind::Input;
        }
        if matches!(cause.downcast_ref(), Some(wharf_server::StoreError::Refused(_))) {
            return Kind::Input;
        }
        if matches!(cause.downcast_ref(), Some(ServeError::NoPrincipals(_) | ServeError::Configuration(_))) {
            return Kind::Input;
        }
        if cause.is::<CassetteError>() || matches!(cause.downcast_ref(), Some(ReplayError::OtherPlugin { .. })) {
            return Kind::Input;
        }
        match cause.downcast_ref() {
            Some(StoreError::Refused(_) | StoreError::Busy(_)) => return Kind::Input,
            Some(StoreError::Load(error)) => return of_load(error),
            _ => {}
        }
        if matches!(cause.downcast_ref(), Some(WatchError::Unwatchable { .. })) {
            return Kind::Input;
        }
        if let Some(error) = cause.downcast_ref::<DownloadError>() {
            return match error {
                DownloadError::Denied { .. } => Kind::Denied,
                DownloadError::TooLarge { .. } | DownloadError::Timeout { .. } => Kind::Limit,
                _ => Kind::Input,
            };
        }
        if let Some(error) = cause.downcast_ref::<LoadError>() {
            return of_load(error);
        }
    }
    Kind::Host
}

fn of_load(error: &LoadError) -> Kind {
    match error {
        LoadError::Unreadable { .. } => Kind::Input,
        LoadError::NoPlugin { .. } => Kind::Plugin,
        LoadError::NoRoom { .. } => Kind::Host,
    }
}

/// The stable name of an error that did not come from a call.
fn code(kind: Kind) -> &'static str {
    match kind {
        Kind::Plugin => "plugin-fault",
        Kind::Host => "host-fault",
        Kind::Input | Kind::Denied | Kind::Provider | Kind::Limit => "usage",
    }
}

/// The exit code of a call that failed.
pub(crate) fn of_kind(kind: Kind) -> u8 {
    match kind {
        Kind::Host => 1,
        Kind::Input => 2,
        Kind::Denied => 3,
        Kind::Provider => 4,
        Kind::Limit => 5,
        Kind::Plugin => 6,
    }
}
