use super::*;
use crate::auth::policy::{Names, Policy};

fn event(kind: &'static str, tenant: Option<&str>, plugin: &str, connection: Option<&str>) -> Event {
    Event {
        kind,
        tenant: tenant.map(str::to_owned),
        plugin: Some(plugin.to_owned()),
        connection: connection.map(str::to_owned),
        data: json!({}),
    }
}

fn principal(tenant: Option<&str>, roles: &[Role]) -> Principal {
    Principal {
        name: "ada".to_owned(),
        tenant: tenant.map(str::to_owned),
        roles: roles.iter().copied().collect(),
        policy: Policy::default(),
    }
}

fn only(names: &str) -> Option<Vec<Names>> {
    Some(vec![Names::try_from(names.to_owned()).unwrap()])
}

fn told(events: &Events) -> Arc<Told> {
    Arc::clone(events.lock().kept.back().unwrap())
}

fn kinds(since: &Since) -> Vec<&str> {
    since.kept.iter().map(|told| told.event.kind).collect()
}

#[test]
fn whoever_comes_again_is_told_what_happened_meanwhile() {
    let events = Events::new();
    let begin = events.since(None).last;
    assert!(events.since(Some(&begin)).kept.is_empty() && !events.since(Some(&begin)).has_gap);
    for kind in ["connection.active", "connection.revoked", "release.live"] {
        events.tell(event(kind, None, "crm", Some("shop")));
    }
    let since = events.since(Some(&begin));
    assert_eq!((kinds(&since).len(), since.has_gap), (3, false));
    let first = since.kept[0].id.clone();
    let since = events.since(Some(&first));
    assert_eq!((kinds(&since), since.has_gap), (vec!["connection.revoked", "release.live"], false));
    assert!(events.since(Some(&since.last)).kept.is_empty());
    assert!(events.since(None).kept.is_empty());
    // Of another server, or of none, it is not known what was missed.
    for unknown in ["1-1", "geheim", "", &format!("{begin}9")] {
        let since = events.since(Some(unknown));
        assert_eq!((since.kept.len(), since.has_gap), (3, true), "{unknown}");
    }
}

#[test]
fn what_is_not_kept_any_more_is_told_as_a_gap() {
    let events = Events::new();
    let begin = events.since(None).last;
    for _ in 0..KEPT {
        events.tell(event("connection.active", None, "crm", None));
    }
    let first = events.lock().kept[0].id.clone();
    assert!(!events.since(Some(&begin)).has_gap);
    events.tell(event("connection.active", None, "crm", None));
    assert_eq!(events.since(Some(&begin)).kept.len(), KEPT);
    assert!(events.since(Some(&begin)).has_gap && !events.since(Some(&first)).has_gap);
}

#[test]
fn each_hears_of_what_it_may_look_at() {
    let events = Events::new();
    events.tell(event("connection.active", Some("acme"), "crm", Some("shop-eu")));
    let of_connection = told(&events);
    assert!(of_connection.is_for(&principal(Some("acme"), &[Role::Read])));
    assert!(of_connection.is_for(&principal(Some("acme"), &[Role::Manage])));
    for nobody in [
        principal(Some("acme"), &[Role::Call]),
        principal(Some("other"), &Role::ALL),
        principal(None, &Role::ALL),
        Principal {
            policy: Policy { plugins: only("mail"), ..Policy::default() },
            ..principal(Some("acme"), &Role::ALL)
        },
        Principal {
            policy: Policy { connections: only("crm-*"), ..Policy::default() },
            ..principal(Some("acme"), &Role::ALL)
        },
    ] {
        assert!(!of_connection.is_for(&nobody), "{nobody:?}");
    }
    assert!(of_connection.is_of(None) && of_connection.is_of(Some("acme")) && !of_connection.is_of(Some("other")));
    let of = |principal: &str| OfCall {
        principal: principal.to_owned(),
        operation: "users.list".to_owned(),
        effect: "read",
    };
    events.tell_of_call(event("call.ended", None, "crm", None), of("ada"));
    assert!(told(&events).is_for(&principal(None, &[Role::Call])));
    assert_eq!(told(&events).to_json()["data"]["operation"], "users.list");
    events.tell_of_call(event("call.ended", None, "crm", None), of("eve"));
    assert!(!told(&events).is_for(&principal(None, &[Role::Call, Role::Manage])));
    assert!(told(&events).is_for(&principal(None, &[Role::Read])));
    assert!(!told(&events).is_for(&principal(Some("acme"), &[Role::Read])));
    events.tell_of_approval(event("approval.requested", None, "crm", None), of("eve"));
    assert!(told(&events).is_for(&principal(None, &[Role::Approve])));
    assert!(!told(&events).is_for(&principal(None, &[Role::Call, Role::Manage])));
    assert!(!told(&events).is_for(&principal(Some("acme"), &[Role::Approve])));
    events.tell_all(event("release.live", None, "crm", None));
    assert!(told(&events).is_for(&principal(Some("acme"), &[Role::Call])) && told(&events).is_of(Some("acme")));
    let narrow = Policy { plugins: only("mail"), ..Policy::default() };
    assert!(!told(&events).is_for(&Principal { policy: narrow, ..principal(None, &Role::ALL) }));
}

#[test]
fn a_connection_is_told_of_by_the_name_that_its_tenant_knows() {
    let events = Arc::new(Events::new());
    let tell = events.hook();
    let mut of = ConnectionEvent {
        plugin: "crm".to_owned(),
        connection: "acme:shop".to_owned(),
        credential: "oauth".to_owned(),
        state: Standing::NeedsReconnect,
        reason: "the consent was withdrawn".to_owned(),
    };
    tell(&of);
    let json = told(&events).to_json();
    assert_eq!(json["type"], "connection.needs-reconnect");
    let data = json!({"tenant": "acme", "plugin": "crm", "connection": "shop", "credential": "oauth",
        "reason": "the consent was withdrawn"});
    assert_eq!(json["data"], data);
    (of.connection, of.reason) = ("shop".to_owned(), String::new());
    tell(&of);
    assert_eq!(told(&events).to_json()["data"], json!({"plugin": "crm", "connection": "shop", "credential": "oauth"}));
}

#[test]
fn streams_end_when_the_server_does() {
    let events = Events::new();
    let mut rest = events.since(None).rest.unwrap();
    events.tell(event("connection.active", None, "crm", None));
    events.end();
    events.tell(event("connection.active", None, "crm", None));
    assert!(rest.try_recv().is_ok());
    assert!(rest.try_recv().is_err());
    assert!(events.since(None).rest.is_none());
}
