//! Which certificates are trusted, and what an operator may do about one that is not.

use std::fmt;
use std::sync::Arc;
use std::time::{Duration, SystemTime, UNIX_EPOCH};

use rustls::client::danger::{HandshakeSignatureValid, ServerCertVerified, ServerCertVerifier};
use rustls::client::{WebPkiServerVerifier, verify_server_name};
use rustls::pki_types::{CertificateDer, Der, ServerName, TrustAnchor, UnixTime};
use rustls::server::ParsedCertificate;
use rustls::{
    AlertDescription, CertificateError, ClientConfig, DigitallySignedStruct, Error, OtherError, PeerIncompatible,
    RootCertStore, SignatureScheme,
};

use super::identity::{Identity, Shows};
use super::{der, pem};
use crate::asked::printable;
use crate::refusal::ConnectionError;

/// Whose certificates are trusted. Names, dates and signatures are verified in each case.
#[derive(Clone, Default)]
pub(crate) enum Trust {
    /// Those of the authorities that Wharf brings along.
    #[default]
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
    pub(crate) fn client(&self, identity: Arc<Identity>) -> Result<Arc<ClientConfig>, ConnectionError> {
        let (roots, given) = self.certificates()?;
        let provider = Arc::new(rustls::crypto::ring::default_provider());
        let verifier =
            |roots| WebPkiServerVerifier::builder_with_provider(Arc::new(roots), Arc::clone(&provider)).build();
        let authorities = verifier(roots).map_err(|_| self.unusable())?;
        let strangers = verifier(nobody()).map_err(|_| self.unusable())?;
        let builder = ClientConfig::builder_with_provider(Arc::clone(&provider)).with_safe_default_protocol_versions();
        let builder = builder.map_err(|_| self.unusable())?;
        // It may be dangerous to verify in another way. This one adds nothing but what it says.
        let verifier = Arc::new(Verifier { authorities, strangers, given });
        let builder = builder.dangerous().with_custom_certificate_verifier(verifier);
        Ok(Arc::new(builder.with_client_cert_resolver(Arc::new(Shows(identity)))))
    }

    /// The authorities, and the certificates that may be that of a server.
    fn certificates(&self) -> Result<(RootCertStore, Vec<CertificateDer<'static>>), ConnectionError> {
        let mut roots = RootCertStore::empty();
        let mut given = Vec::new();
        match self {
            Self::BuiltIn => roots.extend(webpki_roots::TLS_SERVER_ROOTS.iter().cloned()),
            Self::Only(file) => {
                given = pem::certificates(file).map_err(ConnectionError::Ca)?;
                if let (0, 1..) = roots.add_parsable_certificates(given.iter().cloned()) {
                    return Err(ConnectionError::Ca("has no certificate in it that can be used"));
                }
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

/// An authority with a name that no certificate can have: all of a certificate is verified but who vouches for it.
fn nobody() -> RootCertStore {
    let nobody = Der::from_slice(b"nobody");
    let anchor = TrustAnchor { subject: nobody.clone(), subject_public_key_info: nobody, name_constraints: None };
    RootCertStore { roots: vec![anchor] }
}

/// Verifies as rustls does, and takes a certificate that the operator gave for that of the server itself.
#[derive(Debug)]
struct Verifier {
    authorities: Arc<WebPkiServerVerifier>,
    /// Knows nobody who could vouch for a certificate.
    strangers: Arc<WebPkiServerVerifier>,
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
        if !self.given.iter().any(|given| given == end_entity) {
            return self.authorities.verify_server_cert(end_entity, intermediates, name, ocsp, now);
        }
        // Nobody has to vouch for it: others in the file may have its issuer's name and another key. What is left are its dates
        // and its purpose, which are looked at here, and its name. That the server has the key is shown later.
        match self.strangers.verify_server_cert(end_entity, &[], name, ocsp, now) {
            Err(error) if other(&error) == Some(&webpki::Error::CaUsedAsEndEntity) => {
                if !der::is_for_servers(end_entity) {
                    return Err(CertificateError::InvalidPurpose.into());
                }
            }
            Err(Error::InvalidCertificate(CertificateError::UnknownIssuer)) => {}
            verdict => return verdict,
        }
        verify_server_name(&ParsedCertificate::try_from(end_entity)?, name)?;
        Ok(ServerCertVerified::assertion())
    }

    fn verify_tls12_signature(
        &self,
        message: &[u8],
        certificate: &CertificateDer<'_>,
        signed: &DigitallySignedStruct,
    ) -> Result<HandshakeSignatureValid, Error> {
        let verdict = self.authorities.verify_tls12_signature(message, certificate, signed);
        verdict.map_err(|error| unproven(error, certificate))
    }

    fn verify_tls13_signature(
        &self,
        message: &[u8],
        certificate: &CertificateDer<'_>,
        signed: &DigitallySignedStruct,
    ) -> Result<HandshakeSignatureValid, Error> {
        let verdict = self.authorities.verify_tls13_signature(message, certificate, signed);
        verdict.map_err(|error| unproven(error, certificate))
    }

    fn supported_verify_schemes(&self) -> Vec<SignatureScheme> {
        self.authorities.supported_verify_schemes()
    }
}

/// Why a server does not show that it has the key of its certificate.
#[derive(Debug, thiserror::Error)]
enum Unproven {
    #[error("BadSignature")]
    Signature,
    #[error("a key of {0} bits")]
    ShortKey(usize),
}

/// The libraries tell the same of a signature in a certificate and of one by its key.
fn unproven(error: Error, certificate: &CertificateDer<'_>) -> Error {
    const SHORTEST: usize = 2048;
    if error != Error::InvalidCertificate(CertificateError::BadSignature) {
        return error;
    }
    let key = webpki::EndEntityCert::try_from(certificate).map(|parsed| parsed.subject_public_key_info());
    let bits = key.ok().and_then(|key| der::rsa_bits(&key)).filter(|bits| *bits < SHORTEST);
    let problem = bits.map_or(Unproven::Signature, Unproven::ShortKey);
    CertificateError::Other(OtherError(Arc::new(problem))).into()
}

/// What rustls has no name of its own for.
fn other<T: std::error::Error + 'static>(error: &Error) -> Option<&T> {
    match error {
        Error::InvalidCertificate(CertificateError::Other(OtherError(inner))) => inner.downcast_ref(),
        _ => None,
    }
}

/// Why a handshake failed, with what an operator may do.
#[derive(Debug)]
pub(super) struct Distrusted {
    pub(super) host: String,
    /// The host with its port, where one is given.
    pub(super) place: String,
    pub(super) error: Error,
    /// See [`Trust::name`].
    pub(super) trust: &'static str,
    pub(super) connection: Option<String>,
    /// Set where the server asked for a certificate of its client.
    pub(super) asked_for: Option<Arc<Identity>>,
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
                    "what answers at {} does not speak TLS ({}); if that is meant, its URL begins with http:// and not https://",
                    self.place, self.error
                )
            }
            error => write!(f, "TLS with {host} failed: {}", in_words(error, self.asked_for.as_deref())),
        }
    }
}

/// What the other side said against the connection (RFC 8446, section 6.2), with what can be done.
pub(super) fn in_words(error: &Error, asked_for: Option<&Identity>) -> String {
    use AlertDescription::{HandshakeFailure, InsufficientSecurity, ProtocolVersion, UnrecognisedName};
    match error {
        error if refuses_client(error, asked_for.is_some()) => {
            let refused = asked_for.map(Identity::refused).unwrap_or_default();
            format!("the server wants a certificate of its client ({error}), {refused}")
        }
        Error::AlertReceived(HandshakeFailure | InsufficientSecurity) => format!(
            "the server found nothing that both sides can do ({error}); Wharf speaks TLS 1.2 and 1.3, with ECDHE and AES-GCM or \
             ChaCha20-Poly1305, and takes certificates with a key of RSA (not RSA-PSS), ECDSA on P-256 or P-384, or Ed25519"
        ),
        Error::AlertReceived(ProtocolVersion)
        | Error::PeerIncompatible(PeerIncompatible::ServerDoesNotSupportTls12Or13) => {
            format!(
                "the server speaks no version of TLS from 1.2 on ({error}), and older ones are not safe: it has to be renewed"
            )
        }
        Error::AlertReceived(UnrecognisedName) => {
            format!("the server serves no host of this name ({error}): look at its base URL")
        }
        error => error.to_string(),
    }
}

/// Whether the other side wants to know who its client is, and looks at nothing that it sends.
pub(super) fn refuses_client(error: &Error, wants_certificate: bool) -> bool {
    use AlertDescription::{
        AccessDenied, BadCertificate, CertificateRequired, CertificateUnknown, HandshakeFailure, NoCertificate,
        UnknownCA, UnsupportedCertificate,
    };
    match error {
        Error::AlertReceived(CertificateRequired | NoCertificate) => true,
        Error::AlertReceived(
            HandshakeFailure | BadCertificate | CertificateUnknown | UnsupportedCertificate | UnknownCA | AccessDenied,
        ) => wants_certificate,
        _ => false,
    }
}

/// `DnsName("a.example")` without its kind.
fn name_alone(presented: &str) -> &str {
    let inside = presented.split_once('(').and_then(|(_, rest)| rest.strip_suffix(')'));
    inside.map_or(presented, |name| name.trim_matches('"'))
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
                let names: Vec<&str> = presented.iter().map(|name| name_alone(name)).collect();
                let names = printable(&names.join(", "));
                format!(
                    "is for others ({names}): the base URL has to have a name that it is for, or it has to be made for this one"
                )
            }
            CertificateError::BadSignature => {
                format!("names an authority that is trusted, and is not signed with its key (BadSignature){}", self.of_signature())
            }
            CertificateError::InvalidPurpose | CertificateError::InvalidPurposeContext { .. } => {
                "is not for servers: make one with extendedKeyUsage = serverAuth, or without extendedKeyUsage".to_owned()
            }
            CertificateError::UnsupportedSignatureAlgorithmContext { .. }
            | CertificateError::UnsupportedSignatureAlgorithmForPublicKeyContext { .. } => {
                "is signed in a way that is not taken: make one that is signed with SHA-256 or more, by a key of RSA (not \
                 RSA-PSS), ECDSA on P-256 or P-384, or Ed25519"
                    .to_owned()
            }
            _ => self.of_another(problem),
        }
    }

    /// What rustls has no name for.
    fn of_another(&self, problem: &CertificateError) -> String {
        match (other(&self.error), other(&self.error)) {
            (Some(Unproven::ShortKey(bits)), _) => {
                format!("has an RSA key of {bits} bits, which is not safe: it takes one of 2048 to 8192 bits")
            }
            (Some(Unproven::Signature), _) => {
                "is not the server's: it does not show that it has the key (BadSignature)".to_owned()
            }
            (_, Some(webpki::Error::CaUsedAsEndEntity)) => format!(
                "is one of an authority (CA:TRUE) and not of a server{}",
                self.advice("if it is yours, write ca_file = \"this very certificate\"", "make one without CA:TRUE")
            ),
            (_, Some(webpki::Error::UnsupportedCertVersion)) => {
                "is of an old version: make one of version 3, with a subject alternative name".to_owned()
            }
            (_, Some(webpki::Error::UnsupportedCriticalExtension)) => {
                "has an extension that nobody here knows and that it calls critical: make one without it, or without `critical`"
                    .to_owned()
            }
            _ => format!("cannot be verified: {problem}"),
        }
    }

    fn of_signature(&self) -> String {
        const RENEWED: &str =
            "; it or the authority may have been made anew, or the authority's key is of RSA below 2048 bits";
        match self.trust {
            "ca_file" => {
                format!("{RENEWED}: put the certificate that is used now into its ca_file, in place of the old one")
            }
            "ca" => format!("{RENEWED}: put the authority's certificate that is used now into the system's store"),
            _ => String::new(),
        }
    }

    fn of_authority(&self) -> String {
        match self.trust {
            "ca_file" => "; its ca_file needs the certificate of the authority at the end of the chain, or the server's own, and \
                          the server has to send those between"
                .to_owned(),
            "ca" => match &self.connection {
                Some(name) => format!(
                    "; if the authority is your own, add it to the system's store, or write ca_file = \"its certificate\" in \
                     [connections.{name}] in place of ca"
                ),
                None => String::new(),
            },
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
