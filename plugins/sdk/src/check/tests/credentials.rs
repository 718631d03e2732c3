//! What credentials cannot say.

use super::super::credentials::of_credentials;
use crate::provider::{ConnectionField, Part, Placement, Provider, Scheme};
use crate::request::{DeclaredRequest, Field, Method, Place};
use crate::{
    Assertion, Client, ConnectionTest, Credential, Endpoint, Grant, Key, Login, Oauth2, Operation, Parameter, Resource,
    Session, Taken, path, query, text,
};

const FIELDS: &[ConnectionField] = &[
    ConnectionField::plain("client_id", "", ""),
    ConnectionField::plain("user", "", ""),
    ConnectionField::secret("secret", "", ""),
];

const SCHEMES: &[Scheme] = &[
    Scheme::new("live", "").placements(&[Placement::header("Authorization", &[Part::Credential("acme", "access")])]),
    Scheme::new("plain", "").placements(&[Placement::header("X-Key", &[Part::Field("secret")])]),
];

const RESOURCES: &[Resource] = &[Resource::new(
    "me",
    &[
        Operation::get("get", "", "/me").inputs(&[query("x", text()).optional()]),
        Operation::post("change", "", "/me"),
        Operation::get("find", "", "/me/{id}").inputs(&[path("id", text())]),
    ],
)];

const PROVIDER: Provider = Provider { fields: FIELDS, schemes: SCHEMES, resources: RESOURCES, ..super::PROVIDER };

const TOKEN: Endpoint = Endpoint::new("/token");
const CLIENT: Client = Client::basic("client_id", "secret");
const CODE: Oauth2 = Oauth2::new(&[Grant::AuthorizationCode], TOKEN, CLIENT).authorize(Endpoint::new("/authorize"));
const ITSELF: Oauth2 = Oauth2::new(&[Grant::ClientCredentials], TOKEN, CLIENT);

fn of_oauth2(oauth2: Oauth2) -> Option<(&'static str, &'static str)> {
    let credentials = Box::leak(Box::new([Credential::oauth2("acme", "", Box::leak(Box::new(oauth2)))]));
    of_credentials(&Provider { credentials, ..PROVIDER })
}

fn of_login(steps: &'static [Login]) -> Option<(&'static str, &'static str)> {
    let session = Credential::session("acme", "", Box::leak(Box::new(Session::new(steps))));
    of_credentials(&Provider { credentials: Box::leak(Box::new([session])), ..PROVIDER })
}

#[test]
fn what_oauth_cannot_say_is_found_with_what_to_do() {
    for (oauth2, name, what) in [
        (Oauth2::new(&[Grant::AuthorizationCode], TOKEN, CLIENT), "authorize", "`Grant::AuthorizationCode`"),
        (ITSELF.device(TOKEN), "device", "`Grant::DeviceCode`"),
        (ITSELF.assertion(Assertion::new(Key::rs256("secret"), "user")), "assertion", "`Grant::JwtBearer`"),
        (Oauth2::new(&[Grant::ClientCredentials], TOKEN, Client::public("nobody")), "nobody", "is no field"),
        (Oauth2::new(&[Grant::ClientCredentials], TOKEN, Client::public("secret")), "secret", "can be read"),
        (
            Oauth2::new(&[Grant::ClientCredentials], TOKEN, Client::in_body("user", "user")),
            "user",
            "a secret is needed",
        ),
        (Oauth2::new(&[Grant::ClientCredentials], TOKEN, Client::signed("user", Key::es256("user"))), "user", "needed"),
        (ITSELF.revoke(Endpoint::new("/{secret}/revoke")), "secret", "can be read"),
        (
            ITSELF.revoke(TOKEN.parameters(const { &[Parameter::of_connection("a", "nobody")] })),
            "nobody",
            "is no field of the connection",
        ),
    ] {
        let found = of_oauth2(oauth2);
        assert!(found.is_some_and(|(of, words)| of == name && words.contains(what)), "{name} {what}: {found:?}");
    }
    assert_eq!((of_oauth2(CODE), of_oauth2(ITSELF)), (None, None));
}

#[test]
fn what_a_login_cannot_say_is_found_with_what_to_do() {
    const GET: DeclaredRequest = DeclaredRequest::new("ask", Method::Get, "/login");
    const POST: DeclaredRequest = DeclaredRequest::new("log-in", Method::Post, "/login");
    const FREE: Field = Field::free(Place::Query, "challenge", "why");
    const ACCESS: &[Taken] = &[Taken::answer("access", "/access")];
    let one = |request: DeclaredRequest| of_login(Box::leak(Box::new([Login::new(request).takes(ACCESS)])));
    for (found, name, what) in [
        (one(GET.fields(const { &[Field::bound(Place::Query, "q", "x")] })), "q", "a login has none"),
        (one(GET.fields(const { &[Field::call_id(Place::Query, "q")] })), "q", "the id of a call"),
        (one(GET.fields(const { &[FREE] })), "challenge", "no request before it takes"),
        (one(GET.fields(const { &[Field::of_connection(Place::Query, "q", "secret")] })), "secret", "can be read"),
        (one(GET.scheme(Some("live"))), "live", "schemes of fields alone"),
        (one(POST.read_only()), "log-in", "`.read_only()`"),
        (of_login(const { &[Login::new(GET)] }), "access", "is no value of the credential"),
    ] {
        assert!(found.is_some_and(|(of, words)| of == name && words.contains(what)), "{name} {what}: {found:?}");
    }
    const GOOD: &[Login] = &[
        Login::new(GET).takes(&[Taken::answer("challenge", "/c")]),
        Login::new(POST.fields(&[FREE]).scheme(Some("plain"))).takes(ACCESS),
    ];
    assert_eq!(of_login(GOOD), None);
}

#[test]
fn a_credential_is_placed_and_one_that_is_placed_is_there() {
    const MORE: &[Credential] = &[Credential::oauth2("acme", "", &CODE), Credential::oauth2("more", "", &CODE)];
    let found = of_credentials(&Provider { credentials: MORE, ..PROVIDER });
    assert!(found.is_some_and(|(of, words)| of == "more" && words.contains("no scheme places")), "{found:?}");
    let found = of_credentials(&PROVIDER);
    assert!(found.is_some_and(|(of, words)| of == "acme" && words.contains("is no credential")), "{found:?}");
}

#[test]
fn a_connection_is_tested_by_what_reads_and_needs_nothing() {
    const CREDENTIALS: &[Credential] = &[Credential::oauth2("acme", "", &CODE)];
    let with = |name| {
        of_credentials(&Provider { credentials: CREDENTIALS, test: Some(ConnectionTest::new(name)), ..PROVIDER })
    };
    assert_eq!(with("me.get"), None);
    for (name, what) in [("me.change", "more than read"), ("me.find", "needs an input"), ("me", "is no operation")] {
        let found = with(name);
        assert!(found.is_some_and(|(of, words)| of == name && words.contains(what)), "{found:?}");
    }
}
