//! Calls and their keys, also where a server is killed.

use super::*;

#[test]
fn a_call_is_there_before_it_begins_and_has_one_end() {
    let place = Place::new();
    let store = place.serve();
    assert!(matches!(store.begin(new("a")).unwrap(), Begun::New));
    let row = store.call("a").unwrap().unwrap();
    assert_eq!((row.state, row.ended, row.requests, row.micros), (CallState::Running, None, None, [None; 5]));
    store
        .end(Ended { answer: Some(b"{}".to_vec()), connection: Some("other".to_owned()), ..ended("a") }, false)
        .unwrap();
    let row = store.call("a").unwrap().unwrap();
    assert_eq!(row.state, CallState::Succeeded, "whoever reads finds what was told to be written before");
    assert_eq!((row.connection.as_deref(), row.retries, row.micros), (Some("other"), 1, [1, 2, 3, 4, 5].map(Some)));
    assert_eq!(store.answer("a").unwrap().unwrap(), b"{}");
    store.end(Ended { state: CallState::Failed, problem: Some("timeout"), ..ended("a") }, true).unwrap();
    assert_eq!(store.call("a").unwrap().unwrap(), row);
    assert!(store.begin(new("a")).is_err(), "an id is of one call");
    assert!(matches!(store.begin(new("b")).unwrap(), Begun::New), "and the others are not touched by it");
    assert_eq!((store.call("c").unwrap(), store.answer("b").unwrap()), (None, None));
}

#[test]
fn what_is_sealed_cannot_be_read_in_the_files() {
    let place = Place::new();
    let store = place.serve();
    let secret = b"a-customer-of-the-product".to_vec();
    store.begin(NewCall { request: Some(secret.clone()), is_later: true, ..with_key("a", "order-of-ada", 1) }).unwrap();
    store.end(Ended { answer: Some(secret.clone()), ..ended("a") }, true).unwrap();
    assert_eq!(store.answer("a").unwrap().unwrap(), secret);
    for entry in place.file.parent().unwrap().read_dir().unwrap() {
        let Ok(bytes) = std::fs::read(entry.unwrap().path()) else { continue };
        for text in [secret.as_slice(), b"order-of-ada"] {
            assert!(!bytes.windows(text.len()).any(|window| window == text));
        }
    }
}

#[test]
fn a_request_is_kept_until_the_call_ends_or_for_as_long_as_the_operator_wants() {
    let place = Place::new();
    let store = place.serve();
    let later = |id: &str| NewCall { request: Some(b"input".to_vec()), is_later: true, ..new(id) };
    for (id, keeps) in [("a", false), ("b", true)] {
        store.keep_contents(keeps);
        store.begin(later(id)).unwrap();
        assert_eq!(store.request(id).unwrap().unwrap(), b"input");
        store.start(id).unwrap();
        let masked = keeps.then(|| b"masked".to_vec());
        store.end(Ended { request: masked.clone(), ..ended(id) }, true).unwrap();
        assert_eq!(store.request(id).unwrap(), masked, "what it was to run with is forgotten");
    }
}

#[test]
fn what_was_accepted_waits_over_a_restart_and_what_was_running_is_unknown() {
    let place = Place::new();
    let store = place.serve();
    for id in ["a", "b", "c"] {
        store.begin(NewCall { request: Some(id.into()), is_later: true, ..with_key(id, id, 1) }).unwrap();
    }
    assert!(store.start("b").unwrap() && !store.start("b").unwrap() && !store.start("nothing").unwrap());
    store.begin(with_key("d", "d", 1)).unwrap();
    // A copy is what is left of a process that was killed.
    let left = Place::new();
    std::fs::create_dir(left.file.parent().unwrap()).unwrap();
    for entry in place.file.parent().unwrap().read_dir().unwrap() {
        let entry = entry.unwrap();
        if entry.path().is_file() {
            std::fs::copy(entry.path(), left.file.parent().unwrap().join(entry.file_name())).unwrap();
        }
    }
    let left = Place { vault: Arc::clone(&place.vault), ..left };
    let store = left.serve();
    let taken = store.take_up().unwrap();
    let ids: Vec<_> = taken.iter().map(|(row, request)| (row.id.as_str(), request.as_slice())).collect();
    assert_eq!(ids, [("a", b"a".as_slice()), ("c", b"c".as_slice())]);
    assert!(store.take_up().unwrap().is_empty(), "each is told once");
    for id in ["b", "d"] {
        let row = store.call(id).unwrap().unwrap();
        assert_eq!(
            (row.state, row.problem.as_deref(), row.ended.is_some()),
            (CallState::Unknown, Some("outcome-unknown"), true)
        );
        let Begun::Known(known) = store.begin(with_key("e", id, 1)).unwrap() else { panic!("the key stays bound") };
        assert_eq!((known.id.as_str(), known.state), (id, CallState::Unknown));
    }
    assert_eq!(store.call("e").unwrap(), None);
}

#[test]
fn what_runs_long_is_unknown_too_when_the_server_ends() {
    let place = Place::new();
    let store = place.serve();
    let note = |store: &Store| store.inner.note_open(&locked(&store.inner.reader)).unwrap();
    let from = |store: &Store| store.inner.read(|connection| number(connection, "open_from")).unwrap().unwrap();
    for id in ["a", "long", "c"] {
        store.begin(new(id)).unwrap();
    }
    store.begin(NewCall { is_later: true, request: Some(b"input".to_vec()), ..new("later") }).unwrap();
    store.start("later").unwrap();
    store.end(ended("a"), true).unwrap();
    store.end(ended("c"), true).unwrap();
    note(&store);
    assert_eq!(from(&store), store.call("long").unwrap().unwrap().number);
    let open =
        CallFilter { tenant: Some(Some("acme".to_owned())), state: Some(CallState::Running), ..CallFilter::default() };
    assert_eq!(store.calls(&open, None, 10).unwrap().len(), 2);
    drop(store);
    let store = place.serve();
    let states = ["a", "long", "c", "later"].map(|id| store.call(id).unwrap().unwrap().state);
    assert_eq!(states, [CallState::Succeeded, CallState::Unknown, CallState::Succeeded, CallState::Unknown]);
    note(&store);
    assert_eq!(from(&store), store.call("later").unwrap().unwrap().number + 1);
}

#[test]
fn no_query_of_a_tenant_or_of_a_new_server_looks_through_the_whole_history() {
    let place = Place::new();
    let store = place.serve();
    let plan = |sql: &str, values: Vec<rusqlite::types::Value>| {
        let plan = store.inner.read(|connection| {
            let mut statement = connection.prepare(&format!("EXPLAIN QUERY PLAN {sql}"))?;
            let rows = statement.query_map(rusqlite::params_from_iter(values), |row| row.get::<_, String>(3))?;
            rows.collect::<rusqlite::Result<Vec<_>>>()
        });
        plan.unwrap().join("; ")
    };
    let filter = CallFilter { tenant: Some(Some("acme".to_owned())), since: Some(7), ..CallFilter::default() };
    let (sql, values) = filter.in_sql(Some(100), 50);
    let tenant = plan(&sql, values);
    assert!(tenant.contains("INDEX calls_of_tenant") && tenant.contains("INDEX calls_later"), "{tenant}");
    assert!(!tenant.contains("TEMP B-TREE FOR ORDER"), "{tenant}");
    let sql = "UPDATE calls SET owner = 1 WHERE state = 0 AND state < 2 AND is_later = 1 AND owner IS 2";
    let accepted = plan(sql, Vec::new());
    assert!(accepted.contains("INDEX calls_later"), "{accepted}");
}

#[test]
fn an_accepted_call_whose_request_does_not_open_has_failed() {
    let place = Place::new();
    let store = place.serve();
    store.begin(NewCall { request: Some(b"input".to_vec()), is_later: true, ..new("a") }).unwrap();
    store.inner.write(|connection| connection.execute("UPDATE contents SET sealed = x'00'", [])).unwrap();
    drop(store);
    let store = place.serve();
    assert!(store.take_up().unwrap().is_empty());
    assert_eq!(store.call("a").unwrap().unwrap().problem.as_deref(), Some("host-fault"));
}

#[test]
fn a_key_is_of_its_principal_and_tenant_for_a_day_unless_it_is_freed() {
    let place = Place::new();
    let store = place.serve();
    let begin = |call: NewCall| match store.begin(call).unwrap() {
        Begun::New => "new".to_owned(),
        Begun::Known(row) => row.id,
        Begun::Conflict => "conflict".to_owned(),
    };
    assert_eq!(begin(with_key("a", "k", 1)), "new");
    assert_eq!(begin(with_key("b", "k", 1)), "a");
    assert_eq!(begin(with_key("c", "k", 2)), "conflict");
    assert_eq!(begin(NewCall { principal: "other".to_owned(), ..with_key("d", "k", 2) }), "new");
    assert_eq!(begin(NewCall { tenant: None, ..with_key("e", "k", 2) }), "new");
    assert_eq!(begin(NewCall { tenant: Some(String::new()), ..with_key("f", "k", 2) }), "new");
    let tomorrow = now() + DAY + 1000;
    assert_eq!(begin(NewCall { at: tomorrow, ..with_key("g", "k", 2) }), "conflict", "it still runs");
    store.end(ended("a"), false).unwrap();
    assert_eq!(begin(NewCall { at: tomorrow, ..with_key("h", "k", 2) }), "new");
    store.end(Ended { frees_key: true, state: CallState::Failed, ..ended("h") }, false).unwrap();
    assert_eq!(begin(NewCall { at: tomorrow, ..with_key("i", "k", 3) }), "new");
}

#[test]
fn threads_that_come_together_share_transactions_and_each_finds_its_row() {
    const THREADS: usize = 32;
    const EACH: usize = 40;
    let place = Place::new();
    let store = place.serve();
    let before = store.commits();
    let barrier = Barrier::new(THREADS + 1);
    thread::scope(|scope| {
        // While somebody else writes, they gather.
        let writer = store.inner.writer();
        for thread in 0..THREADS {
            let (store, barrier, place) = (&store, &barrier, &place);
            scope.spawn(move || {
                barrier.wait();
                for at in 0..EACH {
                    let id = format!("{thread}-{at}");
                    store.begin(new(id.as_str())).unwrap();
                    if at % 10 == 0 {
                        assert!(place.open().call(&id).unwrap().is_some(), "another process finds it, too");
                    }
                    store.end(ended(id.as_str()), at % 2 == 0).unwrap();
                }
            });
        }
        barrier.wait();
        while store.inner.group.waiting() < THREADS - 1 {
            thread::yield_now();
        }
        drop(writer);
    });
    let calls = store.calls(&CallFilter::default(), None, usize::MAX).unwrap();
    assert_eq!(calls.len(), THREADS * EACH);
    assert!(calls.iter().all(|row| row.state == CallState::Succeeded));
    let commits = store.commits() - before;
    // Of a begin and an end for each.
    assert!(commits < (THREADS * EACH * 2) as u64 * 3 / 4, "{commits} transactions for {} rows", THREADS * EACH * 2);
}

#[test]
fn each_key_is_used_once_also_by_threads_that_race_for_it() {
    const KEYS: usize = 100;
    let place = Place::new();
    let store = place.serve();
    let barrier = Barrier::new(8);
    let (firsts, known): (Vec<_>, Vec<_>) = thread::scope(|scope| {
        let threads: Vec<_> = (0..8)
            .map(|thread| {
                let (store, barrier) = (&store, &barrier);
                scope.spawn(move || {
                    let (mut first, mut known) = (Vec::new(), Vec::new());
                    for key in 0..KEYS {
                        barrier.wait();
                        match store.begin(with_key(format!("{thread}-{key}"), &key.to_string(), 7)).unwrap() {
                            Begun::New => first.push(key),
                            Begun::Known(row) => known.push((key, row.id)),
                            Begun::Conflict => panic!("it is one request"),
                        }
                    }
                    (first, known)
                })
            })
            .collect();
        threads.into_iter().map(|thread| thread.join().unwrap()).unzip()
    });
    assert_eq!(firsts.concat().len(), KEYS);
    let known: BTreeSet<_> = known.concat().into_iter().collect();
    assert_eq!(known.len(), KEYS, "all others were told of the same call");
    assert_eq!(store.calls(&CallFilter::default(), None, 1000).unwrap().len(), KEYS);
}

#[test]
fn calls_are_found_by_what_is_known_of_them_page_by_page() {
    let place = Place::new();
    let store = place.serve();
    for at in 0..10_u64 {
        let tenant = (at % 2 == 0).then(|| "acme".to_owned());
        let plugin = if at < 5 { "appwrite" } else { "vtiger" }.to_owned();
        store.begin(NewCall { tenant, plugin, at: 1000 + at, ..new(at.to_string()) }).unwrap();
    }
    store.end(Ended { state: CallState::Failed, problem: Some("timeout"), ..ended("3") }, false).unwrap();
    let ids = |filter: CallFilter, before, most| {
        store.calls(&filter, before, most).unwrap().into_iter().map(|row| row.id).collect::<Vec<_>>().join("")
    };
    let any = CallFilter::default;
    assert_eq!(ids(any(), None, 4), "9876");
    let last = store.calls(&any(), None, 4).unwrap().last().unwrap().number;
    assert_eq!(ids(any(), Some(last), 100), "543210");
    assert_eq!(ids(CallFilter { tenant: Some(None), ..any() }, None, 100), "97531");
    let acme = CallFilter { tenant: Some(Some("acme".to_owned())), plugin: Some("vtiger".to_owned()), ..any() };
    assert_eq!(ids(acme, None, 100), "86");
    assert_eq!(ids(CallFilter { state: Some(CallState::Failed), ..any() }, None, 100), "3");
    assert_eq!(ids(CallFilter { since: Some(1007), ..any() }, None, 100), "987");
    assert_eq!(ids(CallFilter { since: Some(5000), ..any() }, None, 100), "");
    let one = CallFilter {
        principal: Some("shop".to_owned()),
        operation: Some("users.list".to_owned()),
        connection: Some("main".to_owned()),
        ..any()
    };
    assert_eq!(ids(one, None, 2), "98");
    assert_eq!(ids(CallFilter { principal: Some("' OR 1=1 --".to_owned()), ..any() }, None, 2), "");
}
