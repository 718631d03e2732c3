//! JSON goes on as it came: answers, inputs, pages and cassettes keep their digits, and what is none is no success.

use std::fs;
use std::ops::Range;
use std::time::Duration;

use serde_json::{Value, json};

use wharf_simulated::Canned;

use crate::vtiger_session::Crm;
use crate::world::{Run, World, answer};

/// What a parser would change, or refuse.
const NUMBERS: &str = r#"[117.63331139400017,123456789012345678901,-0,1.10,1e400,1E+2]"#;

/// Before a text, as some editors and PHP files write it.
const MARK: &str = "\u{feff}";

/// Texts without the blanks between tokens.
fn tokens(text: &str) -> String {
    text.split_whitespace().collect()
}

#[test]
fn an_answer_passes_through_as_it_came() {
    let world = World::new();
    let deep = format!("{}{NUMBERS}{}", "[".repeat(200), "]".repeat(200));
    let whole = format!(r#"{{"n":{NUMBERS},"a":1,"\u0061":2,"a":3,"half":"\ud83d","deep":{deep},"o":{{}}}}"#);
    for mark in ["", MARK] {
        world.simulation.appwrite.answer_next(answer(200, "application/json", &format!("{mark}{whole}")));
        let run = world.call("appwrite users.get userId=ada");
        assert_eq!((run.code, tokens(&run.out)), (0, whole.clone()), "{run:?}");
    }
    let envelope = |result: &str| format!(r#"{{"jsonrpc":"2.0","id":"wharf","result":{result}}}"#);
    world.simulation.aigency.answer_next(answer(200, "application/json", &envelope(&whole)));
    let run = world.call("aigency users.get-dev-mode userId=7");
    assert_eq!((run.code, tokens(&run.out)), (0, whole), "{run:?}");
}

#[test]
fn items_of_pages_keep_what_they_are_written_with() {
    let world = World::new();
    let item = format!(r#"{{"id":7,"n":{NUMBERS},"id":8,"half":"\udc00"}}"#);
    let page = |numbers: Range<usize>| {
        let items = numbers.map(|n| format!(r#"{{"number":{n}.0,"item":{item}}}"#)).collect::<Vec<_>>().join(",");
        format!(r#"{{"total":1.10,"jobs":[{items}],"more":{NUMBERS}}}"#)
    };
    world.simulation.wibiclick.answer_next(answer(200, "application/json", &page(0..100)));
    world.simulation.wibiclick.answer_next(answer(200, "application/json", &page(100..150)));
    let run = world.call("wibiclick jobs.list websiteId=harbour-website maxItems=150");
    assert_eq!(run.code, 0, "{run:?}");
    let out = tokens(&run.out);
    assert!(
        out.starts_with(r#"{"total":1.10,"jobs":[{"number":0.0,"#)
            && out.ends_with(&format!(r#"],"more":{NUMBERS}}}"#))
    );
    assert_eq!((out.matches(&item).count(), out.matches(r#""number":"#).count()), (150, 150));
}

#[test]
fn the_digits_of_an_input_are_those_that_are_sent() {
    let world = World::new();
    let numbers = NUMBERS.replace("1e400,", "");
    let data = format!(r#"{{"title":"T","nested":{{"list":{numbers}}}}}"#);
    let rows = ["databaseId=library", "tableId=books"];
    let sent = |words: &[&str]| {
        let run = world.wharf(&[&["call", "appwrite", "rows.create"], words, &["--verbose"]].concat());
        let requests = world.simulation.appwrite.requests();
        (run, requests.last().map(|r| String::from_utf8_lossy(&r.body).into_owned()).unwrap_or_default())
    };
    world.write("input.json", format!(r#"{MARK}{{"databaseId":"library","tableId":"books","data":{data}}}"#));
    for words in [
        [rows[0], rows[1], &format!("data={data}")].as_slice(),
        &[rows[0], rows[1], &format!("data:={data}")],
        &["--input", "@input.json"],
    ] {
        world.simulation.appwrite.answer_next(answer(201, "application/json", "{}"));
        let (run, body) = sent(words);
        assert!(run.code == 0 && body.contains(&format!(r#""data":{data}"#)), "{body} {run:?}");
    }

    // Where there is only text: a header, a query, a form.
    let form = format!(r#"parameters={{"price":1.10,"list":{numbers}}}"#);
    let run = world.wharf(&["call", "vtiger", "advanced.post", "operation=revise", &form, "--dry-run", "--json"]);
    assert_eq!(run.code, 0, "{run:?}");
    let run = world.wharf(&["call", "aigency", "subscriptions.add-evaluation", "id=1", "newValue=1.10", "--dry-run"]);
    assert!(run.code == 0 && run.out.contains(r#""newValue":1.10"#), "{run:?}");
}

#[test]
fn a_text_stays_as_it_is_written_and_json_is_asked_for() {
    let world = World::new();
    let sent = |value: &str| world.wharf(&["call", "aigency", "messages.send", value, "text=x", "--dry-run"]);
    for text in ["1.10", "77950e8", "null", "12345", "[1]"] {
        let run = sent(&format!("userId={text}"));
        assert!(run.code == 0 && run.out.contains(&format!(r#""userId":"{text}""#)), "{run:?}");
    }
    for text in ["1.10", "77950e8", "12345"] {
        let run = sent(&format!("userId:={text}"));
        assert!(run.code == 0 && run.out.contains(&format!(r#""userId":{text}"#)), "{run:?}");
    }
    sent("userId:=@channel").fails(2, &["`userId`", "`@channel` is not JSON"]);
    let run = world.wharf(&["call", "aigency", "messages.send", "userId=1", "userId:=2", "text=x", "--dry-run"]);
    run.fails(2, &["`userId` is given twice"]);
    let described = world.wharf(&["describe", "aigency", "messages.send"]);
    assert!(described.out.contains("userId=text or userId:=JSON"), "{}", described.out);
}

#[test]
fn a_whole_number_is_never_rounded_to_another_record() {
    let world = World::new();
    for (operation, input) in [
        ("chatwoot contacts.delete account_id=1", "id=12.00000000000000000001"),
        ("aigency messages.list", "userId=7.00000000000000000001"),
        ("aigency messages.list", "userId=9007199254740990.4"),
        ("aigency messages.list", "userId:=4503599627370495.9999"),
        ("appwrite files.preview bucketId=b fileId=f", "width=4000.0000000000001"),
    ] {
        let digits = input.rsplit('=').next().unwrap();
        let words: Vec<&str> = ["call"].into_iter().chain(operation.split(' ')).chain([input]).collect();
        world.wharf(&words).fails(2, &[&format!("{digits} is not a whole number; allowed: ")]);
    }
    assert!(world.simulation.chatwoot.requests().is_empty() && world.simulation.appwrite.requests().is_empty());
    for (written, sent) in [("123456789012345678901", "123456789012345678901"), ("1.2e1", "12")] {
        let id = format!("id={written}");
        let run = world.wharf(&["call", "chatwoot", "contacts.delete", "account_id=1", &id, "--dry-run"]);
        assert!(run.code == 0 && run.out.contains(&format!("/contacts/{sent}\n")), "{run:?}");
    }
}

#[test]
fn an_input_in_which_a_name_stands_twice_is_refused() {
    let world = World::new();
    for input in [r#"{"userId":"ada","userId":"grace"}"#, r#"{"userId":"ada","user\u0049d":"grace"}"#] {
        world.wharf(&["call", "appwrite", "users.get", "--input", input]).fails(2, &["`userId` stands twice"]);
    }
    let nested = r#"{"databaseId":"d","tableId":"t","data":{"x":[{"a":1,"\u0061":2}]}}"#;
    world.wharf(&["call", "appwrite", "rows.create", "--input", nested]).fails(2, &["`a` stands twice"]);
    let large = r#"{"databaseId":"d","tableId":"t","data":{"x":1e400}}"#;
    world
        .wharf(&["call", "appwrite", "rows.create", "--input", large])
        .fails(2, &["a number is larger than 1.7976931348623157e308"]);
    assert!(world.simulation.appwrite.requests().is_empty());
}

#[test]
fn a_cassette_keeps_digits_and_tells_them_apart() {
    let world = World::new();
    let body = format!(r#"{{"$id":"ada","n":{NUMBERS},"half":"\ud83d"}}"#);
    world.simulation.appwrite.answer_next(answer(200, "application/json", &body));
    let run = world.wharf(&["record", "--to", "c.json", "appwrite", "users.get", "userId=ada"]);
    assert_eq!(run.code, 0, "{run:?}");
    let text = fs::read_to_string(world.path().join("c.json")).unwrap();
    assert!(tokens(&text).contains(&format!(r#""json":{body}"#)), "{text}");
    world.write("c.json", format!("{MARK}{text}"));
    assert_eq!(world.wharf(&["replay", "appwrite", "c.json"]).code, 0);
    let (before, output) = text.rsplit_once("123456789012345678901").unwrap();
    world.write("c.json", format!("{before}123456789012345678902{output}"));
    world
        .wharf(&["replay", "appwrite", "c.json"])
        .fails(1, &["- /n/1: 123456789012345678902", "+ /n/1: 123456789012345678901"]);
}

#[test]
fn a_mark_before_a_text_says_nothing() {
    let world = World::new();
    world.configure(&format!("{MARK}{}", world.connections()));
    let key = fs::read_to_string(world.path().join("appwrite.api_key")).unwrap();
    world.write("appwrite.api_key", format!("{MARK}{key}"));
    assert_eq!(world.call("appwrite users.get userId=ada").json()["$id"], "ada");
    let no = format!(r#"{MARK}{{"success":false,"message":"No such website"}}"#);
    world.simulation.wibiclick.answer_next(answer(200, "application/json", &no));
    world.call("wibiclick websites.list").fails(4, &["No such website"]);
}

#[test]
fn what_cannot_be_parsed_is_no_success() {
    let world = World::new();
    let notice = "Notice: Undefined index: id in /srv/api.php on line 3\n{\"success\":false}";
    for body in [notice, "\n<br />\n<b>Warning</b>: x {\"success\":true}", "{\"success\":true", "\u{feff}\u{feff}{}"] {
        for (server, call) in [
            (&world.simulation.wibiclick, "wibiclick users.connect-to-website websiteId=w userId=u"),
            (&world.simulation.appwrite, "appwrite users.get userId=ada"),
            (&world.simulation.chatwoot, "chatwoot profile.get"),
            (&world.simulation.aigency, "aigency users.logout userId=7"),
        ] {
            server.answer_next(answer(200, "text/html", body));
            world.call(call).fails(4, &["the answer is not"]);
        }
    }
}

/// The first page of a list of jobs.
fn full_page() -> String {
    json!({"jobs": vec![json!({"id": "j"}); 100], "total": 250}).to_string()
}

#[test]
fn a_later_page_of_nothing_is_the_end_of_a_list() {
    let world = World::new();
    for (status, nothing) in [(200, "null"), (204, ""), (200, ""), (200, r#"{"jobs":null}"#), (200, r#"{"jobs":[]}"#)] {
        world.simulation.wibiclick.answer_next(answer(200, "application/json", &full_page()));
        world.simulation.wibiclick.answer_next(answer(status, "application/json", nothing));
        let all = world.call("wibiclick jobs.list websiteId=harbour-website maxItems=150").json();
        assert_eq!(all["jobs"].as_array().unwrap().len(), 100, "{status} {nothing}");
    }
    let contacts = r#"{"meta":{},"payload":[{"id":1},{"id":2}]}"#;
    world.simulation.chatwoot.answer_next(answer(200, "application/json", contacts));
    world.simulation.chatwoot.answer_next(answer(204, "", ""));
    let all = world.call("chatwoot contacts.search account_id=1 q=x maxItems=20").json();
    assert_eq!(all["payload"].as_array().unwrap().len(), 2);

    let rows = vec![json!({"id": "10x1"}); 100];
    let page = json!({"success": true, "result": rows}).to_string();
    let crm = Crm::new();
    crm.list();
    for (status, nothing) in [(204, ""), (200, ""), (200, r#"{"success":true,"result":null}"#)] {
        crm.server.answer_next(answer(200, "application/json", &page));
        crm.server.answer_next(answer(status, "application/json", nothing));
        let query = json!({ "query": "select * from Leads order by id;", "maxItems": 150 });
        assert_eq!(crm.json("query.run", query).as_array().unwrap().len(), 100, "{status} {nothing}");
    }
}

#[test]
fn a_list_that_is_null_is_one_without_items() {
    let world = World::new();
    for more in ["", " maxItems=250"] {
        world.simulation.appwrite.answer_next(answer(200, "application/json", r#"{"total":0,"users":null}"#));
        assert_eq!(world.call(&format!("appwrite users.list{more}")).json()["total"], 0);
        for (status, body) in [(200, "null"), (204, "")] {
            world.simulation.chatwoot.answer_next(answer(status, "application/json", body));
            assert_eq!(world.call(&format!("chatwoot contacts.list account_id=1{more}")).json(), Value::Null);
            world.simulation.appwrite.answer_next(answer(status, "application/json", body));
            world.call(&format!("appwrite users.list{more}")).fails(4, &["an object with `users`"]);
        }
    }
}

#[test]
fn a_read_without_a_body_is_no_success() {
    let world = World::new();
    world.simulation.appwrite.answer_next(answer(200, "application/json", ""));
    world.call("appwrite users.get userId=ada").fails(4, &["an answer without a body"]);
    world.simulation.chatwoot.answer_next(answer(200, "application/json", " "));
    world.call("chatwoot contacts.get account_id=1 id=1").fails(4, &["an answer without a body"]);
    world.simulation.appwrite.answer_next(answer(200, "application/json", ""));
    assert_eq!(world.call("appwrite users.delete userId=ada").code, 0);
}

#[test]
fn a_failure_keeps_its_kind_whatever_stands_in_it() {
    let world = World::new();
    let half = r#"{"message":"User \ud83d","code":404,"type":"user_not_found"}"#;
    world.simulation.appwrite.answer_next(answer(404, "application/json", half));
    world.call("appwrite users.get userId=ada").fails(4, &["not found", "User \u{fffd}", "user_not_found"]);
    let digits = r#"{"error":{"limit":123456789012345678901,"x":1.10}}"#;
    world.simulation.chatwoot.answer_next(answer(400, "application/json", digits));
    world.call("chatwoot profile.get").fails(4, &[r#"{"limit":123456789012345678901,"x":1.10}"#]);
    let over = r#"{"success":false,"error":{"code":"INVALID_SESSIONID","message":"bad \ud83d"}}"#;
    let crm = Crm::new();
    crm.list();
    crm.server.answer_next(answer(200, "application/json", over));
    crm.list();
    assert_eq!(crm.count("login"), 2, "the session is begun anew");
}

#[test]
fn one_mark_is_passed_over_and_no_more() {
    let world = World::new();
    let input = r#"{"userId":"ada"}"#;
    for (marks, code) in [(MARK.to_owned(), 0), (MARK.repeat(2), 2)] {
        let marked = format!("{marks}{input}");
        world.write("input.json", &marked);
        let get = ["call", "appwrite", "users.get", "--input"];
        assert_eq!(world.wharf(&[&get, ["@input.json"].as_slice()].concat()).code, code);
        assert_eq!(world.wharf(&[&get, [marked.as_str()].as_slice()].concat()).code, code);
        assert_eq!(world.wharf_reading(&marked, &[&get, ["-"].as_slice()].concat()).code, code);
    }
    world.configure(&format!("{MARK}{}", world.connections()));
    assert_eq!(world.call("appwrite users.get userId=ada").code, 0);
    world.configure(&format!("{MARK}{MARK}{}", world.connections()));
    world.call("appwrite users.get userId=ada").fails(2, &["wharf.toml", "two byte order marks"]);
}

#[test]
fn many_values_within_values_are_not_printed_many_times_as_large() {
    let world = World::new();
    let many = format!(r#"{{"payload":{}{}0{}}}"#, "[".repeat(124), "0,".repeat(100_000), "]".repeat(124));
    world.simulation.chatwoot.answer_next(answer(200, "application/json", &many));
    let run = world.call("chatwoot contacts.list account_id=1");
    assert_eq!((run.code, tokens(&run.out) == many), (0, true), "{}", run.err);
    assert!(run.out.len() < many.len() + 10_000, "{}", run.out.len());
}

/// Calls that follow pages, of which the first has a hundred items, and what is written besides on the command line.
fn paging(world: &World, second: Option<Canned>, words: &[&str]) -> Run {
    world.simulation.wibiclick.answer_next(answer(200, "application/json", &full_page()));
    second.into_iter().for_each(|second| world.simulation.wibiclick.answer_next(second));
    let list = ["call", "wibiclick", "jobs.list", "websiteId=harbour-website", "maxItems=150"];
    world.wharf(&[&list, words].concat())
}

#[test]
fn what_came_before_a_limit_is_told_and_handed_on() {
    let late = || {
        let mut late = answer(200, "application/json", &full_page());
        late.delay = Some(Duration::from_secs(60));
        late
    };
    let large = || answer(200, "application/json", &format!(r#"{{"jobs":["{}"]}}"#, "x".repeat(64 << 10)));
    let long_head = || {
        let mut page = answer(200, "application/json", "{}");
        page.headers.push(("X-Long".to_owned(), "x".repeat(8 << 10)));
        page
    };
    for (limit, value, second, words) in [
        ("timeout", "\"30s\"", late(), ["--timeout", "1s"].as_slice()),
        ("requests", "1", large(), &[]),
        ("traffic", "\"32 KiB\"", large(), &[]),
        ("answer", "\"32 KiB\"", large(), &[]),
        ("answer_head", "\"4 KiB\"", long_head(), &[]),
    ] {
        let world = World::new();
        world.configure(&format!("[limits]\n{limit} = {value}\n{}", world.connections()));
        let run = paging(&world, Some(second), &[words, &["--continue-on-fail"]].concat());
        let limit_and_count =
            [format!("the limit `{limit}` of"), "the plugin says: page 2 failed after 100 items;".to_owned()];
        run.fails(5, &[&limit_and_count[0], &limit_and_count[1]]);
        let told: Value = serde_json::from_str(&run.out).unwrap();
        assert_eq!((&told["error"]["code"], &told["error"]["limit"]), (&json!("limit"), &json!(limit)));
        assert_eq!(told["output"]["jobs"].as_array().unwrap().len(), 100, "{limit}");
    }

    let world = World::new();
    let run = paging(&world, Some(late()), &["--timeout", "1s"]);
    run.fails(5, &["`timeout` of 1s", "page 2 failed after 100 items", "--continue-on-fail"]);
    assert_eq!(run.out, "");
}

#[test]
fn what_an_earlier_attempt_brought_is_not_lost_with_a_later_one() {
    let world = World::new();
    let down = || answer(503, "application/json", r#"{"message":"Out of order"}"#);
    world.simulation.wibiclick.answer_next(answer(200, "application/json", &full_page()));
    world.simulation.wibiclick.answer_next(down());
    world.simulation.wibiclick.answer_next(down());
    let list = ["call", "wibiclick", "jobs.list", "websiteId=harbour-website", "maxItems=150"];
    let run = world.wharf(&[&list, ["--retries", "1", "--continue-on-fail"].as_slice()].concat());
    run.fails(4, &["Out of order"]);
    let told: Value = serde_json::from_str(&run.out).unwrap();
    assert_eq!(told["output"]["jobs"].as_array().unwrap().len(), 100);
}

#[test]
fn a_page_that_the_host_does_not_hand_on_is_told_with_its_number() {
    let world = World::new();
    let mut packed = answer(200, "application/json", "{}");
    packed.headers.push(("Content-Encoding".to_owned(), "zstd".to_owned()));
    let run = paging(&world, Some(packed), &["--continue-on-fail"]);
    run.fails(3, &["`zstd`", "the plugin says: page 2 failed after 100 items"]);
    let told: Value = serde_json::from_str(&run.out).unwrap();
    assert_eq!(told["output"]["jobs"].as_array().unwrap().len(), 100);
}

#[test]
fn what_came_before_a_page_that_failed_is_told_and_handed_on() {
    let world = World::new();
    let list = ["call", "wibiclick", "jobs.list", "websiteId=harbour-website", "maxItems=150"];
    let fail = || {
        world.simulation.wibiclick.answer_next(answer(200, "application/json", &full_page()));
        world.simulation.wibiclick.answer_next(answer(500, "application/json", r#"{"message":"Out of order"}"#));
    };
    fail();
    let run = world.wharf(&list);
    run.fails(4, &["page 2 failed after 100 items: Out of order", "--continue-on-fail"]);
    assert_eq!(run.out, "");

    fail();
    let run = world.wharf(&[&list, ["--continue-on-fail"].as_slice()].concat());
    run.fails(4, &["page 2 failed after 100 items"]);
    let told: Value = serde_json::from_str(&run.out).unwrap();
    assert_eq!((&told["error"]["code"], &told["output"]["total"]), (&json!("provider"), &json!(250)));
    assert_eq!(told["output"]["jobs"].as_array().unwrap().len(), 100);

    fail();
    let items = r#"[{"websiteId":"harbour-website","maxItems":150},{"websiteId":"harbour-website"}]"#;
    let run = world.wharf(&["call", "wibiclick", "jobs.list", "--continue-on-fail", "--input", items]);
    run.fails(4, &["item 1 of 2", "page 2 failed"]);
    let told: Value = serde_json::from_str(&run.out).unwrap();
    assert!(told[0]["output"]["jobs"].is_array() && told[1]["jobs"].is_array(), "{told}");
}
