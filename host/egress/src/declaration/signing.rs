//! How a request is signed: parts of it that templates may have, and signatures that are more than a template.

use serde::{Deserialize, Serialize};

/// A part of the request as it is sent. What is made of it is placed in headers, as it is made last.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "kebab-case")]
pub enum RequestPart {
    /// `GET`
    Method,
    /// Host, and the port where it is not the usual one of the scheme: as the header `Host` has it.
    Host,
    /// From its slash to the query, percent-encoded.
    Path,
    /// What stands behind the `?`, percent-encoded; nothing where there is none.
    Query,
    /// The same, with the parameters in the order of their bytes.
    SortedQuery,
    /// The path, and the query behind a `?` where there is one.
    Target,
    /// All of the body, where it is a text in memory; nothing where there is none.
    Body,
    /// SHA-256 of the body, or of nothing where there is none; lower case hexadecimal.
    BodySha256,
    /// Seconds since 1970.
    Time,
    /// Milliseconds since 1970.
    TimeMillis,
    /// `2026-01-31T12:30:00Z` (RFC 3339)
    TimeIso,
    /// `20260131T123000Z`
    TimeBasic,
    /// `Sat, 31 Jan 2026 12:30:00 GMT` (RFC 9110, section 5.6.7)
    TimeHttp,
}

impl RequestPart {
    /// All of them, with their names.
    pub const ALL: [(&str, Self); 13] = [
        ("method", Self::Method),
        ("host", Self::Host),
        ("path", Self::Path),
        ("query", Self::Query),
        ("sorted-query", Self::SortedQuery),
        ("target", Self::Target),
        ("body", Self::Body),
        ("body-sha256", Self::BodySha256),
        ("time", Self::Time),
        ("time-millis", Self::TimeMillis),
        ("time-iso", Self::TimeIso),
        ("time-basic", Self::TimeBasic),
        ("time-http", Self::TimeHttp),
    ];

    /// Its name in a template.
    pub fn as_str(self) -> &'static str {
        Self::ALL.iter().find(|(_, part)| *part == self).map(|(name, _)| *name).unwrap_or_default()
    }

    /// Whether it is of the caller's or the plugin's making: then it is for digests alone, and shows what is sensitive in it.
    pub(crate) fn is_given(self) -> bool {
        matches!(self, Self::Path | Self::Query | Self::SortedQuery | Self::Target | Self::Body | Self::BodySha256)
    }

    /// Whether it has to go into a digest: it is as long as it likes, and of any characters.
    pub(crate) fn is_for_digests(self) -> bool {
        self.is_given() && self != Self::BodySha256
    }
}

/// A signature that is more than a template.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "kebab-case")]
pub enum Sign {
    /// Signature Version 4 of AWS, which others know too.
    AwsV4(AwsV4),
}

impl Sign {
    /// The headers that it writes.
    pub(crate) fn headers(&self) -> &'static [&'static str] {
        match self {
            Self::AwsV4(_) => &AwsV4::HEADERS,
        }
    }

    /// The fields of the connection that it needs, each with what it is for.
    pub fn fields(&self) -> impl Iterator<Item = (&'static str, &str)> {
        let Self::AwsV4(AwsV4 { access_key, secret_key, session_token, region, service: _ }) = self;
        let token = session_token.iter().map(|field| ("session-token", field.as_str()));
        [("access-key", access_key), ("secret-key", secret_key), ("region", region)]
            .into_iter()
            .map(|(what, field)| (what, field.as_str()))
            .chain(token)
    }
}

/// What Signature Version 4 is made with: fields of the connection, and the name of the service.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "kebab-case")]
pub struct AwsV4 {
    /// The field with the id of the access key.
    pub access_key: String,
    /// The field with the secret access key.
    pub secret_key: String,
    /// The field with the token of a session. It is left out where the connection has none.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub session_token: Option<String>,
    /// The field with the region.
    pub region: String,
    /// `s3`, `execute-api`, `ses`: as the provider calls it in the scope of a signature.
    pub service: String,
}

impl AwsV4 {
    pub(crate) const DATE: &'static str = "X-Amz-Date";
    pub(crate) const CONTENT: &'static str = "X-Amz-Content-Sha256";
    pub(crate) const TOKEN: &'static str = "X-Amz-Security-Token";
    pub(crate) const AUTHORIZATION: &'static str = "Authorization";
    const HEADERS: [&'static str; 4] = [Self::DATE, Self::CONTENT, Self::TOKEN, Self::AUTHORIZATION];
}
