use super::*;
use crate::store::approvals::{ApprovalKind, NewAccess, NewApproval};

fn waiting(id: &str) -> NewCall {
    waiting_until(id, now() + 60_000)
}

fn waiting_until(id: &str, expires: u64) -> NewCall {
    let approval = NewApproval { digest: "d1".to_owned(), expires, shown: br#"{"input":"shown"}"#.to_vec() };
    NewCall { is_later: true, request: Some(b"geheim".to_vec()), approval: Some(approval), ..new(id) }
}

fn confirm(digest: &str) -> Decision {
    Decision::Confirm { digest: digest.to_owned() }
}

const NO: Decision = Decision::Reject { reason: None };

#[test]
fn a_call_runs_only_when_it_was_confirmed_with_its_digest() {
    let place = Place::new();
    let store = place.serve();
    assert!(matches!(store.begin(waiting("c")).unwrap(), Begun::New));
    let state = |store: &Store| store.call("c").unwrap().unwrap().state;
    assert_eq!((state(&store), store.start("c").unwrap()), (CallState::Waiting, false));
    assert!(store.adopt("c").unwrap().is_none() && store.take_up().unwrap().is_empty());
    assert_eq!(store.decide("c", &confirm("d2"), "boss").unwrap(), Decided::WrongDigest);
    assert_eq!(store.decide("other", &confirm("d1"), "boss").unwrap(), Decided::Unknown);
    assert_eq!(state(&store), CallState::Waiting);

    // Another process says so.
    let Decided::Done(done) = place.open().decide("c", &confirm("d1"), "boss").unwrap() else { panic!() };
    assert_eq!((done.state, done.decider.as_deref()), (ApprovalState::Confirmed, Some("boss")));
    assert!(store.take_up().unwrap().is_empty(), "it is recorded first");
    for late in [confirm("d1"), NO] {
        assert!(matches!(store.decide("c", &late, "other").unwrap(), Decided::Before(_)));
    }
    let untold = store.untold().unwrap();
    assert_eq!(untold.len(), 1);
    assert!(store.told(&untold[0]).unwrap() && !store.told(&untold[0]).unwrap() && store.untold().unwrap().is_empty());
    assert!(!store.start("c").unwrap(), "it is nobody's yet");
    assert_eq!(store.adopt("c").unwrap().as_deref(), Some(&b"geheim"[..]));
    assert!(store.adopt("c").unwrap().is_none() && store.take_up().unwrap().is_empty(), "it is this one's alone");
    assert!(store.start("c").unwrap() && !store.start("c").unwrap(), "it begins once");
}

#[test]
fn what_is_rejected_or_too_late_has_ended_and_its_request_is_forgotten() {
    let place = Place::new();
    let store = place.serve();
    store.begin(NewCall { key: with_key("no", "k", 1).key, ..waiting("no") }).unwrap();
    store.begin(NewCall { key: with_key("late", "l", 1).key, ..waiting_until("late", now()) }).unwrap();
    store.decide("no", &NO, "boss").unwrap();
    let Decided::Before(late) = store.decide("late", &confirm("d1"), "boss").unwrap() else { panic!() };
    assert_eq!(late.state, ApprovalState::Expired);
    store.expire().unwrap();
    for (id, problem) in [("no", "approval-rejected"), ("late", "approval-expired")] {
        let row = store.call(id).unwrap().unwrap();
        assert_eq!((row.state, row.problem.as_deref()), (CallState::Failed, Some(problem)));
        assert!(row.ended.is_some() && store.request(id).unwrap().is_none() && !store.start(id).unwrap());
        let answer = String::from_utf8(store.answer(id).unwrap().unwrap()).unwrap();
        assert!(answer.contains(problem) && answer.contains("nothing was sent"), "{answer}");
    }
    assert_eq!(store.untold().unwrap().len(), 2);
    // A person's word holds for the key; what nobody looked at may be asked for again.
    assert!(matches!(store.begin(with_key("again", "k", 1)).unwrap(), Begun::Known(_)));
    assert!(matches!(store.begin(with_key("anew", "l", 1)).unwrap(), Begun::New));
}

#[test]
fn one_decision_holds_whatever_process_it_is_of() {
    let place = Place::new();
    let server = place.serve();
    for round in 0..10 {
        let id = format!("c{round}");
        server.begin(waiting(&id)).unwrap();
        let stores = [place.open(), place.open(), place.open(), place.open()];
        let barrier = Barrier::new(stores.len());
        let done: Vec<bool> = thread::scope(|scope| {
            let deciding: Vec<_> = (stores.iter().enumerate())
                .map(|(number, store)| {
                    let (id, barrier) = (&id, &barrier);
                    scope.spawn(move || {
                        barrier.wait();
                        let decision = if number % 2 == 0 { confirm("d1") } else { NO };
                        matches!(store.decide(id, &decision, "somebody").unwrap(), Decided::Done(_))
                    })
                })
                .collect();
            deciding.into_iter().map(|one| one.join().unwrap()).collect()
        });
        assert_eq!(done.iter().filter(|done| **done).count(), 1, "{done:?}");
        let is_confirmed = done[0] || done[2];
        let expected = if is_confirmed { CallState::Accepted } else { CallState::Failed };
        assert_eq!(server.call(&id).unwrap().unwrap().state, expected);
    }
}

#[test]
fn what_is_shown_is_sealed_and_goes_with_its_call() {
    let place = Place::new();
    let store = place.serve();
    store.begin(waiting("c")).unwrap();
    assert_eq!(store.approval_shown("c").unwrap().unwrap()["input"], "shown");
    store.decide("c", &NO, "boss").unwrap();
    store.begin(new("last")).unwrap();
    store.prune(Duration::ZERO, 0).unwrap();
    assert!(store.call("c").unwrap().is_none() && store.approval("c").unwrap().is_none());
}

#[test]
fn requests_for_access_are_bounded_and_grant_nothing() {
    let place = Place::new();
    let store = place.serve();
    let wanted = |id: &str, plugin: &str| NewAccess {
        id: id.to_owned(),
        tenant: Some("acme".to_owned()),
        principal: "shop".to_owned(),
        plugin: plugin.to_owned(),
        operation: None,
        connection: None,
        reason: "why not".to_owned(),
        at: 0,
        expires: now() + 60_000,
    };
    let asked = store.ask_for_access(&wanted("a", "crm"), 2).unwrap().unwrap();
    assert_eq!((asked.kind, asked.state), (ApprovalKind::Access, ApprovalState::Open));
    assert_eq!(store.ask_for_access(&wanted("b", "crm"), 2).unwrap().unwrap().id, "a");
    store.ask_for_access(&wanted("c", "mail"), 2).unwrap().unwrap();
    assert!(store.ask_for_access(&wanted("d", "shop"), 2).unwrap().is_none());
    assert_eq!(store.decide("a", &confirm(""), "boss").unwrap(), Decided::NoCall);
    assert!(matches!(store.decide("a", &NO, "boss").unwrap(), Decided::Done(_)));
    store.ask_for_access(&wanted("d", "shop"), 2).unwrap().unwrap();
    let open = ApprovalFilter { tenant: Some(Some("acme".to_owned())), state: Some(ApprovalState::Open) };
    assert_eq!(store.approvals(&open, 10).unwrap().len(), 2);
    assert!(store.approvals(&ApprovalFilter { tenant: Some(None), state: None }, 10).unwrap().is_empty());
    // What is decided and told is not kept for ever.
    store.untold().unwrap().iter().for_each(|approval| assert!(store.told(approval).unwrap()));
    store.prune(Duration::ZERO, u64::MAX).unwrap();
    assert!(store.approval("a").unwrap().is_none() && store.approval("d").unwrap().is_some());
}
