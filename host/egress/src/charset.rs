//! Texts of a provider as UTF-8, whatever they were written in. Nothing is replaced: what cannot be read is a failure.

use encoding_rs::{Encoding, REPLACEMENT, UTF_8, UTF_16BE};

use crate::parameters;
use crate::text::in_one_line;

/// What ASCII is called. It is read as UTF-8, which it is a part of: who says ASCII and sends more sends that.
const ASCII: [&str; 3] = ["us-ascii", "ascii", "ansi_x3.4-1968"];

/// A text that was not written in UTF-8, and now is.
#[derive(Debug, PartialEq, Eq)]
pub(crate) struct Decoded {
    pub(crate) bytes: Vec<u8>,
    /// What the answer should have said of it.
    pub(crate) content_type: String,
}

/// The value of a header as text: UTF-8, which servers send, or else ISO-8859-1, which it was once to be read as (RFC 9110,
/// section 5.5).
pub(crate) fn header(value: Vec<u8>) -> String {
    String::from_utf8(value).unwrap_or_else(|error| error.as_bytes().iter().copied().map(char::from).collect())
}

/// A body as UTF-8, by its mark or else by the charset that its Content-Type declares. None where it is left as it came: in
/// UTF-8, without a charset, or no text.
///
/// # Errors
/// What is wrong with it: the charset is not known, or the text is not written in it.
pub(crate) fn decoded(bytes: &[u8], content_type: &str) -> Result<Option<Decoded>, String> {
    let (essence, parameters) = parameters::read(content_type);
    if bytes.is_empty() || !is_text(&essence.to_ascii_lowercase()) {
        return Ok(None);
    }
    let name = parameters::value(&parameters, "charset").map(|name| name.trim_matches(['\'', ' ']));
    let declared = name.filter(|name| !name.is_empty()).map(named).transpose()?;
    let encoding = match (Encoding::for_bom(bytes), declared) {
        (Some((marked, _)), _) => marked,
        // Without a mark nothing tells of the order but the first character, which in JSON and in markup is of ASCII.
        (None, Some(_))
            if bytes.first() == Some(&0) && name.is_some_and(|name| name.eq_ignore_ascii_case("utf-16")) =>
        {
            UTF_16BE
        }
        (None, Some(encoding)) => encoding,
        (None, None) => UTF_8,
    };
    if encoding == UTF_8 {
        return Ok(None);
    }
    let (text, has_errors) = encoding.decode_with_bom_removal(bytes);
    if has_errors {
        return Err(format!("it is not written in the charset {}, as it says", encoding.name()));
    }
    Ok(Some(Decoded { bytes: text.into_owned().into_bytes(), content_type: in_utf8(essence, &parameters) }))
}

/// Refuses a text that is said to be in something else than UTF-8: items are not decoded while they come.
pub(crate) fn check_utf_8(content_type: &str) -> Result<(), String> {
    let (_, parameters) = parameters::read(content_type);
    let name = parameters::value(&parameters, "charset").map(|name| name.trim_matches(['\'', ' ']));
    match name.filter(|name| !name.is_empty()).map(named).transpose()? {
        Some(other) if other != UTF_8 => {
            Err(format!("it is in the charset {}, and its lines have to be in UTF-8", other.name()))
        }
        _ => Ok(()),
    }
}

/// Whether a Content-Type says which charset the text is in.
pub(crate) fn is_declared(content_type: &str) -> bool {
    parameters::value(&parameters::read(content_type).1, "charset").is_some()
}

fn named(name: &str) -> Result<&'static Encoding, String> {
    if ASCII.iter().any(|ascii| name.eq_ignore_ascii_case(ascii)) {
        return Ok(UTF_8);
    }
    // Some charsets are known only as ones that are not to be read: attacks hide in them.
    let known = Encoding::for_label(name.as_bytes()).filter(|encoding| *encoding != REPLACEMENT);
    known.ok_or_else(|| {
        format!("it is in the charset `{}`, which is not known; its provider has to send UTF-8", in_one_line(name))
    })
}

/// Whether a charset means something for a media type. Some servers add one to everything.
fn is_text(essence: &str) -> bool {
    const BYTES: [&str; 6] = ["octet-stream", "pdf", "zip", "gzip", "x-gzip", "x-tar"];
    match essence.split_once('/') {
        Some(("text" | "message", _)) => true,
        Some(("application", subtype)) => !BYTES.contains(&subtype) && !subtype.starts_with("vnd.openxmlformats"),
        _ => false,
    }
}

/// The Content-Type with another charset.
fn in_utf8(essence: &str, parameters: &[(String, String)]) -> String {
    let mut content_type = format!("{essence}; charset=utf-8");
    for (name, value) in parameters.iter().filter(|(name, _)| name != "charset") {
        content_type += &format!("; {name}=\"{}\"", value.replace('\\', "\\\\").replace('"', "\\\""));
    }
    content_type
}

#[cfg(test)]
mod tests {
    use proptest::prelude::*;

    use super::*;

    fn read(bytes: &[u8], content_type: &str) -> Result<Option<String>, String> {
        let decoded = decoded(bytes, content_type)?;
        Ok(decoded.map(|decoded| String::from_utf8(decoded.bytes).unwrap()))
    }

    fn utf16(text: &str, mark: &[u8], to_bytes: fn(u16) -> [u8; 2]) -> Vec<u8> {
        mark.iter().copied().chain(text.encode_utf16().flat_map(to_bytes)).collect()
    }

    #[test]
    fn a_text_is_read_by_the_charset_that_it_declares() {
        for (content_type, bytes, text) in [
            ("application/json; charset=ISO-8859-1", &b"{\"a\":\"Gr\xfc\xdfe\"}"[..], "{\"a\":\"Grüße\"}"),
            ("text/plain;Charset=\"Windows-1252\"", b"\x80 5", "€ 5"),
            ("Text/HTML; charset='iso-8859-15'", b"\xa4", "€"),
            ("application/problem+json; x=\"; charset=utf-8\"; CHARSET=latin1", b"\xe9", "é"),
            ("text/xml; charset=Shift_JIS", b"\x93\xfa\x96{", "日本"),
            ("application/xml; charset=gb2312", b"\xc4\xe3", "你"),
            ("text/csv; charset=koi8-r", b"\xc4\xc1", "да"),
        ] {
            assert_eq!(read(bytes, content_type).unwrap().as_deref(), Some(text), "{content_type}");
        }
    }

    #[test]
    fn utf_16_is_read_in_the_order_of_its_mark_and_else_of_its_first_character() {
        let text = "{\"a\":\"€👍\"}";
        let (little, big) = (utf16(text, b"", u16::to_le_bytes), utf16(text, b"", u16::to_be_bytes));
        let (little_marked, big_marked) =
            (utf16(text, b"\xff\xfe", u16::to_le_bytes), utf16(text, b"\xfe\xff", u16::to_be_bytes));
        for (bytes, charset) in [
            (&little, "utf-16"),
            (&big, "UTF-16"),
            (&little, "utf-16le"),
            (&big, "utf-16be"),
            (&little_marked, "utf-16"),
            (&big_marked, "utf-16"),
            (&big_marked, "utf-16le"),
            (&little_marked, "utf-8"),
        ] {
            let read = read(bytes, &format!("application/json; charset={charset}")).unwrap();
            assert_eq!(read.as_deref(), Some(text), "{charset}");
        }
        assert_eq!(read(&big_marked, "application/json").unwrap().as_deref(), Some(text), "a mark says enough");
    }

    #[test]
    fn what_is_utf_8_or_no_text_is_left_as_it_came() {
        for content_type in [
            "application/json",
            "application/json; charset=UTF-8",
            "text/plain; charset=utf8",
            "text/plain; charset=us-ascii",
            "text/plain; charset=",
            "image/png; charset=ISO-8859-1",
            "application/octet-stream; charset=latin1",
            "",
            "nonsense",
        ] {
            for bytes in [&b"Gr\xc3\xbc\xc3\x9fe"[..], b"\xef\xbb\xbf{}", b"\xff\x00", b""] {
                if !bytes.starts_with(b"\xff") || !content_type.starts_with("text") {
                    assert_eq!(decoded(bytes, content_type), Ok(None), "{content_type}");
                }
            }
        }
        assert_eq!(decoded(b"", "text/plain; charset=klingon"), Ok(None), "nothing is in every charset");
    }

    #[test]
    fn what_cannot_be_read_is_told_by_its_charset() {
        for (charset, words) in [
            ("klingon", "in the charset `klingon`, which is not known"),
            ("utf-7", "`utf-7`"),
            ("utf-32", "`utf-32`"),
            ("hz-gb-2312", "`hz-gb-2312`"),
            ("utf-8, text/html", "`utf-8, text/html`"),
            ("\"x\u{1b}[2J\"", "`x\\u{1b}[2J`"),
        ] {
            let problem = read(b"a", &format!("text/plain; charset={charset}")).unwrap_err();
            assert!(problem.contains(words), "{problem}");
        }
        let problem = read(b"\x93", "text/plain; charset=Shift_JIS").unwrap_err();
        assert_eq!(problem, "it is not written in the charset Shift_JIS, as it says");
        assert!(read(b"\xff\xfe\x00\xd8", "text/plain; charset=utf-16").is_err(), "half a pair");
    }

    #[test]
    fn what_the_answer_says_of_itself_is_true_afterwards() {
        let decoded = decoded(b"\xe9", "text/Plain; charset=latin1; format=flowed; q=\"a\\\"b\"").unwrap().unwrap();
        assert_eq!(decoded.content_type, "text/Plain; charset=utf-8; format=\"flowed\"; q=\"a\\\"b\"");
        assert_eq!(super::decoded(&decoded.bytes, &decoded.content_type), Ok(None));
    }

    #[test]
    fn a_header_is_utf_8_or_else_latin_1() {
        assert_eq!(header("Grüße".into()), "Grüße");
        assert_eq!(header(b"Gr\xfc\xdfe".into()), "Grüße");
        assert_eq!(header(b"plain".into()), "plain");
    }

    proptest! {
        #[test]
        fn nothing_is_ever_replaced(bytes in any::<Vec<u8>>(), charset in "utf-16(le|be)?|shift_jis|euc-kr|gb18030|big5|latin1|utf-8|iso-2022-jp") {
            if let Ok(Some(text)) = read(&bytes, &format!("text/plain; charset={charset}")) {
                // GB18030 and UTF-16 can say it of themselves.
                let can_say_it = charset.starts_with("utf-16") || charset == "gb18030" || bytes.starts_with(b"\xff\xfe") || bytes.starts_with(b"\xfe\xff");
                prop_assert!(can_say_it || !text.contains('\u{fffd}'), "{text:?}");
            }
        }
    }
}
