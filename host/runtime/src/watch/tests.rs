use std::sync::mpsc::RecvTimeoutError;
use std::sync::{Arc, Mutex};

use tempfile::TempDir;

use super::*;

/// Longer than it takes to write a file, also where the machine is busy.
const CALM: Duration = Duration::from_millis(500);

/// Longer than the pauses of a writer that writes on and on.
const VERY_CALM: Duration = Duration::from_secs(2);

/// Far longer than anything here takes.
const LONG: Duration = Duration::from_secs(60);

/// A folder that is followed, and what was told of it.
struct Story {
    folder: TempDir,
    watch: Option<Watch>,
    told: Receiver<(PathBuf, Result<Vec<u8>, String>)>,
}

impl Story {
    fn begins(files: Files, quiet: Duration, present: &[(&str, &str)]) -> Self {
        let folder = tempfile::tempdir().unwrap();
        present.iter().for_each(|(name, content)| fs::write(folder.path().join(name), content).unwrap());
        let (tell, told) = mpsc::channel();
        let on_change = move |path: &Path, content: io::Result<Vec<u8>>| {
            tell.send((path.to_owned(), content.map_err(|error| error.to_string()))).unwrap();
        };
        let watch = Watch::start(folder.path(), files, quiet, on_change).unwrap();
        Self { folder, watch: Some(watch), told }
    }

    fn of_components(quiet: Duration) -> Self {
        Self::begins(Files::Components, quiet, &[])
    }

    fn path(&self, name: &str) -> PathBuf {
        self.folder.path().join(name)
    }

    fn write(&self, name: &str, content: &str) {
        fs::write(self.path(name), content).unwrap();
    }

    #[track_caller]
    fn tells(&self, name: &str, content: &str) {
        let (path, told) = self.told.recv_timeout(LONG).unwrap();
        assert_eq!((path, told), (self.path(name), Ok(content.as_bytes().to_vec())));
    }

    /// What happened before this has been told: a file that is written now is told next.
    #[track_caller]
    fn tells_no_more(&self) {
        self.write("last.wasm", "last");
        self.tells("last.wasm", "last");
    }
}

#[test]
fn what_is_there_at_the_start_is_told_in_the_order_of_names_and_only_components_are() {
    let story = Story::begins(Files::Components, CALM, &[("b.wasm", "b"), ("notes.txt", "n"), ("a.wasm", "a")]);
    fs::create_dir(story.path("folder.wasm")).unwrap();
    story.tells("a.wasm", "a");
    story.tells("b.wasm", "b");
    story.tells_no_more();
}

#[test]
fn a_file_that_is_written_in_pieces_is_told_whole() {
    const PACE: Duration = Duration::from_millis(50);
    let story = Story::of_components(VERY_CALM);
    let mut file = fs::File::create(story.path("a.wasm")).unwrap();
    for _ in 0..20 {
        io::Write::write_all(&mut file, b"piece ").unwrap();
        thread::sleep(PACE);
    }
    story.tells("a.wasm", &"piece ".repeat(20));
    drop(file);
    story.tells_no_more();
}

#[test]
fn a_burst_of_writes_is_told_once() {
    let story = Story::of_components(VERY_CALM);
    (0..=100).for_each(|n| story.write("a.wasm", &format!("build {n}")));
    story.tells("a.wasm", "build 100");
    story.tells_no_more();
}

#[test]
fn a_file_that_is_renamed_into_place_is_told() {
    let story = Story::begins(Files::Components, CALM, &[("a.wasm", "old")]);
    story.tells("a.wasm", "old");
    story.write("a.part", "new");
    fs::rename(story.path("a.part"), story.path("a.wasm")).unwrap();
    story.tells("a.wasm", "new");
    story.tells_no_more();
}

#[test]
fn the_same_content_is_told_once_however_often_it_is_written() {
    let story = Story::of_components(CALM);
    story.write("a.wasm", "broken");
    story.tells("a.wasm", "broken");
    story.write("a.wasm", "broken");
    story.tells_no_more();
    story.write("a.wasm", "mended");
    story.tells("a.wasm", "mended");
    story.write("a.wasm", "broken");
    story.tells("a.wasm", "broken");
}

#[test]
fn a_file_that_vanishes_is_not_told_nor_is_it_when_it_comes_back_as_it_was() {
    let story = Story::begins(Files::Components, CALM, &[("a.wasm", "a")]);
    story.tells("a.wasm", "a");
    fs::remove_file(story.path("a.wasm")).unwrap();
    story.tells_no_more();
    story.write("a.wasm", "a");
    story.write("b.wasm", "b");
    story.tells("b.wasm", "b");
    story.write("a.wasm", "another");
    story.tells("a.wasm", "another");
}

#[test]
fn one_file_is_followed_before_it_exists_and_when_it_is_replaced() {
    let story = Story::begins(Files::One("wharf.lock".into()), CALM, &[]);
    story.write("other.lock", "other");
    for content in ["first", "second", "third"] {
        files::replace_durably(&story.path("wharf.lock"), content.as_bytes()).unwrap();
        story.tells("wharf.lock", content);
    }
}

#[test]
fn a_file_in_the_folder_of_the_process_has_that_folder() {
    let watch = Watch::file(Path::new("wharf.lock"), CALM, |_, _| {});
    assert!(watch.is_ok());
    let no_file = Watch::file(Path::new(".."), CALM, |_, _| {}).err().unwrap();
    assert!(no_file.to_string().contains("not the name of a file"), "{no_file}");
}

#[cfg(unix)]
#[test]
fn a_file_that_cannot_be_read_is_told_and_told_again_when_it_can() {
    // A link to itself cannot be read by anybody, whatever this user may do.
    let story = Story::of_components(CALM);
    std::os::unix::fs::symlink("a.wasm", story.path("a.wasm")).unwrap();
    let (path, told) = story.told.recv_timeout(LONG).unwrap();
    assert!(path == story.path("a.wasm") && told.is_err(), "{told:?}");
    fs::remove_file(&path).unwrap();
    story.write("a.wasm", "a");
    story.tells("a.wasm", "a");
}

#[test]
fn nothing_is_told_after_the_watch_was_dropped() {
    let mut story = Story::of_components(LONG);
    story.write("a.wasm", "a");
    drop(story.watch.take());
    assert_eq!(story.told.recv_timeout(LONG).unwrap_err(), RecvTimeoutError::Disconnected);
}

#[test]
fn what_is_told_may_drop_the_watch() {
    let folder = tempfile::tempdir().unwrap();
    let (watch, (tell, told)) = (Arc::new(Mutex::new(None)), mpsc::channel());
    let slot = Arc::clone(&watch);
    let on_change = move |_: &Path, _: io::Result<Vec<u8>>| {
        drop(slot.lock().unwrap().take());
        tell.send(()).unwrap();
    };
    *watch.lock().unwrap() = Some(Watch::folder(folder.path(), CALM, on_change).unwrap());
    fs::write(folder.path().join("a.wasm"), "a").unwrap();
    told.recv_timeout(LONG).unwrap();
    assert_eq!(told.recv_timeout(LONG), Err(RecvTimeoutError::Disconnected));
}

#[test]
fn a_folder_that_goes_ends_the_watch_in_words() {
    for go in [|from: &Path, _: &Path| fs::remove_dir_all(from), |from: &Path, to: &Path| fs::rename(from, to)] {
        let above = tempfile::tempdir().unwrap();
        let (folder, elsewhere) = (above.path().join("folder"), above.path().join("elsewhere"));
        fs::create_dir(&folder).unwrap();
        let (tell, told) = mpsc::channel();
        let on_change = move |path: &Path, content: io::Result<Vec<u8>>| {
            tell.send((path.to_owned(), content.unwrap_err().to_string())).unwrap();
        };
        let _watch = Watch::folder(&folder, CALM, on_change).unwrap();
        go(&folder, &elsewhere).unwrap();
        assert_eq!(told.recv_timeout(LONG).unwrap(), (folder, "it was moved or deleted".to_owned()));
        assert_eq!(told.recv_timeout(LONG), Err(RecvTimeoutError::Disconnected));
    }
}

#[test]
fn events_that_were_lost_are_made_up_for() {
    let lost = Event::new(EventKind::Other).set_flag(notify::event::Flag::Rescan);
    assert_eq!(Files::Components.messages(Path::new("/"), Ok(lost)), [Message::Lost]);
    let story = Story::of_components(CALM);
    story.watch.as_ref().unwrap().messages.send(Message::Lost).unwrap();
    story.write("a.wasm", "a");
    story.tells("a.wasm", "a");
    story.tells_no_more();
}

#[test]
fn what_cannot_be_watched_is_told_with_what_to_do() {
    let folder = tempfile::tempdir().unwrap();
    let file = folder.path().join("a.wasm");
    fs::write(&file, "a").unwrap();
    for path in [file, folder.path().join("nowhere")] {
        let error = Watch::folder(&path, CALM, |_, _| {}).err().unwrap();
        assert!(error.to_string().contains("cannot be watched") && error.to_string().contains("directory"), "{error}");
    }
    let full = of_notify(Path::new("components"), notify::Error::new(notify::ErrorKind::MaxFilesWatch));
    assert!(full.to_string().starts_with("components cannot be watched: the system has no room"), "{full}");
    #[cfg(unix)]
    {
        let many_files = io::Error::from(rustix::io::Errno::MFILE);
        let error = of_notify(Path::new("components"), notify::Error::io(many_files));
        assert!(error.to_string().contains("max_user_instances"), "{error}");
    }
}

#[test]
fn documents_of_a_folder_are_told_and_told_again_when_they_vanish() {
    let story = Story::begins(Files::Documents, CALM, &[("plugin.yaml", "a"), ("b.wasm", "b"), ("c.json", "c")]);
    story.tells("c.json", "c");
    story.tells("plugin.yaml", "a");
    fs::remove_file(story.path("c.json")).unwrap();
    let (path, told) = story.told.recv_timeout(LONG).unwrap();
    assert!(path == story.path("c.json") && told.is_err());
    story.write("d.yml", "d");
    story.tells("d.yml", "d");
}
