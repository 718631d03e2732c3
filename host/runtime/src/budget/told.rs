//! What a provider says of its limits in the heads of its answers. A budget is corrected by it, within bounds: whatever a provider says,
//! it holds up its own account alone, and for an hour at most.

use std::time::Duration;

use wharf_answer::Answer;

/// The longest pause.
const LONGEST: Duration = Duration::from_secs(3600);

/// For so long the provider takes nothing, by this header.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(super) struct Pause {
    pub(super) lasts: Duration,
    pub(super) by: &'static str,
}

/// What the head of an answer asks for.
pub(super) fn pause(status: u16, headers: &[(String, String)]) -> Option<Pause> {
    let (seconds, by) = wharf_answer::pause(&Answer::of(status, headers.to_vec(), Vec::new()))?;
    let lasts = Duration::from_secs(seconds.into()).min(LONGEST);
    (!lasts.is_zero()).then_some(Pause { lasts, by })
}
