//! Which releases are live, as the lock file said when it was read last. Reading all of a large one takes longer than
//! everything else that a program does at its start, and nearly always it says the same as the time before.

use std::collections::BTreeMap;
use std::path::PathBuf;

use serde::{Deserialize, Serialize};

use super::digest_of;
use super::lock::{LARGEST, LockFile};
use crate::files::{read, replace};

/// Digests by the plugin's name, and the file that they were found in.
#[derive(Serialize, Deserialize)]
struct Index {
    /// SHA-256 of the lock file: a check that somebody can aim at would let it say one thing and this another.
    of: String,
    live: BTreeMap<String, String>,
}

/// The digests of the live releases by the plugin's name: as they are kept in a file if that is of this lock file, else as
/// the lock file has them, and then they are kept. That file says what runs, so it is in a folder that is trusted like code.
pub(super) fn live(kept_in: Option<PathBuf>, lock: &[u8]) -> Result<BTreeMap<String, String>, String> {
    let of = digest_of(lock);
    let kept = kept_in.as_ref().and_then(|file| read(file, LARGEST).ok());
    let kept = kept.and_then(|bytes| serde_json::from_slice::<Index>(&bytes).ok());
    if let Some(kept) = kept.filter(|kept| kept.of == of) {
        return Ok(kept.live);
    }
    let plugins = LockFile::parse(lock)?.plugins;
    let live = plugins.into_iter().filter_map(|(name, plugin)| Some((name, plugin.live?))).collect();
    let index = Index { of, live };
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
    fn a_lock_file_with_the_same_length_and_crc_is_another_one() {
        let folder = tempfile::tempdir().unwrap();
        let file = folder.path().join("live.json");
        let first = format!("{}# {}\n", lock("01"), "a".repeat(48));
        let (goal, mut other) =
            (crc32fast::hash(first.as_bytes()), first.replace(&lock("01"), &lock("02")).into_bytes());
        // The CRC is linear: which of these letters have to be others is a system of equations.
        let from = other.len() - 49;
        let plain = crc32fast::hash(&other);
        let mut basis: BTreeMap<u32, (u32, u64)> = BTreeMap::new();
        for bit in 0..48 {
            let mut flipped = other.clone();
            flipped[from + bit] ^= 2;
            let (mut column, mut made_of) = (crc32fast::hash(&flipped) ^ plain, 1_u64 << bit);
            while column != 0 {
                match basis.get(&column.leading_zeros()) {
                    Some((known, of)) => (column, made_of) = (column ^ known, made_of ^ of),
                    None => {
                        basis.insert(column.leading_zeros(), (column, made_of));
                        break;
                    }
                }
            }
        }
        let (mut wanted, mut flips) = (goal ^ plain, 0);
        while wanted != 0 {
            let (known, of) = basis[&wanted.leading_zeros()];
            (wanted, flips) = (wanted ^ known, flips ^ of);
        }
        (0..48).filter(|bit| flips >> bit & 1 == 1).for_each(|bit| other[from + bit] ^= 2);
        assert_eq!((first.len(), goal), (other.len(), crc32fast::hash(&other)));
        assert_eq!(live(Some(file.clone()), first.as_bytes()).unwrap()["a"], format!("{DIGEST}01"));
        assert_eq!(live(Some(file), &other).unwrap()["a"], format!("{DIGEST}02"));
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
