//! A plugin without functions, whose requests and answers have what others seldom need.

use wharf_plugin::build::success;
use wharf_plugin::rules::{Output as Gives, Rule};
use wharf_plugin::*;

/// Made of others of its kind.
const PART: Definition =
    Definition::new("part", object_of(&[property("name", text()), property("parts", list(&named("part"))).optional()]));

const ACCOUNT: Field = Field::of_connection(Place::Variable, "account", "account");

const BY_LAST: Paging = Paging::by_last("/orders", "after", "/id");
const BY_LINK: Paging = Paging::by_link("/orders", &["page"]);

/// By every way that there is.
const ACME: Oauth2 = Oauth2::new(
    &[Grant::AuthorizationCode, Grant::DeviceCode, Grant::ClientCredentials, Grant::JwtBearer],
    Endpoint::new("/{account}/token").parameters(&[Parameter::text("audience", "api")]),
    Client::basic("client_id", "client_secret"),
)
.authorize(Endpoint::new("/authorize").server("accounts").parameters(&[Parameter::of_connection("realm", "realm")]))
.device(Endpoint::new("/device").json())
.revoke(Endpoint::new("/revoke"))
.scopes(&["orders", "offline"])
.issuer("https://accounts.example.com")
.assertion(Assertion::new(Key::rs256("client_key"), "client_id").with_scopes())
.lasts(3600)
.fields(&[Told::by_callback("realm", "realmId")])
.servers(&[Told::by_answer("main", "/instance_url")]);

/// A challenge first, whose digest is the answer.
const LOGIN: Session = Session::new(&[
    Login::new(DeclaredRequest::new("get-challenge", Method::Get, "/login").fields(&[Field::of_connection(
        Place::Query,
        "account",
        "account",
    )]))
    .takes(&[Taken::answer("challenge", "/token")]),
    Login::new(
        DeclaredRequest::new("log-in", Method::Post, "/login")
            .fields(&[
                Field::free(Place::Variable, "challenge", "what the first answer said"),
                Field::of_connection(Place::Body, "account", "account"),
            ])
            .body(Body::Form)
            .scheme(Some("digest")),
    )
    .takes(&[Taken::answer("name", "/session"), Taken::cookie("sid", "SID")]),
])
.lasts(1700)
.over(&[Sign::at("/error/code").is(&["SESSION_OVER"]).with_status(200)]);

const PROVIDER: Provider = Provider {
    name: "thorough",
    title: "Thorough",
    version: "1.0.0",
    summary: "Has what others seldom need.",
    base_url: BaseUrl::new("Any."),
    servers: &[Server::new("accounts", BaseUrl::new("Any."))],
    fields: &[
        ConnectionField::plain("account", "Account", "Any.").required(),
        ConnectionField::secret("token", "Token", "Any.").required(),
        ConnectionField::plain("client_id", "Client", "Any."),
        ConnectionField::secret("client_secret", "Secret of the client", "Any."),
        ConnectionField::secret("client_key", "Key of the client", "Any."),
        ConnectionField::plain("realm", "Realm", "Any."),
    ],
    credentials: &[
        Credential::oauth2("acme", "An account.", &ACME),
        Credential::session("login", "A session.", &LOGIN),
    ],
    test: Some(ConnectionTest::new("orders.links").identity(&["/orders/0/id"])),
    schemes: &[
        Scheme::new("bot", "A token in the path.").placements(&[Placement::path("token", &[Part::Field("token")])]),
        Scheme::new("digest", "The answer to a challenge.")
            .values(&[NamedTemplate {
                name: "answer",
                parts: &[Part::Variable("challenge")],
                functions: &[Function::HmacSha256Hex("token")],
            }])
            .placements(&[Placement::body("accessKey", &[Part::Value("answer")])]),
        Scheme::new("account", "An access token.").placements(&[Placement::header(
            "Authorization",
            &[Part::Literal("Bearer "), Part::Credential("acme", "access")],
        )]),
        Scheme::new("session", "A session.")
            .placements(&[Placement::query("sessionName", &[Part::Credential("login", "name")])]),
    ],
    scheme: None,
    read: read::REST,
    resources: &[Resource::new(
        "orders",
        &[
            Operation::post("create", "Create", "/{account}/orders")
                .summary("For tests.")
                .inputs(&[body("part", shared(&PART)).describe("Any.")])
                .fields(&[ACCOUNT, Field::call_id(Place::Header, "Idempotency-Key")])
                .output(shared(&PART))
                .idempotent(),
            Operation::post("send", "Send", "/bot{token}/send")
                .summary("For tests.")
                .scheme(Some("bot"))
                .inputs(&[body("text", text()).describe("Any.")]),
            Operation::get("read", "Read", "/{account}/contents/{+path}")
                .summary("For tests.")
                .inputs(&[path("path", text()).describe("Any.")])
                .fields(&[ACCOUNT]),
            Operation::get("one", "One", "/one/{id}")
                .summary("For tests.")
                .inputs(&[path("id", text()).describe("Any.").encode_slashes()]),
            Operation::get("photo", "Photo", "/photo")
                .summary("For tests.")
                .answers_file("photo")
                .redirects_to(&["https://*.example.com"]),
            Operation::patch("note", "Note", "/note")
                .summary("For tests.")
                .sends(Body::JsonAs("application/merge-patch+json"))
                .inputs(&[body("note", text()).describe("Any.")]),
            Operation::get("watch", "Watch", "/watch").summary("For tests.").answers_by(|| {
                vec![Rule::output([success()], Gives::Lines(Lines::events().until("[DONE]").at_most(100)))]
            }),
            Operation::get("list", "List", "/orders")
                .summary("For tests.")
                .inputs(&[query("after", text()).optional().describe("Any.")])
                .paged(&BY_LAST),
            Operation::get("links", "List by links", "/links")
                .summary("For tests.")
                .inputs(&[query("page", text()).optional().describe("Any.")])
                .paged(&BY_LINK),
        ],
    )],
};

wharf_plugin::export!(PROVIDER);
