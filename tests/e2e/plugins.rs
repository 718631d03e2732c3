//! What a plugin that behaves can rely on.

use serde_json::json;
use wharf::{Blob, Call};
use wharf_artifacts::OBEDIENT;

use crate::hostile::host;
use crate::obedient;
use crate::world::answer;

fn call(operation: &str) -> Call {
    Call::new("obedient", operation).connection("main")
}

#[test]
fn files_pass_through_and_stay_whole() {
    let files = call("good.shout")
        .attach("file", Blob::new("one", "text/plain", Some("one.txt".to_owned())))
        .attach("file", Blob::new("two", "text/plain", None));
    let output = host().call(files).unwrap();
    let files: Vec<_> =
        output.attachments.iter().map(|(name, blob)| (name.as_str(), &blob.in_memory().unwrap()[..])).collect();
    assert_eq!(files, [("loud", &b"ONE"[..]), ("loud", b"TWO")]);
    assert_eq!(output.attachments[0].1.file_name.as_deref(), Some("one.txt"));

    let missing = host().call(call("good.shout")).unwrap_err();
    assert!(missing.to_string().contains("`file`"), "{missing}");
}

#[test]
fn each_attempt_of_a_call_has_the_id_of_the_call_and_no_other_call_has_it() {
    let (host, server) = (obedient::builder().retries(2).build().unwrap(), obedient::provider());
    host.load_bytes(OBEDIENT.bytes).unwrap();
    obedient::connect(&host, &server);
    for _ in 0..2 {
        server.answer_next(answer(503, "text/plain", "later"));
    }
    let paid = |()| host.call(Call::new("obedient", "good.pay")).unwrap().json.to_string();
    let (first, second) = (paid(()), paid(()));
    let keys: Vec<String> =
        server.requests().iter().map(|r| format!("{:?}", r.header("idempotency-key").unwrap())).collect();
    assert_eq!(keys, [&first, &first, &first, &second].map(String::as_str), "three attempts, and another call");
    assert_ne!(first, second);
    assert!(
        first.len() <= 38 && first.trim_matches('"').bytes().all(|b| b == b'-' || b.is_ascii_alphanumeric()),
        "{first}"
    );
}

#[test]
fn each_call_is_fresh_and_only_state_outlives_it() {
    for _ in 0..3 {
        assert_eq!(host().call(call("good.remember")).unwrap().json, json!(0), "memory begins anew");
    }
    let first = host().call(call("good.count")).unwrap().json;
    let second = host().call(call("good.count")).unwrap().json;
    assert_eq!((first, second), (json!(1).into(), json!(2).into()));
}
