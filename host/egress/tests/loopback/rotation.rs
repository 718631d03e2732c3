//! An audit in several files, which several processes write to and close.

use std::collections::BTreeMap;
use std::env;
use std::fs;
use std::io::BufReader;
use std::path::{Path, PathBuf};
use std::process::{Child, Command, Stdio};

use proptest::prelude::*;
use tempfile::TempDir;
use wharf_egress::audit::verify::Verifier;
use wharf_egress::audit::{Audit, Record, Rotation, Who, files};

/// Where a process of this program writes to, and by which name.
const FILE: &str = "WHARF_TEST_AUDIT";
const NAME: &str = "WHARF_TEST_PROCESS";

/// How many records it writes, and in how many parts.
const RECORDS: u64 = 400;
const PARTS: u64 = 20;

fn who(call: &str) -> Who<'_> {
    Who { call, principal: None, plugin: "acme", digest: "d", operation: "things.do", connection: "main" }
}

fn audit(file: &Path, process: &str, size: u64) -> Audit {
    Audit::new(file, process, true).rotate(Rotation { size: Some(size), daily: true, keep: None })
}

fn paths(file: &Path) -> Vec<PathBuf> {
    let closed = files(file).unwrap().closed.into_iter().map(|closed| closed.path);
    closed.chain([file.to_owned()]).collect()
}

fn verified(file: &Path) -> (Vec<Record>, Vec<String>) {
    let (mut records, mut problems, mut verifier) = (Vec::new(), Vec::new(), Verifier::default());
    for path in paths(file) {
        let opened = BufReader::new(fs::File::open(&path).unwrap());
        let found = verifier.read(&path, opened, |record| records.push(record)).unwrap();
        problems.extend(found.iter().map(|problem| format!("{}, {problem}", path.display())));
    }
    (records, problems)
}

/// Not a test by itself: a process that others start.
#[test]
fn one_of_several_processes() {
    let (Ok(file), Ok(name)) = (env::var(FILE), env::var(NAME)) else { return };
    // It ends and comes again now and then, as who begins closes what is due.
    for part in 0..PARTS {
        let audit = audit(Path::new(&file), &format!("{name}-{part}"), 16 << 10);
        for number in 0..RECORDS / PARTS {
            audit.refusal(who(&format!("{name}-{number}")), "grant", "no".to_owned()).unwrap();
        }
    }
}

fn start(file: &Path, name: &str) -> Child {
    let mut command = Command::new(env::current_exe().unwrap());
    command.args(["--exact", "rotation::one_of_several_processes"]).env(FILE, file).env(NAME, name);
    command.stdout(Stdio::null()).spawn().unwrap()
}

#[test]
fn several_processes_close_files_under_each_other_and_no_line_is_lost_or_torn() {
    let folder = TempDir::new().unwrap();
    let file = folder.path().join("audit.jsonl");
    let names: Vec<String> = (0..4).map(|number| format!("p{number}")).collect();
    let children: Vec<Child> = names.iter().map(|name| start(&file, name)).collect();
    for mut child in children {
        assert!(child.wait().unwrap().success());
    }
    let (records, problems) = verified(&file);
    assert_eq!(problems, [""; 0]);
    let mut of_process: BTreeMap<&str, u64> = BTreeMap::new();
    for record in records.iter().filter(|record| !record.call.is_empty()) {
        *of_process.entry(record.process.split('-').next().unwrap()).or_default() += 1;
    }
    assert!(names.iter().all(|name| of_process[name.as_str()] == RECORDS), "{of_process:?}");
    assert!(paths(&file).len() > 10, "{} files", paths(&file).len());
}

#[test]
fn a_process_that_is_killed_while_files_are_closed_harms_no_other() {
    let folder = TempDir::new().unwrap();
    let file = folder.path().join("audit.jsonl");
    for round in 0..6 {
        let (mut killed, mut other) = (start(&file, &format!("k{round}")), start(&file, &format!("o{round}")));
        // As soon as it has written something, wherever it is.
        while !paths(&file)
            .iter()
            .any(|path| fs::read_to_string(path).is_ok_and(|text| text.contains(&format!("\"k{round}-"))))
        {
            std::thread::yield_now();
        }
        killed.kill().unwrap();
        killed.wait().unwrap();
        assert!(other.wait().unwrap().success());
    }
    let (records, problems) = verified(&file);
    assert_eq!(problems, [""; 0]);
    let others = records.iter().filter(|record| record.process.starts_with('o') && !record.call.is_empty()).count();
    assert_eq!(others as u64, 6 * RECORDS);
}

/// What is done to the files.
#[derive(Clone, Copy, Debug)]
enum Change {
    Edit,
    Remove,
    Double,
    Swap,
}

fn change() -> impl Strategy<Value = Change> {
    prop_oneof![Just(Change::Edit), Just(Change::Remove), Just(Change::Double), Just(Change::Swap)]
}

/// The lines after a change; none where it would change nothing.
fn changed(lines: &[String], at: usize, change: Change, byte: usize) -> Option<Vec<String>> {
    let mut lines = lines.to_vec();
    match change {
        Change::Edit => {
            let mut bytes = std::mem::take(&mut lines[at]).into_bytes();
            let byte = byte % bytes.len();
            bytes[byte] = if bytes[byte] == b'x' { b'y' } else { b'x' };
            lines[at] = String::from_utf8(bytes).ok()?;
        }
        Change::Remove => drop(lines.remove(at)),
        Change::Double => lines.insert(at, lines[at].clone()),
        Change::Swap => {
            lines.get(at + 1)?;
            lines.swap(at, at + 1);
        }
    }
    Some(lines)
}

proptest! {
    #![proptest_config(ProptestConfig { cases: 60, ..ProptestConfig::default() })]

    #[test]
    fn whoever_writes_and_closes_when_all_of_it_verifies_and_each_change_is_found(
        steps in prop::collection::vec((0..3_usize, any::<bool>()), 20..60),
        size in 400..3000_u64,
        (file_at, line_at, byte) in (any::<prop::sample::Index>(), any::<prop::sample::Index>(), any::<usize>()),
        change in change(),
    ) {
        let folder = TempDir::new().unwrap();
        let file = folder.path().join("audit.jsonl");
        // Each process is there now and then; it is another one when it comes back.
        let mut running: [Option<Audit>; 3] = [None, None, None];
        for (number, (which, ends)) in steps.iter().enumerate() {
            let process = running[*which].get_or_insert_with(|| audit(&file, &format!("p{number}"), size));
            process.refusal(who(&format!("c{number}")), "grant", "no".to_owned()).unwrap();
            if *ends {
                running[*which] = None;
            }
        }
        drop(running);
        let (records, problems) = verified(&file);
        prop_assert_eq!(problems, vec![""; 0]);
        prop_assert_eq!(records.iter().filter(|record| !record.call.is_empty()).count(), steps.len());

        let paths = paths(&file);
        let at = file_at.index(paths.len());
        let lines: Vec<String> = fs::read_to_string(&paths[at]).unwrap().lines().map(str::to_owned).collect();
        let line = line_at.index(lines.len());
        // In the file that is written to, the end of a chain may be cut off, and chains may stand otherwise.
        let is_closed = at + 1 < paths.len();
        prop_assume!(is_closed || matches!(change, Change::Edit | Change::Double));
        let Some(changed) = changed(&lines, line, change, byte) else { return Ok(()) };
        fs::write(&paths[at], changed.join("\n") + "\n").unwrap();
        prop_assert!(!verified(&file).1.is_empty(), "{:?} of line {} in {}", change, line, paths[at].display());
    }
}
