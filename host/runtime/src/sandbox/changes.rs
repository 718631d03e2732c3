//! Whether what a call has asked for may have been done, though the call fails.

use wharf_egress::send::{Answer, SendError};

use crate::failure::{CallError, Refusal};

/// What a caller is told then. [`Outgoing::afterwards`](wharf_egress::outgoing::Outgoing::afterwards) has the same words.
const MAYBE: &str = "what it asks for may have been done";

/// What became of the requests that change something.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
pub(crate) struct Changes {
    /// One was sent, and nobody said what became of it.
    unanswered: bool,
    /// One was answered as a success.
    done: bool,
}

impl Changes {
    pub(crate) fn note(&mut self, result: &Result<Answer, SendError>) {
        match result {
            Ok(answer) => {
                self.done |= (200..300).contains(&answer.status);
                // A gateway speaks for a server that it has asked (RFC 9110, sections 15.6.3 and 15.6.5).
                self.unanswered |= matches!(answer.status, 502 | 504);
            }
            Err(SendError::Denied(_) | SendError::Unavailable(_) | SendError::Timeout { sent: false }) => {}
            // It says so itself.
            Err(SendError::Unrecorded(_)) => {}
            Err(
                SendError::NoAnswer(_)
                | SendError::Closed(_)
                | SendError::Timeout { sent: true }
                | SendError::TooLarge { .. }
                | SendError::ItemTooLarge { .. }
                | SendError::FileTooLarge { .. }
                | SendError::Spool(_)
                | SendError::HeadTooLarge { .. }
                | SendError::Unreadable { .. }
                | SendError::AnswerDenied { .. },
            ) => self.unanswered = true,
        }
    }

    /// How the attempt ended. What the plugin tells of an answer is taken for what the answer says; where the host ends a call, it
    /// may have been behind its success.
    pub(crate) fn told(self, error: CallError) -> CallError {
        let maybe = match &error {
            CallError::Failure(_) => self.unanswered,
            CallError::Refusal(Refusal::Limit(_) | Refusal::Denied(_)) | CallError::Fault(_) => {
                self.unanswered || self.done
            }
            CallError::Refusal(_) => false,
        };
        if maybe { error.and(MAYBE) } else { error }
    }

    /// How a later attempt ended, which may not have come as far.
    pub(crate) fn told_by_a_later(self, error: CallError) -> CallError {
        let is_said = error.to_string().contains(MAYBE);
        if self.unanswered && !is_said { error.and(&format!("an earlier attempt was sent: {MAYBE}")) } else { error }
    }

    /// Those of two attempts.
    pub(crate) fn with(self, other: Self) -> Self {
        Self { unanswered: self.unanswered || other.unanswered, done: self.done || other.done }
    }
}
