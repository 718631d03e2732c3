//! What the system gives a server: files, memory, a disk, a clock.

use std::fs;
use std::path::Path;
use std::time::{Duration, SystemTime};

use bytesize::ByteSize;
use wharf_egress::shortage;

use super::Finding;

/// When this Wharf was made, at the earliest, in seconds since 1970: 29 November 2026. Nothing is earlier than that.
const MADE: u64 = 1_795_910_400;

/// How far a file may be ahead of the clock: disks of other machines have clocks of their own.
const AHEAD: Duration = Duration::from_secs(60);

/// How much room a disk should have, in bytes: a day of calls, and a backup.
const ROOM: u64 = 1 << 30;

/// How much memory a process should have, in bytes.
const MEMORY: u64 = 512 << 20;

/// Files that are open besides sockets: databases, plugins, what calls spool.
const FILES_BESIDES: u64 = 256;

/// Looks at what a server needs of the system, which has so many sockets at one time and keeps its files in a folder.
pub fn system(store: Option<&Path>, sockets: u32) -> Vec<Finding> {
    let newest = store.and_then(newest);
    let room = store.and_then(room);
    [Some(clock(SystemTime::now(), newest)), Some(files(shortage::files(), sockets)), memory(), file_size(), room]
        .into_iter()
        .flatten()
        .collect()
}

/// A clock that is behind makes certificates and tokens look as if they were not good yet, and one that went back breaks the order of
/// what is recorded.
fn clock(now: SystemTime, newest: Option<SystemTime>) -> Finding {
    let found = |good, text: String| Finding { subject: "clock", good, text };
    let shown = humantime::format_rfc3339_seconds(now);
    let ahead = newest.and_then(|newest| newest.duration_since(now).ok()).filter(|ahead| *ahead > AHEAD);
    if now < SystemTime::UNIX_EPOCH + Duration::from_secs(MADE) {
        return found(
            false,
            format!("it says {shown}, which is before this Wharf was made: set it, and keep it by NTP"),
        );
    }
    match ahead {
        Some(ahead) => {
            let ahead = humantime::format_duration(Duration::from_secs(ahead.as_secs()));
            found(
                false,
                format!("it says {shown}, and files of the store are {ahead} newer: it went back; keep it by NTP"),
            )
        }
        None => found(true, format!("it says {shown}, and nothing in the store is newer")),
    }
}

/// When something in a folder was changed last.
fn newest(folder: &Path) -> Option<SystemTime> {
    let entries = fs::read_dir(folder).ok()?.filter_map(Result::ok);
    entries.filter_map(|entry| entry.metadata().ok()?.modified().ok()).max()
}

fn files(most: Option<u64>, sockets: u32) -> Finding {
    let found = |good, text| Finding { subject: "open files", good, text };
    let wanted = u64::from(sockets).saturating_add(FILES_BESIDES);
    match most {
        Some(most) if most < wanted => {
            let remedy = shortage::raise(&shortage::of_files());
            found(
                false,
                format!("{most}, and {sockets} sockets take {wanted}: {remedy}, or lower `sockets` under [server]"),
            )
        }
        Some(most) => found(true, format!("{most}, of which a server with {sockets} sockets takes {wanted} at most")),
        None => found(true, "there is no limit".to_owned()),
    }
}

/// Told only where there is little.
fn memory() -> Option<Finding> {
    let limits = shortage::of_memory_below(MEMORY);
    let text = || {
        let least = ByteSize::b(MEMORY).display().iec();
        format!("there is less than {least}: calls that need more fail; {}", shortage::raise(&limits))
    };
    (!limits.is_empty()).then(|| Finding { subject: "memory", good: false, text: text() })
}

/// The system ends a process that writes a larger file.
fn file_size() -> Option<Finding> {
    let most = shortage::file_size()?;
    let size = ByteSize::b(most).display().iec();
    let remedy = shortage::raise(&shortage::of_file_size());
    let text = format!(
        "no file may have more than {size}: the audit and the history come to that, and then calls fail; {remedy}, or close the file \
         of the audit before (`rotate` under [audit])"
    );
    Some(Finding { subject: "size of files", good: false, text })
}

#[cfg(unix)]
fn room(folder: &Path) -> Option<Finding> {
    // What is above a name alone is here.
    let mut above = folder.ancestors().map(|above| if above.as_os_str().is_empty() { Path::new(".") } else { above });
    let there = above.find(|above| above.is_dir())?;
    let found = rustix::fs::statvfs(there).ok()?;
    let free = found.f_bavail.saturating_mul(found.f_frsize);
    let text = format!("{} are free at {}", ByteSize::b(free).display().iec(), there.display());
    Some(match free {
        ROOM.. => Finding { subject: "disk", good: true, text },
        _ => Finding {
            subject: "disk",
            good: false,
            text: format!("{text}: where there is none, nothing can be recorded and calls fail; make room"),
        },
    })
}

#[cfg(not(unix))]
fn room(_: &Path) -> Option<Finding> {
    None
}

#[cfg(test)]
mod tests {
    use super::*;

    fn at(seconds: u64) -> SystemTime {
        SystemTime::UNIX_EPOCH + Duration::from_secs(seconds)
    }

    #[test]
    fn a_clock_that_is_behind_or_went_back_is_told_of() {
        let found = clock(at(MADE - 1), None);
        assert!(!found.good && found.text.contains("before this Wharf was made"), "{found:?}");
        let found = clock(at(MADE + 10), Some(at(MADE + 3610)));
        assert!(!found.good && found.text.contains("are 1h newer: it went back"), "{found:?}");
        assert!(clock(at(MADE + 10), Some(at(MADE + 70))).good, "a disk may have a clock of its own");
    }

    #[test]
    fn sockets_are_open_files() {
        assert!(files(Some(20_000), 12_000).good && files(None, 12_000).good);
        let found = files(Some(1024), 12_000);
        assert!(!found.good && found.text.starts_with("1024, and 12000 sockets take 12256: raise "), "{found:?}");
    }

    #[test]
    fn the_room_on_a_disk_is_that_where_the_store_will_be() {
        let folder = tempfile::tempdir().unwrap();
        let found = room(&folder.path().join("not/there")).unwrap();
        assert!(found.text.ends_with(&format!("are free at {}", folder.path().display())) || !found.good, "{found:?}");
    }
}
