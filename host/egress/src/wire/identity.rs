//! The certificate of this client, for servers that ask for one.

use std::sync::Arc;
use std::time::SystemTime;

use rustls::client::ResolvesClientCert;
use rustls::crypto::ring::default_provider;
use rustls::pki_types::pem::PemObject as _;
use rustls::pki_types::{CertificateDer, PrivateKeyDer};
use rustls::sign::CertifiedKey;
use rustls::{Error, SignatureScheme};

use super::{der, exchange, pem};
use crate::refusal::ConnectionError;
use crate::secret::Secret;

/// What is shown to a server that asks, and what is to be said where it is not content.
#[derive(Debug)]
pub(crate) struct Identity {
    certified: Option<Arc<CertifiedKey>>,
    /// What a server found, and what can be done.
    refused: String,
}

/// The fields of a connection that an identity is made of: their names, and the values.
pub(crate) struct Fields<'a> {
    pub(crate) certificate: (&'a str, &'a Secret),
    pub(crate) key: (&'a str, &'a Secret),
}

impl Identity {
    /// Of a server for which no plugin names a certificate.
    pub(crate) fn none() -> Self {
        let refused = "and Wharf has none to give: the plugin names no fields of the connection for one";
        Self { certified: None, refused: refused.to_owned() }
    }

    /// Of a connection that lacks a field.
    pub(crate) fn absent(field: &str, remedy: &str) -> Self {
        Self { certified: None, refused: format!("and the connection has no `{field}`: {remedy}") }
    }

    pub(crate) fn new(fields: &Fields<'_>, now: SystemTime) -> Result<Self, ConnectionError> {
        let (name, key_name) = (fields.certificate.0, fields.key.0);
        let wrong =
            |field: &str, problem: String| ConnectionError::ClientCertificate { field: field.to_owned(), problem };
        let chain = chain(fields.certificate.1, now).map_err(|problem| wrong(name, problem))?;
        let key = key(fields.key.1).map_err(|problem| wrong(key_name, problem.to_owned()))?;
        let certified = CertifiedKey::from_der(chain, key, &default_provider()).map_err(|error| match error {
            Error::InconsistentKeys(_) => wrong(
                key_name,
                format!("is not the key of the certificate in `{name}`; write the two that were made together"),
            ),
            error => wrong(
                key_name,
                format!(
                    "cannot be used with the certificate in `{name}` ({error}); take a key of RSA with 2048 bits or more, of \
                     ECDSA on P-256 or P-384, or Ed25519"
                ),
            ),
        })?;
        let refused = format!(
            "and did not take the one in `{name}`: it has to be of an authority that the server knows, and perhaps those between \
             have to stand behind it in the field"
        );
        Ok(Self { certified: Some(Arc::new(certified)), refused })
    }

    /// Whether there is none to be shown.
    pub(crate) fn is_none(&self) -> bool {
        self.certified.is_none()
    }

    /// What is to be said where a server that asked for it refused the client.
    pub(crate) fn refused(&self) -> &str {
        &self.refused
    }
}

/// The certificates, the client's own first.
fn chain(text: &Secret, now: SystemTime) -> Result<Vec<CertificateDer<'static>>, String> {
    const NONE: &str = "has no certificate in it; write one in PEM form (`-----BEGIN CERTIFICATE-----`)";
    let chain =
        pem::certificates(text.reveal().as_bytes()).map_err(|problem| format!("cannot be read: it {problem}"))?;
    let own = chain.first().ok_or(NONE)?;
    let (from, until) =
        der::validity(own).ok_or("is no certificate of a version that is known; have another one made")?;
    let time = humantime::format_rfc3339_seconds;
    if until < now {
        return Err(format!("expired {}: have another one made, if the clock here is right", time(until)));
    }
    if from > now {
        return Err(format!("is not valid before {}: look at the clock here", time(from)));
    }
    Ok(chain)
}

fn key(text: &Secret) -> Result<PrivateKeyDer<'static>, &'static str> {
    let text = text.reveal();
    if text.contains("ENCRYPTED") {
        return Err("is locked by a password; `openssl pkey -in FILE` writes it without one");
    }
    PrivateKeyDer::from_pem_slice(text.as_bytes())
        .map_err(|_| "has no private key in it; write one in PEM form (`-----BEGIN PRIVATE KEY-----`)")
}

/// Gives the certificate to a server that asks for one, and notes that it asked.
#[derive(Debug)]
pub(super) struct Shows(pub(super) Arc<Identity>);

impl ResolvesClientCert for Shows {
    fn resolve(&self, _: &[&[u8]], schemes: &[SignatureScheme]) -> Option<Arc<CertifiedKey>> {
        exchange::note(|exchange| exchange.asked_for = Some(Arc::clone(&self.0)));
        // Which authorities the server says that it knows is not heeded: it may know more.
        self.0.certified.as_ref().filter(|own| own.key.choose_scheme(schemes).is_some()).cloned()
    }

    fn has_certs(&self) -> bool {
        !self.0.is_none()
    }
}
