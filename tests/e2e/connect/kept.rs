//! What is done with connections that were made.

use serde_json::json;
use wharf_simulated::oauth::{CLIENT_ID, Options};

use super::{Acme, by_a_person};

#[test]
fn connections_are_tested_renewed_renamed_revoked_and_removed() {
    let acme = Acme::new(Options::default(), by_a_person());
    acme.agree(&[]);
    let test = acme.run(&["connections", "test", "acme/main"]);
    assert!(test.out.contains("me.get says that it is of ada@example.com; scopes: read, write"), "{test:?}");

    let run = acme.run(&["connections", "refresh", "main"]);
    assert!(run.out.starts_with("✓ acme/main was renewed, for "), "{run:?}");
    assert_eq!((acme.server.refreshes(), acme.server.reuses()), (1, 0));
    let swept = acme.run(&["connections", "refresh", "--due", "--json"]).json();
    assert_eq!(swept, json!({ "looked-at": 1, "renewed": 0, "failed": 0 }));
    let swept = acme.run(&["connections", "refresh", "--due", "--unused", "0s"]);
    assert_eq!(swept.out, "1 connections were looked at, and 1 credentials renewed\n");

    let run = acme.run(&["connections", "rename", "acme/main", "ada"]);
    assert_eq!(run.out, "✓ acme/main is acme/ada from now on\n");
    assert_eq!(acme.call("ada").json()["id"], "ada");
    acme.call("main").fails(2, &["there is no connection `acme/main`"]);
    acme.call("add").fails(2, &["there is no connection `acme/add`; did you mean `acme/ada`?"]);
    acme.run(&["connections", "show", "acme/adda"]).fails(2, &["did you mean `acme/ada`?"]);
    acme.run(&["connections", "rename", "ada", "a/b"]).fails(2, &["is no name of a connection"]);

    let run = acme.run(&["connections", "revoke", "ada"]);
    assert!(run.out.contains("acme/ada is revoked, and the provider knows"), "{run:?}");
    assert!(acme.server.figures().revocations > 0);
    assert_eq!(acme.shown("ada")["state"], "revoked");
    acme.call("ada").fails(2, &["revoked", "wharf connect acme --name ada"]);

    acme.agree(&["--name", "ada"]);
    acme.agree(&["--name", "grace"]);
    acme.run(&["call", "acme", "me.get"]).fails(2, &["--connection ada or --connection grace"]);
    let run = acme.run(&["connections", "remove", "ada"]);
    assert_eq!(
        run.out,
        "✓ acme/ada is removed; its tokens stay valid at the provider until they run out, or its access is ended there\n"
    );
    let run = acme.run(&["connections", "remove", "acme/grace", "--revoke"]);
    assert_eq!(run.out, "✓ acme/grace is removed; the provider knows that its tokens are over\n");
    assert_eq!(acme.run(&["connections", "list", "--json"]).json(), json!([]));
    let list = acme.run(&["connections"]);
    assert!(list.out.is_empty() && list.err.contains("`wharf connect PLUGIN` makes one"), "{list:?}");
    let audit = acme.run(&["audit", "show"]);
    for words in ["acme is active: connected", "renamed from main", "acme is revoked", "removed"] {
        assert!(audit.out.contains(words), "{words}: {}", audit.out);
    }
    assert_eq!(acme.run(&["audit", "verify"]).code, 0);
    acme.keeps_to_itself();
}

#[test]
fn what_a_configured_connection_has_is_what_many_are_made_from() {
    let acme = Acme::new(Options::default(), by_a_person());
    let secret = acme.own("secret", wharf_simulated::oauth::CLIENT_SECRET);
    let configuration = format!(
        "plugins = [\"plugins/\"]\n[connections.base]\nprovider = \"acme\"\nbase_url = \"{}\"\noperations = [\"me.*\"]\n\
         [connections.base.fields]\nclient_id = \"{CLIENT_ID}\"\nclient_secret = {{ file = \"{}\" }}\n",
        acme.server.url(),
        secret.trim_start_matches('@')
    );
    acme.world.configure(&configuration);
    let list = acme.run(&["connections", "list", "--json"]).json();
    assert_eq!(list, json!([{ "plugin": "acme", "name": "base", "kind": "configured", "state": null }]));
    let check = acme.run(&["check", "--offline"]);
    assert!(
        check.out.contains("its credential `acme` is not there yet; run `wharf connect acme --name base`"),
        "{check:?}"
    );

    let connect = |name: &str| {
        let waiting = acme.start(&["connect", "acme", "--no-browser", "--name", name], "/start/");
        let mut browser = super::Browser::default();
        let callback = acme.leave(&mut browser, &waiting);
        assert_eq!(browser.get(&callback).status, 200);
        let run = acme.end(waiting);
        assert_eq!(run.code, 0, "{run:?}");
    };
    for name in ["ada", "grace", "base"] {
        connect(name);
        assert_eq!(acme.call(name).json()["id"], "ada");
    }
    let shown = acme.shown("acme/ada");
    assert_eq!((&shown["from"], &shown["fields"]), (&json!("base"), &json!({})));
    // Its grants are those of what it was made from.
    acme.run(&["call", "acme", "things.list", "--connection", "ada"]).fails(3, &["not granted for `things.list`"]);
    let check = acme.run(&["check", "--offline"]);
    assert!(check.out.contains("its credential `acme` is active"), "{check:?}");
    let kinds = |list: &serde_json::Value| {
        let one =
            |one: &serde_json::Value| format!("{} {}", one["name"].as_str().unwrap(), one["kind"].as_str().unwrap());
        list.as_array().unwrap().iter().map(one).collect::<Vec<_>>().join(", ")
    };
    let list = acme.run(&["connections", "list", "acme", "--json"]).json();
    assert_eq!(kinds(&list), "ada made, base configured, grace made");
    acme.run(&["connections", "rename", "base", "other"]).fails(2, &["stands in the configuration"]);
    let run = acme.run(&["connections", "remove", "base"]);
    assert!(run.out.ends_with("; it stays in the configuration\n"), "{run:?}");

    acme.world.configure("plugins = [\"plugins/\"]\n");
    acme.call("ada").fails(2, &["is made from `base`, and `acme` has no such connection in the configuration"]);
    acme.keeps_to_itself();
}
