//! The arguments of the commands for what a server keeps.

use std::net::SocketAddr;
use std::path::PathBuf;
use std::time::Duration;

use clap::{Subcommand, ValueHint};
use wharf::config::PluginOperations;
use wharf::declaration::Effect;
use wharf_server::{CallState, Names, Policy, Role};

#[derive(Debug, Subcommand)]
pub(crate) enum Tokens {
    /// Make a token, and print it: it is shown once, and kept nowhere
    Create(Box<CreateToken>),
    /// List the tokens that were made, and what they are for; none of them is shown
    List {
        /// Print JSON
        #[arg(long)]
        json: bool,
    },
    /// Take a token away; a server that runs refuses it from then on
    Remove {
        /// Name of the token
        name: String,
    },
}

impl Tokens {
    pub(crate) fn wants_json(&self) -> bool {
        match self {
            Self::Create(options) => options.json,
            Self::List { json } => *json,
            Self::Remove { .. } => false,
        }
    }
}

#[derive(Debug, clap::Args)]
pub(crate) struct CreateToken {
    /// A name for it, by which the history and the audit tell who asked
    pub(crate) name: String,
    /// What it is for: call runs operations, manage makes and revokes connections, read looks at calls, connections and audit, approve
    /// confirms calls that others make; may be given several times
    #[arg(long = "role", required = true, value_name = "approve|call|manage|read", value_parser = role)]
    pub(crate) roles: Vec<Role>,
    /// The tenant whose connections, state and history it sees [default: the one without a name, whose connections are those of
    /// the configuration and of this command line]
    #[arg(long, value_name = "TENANT")]
    pub(crate) tenant: Option<String>,
    #[command(flatten)]
    pub(crate) narrowed: Narrowed,
    /// How long it is valid, such as 30d [default: until it is removed]
    #[arg(long, value_name = "TIME", value_parser = humantime::parse_duration)]
    pub(crate) expires: Option<Duration>,
    /// Print JSON
    #[arg(long)]
    pub(crate) json: bool,
}

/// With what somebody may do what they may.
#[derive(Debug, clap::Args)]
pub(crate) struct Narrowed {
    /// Only these plugins: a name, or the beginning of names with * behind it; may be given several times, as the next three
    #[arg(long = "plugin", value_name = "NAME", value_parser = names)]
    pub(crate) plugins: Option<Vec<Names>>,
    /// Only these connections
    #[arg(long = "connection", value_name = "NAME", value_parser = names)]
    pub(crate) connections: Option<Vec<Names>>,
    /// Only these operations, such as users.*
    #[arg(long = "operation", value_name = "NAME", value_parser = names)]
    pub(crate) operations: Option<Vec<Names>>,
    /// Only operations that do this to the provider's data
    #[arg(long = "effect", value_name = "read|write|delete", value_parser = effect)]
    pub(crate) effects: Option<Vec<Effect>>,
    /// Its calls with this effect need a person, whatever holds for others; may be given several times, as the next one
    #[arg(long = "approve-effect", value_name = "read|write|delete", value_parser = effect)]
    pub(crate) approve_effects: Vec<Effect>,
    /// Its calls of these operations need a person, such as appwrite/users.delete*
    #[arg(long = "approve-operation", value_name = "PLUGIN/NAME")]
    pub(crate) approve_operations: Vec<PluginOperations>,
}

impl Narrowed {
    pub(crate) fn policy(&self) -> Policy {
        Policy {
            plugins: self.plugins.clone(),
            connections: self.connections.clone(),
            operations: self.operations.clone(),
            effects: self.effects.as_ref().map(|effects| effects.iter().copied().collect()),
            approve_effects: self.approve_effects.iter().copied().collect(),
            approve_operations: self.approve_operations.clone(),
        }
    }
}

#[derive(Debug, clap::Args)]
#[command(args_conflicts_with_subcommands = true)]
pub(crate) struct Calls {
    #[command(subcommand)]
    pub(crate) command: Option<OfCalls>,
    #[command(flatten)]
    pub(crate) list: ListCalls,
}

impl Calls {
    pub(crate) fn wants_json(&self) -> bool {
        match &self.command {
            None => self.list.json,
            Some(OfCalls::Show { json, .. }) => *json,
        }
    }
}

#[derive(Debug, Subcommand)]
pub(crate) enum OfCalls {
    /// Show all that is known of one, with its requests; its input and output where they are kept
    Show {
        /// Its id
        id: String,
        /// Print JSON
        #[arg(long)]
        json: bool,
    },
}

#[derive(Debug, clap::Args)]
pub(crate) struct ListCalls {
    /// Only calls of a tenant; '' is the one without a name
    #[arg(long, value_name = "TENANT")]
    pub(crate) tenant: Option<String>,
    /// Only calls of a plugin
    #[arg(long, value_name = "NAME")]
    pub(crate) plugin: Option<String>,
    /// Only calls of an operation
    #[arg(long, value_name = "NAME")]
    pub(crate) operation: Option<String>,
    /// Only calls with a connection, by the name that it has for its tenant
    #[arg(long, value_name = "NAME")]
    pub(crate) connection: Option<String>,
    /// Only calls of a token, or of a user of an issuer
    #[arg(long, value_name = "NAME")]
    pub(crate) principal: Option<String>,
    /// Only calls that stand so: waiting for a person, accepted, running, succeeded, failed, or unknown where the server ended before they did
    #[arg(long, value_name = "STATE", value_parser = state)]
    pub(crate) state: Option<CallState>,
    /// Only calls that are not older, such as 1h
    #[arg(long, value_name = "TIME", value_parser = humantime::parse_duration)]
    pub(crate) since: Option<Duration>,
    /// How many at most, the newest first
    #[arg(long, value_name = "N", default_value_t = 50)]
    pub(crate) limit: usize,
    /// Print JSON
    #[arg(long)]
    pub(crate) json: bool,
}

fn names(text: &str) -> Result<Names, String> {
    Names::try_from(text.to_owned())
}

fn role(text: &str) -> Result<Role, String> {
    Role::of(text).ok_or_else(|| format!("it is one of {}", Role::ALL.map(Role::as_str).join(", ")))
}

fn effect(text: &str) -> Result<Effect, String> {
    let all = [Effect::Read, Effect::Write, Effect::Delete];
    let known = || all.map(Effect::as_str).join(", ");
    all.into_iter().find(|effect| effect.as_str() == text).ok_or_else(|| format!("it is one of {}", known()))
}

fn state(text: &str) -> Result<CallState, String> {
    CallState::of(text).ok_or_else(|| format!("it is one of {}", CallState::ALL.map(CallState::as_str).join(", ")))
}

#[derive(Debug, clap::Args)]
pub(crate) struct Serve {
    /// Where to listen [default: `listen` of the server in the configuration, else 127.0.0.1:8080]
    #[arg(long, value_name = "ADDRESS:PORT")]
    pub(crate) listen: Option<SocketAddr>,
    /// Serve simulated providers with a token of their own, print three commands to paste, and leave nothing behind
    #[arg(long)]
    pub(crate) demo: bool,
    /// Print where it listens as a line of JSON
    #[arg(long)]
    pub(crate) json: bool,
}

#[derive(Debug, clap::Args)]
#[command(after_help = MCP)]
pub(crate) struct Mcp {
    /// Be the owner of this token, with its tenant and what it may; without it, whoever starts this may run every operation and
    /// make connections, as with this command line
    #[arg(long = "as", value_name = "TOKEN NAME", conflicts_with_all = ["plugins", "connections", "operations", "effects"])]
    pub(crate) of_token: Option<String>,
    #[command(flatten)]
    pub(crate) narrowed: Narrowed,
}

const MCP: &str = "\
A client starts it, and ends it by closing its standard input. In the client's configuration:

  {\"mcpServers\": {\"wharf\": {\"command\": \"wharf\", \"args\": [\"mcp\", \"--config\", \"/path/to/wharf.toml\"]}}}

Any number of them run beside each other and beside `wharf serve`. What is told to people goes to standard error.";

#[derive(Debug, clap::Args)]
pub(crate) struct Init {
    /// The configuration to write
    #[arg(value_name = "FILE", default_value = "wharf.toml", value_hint = ValueHint::FilePath)]
    pub(crate) file: PathBuf,
}
