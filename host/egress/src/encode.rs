//! Encodings of text. What comes out may be made of a secret, so it is wiped like one.

use percent_encoding::{AsciiSet, NON_ALPHANUMERIC, utf8_percent_encode};

use crate::wiped::Wiped;

/// Everything but the unreserved characters of RFC 3986, section 2.3.
const RESERVED: &AsciiSet = &NON_ALPHANUMERIC.remove(b'-').remove(b'.').remove(b'_').remove(b'~');

pub(crate) fn percent_encode(text: &str) -> Wiped {
    percent_encoded(text).collect()
}

/// The same, piece by piece.
pub(crate) fn percent_encoded(text: &str) -> impl Iterator<Item = &str> {
    utf8_percent_encode(text, RESERVED)
}

pub(crate) fn form_encode(text: &str) -> Wiped {
    form_urlencoded::byte_serialize(text.as_bytes()).collect()
}

/// The inside of a JSON string.
pub(crate) fn json_escape(text: &str) -> Wiped {
    let mut quoted = Wiped::secret();
    // Writing to memory does not fail, and a text has no other way to be no JSON.
    let _ = serde_json::to_writer(&mut quoted, text);
    quoted.get(1..quoted.len().saturating_sub(1)).into_iter().collect()
}

/// A JSON string as PHP writes it: with its slashes escaped.
pub(crate) fn slash_escape(json: &str) -> Wiped {
    let mut parts = json.split('/');
    let first = parts.next().into_iter();
    first.chain(parts.flat_map(|part| ["\\/", part])).collect()
}

/// The inside of a JSON string for readers that undo `\uXXXX` before `\\`, as Zend_Json does in Vtiger: a `u` that would begin such
/// an escape behind a backslash of the text is one itself, in either case. For every other reader it is the same text.
pub(crate) fn without_false_escapes(json: &str) -> Wiped {
    let mut parts = json.split(r"\\");
    let first = parts.next().into_iter();
    first
        .chain(parts.flat_map(|part| {
            let is_false = part.as_bytes().get(1..5).is_some_and(|digits| digits.iter().all(u8::is_ascii_hexdigit));
            let letter = match part.as_bytes().first() {
                Some(b'u') if is_false => r"\u0075",
                Some(b'U') if is_false => r"\u0055",
                _ => "",
            };
            [r"\\", letter, part.get(usize::from(!letter.is_empty())..).unwrap_or_default()]
        }))
        .collect()
}

/// Everything beyond ASCII as `\uXXXX`, in the UTF-16 that JSON escapes stand for.
pub(crate) fn ascii_escape(text: &str) -> Wiped {
    let mut escaped = Wiped::secret();
    for c in text.chars() {
        if c.is_ascii() {
            escaped.push_str(c.encode_utf8(&mut [0; 4]));
        } else {
            c.encode_utf16(&mut [0; 2]).iter().for_each(|unit| escaped.push_str(&format!("\\u{unit:04x}")));
        }
    }
    escaped
}

pub(crate) fn hex(bytes: &[u8]) -> String {
    let digit = |value: u8| char::from_digit(u32::from(value), 16).unwrap_or_default();
    let mut text = String::with_capacity(bytes.len() * 2);
    for byte in bytes {
        text.push(digit(byte >> 4));
        text.push(digit(byte & 0xf));
    }
    text
}
