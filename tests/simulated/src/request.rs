//! What a server received.

use percent_encoding::percent_decode_str;

/// One request as it arrived.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub struct Recorded {
    /// The method, as `DELETE`.
    pub method: String,
    /// Path and query, raw.
    pub target: String,
    /// The headers in the order of their arrival; the names are in lower case.
    pub headers: Vec<(String, String)>,
    /// The whole body.
    pub body: Vec<u8>,
}

impl Recorded {
    /// The first header of this name, whose case does not matter.
    #[must_use]
    pub fn header(&self, name: &str) -> Option<&str> {
        self.headers.iter().find(|(header, _)| header.eq_ignore_ascii_case(name)).map(|(_, value)| value.as_str())
    }

    pub(crate) fn path(&self) -> &str {
        self.target.split_once('?').map_or(&self.target, |(path, _)| path)
    }

    /// The decoded parts of the path. Empty ones are left out, as the routers of Appwrite and
    /// Chatwoot do: to them doubled and trailing slashes mean nothing.
    pub(crate) fn segments(&self) -> Vec<String> {
        self.path()
            .split('/')
            .filter(|segment| !segment.is_empty())
            .map(|segment| percent_decode_str(segment).decode_utf8_lossy().into_owned())
            .collect()
    }

    pub(crate) fn query(&self) -> Vec<(String, String)> {
        let query = self.target.split_once('?').map_or("", |(_, query)| query);
        form_urlencoded::parse(query.as_bytes()).into_owned().collect()
    }

    /// Whether the body is declared to be of this type, whatever its parameters.
    pub(crate) fn has_media_type(&self, expected: &str) -> bool {
        let declared = self.header("content-type").unwrap_or_default();
        let media_type = declared.split_once(';').map_or(declared, |(media_type, _)| media_type);
        media_type.trim().eq_ignore_ascii_case(expected)
    }
}
