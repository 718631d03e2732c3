//! What obtaining a credential has in common, whatever its kind.

use std::sync::Arc;

use wharf_egress::Connection;
use wharf_egress::audit::{Audit, Recorder, Who};
use wharf_egress::outgoing::Outgoing;
use wharf_egress::send::SendError;

use super::renewal::NotObtained;
use crate::failure::{Detail, Fault};
use crate::registry::Release;

/// For whom the host sends something of its own.
#[derive(Clone)]
pub(crate) struct OnBehalf {
    id: String,
    release: Arc<Release>,
    audit: Option<Arc<Audit>>,
}

impl OnBehalf {
    pub(crate) fn of(release: &Arc<Release>, audit: Option<&Arc<Audit>>) -> Self {
        let number = getrandom::u64().unwrap_or_default();
        Self { id: format!("credential-{number:016x}"), release: Arc::clone(release), audit: audit.cloned() }
    }

    /// Of its own in the audit: it may be under way beside the requests of a call.
    pub(crate) fn id(&self) -> &str {
        &self.id
    }

    pub(crate) fn who<'a>(&'a self, connection: &'a str, what: &'a str) -> Who<'a> {
        Who {
            call: &self.id,
            // It serves whoever comes next.
            principal: None,
            plugin: &self.release.about.name,
            digest: &self.release.digest,
            operation: what,
            connection,
        }
    }

    pub(crate) fn recorder<'a>(&'a self, who: Who<'a>) -> Option<Recorder<'a>> {
        Some(Recorder { audit: self.audit.as_deref()?, who })
    }
}

/// The provider said no, in words without a secret.
pub(crate) fn refused(message: String, code: Option<String>, status: Option<u16>) -> NotObtained {
    NotObtained::Rejected(Detail { message, code, status, ..Detail::default() })
}

/// Why there is no answer.
pub(crate) fn not_sent(connection: &Connection, outgoing: &Outgoing, error: SendError) -> NotObtained {
    let words = |error: &SendError| outgoing.for_people().mask_text(connection.mask_for_people(error.to_string()));
    match error {
        SendError::Denied(denial) | SendError::AnswerDenied { denial, .. } => NotObtained::Refusal(denial.into()),
        SendError::Spool(error) => NotObtained::Fault(error.into()),
        SendError::Unrecorded(error) => NotObtained::Fault(Fault::from(error)),
        SendError::Timeout { sent } => NotObtained::Later { words: words(&error), sent, after: None },
        SendError::Unavailable(_) => NotObtained::Later { words: words(&error), sent: false, after: None },
        _ => NotObtained::Later { words: words(&error), sent: true, after: None },
    }
}
