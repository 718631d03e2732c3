//! A client of a token server, as the tests need it.

use base64::Engine;
use base64::engine::general_purpose::{STANDARD, URL_SAFE_NO_PAD};
use serde_json::Value;
use sha2::{Digest, Sha256};
use wharf_simulated::oauth::{CLIENT_ID, CLIENT_SECRET, TokenServer};

pub(crate) const REDIRECT: &str = "http://127.0.0.1:4711/callback";
pub(crate) const VERIFIER: &str = "a-verifier-that-is-long-enough-for-the-standard-0123456789";

pub(crate) struct Reply {
    pub(crate) status: u16,
    pub(crate) headers: ureq::http::HeaderMap,
    pub(crate) text: String,
}

impl Reply {
    pub(crate) fn json(&self) -> Value {
        serde_json::from_str(&self.text).unwrap_or_else(|_| panic!("no JSON: {:?}", self.text))
    }

    pub(crate) fn text(&self, name: &str) -> String {
        self.json()[name].as_str().unwrap_or_else(|| panic!("no {name}: {:?}", self.text)).to_owned()
    }

    pub(crate) fn error(&self) -> (u16, String) {
        (self.status, self.text("error"))
    }
}

/// Sends a request; without an answer there is no reply.
pub(crate) fn send(method: &str, url: &str, headers: &[(&str, &str)], body: &str) -> Option<Reply> {
    let config = ureq::Agent::config_builder().http_status_as_error(false).max_redirects(0).proxy(None);
    let agent = config.build().new_agent();
    let mut request = match method {
        "GET" => agent.get(url).force_send_body(),
        "DELETE" => agent.delete(url).force_send_body(),
        _ => agent.post(url),
    };
    for (name, value) in headers {
        request = request.header(*name, *value);
    }
    let mut response = request.send(body).ok()?;
    Some(Reply {
        status: response.status().as_u16(),
        headers: response.headers().clone(),
        text: response.body_mut().read_to_string().unwrap(),
    })
}

pub(crate) fn get(url: &str, bearer: &str) -> Reply {
    send("GET", url, &[("authorization", &format!("Bearer {bearer}"))], "").unwrap()
}

/// Sends a form, and proves the client by Basic.
pub(crate) fn form(server: &TokenServer, path: &str, members: &[(&str, &str)]) -> Reply {
    try_form(server, path, members).unwrap()
}

pub(crate) fn try_form(server: &TokenServer, path: &str, members: &[(&str, &str)]) -> Option<Reply> {
    form_of(server, path, &[("authorization", &basic(CLIENT_ID, CLIENT_SECRET))], members)
}

pub(crate) fn form_of(
    server: &TokenServer,
    path: &str,
    headers: &[(&str, &str)],
    members: &[(&str, &str)],
) -> Option<Reply> {
    let body = encoded(members);
    let mut headers = headers.to_vec();
    headers.push(("content-type", "application/x-www-form-urlencoded"));
    send("POST", &(server.url() + path), &headers, &body)
}

pub(crate) fn encoded(members: &[(&str, &str)]) -> String {
    form_urlencoded::Serializer::new(String::new()).extend_pairs(members).finish()
}

pub(crate) fn basic(id: &str, secret: &str) -> String {
    let half = |half: &str| form_urlencoded::byte_serialize(half.as_bytes()).collect::<String>();
    format!("Basic {}", STANDARD.encode(format!("{}:{}", half(id), half(secret))))
}

pub(crate) fn refresh(server: &TokenServer, token: &str) -> Reply {
    form(server, "/token", &[("grant_type", "refresh_token"), ("refresh_token", token)])
}

/// An address of `/authorize` as a client makes it.
pub(crate) fn consent_address(server: &TokenServer, more: &[(&str, &str)]) -> String {
    let challenge = URL_SAFE_NO_PAD.encode(Sha256::digest(VERIFIER));
    let mut members = vec![
        ("response_type", "code"),
        ("client_id", CLIENT_ID),
        ("redirect_uri", REDIRECT),
        ("state", "a state"),
        ("code_challenge", &challenge),
        ("code_challenge_method", "S256"),
    ];
    for (name, value) in more {
        members.retain(|(own, _)| own != name);
        members.push((name, value));
    }
    format!("{}/authorize?{}", server.url(), encoded(&members))
}

/// What comes back to the redirect address.
pub(crate) fn consent(server: &TokenServer, more: &[(&str, &str)]) -> Vec<(String, String)> {
    let back = server.visit(&consent_address(server, more)).unwrap();
    let query = back.strip_prefix(REDIRECT).and_then(|rest| rest.strip_prefix('?')).unwrap();
    form_urlencoded::parse(query.as_bytes()).into_owned().collect()
}

pub(crate) fn of<'m>(members: &'m [(String, String)], name: &str) -> Option<&'m str> {
    members.iter().find(|(own, _)| own == name).map(|(_, value)| value.as_str())
}

pub(crate) fn code(server: &TokenServer) -> String {
    of(&consent(server, &[]), "code").unwrap().to_owned()
}

pub(crate) fn exchange(server: &TokenServer, code: &str, verifier: &str) -> Reply {
    let grant = ("grant_type", "authorization_code");
    form(server, "/token", &[grant, ("code", code), ("redirect_uri", REDIRECT), ("code_verifier", verifier)])
}
