//! What it costs: run by hand, with `--release -- --ignored --nocapture timing`.

use std::time::Instant;

use super::*;

fn told(what: &str, count: usize, since: Instant) {
    let each = since.elapsed().as_secs_f64() * 1e6 / count as f64;
    #[expect(clippy::print_stdout, reason = "it is for whoever runs it")]
    {
        println!("{what}: {each:.1} µs each");
    }
}

#[test]
#[ignore = "it measures"]
fn timing() {
    const CALLS: usize = 20_000;
    let place = Place::new();
    let store = place.serve();
    let id = |thread: usize, at: usize| format!("{:016x}", (thread * CALLS + at) as u64 ^ 0x9e37_79b9_7f4a_7c15);
    let begun = Instant::now();
    (0..CALLS).for_each(|at| drop(store.begin(new(id(0, at))).unwrap()));
    told("begin, alone", CALLS, begun);
    let ending = Instant::now();
    (0..CALLS).for_each(|at| store.end(ended(id(0, at)), false).unwrap());
    store.call("").unwrap();
    told("end, soon", CALLS, ending);
    let both = Instant::now();
    for at in 0..CALLS {
        store.begin(new(id(1, at))).unwrap();
        store.end(ended(id(1, at)), false).unwrap();
    }
    told("begin and end, alone", CALLS, both);
    let keys = Instant::now();
    for at in 0..CALLS {
        store.begin(with_key(id(2, at), &at.to_string(), 1)).unwrap();
        store.end(Ended { answer: Some(vec![7; 1000]), ..ended(id(2, at)) }, true).unwrap();
    }
    told("with a key, and waiting for the end", CALLS, keys);
    let (commits, many) = (store.commits(), Instant::now());
    thread::scope(|scope| {
        for thread in 0..20 {
            let store = &store;
            scope.spawn(move || {
                for at in 0..CALLS / 20 {
                    store.begin(new(id(3 + thread, at))).unwrap();
                    store.end(ended(id(3 + thread, at)), false).unwrap();
                }
            });
        }
    });
    told("begin and end, of 20 threads", CALLS, many);
    told(&format!("in {} transactions", store.commits() - commits), CALLS, many);
    let principal =
        Principal { name: "shop".to_owned(), tenant: None, roles: [Role::Call].into(), policy: Policy::default() };
    let token = store.add_principal(&principal, None).unwrap();
    let asked = Instant::now();
    (0..CALLS).for_each(|_| assert!(store.principal_of(&token).unwrap().is_some()));
    told("principal of a token", CALLS, asked);
}
