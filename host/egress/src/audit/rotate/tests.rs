//! What closing files does, and what it finds.

use std::io::BufReader;

use super::*;
use crate::audit::verify::Verifier;
use crate::audit::{Audit, Rotation, Who, files};

const WHO: Who<'static> =
    Who { call: "p-1", principal: None, plugin: "acme", digest: "d", operation: "a.b", connection: "main" };

/// A folder with an audit, which a process writes to now and then.
struct World {
    folder: tempfile::TempDir,
    rotation: Rotation,
}

impl World {
    fn new(rotation: Rotation) -> Self {
        Self { folder: tempfile::tempdir().unwrap(), rotation }
    }

    fn file(&self) -> PathBuf {
        self.folder.path().join("audit.jsonl")
    }

    /// A process that records something and ends.
    fn records(&self, process: &str) {
        let audit = self.audit(process);
        audit.refusal(WHO, "grant", "no".to_owned()).unwrap();
    }

    fn audit(&self, process: &str) -> Audit {
        Audit::new(self.file(), process, true).rotate(self.rotation)
    }

    fn closed(&self) -> Vec<PathBuf> {
        files(&self.file()).unwrap().closed.into_iter().map(|closed| closed.path).collect()
    }

    /// How many records there are, and what is wrong with them.
    fn verified(&self) -> (u64, Vec<String>) {
        let mut verifier = Verifier::default();
        let mut problems = Vec::new();
        for path in self.closed().into_iter().chain([self.file()]) {
            let file = BufReader::new(File::open(&path).unwrap());
            let name = path.file_name().unwrap().to_string_lossy().into_owned();
            let found = verifier.read(&path, file, |_| ()).unwrap();
            problems.extend(found.iter().map(|problem| format!("{name}, {problem}")));
        }
        (verifier.records(), problems)
    }
}

fn by_size(keep: Option<u32>) -> Rotation {
    Rotation { size: Some(1), daily: false, keep }
}

#[test]
fn a_file_begins_with_the_name_the_size_and_the_digest_of_the_one_before() {
    let world = World::new(by_size(None));
    ["a", "b", "c"].iter().for_each(|process| world.records(process));
    let names: Vec<_> = world.closed();
    let expected = [1, 2].map(|number| world.folder.path().join(format!("audit-{}.{number}.jsonl", today())));
    assert_eq!(names, expected);
    let text = fs::read_to_string(world.file()).unwrap();
    let head: Record = serde_json::from_str(text.lines().next().unwrap()).unwrap();
    let before = fs::read(&expected[1]).unwrap();
    assert_eq!((head.event, head.seq, head.bytes), (Event::File, 2, Some(before.len() as u64)));
    assert_eq!(head.prev, hex(&Sha256::digest(&before)));
    assert_eq!(head.file.as_deref(), expected[1].file_name().and_then(|name| name.to_str()));
    assert_eq!(world.verified(), (3, vec![]));
    #[cfg(unix)]
    for file in [&world.file(), &expected[0]] {
        use std::os::unix::fs::PermissionsExt as _;
        assert_eq!(fs::metadata(file).unwrap().permissions().mode() & 0o777, 0o600, "its owner's alone");
    }
}

#[test]
fn as_many_files_are_kept_as_is_said_and_what_was_before_them_is_not_missed() {
    let world = World::new(by_size(Some(2)));
    let long = world.audit("long");
    long.refusal(WHO, "grant", "no".to_owned()).unwrap();
    (0..5).for_each(|process| world.records(&process.to_string()));
    long.refusal(WHO, "grant", "no".to_owned()).unwrap();
    assert_eq!(world.closed().len(), 2);
    let (_, problems) = world.verified();
    assert_eq!(problems, [""; 0], "the beginning of the long one is in a file that is gone");
}

#[test]
fn another_day_begins_another_file_named_by_its_own() {
    let world = World::new(Rotation { size: None, daily: true, keep: None });
    let mut record = Record { time: "2026-01-31T23:59:59.999Z".to_owned(), ..Record::default() };
    (record.process, record.prev) = ("old".to_owned(), crate::audit::BEGINNING.to_owned());
    fs::write(world.file(), line(&record).unwrap().0).unwrap();
    world.records("new");
    world.records("newer");
    assert_eq!(world.closed(), [world.folder.path().join("audit-2026-01-31.1.jsonl")]);
    assert_eq!(world.verified(), (3, vec![]));
}

#[test]
fn a_process_that_runs_closes_the_file_by_itself_and_goes_on_in_the_next_one() {
    let world = World::new(Rotation { size: Some(4096), daily: false, keep: None });
    let audit = world.audit("p");
    let mut written = 0;
    while world.closed().len() < 3 {
        audit.refusal(WHO, "grant", "no".to_owned()).unwrap();
        written += 1;
    }
    drop(audit);
    assert_eq!(world.verified(), (written, vec![]));
}

#[test]
fn a_file_that_cannot_be_closed_goes_on_and_nothing_is_lost() {
    let world = World::new(by_size(None));
    world.records("a");
    // Something else has its name.
    fs::write(world.folder.path().join(format!("audit-{}.1.jsonl", today())), "mine").unwrap();
    let audit = world.audit("b");
    audit.refusal(WHO, "grant", "no".to_owned()).unwrap();
    assert!(audit.unclosed().unwrap().contains(".1.jsonl: "), "{:?}", audit.unclosed());
    drop(audit);
    assert_eq!(fs::read_to_string(world.file()).unwrap().lines().count(), 2);

    // There is no room for the next one.
    let world = World::new(by_size(None));
    world.records("a");
    fs::create_dir(world.folder.path().join("audit.jsonl.b.new")).unwrap();
    world.records("b");
    assert_eq!((fs::read_to_string(world.file()).unwrap().lines().count(), world.verified().0), (2, 2));
    fs::remove_dir(world.folder.path().join("audit.jsonl.b.new")).unwrap();
    world.records("c");
    assert_eq!((world.closed().len(), world.verified()), (1, (3, vec![])), "what was half done is done");
}

#[test]
fn what_is_done_to_files_that_were_closed_is_found() {
    let world = World::new(by_size(None));
    let all = ["a", "b", "c", "d"];
    all.iter().for_each(|process| world.records(process));
    let [one, two, three] = <[PathBuf; 3]>::try_from(world.closed()).unwrap();
    let sound = fs::read(&two).unwrap();
    let found = |what: &str| {
        let (_, problems) = world.verified();
        assert!(problems.iter().any(|problem| problem.contains(what)), "{what}: {problems:?}");
    };
    let mend = || fs::write(&two, &sound).unwrap();

    // The last record of a chain, with a hash of its own: nothing else could tell.
    let text = String::from_utf8(sound.clone()).unwrap();
    let last: Record = serde_json::from_str(text.lines().last().unwrap()).unwrap();
    let (forged, _) = line(&Record { message: Some("ok".to_owned()), ..last }).unwrap();
    let head = text.lines().next().unwrap();
    fs::write(&two, format!("{head}\n{forged}")).unwrap();
    found("was edited after it was closed");
    fs::write(&two, text.replace("\"rule\":\"grant\"", "\"rule\":\"limit\"")).unwrap();
    found("was edited after it was closed");
    fs::write(&two, format!("{head}\n")).unwrap();
    found("something was cut out of it");
    fs::write(&two, format!("{text}{forged}")).unwrap();
    found("something was added to it");
    fs::write(&two, text.split_once('\n').unwrap().1).unwrap();
    found("its first line is missing");
    mend();

    fs::rename(&two, world.folder.path().join("gone")).unwrap();
    found("which is not here; before it stands");
    fs::rename(world.folder.path().join("gone"), &two).unwrap();
    let swap = || {
        fs::rename(&one, world.folder.path().join("swap")).unwrap();
        fs::rename(&two, &one).unwrap();
        fs::rename(world.folder.path().join("swap"), &two).unwrap();
    };
    swap();
    found("it was renamed");
    swap();
    let renamed = world.folder.path().join("audit-2020-01-01.3.jsonl");
    fs::rename(&three, &renamed).unwrap();
    found("it was renamed");
    fs::rename(&renamed, &three).unwrap();
    assert_eq!(world.verified(), (4, vec![]), "all is as it was");
}

#[test]
fn where_the_newest_file_was_taken_away_the_next_one_goes_on_from_the_last_that_was_closed() {
    let world = World::new(by_size(None));
    ["a", "b"].iter().for_each(|process| world.records(process));
    fs::remove_file(world.file()).unwrap();
    world.records("c");
    let (records, problems) = world.verified();
    assert_eq!((records, problems), (2, vec![]));
    assert!(fs::read_to_string(world.file()).unwrap().contains("\"event\":\"file\""));
}
