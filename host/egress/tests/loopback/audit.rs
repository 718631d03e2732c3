//! What is sent and what is refused is recorded, and a change of the records is found.

use std::collections::HashSet;
use std::fs;
use std::io::BufReader;
use std::path::{Path, PathBuf};
use std::sync::{Arc, Mutex};
use std::time::Duration;

use serde_json::json;
use tempfile::TempDir;
use wharf_egress::audit::verify::{Problem, Verifier};
use wharf_egress::audit::{Audit, Event, Record, Recorder, Who};
use wharf_egress::guard::{Item, prepare};
use wharf_egress::send::{Allowance, Answer, SendError, send};
use wharf_egress::{Connection, Deadline};

use crate::server::OK;
use crate::{SECRET, Server, answers, asked, builder, declared, input, work};

const WHO: Who<'static> =
    Who { call: "p-1", principal: None, plugin: "acme", digest: "d", operation: "things.do", connection: "main" };

fn file() -> (TempDir, PathBuf) {
    let folder = TempDir::new().unwrap();
    let file = folder.path().join("deep/audit.jsonl");
    (folder, file)
}

fn recorded(connection: &Connection, audit: &Audit) -> Result<Answer, SendError> {
    let item = Item {
        input: &input(),
        attachments: &[],
        sensitive: &HashSet::from(["id".to_owned()]),
        written: None,
        call: "a-call",
    };
    let outgoing = prepare(&declared(&json!({})), &asked(), item, connection, &work()).unwrap();
    let allowance = Allowance::new(Deadline::within(Duration::from_secs(60)), 64 << 10, 1 << 20);
    let sent = send(connection, &outgoing, allowance, Some(Recorder { audit, who: WHO }));
    // An outcome may wait a moment, which no test is to do.
    let _ = audit.flush();
    sent
}

fn read(file: &Path) -> (Vec<Record>, Vec<Problem>, Verifier) {
    let mut records = Vec::new();
    let mut verifier = Verifier::default();
    let problems =
        verifier.read(file, BufReader::new(fs::File::open(file).unwrap()), |record| records.push(record)).unwrap();
    (records, problems, verifier)
}

#[test]
fn an_intent_is_there_when_the_request_arrives_and_an_outcome_after_it() {
    let (_folder, file) = file();
    let seen = Arc::new(Mutex::new(String::new()));
    let server = Server::answering({
        let (file, seen) = (file.clone(), Arc::clone(&seen));
        move |_, socket| {
            *seen.lock().unwrap() = fs::read_to_string(&file).unwrap();
            socket.write_all(OK.as_bytes()).unwrap_or(());
        }
    });
    let audit = Audit::new(&file, "p", true);
    recorded(&builder(&server.url()).build().unwrap(), &audit).unwrap();

    let at_arrival = seen.lock().unwrap().clone();
    assert_eq!(at_arrival.lines().count(), 1, "{at_arrival}");
    let (records, problems, verifier) = read(&file);
    assert_eq!((problems, verifier.records(), verifier.processes(), verifier.unfinished()), (vec![], 2, 1, 0));
    let [intent, outcome] = records.as_slice() else { panic!("{records:?}") };
    assert_eq!((intent.event, outcome.event), (Event::Intent, Event::Outcome));
    assert_eq!(intent.url.as_deref(), Some(format!("{}/things/•••", server.url()).as_str()), "a sensitive value");
    assert_eq!((intent.method.as_deref(), intent.request.as_deref()), (Some("GET"), Some("main")));
    assert_eq!((outcome.status, outcome.sent, outcome.received), (Some(200), Some(0), Some(2)));
    assert_eq!(outcome.address.as_deref(), Some(server.address.to_string().as_str()));
    assert_eq!((outcome.call.as_str(), outcome.connection.as_str()), ("p-1", "main"));
    assert!(outcome.micros.is_some() && intent.micros.is_none());
    assert!(!fs::read_to_string(&file).unwrap().contains(SECRET));
}

#[test]
fn the_address_is_that_of_the_socket_also_when_it_comes_from_the_pool() {
    let (_folder, file) = file();
    let server = Server::start();
    let lookup = answers(&["127.0.0.1", "127.0.0.2"]);
    let connection = builder(&server.url_by_name("provider.test"))
        .lookup(lookup)
        .allow_addresses(["127.0.0.0/8".parse().unwrap()])
        .build()
        .unwrap();
    let audit = Audit::new(&file, "p", true);
    recorded(&connection, &audit).unwrap();
    recorded(&connection, &audit).unwrap();
    assert_eq!(server.sockets(), 1);
    let addresses: Vec<_> = read(&file).0.into_iter().filter_map(|record| record.address).collect();
    assert_eq!(addresses, vec![server.address.to_string(); 2]);
}

#[test]
fn a_refused_address_and_a_failure_are_recorded_without_one() {
    let (_folder, file) = file();
    let audit = Audit::new(&file, "p", true);
    // A thread that has just reached something does not lend its address to the next request.
    recorded(&builder(&Server::start().url()).build().unwrap(), &audit).unwrap();
    let refused = builder("http://provider.test").lookup(answers(&["169.254.169.254"])).build().unwrap();
    assert!(matches!(recorded(&refused, &audit), Err(SendError::Denied(_))));
    let closed = builder("http://127.0.0.1:9").build().unwrap();
    assert!(matches!(recorded(&closed, &audit), Err(SendError::Unavailable(_))));
    let (records, problems, verifier) = read(&file);
    assert_eq!((problems, verifier.unfinished()), (vec![], 0));
    let [_, _, _, refusal, _, failure] = records.as_slice() else { panic!("{records:?}") };
    assert_eq!(
        (refusal.event, refusal.rule.as_deref(), refusal.address.as_deref()),
        (Event::Refusal, Some("address"), None)
    );
    assert!(refusal.message.as_deref().unwrap().contains("169.254.169.254"));
    assert_eq!((failure.event, failure.status, failure.address.as_deref()), (Event::Outcome, None, None));
    assert!(failure.message.as_deref().unwrap().contains("nothing listens"), "{failure:?}");
}

#[test]
fn what_cannot_be_recorded_is_not_sent_unless_the_operator_wants_it() {
    let server = Server::start();
    let connection = builder(&server.url()).build().unwrap();
    let (folder, _) = file();
    // A file stands in the place of the folder.
    fs::write(folder.path().join("deep"), "").unwrap();
    let nowhere = folder.path().join("deep/audit.jsonl");
    let Err(SendError::Unrecorded(error)) = recorded(&connection, &Audit::new(&nowhere, "p", true)) else {
        panic!("it was sent")
    };
    let words = error.to_string();
    assert!(words.contains(nowhere.to_str().unwrap()) && words.contains("required = false"), "{words}");
    assert!(server.arrived().is_empty());

    let optional = Audit::new(&nowhere, "p", false);
    assert_eq!(recorded(&connection, &optional).unwrap().status, 200);
    assert_eq!((optional.lost(), server.arrived().len()), ((2, nowhere.as_path()), 1));
}

#[test]
fn an_edit_and_a_cut_in_the_middle_are_found_by_their_line() {
    let (_folder, file) = file();
    let server = Server::start();
    let connection = builder(&server.url()).build().unwrap();
    let audit = Audit::new(&file, "p", true);
    (0..3).for_each(|_| drop(recorded(&connection, &audit).unwrap()));
    let sound = fs::read_to_string(&file).unwrap();
    let lines: Vec<&str> = sound.lines().collect();
    let problems = |text: String| -> String {
        fs::write(&file, text).unwrap();
        read(&file).1.iter().map(|problem| format!("{problem}\n")).collect()
    };
    let with = |lines: &[&str]| lines.join("\n") + "\n";

    assert_eq!(problems(sound.clone()), "");
    let edited = problems(sound.replacen("\"status\":200", "\"status\":201", 1));
    assert!(edited.starts_with("line 2: it was edited"), "{edited}");
    let cut = problems(with(&[&lines[..2], &lines[3..]].concat()));
    assert!(
        cut.starts_with(
            "line 3: 1 records of the process p before this one are missing: cut out, or the disk was full"
        ),
        "{cut}"
    );
    let beheaded = problems(with(&lines[2..]));
    assert!(beheaded.starts_with("line 1: the first 2 records of the process p are not here"), "{beheaded}");
    let doubled = problems(with(&[&lines[..2], &lines[1..]].concat()));
    assert!(doubled.starts_with("line 3: record 1 of the process p stands here a second time"), "{doubled}");
    let swapped = problems(with(&[lines[0], lines[2], lines[1], lines[3]]));
    assert!(swapped.starts_with("line 2: "), "{swapped}");
    let torn = problems(format!("{}\n{}", &lines[0][..50], with(&lines[1..])));
    assert!(torn.starts_with("line 1: it is no record"), "{torn}");
    for garbage in ["\0\0\n", "{}\n", "\n\n\n", ",\"hash\":\"\"}\n", "\u{1b}[2J\n"] {
        problems(format!("{garbage}{sound}{garbage}"));
    }
}

#[test]
fn a_record_that_was_edited_together_with_its_hash_breaks_the_chain() {
    let (_folder, file) = file();
    let connection = builder(&Server::start().url()).build().unwrap();
    recorded(&connection, &Audit::new(&file, "p", true)).unwrap();
    let sound = fs::read_to_string(&file).unwrap();
    // Another first record, with a hash of its own, in place of the one that was there.
    let other = file.with_file_name("other.jsonl");
    recorded(&connection, &Audit::new(&other, "p", true)).unwrap();
    let forged = fs::read_to_string(&other).unwrap();
    let mixed = format!("{}\n{}\n", forged.lines().next().unwrap(), sound.lines().nth(1).unwrap());
    if forged.lines().next() != sound.lines().next() {
        fs::write(&file, mixed).unwrap();
        let problems = read(&file).1;
        assert!(problems[0].to_string().contains("was replaced"), "{problems:?}");
    }
}

#[test]
fn several_processes_share_a_file_and_several_files_are_one_audit() {
    let (_folder, file) = file();
    let connection = builder(&Server::start().url()).build().unwrap();
    let audits = ["a", "b", "c"].map(|process| Audit::new(&file, process, true));
    std::thread::scope(|scope| {
        for audit in &audits {
            let connection = &connection;
            scope.spawn(move || (0..20).for_each(|_| drop(recorded(connection, audit).unwrap())));
        }
    });
    let (records, problems, verifier) = read(&file);
    assert_eq!((records.len(), problems, verifier.processes()), (120, vec![], 3));

    let text = fs::read_to_string(&file).unwrap();
    let at = text.match_indices('\n').nth(50).unwrap().0 + 1;
    let mut verifier = Verifier::default();
    for part in [&text[..at], &text[at..]] {
        assert_eq!(verifier.read(&file, part.as_bytes(), |_| ()).unwrap(), []);
    }
    assert_eq!(verifier.records(), 120);
}

#[test]
fn a_request_whose_process_ended_is_unfinished() {
    let (_folder, file) = file();
    let connection = builder(&Server::start().url()).build().unwrap();
    recorded(&connection, &Audit::new(&file, "p", true)).unwrap();
    let first = fs::read_to_string(&file).unwrap().lines().next().unwrap().to_owned();
    fs::write(&file, first + "\n").unwrap();
    let (_, problems, verifier) = read(&file);
    assert_eq!((problems, verifier.unfinished()), (vec![], 1));
}

#[cfg(unix)]
#[test]
fn only_its_owner_can_read_it() {
    use std::os::unix::fs::PermissionsExt as _;
    let (_folder, file) = file();
    Audit::new(&file, "p", true).refusal(WHO, "grant", "no".to_owned()).unwrap();
    let mode = |path: &Path| fs::metadata(path).unwrap().permissions().mode() & 0o777;
    assert_eq!((mode(&file), mode(file.parent().unwrap())), (0o600, 0o700));
}

#[test]
fn a_line_that_was_torn_harms_no_record_but_its_own() {
    let (_folder, file) = file();
    let connection = builder(&Server::start().url()).build().unwrap();
    recorded(&connection, &Audit::new(&file, "a", true)).unwrap();
    // Another process was killed while it wrote.
    let mut text = fs::read_to_string(&file).unwrap();
    text.push_str("{\"time\":\"2026");
    fs::write(&file, text).unwrap();
    recorded(&connection, &Audit::new(&file, "b", true)).unwrap();
    let (records, problems, _) = read(&file);
    assert_eq!(records.len(), 4);
    assert!(problems.len() == 1 && problems[0].to_string().starts_with("line 3: it is no record"), "{problems:?}");
}

#[test]
fn a_record_that_was_lost_leaves_a_gap() {
    let (folder, file) = file();
    let connection = builder(&Server::start().url()).build().unwrap();
    // The folder is made with the first record, and something else stands in its place.
    fs::write(folder.path().join("deep"), "").unwrap();
    let audit = Audit::new(&file, "p", false);
    recorded(&connection, &audit).unwrap();
    assert_eq!(audit.lost().0, 2);
    fs::remove_file(folder.path().join("deep")).unwrap();
    recorded(&connection, &audit).unwrap();
    let problems = read(&file).1;
    assert!(problems[0].to_string().contains("the first 2 records of the process p are not here"), "{problems:?}");
}

#[test]
fn long_texts_of_a_plugin_do_not_make_long_records() {
    let (_folder, file) = file();
    let audit = Audit::new(&file, "p", true);
    audit.refusal(WHO, "undeclared-request", "x".repeat(1 << 20)).unwrap();
    assert!(fs::metadata(&file).unwrap().len() < 10_000);
    assert_eq!(read(&file).1, []);
}

#[cfg(unix)]
#[test]
fn an_audit_is_a_regular_file() {
    let server = Server::start();
    let connection = builder(&server.url()).build().unwrap();
    let folder = TempDir::new().unwrap();
    let pipe = folder.path().join("pipe");
    assert!(std::process::Command::new("mkfifo").arg(&pipe).status().unwrap().success());
    // With a reader, who reads nothing.
    let _reader = fs::OpenOptions::new().read(true).write(true).open(&pipe).unwrap();
    for (file, what) in [(pipe.as_path(), "a pipe"), (folder.path(), "a folder"), (Path::new("/dev/null"), "a device")]
    {
        let audit = Audit::new(file, "p", true);
        let Err(SendError::Unrecorded(error)) = recorded(&connection, &audit) else { panic!("it was sent") };
        let words = error.to_string();
        assert!(words.contains(file.to_str().unwrap()) && words.contains(&format!("it is {what}")), "{words}");
        assert!(words.contains("enabled = false"), "{words}");
    }
    assert!(server.arrived().is_empty());
}
