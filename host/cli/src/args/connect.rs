//! The arguments of the commands for connections that are made at run time.

use std::net::SocketAddr;
use std::time::Duration;

use clap::Subcommand;
use wharf::declaration::GrantType;

#[derive(Debug, clap::Args)]
pub(crate) struct Connect {
    /// Name of a plugin, or a component file
    pub(crate) plugin: String,
    /// Name of the connection; one that is there already is connected anew
    #[arg(long, value_name = "NAME", default_value = "main")]
    pub(crate) name: String,
    /// A connection of the configuration, whose servers, fields and grants hold where no others are given, such as a client's
    /// id and secret for many users [default: the plugin's only one]
    #[arg(long, value_name = "CONFIGURED")]
    pub(crate) from: Option<String>,
    /// Where the provider is, or a further server of it
    #[arg(long = "server", value_name = "[NAME=]URL")]
    pub(crate) servers: Vec<String>,
    /// A field. NAME=@FILE is read from a file; NAME alone from the field's environment variable, from the terminal without
    /// echo, or from a line of standard input
    #[arg(long = "field", value_name = "NAME[=VALUE|=@FILE]")]
    pub(crate) fields: Vec<String>,
    /// Scopes in place of those of the manifest, with commas or spaces between them
    #[arg(long, value_name = "a,b")]
    pub(crate) scopes: Option<String>,
    /// Which of the manifest's credentials, where it has several
    #[arg(long, value_name = "NAME")]
    pub(crate) credential: Option<String>,
    /// How it is obtained, where there are several ways: authorization-code, device-code, client-credentials or jwt-bearer
    /// [default: the first one of the manifest]
    #[arg(long, value_name = "GRANT", value_parser = grant, conflicts_with = "device")]
    pub(crate) grant: Option<GrantType>,
    /// Agree on another device: the same as --grant device-code
    #[arg(long)]
    pub(crate) device: bool,
    /// Print the address and open no browser; at a terminal, the address at which a browser elsewhere ended can be pasted
    #[arg(long)]
    pub(crate) no_browser: bool,
    /// Where the browser comes back to, as the provider knows it; a proxy there has to pass it on, and /start/, to --listen
    /// [default: /callback at the address of --listen]
    #[arg(long, value_name = "URL")]
    pub(crate) redirect: Option<String>,
    /// Where to wait for the browser [default: 127.0.0.1, at a free port]
    #[arg(long, value_name = "ADDRESS:PORT")]
    pub(crate) listen: Option<SocketAddr>,
    /// Also send requests with the credentials to servers that the provider tells of
    #[arg(long)]
    pub(crate) accept_server: bool,
    /// Print JSON, and ask nothing
    #[arg(long)]
    pub(crate) json: bool,
}

/// As it stands in a manifest.
fn grant(text: &str) -> Result<GrantType, String> {
    use GrantType::{AuthorizationCode, ClientCredentials, DeviceCode, JwtBearer};
    let all = [AuthorizationCode, DeviceCode, ClientCredentials, JwtBearer];
    let known = || all.map(GrantType::as_str).join(", ");
    all.into_iter().find(|grant| grant.as_str() == text).ok_or_else(|| format!("it is one of {}", known()))
}

#[derive(Debug, clap::Args)]
#[command(args_conflicts_with_subcommands = true)]
pub(crate) struct Connections {
    #[command(subcommand)]
    pub(crate) command: Option<OfConnections>,
    #[command(flatten)]
    pub(crate) list: ListConnections,
}

#[derive(Debug, clap::Args)]
pub(crate) struct ListConnections {
    /// Only those of a plugin
    pub(crate) plugin: Option<String>,
    /// Print JSON
    #[arg(long)]
    pub(crate) json: bool,
}

/// One connection.
#[derive(Debug, clap::Args)]
pub(crate) struct One {
    /// PLUGIN/NAME, or NAME alone where only one plugin has a connection of it
    #[arg(value_name = "PLUGIN/NAME")]
    pub(crate) connection: String,
    /// Print JSON
    #[arg(long)]
    pub(crate) json: bool,
}

#[derive(Debug, Subcommand)]
pub(crate) enum OfConnections {
    /// List those that were made, and those of the configuration
    List(ListConnections),
    /// Show all that is known of one; secrets are never shown
    Show(One),
    /// Run the operation that the manifest names for it, and keep whose connection it is
    Test(One),
    /// Obtain what it lives by anew, also where it is still valid
    Refresh(Refresh),
    /// Give it another name
    Rename {
        /// PLUGIN/NAME, or NAME alone where only one plugin has a connection of it
        #[arg(value_name = "PLUGIN/NAME")]
        connection: String,
        /// The new name, without the plugin
        #[arg(value_name = "NEW")]
        new: String,
    },
    /// Give its tokens back to the provider; it stays, and has to be connected anew
    Revoke {
        /// PLUGIN/NAME, or NAME alone where only one plugin has a connection of it
        #[arg(value_name = "PLUGIN/NAME")]
        connection: String,
    },
    /// Forget it; its tokens stay valid at the provider, unless --revoke gives them back first
    Remove {
        /// PLUGIN/NAME, or NAME alone where only one plugin has a connection of it
        #[arg(value_name = "PLUGIN/NAME")]
        connection: String,
        /// Give its tokens back to the provider first
        #[arg(long)]
        revoke: bool,
    },
    /// Let requests with its credentials go to the servers that the provider told of
    Accept {
        /// PLUGIN/NAME, or NAME alone where only one plugin has a connection of it
        #[arg(value_name = "PLUGIN/NAME")]
        connection: String,
    },
}

#[derive(Debug, clap::Args)]
pub(crate) struct Refresh {
    /// PLUGIN/NAME, or NAME alone where only one plugin has a connection of it
    #[arg(value_name = "PLUGIN/NAME", required_unless_present = "due", conflicts_with = "due")]
    pub(crate) connection: Option<String>,
    /// All that run out soon, or were not renewed for long: for a timer
    #[arg(long)]
    pub(crate) due: bool,
    /// What is long
    #[arg(long, requires = "due", value_name = "TIME", default_value = "1d", value_parser = humantime::parse_duration)]
    pub(crate) unused: Duration,
    /// Print JSON
    #[arg(long)]
    pub(crate) json: bool,
}

impl Connections {
    pub(crate) fn wants_json(&self) -> bool {
        match &self.command {
            None => self.list.json,
            Some(OfConnections::List(list)) => list.json,
            Some(OfConnections::Show(one) | OfConnections::Test(one)) => one.json,
            Some(OfConnections::Refresh(refresh)) => refresh.json,
            Some(_) => false,
        }
    }
}
