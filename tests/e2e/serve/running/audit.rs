//! The audit of a server: in files that are closed while it runs, and on standard output.

use std::io::{BufRead as _, BufReader, Read as _};
use std::path::PathBuf;
use std::process::{Command, Stdio};
use std::{fs, thread};

use serde_json::Value;

use super::client::Client;
use super::server::token;
use crate::world::{Running, World};

const ENDS: &str = "[audit]\nstdout = true\nrotate = { size = \"2KiB\", daily = true }\n";

#[test]
fn the_audit_is_on_standard_output_as_it_is_in_its_files() {
    let world = World::new();
    world.configure(&format!("{ENDS}{}", world.connections()));
    let token = token(&world, "shop --role call --role read");
    let mut command = world.command(&[], &["serve", "--listen", "127.0.0.1:0", "--json"]);
    let mut process = Running(command.stdout(Stdio::piped()).stderr(Stdio::null()).spawn().unwrap());
    let mut out = BufReader::new(process.0.stdout.take().unwrap());
    let mut told = String::new();
    out.read_line(&mut told).unwrap();
    let told: Value = serde_json::from_str(&told).unwrap();
    let client = Client::new(told["listen"].as_str().unwrap().parse().unwrap(), &token);
    (0..40).for_each(|_| drop(client.call("appwrite users.list", "{}").json()));

    let closed = || -> Vec<PathBuf> {
        let files = fs::read_dir(world.path().join(".wharf")).unwrap().map(|entry| entry.unwrap().path());
        files.filter(|path| path.file_name().unwrap().to_string_lossy().starts_with("audit-")).collect()
    };
    // How large it is is looked at now and then.
    while closed().is_empty() {
        thread::yield_now();
    }

    // What was closed is listed as well, page by page.
    let (mut listed, mut after) = (0, String::new());
    loop {
        let page = client.get(&format!("/v1/audit?principal=shop&limit=13{after}")).json();
        listed += page["items"].as_array().unwrap().len();
        let Some(next) = page["next"].as_str() else { break };
        after = format!("&after={next}");
    }
    assert_eq!(listed, 80, "an intent and an outcome of each");
    client.get("/v1/audit?after=17").fails(400, "bad-request", &["`after` is what the page before gave"]);

    let ended = Command::new("kill").args(["-TERM", &process.0.id().to_string()]).status().unwrap();
    assert!(ended.success());
    let mut shipped = String::new();
    out.read_to_string(&mut shipped).unwrap();
    assert!(process.0.wait().unwrap().success());

    let mut files = closed();
    let number = |path: &std::path::Path| -> u64 {
        let name = path.file_stem().unwrap().to_string_lossy().into_owned();
        name.rsplit('.').next().unwrap().parse().unwrap()
    };
    files.sort_by_key(|path| number(path));
    files.push(world.path().join(".wharf/audit.jsonl"));
    let written: String = files.iter().map(|path| fs::read_to_string(path).unwrap()).collect();
    let records: Vec<&str> = written.lines().filter(|line| !line.contains("\"event\":\"file\"")).collect();
    assert_eq!(shipped.lines().collect::<Vec<_>>(), records);
    assert_eq!(world.wharf(&["audit", "verify"]).out, "80 records of 1 processes are as they were written\n");
    assert_eq!(world.wharf(&["audit", "show"]).out.lines().count(), 80 + files.len() - 1);

    // Whoever keeps what was shipped can check it without the files.
    world.write("shipped.jsonl", &shipped);
    assert_eq!(world.wharf(&["audit", "verify", "shipped.jsonl"]).code, 0);
    fs::remove_file(&files[0]).unwrap();
    let late = world.wharf(&["audit", "verify"]);
    assert!(late.code == 0 && late.out.contains("what was before the first file is not here"), "{late:?}");
    fs::remove_file(&files[files.len() - 2]).unwrap();
    // With the file the end of the chain of a process may be missing too, which is told besides.
    let cut = world.wharf(&["audit", "verify"]);
    assert!(cut.code == 1 && cut.err.contains("it goes on from audit-"), "{cut:?}");
}

#[test]
fn each_call_of_the_command_line_closes_the_file_that_is_due() {
    let world = World::new();
    world.configure(&format!("[audit]\nrotate = {{ size = \"1KiB\", keep = 2 }}\n{}", world.connections()));
    let calls =
        (0..6).map(|_| world.command(&[], &["call", "appwrite", "users.list"]).stdout(Stdio::null()).spawn().unwrap());
    for mut call in calls.collect::<Vec<_>>() {
        assert!(call.wait().unwrap().success());
    }
    let closed = || {
        fs::read_dir(world.path().join(".wharf"))
            .unwrap()
            .filter(|entry| entry.as_ref().unwrap().file_name().to_string_lossy().starts_with("audit-"))
    };
    assert!(closed().count() <= 2);
    (0..3).for_each(|_| assert_eq!(world.call("appwrite users.list").code, 0));
    assert_eq!(closed().count(), 2);
    assert_eq!(world.wharf(&["audit", "verify"]).code, 0);
}
