//! A panic in host code ends one call.

use serde_json::json;
use wharf_artifacts::OBEDIENT;

use crate::failpoint::tests::arm;
use crate::failure::{CallError, Fault};
use crate::{Call, Connection, Host};

fn host() -> Host {
    let host = Host::builder().build().unwrap();
    host.load_bytes(OBEDIENT.bytes).unwrap();
    let connection = Connection::builder("obedient", "main", "http://127.0.0.1:9").field("greeting", "hello");
    host.connect("obedient", connection.absent("key", "a test").build().unwrap());
    host
}

#[test]
fn a_panic_in_host_code_ends_its_call_and_leaves_every_lock_usable() {
    let host = host();
    let call = |operation: &str| host.call(Call::new("obedient", operation)).map(|output| output.json);
    for (place, operation) in [
        ("target", "good.greet"),
        ("admit", "good.greet"),
        ("field", "good.greet"),
        ("state", "good.count"),
        ("send", "good.echo"),
        ("count", "good.greet"),
    ] {
        arm(place);
        match call(operation) {
            Err(CallError::Fault(Fault::Host(words))) => assert!(words.contains(place), "{words}"),
            other => panic!("no fault of the host at {place}: {other:?}"),
        }
        assert_eq!(call("good.greet").unwrap(), json!("hello"), "after a panic at {place}");
    }
    assert_eq!(call("good.count").unwrap(), json!(1), "what held a lock then has left it");
    assert_eq!(host.engine.admission.in_flight(), 0, "no place is lost");
}
