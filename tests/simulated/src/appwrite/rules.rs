//! What ids, addresses and the like must look like.

use serde_json::Value;

use super::fault::Fault;
use crate::clock;

pub(super) fn id(param: &str, id: &str) -> Result<(), Fault> {
    let allowed = |c: char| c.is_ascii_alphanumeric() || matches!(c, '.' | '-' | '_');
    let starts_well = id.starts_with(|c: char| c.is_ascii_alphanumeric());
    if starts_well && id.len() <= 36 && id.chars().all(allowed) {
        return Ok(());
    }
    let rule = "1 to 36 of a-z, A-Z, 0-9, dot, hyphen and underscore, the first of a-z, A-Z, 0-9";
    Err(Fault::param(param, format!("an id is {rule}")))
}

pub(super) fn email(param: &str, text: &str) -> Result<(), Fault> {
    let (name, domain) = text.split_once('@').unwrap_or_default();
    let fits = !name.is_empty() && domain.contains('.') && !domain.contains('@') && !text.contains(' ');
    fits.then_some(()).ok_or_else(|| Fault::param(param, "it is no email address"))
}

pub(super) fn phone(param: &str, text: &str) -> Result<(), Fault> {
    let digits = text.strip_prefix('+').unwrap_or_default();
    let fits = (7..=15).contains(&digits.len()) && digits.chars().all(|c| c.is_ascii_digit());
    fits.then_some(()).ok_or_else(|| Fault::param(param, "a phone number is `+` and up to fifteen digits"))
}

pub(super) fn length(param: &str, text: &str, least: usize, most: usize) -> Result<(), Fault> {
    let fits = (least..=most).contains(&text.chars().count());
    fits.then_some(()).ok_or_else(|| Fault::param(param, format!("it must have {least} to {most} characters")))
}

pub(super) fn range(param: &str, value: Option<&Value>, least: f64, most: f64) -> Result<(), Fault> {
    let fits = value.and_then(Value::as_f64).is_none_or(|value| (least..=most).contains(&value));
    fits.then_some(()).ok_or_else(|| Fault::param(param, format!("it must be from {least} to {most}")))
}

/// A date that lies ahead.
pub(super) fn ahead(param: &str, text: &str) -> Result<(), Fault> {
    let time = clock::parse(text).ok_or_else(|| Fault::param(param, "it is no date in ISO 8601"))?;
    (time > clock::seconds()).then_some(()).ok_or_else(|| Fault::param(param, "it must lie ahead"))
}

/// Permissions like `read("any")`; `create` is for whole buckets alone.
pub(super) fn permissions(list: Option<&Value>, with_create: bool) -> Result<(), Fault> {
    let texts = list.and_then(Value::as_array).into_iter().flatten().filter_map(Value::as_str);
    for text in texts {
        let (action, role) = text.split_once("(\"").unwrap_or_default();
        let role = role.strip_suffix("\")").unwrap_or_default();
        let known = matches!(action, "read" | "update" | "delete" | "write") || (with_create && action == "create");
        if !known || !is_role(role) {
            return Err(Fault::param("permissions", format!("`{text}` is no permission")));
        }
    }
    Ok(())
}

fn is_role(role: &str) -> bool {
    let whom = role.split(['/', ':']).next().unwrap_or_default();
    match whom {
        "any" | "guests" => role == whom,
        "users" => !role.contains(':'),
        "user" | "team" | "member" | "label" => role.split_once(':').is_some_and(|(_, id)| !id.is_empty()),
        _ => false,
    }
}

/// Of a topic: who may subscribe, and of a function: who may run it.
pub(super) fn roles(param: &str, list: Option<&Value>) -> Result<(), Fault> {
    let mut texts = list.and_then(Value::as_array).into_iter().flatten().filter_map(Value::as_str);
    match texts.find(|role| !is_role(role)) {
        Some(role) => Err(Fault::param(param, format!("`{role}` is no role"))),
        None => Ok(()),
    }
}

pub(super) fn web_address(param: &str, text: &str) -> Result<(), Fault> {
    let rest = text.strip_prefix("https://").or_else(|| text.strip_prefix("http://"));
    rest.filter(|rest| !rest.is_empty()).map(drop).ok_or_else(|| Fault::param(param, "it is no web address"))
}
