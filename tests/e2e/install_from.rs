//! What is installed from a folder or a URL.

use std::fs;
use std::io::Write as _;

use flate2::Compression;
use flate2::write::GzEncoder;
use wharf::digest_of;
use wharf_artifacts::{APPWRITE, OBEDIENT};
use wharf_simulated::{Canned, Server};

use crate::install::{NEXT, VERSION, live, release, says, world};
use crate::world::answer;

#[test]
fn a_folder_is_installed_file_by_file_and_one_that_is_refused_stops_no_other() {
    let world = world();
    fs::create_dir(world.path().join("built")).unwrap();
    world.write("built/b.wasm", OBEDIENT.bytes);
    world.write("built/c.wasm", APPWRITE.bytes);
    world.write("built/notes.txt", "no component");
    says(&world, &["install", "built"], &["obedient 3.7.11 waits", "+ field key secret", "appwrite"]);
    says(&world, &["versions"], &["built/b.wasm", "built/c.wasm"]);
    world.wharf(&["approve", "obedient"]);

    release(&world, "built/d.wasm", &[(VERSION, NEXT)]);
    world.write("built/a.wasm", "hello");
    world.write("built/e.wasm", &OBEDIENT.bytes[..1000]);
    let run = world.wharf(&["install", "built"]);
    assert_eq!(run.code, 6, "{run:?}");
    let errors: Vec<&str> = run.err.lines().filter(|line| line.starts_with("error:")).collect();
    assert!(errors.len() == 2 && errors[0].contains("a.wasm: it is a text") && errors[1].contains("e.wasm"), "{run:?}");
    assert!(run.out.starts_with("obedient 3.7.11 is live already\nappwrite"), "{run:?}");
    assert!(run.out.ends_with("obedient 3.7.12 is live\n"), "{run:?}");
    assert_eq!(live(&world), NEXT);

    // The first failure is what the exit code tells: now no component, and then a version that is too low.
    let refused = world.wharf(&["install", "built"]);
    assert_eq!(refused.code, 6, "{refused:?}");
    fs::remove_file(world.path().join("built/a.wasm")).unwrap();
    let refused = world.wharf(&["install", "built"]);
    assert!(
        refused.err.contains("e.wasm") && refused.out.contains("3.7.11 was live before and is kept"),
        "{refused:?}"
    );
    assert_eq!(live(&world), NEXT);
    release(&world, "built/0.wasm", &[(VERSION, "3.7.10")]);
    let refused = world.wharf(&["install", "built"]);
    assert!(refused.code == 2 && refused.err.contains("0.wasm: the version 3.7.10 is not higher"), "{refused:?}");
}

#[test]
fn a_folder_needs_components_and_has_no_digest() {
    let world = world();
    fs::create_dir(world.path().join("built")).unwrap();
    world.write("built/notes.txt", "no component");
    world.wharf(&["install", "built"]).fails(2, &["there is no .wasm file in built"]);
    for option in ["--digest", "--self-test"] {
        world.wharf(&["install", "built", option, "some"]).fails(2, &[option, "are for one file", "built is a folder"]);
    }
}

fn serving(answers: impl IntoIterator<Item = Canned>) -> Server {
    let server = Server::recorder(|_| serde_json::Value::Null).unwrap();
    answers.into_iter().for_each(|answer| server.answer_next(answer));
    server
}

fn component() -> Canned {
    Canned { body: OBEDIENT.bytes.to_vec(), ..Canned::default() }
}

#[test]
fn a_component_is_installed_from_a_url_and_the_lock_file_says_so() {
    let (world, server) = (world(), serving([component(), component()]));
    let url = format!("{}/obedient.wasm?build=7", server.url());
    let digest = format!("sha256:{}", digest_of(OBEDIENT.bytes));
    let other = format!("sha256:{}", "0".repeat(64));
    let wrong = world.wharf(&["install", &url, "--digest", &other]);
    wrong.fails(2, &[&digest, &other, "not installed"]);
    says(&world, &["versions"], &["nothing is installed"]);
    // What it is instead is not looked at.
    world.write("text.wasm", "hello");
    world.wharf(&["install", "text.wasm", "--digest", &digest]).fails(2, &["and not", &digest]);

    says(&world, &["install", &url, "--digest", &digest], &["downloaded", &digest, "obedient 3.7.11 waits"]);
    says(&world, &["versions"], &["obedient", &url]);
    let targets: Vec<String> = server.requests().into_iter().map(|request| request.target).collect();
    assert_eq!(targets, ["/obedient.wasm?build=7", "/obedient.wasm?build=7"]);
}

#[test]
fn what_comes_in_the_clear_needs_a_digest() {
    let (world, server) = (world(), serving([]));
    let url = format!("{}/obedient.wasm", server.url());
    for url in [&url, &url.replacen("http", "HTTP", 1)] {
        world.wharf(&["install", url]).fails(2, &["anybody on the way can change", "--digest sha256:"]);
    }
    assert!(server.requests().is_empty());
}

#[test]
fn a_download_that_is_none_is_told_in_words() {
    let world = world();
    let location = ("Location".to_owned(), "https://cdn.example/obedient.wasm".to_owned());
    let too_large = {
        let mut gzip = GzEncoder::new(Vec::new(), Compression::fast());
        gzip.write_all(&vec![0; (64 << 20) + 1]).unwrap();
        let headers = vec![("Content-Encoding".to_owned(), "gzip".to_owned())];
        Canned { headers, body: gzip.finish().unwrap(), ..Canned::default() }
    };
    for (answer, code, words) in [
        (
            Canned { status: 302, headers: vec![location], ..Canned::default() },
            2,
            "give https://cdn.example/obedient.wasm",
        ),
        (answer(404, "text/html", "<p>no such page"), 2, "answered with status 404"),
        (too_large, 5, "larger than 67108864 bytes"),
    ] {
        let server = serving([answer]);
        let url = format!("{}/obedient.wasm", server.url());
        world.wharf(&["install", &url, "--digest", "sha256:00"]).fails(code, &[&url, words]);
        assert_eq!(server.requests().len(), 1);
    }
    let gone = format!("{}/obedient.wasm", serving([]).url());
    world.wharf(&["install", &gone, "--digest", "sha256:00"]).fails(2, &["nothing listens"]);
    for url in ["http://169.254.169.254/latest/meta-data", "https://[fe80::1]/a.wasm"] {
        world.wharf(&["install", url, "--digest", "sha256:00"]).fails(3, &["never reached"]);
    }
    let named = world.wharf(&["install", "https://ada:geheim@acme.example/a.wasm"]);
    named.fails(2, &["a user name or a password"]);
    assert!(!named.err.contains("geheim"), "{named:?}");
    assert!(!world.path().join("wharf.lock").exists());
}
