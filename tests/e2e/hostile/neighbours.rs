//! What one call does to others: nothing.

use std::sync::atomic::{AtomicBool, Ordering};
use std::thread;
use std::time::Duration;

use serde_json::json;
use wharf::failure::{CallError, Kind, Refusal};
use wharf::{Call, EngineLimits, Grant, Host, Limits};
use wharf_artifacts::{OBEDIENT, ROGUE};

use super::{GREETING, connection};

#[test]
fn a_thousand_calls_go_well_while_neighbours_trap_loop_sleep_and_exhaust_memory() {
    let host = Host::builder().build().unwrap();
    host.load_bytes(ROGUE.bytes).unwrap();
    host.load_bytes(OBEDIENT.bytes).unwrap();
    let server = wharf_simulated::appwrite::start().unwrap();
    host.connect("obedient", connection("obedient", "main", &server.url()));
    let limits = Limits { timeout: Duration::from_millis(50), memory: 64 << 20, ..Limits::default() };
    host.connect("rogue", Grant::from(connection("rogue", "main", &server.url())).limits(limits));

    let done = AtomicBool::new(false);
    thread::scope(|scope| {
        let neighbours = [
            "contract.panics",
            "limits.loops-for-ever",
            "limits.sleeps-for-ever",
            "limits.hoards-memory",
            "limits.recurses-for-ever",
            "limits.hoards-resources",
        ]
        .map(|guest| {
            let (host, done) = (&host, &done);
            scope.spawn(move || {
                let mut calls = 0;
                while !done.load(Ordering::Relaxed) {
                    let kind = host.call(Call::new("rogue", guest)).unwrap_err().kind();
                    assert!(matches!(kind, Kind::Limit | Kind::Plugin), "{guest}: {kind:?}");
                    calls += 1;
                }
                calls
            })
        });
        for n in 0..1000 {
            let result = host.call(Call::new("obedient", "good.greet"));
            assert_eq!(result.unwrap().json, json!(GREETING), "call {n}");
        }
        done.store(true, Ordering::Relaxed);
        for neighbour in neighbours {
            assert!(neighbour.join().unwrap() > 0, "it did run");
        }
    });
}

#[test]
fn a_call_beyond_those_that_there_is_room_for_is_refused_at_once() {
    let engine = EngineLimits { calls: 2, ..EngineLimits::default() };
    let host = Host::builder().limits(Limits { engine, ..Limits::default() }).build().unwrap();
    host.load_bytes(ROGUE.bytes).unwrap();
    let (server, limits) = (wharf_simulated::appwrite::start().unwrap(), Limits::default());
    host.connect("rogue", Grant::from(connection("rogue", "main", &server.url())).limits(limits));

    thread::scope(|scope| {
        let waiting = [(); 2].map(|()| {
            let mut slow = crate::world::answer(200, "application/json", "1");
            slow.delay = Some(Duration::from_secs(2));
            server.answer_next(slow);
            scope.spawn(|| host.call(Call::new("rogue", "limits.waits-for-a-provider")).map(|output| output.json))
        });
        while server.requests().len() < 2 {
            thread::yield_now();
        }
        match host.call(Call::new("rogue", "wasi.looks-for-files")) {
            Err(CallError::Refusal(Refusal::Limit(limit))) => {
                assert_eq!((limit.name, limit.value.as_str()), ("calls", "2"));
                assert!(limit.remedy.contains("raise `calls`"), "{limit}");
            }
            other => panic!("{other:?}"),
        }
        assert!(
            waiting.into_iter().all(|call| call.join().unwrap().is_ok_and(|json| json == json!(1))),
            "those let in are not harmed"
        );
    });
    assert!(host.call(Call::new("rogue", "wasi.looks-for-files")).is_ok(), "there is room again");
}

#[test]
fn the_largest_stack_of_a_guest_fits_on_a_thread_of_the_usual_size() {
    let engine = EngineLimits { stack: EngineLimits::MOST_STACK, ..EngineLimits::default() };
    let host = Host::builder().limits(Limits { engine, ..Limits::default() }).build().unwrap();
    host.load_bytes(ROGUE.bytes).unwrap();
    host.connect("rogue", connection("rogue", "main", "http://127.0.0.1:9"));
    let call = || host.call(Call::new("rogue", "limits.recurses-for-ever")).unwrap_err();
    let error = thread::scope(|scope| scope.spawn(call).join().unwrap());
    assert!(error.to_string().contains("`stack` of 1.0 MiB"), "{error}");
}
