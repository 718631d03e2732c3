//! How much memory a thing takes: what the allocator has handed out before it was made, and after.

/// What this process has allocated, in bytes; none where the system's allocator does not tell.
#[cfg(all(target_os = "linux", target_env = "gnu"))]
pub(super) fn allocated() -> Option<u64> {
    // SAFETY: it only reads counters of the allocator.
    #[expect(unsafe_code, reason = "the allocator has no other way to be asked")]
    let info = unsafe { libc::mallinfo2() };
    Some((info.uordblks + info.hblkhd) as u64)
}

/// What this process has allocated, in bytes; none where the system's allocator does not tell.
#[cfg(not(all(target_os = "linux", target_env = "gnu")))]
pub(super) fn allocated() -> Option<u64> {
    None
}
