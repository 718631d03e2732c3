//! Trying again: the host's decision, never a plugin's.

use std::hash::{BuildHasher as _, RandomState};
use std::time::Duration;

use wharf_egress::Deadline;

use crate::failure::{CallError, Detail, Failure};

/// The most that a caller or an operator may ask for.
pub const MOST_RETRIES: u32 = 10;

/// Before the second attempt; it doubles with each further one.
const FIRST_WAIT: Duration = Duration::from_millis(250);
/// Where the provider says nothing of its own.
const LONGEST_WAIT: Duration = Duration::from_secs(20);

/// The further attempts of a call.
pub(crate) struct Retries {
    left: u32,
    made: u32,
    deadline: Deadline,
}

impl Retries {
    /// So many at most, all of them before the deadline of the call. An operation that is not idempotent has none.
    pub(crate) fn new(most: u32, idempotent: bool, deadline: Deadline) -> Self {
        Self { left: if idempotent { most.min(MOST_RETRIES) } else { 0 }, made: 0, deadline }
    }

    pub(crate) fn any_left(&self) -> bool {
        self.left > 0
    }

    /// How many were made.
    pub(crate) fn made(&self) -> u32 {
        self.made
    }

    /// How long to wait before the next attempt; none where there is to be no other: none is left, the failure is not one
    /// that passes by itself, or the call would be over before.
    pub(crate) fn next<T>(&mut self, result: &Result<T, CallError>) -> Option<Duration> {
        let Err(CallError::Failure(failure)) = result else { return None };
        let told = match failure {
            Failure::Unavailable(detail) | Failure::RateLimited(detail) => detail.retry_after,
            // It says by a time that it passes (RFC 9110, section 15.5.14).
            Failure::Provider(Detail { status: Some(413), retry_after: told @ Some(_), .. }) => *told,
            _ => return None,
        };
        let told = told.map(|seconds| Duration::from_secs(seconds.into()));
        let wait = wait(self.made, told, random());
        if self.left == 0 || wait >= self.deadline.left() {
            return None;
        }
        self.left -= 1;
        self.made += 1;
        Some(wait)
    }
}

/// As long as the provider said and a little more, or else a time that doubles with each attempt; by chance up to twice as
/// long, so that many callers who failed together do not come back together. `random` is from 0 to 1.
fn wait(made: u32, told: Option<Duration>, random: f64) -> Duration {
    match told {
        Some(told) => told + FIRST_WAIT.mul_f64(random),
        None => {
            let doubled = FIRST_WAIT.saturating_mul(2_u32.saturating_pow(made)).min(LONGEST_WAIT / 2);
            doubled.mul_f64(1.0 + random)
        }
    }
}

/// From 0 to 1. It decides nothing that anyone could gain from.
fn random() -> f64 {
    let number = RandomState::new().hash_one(0_u8);
    f64::from(u32::try_from(number >> 32).unwrap_or_default()) / f64::from(u32::MAX)
}

#[cfg(test)]
mod tests {
    use super::*;

    const SECOND: Duration = Duration::from_secs(1);

    fn unavailable() -> Result<(), CallError> {
        Err(Failure::Unavailable(Detail::default()).into())
    }

    fn limited(retry_after: Option<u32>) -> Result<(), CallError> {
        Err(Failure::RateLimited(Detail { retry_after, ..Detail::default() }).into())
    }

    #[test]
    fn the_wait_doubles_and_has_an_end() {
        let waits: Vec<u128> = (0..5).map(|made| wait(made, None, 0.0).as_millis()).collect();
        assert_eq!(waits, [250, 500, 1000, 2000, 4000]);
        assert_eq!(wait(0, None, 1.0), 2 * wait(0, None, 0.0));
        assert_eq!(wait(30, None, 1.0), LONGEST_WAIT);
    }

    #[test]
    fn what_the_provider_says_is_waited_for() {
        assert_eq!(wait(3, Some(7 * SECOND), 0.0), 7 * SECOND);
        assert!(wait(3, Some(7 * SECOND), 1.0) < 8 * SECOND);
    }

    #[test]
    fn only_what_passes_by_itself_is_tried_again_and_only_where_it_does_no_harm() {
        let retries = |most, idempotent| Retries::new(most, idempotent, Deadline::within(60 * SECOND));
        assert!(retries(1, true).next(&unavailable()).is_some());
        assert!(retries(1, true).next(&limited(None)).is_some());
        assert!(retries(1, true).next(&Ok(())).is_none());
        for other in [Failure::NotFound(Detail::default()), Failure::Timeout(Detail::default())] {
            assert!(retries(1, true).next::<()>(&Err(other.into())).is_none());
        }
        assert!(retries(1, false).next(&unavailable()).is_none(), "the operation is not idempotent");
        assert!(retries(0, true).next(&unavailable()).is_none());
    }

    #[test]
    fn there_are_no_more_attempts_than_asked_for() {
        let mut retries = Retries::new(1000, true, Deadline::within(1000 * SECOND));
        let made = std::iter::from_fn(|| retries.next(&unavailable())).count();
        assert_eq!((made, retries.made()), (10, MOST_RETRIES));
    }

    #[test]
    fn a_body_that_is_too_large_is_sent_again_only_where_the_provider_says_when() {
        let too_large = |retry_after| {
            let detail = Detail { status: Some(413), retry_after, ..Detail::default() };
            Retries::new(1, true, Deadline::within(60 * SECOND)).next::<()>(&Err(Failure::Provider(detail).into()))
        };
        assert!(too_large(None).is_none());
        assert!(too_large(Some(7)).is_some_and(|wait| wait >= 7 * SECOND));
    }

    #[test]
    fn a_wait_beyond_the_deadline_is_not_begun() {
        let later = Err::<(), _>(Failure::Unavailable(Detail { retry_after: Some(6), ..Detail::default() }).into());
        assert!(Retries::new(3, true, Deadline::within(5 * SECOND)).next(&later).is_none());
        let mut retries = Retries::new(3, true, Deadline::within(5 * SECOND));
        assert!(retries.next(&limited(Some(6))).is_none());
        assert!(retries.next(&limited(Some(2))).is_some());
        assert!(Retries::new(3, true, Deadline::within(Duration::ZERO)).next(&unavailable()).is_none());
    }
}
