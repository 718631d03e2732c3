//! Names that servers act upon, or that credentials have, whatever a manifest means by them.

/// Fields and headers by which servers replace the method, as [`read_alike`] reads them.
const METHOD_OVERRIDES: [&str; 10] = [
    // Google's APIs.
    "$httpmethod",
    "_http_method",
    // Kohana.
    "_httpmethod",
    // Rack, Laravel and Symfony, Spring, CakePHP, Express.
    "_method",
    "_method_override",
    "http_method_override",
    "httpmethod",
    // OData.
    "x_http_method",
    // .NET, Jersey, Google's APIs: as a header, in the query and in forms.
    "x_http_method_override",
    "x_method_override",
];

/// What credentials are called, without `-`, `_` and an `X-` before it.
const CREDENTIALS: [&str; 39] = [
    "accesskey",
    "accesstoken",
    "apikey",
    "apisecret",
    "appsecret",
    "assertion",
    "auth",
    "authkey",
    "authorization",
    "authtoken",
    "bearer",
    "clientassertion",
    "clientsecret",
    "cookie",
    "credential",
    "credentials",
    "csrftoken",
    "hmac",
    "idtoken",
    "jsessionid",
    "jwt",
    "otp",
    "passphrase",
    "passwd",
    "password",
    "phpsessid",
    "privatekey",
    "pwd",
    "refreshtoken",
    "secret",
    "secretkey",
    "sessionid",
    "sessionname",
    "sessiontoken",
    "sid",
    "sig",
    "signature",
    "token",
    "xsrftoken",
];

/// Whether servers take a field or header of this name for the method. Fields are asked for by their
/// [readings](crate::asked::readings).
pub(crate) fn replaces_method(name: &str) -> bool {
    METHOD_OVERRIDES.contains(&read_alike(name).as_str())
}

/// Without case, and with `-` as `_`: servers that hand headers on as variables do not tell them apart.
fn read_alike(name: &str) -> String {
    name.to_ascii_lowercase().replace('-', "_")
}

/// Whether a field, header or variable has the name of a credential. Of a JSON Pointer, or a name with brackets or dots, it is
/// the last part that counts: `user[password]`.
pub fn is_credential(name: &str) -> bool {
    let last = name.rsplit(['/', '[', ']', '.']).find(|part| !part.is_empty()).unwrap_or_default();
    let plain = last.replace(['-', '_', ' '], "").to_ascii_lowercase();
    let names = [plain.as_str(), plain.strip_prefix('x').unwrap_or_default()];
    names.iter().any(|name| CREDENTIALS.binary_search(name).is_ok())
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn credentials_are_known_however_they_are_spelt() {
        assert!(CREDENTIALS.is_sorted());
        for name in ["access_token", "X-Api-Key", "sessionName", "user[password]", "/auth/clientSecret", "Signature"] {
            assert!(is_credential(name), "{name}");
        }
        for name in ["page", "tokens_used", "password/hint", "secret[label]", ""] {
            assert!(!is_credential(name), "{name}");
        }
    }
}
