//! The address that the browser comes back to (RFC 6749, section 4.1.2; RFC 9207).

use crate::secret::Secret;
use crate::text::{in_one_line, shortened};

/// In bytes: codes of a kilobyte or two are known.
const LONGEST: usize = 16 << 10;
const MOST_PARAMETERS: usize = 64;

/// How much is repeated of what a stranger says, in characters.
const LONGEST_QUOTE: usize = 240;

/// What the address says.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub struct Callback {
    /// The authorization code.
    pub code: Option<Secret>,
    /// What went out with the browser.
    pub state: Option<Secret>,
    /// Why there is no code: the provider's own code, fit to be read.
    pub error: Option<String>,
    /// The same in words, fit to be read. A stranger wrote them.
    pub error_description: Option<String>,
    /// Who answers.
    pub iss: Option<String>,
    /// All other parameters, in order.
    pub parameters: Vec<(String, String)>,
}

/// The address is none that an authorization server sends a browser to.
#[derive(Clone, Debug, PartialEq, Eq, thiserror::Error)]
#[error("the address that the browser came back to {0}; begin again")]
pub struct CallbackError(&'static str);

/// Reads the query of the address that a browser came back to, with or without the `?` before it.
///
/// # Errors
/// [`CallbackError`] where a parameter stands there twice (RFC 6749, section 3.1), or there is more than any server says.
pub fn callback(query: &str) -> Result<Callback, CallbackError> {
    if query.len() > LONGEST {
        return Err(CallbackError("is longer than 16 KiB"));
    }
    let mut callback = Callback::default();
    let mut seen: Vec<String> = Vec::new();
    for (name, value) in form_urlencoded::parse(query.strip_prefix('?').unwrap_or(query).as_bytes()) {
        if seen.len() == MOST_PARAMETERS {
            return Err(CallbackError("has more than 64 parameters"));
        }
        if seen.contains(&name.to_string()) {
            return Err(CallbackError("has a parameter twice"));
        }
        let value = value.into_owned();
        let quoted = |value: &str| in_one_line(&shortened(value, LONGEST_QUOTE));
        match &*name {
            "code" => callback.code = Some(Secret::new(value)).filter(|code| !code.is_empty()),
            "state" => callback.state = Some(Secret::new(value)).filter(|state| !state.is_empty()),
            "error" => callback.error = Some(quoted(&value)).filter(|error| !error.is_empty()),
            "error_description" => callback.error_description = Some(quoted(&value)),
            "iss" => callback.iss = Some(value),
            name => callback.parameters.push((name.to_owned(), value)),
        }
        seen.push(name.into_owned());
    }
    Ok(callback)
}

#[cfg(test)]
mod tests {
    use proptest::prelude::*;

    use super::*;

    #[test]
    fn a_code_comes_with_what_belongs_to_it() {
        let read = callback("?code=a%2Bb+c&state=s&iss=https%3A%2F%2Flogin.example&realmId=42&realm=").unwrap();
        assert_eq!((read.code, read.state), (Some(Secret::new("a+b c")), Some(Secret::new("s"))));
        assert_eq!(read.iss.as_deref(), Some("https://login.example"));
        assert_eq!(read.parameters, [("realmId", "42"), ("realm", "")].map(|(n, v)| (n.to_owned(), v.to_owned())));
        assert_eq!(callback("").unwrap(), Callback::default());
        assert_eq!(callback("code=&state").unwrap(), Callback::default());
    }

    #[test]
    fn a_refusal_is_made_fit_to_be_read() {
        let read = callback("error=access_denied&error_description=no%1b%5B2J%0Aand%E2%80%AE&state=s").unwrap();
        assert_eq!(read.error.as_deref(), Some("access_denied"));
        assert_eq!(read.error_description.as_deref(), Some("no\\u{1b}[2J\\nand\\u{202e}"));
        let long = callback(&format!("error={}", "x".repeat(5000))).unwrap();
        assert!(long.error.unwrap().chars().count() <= LONGEST_QUOTE + 1);
    }

    #[test]
    fn a_parameter_that_stands_twice_and_too_many_of_them_are_refused() {
        for query in ["code=a&code=b", "state=a&code=c&state=a", "x=1&x=2", "code=a&c%6Fde=b"] {
            assert!(callback(query).unwrap_err().to_string().contains("twice"), "{query}");
        }
        let many: Vec<String> = (0..=MOST_PARAMETERS).map(|n| format!("p{n}=1")).collect();
        assert!(callback(&many.join("&")).is_err());
        assert!(callback(&format!("code={}", "x".repeat(LONGEST))).is_err());
    }

    proptest! {
        #[test]
        fn whatever_comes_is_read_or_refused(query in "[a-c=&%+0-9e?]{0,60}|\\PC{0,60}") {
            if let Ok(read) = callback(&query) {
                let shown = format!("{:?}{:?}", read.error, read.error_description);
                prop_assert!(!shown.contains(crate::text::deceives));
            }
        }
    }
}
