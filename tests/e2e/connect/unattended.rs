//! Where nobody has to agree; and what is asked for.

use serde_json::{Value, json};
use wharf_simulated::oauth::{CLIENT_ID, CLIENT_SECRET, Options, RSA_KEY, RSA_KEY_ID, SERVICE_ACCOUNT};

use super::{Acme, by_a_person};

fn by_itself() -> Value {
    json!({
        "grants": ["client-credentials"], "token": { "path": "/token" },
        "client": { "id": "client_id", "secret": "client_secret", "by": "body" }, "scopes": ["read"],
    })
}

#[test]
fn a_client_connects_for_itself() {
    let acme = Acme::new(Options::default(), by_itself());
    let run = acme.connect(&[]);
    assert_eq!(run.code, 0, "{run:?}");
    assert!(run.out.starts_with("✓ connected `main` of `acme` as "), "{}", run.out);
    acme.server.expire_all();
    assert_eq!(acme.call("main").code, 0, "there is a new token");
    acme.own("secret", "a-wrong-secret-Zq8TnYx3Wk5B");
    let run = acme.connect(&["--name", "other"]);
    run.fails(4, &["invalid_client", "`other` of `acme` is not connected"]);
    assert!(!run.err.contains("Zq8TnYx3Wk5B"));
    acme.run(&["connections", "show", "acme/other"]).fails(2, &["there is no connection `acme/other`"]);
    acme.keeps_to_itself();
}

#[test]
fn a_service_account_connects_with_its_key() {
    let acme = Acme::with(Options::default(), |manifest| {
        manifest["fields"] = json!({
            "client_id": { "title": "Client ID", "summary": "From the provider." },
            "account": { "title": "Account", "summary": "Who signs.", "required": true },
            "key": { "title": "Key", "summary": "In PEM form.", "secret": true, "required": true },
            "key_id": { "title": "ID of the key", "summary": "From the provider.", "required": true },
        });
        manifest["credentials"]["acme"]["oauth2"] = json!({
            "grants": ["jwt-bearer"], "token": { "path": "/token" }, "client": { "id": "client_id", "by": "none" },
            "assertion": { "key": { "field": "key", "algorithm": "RS256", "id": "key_id" }, "issuer": "account", "lasts": 60 },
            "scopes": ["read"],
        });
    });
    let key = format!("key={}", acme.own("key.pem", RSA_KEY));
    let (url, id) = (acme.server.url(), format!("client_id={CLIENT_ID}"));
    let (account, key_id) = (format!("account={SERVICE_ACCOUNT}"), format!("key_id={RSA_KEY_ID}"));
    let fields = [id.as_str(), &account, &key, &key_id].into_iter().flat_map(|field| ["--field", field]);
    let words: Vec<&str> = ["connect", "acme", "--server", &url].into_iter().chain(fields).collect();
    let run = acme.run(&words);
    assert_eq!(run.code, 0, "{run:?}");
    assert!(run.out.contains(SERVICE_ACCOUNT), "{}", run.out);
    assert_eq!(acme.call("main").code, 0);
    acme.keeps_to_itself();
}

#[test]
fn fields_come_from_files_the_environment_and_standard_input() {
    let acme = Acme::new(Options::default(), by_itself());
    let url = acme.server.url();
    let id = format!("client_id={CLIENT_ID}");
    let base = ["connect", "acme", "--server", &url];
    let run = acme.run(&base);
    run.fails(
        2,
        &[
            "required fields are missing: `client_id` (Client ID): --field client_id=VALUE",
            "`client_secret` (Client secret): --field client_secret=@FILE, or set ACME_CLIENT_SECRET",
        ],
    );
    let words = [base.as_slice(), &["--field", "client_idd=x"]].concat();
    acme.run(&words).fails(2, &["has no field `client_idd`; did you mean `client_id`?"]);

    let words = [base.as_slice(), &["--field", &id]].concat();
    let run = acme.kept(acme.world.wharf_with(&[("ACME_CLIENT_SECRET", CLIENT_SECRET)], &words));
    assert_eq!(run.code, 0, "{run:?}");
    // It is kept: the variable is not needed for calls.
    assert_eq!(acme.call("main").code, 0);

    let words = [base.as_slice(), &["--field", &id, "--field", "client_secret", "--name", "piped"]].concat();
    let run = acme.kept(acme.world.wharf_reading(&format!("{CLIENT_SECRET}\n"), &words));
    assert_eq!(run.code, 0, "{run:?}");
    acme.keeps_to_itself();

    let secret = format!("client_secret={CLIENT_SECRET}");
    let words = [base.as_slice(), &["--field", &id, "--field", &secret, "--name", "typed"]].concat();
    let run = acme.world.wharf(&words);
    assert_eq!(run.code, 0, "{run:?}");
    assert!(run.err.contains("the secret `client_secret` stands on the command line"), "{}", run.err);
    assert!(!run.err.contains(CLIENT_SECRET));
    acme.keeps_to_itself();
}

#[test]
fn a_server_that_the_provider_tells_of_waits_for_the_operators_word() {
    let acme = Acme::with(Options { api_apart: true, ..Options::default() }, |manifest| {
        manifest["servers"] = json!({ "instance": { "summary": "Where the account is." } });
        let mut oauth2 = by_a_person();
        oauth2["servers"] = json!({ "instance": { "answer": "/instance_url" } });
        manifest["credentials"]["acme"]["oauth2"] = oauth2;
        manifest["schemes"]["acme"]["servers"] = json!(["instance"]);
        for operation in ["me.get", "things.list"] {
            manifest["operations"][operation]["request"]["server"] = json!("instance");
        }
    });
    let instance = acme.server.api_url();
    acme.server.change(|options| {
        options.shape.extra.insert("instance_url".to_owned(), json!(instance));
    });
    let connect = |more: &[&str]| {
        let waiting = acme.begin(more, "/start/");
        let mut browser = super::Browser::default();
        let callback = acme.leave(&mut browser, &waiting);
        assert_eq!(browser.get(&callback).status, 200);
        acme.end(waiting)
    };
    let run = connect(&[]);
    run.fails(2, &[&instance, "nothing is sent there before you accept it", "wharf connections accept acme/main"]);
    acme.call("main").fails(2, &[&instance, "wharf connections accept acme/main"]);
    assert_eq!(acme.server.requests_of("/api/me").len(), 0);
    assert_eq!(acme.shown("acme/main")["state"], "to-be-accepted");

    let run = acme.run(&["connections", "accept", "main"]);
    assert!(run.out.contains(&format!("`instance` go to {instance}")), "{run:?}");
    assert_eq!(acme.call("main").json()["id"], "ada");
    acme.run(&["connections", "accept", "main"]).fails(2, &["no base URL that waits"]);

    let run = connect(&["--name", "other", "--accept-server"]);
    assert_eq!(run.code, 0, "{run:?}");
    assert!(run.out.contains("as ada@example.com"), "{}", run.out);
    acme.keeps_to_itself();
}

#[test]
fn where_the_main_server_is_may_be_known_only_then() {
    let acme = Acme::with(Options { api_apart: true, ..Options::default() }, |manifest| {
        manifest["servers"] = json!({ "accounts": { "summary": "Where people log in." } });
        let mut oauth2 = by_a_person();
        for endpoint in ["authorize", "device", "token", "revoke"] {
            oauth2[endpoint]["server"] = json!("accounts");
        }
        oauth2["servers"] = json!({ "main": { "answer": "/instance_url" } });
        manifest["credentials"]["acme"]["oauth2"] = oauth2;
    });
    let instance = acme.server.api_url();
    acme.server.change(|options| {
        options.shape.extra.insert("instance_url".to_owned(), json!(instance));
    });
    let (accounts, id) = (format!("accounts={}", acme.server.url()), format!("client_id={CLIENT_ID}"));
    let secret = format!("client_secret={}", acme.own("secret", CLIENT_SECRET));
    let fields = ["--field", &id, "--field", &secret];
    let words = [&["connect", "acme", "--no-browser", "--server", &accounts], fields.as_slice()].concat();
    let waiting = acme.start(&words, "/start/");
    let mut browser = super::Browser::default();
    let callback = acme.leave(&mut browser, &waiting);
    assert_eq!(browser.get(&callback).status, 200);
    acme.end(waiting).fails(2, &["says that it is at", &instance, "wharf connections accept acme/main"]);
    acme.call("main").fails(2, &["says that it is at", &instance, "wharf connections accept acme/main"]);
    assert_eq!(acme.run(&["connections", "accept", "main"]).code, 0);
    assert_eq!(acme.call("main").json()["id"], "ada");
    assert_eq!(acme.run(&["connections", "refresh", "main"]).code, 0);
    acme.keeps_to_itself();
}

#[test]
fn the_token_stays_that_of_the_person_where_the_server_that_gave_it_is_another_one_from_then_on() {
    let acme = Acme::with(Options { api_apart: true, ..Options::default() }, |manifest| {
        let mut oauth2 = by_a_person();
        oauth2["servers"] = json!({ "main": { "answer": "/instance_url" } });
        manifest["credentials"]["acme"]["oauth2"] = oauth2;
    });
    let instance = acme.server.api_url();
    acme.server.change(|options| {
        options.shape.extra.insert("instance_url".to_owned(), json!(instance));
    });
    let waiting = acme.begin(&[], "/start/");
    let mut browser = super::Browser::default();
    let callback = acme.leave(&mut browser, &waiting);
    assert_eq!(browser.get(&callback).status, 200);
    acme.end(waiting).fails(2, &[&instance, "wharf connections accept acme/main"]);

    let run = acme.run(&["connections", "accept", "main"]);
    assert!(run.out.contains(&instance), "{run:?}");
    assert_eq!(acme.call("main").json()["id"], "ada");
    acme.keeps_to_itself();
}
