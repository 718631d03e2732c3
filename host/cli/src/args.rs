//! The command line, as data.

use std::path::PathBuf;
use std::time::Duration;

use clap::{Parser, Subcommand, ValueHint};
use clap_complete::Shell;

use crate::exit;

mod approvals;
mod author;
mod connect;
mod server;

pub(crate) use approvals::{Approvals, ListApprovals, OfApprovals};
pub(crate) use author::{Build, Dev, Language, New};
pub(crate) use connect::{Connect, Connections, ListConnections, OfConnections, One, Refresh};
pub(crate) use server::{Calls, CreateToken, Init, ListCalls, Mcp, OfCalls, Serve, Tokens};

/// Runs other people's integrations in a sandbox, without giving them the keys.
#[derive(Debug, Parser)]
#[command(name = "wharf", bin_name = "wharf", version, after_help = exit::HELP, arg_required_else_help = true)]
pub(crate) struct Args {
    /// Configuration file [default: ./wharf.toml, then wharf/wharf.toml in the user's configuration folder]
    #[arg(long, global = true, value_name = "FILE", value_hint = ValueHint::FilePath)]
    pub(crate) config: Option<PathBuf>,

    /// Also print what plugins log for information, and every request
    #[arg(long, short, global = true)]
    pub(crate) verbose: bool,

    #[command(subcommand)]
    pub(crate) command: Command,
}

#[derive(Debug, Subcommand)]
pub(crate) enum Command {
    /// List the plugins that are loaded
    Plugins(Plugins),
    /// Show a plugin's operations, inputs, declared requests and credentials
    Describe(Describe),
    /// Run an operation
    Call(Call),
    /// Run an operation, and keep the call with the provider's answers in a cassette
    Record(Record),
    /// Run the calls of cassettes again without the network, and tell what is not as it was recorded
    Replay(Replay),
    /// Write the folder of a new plugin, which builds and passes its self-test at once
    New(New),
    /// Make the component of a plugin that is a document: plugin.yaml
    Build(Build),
    /// Build the plugin of a folder after each change, replay its calls and install it, and show its calls, until stopped
    Dev(Dev),
    /// Keep a plugin beside the configuration; what it asks for waits for your approval
    Install(Install),
    /// Install each component of a folder as soon as it is built, until stopped; for development
    Watch(Watch),
    /// Let the release that waits answer calls
    Approve {
        /// Name of a plugin
        plugin: String,
        /// Only if it is the release with this SHA-256
        #[arg(long, value_name = "sha256:…")]
        digest: Option<String>,
        /// Show what it asks for, and approve nothing
        #[arg(long, conflicts_with = "no_way_back")]
        dry_run: bool,
        /// Show every line of what it may do
        #[arg(long)]
        all: bool,
        /// For a fix that must stay, also where it is live already: nothing goes back behind it until a later release is live
        #[arg(long)]
        no_way_back: bool,
    },
    /// Let an earlier release answer calls again
    Rollback {
        /// Name of a plugin
        plugin: String,
        /// The version, or of several with one version the digest (sha256:…), as much of it as `wharf versions` shows
        /// [default: the one that was live before]
        #[arg(long, value_name = "VERSION")]
        to: Option<String>,
        /// Also behind a release that was approved with no way back
        #[arg(long, requires = "to")]
        force: bool,
    },
    /// Forget a plugin that was installed
    Remove {
        /// Name of a plugin
        plugin: String,
    },
    /// List what is installed
    Versions(Versions),
    /// Show what one plugin may do and another may not
    Diff {
        /// Name of a plugin, or a component file
        older: String,
        /// Name of a plugin, or a component file
        newer: String,
        /// A line for each thing, where several operations have the same
        #[arg(long)]
        all: bool,
    },
    /// Check that what is installed is what the lock file says
    Verify,
    /// Put components that the lock file names, and the store lacks, back into it
    Sync(Sync),
    /// Run the headline operation of five providers against simulated servers, and a hostile plugin
    Demo(Demo),
    /// Keep the simulated providers up until stopped
    Simulate(Simulate),
    /// Look at the folder of a plugin, or at the configuration: plugins, secrets, grants, whether each server can be reached
    Check(Check),
    /// Look at the machine, the store, the server and each connection: what keeps them from working, and what to do
    Doctor(Doctor),
    /// Look at the audit: what was sent, and what was refused
    Audit {
        #[command(subcommand)]
        command: Audit,
    },
    /// Make a connection, or make it anew: a person agrees in a browser or on another device, or fields are asked for
    Connect(Connect),
    /// Look after connections: those that were made, and those of the configuration
    Connections(Connections),
    /// Write a configuration to begin with, each key with what it is for
    Init(Init),
    /// Serve the HTTP API, until stopped
    Serve(Serve),
    /// Serve one agent by the Model Context Protocol on standard input and output, as its client starts it
    Mcp(Mcp),
    /// Look after the vault, in which connections that are made at run time are kept
    Vault {
        #[command(subcommand)]
        command: Vault,
    },
    /// Look after the tokens of `wharf serve`: who may do what over HTTP
    Tokens {
        #[command(subcommand)]
        command: Tokens,
    },
    /// Look at the calls of `wharf serve`: who asked for what, and what became of it
    Calls(Calls),
    /// Look at what waits for a person: calls to confirm or reject, and requests for access
    Approvals(Approvals),
    /// Compile a component for another process of Wharf
    #[command(hide = true)]
    Compile,
    /// Print a completion script for a shell
    Completions {
        /// The shell
        shell: Shell,
    },
}

impl Command {
    /// Whether a program reads what is printed.
    pub(crate) fn wants_json(&self) -> bool {
        match self {
            Self::Plugins(options) => options.json,
            Self::Describe(options) => options.json,
            Self::Call(options) => options.target.json,
            Self::Record(options) => options.target.json,
            Self::Demo(options) => options.json,
            Self::Simulate(options) => options.json,
            Self::Versions(options) => options.json,
            Self::Check(options) => options.json,
            Self::Doctor(options) => options.json,
            Self::New(options) => options.json,
            Self::Build(options) => options.json,
            Self::Dev(_)
            | Self::Install(_)
            | Self::Sync(_)
            | Self::Watch(_)
            | Self::Approve { .. }
            | Self::Rollback { .. }
            | Self::Remove { .. }
            | Self::Diff { .. }
            | Self::Replay(_)
            | Self::Verify
            | Self::Init(_)
            | Self::Mcp(_)
            | Self::Compile => false,
            Self::Audit { command: Audit::Show(options) } => options.json,
            Self::Connect(options) => options.json,
            Self::Connections(options) => options.wants_json(),
            Self::Serve(options) => options.json,
            Self::Tokens { command } => command.wants_json(),
            Self::Calls(options) => options.wants_json(),
            Self::Approvals(options) => options.wants_json(),
            Self::Vault { command: Vault::Status { json } } => *json,
            Self::Vault { .. } => false,
            Self::Audit { command: Audit::Verify { .. } } | Self::Completions { .. } => false,
        }
    }
}

#[derive(Debug, clap::Args)]
pub(crate) struct Plugins {
    /// Print JSON
    #[arg(long)]
    pub(crate) json: bool,
}

#[derive(Debug, clap::Args)]
pub(crate) struct Check {
    /// Folders of plugins, or connections [default: the plugin of this folder, and all connections of its configuration]
    #[arg(value_name = "DIR|NAME")]
    pub(crate) connections: Vec<String>,
    /// Look at nothing beyond this machine
    #[arg(long)]
    pub(crate) offline: bool,
    /// Print JSON
    #[arg(long)]
    pub(crate) json: bool,
}

#[derive(Debug, clap::Args)]
pub(crate) struct Doctor {
    /// Send nothing: servers of connections are not tried
    #[arg(long)]
    pub(crate) offline: bool,
    /// Print JSON
    #[arg(long)]
    pub(crate) json: bool,
}

#[derive(Debug, clap::Args)]
pub(crate) struct Describe {
    /// Name of a plugin, or a component file
    pub(crate) plugin: String,
    /// Name of an operation, such as users.list, or of a resource, such as users
    pub(crate) name: Option<String>,
    /// Only operations with this word in their name, title or summary; given several times, with all of them
    #[arg(long, value_name = "WORD")]
    pub(crate) find: Vec<String>,
    /// Print the manifest as JSON
    #[arg(long)]
    pub(crate) json: bool,
}

#[derive(Debug, clap::Args)]
pub(crate) struct Call {
    #[command(flatten)]
    pub(crate) target: Target,
    /// How many times at most to try again where the provider is unavailable or limits the rate, if the operation is
    /// idempotent [default: `retries` of the configuration]
    #[arg(long, value_name = "N", value_parser = clap::value_parser!(u32).range(0..=i64::from(wharf::MOST_RETRIES)))]
    pub(crate) retries: Option<u32>,
    /// Turn a failed item into {"error": {…}} and go on; with the pages of a list that came before one failed, it is
    /// {"error": {…}, "output": …}, and the call ends with the code of the failure
    #[arg(long)]
    pub(crate) continue_on_fail: bool,
    /// Print the request that would be sent, secrets masked, and send nothing
    #[arg(long)]
    pub(crate) dry_run: bool,
}

#[derive(Debug, clap::Args)]
pub(crate) struct Record {
    /// The cassette, which is made where there is none
    #[arg(long, value_name = "FILE", value_hint = ValueHint::FilePath)]
    pub(crate) to: PathBuf,
    #[command(flatten)]
    pub(crate) target: Target,
}

#[derive(Debug, clap::Args)]
pub(crate) struct Replay {
    /// Name of a plugin, or a component file
    pub(crate) plugin: String,
    /// Cassettes, from `wharf record`
    #[arg(required = true, value_name = "CASSETTE", value_hint = ValueHint::FilePath)]
    pub(crate) cassettes: Vec<PathBuf>,
}

/// What is called, with what.
#[derive(Clone, Debug, clap::Args)]
pub(crate) struct Target {
    /// Name of a plugin, or a component file
    pub(crate) plugin: String,
    /// Name of an operation
    pub(crate) operation: String,
    /// Inputs by name; `wharf describe PLUGIN OPERATION` lists them. A text stays as it is written; name:=JSON is JSON, such
    /// as tags:='["a"]'
    #[arg(value_name = "name=value")]
    pub(crate) values: Vec<String>,
    /// Connection, where the plugin has several
    #[arg(long, value_name = "NAME")]
    pub(crate) connection: Option<String>,
    /// Input as a JSON object, or an array of them: one call for each
    #[arg(long, value_name = "JSON|@FILE|-")]
    pub(crate) input: Option<String>,
    /// A file for one of the operation's attachments; its media type is that of its name, unless it is said
    #[arg(long, value_name = "name=@FILE[;type=MEDIA/TYPE]")]
    pub(crate) attach: Vec<String>,
    /// Folder for the files of the output
    #[arg(long, value_name = "DIR", value_hint = ValueHint::DirPath)]
    pub(crate) save: Option<PathBuf>,
    /// How long a call may take, such as 30s or 2m
    #[arg(long, value_name = "TIME", value_parser = humantime::parse_duration)]
    pub(crate) timeout: Option<Duration>,
    /// Print failures and dry runs as JSON on standard output: {"error": {…}}, and for an array that began as its last element
    #[arg(long)]
    pub(crate) json: bool,
}

#[derive(Debug, clap::Args)]
pub(crate) struct Install {
    /// A component file, a folder of them, or a URL
    #[arg(value_name = "FILE|FOLDER|URL", value_hint = ValueHint::AnyPath)]
    pub(crate) from: PathBuf,
    /// The SHA-256 that the file must have
    #[arg(long, value_name = "sha256:…")]
    pub(crate) digest: Option<String>,
    /// Also where its version is not higher than the live one
    #[arg(long)]
    pub(crate) force: bool,
    /// Show every line of what it asks for
    #[arg(long)]
    pub(crate) all: bool,
    /// Only if the calls of this cassette are as they were recorded; one that stands beside NAME.wasm as NAME.cassette.json
    /// is used by itself
    #[arg(long, value_name = "CASSETTE", value_hint = ValueHint::FilePath)]
    pub(crate) self_test: Vec<PathBuf>,
}

#[derive(Debug, clap::Args)]
pub(crate) struct Sync {
    /// Component files or folders of them, in which what is missing is looked for before where it was installed from
    #[arg(value_name = "FILE|FOLDER", value_hint = ValueHint::AnyPath)]
    pub(crate) from: Vec<PathBuf>,
}

#[derive(Debug, clap::Args)]
pub(crate) struct Watch {
    /// A folder, in which a build leaves its .wasm files
    #[arg(value_hint = ValueHint::DirPath)]
    pub(crate) folder: PathBuf,
    /// Also where a version is lower than the live one
    #[arg(long)]
    pub(crate) force: bool,
}

#[derive(Debug, clap::Args)]
pub(crate) struct Versions {
    /// Name of a plugin
    pub(crate) plugin: Option<String>,
    /// Print JSON
    #[arg(long)]
    pub(crate) json: bool,
}

#[derive(Debug, clap::Args)]
pub(crate) struct Demo {
    /// Print JSON
    #[arg(long)]
    pub(crate) json: bool,
}

#[derive(Debug, clap::Args)]
pub(crate) struct Simulate {
    /// Write a configuration with a connection to each simulated provider
    #[arg(long, value_name = "FILE", value_hint = ValueHint::FilePath)]
    pub(crate) config_out: Option<PathBuf>,
    /// Print the addresses as JSON
    #[arg(long)]
    pub(crate) json: bool,
}

#[derive(Debug, Subcommand)]
pub(crate) enum Audit {
    /// Print the records
    Show(ShowAudit),
    /// Find records that were edited or cut out
    Verify {
        /// Files, the oldest first [default: the audit of the configuration]
        #[arg(value_hint = ValueHint::FilePath)]
        files: Vec<PathBuf>,
    },
}

#[derive(Debug, clap::Args)]
pub(crate) struct ShowAudit {
    /// Only the records of a call; its id is told by `wharf call --verbose` and by errors in JSON
    #[arg(long, value_name = "ID")]
    pub(crate) call: Option<String>,
    /// Print JSON
    #[arg(long)]
    pub(crate) json: bool,
    /// Files, the oldest first [default: the audit of the configuration]
    #[arg(value_hint = ValueHint::FilePath)]
    pub(crate) files: Vec<PathBuf>,
}

#[derive(Debug, Subcommand)]
pub(crate) enum Vault {
    /// Show what is in it, and read every entry
    Status {
        /// Print JSON
        #[arg(long)]
        json: bool,
    },
    /// Give every entry a new inner key, while others read and write
    Rotate {
        /// Exchange the outer key instead, which opens the vault: for a new one in the same file, or with --to
        #[arg(long)]
        outer: bool,
        /// Where the new outer key is, as in the configuration: '{ env = "NAME" }', '{ file = "path" }' or
        /// '{ command = ["program"] }'
        #[arg(long, requires = "outer", value_name = "PLACE")]
        to: Option<String>,
    },
    /// Make damaged lists of versions anew, where there is no backup
    Mend,
    /// Write a backup, while others read and write; the key is not in it
    Backup {
        /// A new file
        #[arg(value_hint = ValueHint::FilePath)]
        file: PathBuf,
    },
    /// Put a backup in the place of the vault, which is kept beside it
    Restore {
        /// The backup
        #[arg(value_hint = ValueHint::FilePath)]
        file: PathBuf,
    },
}
