//! Names of files and charsets of texts, by the bytes on the wire.

use std::io::{Read as _, Write as _};
use std::net::{TcpListener, TcpStream};
use std::sync::{Arc, Mutex};
use std::thread;

use serde_json::json;
use wharf_artifacts::OBEDIENT;

use crate::world::{World, answer};

/// A server that answers every request with the same bytes, and keeps what it was sent.
struct Raw {
    url: String,
    arrived: Arc<Mutex<Vec<Vec<u8>>>>,
}

impl Raw {
    fn answering(head: &[u8], body: &[u8]) -> Self {
        let listener = TcpListener::bind("127.0.0.1:0").unwrap();
        let url = format!("http://{}", listener.local_addr().unwrap());
        let length = format!("Content-Length: {}\r\nConnection: close\r\n\r\n", body.len());
        let answer = [head, length.as_bytes(), body].concat();
        let arrived = Arc::<Mutex<Vec<Vec<u8>>>>::default();
        thread::spawn({
            let arrived = Arc::clone(&arrived);
            move || {
                for mut socket in listener.incoming().map_while(Result::ok) {
                    let request = read(&mut socket);
                    arrived.lock().unwrap().push(request);
                    socket.write_all(&answer).unwrap();
                }
            }
        });
        Self { url, arrived }
    }

    fn json(head: &str, body: &[u8]) -> Self {
        Self::answering(format!("HTTP/1.1 {head}\r\n").as_bytes(), body)
    }

    /// A file with this Content-Disposition.
    fn file(disposition: &[u8]) -> Self {
        let head =
            [b"HTTP/1.1 200 OK\r\nContent-Type: text/plain\r\nContent-Disposition: ", disposition, b"\r\n"].concat();
        Self::answering(&head, b"content")
    }
}

/// A request with its body.
fn read(socket: &mut TcpStream) -> Vec<u8> {
    let (mut request, mut one) = (Vec::new(), [0]);
    while !request.ends_with(b"\r\n\r\n") && socket.read(&mut one).unwrap() > 0 {
        request.push(one[0]);
    }
    let head = String::from_utf8(request.clone()).unwrap().to_lowercase();
    let length = head.lines().find_map(|line| line.strip_prefix("content-length:")?.trim().parse().ok()).unwrap_or(0);
    let mut body = vec![0; length];
    socket.read_exact(&mut body).unwrap();
    [request, body].concat()
}

/// A world with connections of Chatwoot and Appwrite to the server.
fn world(server: &Raw) -> World {
    let world = World::new();
    let connection = |provider: &str, fields: &str| {
        format!(
            "[connections.{provider}]\nprovider = \"{provider}\"\nbase_url = \"{}\"\n[connections.{provider}.fields]\n{fields}\n",
            server.url
        )
    };
    let appwrite = connection("appwrite", "project_id = \"p\"\napi_key = \"k7RmX2vQp9LzT4wBq3N8\"");
    world.configure(&(appwrite + &connection("chatwoot", "user_token = \"k7RmX2vQp9LzT4wBq3N8\"")));
    world
}

const PROFILE: [&str; 3] = ["call", "chatwoot", "profile.get"];
const DOWNLOAD: [&str; 7] = ["call", "appwrite", "files.download", "bucketId=b", "fileId=f", "--save", "out"];

#[test]
fn a_text_in_another_charset_arrives_as_it_was_meant() {
    let utf_16: Vec<u8> = "\u{feff}{\"name\":\"Grüße €\",\"id\":1}".encode_utf16().flat_map(u16::to_be_bytes).collect();
    for (content_type, body, name) in [
        ("application/json; charset=ISO-8859-1", &b"{\"name\":\"Gr\xfc\xdfe\",\"id\":1}"[..], "Grüße"),
        ("application/json charset=ISO-8859-1", b"{\"name\":\"Gr\xfc\xdfe\",\"id\":1}", "Grüße"),
        ("Application/JSON;charset=\"WINDOWS-1252\"", b"{\"name\":\"5 \x80\",\"id\":1}", "5 €"),
        ("application/json; charset=Shift_JIS", b"{\"name\":\"\x93\xfa\x96{\",\"id\":1}", "日本"),
        ("application/json; charset=utf-16", &utf_16, "Grüße €"),
        ("application/json; charset=us-ascii", "{\"name\":\"ä\",\"id\":1}".as_bytes(), "ä"),
    ] {
        let server = Raw::json(&format!("200 OK\r\nContent-Type: {content_type}"), body);
        assert_eq!(world(&server).wharf(&PROFILE).json()["name"], name, "{content_type}");
    }
}

#[test]
fn a_text_that_cannot_be_read_is_a_failure_of_the_provider() {
    for (content_type, body, words) in [
        ("application/json; charset=klingon", &b"{\"name\":\"a\"}"[..], "in the charset `klingon`, which is not known"),
        ("application/json; charset=Shift_JIS", b"{\"name\":\"\x93\"}", "is not written in the charset Shift_JIS"),
        ("application/json", b"{\"name\":\"Gr\xfc\xdfe\"}", "is not UTF-8 at byte 11"),
        ("application/json; charset=utf-8", b"{\"name\":\"Gr\xfc\xdfe\"}", "is not UTF-8 at byte 11"),
    ] {
        let server = Raw::json(&format!("200 OK\r\nContent-Type: {content_type}"), body);
        let run = world(&server).wharf(&PROFILE);
        run.fails(4, &["the provider failed", words, "status 200"]);
        assert!(!run.err.contains('\u{fffd}'), "{}", run.err);
        assert_eq!(server.arrived.lock().unwrap().len(), 1, "another try would get the same");
    }
}

#[test]
fn an_error_in_another_charset_is_told_in_its_words() {
    let server =
        Raw::json("401 No\r\nContent-Type: application/json; charset=latin1", b"{\"error\":\"Schl\xfcssel fehlt\"}");
    world(&server).wharf(&PROFILE).fails(4, &["unauthorized", "Schlüssel fehlt"]);
    // Of a request for a file, too.
    let server = Raw::json(
        "404 No\r\nContent-Type: application/json; charset=latin1",
        b"{\"message\":\"Datei gel\xf6scht\",\"code\":404,\"type\":\"t\"}",
    );
    world(&server).wharf(&DOWNLOAD).fails(4, &["not found", "Datei gelöscht"]);
}

#[test]
fn a_file_is_bytes_whatever_charset_it_is_in() {
    let server = Raw::json("200 OK\r\nContent-Type: text/plain; charset=ISO-8859-1", b"Gr\xfc\xdfe");
    let world = world(&server);
    world.wharf(&DOWNLOAD).json();
    assert_eq!(std::fs::read(world.path().join("out/file.txt")).unwrap(), b"Gr\xfc\xdfe");
}

#[test]
fn the_size_limit_holds_for_the_text_as_it_is_read() {
    let body = [&b"{\"name\":\""[..], &[0xfc; 60], b"\"}"].concat();
    let server = Raw::json("200 OK\r\nContent-Type: application/json; charset=latin1", &body);
    let world = world(&server);
    let config = std::fs::read_to_string(world.path().join("wharf.toml")).unwrap();
    world.configure(&format!("[limits]\nanswer = \"100B\"\n{config}"));
    world.wharf(&PROFILE).fails(5, &["limit `answer` of 100 B"]);
}

#[test]
fn a_download_has_the_name_that_the_server_gave_it() {
    for (disposition, name) in [
        (&b"attachment; filename*=UTF-8''Gr%C3%BC%C3%9Fe%20%E2%82%AC.txt"[..], "Grüße €.txt"),
        (b"attachment; filename=\"fallback.txt\"; FileName*=iso-8859-1'de'na%EFve.txt", "naïve.txt"),
        ("inline;filename=\"Übersicht 📄.txt\"".as_bytes(), "Übersicht 📄.txt"),
        (b"attachment; filename=\"\xdcbersicht.txt\"", "Übersicht.txt"),
        (b"attachment; FILENAME=\"she said \\\"hi\\\"; a=b.txt\"", "she said \"hi\"; a=b.txt"),
        (b"attachment; note=\"; filename=evil.exe\"; filename=good.txt", "good.txt"),
        (b"attachment; filename=token.txt", "token.txt"),
        (b"attachment; filename=\"../../../etc/passwd\"", "passwd"),
        (b"attachment; filename=\"C:\\windows\\system.ini\"", "system.ini"),
        ("attachment; filename=\"invoice\u{202e}fdp.exe\"".as_bytes(), "invoice_fdp.exe"),
        (b"attachment; filename=\".bashrc\"", "bashrc"),
        (b"attachment; filename=\"..\"", "file.txt"),
        (b"attachment; filename=\"nul.txt\"", "_nul.txt"),
        (b"attachment; filename*=UTF-8''a%0D%0Ab%00.txt", "a__b_.txt"),
        (b"attachment", "file.txt"),
        (b"attachment; filename*=UTF-16''%FE%FF%00a.txt; filename=b.txt", "b.txt"),
        (b"attachment; filename*0=\"abc\"; filename*1=\"def.txt\"", "abcdef.txt"),
        (b"attachment; filename*0*=UTF-8''Gr%C3; filename*1*=%BC%C3%9Fe; filename*2=.txt", "Grüße.txt"),
    ] {
        let server = Raw::file(disposition);
        let world = world(&server);
        let run = world.wharf(&DOWNLOAD);
        assert_eq!(run.code, 0, "{run:?}");
        let kept: Vec<_> =
            std::fs::read_dir(world.path().join("out")).unwrap().map(|e| e.unwrap().file_name()).collect();
        assert_eq!(kept, [name], "{}", String::from_utf8_lossy(disposition));
    }
}

#[test]
fn files_of_one_name_are_all_kept_however_long_it_is() {
    let long = "ü".repeat(150);
    let server = Raw::file(format!("attachment; filename=\"{long}.txt\"").as_bytes());
    let world = world(&server);
    for _ in 0..3 {
        assert_eq!(world.wharf(&DOWNLOAD).code, 0);
    }
    let mut kept: Vec<_> = std::fs::read_dir(world.path().join("out"))
        .unwrap()
        .map(|entry| entry.unwrap().file_name().into_string().unwrap())
        .collect();
    kept.sort();
    assert_eq!(kept.len(), 3, "{kept:?}");
    assert!(kept.iter().all(|name| name.len() <= 255 && name.ends_with(".txt")), "{kept:?}");
}

#[cfg(unix)]
#[test]
fn a_file_that_could_not_be_kept_is_no_success_and_the_output_is_printed() {
    use std::os::unix::fs::symlink;

    let server = Raw::file(b"attachment; filename=\"a.txt\"");
    let world = world(&server);
    // A folder in which nothing can be made, for root neither.
    symlink("/proc/self/fd", world.path().join("out")).unwrap();
    let run = world.wharf(&DOWNLOAD);
    run.fails(1, &["the call is done, and the file file", "of its output is lost", "a.txt"]);
    assert_eq!(serde_json::from_str::<serde_json::Value>(&run.out).unwrap(), json!({"success": true}));
    let many = [&DOWNLOAD[..3], &["--input", "[{\"bucketId\":\"b\",\"fileId\":\"f\"}]", "--save", "out"]].concat();
    let run = world.wharf(&many);
    run.fails(1, &["is lost"]);
    assert_eq!(serde_json::from_str::<serde_json::Value>(&run.out).unwrap(), json!([{"success": true}]));
}

#[cfg(target_os = "linux")]
#[test]
fn a_file_larger_than_the_system_allows_is_lost_in_words_and_no_half_of_it_stays() {
    let server = Raw::json("200 OK\r\nContent-Type: application/octet-stream", &vec![7; 3 << 20]);
    let world = world(&server);
    let warm = world.wharf(&DOWNLOAD);
    assert_eq!(warm.code, 0, "{warm:?}");
    std::fs::remove_dir_all(world.path().join("out")).unwrap();
    // Where no file can be made in it, the file comes by way of memory.
    std::fs::remove_dir(world.path().join(".wharf/spool")).unwrap();
    world.write(".wharf/spool", "");

    let inner = world.command(&[], &DOWNLOAD);
    let mut command = std::process::Command::new("prlimit");
    command.args(["--fsize=2097152", "--"]).arg(inner.get_program()).args(inner.get_args()).current_dir(world.path());
    command.envs(inner.get_envs().filter_map(|(name, value)| Some((name, value?))));
    let run = crate::world::finish(command.output().unwrap());
    run.fails(
        1,
        &["the call is done, and the file file", "is lost", "raise the size of files (`ulimit -f`, 2.0 MiB now)"],
    );
    assert_eq!(serde_json::from_str::<serde_json::Value>(&run.out).unwrap(), json!({"success": true}));
    assert_eq!(std::fs::read_dir(world.path().join("out")).unwrap().count(), 0);
}

#[test]
fn an_upload_arrives_under_the_name_that_it_has() {
    for (name, sent) in [
        ("a;b=c%20d.txt", "a;b=c%20d.txt"),
        ("Grüße 100% (1) 👍.txt", "Grüße 100% (1) 👍.txt"),
        ("she said \"hi\".txt", "she said %22hi%22.txt"),
        ("a; name=role.txt", "a%3B name=role.txt"),
        ("back\\slash\\", "back%5Cslash%5C"),
        ("line\nbreak", "line%0Abreak"),
    ] {
        if cfg!(windows) && name.contains(['"', '\\', '\n']) {
            continue;
        }
        let server = Raw::json("200 OK\r\nContent-Type: application/json", b"{\"id\":1}");
        let world = world(&server);
        world.write(name, "content");
        let attached = format!("attachments=@{name}");
        let input = json!({"conversation_id": 1, "account_id": 1, "content": "Here"}).to_string();
        let run = world.wharf(&["call", "chatwoot", "messages.create", "--input", &input, "--attach", &attached]);
        assert_eq!(run.code, 0, "{run:?}");
        let arrived = String::from_utf8(server.arrived.lock().unwrap()[0].clone()).unwrap();
        let head = format!("Content-Disposition: form-data; name=\"attachments[]\"; filename=\"{sent}\"\r\n");
        assert!(arrived.contains(&head), "{arrived}");
    }
}

#[cfg(unix)]
#[test]
fn a_name_that_is_not_utf_8_is_told_with_what_to_do() {
    use std::ffi::OsStr;
    use std::os::unix::ffi::OsStrExt as _;

    let world = World::new();
    let mut command = world.command(&[], &["call", "chatwoot", "messages.create", "--attach"]);
    command.arg(OsStr::from_bytes(b"attachments=@gr\xfc\xdfe.txt"));
    let output = command.output().unwrap();
    let words = String::from_utf8(output.stderr).unwrap();
    assert_eq!(output.status.code(), Some(2), "{words}");
    for expected in ["error: the argument \"attachments=@gr\\xFC\\xDFe.txt\" is not UTF-8", "rename the file", "ln -s"]
    {
        assert!(words.contains(expected), "{words}");
    }
}

#[test]
fn an_error_with_a_good_status_is_not_saved_as_the_file() {
    let world = World::new();
    let server = &world.simulation.appwrite;
    world.configure(&format!(
        "plugins = [{:?}]\n[connections.o]\nprovider = \"obedient\"\nbase_url = \"{}\"\n",
        OBEDIENT.path,
        server.url()
    ));
    let fetch = |action: &str, media_type: &str, body: &str, to: &str| {
        server.answer_next(answer(200, media_type, body));
        world.wharf(&["call", "obedient", action, "--save", to])
    };
    let saved = |folder: &str| {
        let file = std::fs::read_dir(world.path().join(folder)).ok()?.next()?.unwrap();
        Some(std::fs::read_to_string(file.path()).unwrap())
    };
    let error = r#"{"error": "No photo 7."}"#;
    for media_type in ["application/json", "text/html; charset=utf-8"] {
        fetch("good.photo", media_type, error, "wrong").fails(4, &["No photo 7."]);
    }
    assert_eq!(saved("wrong"), None);
    for (folder, body) in [("json", r#"{"photo": 7}"#), ("text", "{ no JSON }"), ("list", "[7]")] {
        fetch("good.photo", "application/json", body, folder).json();
        assert_eq!(saved(folder).as_deref(), Some(body));
    }
    // Where any file is one, so is this.
    fetch("good.any-photo", "application/json", error, "any").json();
    assert_eq!(saved("any").as_deref(), Some(error));
}
