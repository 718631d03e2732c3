//! Instances that are made before calls ask for them.

use std::sync::Arc;
use std::thread;
use std::time::{Duration, Instant};

use serde_json::json;
use wharf_artifacts::OBEDIENT;

use crate::limits::{EngineLimits, Limits};
use crate::registry::Release;
use crate::{Call, Connection, Host};

fn host(ready: u32) -> Host {
    let engine = EngineLimits { ready, calls: 100, ..EngineLimits::default() };
    let host = Host::builder().limits(Limits { engine, ..Limits::default() }).build().unwrap();
    host.load_bytes(OBEDIENT.bytes).unwrap();
    let connection = Connection::builder("obedient", "main", "http://127.0.0.1:9").field("greeting", "hello");
    host.connect("obedient", connection.absent("key", "a test").build().unwrap());
    host
}

/// The same component with something after it that nobody reads: another release.
fn other_release() -> Vec<u8> {
    [OBEDIENT.bytes, &[0, 4, 3, b'e', b'n', b'd']].concat()
}

fn call(host: &Host, operation: &str) -> wharf_egress::Json {
    host.call(Call::new("obedient", operation)).unwrap().json
}

/// Calls until there are so many of them, and not so many calls that it would be by chance.
fn call_until_there_are(host: &Host, count: usize) -> Arc<Release> {
    let release = host.plugin("obedient").unwrap();
    let began = Instant::now();
    while release.spares.count() < count && began.elapsed() < Duration::from_secs(60) {
        assert_eq!(call(host, "good.remember"), json!(0), "each call finds a new instance");
        thread::sleep(Duration::from_millis(1));
    }
    assert_eq!(release.spares.count(), count);
    release
}

#[test]
fn instances_are_ready_before_calls_and_none_is_used_twice() {
    let host = host(3);
    let release = call_until_there_are(&host, 3);
    for _ in 0..200 {
        assert_eq!(call(&host, "good.remember"), json!(0));
        assert!(release.spares.count() <= 3);
    }
    assert_eq!(call(&host, "good.greet"), json!("hello"), "it has the connection of its call");
    let draws: Vec<_> = (0..3).map(|_| call(&host, "good.draw")).collect();
    assert!(draws[0] != draws[1] && draws[1] != draws[2], "{draws:?}");
}

#[test]
fn a_release_that_is_replaced_has_no_instances_ready_and_gets_them_again_when_it_is_gone_back_to() {
    let host = host(2);
    let first = call_until_there_are(&host, 2);
    host.load_bytes(&other_release()).unwrap();
    assert_eq!(first.spares.count(), 0);
    let second = call_until_there_are(&host, 2);
    assert!(second.digest != first.digest && first.spares.count() == 0);
    host.publish(Arc::clone(&first)).unwrap();
    assert_eq!((first.spares.count(), second.spares.count()), (0, 0));
    let figures = host.figures();
    assert_eq!((figures.swaps, figures.ways_back, figures.running), (1, 1, 0));
    call_until_there_are(&host, 2);
}

#[test]
fn a_call_with_less_memory_than_an_instance_has_is_refused_as_if_there_were_none() {
    let host = host(2);
    call_until_there_are(&host, 2);
    let connection = Connection::builder("obedient", "main", "http://127.0.0.1:9").build().unwrap();
    let limits = Limits { memory: 1000, ..Limits::default() };
    host.connect("obedient", crate::Grant::from(connection).limits(limits));
    let error = host.call(Call::new("obedient", "good.remember")).unwrap_err().to_string();
    assert!(error.contains("`memory` of 1000 B"), "{error}");
}

#[test]
fn nothing_is_made_where_the_operator_wants_none() {
    let host = host(0);
    let began = Instant::now();
    while began.elapsed() < Duration::from_millis(50) {
        call(&host, "good.remember");
    }
    assert_eq!(host.plugin("obedient").unwrap().spares.count(), 0);
}

#[test]
fn what_is_ready_gives_way_to_calls() {
    let host = host(2);
    let release = call_until_there_are(&host, 2);
    assert!(host.engine.stock.make_room());
    // The thread may have made others since.
    assert!(release.spares.count() <= 2);
    assert_eq!(call(&host, "good.remember"), json!(0));
}
