//! Credentials that the host obtains itself: read, written again, and checked.

use serde_json::{Value, json};
use wharf_egress::declaration::{
    ClientAuthentication, CredentialKind, GrantType, Oauth2, ParameterValue, Session, TakenFrom, ToldBy,
};

use super::super::{CONTRACT, check, read, write};
use crate::manifest::Manifest;

/// One by OAuth 2 with all that it can say, and one by a login.
fn sample() -> Value {
    let field = |secret: bool| match secret {
        true => json!({ "title": "F", "summary": "f", "secret": true }),
        false => json!({ "title": "F", "summary": "f" }),
    };
    json!({
        "contract": CONTRACT, "name": "acme", "title": "Acme", "version": "1.0.0", "summary": "Orders of Acme.",
        "server": { "summary": "Where it is.", "default": "https://api.acme.example" },
        "servers": { "accounts": { "summary": "Where people log in." } },
        "fields": {
            "access_key": field(true), "client_id": field(false), "client_key": field(true), "client_secret": field(true),
            "key_id": field(false), "realm_id": field(false), "subject": field(false), "tenant": field(false), "user": field(false),
        },
        "credentials": {
            "acme": { "summary": "The account.", "oauth2": {
                "grants": ["authorization-code", "device-code", "client-credentials", "jwt-bearer"],
                "authorize": {
                    "server": "accounts", "path": "/authorize",
                    "parameters": { "access_type": "offline", "tenant": { "field": "tenant" } },
                },
                "device": { "path": "/device" },
                "token": { "server": "accounts", "path": "/{tenant}/token", "json": true },
                "revoke": { "path": "/revoke" },
                "client": { "id": "client_id", "secret": "client_secret", "by": "body" },
                "scopes": ["orders.read", "https://acme.example/auth/me"],
                "scope-separator": ",", "pkce": false, "issuer": "https://accounts.acme.example/realms/one",
                "assertion": {
                    "key": { "field": "client_key", "algorithm": "ES256", "id": "key_id" }, "issuer": "client_id",
                    "subject": "subject", "audience": "https://accounts.acme.example/token", "scope-claim": true, "lasts": 60,
                },
                "answer": { "access-token": "/authed_user/access_token", "error": "/fault" },
                "lasts": 3600,
                "over": [{ "at": "/error", "is": ["token_expired"] }],
                "fields": { "realm_id": { "callback": "realmId" }, "tenant": { "answer": "/team/id" } },
                "servers": { "main": { "answer": "/instance_url" } },
            } },
            "session": { "summary": "A login.", "session": {
                "login": {
                    "get-challenge": {
                        "method": "GET", "path": "/login", "query": [{ "name": "user", "field": "user" }],
                        "takes": { "challenge": { "answer": "/result/token" } },
                    },
                    "login": {
                        "method": "POST", "path": "/login", "variables": { "challenge": { "free": "what the server asked" } },
                        "body": { "form": [{ "name": "user", "field": "user" }] }, "scheme": "login",
                        "takes": { "name": { "answer": "/result/sessionName" }, "csrf": { "header": "X-CSRF" }, "sid": { "cookie": "SID" } },
                    },
                },
                "lasts": 1700,
                "over": [{ "status": 200, "at": "/error/code", "is": ["SESSION_EXPIRED", "INVALID_SESSION"] }],
                "again": [{ "status": 409 }],
            } },
        },
        "test": { "operation": "me.get", "identity": ["/email", "/id"] },
        "schemes": {
            "login": {
                "summary": "The digest of the challenge.",
                "placements": [{ "body": "accessKey", "template": "{access_key}", "functions": [{ "hmac-sha256-hex": "access_key" }] }],
                "values": { "answer": { "template": "{variable.challenge}", "functions": ["md5-hex"] } },
            },
            "bearer": { "summary": "The token.", "placements": [{ "header": "Authorization", "template": "Bearer {credential.acme.access}" }] },
            "session": { "summary": "The session.", "placements": [{ "query": "sessionName", "template": "{credential.session.name}" }] },
        },
        "scheme": "bearer",
        "operations": { "me.get": { "title": "Me", "summary": "Who it is.", "request": { "method": "GET", "path": "/me" } } },
    })
}

const OAUTH2: &str = "/credentials/acme/oauth2";
const SESSION: &str = "/credentials/session/session";

/// The sample with another value at this place, or without one.
fn altered(changes: &[(String, Value)]) -> String {
    let mut document = sample();
    for (pointer, value) in changes {
        let (outer, name) = pointer.rsplit_once('/').unwrap();
        let outer = document.pointer_mut(outer).unwrap_or_else(|| panic!("{pointer}"));
        match outer {
            Value::Object(members) if value.is_null() => {
                drop(members.shift_remove(name).unwrap_or_else(|| panic!("{pointer}")))
            }
            Value::Array(items) => items[name.parse::<usize>().unwrap()] = value.clone(),
            outer => outer[name] = value.clone(),
        }
    }
    document.to_string()
}

fn oauth2(manifest: &Manifest) -> &Oauth2 {
    match &manifest.about.credentials.first().unwrap().kind {
        CredentialKind::Oauth2(oauth2) => oauth2,
        CredentialKind::Session(_) => panic!("a session"),
    }
}

fn session(manifest: &Manifest) -> &Session {
    match &manifest.about.credentials.last().unwrap().kind {
        CredentialKind::Session(session) => session,
        CredentialKind::Oauth2(_) => panic!("no session"),
    }
}

#[test]
fn credentials_are_written_as_they_are_read_and_are_kept() {
    let manifest = check(&sample().to_string()).unwrap();
    assert_eq!(write(&manifest), sample());
    let kept = serde_json::to_string(&manifest).unwrap();
    assert_eq!(serde_json::from_str::<Manifest>(&kept).unwrap(), manifest);

    let of = oauth2(&manifest);
    assert_eq!(of.grants.len(), 4);
    assert_eq!(of.authorize.as_ref().unwrap().parameters[1].value, ParameterValue::Field("tenant".to_owned()));
    assert_eq!((of.token.server.as_deref(), of.token.json, of.pkce), (Some("accounts"), true, false));
    assert_eq!((of.answer.access_token.as_str(), of.answer.error.as_str()), ("/authed_user/access_token", "/fault"));
    assert_eq!(of.answer.refresh_token, "/refresh_token");
    assert_eq!(of.fields[0].by, ToldBy::Callback("realmId".to_owned()));
    let of = session(&manifest);
    assert_eq!(of.login[1].request.scheme.as_deref(), Some("login"));
    assert_eq!(of.login[0].request.scheme, None, "the usual scheme is none of a login's");
    assert_eq!(of.login[1].takes[2].from, TakenFrom::Cookie("SID".to_owned()));
    assert_eq!((of.over[0].status, of.again[0].at.as_deref()), (Some(200), None));
}

#[test]
fn what_is_usual_of_a_credential_is_left_out() {
    let usual = json!({
        "grants": ["authorization-code"], "authorize": { "path": "/a" }, "token": { "path": "/t" },
        "client": { "id": "client_id", "secret": "client_secret" },
    });
    let manifest = check(&altered(&[(OAUTH2.to_owned(), usual.clone())])).unwrap();
    assert_eq!(write(&manifest).pointer(OAUTH2), Some(&usual));
    let of = oauth2(&manifest);
    assert_eq!((of.client.by, of.pkce, of.scope_separator.as_str()), (ClientAuthentication::Basic, true, " "));
    assert_eq!(of.grants, [GrantType::AuthorizationCode]);
    let public =
        json!({ "grants": ["authorization-code"], "authorize": {}, "token": {}, "client": { "id": "client_id" } });
    let manifest = check(&altered(&[(OAUTH2.to_owned(), public.clone())])).unwrap();
    assert_eq!(oauth2(&manifest).client.by, ClientAuthentication::None);
    assert_eq!(write(&manifest).pointer(OAUTH2), Some(&public));
}

/// What is changed in the sample, the place of the problem, and words of it.
type Slip = (Vec<(String, Value)>, String, &'static str);

fn slips() -> Vec<Slip> {
    let of = |whole: &str, pointer: &str, value: Value, place: &str, words| {
        (vec![(format!("{whole}{pointer}"), value)], format!("{whole}{place}"), words)
    };
    let o = |pointer, value, place, words| of(OAUTH2, pointer, value, place, words);
    let s = |pointer, value, place, words| of(SESSION, pointer, value, place, words);
    let n = |pointer, value, place, words| of("", pointer, value, place, words);
    let none = Value::Null;
    let condition = |value: Value| json!([value]);
    vec![
        o("/grants", json!([]), "", "`grants` is empty"),
        o("/grants", json!(["password"]), "/grants/0", "`password` is not known here"),
        o("/grants/1", json!("authorization-code"), "", "the grant `authorization-code` stands twice"),
        o("/authorize", none.clone(), "", "the grant `authorization-code` needs `authorize`"),
        o("/device", none.clone(), "", "the grant `device-code` needs `device`"),
        o("/assertion", none.clone(), "", "the grant `jwt-bearer` needs `assertion`"),
        o("/grants/3", json!("client-credentials"), "", "`assertion` is of the grant `jwt-bearer`, which is not among"),
        o("/token", none.clone(), "", "a credential by OAuth 2 needs `token`"),
        o("/token/server", json!("account"), "/token/server", "did you mean `accounts`?"),
        o("/token/path", json!("/{nobody}"), "/token/path", "the connection field `nobody` is not declared"),
        o(
            "/token/path",
            json!("/{client_secret}"),
            "/token/path",
            "`client_secret` is a secret, and stands here where it can be read",
        ),
        o("/authorize/json", json!(true), "/authorize", "a browser opens it"),
        o(
            "/authorize/parameters/state",
            json!("x"),
            "/authorize",
            "the parameter `state` is said by the protocol itself",
        ),
        o("/authorize/parameters/Redirect-Uri", json!("x"), "/authorize", "is said by the protocol itself"),
        o("/authorize/parameters/scope[]", json!("x"), "/authorize", "is said by the protocol itself"),
        o("/authorize/parameters/request_uri", json!("x"), "/authorize", "is said by the protocol itself"),
        o("/authorize/parameters/api_key", json!("x"), "/authorize", "has the name of a credential"),
        o("/authorize/parameters/_method", json!("x"), "/authorize", "replaces the method"),
        o("/authorize/parameters/a[b", json!("x"), "/authorize", "in different ways"),
        o(
            "/authorize/parameters/x",
            json!({ "field": "access_key" }),
            "/authorize/parameters/x",
            "is a secret, and stands here",
        ),
        o("/authorize/parameters/x", json!({ "input": "a" }), "/authorize/parameters/x/input", "has no member `input`"),
        o("/client/secret", none.clone(), "/client", "it is shown by a `secret`"),
        o("/client/secret", json!("tenant"), "/client/secret", "`tenant` has to be a secret"),
        o("/client/id", json!("client_secret"), "/client/id", "is a secret, and stands here"),
        o("/client/by", json!("none"), "/client", "its `secret` is not used"),
        o("/client", json!({ "id": "client_id", "by": "jwt" }), "/client", "say with which `key`"),
        o(
            "/client/key",
            json!({ "field": "client_key", "algorithm": "RS256" }),
            "/client",
            "its `key` is used where it says `by: jwt`",
        ),
        o("/client/by", json!("header"), "/client/by", "`header` is not known here"),
        o("/scopes/0", json!("a b\""), "/scopes", "is no scope"),
        o("/scopes/0", json!("a,b"), "/scopes", "has the separator in it"),
        o("/scopes/1", json!("orders.read"), "/scopes", "stands twice"),
        o("/scope-separator", json!(""), "/scopes", "the `scope-separator` is not of"),
        o("/issuer", json!("accounts.acme.example"), "/issuer", "is no URL"),
        o("/issuer", json!("ftp://acme.example"), "/issuer", "does not begin with `https://`"),
        o("/issuer", json!("https://a:b@acme.example"), "/issuer", "has a user in it"),
        o("/issuer", json!("https://acme.example?x"), "/issuer", "has a query or a fragment"),
        o("/assertion/lasts", json!(3601), "/assertion", "holds for 10 to 3600 seconds"),
        o("/assertion/lasts", json!(9), "/assertion", "holds for 10 to 3600 seconds"),
        o("/assertion/key/field", json!("key_id"), "/assertion/key/field", "has to be a secret"),
        o("/assertion/key/id", json!("client_key"), "/assertion/key/id", "is a secret, and stands here"),
        o("/assertion/key/algorithm", json!("HS256"), "/assertion/key/algorithm", "`HS256` is not known here"),
        o("/assertion/subject", json!("nobody"), "/assertion/subject", "`nobody` is not declared"),
        o("/assertion/audience", json!(""), "/assertion", "its `audience` is not of"),
        o("/answer/error", json!("fault"), "/answer", "`fault` is no JSON Pointer"),
        o("/lasts", json!(0), "", "`lasts` is 0"),
        o("/fields/nobody", json!({ "answer": "/a" }), "/fields", "`nobody` is not declared"),
        o("/fields/access_key", json!({ "answer": "/a" }), "/fields/access_key", "the field is a secret"),
        o("/fields/tenant", json!({ "answer": "/authed_user/access_token" }), "/fields", "would be told a token"),
        o("/fields/tenant", json!({ "answer": "/id_token" }), "/fields", "would be told a token"),
        o("/fields/tenant", json!({ "callback": "code" }), "/fields", "cannot be told by the parameter `code`"),
        o("/fields/tenant", json!({ "answer": "a" }), "/fields", "`a` is no JSON Pointer"),
        o("/servers/other", json!({ "answer": "/a" }), "/servers/other", "its server `other` is not declared"),
        o("/over", condition(json!({ "status": 200 })), "/over", "every good answer has this status"),
        s("/login", json!({}), "/login", "nothing is taken out of the answers"),
        s("/login/login/path", json!("/{id}"), "/login/login", "bound to an input `id`, and a login has none"),
        s(
            "/login/login/variables",
            none.clone(),
            "/login/login",
            "bound to an input `challenge`, and a login has none",
        ),
        s("/login/get-challenge/query/0", json!("user"), "/login/get-challenge", "bound to an input `user`"),
        s(
            "/login/get-challenge/query/0/field",
            json!("access_key"),
            "/login/get-challenge",
            "only a scheme may place it",
        ),
        s(
            "/login/get-challenge/query/0/field",
            json!("nobody"),
            "/login/get-challenge",
            "`nobody` as a value, which is not declared",
        ),
        s(
            "/login/get-challenge/headers",
            json!([{ "name": "X-A", "call-id": true }]),
            "/login/get-challenge",
            "has the id of a call",
        ),
        s(
            "/login/get-challenge/headers",
            json!([{ "name": "X-A", "free": "x" }]),
            "/login/get-challenge",
            "`X-A` is free, and no request before it",
        ),
        s(
            "/login/get-challenge/headers",
            json!([{ "name": "Host", "text": "x" }]),
            "/login/get-challenge",
            "is the host's own",
        ),
        s(
            "/login/get-challenge/scheme",
            json!("bearer"),
            "/login/get-challenge",
            "its scheme `bearer` places a credential that is obtained",
        ),
        s(
            "/login/get-challenge/as-file",
            json!(true),
            "/login/get-challenge/as-file",
            "a request of a login has no member `as-file`",
        ),
        s("/login/login/body/open", json!("why"), "/login/login", "nobody could give what is open"),
        s("/login/login/server", json!("x"), "/login/login/server", "`x` is not known here"),
        s("/login/login/takes/name", json!({ "answer": "a" }), "/login/login", "`a` is no JSON Pointer"),
        s("/login/login/takes/csrf", json!({ "header": "a b" }), "/login/login", "`a b` is not the name of a header"),
        s("/login/login/takes/csrf", json!({ "header": "Set-Cookie" }), "/login/login", "write `cookie` and its name"),
        s("/login/login/takes/sid", json!({ "cookie": "a;b" }), "/login/login", "`a;b` is not the name of a cookie"),
        s(
            "/login/login/takes/a.b",
            json!({ "answer": "/a" }),
            "/login/login",
            "the value `a.b` needs a name of letters",
        ),
        s("/login/login/takes/challenge", json!({ "answer": "/a" }), "/login", "the value `challenge` stands twice"),
        s("/lasts", json!(0), "", "`lasts` is 0"),
        s("/over", condition(json!({ "status": 200 })), "/over", "every good answer has this status"),
        s("/over", condition(json!({})), "/over", "say by what an answer is known"),
        s("/over", condition(json!({ "status": 401, "is": ["a"] })), "/over", "name the place"),
        s("/over", condition(json!({ "status": 99 })), "/over", "from 100 to 599"),
        s("/over", condition(json!({ "status": 70000 })), "/over/0/status", "from 100 to 599"),
        s("/again", condition(json!({ "at": "x" })), "/again", "`x` is no JSON Pointer"),
        n("/credentials/Acme", sample()["credentials"]["acme"].clone(), "/credentials/Acme", "not in kebab case"),
        n("/credentials/more", sample()["credentials"]["acme"].clone(), "/credentials/more", "no scheme places it"),
        n("/credentials/acme/summary", json!("a\u{202e}b"), "/credentials/acme/summary", "is not shown as itself"),
        n("/credentials/acme", json!({ "summary": "" }), "/credentials/acme", "needs one of `oauth2`, `session`"),
        n(
            "/schemes/bearer/placements/0/template",
            json!("{credential.acme.refresh}"),
            "/schemes/bearer",
            "it has `access`",
        ),
        n("/test/operation", json!("me.gone"), "/test/operation", "there is no operation `me.gone`"),
        n("/test/identity/0", json!("email"), "/test/identity", "`email` is no JSON Pointer"),
        n("/operations/me.get/effect", json!("write"), "/test/operation", "does more than read"),
        n(
            "/operations/me.get/input",
            json!({ "properties": { "id": {} }, "required": ["id"] }),
            "/test/operation",
            "needs an input",
        ),
        (
            vec![
                ("/operations/me.get/input".to_owned(), json!({ "properties": { "id": { "type": "string" } } })),
                ("/operations/me.get/request/path".to_owned(), json!("/me/{id}")),
            ],
            "/test/operation".to_owned(),
            "needs an input",
        ),
        (
            vec![
                (format!("{OAUTH2}/grants"), json!(["client-credentials"])),
                (format!("{OAUTH2}/authorize"), Value::Null),
                (format!("{OAUTH2}/device"), Value::Null),
                (format!("{OAUTH2}/assertion"), Value::Null),
            ],
            format!("{OAUTH2}/fields"),
            "none does without the grant `authorization-code`",
        ),
    ]
}

#[test]
fn each_slip_of_a_credential_is_told_with_its_place_and_what_to_write_instead() {
    let mut missed = Vec::new();
    for (changes, place, words) in slips() {
        let problems = check(&altered(&changes)).err().unwrap_or_default();
        let is_told = problems.iter().any(|problem| problem.place == place && problem.problem.contains(words));
        if !is_told || problems.len() > 5 {
            let told: Vec<String> = problems.iter().map(ToString::to_string).collect();
            missed.push(format!("{changes:?}: {place}: {words}: {told:#?}"));
        }
    }
    assert!(missed.is_empty(), "{}", missed.join("\n"));
}

#[test]
fn a_login_has_no_more_requests_and_values_than_are_of_use() {
    let step = |number: usize| json!({ "method": "GET", "takes": { format!("a{number}"): { "answer": "/a" } } });
    let steps = |count: usize| -> Value { (0..count).map(|number| (format!("s{number}"), step(number))).collect() };
    let with = |count: usize| {
        let mut document = sample();
        document["credentials"]["session"]["session"]["login"] = steps(count);
        document["schemes"]["session"]["placements"][0]["template"] = json!("{credential.session.a0}");
        check(&document.to_string())
    };
    assert_eq!(with(8).err(), None);
    assert!(with(9).unwrap_err()[0].problem.contains("it has 9 requests; the most are 8"));
}

#[test]
fn a_login_may_send_lines_in_its_body_as_operations_may() {
    let body = json!({ "json": [{ "name": "query", "text": "mutation {\n\tlogin\n}" }] });
    let with =
        |place: &str, value: &Value| check(&altered(&[(format!("{SESSION}/login/login{place}"), value.clone())]));
    assert_eq!(with("/body", &body).err(), None);
    assert!(with("/query", &json!([{ "name": "q", "text": "a\nb" }])).is_err());
}

#[test]
fn a_template_names_a_value_of_a_credential() {
    assert!(read(&sample().to_string().replace("{credential.acme.access}", "{credential.acme}")).is_err());
}

#[test]
fn a_connection_whose_credential_stands_in_the_path_is_tested_as_any_other() {
    let document = json!({
        "contract": CONTRACT, "name": "acme", "title": "Acme", "version": "1.0.0", "summary": "A bot of Acme.",
        "server": { "summary": "Where it is." },
        "fields": { "token": { "title": "T", "summary": "t", "secret": true } },
        "test": { "operation": "me.get" },
        "schemes": { "bot": { "summary": "s", "placements": [{ "path": "token", "template": "{token}" }] } },
        "scheme": "bot",
        "operations": { "me.get": {
            "title": "Me", "summary": "Whose it is.", "request": { "method": "GET", "path": "/bot{token}/me" },
        } },
    });
    assert_eq!(check(&document.to_string()).err(), None);
}
