//! How a token server behaves. All of it can be changed while it runs.

use serde::{Deserialize, Serialize};
use serde_json::{Map, Value};

/// The client's id, if the options name no other.
pub const CLIENT_ID: &str = "wharf-client";
/// The client's secret, if the options name no other. It has the characters that a form has to escape.
pub const CLIENT_SECRET: &str = "cs-Wharf:simulated+secret/50%=of the token server";
/// Who signs assertions, if the options name no other.
pub const SERVICE_ACCOUNT: &str = "service@wharf.example";
/// An RSA key in PKCS #8, whose public half the server knows. It is published, and protects nothing.
pub const RSA_KEY: &str = include_str!("../../data/oauth-rsa.pem");
/// The id of [`RSA_KEY`], for RS256.
pub const RSA_KEY_ID: &str = "rsa-1";
/// A P-256 key in PKCS #8, whose public half the server knows. It is published, and protects nothing.
pub const EC_KEY: &str = include_str!("../../data/oauth-ec.pem");
/// The id of [`EC_KEY`], for ES256.
pub const EC_KEY_ID: &str = "ec-1";

const KEYS: &str = include_str!("../../data/oauth-keys.json");

/// What a token server is told. The default is a server that keeps to the standards and rotates refresh tokens.
#[derive(Clone, Debug, Serialize, Deserialize)]
#[serde(default, deny_unknown_fields)]
pub struct Options {
    /// The only client's id.
    pub client_id: String,
    /// The only client's secret.
    pub client_secret: String,
    /// The ways in which the client may prove itself.
    pub client_auth: Vec<ClientAuth>,
    /// Whether the halves of Basic are taken as they stand, and not as a form has them. Many servers do so.
    pub basic_is_raw: bool,
    /// The public keys, as JSON Web Keys, of the client and of the service account.
    pub keys: Vec<Value>,
    /// Who issues assertions of JWT bearer.
    pub service_account: String,
    /// Where consent may lead to. Without any it is every address of this machine.
    pub redirect_uris: Vec<String>,
    /// Whether a code is given only to a challenge by S256.
    pub needs_pkce: bool,
    /// What is granted where nothing is asked for.
    pub scopes: Vec<String>,
    /// What is granted at most.
    pub grants_only: Option<Vec<String>>,
    /// What stands between the scopes that are asked for.
    pub scope_separator: String,
    /// Who consents.
    pub user: String,
    /// How many seconds an access token is good for.
    pub access_life: u64,
    /// How many seconds a refresh token is good for.
    pub refresh_life: Option<u64>,
    /// Whether grants that have a person behind them come with a refresh token.
    pub gives_refresh_tokens: bool,
    /// Whether a refresh token is good for once. If it is not, the answer to a refresh has none.
    pub rotates: bool,
    /// For how many milliseconds a spent refresh token may be spent again without harm.
    pub grace_ms: u64,
    /// How many milliseconds each answer of the token endpoint takes.
    pub delay_ms: u64,
    /// How many seconds the server's clock is ahead of the machine's. It tells its time in the header `Date`.
    pub clock_ahead: i64,
    /// Whether the protected part is at an origin of its own. It is read at the start.
    pub api_apart: bool,
    /// How consent is given.
    pub authorize: Authorize,
    /// How devices are served.
    pub device: Device,
    /// The form of token answers.
    pub shape: Shape,
    /// How the protected part behaves.
    pub api: Api,
    /// How the sessions behave.
    pub session: Session,
}

impl Default for Options {
    fn default() -> Self {
        Self {
            client_id: CLIENT_ID.to_owned(),
            client_secret: CLIENT_SECRET.to_owned(),
            client_auth: vec![ClientAuth::Basic, ClientAuth::Body, ClientAuth::PrivateKeyJwt],
            basic_is_raw: false,
            keys: serde_json::from_str(KEYS).unwrap_or_default(),
            service_account: SERVICE_ACCOUNT.to_owned(),
            redirect_uris: Vec::new(),
            needs_pkce: true,
            scopes: vec!["read".to_owned(), "write".to_owned()],
            grants_only: None,
            scope_separator: " ".to_owned(),
            user: "ada".to_owned(),
            access_life: 3600,
            refresh_life: None,
            gives_refresh_tokens: true,
            rotates: true,
            grace_ms: 0,
            delay_ms: 0,
            clock_ahead: 0,
            api_apart: false,
            authorize: Authorize::default(),
            device: Device::default(),
            shape: Shape::default(),
            api: Api::default(),
            session: Session::default(),
        }
    }
}

/// A way in which a client proves itself.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "kebab-case")]
pub enum ClientAuth {
    /// By the header `Authorization`, each half as a form has it (RFC 6749, 2.3.1).
    Basic,
    /// By `client_id` and `client_secret` in the body.
    Body,
    /// Not at all, as a public client.
    None,
    /// By an assertion that it has signed (RFC 7523).
    PrivateKeyJwt,
}

/// How consent is given.
#[derive(Clone, Debug, Default, Serialize, Deserialize)]
#[serde(default, deny_unknown_fields)]
pub struct Authorize {
    /// The error that the person or the server answers with, as `access_denied`. Without one the person consents at once.
    pub error: Option<String>,
    /// The `state` that comes back in place of the right one.
    pub state: Option<String>,
    /// Whether the right `iss` comes back (RFC 9207).
    pub tells_iss: bool,
    /// The `iss` that comes back in place of the right one.
    pub iss: Option<String>,
    /// What else comes back, as `realmId`.
    pub extra: Vec<(String, String)>,
}

/// How devices are served.
#[derive(Clone, Debug, Serialize, Deserialize)]
#[serde(default, deny_unknown_fields)]
pub struct Device {
    /// How many seconds a device is asked to wait between two questions.
    pub interval: u64,
    /// How many seconds the code is said to be good for.
    pub expires_in: u64,
    /// What each question is answered with, in order. When there is no more, consent has been given.
    pub steps: Vec<DeviceStep>,
}

impl Default for Device {
    fn default() -> Self {
        Self { interval: 1, expires_in: 600, steps: vec![DeviceStep::Pending] }
    }
}

/// What a device's question is answered with.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "kebab-case")]
pub enum DeviceStep {
    /// `authorization_pending`, once.
    Pending,
    /// `authorization_pending`, until [`TokenServer::approve_devices`](super::TokenServer::approve_devices).
    Wait,
    /// `slow_down`.
    SlowDown,
    /// `expired_token`, from now on.
    Expired,
    /// `access_denied`, from now on.
    Denied,
}

/// The form of token answers.
#[derive(Clone, Debug, Default, Serialize, Deserialize)]
#[serde(default, deny_unknown_fields)]
pub struct Shape {
    /// Whether answers are forms and not JSON.
    pub is_form: bool,
    /// Whether the request has to be JSON and not a form.
    pub wants_json: bool,
    /// How the life of a token is told.
    pub expires_in: ExpiresIn,
    /// How the scopes are told.
    pub scope: ScopeForm,
    /// The type of token that is told. An empty one is left out.
    pub token_type: Option<String>,
    /// The pointer to the object that has the token and what belongs to it, as `/data/authed_user`.
    pub below: String,
    /// Further members of the answer, as `instance_url`.
    pub extra: Map<String, Value>,
    /// Whether there is an unsigned `id_token` with the person's name.
    pub has_id_token: bool,
    /// Whether success is told by `"ok": true` too.
    pub has_ok: bool,
    /// How errors are told.
    pub errors: ErrorForm,
}

/// How the life of a token is told.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "kebab-case")]
pub enum ExpiresIn {
    /// As a number.
    #[default]
    Number,
    /// As a number in a text.
    Text,
    /// Not at all.
    Absent,
    /// As 0, whatever it is.
    Zero,
}

/// How the scopes are told.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "kebab-case")]
pub enum ScopeForm {
    /// One text, with spaces between them.
    #[default]
    Spaces,
    /// One text, with commas between them.
    Commas,
    /// An array of texts.
    Array,
    /// Not at all.
    Absent,
}

/// How errors are told.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "kebab-case")]
pub enum ErrorForm {
    /// As RFC 6749 has it, with status 400 or 401.
    #[default]
    Standard,
    /// With status 200 and `{"ok": false, "error": …}`, as Slack does.
    OkFalse,
    /// With status 200 and otherwise as in the standard, as GitHub does.
    Status200,
}

/// How the protected part behaves.
#[derive(Clone, Copy, Debug, Default, Serialize, Deserialize)]
#[serde(default, deny_unknown_fields)]
pub struct Api {
    /// How it says that a token is not good.
    pub over: Over,
    /// Whether each answer repeats the header `Authorization` in the body.
    pub echoes: bool,
}

/// How the protected part says that a token is not good.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "kebab-case")]
pub enum Over {
    /// With status 401 and `invalid_token` (RFC 6750).
    #[default]
    Unauthorized,
    /// With status 401 and no word why.
    Bare,
    /// With status 200 and `{"error": "token_expired"}`.
    Status200,
    /// With status 403.
    Forbidden,
    /// With status 401, after having done what was asked.
    AfterAll,
}

/// How the sessions behave.
#[derive(Clone, Debug, Serialize, Deserialize)]
#[serde(default, deny_unknown_fields)]
pub struct Session {
    /// The only user.
    pub username: String,
    /// The user's key.
    pub key: String,
    /// What a login has to send.
    pub proof: Proof,
    /// After how many uses a session is over.
    pub uses: Option<u64>,
    /// How it is told that a session is over.
    pub over: SessionOver,
}

impl Default for Session {
    fn default() -> Self {
        Self {
            username: "admin".to_owned(),
            key: "Kq7RmXvQ9pLzT4wBsession".to_owned(),
            proof: Proof::default(),
            uses: None,
            over: SessionOver::default(),
        }
    }
}

/// What a login has to send.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "kebab-case")]
pub enum Proof {
    /// The MD5 of the challenge and the key, in lower case hexadecimal.
    #[default]
    Md5,
    /// The SHA-256 of the challenge and the key, in lower case hexadecimal.
    Sha256,
    /// The key itself; no challenge is needed.
    Key,
}

/// How it is told that a session is over.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "kebab-case")]
pub enum SessionOver {
    /// With status 401.
    #[default]
    Unauthorized,
    /// With status 200 and `{"success": false, "error": {"code": "SESSION_EXPIRED"}}`.
    SuccessFalse,
}
