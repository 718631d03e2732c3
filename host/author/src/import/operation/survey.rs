//! Writes all operations of the descriptions of a folder, for whoever changes what is written, and has the host check them:
//! `DESCRIPTIONS=folder cargo test -p wharf-author --lib operation::survey -- --ignored --nocapture`. With `LINES=1` it tells all
//! that is not carried over, and with `INTO=folder` it leaves the manifests there.

use std::collections::{BTreeMap, BTreeSet};
use std::path::{Path, PathBuf};
use std::time::Instant;

use serde_json::json;

use super::super::servers::servers;
use super::super::{read, source};
use super::*;

#[test]
#[ignore = "it reads descriptions that are not part of the repository"]
fn what_is_written_of_a_folder_of_descriptions_is_accepted() {
    let folder = std::env::var("DESCRIPTIONS").expect("a folder in DESCRIPTIONS");
    let mut rules = BTreeMap::new();
    let mut problems: BTreeMap<String, Vec<String>> = BTreeMap::new();
    let mut totals = [0; 3];
    for file in files(Path::new(&folder)) {
        let (began, mut report) = (Instant::now(), Report::default());
        let Ok(api) = source::of_file(&file).and_then(|mut documents| read::api(&mut documents, &mut report)) else {
            continue;
        };
        let read_in = began.elapsed();
        let made = made(&api, &mut report);
        let written_in = began.elapsed() - read_in;
        if let Ok(folder) = std::env::var("INTO") {
            let name = format!("{}.json", file.file_stem().unwrap().to_string_lossy());
            std::fs::write(Path::new(&folder).join(name), serde_json::to_string_pretty(&made).unwrap()).unwrap();
        }
        let text = made.to_string();
        let refused = document::check(&text).err().unwrap_or_default();
        for problem in &refused {
            let general: String = problem.problem.split('`').step_by(2).collect::<Vec<_>>().join("`…`");
            let examples = problems.entry(general.chars().take(200).collect()).or_default();
            examples.push(format!("{} {problem}", file.display()).chars().take(500).collect());
        }
        let with = |outcomes: &[Outcome]| {
            let lines = report.lines.iter().filter(|line| outcomes.contains(&line.outcome));
            lines.filter_map(|line| line.operation.as_deref()).collect::<BTreeSet<_>>().len()
        };
        let all = api.operations.len();
        let carried = all - with(&[Outcome::Relaxed, Outcome::Lost, Outcome::LeftOut]);
        let with_relaxed = all - with(&[Outcome::Lost, Outcome::LeftOut]);
        totals.iter_mut().zip([all, carried, with_relaxed]).for_each(|(total, count)| *total += count);
        let share = |count: usize| count as f64 * 100.0 / all as f64;
        println!(
            "{:40} {all:5} carried {:5.1} % with relaxed {:5.1} %, {} refused, {} KiB, read {read_in:.0?} written {written_in:.0?} checked {:.0?}",
            file.file_name().unwrap().to_string_lossy(),
            share(carried),
            share(with_relaxed),
            refused.len(),
            text.len() / 1024,
            began.elapsed() - read_in - written_in,
        );
        if std::env::var("LINES").is_ok() {
            let worse = report.lines.iter().filter(|line| line.outcome != Outcome::Note);
            worse.for_each(|line| println!("  {:?} {}: {} {}", line.outcome, line.rule, line.place, line.text));
        }
        for line in report.lines {
            let (count, examples) = rules.entry((line.outcome, line.rule)).or_insert((0, Vec::new()));
            *count += 1;
            if examples.len() < 5 && examples.iter().all(|(of, _): &(PathBuf, _)| *of != file) {
                examples.push((file.clone(), format!("{}: {}", line.place, line.text)));
            }
        }
    }
    println!("{totals:?}: all, carried over, with relaxed");
    for ((outcome, rule), (count, examples)) in rules {
        println!("{outcome:?} {rule}: {count}");
        examples
            .iter()
            .for_each(|(file, example)| println!("    {} {example}", file.file_name().unwrap().to_string_lossy()));
    }
    for (problem, examples) in problems {
        println!("{} times refused: {problem}", examples.len());
        examples.iter().take(4).for_each(|example| println!("    {example}"));
    }
}

/// A manifest of all operations, without credentials and answers.
fn made(api: &Api, report: &mut Report) -> Value {
    let servers = servers(api, "acme", report);
    let names = names::names(api, &IndexMap::new());
    let mut operations = Map::new();
    for (number, name) in names.iter().enumerate() {
        let server = servers.of[number].as_deref();
        let around = Around { name, server, scheme: None, credential: &[], accept: None, is_file: false };
        if let Some(written) = write(api, number, &around, report) {
            operations.insert(name.clone(), Value::Object(written));
        }
    }
    let definitions = schemas::definitions(api, &operations);
    json!({
        "contract": "0.2.0-draft", "name": "acme", "title": "Acme", "version": "1.0.0", "summary": "Acme.",
        "server": servers.main, "servers": servers.others, "$defs": definitions, "operations": operations,
    })
}

fn files(folder: &Path) -> Vec<PathBuf> {
    if folder.is_file() {
        return vec![folder.to_owned()];
    }
    let mut paths: Vec<PathBuf> = std::fs::read_dir(folder).unwrap().map(|entry| entry.unwrap().path()).collect();
    paths.sort();
    paths.into_iter().flat_map(|path| if path.is_dir() { files(&path) } else { vec![path] }).collect()
}
