//! Names of files: as a server tells them, and cut to what file systems take.

use std::mem;

use encoding_rs::{Encoding, UTF_8};
use percent_encoding::percent_decode_str;

use crate::parameters;

/// The longest name of a file that common file systems take, in bytes.
pub const LONGEST: usize = 255;

/// What is a number of letters more is no ending that tells a type, in bytes.
const LONGEST_ENDING: usize = 16;

/// The name in a Content-Disposition, as it stands there, perhaps with a path. `filename*` goes before one in pieces, and that
/// before `filename` (RFC 6266, section 4.3), unless it cannot be read.
pub(crate) fn of(disposition: &str) -> Option<String> {
    let (_, parameters) = parameters::read(disposition);
    let extended = parameters::value(&parameters, "filename*").and_then(extended);
    let name = extended.or_else(|| in_pieces(&parameters)).filter(|name| !name.is_empty());
    name.or_else(|| parameters::value(&parameters, "filename").map(str::to_owned))
}

/// A value with its charset and language: `UTF-8'de'Gr%C3%BC%C3%9Fe.txt` (RFC 8187, section 3.2).
fn extended(value: &str) -> Option<String> {
    let (charset, text) = charset(value)?;
    decoded(charset, &percent_decoded(text)?)
}

/// A name that goes on over parameters (RFC 2231, sections 3 and 4.1): `filename*0="abc"; filename*1*=%20def`. The first piece
/// says the charset of those that are encoded, whose bytes may be of one character together.
fn in_pieces(parameters: &[(String, String)]) -> Option<String> {
    let mut charset_of_all = UTF_8;
    let (mut name, mut bytes) = (String::new(), Vec::new());
    // A name has no more pieces than letters.
    for number in 0..LONGEST {
        let plain = format!("filename*{number}");
        if let Some(mut text) = parameters::value(parameters, &format!("{plain}*")) {
            if number == 0 {
                (charset_of_all, text) = charset(text)?;
            }
            bytes.extend(percent_decoded(text)?);
        } else if let Some(text) = parameters::value(parameters, &plain) {
            name += &decoded(charset_of_all, &mem::take(&mut bytes))?;
            name += text;
        } else {
            break;
        }
    }
    Some(name + &decoded(charset_of_all, &bytes)?)
}

/// The charset of a value, and what follows its language. UTF-8 and ISO-8859-1 are known to it (RFC 5987, section 3.2.1), and
/// others are sent; one in which the letters of a header mean something else is none.
fn charset(value: &str) -> Option<(&'static Encoding, &str)> {
    let mut pieces = value.splitn(3, '\'');
    let charset = Encoding::for_label(pieces.next()?.as_bytes()).filter(|charset| charset.is_ascii_compatible())?;
    Some((charset, pieces.nth(1)?))
}

fn percent_decoded(text: &str) -> Option<Vec<u8>> {
    let is_encoded = |after: &str| after.len() >= 2 && after.bytes().take(2).all(|byte| byte.is_ascii_hexdigit());
    text.split('%').skip(1).all(is_encoded).then(|| percent_decode_str(text).collect())
}

fn decoded(charset: &'static Encoding, bytes: &[u8]) -> Option<String> {
    Some(charset.decode_without_bom_handling_and_without_replacement(bytes)?.into_owned())
}

/// The last segment of a path, without what could be more than a name: none where nothing is left but dots (RFC 6266, section
/// 4.3).
pub(crate) fn without_path(name: &str) -> Option<String> {
    let name = name.trim().rsplit(['/', '\\']).next()?.trim();
    let name: String = name.chars().map(|c| if c.is_control() { '_' } else { c }).collect();
    (!name.chars().all(|c| c == '.')).then_some(name)
}

/// A name of so many bytes at most. What is too much is cut out before the ending, which tells what kind of file it is.
pub fn shortened(name: &str, most: usize) -> String {
    if name.len() <= most {
        return name.to_owned();
    }
    let (stem, ending) = stem_and_ending(name);
    let end = stem.floor_char_boundary(most.saturating_sub(ending.len()));
    format!("{}{ending}", stem.get(..end).unwrap_or_default())
}

/// A name in two: what stands before the ending, and the ending with its dot, which may be missing.
pub fn stem_and_ending(name: &str) -> (&str, &str) {
    match name.rfind('.') {
        Some(dot) if dot > 0 && name.len() - dot <= LONGEST_ENDING => name.split_at(dot),
        _ => (name, ""),
    }
}

#[cfg(test)]
mod tests {
    use proptest::prelude::*;

    use super::*;

    fn told(disposition: &str) -> Option<String> {
        without_path(&of(disposition)?)
    }

    #[test]
    fn a_name_is_read_however_a_server_writes_it() {
        for (disposition, name) in [
            ("attachment; filename=plain.txt", "plain.txt"),
            ("attachment; FileName=\"quoted; x=1.txt\"", "quoted; x=1.txt"),
            ("attachment;filename = \"a \\\"b\\\" c.txt\"", "a \"b\" c.txt"),
            ("inline; filename=\"Grüße 📄.pdf\"", "Grüße 📄.pdf"),
            ("attachment; filename*=UTF-8''Gr%C3%BC%C3%9Fe.txt", "Grüße.txt"),
            ("attachment; FILENAME*=utf-8'de'%e2%82%ac%20rates.txt", "€ rates.txt"),
            ("attachment; filename*=ISO-8859-1''na%EFve.txt", "naïve.txt"),
            ("attachment; filename*=\"UTF-8''quoted%2C.txt\"", "quoted,.txt"),
            ("attachment; filename=\"a.txt\"; filename*=UTF-8''%C3%A4.txt", "ä.txt"),
            ("attachment; filename*=UTF-8''%C3%A4.txt; filename=\"a.txt\"", "ä.txt"),
            // What cannot be read gives way to what can.
            ("attachment; filename*=UTF-8''%E4.txt; filename=a.txt", "a.txt"),
            ("attachment; filename*=klingon''a.txt; filename=b.txt", "b.txt"),
            ("attachment; filename*=UTF-8''%zz.txt; filename=b.txt", "b.txt"),
            ("attachment; filename*=no-charset.txt; filename=b.txt", "b.txt"),
            ("attachment; filename*=UTF-8''; filename=b.txt", "b.txt"),
            ("attachment; filename*=UTF-16''%FE%FF%00a.txt; filename=b.txt", "b.txt"),
            ("attachment; filename*=utf-16le''a%00.txt; filename=b.txt", "b.txt"),
            ("attachment; filename*=ISO-2022-JP''a.txt; filename=b.txt", "b.txt"),
            // A percent sign is one where nothing says otherwise (RFC 6266, appendix D).
            ("attachment; filename=\"100%25.txt\"", "100%25.txt"),
            ("attachment; note=\"; filename=evil.exe\"; filename=good.txt", "good.txt"),
            ("attachment; filename=first.txt; filename=second.txt", "first.txt"),
            ("filename=\"bare.txt\"", "bare.txt"),
            ("attachment; filename=\".htaccess\"", ".htaccess"),
        ] {
            assert_eq!(told(disposition).as_deref(), Some(name), "{disposition}");
        }
    }

    #[test]
    fn a_name_in_pieces_is_put_together() {
        for (disposition, name) in [
            ("attachment; filename*0=\"abc\"; filename*1=\"def.txt\"", "abcdef.txt"),
            ("attachment; FileName*1=def.txt; filename*0=\"a; b\"; filename=short.txt", "a; bdef.txt"),
            (
                "attachment; filename*0*=UTF-8'de'Gr%C3; filename*1*=%BC%C3%9F; filename*2=\"e 100%.txt\"",
                "Grüße 100%.txt",
            ),
            ("attachment; filename*0*=ISO-8859-1''na%EF; filename*1=ve; filename*2*=%2Etxt", "naïve.txt"),
            ("attachment; filename*0=a; filename*1*=%C3%A4.txt", "aä.txt"),
            ("attachment; filename*0=a.txt; filename*2=.exe", "a.txt"),
            ("attachment; filename*0=a.txt; filename*=UTF-8''b.txt", "b.txt"),
            // What cannot be read gives way here, too.
            ("attachment; filename*0*=UTF-8''%C3; filename*1=x.txt; filename=b.txt", "b.txt"),
            ("attachment; filename*0*=UTF-16''%00a; filename*1=x.txt; filename=b.txt", "b.txt"),
            ("attachment; filename*0*=no-charset; filename=b.txt", "b.txt"),
            ("attachment; filename*1=a.txt; filename=b.txt", "b.txt"),
            ("attachment; filename*0=\"\"; filename=b.txt", "b.txt"),
        ] {
            assert_eq!(told(disposition).as_deref(), Some(name), "{disposition}");
        }
    }

    #[test]
    fn a_path_and_what_is_no_name_is_left_out() {
        for (disposition, name) in [
            ("attachment; filename=\"../../etc/passwd\"", Some("passwd")),
            ("attachment; filename=\"..\\\\..\\\\boot.ini\"", Some("boot.ini")),
            ("attachment; filename=\"C:\\docs\\new.txt\"", Some("new.txt")),
            ("attachment; filename*=UTF-8''..%2F..%2Fa%00b%0Ac", Some("a_b_c")),
            ("attachment; filename=\"..\"", None),
            ("attachment; filename=\"a/\"", None),
            ("attachment; filename=\"\"", None),
            ("attachment; filename=", None),
            ("attachment; file=a", None),
            ("attachment", None),
            ("", None),
        ] {
            assert_eq!(told(disposition).as_deref(), name, "{disposition}");
        }
    }

    #[test]
    fn a_name_that_is_too_long_keeps_its_ending() {
        let long = "ü".repeat(150) + ".tar.gz";
        let cut = shortened(&long, LONGEST);
        assert!(cut.len() <= LONGEST && cut.len() > LONGEST - 4 && cut.ends_with("ü.gz"), "{cut}");
        assert_eq!(shortened(&"a".repeat(300), LONGEST), "a".repeat(255));
        assert_eq!(shortened(&format!("a.{}", "b".repeat(300)), 10), "a.bbbbbbbb", "that is no ending");
        assert_eq!(shortened("short.txt", LONGEST), "short.txt");
        assert_eq!(stem_and_ending(".htaccess"), (".htaccess", ""));
    }

    proptest! {
        #[test]
        fn whatever_is_told_is_a_name_without_a_path(disposition in "(attachment; ?)?filename(\\*|\\*0|\\*0\\*)?=\"?(UTF-8'')?[./\\\\%0-9A-Fa-f\"; ü]{0,40}|\\PC{0,40}") {
            if let Some(name) = told(&disposition) {
                prop_assert!(!name.is_empty() && name != "." && name != "..", "{name:?}");
                prop_assert!(!name.contains(['/', '\\']) && !name.contains(char::is_control), "{name:?}");
                prop_assert_eq!(without_path(&name), Some(name.clone()));
            }
        }

        #[test]
        fn a_shortened_name_is_as_short_as_said(name in "[aü👍.]{0,80}", most in 20_usize..60) {
            let cut = shortened(&name, most);
            prop_assert!(cut.len() <= most && (cut == name || cut.len() + 4 > most), "{cut:?}");
        }
    }
}
