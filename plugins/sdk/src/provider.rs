use crate::check::same;
use crate::credential::{ConnectionTest, Credential};
use crate::operation::Resource;
use crate::read::Read;

/// A whole plugin, as data.
#[derive(Clone, Copy)]
pub struct Provider {
    /// Kebab case.
    pub name: &'static str,
    /// For people.
    pub title: &'static str,
    /// A semantic version; `env!("CARGO_PKG_VERSION")` is a good one.
    pub version: &'static str,
    /// One line.
    pub summary: &'static str,
    /// How the provider is found.
    pub base_url: BaseUrl,
    /// Further servers of it, such as one for uploads.
    pub servers: &'static [Server],
    /// What a connection consists of.
    pub fields: &'static [ConnectionField],
    /// What the host obtains itself and renews: tokens and sessions, which schemes place.
    pub credentials: &'static [Credential],
    /// The operation that shows whether a connection works, and whose it is.
    pub test: Option<ConnectionTest>,
    /// The ways to authenticate.
    pub schemes: &'static [Scheme],
    /// The scheme of every request that names no other.
    pub scheme: Option<&'static str>,
    /// How its answers are read: by rules, or by a function. [`read::REST`](crate::read::REST) is enough for many.
    pub read: Read,
    /// What can be done.
    pub resources: &'static [Resource],
}

/// A further server of the provider. Requests go to it that [name it](crate::DeclaredRequest::server).
#[derive(Clone, Copy, Debug)]
pub struct Server {
    pub(crate) name: &'static str,
    pub(crate) base_url: BaseUrl,
}

impl Server {
    /// How it is found. The name is in snake case; `main` is the provider's own base URL.
    pub const fn new(name: &'static str, base_url: BaseUrl) -> Self {
        Self { name, base_url }
    }
}

/// The rule for the base URL of a server.
#[derive(Clone, Copy, Debug)]
pub struct BaseUrl {
    pub(crate) summary: &'static str,
    pub(crate) default: Option<&'static str>,
    pub(crate) suffix: Option<&'static str>,
    pub(crate) environment: Option<&'static str>,
}

impl BaseUrl {
    /// What an operator enters, with an example.
    pub const fn new(summary: &'static str) -> Self {
        Self { summary, default: None, suffix: None, environment: None }
    }

    /// The address where the provider has one for everybody.
    pub const fn suggest(mut self, url: &'static str) -> Self {
        self.default = Some(url);
        self
    }

    /// What the path of every base URL ends in.
    pub const fn suffix(mut self, suffix: &'static str) -> Self {
        self.suffix = Some(suffix);
        self
    }

    /// The environment variable that supplies it. It begins with the plugin's name.
    pub const fn environment(mut self, variable: &'static str) -> Self {
        self.environment = Some(variable);
        self
    }
}

/// One thing that an operator enters to make a connection.
#[derive(Clone, Copy, Debug)]
pub struct ConnectionField {
    pub(crate) name: &'static str,
    pub(crate) title: &'static str,
    pub(crate) summary: &'static str,
    pub(crate) secret: bool,
    pub(crate) required: bool,
    pub(crate) default: Option<&'static str>,
    pub(crate) choices: &'static [&'static str],
    pub(crate) environment: Option<&'static str>,
}

impl ConnectionField {
    /// A field that the plugin may read. The name is in snake case.
    pub const fn plain(name: &'static str, title: &'static str, summary: &'static str) -> Self {
        Self { name, title, summary, secret: false, required: false, default: None, choices: &[], environment: None }
    }

    /// A field that only schemes use. The name is in snake case.
    pub const fn secret(name: &'static str, title: &'static str, summary: &'static str) -> Self {
        Self { secret: true, ..Self::plain(name, title, summary) }
    }

    /// No connection can be without it.
    pub const fn required(mut self) -> Self {
        self.required = true;
        self
    }

    /// What it is where the operator says nothing. Not for a secret.
    pub const fn default(mut self, value: &'static str) -> Self {
        self.default = Some(value);
        self
    }

    /// All that it can be. Not for a secret.
    pub const fn choices(mut self, values: &'static [&'static str]) -> Self {
        self.choices = values;
        self
    }

    /// The environment variable that supplies it. It begins with the plugin's name.
    pub const fn environment(mut self, variable: &'static str) -> Self {
        self.environment = Some(variable);
        self
    }
}

/// A way to authenticate: what the host adds to a request.
#[derive(Clone, Copy, Debug)]
pub struct Scheme {
    pub(crate) name: &'static str,
    pub(crate) summary: &'static str,
    pub(crate) servers: &'static [&'static str],
    pub(crate) values: &'static [NamedTemplate],
    pub(crate) placements: &'static [Placement],
}

impl Scheme {
    /// A scheme without placements. The name is in kebab case.
    pub const fn new(name: &'static str, summary: &'static str) -> Self {
        Self { name, summary, servers: &[], values: &[], placements: &[] }
    }

    /// All [servers](Provider::servers) that the credentials are for, `main` among them or not. Without this, `main` alone.
    pub const fn servers(mut self, names: &'static [&'static str]) -> Self {
        self.servers = names;
        self
    }

    /// Intermediate values; each may use those before it.
    pub const fn values(mut self, values: &'static [NamedTemplate]) -> Self {
        self.values = values;
        self
    }

    /// Where the credentials go.
    pub const fn placements(mut self, placements: &'static [Placement]) -> Self {
        self.placements = placements;
        self
    }

    /// Whether a part of it is a variable of this name.
    pub(crate) const fn has_variable(&self, name: &str) -> bool {
        let (mut values, mut placements) = (self.values, self.placements);
        while let [value, others @ ..] = values {
            if have_variable(value.parts, name) {
                return true;
            }
            values = others;
        }
        while let [placement, others @ ..] = placements {
            if have_variable(placement.parts, name) {
                return true;
            }
            placements = others;
        }
        false
    }
}

/// An intermediate value of a scheme.
#[derive(Clone, Copy, Debug)]
pub struct NamedTemplate {
    /// Kebab case.
    pub name: &'static str,
    /// Concatenated.
    pub parts: &'static [Part],
    /// Applied to the concatenation, in order.
    pub functions: &'static [Function],
}

/// A part of a request that a credential stands in.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
#[expect(missing_docs, reason = "the names say it")]
pub enum Location {
    Header,
    Query,
    Body,
    Path,
}

/// Where the host writes a credential.
#[derive(Clone, Copy, Debug)]
pub struct Placement {
    pub(crate) location: Location,
    pub(crate) name: &'static str,
    pub(crate) parts: &'static [Part],
    pub(crate) functions: &'static [Function],
    pub(crate) unless: Option<(&'static str, &'static str)>,
}

impl Placement {
    /// In a header.
    pub const fn header(name: &'static str, parts: &'static [Part]) -> Self {
        Self { location: Location::Header, name, parts, functions: &[], unless: None }
    }

    /// In the query.
    pub const fn query(name: &'static str, parts: &'static [Part]) -> Self {
        Self { location: Location::Query, name, parts, functions: &[], unless: None }
    }

    /// In the body.
    pub const fn body(name: &'static str, parts: &'static [Part]) -> Self {
        Self { location: Location::Body, name, parts, functions: &[], unless: None }
    }

    /// In the path, as the variable of this name: `/bot{token}/send`. It is masked in whatever people see, and is made of no variable.
    pub const fn path(name: &'static str, parts: &'static [Part]) -> Self {
        let mut rest = parts;
        while let [part, others @ ..] = rest {
            assert!(
                !matches!(part, Part::Variable(_)),
                "a credential in the path is made of no variable: say `header`"
            );
            rest = others;
        }
        Self { location: Location::Path, name, parts, functions: &[], unless: None }
    }

    /// Functions that are applied to the parts, in order.
    pub const fn functions(mut self, functions: &'static [Function]) -> Self {
        self.functions = functions;
        self
    }

    /// It is left out where the operator gave this field of the connection this value, which is one of its choices.
    pub const fn unless(mut self, field: &'static str, value: &'static str) -> Self {
        assert!(
            !matches!(self.location, Location::Path),
            "a credential in the path cannot be left out: the path needs it"
        );
        self.unless = Some((field, value));
        self
    }
}

/// A piece of a credential.
#[derive(Clone, Copy, Debug)]
pub enum Part {
    /// This text.
    Literal(&'static str),
    /// A field of the connection.
    Field(&'static str),
    /// A variable of the request.
    Variable(&'static str),
    /// An earlier value of the scheme.
    Value(&'static str),
    /// A value of a [credential](Credential) that the host obtains: its name, and `access` or what its login takes.
    Credential(&'static str, &'static str),
}

const fn have_variable(mut parts: &[Part], name: &str) -> bool {
    while let [part, others @ ..] = parts {
        if let Part::Variable(variable) = part
            && same(variable, name)
        {
            return true;
        }
        parts = others;
    }
    false
}

/// A fixed encoding or digest. The contract's `manifest` interface tells of each.
#[derive(Clone, Copy, Debug)]
#[expect(missing_docs, reason = "the contract tells of each")]
pub enum Function {
    Base64,
    Base64Url,
    PercentEncode,
    FormEncode,
    JsonEscape,
    Md5Hex,
    Sha256Hex,
    /// With the connection field that is the key.
    HmacSha256Hex(&'static str),
    /// With the connection field that is the key.
    HmacSha256Base64(&'static str),
}

/// A file that a caller may attach. It goes into a multipart body under its name, or is the body.
#[derive(Clone, Copy, Debug)]
pub struct Attachment {
    pub(crate) name: &'static str,
    pub(crate) wire_name: Option<&'static str>,
    pub(crate) summary: &'static str,
    pub(crate) required: bool,
    pub(crate) many: bool,
    pub(crate) media_types: &'static [&'static str],
}

impl Attachment {
    /// A file that the operation cannot do without.
    pub const fn new(name: &'static str, summary: &'static str) -> Self {
        Self { name, wire_name: None, summary, required: true, many: false, media_types: &["*/*"] }
    }

    /// The caller may leave it out.
    pub const fn optional(mut self) -> Self {
        self.required = false;
        self
    }

    /// The provider knows it by another name: `attachments[]`.
    pub const fn sent_as(mut self, name: &'static str) -> Self {
        self.wire_name = Some(name);
        self
    }

    /// Several files may be given.
    pub const fn many(mut self) -> Self {
        self.many = true;
        self
    }

    /// What it may be, such as `image/png` or `image/*`; without this, anything but a form. JSON that is a whole body has to
    /// be named.
    pub const fn media_types(mut self, media_types: &'static [&'static str]) -> Self {
        self.media_types = media_types;
        self
    }
}
