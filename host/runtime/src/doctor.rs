//! What the machine gives a host, and what it lacks.

use std::path::Path;
use std::{fs, io};

use serde::Serialize;
use wasmtime::PoolingAllocationConfig;

use crate::sandbox::admission::Narrow;
use crate::{Host, files};

/// Something that was looked at.
#[derive(Clone, Debug, PartialEq, Eq, Serialize)]
pub struct Finding {
    /// What it is about, in a word or two.
    pub subject: &'static str,
    /// Whether all is well with it.
    pub good: bool,
    /// How it is and, where it is not well, what it costs and what to do.
    pub text: String,
}

impl Host {
    /// Looks at what calls and plugins need of the machine: how instances are set back, how many calls there is room for, and
    /// where compiled code is kept. Nothing of it keeps a host from working; it may cost time, or fail under load.
    pub fn doctor(&self) -> Vec<Finding> {
        let admission = &self.engine.admission;
        vec![
            set_back(PoolingAllocationConfig::is_pagemap_scan_available()),
            room(admission.cap(), admission.narrow.as_ref()),
            kept(self.loader.kept_in(), |folder| {
                let file = folder.join(format!("doctor-{}", std::process::id()));
                files::create_private_folder(folder)
                    .and_then(|()| files::replace(&file, b""))
                    .and_then(|()| fs::remove_file(file))
            }),
        ]
    }
}

fn set_back(scan: bool) -> Finding {
    let text = if scan {
        "the system tells which pages a call wrote to: only those are set back"
    } else {
        "the system does not tell which pages a call wrote to, as Linux does from 6.7 on: all that stays in memory is written \
         anew after each call, which costs more"
    };
    Finding { subject: "instances", good: scan, text: text.to_owned() }
}

fn room(calls: u32, narrow: Option<&Narrow>) -> Finding {
    let text = match narrow {
        None => format!("{calls} at one time, as the limit `calls` says"),
        Some(Narrow { asked, remedy }) => {
            format!("{calls} at one time, though the limit `calls` is {asked}: {remedy}, or lower the limit")
        }
    };
    Finding { subject: "calls", good: narrow.is_none(), text }
}

fn kept(folder: Option<&Path>, tried: impl Fn(&Path) -> io::Result<()>) -> Finding {
    const OTHERWISE: &str = "each start compiles every component anew";
    let (good, text) = match folder.map(|folder| (folder.display(), tried(folder))) {
        Some((folder, Ok(()))) => (true, format!("kept in {folder}: a component is compiled once")),
        Some((folder, Err(problem))) => {
            (false, format!("not kept, as {folder} cannot be written to ({problem}): {OTHERWISE}"))
        }
        None => (false, format!("not kept, as there is no folder for it or others can write to it: {OTHERWISE}")),
    };
    Finding { subject: "compiled code", good, text }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn too_little_room_is_told_with_what_to_do() {
        assert!(room(4000, None).good);
        let narrow = Narrow { asked: 4000, remedy: "raise vm.max_map_count".to_owned() };
        let found = room(900, Some(&narrow));
        assert!(!found.good);
        assert_eq!(
            found.text,
            "900 at one time, though the limit `calls` is 4000: raise vm.max_map_count, or lower the limit"
        );
    }

    #[test]
    fn a_kernel_without_the_page_map_scan_is_told_of() {
        assert!(set_back(true).good);
        assert!(!set_back(false).good && set_back(false).text.contains("6.7"));
    }

    #[test]
    fn a_host_knows_whether_it_keeps_what_it_compiles() {
        let folder = tempfile::tempdir().unwrap();
        let kept = |host: Host| host.doctor().into_iter().find(|f| f.subject == "compiled code").unwrap().good;
        assert!(!kept(Host::builder().build().unwrap()));
        assert!(kept(Host::builder().cache(folder.path().join("compiled")).build().unwrap()));
        assert_eq!(fs::read_dir(folder.path().join("compiled")).unwrap().count(), 0, "no trace of the try is left");
        fs::write(folder.path().join("file"), "").unwrap();
        assert!(!kept(Host::builder().cache(folder.path().join("file/compiled")).build().unwrap()));
    }
}
