//! How many heaps the threads of a server share.
//!
//! The allocator of GNU/Linux gives threads heaps of their own, up to eight for each processor, and keeps in each of them what was
//! ever needed there. A large answer, such as the OpenAPI document, is made by any of many threads: sooner or later each heap had one.

/// At least so many, so that no thread waits long for another one; and at most.
#[cfg(all(target_os = "linux", target_env = "gnu"))]
const HEAPS: std::ops::RangeInclusive<usize> = 2..=8;

/// Has threads share heaps: one for each processor. It holds for heaps that are made from now on, so it is called first of all.
#[cfg(all(target_os = "linux", target_env = "gnu"))]
pub fn share_heaps() {
    let processors = std::thread::available_parallelism().map_or(2, usize::from);
    let heaps = processors.clamp(*HEAPS.start(), *HEAPS.end());
    let heaps = libc::c_int::try_from(heaps).unwrap_or(2);
    // SAFETY: it changes one number of the allocator, which may be changed at any time.
    #[expect(unsafe_code, reason = "the allocator has no other way to be told")]
    let _ = unsafe { libc::mallopt(libc::M_ARENA_MAX, heaps) };
}

/// Has threads share heaps: other systems do so by themselves.
#[cfg(not(all(target_os = "linux", target_env = "gnu")))]
pub fn share_heaps() {}
