//! The check of credentials that the host obtains itself: by OAuth 2. Those by requests that log in are checked in [`sessions`].

use super::Lint;
use crate::asked::{canonical, is_unambiguous, readings};
use crate::declaration::{
    Assertion, Client, ClientAuthentication, Credential, CredentialKind, Endpoint, GrantType, Oauth2, Parameter,
    ParameterValue, Part, Scheme, TokenAnswer, Told, ToldBy, is_pointer, place, unescape,
};
use crate::well_known::{is_credential, replaces_method};

mod sessions;

/// Of a plugin.
const MOST_CREDENTIALS: usize = 16;

/// What one can have of each.
const MOST_SCOPES: usize = 200;
const MOST_PARAMETERS: usize = 32;
const MOST_TOLD: usize = 16;

/// Texts of a credential, in bytes: scopes are as long as URLs, and audiences are some.
pub(super) const LONGEST: usize = 512;

/// What a client says by the protocol itself: RFC 6749, 7009, 7521, 7636, 8628, and 9101, by which others are replaced.
const OF_THE_PROTOCOL: [&str; 21] = [
    "assertion",
    "client_assertion",
    "client_assertion_type",
    "client_id",
    "client_secret",
    "code",
    "code_challenge",
    "code_challenge_method",
    "code_verifier",
    "device_code",
    "grant_type",
    "password",
    "redirect_uri",
    "refresh_token",
    "request",
    "request_uri",
    "response_type",
    "scope",
    "state",
    "token",
    "token_type_hint",
];

/// What a server says to the browser by the protocol itself, or what would be a credential.
const OF_A_CALLBACK: [&str; 10] = [
    "access_token",
    "code",
    "error",
    "error_description",
    "error_uri",
    "id_token",
    "iss",
    "refresh_token",
    "response",
    "state",
];

impl Lint<'_> {
    pub(super) fn credentials(&mut self, schemes: &[Scheme]) {
        let credentials = self.credentials;
        self.place = place(&["credentials"]);
        self.unique("name", credentials.iter().map(|credential| credential.name.clone()));
        if credentials.len() > MOST_CREDENTIALS {
            return self.report(format!("there are {}; the most are {MOST_CREDENTIALS}", credentials.len()));
        }
        for credential in credentials {
            self.credential(credential, schemes);
        }
    }

    fn credential(&mut self, credential: &Credential, schemes: &[Scheme]) {
        let Credential { name, kind, .. } = credential;
        self.place = place(&["credentials", name]);
        if !super::is_kebab(name) {
            self.report(format!(
                "its name is not in kebab case, of at most {} letters (such as `google`)",
                super::LONGEST_NAME
            ));
        }
        let is_placed = |part: &Part| matches!(part, Part::Credential { credential, .. } if credential == name);
        if !schemes.iter().flat_map(Scheme::parts).any(is_placed) {
            let value = credential.values().first().copied().unwrap_or("NAME").to_owned();
            self.report(format!(
                "no scheme places it; write `{{credential.{name}.{value}}}` in the template of one, or delete it"
            ));
        }
        match kind {
            CredentialKind::Oauth2(oauth2) => self.oauth2(name, oauth2),
            CredentialKind::Session(session) => self.session(name, session, schemes),
        }
    }

    fn oauth2(&mut self, name: &str, oauth2: &Oauth2) {
        let whole = place(&["credentials", name, "oauth2"]);
        let at = |members: &[&str]| format!("{whole}{}", place(members));
        self.place = whole.clone();
        self.grants(oauth2);
        self.lasts(oauth2.lasts);
        for used in oauth2.uses().iter().filter(|used| !self.fields.contains(&used.field)).collect::<Vec<_>>() {
            self.place = format!("{whole}{}", used.place);
            self.report(format!("the connection field `{}` is not declared", used.field));
        }
        for (name, endpoint) in oauth2.endpoints() {
            self.place = at(&[name]);
            self.endpoint(endpoint, name == "authorize");
        }
        self.place = at(&["over"]);
        self.signs(&oauth2.over);
        self.place = at(&["client"]);
        self.client(&oauth2.client);
        self.place = at(&["scopes"]);
        self.scopes(oauth2);
        self.place = at(&["issuer"]);
        oauth2.issuer.iter().filter_map(|issuer| of_issuer(issuer)).for_each(|problem| self.report(problem));
        self.place = at(&["assertion"]);
        oauth2.assertion.iter().for_each(|assertion| self.assertion(assertion));
        self.place = at(&["answer"]);
        self.token_answer(&oauth2.answer);
        self.place = at(&["fields"]);
        self.told("field", &oauth2.fields, oauth2);
        for field in oauth2.fields.iter().filter(|told| !self.fields.contains(&told.name.as_str())).collect::<Vec<_>>()
        {
            self.report(format!("the connection field `{}` is not declared", field.name));
        }
        self.place = at(&["servers"]);
        self.told("server", &oauth2.servers, oauth2);
    }

    /// There is what each way to a token needs, and nothing that none of them uses.
    fn grants(&mut self, oauth2: &Oauth2) {
        let has = |grant| oauth2.grants.contains(&grant);
        if oauth2.grants.is_empty() {
            self.report(
                "`grants` is empty; name the ways to a token that the provider has, such as `authorization-code`",
            );
        }
        self.unique("grant", oauth2.grants.iter().map(|grant| grant.as_str().to_owned()));
        for (grant, member, is_there) in [
            (GrantType::AuthorizationCode, "authorize", oauth2.authorize.is_some()),
            (GrantType::DeviceCode, "device", oauth2.device.is_some()),
            (GrantType::JwtBearer, "assertion", oauth2.assertion.is_some()),
        ] {
            match (has(grant), is_there) {
                (true, false) => self.report(format!("the grant `{}` needs `{member}`", grant.as_str())),
                (false, true) => self.report(format!(
                    "`{member}` is of the grant `{}`, which is not among its `grants`; add it, or delete `{member}`",
                    grant.as_str()
                )),
                _ => {}
            }
        }
    }

    pub(super) fn lasts(&mut self, lasts: Option<u32>) {
        if lasts == Some(0) {
            self.report("`lasts` is 0; write the seconds that it lasts, or leave it out");
        }
    }

    fn endpoint(&mut self, endpoint: &Endpoint, in_browser: bool) {
        if in_browser && endpoint.json {
            self.report("a browser opens it, and sends no body; delete `json`");
        }
        if endpoint.parameters.len() > MOST_PARAMETERS {
            return self
                .report(format!("it has {} parameters; the most are {MOST_PARAMETERS}", endpoint.parameters.len()));
        }
        self.unique("parameter", endpoint.parameters.iter().map(|parameter| canonical(&parameter.name)));
        endpoint.parameters.iter().for_each(|parameter| self.parameter(parameter));
    }

    fn parameter(&mut self, Parameter { name, value }: &Parameter) {
        let is_of_protocol = |read_as: String| OF_THE_PROTOCOL.contains(&read_as.replace('-', "_").as_str());
        if name.trim().is_empty() || name.len() > LONGEST || name.starts_with('/') {
            self.report("a parameter needs a plain name");
        } else if readings(name).any(is_of_protocol) {
            self.report(format!("the parameter `{name}` is said by the protocol itself; delete it"));
        } else if is_credential(name) {
            self.report(format!(
                "the parameter `{name}` has the name of a credential, and what it says is no secret; delete it"
            ));
        } else if readings(name).any(|read_as| replaces_method(&read_as)) {
            self.report(format!("the parameter `{name}` replaces the method on some servers; delete it"));
        } else if !is_unambiguous(name) {
            self.report(format!("servers read the name `{name}` in different ways"));
        }
        if let ParameterValue::Text(text) = value
            && text.len() > LONGEST
        {
            self.report(format!("the parameter `{name}` has {} bytes; the most are {LONGEST}", text.len()));
        }
    }

    fn client(&mut self, client: &Client) {
        let has = (client.secret.is_some(), client.key.is_some());
        let problem = match (client.by, has) {
            (ClientAuthentication::Basic | ClientAuthentication::Body, (false, _)) => {
                "it is shown by a `secret`; name its field"
            }
            (ClientAuthentication::Jwt, (_, false)) => "it is shown by something signed; say with which `key`",
            (ClientAuthentication::None | ClientAuthentication::Jwt, (true, _)) => {
                "its `secret` is not used by the way that it is shown; delete it, or write `by: basic` or `by: body`"
            }
            (ClientAuthentication::Basic | ClientAuthentication::Body | ClientAuthentication::None, (_, true)) => {
                "its `key` is used where it says `by: jwt` and nowhere else; write that, or delete the key"
            }
            _ => return,
        };
        self.report(problem);
    }

    fn scopes(&mut self, oauth2: &Oauth2) {
        let (scopes, separator) = (&oauth2.scopes, &oauth2.scope_separator);
        let is_visible = |c: char| matches!(c, '!'..='~') && !matches!(c, '"' | '\\');
        if !(1..=4).contains(&separator.len()) || !separator.chars().all(|c| c == ' ' || is_visible(c)) {
            return self.report("the `scope-separator` is not of one to four visible characters or spaces");
        }
        if scopes.len() > MOST_SCOPES {
            return self.report(format!("there are {}; the most are {MOST_SCOPES}", scopes.len()));
        }
        self.unique("scope", scopes.iter().cloned());
        for scope in scopes {
            if scope.is_empty() || scope.len() > LONGEST || !scope.chars().all(is_visible) {
                self.report(format!(
                    "`{scope}` is no scope: one is of visible ASCII without quotes (RFC 6749, section 3.3)"
                ));
            } else if scope.contains(separator.as_str()) {
                self.report(format!("the scope `{scope}` has the separator in it; make an entry of each scope"));
            }
        }
    }

    fn assertion(&mut self, assertion: &Assertion) {
        if !(10..=3600).contains(&assertion.lasts) {
            self.report(format!("`lasts` is {}; an assertion holds for 10 to 3600 seconds", assertion.lasts));
        }
        let is_good =
            |text: &String| (1..=LONGEST).contains(&text.len()) && text.chars().all(|c| matches!(c, '!'..='~'));
        if !assertion.audience.as_ref().is_none_or(is_good) {
            self.report(format!("its `audience` is not of 1 to {LONGEST} visible characters of ASCII"));
        }
    }

    fn token_answer(&mut self, answer: &TokenAnswer) {
        answer.places().into_iter().for_each(|(_, pointer)| self.pointer(pointer));
    }

    pub(super) fn pointer(&mut self, pointer: &str) {
        if !is_pointer(pointer) || pointer.len() > LONGEST {
            self.report(format!("`{pointer}` is no JSON Pointer of at most {LONGEST} bytes (such as `/access_token`)"));
        }
    }

    /// What is told is kept where people and plugins can read it: no token is.
    fn told(&mut self, what: &str, told: &[Told], oauth2: &Oauth2) {
        if told.len() > MOST_TOLD {
            return self.report(format!("there are {}; the most are {MOST_TOLD}", told.len()));
        }
        self.unique(what, told.iter().map(|told| told.name.clone()));
        for Told { name, by } in told {
            match by {
                ToldBy::Answer(pointer) => {
                    self.pointer(pointer);
                    let tokens = [&oauth2.answer.access_token, &oauth2.answer.refresh_token];
                    let is_token = |token: &&String| unescape(token) == unescape(pointer);
                    if pointer.is_empty() || tokens.iter().any(is_token) || is_credential(pointer) {
                        self.report(format!("the {what} `{name}` would be told a token, and anybody can read it"));
                    }
                }
                ToldBy::Callback(parameter) => {
                    let is_kept = readings(parameter).any(|name| OF_A_CALLBACK.contains(&name.as_str()));
                    if parameter.is_empty() || parameter.len() > LONGEST || is_kept || is_credential(parameter) {
                        self.report(format!(
                            "the {what} `{name}` cannot be told by the parameter `{parameter}`, which is of the protocol itself or a \
                             credential"
                        ));
                    }
                    if !oauth2.grants.contains(&GrantType::AuthorizationCode) {
                        self.report(format!("the {what} `{name}` is told by a browser that comes back, which none does without the grant `authorization-code`"));
                    }
                }
            }
        }
    }
}

/// What is wrong with the name of an authorization server (RFC 8414, section 2).
fn of_issuer(issuer: &str) -> Option<String> {
    let problem = match url::Url::parse(issuer) {
        Ok(url) if !matches!(url.scheme(), "http" | "https") || url.host_str().is_none() => {
            "does not begin with `https://`"
        }
        Ok(url) if !url.username().is_empty() || url.password().is_some() => "has a user in it",
        Ok(url) if url.query().is_some() || url.fragment().is_some() => "has a query or a fragment",
        Ok(_) if issuer.len() > LONGEST || !issuer.chars().all(|c| matches!(c, '!'..='~')) => {
            "is not of visible ASCII, or too long"
        }
        Ok(_) => return None,
        Err(_) => "is no URL",
    };
    Some(format!(
        "the issuer `{issuer}` {problem}; write it as the provider says it, such as `https://accounts.example.com`"
    ))
}
