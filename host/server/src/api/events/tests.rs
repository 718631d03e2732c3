use http_body_util::BodyExt as _;

use super::*;
use crate::auth::policy::Policy;
use crate::auth::principal::Role;
use crate::events::{Event, Events};

fn reader(tenant: &str) -> Principal {
    Principal {
        name: "ada".to_owned(),
        tenant: Some(tenant.to_owned()),
        roles: [Role::Read].into(),
        policy: Policy::default(),
    }
}

fn tell(events: &Events, tenant: &str, number: usize) {
    events.tell(Event {
        kind: "connection.active",
        tenant: Some(tenant.to_owned()),
        plugin: Some("crm".to_owned()),
        connection: Some(format!("shop-{number}")),
        data: json!({"reason": "one\nline"}),
    });
}

/// What a reader reads until the stream ends.
async fn read(since: Since, reader: Principal) -> String {
    let (way, sent) = mpsc::channel(UNDER_WAY);
    let fed = tokio::spawn(async move { feed(&way, &reader, since).await });
    let body = Sse::new(ReceiverStream::new(sent)).into_response().into_body();
    let text = body.collect().await.unwrap().to_bytes();
    fed.await.unwrap();
    String::from_utf8(text.to_vec()).unwrap()
}

#[tokio::test]
async fn a_reader_is_told_what_is_of_its_tenant_and_may_come_again() {
    let events = Events::new();
    let since = events.since(None);
    let first = since.last.clone();
    tell(&events, "acme", 1);
    tell(&events, "other", 2);
    tell(&events, "acme", 3);
    events.end();
    let text = read(since, reader("acme")).await;
    let start = format!(": begins\nid: {first}\n\nevent: connection.active\ndata: {{\"type\":\"connection.active\"");
    assert!(text.starts_with(&start), "{text}");
    assert!(text.contains("shop-1") && text.contains("shop-3") && !text.contains("shop-2"), "{text}");
    let id = text.lines().filter_map(|line| line.strip_prefix("id: ")).nth(1).unwrap();
    let text = read(events.since(Some(id)), reader("acme")).await;
    assert!(!text.contains("shop-1") && text.contains("shop-3") && !text.contains("events.missed"), "{text}");
    // The newest id comes after what was kept: whoever is cut off in between has not read it.
    assert!(text.starts_with(": begins\n\nevent: connection.active\n"), "{text}");
    let text = read(events.since(Some("of-another-server")), reader("other")).await;
    assert!(text.contains("event: events.missed\n") && text.contains("shop-2"), "{text}");
}

#[tokio::test]
async fn a_slow_reader_is_told_that_it_missed_something() {
    let events = Events::new();
    let since = events.since(None);
    for number in 0..1100 {
        tell(&events, "acme", number);
    }
    let text = read(since, reader("acme")).await;
    assert!(text.contains("event: events.missed\n") && text.contains("faster than they were read"), "{text}");
}
