//! What a renewal that came to nothing makes of a credential.

use std::time::Duration;

use super::{Job, NotLive, NotObtained, Renewal, words_of};
use crate::credentials::events::State;
use crate::credentials::row::{Failed, Lease, Live, Standing};
use crate::failure::Detail;

/// How long nobody tries again after a first failure, and after many.
pub(super) const COOL: Duration = Duration::from_secs(5);
const MOST_COOL: Duration = Duration::from_secs(15 * 60);

impl Renewal {
    /// What a failure makes of a credential, and what is told of it.
    pub(super) fn fail(
        &self,
        job: &Job,
        live: &mut Live,
        lease: &Lease,
        why: &NotObtained,
        is_lost: bool,
    ) -> (Option<NotLive>, (State, String)) {
        // What was sent and not answered stays so until an answer says what became of it.
        let is_sent = matches!(why, NotObtained::Later { sent: true, .. });
        live.unanswered = lease.spends.clone().filter(|_| is_sent || is_lost);
        match why {
            NotObtained::Final(words) if lease.spends.is_some() && !job.obtain.is_unattended(live) => {
                let words = match is_lost {
                    true => {
                        live.lost += 1;
                        format!(
                            "a renewal was broken off after its refresh token was sent and before the new one was kept, and the \
                             server takes the old one no more: {words}"
                        )
                    }
                    false => words.clone(),
                };
                live.standing = Standing::NeedsReconnect;
                live.refresh = None;
                live.unanswered = None;
                live.failed = Some(self.failure(live, words.clone(), None));
                (Some(NotLive::NeedsReconnect(words_of(job, &words))), (State::NeedsReconnect, words))
            }
            // It can be obtained without.
            NotObtained::Final(words) if lease.spends.is_some() => {
                live.refresh = None;
                live.unanswered = None;
                (None, (State::Expiring, words.clone()))
            }
            NotObtained::Final(words) => self.cool(live, words, None),
            NotObtained::Rejected(detail) => {
                // What is spent by it stays good.
                let (_, told) = self.cool(live, &detail.message, None);
                if let Some(failed) = &mut live.failed {
                    failed.rejected = true;
                }
                (Some(NotLive::Rejected(detail.clone())), told)
            }
            NotObtained::Later { words, after, .. } => self.cool(live, words, *after),
            NotObtained::Refusal(refusal) => {
                (Some(NotLive::Refusal(refusal.clone())), (State::Expiring, refusal.to_string()))
            }
            NotObtained::Fault(fault) => (Some(NotLive::Fault(fault.clone())), (State::Expiring, fault.to_string())),
        }
    }

    /// Nobody tries again for a while.
    fn cool(&self, live: &mut Live, words: &str, after: Option<Duration>) -> (Option<NotLive>, (State, String)) {
        let failed = self.failure(live, words.to_owned(), after);
        let after = Some(Duration::from_millis(failed.cool));
        live.failed = Some(failed);
        (Some(NotLive::Later { words: words.to_owned(), after }), (State::Expiring, words.to_owned()))
    }

    pub(super) fn failure(&self, live: &Live, reason: String, after: Option<Duration>) -> Failed {
        let times = live.failed.as_ref().map_or(0, |failed| failed.times).saturating_add(1);
        let cool = COOL.saturating_mul(1 << (times - 1).min(10));
        let cool = after.unwrap_or(cool).clamp(COOL, MOST_COOL);
        Failed {
            at: self.now(),
            reason,
            times,
            cool: u64::try_from(cool.as_millis()).unwrap_or(u64::MAX),
            rejected: false,
        }
    }
}

/// What is told as long as nobody tries again.
pub(super) fn cooling(failed: &Failed, left: Duration) -> NotLive {
    let after = Some(left);
    match failed.rejected {
        true => NotLive::Rejected(Detail {
            message: format!("{} (asked before; the host asks again in {} s)", failed.reason, left.as_secs().max(1)),
            ..Detail::default()
        }),
        false => NotLive::Later { words: failed.reason.clone(), after },
    }
}
