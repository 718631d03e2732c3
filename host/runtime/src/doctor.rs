//! What the machine gives a host, and what it lacks.

use std::num::NonZero;
use std::path::Path;
use std::sync::{Mutex, mpsc};
use std::{fs, io, thread};

use serde::Serialize;
use wasmtime::PoolingAllocationConfig;
use wharf_egress::shortage;

use crate::sandbox::admission::Narrow;
use crate::sandbox::layout::Layout;
use crate::{Host, files};

mod system;

pub use system::system;

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
    /// Looks at what calls and plugins need of the machine: address space and how instances are set back, how many calls there
    /// is room for, threads to compile with, and where compiled code is kept. Nothing of it keeps a host from working; it may cost time, or fail under load.
    pub fn doctor(&self) -> Vec<Finding> {
        let admission = &self.engine.admission;
        vec![
            memories(self.engine.layout),
            set_back(PoolingAllocationConfig::is_pagemap_scan_available()),
            room(admission.cap(), admission.narrow.as_ref()),
            threads(),
            kept(self.loader.kept_in(), |folder| {
                let file = folder.join(format!("doctor-{}", std::process::id()));
                files::create_private_folder(folder)
                    .and_then(|()| files::replace(&file, b""))
                    .and_then(|()| fs::remove_file(file))
            }),
        ]
    }
}

impl Host {
    /// What this host does otherwise than it was told, as there is too little address space for it: in words, with what to do.
    pub fn makeshift(&self) -> Option<String> {
        let admission = &self.engine.admission;
        let Narrow { asked, remedy, .. } = admission.narrow.as_ref().filter(|narrow| narrow.by_memory)?;
        let slower = if self.engine.layout == Layout::Wide { "" } else { ", and code of plugins takes longer" };
        let calls = admission.cap();
        Some(format!(
            "there is too little address space for the {asked} calls of the limit `calls`: {calls} are let in at one \
             time{slower}; {remedy}, or lower `calls` to {calls}, or `memories` and `tables`, under [limits]"
        ))
    }
}

fn memories(layout: Layout) -> Finding {
    const WIDE: &str = "each has 4 GiB of address space, so that code need not check where it reads and writes";
    let otherwise = |how: &str| {
        let remedy = shortage::raise(&shortage::of_address_space());
        format!(
            "{how}, as there is too little address space: code checks where it reads and writes, and takes longer; {remedy}"
        )
    };
    let text = match layout {
        Layout::Wide => WIDE.to_owned(),
        Layout::Tight => otherwise("each has as much address space as the limit `memory`"),
        Layout::OnDemand => otherwise("each takes from the system what it needs when a call begins"),
    };
    Finding { subject: "memories", good: layout == Layout::Wide, text }
}

/// Those that compiling takes besides one for each processor: of the host and of the process that compiles, two each.
const THREADS_BESIDES: usize = 4;

/// Looks how many more threads there are by having them.
fn threads() -> Finding {
    let wanted = thread::available_parallelism().map_or(1, NonZero::get) + THREADS_BESIDES;
    let (end, ended) = mpsc::channel::<()>();
    let ended = Mutex::new(ended);
    // Each waits until there is no sender any more.
    let wait = || drop(ended.lock().map(|ended| ended.recv()));
    let (had, refused) = thread::scope(|scope| {
        let all: Vec<_> = (0..wanted).map(|_| thread::Builder::new().spawn_scoped(scope, wait)).collect();
        drop(end);
        let had = all.iter().filter(|one| one.is_ok()).count();
        (had, all.into_iter().find_map(Result::err))
    });
    let text = match refused {
        None => format!("there are {wanted} more, which is what compiling takes at most"),
        Some(error) => {
            let words = shortage::in_words("thread", &error);
            format!(
                "there are {had} more, of {wanted} that compiling takes: with fewer it takes longer, and with less than \
                     {THREADS_BESIDES} it fails; {words}"
            )
        }
    };
    Finding { subject: "threads", good: had == wanted, text }
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
        Some(Narrow { asked, remedy, .. }) => {
            format!("{calls} at one time, though the limit `calls` is {asked}: {remedy}, or lower the limit")
        }
    };
    Finding { subject: "calls", good: narrow.is_none(), text }
}

fn kept(folder: Option<&Path>, tried: impl Fn(&Path) -> io::Result<()>) -> Finding {
    const OTHERWISE: &str = "each start compiles every component anew";
    const ELSEWHERE: &str = "for `wharf`, set XDG_CACHE_HOME to a folder of yours that can be written to";
    let (good, text) = match folder.map(|folder| (folder.display(), tried(folder))) {
        Some((folder, Ok(()))) => (true, format!("kept in {folder}: a component is compiled once")),
        Some((folder, Err(problem))) => {
            (false, format!("not kept, as {folder} cannot be written to ({problem}): {OTHERWISE}; {ELSEWHERE}"))
        }
        None => (
            false,
            format!("not kept, as there is no folder for it or others can write to it: {OTHERWISE}; {ELSEWHERE}"),
        ),
    };
    Finding { subject: "compiled code", good, text }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn too_little_room_is_told_with_what_to_do() {
        assert!(room(4000, None).good);
        let narrow = Narrow { asked: 4000, remedy: "raise vm.max_map_count".to_owned(), by_memory: false };
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
