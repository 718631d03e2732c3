//! Where the files of an output are kept.

use std::fs::{self, File};
use std::io::{self, BufReader, ErrorKind};
use std::path::Path;

use anyhow::{Context as _, Result};
use tempfile::{NamedTempFile, PersistError};
use wharf::file_name::{LONGEST, shortened, stem_and_ending};
use wharf::{Blob, shortage};

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
    let kept = written(folder, &safe, blob).and_then(|file| put(file, folder, &safe));
    match kept.with_context(|| format!("the file {}", folder.join(&safe).display()))? {
        Some(file_name) => Ok(file_name),
        None => Err(Usage(format!("{} is full of files of this name", folder.display())).into()),
    }
}

/// A file in the folder under a name that says it is a part: half of it would pass for the whole, also where this process ends
/// while it writes.
fn written(folder: &Path, name: &str, blob: &Blob) -> io::Result<NamedTempFile> {
    const ENDING: &str = ".part";
    /// What stands between the name and the ending.
    const RANDOM: usize = 8;
    /// What is copied at one time, in bytes.
    const PIECE: usize = 1 << 20;
    if shortage::file_size().is_some_and(|most| blob.len() > most) {
        // The system would end this process as it writes on.
        let problem = format!("the system allows no larger files; {}", shortage::raise(&shortage::of_file_size()));
        return Err(io::Error::new(ErrorKind::FileTooLarge, problem));
    }
    let prefix = format!("{}.", shortened(name, LONGEST - ENDING.len() - RANDOM));
    let mut builder = tempfile::Builder::new();
    builder.prefix(&prefix).suffix(ENDING);
    #[cfg(unix)]
    {
        use std::os::unix::fs::PermissionsExt as _;
        // As of any new file: those that the user's mask leaves.
        builder.permissions(fs::Permissions::from_mode(0o666));
    }
    let mut file = builder.tempfile_in(folder)?;
    io::copy(&mut BufReader::with_capacity(PIECE, blob.reader()), &mut file)?;
    file.as_file().sync_all()?;
    Ok(file)
}

/// Gives a file the first name that is free, and returns it; none where none is.
fn put(mut file: NamedTempFile, folder: &Path, name: &str) -> io::Result<Option<String>> {
    for number in 0_u32.. {
        let file_name = numbered(name, number);
        match persist(file, &folder.join(&file_name)) {
            Ok(_) => return Ok(Some(file_name)),
            Err(PersistError { error, file: back }) if error.kind() == ErrorKind::AlreadyExists => file = back,
            Err(PersistError { error, .. }) => return Err(error),
        }
    }
    Ok(None)
}

/// Gives a file a name that nothing has. Where a file system has no way to do that at once, the name is taken first.
fn persist(file: NamedTempFile, path: &Path) -> Result<File, PersistError> {
    let PersistError { error, file } = match file.persist_noclobber(path) {
        Err(failed) if failed.error.kind() != ErrorKind::AlreadyExists => failed,
        done => return done,
    };
    if File::create_new(path).is_err() {
        return Err(PersistError { error, file });
    }
    file.persist(path).inspect_err(|_| {
        let _ = fs::remove_file(path);
    })
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
    fn a_file_has_its_name_when_all_of_it_is_there_and_not_before() {
        let folder = tempfile::tempdir().unwrap();
        let (path, size) = (folder.path().join("a.bin"), 64 << 20);
        let blob = Blob::new(vec![7; size], "application/octet-stream", Some("a.bin".to_owned()));
        std::thread::scope(|scope| {
            let saving = scope.spawn(|| save(folder.path(), "file", &blob).unwrap());
            while !path.exists() && !saving.is_finished() {
                std::thread::yield_now();
            }
            assert_eq!(path.metadata().unwrap().len(), size as u64);
            assert_eq!(saving.join().unwrap(), "a.bin");
        });
        assert_eq!(fs::read_dir(folder.path()).unwrap().count(), 1, "no part is left");
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
