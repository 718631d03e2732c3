//! What all servers share.

use std::net::TcpStream;
use std::time::{Duration, Instant};

use wharf_simulated::{Canned, Recorded, Simulation, chatwoot};

use crate::client::{agent, call};

#[test]
fn requests_are_recorded_as_they_arrived() {
    let server = chatwoot::start().unwrap();
    let url = server.url() + "/a%2Fb//c?d=%20&d";

    call("POST", &url, &[("X-Mark", "here")], b"{ not json");

    let requests = server.requests();
    let [request] = requests.as_slice() else { panic!("one request expected") };
    assert_eq!(request.method, "POST");
    assert_eq!(request.target, "/a%2Fb//c?d=%20&d");
    assert_eq!(request.header("x-MARK"), Some("here"));
    assert_eq!(request.body, b"{ not json");

    server.clear_requests();
    assert_eq!(server.requests(), Vec::<Recorded>::new());
}

#[test]
fn prepared_answers_come_first_and_in_order() {
    let server = chatwoot::start().unwrap();
    let url = server.url() + "/api";
    server.answer_next(Canned {
        status: 429,
        headers: vec![("Retry-After".to_owned(), "7".to_owned())],
        ..Canned::default()
    });
    server.answer_next(Canned {
        content_type: "text/html".to_owned(),
        body: b"<p>maintenance</p>".to_vec(),
        ..Canned::default()
    });

    let first = call("GET", &url, &[], b"");
    let second = call("GET", &url, &[], b"");
    let third = call("GET", &url, &[], b"");

    assert_eq!((first.status, first.content_type.as_str(), first.text.as_str()), (429, "", ""));
    assert_eq!((second.status, second.text.as_str()), (200, "<p>maintenance</p>"));
    assert_eq!(third.json()["queue_services"], "ok");
    assert_eq!(server.requests().len(), 3);
}

#[test]
fn a_redirect_carries_its_location() {
    let server = chatwoot::start().unwrap();
    let headers = vec![("Location".to_owned(), "/elsewhere".to_owned())];
    server.answer_next(Canned { status: 302, headers, ..Canned::default() });
    let agent = agent(None);

    let response = agent.get(server.url()).call().unwrap();

    assert_eq!(response.status(), 302);
    assert_eq!(response.headers()["location"], "/elsewhere");
}

#[test]
fn an_answer_can_be_held_back() {
    let server = chatwoot::start().unwrap();
    let delay = Duration::from_millis(50);
    server.answer_next(Canned { delay: Some(delay), ..Canned::default() });
    let start = Instant::now();

    call("GET", &server.url(), &[], b"");

    assert!(start.elapsed() >= delay);
}

#[test]
fn dropping_waits_neither_for_idle_connections_nor_for_held_back_answers() {
    let server = chatwoot::start().unwrap();
    let delay = Some(Duration::from_secs(3600));
    server.answer_next(Canned { delay, ..Canned::default() });
    let address = server.url().replace("http://", "");
    let idle = TcpStream::connect(&address).unwrap();
    let agent = agent(Some(Duration::from_millis(50)));
    assert!(agent.get(server.url()).call().is_err());
    let start = Instant::now();

    drop(server);

    assert!(start.elapsed() < Duration::from_secs(60));
    assert!(TcpStream::connect(&address).is_err());
    drop(idle);
}

#[test]
fn all_providers_run_side_by_side_and_say_how_to_reach_them() {
    let simulation = Simulation::start().unwrap();

    let connections = simulation.connections();

    let names: Vec<_> = connections.iter().map(|connection| connection.provider).collect();
    assert_eq!(names, ["appwrite", "chatwoot", "vtiger", "wibiclick", "aigency"]);
    for connection in &connections {
        let host = connection.base_url.strip_prefix("http://127.0.0.1:").unwrap();
        assert!(host.starts_with(|c: char| c.is_ascii_digit()));
        for (name, value) in &connection.fields {
            let public = ["project_id", "username"].contains(name);
            assert!(public || value.len() >= 16, "{name}");
        }
    }
    let health = format!("{}/health", connections[0].base_url);
    let headers = [
        ("X-Appwrite-Project", connections[0].fields[0].1.as_str()),
        ("X-Appwrite-Key", connections[0].fields[1].1.as_str()),
    ];
    assert_eq!(call("GET", &health, &headers, b"").status, 200);
}
