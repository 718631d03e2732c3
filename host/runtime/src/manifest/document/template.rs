//! Templates of credentials as text: `Bearer {api_key}`.

use wharf_egress::declaration::{Part, RequestPart};

const OF_VALUE: &str = "value.";
const OF_VARIABLE: &str = "variable.";
const OF_CREDENTIAL: &str = "credential.";
const OF_REQUEST: &str = "request.";

/// The parts of a text: names in braces are fields of the connection, or values, variables, parts of the request and what a credential is
/// where they say so. A brace that stands for itself is doubled.
pub(super) fn parse(text: &str) -> Result<Vec<Part>, String> {
    let (mut parts, mut literal, mut rest) = (Vec::new(), String::new(), text);
    while let Some(at) = rest.find(['{', '}']) {
        let (before, found) = rest.split_at(at);
        literal.push_str(before);
        let doubled = ["{{", "}}"].into_iter().find(|doubled| found.starts_with(doubled));
        if let (Some(doubled), Some(after)) = (doubled, found.get(2..)) {
            literal.push_str(doubled.get(..1).unwrap_or_default());
            rest = after;
            continue;
        }
        let inside = found.strip_prefix('{').and_then(|found| found.split_once('}'));
        let Some((name, after)) = inside.filter(|(name, _)| !name.is_empty() && !name.contains('{')) else {
            return Err("a brace in it has no counterpart; a brace that stands for itself is doubled: `{{`".to_owned());
        };
        if !literal.is_empty() {
            parts.push(Part::Literal(std::mem::take(&mut literal)));
        }
        parts.push(part(name)?);
        rest = after;
    }
    literal.push_str(rest);
    if !literal.is_empty() {
        parts.push(Part::Literal(literal));
    }
    Ok(parts)
}

fn part(name: &str) -> Result<Part, String> {
    if let Some(name) = name.strip_prefix(OF_VALUE) {
        return Ok(Part::Value(name.to_owned()));
    }
    if let Some(name) = name.strip_prefix(OF_VARIABLE) {
        return Ok(Part::Variable(name.to_owned()));
    }
    if let Some(name) = name.strip_prefix(OF_REQUEST) {
        let known = RequestPart::ALL.map(|(known, _)| known).join("`, `");
        let part = RequestPart::ALL.iter().find(|(known, _)| *known == name).map(|(_, part)| Part::Request(*part));
        return part.ok_or_else(|| format!("`{{request.{name}}}` is no part of a request; there are `{known}`"));
    }
    let Some(name) = name.strip_prefix(OF_CREDENTIAL) else { return Ok(Part::Field(name.to_owned())) };
    let (credential, value) = name
        .split_once('.')
        .ok_or_else(|| format!("`{{credential.{name}}}` names no value of it; write `{{credential.{name}.access}}`"))?;
    Ok(Part::Credential { credential: credential.to_owned(), value: value.to_owned() })
}

/// The parts as such a text.
pub(super) fn write(parts: &[Part]) -> String {
    let part = |part: &Part| match part {
        Part::Literal(text) => text.replace('{', "{{").replace('}', "}}"),
        Part::Field(name) => format!("{{{name}}}"),
        Part::Value(name) => format!("{{{OF_VALUE}{name}}}"),
        Part::Variable(name) => format!("{{{OF_VARIABLE}{name}}}"),
        Part::Request(part) => format!("{{{OF_REQUEST}{}}}", part.as_str()),
        Part::Credential { credential, value } => format!("{{{OF_CREDENTIAL}{credential}.{value}}}"),
    };
    parts.iter().map(part).collect()
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn names_in_braces_are_parts_and_doubled_braces_are_braces() {
        let text =
            "Bearer {{x}}{api_key}:{value.user}{variable.challenge}}}{credential.google.access}{request.body-sha256}";
        let parts = parse(text).unwrap();
        let expected = [
            Part::Literal("Bearer {x}".to_owned()),
            Part::Field("api_key".to_owned()),
            Part::Literal(":".to_owned()),
            Part::Value("user".to_owned()),
            Part::Variable("challenge".to_owned()),
            Part::Literal("}".to_owned()),
            Part::Credential { credential: "google".to_owned(), value: "access".to_owned() },
            Part::Request(RequestPart::BodySha256),
        ];
        assert_eq!(parts, expected);
        assert_eq!(write(&parts), text);
        assert_eq!(parse("").unwrap(), []);
        for wrong in ["{", "}", "{a", "a}", "{}", "{a{b}}", "{{{", "{credential.google}", "{request.x}"] {
            assert!(parse(wrong).is_err(), "{wrong}");
        }
    }
}
