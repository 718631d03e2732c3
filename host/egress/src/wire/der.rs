//! The little of a certificate (RFC 5280, in DER) that the libraries here read and do not tell.

use std::time::SystemTime;

const SEQUENCE: u8 = 0x30;
const UTC_TIME: u8 = 0x17;
const GENERALIZED_TIME: u8 = 0x18;
const BIT_STRING: u8 = 0x03;
/// Where the extensions of a certificate are, and the purposes that OpenSSL notes as refused.
const CONTEXT_3: u8 = 0xa3;
const CONTEXT_0: u8 = 0xa0;

const RSA: &[u8] = &[0x2a, 0x86, 0x48, 0x86, 0xf7, 0x0d, 0x01, 0x01, 0x01];
const EXTENDED_KEY_USAGE: &[u8] = &[0x55, 0x1d, 0x25];
const SERVER_AUTH: &[u8] = &[0x2b, 0x06, 0x01, 0x05, 0x05, 0x07, 0x03, 0x01];
const ANY_PURPOSE: &[u8] = &[0x55, 0x1d, 0x25, 0x00];

struct Value<'a> {
    tag: u8,
    content: &'a [u8],
}

/// The first value, and what follows it.
fn first(bytes: &[u8]) -> Option<(Value<'_>, &[u8])> {
    let [tag, length, rest @ ..] = bytes else { return None };
    let (length, rest) = match length {
        ..=0x7f => (usize::from(*length), rest),
        // RFC 5280 is DER, where a length is not left open (0x80).
        0x81..=0x84 => {
            let (digits, rest) = rest.split_at_checked(usize::from(length & 0x7f))?;
            (digits.iter().fold(0, |length, digit| (length << 8) | usize::from(*digit)), rest)
        }
        _ => return None,
    };
    let (content, rest) = rest.split_at_checked(length)?;
    Some((Value { tag: *tag, content }, rest))
}

/// The values in a row, up to one that is none.
fn all(mut bytes: &[u8]) -> impl Iterator<Item = Value<'_>> {
    std::iter::from_fn(move || {
        let (value, rest) = first(bytes)?;
        bytes = rest;
        Some(value)
    })
}

/// The values in the first one.
fn inside(bytes: &[u8]) -> impl Iterator<Item = Value<'_>> {
    all(first(bytes).map(|(value, _)| value.content).unwrap_or_default())
}

/// A certificate, and what follows it; none where it is cut or something else.
pub(super) fn certificate(bytes: &[u8]) -> Option<(&[u8], &[u8])> {
    let (value, rest) = first(bytes)?;
    let tags: Vec<_> = all(value.content).map(|part| part.tag).collect();
    (value.tag == SEQUENCE && tags == [SEQUENCE, SEQUENCE, BIT_STRING])
        .then(|| bytes.split_at_checked(bytes.len() - rest.len()))
        .flatten()
}

/// Whether a certificate is for servers, or for no purpose in particular.
pub(super) fn is_for_servers(certificate: &[u8]) -> bool {
    let Some(signed) = inside(certificate).next() else { return false };
    let extensions = all(signed.content).find(|part| part.tag == CONTEXT_3);
    let usage = extensions.and_then(|extensions| {
        let mut extensions = inside(extensions.content).map(|extension| extension.content);
        let usage =
            extensions.find(|extension| all(extension).next().is_some_and(|id| id.content == EXTENDED_KEY_USAGE));
        all(usage?).last()
    });
    usage.is_none_or(|usage| inside(usage.content).any(|purpose| purpose.content == SERVER_AUTH))
}

/// From when to when a certificate is good.
pub(super) fn validity(certificate: &[u8]) -> Option<(SystemTime, SystemTime)> {
    let signed = inside(certificate).next()?;
    // Before it stand the version, where it is not the first one, a number, an algorithm and a name.
    let mut members = all(signed.content).skip_while(|member| member.tag == CONTEXT_0);
    let validity = members.nth(3)?;
    let mut times = all(validity.content).map(|value| time(&value));
    Some((times.next()??, times.next()??))
}

/// `260131123000Z`, or the same with all of the year, in UTC (RFC 5280, section 4.1.2.5).
fn time(value: &Value<'_>) -> Option<SystemTime> {
    let text = std::str::from_utf8(value.content).ok()?;
    let whole = match (value.tag, text.as_bytes().first()?) {
        (UTC_TIME, b'0'..=b'4') => format!("20{text}"),
        (UTC_TIME, _) => format!("19{text}"),
        (GENERALIZED_TIME, _) => text.to_owned(),
        _ => return None,
    };
    let part = |from: usize, until: usize| whole.get(from..until);
    let date = format!("{}-{}-{}", part(0, 4)?, part(4, 6)?, part(6, 8)?);
    let time = format!("{}:{}:{}", part(8, 10)?, part(10, 12)?, part(12, 14)?);
    humantime::parse_rfc3339(&format!("{date}T{time}Z")).ok()
}

/// Whether what OpenSSL writes after a certificate (`TRUSTED CERTIFICATE`) lets it vouch for servers: purposes that it is for, and
/// ones that it is not for. None where it is something else.
pub(super) fn is_trusted_for_servers(settings: &[u8]) -> Option<bool> {
    let (value, rest) = first(settings)?;
    if value.tag != SEQUENCE || !rest.is_empty() {
        return None;
    }
    let is_named = |list: &[u8]| all(list).any(|purpose| [SERVER_AUTH, ANY_PURPOSE].contains(&purpose.content));
    Some(all(value.content).all(|part| match part.tag {
        SEQUENCE => is_named(part.content),
        CONTEXT_0 => !is_named(part.content),
        _ => true,
    }))
}

/// How long an RSA key is, in bits. None for another key.
pub(super) fn rsa_bits(public_key: &[u8]) -> Option<usize> {
    let mut parts = inside(public_key);
    let algorithm = parts.next()?;
    if all(algorithm.content).next()?.content != RSA {
        return None;
    }
    let key = parts.next()?.content.get(1..)?;
    let modulus = inside(key).next()?.content;
    let zeros = modulus.iter().take_while(|byte| **byte == 0).count();
    Some((modulus.len() - zeros) * 8)
}

#[cfg(test)]
mod tests {
    use rustls::pki_types::CertificateDer;
    use rustls::pki_types::pem::PemObject as _;

    use super::*;

    fn der(pem: &[u8]) -> CertificateDer<'static> {
        CertificateDer::from_pem_slice(pem).unwrap()
    }

    #[test]
    fn the_purposes_and_the_key_of_a_certificate_are_read() {
        let without = der(include_bytes!("../../tests/data/self-signed.pem"));
        let of_clients = der(include_bytes!("../../tests/data/self-signed-client.pem"));
        assert_eq!([is_for_servers(&without), is_for_servers(&of_clients)], [true, false]);

        let short = der(include_bytes!("../../tests/data/self-signed-rsa-1024.pem"));
        let bits = |certificate: &CertificateDer<'_>| {
            rsa_bits(&webpki::EndEntityCert::try_from(certificate).unwrap().subject_public_key_info())
        };
        assert_eq!([bits(&short), bits(&without)], [Some(1024), None]);
    }

    #[test]
    fn the_dates_of_a_certificate_are_read() {
        let year = |time: SystemTime| humantime::format_rfc3339_seconds(time).to_string()[..4].to_owned();
        for pem in [
            include_bytes!("../../tests/data/self-signed.pem").as_slice(),
            include_bytes!("../../tests/data/server.pem"),
        ] {
            let (from, until) = validity(&der(pem)).unwrap();
            assert!(from < SystemTime::now() && until > SystemTime::now(), "{} {}", year(from), year(until));
        }
        let (_, until) = validity(&der(include_bytes!("../../tests/data/self-signed-expired.pem"))).unwrap();
        assert!(until < SystemTime::now());
        let of = |tag, text: &str| time(&Value { tag, content: text.as_bytes() }).map(year);
        assert_eq!(of(UTC_TIME, "491231235959Z").as_deref(), Some("2049"));
        assert_eq!(of(UTC_TIME, "700101000000Z").as_deref(), Some("1970"));
        assert_eq!(of(GENERALIZED_TIME, "20510101000000Z").as_deref(), Some("2051"));
        assert_eq!(
            [of(UTC_TIME, "é"), of(GENERALIZED_TIME, "2051"), of(SEQUENCE, "700101000000Z")],
            [None, None, None]
        );
    }

    #[test]
    fn a_certificate_that_is_cut_is_none() {
        let whole = der(include_bytes!("../../tests/data/self-signed.pem"));
        assert_eq!(certificate(&whole), Some((whole.as_ref(), [].as_slice())));
        for length in 0..whole.len() {
            let cut = whole.get(..length).unwrap_or_default();
            assert_eq!(certificate(cut), None, "{length}");
            // Whatever they make of it, they come to an end.
            let _ = (is_for_servers(cut), rsa_bits(cut), is_trusted_for_servers(cut), validity(cut));
        }
    }
}
