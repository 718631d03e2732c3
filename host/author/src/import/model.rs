//! One model of an API, whatever notation described it.
//!
//! Texts are as the description has them: whoever writes one into a manifest cleans it first (`texts`). Every JSON Schema here is
//! of 2020-12, and refers to nothing but `#/$defs/NAME` with a name in [`Api::schemas`].

use indexmap::IndexMap;
use serde_json::Value;

/// Where something stands in the description, for people: `openapi.yaml#/paths/~1users/get`.
pub(crate) type Place = String;

/// An API.
#[derive(Clone, Debug, Default)]
pub(crate) struct Api {
    pub(crate) title: String,
    pub(crate) summary: String,
    /// The servers of operations that name none.
    pub(crate) servers: Vec<Server>,
    pub(crate) schemes: IndexMap<String, Scheme>,
    /// What schemas refer to. A name has letters, digits, `-`, `_` and `.`.
    pub(crate) schemas: IndexMap<String, Value>,
    /// In the order of the description.
    pub(crate) operations: Vec<Operation>,
}

/// A server, whose address may have variables in braces.
#[derive(Clone, Debug, Default)]
pub(crate) struct Server {
    pub(crate) place: Place,
    /// As it is written: it may be relative, and have no host.
    pub(crate) url: String,
    pub(crate) variables: IndexMap<String, ServerVariable>,
}

/// A variable of an address.
#[derive(Clone, Debug, Default)]
pub(crate) struct ServerVariable {
    pub(crate) default: String,
    pub(crate) choices: Vec<String>,
    pub(crate) description: String,
}

/// An operation as it is described.
#[derive(Clone, Debug, Default)]
pub(crate) struct Operation {
    pub(crate) place: Place,
    /// As the description writes it, which tells operations apart: `GET /users/{id}`.
    pub(crate) key: String,
    /// `operationId`, or the `id` of a discovery document.
    pub(crate) id: Option<String>,
    /// In capitals; any method that a notation has, such as `TRACE`.
    pub(crate) method: String,
    /// With variables in braces. `{+name}` is a value with slashes (RFC 6570).
    pub(crate) path: String,
    pub(crate) tags: Vec<String>,
    pub(crate) summary: String,
    pub(crate) description: String,
    pub(crate) deprecated: bool,
    /// Those of the path too, each once.
    pub(crate) parameters: Vec<Parameter>,
    pub(crate) body: Option<Body>,
    pub(crate) answers: Vec<Answer>,
    /// Alternatives, of which each has all schemes that are needed together. None where nothing is said of it; an empty list, or an
    /// alternative without a scheme, says that none is needed.
    pub(crate) security: Option<Vec<Requirement>>,
    /// Where they are not those of the API.
    pub(crate) servers: Vec<Server>,
}

/// Schemes that are needed together, each with its scopes.
pub(crate) type Requirement = IndexMap<String, Vec<String>>;

/// Where a parameter stands.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
pub(crate) enum In {
    Path,
    #[default]
    Query,
    Header,
    Cookie,
}

/// A parameter.
#[derive(Clone, Debug, Default)]
pub(crate) struct Parameter {
    pub(crate) place: Place,
    pub(crate) name: String,
    pub(crate) at: In,
    pub(crate) required: bool,
    pub(crate) description: String,
    pub(crate) schema: Value,
    pub(crate) style: Style,
    /// Whether a list is a parameter for each entry, and an object one for each member.
    pub(crate) explode: bool,
    /// The media type, where its value is a document of its own (`content`).
    pub(crate) media_type: Option<String>,
    pub(crate) deprecated: bool,
    pub(crate) examples: Vec<Value>,
}

/// How a list or an object is written (OpenAPI's `style`, Swagger's `collectionFormat`).
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
pub(crate) enum Style {
    /// Of a query: `a=1&a=2` where it explodes, `a=1,2` where it does not.
    #[default]
    Form,
    /// Of a path and a header: `1,2`.
    Simple,
    DeepObject,
    SpaceDelimited,
    PipeDelimited,
    TabDelimited,
    Label,
    Matrix,
}

/// A body: in one of several media types.
#[derive(Clone, Debug, Default)]
pub(crate) struct Body {
    pub(crate) place: Place,
    pub(crate) required: bool,
    pub(crate) description: String,
    pub(crate) contents: Vec<Content>,
}

/// A body in one media type.
#[derive(Clone, Debug, Default)]
pub(crate) struct Content {
    pub(crate) place: Place,
    /// In small letters, with its parameters as they are written: `application/json; charset=utf-8`, `image/*`.
    pub(crate) media_type: String,
    pub(crate) schema: Option<Value>,
    /// Of a form, by the names of its fields.
    pub(crate) encoding: IndexMap<String, Encoding>,
    /// By their names; `""` for one without.
    pub(crate) examples: Vec<(String, Value)>,
}

/// How a field of a form is written.
#[derive(Clone, Debug, Default)]
pub(crate) struct Encoding {
    pub(crate) media_type: Option<String>,
    pub(crate) style: Option<Style>,
    pub(crate) explode: Option<bool>,
}

/// What may be answered.
#[derive(Clone, Debug, Default)]
pub(crate) struct Answer {
    pub(crate) place: Place,
    /// `200`, `4XX` or `default`.
    pub(crate) status: String,
    pub(crate) description: String,
    /// Names in small letters.
    pub(crate) headers: Vec<String>,
    /// Examples of its header `Location`.
    pub(crate) locations: Vec<String>,
    pub(crate) contents: Vec<Content>,
}

/// A way to authenticate.
#[derive(Clone, Debug)]
pub(crate) struct Scheme {
    pub(crate) place: Place,
    pub(crate) description: String,
    pub(crate) kind: SchemeKind,
}

/// What a scheme is.
#[derive(Clone, Debug)]
pub(crate) enum SchemeKind {
    ApiKey {
        at: In,
        name: String,
    },
    Basic,
    Bearer,
    Oauth2(Vec<Flow>),
    /// A signature of AWS, version 4, for this service.
    AwsV4(String),
    /// By OpenID Connect, whose metadata nobody fetches.
    OpenIdConnect,
    /// Anything else, in words: `mutualTLS`, `digest`, a signature.
    Other(String),
}

/// A way to a token.
#[derive(Clone, Debug, Default)]
pub(crate) struct Flow {
    pub(crate) place: Place,
    pub(crate) kind: FlowKind,
    pub(crate) authorize: Option<String>,
    pub(crate) token: Option<String>,
}

/// OAuth 2's ways, as OpenAPI 3 calls them.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
pub(crate) enum FlowKind {
    #[default]
    AuthorizationCode,
    ClientCredentials,
    Implicit,
    Password,
    Device,
}
