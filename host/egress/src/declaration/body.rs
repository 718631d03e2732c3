//! What the body of a request consists of.

use serde::{Deserialize, Serialize};

use super::{Field, Source};

/// What the body of a request consists of.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "kebab-case")]
pub enum BodyForm {
    /// No body.
    None,
    /// `application/json`, or another media type of JSON
    Json(BodyFields),
    /// `application/x-www-form-urlencoded`
    Form(BodyFields),
    /// `multipart/form-data` (RFC 7578)
    Multipart(MultipartFields),
    /// The bytes of one file, with its media type.
    Blob(BlobBody),
    /// One text, in UTF-8.
    Text(TextBody),
}

impl BodyForm {
    /// The declared fields; none for a body without fields.
    pub fn fields(&self) -> &[Field] {
        match self {
            Self::Json(body) | Self::Form(body) => &body.fields,
            Self::Multipart(body) => &body.fields,
            Self::None | Self::Blob(_) | Self::Text(_) => &[],
        }
    }

    /// Why the plugin may add fields that are not declared, where it may.
    pub fn open_reason(&self) -> Option<&str> {
        match self {
            Self::Json(body) | Self::Form(body) => body.open.as_deref(),
            Self::Multipart(body) => body.open.as_deref(),
            Self::None | Self::Blob(_) | Self::Text(_) => None,
        }
    }

    /// What files of the body may be.
    pub fn media_types(&self) -> &[String] {
        match self {
            Self::Multipart(body) => &body.media_types,
            Self::Blob(body) => &body.media_types,
            Self::None | Self::Json(_) | Self::Form(_) | Self::Text(_) => &[],
        }
    }

    /// The media type that the body says of itself, where it is not the usual one of its form.
    pub fn media_type(&self) -> Option<&str> {
        match self {
            Self::Json(body) => body.media_type.as_deref(),
            Self::Text(body) => Some(&body.media_type),
            _ => None,
        }
    }

    /// Where the file or the text comes from that is the whole body.
    pub fn whole(&self) -> Option<&Source> {
        match self {
            Self::Blob(body) => Some(&body.source),
            Self::Text(body) => Some(&body.source),
            _ => None,
        }
    }

    /// `JSON`, `form`, …: for messages.
    pub fn name(&self) -> &'static str {
        match self {
            Self::None => "none",
            Self::Json(_) => "json",
            Self::Form(_) => "form",
            Self::Multipart(_) => "multipart",
            Self::Blob(_) => "blob",
            Self::Text(_) => "text",
        }
    }
}

/// The fields of a body.
#[derive(Clone, Debug, Default, PartialEq, Eq, Serialize, Deserialize)]
pub struct BodyFields {
    /// The declared ones.
    pub fields: Vec<Field>,
    /// Why the plugin may add others, where it may.
    pub open: Option<String>,
    /// Of a JSON body that is not `application/json`: another media type of JSON, such as `application/merge-patch+json`.
    #[serde(default, rename = "media-type", skip_serializing_if = "Option::is_none")]
    pub media_type: Option<String>,
}

/// The parts of a multipart body.
#[derive(Clone, Debug, Default, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "kebab-case")]
pub struct MultipartFields {
    /// The declared ones. A field bound to an attachment is a file.
    pub fields: Vec<Field>,
    /// Why the plugin may add others, where it may.
    pub open: Option<String>,
    /// What files among the parts may be: `image/png`, `image/*`, `*/*`.
    pub media_types: Vec<String>,
}

/// A body that is one file.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "kebab-case")]
pub struct BlobBody {
    /// An attachment, or a file that the plugin gives.
    pub source: Source,
    /// What the file may be. JSON is let in only by its own name.
    pub media_types: Vec<String>,
}

/// A body that is one text.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "kebab-case")]
pub struct TextBody {
    /// An input, or a text that the plugin gives. Where it is left out there is no body.
    pub source: Source,
    /// `text/plain` or another text, or XML: `application/xml`, `application/soap+xml`. Without a charset: it is UTF-8.
    pub media_type: String,
}
