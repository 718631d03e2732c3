use crate::answer::Answer;
use crate::retry;

/// Why an operation gave nothing back, in words that a caller can act on.
#[derive(Clone, Debug, PartialEq, Eq)]
pub enum Failure {
    /// The input is wrong in a way that the schema could not tell: which one, and how.
    InvalidInput(Option<String>, String),
    /// The credentials are missing, wrong or expired.
    Unauthorized(Detail),
    /// The credentials are not good enough.
    Forbidden(Detail),
    /// It does not exist.
    NotFound(Detail),
    /// It conflicts with the state of the provider's data.
    Conflict(Detail),
    /// Too many calls.
    RateLimited(Detail),
    /// Any other error told by the provider, also an answer that makes no sense.
    Provider(Detail),
    /// The provider cannot be reached or cannot serve now.
    Unavailable(Detail),
    /// The provider took too long.
    Timeout(Detail),
    /// The host refused a request.
    Denied(String),
}

/// What the provider said.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub struct Detail {
    /// In the provider's own words where it has any.
    pub message: String,
    /// HTTP status.
    pub status: Option<u16>,
    /// The provider's own error code or type.
    pub code: Option<String>,
    /// After how many seconds to try again, where the answer says so.
    pub retry_after: Option<u32>,
}

impl Detail {
    /// Words without a status: for what goes wrong without an answer.
    pub fn new(message: impl Into<String>) -> Self {
        Self { message: message.into(), ..Self::default() }
    }

    /// With the provider's own code.
    pub fn code(mut self, code: impl Into<String>) -> Self {
        self.code = Some(code.into());
        self
    }
}

impl Failure {
    /// The same failure, with a note before the provider's words: what was done before it, for instance.
    pub fn with_note(self, note: &str) -> Self {
        let text = |message: String| format!("{note}: {message}");
        let detail = |detail: Detail| Detail { message: text(detail.message), ..detail };
        match self {
            Self::InvalidInput(input, message) => Self::InvalidInput(input, text(message)),
            Self::Unauthorized(told) => Self::Unauthorized(detail(told)),
            Self::Forbidden(told) => Self::Forbidden(detail(told)),
            Self::NotFound(told) => Self::NotFound(detail(told)),
            Self::Conflict(told) => Self::Conflict(detail(told)),
            Self::RateLimited(told) => Self::RateLimited(detail(told)),
            Self::Provider(told) => Self::Provider(detail(told)),
            Self::Unavailable(told) => Self::Unavailable(detail(told)),
            Self::Timeout(told) => Self::Timeout(detail(told)),
            Self::Denied(message) => Self::Denied(text(message)),
        }
    }

    /// The failure that a status stands for (RFC 9110, RFC 6585).
    pub fn of_status(answer: &Answer, detail: Detail) -> Self {
        Self::by_status(answer.status, detail)
    }

    fn by_status(status: u16, detail: Detail) -> Self {
        match status {
            401 => Self::Unauthorized(detail),
            403 => Self::Forbidden(detail),
            404 | 410 => Self::NotFound(detail),
            409 | 412 => Self::Conflict(detail),
            408 | 504 => Self::Timeout(detail),
            429 => Self::RateLimited(detail),
            502 | 503 => Self::Unavailable(detail),
            _ => Self::Provider(detail),
        }
    }

    /// The failure of an error that the body tells of, for which there is no other kind: the provider's, unless the status, or the
    /// provider's code where it is one, says that it passes by itself.
    pub fn of_body(answer: &Answer, detail: Detail) -> Self {
        let code = detail.code.as_deref().and_then(|code| code.parse().ok());
        let passes = |status: &u16| matches!(status, 408 | 429 | 502..=504);
        match [Some(answer.status), code].into_iter().flatten().find(passes) {
            Some(status) => {
                let retry_after = detail.retry_after.or_else(|| retry::after_status(answer, status));
                Self::by_status(status, Detail { retry_after, ..detail })
            }
            None => Self::Provider(detail),
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_note_keeps_the_kind_of_a_failure_and_its_code() {
        let failure = Failure::Conflict(Detail::new("Taken.").code("user_already_exists")).with_note("after `name`");
        assert_eq!(failure, Failure::Conflict(Detail::new("after `name`: Taken.").code("user_already_exists")));
    }
}
