use std::io::{Read as _, Write as _};
use std::net::{Shutdown, TcpListener, TcpStream};
use std::process::Stdio;
use std::thread;

use serde_json::{Value, json};
use wharf_simulated::vtiger::{ACCESS_KEY, SESSION_NAME};

use crate::vtiger_session::Crm;
use crate::world::{OTHER_KEY, Run, Running, World, answer};

fn bodies(world: &World) -> Vec<String> {
    world.simulation.vtiger.requests().iter().map(|r| String::from_utf8(r.body.clone()).unwrap()).collect()
}

#[test]
fn a_session_is_ended_once() {
    let world = World::new();
    let output = world.call(&format!("vtiger session.logout sessionName={SESSION_NAME}")).json();
    assert_eq!(output, json!({"success": true, "result": {"message": "successfull"}}));

    let requests = world.simulation.vtiger.requests();
    assert_eq!((requests[0].method.as_str(), requests[0].target.as_str()), ("POST", "/webservice.php"));
    assert_eq!(requests[0].header("content-type"), Some("application/x-www-form-urlencoded"));
    assert_eq!(bodies(&world)[0], format!("operation=logout&sessionName={SESSION_NAME}"));

    let again = world.call(&format!("vtiger session.logout sessionName={SESSION_NAME}"));
    again.fails(4, &["unauthorized", "INVALID_SESSIONID"]);
}

#[test]
fn a_login_answers_the_challenge_without_showing_the_key_to_the_plugin() {
    let world = World::new();
    let output = world.call("vtiger session.login").json();
    assert_eq!(output["userId"], "19x1");
    assert_ne!(output["sessionName"], SESSION_NAME);

    let requests = world.simulation.vtiger.requests();
    assert_eq!(requests[0].target, "/webservice.php?operation=getchallenge&username=admin");
    let body = &bodies(&world)[1];
    let (start, digest) = body.rsplit_once('=').unwrap();
    assert_eq!(start, "operation=login&username=admin&accessKey");
    assert!(digest.len() == 32 && digest.bytes().all(|b| b.is_ascii_digit() || (b'a'..=b'f').contains(&b)), "{digest}");
    assert!(!body.contains(ACCESS_KEY));
}

#[test]
fn a_wrong_key_and_an_unknown_user_are_told_apart() {
    let world = World::new();
    world.write("vtiger.access_key", OTHER_KEY);
    world.call("vtiger session.login").fails(4, &["unauthorized", "INVALID_USER_CREDENTIALS"]);
    world.write("vtiger.username", "nobody");
    world.call("vtiger session.login").fails(4, &["unauthorized", "at the login", "ACCESS_DENIED"]);
}

#[test]
fn ending_a_session_needs_no_credentials() {
    let world = World::new();
    let url = world.simulation.vtiger.url();
    world.configure(&format!("[connections.crm]\nprovider = \"vtiger\"\nbase_url = \"{url}\"\n"));
    assert!(
        world.call(&format!("vtiger session.logout sessionName={SESSION_NAME}")).json()["success"].as_bool().unwrap()
    );
    world.call("vtiger session.login").fails(2, &["`crm`", "`username`", "VTIGER_USERNAME"]);
}

#[test]
fn logins_that_are_asked_for_at_one_time_come_one_after_the_other() {
    let world = World::new();
    let start =
        || Running(world.command(&[], &["call", "vtiger", "session.login"]).stdout(Stdio::piped()).spawn().unwrap());
    for mut process in (0..6).map(|_| start()).collect::<Vec<_>>() {
        assert!(process.0.wait().unwrap().success());
    }
    assert_eq!(world.simulation.vtiger.requests().len(), 2 * 6, "none had to be tried again");
}

#[test]
fn logins_of_one_user_by_two_connections_come_one_after_the_other() {
    let world = World::new();
    let url = world.simulation.vtiger.url();
    let connection = |name: &str| {
        let fields = "username = \"admin\"\naccess_key = { file = \"vtiger.access_key\" }";
        format!(
            "[connections.{name}]\nprovider = \"vtiger\"\nbase_url = \"{url}\"\n[connections.{name}.fields]\n{fields}\n"
        )
    };
    world.configure(&(connection("a") + &connection("b")));
    let start = |name: &str| {
        let words = ["call", "vtiger", "session.login", "--connection", name];
        Running(world.command(&[], &words).stdout(Stdio::piped()).spawn().unwrap())
    };
    for mut process in ["a", "b", "a", "b", "a", "b"].map(start) {
        assert!(process.0.wait().unwrap().success());
    }
    assert_eq!(world.simulation.vtiger.requests().len(), 2 * 6, "none had to be tried again");
}

#[test]
fn a_login_whose_process_was_killed_keeps_nobody_waiting() {
    let world = World::new();
    let server = TcpListener::bind("127.0.0.1:0").unwrap();
    let fields = "[connections.vtiger.fields]\nusername = \"admin\"\naccess_key = { file = \"vtiger.access_key\" }";
    let url = format!("http://{}", server.local_addr().unwrap());
    world.configure(&format!("[connections.vtiger]\nprovider = \"vtiger\"\nbase_url = \"{url}\"\n{fields}\n"));
    let mut stuck = Running(world.command(&[], &["call", "vtiger", "session.login"]).spawn().unwrap());
    // Its first request is there and gets no answer, so it is alone as this user.
    let (_unanswered, _) = server.accept().unwrap();
    let waiting = world.call("vtiger session.login --timeout 1s");
    waiting.fails(5, &["`timeout`", "another call", "to itself"]);
    assert_eq!(world.call("vtiger session.login --dry-run").code, 0, "a dry run does not wait");
    stuck.0.kill().unwrap();
    stuck.0.wait().unwrap();
    let simulated = world.simulation.vtiger.url().trim_start_matches("http://").to_owned();
    thread::spawn(move || server.incoming().map_while(Result::ok).for_each(|socket| pass_on(socket, &simulated)));
    assert_eq!(world.call("vtiger session.login").json()["userId"], "19x1");
}

/// Passes on what is said, both ways.
fn pass_on(near: TcpStream, to: &str) {
    let far = TcpStream::connect(to).unwrap();
    for (mut from, mut to) in [(near.try_clone().unwrap(), far.try_clone().unwrap()), (far, near)] {
        thread::spawn(move || {
            let _ = std::io::copy(&mut from, &mut to);
            let _ = to.shutdown(Shutdown::Write);
        });
    }
}

fn ask_for_challenge(world: &World) -> String {
    let url = world.simulation.vtiger.url();
    let mut stream = TcpStream::connect(url.trim_start_matches("http://")).unwrap();
    let request =
        "GET /webservice.php?operation=getchallenge&username=admin HTTP/1.1\r\nHost: x\r\nConnection: close\r\n\r\n";
    stream.write_all(request.as_bytes()).unwrap();
    let mut answer = String::new();
    stream.read_to_string(&mut answer).unwrap();
    answer.split_once("\r\n\r\n").unwrap().1.to_owned()
}

#[test]
fn the_word_null_is_no_session() {
    let world = World::new();
    world.call("vtiger session.logout sessionName=null").fails(4, &["unauthorized", "AUTHENTICATION_REQUIRED"]);
}

#[test]
fn a_collision_with_another_client_is_tried_again_from_the_challenge() {
    let world = World::new();
    // What the plugin is told, before another client asks for a challenge of its own and makes it void.
    let first = ask_for_challenge(&world);
    ask_for_challenge(&world);
    world.simulation.vtiger.answer_next(answer(200, "application/json", &first));
    world.simulation.vtiger.clear_requests();
    assert_eq!(world.call("vtiger session.login").json()["userId"], "19x1");
    assert_eq!(world.simulation.vtiger.requests().len(), 4, "challenge, login, challenge, login");
}

#[test]
fn what_is_not_the_envelope_is_no_success() {
    let world = World::new();
    world.simulation.vtiger.answer_next(answer(500, "text/html", ""));
    world
        .call(&format!("vtiger session.logout sessionName={SESSION_NAME}"))
        .fails(4, &["session.logout", "not Vtiger's envelope", "status 500"]);
    world.simulation.vtiger.answer_next(answer(200, "text/html", "Attempt to access restricted file."));
    world
        .call(&format!("vtiger session.logout sessionName={SESSION_NAME}"))
        .fails(4, &["restricted file", "status 200"]);
    let output = world.call(&format!("vtiger session.logout sessionName={SESSION_NAME}")).json();
    assert_eq!(output["success"], true, "the session went on living");
}

fn contact(lastname: &str, owner: &str) -> String {
    let element = json!({ "lastname": lastname, "assigned_user_id": owner });
    json!({ "elementType": "Contacts", "element": element }).to_string()
}

fn contacts(world: &World, condition: &str) -> usize {
    let query = format!("query=select id from Contacts {condition};");
    world.wharf(&["call", "vtiger", "query.run", &query]).json().as_array().unwrap().len()
}

#[test]
fn a_record_of_an_owner_who_is_not_there_is_made_and_answered_by_a_line_of_text() {
    let world = World::new();
    let run = world.wharf(&["call", "vtiger", "records.create", "--input", &contact("Lovelace", "19x999")]);
    run.fails(4, &["not Vtiger's envelope", "restricted file", "status 200"]);
    assert_eq!(contacts(&world, "where lastname='Lovelace'"), 1);
}

#[test]
fn the_pages_of_a_query_are_followed_up_to_the_items_that_are_wanted() {
    let world = World::new();
    let items: Vec<String> = (0..250).map(|number| contact(&format!("Number {number}"), "19x1")).collect();
    world.wharf(&["call", "vtiger", "records.create", "--input", &format!("[{}]", items.join(","))]).json();
    assert_eq!(contacts(&world, ""), 100, "what the server gives without a limit");

    world.simulation.vtiger.clear_requests();
    let query = "query=select lastname from Contacts where lastname like 'Number%' order by id;";
    let found = world.wharf(&["call", "vtiger", "query.run", query, "maxItems=220"]).json();
    let found = found.as_array().unwrap();
    assert_eq!(
        (found.len(), &found[0]["lastname"], &found[219]["lastname"]),
        (220, &json!("Number 0"), &json!("Number 219"))
    );
    let pages = queries(&world);
    let limits: Vec<bool> = ["limit+0%2C100%3B", "limit+100%2C100%3B", "limit+200%2C100%3B"]
        .iter()
        .zip(&pages)
        .map(|(limit, page)| page.replace("%20", "+").contains(limit))
        .collect();
    assert_eq!((pages.len(), limits), (3, vec![true; 3]), "{pages:?}");
    let all = world.wharf(&["call", "vtiger", "query.run", query, "maxItems=1000"]).json();
    assert_eq!(all.as_array().unwrap().len(), 250);
}

#[test]
fn a_limit_of_the_callers_own_and_pages_do_not_go_together() {
    let world = World::new();
    let query = "query=select id from Contacts order by id limit 5;";
    world.wharf(&["call", "vtiger", "query.run", query, "maxItems=200"]).fails(2, &["`query`", "leave out maxItems"]);
    assert!(world.simulation.vtiger.requests().is_empty());
    assert_eq!(world.wharf(&["call", "vtiger", "query.run", query]).json().as_array().unwrap().len(), 3);
}

/// Where the queries were sent to.
fn queries(world: &World) -> Vec<String> {
    let targets = world.simulation.vtiger.requests().into_iter().map(|request| request.target);
    targets.filter(|target| target.contains("operation=query")).collect()
}

fn call(world: &World, operation: &str, input: &Value) -> Run {
    world.wharf(&["call", "vtiger", operation, "--input", &input.to_string()])
}

/// Forty meetings with three guests each: 120 rows of what the server reads.
fn meetings(world: &World) {
    let guests: Vec<String> = ["A", "B", "C"].iter().map(|name| contact(name, "19x1")).collect();
    let guests =
        world.wharf(&["call", "vtiger", "records.create", "--input", &format!("[{}]", guests.join(","))]).json();
    let meeting = |number: usize| {
        json!({ "elementType": "Events", "element": {
            "subject": format!("Meeting {number}"), "date_start": "2030-01-01", "due_date": "2030-01-01",
            "eventstatus": "Planned", "activitytype": "Meeting", "assigned_user_id": "19x1",
        } })
    };
    let made = call(world, "records.create", &(0..40).map(meeting).collect()).json();
    let link =
        |meeting: &Value, guest: &Value| json!({ "sourceRecordId": meeting["id"], "relatedRecordId": guest["id"] });
    let guests = guests.as_array().unwrap();
    let links = made.as_array().unwrap().iter().flat_map(|meeting| guests.iter().map(|guest| link(meeting, guest)));
    assert_eq!(call(world, "relations.add", &links.collect()).code, 0);
}

#[test]
fn pages_that_the_server_shortens_are_followed_to_an_empty_one() {
    let world = World::new();
    meetings(&world);
    let run = |query: &str, more: &[&str]| {
        let found = world.wharf(&[&["call", "vtiger", "query.run", &format!("query={query}")], more].concat()).json();
        found.as_array().unwrap().iter().map(|row| row["subject"].as_str().unwrap().to_owned()).collect::<Vec<_>>()
    };
    let all: Vec<String> = (0..40).map(|number| format!("Meeting {number}")).collect();
    let query = "select * from Events order by id;";
    assert_eq!(run(query, &[]), all[..34], "the server counts each guest, and leaves out repeats afterwards");
    world.simulation.vtiger.clear_requests();
    assert_eq!(run(query, &["maxItems=1000"]), all);
    let pages = queries(&world);
    let has = |page: usize, limit: &str| pages[page].replace("%20", "+").contains(&format!("limit+{limit}%3B"));
    assert!(pages.len() == 3 && has(0, "0%2C100") && has(1, "100%2C100") && has(2, "200%2C100"), "{pages:?}");
    assert_eq!(run(query, &["maxItems=36"]), all[..36]);
    assert_eq!(
        run("select subject, contact_id from Events;", &["maxItems=1000"]),
        all,
        "by id where no order is given"
    );
    assert_eq!(run("select * from Events limit 150;", &[]), all);
}

#[test]
fn a_page_that_only_repeats_the_one_before_is_not_the_last() {
    let crm = Crm::new();
    crm.list();
    let page = |ids: &[&str]| {
        let rows: Vec<Value> = ids.iter().map(|id| json!({ "id": id })).collect();
        crm.answers(&json!({ "success": true, "result": rows }).to_string());
    };
    for ids in [&["18x1"][..], &["18x1"], &["18x1", "18x2"], &["18x2"], &[]] {
        page(ids);
    }
    let query = "select * from Events order by id;";
    let query = json!({ "query": query, "maxItems": 10 });
    assert_eq!(crm.json("query.run", query), json!([{ "id": "18x1" }, { "id": "18x2" }]));
    assert_eq!(crm.count("query"), 5);
}

#[test]
fn a_limit_above_what_the_server_gives_at_once_is_kept() {
    let world = World::new();
    let items: Vec<String> = (0..151).map(|number| contact(&format!("Number {number}"), "19x1")).collect();
    world.wharf(&["call", "vtiger", "records.create", "--input", &format!("[{}]", items.join(","))]).json();
    let run = |limit: &str| {
        let query = format!("query=select lastname from Contacts where lastname like 'Number%'{limit};");
        let found = world.wharf(&["call", "vtiger", "query.run", &query]).json();
        let found = found.as_array().unwrap().clone();
        (found.len(), found[0]["lastname"].as_str().unwrap().to_owned())
    };
    let first = |number: usize| format!("Number {number}");
    assert_eq!(run(" order by id limit 200"), (151, first(0)));
    assert_eq!(run(" limit 120"), (120, first(0)));
    assert_eq!(run(" order by id limit 10 , 130"), (130, first(10)));
    assert_eq!(run(" order by id limit 140,100"), (11, first(140)));
    for all in ["5000000000", "0,18446744073709551615", "99999999999999999999999"] {
        assert_eq!(run(&format!(" limit {all}")), (151, first(0)));
    }
    for (operation, input) in [
        ("mobile.query", json!({ "module": "Contacts", "query": "select * from Contacts limit 5000000000;" })),
        ("advanced.get", json!({ "operation": "Query", "query": "select * from Contacts limit 200;" })),
        (
            "advanced.post",
            json!({ "operation": "mobile.query", "parameters": { "query": "select * from X limit 0,101;" } }),
        ),
    ] {
        call(&world, operation, &input).fails(2, &["at most 100 rows", "query.run"]);
    }
}

#[test]
fn pages_in_an_order_with_equals_have_each_record_once() {
    let world = World::new();
    let item = |number: usize, city: &str| {
        let element =
            json!({ "lastname": format!("Number {number}"), "mailingcity": city, "assigned_user_id": "19x1" });
        json!({ "elementType": "Contacts", "element": element })
    };
    let items: Vec<Value> = (0..250).map(|number| item(number, if number < 30 { "Turin" } else { "Rome" })).collect();
    assert_eq!(call(&world, "records.create", &json!(items)).code, 0);
    let run = |order: &str, most: usize| {
        let query = format!("select * from Contacts where lastname like 'Number%' order by {order};");
        call(&world, "query.run", &json!({ "query": query, "maxItems": most }))
    };
    for order in ["mailingcity", "mailingcity, mailingstate ASC", "mailingcity, id desc"] {
        let found = run(order, 1000).json();
        let mut names: Vec<&str> =
            found.as_array().unwrap().iter().map(|row| row["lastname"].as_str().unwrap()).collect();
        names.sort_unstable();
        names.dedup();
        assert_eq!((found.as_array().unwrap().len(), names.len()), (250, 250), "{order}");
        assert_eq!((&found[0]["mailingcity"], &found[249]["mailingcity"]), (&json!("Rome"), &json!("Turin")));
    }
    assert_eq!(run("lastname desc", 1000).json().as_array().unwrap().len(), 250, "no two are equal");
    assert_eq!(run("mailingcity desc", 100).json()[0]["mailingcity"], "Turin");
    run("mailingcity desc", 1000).fails(2, &["`query`", "page 2 failed after 100 items", "leave out desc"]);
}

#[test]
fn related_records_that_may_be_cut_are_told_as_such() {
    let crm = Crm::new();
    crm.list();
    let page = |count: usize| {
        let rows: Vec<Value> = (0..count).map(|number| json!({ "id": format!("12x{number}") })).collect();
        crm.answers(&json!({ "success": true, "result": rows }).to_string());
    };
    let refused = r#"{"success":false,"error":{"code":"QUERY_SYNTAX_ERROR","message":"Syntax Error on line 1"}}"#;
    let unknown = r#"{"success":false,"error":{"code":"UNKNOWN_OPERATION","message":"Unknown operation"}}"#;
    let missing = r#"{"success":false,"error":{"code":"RECORD_NOT_FOUND","message":"Not here"}}"#;
    let list = json!({ "id": "11x5", "relatedType": "Contacts", "relatedLabel": "Contacts" });
    for (given, next, words) in [
        (100, refused, "Syntax Error"),
        (51, refused, "Syntax Error"),
        (3, refused, "Syntax Error"),
        (51, unknown, "Unknown operation"),
        (3, missing, "Not here"),
    ] {
        page(given);
        crm.answers(next);
        let told = crm.failure("relations.list", list.clone()).to_string();
        for words in ["there may be more related records", "at most 100 rows", "relations.query", words] {
            assert!(told.contains(words), "`{words}` is not said: {told}");
        }
    }
    page(3);
    crm.answers(unknown);
    let few = crm.json("relations.list", list.clone());
    assert_eq!(few.as_array().unwrap().len(), 3, "so few are not cut, and nothing on that server tells more");
    page(0);
    crm.server.clear_requests();
    assert_eq!((crm.json("relations.list", list), crm.server.requests().len()), (json!([]), 1));
}

#[test]
fn a_backslash_before_what_looks_like_an_escape_is_kept() {
    let world = World::new();
    for text in [r"C:\u006eew", r"C:\U006eew \\u0041", r"\u00e9\\\u0022\users \u00", "\u{1f600} \u{1}\u{b}\u{8}\"é/"] {
        let element = json!({ "lastname": text, "assigned_user_id": "19x1" });
        let made = call(&world, "records.create", &json!({ "elementType": "Contacts", "element": element })).json();
        assert_eq!(made["lastname"], text);
        assert_eq!(call(&world, "records.get", &json!({ "id": made["id"] })).json()["lastname"], text);
        let parameters = json!({ "element": { "id": made["id"], "firstname": text } });
        let post = json!({ "operation": "revise", "parameters": parameters });
        assert_eq!(call(&world, "advanced.post", &post).json()["firstname"], text);
        world.write("note.txt", "hello");
        let element = json!({ "notes_title": text, "assigned_user_id": "19x1" });
        let words = ["--input", &json!({ "element": element }).to_string(), "--attach", "filename=@note.txt"];
        let document = world.wharf(&[&["call", "vtiger", "documents.upload"][..], &words].concat()).json();
        assert_eq!(document["notes_title"], text);
    }
    // As the caller wrote it, where a number makes the host keep that.
    let written = r#"{"elementType":"Contacts","element":{"lastname":"\ud83d\ude00\u0022 C:\\u006e","fax":1.10,"assigned_user_id":"19x1"}}"#;
    let made = world.wharf(&["call", "vtiger", "records.create", "--input", written]).json();
    assert_eq!(made["lastname"], "\u{1f600}\" C:\\u006e");
    let dry = world.wharf(&["call", "vtiger", "records.create", "--input", written, "--dry-run"]);
    assert!(dry.code == 0 && dry.out.contains("%5C%5C%5Cu0075006e") && dry.out.contains("1.10"), "{dry:?}");
    // JSON that is given as a text.
    let element = json!({ "a": r"C:\u006eew" }).to_string();
    for (operation, input) in [
        ("app-sync.put", json!({ "key": "k", "element": element })),
        ("app-sync.map", json!({ "key": "k", "element": element })),
        ("app-sync.map", json!({ "key": "k", "element": { "a": r"C:\u006eew" } })),
        ("advanced.post", json!({ "operation": "wsapp_put", "parameters": { "key": "k", "element": element } })),
    ] {
        call(&world, operation, &input);
        assert!(bodies(&world).last().unwrap().contains("C%3A%5C%5C%5Cu0075006eew"), "{operation}");
    }
    let types = json!({ "operation": "listtypes", "fieldTypeList": [r"C:\u006eew"] });
    call(&world, "advanced.get", &types);
    assert!(world.simulation.vtiger.requests().last().unwrap().target.contains("C%3A%5C%5C%5Cu0075006eew"));
    // What is no JSON is not touched.
    let text = json!({ "operation": "retrieve", "parameters": { "id": r"C:\u006eew" } });
    call(&world, "advanced.post", &text);
    assert!(bodies(&world).last().unwrap().contains("id=C%3A%5Cu006eew"));
}

#[test]
fn a_value_of_a_query_ends_at_its_quote_and_a_query_with_its_line() {
    let world = World::new();
    for name in [r"ends\", "it's; limit 5"] {
        assert_eq!(world.wharf(&["call", "vtiger", "records.create", "--input", &contact(name, "19x1")]).code, 0);
    }
    for (condition, found) in [(r"'ends\\'", r"ends\"), ("'it''s; limit 5'", "it's; limit 5")] {
        for (more, end) in [("", ";"), ("", " ; \r\n"), ("maxItems=1000", ";\n")] {
            let query = format!("query=select lastname from Contacts where lastname={condition} order by id{end}");
            let words = ["call", "vtiger", "query.run", &query, more];
            let words = if more.is_empty() { &words[..4] } else { &words[..] };
            assert_eq!(world.wharf(words).json()[0]["lastname"], found, "{query}");
        }
    }
    world.wharf(&["call", "vtiger", "query.run", "query=select id from Contacts"]).fails(2, &["`query`"]);
}

#[test]
fn a_failure_without_words_is_told_in_words() {
    let world = World::new();
    for body in [
        r#"{"success":false}"#,
        r#"{"success":false,"error":{"code":"","message":""}}"#,
        r#"{"success":false,"error":false}"#,
    ] {
        world.simulation.vtiger.answer_next(answer(200, "application/json", body));
        let run = world.call("vtiger session.logout sessionName=s");
        run.fails(4, &["Vtiger says only that it did not succeed (status 200)"]);
    }
    let beside = r#"{"success":false,"error":null,"message":"The words beside it"}"#;
    world.simulation.vtiger.answer_next(answer(200, "application/json", beside));
    world.call("vtiger session.logout sessionName=s").fails(4, &["The words beside it"]);
}

#[test]
fn an_upload_names_its_session_in_the_query() {
    let world = World::new();
    world.write("note.txt", "hello vtiger\n");
    let input = json!({ "element": { "notes_title": "Note", "assigned_user_id": "19x1" } }).to_string();
    let words = ["call", "vtiger", "documents.upload", "--input", &input, "--attach", "filename=@note.txt"];
    assert_eq!(world.wharf(&words).json()["filesize"], "13");
    let requests = world.simulation.vtiger.requests();
    let request = requests.last().unwrap();
    assert!(request.target.starts_with("/webservice.php?sessionName="), "{}", request.target);
    assert!(request.header("content-type").unwrap().starts_with("multipart/form-data"));
    assert!(!String::from_utf8_lossy(&request.body).contains("sessionName"));
}
