//! Ways to authenticate a request: what the host writes, and where.

use serde::{Deserialize, Serialize};

use super::{RequestPart, Sign};

/// How the list of a scheme names the server that every connection has. No further one has this name.
pub const MAIN_SERVER: &str = "main";

/// A way to authenticate a request: what the host adds to it, and where.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
pub struct Scheme {
    /// Kebab case, unique in the manifest.
    pub name: String,
    /// One line.
    pub summary: String,
    /// Intermediate values, in order. Each may use those before it.
    pub values: Vec<NamedTemplate>,
    /// Where the credentials go.
    pub placements: Vec<Placement>,
    /// The servers that they are for, [`MAIN_SERVER`] among them or not; that one alone where the list is empty.
    #[serde(default, skip_serializing_if = "Vec::is_empty")]
    pub servers: Vec<String>,
    /// A signature beside what is placed. It is made last, of all that is sent.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub sign: Option<Sign>,
}

impl Scheme {
    /// Whether something of it is made of the request as it is sent.
    pub(crate) fn is_of_request(&self) -> bool {
        self.sign.is_some() || self.parts().any(|part| matches!(part, Part::Request(_)))
    }

    /// All parts of its templates.
    pub(crate) fn parts(&self) -> impl Iterator<Item = &Part> {
        let values = self.values.iter().map(|value| &value.template);
        let placed = self.placements.iter().map(|placement| &placement.template);
        values.chain(placed).flat_map(|template| &template.parts)
    }

    /// Whether its credentials are for a server, by the name of a further one.
    pub fn is_for(&self, server: Option<&str>) -> bool {
        match server {
            None if self.servers.is_empty() => true,
            server => self.servers.iter().any(|name| name == server.unwrap_or(MAIN_SERVER)),
        }
    }
}

/// An intermediate value of a scheme.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
pub struct NamedTemplate {
    /// Kebab case, unique in the scheme.
    pub name: String,
    /// How it is made.
    pub template: Template,
}

/// Where the host writes a credential.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
pub struct Placement {
    /// The part of the request.
    pub location: Location,
    /// The name of the header, query parameter, body field or variable of the path.
    pub name: String,
    /// How it is made.
    pub template: Template,
    /// Where the operator chooses: it is left out of connections that say so.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub unless: Option<Choice>,
}

/// A field of the connection has this value.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
pub struct Choice {
    /// Its name.
    pub field: String,
    /// One of its choices.
    pub value: String,
}

/// A part of a request that a credential can stand in.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "kebab-case")]
#[expect(missing_docs, reason = "the names say it")]
pub enum Location {
    Header,
    Query,
    Body,
    /// The variable of the path that has the name of the placement.
    Path,
}

/// A text that the host makes: the parts in a row, then the functions applied to the whole, the first one first.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
pub struct Template {
    /// Concatenated.
    pub parts: Vec<Part>,
    /// Applied to the concatenation, in order.
    pub functions: Vec<Function>,
}

/// A piece of a [`Template`].
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "kebab-case")]
pub enum Part {
    /// This text.
    Literal(String),
    /// A field of the connection.
    Field(String),
    /// A variable of the request.
    Variable(String),
    /// An earlier value of the scheme.
    Value(String),
    /// A part of the request as it is sent.
    Request(RequestPart),
    /// A value of a credential that lives.
    Credential {
        /// Name of the credential.
        credential: String,
        /// Name of the value.
        value: String,
    },
}

/// A fixed encoding or digest.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "kebab-case")]
pub enum Function {
    /// RFC 4648, section 4, padded.
    Base64,
    /// RFC 4648, section 5, not padded.
    Base64Url,
    /// RFC 3986: everything but unreserved characters.
    PercentEncode,
    /// `application/x-www-form-urlencoded` of the WHATWG URL Standard.
    FormEncode,
    /// The inside of a JSON string (RFC 8259).
    JsonEscape,
    /// RFC 1321, lower case hexadecimal.
    Md5Hex,
    /// FIPS 180-4, lower case hexadecimal.
    Sha256Hex,
    /// RFC 2104 over SHA-256, keyed with a connection field; lower case hexadecimal.
    HmacSha256Hex(String),
    /// RFC 2104 over SHA-256, keyed with a connection field; base 64.
    HmacSha256Base64(String),
}

impl Function {
    /// Whether what went in can't be read back from what comes out.
    pub fn is_digest(&self) -> bool {
        matches!(self, Self::Md5Hex | Self::Sha256Hex | Self::HmacSha256Hex(_) | Self::HmacSha256Base64(_))
    }

    /// The connection field that a keyed function uses.
    pub fn key_field(&self) -> Option<&str> {
        match self {
            Self::HmacSha256Hex(field) | Self::HmacSha256Base64(field) => Some(field),
            _ => None,
        }
    }
}
