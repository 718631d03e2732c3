//! Names of files: as a server tells them, and cut to what file systems take.

use encoding_rs::Encoding;
use percent_encoding::percent_decode_str;

use crate::parameters;

/// The longest name of a file that common file systems take, in bytes.
pub const LONGEST: usize = 255;

/// What is a number of letters more is no ending that tells a type, in bytes.
const LONGEST_ENDING: usize = 16;

/// The name in a Content-Disposition, as it stands there, perhaps with a path. `filename*` goes before `filename` (RFC 6266,
/// section 4.3), unless it cannot be read.
pub(crate) fn of(disposition: &str) -> Option<String> {
    let (_, parameters) = parameters::read(disposition);
    let extended = parameters::value(&parameters, "filename*").and_then(extended);
    extended.or_else(|| parameters::value(&parameters, "filename").map(str::to_owned))
}

/// A value with its charset and language: `UTF-8'de'Gr%C3%BC%C3%9Fe.txt` (RFC 8187, section 3.2).
fn extended(value: &str) -> Option<String> {
    let mut pieces = value.splitn(3, '\'');
    let charset = Encoding::for_label(pieces.next()?.as_bytes())?;
    let text = pieces.nth(1)?;
    let is_encoded = |after: &str| after.len() >= 2 && after.bytes().take(2).all(|byte| byte.is_ascii_hexdigit());
    if !text.split('%').skip(1).all(is_encoded) {
        return None;
    }
    let bytes: Vec<u8> = percent_decode_str(text).collect();
    let text = charset.decode_without_bom_handling_and_without_replacement(&bytes)?;
    (!text.is_empty()).then(|| text.into_owned())
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
        fn whatever_is_told_is_a_name_without_a_path(disposition in "(attachment; ?)?filename\\*?=\"?(UTF-8'')?[./\\\\%0-9A-Fa-f\"; ü]{0,40}|\\PC{0,40}") {
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
