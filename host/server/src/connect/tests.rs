//! Somebody connects with a link, against a token server and over no socket of our own: the browser is a map of cookies.

use std::collections::{BTreeMap, BTreeSet};
use std::sync::{Arc, Mutex};

use serde_json::{Value, json};
use wharf::config::ServerConfig;
use wharf::{Connection, Grant, Host, Secret};
use wharf_artifacts::BLANK;
use wharf_simulated::oauth::{CLIENT_ID, CLIENT_SECRET, Options, TokenServer};

use super::Connecting;
use super::flow::{Browser, Flow};
use super::page::Page;
use super::reach::Reach;
use super::sessions::{New, State, USUAL};
use super::wish::{Wish, plan};
use crate::auth::principal::{Principal, Role};
use crate::events::Event;
use crate::problem;

pub(crate) const KEY: &str = "kX9vQ2mT7bR4wZ8nL5pJ3dF6";

/// A host with two plugins: `acme`, which somebody agrees to, and `keys`, which takes a key.
pub(crate) struct World {
    pub(crate) server: TokenServer,
    pub(crate) host: Host,
    pub(crate) config: ServerConfig,
    pub(crate) connecting: Connecting,
    pub(crate) told: Mutex<Vec<Event>>,
}

impl World {
    pub(crate) fn new() -> Self {
        let server = TokenServer::start(Options {
            redirect_uris: vec!["https://wharf.example.com/connect/callback".to_owned()],
            ..Options::default()
        })
        .unwrap();
        let host = Host::builder().build().unwrap();
        for document in [manifest("acme"), manifest("keys")] {
            host.load_bytes(&component(&document)).unwrap();
        }
        for name in ["app", "beta:app"] {
            let connection = Connection::builder("acme", name, &server.url())
                .field("client_id", CLIENT_ID)
                .secret("client_secret", Secret::new(CLIENT_SECRET));
            host.connect("acme", Grant::from(connection.build().unwrap()).tenants(vec!["ac*".to_owned()]));
        }
        let of_keys = Connection::builder("keys", "server", &server.url()).build().unwrap();
        host.connect("keys", Grant::from(of_keys).tenants(vec!["*".to_owned()]));
        let config = ServerConfig {
            title: Some("The <Product>".to_owned()),
            return_urls: vec!["https://product.example.com".to_owned()],
            ..ServerConfig::default()
        };
        let (connecting, told) = (Connecting::default(), Mutex::default());
        Self { server, host, config, connecting, told }
    }

    pub(crate) fn reach<'w>(&'w self, principal: &'w Principal) -> Reach<'w> {
        Reach { host: &self.host, principal }
    }

    fn with<T>(&self, then: impl FnOnce(&Flow<'_>) -> T) -> T {
        let tell = |event: Event| self.told.lock().unwrap().push(event);
        then(&Flow {
            host: &self.host,
            config: &self.config,
            connecting: &self.connecting,
            public_url: "https://wharf.example.com",
            tell: &tell,
        })
    }

    /// A session of acme, as its id and the token of its link.
    fn begin(&self, wish: Wish) -> (String, String) {
        let new = New {
            wish,
            principal: Arc::new(manager(Some("acme"))),
            return_url: Some("https://product.example.com/done?x=1".to_owned()),
            lasts: USUAL,
        };
        let (session, token) = self.connecting.sessions.begin(new).unwrap();
        (session.id, token)
    }

    fn get(&self, token: &str, browser: &mut Person) -> Page {
        browser.took(self.with(|flow| flow.show(token, &browser.says())))
    }

    fn post(&self, token: &str, browser: &mut Person, fields: &[(&str, &str)]) -> Page {
        let mut body = form_urlencoded::Serializer::new(String::new());
        body.extend_pairs(fields).append_pair("form-token", &browser.form_token);
        browser.took(self.with(|flow| flow.submit(token, &browser.says(), body.finish().as_bytes())))
    }

    fn come_back(&self, address: &str, browser: &mut Person) -> Page {
        let query = address.split_once('?').unwrap().1;
        browser.took(self.with(|flow| flow.come_back(query, &browser.says())))
    }

    fn kinds(&self) -> Vec<&'static str> {
        self.told.lock().unwrap().iter().map(|event| event.kind).collect()
    }
}

/// Somebody's browser.
#[derive(Default)]
struct Person {
    cookies: BTreeMap<String, String>,
    form_token: String,
}

impl Person {
    fn says(&self) -> Browser {
        Browser { cookies: self.cookies.clone(), ..Browser::default() }
    }

    fn took(&mut self, page: Page) -> Page {
        for (_, cookie) in page.headers().filter(|(name, _)| *name == "Set-Cookie") {
            assert!(cookie.contains("; HttpOnly; SameSite=Lax; Path=/; ") && cookie.ends_with("; Secure"), "{cookie}");
            let (name, value) = cookie.split(';').next().unwrap().split_once('=').unwrap();
            assert!(name.starts_with("__Host-wharf-"), "{name}");
            self.cookies.insert(name.to_owned(), value.to_owned());
        }
        if let Some((_, rest)) = page.body().split_once("name=\"form-token\" value=\"") {
            rest.split('"').next().unwrap().clone_into(&mut self.form_token);
        }
        page
    }
}

pub(crate) fn manager(tenant: Option<&str>) -> Principal {
    Principal {
        name: "product".to_owned(),
        tenant: tenant.map(str::to_owned),
        roles: BTreeSet::from([Role::Manage]),
        policy: Default::default(),
    }
}

fn manifest(name: &str) -> Value {
    let read =
        |path: &str| json!({ "title": "Read", "summary": "Read.", "request": { "method": "GET", "path": path } });
    let mut document = json!({
        "contract": "0.2.0-draft", "name": name, "title": "Acme & Co", "version": "1.0.0", "summary": "Things.",
        "server": { "summary": "Where it is." },
        "scheme": "account",
        "operations": { "me.get": read("/api/me") },
        "test": { "operation": "me.get", "identity": ["/id"] },
    });
    let placed = |template: &str| {
        json!({ "account": {
        "summary": "Who asks.", "placements": [{ "header": "Authorization", "template": template }],
    } })
    };
    let field = |title: &str, secret: bool| {
        json!({
            "title": title, "summary": "From the provider.", "required": true, "secret": secret,
        })
    };
    if name == "keys" {
        document["fields"] = json!({ "api_key": field("API key", true), "project": field("Project", false) });
        document["schemes"] = placed("Bearer {api_key}");
        return document;
    }
    document["fields"] =
        json!({ "client_id": field("Client ID", false), "client_secret": field("Client secret", true) });
    document["schemes"] = placed("Bearer {credential.account.access}");
    document["credentials"] = json!({ "account": { "summary": "An account.", "oauth2": {
        "grants": ["authorization-code"],
        "authorize": { "path": "/authorize" }, "token": { "path": "/token" }, "revoke": { "path": "/revoke" },
        "client": { "id": "client_id", "secret": "client_secret", "by": "basic" },
        "scopes": ["read", "write"], "pkce": true,
    } } });
    document
}

/// A component that is nothing but a manifest.
fn component(document: &Value) -> Vec<u8> {
    const MARK: &[u8] = b"A manifest is written over this text.";
    let mut bytes = BLANK.bytes.to_vec();
    let at = bytes.windows(MARK.len()).position(|window| window == MARK).unwrap();
    let text = document.to_string();
    let room = bytes[at + MARK.len()..].iter().take_while(|byte| **byte == b' ').count();
    assert!(text.len() <= room);
    bytes[at..at + MARK.len()].fill(b' ');
    bytes[at..at + text.len()].copy_from_slice(text.as_bytes());
    bytes
}

fn wish(plugin: &str, from: &str) -> Wish {
    Wish { plugin: plugin.into(), name: "ada".into(), from: Some(from.into()), ..Wish::default() }
}

/// Where a page sends its browser.
fn on(page: &Page) -> String {
    let body = page.body();
    let (_, rest) = body.split_once("content=\"0;url=").unwrap_or_else(|| panic!("{body}"));
    rest.split('"').next().unwrap().replace("&amp;", "&")
}

#[test]
fn somebody_agrees_in_the_browser_that_opened_the_link() {
    let world = World::new();
    let (id, token) = world.begin(wish("acme", "app"));
    let (mut ada, mut eve) = (Person::default(), Person::default());
    let page = world.get(&token, &mut ada);
    let body = page.body();
    assert_eq!(page.status(), 200, "{body}");
    assert!(
        body.contains("The &lt;Product&gt;, for acme") && body.contains("Acme &amp; Co") && body.contains("ada"),
        "{body}"
    );
    assert!(!body.contains("Client secret"), "{body}");
    assert_eq!(world.get(&token, &mut eve).status(), 403);
    let page = world.post(&token, &mut ada, &[]);
    assert_eq!(page.status(), 200, "{}", page.body());
    let back = world.server.visit(&on(&page)).unwrap();
    assert!(back.starts_with("https://wharf.example.com/connect/callback?"), "{back}");
    // Whoever has the address has not the cookie.
    assert_eq!(world.come_back(&back, &mut eve).status(), 403);
    let page = world.come_back(&back, &mut ada);
    assert_eq!(
        (page.status(), on(&page)),
        (200, format!("https://product.example.com/done?x=1&session={id}&status=connected"))
    );
    let info = world.host.info("acme", "acme:ada").unwrap().unwrap();
    assert_eq!((info.from.as_deref(), info.state()), (Some("app"), "active"));
    assert!(matches!(world.connecting.sessions.get(&id).unwrap().state, State::Connected(_)));
    assert_eq!(world.kinds(), ["connect-session.completed"]);
    // It is good once.
    assert_eq!(world.come_back(&back, &mut ada).status(), 404);
    assert_eq!(world.get(&token, &mut ada).status(), 403);
}

#[test]
fn a_key_that_the_provider_does_not_take_makes_no_connection_and_may_be_entered_anew() {
    let world = World::new();
    let (_, token) = world.begin(wish("keys", "server"));
    let mut ada = Person::default();
    let body = world.get(&token, &mut ada).body();
    assert!(
        body.contains("type=\"password\" name=\"api_key\"") && body.contains("type=\"text\" name=\"project\""),
        "{body}"
    );
    let page = world.post(&token, &mut ada, &[("api_key", "wr0ngkX9vQ2mT7bR4wZ8nL5pJ"), ("project", "shop")]);
    assert_eq!(page.status(), 422, "{}", page.body());
    assert!(page.body().contains("value=\"shop\"") && !page.body().contains("wr0ng"), "{}", page.body());
    assert!(world.host.info("keys", "acme:ada").unwrap().is_none());
    assert_eq!(world.post(&token, &mut ada, &[("project", "shop")]).status(), 422);
    let (access, _) = world.server.grant("ada");
    let page = world.post(&token, &mut ada, &[("api_key", &access), ("project", "shop")]);
    assert_eq!(page.status(), 200, "{}", page.body());
    assert!(!page.body().contains(&access));
    assert_eq!(world.kinds(), ["connect-session.failed", "connect-session.completed"]);
    assert_eq!(world.host.info("keys", "acme:ada").unwrap().unwrap().account.as_deref(), Some("ada"));
}

#[test]
fn a_form_of_others_counts_for_nothing() {
    let world = World::new();
    let (_, token) = world.begin(wish("keys", "server"));
    let mut ada = Person::default();
    world.get(&token, &mut ada);
    let good = std::mem::replace(&mut ada.form_token, "guessed".to_owned());
    assert_eq!(world.post(&token, &mut ada, &[("api_key", "e8Nf2Lx6Tz0Wc4Jv9Rb3Hk7M")]).status(), 403);
    ada.form_token = good.clone();
    let by_others = Browser { is_sent_by_others: true, ..ada.says() };
    let body = format!("form-token={good}&api_key=e8Nf2Lx6Tz0Wc4Jv9Rb3Hk7M&project=x");
    assert_eq!(world.with(|flow| flow.submit(&token, &by_others, body.as_bytes())).status(), 403);
    // Nor is one that is looked at ahead opened.
    let (_, token) = world.begin(wish("keys", "server"));
    let ahead = Browser { is_ahead: true, ..Browser::default() };
    assert_eq!(world.with(|flow| flow.show(&token, &ahead)).status(), 403);
    assert_eq!(world.get(&token, &mut ada).status(), 200);
}

#[test]
fn a_link_that_is_too_old_leads_nowhere_also_on_the_way_back() {
    let world = World::new();
    let (id, token) = world.begin(wish("acme", "app"));
    let mut ada = Person::default();
    world.get(&token, &mut ada);
    let away = on(&world.post(&token, &mut ada, &[]));
    let back = world.server.visit(&away).unwrap();
    world.connecting.sessions.age(&id);
    assert_eq!(world.come_back(&back, &mut ada).status(), 410);
    assert_eq!(world.get(&token, &mut ada).status(), 410);
    assert!(world.host.info("acme", "acme:ada").unwrap().is_none());
}

#[test]
fn who_says_no_may_try_again() {
    let world = World::new();
    let (id, token) = world.begin(wish("acme", "app"));
    let mut ada = Person::default();
    world.get(&token, &mut ada);
    let away = on(&world.post(&token, &mut ada, &[]));
    let state = away.split("state=").nth(1).unwrap().split('&').next().unwrap();
    let page = world.come_back(&format!("?error=access_denied&state={state}"), &mut ada);
    assert_eq!(page.status(), 400, "{}", page.body());
    assert!(matches!(world.connecting.sessions.get(&id).unwrap().state, State::Waiting(Some(_))));
    assert_eq!(world.kinds(), ["connect-session.failed"]);
    world.get(&token, &mut ada);
    let back = world.server.visit(&on(&world.post(&token, &mut ada, &[]))).unwrap();
    assert_eq!(world.come_back(&back, &mut ada).status(), 200);
}

#[test]
fn what_is_of_another_tenant_is_nothing_to_be_made_from() {
    let world = World::new();
    let principal = manager(Some("acme"));
    let reach = world.reach(&principal);
    assert!(plan(&reach, &wish("acme", "app"), BTreeMap::new()).is_ok());
    for (tenant, from) in [("other", "app"), ("acme", "beta:app"), ("acme", "nothing")] {
        let principal = manager(Some(tenant));
        let refused = plan(&world.reach(&principal), &wish("acme", from), BTreeMap::new()).err().unwrap();
        assert_eq!(refused.kind, problem::UNKNOWN, "{tenant} {from}");
    }
    for name in ["beta:x", "a/b", "", "~server", ".."] {
        let wish = Wish { name: name.into(), ..wish("acme", "app") };
        assert_eq!(plan(&reach, &wish, BTreeMap::new()).err().unwrap().kind, problem::UNKNOWN, "{name}");
        let nameless = manager(None);
        let refused = plan(&world.reach(&nameless), &wish, BTreeMap::new()).err().unwrap();
        assert_eq!(refused.kind, problem::UNKNOWN, "{name}");
    }
}

#[test]
fn no_secret_goes_to_a_server_that_it_was_not_given_for() {
    let world = World::new();
    let principal = manager(Some("acme"));
    let reach = world.reach(&principal);
    let servers = |url: &str| BTreeMap::from([("main".to_owned(), url.to_owned())]);
    let alone = Wish { from: None, servers: servers("https://one.example"), ..wish("keys", "") };
    // Not those of what it is made from.
    let based = Wish { servers: servers("https://evil.example"), ..wish("keys", "server") };
    assert_eq!(plan(&reach, &based, BTreeMap::new()).err().unwrap().kind, problem::INVALID_INPUT);
    let here = Wish { servers: servers("http://127.0.0.1:1"), ..alone.clone() };
    assert_eq!(plan(&reach, &here, BTreeMap::new()).err().unwrap().kind, problem::INVALID_INPUT);
    let fields = |key: &str| {
        BTreeMap::from([("api_key".to_owned(), Secret::new(key)), ("project".to_owned(), Secret::new("p"))])
    };
    let made = plan(&reach, &alone, fields(KEY)).unwrap();
    made.check_whole(&reach).unwrap();
    world.host.connect_unattended(made.connect).unwrap();
    // Nor its own.
    let moved = Wish { servers: servers("https://evil.example"), ..alone.clone() };
    let refused = plan(&reach, &moved, BTreeMap::new()).err().unwrap();
    assert_eq!((refused.kind, &refused.members["missing"]), (problem::INVALID_INPUT, &json!(["api_key"])));
    assert!(plan(&reach, &moved, fields("q8Nf2Lx6Tz0Wc4Jv9Rb3Hk7M")).is_ok());
    assert!(plan(&reach, &alone, BTreeMap::new()).is_ok());
    // And what it was made from does not change under it.
    let refused = plan(&reach, &wish("keys", "server"), BTreeMap::new()).err().unwrap();
    assert_eq!(refused.kind, problem::CONNECTION);
}

#[test]
fn a_list_has_the_connections_of_its_tenant_alone() {
    let world = World::new();
    for (tenant, name) in
        [(None, "zed"), (Some("acme"), "ada"), (Some("acme"), "bob"), (Some("beta"), "eve"), (None, "abe")]
    {
        let principal = manager(tenant);
        let wish = Wish {
            name: name.into(),
            from: None,
            servers: BTreeMap::from([("main".to_owned(), "https://one.example".to_owned())]),
            ..wish("keys", "")
        };
        let fields = BTreeMap::from([("api_key".into(), Secret::new(KEY)), ("project".into(), Secret::new("p"))]);
        let made = plan(&world.reach(&principal), &wish, fields).unwrap();
        world.host.connect_unattended(made.connect).unwrap();
    }
    let names = |tenant: Option<&str>, after: Option<&str>, most: usize| -> Vec<String> {
        let principal = manager(tenant);
        let all = world.reach(&principal).list("keys", after, most).unwrap();
        all.into_iter().map(|known| known.own).collect()
    };
    assert_eq!(names(Some("acme"), None, 10), ["ada", "bob"]);
    assert_eq!(names(Some("acme"), Some("ada"), 10), ["bob"]);
    assert_eq!(names(Some("beta"), None, 10), ["eve"]);
    assert_eq!(names(None, None, 10), ["abe", "server", "zed"]);
    assert_eq!(names(None, None, 1), ["abe"]);
    assert_eq!(names(None, Some("server"), 10), ["zed"]);
    let principal = manager(Some("beta"));
    let reach = world.reach(&principal);
    let (foreign, absent) = (reach.known("keys", "ada").unwrap_err(), reach.known("keys", "abc").unwrap_err());
    assert_eq!(foreign.detail.replace("`ada`", "`abc`"), absent.detail);
}
