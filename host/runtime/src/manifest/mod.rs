//! What a plugin says of itself, in the host's own types.
//!
//! The JSON of a [`Manifest`] is what `wharf describe --json` prints and what is stored beside a compiled component.

use serde::{Deserialize, Serialize};
use serde_json::Value;
use wharf_egress::declaration::{Effect, Request, Scheme};

mod lint;

pub use lint::{Operations, check};

/// All that the host, the operator and the callers know of a plugin. The contract's `manifest` interface tells of each
/// field.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "kebab-case")]
pub struct Manifest {
    /// Kebab case.
    pub name: String,
    /// For people.
    pub title: String,
    /// A semantic version.
    pub version: String,
    /// One line.
    pub summary: String,
    /// How the address of the provider is found.
    pub base_url: BaseUrl,
    /// What a connection consists of, besides the base URL.
    pub fields: Vec<ConnectionField>,
    /// The ways in which the host adds credentials.
    pub schemes: Vec<Scheme>,
    /// In the plugin's order.
    pub operations: Vec<Operation>,
}

/// The rule for a connection's base URL.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
pub struct BaseUrl {
    /// What to enter.
    pub summary: String,
    /// A suggestion.
    pub default: Option<String>,
    /// What the path of every base URL ends in.
    pub suffix: Option<String>,
    /// The variable that supplies it where no configuration does.
    pub environment: Option<String>,
}

/// One thing that an operator enters to make a connection.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
pub struct ConnectionField {
    /// Snake case.
    pub name: String,
    /// For people.
    pub title: String,
    /// One line.
    pub summary: String,
    /// Whether only schemes may use it.
    pub secret: bool,
    /// Whether no connection can be without it.
    pub required: bool,
    /// Never for a secret.
    pub default: Option<String>,
    /// The variable that supplies it where no configuration does.
    pub environment: Option<String>,
}

/// One thing that a caller can ask for.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "kebab-case")]
pub struct Operation {
    /// `<resource>.<action>`
    pub name: String,
    /// For people.
    pub title: String,
    /// One line.
    pub summary: String,
    /// JSON Schema 2020-12 of the input.
    pub input_schema: Value,
    /// What it does to the provider's data.
    pub effect: Effect,
    /// Whether running it twice does no more than running it once.
    pub idempotent: bool,
    /// What is uncertain, where the operation was not seen to work.
    pub unverified: Option<String>,
    /// Files that a caller may attach.
    pub attachments: Vec<AttachmentField>,
    /// Names of the files that the output may carry.
    pub output_attachments: Vec<String>,
    /// Inputs that are masked in logs and records.
    pub sensitive_inputs: Vec<String>,
    /// JSON Pointers to members of the output that are masked in logs and records.
    pub sensitive_outputs: Vec<String>,
    /// Every request that it may make.
    pub requests: Vec<Request>,
}

impl Operation {
    /// The part of the name before the dot.
    pub fn resource(&self) -> &str {
        self.name.split('.').next().unwrap_or_default()
    }

    /// The names of the inputs, in the order of the schema.
    pub fn input_names(&self) -> impl Iterator<Item = &str> {
        self.input_schema
            .get("properties")
            .and_then(Value::as_object)
            .into_iter()
            .flatten()
            .map(|(name, _)| name.as_str())
    }
}

/// A file that a caller may attach.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
pub struct AttachmentField {
    /// Its name.
    pub name: String,
    /// One line.
    pub summary: String,
    /// Whether the operation cannot do without it.
    pub required: bool,
    /// Whether several files may be given.
    pub many: bool,
}
