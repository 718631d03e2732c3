use serde_json::json;

use super::*;
use crate::import::model::{Body, Content, Flow, FlowKind, Parameter, Requirement, Server};
use crate::import::report::Outcome;

fn scheme(kind: SchemeKind) -> Scheme {
    Scheme { place: "acme.yaml#/schemes".to_owned(), description: String::new(), kind }
}

fn key(at: In, name: &str) -> Scheme {
    scheme(SchemeKind::ApiKey { at, name: name.to_owned() })
}

fn oauth2(kinds: &[FlowKind]) -> Scheme {
    let flow = |kind: &FlowKind| Flow {
        kind: *kind,
        authorize: Some("https://login.acme.example/oauth/authorize".to_owned()),
        token: Some("https://login.acme.example/oauth/token".to_owned()),
        ..Flow::default()
    };
    scheme(SchemeKind::Oauth2(kinds.iter().map(flow).collect()))
}

/// Schemes that are needed together.
fn all(names: &[&str]) -> Requirement {
    names.iter().map(|name| ((*name).to_owned(), Vec::new())).collect()
}

fn with_scopes(name: &str, scopes: &[&str]) -> Requirement {
    IndexMap::from([(name.to_owned(), scopes.iter().map(|scope| (*scope).to_owned()).collect())])
}

fn operation(security: Option<Vec<Requirement>>) -> Operation {
    Operation { method: "GET".to_owned(), path: "/orders".to_owned(), security, ..Operation::default() }
}

fn with_parameter(at: In, name: &str) -> Operation {
    let parameter = |at, name: &str| Parameter { at, name: name.to_owned(), ..Parameter::default() };
    Operation { parameters: vec![parameter(In::Query, "limit"), parameter(at, name)], ..operation(None) }
}

fn api(schemes: &[(&str, Scheme)], operations: Vec<Operation>) -> Api {
    Api {
        title: "Acme".to_owned(),
        servers: vec![Server { url: "https://api.acme.example/v1".to_owned(), ..Server::default() }],
        schemes: schemes.iter().map(|(name, scheme)| ((*name).to_owned(), scheme.clone())).collect(),
        operations,
        ..Api::default()
    }
}

fn made(api: &Api, auth: Option<&Auth>) -> (Credentials, Report) {
    let mut report = Report::default();
    let servers = crate::import::servers::servers(api, "acme", &mut Report::default());
    (credentials(api, "acme", &servers, auth, &mut report), report)
}

fn rules(report: &Report) -> Vec<(Outcome, &str)> {
    report.lines.iter().map(|line| (line.outcome, line.rule)).collect()
}

#[test]
fn a_token_has_a_field_and_a_scheme_that_all_operations_have() {
    let operations = vec![operation(Some(vec![all(&["bearerAuth"])])), operation(Some(Vec::new()))];
    let (made, report) = made(&api(&[("bearerAuth", scheme(SchemeKind::Bearer))], operations), None);
    let summary = "A token, sent as Authorization: Bearer.";
    let field =
        json!({"title": "Token", "summary": summary, "secret": true, "required": true, "environment": "ACME_TOKEN"});
    assert_eq!(json!(made.fields), json!({ "token": field }));
    let placements = json!([{"header": "Authorization", "template": "Bearer {token}"}]);
    assert_eq!(json!(made.schemes), json!({"bearer-auth": {"summary": summary, "placements": placements}}));
    assert_eq!(made.scheme.as_deref(), Some("bearer-auth"));
    assert_eq!(made.of.iter().map(|of| of.scheme.as_deref()).collect::<Vec<_>>(), [None, Some("none")]);
    assert_eq!(rules(&report), []);
}

#[test]
fn keys_are_placed_where_the_description_has_them() {
    let schemes = [("apiKey", key(In::Header, "X-API-Key")), ("app_id", key(In::Query, "app"))];
    let (made, _) = made(&api(&schemes, vec![operation(Some(vec![all(&["apiKey", "app_id"])]))]), None);
    assert_eq!(made.fields.keys().collect::<Vec<_>>(), ["api_key", "app_id"]);
    let placements =
        json!([{"header": "X-API-Key", "template": "{api_key}"}, {"query": "app", "template": "{app_id}"}]);
    assert_eq!(made.schemes["api-key-app-id"]["placements"], placements);
}

#[test]
fn the_parts_of_a_login_have_the_names_that_its_scheme_gives_them() {
    let schemes = [("accountSid_authToken", scheme(SchemeKind::Basic))];
    let (made, _) = made(&api(&schemes, vec![operation(Some(vec![all(&["accountSid_authToken"])]))]), None);
    assert_eq!(made.fields["account_sid"]["secret"], Value::Null);
    assert_eq!(made.fields["auth_token"]["secret"], true);
    let scheme = &made.schemes["account-sid-auth-token"];
    let both = json!({"both": {"template": "{account_sid}:{auth_token}", "functions": ["base64"]}});
    assert_eq!(scheme["values"], both);
    assert_eq!(scheme["placements"], json!([{"header": "Authorization", "template": "Basic {value.both}"}]));
}

#[test]
fn of_alternatives_one_that_an_operator_enters_is_taken_and_the_rest_is_told() {
    let schemes = [
        ("oauth", oauth2(&[FlowKind::AuthorizationCode])),
        ("login", scheme(SchemeKind::Basic)),
        ("token", scheme(SchemeKind::Bearer)),
    ];
    let needs = vec![all(&["oauth"]), all(&["login"]), all(&["token"]), all(&[])];
    let (made, report) = made(&api(&schemes, vec![operation(Some(needs))]), None);
    assert_eq!(made.scheme.as_deref(), Some("token"));
    assert!(made.credentials.is_empty());
    assert_eq!(rules(&report), [(Outcome::Note, "optional-credentials"), (Outcome::Note, "alternative-credentials")]);
}

#[test]
fn a_key_in_a_cookie_is_lost_and_told_of_each_operation() {
    let operations = vec![operation(Some(vec![all(&["session"])]))];
    let (made, report) = made(&api(&[("session", key(In::Cookie, "sid"))], operations), None);
    assert_eq!((made.scheme, made.of[0].scheme.as_deref()), (None, None));
    assert_eq!(rules(&report), [(Outcome::Lost, "credential")]);
    assert_eq!(report.lines[0].operation.as_deref(), Some("GET /orders"));
}

#[test]
fn two_credentials_in_one_place_are_one_by_the_way_that_the_host_can_go() {
    let implicit = oauth2(&[FlowKind::Implicit]);
    let schemes = [("implicit", implicit), ("code", oauth2(&[FlowKind::AuthorizationCode]))];
    let (made, report) = made(&api(&schemes, vec![operation(Some(vec![all(&["implicit", "code"])]))]), None);
    assert_eq!(made.scheme.as_deref(), Some("code"));
    assert_eq!(made.credentials.keys().collect::<Vec<_>>(), ["code"]);
    assert!(rules(&report).iter().all(|(outcome, _)| *outcome == Outcome::Note), "{report:?}");
}

#[test]
fn one_secret_never_stands_for_two() {
    let schemes = [("api_key", key(In::Query, "key")), ("api_token", key(In::Query, "token"))];
    let parameter = |name: &str| Parameter { name: name.to_owned(), required: true, ..Parameter::default() };
    let mut operation = operation(Some(vec![all(&["api_key"]), all(&["api_token"])]));
    operation.parameters = vec![parameter("key"), parameter("token")];
    let (made, _) = made(&api(&schemes, vec![operation]), None);
    assert_eq!(made.fields.keys().collect::<Vec<_>>(), ["api_key", "api_token"]);
    let scheme = made.scheme.unwrap();
    let placements = json!([{"query": "key", "template": "{api_key}"}, {"query": "token", "template": "{api_token}"}]);
    assert_eq!(made.schemes[&scheme]["placements"], placements);
    assert_eq!(made.of[0].parameters, [0, 1]);
}

#[test]
fn a_token_that_is_a_parameter_too_is_written_there_besides() {
    let mut operation = operation(Some(vec![all(&["bearer"])]));
    let parameter = Parameter { name: "token".to_owned(), at: In::Header, required: true, ..Parameter::default() };
    operation.parameters = vec![parameter];
    let (made, _) = made(&api(&[("bearer", scheme(SchemeKind::Bearer))], vec![operation]), None);
    let scheme = &made.schemes[made.of[0].scheme.as_ref().unwrap()];
    let placements =
        json!([{"header": "Authorization", "template": "Bearer {token}"}, {"header": "token", "template": "{token}"}]);
    assert_eq!(scheme["placements"], placements);
}

#[test]
fn an_account_is_asked_for_the_scopes_that_most_operations_share() {
    let of = |scopes: &[&str]| operation(Some(scopes.iter().map(|one| with_scopes("oauth", &[one])).collect()));
    let operations = vec![
        of(&["orders", "orders.read", "everything"]),
        of(&["orders", "everything"]),
        of(&["users.read"]),
        operation(Some(vec![with_scopes("oauth", &["none"])])),
    ];
    let schemes = [("oauth", oauth2(&[FlowKind::AuthorizationCode, FlowKind::ClientCredentials, FlowKind::Implicit]))];
    let (made, _) = made(&api(&schemes, operations), None);
    assert_eq!(
        made.credentials["oauth"]["oauth2"],
        json!({
            "grants": ["authorization-code", "client-credentials"],
            "authorize": {"server": "accounts", "path": "/oauth/authorize"},
            "token": {"server": "accounts", "path": "/oauth/token"},
            "client": {"id": "client_id", "secret": "client_secret"},
            "scopes": ["users.read", "everything"],
        })
    );
    assert_eq!(made.servers["accounts"]["default"], "https://login.acme.example");
    let placements = json!([{"header": "Authorization", "template": "Bearer {credential.oauth.access}"}]);
    assert_eq!(made.schemes["oauth"]["placements"], placements);
    let scopes: Vec<_> = made.of.iter().map(|of| of.scopes.join(" ")).collect();
    assert_eq!(scopes, ["everything", "everything", "users.read", ""]);
}

#[test]
fn addresses_below_the_main_one_and_with_variables_are_those_of_the_connection() {
    let flow = Flow {
        authorize: Some("https://accounts.google.com/o/oauth2/auth?approval=force".to_owned()),
        token: Some("/v1/{tenantId}/token".to_owned()),
        ..Flow::default()
    };
    let schemes = [("google", scheme(SchemeKind::Oauth2(vec![flow])))];
    let (made, _) = made(&api(&schemes, vec![operation(Some(vec![all(&["google"])]))]), None);
    let oauth2 = &made.credentials["google"]["oauth2"];
    assert_eq!(oauth2["token"], json!({"path": "/{tenant_id}/token"}));
    let parameters = json!({"approval": "force", "access_type": "offline", "prompt": "consent"});
    assert_eq!(oauth2["authorize"]["parameters"], parameters);
    assert!(made.fields.contains_key("tenant_id"));
}

#[test]
fn a_token_that_the_host_cannot_obtain_is_entered() {
    for scheme in [
        oauth2(&[FlowKind::Implicit, FlowKind::Password]),
        scheme(SchemeKind::OpenIdConnect),
        scheme(SchemeKind::Oauth2(vec![Flow {
            kind: FlowKind::ClientCredentials,
            token: Some("https://a:b@login.acme.example/token".to_owned()),
            ..Flow::default()
        }])),
    ] {
        let (made, report) = made(&api(&[("login", scheme)], vec![operation(Some(vec![all(&["login"])]))]), None);
        assert_eq!(made.schemes["login"]["placements"][0]["header"], "Authorization");
        assert_eq!(made.fields.len(), 1);
        assert_eq!(report.lines.len(), 1, "{report:?}");
    }
}

#[test]
fn where_nothing_is_said_it_is_told_how_to_say_it() {
    let (nothing, report) = made(&api(&[], vec![operation(None)]), None);
    assert_eq!(nothing.scheme, None);
    assert_eq!(rules(&report), [(Outcome::Note, "no-security")]);
    assert!(report.lines[0].text.contains("--auth bearer"));
    let (said, report) = made(&api(&[], vec![operation(None)]), Some(&Auth::Header("X-Key".to_owned())));
    assert_eq!(said.schemes["api-key"]["placements"], json!([{"header": "X-Key", "template": "{api_key}"}]));
    assert_eq!(rules(&report), []);
    let (none, report) = made(&api(&[], vec![operation(None)]), Some(&Auth::None));
    assert_eq!((none.scheme, rules(&report)), (None, vec![]));
}

#[test]
fn a_scheme_that_no_operation_names_is_that_of_all() {
    let (made, report) = made(&api(&[("key", key(In::Header, "X-Key"))], vec![operation(None)]), None);
    assert_eq!(made.scheme.as_deref(), Some("key"));
    assert_eq!(rules(&report), [(Outcome::Note, "unused-schemes")]);
}

#[test]
fn a_parameter_that_is_the_credential_is_no_input() {
    let of = |operation: Operation| Operation { security: Some(vec![all(&["slack"])]), ..operation };
    let operations = vec![of(with_parameter(In::Query, "token")), of(with_parameter(In::Header, "token"))];
    let (slack, _) = made(&api(&[("slack", scheme(SchemeKind::Bearer))], operations), None);
    assert_eq!(slack.of.iter().map(|of| of.parameters.clone()).collect::<Vec<_>>(), [[1], [1]]);

    let operations = vec![with_parameter(In::Query, "api_key"), with_parameter(In::Query, "page")];
    let (told, report) = made(&api(&[], operations), None);
    assert_eq!(told.schemes["api-key"]["placements"], json!([{"query": "api_key", "template": "{api_key}"}]));
    assert_eq!((told.of[0].parameters.as_slice(), told.of[1].scheme.as_deref()), (&[1][..], Some("none")));
    assert_eq!(rules(&report), [(Outcome::Note, "credential-parameter")]);

    // One of many operations looks for a token that is no credential.
    let mut operations = vec![of(operation(None)); 3];
    operations.push(of(with_parameter(In::Query, "token")));
    let (few, _) = made(&api(&[("slack", scheme(SchemeKind::Bearer))], operations), None);
    assert!(few.of[3].parameters.is_empty());
}

#[test]
fn a_key_in_bodies_is_that_of_requests_with_one_and_no_input() {
    let schema =
        json!({"properties": {"key": {"type": "string"}, "to": {"type": "string"}}, "required": ["key", "to"]});
    let content = |schema: Value| Content { schema: Some(schema), ..Content::default() };
    let contents = vec![content(schema.clone()), content(json!({"$ref": "#/$defs/Mail"}))];
    let with_body = Operation { body: Some(Body { contents, ..Body::default() }), ..operation(None) };
    let mut api = api(&[], vec![with_body, operation(None)]);
    api.schemas = IndexMap::from([("Mail".to_owned(), schema)]);
    let auth = Auth::Body("key".to_owned());
    prepare(&mut api, Some(&auth));
    let (made, _) = made(&api, Some(&auth));
    assert_eq!(made.schemes["api-key"]["placements"], json!([{"body": "key", "template": "{api_key}"}]));
    assert_eq!(made.of.iter().map(|of| of.scheme.as_deref()).collect::<Vec<_>>(), [None, Some("none")]);
    let rest = json!({"properties": {"to": {"type": "string"}}, "required": ["to"]});
    let contents = &api.operations[0].body.as_ref().unwrap().contents;
    assert_eq!((contents[0].schema.as_ref(), api.schemas.get("Mail")), (Some(&rest), Some(&rest)));
}

#[test]
fn a_token_in_the_address_of_the_server_is_one_of_each_path() {
    let mut bot = api(&[], vec![operation(None)]);
    let variables = [("token".to_owned(), Default::default())].into_iter().collect();
    bot.servers =
        vec![Server { url: "https://api.acme.example/bot{token}".to_owned(), variables, ..Server::default() }];
    prepare(&mut bot, None);
    assert_eq!(
        (bot.servers[0].url.as_str(), bot.operations[0].path.as_str()),
        ("https://api.acme.example", "/bot{token}/orders")
    );
    let (made, _) = made(&bot, None);
    assert_eq!(made.schemes["token"]["placements"], json!([{"path": "token", "template": "{token}"}]));
}

#[test]
fn what_is_no_way_to_authenticate_is_told_with_those_there_are() {
    assert_eq!("query:key".parse(), Ok(Auth::Query("key".to_owned())));
    for text in ["", "token", "header:", "cookie:sid", "Bearer"] {
        assert!(text.parse::<Auth>().unwrap_err().contains("write `bearer`"), "{text}");
    }
}

#[test]
fn a_key_with_the_name_of_the_provider_is_one_where_most_operations_have_it() {
    for name in ["X-ListenAPI-Key", "xi-api-key", "authtoken", "Acme-Subscription-Key"] {
        let all = vec![with_parameter(In::Header, name), with_parameter(In::Header, name), operation(None)];
        let (credentials, report) = made(&api(&[], all), None);
        assert_eq!(credentials.schemes["api-key"]["placements"][0]["header"], name, "{report:?}");
        assert_eq!(credentials.of[2].scheme.as_deref(), Some("none"));
    }
    let once = vec![with_parameter(In::Header, "xi-api-key"), operation(None), operation(None)];
    assert!(made(&api(&[], once), None).0.schemes.is_empty());
}
