//! What a plugin that behaves can rely on.

use serde_json::json;
use wharf::{Blob, Call};

use crate::hostile::host;

fn call(operation: &str) -> Call {
    Call::new("obedient", operation).connection("main")
}

#[test]
fn files_pass_through_and_stay_whole() {
    let files = call("good.shout")
        .attach("file", Blob::new("one", "text/plain", Some("one.txt".to_owned())))
        .attach("file", Blob::new("two", "text/plain", None));
    let output = host().call(files).unwrap();
    let files: Vec<_> = output.attachments.iter().map(|(name, blob)| (name.as_str(), &blob.bytes[..])).collect();
    assert_eq!(files, [("loud", &b"ONE"[..]), ("loud", b"TWO")]);
    assert_eq!(output.attachments[0].1.file_name.as_deref(), Some("one.txt"));

    let missing = host().call(call("good.shout")).unwrap_err();
    assert!(missing.to_string().contains("`file`"), "{missing}");
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
