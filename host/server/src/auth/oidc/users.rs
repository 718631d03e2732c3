//! Which of an issuer's users a principal of the configuration stands for.

use serde_json::{Map, Number, Value};
use wharf::config::OidcPrincipal;

use crate::auth::policy::{Names, Policy};
use crate::auth::principal::{Principal, Role};

/// Of a subject, in bytes (OpenID Connect Core, section 2).
const LONGEST_SUBJECT: usize = 255;

/// Users whose claims say the same, and what they may do.
#[derive(Debug)]
pub(super) struct Users {
    claims: Vec<(String, String)>,
    /// Named as in the configuration.
    principal: Principal,
}

impl Users {
    pub(super) fn new(name: &str, config: &OidcPrincipal) -> Result<Self, String> {
        let wrong = |key: &str, problem: String| format!("`server.oidc.principals.{name}.{key}`: {problem}");
        let names = |key: &str, names: &Option<Vec<String>>| {
            let read = |all: &Vec<String>| all.iter().cloned().map(Names::try_from).collect::<Result<Vec<_>, _>>();
            names.as_ref().map(read).transpose().map_err(|problem| wrong(key, problem))
        };
        let operations = config.operations.as_ref().map(|all| all.iter().map(ToString::to_string).collect());
        let policy = Policy {
            plugins: names("plugins", &config.plugins)?,
            connections: names("connections", &config.connections)?,
            operations: names("operations", &operations)?,
            effects: config.effects.as_ref().map(|effects| effects.iter().copied().collect()),
            approve_effects: config.approve_effects.iter().copied().collect(),
            approve_operations: config.approve_operations.clone(),
        };
        let roles = config.roles.iter().filter_map(|role| Role::of(role)).collect();
        let claims = config.claims.iter().map(|(claim, value)| (claim.clone(), value.clone())).collect();
        let principal = Principal { name: name.to_owned(), tenant: config.tenant.clone(), roles, policy };
        Ok(Self { claims, principal })
    }

    /// Who says so, if it is one of them.
    pub(super) fn principal(&self, said: &Map<String, Value>) -> Option<Result<Principal, String>> {
        if !self.claims.iter().all(|(claim, value)| claim_in(said, claim).is_some_and(|said| says(said, value))) {
            return None;
        }
        let subject = said.get("sub").and_then(Value::as_str).unwrap_or_default();
        let is_fit = |byte: u8| byte.is_ascii_graphic();
        if subject.is_empty() || subject.len() > LONGEST_SUBJECT || !subject.bytes().all(is_fit) {
            let problem =
                format!("does not say who its user is: `sub` has up to {LONGEST_SUBJECT} visible ASCII characters");
            return Some(Err(problem));
        }
        let name = format!("{}/{subject}", self.principal.name);
        Some(Ok(Principal { name, ..self.principal.clone() }))
    }
}

/// A claim by its name, or by a JSON pointer, such as `/realm_access/roles`.
fn claim_in<'s>(said: &'s Map<String, Value>, claim: &str) -> Option<&'s Value> {
    said.get(claim).or_else(|| {
        let (first, rest) = match claim.strip_prefix('/')?.split_once('/') {
            Some((first, rest)) => (first, format!("/{rest}")),
            None => (claim.strip_prefix('/')?, String::new()),
        };
        said.get(first)?.pointer(&rest)
    })
}

/// Whether a claim has this value; of a list, one entry.
fn says(said: &Value, value: &str) -> bool {
    match said {
        Value::String(text) => text == value,
        Value::Bool(is_so) => value == if *is_so { "true" } else { "false" },
        Value::Number(number) => value.parse().is_ok_and(|value: Number| value == *number),
        Value::Array(entries) => entries.iter().any(|entry| !entry.is_array() && says(entry, value)),
        Value::Null | Value::Object(_) => false,
    }
}
