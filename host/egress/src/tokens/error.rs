//! Why there is no token.

use std::time::Duration;

use crate::guard::Refusal;
use crate::send::SendError;

/// Why there is no token. No message holds a secret of the connection or of the request.
#[derive(Clone, Debug, PartialEq, Eq, thiserror::Error)]
pub enum TokenError {
    /// The server says no.
    #[error("{}", .0.words)]
    Refused(Refused),
    /// Of a device: nobody has said yes or no yet.
    #[error("nobody has said yes yet")]
    Pending,
    /// The same, and the server wants to be asked less often: 5 seconds more between two requests (RFC 8628, section 3.5).
    #[error("nobody has said yes yet, and the server wants to be asked less often")]
    SlowDown,
    /// There is no answer, or none that says yes or no.
    #[error("{words}")]
    NoAnswer {
        /// For people.
        words: String,
        /// Whether the server may have acted.
        sent: bool,
        /// How long to wait, where the server says so; a day at most.
        retry_after: Option<Duration>,
    },
    /// There is an answer that cannot be made use of.
    #[error("{words}")]
    Unreadable {
        /// For people.
        words: String,
        /// HTTP status of the answer, if it has one.
        status: Option<u16>,
    },
    /// A rule forbids the request, or the connection lacks what it needs. Nothing was sent.
    #[error(transparent)]
    Refusal(#[from] Refusal),
    /// The private key cannot be used: what is expected. Nothing was sent.
    #[error("{0}")]
    Key(String),
    /// A fault of the host: the audit, or the disk.
    #[error(transparent)]
    Ends(SendError),
}

/// A server's no.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Refused {
    /// The provider's code, as `invalid_grant`; `none` where it gives none.
    pub code: String,
    /// HTTP status of the answer; zero where a browser has brought the refusal back.
    pub status: u16,
    /// A sentence for people: what was refused, by whom, in the provider's words, and what most likely mends it.
    pub words: String,
    /// How far this machine's clock is behind the server's, in seconds, as far as the answer tells.
    pub clock: Option<i64>,
}

/// What says that a token, a code or a consent is of no use any more, in letters alone: of RFC 6749 and 8628, OpenID Connect, and
/// of providers with names of their own (Slack, GitHub, HubSpot, Meta).
const FINAL: [&str; 16] = [
    "accessdenied",
    "badauthcode",
    "badrefreshtoken",
    "badverificationcode",
    "codealreadyused",
    "consentrequired",
    "expiredtoken",
    "interactionrequired",
    "invalidcode",
    "invalidgrant",
    "invalidrefreshtoken",
    "invalidtoken",
    "loginrequired",
    "refreshtokenexpired",
    "tokenexpired",
    "tokenrevoked",
];

/// Whether a code says that what was spent is of no use any more.
pub(super) fn is_final(code: &str) -> bool {
    FINAL.contains(&letters(code).as_str())
}

/// A code without what providers write in different ways.
pub(super) fn letters(code: &str) -> String {
    code.chars().filter(char::is_ascii_alphanumeric).map(|c| c.to_ascii_lowercase()).collect()
}

impl TokenError {
    /// Whether what was spent is of no use any more: somebody has to connect again, or to take another key. What the operator can
    /// mend, such as the client's secret, is none of these: the same token holds after that.
    pub fn is_final(&self) -> bool {
        matches!(self, Self::Refused(refused) if is_final(&refused.code))
    }

    /// Whether the server may have taken what was spent, and given an answer that did not come: a refresh token may be another one now.
    pub fn may_have_been_spent(&self) -> bool {
        match self {
            Self::NoAnswer { sent, .. } => *sent,
            Self::Unreadable { status, .. } => status.is_none_or(|status| !(300..500).contains(&status)),
            // Where the intent cannot be recorded nothing is sent; that the outcome cannot be ends no request for tokens.
            Self::Ends(_) | Self::Refused(_) | Self::Pending | Self::SlowDown | Self::Refusal(_) | Self::Key(_) => {
                false
            }
        }
    }

    /// How long to wait before the next attempt, where the server says so.
    pub fn retry_after(&self) -> Option<Duration> {
        match self {
            Self::NoAnswer { retry_after, .. } => *retry_after,
            _ => None,
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn codes_are_known_however_providers_write_them() {
        assert!(FINAL.is_sorted());
        for code in ["invalid_grant", "INVALID_GRANT", "bad_refresh_token", "BAD_REFRESH_TOKEN", "access_denied"] {
            assert!(is_final(code), "{code}");
        }
        for code in ["invalid_client", "temporarily_unavailable", "server_error", "none", ""] {
            assert!(!is_final(code), "{code}");
        }
    }

    #[test]
    fn what_may_have_been_spent_is_told_from_what_was_not() {
        let unreadable = |status| TokenError::Unreadable { words: String::new(), status };
        let no_answer = |sent| TokenError::NoAnswer { words: String::new(), sent, retry_after: None };
        for error in [unreadable(None), unreadable(Some(200)), unreadable(Some(502)), no_answer(true)] {
            assert!(error.may_have_been_spent(), "{error:?}");
        }
        for error in [unreadable(Some(302)), unreadable(Some(404)), no_answer(false), TokenError::Key(String::new())] {
            assert!(!error.may_have_been_spent(), "{error:?}");
        }
    }
}
