//! Where the files of an output are kept.

use std::fs::{self, File};
use std::io::{ErrorKind, Write as _};
use std::path::Path;

use anyhow::{Context as _, Result};
use wharf::Blob;
use wharf::file_name::{LONGEST, shortened, stem_and_ending};

use crate::exit::Usage;

/// Names that Windows has for devices, with any ending.
const DEVICES: [&str; 6] = ["con", "prn", "aux", "nul", "com", "lpt"];

/// The endings of media types that have several, none of which is the type's own name.
const USUAL_ENDINGS: [(&str, &str); 16] = [
    ("application/msword", "doc"),
    ("application/octet-stream", "bin"),
    ("application/postscript", "ps"),
    ("application/vnd.ms-excel", "xls"),
    ("application/vnd.ms-outlook", "msg"),
    ("application/vnd.ms-powerpoint", "ppt"),
    ("application/xml", "xml"),
    ("audio/mpeg", "mp3"),
    ("image/jpeg", "jpg"),
    ("image/svg+xml", "svg"),
    ("message/rfc822", "eml"),
    ("text/calendar", "ics"),
    ("text/javascript", "js"),
    ("text/plain", "txt"),
    ("video/quicktime", "mov"),
    ("video/x-matroska", "mkv"),
];

/// Writes a file of the output into a folder, beside what is there already, and returns its name.
pub(crate) fn save(folder: &Path, name: &str, blob: &Blob) -> Result<String> {
    fs::create_dir_all(folder).with_context(|| format!("the folder {}", folder.display()))?;
    let wanted = blob.file_name.as_deref().map(safe_name).filter(|name| !name.is_empty());
    let safe = wanted.unwrap_or_else(|| safe_name(&default_name(name, &blob.media_type)));
    for number in 0_u32.. {
        let file_name = numbered(&safe, number);
        let path = folder.join(&file_name);
        match File::create_new(&path) {
            Ok(mut file) => {
                if let Err(error) = file.write_all(&blob.bytes).and_then(|()| file.sync_all()) {
                    // Half of it would pass for the whole.
                    let _ = fs::remove_file(&path);
                    return Err(error).with_context(|| format!("the file {}", path.display()));
                }
                return Ok(file_name);
            }
            Err(error) if error.kind() == ErrorKind::AlreadyExists => {}
            Err(error) => return Err(error).with_context(|| format!("the file {}", path.display())),
        }
    }
    Err(Usage(format!("{} is full of files of this name", folder.display())).into())
}

/// The name for the first file of it, and for those after it, with room for their number.
fn numbered(name: &str, number: u32) -> String {
    if number == 0 {
        return shortened(name, LONGEST);
    }
    let (stem, ending) = stem_and_ending(name);
    let number = format!("-{number}{ending}");
    format!("{}{number}", shortened(stem, LONGEST.saturating_sub(number.len())))
}

/// A name that stays in its folder and is one on every system: both the plugin's and the provider's names come from strangers.
fn safe_name(name: &str) -> String {
    let is_unsafe = |c: char| {
        wharf::text::deceives(c)
            || matches!(c, '/' | '\\' | ':')
            || (cfg!(windows) && matches!(c, '<' | '>' | '"' | '|' | '?' | '*'))
    };
    let plain: String = name.chars().map(|c| if is_unsafe(c) { '_' } else { c }).collect();
    // What Windows takes away at an end must not make another name of it.
    let plain = plain.trim_start_matches(['.', ' ']).trim_end_matches(['.', ' ']);
    if is_device(plain) { format!("_{plain}") } else { plain.to_owned() }
}

fn is_device(name: &str) -> bool {
    let stem = name.split('.').next().unwrap_or_default().trim_end().to_lowercase();
    let number = |rest: &str| matches!(rest, "1" | "2" | "3" | "4" | "5" | "6" | "7" | "8" | "9" | "¹" | "²" | "³");
    DEVICES.iter().any(|device| match stem.strip_prefix(device) {
        Some(rest) => {
            if matches!(*device, "com" | "lpt") {
                number(rest)
            } else {
                rest.is_empty()
            }
        }
        None => false,
    })
}

/// A name with the usual ending of a media type; without one where none is usual, as a wrong one tells of another type.
fn default_name(name: &str, media_type: &str) -> String {
    let essence = media_type.trim_start().split(|c: char| c.is_whitespace() || matches!(c, ';' | ',')).next();
    let essence = essence.unwrap_or_default().to_ascii_lowercase();
    let usual = USUAL_ENDINGS.iter().find(|(known, _)| *known == essence).map(|(_, ending)| *ending);
    let listed = || match mime_guess::get_mime_extensions_str(&essence)? {
        [only] => Some(*only),
        // They are in no order that would tell the usual one.
        several => several.iter().find(|ending| essence.rsplit('/').next() == Some(**ending)).copied(),
    };
    match usual.or_else(listed) {
        Some(ending) => format!("{name}.{ending}"),
        None => name.to_owned(),
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_file_without_a_name_has_the_usual_ending_of_its_media_type() {
        for (media_type, name) in [
            ("image/png", "avatar.png"),
            ("image/jpeg", "avatar.jpg"),
            ("text/html; charset=utf-8", "avatar.html"),
            ("text/plain", "avatar.txt"),
            ("application/pdf", "avatar.pdf"),
            ("application/octet-stream", "avatar.bin"),
            ("Application/PDF charset=binary", "avatar.pdf"),
            ("application/vnd.openxmlformats-officedocument.spreadsheetml.sheet", "avatar.xlsx"),
            ("application/zip", "avatar.zip"),
            ("application/msword", "avatar.doc"),
            ("application/xml", "avatar.xml"),
            // One of many would be a guess.
            ("application/x-msdownload", "avatar"),
            ("application/x-nobody-knows", "avatar"),
            ("", "avatar"),
        ] {
            assert_eq!(default_name("avatar", media_type), name, "{media_type}");
        }
    }

    #[test]
    fn a_name_of_a_stranger_is_one_on_every_system() {
        for (name, safe) in [
            ("Grüße 📄 (1); a=b %20.pdf", "Grüße 📄 (1); a=b %20.pdf"),
            (".htaccess", "htaccess"),
            ("..\\a/b:c", "_a_b_c"),
            ("evil\u{202e}fdp.exe", "evil_fdp.exe"),
            ("a\u{0}b\r\n\u{1b}[2J.txt", "a_b___[2J.txt"),
            ("name. . ", "name"),
            ("NUL", "_NUL"),
            ("com1.tar.gz", "_com1.tar.gz"),
            ("Lpt³.txt", "_Lpt³.txt"),
            ("console.txt", "console.txt"),
            ("com10.txt", "com10.txt"),
            ("...", ""),
        ] {
            assert_eq!(safe_name(name), safe, "{name:?}");
        }
    }

    #[test]
    fn files_of_one_name_are_kept_beside_each_other_however_long_it_is() {
        let folder = tempfile::tempdir().unwrap();
        for name in ["a.txt".to_owned(), "ü".repeat(150) + ".txt", "x".repeat(300), "NUL".to_owned(), String::new()] {
            let names: Vec<String> = (0..12_u8)
                .map(|content| {
                    let mut blob = Blob::new(vec![content], "text/plain", None);
                    blob.file_name = Some(name.clone());
                    save(folder.path(), "file", &blob).unwrap()
                })
                .collect();
            for (content, kept) in (0..12_u8).zip(&names) {
                assert!(kept.len() <= LONGEST, "{kept}");
                assert_eq!(fs::read(folder.path().join(kept)).unwrap(), [content], "{kept}");
                assert_eq!(kept.ends_with(".txt"), name.ends_with(".txt") || name.is_empty(), "{kept}");
            }
        }
        assert_eq!(fs::read_dir(folder.path()).unwrap().count(), 60);
    }

    #[test]
    fn what_is_there_is_not_written_over_by_way_of_a_link_either() {
        let folder = tempfile::tempdir().unwrap();
        fs::write(folder.path().join("a.txt"), "mine").unwrap();
        #[cfg(unix)]
        std::os::unix::fs::symlink(folder.path().join("elsewhere"), folder.path().join("a-1.txt")).unwrap();
        #[cfg(not(unix))]
        fs::write(folder.path().join("a-1.txt"), "mine").unwrap();
        let kept = save(folder.path(), "file", &Blob::new("theirs", "text/plain", Some("a.txt".to_owned()))).unwrap();
        assert_eq!(kept, "a-2.txt");
        assert_eq!(fs::read_to_string(folder.path().join("a.txt")).unwrap(), "mine");
        assert!(!folder.path().join("elsewhere").exists());
    }
}
