//! Messages that say what to do, in words that can be copied, with the real names of files.

use std::fs;
use std::io::{Read as _, Write as _};
use std::net::TcpListener;

use wharf_artifacts::OBEDIENT;

use crate::install::{NEXT, VERSION, release, says, world};
use crate::world::{World, answer};

#[test]
fn a_key_of_the_wrong_kind_is_told_with_its_path_its_line_and_a_line_to_copy() {
    let world = World::new();
    let connection = |line: &str| format!("[connections.shop]\nprovider = \"appwrite\"\n{line}\n");
    let cases = [
        ("[limits]\nmemory = \"64 apples\"\n".to_owned(), 2, "`limits.memory` is a size", "write memory = \"128MiB\""),
        ("[limits]\nmemory = -1\n".to_owned(), 2, "`limits.memory` is a size", "write memory = \"128MiB\""),
        ("[limits]\nmemory = 1.5\n".to_owned(), 2, "`limits.memory` is a size", "write memory = \"128MiB\""),
        ("[limits]\n\ntimeout = 5\n".to_owned(), 3, "`limits.timeout` is a time", "write timeout = \"5s\""),
        ("[limits]\ntimeout = \"5\"\n".to_owned(), 2, "`limits.timeout` is a time", "write timeout = \"5s\""),
        ("[limits]\ntimeout = \"-5s\"\n".to_owned(), 2, "`limits.timeout` is a time", "write timeout = \"30s\""),
        ("[limits]\ncalls = \"7\"\n".to_owned(), 2, "`limits.calls` is a whole number", "write calls = 7"),
        ("limits = 5\n".to_owned(), 1, "`limits` is a table", "write [limits]"),
        ("retries = \"2\"\n".to_owned(), 1, "`retries` is a whole number from 0 to 10", "write retries = 2"),
        ("plugins = \"x\"\n".to_owned(), 1, "`plugins` is a list of paths", "write plugins = [\"plugins/\"]"),
        ("store = 7\n".to_owned(), 1, "`store` is a text", "write store = \".wharf\""),
        ("[audit]\nrequired = \"yes\"\n".to_owned(), 2, "`audit.required` is true or false", "write required = true"),
        ("[[connections]]\n".to_owned(), 1, "`connections` is a table of tables", "write [connections.NAME]"),
        ("[connections]\na = 5\n".to_owned(), 2, "`connections.a` is a table", "write [connections.a]"),
        ("[connections.a]\n".to_owned(), 1, "`connections.a` has no provider", "write provider = "),
        (connection("operations = \"users.*\""), 3, "shop.operations` is a list", "write operations = [\"users.*\"]"),
        (connection("operations = [\"x\"]"), 3, "shop.operations`: `x` names no operations", "`users.*`"),
        (connection("effects = \"read\""), 3, "shop.effects` is a list", "write effects = [\"read\"]"),
        (connection("effects = [\"raed\"]"), 3, "shop.effects`: `raed` is no effect", "`read`, `write` or `delete`"),
        (
            connection("allow_addresses = \"10.0.0.0/8\""),
            3,
            "shop.allow_addresses` is a list",
            "allow_addresses = [\"10.0.0.0/8\"]",
        ),
        (connection("nat64 = 7"), 3, "shop.nat64` is a list", "write nat64 = [\"64:ff9b:1::/96\"]"),
        (connection("ca = \"x\""), 3, "shop.ca`: `x` is not known", "write ca = \"system\""),
        (connection("proxy = {}"), 3, "shop.proxy` is a text, { env", "write proxy = \"http://"),
        (
            connection("fields = { account = true }"),
            3,
            "shop.fields.account` is a text, { env",
            "write account = \"…\", or of a secret account = { env = \"VARIABLE\" }",
        ),
        (
            connection("servers = { up = { env = \"UP\" } }"),
            3,
            "shop.servers.up` is a text, the base",
            "up = \"https://",
        ),
        (connection("limits = { memory = \"x\" }"), 3, "shop.limits.memory` is a size", "write memory = \"128MiB\""),
        (connection("limits = { calls = 5 }"), 3, "shop.limits.calls` is one for all calls", "under [limits]"),
        (connection("[connections.shop]"), 3, "`shop` stands here a second time", "keep one"),
    ];
    for (text, line, words, write) in cases {
        world.write("prod.toml", text);
        let run = world.wharf(&["plugins", "--config", "prod.toml"]);
        run.fails(2, &[&format!("prod.toml:{line}: "), words, write]);
    }
    for secret in
        ["[\"geheim\"]", "{ env = \"A\", file = \"geheim\" }", "{ evn = \"geheim\" }", "true", "1.5", "geheim"]
    {
        world.write("prod.toml", connection(&format!("fields = {{ api_key = {secret} }}")));
        let run = world.wharf(&["plugins", "--config", "prod.toml"]);
        run.fails(2, &["prod.toml:3"]);
        assert!(!run.err.contains("geheim"), "{run:?}");
    }
}

#[test]
fn a_remedy_names_the_file_of_the_configuration_and_not_the_usual_one() {
    let world = World::new();
    fs::create_dir(world.path().join("deep")).unwrap();
    let with = |more: &str, connections: &str| {
        world.write("deep/prod.toml", format!("{more}\n{connections}"));
    };
    let call = |words: &str| {
        let words: Vec<&str> = ["--config", "deep/prod.toml", "call"].into_iter().chain(words.split(' ')).collect();
        world.wharf(&words)
    };
    let connections = world.connections();
    with("[limits]\nanswer = \"100B\"", &connections);
    call("chatwoot profile.get").fails(5, &["raise `answer` under [limits] in deep/prod.toml"]);
    with("", &connections.replace("provider = \"appwrite\"", "provider = \"appwrite\"\neffects = [\"read\"]"));
    call("appwrite users.delete userId=ada").fails(3, &["of [connections.appwrite] in deep/prod.toml"]);
    with("", "");
    call("appwrite users.list").fails(2, &["add [connections.NAME] with provider = \"appwrite\" to deep/prod.toml"]);
    with("", "[connections.shop]\nprovider = \"appwrite\"\nbase_url = \"https://x.example\"");
    call("appwrite users.list").fails(2, &["under [connections.shop.fields] of deep/prod.toml"]);
    with("[audit]\nfile = \".\"", &connections);
    call("appwrite users.list").fails(1, &["under [audit] in deep/prod.toml"]);
    with("[limits]\ncompile_time = \"1ms\"", &connections);
    world.write("bomb.wasm", OBEDIENT.altered(&[(VERSION, "3.1.41")]));
    call("./bomb.wasm good.greet").fails(6, &["raise `compile_time` under [limits] in deep/prod.toml"]);
}

#[test]
fn an_input_that_is_typed_wrongly_is_told_as_the_shell_takes_it() {
    let world = World::new();
    world
        .call("appwrite users.list queries=open")
        .fails(2, &["`open` is not what is allowed", r#"write queries:='["open"]'"#]);
    world.call("appwrite users.list maxItems=many").fails(2, &["1 to 10000; write maxItems=1"]);
    for (given, write) in [
        ("queries:=[open]", r#"write queries:='["open"]'"#),
        ("queries=[vip,new]", r#"write queries:='["vip","new"]'"#),
        (
            r#"queries={"method":"equal","values":["x","y"]}"#,
            r#"queries:='["{\"method\":\"equal\",\"values\":[\"x\",\"y\"]}"]'"#,
        ),
        (r#"queries=equal("a",["b"])"#, r#"write queries:='["equal(\"a\",[\"b\"])"]'"#),
        (r#"queries=["a","b]"#, r#"write queries:='["text"]'"#),
        ("queries:=null", r#"write queries:='["text"]'"#),
        (r#"queries:={"a":"b"}"#, r#"write queries:='["{\"a\":\"b\"}"]'"#),
    ] {
        world.call(&format!("appwrite users.list {given}")).fails(2, &[write]);
    }
    let long = world.call(&format!("appwrite users.list maxItems={}", "9".repeat(9000) + "x"));
    long.fails(2, &["write maxItems=1"]);
    assert!(long.err.len() < 1000, "{long:?}");
    world
        .call("appwrite users.create emailVerification=yes")
        .fails(2, &["write emailVerification=true or emailVerification=false"]);
    world
        .call("chatwoot conversations.toggle-status account_id=1 conversation_id=1 status=opn")
        .fails(2, &["one of \"open\"", "; write status=open"]);
    world
        .call("chatwoot conversations.toggle-status account_id=1 conversation_id=1 status:=open")
        .fails(2, &["is not JSON", "; write status=open"]);
}

#[test]
fn a_file_that_is_given_as_an_input_is_told_with_how_it_is_attached() {
    let world = World::new();
    for (given, write) in [
        ("appwrite files.create bucketId=b file=wharf.toml", "--attach file=@wharf.toml"),
        ("appwrite files.create bucketId=b datei=@wharf.toml", "--attach file=@wharf.toml"),
        ("chatwoot messages.create attachments=@wharf.toml", "--attach attachments=@wharf.toml"),
        ("chatwoot messages.create --attach attachments=wharf.toml", "write --attach attachments=@wharf.toml"),
        ("chatwoot messages.create --attach wharf.toml", "write --attach NAME=@wharf.toml"),
    ] {
        world.call(given).fails(2, &[write]);
    }
    world.call("appwrite files.create fil=x").fails(2, &["did you mean `fileId`?"]);
}

#[test]
fn a_secret_in_the_wrong_place_is_repeated_nowhere() {
    const SECRET: &str = "Sup3rS3cretK7xQ9";
    let world = World::new();
    let url = world.simulation.appwrite.url();
    let head = "[connections.a]\nprovider = \"appwrite\"\n".to_owned();
    let (base, fields) = (format!("base_url = \"{url}\"\n"), "[connections.a.fields]\nproject_id = \"p\"\n");
    let cases = [
        (format!("{head}{base}{fields}api_key = {{ env = \"{SECRET}\" }}"), "the environment variable that it names"),
        (format!("{head}{base}{fields}api_key = {{ file = \"{SECRET}\" }}"), "the file of `api_key`"),
        (format!("{head}{base}{fields}api_key = {SECRET}"), "a value is a text in quotes"),
        (format!("{head}{base}{fields}api_key = {{ {SECRET} }}"), "a value is a text in quotes"),
        (format!("{head}{base}{fields}{SECRET} = \"x\""), "has no field of this name"),
        (format!("{head}{base}{SECRET} = \"x\""), "is not known here"),
        (format!("{head}base_url = \"{SECRET}\"\n{fields}"), "is not a URL"),
        (format!("{head}base_url = \"{SECRET}:x\"\n{fields}"), "cannot be used"),
        (format!("{head}{base}allow_weak = [\"{SECRET}\"]\n"), "no secret field"),
        (format!("{head}{base}ca = \"{SECRET}\"\n"), "write ca = \"system\""),
        (format!("{head}{base}ca_file = \"{SECRET}\"\n"), "its ca_file"),
        (format!("{head}{base}operations = [\"{SECRET}\"]\n"), "names no operations"),
        (format!("{head}{base}effects = [\"{SECRET}\"]\n"), "is no effect"),
        (format!("{head}{base}allow_addresses = [\"{SECRET}\"]\n"), "is neither an address"),
        (format!("{head}{base}nat64 = [\"{SECRET}\"]\n"), "is no prefix"),
        (format!("[connections.\"{SECRET}!\"]\nprovider = \"appwrite\"\n"), "a connection has a name"),
        (format!("[connections.a]\nprovider = \"{SECRET}\"\n{base}"), "that its `provider` names"),
    ];
    for (text, words) in cases {
        world.configure(&text);
        for run in [world.call("appwrite users.list"), world.wharf(&["check", "--offline"])] {
            let said = format!("{}{}", run.out, run.err);
            assert!(run.code != 0 && said.contains(words), "`{words}`: {run:?}");
            assert!(!said.contains(SECRET), "{run:?}");
        }
    }
    let kept = fs::read_to_string(world.path().join(".wharf/audit.jsonl")).unwrap_or_default();
    assert!(kept.contains("missing-credential") && !kept.contains(SECRET), "{kept}");
}

#[test]
fn a_host_without_an_address_points_to_what_names_it() {
    let world = World::new();
    let connections = world.connections();
    let url = world.simulation.appwrite.url();
    world.configure(&connections.replacen(&url, "https://nowhere.invalid", 1));
    let run = world.call("appwrite users.list");
    run.fails(4, &["no address is known for the host of https://nowhere.invalid", "look at base_url"]);
    assert!(!run.err.contains("io: "), "{run:?}");
}

#[test]
fn of_several_connections_one_is_named_with_the_option() {
    let world = World::new();
    let second = world.connections().replace("[connections.appwrite", "[connections.other");
    let second: String = second.split("[connections.chatwoot]").next().unwrap().to_owned();
    world.configure(&format!("{}{second}", world.connections()));
    world.call("appwrite users.list").fails(2, &["say which one: --connection appwrite or --connection other"]);
    assert_eq!(world.call("appwrite users.list --connection other").code, 0);
}

#[test]
fn two_releases_of_one_version_are_told_apart_by_their_digests() {
    let world = world();
    let digest = |file: &str| wharf::digest_of(&fs::read(world.path().join(file)).unwrap());
    world.wharf(&["install", &release(&world, "a.wasm", &[])]);
    world.wharf(&["approve", "obedient"]);
    world.wharf(&["install", &release(&world, "b.wasm", &[("For tests.", "For trials")]), "--force"]);
    world.wharf(&["install", &release(&world, "c.wasm", &[(VERSION, NEXT)])]);
    let short = |file: &str| format!("sha256:{}", &digest(file)[..12]);
    let (a, b) = (short("a.wasm"), short("b.wasm"));
    let ways = [format!("`wharf rollback obedient --to {a}`"), format!("`wharf rollback obedient --to {b}`")];
    let ways = [ways[0].as_str(), ways[1].as_str()];
    world.wharf(&["rollback", "obedient", "--to", VERSION]).fails(2, &["several releases 3.7.11", ways[0], ways[1]]);
    says(&world, &["versions"], &[&a, &b]);
    says(&world, &["rollback", "obedient", "--to", &a], &["3.7.11 is live again"]);
    let run = world.wharf(&["rollback", "obedient"]);
    run.fails(2, &["no release of `obedient` was live before", ways[1], "`wharf rollback obedient --to 3.7.12`"]);
    says(&world, &["install", "b.wasm"], &[&format!("--to {b}` goes back to it")]);
    world.wharf(&["rollback", "obedient", "--to", "sha256:"]).fails(2, &["no such earlier release"]);
}

#[test]
fn a_lock_file_that_is_none_says_what_it_is_where_and_how_it_comes_back() {
    let world = world();
    fs::rename(world.path().join("wharf.toml"), world.path().join("prod.toml")).unwrap();
    let prod = |words: &[&str]| world.wharf(&[&["--config", "prod.toml"], words].concat());
    prod(&["install", &release(&world, "a.wasm", &[])]);
    let whole = fs::read_to_string(world.path().join("prod.lock")).unwrap();
    let restore = ["restore it from version control", "`wharf sync`", "`wharf install FILE`"];
    let conflict = format!("{whole}<<<<<<< HEAD\nx = 1\n=======\nx = 2\n>>>>>>> other\n");
    let line = format!("line {}: two versions of it were merged", whole.lines().count() + 1);
    for (text, words) in [
        (String::new(), ["it is empty", restore[0], restore[1]]),
        (conflict, [line.as_str(), "`git checkout --theirs FILE`", "`wharf sync`"]),
        (format!("{whole}>>>>>>> other\n"), [line.as_str(), "(`>>>>>>>`)", "`wharf sync`"]),
        (format!("{whole}>>>>>>>\n"), [line.as_str(), "(`>>>>>>>`)", "`wharf sync`"]),
        (whole[..whole.len() / 2].to_owned(), ["prod.lock: line ", "damaged or cut short", restore[0]]),
        ("{\"format\": 2}".to_owned(), ["it is JSON", restore[0], restore[2]]),
        (
            whole.replace("format = 2", "format = 3\nnew = 1"),
            ["line 4: it has the format 3", "a newer Wharf", "use that one"],
        ),
        (whole.replace("format = 2\n", ""), ["it does not say `format = 2`", restore[0], restore[1]]),
        (whole.replace("waiting = \"sha256:", "waiting = \"sha256:0"), ["line ", "none of its releases", restore[0]]),
    ] {
        world.write("prod.lock", text);
        for command in [&["versions"][..], &["call", "obedient", "good.greet"]] {
            prod(command).fails(1, &[&["prod.lock: "], &words[..]].concat());
        }
    }
    fs::remove_file(world.path().join("prod.lock")).unwrap();
    fs::create_dir(world.path().join("prod.lock")).unwrap();
    prod(&["versions"]).fails(1, &["prod.lock: it cannot be read: it is a folder", "move the folder away"]);
}

#[test]
fn a_server_that_speaks_tls_or_does_not_is_told_with_the_scheme_that_would_be_right() {
    let world = World::new();
    let plain = world.connections();
    let port = plain.split("http://").nth(1).unwrap().split('/').next().unwrap().to_owned();
    world.configure(&plain.replacen("http://", "https://", 1));
    let words = [format!("{port} "), "TLS".to_owned(), "its URL begins with http://".to_owned()];
    world.call("appwrite users.list").fails(4, &words.each_ref().map(String::as_str));

    // An alert, and no word at all.
    for said in [&[0x15, 3, 3, 0, 2, 2, 40][..], &[]] {
        let listener = TcpListener::bind("127.0.0.1:0").unwrap();
        world.configure(&plain.replacen(&port, &listener.local_addr().unwrap().to_string(), 1));
        let speaking = std::thread::spawn(move || {
            let (mut socket, _) = listener.accept().unwrap();
            let _ = socket.read(&mut [0; 4096]).unwrap();
            socket.write_all(said).unwrap();
        });
        world.call("appwrite users.list").fails(4, &["speaks TLS there", "its URL begins with https://"]);
        speaking.join().unwrap();
    }
}

#[test]
fn a_request_that_is_refused_is_no_failure_of_the_provider() {
    let world = World::new();
    for status in [400, 405, 406, 411, 413, 414, 415, 416, 417, 421, 428, 431, 451] {
        world.simulation.chatwoot.answer_next(answer(status, "application/json", r#"{"error": "Email is invalid"}"#));
        let status = format!("status {status}");
        world
            .call("chatwoot profile.get")
            .fails(4, &["the request was refused by Chatwoot: ", "Email is invalid", &status]);
    }
    world.simulation.wibiclick.answer_next(answer(422, "application/json", r#"{"error": "Email is invalid"}"#));
    world
        .call("wibiclick users.disconnect-from-website websiteId=w userId=u")
        .fails(4, &["the request was refused by WibiClick: ", "Email is invalid"]);
    world.simulation.chatwoot.answer_next(answer(500, "application/json", "{}"));
    world.call("chatwoot profile.get").fails(4, &["the provider failed"]);
}

#[test]
fn a_folder_in_the_place_of_a_file_is_told_with_what_is_expected() {
    let world = World::new();
    fs::create_dir(world.path().join("folder")).unwrap();
    let connections = world.connections();
    let folder = "it is a folder";
    world.call("appwrite users.list --config folder").fails(2, &[folder, "such as folder/wharf.toml"]);
    fs::create_dir(world.path().join("folder/wharf.toml")).unwrap();
    world
        .call("appwrite users.list --config folder/wharf.toml")
        .fails(2, &[folder, "expected is a file: move the folder"]);
    world.call("appwrite users.list --input @folder").fails(2, &[folder, "expected is a file with JSON"]);
    world
        .call("appwrite files.create bucketId=b fileId=f --attach file=@folder")
        .fails(2, &[folder, "expected is one file; pack a folder"]);
    world.call("appwrite users.list --save wharf.toml").fails(2, &["a file stands there", "name a folder"]);
    world.wharf(&["replay", "appwrite", "folder"]).fails(2, &[folder, "expected is a cassette"]);
    world.wharf(&["call", "./folder", "a.b"]).fails(2, &[folder, "expected is a component"]);
    world.wharf(&["audit", "show", "folder"]).fails(2, &[folder, "the file of an audit"]);
    world.wharf(&["simulate", "--config-out", "folder"]).fails(2, &["is a folder", "such as folder/wharf.toml"]);
    world.configure(&connections.replacen("base_url", "ca_file = \"folder\"\nbase_url", 1));
    world.call("appwrite users.list").fails(2, &[folder, "a file with certificates in PEM form"]);
    let file = world.path().join("appwrite.api_key").display().to_string();
    world.configure(&connections.replace(&file, "folder"));
    world.call("appwrite users.list").fails(2, &[folder, "a file with the value and nothing else"]);
    world.configure(&format!("store = \"appwrite.api_key\"\n{connections}"));
    let component = release(&world, "a.wasm", &[]);
    world.wharf(&["install", &component]).fails(1, &["a file stands where its folder should", "`store` in wharf.toml"]);
    world.configure(&format!("[audit]\nfile = \"folder\"\n{connections}"));
    world.call("appwrite users.list").fails(1, &[folder, "name a file in it as `file`, such as", "folder/audit.jsonl"]);
    let checked = world.wharf(&["check", "--offline"]);
    assert!(!checked.out.contains("chmod"), "the folder is not to be closed: {checked:?}");
}

#[test]
fn a_call_while_its_release_waits_says_so_and_nothing_else() {
    let world = world();
    world.wharf(&["install", &release(&world, "a.wasm", &[])]);
    let run = world.call("obedient good.greet");
    let digest = format!("`wharf approve obedient --digest sha256:{}`", wharf::digest_of(OBEDIENT.bytes));
    run.fails(2, &["`obedient` 3.7.11 waits for your approval", "`wharf approve obedient --dry-run`", &digest]);
    for run in [run, world.wharf(&["plugins"])] {
        assert!(!run.err.contains("not loaded"), "{run:?}");
    }
}
