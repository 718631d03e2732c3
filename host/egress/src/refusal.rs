//! Why there is no connection, and why a request was not built.

use crate::given::Given;
use crate::rules::Denial;
use crate::spool::SpoolError;
use crate::work::OutOfTime;

/// Why a request was not built.
#[derive(Clone, Debug, PartialEq, Eq, thiserror::Error)]
pub enum Refusal {
    /// A rule forbids it.
    #[error(transparent)]
    Denied(#[from] Denial),
    /// The connection lacks what its scheme needs.
    #[error(transparent)]
    MissingCredential(#[from] MissingCredential),
    /// The time of the call was over before it was built.
    #[error(transparent)]
    OutOfTime(#[from] OutOfTime),
    /// A file on disk could not be read: a fault of the host.
    #[error(transparent)]
    Spool(#[from] SpoolError),
}

/// A request needs a credential that the connection does not have.
#[derive(Clone, Debug, PartialEq, Eq, thiserror::Error)]
#[error("connection `{connection}` of `{plugin}` has no `{field}`: {remedy}")]
pub struct MissingCredential {
    /// The plugin that the connection belongs to.
    pub plugin: String,
    /// The connection.
    pub connection: String,
    /// The field.
    pub field: String,
    /// What would supply it.
    pub remedy: String,
}

/// Why there can be no such connection. A text is not repeated where it could hold a password.
#[derive(Clone, Debug, PartialEq, Eq, thiserror::Error)]
pub enum ConnectionError {
    /// The base URL is none; what is shown of it.
    #[error("{0} is not a URL ({1}); write one such as `https://api.example.com/v1`")]
    Unreadable(String, url::ParseError),
    /// The base URL's scheme, as far as it is shown, is neither `https` nor `http`.
    #[error("the scheme {0} cannot be used; write `https://…`, or `http://…` for a server without TLS")]
    Scheme(String),
    /// The base URL has a user name or a password in it.
    #[error("a base URL cannot have a user name or a password in it; credentials belong under `fields`")]
    UserInfo,
    /// The base URL has a query or a fragment.
    #[error("a base URL ends with its path; this one has a query or a fragment after it")]
    Tail,
    /// The certificates cannot be read.
    #[error("the CA file {0}; write one with certificates in PEM form (`-----BEGIN CERTIFICATE-----`)")]
    Ca(&'static str),
    /// The system has no authorities that can be read.
    #[error(
        "the system's store of authorities cannot be used: {0}; write ca_file = \"its certificate\" in place of ca"
    )]
    SystemCa(String),
    /// A secret can be guessed, and [`ConnectionBuilder::allow_weak`](crate::ConnectionBuilder::allow_weak) does not name it.
    #[error(
        "the secret `{field}` can be guessed, and a plugin could see in an answer whether it guessed right; take a random one \
         of 24 letters and digits or more, or have the provider make another one"
    )]
    Weak {
        /// The field.
        field: String,
    },
    /// What may be weak is no secret.
    #[error("`allow_weak` names `{field}`, which is no secret of the connection")]
    NotSecret {
        /// The field.
        field: String,
    },
    /// A value has something in it that does not show, and that nobody meant.
    #[error("{given} {problem} ({character}); take it away")]
    Stray {
        /// Which value.
        given: Given,
        /// Where it has it.
        problem: &'static str,
        /// What it is.
        character: String,
    },
    /// The base URL of a further server cannot be used.
    #[error("the server `{server}`: {problem}")]
    Server {
        /// Its name.
        server: String,
        /// What is wrong with it.
        problem: Box<ConnectionError>,
    },
    /// The certificate of the client, or its key, cannot be used. Nothing of the value is in the words.
    #[error("the client's certificate: `{field}` {problem}")]
    ClientCertificate {
        /// The field that is to blame.
        field: String,
        /// What is wrong with it, and what to do.
        problem: String,
    },
    /// The proxy cannot be used.
    #[error("the proxy {0}; write one such as `http://proxy.example:3128`")]
    Proxy(&'static str),
}

impl ConnectionError {
    /// Whether it is about the base URL, and not about what all servers of a connection share.
    pub(crate) fn is_of_base_url(&self) -> bool {
        matches!(
            self,
            Self::Unreadable(..)
                | Self::Scheme(_)
                | Self::UserInfo
                | Self::Tail
                | Self::Stray { given: Given::BaseUrl, .. }
        )
    }
}
