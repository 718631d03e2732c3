//! What an authorization server's answer means, in words for people.

use super::answer::{Error, Said};
use super::callback::Callback;
use super::error::{Refused, TokenError, is_final, letters};
use super::request::Sent;
use crate::connection::Connection;
use crate::declaration::ClientAuthentication;
use crate::masker::Masker;
use crate::outgoing::Outgoing;
use crate::secret::MASK;
use crate::send::{Answer, LONGEST_QUOTE, SendError};
use crate::text::{in_one_line, shortened};

/// The longest code that is repeated, in characters.
const LONGEST_CODE: usize = 64;

/// A clock is wrong from here on, in seconds: providers allow a minute or more.
const CLOCK: u64 = 60;

/// What is asked for.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(super) enum What {
    Code,
    Refresh,
    Client,
    Device,
    Assertion,
    DeviceCode,
    Revocation,
    /// A person, in a browser.
    Consent,
}

/// Something that was asked for, and with what.
pub(super) struct Ask<'a> {
    pub(super) what: What,
    pub(super) by: ClientAuthentication,
    /// As it leads to the authorization server.
    pub(super) connection: &'a Connection,
    pub(super) outgoing: &'a Outgoing,
    pub(super) sent: &'a Sent,
}

impl Ask<'_> {
    /// What it means that there is no answer.
    pub(super) fn failed(&self, error: SendError) -> TokenError {
        let words = |error: &SendError| self.masked(error.to_string(), None);
        let no_answer = |sent: bool| TokenError::NoAnswer { words: words(&error), sent, retry_after: None };
        match error {
            SendError::Denied(denial) => TokenError::Refusal(denial.into()),
            SendError::Timeout { sent } => {
                let words = format!("{} gave no {} ({error})", self.connection.way(), self.what.asked_for());
                TokenError::NoAnswer { words, sent, retry_after: None }
            }
            SendError::Unavailable(_) => no_answer(false),
            SendError::NoAnswer(_) | SendError::Closed(_) => no_answer(true),
            SendError::AnswerDenied { status, .. } => {
                TokenError::Unreadable { words: words(&error), status: Some(status) }
            }
            SendError::Unreadable { status, .. } => TokenError::Unreadable { words: words(&error), status },
            SendError::TooLarge { .. }
            | SendError::ItemTooLarge { .. }
            | SendError::FileTooLarge { .. }
            | SendError::HeadTooLarge { .. } => {
                let words = format!("{}: {error}; that is no answer of an authorization server", self.connection.way());
                TokenError::Unreadable { words, status: None }
            }
            SendError::Spool(_) | SendError::Unrecorded(_) => TokenError::Ends(error),
        }
    }

    /// An answer that leads elsewhere: nobody goes there.
    pub(super) fn moved(&self, answer: &Answer) -> Option<TokenError> {
        let words = crate::moved(self.connection, self.outgoing, answer)?;
        let words = self.masked(format!("{}: {words}", self.connection.way()), None);
        Some(TokenError::Unreadable { words, status: Some(answer.status) })
    }

    /// What an answer means that is no yes.
    pub(super) fn judge(&self, said: &Said<'_>) -> Result<(), TokenError> {
        let error = said.error();
        let code = error.as_ref().map(|error| letters(&error.code)).unwrap_or_default();
        match (self.what, code.as_str()) {
            (What::Device, "authorizationpending") => return Err(TokenError::Pending),
            (What::Device, "slowdown") => return Err(TokenError::SlowDown),
            // What is no token any more was given up.
            (What::Revocation, "invalidtoken") => return Ok(()),
            _ => {}
        }
        let is_later = said.status == 429 || said.status == 503 && said.retry_after.is_some();
        match error {
            Some(error) if said.status < 429 || is_final(&error.code) => Err(self.refused(&error, said)),
            error if is_later || said.status >= 500 => Err(self.later(error, said, !is_later)),
            Some(error) => Err(self.refused(&error, said)),
            None if said.is_success() => Ok(()),
            None => Err(self.not_understood(said)),
        }
    }

    fn refused(&self, error: &Error, said: &Said<'_>) -> TokenError {
        let code = self.code(error, said);
        let refusal = format!("{} refused {}", self.connection.way(), self.what.spent());
        let words = self.sentence(&refusal, error, said);
        TokenError::Refused(Refused { code, status: said.status, words, clock: said.clock })
    }

    /// A sentence of how it was refused, in the provider's words, and of what mends it.
    fn sentence(&self, refusal: &str, error: &Error, said: &Said<'_>) -> String {
        let code = self.code(error, said);
        let with = if code == NO_CODE { String::new() } else { format!(" with `{code}`") };
        let status = (said.status != 0).then(|| format!("status {}", said.status));
        let described =
            error.description.as_deref().map(|words| format!("“{}”", self.quote(words.to_owned(), Some(said))));
        let details: Vec<String> = status.into_iter().chain(described).collect();
        let details = if details.is_empty() { String::new() } else { format!(" ({})", details.join(": ")) };
        let clock = said.clock.and_then(clock);
        let mend = mend(&letters(&error.code), said.status, self.what, self.by);
        let advice: Vec<String> = clock.into_iter().chain(mend).collect();
        let advice = if advice.is_empty() { "look there for what it wants".to_owned() } else { advice.join("; ") };
        format!("{refusal}{with}{details}: {advice}")
    }

    /// What may be said of the provider's code.
    fn code(&self, error: &Error, said: &Said<'_>) -> String {
        let code = shortened(&self.quote(error.code.clone(), Some(said)), LONGEST_CODE).replace('`', "'");
        if code.is_empty() { NO_CODE.to_owned() } else { code }
    }

    /// A server that cannot answer now.
    fn later(&self, error: Option<Error>, said: &Said<'_>, sent: bool) -> TokenError {
        let place = self.connection.way();
        let refusal = format!("{place} gave no {}", self.what.asked_for());
        let error = error.unwrap_or(Error { code: String::new(), description: None });
        let words = self.sentence(&refusal, &error, said);
        TokenError::NoAnswer { words, sent, retry_after: said.retry_after }
    }

    fn not_understood(&self, said: &Said<'_>) -> TokenError {
        let kind = said.media_type.split(';').next().unwrap_or_default().trim();
        let kind = match kind {
            "text/html" | "application/xhtml+xml" => "a page of HTML".to_owned(),
            kind => format!("`{}`", self.quote(kind.to_owned(), Some(said))),
        };
        let key = self.connection.key();
        self.unreadable(said, &format!("{kind}, which is no answer of an authorization server: look at {key}"))
    }

    /// An answer that cannot be made use of: what is wrong with it.
    pub(super) fn unreadable(&self, said: &Said<'_>, problem: &str) -> TokenError {
        let (place, asked_for, status) = (self.connection.way(), self.what.asked_for(), said.status);
        let clock = said.clock.and_then(clock).map(|clock| format!("; {clock}")).unwrap_or_default();
        let words = format!("{place} answered with status {status} and no {asked_for}: {problem}{clock}");
        TokenError::Unreadable { words: self.masked(words, Some(said)), status: Some(status) }
    }

    /// A word of the answer, fit for a message.
    pub(super) fn quoted(&self, word: &str, said: &Said<'_>) -> String {
        self.quote(word.to_owned(), Some(said))
    }

    /// A stranger's words, fit for a message. Of those with a secret in them that is too short to be looked for nothing is left.
    fn quote(&self, words: String, said: Option<&Said<'_>>) -> String {
        let words = self.masked(words, said);
        let has_short = self.secrets(said).iter().any(|secret| !secret.is_empty() && words.contains(secret));
        if has_short || self.connection.has_secret_in(&words) {
            return MASK.to_owned();
        }
        in_one_line(&shortened(words.trim(), LONGEST_QUOTE))
    }

    /// Without the secrets of the connection, of the request and of the answer.
    fn masked(&self, words: String, said: Option<&Said<'_>>) -> String {
        let mut own = Masker::default();
        self.secrets(said).iter().for_each(|secret| own.add(secret));
        let maskers = [&own, self.outgoing.for_people(), &self.outgoing.strong];
        let words = maskers.iter().fold(words, |words, masker| masker.mask_text(words));
        self.connection.mask_for_people(words)
    }

    fn secrets<'s>(&'s self, said: Option<&'s Said<'_>>) -> Vec<&'s str> {
        let of_answer = said.into_iter().flat_map(Said::tokens);
        self.sent.secrets().chain(of_answer).collect()
    }
}

/// What a browser came back with that is no code.
pub(super) fn came_back(connection: &Connection, by: ClientAuthentication, callback: &Callback) -> TokenError {
    let code = of_callback(connection, callback, callback.error.as_deref().unwrap_or(NO_CODE));
    let described = callback.error_description.as_deref().filter(|words| !words.is_empty());
    let described = described.map(|words| format!(" (“{}”)", of_callback(connection, callback, words)));
    let mend = mend(&letters(&code), 0, What::Consent, by);
    let mend = mend.unwrap_or_else(|| "connect again, and look there for what it wants".to_owned());
    let place = connection.way();
    let words = match &callback.error {
        Some(_) => format!("{place} gave no code and said `{code}`{}: {mend}", described.unwrap_or_default()),
        None => format!("the browser came back from {place} with neither a code nor an error: {mend}"),
    };
    TokenError::Refused(Refused { code, status: 0, words, clock: None })
}

/// A browser came back with what another server says.
pub(super) fn of_another(connection: &Connection, wanted: &str, iss: Option<&str>, callback: &Callback) -> TokenError {
    let from = match iss {
        Some(iss) => format!("from `{}`", of_callback(connection, callback, iss)),
        None => "from a server that does not say which it is (`iss`)".to_owned(),
    };
    let words = format!(
        "the browser came back {from}, and `{wanted}` was asked: nothing of it is used; connect again, and go to no other \
         page meanwhile"
    );
    TokenError::Refused(Refused { code: "issuer_mismatch".to_owned(), status: 0, words, clock: None })
}

fn of_callback(connection: &Connection, callback: &Callback, words: &str) -> String {
    let mut masker = Masker::default();
    let secrets = || callback.code.iter().chain(&callback.state);
    secrets().for_each(|secret| masker.add(secret.reveal()));
    let words = connection.mask_for_people(masker.mask_text(words.to_owned()));
    if secrets().any(|secret| words.contains(secret.reveal())) || connection.has_secret_in(&words) {
        return MASK.to_owned();
    }
    in_one_line(&shortened(&words, LONGEST_QUOTE)).replace('`', "'")
}

/// The code of a refusal that has none.
const NO_CODE: &str = "none";

impl What {
    /// What was refused.
    fn spent(self) -> &'static str {
        match self {
            Self::Code => "the authorization code",
            Self::Refresh => "the refresh token",
            Self::Client => "a token for the client itself",
            Self::Device => "the device",
            Self::Assertion => "what was signed for a token",
            Self::DeviceCode => "a code for a device",
            Self::Revocation => "to take a token back",
            Self::Consent => "a code",
        }
    }

    /// What did not come.
    fn asked_for(self) -> &'static str {
        match self {
            Self::Code | Self::Refresh | Self::Client | Self::Device | Self::Assertion => "token",
            Self::DeviceCode => "code for a device",
            Self::Revocation => "word that the token is given up",
            Self::Consent => "code",
        }
    }
}

/// A clock that is wrong: by how much, and where.
pub(super) fn clock(behind: i64) -> Option<String> {
    let by = behind.unsigned_abs();
    let direction = if behind > 0 { "behind" } else { "ahead of" };
    let time = match by {
        0..=CLOCK => return None,
        by if by < 600 => format!("{by} seconds"),
        by if by < 2 * 86400 => format!("{} minutes", by / 60),
        by => format!("{} days", by / 86400),
    };
    Some(format!("this machine's clock is {time} {direction} the server's: set it"))
}

/// What most likely mends a refusal with this code, in letters alone.
fn mend(code: &str, status: u16, what: What, by: ClientAuthentication) -> Option<String> {
    let mend = match code {
        "invalidclient" | "badclientid" | "badclientsecret" | "incorrectclientcredentials" => client(by),
        "accessdenied" | "consentrequired" | "interactionrequired" | "loginrequired" if what != What::Client => {
            "nobody said yes, or an administrator forbids it; connect again, and say yes"
        }
        "expiredtoken" if what == What::Device => "nobody said yes in time; connect again",
        "unauthorizedclient" => {
            "the provider does not let this client ask in this way; allow it in the client's settings there"
        }
        "invalidscope" => {
            "the provider does not know one of the scopes, or keeps it from this client; look at `scopes`"
        }
        "redirecturimismatch" | "invalidredirecturi" => {
            "the redirect address differs from those that are registered with the provider; register it there, letter by letter"
        }
        "unsupportedgranttype" => {
            "the provider has no such way to a token; choose another one of the manifest's grants"
        }
        "unsupportedtokentype" => "the provider takes back no such token; take the consent back there",
        "invalidrequest" => {
            "the provider expects something else; look at the connection's fields, and at the plugin's manifest"
        }
        "temporarilyunavailable" | "servererror" => "it is a fault of the provider's; try again later",
        code if is_final(code) => spent(what, by),
        _ => match status {
            401 => client(by),
            404 | 405 => {
                "there may be no authorization server at this address; look at the base URL and at the manifest"
            }
            429 => "it was asked too often; try again later",
            500.. => "it is a fault of the provider's; try again later",
            _ => return None,
        },
    };
    Some(mend.to_owned())
}

fn client(by: ClientAuthentication) -> &'static str {
    match by {
        ClientAuthentication::Basic => {
            "the client id or the client secret is wrong or has run out, or the provider expects them in the body (they are sent by \
             the header Authorization)"
        }
        ClientAuthentication::Body => {
            "the client id or the client secret is wrong or has run out, or the provider expects them by the header Authorization \
             (they are sent in the body)"
        }
        ClientAuthentication::None => "the client id is wrong, or the provider expects a secret, and none is sent",
        ClientAuthentication::Jwt => {
            "the client id, the private key or the name of the key is wrong, or the provider does not know the public key"
        }
    }
}

/// Why something is of no use any more.
fn spent(what: What, by: ClientAuthentication) -> &'static str {
    match what {
        What::Code => {
            "the code was used before or is too old, or the redirect address differs from the one that it was asked for with; \
             connect again"
        }
        What::Refresh => {
            "the consent was withdrawn, the password was changed, or the token was used elsewhere or is too old; connect again"
        }
        What::Device => "the device's code was used before, or is too old; connect again",
        What::Assertion => "look at this machine's clock, at the private key, and at who signs and for whom",
        What::Client | What::DeviceCode | What::Revocation | What::Consent => client(by),
    }
}

#[cfg(test)]
mod tests;
