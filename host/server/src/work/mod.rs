//! When does a call run, and what becomes of it?

pub(crate) mod approval;
pub(crate) mod ask;
mod fingerprint;
pub(crate) mod job;
pub(crate) mod kept;
pub(crate) mod later;
pub(crate) mod past;
pub(crate) mod queue;
pub(crate) mod waiters;
