//! Which releases are live, as the lock file said when it was read last. Reading all of a large one takes longer than
//! everything else that a program does at its start, and nearly always it says the same as the time before.

use std::collections::BTreeMap;
use std::path::PathBuf;

use serde::{Deserialize, Serialize};

use super::lock::{LARGEST, LockFile};
use crate::files::{read, replace};

/// Digests by the plugin's name, and the file that they were found in.
#[derive(Serialize, Deserialize)]
struct Index {
    length: usize,
    /// CRC-32.
    check: u32,
    live: BTreeMap<String, String>,
}

/// The digests of the live releases by the plugin's name: as they are kept in a file if that is of this lock file, else as
/// the lock file has them, and then they are kept. That file says what runs, so it is in a folder that is trusted like code.
pub(super) fn live(kept_in: Option<PathBuf>, lock: &[u8]) -> Result<BTreeMap<String, String>, String> {
    let (length, check) = (lock.len(), crc32fast::hash(lock));
    let kept = kept_in.as_ref().and_then(|file| read(file, LARGEST).ok());
    let kept = kept.and_then(|bytes| serde_json::from_slice::<Index>(&bytes).ok());
    if let Some(kept) = kept.filter(|kept| (kept.length, kept.check) == (length, check)) {
        return Ok(kept.live);
    }
    let plugins = LockFile::parse(lock)?.plugins;
    let live = plugins.into_iter().filter_map(|(name, plugin)| Some((name, plugin.live?))).collect();
    let index = Index { length, check, live };
    // What cannot be kept costs the next start some time.
    if let (Some(file), Ok(bytes)) = (kept_in, serde_json::to_vec(&index)) {
        let _ = replace(&file, &bytes);
    }
    Ok(index.live)
}

#[cfg(test)]
mod tests {
    use super::*;

    const DIGEST: &str = "sha256:00000000000000000000000000000000000000000000000000000000000000";

    fn lock(last: &str) -> String {
        let release = "version = \"1.0.0\"\ncontract = \"\"\nfrom = \"\"\ninstalled = \"\"";
        format!(
            "format = 2\n[plugins.a]\nlive = \"{DIGEST}{last}\"\n[[plugins.a.releases]]\ndigest = \"{DIGEST}{last}\"\n{release}\n"
        )
    }

    #[test]
    fn what_is_live_follows_the_lock_file_whatever_was_kept() {
        let folder = tempfile::tempdir().unwrap();
        let file = folder.path().join("live.json");
        for last in ["01", "02", "02", "01"] {
            assert_eq!(live(Some(file.clone()), lock(last).as_bytes()).unwrap()["a"], format!("{DIGEST}{last}"));
        }
        std::fs::write(&file, "damaged").unwrap();
        assert_eq!(live(Some(file.clone()), lock("01").as_bytes()).unwrap()["a"], format!("{DIGEST}01"));
        for damaged in ["format = 2\nplugins = 7", ""] {
            assert!(live(Some(file.clone()), damaged.as_bytes()).is_err(), "it is not read as one without plugins");
        }
    }

    #[test]
    fn without_a_folder_nothing_is_kept() {
        let folder = tempfile::tempdir().unwrap();
        let file = folder.path().join("nowhere/live.json");
        for kept_in in [None, Some(file.clone())] {
            assert!(live(kept_in, lock("01").as_bytes()).is_ok() && !file.exists());
        }
    }
}
