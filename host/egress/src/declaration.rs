//! What a plugin declares about its requests: the templates, the credentials, and where each value comes from.
//!
//! These are the types of the contract's `manifest` interface that concern what is sent. They serialise to the JSON
//! that `wharf describe --json` prints.

use serde::{Deserialize, Serialize};
use serde_json::Value;

pub use crate::asked::unescape;
use crate::field::Place;
use crate::json::Literal;
pub use crate::path::{Path, PathError};

mod body;
mod credential;
mod kinds;
mod lint;
mod names;
mod place;
mod routes;
mod scheme;
mod sensitive;
mod signing;
mod uses;

pub use crate::well_known::is_credential;
pub use body::{BlobBody, BodyFields, BodyForm, MultipartFields, TextBody};
pub use credential::{
    ACCESS, Algorithm, Assertion, Client, ClientAuthentication, Credential, CredentialKind, Endpoint, GrantType, Key,
    LoginStep, Oauth2, Over, Parameter, ParameterValue, Session, Taken, TakenFrom, TokenAnswer, Told, ToldBy,
};
pub use lint::{Declaration, Operation, Problem, check, compile, prepare};
pub use place::{is_pointer, place, place_of_request};
pub(crate) use routes::{Closeness, Filled, Siblings};
pub use routes::{Route, Routes};
pub use scheme::{Choice, Function, Location, MAIN_SERVER, NamedTemplate, Part, Placement, Scheme, Template};
pub use sensitive::sensitive_by_place;
pub use signing::{AwsV4, RequestPart, Sign};
pub use uses::FieldUse;

/// HTTP method of a declared request.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "UPPERCASE")]
#[expect(missing_docs, reason = "the names are those of RFC 9110, section 9.3, and RFC 5789")]
pub enum Method {
    Get,
    Head,
    Post,
    Put,
    Patch,
    Delete,
}

impl Method {
    /// As it is written in a request.
    pub fn as_str(self) -> &'static str {
        match self {
            Self::Get => "GET",
            Self::Head => "HEAD",
            Self::Post => "POST",
            Self::Put => "PUT",
            Self::Patch => "PATCH",
            Self::Delete => "DELETE",
        }
    }

    /// Whether a request may be sent again where it is not known what became of the first (RFC 9110, section 9.2.2).
    pub fn may_be_repeated(self) -> bool {
        matches!(self, Self::Get | Self::Head | Self::Put | Self::Delete)
    }

    /// Whether the method only reads (RFC 9110, section 9.2.1).
    pub fn is_safe(self) -> bool {
        matches!(self, Self::Get | Self::Head)
    }
}

/// What an operation does to the provider's data, from the mildest to the gravest.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord, Serialize, Deserialize)]
#[serde(rename_all = "kebab-case")]
pub enum Effect {
    /// Changes nothing.
    Read,
    /// Adds or changes.
    Write,
    /// Takes away.
    Delete,
}

impl Effect {
    /// `read`, `write` or `delete`.
    pub fn as_str(self) -> &'static str {
        match self {
            Self::Read => "read",
            Self::Write => "write",
            Self::Delete => "delete",
        }
    }
}

/// A request as a template: what will be sent when the plugin asks for it by name.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "kebab-case")]
pub struct Request {
    /// Kebab case, unique in its operation.
    pub name: String,
    /// The method.
    pub method: Method,
    /// The further server that it goes to; the main one where there is none.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub server: Option<String>,
    /// Appended to the path of the server's base URL.
    pub path: Path,
    /// Where the variables of path and scheme come from. One that is not listed is bound to the input of its name.
    pub variables: Vec<Variable>,
    /// Query parameters. One with an empty name is bound to an object, whose members are parameters by themselves.
    pub query: Vec<Field>,
    /// Why the plugin may add query parameters that are not declared, where it may.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub open_query: Option<String>,
    /// Headers, besides those that the host writes.
    pub headers: Vec<Field>,
    /// The body.
    pub body: BodyForm,
    /// Name of the scheme that authenticates the request.
    pub scheme: Option<String>,
    /// How the plugin receives the answer's body.
    pub answer: AnswerForm,
    /// Set on a request that reads although its method says otherwise.
    pub read_only: bool,
    /// JSON Pointers to members of the answer that nobody is shown, here and in what follows of the call.
    pub sensitive_answer: Vec<String>,
    /// Where the file that is the answer may be instead: origins, as `https://files.example.com`, or `https://*.example.com` for all
    /// hosts below one. An answer that redirects there is followed by the host, without credentials.
    #[serde(default, skip_serializing_if = "Vec::is_empty")]
    pub redirects_to: Vec<String>,
    /// Of an operation whose answers are data: it is sent where one of these inputs or files is given, and always where there are none.
    #[serde(default, skip_serializing_if = "Vec::is_empty")]
    pub when_given: Vec<String>,
}

impl Request {
    /// The mildest effect that an operation with this request may claim.
    pub fn effect(&self) -> Effect {
        match self.method {
            method if method.is_safe() || self.read_only => Effect::Read,
            Method::Delete => Effect::Delete,
            _ => Effect::Write,
        }
    }

    /// Whether the provider is told by which call it is sent, so that it does once what it is asked for twice.
    pub fn has_key(&self) -> bool {
        let mut fields = self.query.iter().chain(&self.headers).chain(self.body.fields());
        fields.any(|field| field.source == Source::CallId)
    }

    /// The fields of the connection that stand in it as values.
    pub fn connection_fields(&self) -> impl Iterator<Item = &str> {
        self.sources().filter_map(Source::connection_field)
    }

    /// Where its values come from, but for variables that are not listed.
    pub(crate) fn sources(&self) -> impl Iterator<Item = &Source> {
        let fields = self.query.iter().chain(&self.headers).chain(self.body.fields()).map(|field| &field.source);
        self.variables.iter().map(|variable| &variable.source).chain(fields).chain(self.body.whole())
    }

    /// Where the value of a variable comes from.
    pub fn source_of(&self, variable: &str) -> Source {
        self.variables
            .iter()
            .find(|v| v.name == variable)
            .map_or_else(|| Source::Input(variable.to_owned()), |v| v.source.clone())
    }

    /// The fields that stand where there is only text, and the place of each.
    pub(crate) fn text_fields(&self) -> impl Iterator<Item = (&Field, Place)> {
        let of_body = if matches!(self.body, BodyForm::Json(_)) { &[] } else { self.body.fields() };
        let query = self.query.iter().filter(|field| !field.name.is_empty()).map(|field| (field, Place::Query));
        let headers = self.headers.iter().map(|field| (field, Place::Header));
        let of_body = of_body.iter().filter(|field| field.media_type.is_none());
        query.chain(headers).chain(of_body.map(|field| (field, Place::Form)))
    }

    /// What is wrong with where its inputs go; `schema` gives the JSON Schema of an input.
    pub fn problems_of_inputs<'s>(&self, schema: impl Fn(&str) -> Option<&'s Value>) -> Vec<String> {
        kinds::problems(self, schema)
    }

    /// The values that the plugin gives itself, each with the reason why: `("variable challenge", "…")`.
    pub fn free_values(&self) -> Vec<(String, &str)> {
        let variables = self.variables.iter().map(|v| ("variable", v.name.as_str(), &v.source));
        let query = self.query.iter().map(|f| ("query", f.name.as_str(), &f.source));
        let headers = self.headers.iter().map(|f| ("header", f.name.as_str(), &f.source));
        let body = self.body.fields().iter().map(|f| ("body field", f.name.as_str(), &f.source));
        let mut free: Vec<_> = variables
            .chain(query)
            .chain(headers)
            .chain(body)
            .filter_map(|(place, name, source)| {
                let what = match (place, name) {
                    ("body field", "") => WHOLE_BODY.to_owned(),
                    _ => format!("{place} {name}"),
                };
                Some((what, source.free_reason()?))
            })
            .collect();
        if let Some(Source::Free(why)) = self.body.whole() {
            free.push((WHOLE_BODY.to_owned(), why));
        }
        if let Some(why) = &self.open_query {
            free.push(("further query parameters".to_owned(), why));
        }
        if let Some(why) = self.body.open_reason() {
            free.push(("further body fields".to_owned(), why));
        }
        free
    }
}

/// What is free where no field is.
const WHOLE_BODY: &str = "the whole body";

/// Where the value of a variable comes from.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
pub struct Variable {
    /// As it stands in the path template or the scheme.
    pub name: String,
    /// Where it comes from.
    pub source: Source,
    /// What becomes of a slash in it.
    #[serde(default, skip_serializing_if = "Slashes::are_refused")]
    pub slashes: Slashes,
}

/// What becomes of a slash in the value of a variable of the path.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "kebab-case")]
pub enum Slashes {
    /// The value is refused.
    #[default]
    Refused,
    /// It is a part of the value, written `%2F`. What stands between two of them is held to the rules of a segment.
    Encoded,
}

impl Slashes {
    /// Whether a value with one is refused.
    pub fn are_refused(&self) -> bool {
        *self == Self::Refused
    }
}

/// Where a value comes from. Only [`Source::Free`] leaves it to the plugin.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "kebab-case")]
pub enum Source {
    /// The caller's input of this name.
    Input(String),
    /// The caller's input of this name; the JSON beside it where the caller left it out.
    InputOr(String, Literal),
    /// Always this text.
    Text(String),
    /// Always this JSON.
    Json(Literal),
    /// The field of the connection of this name, which is no secret: an account, an owner.
    Field(String),
    /// Given by the plugin; the text says why.
    Free(String),
    /// The id of the call, the same for each attempt of it: by such a key a provider knows a request that it has had already.
    CallId,
}

impl Source {
    /// Whether the plugin gives it.
    pub fn is_free(&self) -> bool {
        matches!(self, Self::Free(_))
    }

    /// The reason of a free value.
    pub fn free_reason(&self) -> Option<&str> {
        match self {
            Self::Free(why) => Some(why),
            _ => None,
        }
    }

    /// The field of the connection that it is.
    pub fn connection_field(&self) -> Option<&str> {
        match self {
            Self::Field(name) => Some(name),
            _ => None,
        }
    }

    /// The input that the value is bound to.
    pub fn input(&self) -> Option<&str> {
        match self {
            Self::Input(name) | Self::InputOr(name, _) => Some(name),
            _ => None,
        }
    }

    /// The value that holds where the caller left the input out.
    pub fn otherwise(&self) -> Option<&Literal> {
        match self {
            Self::InputOr(_, otherwise) => Some(otherwise),
            _ => None,
        }
    }
}

/// A value with a name: a query parameter, a header, a form field, a member of a JSON object.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
pub struct Field {
    /// In a JSON body a name that begins with `/` is a JSON Pointer (RFC 6901); the empty name is the whole body.
    pub name: String,
    /// Where the value comes from.
    pub source: Source,
    /// How a list is written where there is only text.
    pub lists: ListStyle,
    /// Of a part of a multipart body that is JSON and no file: `application/json`, or another such type.
    #[serde(default, rename = "media-type", skip_serializing_if = "Option::is_none")]
    pub media_type: Option<String>,
}

/// How a list is written where there is only text. An object is written in brackets or as JSON, and in no other style.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "kebab-case")]
pub enum ListStyle {
    /// `name=a&name=b`
    Repeated,
    /// `name[]=a&name[]=b`, and an object as `name[key]=a&name[key2][]=b`, with keys of letters, digits, `_` and `-`
    Brackets,
    /// `name[0]=a&name[1]=b`, and an object as `name[key]=a`, each in the other as deep as they nest: `name[0][key]=a`
    Indexed,
    /// `name=a,b`
    Commas,
    /// `name=["a","b"]`
    Json,
}

impl ListStyle {
    /// `lists with commas`: for people. Nothing of the usual style.
    pub fn in_words(self) -> Option<&'static str> {
        match self {
            Self::Repeated => None,
            Self::Brackets => Some("lists in brackets"),
            Self::Indexed => Some("lists by index"),
            Self::Commas => Some("lists with commas"),
            Self::Json => Some("lists as JSON"),
        }
    }
}

/// How the plugin receives the body of an answer.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "kebab-case")]
pub enum AnswerForm {
    /// In its memory.
    Bytes,
    /// As a blob, where the status is 2xx.
    Blob,
}
