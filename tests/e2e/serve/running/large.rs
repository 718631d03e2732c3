//! Large files pass by way of the disk, also here.

use std::fs;

use serde_json::Value;

use super::server::Serving;
use crate::large::Server;

const MIB: u64 = 1 << 20;
const LIMITS: &str =
    "[limits]\ntimeout = \"10m\"\ncpu = \"10m\"\ntraffic = \"5GiB\"\ndisk = \"2GiB\"\nattachments = \"2GiB\"";
const UPLOAD: &str = "POST /v1/plugins/chatwoot/operations/messages.create";
const DOWNLOAD: &str = "POST /v1/plugins/appwrite/operations/files.download";

/// How much of the server was in memory at one time at most, in bytes.
fn peak(serving: &Serving) -> u64 {
    let text = fs::read_to_string(format!("/proc/{}/status", serving.id())).unwrap();
    let resident = text.lines().find_map(|line| line.strip_prefix("VmHWM:")?.trim().strip_suffix(" kB"));
    resident.unwrap().parse::<u64>().unwrap() << 10
}

/// Sends a file of this size.
fn upload(serving: &Serving, size: u64) -> Value {
    let request = r#"{"input": {"account_id": 1, "conversation_id": 1, "content": "x"}}"#;
    let part = |name: &str| format!("--b\r\nContent-Disposition: form-data; name=\"{name}\"");
    let before = format!(
        "{}\r\n\r\n{request}\r\n{}; filename=\"large.mp4\"\r\nContent-Type: video/mp4\r\n\r\n",
        part("request"),
        part("attachments")
    );
    let after = "\r\n--b--\r\n";
    let length = (before.len() as u64 + size + after.len() as u64).to_string();
    let headers = [("Content-Type", "multipart/form-data; boundary=b"), ("Content-Length", length.as_str())];
    let client = serving.client();
    let mut open = client.socket();
    open.send((client.head(UPLOAD, &headers) + &before).as_bytes());
    let piece = vec![b'x'; MIB as usize];
    let mut left = size;
    while left > 0 {
        let now = left.min(MIB);
        open.send(&piece[..now as usize]);
        left -= now;
    }
    open.send(after.as_bytes());
    open.answer().json()
}

/// The most that is in memory where a file of this size comes in, and goes out in both ways.
fn passes(size: u64) -> u64 {
    let provider = Server::start(size);
    let serving = Serving::start(provider.world(LIMITS));
    upload(&serving, size);
    let arrived = provider.given.recv().unwrap();
    assert!(arrived > size && arrived < size + 4096, "{arrived} of {size} and the other parts");

    let body = br#"{"input": {"bucketId": "b", "fileId": "f"}}"#;
    let json = ("Content-Type", "application/json");
    let client = serving.client();
    assert_eq!(client.open(DOWNLOAD, &[json, ("Accept", "video/mp4")], body).length(), (200, size));
    let told = client.open(DOWNLOAD, &[json], body).answer().json();
    let url = format!("GET {}", told["files"][0]["url"].as_str().unwrap());
    assert_eq!(client.open(&url, &[], b"").length(), (200, size));
    let peak = peak(&serving);
    let spool = serving.world.path().join(".wharf/spool");
    serving.stop();
    assert!(fs::read_dir(spool).map_or(true, |mut files| files.next().is_none()), "nothing is left behind");
    peak
}

#[test]
fn a_file_of_64_mib_takes_no_more_memory_than_a_small_one() {
    let (small, large) = (passes(2 * MIB), passes(64 * MIB));
    assert!(large < small + 24 * MIB, "{} MiB in memory, and {} for a small file", large / MIB, small / MIB);
}

/// Run by hand: `cargo test --release -p wharf-cli --test e2e serve::running::large -- --ignored --nocapture`.
#[test]
#[ignore = "it takes a minute, and 2 GiB of disk"]
fn a_file_of_a_gibibyte_passes_with_less_than_64_mib_in_memory() {
    let peak = passes(1 << 30);
    eprintln!("at most {} MiB in memory", peak / MIB);
    assert!(peak < 64 * MIB);
}
