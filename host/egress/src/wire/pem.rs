//! The certificates in a file of the operator: PEM (RFC 7468), read as other programs read it.

use memchr::memmem;
use rustls::pki_types::CertificateDer;
use rustls::pki_types::pem::PemObject as _;

use super::der;

const MARK: &[u8] = b"\xef\xbb\xbf";
const BEGIN: &[u8] = b"-----BEGIN ";
const END: &[u8] = b"-----END ";
const DASHES: &[u8] = b"-----";

/// What a block with a certificate is called. OpenSSL reads the others too.
const LABELS: [&[u8]; 3] = [b"CERTIFICATE", b"X509 CERTIFICATE", b"TRUSTED CERTIFICATE"];

const DAMAGED: &str = "is damaged";

/// The certificates, or what is wrong with the file. A private key, say, is passed over: it has no business here, and no use.
pub(super) fn certificates(file: &[u8]) -> Result<Vec<CertificateDer<'static>>, &'static str> {
    let text = file.strip_prefix(MARK).unwrap_or(file);
    if text.starts_with(b"\xff\xfe") || text.starts_with(b"\xfe\xff") || memmem::find(text, b"-\0-\0-").is_some() {
        return Err("is in UTF-16: save it as UTF-8");
    }
    if der::certificate(text).is_some() {
        return Err("is binary (DER): `openssl x509 -inform der -outform pem` makes text of it");
    }
    let blocks = blocks(text).ok_or(DAMAGED)?;
    CertificateDer::pem_slice_iter(&blocks).map(|block| one(block.map_err(|_| DAMAGED)?)).collect()
}

/// The blocks that are certificates, each line at its beginning. None where one has no end.
fn blocks(text: &[u8]) -> Option<Vec<u8>> {
    let mut blocks = Vec::new();
    let mut inside = false;
    for line in text.split(|byte| matches!(byte, b'\n' | b'\r')).map(<[u8]>::trim_ascii) {
        let is_certificate = |label: &[u8]| Some(LABELS.contains(&label.strip_suffix(DASHES)?));
        let line: &[u8] = match (line.strip_prefix(BEGIN), line.strip_prefix(END)) {
            (Some(_), _) if inside => return None,
            (Some(label), _) => {
                inside = is_certificate(label)?;
                b"-----BEGIN CERTIFICATE-----"
            }
            (_, Some(label)) if inside => {
                is_certificate(label)?.then_some(())?;
                b"-----END CERTIFICATE-----"
            }
            _ => line,
        };
        if inside {
            blocks.extend_from_slice(line);
            blocks.push(b'\n');
        }
        inside &= !line.starts_with(END);
    }
    (!inside).then_some(blocks)
}

/// A certificate without what OpenSSL may have written after it, which is heeded.
fn one(block: CertificateDer<'static>) -> Result<CertificateDer<'static>, &'static str> {
    let (certificate, settings) = der::certificate(&block).ok_or(DAMAGED)?;
    match settings {
        [] => Ok(block),
        settings if der::is_trusted_for_servers(settings).ok_or(DAMAGED)? => Ok(certificate.to_vec().into()),
        _ => Err("has a certificate in it that is not trusted for servers (`openssl x509 -trustout`)"),
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    const ONE: &str = include_str!("../../tests/data/authority.pem");
    const TWO: &str = include_str!("../../tests/data/self-signed.pem");
    /// Made for these tests: a key that is locked, which is no base64 as a whole.
    const KEY: &str =
        "-----BEGIN RSA PRIVATE KEY-----\nProc-Type: 4,ENCRYPTED\n\nMII=\n-----END RSA PRIVATE KEY-----\n";

    fn both() -> Vec<CertificateDer<'static>> {
        [ONE, TWO].map(|text| CertificateDer::from_pem_slice(text.as_bytes()).unwrap()).to_vec()
    }

    #[test]
    fn what_other_programs_read_is_read() {
        let text = format!("{ONE}{TWO}");
        let labelled = |label: &str| text.replace(" CERTIFICATE-", &format!(" {label} CERTIFICATE-"));
        let variants = [
            format!("\u{feff}{text}"),
            format!("Bag Attributes\n{ONE}{KEY}subject=x\n{TWO}{KEY}"),
            format!("  {}", text.replace('\n', " \r\n\t")),
            text.replace('\n', "\r"),
            labelled("X509"),
            labelled("TRUSTED"),
            text.trim_end().to_owned(),
        ];
        for variant in variants {
            assert_eq!(certificates(variant.as_bytes()), Ok(both()), "{variant}");
        }
        assert_eq!(certificates(KEY.as_bytes()), Ok(Vec::new()));
    }

    #[test]
    fn a_certificate_that_is_damaged_is_not_passed_over() {
        let without_end = ONE.replace("-----END CERTIFICATE-----", "");
        let empty = "-----BEGIN CERTIFICATE-----\nAAAA\n-----END CERTIFICATE-----\n";
        let cut = &ONE[..ONE.len() / 2];
        let other_end = ONE.replace("END CERTIFICATE", "END KEY");
        for damaged in [
            format!("{without_end}{TWO}"),
            format!("{TWO}{without_end}"),
            format!("{empty}{ONE}"),
            cut.to_owned(),
            other_end,
        ] {
            assert_eq!(certificates(damaged.as_bytes()), Err(DAMAGED), "{damaged}");
        }
    }

    #[test]
    fn what_is_no_text_is_told_with_what_makes_text_of_it() {
        let [der, _] = both().try_into().unwrap();
        assert!(certificates(&der).unwrap_err().contains("openssl x509 -inform der -outform pem"));
        let little = |text: &str| text.encode_utf16().flat_map(u16::to_le_bytes).collect::<Vec<_>>();
        for text in [little(&format!("\u{feff}{ONE}")), little(ONE)] {
            assert_eq!(certificates(&text), Err("is in UTF-16: save it as UTF-8"));
        }
    }

    #[test]
    fn what_openssl_notes_of_trust_is_heeded() {
        const SERVERS: &[u8] = b"\x06\x08\x2b\x06\x01\x05\x05\x07\x03\x01";
        const CLIENTS: &[u8] = b"\x06\x08\x2b\x06\x01\x05\x05\x07\x03\x02";
        let with = |list: u8, purpose: &[u8]| {
            let settings = [b"\x30\x0c", [list, 10].as_slice(), purpose].concat();
            one([both()[0].as_ref(), &settings].concat().into())
        };
        assert_eq!(with(0x30, SERVERS), Ok(both().remove(0)));
        assert_eq!(with(0xa0, CLIENTS), Ok(both().remove(0)));
        assert!(with(0x30, CLIENTS).is_err() && with(0xa0, SERVERS).is_err());
        assert_eq!(one([both()[0].as_ref(), b"\0"].concat().into()), Err(DAMAGED));
    }
}
