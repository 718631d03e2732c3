//! Who may vouch for a server, as the configuration says it.

use std::io::{Read as _, Write as _};
use std::net::TcpListener;
use std::sync::Arc;
use std::thread;

use rustls::pki_types::pem::PemObject as _;
use rustls::pki_types::{CertificateDer, PrivateKeyDer};
use rustls::{ServerConfig, ServerConnection, StreamOwned};

use crate::world::World;

pub(crate) const AUTHORITY: &[u8] = include_bytes!("../../host/egress/tests/data/authority.pem");
pub(crate) const CERTIFICATE: &[u8] = include_bytes!("../../host/egress/tests/data/server.pem");
pub(crate) const SELF_SIGNED: &[u8] = include_bytes!("../../host/egress/tests/data/self-signed.pem");
const KEY: &[u8] = include_bytes!("../../host/egress/tests/data/server.key");

const ANSWER: &[u8] = b"HTTP/1.1 200 OK\r\nContent-Type: application/json\r\nContent-Length: 8\r\n\r\n{\"id\":7}";

/// A connection of Chatwoot to a server with this certificate, which answers everything alike.
pub(crate) fn connection(certificate: &[u8], more: &str) -> String {
    let provider = Arc::new(rustls::crypto::ring::default_provider());
    let config = ServerConfig::builder_with_provider(provider).with_safe_default_protocol_versions().unwrap();
    let chain = vec![CertificateDer::from_pem_slice(certificate).unwrap()];
    let config = config.with_no_client_auth();
    let config = config.with_single_cert(chain, PrivateKeyDer::from_pem_slice(KEY).unwrap()).unwrap();
    let config = Arc::new(config);
    let listener = TcpListener::bind("127.0.0.1:0").unwrap();
    let port = listener.local_addr().unwrap().port();
    thread::spawn(move || {
        for socket in listener.incoming().map_while(Result::ok) {
            let mut socket = StreamOwned::new(ServerConnection::new(Arc::clone(&config)).unwrap(), socket);
            // A head fits into the first record. Who does not trust the certificate sends none.
            if socket.read(&mut [0; 1 << 14]).is_ok_and(|amount| amount > 0) {
                socket.write_all(ANSWER).unwrap();
            }
        }
    });
    format!(
        "[connections.chatwoot]\nprovider = \"chatwoot\"\nbase_url = \"https://127.0.0.1:{port}\"\n{more}\n\
         [connections.chatwoot.fields]\nuser_token = \"k7RmX2vQp9LzT4wBq3N8\"\n"
    )
}

const CALL: [&str; 3] = ["call", "chatwoot", "profile.get"];

#[test]
fn the_authorities_of_the_system_are_trusted_where_the_operator_asks_for_them() {
    let world = World::new();
    let authority = world.write("authority.pem", AUTHORITY);
    let system = [("SSL_CERT_FILE", authority.to_str().unwrap())];

    world.configure(&connection(CERTIFICATE, ""));
    world
        .wharf_with(&system, &CALL)
        .fails(4, &["is of an authority that is not trusted", "ca_file = ", "ca = \"system\""]);
    world.configure(&connection(CERTIFICATE, "ca = \"system\""));
    assert_eq!(world.wharf_with(&system, &CALL).json()["id"], 7);

    let none = world.write("none.pem", "no certificate\n");
    let run = world.wharf_with(&[("SSL_CERT_FILE", none.to_str().unwrap())], &CALL);
    run.fails(2, &["connection `chatwoot`: the system's store of authorities cannot be used"]);
}

#[test]
fn a_self_signed_certificate_of_an_authority_is_that_of_the_server_where_it_is_the_ca_file() {
    let world = World::new();
    world.write("self-signed.pem", SELF_SIGNED);
    world.configure(&connection(SELF_SIGNED, "ca_file = \"self-signed.pem\""));
    assert_eq!(world.wharf(&CALL).json()["id"], 7);
}

#[test]
fn who_is_trusted_is_said_once_and_in_words_that_are_known() {
    let world = World::new();
    world.configure(&connection(CERTIFICATE, "ca = \"system\"\nca_file = \"authority.pem\""));
    world.wharf(&CALL).fails(2, &["`connections.chatwoot.ca`: it stands beside `ca_file`"]);
    world.configure(&connection(CERTIFICATE, "ca = \"systm\""));
    world.wharf(&CALL).fails(2, &["`connections.chatwoot.ca`: `systm` is not known; write ca = \"system\""]);
}
