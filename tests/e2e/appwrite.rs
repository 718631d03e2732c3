use serde_json::json;
use wharf_simulated::appwrite::{API_KEY, PROJECT_ID};

use crate::world::{OTHER_KEY, World, answer};

#[test]
fn a_file_of_which_a_part_is_there_is_no_success() {
    let world = World::new();
    world.write("a.txt", "hello");
    let words = ["call", "appwrite", "files.create", "bucketId=pictures", "fileId=a", "--attach", "file=@a.txt"];
    for (told, said) in [
        (r#"{"$id":"a","sizeOriginal":0,"chunksTotal":1,"chunksUploaded":1}"#, "0 of 5 bytes"),
        (r#"{"$id":"a","sizeOriginal":5,"chunksTotal":2,"chunksUploaded":1}"#, "1 of 2 parts"),
    ] {
        world.simulation.appwrite.answer_next(answer(201, "application/json", told));
        world.wharf(&words).fails(4, &[said]);
    }
    world.simulation.appwrite.answer_next(answer(201, "application/json", r#"{"$id":"a","sizeOriginal":5}"#));
    assert_eq!(world.wharf(&words).json()["$id"], "a");
}

#[test]
fn a_session_is_deleted_once_and_a_second_time_is_an_error() {
    let world = World::new();
    assert_eq!(
        world.call("appwrite users.delete-session userId=ada sessionId=ada-laptop").json(),
        json!({"success": true})
    );

    let requests = world.simulation.appwrite.requests();
    assert_eq!(requests.len(), 1);
    assert_eq!(requests[0].method, "DELETE");
    assert_eq!(requests[0].target, "/v1/users/ada/sessions/ada-laptop");
    assert_eq!(requests[0].header("x-appwrite-project"), Some(PROJECT_ID));
    assert_eq!(requests[0].header("x-appwrite-key"), Some(API_KEY));
    assert!(requests[0].body.is_empty());

    world
        .call("appwrite users.delete-session userId=ada sessionId=ada-laptop")
        .fails(4, &["not found", "user_session_not_found"]);
    world.call("appwrite users.delete-session userId=nobody sessionId=ada-phone").fails(4, &["user_not_found"]);
}

#[test]
fn an_empty_session_id_sends_nothing_so_it_cannot_end_all_sessions() {
    let world = World::new();
    for words in ["sessionId=", "sessionId=.", "sessionId=..", "sessionId=a/b", "sessionId=%2e%2e"] {
        world.call(&format!("appwrite users.delete-session userId=ada {words}")).fails(2, &["`sessionId`", "allowed"]);
    }
    assert!(world.simulation.appwrite.requests().is_empty());
    assert_eq!(world.call("appwrite users.list-sessions userId=ada").json()["total"], 3);
}

#[test]
fn sessions_and_users_are_listed() {
    let world = World::new();
    let sessions = world.call("appwrite users.list-sessions userId=grace").json();
    assert_eq!(sessions["sessions"][0]["$id"], "grace-desktop");

    let queries =
        r#"queries=["{\"method\":\"limit\",\"values\":[1]}","{\"method\":\"cursorAfter\",\"values\":[\"ada\"]}"]"#;
    let users = world.wharf(&["call", "appwrite", "users.list", queries]).json();
    assert_eq!(users["users"].as_array().unwrap().len(), 1);
    let target = &world.simulation.appwrite.requests()[1].target;
    assert!(target.contains("queries%5B0%5D=%7B%22method%22") && target.contains("&queries%5B1%5D="), "{target}");

    assert_eq!(world.call("appwrite users.list search=grace total=false").json()["users"][0]["$id"], "grace");
    assert_eq!(world.simulation.appwrite.requests()[2].target, "/v1/users?search=grace&total=false");
}

#[test]
fn an_empty_list_of_which_nothing_would_be_sent_is_refused() {
    let world = World::new();
    let refused = ["list-value", "`queries` is an empty list, of which nothing would be sent", "leave it out"];
    world.wharf(&["call", "appwrite", "users.list", "queries:=[]"]).fails(3, &refused);
    assert!(world.simulation.appwrite.requests().is_empty());
}

#[test]
fn queries_may_have_the_names_of_methods_that_other_tools_use() {
    let world = World::new();
    let queries = r#"queries=["{\"method\":\"not_equal\",\"attribute\":\"name\",\"values\":[\"Ada Lovelace\"]}"]"#;
    let names = |arguments: &[&str]| {
        let words = [&["call", "appwrite", "users.list", queries], arguments].concat();
        let users = world.wharf(&words).json();
        users["users"]
            .as_array()
            .unwrap()
            .iter()
            .map(|user| user["$id"].as_str().unwrap().to_owned())
            .collect::<Vec<_>>()
    };
    assert_eq!(names(&[]), ["grace", "edsger"]);
    assert_eq!(names(&["maxItems=5"]), ["grace", "edsger"]);
    let sent = world.simulation.appwrite.requests();
    assert!(sent.iter().all(|request| request.target.contains("%22method%22%3A%22notEqual%22")), "{sent:?}");
}

#[test]
fn a_session_need_not_be_one_of_the_user() {
    let world = World::new();
    assert_eq!(
        world.call("appwrite users.delete-session userId=ada sessionId=grace-phone").json(),
        json!({"success": true})
    );
    assert_eq!(world.call("appwrite users.list-sessions userId=grace").json()["total"], 1);
}

#[test]
fn a_wrong_key_and_a_wrong_project_are_not_a_missing_session() {
    let world = World::new();
    let connections = world.connections();
    world.write("appwrite.api_key", OTHER_KEY);
    world
        .call("appwrite users.delete-session userId=ada sessionId=ada-phone")
        .fails(4, &["unauthorized", "user_unauthorized"]);

    world.write("appwrite.api_key", API_KEY);
    world.write("appwrite.project_id", "another");
    world.configure(&connections);
    world
        .call("appwrite users.delete-session userId=ada sessionId=ada-phone")
        .fails(4, &["unauthorized", "project_not_found"]);
}

#[test]
fn a_provider_that_is_down_says_so() {
    let world = World::new();
    world.simulation.appwrite.answer_next(answer(503, "text/html", "<h1>Service Unavailable</h1>"));
    world.call("appwrite users.list").fails(4, &["unavailable", "Service Unavailable", "status 503"]);

    // The port of a server that is gone.
    let gone = wharf_simulated::appwrite::start().unwrap().url();
    world.configure(&world.connections().replace(&world.simulation.appwrite.url(), &gone));
    world.call("appwrite users.list").fails(4, &["unavailable", "nothing listens at", &gone]);
}

#[test]
fn a_rate_limit_says_when_to_try_again() {
    let world = World::new();
    let mut limited =
        answer(429, "application/json", r#"{"message":"Slow down","type":"general_rate_limit_exceeded"}"#);
    limited.headers.push(("Retry-After".to_owned(), "17".to_owned()));
    world.simulation.appwrite.answer_next(limited);
    world.call("appwrite users.list").fails(4, &["rate limited, try again after 17 s", "Slow down"]);
}

#[test]
fn the_base_url_may_have_its_version_and_a_slash_or_not() {
    let world = World::new();
    let connections = world.connections();
    let url = world.simulation.appwrite.url();
    for written in [url.clone(), format!("{url}/"), format!("{url}/v1/")] {
        world.configure(&connections.replace(&format!("{url}/v1"), &written));
        assert_eq!(world.call("appwrite users.list-sessions userId=ada").json()["total"], 3, "{written}");
    }
}

#[test]
fn a_large_file_goes_in_parts_and_a_small_one_at_once() {
    const PART: usize = 5 << 20;
    let world = World::new();
    let size = 12 << 20;
    let content: Vec<u8> = (0..size).map(|i: usize| (i % 251) as u8).collect();
    world.write("large.bin", &content);
    let create = |file: &str| {
        let attached = format!("file=@{file}");
        world.wharf(&["call", "appwrite", "files.create", "bucketId=pictures", "--attach", &attached]).json()
    };
    let file = create("large.bin");
    let id = file["$id"].as_str().unwrap();
    assert_eq!((&file["chunksTotal"], &file["chunksUploaded"]), (&json!(3), &json!(3)));
    assert_eq!((&file["name"], &file["sizeOriginal"]), (&json!("large.bin"), &json!(size)));

    let requests = world.simulation.appwrite.requests();
    let sent: Vec<_> =
        requests.iter().map(|r| (r.header("content-range").unwrap(), r.header("x-appwrite-id"))).collect();
    let ranges = [(0, PART), (PART, 2 * PART), (2 * PART, size)];
    let ranges = ranges.map(|(start, end)| format!("bytes {start}-{}/{size}", end - 1));
    assert_eq!(sent, [(&*ranges[0], None), (&*ranges[1], Some(id)), (&*ranges[2], Some(id))]);

    let fetch = ["call", "appwrite", "files.download", "bucketId=pictures", &format!("fileId={id}"), "--save", "out"];
    assert_eq!(world.wharf(&fetch).code, 0);
    let saved = std::fs::read_dir(world.path().join("out")).unwrap().next().unwrap().unwrap().path();
    assert!(std::fs::read(saved).unwrap() == content);

    world.simulation.appwrite.clear_requests();
    world.write("small.bin", &content[..PART]);
    assert_eq!(create("small.bin")["chunksTotal"], 1);
    let requests = world.simulation.appwrite.requests();
    assert_eq!((requests.len(), requests[0].header("content-range")), (1, None));
}

#[test]
fn a_part_that_fails_ends_the_upload() {
    let world = World::new();
    world.write("large.bin", vec![b'x'; 6 << 20]);
    let create = ["call", "appwrite", "files.create", "bucketId=pictures", "fileId=a", "--attach", "file=@large.bin"];
    world.simulation.appwrite.answer_next(answer(201, "application/json", r#"{"$id":"a"}"#));
    world.wharf(&create).fails(4, &["storage_invalid_appwrite_id"]);
    assert_eq!(world.simulation.appwrite.requests().len(), 2);
}

#[test]
fn false_can_be_set_for_a_user() {
    let world = World::new();
    let user = world.call("appwrite users.update userId=ada status=false emailVerification=false").json();
    assert_eq!((&user["status"], &user["emailVerification"]), (&json!(false), &json!(false)));
    let bodies: Vec<_> = world.simulation.appwrite.requests().into_iter().map(|request| request.body).collect();
    assert_eq!(bodies, [&b"{\"emailVerification\":false}"[..], b"{\"status\":false}", b""]);
}

#[test]
fn name_and_phone_are_not_swapped_and_the_word_unique_is_no_id() {
    let world = World::new();
    for name in ["Rosalind", "Emmy"] {
        let user = world.call(&format!("appwrite users.create userId=unique name={name}")).json();
        assert_eq!((&user["name"], &user["phone"]), (&json!(name), &json!("")));
        assert_ne!(user["$id"], "unique");
    }
    let user = world.call("appwrite users.create name=Kurt phone=+431234567").json();
    assert_eq!((&user["name"], &user["phone"]), (&json!("Kurt"), &json!("+431234567")));
}

#[test]
fn an_update_that_fails_in_the_middle_says_what_was_done() {
    let world = World::new();
    let update = "appwrite users.update userId=ada name=Countess number=+4912345678 status=false";
    world.call("appwrite users.create name=Other phone=+4912345678").json();
    world.call(update).fails(4, &["conflict", "user_phone_already_exists", "failed at `number`", "`name` set before"]);
    let user = world.call("appwrite users.get userId=ada").json();
    assert_eq!((&user["name"], &user["status"]), (&json!("Countess"), &json!(true)));
}

#[test]
fn all_pages_are_followed_until_a_short_one() {
    let world = World::new();
    let documents: Vec<_> = (0..150).map(|i| json!({"$id": format!("d{i}"), "number": i})).collect();
    let place = json!({"databaseId": "library", "collectionId": "books"});
    let with = |name: &str, value: serde_json::Value| {
        let mut input = place.clone();
        input[name] = value;
        input.to_string()
    };
    let many = with("documents", json!(documents));
    assert_eq!(world.wharf(&["call", "appwrite", "documents.create", "--input", &many]).json()["total"], 150);
    world.simulation.appwrite.clear_requests();

    let list = |most: usize| {
        let input = with("maxItems", json!(most));
        let listed = world.wharf(&["call", "appwrite", "documents.list", "--input", &input]).json();
        listed["documents"].as_array().unwrap().iter().map(|d| d["$id"].clone()).collect::<Vec<_>>()
    };
    let all = list(1000);
    assert_eq!((all.len(), &all[152]), (153, &json!("d149")));
    let targets: Vec<_> = world.simulation.appwrite.requests().into_iter().map(|request| request.target).collect();
    assert!(targets.len() == 2 && !targets[0].contains("cursorAfter"), "{targets:?}");
    // The seeded three come first.
    assert!(targets[1].contains("cursorAfter") && targets[1].contains("d96"), "{targets:?}");
    assert_eq!(list(20).len(), 20);
}

#[test]
fn an_avatar_is_a_file_of_the_output() {
    let world = World::new();
    let run = world.call("appwrite avatars.get-flag code=de --save out");
    assert_eq!(run.code, 0, "{run:?}");
    let file = std::fs::read_dir(world.path().join("out")).unwrap().next().unwrap().unwrap();
    assert!(std::fs::read(file.path()).unwrap().starts_with(b"\x89PNG"), "{run:?}");
    let refused = answer(404, "application/json", r#"{"message":"No","code":404,"type":"avatar_not_found"}"#);
    world.simulation.appwrite.answer_next(refused);
    world.call("appwrite avatars.get-flag code=de --save out").fails(4, &["not found", "avatar_not_found"]);
}
