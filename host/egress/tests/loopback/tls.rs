//! Certificates are verified, and a CA file says by whom.

use std::io::Write;
use std::sync::Arc;
use std::time::Duration;

use rustls::pki_types::pem::PemObject as _;
use rustls::pki_types::{CertificateDer, PrivateKeyDer};
use rustls::sign::{CertifiedKey, SingleCertAndKey};
use rustls::{ServerConfig, ServerConnection, StreamOwned};
use wharf_egress::{ConnectionBuilder, ConnectionError};

use crate::server::OK;
use crate::{Server, answers, builder, get, get_within, unavailable};

pub(crate) const AUTHORITY: &[u8] = include_bytes!("../data/authority.pem");
pub(crate) const CERTIFICATE: &[u8] = include_bytes!("../data/server.pem");
/// Of the server itself, and of an authority (CA:TRUE), as `openssl req -x509` makes them: with the names that the other one has,
/// without a name, and of a time that is over.
const SELF_SIGNED: &[u8] = include_bytes!("../data/self-signed.pem");
const NAMELESS: &[u8] = include_bytes!("../data/self-signed-nameless.pem");
const EXPIRED: &[u8] = include_bytes!("../data/self-signed-expired.pem");
/// The same for clients alone, and with an extension that has no meaning and is critical.
const FOR_CLIENTS: &[u8] = include_bytes!("../data/self-signed-client.pem");
const CRITICAL: &[u8] = include_bytes!("../data/self-signed-critical.pem");
/// It has the name of the authority that signed the server's certificate, and another key.
const RENEWED: &[u8] = include_bytes!("../data/authority-renewed.pem");
/// It is the key of all of them but that one.
pub(crate) const KEY: &[u8] = include_bytes!("../data/server.key");
const OTHER_KEY: &[u8] = include_bytes!("../data/other.key");

type Handler = dyn Fn(&str, &mut dyn Write) + Send + Sync;

/// A server with a certificate for `localhost` and `provider.test`, of an authority that nobody knows.
pub(crate) fn server() -> Server {
    server_with(CERTIFICATE)
}

/// The same, with answers of its own.
pub(crate) fn server_answering(handler: impl Fn(&str, &mut dyn Write) + Send + Sync + 'static) -> Server {
    serving(config_with(CERTIFICATE), Box::new(handler))
}

fn server_with(certificate: &[u8]) -> Server {
    serving(config_with(certificate), Box::new(ok))
}

/// A certificate and a key that no server would be started with.
fn server_with_unchecked(certificate: &[u8], key: &[u8]) -> Server {
    let provider = Arc::new(rustls::crypto::ring::default_provider());
    let key = provider.key_provider.load_private_key(PrivateKeyDer::from_pem_slice(key).unwrap()).unwrap();
    let certified = CertifiedKey::new(vec![CertificateDer::from_pem_slice(certificate).unwrap()], key);
    let config = ServerConfig::builder_with_provider(provider).with_safe_default_protocol_versions().unwrap();
    let config = config.with_no_client_auth().with_cert_resolver(Arc::new(SingleCertAndKey::from(certified)));
    serving(config, Box::new(ok))
}

pub(crate) fn ok(_: &str, socket: &mut dyn Write) {
    socket.write_all(OK.as_bytes()).unwrap_or(());
}

/// What the server has for its clients.
pub(crate) fn config() -> Arc<ServerConfig> {
    Arc::new(config_with(CERTIFICATE))
}

fn config_with(certificate: &[u8]) -> ServerConfig {
    let certificate = CertificateDer::from_pem_slice(certificate).unwrap();
    let key = PrivateKeyDer::from_pem_slice(KEY).unwrap();
    let provider = Arc::new(rustls::crypto::ring::default_provider());
    ServerConfig::builder_with_provider(provider)
        .with_safe_default_protocol_versions()
        .unwrap()
        .with_no_client_auth()
        .with_single_cert(vec![certificate], key)
        .unwrap()
}

pub(crate) fn serving(config: ServerConfig, handler: Box<Handler>) -> Server {
    let config = Arc::new(config);
    Server::wrapped(handler, move |socket| {
        Box::new(StreamOwned::new(ServerConnection::new(Arc::clone(&config)).unwrap(), socket))
    })
}

pub(crate) fn url(server: &Server, name: &str) -> String {
    format!("https://{name}:{}", server.address.port())
}

#[test]
fn an_unknown_authority_is_refused_and_the_ca_file_makes_it_known() {
    let server = server();
    let local = || builder(&url(&server, "localhost")).lookup(answers(&["127.0.0.1"]));
    let words = unavailable(get(&local().build().unwrap()));
    assert!(words.contains("certificate") && words.contains("ca_file"), "{words}");
    assert!(server.arrived().is_empty());

    assert_eq!(get(&local().ca(AUTHORITY).build().unwrap()).unwrap().status, 200);
    assert_eq!(server.arrived().len(), 1);
}

#[test]
fn a_certificate_for_another_name_is_refused() {
    let server = server();
    let other = builder(&url(&server, "other.test")).lookup(answers(&["127.0.0.1"]));
    let words =
        unavailable(get(&other.allow_addresses(["127.0.0.0/8".parse().unwrap()]).ca(AUTHORITY).build().unwrap()));
    assert!(words.contains("certificate"), "{words}");
    assert!(server.arrived().is_empty());
}

fn local(server: &Server) -> ConnectionBuilder {
    builder(&url(server, "localhost")).lookup(answers(&["127.0.0.1"]))
}

#[test]
fn the_certificate_of_the_server_itself_may_be_the_ca_file() {
    // One of an authority, which rustls takes for no server's, and one whose authority is not known.
    for certificate in [SELF_SIGNED, CERTIFICATE] {
        let server = server_with(certificate);
        assert_eq!(get(&local(&server).ca(certificate).build().unwrap()).unwrap().status, 200);
        let among_others = [AUTHORITY, EXPIRED, certificate].concat();
        assert_eq!(get(&local(&server).ca(among_others).build().unwrap()).unwrap().status, 200);
    }
}

#[test]
fn another_certificate_of_the_same_key_name_and_subject_is_not_the_one_that_was_given() {
    let server = server_with(SELF_SIGNED);
    for other in [NAMELESS, EXPIRED, AUTHORITY] {
        let words = unavailable(get(&local(&server).ca(other).build().unwrap()));
        assert!(words.contains("the certificate of localhost is one of an authority (CA:TRUE)"), "{words}");
        assert!(words.contains("write ca_file = \"this very certificate\" in [connections.main]"), "{words}");
    }
    assert!(server.arrived().is_empty());
}

#[test]
fn a_certificate_that_was_given_is_still_for_its_name_and_its_time() {
    let server = server_with(SELF_SIGNED);
    let other = builder(&url(&server, "other.test")).lookup(answers(&["127.0.0.1"]));
    let other = other.allow_addresses(["127.0.0.0/8".parse().unwrap()]).ca(SELF_SIGNED).build().unwrap();
    let words = unavailable(get(&other));
    assert!(words.contains("the certificate of other.test is for others") && words.contains("localhost"), "{words}");

    let expired = server_with(EXPIRED);
    let words = unavailable(get(&local(&expired).ca(EXPIRED).build().unwrap()));
    assert!(words.contains("expired 2021-01-01T00:00:00Z"), "{words}");

    let nameless = server_with(NAMELESS);
    let words = unavailable(get(&local(&nameless).ca(NAMELESS).build().unwrap()));
    assert!(words.contains("names no host") && words.contains("subjectAltName"), "{words}");
    assert!(server.arrived().is_empty() && expired.arrived().is_empty() && nameless.arrived().is_empty());
}

#[test]
fn a_server_without_the_key_is_not_the_one_whose_certificate_was_given() {
    let server = server_with_unchecked(SELF_SIGNED, OTHER_KEY);
    let words = unavailable(get(&local(&server).ca(SELF_SIGNED).build().unwrap()));
    assert!(words.contains("is not the server's: it does not show that it has the key (BadSignature)"), "{words}");
    assert!(server.arrived().is_empty());
}

#[test]
fn a_certificate_that_was_given_counts_whoever_else_in_the_file_has_its_issuers_name() {
    let server = server_with(CERTIFICATE);
    for file in [[RENEWED, CERTIFICATE].concat(), [CERTIFICATE, RENEWED].concat()] {
        assert_eq!(get(&local(&server).ca(file).build().unwrap()).unwrap().status, 200);
    }
    let words = unavailable(get(&local(&server).ca(RENEWED).build().unwrap()));
    assert!(
        words.contains("is not signed with its key (BadSignature); it or the authority may have been made anew"),
        "{words}"
    );
    assert!(words.contains("put the certificate that is used now into its ca_file"), "{words}");
}

#[test]
fn a_certificate_that_is_not_for_servers_is_refused_although_it_was_given() {
    let server = server_with(FOR_CLIENTS);
    let words = unavailable(get(&local(&server).ca(FOR_CLIENTS).build().unwrap()));
    assert!(words.contains("is not for servers: make one with extendedKeyUsage = serverAuth"), "{words}");
    let critical = server_with_unchecked(CRITICAL, KEY);
    let words = unavailable(get(&local(&critical).ca(CRITICAL).build().unwrap()));
    assert!(words.contains("an extension that nobody here knows"), "{words}");
    assert!(server.arrived().is_empty() && critical.arrived().is_empty());
}

#[test]
fn a_mark_before_the_first_of_two_certificates_loses_none() {
    let server = server_with(SELF_SIGNED);
    let file = [b"\xef\xbb\xbf".as_slice(), SELF_SIGNED, AUTHORITY].concat();
    assert_eq!(get(&local(&server).ca(file).build().unwrap()).unwrap().status, 200);
}

#[test]
fn a_server_that_wants_a_certificate_of_its_client_is_told_as_one() {
    let mut roots = rustls::RootCertStore::empty();
    roots.add(CertificateDer::from_pem_slice(AUTHORITY).unwrap()).unwrap();
    let provider = Arc::new(rustls::crypto::ring::default_provider());
    for version in [&rustls::version::TLS12, &rustls::version::TLS13] {
        let (roots, provider) = (Arc::new(roots.clone()), Arc::clone(&provider));
        let clients = rustls::server::WebPkiClientVerifier::builder_with_provider(roots, Arc::clone(&provider));
        let config = ServerConfig::builder_with_provider(provider).with_protocol_versions(&[version]).unwrap();
        let chain = vec![CertificateDer::from_pem_slice(CERTIFICATE).unwrap()];
        let config = config.with_client_cert_verifier(clients.build().unwrap());
        let config = config.with_single_cert(chain, PrivateKeyDer::from_pem_slice(KEY).unwrap()).unwrap();
        let server = serving(config, Box::new(ok));
        let words = unavailable(get(&local(&server).ca(AUTHORITY).build().unwrap()));
        assert!(
            words.contains("wants a certificate of its client") && words.contains("Wharf has none to give"),
            "{words}"
        );
        assert!(server.arrived().is_empty());
    }
}

#[test]
fn a_server_that_cannot_agree_on_tls_is_told_with_what_can_be_agreed_on() {
    // Fatal alerts: handshake_failure, protocol_version (RFC 8446, section 6.2).
    for (alert, expected) in [(40, "takes certificates with a key of RSA"), (70, "no version of TLS from 1.2 on")] {
        let listener = std::net::TcpListener::bind("127.0.0.1:0").unwrap();
        let port = listener.local_addr().unwrap().port();
        let answering = std::thread::spawn(move || {
            let (mut socket, _) = listener.accept().unwrap();
            socket.write_all(&[0x15, 3, 3, 0, 2, 2, alert]).unwrap();
            // Until the other side is gone.
            let _ = std::io::copy(&mut socket, &mut std::io::sink());
        });
        let words = unavailable(get(&builder(&format!("https://127.0.0.1:{port}")).build().unwrap()));
        assert!(words.contains("TLS with 127.0.0.1 failed: the server") && words.contains(expected), "{words}");
        answering.join().unwrap();
    }
}

#[test]
fn an_end_without_the_farewell_is_told_in_words_of_its_own() {
    let server = crate::peer::Server::start(crate::peer::Way::Tls, |peer, _| {
        let peer = peer.as_mut().unwrap();
        peer.head();
        peer.say("HTTP/1.1 200 OK\r\nContent-Length: 9\r\n\r\ncut");
        peer.cut();
        peer.head();
    });
    let words = crate::no_answer(crate::peer::send_by("GET", &server.connection()));
    assert!(words.contains("without the farewell of TLS (close_notify)") && !words.contains("https://docs"), "{words}");
}

#[test]
fn a_server_that_does_not_speak_tls_is_told_apart_from_one_that_is_not_there() {
    let listener = std::net::TcpListener::bind("127.0.0.1:0").unwrap();
    let port = listener.local_addr().unwrap().port();
    let answering = std::thread::spawn(move || {
        let (mut socket, _) = listener.accept().unwrap();
        socket.write_all(b"HTTP/1.1 400 Bad Request\r\nContent-Length: 0\r\n\r\n").unwrap();
        // Until the other side is gone.
        let _ = std::io::copy(&mut socket, &mut std::io::sink());
    });
    let words = unavailable(get(&builder(&format!("https://127.0.0.1:{port}")).build().unwrap()));
    assert!(words.contains("does not speak TLS") && words.contains("http://"), "{words}");
    answering.join().unwrap();
}

#[test]
fn a_ca_file_without_certificates_is_refused() {
    let error = builder("https://localhost").ca(b"no certificate here\n".as_slice()).build().map(drop).unwrap_err();
    assert_eq!(error, ConnectionError::Ca("has no certificate in it"));
    assert!(error.to_string().contains("PEM"), "{error}");
    let damaged =
        builder("https://localhost").ca(b"-----BEGIN CERTIFICATE-----\n%%%\n-----END CERTIFICATE-----\n".as_slice());
    assert!(matches!(damaged.build(), Err(ConnectionError::Ca(_))));
}

#[test]
fn a_server_without_tls_is_not_spoken_to_in_the_clear() {
    let plain = Server::start();
    let connection = builder(&url(&plain, "127.0.0.1")).ca(AUTHORITY).build().unwrap();
    assert!(get_within(&connection, Duration::from_millis(500)).is_err());
    assert!(!plain.arrived().iter().any(|request| request.contains("x-key")));
}
