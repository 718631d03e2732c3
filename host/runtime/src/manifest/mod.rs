//! What a plugin says of itself, in the host's own types.
//!
//! The JSON of a [`Manifest`] is what `wharf describe --json` prints and what is stored beside a compiled component.

use indexmap::IndexMap;
use serde::{Deserialize, Serialize};
use serde_json::Value;
use wharf_answer::pages::Pages;
use wharf_answer::rules::Rule;
use wharf_egress::Json;
use wharf_egress::declaration::{Credential, Effect, Request, Scheme};

mod answers;
mod capabilities;
mod definitions;
pub mod document;
mod lint;
mod rate;

pub use capabilities::{Capabilities, Capability, CapabilityDiff, Kind};
pub(crate) use definitions::add_definitions;
pub use lint::check;
pub(crate) use lint::prepare;
pub use rate::Rate;
pub use wharf_answer::pages::{MAX_ITEMS, NEXT_PAGE};

/// All that the host, the operator and the callers know of a plugin. The contract's `manifest` interface tells of each
/// field.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
pub struct Manifest {
    /// What does not belong to one operation.
    #[serde(flatten)]
    pub about: About,
    /// JSON Schemas to which those of all operations may refer, as `#/$defs/NAME`.
    #[serde(rename = "$defs", default, skip_serializing_if = "IndexMap::is_empty")]
    pub definitions: IndexMap<String, Value>,
    /// In the plugin's order.
    pub operations: Vec<Operation>,
}

/// A manifest without its operations.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "kebab-case")]
pub struct About {
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
    /// Further servers of the provider, each of which has a base URL of its own.
    #[serde(default, skip_serializing_if = "Vec::is_empty")]
    pub servers: Vec<Server>,
    /// What a connection consists of, besides the base URL.
    pub fields: Vec<ConnectionField>,
    /// What the host obtains itself and renews.
    #[serde(default, skip_serializing_if = "Vec::is_empty")]
    pub credentials: Vec<Credential>,
    /// The operation that shows whether a connection works, and whose it is.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub test: Option<ConnectionTest>,
    /// How many requests the provider takes from one account.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub rate: Option<Rate>,
    /// The ways in which the host adds credentials.
    pub schemes: Vec<Scheme>,
    /// What is made of the answers of operations that have no rules of their own.
    #[serde(default, skip_serializing_if = "Vec::is_empty")]
    pub answer: Vec<Rule>,
    /// Rules that others use by name.
    #[serde(default, skip_serializing_if = "IndexMap::is_empty")]
    pub answers: IndexMap<String, Vec<Rule>>,
}

impl About {
    /// The rule for the base URL of a server: of the main one where there is no name.
    pub fn server(&self, name: Option<&str>) -> Option<&BaseUrl> {
        match name {
            None => Some(&self.base_url),
            Some(name) => self.servers.iter().find(|server| server.name == name).map(|server| &server.rule),
        }
    }
}

/// How a connection is tested.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "kebab-case")]
pub struct ConnectionTest {
    /// Name of an operation that only reads and needs no input.
    pub operation: String,
    /// JSON Pointers to what of its output says whose connection it is: the first one that is there.
    #[serde(default, skip_serializing_if = "Vec::is_empty")]
    pub identity: Vec<String>,
}

/// A further server of a provider.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
pub struct Server {
    /// Snake case.
    pub name: String,
    /// How its address is found.
    #[serde(flatten)]
    pub rule: BaseUrl,
}

/// The rule for the base URL of a server.
#[derive(Clone, Debug, Default, PartialEq, Eq, Serialize, Deserialize)]
pub struct BaseUrl {
    /// What to enter.
    pub summary: String,
    /// A suggestion.
    pub default: Option<String>,
    /// What the path of every base URL ends in.
    pub suffix: Option<String>,
    /// The variable that supplies it where no configuration does.
    pub environment: Option<String>,
    /// What Wharf shows to this server to say who it is.
    #[serde(default, rename = "client-certificate", skip_serializing_if = "Option::is_none")]
    pub client_certificate: Option<ClientCertificate>,
}

/// The certificate of a client for TLS: fields of the connection, both secret and in PEM form.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
pub struct ClientCertificate {
    /// The field with the certificate, and those of authorities between it and one that the server knows.
    pub certificate: String,
    /// The field with its private key.
    pub key: String,
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
    /// What its value can be; anything where this is empty. Never for a secret.
    #[serde(default, skip_serializing_if = "Vec::is_empty")]
    pub choices: Vec<String>,
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
    /// JSON Schema 2020-12 of the output, for callers that have types. No answer is held against it: providers differ from what
    /// is written of them, and a request that went well is none that failed.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub output_schema: Option<Value>,
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
    /// What the host makes of the answer; none where a function of the plugin runs.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub data: Option<Data>,
}

/// An operation of which nothing runs: the host sends its request, and reads the answer.
#[derive(Clone, Debug, Default, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "kebab-case")]
pub struct Data {
    /// What is made of the answer; where there is nothing, the rules of the manifest hold.
    #[serde(default, skip_serializing_if = "Vec::is_empty")]
    pub answer: Vec<Rule>,
    /// How pages are followed, where the answer is a list.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub pages: Option<Pages>,
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

impl Operation {
    /// An output of this operation as it may be logged and recorded: sensitive members are masked.
    pub fn masked(&self, output: &Json) -> Json {
        output.replaced(&self.sensitive_outputs, |_| Json::from(Value::from(wharf_egress::MASK)))
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

#[cfg(test)]
mod tests {
    use serde_json::json;

    use super::*;

    #[test]
    fn sensitive_members_are_masked_also_in_lists() {
        let operation: Operation = serde_json::from_value(json!({
            "name": "a.b", "title": "", "summary": "", "input-schema": {}, "effect": "read", "idempotent": true,
            "unverified": null, "attachments": [], "output-attachments": [], "sensitive-inputs": [], "requests": [],
            "sensitive-outputs": ["/url", "/list/*/token", "/list/1/id", "/not/there"],
        }))
        .unwrap();
        let output = json!({"url": "u", "list": [{"token": "t", "id": 1}, {"token": null, "id": 2}, 3]});
        let expected = json!({"url": "•••", "list": [{"token": "•••", "id": 1}, {"token": "•••", "id": "•••"}, 3]});
        assert_eq!(operation.masked(&Json::from(output)), Json::from(expected));
    }
}
