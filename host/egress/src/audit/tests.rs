//! What is recorded, and when.

use std::fs;
use std::sync::{Arc, Mutex};

use super::*;

const WHO: Who<'static> =
    Who { call: "p-1", principal: None, plugin: "acme", digest: "d", operation: "a.b", connection: "main" };

fn outcome(audit: &Audit) -> Result<(), AuditError> {
    audit.add_soon(record(Event::Outcome, WHO))
}

#[test]
fn an_outcome_is_written_without_another_record_and_at_the_latest_at_the_end() {
    let folder = tempfile::tempdir().unwrap();
    let file = folder.path().join("audit.jsonl");
    let lines = || fs::read_to_string(&file).unwrap_or_default().lines().count();
    let audit = Audit::new(&file, "p", true);
    for nth in 1..4 {
        outcome(&audit).unwrap();
        while lines() < nth {
            std::thread::yield_now();
        }
    }
    outcome(&audit).unwrap();
    drop(audit);
    assert_eq!(lines(), 4);
}

#[test]
fn who_wants_to_know_is_told_of_each_line_that_is_in_the_file_in_its_order() {
    let folder = tempfile::tempdir().unwrap();
    let file = folder.path().join("audit.jsonl");
    let told = Arc::new(Mutex::new(String::new()));
    let audit = Audit::new(&file, "p", true).on_record({
        let told = Arc::clone(&told);
        move |line| told.lock().unwrap().extend([line, "\n"])
    });
    (0..20).for_each(|_| outcome(&audit).unwrap());
    audit.refusal(WHO, "grant", "no".to_owned()).unwrap();
    assert_eq!(told.lock().unwrap().lines().count(), 21);
    assert_eq!(*told.lock().unwrap(), fs::read_to_string(&file).unwrap());
}

#[test]
fn a_record_says_for_whom_and_one_of_nobody_reads_as_it_always_did() {
    let folder = tempfile::tempdir().unwrap();
    let file = folder.path().join("audit.jsonl");
    let audit = Audit::new(&file, "p", true);
    let bot = Principal { name: "support-bot".to_owned(), tenant: Some("acme".to_owned()) };
    audit.refusal(WHO, "grant", "no".to_owned()).unwrap();
    audit.refusal(Who { principal: Some(&bot), ..WHO }, "grant", "no".to_owned()).unwrap();
    audit.approval(WHO, "confirmed").unwrap();
    audit.approval(Who { principal: Some(&bot), ..WHO }, "rejected").unwrap();
    let text = fs::read_to_string(&file).unwrap();
    let records: Vec<Record> = text.lines().map(|line| serde_json::from_str(line).unwrap()).collect();
    let whose = |record: &Record| (record.principal.clone(), record.tenant.clone(), record.uid.is_some());
    let of_bot = (Some(bot.name), bot.tenant, false);
    assert_eq!(whose(&records[0]), (None, None, false));
    assert!(!text.lines().next().unwrap().contains("principal"), "{text}");
    assert_eq!((whose(&records[1]), whose(&records[3])), (of_bot.clone(), of_bot));
    assert_eq!(whose(&records[2]), (None, None, cfg!(unix)));
    assert_eq!(records[3].event, Event::Approval);
    let newer = text.lines().next().unwrap().replace("\"refusal\"", "\"something-new\"");
    assert_eq!(
        serde_json::from_str::<Record>(&newer).unwrap().event,
        Event::Other,
        "what a newer Wharf records is read"
    );
    assert_eq!(verify::Verifier::default().read(&file, text.as_bytes(), |_| ()).unwrap(), []);
}

#[cfg(target_os = "linux")]
#[test]
fn while_an_outcome_cannot_be_written_nothing_else_is_recorded_as_done() {
    let folder = tempfile::tempdir().unwrap();
    let file = folder.path().join("audit.jsonl");
    let audit = Audit::new(&file, "p", true);
    audit.writer.chain().break_for_a_test();
    // Whether the writer or the flush comes first.
    outcome(&audit).unwrap();
    let words = audit.flush().unwrap_err().to_string();
    assert!(words.contains("what was to be recorded was done; make room on the disk"), "{words}");
    assert!(outcome(&audit).is_err(), "from now on a call knows of its own");
    assert!(audit.refusal(WHO, "grant", "no".to_owned()).is_err());
    assert_eq!(audit.lost().0, 3);

    audit.writer.chain().mend_for_a_test();
    audit.refusal(WHO, "grant", "no".to_owned()).unwrap();
    assert_eq!((audit.lost().0, fs::read_to_string(&file).unwrap().lines().count()), (2, 2));
}
