//! Large files pass by way of the disk.

use std::fs::{self, File};
use std::io::{Read as _, Write as _};
use std::net::{TcpListener, TcpStream};
use std::process::{Command, Stdio};
use std::sync::mpsc;
use std::time::Duration;
use std::{io, thread};

use serde_json::json;
use wharf::{Blob, Call, IN_MEMORY, Limits};
use wharf_artifacts::OBEDIENT;

use crate::obedient;
use crate::world::{Run, World, finish};

const MIB: u64 = 1 << 20;

/// A server whose files have so many bytes, and which tells how many came in each body that it was given.
pub(crate) struct Server {
    url: String,
    pub(crate) given: mpsc::Receiver<u64>,
}

impl Server {
    pub(crate) fn start(size: u64) -> Self {
        let listener = TcpListener::bind("127.0.0.1:0").unwrap();
        let url = format!("http://{}", listener.local_addr().unwrap());
        let (give, given) = mpsc::channel();
        thread::spawn(move || {
            for socket in listener.incoming().map_while(Result::ok) {
                let give = give.clone();
                thread::spawn(move || while serve(&socket, size, &give).is_ok() {});
            }
        });
        Self { url, given }
    }

    pub(crate) fn world(&self, more: &str) -> World {
        let world = World::new();
        let base = &self.url;
        for (file, secret) in [("key", "k7RmX2vQp9LzT4wBk7RmX2vQp9"), ("token", "Zq8TnYx3Wk5BvHc7Zq8TnYx3Wk")] {
            world.write(file, secret);
        }
        world.configure(&format!(
            "{more}\n[connections.appwrite]\nprovider = \"appwrite\"\nbase_url = \"{base}/v1\"\n\
             fields = {{ project_id = \"p\", api_key = {{ file = \"key\" }} }}\n\
             [connections.chatwoot]\nprovider = \"chatwoot\"\nbase_url = \"{base}\"\n\
             fields = {{ user_token = {{ file = \"token\" }} }}\n"
        ));
        world
    }
}

fn serve(mut socket: &TcpStream, size: u64, given: &mpsc::Sender<u64>) -> io::Result<()> {
    let mut head = Vec::new();
    let mut byte = [0];
    while !head.ends_with(b"\r\n\r\n") {
        socket.read_exact(&mut byte)?;
        head.push(byte[0]);
    }
    let head = String::from_utf8_lossy(&head).to_lowercase();
    if head.starts_with("get") {
        write!(socket, "HTTP/1.1 200 OK\r\nContent-Type: video/mp4\r\nContent-Length: {size}\r\n\r\n")?;
        return io::copy(&mut io::repeat(b'x').take(size), &mut socket).map(drop);
    }
    let length = head.lines().find_map(|line| line.strip_prefix("content-length: ")?.parse().ok()).unwrap();
    given.send(io::copy(&mut socket.take(length), &mut io::sink())?).unwrap();
    let answer = json!({"id": 1, "content": "x", "attachments": []}).to_string();
    write!(
        socket,
        "HTTP/1.1 200 OK\r\nContent-Type: application/json\r\nContent-Length: {}\r\n\r\n{answer}",
        answer.len()
    )
}

const DOWNLOAD: [&str; 7] = ["call", "appwrite", "files.download", "bucketId=b", "fileId=f", "--save", "out"];
const UPLOAD: [&str; 8] = [
    "call",
    "chatwoot",
    "messages.create",
    "account_id=1",
    "conversation_id=1",
    "content=x",
    "--attach",
    "attachments=@large.mp4",
];

/// Runs it, and tells how much of it was in memory at one time at most, in bytes.
fn measured(world: &World, words: &[&str]) -> (Run, u64) {
    let mut child = world.command(&[], words).stdout(Stdio::piped()).stderr(Stdio::piped()).spawn().unwrap();
    let status = format!("/proc/{}/status", child.id());
    let mut peak = 0;
    while child.try_wait().unwrap().is_none() {
        // Gone when it ends, so it is looked at again and again.
        let text = fs::read_to_string(&status).unwrap_or_default();
        let resident = text.lines().find_map(|line| line.strip_prefix("VmHWM:")?.trim().strip_suffix(" kB"));
        peak = resident.map_or(peak, |kib| kib.parse::<u64>().unwrap() << 10).max(peak);
        thread::park_timeout(Duration::from_millis(1));
    }
    (finish(child.wait_with_output().unwrap()), peak)
}

/// How much memory it takes at most to send a file of this size, and to get one.
fn peaks(size: u64) -> [u64; 2] {
    let server = Server::start(size);
    let limits = "timeout = \"10m\"\ncpu = \"10m\"\ntraffic = \"5GiB\"\ndisk = \"2GiB\"\nattachments = \"2GiB\"";
    let world = server.world(&format!("[limits]\n{limits}"));
    // No blocks of it are on disk.
    File::create(world.path().join("large.mp4")).unwrap().set_len(size).unwrap();
    let (run, up) = measured(&world, &UPLOAD);
    run.json();
    let arrived = server.given.recv().unwrap();
    assert!(arrived > size && arrived < size + 4096, "{arrived} of {size} and the other parts");

    let (run, down) = measured(&world, &DOWNLOAD);
    run.json();
    let saved = fs::read_dir(world.path().join("out")).unwrap().next().unwrap().unwrap();
    assert_eq!(saved.metadata().unwrap().len(), size);
    let spool = world.path().join(".wharf/spool");
    assert!(!spool.exists() || fs::read_dir(spool).unwrap().next().is_none(), "nothing is left behind");
    [up, down]
}

#[test]
fn a_file_of_64_mib_takes_no_more_memory_than_a_small_one() {
    peaks(1);
    for (small, large) in peaks(1).into_iter().zip(peaks(64 * MIB)) {
        assert!(large < small + 16 * MIB, "{large} bytes in memory, and {small} for a small file");
    }
}

/// Run by hand: `cargo test -p wharf-cli --test e2e gibibyte -- --ignored --nocapture`.
#[test]
#[ignore = "it takes half a minute, and 2 GiB of disk"]
fn a_file_of_a_gibibyte_passes_with_less_than_64_mib_in_memory() {
    peaks(1);
    let [up, down] = peaks(1 << 30);
    eprintln!("at most {} MiB in memory on the way out, {} MiB on the way in", up / MIB, down / MIB);
    assert!(up.max(down) < 64 * MIB);
}

#[test]
fn what_may_be_on_disk_has_a_limit_of_its_own() {
    let server = Server::start(3 * MIB);
    let world = server.world("[limits]\ndisk = \"2MiB\"\n");
    world.wharf(&DOWNLOAD).fails(5, &["the limit `disk` of 2.0 MiB", "kept on disk", "under [limits]"]);
    assert!(!world.path().join("out").exists() || fs::read_dir(world.path().join("out")).unwrap().next().is_none());
    let world = server.world("[limits]\ndisk = \"3MiB\"\nblobs = \"1KiB\"\nanswer = \"1KiB\"\n");
    world.wharf(&DOWNLOAD).json();
}

#[test]
fn where_the_folder_cannot_be_made_files_are_in_memory_within_the_limits_there() {
    let server = Server::start(3 * MIB);
    for (answer, code) in [("4MiB", 0), ("2MiB", 5)] {
        let world = server.world(&format!("[limits]\nanswer = \"{answer}\"\n"));
        fs::create_dir(world.path().join(".wharf")).unwrap();
        world.write(".wharf/spool", "");
        let run = world.wharf(&DOWNLOAD);
        assert_eq!((run.code, run.err.contains("limit `answer`")), (code, code == 5), "{run:?}");
    }
}

#[test]
fn a_full_disk_is_a_fault_of_the_host_and_nothing_is_handed_on() {
    let server = Server::start(20 * MIB);
    let world = server.world("");
    // What is compiled is there already.
    let run = world.wharf(&["describe", "appwrite"]);
    assert_eq!(run.code, 0, "{run:?}");
    let inner = world.command(&[], &DOWNLOAD);
    let mut command = Command::new("prlimit");
    command.arg("--fsize=10485760").arg("--").arg(inner.get_program()).args(inner.get_args());
    command.current_dir(world.path()).env_clear().env("PATH", "/usr/bin:/bin");
    command.envs(inner.get_envs().filter_map(|(name, value)| Some((name, value?))));
    let run = finish(command.output().unwrap());
    run.fails(1, &["a file cannot be kept on disk in ", ".wharf/spool", "`ulimit -f`"]);
    let saved = fs::read_dir(world.path().join("out"));
    assert!(saved.is_ok_and(|mut files| files.next().is_none()), "no file is there, and no part of one");
}

#[test]
fn what_a_plugin_is_given_and_makes_is_the_same_on_disk() {
    let folder = tempfile::tempdir().unwrap();
    let server = obedient::provider();
    let host = obedient::builder().spool(folder.path().join("spool")).build().unwrap();
    host.load_bytes(OBEDIENT.bytes).unwrap();
    obedient::connect(&host, &server);
    let file = folder.path().join("a.txt");
    fs::write(&file, "quiet ".repeat(IN_MEMORY as usize)).unwrap();
    let blob = Blob::from_file(File::open(&file).unwrap(), "text/plain", Some("a.txt".to_owned())).unwrap();
    assert!(blob.is_on_disk());
    let output = host.call(Call::new("obedient", "good.shout").attach("file", blob)).unwrap();
    let (_, loud) = &output.attachments[0];
    assert_eq!(loud.bytes().unwrap(), &"QUIET ".repeat(1000).as_bytes()[..1000]);
}

#[test]
fn a_plugin_writes_a_file_that_does_not_fit_its_memory() {
    let folder = tempfile::tempdir().unwrap();
    let server = obedient::provider();
    let limited = |limits: Limits| {
        let host = obedient::builder().limits(limits).spool(folder.path().join("spool")).build().unwrap();
        host.load_bytes(OBEDIENT.bytes).unwrap();
        obedient::connect(&host, &server);
        let file = Blob::new("quiet ".repeat(500_000), "text/plain", None);
        host.call(Call::new("obedient", "good.repeat").input(json!({"times": 4})).attach("file", file))
    };
    let limits = Limits { memory: 2 << 20, blobs: 4 << 20, output: 64 << 20, ..Limits::default() };
    let output = limited(limits).unwrap();
    let (_, repeated) = &output.attachments[0];
    assert!(repeated.is_on_disk() && repeated.len() == 12_000_003, "{}", repeated.len());
    assert!(repeated.bytes().unwrap().ends_with(b"quiet end"));

    let error = limited(Limits { disk: 10_000_000, ..limits }).unwrap_err().to_string();
    assert!(error.contains("the limit `disk`"), "{error}");
}
