//! Reads all descriptions of a folder, for whoever changes the reader:
//! `DESCRIPTIONS=folder cargo test -p wharf-author --lib survey -- --ignored --nocapture`.

use std::collections::BTreeMap;
use std::path::{Path, PathBuf};
use std::time::Instant;

use super::tests::checked;
use crate::import::report::{Outcome, Report};
use crate::import::{read, source};

#[test]
#[ignore = "it reads descriptions that are not part of the repository"]
fn all_descriptions_of_a_folder_are_read() {
    let folder = std::env::var("DESCRIPTIONS").expect("a folder in DESCRIPTIONS");
    let (mut rules, mut problems) = (BTreeMap::new(), BTreeMap::new());
    let (mut read, mut operations, mut spoilt) = (0, 0, 0);
    let mut slow = Vec::new();
    for file in files(Path::new(&folder)) {
        let (began, mut report) = (Instant::now(), Report::default());
        match source::of_file(&file).and_then(|mut documents| read::api(&mut documents, &mut report)) {
            Ok(api) => {
                (read, operations) = (read + 1, operations + api.operations.len());
                checked(&api);
            }
            Err(error) => {
                problems.entry(error.problem.clone()).or_insert_with(Vec::new).push(file.clone());
            }
        }
        slow.push((began.elapsed(), file.clone()));
        let worse = report.lines.iter().filter(|line| line.outcome != Outcome::Note);
        spoilt += worse.filter_map(|line| line.operation.clone()).collect::<std::collections::BTreeSet<_>>().len();
        for line in report.lines {
            let (count, examples) = rules.entry((line.outcome, line.rule)).or_insert((0, Vec::new()));
            *count += 1;
            if examples.len() < 4 && examples.iter().all(|(of, _): &(PathBuf, _)| *of != file) {
                examples.push((file.clone(), format!("{}: {}", line.place, line.text)));
            }
        }
    }
    slow.sort();
    println!("{read} read, {operations} operations, {spoilt} of them relaxed, lost or left out");
    for ((outcome, rule), (count, examples)) in rules {
        println!("{outcome:?} {rule}: {count}");
        examples.iter().for_each(|(_, example)| println!("    {example}"));
    }
    for (problem, files) in problems {
        println!("{} times {problem}, such as {}", files.len(), files[0].display());
    }
    slow.iter().rev().take(8).for_each(|(time, file)| println!("{time:?} {}", file.display()));
}

fn files(folder: &Path) -> Vec<PathBuf> {
    let (mut files, mut open) = (Vec::new(), vec![folder.to_owned()]);
    if folder.is_file() {
        return open;
    }
    while let Some(folder) = open.pop() {
        for entry in std::fs::read_dir(&folder).unwrap().map(|entry| entry.unwrap().path()) {
            if entry.is_dir() {
                open.push(entry);
            } else if entry.extension().is_some_and(|kind| kind == "json" || kind == "yaml") {
                files.push(entry);
            }
        }
    }
    files.sort();
    files
}
