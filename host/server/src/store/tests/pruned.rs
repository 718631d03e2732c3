//! What is too old, or too much.

use super::*;

const WEEK: Duration = Duration::from_secs(7 * 86_400);

fn at_day(store: &Store, id: &str, days: u64, call: NewCall) {
    let at = now() - days * DAY;
    store.begin(NewCall { at, ..call }).unwrap();
    store.end(Ended { at, answer: Some(b"answer".to_vec()), ..ended(id) }, false).unwrap();
}

#[test]
fn what_is_older_goes_and_what_is_not_at_its_end_stays() {
    let place = Place::new();
    let store = place.serve();
    let old = now() - 20 * DAY;
    store.begin(NewCall { at: old, request: Some(b"input".to_vec()), is_later: true, ..new("waits") }).unwrap();
    at_day(&store, "old", 10, new("old"));
    at_day(&store, "young", 3, new("young"));
    assert_eq!(store.prune(WEEK, u64::MAX).unwrap(), 1);
    assert_eq!(store.call("old").unwrap(), None);
    assert!(store.call("young").unwrap().is_some() && store.call("waits").unwrap().is_some());
    assert_eq!(store.request("waits").unwrap().unwrap(), b"input");
    assert_eq!(store.answer("young").unwrap(), None, "an answer is kept for a day");
    assert_eq!(store.prune(WEEK, u64::MAX).unwrap(), 0);
}

#[test]
fn contents_are_kept_with_their_calls_where_the_operator_wants_it() {
    let place = Place::new();
    let store = place.serve();
    store.keep_contents(true);
    at_day(&store, "young", 3, new("young"));
    store.prune(WEEK, u64::MAX).unwrap();
    assert_eq!(store.answer("young").unwrap().unwrap(), b"answer");
    at_day(&store, "younger", 0, new("younger"));
    store.prune(Duration::from_secs(86_400), u64::MAX).unwrap();
    assert_eq!((store.answer("young").unwrap(), store.answer("younger").unwrap().is_some()), (None, true));
    let left = store
        .inner
        .read(|connection| connection.query_row("SELECT count(*) FROM contents", [], |row| row.get::<_, i64>(0)));
    assert_eq!(left.unwrap(), 1);
}

#[test]
fn of_too_much_the_oldest_goes_but_no_call_whose_key_is_bound() {
    let place = Place::new();
    let store = place.serve();
    store.keep_contents(true);
    let large = |id: &str| Ended { answer: Some(vec![7; 20_000]), ..ended(id) };
    store.begin(with_key("bound", "k", 1)).unwrap();
    store.end(large("bound"), false).unwrap();
    for number in 0..2000 {
        let id = number.to_string();
        store.begin(new(id.as_str())).unwrap();
        store.end(large(&id), false).unwrap();
    }
    let gone = store.prune(WEEK, 20 << 20).unwrap();
    assert!((500..2000).contains(&gone), "{gone}");
    assert!(store.inner.size().unwrap() <= 20 << 20);
    assert!(store.call("0").unwrap().is_none() && store.call("1999").unwrap().is_some());
    assert!(matches!(store.begin(with_key("again", "k", 1)).unwrap(), Begun::Known(_)));
    store.prune(WEEK, 0).unwrap();
    let left: Vec<_> = store.calls(&CallFilter::default(), None, 10).unwrap().into_iter().map(|row| row.id).collect();
    assert_eq!(left, ["1999", "bound"], "numbers do not come again");
}

#[test]
fn a_key_is_forgotten_after_a_day() {
    let place = Place::new();
    let store = place.serve();
    at_day(&store, "old", 2, with_key("old", "k", 1));
    at_day(&store, "young", 0, with_key("young", "l", 1));
    store.prune(WEEK, u64::MAX).unwrap();
    let keys = store
        .inner
        .read(|connection| connection.query_row("SELECT count(*) FROM keys", [], |row| row.get::<_, i64>(0)));
    assert_eq!(keys.unwrap(), 1);
    assert!(store.call("old").unwrap().is_some());
}
