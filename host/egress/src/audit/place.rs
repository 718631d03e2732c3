//! Where an audit is: a file that is written to, and beside it those that were closed, each named by the day on which it was begun and
//! its number: `audit.jsonl`, `audit-2026-11-29.17.jsonl`.
//!
//! A file that follows another one begins with a record of the event `file`: the name of the one before, its size, and its SHA-256. So
//! the files are a chain, too. Whoever writes holds the file together with others who do, and whoever closes it holds it alone (`flock`):
//! nobody writes to a closed file, and there is one under the name at any time.

use std::fs::{self, File, OpenOptions};
use std::io;
use std::path::{Path, PathBuf};

use crate::files::{create_private_folder, open_regular};

/// When a file is closed and another one begun, and how many are kept.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
pub struct Rotation {
    /// When it is of so many bytes, or more.
    pub size: Option<u64>,
    /// With the first record of another day (UTC).
    pub daily: bool,
    /// How many closed ones are kept; all where it is left out.
    pub keep: Option<u32>,
}

impl Rotation {
    /// Whether files are closed at all.
    pub fn is_on(&self) -> bool {
        self.size.is_some() || self.daily
    }
}

/// Where an audit is, for a process.
#[derive(Clone, Debug)]
pub(super) struct Place {
    pub(super) file: PathBuf,
    /// Who writes.
    pub(super) process: String,
    pub(super) rotation: Rotation,
}

impl Place {
    /// Opens the file that is written to, and makes it where there is none. Only a regular file: whoever writes holds the chain, so a
    /// pipe that nobody reads would hold up every call, beyond its deadline.
    pub(super) fn open(&self) -> io::Result<File> {
        if let Some(folder) = self.file.parent() {
            create_private_folder(folder)?;
        }
        let mut options = private();
        // Read, too: to see how it ends.
        options.append(true).read(true).create(true);
        open_regular(&self.file, &options)
    }

    /// Whether a file is the one that is written to now.
    pub(super) fn is_now(&self, id: Id) -> bool {
        fs::metadata(&self.file).is_ok_and(|now| Id::of(&now) == id)
    }
}

/// A file that nobody else may read.
pub(super) fn private() -> OpenOptions {
    let mut options = File::options();
    #[cfg(unix)]
    std::os::unix::fs::OpenOptionsExt::mode(&mut options, 0o600);
    options
}

/// Tells a file from others, whatever it is called.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(super) struct Id(u64, u64);

impl Id {
    #[cfg(unix)]
    pub(super) fn of(found: &fs::Metadata) -> Self {
        use std::os::unix::fs::MetadataExt as _;
        Self(found.dev(), found.ino())
    }

    #[cfg(not(unix))]
    pub(super) fn of(_: &fs::Metadata) -> Self {
        Self(0, 0)
    }
}

/// A closed file of an audit.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct ClosedFile {
    /// From 1, in the order in which they were begun.
    pub number: u64,
    /// Where it is.
    pub path: PathBuf,
}

/// The closed files of the audit in a file, the oldest first.
///
/// # Errors
/// What the system says of the folder.
pub(super) fn closed(file: &Path) -> io::Result<Vec<ClosedFile>> {
    let folder = file.parent().filter(|folder| !folder.as_os_str().is_empty()).unwrap_or(Path::new("."));
    let (stem, ending) = parts(file);
    let mut found = Vec::new();
    let listed = match fs::read_dir(folder) {
        Err(error) if error.kind() == io::ErrorKind::NotFound => return Ok(found),
        listed => listed?,
    };
    for entry in listed {
        let entry = entry?;
        let name = entry.file_name();
        let number = name.to_str().and_then(|name| name.strip_prefix(&stem)?.strip_suffix(&ending));
        if let Some(number) = number.and_then(number_in) {
            found.push(ClosedFile { number, path: folder.join(name) });
        }
    }
    found.sort_by(|one, other| (one.number, &one.path).cmp(&(other.number, &other.path)));
    Ok(found)
}

/// The number of a closed file by its name, whatever audit it is of.
pub(super) fn number_of(name: &str) -> Option<u64> {
    name.rmatch_indices('-').find_map(|(at, _)| {
        let middle = name.get(at..)?;
        let number = middle.get(DAY.len() + 2..)?;
        let digits = number.bytes().take_while(u8::is_ascii_digit).count();
        let (middle, ending) = middle.split_at_checked(DAY.len() + 2 + digits)?;
        number_in(middle).filter(|_| ending.is_empty() || ending.starts_with('.'))
    })
}

/// What a file is called once it is closed.
pub(super) fn name_of(file: &Path, day: &str, number: u64) -> PathBuf {
    let (stem, ending) = parts(file);
    file.with_file_name(format!("{stem}-{day}.{number}{ending}"))
}

/// A name without its ending, and that.
fn parts(file: &Path) -> (String, String) {
    let text = |part: Option<&std::ffi::OsStr>| part.map(|part| part.to_string_lossy().into_owned());
    let ending = text(file.extension()).map(|ending| format!(".{ending}")).unwrap_or_default();
    (text(file.file_stem()).unwrap_or_default(), ending)
}

/// What a day is written like.
const DAY: &str = "2026-11-29";

/// `-2026-11-29.17`
fn number_in(middle: &str) -> Option<u64> {
    let (day, number) = middle.strip_prefix('-')?.split_at_checked(DAY.len())?;
    let number = number.strip_prefix('.')?;
    let is_number = !number.starts_with('0') && number.bytes().all(|byte| byte.is_ascii_digit());
    number.parse().ok().filter(|_| is_day(day) && is_number)
}

/// Whether it is written like a day.
pub(super) fn is_day(text: &str) -> bool {
    let fits = |(byte, like): (u8, u8)| if like == b'-' { byte == b'-' } else { byte.is_ascii_digit() };
    text.len() == DAY.len() && text.bytes().zip(DAY.bytes()).all(fits)
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn closed_files_are_found_by_their_names_in_the_order_of_their_numbers() {
        let folder = tempfile::tempdir().unwrap();
        let file = folder.path().join("audit.jsonl");
        let names = ["audit-2026-11-30.2.jsonl", "audit-2026-12-01.10.jsonl", "audit-2026-11-29.1.jsonl"];
        let others = [
            "audit.jsonl",
            "audit-2026-11-29.jsonl",
            "audit-2026-11-29.01.jsonl",
            "b-2026-11-29.1.jsonl",
            "audit-x.1.jsonl",
        ];
        names.iter().chain(&others).for_each(|name| fs::write(folder.path().join(name), "").unwrap());
        let numbers: Vec<u64> = closed(&file).unwrap().into_iter().map(|closed| closed.number).collect();
        assert_eq!(numbers, [1, 2, 10]);
        assert_eq!(name_of(&file, "2026-11-29", 1), folder.path().join("audit-2026-11-29.1.jsonl"));
        assert_eq!(closed(&folder.path().join("none/audit.jsonl")).unwrap(), []);
        assert_eq!(others.map(number_of), [None, None, None, Some(1), None]);
        assert_eq!(["audit-2026-11-29.17.jsonl", "a-b-2026-11-29.17"].map(number_of), [Some(17); 2]);
    }
}
