//! The limits of a call, and their defaults: all of them, in this one place.

use std::time::Duration;

use bytesize::ByteSize;

/// What one call may take. Reaching a limit ends that call alone.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct Limits {
    /// Wall time from the start of the call to its end: waiting for the provider and sleeping count.
    pub timeout: Duration,
    /// Linear memory in bytes, summed over all memories of all instances of the call.
    pub memory: u64,
    /// Table entries, summed over all tables.
    pub table_entries: u64,
    /// Size of one request, roughly, in bytes: what the plugin gives, and the input and files bound to it.
    pub request: u64,
    /// Size of an answer's body after decoding, in bytes.
    pub answer: u64,
    /// Size of the blobs that a plugin makes or receives as answers, summed, in bytes.
    pub blobs: u64,
    /// Size of the output's JSON, in bytes.
    pub output: u64,
    /// Requests, those that were refused included.
    pub requests: u32,
    /// Size of the log, in bytes. What goes beyond it is dropped, and the call goes on.
    pub log: u64,
    /// Host resources (blobs, streams, timers) that exist at one time.
    pub resources: usize,
}

impl Default for Limits {
    fn default() -> Self {
        Self {
            // What people wait for an answer, and longer than the slowest sensible API call.
            timeout: Duration::from_secs(30),
            // A guest in Python starts with about 40 MiB, one in JavaScript with about 10.
            memory: ByteSize::mib(256).as_u64(),
            // A guest in Python has some 15,000.
            table_entries: 100_000,
            // One part of a chunked upload is 5 MiB; the largest attachments that the providers accept are below 50.
            request: ByteSize::mib(64).as_u64(),
            // The largest file that most of the providers accept in one piece is 5 to 30 MiB.
            answer: ByteSize::mib(64).as_u64(),
            blobs: ByteSize::mib(64).as_u64(),
            // A hundred full pages of the largest lists known.
            output: ByteSize::mib(16).as_u64(),
            // Listing everything, page by page, at 100 a page: ten thousand items.
            requests: 100,
            log: ByteSize::kib(64).as_u64(),
            resources: 1000,
        }
    }
}
