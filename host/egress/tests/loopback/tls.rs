//! Certificates are verified, and a CA file says by whom.

use std::sync::Arc;
use std::time::Duration;

use rustls::pki_types::pem::PemObject as _;
use rustls::pki_types::{CertificateDer, PrivateKeyDer};
use rustls::{ServerConfig, ServerConnection, StreamOwned};
use wharf_egress::ConnectionError;

use crate::server::OK;
use crate::{Server, answers, builder, get, get_within, unavailable};

pub(crate) const AUTHORITY: &[u8] = include_bytes!("../data/authority.pem");
const CERTIFICATE: &[u8] = include_bytes!("../data/server.pem");
const KEY: &[u8] = include_bytes!("../data/server.key");

/// A server with a certificate for `localhost` and `provider.test`, of an authority that nobody knows.
pub(crate) fn server() -> Server {
    let config = config();
    Server::wrapped(
        |_, socket| socket.write_all(OK.as_bytes()).unwrap_or(()),
        move |socket| Box::new(StreamOwned::new(ServerConnection::new(Arc::clone(&config)).unwrap(), socket)),
    )
}

/// What the server has for its clients.
pub(crate) fn config() -> Arc<ServerConfig> {
    let certificate = CertificateDer::from_pem_slice(CERTIFICATE).unwrap();
    let key = PrivateKeyDer::from_pem_slice(KEY).unwrap();
    let provider = Arc::new(rustls::crypto::ring::default_provider());
    let config = ServerConfig::builder_with_provider(provider)
        .with_safe_default_protocol_versions()
        .unwrap()
        .with_no_client_auth()
        .with_single_cert(vec![certificate], key)
        .unwrap();
    Arc::new(config)
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
