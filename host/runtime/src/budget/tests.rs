use std::time::{Duration, Instant};

use wharf_egress::Deadline;

use super::limits::Window;
use super::queue::Queue;
use super::record::Record;
use super::told::Pause;
use super::turns::{State, Step, Why};
use super::*;
use crate::config::RateConfig;
use crate::manifest::Rate;

mod calls;

const SECOND: Duration = Duration::from_secs(1);

fn millis(millis: u64) -> Duration {
    Duration::from_millis(millis)
}

fn budget(requests: Option<u32>, per: Duration, concurrent: Option<u32>) -> Budget {
    let rate = RateConfig { requests, per: Some(per), concurrent };
    Budget::of(None, Some(&Own { rate, table: Some("[connections.main]".to_owned()) })).unwrap()
}

/// Requests that go as soon as they may, so many of them: the times at which they went.
fn times(requests: u32, per: Duration, many: usize) -> Vec<Duration> {
    let (start, window) = (Instant::now(), Window { requests, per });
    let (mut record, mut now) = (Record::default(), start);
    let next = |_| {
        now = now.checked_add(record.wait(now, window, 1)).unwrap();
        assert!(record.wait(now, window, 1).is_zero());
        record.note(now, window);
        now - start
    };
    (0..many).map(next).collect()
}

#[test]
fn in_no_time_of_the_budget_there_are_more_requests_than_it_says() {
    assert_eq!(times(2, SECOND, 5), [0, 0, 1, 1, 2].map(Duration::from_secs));
    for (requests, per) in [(1, SECOND), (3, millis(70)), (64, SECOND), (65, SECOND), (1000, 60 * SECOND)] {
        let times = times(requests, per, requests as usize * 3 + 1);
        for pair in times.windows(requests as usize + 1) {
            let (first, last) = (pair.first().unwrap(), pair.last().unwrap());
            assert!(*last - *first >= per, "{requests} in {per:?}: one more after {:?}", *last - *first);
        }
        // A little is waited too long where it is not kept to the moment.
        assert!(*times.last().unwrap() <= per.mul_f64(3.2), "{requests} in {per:?}: {:?}", times.last());
    }
}

#[test]
fn a_record_is_small_whatever_its_budget_is() {
    let (start, window) = (Instant::now(), Window { requests: 1_000_000, per: 3600 * SECOND });
    let mut record = Record::default();
    for number in 0..100_000_u32 {
        record.note(start + millis(40) * number, window);
    }
    assert!(record.entries() <= 256, "{}", record.entries());
    // Two connections of one account may have other budgets: the short one makes many entries, which the long one keeps.
    let short = Window { requests: 10, per: millis(1) };
    for number in 0..10_000_u32 {
        record.note(start + millis(4_000_000 + u64::from(number)), short);
    }
    assert!(record.entries() <= 256, "{}", record.entries());
}

#[test]
fn the_wait_of_those_who_come_later_is_known() {
    let (now, window) = (Instant::now(), Window { requests: 2, per: SECOND });
    let mut record = Record::default();
    let waits = |record: &Record, at| (1..=5).map(|nth| record.wait(at, window, nth).as_millis()).collect::<Vec<_>>();
    assert_eq!(waits(&record, now), [0, 0, 1000, 1000, 2000]);
    record.note(now, window);
    assert_eq!(waits(&record, now + millis(400)), [0, 600, 1000, 1600, 2000]);
    record.note(now + millis(400), window);
    assert_eq!(waits(&record, now + millis(400)), [600, 1000, 1600, 2000, 2600]);
}

#[test]
fn tenants_take_turns_and_each_has_its_own_in_order() {
    let mut queue = Queue::default();
    for ticket in 1..=4 {
        queue.join("loud", ticket);
    }
    queue.join("quiet", 5);
    queue.join("third", 6);
    queue.join("third", 7);
    let before: Vec<u64> = (1..=7).map(|ticket| queue.before(ticket)).collect();
    // One of each tenant goes between two of the loud one.
    assert_eq!(before, [0, 3, 5, 6, 1, 2, 4]);
    queue.leave(3);
    let order: Vec<u64> = std::iter::from_fn(|| {
        let next = queue.next();
        queue.go();
        next
    })
    .collect();
    assert_eq!(order, [1, 5, 6, 2, 7, 4]);
    assert!(queue.is_empty() && queue.next().is_none() && queue.before(1) == 0);
}

#[test]
fn whoever_cannot_go_in_time_knows_it_at_once() {
    let (now, budget) = (Instant::now(), budget(Some(1), SECOND, None));
    let mut state = State::default();
    let first = state.join("");
    assert_eq!(state.step(now, first, &budget, SECOND), Step::Go);
    state.go(now, &budget);
    let (second, third) = (state.join(""), state.join(""));
    assert_eq!(state.step(now, second, &budget, 2 * SECOND), Step::Wait(SECOND));
    assert_eq!(state.step(now, second, &budget, millis(900)), Step::Late(Why::Requests(SECOND)));
    // It waits until the one before it has gone, or for all its time.
    assert_eq!(state.step(now, third, &budget, 3 * SECOND), Step::Wait(3 * SECOND));
    assert_eq!(state.step(now, third, &budget, millis(1900)), Step::Late(Why::Requests(2 * SECOND)));
    state.queue.leave(second);
    assert_eq!(state.step(now + SECOND, third, &budget, Duration::ZERO), Step::Go);
}

#[test]
fn so_many_are_under_way_at_one_time() {
    let (now, budget) = (Instant::now(), budget(None, SECOND, Some(2)));
    let mut state = State::default();
    for _ in 0..2 {
        let ticket = state.join("");
        assert_eq!(state.step(now, ticket, &budget, SECOND), Step::Go);
        state.go(now, &budget);
    }
    let third = state.join("");
    assert_eq!(state.step(now, third, &budget, SECOND), Step::Wait(SECOND));
    assert_eq!(state.step(now + SECOND, third, &budget, Duration::ZERO), Step::Late(Why::UnderWay));
    state.came();
    assert_eq!(state.step(now, third, &budget, Duration::ZERO), Step::Go);
}

#[test]
fn a_pause_holds_everybody_up_and_a_shorter_one_does_not_end_it() {
    let (now, budget) = (Instant::now(), budget(Some(10), SECOND, None));
    let mut state = State::default();
    state.pause(now, Pause { lasts: 5 * SECOND, by: "retry-after" });
    state.pause(now, Pause { lasts: SECOND, by: "ratelimit" });
    let ticket = state.join("");
    assert_eq!(state.step(now, ticket, &budget, 4 * SECOND), Step::Late(Why::Paused(5 * SECOND, "retry-after")));
    assert_eq!(state.step(now, ticket, &budget, 6 * SECOND), Step::Wait(5 * SECOND));
    assert_eq!(state.step(now + 5 * SECOND, ticket, &budget, SECOND), Step::Go);
}

#[test]
fn a_pass_that_is_dropped_lets_the_next_one_go() {
    let (account, budget) = (Arc::new(Account::default()), budget(None, SECOND, Some(1)));
    let far = || Deadline::within(60 * SECOND);
    let pass = account.enter("", &budget, far()).ok().unwrap();
    let order = Mutex::new(Vec::new());
    std::thread::scope(|scope| {
        for (place, tenant) in ["loud", "loud", "quiet"].into_iter().enumerate() {
            let (account, budget, order) = (&account, &budget, &order);
            scope.spawn(move || {
                let pass = account.enter(tenant, budget, far()).ok().unwrap();
                order.lock().unwrap().push((place, tenant));
                drop(pass);
            });
            while account.waiting() <= place {
                std::thread::yield_now();
            }
        }
        drop(pass);
    });
    assert_eq!(order.into_inner().unwrap(), [(0, "loud"), (2, "quiet"), (1, "loud")]);
    assert_eq!(account.waiting(), 0);
}

#[test]
fn a_pause_reaches_those_who_wait_already() {
    let (account, budget) = (Arc::new(Account::default()), budget(None, SECOND, Some(1)));
    let pass = account.enter("", &budget, Deadline::within(60 * SECOND)).ok().unwrap();
    std::thread::scope(|scope| {
        let waiting = scope.spawn(|| account.enter("", &budget, Deadline::within(60 * SECOND)).err());
        while account.waiting() == 0 {
            std::thread::yield_now();
        }
        account.pause(Pause { lasts: 3600 * SECOND, by: "retry-after" });
        let limit = waiting.join().unwrap().unwrap().limit("the account of Acme", &budget);
        assert_eq!((limit.name, limit.retry_after), ("rate", Some(3600)));
    });
    drop(pass);
}

#[test]
fn a_refusal_says_whose_budget_it_is_who_says_so_and_what_to_do() {
    let hint = Rate { requests: Some(2), per_seconds: Some(60), concurrent: Some(1) };
    let account = Arc::new(Account::default());
    let words = |budget: &Budget| {
        let late = account.enter("", budget, Deadline::within(Duration::ZERO)).err().unwrap();
        late.limit("the account of Acme that the connection `main` uses", budget).to_string()
    };
    let by_manifest = Budget::of(Some(&hint), None).unwrap();
    let pass = account.enter("", &by_manifest, Deadline::within(SECOND)).ok().unwrap();
    assert_eq!(
        words(&by_manifest),
        "the call reached the limit `rate` of 1 request at one time by the plugin's manifest: the account of Acme that the \
         connection `main` uses has room for no further request beside those under way, and the call waited for it to its end; \
         remedy: try again later, or, if the provider takes more, make the connection from one of wharf.toml whose \
         `rate.concurrent` is higher"
    );
    drop(pass);
    drop(account.enter("", &by_manifest, Deadline::within(SECOND)).ok().unwrap());
    let own = Own {
        rate: RateConfig { requests: Some(1), per: None, concurrent: None },
        table: Some("[connections.main]".to_owned()),
    };
    let by_both = Budget::of(Some(&hint), Some(&own)).unwrap();
    assert_eq!(
        words(&by_both),
        "the call reached the limit `rate` of 1 request in 1m by `rate` of [connections.main]: the account of Acme that the \
         connection `main` uses has room for the next request in 1m, and the call waited for it to its end; remedy: try again \
         later, or, if the provider takes more, raise `rate.requests` of [connections.main] in wharf.toml"
    );
    account.pause(Pause { lasts: 120 * SECOND, by: "retry-after" });
    assert_eq!(
        words(&by_both),
        "the call reached the limit `rate` of the provider's header `retry-after`: the account of Acme that the connection \
         `main` uses takes the next request in 2m, as the provider says, and the call waited for it to its end; remedy: try \
         again after that time"
    );
}

#[test]
fn where_nobody_says_how_many_there_is_no_budget() {
    assert!(Budget::of(None, None).is_none());
    assert!(
        Budget::of(None, Some(&Own { rate: RateConfig::default(), table: Some("[connections.main]".to_owned()) }))
            .is_none()
    );
    assert!(
        Budget::of(None, Some(&Own { rate: RateConfig { per: Some(SECOND), ..RateConfig::default() }, table: None }))
            .is_none()
    );
    let nothing =
        Own { rate: RateConfig { requests: Some(0), per: Some(Duration::MAX), concurrent: Some(0) }, table: None };
    let least = Budget::of(None, Some(&nothing)).unwrap();
    assert_eq!((least.window.unwrap().requests, least.concurrent), (1, Some(1)));
}

#[test]
fn accounts_that_are_in_use_stay_and_others_go_as_their_turn_comes() {
    let budgets = Budgets::of_most(2);
    let used = budgets.account("used", "acme");
    let _ = budgets.account("a", "acme");
    let _ = budgets.account("b", "acme");
    let known = || budgets.accounts.lock().unwrap().iter().map(|(key, _)| key.clone()).collect::<Vec<_>>();
    assert_eq!(known(), ["b", "used"]);
    assert!(Arc::ptr_eq(&used, &budgets.account("used", "acme")));
    let more = [budgets.account("c", "acme"), budgets.account("d", "acme")];
    assert_eq!(known(), ["d", "c", "used"]);
    drop((used, more));
    let _ = budgets.account("e", "acme");
    assert_eq!(known().first().map(String::as_str), Some("e"));
}

#[test]
fn a_provider_holds_up_its_account_for_an_hour_at_most() {
    let told = |status, name: &str, value: &str| {
        told::pause(status, &[(name.to_owned(), value.to_owned())]).map(|pause| (pause.lasts, pause.by))
    };
    assert_eq!(told(429, "retry-after", "7"), Some((7 * SECOND, "retry-after")));
    assert_eq!(told(429, "retry-after", "9999999"), Some((3600 * SECOND, "retry-after")));
    assert_eq!(told(200, "ratelimit", "\"day\";r=0;t=86400"), Some((3600 * SECOND, "ratelimit")));
    assert_eq!((told(429, "retry-after", "0"), told(200, "retry-after", "7")), (None, None));
}
