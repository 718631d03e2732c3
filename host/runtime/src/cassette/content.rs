//! Bytes, as a file of JSON can have them.

use base64::Engine as _;
use base64::engine::general_purpose::STANDARD;
use bytes::Bytes;
use serde::{Deserialize, Serialize};

/// Bytes that stand in a cassette as `{"text": "…"}` where they are UTF-8, and as `{"base64": "…"}` where they are not.
#[derive(Clone, Debug, Default, PartialEq, Eq, Serialize, Deserialize)]
#[serde(try_from = "Form", into = "Form")]
pub struct Content(pub Bytes);

#[derive(Serialize, Deserialize)]
#[serde(rename_all = "kebab-case")]
enum Form {
    Text(String),
    Base64(String),
}

impl From<Content> for Form {
    fn from(Content(bytes): Content) -> Self {
        match std::str::from_utf8(&bytes) {
            Ok(text) => Self::Text(text.to_owned()),
            Err(_) => Self::Base64(STANDARD.encode(&bytes)),
        }
    }
}

impl TryFrom<Form> for Content {
    type Error = String;

    fn try_from(form: Form) -> Result<Self, String> {
        match form {
            Form::Text(text) => Ok(Self(text.into())),
            Form::Base64(text) => {
                let bytes = STANDARD.decode(&text).map_err(|error| format!("a content is no base 64: {error}"))?;
                Ok(Self(bytes.into()))
            }
        }
    }
}
