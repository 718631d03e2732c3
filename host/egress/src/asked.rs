//! What a plugin asks for, before the guard has looked at it.

use crate::Blob;

/// What a plugin asks for: a declared request by its name, and its free values.
#[derive(Clone, Debug, Default)]
pub struct Asked {
    /// Name of the request.
    pub name: String,
    /// Free variables.
    pub variables: Vec<(String, String)>,
    /// Free query parameters.
    pub query: Vec<(String, String)>,
    /// Free headers.
    pub headers: Vec<(String, String)>,
    /// The free part of the body.
    pub body: Option<AskedBody>,
}

/// The part of a body that a plugin gives.
#[derive(Clone, Debug)]
pub enum AskedBody {
    /// A JSON object.
    Json(String),
    /// Fields of a form.
    Form(Vec<(String, String)>),
    /// Parts of a multipart body.
    Multipart(Vec<(String, AskedPart)>),
    /// The whole body.
    Blob(Blob),
}

/// The content of one part.
#[derive(Clone, Debug)]
pub enum AskedPart {
    /// Text.
    Text(String),
    /// A file.
    Blob(Blob),
}

/// A name as lenient servers read it: PHP trims it, ends it at a bracket or a zero byte, and turns dots and spaces into
/// underscores; others ignore case.
pub(crate) fn canonical(name: &str) -> String {
    let name = name.trim_start();
    let end = name.find(['[', '\0']).unwrap_or(name.len());
    name.get(..end).unwrap_or_default().replace(['.', ' '], "_").to_ascii_lowercase()
}

/// A name that a plugin made up, fit for a message.
pub(crate) fn printable(name: &str) -> String {
    const LONGEST: usize = 80;
    let mut text: String = name.chars().take(LONGEST).flat_map(char::escape_debug).collect();
    if name.chars().nth(LONGEST).is_some() {
        text.push('…');
    }
    text
}
