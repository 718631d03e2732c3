//! The arguments of the commands for authors of plugins.

use std::path::PathBuf;

use clap::{ValueEnum, ValueHint};

#[derive(Debug, clap::Args)]
pub(crate) struct Build {
    /// The folder of the plugin, in which plugin.yaml is
    #[arg(value_name = "DIR", default_value = ".", value_hint = ValueHint::DirPath)]
    pub(crate) folder: PathBuf,
    /// Where the component goes [default: NAME.wasm in the folder]
    #[arg(long, value_name = "FILE", value_hint = ValueHint::FilePath)]
    pub(crate) out: Option<PathBuf>,
    /// Print JSON
    #[arg(long)]
    pub(crate) json: bool,
}

#[derive(Debug, clap::Args)]
pub(crate) struct New {
    /// Name of the plugin and of its folder, in kebab case
    pub(crate) name: String,
    /// What it is written in
    #[arg(long, value_enum, default_value_t = Language::Yaml, conflicts_with = "from")]
    pub(crate) lang: Language,
    /// Where a plugin in Rust has its SDK from: the folder `plugins/sdk` of Wharf's repository, or the address of that by Git
    #[arg(long, value_name = "DIR|URL", required_if_eq("lang", "rust"), value_hint = ValueHint::DirPath)]
    pub(crate) sdk: Option<String>,
    /// Make it of the description of an API: OpenAPI 3.0 or 3.1, Swagger 2.0, or a discovery document of Google
    #[arg(long, value_name = "FILE|URL", value_hint = ValueHint::AnyPath)]
    pub(crate) from: Option<String>,
    /// Only operations with this tag, path or id, such as `/users/*`; may be given several times
    #[arg(long, value_name = "PATTERN", requires = "from")]
    pub(crate) include: Vec<String>,
    /// No operations with this tag, path or id; may be given several times
    #[arg(long, value_name = "PATTERN", requires = "from")]
    pub(crate) exclude: Vec<String>,
    /// How requests are authenticated, where the description does not say
    #[arg(long, value_name = "HOW", requires = "from")]
    pub(crate) auth: Option<String>,
    /// Tell what would be made, and write nothing
    #[arg(long, requires = "from")]
    pub(crate) dry_run: bool,
    /// Print JSON
    #[arg(long)]
    pub(crate) json: bool,
}

/// What a plugin is written in.
#[derive(Clone, Copy, Debug, PartialEq, Eq, ValueEnum)]
pub(crate) enum Language {
    /// A document, which needs no compiler
    Yaml,
    /// Rust
    Rust,
}

#[derive(Debug, clap::Args)]
pub(crate) struct Dev {
    /// The folder of the plugin, in which plugin.yaml is
    #[arg(value_name = "DIR", default_value = ".", value_hint = ValueHint::DirPath)]
    pub(crate) folder: PathBuf,
    /// Approve what this command builds, and nothing else: whoever can change the folder decides then what the plugin may do
    #[arg(long)]
    pub(crate) approve: bool,
}
