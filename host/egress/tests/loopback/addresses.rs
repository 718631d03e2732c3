//! The rule `address`: the address that was judged is the one that is connected to.

use std::sync::Arc;
use std::sync::atomic::{AtomicUsize, Ordering};

use wharf_egress::IpNet;

use crate::{Server, answers, builder, denied, get};

fn net(text: &str) -> [IpNet; 1] {
    [text.parse().unwrap()]
}

#[test]
fn a_name_that_resolves_to_an_internal_address_is_refused_unless_the_operator_allows_it() {
    let server = Server::start();
    let url = server.url_by_name("provider.test");
    let denial = denied(get(&builder(&url).lookup(answers(&["127.0.0.1"])).build().unwrap()));
    assert_eq!(denial.rule.name(), "address");
    assert!(
        denial.remedy.contains("allow_addresses = [\"127.0.0.1\"] in [connections.main] of wharf.toml"),
        "{denial}"
    );
    assert!(server.arrived().is_empty() && server.sockets() == 0);

    let allowed = builder(&url).lookup(answers(&["127.0.0.1"])).allow_addresses(net("127.0.0.0/8")).build().unwrap();
    assert_eq!(get(&allowed).unwrap().status, 200);
    assert!(server.arrived()[0].contains(&format!("host: provider.test:{}", server.address.port())));
}

#[test]
fn an_address_or_localhost_in_the_base_url_is_meant() {
    let server = Server::start();
    assert_eq!(get(&builder(&server.url()).build().unwrap()).unwrap().status, 200);
    let by_name = builder(&server.url_by_name("localhost")).lookup(answers(&["127.0.0.1"])).build().unwrap();
    assert_eq!(get(&by_name).unwrap().status, 200);
}

#[test]
fn one_forbidden_answer_refuses_all_of_them() {
    let server = Server::start();
    let url = server.url_by_name("provider.test");
    for list in ["127.0.0.1 169.254.169.254", "127.0.0.1 ::ffff:169.254.169.254", "127.0.0.1 10.0.0.1", "127.0.0.1 ::"]
    {
        let builder = builder(&url).lookup(answers(&[list])).allow_addresses(net("127.0.0.0/8"));
        assert_eq!(denied(get(&builder.build().unwrap())).rule.name(), "address", "{list}");
    }
    assert!(server.arrived().is_empty() && server.sockets() == 0);
}

#[test]
fn a_name_that_answers_differently_the_second_time_is_judged_again_also_with_a_socket_in_the_pool() {
    let server = Server::start();
    let url = server.url_by_name("provider.test");
    let lookup = answers(&["127.0.0.1", "169.254.169.254", "10.0.0.1", "127.0.0.1"]);
    let connection = builder(&url).lookup(lookup).allow_addresses(net("127.0.0.1/32")).build().unwrap();
    assert_eq!(get(&connection).unwrap().status, 200);
    assert!(denied(get(&connection)).message.contains("169.254.169.254"));
    assert!(denied(get(&connection)).message.contains("10.0.0.1"));
    assert_eq!(server.arrived().len(), 1, "nothing went over the socket that was there");
    assert_eq!(get(&connection).unwrap().status, 200);
    assert_eq!((server.arrived().len(), server.sockets()), (2, 1), "and then it is used again");
}

#[test]
fn a_name_is_asked_for_once_for_each_request() {
    let server = Server::start();
    let asked = Arc::new(AtomicUsize::new(0));
    let inner = answers(&["127.0.0.1"]);
    let counting = Arc::clone(&asked);
    let lookup = move |host: &str, port| {
        counting.fetch_add(1, Ordering::SeqCst);
        inner(host, port)
    };
    let url = server.url_by_name("provider.test");
    let connection = builder(&url).lookup(lookup).allow_addresses(net("127.0.0.1/32")).build().unwrap();
    for n in 1..=3 {
        assert_eq!(get(&connection).unwrap().status, 200);
        assert_eq!(asked.load(Ordering::SeqCst), n, "between judging and connecting nobody asks again");
    }
}

#[test]
fn sockets_are_not_shared_between_connections() {
    let server = Server::start();
    let (one, other) = (builder(&server.url()).build().unwrap(), builder(&server.url()).build().unwrap());
    for connection in [&one, &one, &other, &other] {
        assert_eq!(get(connection).unwrap().status, 200);
    }
    assert_eq!(server.sockets(), 2);
}
