//! What a plugin asks for, before the guard has looked at it.

use crate::Blob;
use crate::text::{in_one_line, shortened};

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

/// What a value costs besides its letters, in bytes.
const VALUE: usize = 64;

impl Asked {
    /// Size of all that the plugin gives in memory, in bytes. Blobs that share their bytes count each by itself, as they are sent.
    pub fn bytes(&self) -> u64 {
        let pairs = |pairs: &[(String, String)]| {
            pairs.iter().map(|(name, value)| VALUE + name.len() + value.len()).sum::<usize>()
        };
        let others = pairs(&self.variables) + pairs(&self.query) + pairs(&self.headers);
        let body = match &self.body {
            None => 0,
            Some(AskedBody::Json(text) | AskedBody::Text(text)) => text.len(),
            Some(AskedBody::Form(fields)) => pairs(fields),
            Some(AskedBody::Multipart(parts)) => {
                parts.iter().map(|(name, part)| VALUE + name.len() + part.bytes()).sum()
            }
            Some(AskedBody::Blob(blob)) => return blob.size() + others as u64,
        };
        (body + others) as u64
    }

    /// Size of what it gives of files on disk, in bytes.
    pub(crate) fn bytes_on_disk(&self) -> u64 {
        match &self.body {
            Some(AskedBody::Blob(blob)) => blob.size_on_disk(),
            Some(AskedBody::Multipart(parts)) => {
                let of_part = |(_, part): &(String, AskedPart)| match part {
                    AskedPart::Blob(blob) => blob.size_on_disk(),
                    AskedPart::Text(_) => 0,
                };
                parts.iter().map(of_part).fold(0, u64::saturating_add)
            }
            None | Some(AskedBody::Json(_) | AskedBody::Form(_) | AskedBody::Text(_)) => 0,
        }
    }

    /// How many values it gives, besides the members of a JSON body.
    pub(crate) fn values(&self) -> usize {
        let body = match &self.body {
            Some(AskedBody::Form(fields)) => fields.len(),
            Some(AskedBody::Multipart(parts)) => parts.len(),
            None | Some(AskedBody::Json(_) | AskedBody::Text(_) | AskedBody::Blob(_)) => 0,
        };
        body + self.variables.len() + self.query.len() + self.headers.len()
    }
}

impl AskedPart {
    fn bytes(&self) -> usize {
        match self {
            Self::Text(text) => text.len(),
            // That is in memory, so its size fits.
            Self::Blob(blob) => blob.size() as usize,
        }
    }
}

/// The part of a body that a plugin gives.
#[derive(Clone, Debug)]
pub enum AskedBody {
    /// A JSON object; any document where the declared body is one free whole.
    Json(String),
    /// Fields of a form.
    Form(Vec<(String, String)>),
    /// A text that is the whole body.
    Text(String),
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

/// A name as PHP and Rack read it: leading spaces and brackets are passed over, it ends at a bracket or a zero byte, and dots
/// and spaces are underscores. Others ignore case, also that of letters which only Unicode takes for one (`ſ` for `s`).
pub(crate) fn canonical(name: &str) -> String {
    head(name, &[]).replace(['.', ' '], "_")
}

/// All that servers take a name for: the same, and for those who write `filter[user]` as `filter.user` (ASP.NET), what stands
/// before the dot.
pub(crate) fn readings(name: &str) -> impl Iterator<Item = String> {
    let before_dot = Some(head(name, &['.'])).filter(|_| name.contains('.'));
    std::iter::once(canonical(name)).chain(before_dot)
}

fn head(name: &str, ends: &[char]) -> String {
    let name = name.trim_start_matches(|c: char| c.is_whitespace() || matches!(c, '[' | ']'));
    let end = name.find(|c| matches!(c, '[' | ']' | '\0') || ends.contains(&c)).unwrap_or(name.len());
    let name = name.get(..end).unwrap_or_default();
    if name.is_ascii() { name.to_ascii_lowercase() } else { name.to_uppercase().to_lowercase() }
}

/// Whether servers agree where a name ends: its brackets come in pairs, after the name. PHP reads `a[b` as `a_b`.
pub(crate) fn is_unambiguous(name: &str) -> bool {
    let Some(first) = name.find(['[', ']']) else { return true };
    let (head, mut rest) = name.split_at(first);
    while let Some(inside) = rest.strip_prefix('[') {
        match inside.find(['[', ']']) {
            Some(end) if inside.get(end..).is_some_and(|tail| tail.starts_with(']')) => {
                rest = inside.get(end + 1..).unwrap_or_default();
            }
            _ => return false,
        }
    }
    !head.is_empty() && rest.is_empty()
}

/// Whether a name can stand in the head of a part: some servers read parameters and encoded words (RFC 2047) out of quoted
/// texts.
pub(crate) fn is_plain(name: &str) -> bool {
    is_unambiguous(name) && name.chars().all(|c| c.is_ascii_alphanumeric() || "_-.[] ".contains(c))
}

/// The member of the body that a field is, or that a JSON Pointer goes through.
pub(crate) fn member(name: &str) -> String {
    match name.strip_prefix('/') {
        Some(pointer) => unescape(pointer.split('/').next().unwrap_or_default()),
        None => name.to_owned(),
    }
}

/// Where a field stands, as a lenient server sees it.
pub(crate) fn place(name: &str) -> String {
    canonical(&member(name))
}

/// A token of a JSON Pointer as the name that it stands for (RFC 6901, section 4).
pub fn unescape(token: &str) -> String {
    token.replace("~1", "/").replace("~0", "~")
}

/// A name that a plugin made up, fit for a message.
pub(crate) fn printable(name: &str) -> String {
    const LONGEST: usize = 80;
    in_one_line(&shortened(name, LONGEST))
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_name_is_read_as_the_most_lenient_server_does() {
        for name in [
            "operation",
            " operation",
            "OPERATION",
            "operation[]",
            "operation\0x",
            "[operation]",
            "]operation",
            "operation]",
        ] {
            assert_eq!(canonical(name), "operation", "{name:?}");
        }
        assert_eq!(canonical("session.name"), canonical("session name"));
        assert_eq!(canonical("u\u{17f}er_\u{212a}ey"), "user_key");
        assert_eq!(readings("filter.user").collect::<Vec<_>>(), ["filter_user", "filter"]);
    }

    #[test]
    fn brackets_come_in_pairs_after_the_name() {
        for name in ["a", "a[]", "a[b]", "a[b][c]", "a[0][]"] {
            assert!(is_unambiguous(name), "{name}");
        }
        for name in ["a[", "a[b", "a]", "[a]", "a[b]c", "a[[b]]", "a[b][", "[]"] {
            assert!(!is_unambiguous(name), "{name}");
        }
    }
}
