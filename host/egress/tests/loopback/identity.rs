//! Servers that want to know who their client is, by a certificate (mTLS).

use std::sync::Arc;

use rustls::ServerConfig;
use rustls::pki_types::pem::PemObject as _;
use rustls::pki_types::{CertificateDer, PrivateKeyDer};
use wharf_egress::probe;

use super::*;
use crate::tls::{AUTHORITY, CERTIFICATE, KEY, serving, url};

/// It vouches for clients.
const CLIENTS: &[u8] = include_bytes!("../data/clients.pem");
const CERTIFICATE_OF_CLIENT: &str = include_str!("../data/client.pem");
const KEY_OF_CLIENT: &str = include_str!("../data/client.key");
const OTHER_KEY: &str = include_str!("../data/other.key");
const EXPIRED: &str = include_str!("../data/self-signed-expired.pem");
const KEY_OF_EXPIRED: &str = include_str!("../data/server.key");

/// A server that serves nobody without a certificate of this authority.
fn demanding(authority: &[u8], version: &'static rustls::SupportedProtocolVersion) -> Server {
    let mut roots = rustls::RootCertStore::empty();
    roots.add(CertificateDer::from_pem_slice(authority).unwrap()).unwrap();
    let provider = Arc::new(rustls::crypto::ring::default_provider());
    let clients = rustls::server::WebPkiClientVerifier::builder_with_provider(Arc::new(roots), Arc::clone(&provider));
    let config = ServerConfig::builder_with_provider(provider).with_protocol_versions(&[version]).unwrap();
    let config = config.with_client_cert_verifier(clients.build().unwrap());
    let chain = vec![CertificateDer::from_pem_slice(CERTIFICATE).unwrap()];
    let key = PrivateKeyDer::from_pem_slice(KEY).unwrap();
    serving(config.with_single_cert(chain, key).unwrap(), Box::new(tls::ok))
}

fn to(server: &Server) -> ConnectionBuilder {
    builder(&url(server, "127.0.0.1")).ca(AUTHORITY)
}

fn with(builder: ConnectionBuilder, certificate: &str, key: &str) -> ConnectionBuilder {
    let builder = builder.secret("own_certificate", Secret::new(certificate)).secret("own_key", Secret::new(key));
    builder.client_certificate(None, "own_certificate", "own_key")
}

const VERSIONS: [&rustls::SupportedProtocolVersion; 2] = [&rustls::version::TLS12, &rustls::version::TLS13];

#[test]
fn a_server_that_asks_is_shown_the_certificate_of_its_fields() {
    for version in VERSIONS {
        let server = demanding(CLIENTS, version);
        let connection = with(to(&server), CERTIFICATE_OF_CLIENT, KEY_OF_CLIENT).build().unwrap();
        assert_eq!(get(&connection).unwrap().status, 200);
        assert_eq!(probe(&connection, LONG).unwrap().wants_certificate, None);
        let like = connection.like("other").build().unwrap();
        assert_eq!(get(&like).unwrap().status, 200, "what is made from it has the same");
    }
}

#[test]
fn a_server_that_does_not_ask_is_shown_nothing() {
    let server = tls::server();
    let connection = with(to(&server), CERTIFICATE_OF_CLIENT, KEY_OF_CLIENT).build().unwrap();
    assert_eq!(get(&connection).unwrap().status, 200);
}

#[test]
fn it_is_shown_to_its_own_server_alone() {
    for version in VERSIONS {
        let (main, further) = (demanding(CLIENTS, version), demanding(CLIENTS, version));
        let both = to(&main).server("files", &url(&further, "127.0.0.1"), "");
        let connection = with(both.clone(), CERTIFICATE_OF_CLIENT, KEY_OF_CLIENT).build().unwrap();
        assert_eq!(get(&connection).unwrap().status, 200);
        let words = unavailable(get(connection.server(Some("files")).unwrap()));
        assert!(words.contains("Wharf has none to give: the plugin names no fields"), "{words}");
        assert!(further.arrived().is_empty());

        let fields = both.secret("a", Secret::new(CERTIFICATE_OF_CLIENT)).secret("b", Secret::new(KEY_OF_CLIENT));
        let connection = fields.client_certificate(Some("files"), "a", "b").build().unwrap();
        assert_eq!(get(connection.server(Some("files")).unwrap()).unwrap().status, 200);
        assert!(unavailable(get(&connection)).contains("wants a certificate of its client"));
    }
}

#[test]
fn a_server_that_is_not_content_is_told_with_the_field() {
    for version in VERSIONS {
        let server = demanding(AUTHORITY, version);
        let stranger = with(to(&server), CERTIFICATE_OF_CLIENT, KEY_OF_CLIENT).build().unwrap();
        let words = unavailable(get(&stranger));
        assert!(words.contains("did not take the one in `own_certificate`"), "{words}");
        let absent = to(&server).absent("own_certificate", "set ACME_CERTIFICATE").absent("own_key", "set ACME_KEY");
        let absent = absent.client_certificate(None, "own_certificate", "own_key").build().unwrap();
        let words = unavailable(get(&absent));
        assert!(words.contains("the connection has no `own_certificate`: set ACME_CERTIFICATE"), "{words}");
        // Of the older version the server says so in the handshake.
        let tried = probe(&absent, LONG).map(|reached| reached.wants_certificate.unwrap());
        let why = tried.unwrap_or_else(|error| error.to_string());
        assert!(why.contains("`own_certificate`"), "{why}");
        assert!(server.arrived().is_empty());
    }
}

#[test]
fn a_certificate_that_cannot_be_shown_is_refused_with_one_sentence_and_none_of_it() {
    let locked = KEY_OF_CLIENT.replace("PRIVATE", "ENCRYPTED PRIVATE");
    let damaged = CERTIFICATE_OF_CLIENT.replace("MII", "MIJ");
    for (certificate, key, words) in [
        ("k7RmX2vQp9LzT4wBk7RmX2vQ", KEY_OF_CLIENT, "`own_certificate` has no certificate in it"),
        (KEY_OF_CLIENT, KEY_OF_CLIENT, "`own_certificate` has no certificate in it"),
        (&damaged, KEY_OF_CLIENT, "`own_certificate` cannot be read: it is damaged"),
        (CERTIFICATE_OF_CLIENT, "k7RmX2vQp9LzT4wBk7RmX2vQ", "`own_key` has no private key in it"),
        (CERTIFICATE_OF_CLIENT, CERTIFICATE_OF_CLIENT, "`own_key` has no private key in it"),
        (CERTIFICATE_OF_CLIENT, &locked, "`own_key` is locked by a password"),
        (CERTIFICATE_OF_CLIENT, OTHER_KEY, "`own_key` is not the key of the certificate in `own_certificate`"),
        (EXPIRED, KEY_OF_EXPIRED, "`own_certificate` expired 20"),
    ] {
        let error = with(builder("https://localhost"), certificate, key).build().map(drop).unwrap_err().to_string();
        assert!(error.contains(words), "{error}");
        assert!(!error.contains("k7RmX2vQp9") && !error.contains("MI"), "{error}");
    }
}

#[test]
fn nothing_of_it_is_shown_to_people() {
    let connection = with(builder("https://localhost"), CERTIFICATE_OF_CLIENT, KEY_OF_CLIENT).build().unwrap();
    let said = connection.mask_for_people(format!("failed: {KEY_OF_CLIENT}"));
    assert!(!said.contains(KEY_OF_CLIENT.lines().nth(1).unwrap()), "{said}");
    let outgoing = prepare(
        &declared(&json!({})),
        &asked(),
        Item { input: &input(), attachments: &[], sensitive: &HashSet::new(), written: None, call: "a-call" },
        &connection,
        &work(),
    );
    let shown = format!("{connection:?} {outgoing:?}");
    assert!(!shown.contains("-----BEGIN"), "{shown}");
}
