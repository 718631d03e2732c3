//! Failures of the contract.

pub use wharf_answer::{Detail, Failure};

use crate::bindings::wharf::provider::call as contract;
use crate::bindings::wharf::provider::http;

impl From<http::Error> for Failure {
    fn from(error: http::Error) -> Self {
        match error {
            http::Error::Denied(denial) => Self::Denied(denial.message),
            // Like its own refusal, the host tells of the limit itself.
            http::Error::MissingCredential(message) | http::Error::Limit(message) => Self::Denied(message),
            http::Error::Unavailable(message) | http::Error::NoAnswer(message) => {
                Self::Unavailable(Detail::new(message))
            }
            http::Error::Unreadable(answer) => {
                Self::Provider(Detail { status: answer.status, ..Detail::new(answer.message) })
            }
        }
    }
}

impl From<Failure> for contract::Failure {
    fn from(failure: Failure) -> Self {
        match failure {
            Failure::InvalidInput(field, message) => Self::InvalidInput(contract::InvalidInput { field, message }),
            Failure::Unauthorized(detail) => Self::Unauthorized(detail.into()),
            Failure::Forbidden(detail) => Self::Forbidden(detail.into()),
            Failure::NotFound(detail) => Self::NotFound(detail.into()),
            Failure::Conflict(detail) => Self::Conflict(detail.into()),
            Failure::RateLimited(detail) => Self::RateLimited(detail.into()),
            Failure::Provider(detail) => Self::Provider(detail.into()),
            Failure::Unavailable(detail) => Self::Unavailable(detail.into()),
            Failure::Timeout(detail) => Self::Timeout(detail.into()),
            Failure::Denied(message) => Self::Denied(message),
        }
    }
}

impl From<Detail> for contract::Detail {
    fn from(detail: Detail) -> Self {
        let code = detail.code.filter(|code| !code.trim().is_empty());
        Self { message: detail.message, status: detail.status, code, retry_after: detail.retry_after }
    }
}
