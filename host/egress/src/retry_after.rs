//! `Retry-After` in words (RFC 9110, section 10.2.3).

/// Seconds or a date, and nothing else that a stranger may have written there.
pub(crate) fn in_words(value: &str) -> Option<String> {
    let value = value.trim();
    if !value.is_empty() && value.len() < 20 && value.bytes().all(|byte| byte.is_ascii_digit()) {
        return Some(format!("after {value} s"));
    }
    httpdate::parse_http_date(value).ok().map(|time| format!("after {}", httpdate::fmt_http_date(time)))
}
