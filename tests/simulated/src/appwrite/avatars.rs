//! Pictures, all of them the same.

use serde_json::Value;

use super::call::Call;
use super::fault::Fault;
use super::rules;
use crate::answer::Answer;

/// A grey pixel.
pub(super) const PNG: [u8; 67] = [
    0x89, 0x50, 0x4e, 0x47, 0x0d, 0x0a, 0x1a, 0x0a, 0x00, 0x00, 0x00, 0x0d, 0x49, 0x48, 0x44, 0x52, 0x00, 0x00, 0x00,
    0x01, 0x00, 0x00, 0x00, 0x01, 0x08, 0x00, 0x00, 0x00, 0x00, 0x3a, 0x7e, 0x9b, 0x55, 0x00, 0x00, 0x00, 0x0a, 0x49,
    0x44, 0x41, 0x54, 0x78, 0x9c, 0x63, 0x68, 0x00, 0x00, 0x00, 0x82, 0x00, 0x81, 0x77, 0xcd, 0x72, 0xb6, 0x00, 0x00,
    0x00, 0x00, 0x49, 0x45, 0x4e, 0x44, 0xae, 0x42, 0x60, 0x82,
];

const RANGES: [(&str, f64, f64); 15] = [
    ("width", 0.0, 2000.0),
    ("height", 0.0, 2000.0),
    ("quality", -1.0, 100.0),
    ("size", 1.0, 1000.0),
    ("margin", 0.0, 10.0),
    ("viewportWidth", 1.0, 1920.0),
    ("viewportHeight", 1.0, 1080.0),
    ("scale", 0.1, 3.0),
    ("latitude", -90.0, 90.0),
    ("longitude", -180.0, 180.0),
    ("accuracy", 0.0, 100_000.0),
    ("sleep", 0.0, 10.0),
    ("borderWidth", 0.0, 100.0),
    ("borderRadius", 0.0, 4000.0),
    ("rotation", -360.0, 360.0),
];

pub(super) fn answer(call: &Call<'_>) -> Result<Answer, Fault> {
    check(call)?;
    let code = call.place("code");
    if call.action() == "get-flag" && (code.len() != 2 || !code.chars().all(|c| c.is_ascii_lowercase())) {
        return Err(Fault::param("code", "it is no country of ISO 3166-1 in lower case"));
    }
    if let Some(url) = call.text("url") {
        rules::web_address("url", url)?;
    }
    if let Some(text) = call.text("text") {
        rules::length("text", text, 1, 512)?;
    }
    Ok(Answer::file(media_type(call, "image/png"), PNG))
}

/// What holds for all that draw a picture.
pub(super) fn check(call: &Call<'_>) -> Result<(), Fault> {
    let query = &call.input.query;
    for (name, least, most) in RANGES {
        rules::range(name, query.get(name), least, most)?;
    }
    for name in ["background", "borderColor"] {
        let text = query.get(name).and_then(Value::as_str).unwrap_or_default();
        let fits = [0, 3, 6].contains(&text.len()) && text.chars().all(|c| c.is_ascii_hexdigit());
        if !fits {
            return Err(Fault::param(name, "it is no colour in hexadecimal notation without `#`"));
        }
    }
    Ok(())
}

/// The type that was asked for by `output`, or this one.
pub(super) fn media_type(call: &Call<'_>, otherwise: &str) -> String {
    match call.text("output") {
        Some("jpg") => "image/jpeg".to_owned(),
        Some(kind) => format!("image/{kind}"),
        None => otherwise.to_owned(),
    }
}
