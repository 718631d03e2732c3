//! Self-tests: what is recorded, and that a release is refused which does anything else.

use std::fs;

use serde_json::{Value, json};
use wharf_artifacts::{OBEDIENT, ROGUE};
use wharf_simulated::vtiger::SESSION_NAME;

use crate::world::{OTHER_KEY, Run, World, answer};

const QUERY: &str = "query=select lastname from Contacts where lastname='Lovelace' order by id;";

/// What takes two requests: one for the contacts, and one that finds no more of them.
const ALL: [&str; 2] = ["query=select lastname from Contacts order by id;", "maxItems=1000"];

/// Records a call: `"appwrite users.list search=ada"`, split at spaces.
fn record(world: &World, file: &str, words: &str) -> Run {
    let words: Vec<&str> = ["record", "--to", file].into_iter().chain(words.split(' ')).collect();
    world.wharf(&words)
}

fn cassette(world: &World, file: &str) -> Value {
    serde_json::from_slice(&fs::read(world.path().join(file)).unwrap()).unwrap()
}

/// Writes a cassette with other texts in it.
fn edit(world: &World, file: &str, from: &str, to: &str) {
    let text = fs::read_to_string(world.path().join(file)).unwrap();
    assert!(text.contains(from), "{from} is not in {text}");
    world.write(file, text.replace(from, to));
}

/// A world with a guest whose provider says hello.
fn with_guest() -> World {
    let world = World::new();
    let url = world.simulation.appwrite.url();
    world.configure(&format!(
        "plugins = [{:?}]\n[connections.o]\nprovider = \"obedient\"\nbase_url = \"{url}\"\n\
         [connections.o.fields]\ngreeting = \"hello\"\n",
        OBEDIENT.path
    ));
    world
}

/// Records what the guest gets from its provider.
fn record_echo(world: &World, file: &str) {
    world.simulation.appwrite.answer_next(answer(200, "application/json", r#"{"hello": ["world"]}"#));
    assert_eq!(record(world, file, "obedient good.echo").json(), json!({"hello": ["world"]}));
}

fn audit(world: &World) -> usize {
    fs::read_to_string(world.path().join(".wharf/audit.jsonl")).unwrap().lines().count()
}

fn record_all(world: &World) {
    assert_eq!(record(world, "appwrite.json", "appwrite users.list search=ada").json()["total"], 1);
    record(world, "appwrite.json", "appwrite users.get userId=nobody").fails(4, &["not found"]);
    assert_eq!(record(world, "vtiger.json", "vtiger session.login").json()["userId"], "19x1");
    for _ in 0..2 {
        let run = world.wharf(&["record", "--to", "vtiger.json", "vtiger", "query.run", QUERY]);
        assert!(run.json().is_array() && run.err.contains("recorded in vtiger.json"), "{run:?}");
    }
    world.write("photo.png", [0x89, b'P', 0xff, 0]);
    let input = json!({"account_id": 1, "conversation_id": 1, "content": "Here"}).to_string();
    let attach = ["--input", &input, "--attach", "attachments=@photo.png"];
    let words = ["record", "--to", "chatwoot.json", "chatwoot", "messages.create"];
    assert_eq!(world.wharf(&[&words[..], &attach].concat()).json()["content"], "Here");
}

#[test]
fn what_was_recorded_is_replayed_with_nobody_there() {
    let world = World::new();
    record_all(&world);
    let recorded = audit(&world);
    let World { simulation, .. } = &world;
    let servers = [&simulation.appwrite, &simulation.vtiger, &simulation.chatwoot];
    let sent: Vec<usize> = servers.iter().map(|server| server.requests().len()).collect();
    let queries = simulation.vtiger.requests().iter().filter(|r| r.target.contains("operation=query")).count();
    let expected = (2, 2, 1);
    assert_eq!(
        (sent[0], queries, sent[2]),
        expected,
        "a replay of each was made when it was recorded, without a request"
    );

    // No connection, so no address and no secret either.
    world.configure("");
    for (plugin, calls) in [("appwrite", "2 calls are"), ("vtiger", "3 calls are"), ("chatwoot", "1 call is")] {
        let run = world.wharf(&["replay", plugin, &format!("{plugin}.json")]);
        assert!(run.code == 0 && run.out.contains(&format!("{plugin}.json: {calls} as recorded")), "{run:?}");
    }
    assert_eq!(servers.iter().map(|server| server.requests().len()).collect::<Vec<_>>(), sent);
    assert_eq!(audit(&world), recorded, "what is not sent is not in the audit");
    assert!(!world.path().join(".wharf/state/vtiger.vtiger.json").exists(), "nothing is kept either");
}

#[test]
fn a_cassette_has_the_requests_without_their_address_and_how_the_call_ended() {
    let world = World::new();
    record_all(&world);
    let appwrite = cassette(&world, "appwrite.json");
    assert_eq!((&appwrite["format"], &appwrite["plugin"]), (&json!(1), &json!("appwrite")));
    let [list, missing] = appwrite["calls"].as_array().unwrap().as_slice() else { panic!("{appwrite}") };
    assert_eq!(list["exchanges"][0]["request"]["url"], "{base_url}/v1/users?search=ada");
    assert_eq!(list["connection"], json!({"fields": {"project_id": "simulated-project"}, "without": []}));
    assert_eq!(missing["end"]["failure"]["code"], "not-found");
    assert_eq!(missing["exchanges"][0]["became"]["answer"]["status"], 404);

    let vtiger = cassette(&world, "vtiger.json");
    let exchanges = |call: usize| vtiger["calls"][call]["exchanges"].as_array().unwrap();
    let names = |call: usize| exchanges(call).iter().map(|e| e["request"]["request"].clone()).collect::<Vec<Value>>();
    assert_eq!(names(0), ["get-challenge", "login"]);
    assert_eq!(exchanges(0)[1]["request"]["body"], "operation=login&username=admin&accessKey=•••");
    assert_eq!(
        (names(1), names(2)),
        (vec![json!("run")], vec![json!("run")]),
        "the host's login is none of the call's"
    );

    let message = &cassette(&world, "chatwoot.json")["calls"][0];
    assert_eq!(message["attachments"][0]["content"], json!({"base64": "iVD/AA=="}));
    let body = message["exchanges"][0]["request"]["body"].as_str().unwrap();
    assert!(body.contains("[4 bytes of image/png]") && !body.contains("boundary"), "{body}");
}

#[test]
fn no_secret_is_in_a_cassette() {
    let world = World::new();
    record_all(&world);
    record(&world, "appwrite.json", "appwrite users.create userId=hedy password=correct-horse name=Hedy").json();
    record(&world, "vtiger.json", &format!("vtiger session.extend sessionName={SESSION_NAME}")).json();
    let link = record(&world, "chatwoot.json", "chatwoot users.get-sso-url id=1").json();
    let text: String = ["appwrite.json", "vtiger.json", "chatwoot.json"]
        .map(|file| fs::read_to_string(world.path().join(file)).unwrap())
        .concat();

    let fields = world.simulation.connections().into_iter().flat_map(|connection| connection.fields);
    let secrets = fields.filter(|(name, _)| !["project_id", "username"].contains(name)).map(|(_, value)| value);
    let sensitive = ["correct-horse", SESSION_NAME, link["url"].as_str().unwrap()].map(str::to_owned);
    for secret in secrets.chain(sensitive) {
        assert!(!text.contains(&secret), "{secret} is in {text}");
    }
    // The challenge and the session that a caller's login began with it stand there as placeholders.
    let exchanges = &cassette(&world, "vtiger.json")["calls"][0]["exchanges"];
    let answer = |exchange: usize| exchanges[exchange]["became"]["answer"]["body"]["text"].as_str().unwrap();
    assert!(answer(0).contains(r#""token":"masked-value-"#), "{}", answer(0));
    assert!(answer(1).contains(r#""sessionName":"masked-value-"#), "{}", answer(1));
    let user = &cassette(&world, "appwrite.json")["calls"][2];
    assert_eq!(user["input"]["password"], "masked-value-1");
    assert_eq!(user["end"]["output"]["json"]["password"], "•••");
    for plugin in ["appwrite", "vtiger", "chatwoot"] {
        assert_eq!(world.wharf(&["replay", plugin, &format!("{plugin}.json")]).code, 0);
    }
}

/// The plugin may see it; people may not.
#[test]
fn a_weak_secret_that_an_answer_repeats_is_masked_in_a_cassette() {
    let world = World::new();
    let allowed = "[connections.appwrite]\nallow_weak = [\"api_key\"]";
    world.configure(&world.connections().replace("[connections.appwrite]", allowed));
    world.write("appwrite.api_key", "sommerurlaub2023");
    let mut echo = answer(200, "application/json", r#"{"total": 0, "users": []}"#);
    echo.headers.push(("X-Echo".to_owned(), "sommerurlaub2023".to_owned()));
    world.simulation.appwrite.answer_next(echo);
    assert_eq!(record(&world, "a.json", "appwrite users.list").json()["total"], 0);
    let text = fs::read_to_string(world.path().join("a.json")).unwrap();
    assert!(text.contains("•••") && !text.contains("sommerurlaub"), "{text}");
    assert_eq!(world.wharf(&["replay", "appwrite", "a.json"]).code, 0);
}

#[test]
fn a_secret_that_the_caller_writes_into_the_input_is_not_recorded() {
    let world = World::new();
    let token = wharf_simulated::chatwoot::USER_TOKEN;
    let run = record(&world, "a.json", &format!("chatwoot contacts.search account_id=1 q={token}"));
    run.fails(2, &["contacts.search is not recorded", "a secret of the connection stands in its input"]);
    assert!(!world.path().join("a.json").exists());
}

#[test]
fn a_release_that_asks_for_something_else_is_not_installed() {
    let world = with_guest();
    record_echo(&world, "echo.json");
    world.simulation.appwrite.clear_requests();
    world.write("good.wasm", OBEDIENT.bytes);
    world.write("other.wasm", OBEDIENT.altered(&[("/echo", "/user"), ("3.7.11", "3.7.12")]));

    let refused = world.wharf(&["install", "other.wasm", "--self-test", "echo.json"]);
    let said = ["obedient 3.7.12 is not installed", "call 1, good.echo: request 1 is another one"];
    refused.fails(
        1,
        &[&said[..], &["- GET {base_url}/echo\n  + GET {base_url}/user", "`wharf record --to FILE ./other.wasm …`"]]
            .concat(),
    );
    assert!(!world.path().join("wharf.lock").exists(), "nothing is written");

    // The same where the release carries it.
    world.write("other.cassette.json", fs::read(world.path().join("echo.json")).unwrap());
    world
        .wharf(&["install", "other.wasm"])
        .fails(1, &["other.cassette.json: call 1, good.echo", "+ GET {base_url}/user"]);
    let run = world.wharf(&["install", "good.wasm", "--self-test", "echo.json"]);
    assert!(
        run.out.contains("echo.json: 1 call is as recorded") && run.out.contains("waits for your approval"),
        "{run:?}"
    );
    assert!(world.simulation.appwrite.requests().is_empty());
}

#[test]
fn more_requests_and_fewer_are_told() {
    let world = with_guest();
    record_echo(&world, "echo.json");
    let mut recorded = cassette(&world, "echo.json");
    let exchanges = recorded["calls"][0]["exchanges"].take();
    recorded["calls"][0]["exchanges"] = json!([]);
    world.write("fewer.json", recorded.to_string());
    let fewer = world.wharf(&["replay", "obedient", "fewer.json"]);
    fewer.fails(1, &["fewer.json: call 1, good.echo: request 1 was not recorded", "+ GET {base_url}/echo"]);

    recorded["calls"][0]["exchanges"] = json!([exchanges[0], exchanges[0]]);
    world.write("more.json", recorded.to_string());
    let more = world.wharf(&["replay", "obedient", "more.json", "echo.json"]);
    more.fails(1, &["call 1, good.echo: request 2 is missing", "- GET {base_url}/echo"]);
    assert!(more.out.contains("echo.json: 1 call is as recorded"), "the others are told of: {more:?}");
}

#[test]
fn a_cassette_that_was_edited_is_told() {
    let world = with_guest();
    record_echo(&world, "echo.json");
    edit(&world, "echo.json", r#"[\"world\"]"#, r#"[\"Mars\"]"#);
    let run = world.wharf(&["replay", "obedient", "echo.json"]);
    run.fails(1, &["call 1, good.echo: it ends in another way", "- /hello/0: \"world\"", "+ /hello/0: \"Mars\""]);
}

#[test]
fn a_damaged_cassette_is_one_error_and_nothing_is_sent() {
    let world = with_guest();
    record_echo(&world, "echo.json");
    world.simulation.appwrite.clear_requests();
    let text = fs::read_to_string(world.path().join("echo.json")).unwrap();
    world.write("cut.json", &text[..text.len() / 2]);
    world.write("unknown.json", text.replace("\"seed\"", "\"sead\""));
    let damaged = ["cut.json: it is no cassette", "record it anew"];
    world.wharf(&["replay", "obedient", "cut.json"]).fails(2, &damaged);
    world.wharf(&["replay", "obedient", "unknown.json"]).fails(2, &["unknown field `sead`"]);
    world.wharf(&["replay", "obedient", "nowhere.json"]).fails(2, &["nowhere.json", "cannot be read"]);
    world.wharf(&["install", OBEDIENT.path, "--self-test", "cut.json"]).fails(2, &damaged);
    record(&world, "cut.json", "obedient good.echo").fails(2, &damaged);
    assert!(world.simulation.appwrite.requests().is_empty());
}

#[test]
fn a_cassette_is_of_one_plugin() {
    let world = World::new();
    record(&world, "a.json", "appwrite users.list").json();
    record(&world, "a.json", "aigency users.get-dev-mode userId=7")
        .fails(2, &["a.json is of the plugin `appwrite`", "another one"]);
    world.wharf(&["replay", "aigency", "a.json"]).fails(2, &["the cassette is of the plugin `appwrite`"]);
    assert!(world.simulation.aigency.requests().is_empty());
}

#[test]
fn time_and_chance_are_the_same_again() {
    let world = with_guest();
    let first = record(&world, "draw.json", "obedient good.draw").json();
    let second = record(&world, "draw.json", "obedient good.draw").json();
    assert_ne!((&first[0], &first[1]), (&second[0], &second[1]), "but not foreseeable when they are recorded");
    assert!(world.wharf(&["replay", "obedient", "draw.json"]).out.contains("2 calls are as recorded"));
    edit(&world, "draw.json", "\"recorded\": \"2", "\"recorded\": \"3");
    world.wharf(&["replay", "obedient", "draw.json"]).fails(1, &["call 1, good.draw", "- /2: ", "+ /2: ", "call 2"]);
}

#[test]
fn the_id_of_a_call_is_the_same_again() {
    let world = World::new();
    let server = crate::obedient::provider();
    world.configure(&format!(
        "plugins = [{:?}]\n[connections.o]\nprovider = \"obedient\"\nbase_url = \"{}\"\n",
        OBEDIENT.path,
        server.url()
    ));
    let ids: Vec<Value> = (0..2).map(|_| record(&world, "pay.json", "obedient good.pay").json()).collect();
    assert_ne!(ids[0], ids[1]);
    assert!(world.wharf(&["replay", "obedient", "pay.json"]).out.contains("2 calls are as recorded"));
}

#[test]
fn a_time_that_is_signed_is_the_same_again() {
    let world = World::new();
    let server = crate::obedient::provider();
    world.configure(&format!(
        "plugins = [{:?}]\n[connections.o]\nprovider = \"obedient\"\nbase_url = \"{}\"\n\
         [connections.o.fields]\nkey = {{ file = \"vtiger.access_key\" }}\n",
        OBEDIENT.path,
        server.url()
    ));
    let time = record(&world, "sign.json", "obedient good.sign").json();
    let request = &cassette(&world, "sign.json")["calls"][0]["exchanges"][0]["request"];
    let shown = request.to_string();
    assert!(shown.contains(time.as_str().unwrap()), "the time is in the header {shown}");
    assert!(shown.contains(r#"["X-Signature","•••"]"#), "{shown}");
    assert!(world.wharf(&["replay", "obedient", "sign.json"]).out.contains("1 call is as recorded"));
}

#[test]
fn the_plugins_state_is_neither_used_nor_changed() {
    let world = with_guest();
    let count = |run: Run| run.json();
    assert_eq!(
        (count(world.call("obedient good.count")), count(world.call("obedient good.count"))),
        (json!(1), json!(2))
    );
    assert_eq!(count(record(&world, "count.json", "obedient good.count")), json!(1));
    assert_eq!(world.wharf(&["replay", "obedient", "count.json"]).code, 0);
    assert_eq!(count(world.call("obedient good.count")), json!(3));
}

#[test]
fn files_of_an_output_are_compared_by_their_content() {
    let world = with_guest();
    world.write("quiet.txt", "psst");
    let words =
        ["record", "--to", "shout.json", "obedient", "good.shout", "--attach", "file=@quiet.txt", "--save", "out"];
    world.wharf(&words).json();
    assert_eq!(fs::read_to_string(world.path().join("out/quiet.txt")).unwrap(), "PSST");
    edit(&world, "shout.json", "psst", "pssh");
    world
        .wharf(&["replay", "obedient", "shout.json"])
        .fails(1, &["- file loud: 4 bytes of text/plain, sha256:", "+ file"]);
}

#[test]
fn what_ends_a_call_early_is_recorded_too() {
    let world = World::new();
    let denied = ["rogue.json", "egress.climbs-out-of-the-path"];
    world.configure(&format!(
        "[limits]\nrequests = 1\n{}[connections.rogue]\nprovider = \"rogue\"\nbase_url = \"http://127.0.0.1:9\"\n\
         [connections.rogue.fields]\ngreeting = \"hello\"\nkey = {{ env = \"ROGUE_KEY\" }}\n",
        world.connections()
    ));
    let rogue = &[("ROGUE_KEY", OTHER_KEY)];
    let run = world.wharf_with(rogue, &["record", "--to", denied[0], ROGUE.path, denied[1]]);
    assert_eq!(run.code, 3, "{run:?}");
    assert_eq!(cassette(&world, "rogue.json")["calls"][0]["end"]["failure"]["rule"], "path-value");
    assert_eq!(world.wharf(&["replay", ROGUE.path, "rogue.json"]).code, 0);

    world.wharf(&["record", "--to", "limit.json", "vtiger", "query.run", ALL[0], ALL[1]]).fails(5, &["`requests`"]);
    assert_eq!(cassette(&world, "limit.json")["calls"][0]["end"]["failure"]["limit"], "requests");
    assert_eq!(world.wharf(&["replay", "vtiger", "limit.json"]).code, 0);
    world.configure("");
    world.wharf(&["replay", "vtiger", "limit.json"]).fails(1, &["request 2 was not recorded", "query"]);
}

#[test]
fn a_call_that_cannot_be_repeated_is_not_recorded() {
    let world = World::new();
    let url = world.simulation.vtiger.url();
    world.configure(&format!(
        "[connections.v]\nprovider = \"vtiger\"\nbase_url = \"{url}\"\nlimits = {{ requests = 1 }}\n\
         [connections.v.fields]\nusername = \"admin\"\naccess_key = {{ file = \"vtiger.access_key\" }}\n",
    ));
    // A limit of this connection alone ends it.
    let run = world.wharf(&["record", "--to", "v.json", "vtiger", "query.run", ALL[0], ALL[1]]);
    assert!(run.code == 2 && run.err.contains("the limit `requests` of 1"), "{run:?}");
    for said in
        ["query.run is not recorded: when it is repeated, request 2 was not recorded", "+ request next-page\n  + GET"]
    {
        assert!(run.err.contains(said), "{run:?}");
    }
    assert!(!world.path().join("v.json").exists());
}

#[test]
fn a_provider_that_is_not_there_and_a_missing_credential_are_recorded() {
    let world = World::new();
    world.configure(&format!(
        "[connections.v]\nprovider = \"vtiger\"\nbase_url = \"http://127.0.0.1:9\"\n\
         [connections.a]\nprovider = \"aigency\"\nbase_url = \"http://127.0.0.1:9\"\nfields = {{ api_key = \"{OTHER_KEY}\" }}\n"
    ));
    let run = record(&world, "v.json", "vtiger session.login");
    run.fails(2, &["`username`"]);
    record(&world, "a.json", "aigency users.get-dev-mode userId=7").fails(4, &["connection refused"]);
    assert_eq!(cassette(&world, "v.json")["calls"][0]["end"]["failure"]["field"], "username");
    for plugin in ["vtiger", "aigency"] {
        let file = format!("{}.json", &plugin[..1]);
        assert_eq!(world.wharf(&["replay", plugin, &file]).code, 0);
    }
}
