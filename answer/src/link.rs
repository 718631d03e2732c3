//! The address of the next page: in a header `Link`, and what is read of it.

use crate::retry::split;

/// What stands where an address should, and cannot be read.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) struct Unreadable;

/// The address with the relation `next`, if there is one (RFC 8288, section 3): `<https://…?page=2>; rel="next"`.
pub(crate) fn next_of(header: &str) -> Result<Option<&str>, Unreadable> {
    let mut rest = header;
    loop {
        rest = rest.trim_start_matches([' ', '\t', ',']);
        if rest.is_empty() {
            return Ok(None);
        }
        let (address, after) = rest.strip_prefix('<').and_then(|rest| rest.split_once('>')).ok_or(Unreadable)?;
        let parameters = split(after, ',').next().unwrap_or_default();
        if relations(parameters)?.iter().any(|relation| relation.eq_ignore_ascii_case("next")) {
            return Ok(Some(address));
        }
        rest = after.get(parameters.len()..).unwrap_or_default();
    }
}

/// Those of a link by its parameters: `; rel="next last"; title="…"`. The first `rel` counts.
fn relations(parameters: &str) -> Result<Vec<String>, Unreadable> {
    let mut parameters = split(parameters, ';');
    if parameters.next().is_some_and(|before| !before.trim().is_empty()) {
        return Err(Unreadable);
    }
    let rel = parameters
        .filter_map(|parameter| parameter.split_once('='))
        .find(|(name, _)| name.trim().eq_ignore_ascii_case("rel"));
    let Some((_, value)) = rel else { return Ok(Vec::new()) };
    let value = unquoted(value.trim()).ok_or(Unreadable)?;
    Ok(value.split_whitespace().map(str::to_owned).collect())
}

/// A token as it is, or what stands in quotes (RFC 9110, section 5.6.4).
fn unquoted(value: &str) -> Option<String> {
    let Some(quoted) = value.strip_prefix('"') else { return Some(value.to_owned()) };
    let (mut text, mut rest) = (String::new(), quoted.chars());
    loop {
        match rest.next()? {
            '"' => return rest.as_str().is_empty().then_some(text),
            '\\' => text.push(rest.next()?),
            c => text.push(c),
        }
    }
}

/// The value of a query parameter of an address, decoded. One that stands there twice can be read in two ways.
pub(crate) fn parameter(address: &str, name: &str) -> Result<Option<String>, Unreadable> {
    let before_fragment = address.split('#').next().unwrap_or_default();
    let Some((_, query)) = before_fragment.split_once('?') else { return Ok(None) };
    let pairs = query.split('&').map(|pair| pair.split_once('=').unwrap_or((pair, "")));
    let mut values = pairs.filter(|(key, _)| decoded(key).as_deref() == Some(name)).map(|(_, value)| value);
    match (values.next(), values.next()) {
        (None, _) => Ok(None),
        (Some(value), None) => decoded(value).map(Some).ok_or(Unreadable),
        (Some(_), Some(_)) => Err(Unreadable),
    }
}

/// `application/x-www-form-urlencoded`; none where it is not UTF-8.
fn decoded(text: &str) -> Option<String> {
    let mut bytes = Vec::with_capacity(text.len());
    let mut rest = text.as_bytes();
    while let Some((byte, after)) = rest.split_first() {
        rest = after;
        match (byte, after) {
            (b'%', [high, low, after @ ..]) if high.is_ascii_hexdigit() && low.is_ascii_hexdigit() => {
                let digit = |byte: &u8| char::from(*byte).to_digit(16).unwrap_or_default() as u8;
                bytes.push(digit(high) << 4 | digit(low));
                rest = after;
            }
            (b'+', _) => bytes.push(b' '),
            (byte, _) => bytes.push(*byte),
        }
    }
    String::from_utf8(bytes).ok()
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn the_first_relation_of_a_link_counts_and_nothing_in_quotes() {
        for (header, address) in [
            ("", None),
            ("<a?page=1>; rel=prev", None),
            ("<a?page=2>; rel=next", Some("a?page=2")),
            ("<a?page=1>; rel=\"prev first\" , <a?x=1,2;3>;REL = \"last Next\"", Some("a?x=1,2;3")),
            (r#"<https://a/?page=2>; title="a; rel=next""#, None),
            (r#"<https://a/?page=2>; title="a, <b>; rel=next""#, None),
            (r#"<https://a/?page=2>; title="a\", <b>; rel=next""#, None),
            ("<https://a/?page=2>; rel=prev; rel=next", None),
            (r#"<https://a/?page=2>; title="<b>"; rel=next"#, Some("https://a/?page=2")),
            (r#"<a>; rel="n\ext""#, Some("a")),
            ("<a>; rel=nextpage, <b>; rel*=next", None),
        ] {
            assert_eq!(next_of(header), Ok(address), "{header}");
        }
    }

    #[test]
    fn a_header_that_is_no_list_of_links_is_not_read() {
        for header in ["<a", "a; rel=next", "<a> rel=next", "<a>; rel=\"next", "<a>; rel=\"next\"x", "<a>; rel=prev, b"]
        {
            assert_eq!(next_of(header), Err(Unreadable), "{header}");
        }
    }

    #[test]
    fn a_parameter_is_read_of_the_query_alone() {
        for (address, value) in [
            ("https://a.example/x?page=3&after=a%20b+c&key=k", Ok(Some("a b c"))),
            ("?after=%+5", Ok(Some("% 5"))),
            ("/v1/things?after", Ok(Some(""))),
            ("https://a.example/after=1", Ok(None)),
            ("https://a.example/#?after=1", Ok(None)),
            ("https://a.example/?x=1#&after=1", Ok(None)),
            ("?%61fter=%C3%BC", Ok(Some("ü"))),
            ("?after=%ff", Err(Unreadable)),
            ("?after=1&after=2", Err(Unreadable)),
        ] {
            assert_eq!(parameter(address, "after"), value.map(|value| value.map(str::to_owned)), "{address}");
        }
    }
}
