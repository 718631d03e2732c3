use std::thread;

use base64::Engine as _;
use base64::engine::general_purpose::URL_SAFE_NO_PAD;
use serde_json::{Value, json};
use wharf::config::OidcPrincipal;
use wharf_simulated::oauth::{EC_KEY_ID, Odd, Options, RSA_KEY_ID, TokenServer};

use super::*;
use crate::auth::principal::Role;

struct World {
    server: TokenServer,
    oidc: Oidc,
    /// What the operator was told.
    told: Arc<Mutex<Vec<String>>>,
}

fn users(claims: &[(&str, &str)]) -> OidcPrincipal {
    OidcPrincipal {
        claims: claims.iter().map(|(name, value)| ((*name).to_owned(), (*value).to_owned())).collect(),
        tenant: Some("acme".to_owned()),
        roles: vec!["call".to_owned()],
        plugins: None,
        connections: Some(vec!["shop-*".to_owned()]),
        operations: Some(vec!["users.*".parse().unwrap()]),
        effects: None,
        approve_effects: Vec::new(),
        approve_operations: Vec::new(),
    }
}

impl World {
    fn new() -> Self {
        Self::with(|_| {})
    }

    fn with(change: impl FnOnce(&mut OidcConfig)) -> Self {
        let server = TokenServer::start(Options::default()).unwrap();
        let mut config = OidcConfig {
            issuer: server.url(),
            audience: "wharf".to_owned(),
            algorithms: vec!["RS256".to_owned(), "ES256".to_owned()],
            allow_addresses: Vec::new(),
            principals: [("staff".to_owned(), users(&[]))].into(),
        };
        change(&mut config);
        let told = Arc::new(Mutex::new(Vec::new()));
        let mut oidc = {
            let told = Arc::clone(&told);
            let tell = move |words: &str| told.lock().unwrap().push(words.to_owned());
            Oidc::new(&config, Arc::new(tell)).unwrap()
        };
        // Time stands still for what the issuer is asked, so that each test says when it passes.
        oidc.held.pace =
            keys::Pace { fresh: Duration::MAX, unknown: Duration::MAX, failed: Duration::MAX, longest: Duration::MAX };
        Self { server, oidc, told }
    }

    /// A good token, but for what is said.
    fn token(&self, header: &Value, claims: &Value) -> String {
        let mut all = (
            json!({"alg": "RS256", "kid": RSA_KEY_ID}),
            json!({"iss": self.server.url(), "aud": "wharf", "sub": "ada", "exp": now().as_secs() + 600}),
        );
        for (part, more) in [(&mut all.0, header), (&mut all.1, claims)] {
            part.as_object_mut().unwrap().extend(more.as_object().unwrap().clone());
        }
        self.server.signed(&all.0, &all.1).unwrap()
    }

    fn good(&self) -> String {
        self.token(&json!({}), &json!({}))
    }

    fn asked(&self) -> usize {
        self.server.requests_of("/jwks").len()
    }

    /// What keeps a good token from being taken.
    #[track_caller]
    fn trouble(&self) -> String {
        assert_eq!(self.oidc.principal_of(&self.good()), Err(NotKnown::Unreachable));
        self.oidc.held.trouble().unwrap()
    }
}

#[track_caller]
fn refused(result: Result<Option<Arc<Principal>>, NotKnown>) -> String {
    match result {
        Err(NotKnown::Refused(problem)) => problem,
        other => panic!("not refused: {other:?}"),
    }
}

#[test]
fn a_token_tells_who_asks_and_is_verified_once() {
    let world = World::new();
    let by_ec =
        world.token(&json!({"alg": "ES256", "kid": EC_KEY_ID, "typ": "at+jwt"}), &json!({"aud": ["x", "wharf"]}));
    for token in [world.good(), by_ec] {
        assert_eq!(world.oidc.known(&token), None);
        let principal = world.oidc.principal_of(&token).unwrap().unwrap();
        assert_eq!((principal.name.as_str(), principal.tenant.as_deref()), ("staff/ada", Some("acme")));
        assert!(principal.is(Role::Call) && !principal.is(Role::Read));
        assert!(principal.policy.covers_connection("shop-eu") && !principal.policy.covers_connection("crm"));
        assert!(principal.sees("any", "users.list", wharf::declaration::Effect::Read));
        assert!(!principal.sees("any", "files.list", wharf::declaration::Effect::Read));
        assert!(Arc::ptr_eq(&world.oidc.known(&token).unwrap(), &principal));
    }
    assert_eq!(world.asked(), 1);
    world.oidc.known.lock().unwrap().iter_mut().for_each(|(_, known)| known.expires = now());
    assert_eq!(world.oidc.known(&world.good()), None, "it has run out");
}

#[test]
fn who_a_user_is_depends_on_the_claims() {
    let world = World::with(|config| {
        config.principals = [
            ("a-chiefs".to_owned(), users(&[("groups", "chief"), ("email_verified", "true")])),
            ("b-realm".to_owned(), users(&[("/realm_access/roles", "ops")])),
            ("c-level".to_owned(), users(&[("level", "7"), ("https://a.example/team", "red")])),
        ]
        .into();
    });
    let name = |claims: Value| {
        let known = world.oidc.principal_of(&world.token(&json!({}), &claims)).unwrap();
        known.map(|principal| principal.name.clone())
    };
    let chief = json!({"groups": ["staff", "chief"], "email_verified": true, "realm_access": {"roles": ["ops"]}});
    assert_eq!(name(chief).as_deref(), Some("a-chiefs/ada"), "the first one that fits");
    assert_eq!(name(json!({"realm_access": {"roles": ["ops"]}, "sub": "auth0|7"})).as_deref(), Some("b-realm/auth0|7"));
    assert_eq!(name(json!({"level": 7, "https://a.example/team": "red"})).as_deref(), Some("c-level/ada"));
    for nobody in [
        json!({}),
        json!({"groups": ["chief"]}),
        json!({"groups": [["chief"]], "email_verified": true}),
        json!({"groups": "chiefs", "email_verified": true}),
        json!({"groups": {"chief": true}, "email_verified": true}),
        json!({"level": 7}),
        json!({"/realm_access/roles": "op"}),
    ] {
        assert_eq!(name(nobody.clone()), None, "{nobody}");
    }
    for subject in [json!(null), json!(""), json!(7), json!("a b"), json!("é"), json!("x".repeat(256))] {
        let token = world.token(&json!({}), &json!({"level": 7, "https://a.example/team": "red", "sub": subject}));
        assert!(refused(world.oidc.principal_of(&token)).contains("`sub`"));
    }
}

#[test]
fn no_attack_on_a_token_makes_it_hold() {
    let world = World::new();
    let good = world.good();
    world.oidc.principal_of(&good).unwrap().unwrap();
    let (message, signature) = good.rsplit_once('.').unwrap();
    let (header, claims) = message.split_once('.').unwrap();
    let part = |value: Value| URL_SAFE_NO_PAD.encode(value.to_string());
    let with = |header: Value| format!("{}.{claims}", part(header));
    let keys: Value =
        serde_json::from_str(include_str!("../../../../../tests/simulated/data/oauth-keys.json")).unwrap();
    let by_public_key = |secret: &[u8]| {
        let message = with(json!({"alg": "HS256", "kid": RSA_KEY_ID}));
        let key = ring::hmac::Key::new(ring::hmac::HMAC_SHA256, secret);
        format!("{message}.{}", URL_SAFE_NO_PAD.encode(ring::hmac::sign(&key, message.as_bytes())))
    };
    let now = now().as_secs();
    for (token, problem) in [
        (format!("{}.", with(json!({"alg": "none"}))), "signed by `none`"),
        (format!("{}.{signature}", with(json!({"alg": "none", "kid": RSA_KEY_ID}))), "signed by `none`"),
        (by_public_key(keys[0]["n"].as_str().unwrap().as_bytes()), "signed by `HS256`"),
        (by_public_key(keys[0].to_string().as_bytes()), "signed by `HS256`"),
        (
            format!(
                "{header}.{}.{signature}",
                part(json!({"iss": world.server.url(), "aud": "wharf", "sub": "eve", "exp": now + 600}))
            ),
            "signature is wrong",
        ),
        (world.token(&json!({}), &json!({"iss": "https://evil.example"})), "another issuer"),
        (world.token(&json!({}), &json!({"aud": "other"})), "another audience"),
        (world.token(&json!({}), &json!({"exp": now - 1})), "has run out"),
        (world.token(&json!({}), &json!({"nbf": now + 3600})), "only later"),
        (world.token(&json!({"kid": EC_KEY_ID}), &json!({})), "is not for the way"),
        (world.token(&json!({"kid": "of-another"}), &json!({})), "no key of the id"),
        (world.token(&json!({"crit": ["b64"], "b64": false}), &json!({})), "`crit`"),
        (world.token(&json!({"typ": "logout+jwt"}), &json!({})), "none for access"),
        (world.token(&json!({}), &json!({"padding": "x".repeat(20 << 10)})), "more than 16 KiB"),
        ("wharf_abc".to_owned(), "no JSON Web Token"),
        ("x".repeat(10 << 20), "more than 16 KiB"),
    ] {
        let told = refused(world.oidc.principal_of(&token));
        assert!(told.contains(problem), "{problem}: {told}");
    }
    // A key that a token brings along is not looked at, be it the one that has signed it.
    let brought = world.token(&json!({"kid": "own", "jwk": keys[0], "jku": world.server.url()}), &json!({}));
    refused(world.oidc.principal_of(&brought));
    assert_eq!(world.asked(), 1);
}

#[test]
fn keys_that_change_are_found_and_not_looked_for_too_often() {
    let mut world = World::new();
    let (rsa, ec) = (world.good(), world.token(&json!({"alg": "ES256", "kid": EC_KEY_ID}), &json!({})));
    let mut all = Vec::new();
    world.server.change(|options| all = std::mem::replace(&mut options.keys, all.clone()));
    world.server.change(|options| options.keys = all[..1].to_vec());
    world.oidc.principal_of(&rsa).unwrap().unwrap();
    world.server.change(|options| options.keys = all[1..].to_vec());
    refused(world.oidc.principal_of(&ec));
    assert_eq!(world.asked(), 1, "it is too soon");
    world.oidc.held.pace.unknown = Duration::ZERO;
    world.oidc.principal_of(&ec).unwrap().unwrap();
    assert_eq!(world.asked(), 2);
    // What is the issuer's no longer has signed nothing.
    assert_eq!(world.oidc.known(&rsa), None);
    refused(world.oidc.principal_of(&rsa));
}

#[test]
fn old_keys_are_looked_at_again_and_go_on_where_the_issuer_gives_none() {
    let mut world = World::new();
    let token = world.good();
    world.oidc.principal_of(&token).unwrap().unwrap();
    world.oidc.held.pace.fresh = Duration::ZERO;
    world.oidc.held.pace.unknown = Duration::ZERO;
    assert_eq!(world.oidc.known(&token), None, "they are old");
    world.oidc.principal_of(&token).unwrap().unwrap();
    assert_eq!((world.asked(), world.oidc.held.trouble()), (2, None));
    world.server.next_at("/jwks", Odd::HtmlBadGateway);
    world.oidc.principal_of(&token).unwrap().unwrap();
    assert_eq!(world.asked(), 3);
    assert!(world.oidc.held.trouble().unwrap().contains("status 502"));
    let unknown = world.token(&json!({"kid": "new"}), &json!({}));
    world.oidc.held.pace.fresh = Duration::MAX;
    world.server.next_at("/jwks", Odd::HtmlBadGateway);
    assert_eq!(world.oidc.principal_of(&unknown), Err(NotKnown::Unreachable), "nobody can tell");
    world.server.next_at("/jwks", Odd::HtmlBadGateway);
    world.oidc.held.pace.longest = Duration::ZERO;
    assert_eq!(world.oidc.principal_of(&token), Err(NotKnown::Unreachable), "they are too old");
}

#[test]
fn an_issuer_that_gives_no_keys_is_not_asked_at_once_again() {
    let mut world = World::new();
    for odd in [Odd::HangUp, Odd::HtmlBadGateway, Odd::Empty, Odd::HtmlBadRequest] {
        world.server.next_at("/jwks", odd);
        world.oidc.held.pace.failed = Duration::ZERO;
        world.trouble();
        world.oidc.held.pace.failed = Duration::MAX;
        let asked = world.asked();
        world.trouble();
        assert_eq!(world.asked(), asked);
    }
    assert_eq!(world.told.lock().unwrap().len(), 4);
    world.oidc.held.pace.failed = Duration::ZERO;
    world.oidc.principal_of(&world.good()).unwrap().unwrap();
    assert_eq!(world.oidc.held.trouble(), None);
}

#[test]
fn keys_that_lie_elsewhere_or_are_too_many_are_not_taken() {
    let world = |path: &str, odd: Odd| {
        let world = World::new();
        world.server.next_at(path, odd);
        world
    };
    let described = "/.well-known/openid-configuration";
    let answer = |body: String| Odd::Answer {
        status: 200,
        content_type: "application/json".to_owned(),
        headers: Vec::new(),
        body,
    };
    let other = TokenServer::start(Options::default()).unwrap();
    let redirect = || Odd::Redirect { to: format!("{}/jwks", other.url()) };
    for path in ["/jwks", described] {
        let told = world(path, redirect()).trouble();
        assert!(told.contains("leads elsewhere (status 302)"), "{told}");
        let told = world(path, answer(format!("{{\"keys\": [], \"x\": \"{}\"}}", "x".repeat(10 << 20)))).trouble();
        assert!(told.contains("is larger than 262144 bytes"), "{told}");
    }
    let told = world(described, answer(json!({"issuer": other.url()}).to_string())).trouble();
    assert!(told.contains("is of the issuer"), "{told}");
    for (at, problem) in [
        (format!("{}/jwks", other.url()), "neither its own host's"),
        ("http://169.254.169.254/latest/meta-data".to_owned(), "neither its own host's"),
        ("https://169.254.169.254/latest/meta-data".to_owned(), "never reached"),
        (other.url().replace("http:", "https:"), "write it into `allow_addresses` of [server.oidc]"),
        ("https://localhost:1/".to_owned(), "write it into `allow_addresses` of [server.oidc]"),
    ] {
        let world = World::new();
        let body = json!({"issuer": world.server.url(), "jwks_uri": at}).to_string();
        world.server.next_at(described, answer(body));
        let told = world.trouble();
        assert!(told.contains(problem), "{at}: {told}");
    }
    assert_eq!(other.requests().len(), 0);
}

#[test]
fn many_who_come_together_ask_the_issuer_once() {
    let world = World::new();
    world.server.next_at("/jwks", Odd::Hold);
    thread::scope(|scope| {
        let asking: Vec<_> = (0..20).map(|_| scope.spawn(|| world.oidc.principal_of(&world.good()))).collect();
        assert!(world.server.wait_for_held(1));
        world.server.release();
        for one in asking {
            one.join().unwrap().unwrap().unwrap();
        }
    });
    assert_eq!(world.asked(), 1);
}

#[test]
fn what_is_wrong_is_told_to_those_who_ask_without_what_is_the_operators() {
    let problem = Problem::from(NotKnown::Refused("has run out (`exp`)".to_owned()));
    assert_eq!((problem.kind.status, problem.detail.as_str()), (401, "the token has run out (`exp`)"));
    let problem = Problem::from(NotKnown::Unreachable);
    assert_eq!((problem.kind.status, problem.retry_after), (503, Some(Duration::from_secs(5))));
    let mut config = OidcConfig {
        issuer: "http://login.example".to_owned(),
        audience: "wharf".to_owned(),
        algorithms: vec!["RS256".to_owned()],
        allow_addresses: Vec::new(),
        principals: [("staff".to_owned(), users(&[]))].into(),
    };
    assert!(Oidc::new(&config, Arc::new(|_| {})).err().unwrap().contains("`server.oidc.issuer`"));
    config.issuer = "https://login.example".to_owned();
    config.principals.get_mut("staff").unwrap().plugins = Some(vec!["a b".to_owned()]);
    assert!(Oidc::new(&config, Arc::new(|_| {})).err().unwrap().contains("`server.oidc.principals.staff.plugins`"));
}
