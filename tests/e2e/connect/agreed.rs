//! Somebody agrees, or does not.

use serde_json::json;
use wharf_simulated::oauth::{Authorize, Device, DeviceStep, Options};

use super::{Acme, Browser, by_a_person};

#[test]
fn a_person_agrees_in_a_browser_and_the_connection_works() {
    let acme = Acme::new(Options::default(), by_a_person());
    let waiting = acme.begin(&[], "/start/");
    let mut browser = Browser::default();
    let first = browser.get(&waiting.address);
    assert_eq!(first.status, 302);
    let cookie = first.header("set-cookie").unwrap();
    assert!(cookie.contains("; HttpOnly; SameSite=Lax; Path=/") && !cookie.contains("Secure"), "{cookie}");
    let callback = acme.server.visit(&first.header("location").unwrap()).unwrap();
    let last = browser.get(&callback);
    assert_eq!(last.status, 200);
    assert!(last.body.contains("connected") && last.body.contains("go back to the terminal"), "{}", last.body);
    for (name, value) in [("cache-control", "no-store"), ("referrer-policy", "no-referrer")] {
        assert_eq!(last.header(name).as_deref(), Some(value));
    }
    let policy = last.header("content-security-policy").unwrap();
    assert!(policy.starts_with("default-src 'none'; style-src 'sha256-"), "{policy}");
    assert!(policy.ends_with("form-action 'none'; frame-ancestors 'none'; base-uri 'none'"), "{policy}");
    assert!(!last.body.contains("<script") && !last.body.contains("http"), "{}", last.body);
    let run = acme.end(waiting);
    assert_eq!(run.code, 0, "{run:?}");
    assert_eq!(run.out, "✓ connected `main` of `acme` as ada@example.com; scopes: read, write\n");
    assert!(run.err.contains("the key of the vault"), "it is told once: {}", run.err);

    assert_eq!(acme.run(&["call", "acme", "me.get"]).json()["id"], "ada", "it is the only one");
    assert_eq!(acme.call("main").json()["id"], "ada");
    let shown = acme.shown("acme/main");
    assert_eq!(
        (&shown["state"], &shown["account"], &shown["kind"]),
        (&json!("active"), &json!("ada@example.com"), &json!("made"))
    );
    assert_eq!(shown["credentials"][0]["scopes"], json!(["read", "write"]));
    assert_eq!(shown["uses"]["client_secret"], json!(["the credential `acme`"]));
    let words = acme.run(&["connections", "show", "main"]);
    for part in [
        "acme/main made",
        "ada@example.com",
        "client_secret: given",
        "used by the credential `acme`",
        "renewed with a refresh token",
    ] {
        assert!(words.out.contains(part), "{part}: {}", words.out);
    }
    let list = acme.run(&["connections"]);
    assert!(
        list.out.contains("acme/main") && list.out.contains("active") && list.out.contains("ada@example.com"),
        "{}",
        list.out
    );
    assert!(!list.err.contains("the key of the vault"));
    acme.run(&["call", "acme", "me.get", "--verbose"]);
    acme.run(&["call", "acme", "me.get", "--dry-run"]);
    acme.keeps_to_itself();
}

#[test]
fn a_person_says_no_in_a_browser_and_is_told_so() {
    let denied = Authorize { error: Some("access_denied".to_owned()), ..Authorize::default() };
    let acme = Acme::new(Options { authorize: denied, ..Options::default() }, by_a_person());
    let waiting = acme.begin(&[], "/start/");
    let mut browser = Browser::default();
    let callback = acme.leave(&mut browser, &waiting);
    let page = browser.get(&callback);
    assert_eq!(page.status, 400);
    assert!(page.body.contains("Not connected") && page.body.contains("access_denied"), "{}", page.body);
    acme.end(waiting).fails(4, &["access_denied", "`main` of `acme` is not connected"]);
    acme.run(&["connections", "show", "acme/main"]).fails(2, &["there is no connection `acme/main`"]);
    // It can be tried again under the same name.
    acme.server.change(|options| options.authorize = Authorize::default());
    acme.agree(&[]);
    acme.keeps_to_itself();
}

#[test]
fn a_person_agrees_on_another_device_or_not() {
    let device = Device { steps: vec![DeviceStep::Pending], ..Device::default() };
    let acme = Acme::new(Options { device, ..Options::default() }, by_a_person());
    let waiting = acme.begin(&["--device"], "or open ");
    assert!(waiting.address.contains("/device/verify?user_code="), "{}", waiting.address);
    let run = acme.end(waiting);
    assert_eq!(run.code, 0, "{run:?}");
    assert!(run.out.contains("connected `main` of `acme` as ada@example.com"), "{}", run.out);
    assert_eq!(acme.call("main").json()["id"], "ada");

    acme.server.change(|options| options.device.steps = vec![DeviceStep::Denied]);
    let waiting = acme.begin(&["--device", "--name", "other"], "or open ");
    acme.end(waiting).fails(4, &["access_denied"]);
    acme.run(&["connections", "show", "acme/other"]).fails(2, &["there is no connection"]);
    acme.keeps_to_itself();
}

#[test]
fn fewer_scopes_are_asked_for_and_what_is_not_granted_is_told() {
    let acme = Acme::new(Options { grants_only: Some(vec!["read".to_owned()]), ..Options::default() }, by_a_person());
    let run = acme.agree(&["--scopes", "read,write"]);
    assert!(run.out.ends_with("; scopes: read\n"), "{}", run.out);
    assert!(run.err.contains("not granted of what was asked for: write"), "{}", run.err);
    let asked = acme.server.requests_of("/token");
    assert!(!asked.is_empty());
    acme.keeps_to_itself();
}

#[test]
fn a_program_is_told_in_json() {
    let acme = Acme::new(Options::default(), by_a_person());
    let run = acme.agree(&["--json", "--name", "ada@example.com"]);
    let json = run.json();
    assert_eq!(
        (&json["name"], &json["account"], &json["test"]["operation"]),
        (&json!("ada@example.com"), &json!("ada@example.com"), &json!("me.get"))
    );
    assert_eq!(json["scopes"], json!(["read", "write"]));
}
