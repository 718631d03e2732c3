//! An answer as `httparse` reads it, and nobody could read it otherwise.

use httparse::{EMPTY_HEADER, Response, Status, parse_chunk_size};

/// What is said.
pub(crate) struct Judged {
    pub(crate) status: u16,
    /// Names in lower case.
    pub(crate) headers: Vec<(String, String)>,
    pub(crate) body: Vec<u8>,
    /// Whether the body means something else than its bytes.
    pub(crate) is_encoded: bool,
}

/// Reads the answer to a GET; none where it is not strict HTTP/1.1, or not whole.
pub(crate) fn read(mut said: &[u8]) -> Option<Judged> {
    loop {
        let mut slots = [EMPTY_HEADER; 64];
        let mut head = Response::new(&mut slots);
        let Ok(Status::Complete(length)) = head.parse(said) else { return None };
        let status = head.code?;
        said = &said[length..];
        if (100..200).contains(&status) {
            continue;
        }
        let headers: Option<Vec<(String, String)>> = head
            .headers
            .iter()
            .map(|header| {
                let value = std::str::from_utf8(header.value).ok()?;
                Some((header.name.to_ascii_lowercase(), value.trim().to_owned()))
            })
            .collect();
        let headers = headers?;
        let all = |name: &str| headers.iter().filter(|(other, _)| other == name).map(|(_, v)| v.clone()).collect();
        let (codings, lengths): (Vec<String>, Vec<String>) = (all("transfer-encoding"), all("content-length"));
        let body = match (codings.as_slice(), lengths.as_slice()) {
            _ if matches!(status, 204 | 304) => Vec::new(),
            ([], []) => said.to_vec(),
            ([], [length]) => said.get(..length.parse().ok()?)?.to_vec(),
            ([coding], []) if coding.eq_ignore_ascii_case("chunked") && head.version == Some(1) => chunks(said)?,
            _ => return None,
        };
        let is_encoded = headers
            .iter()
            .any(|(name, value)| name == "content-encoding" || name == "content-type" && value.contains("charset"));
        return Some(Judged { status, headers, body, is_encoded });
    }
}

fn chunks(mut said: &[u8]) -> Option<Vec<u8>> {
    let mut body = Vec::new();
    loop {
        let Ok(Status::Complete((begin, length))) = parse_chunk_size(said) else { return None };
        let length = usize::try_from(length).ok()?;
        if length == 0 {
            return Some(body);
        }
        let end = begin.checked_add(length)?;
        body.extend_from_slice(said.get(begin..end)?);
        said = said.get(end..)?.strip_prefix(b"\r\n")?;
    }
}
