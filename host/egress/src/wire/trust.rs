//! Which certificates are trusted, and what an operator may do about one that is not.

use std::fmt;
use std::sync::Arc;
use std::time::{Duration, SystemTime, UNIX_EPOCH};

use rustls::client::danger::{HandshakeSignatureValid, ServerCertVerified, ServerCertVerifier};
use rustls::client::{WebPkiServerVerifier, verify_server_name};
use rustls::pki_types::pem::PemObject as _;
use rustls::pki_types::{CertificateDer, ServerName, UnixTime};
use rustls::server::ParsedCertificate;
use rustls::{
    CertificateError, ClientConfig, DigitallySignedStruct, Error, OtherError, RootCertStore, SignatureScheme,
};

use crate::asked::printable;
use crate::refusal::ConnectionError;

/// Whose certificates are trusted. Names, dates and signatures are verified in each case.
pub(crate) enum Trust {
    /// Those of the authorities that Wharf brings along.
    BuiltIn,
    /// Those that these vouch for, in PEM form, and these themselves.
    Only(Vec<u8>),
    /// Those of the authorities that the system trusts.
    System,
}

impl Trust {
    /// The key of the configuration that it comes from.
    pub(crate) fn name(&self) -> &'static str {
        match self {
            Self::BuiltIn => "",
            Self::Only(_) => "ca_file",
            Self::System => "ca",
        }
    }

    /// Everything that a handshake needs to know.
    pub(crate) fn client(&self) -> Result<Arc<ClientConfig>, ConnectionError> {
        let (roots, given) = self.certificates()?;
        let provider = Arc::new(rustls::crypto::ring::default_provider());
        let authorities = WebPkiServerVerifier::builder_with_provider(Arc::new(roots), Arc::clone(&provider)).build();
        let authorities = authorities.map_err(|_| self.unusable())?;
        let builder = ClientConfig::builder_with_provider(provider).with_safe_default_protocol_versions();
        let builder = builder.map_err(|_| self.unusable())?;
        // It may be dangerous to verify in another way. This one adds nothing but what it says.
        let builder = builder.dangerous().with_custom_certificate_verifier(Arc::new(Verifier { authorities, given }));
        Ok(Arc::new(builder.with_no_client_auth()))
    }

    /// The authorities, and the certificates that may be that of a server.
    fn certificates(&self) -> Result<(RootCertStore, Vec<CertificateDer<'static>>), ConnectionError> {
        let mut roots = RootCertStore::empty();
        let mut given = Vec::new();
        match self {
            Self::BuiltIn => roots.extend(webpki_roots::TLS_SERVER_ROOTS.iter().cloned()),
            Self::Only(pem) => {
                // A private key, say, is passed over: it has no business here, and no use.
                let certificates = CertificateDer::pem_slice_iter(pem).collect::<Result<Vec<_>, _>>();
                given = certificates.map_err(|_| ConnectionError::Ca("is damaged"))?;
                roots.add_parsable_certificates(given.iter().cloned());
            }
            Self::System => {
                let found = rustls_native_certs::load_native_certs();
                if let (true, Some(error)) = (found.certs.is_empty(), found.errors.first()) {
                    return Err(ConnectionError::SystemCa(error.to_string()));
                }
                roots.add_parsable_certificates(found.certs);
            }
        }
        Ok((roots, given))
    }

    fn unusable(&self) -> ConnectionError {
        match self {
            Self::System => ConnectionError::SystemCa("it has no certificate in it".to_owned()),
            Self::BuiltIn | Self::Only(_) => ConnectionError::Ca("has no certificate in it"),
        }
    }
}

/// Verifies as rustls does, and takes a certificate that the operator gave for that of the server itself.
#[derive(Debug)]
struct Verifier {
    authorities: Arc<WebPkiServerVerifier>,
    given: Vec<CertificateDer<'static>>,
}

impl ServerCertVerifier for Verifier {
    fn verify_server_cert(
        &self,
        end_entity: &CertificateDer<'_>,
        intermediates: &[CertificateDer<'_>],
        name: &ServerName<'_>,
        ocsp: &[u8],
        now: UnixTime,
    ) -> Result<ServerCertVerified, Error> {
        match self.authorities.verify_server_cert(end_entity, intermediates, name, ocsp, now) {
            // The dates were looked at before either of these was found, and that the server has the key is shown later. What
            // is left is the name.
            Err(error) if needs_an_authority(&error) && self.given.iter().any(|given| given == end_entity) => {
                verify_server_name(&ParsedCertificate::try_from(end_entity)?, name)?;
                Ok(ServerCertVerified::assertion())
            }
            verdict => verdict,
        }
    }

    fn verify_tls12_signature(
        &self,
        message: &[u8],
        certificate: &CertificateDer<'_>,
        signed: &DigitallySignedStruct,
    ) -> Result<HandshakeSignatureValid, Error> {
        self.authorities.verify_tls12_signature(message, certificate, signed)
    }

    fn verify_tls13_signature(
        &self,
        message: &[u8],
        certificate: &CertificateDer<'_>,
        signed: &DigitallySignedStruct,
    ) -> Result<HandshakeSignatureValid, Error> {
        self.authorities.verify_tls13_signature(message, certificate, signed)
    }

    fn supported_verify_schemes(&self) -> Vec<SignatureScheme> {
        self.authorities.supported_verify_schemes()
    }
}

/// Whether all that is wrong with the certificate of a server is that nobody else vouches for it.
fn needs_an_authority(error: &Error) -> bool {
    matches!(error, Error::InvalidCertificate(CertificateError::UnknownIssuer))
        || other(error) == Some(&webpki::Error::CaUsedAsEndEntity)
}

/// What rustls has no name of its own for.
fn other(error: &Error) -> Option<&webpki::Error> {
    match error {
        Error::InvalidCertificate(CertificateError::Other(OtherError(inner))) => inner.downcast_ref(),
        _ => None,
    }
}

/// Why a handshake failed, with what an operator may do.
#[derive(Debug)]
pub(super) struct Distrusted {
    pub(super) host: String,
    pub(super) error: Error,
    /// See [`Trust::name`].
    pub(super) trust: &'static str,
    pub(super) connection: Option<String>,
}

impl std::error::Error for Distrusted {}

impl fmt::Display for Distrusted {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        let host = &self.host;
        match &self.error {
            Error::InvalidCertificate(problem) => {
                write!(f, "the certificate of {host} {}", self.of_certificate(problem))
            }
            Error::InvalidMessage(_) => {
                write!(
                    f,
                    "what answers at {host} does not speak TLS ({}); if it is to be without, its URL begins with http://",
                    self.error
                )
            }
            error => write!(f, "TLS with {host} failed: {error}"),
        }
    }
}

impl Distrusted {
    fn of_certificate(&self, problem: &CertificateError) -> String {
        match problem {
            CertificateError::UnknownIssuer => {
                format!("is of an authority that is not trusted (UnknownIssuer){}", self.of_authority())
            }
            CertificateError::ExpiredContext { not_after, .. } => {
                format!("expired {}: it has to be renewed there, if the clock here is right", moment(*not_after))
            }
            CertificateError::NotValidYetContext { not_before, .. } => {
                format!("is not valid before {}: look at the clock, here and there", moment(*not_before))
            }
            CertificateError::NotValidForNameContext { presented, .. } if presented.is_empty() => {
                "names no host: it needs the host as a subject alternative name (subjectAltName)".to_owned()
            }
            CertificateError::NotValidForNameContext { presented, .. } => {
                let names = printable(&presented.join(", "));
                format!(
                    "is for others ({names}): the base URL has to have a name that it is for, or it has to be made for this one"
                )
            }
            _ => match other(&self.error) {
                Some(webpki::Error::CaUsedAsEndEntity) => format!(
                    "is one of an authority (CA:TRUE) and not of a server{}",
                    self.advice(
                        "if it is yours, write ca_file = \"this very certificate\"",
                        "make one without CA:TRUE"
                    )
                ),
                Some(webpki::Error::UnsupportedCertVersion) => {
                    "is of an old version: make one of version 3, with a subject alternative name".to_owned()
                }
                _ => format!("cannot be verified: {problem}"),
            },
        }
    }

    fn of_authority(&self) -> String {
        match self.trust {
            "ca_file" => "; its ca_file needs the certificate of the authority at the end of the chain, or the server's own, and \
                          the server has to send those between"
                .to_owned(),
            "ca" => self.advice("if the authority is your own, add it to the system's store", "write ca_file = \"its certificate\""),
            _ => self.advice(
                "if the authority is your own, write ca_file = \"its certificate\"",
                "ca = \"system\" where the system trusts it",
            ),
        }
    }

    /// Where a connection has a place in the configuration, there is something to be written there.
    fn advice(&self, first: &str, second: &str) -> String {
        match &self.connection {
            Some(name) => format!("; {first} in [connections.{name}], or {second}"),
            None => String::new(),
        }
    }
}

fn moment(time: UnixTime) -> String {
    let time = UNIX_EPOCH.checked_add(Duration::from_secs(time.as_secs())).unwrap_or(SystemTime::UNIX_EPOCH);
    humantime::format_rfc3339_seconds(time).to_string()
}
