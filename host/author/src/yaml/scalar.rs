//! What a value without parts is: the core schema of YAML 1.2, section 10.3.2.

use super::{Kind, Place, Problem};

/// A plain scalar. What other readers take for something else, or for another number, is a text: `no`, `2026-01-01`, `1_000`,
/// `012`, `1:30`.
pub(super) fn plain(place: Place, text: &str) -> Result<Kind, Problem> {
    Ok(match text {
        "" | "~" | "null" | "Null" | "NULL" => Kind::Null,
        "true" | "True" | "TRUE" => Kind::Bool(true),
        "false" | "False" | "FALSE" => Kind::Bool(false),
        _ if is_beyond_numbers(text) => {
            return Err(place.wrong(format!("`{text}` is no number of JSON; write a number, or a text in quotes")));
        }
        _ => match by_radix(place, text)?.or_else(|| digits(text)) {
            Some(digits) => number(place, digits)?,
            None => Kind::Text(text.to_owned()),
        },
    })
}

/// A number of JSON that a computer can have.
pub(super) fn number(place: Place, digits: String) -> Result<Kind, Problem> {
    match serde_json::from_str::<serde_json::Number>(&digits) {
        Ok(_) => Ok(Kind::Number(digits)),
        Err(_) => Err(place.wrong("a number is larger than 1.7976931348623157e308, the largest that is read")),
    }
}

fn is_beyond_numbers(text: &str) -> bool {
    let unsigned = text.strip_prefix(['+', '-']).unwrap_or(text);
    matches!(unsigned, ".inf" | ".Inf" | ".INF") || matches!(text, ".nan" | ".NaN" | ".NAN")
}

/// `0x1F` or `0o17`, in decimal digits.
fn by_radix(place: Place, text: &str) -> Result<Option<String>, Problem> {
    let (digits, radix) = match (text.strip_prefix("0x"), text.strip_prefix("0o")) {
        (Some(digits), _) => (digits, 16),
        (_, Some(digits)) => (digits, 8),
        _ => return Ok(None),
    };
    if digits.is_empty() || !digits.chars().all(|digit| digit.is_digit(radix)) {
        return Ok(None);
    }
    let too_large =
        |_| place.wrong("this number has more than 128 bits; write it in decimal digits, or as a text in quotes");
    u128::from_str_radix(digits, radix).map(|number| Some(number.to_string())).map_err(too_large)
}

/// A decimal number as JSON writes it: without a plus, with a digit on either side of the point.
fn digits(text: &str) -> Option<String> {
    let (sign, rest) = match text.strip_prefix('-') {
        Some(rest) => ("-", rest),
        None => ("", text.strip_prefix('+').unwrap_or(text)),
    };
    let (mantissa, exponent) = match rest.find(['e', 'E']) {
        Some(at) => rest.split_at_checked(at)?,
        None => (rest, ""),
    };
    let (whole, fraction) = mantissa.split_once('.').map_or((mantissa, None), |(whole, part)| (whole, Some(part)));
    let are_digits = |text: &str| text.bytes().all(|byte| byte.is_ascii_digit());
    let has_some = !(whole.is_empty() && fraction.is_none_or(str::is_empty));
    let leads_with_nought = whole.len() > 1 && whole.starts_with('0');
    if !has_some || leads_with_nought || !are_digits(whole) || !are_digits(fraction.unwrap_or_default()) {
        return None;
    }
    if let Some(power) = exponent.get(1..) {
        let power = power.strip_prefix(['+', '-']).unwrap_or(power);
        if power.is_empty() || !are_digits(power) {
            return None;
        }
    }
    let or_nought = |digits: &str| if digits.is_empty() { "0".to_owned() } else { digits.to_owned() };
    let fraction = fraction.map(|digits| format!(".{}", or_nought(digits))).unwrap_or_default();
    Some(format!("{sign}{}{fraction}{exponent}", or_nought(whole)))
}
