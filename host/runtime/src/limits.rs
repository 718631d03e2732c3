//! The limits of a call, and their defaults: all of them, in this one place.
//!
//! A call that reaches a limit ends there, alone, with a failure that names the limit, its value and the key that raises it.
//! Only the log is cut instead: a plugin that talks too much still does its work.

use std::time::Duration;

use bytesize::ByteSize;
use serde::{Deserialize, Serialize};

/// What one call may take.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Serialize, Deserialize)]
pub struct Limits {
    /// Wall time from the start of the call to its end: waiting for the provider and sleeping count.
    pub timeout: Duration,
    /// Processor time of the call's thread, for the plugin and for what the host does on its behalf. On Unix.
    pub cpu: Duration,
    /// Linear memory in bytes, summed over all memories of all instances of the call.
    pub memory: u64,
    /// Table entries, summed over all tables.
    pub table_entries: u64,
    /// Requests, those that were refused included.
    pub requests: u32,
    /// Size of one request, roughly, in bytes: what the plugin gives, and the input and files bound to it. Files on disk do not
    /// count.
    pub request: u64,
    /// Size of the head of an answer, in bytes: its status and headers.
    pub answer_head: u64,
    /// Size of an answer's body after decoding, in bytes. For a file on disk, `disk` takes its place.
    pub answer: u64,
    /// Size of all requests and answers, by the same measures and with the files on disk, summed, in bytes.
    pub traffic: u64,
    /// Size of the blobs that a plugin makes or receives as answers, summed, in bytes. Those on disk do not count.
    pub blobs: u64,
    /// Size of those on disk, summed, in bytes: each that is larger than [`IN_MEMORY`](crate::IN_MEMORY), where the host has a
    /// [folder](crate::HostBuilder::spool) for them.
    pub disk: u64,
    /// Size of the output's JSON, in bytes.
    pub output: u64,
    /// Size of the output's files, summed, in bytes.
    pub attachments: u64,
    /// Size of what a plugin keeps in its state for one connection, in bytes.
    pub state: u64,
    /// Random bytes.
    pub randomness: u64,
    /// Size of what a plugin hands to one host function, or gives back, as the host has to hold it, in bytes.
    pub transfer: u64,
    /// Host resources (blobs, streams, timers) that exist at one time.
    pub resources: usize,
    /// Size of the log, in bytes. What goes beyond it is dropped, and the call goes on.
    pub log: u64,
    /// What the engine is made for.
    pub engine: EngineLimits,
    /// What compiling a component may take.
    pub compile: CompileLimits,
}

/// Limits of the process that compiles a component and lets it describe itself. They hold where there is one: see
/// [`HostBuilder::compile_in_child`](crate::HostBuilder::compile_in_child).
#[derive(Clone, Copy, Debug, PartialEq, Eq, Serialize, Deserialize)]
pub struct CompileLimits {
    /// Wall time.
    pub time: Duration,
    /// Memory of the process that can be written to, in bytes. On Linux.
    pub memory: u64,
    /// Size of the code and the description, in bytes.
    pub output: u64,
}

/// Limits that are the same for all calls of a host, as its engine is made for them.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Serialize, Deserialize)]
pub struct EngineLimits {
    /// Calls in flight at one time. A call beyond them is refused at once. Where the system has no room for so many, it is
    /// fewer.
    pub calls: u32,
    /// Instances of each plugin that is called that are made before a call asks for one, 64 of all plugins together at most; zero
    /// for none. They take memory, and are no calls. Where the system has too little room for all calls there are none.
    pub ready: u32,
    /// Core instances of one component.
    pub instances: u32,
    /// Linear memories of one component.
    pub memories: u32,
    /// Tables of one component.
    pub tables: u32,
    /// Stack of a plugin, in bytes, from [`EngineLimits::LEAST_STACK`] to [`EngineLimits::MOST_STACK`].
    pub stack: u64,
}

impl EngineLimits {
    /// With less, plugins do not get as far as their own code.
    pub const LEAST_STACK: u64 = 64 << 10;

    /// Calls run on their callers' threads, which have 2 MiB of stack where nobody says otherwise; the host needs some too.
    pub const MOST_STACK: u64 = 1 << 20;
}

impl Default for Limits {
    fn default() -> Self {
        Self {
            // What people wait for an answer, and longer than the slowest sensible API call.
            timeout: Duration::from_secs(30),
            // A call of a few milliseconds is usual; a slow guest that parses a large answer needs some seconds.
            cpu: Duration::from_secs(10),
            // A guest in Python starts with about 40 MiB, one in JavaScript with about 10.
            memory: ByteSize::mib(256).as_u64(),
            // A guest in Python has some 15,000.
            table_entries: 100_000,
            // Listing everything, page by page, at 100 a page: ten thousand items.
            requests: 100,
            // One part of a chunked upload is 5 MiB; the largest attachments that the providers accept are below 50.
            request: ByteSize::mib(64).as_u64(),
            // Servers send 8 KiB at most where nobody has raised it; policies and cookies fill up 20 and more.
            answer_head: ByteSize::kib(64).as_u64(),
            // The largest file that most of the providers accept in one piece is 5 to 30 MiB.
            answer: ByteSize::mib(64).as_u64(),
            // A file of the largest size, down and up again, and as much for the rest.
            traffic: ByteSize::mib(256).as_u64(),
            blobs: ByteSize::mib(64).as_u64(),
            // As much as comes over the network.
            disk: ByteSize::mib(256).as_u64(),
            // A hundred full pages of the largest lists known.
            output: ByteSize::mib(16).as_u64(),
            attachments: ByteSize::mib(64).as_u64(),
            // Session names and cursors; state is not a database.
            state: ByteSize::kib(64).as_u64(),
            // Guests seed their hash tables with a few bytes; a boundary or a key takes some more.
            randomness: ByteSize::kib(64).as_u64(),
            // A request of the largest size, and as much for what surrounds it.
            transfer: ByteSize::mib(128).as_u64(),
            resources: 1000,
            log: ByteSize::kib(64).as_u64(),
            engine: EngineLimits::default(),
            compile: CompileLimits::default(),
        }
    }
}

impl Default for CompileLimits {
    fn default() -> Self {
        Self {
            // A guest in JavaScript brings its engine along and takes half a minute on a small machine.
            time: Duration::from_secs(120),
            memory: ByteSize::gib(2).as_u64(),
            // That guest again, several times.
            output: ByteSize::mib(512).as_u64(),
        }
    }
}

impl Default for EngineLimits {
    fn default() -> Self {
        Self {
            // Each has a thread, and a system as it comes has room for some more.
            calls: 4000,
            // For callers that come one by one, and now and then a few at a time.
            ready: 4,
            // A component made from Python has about thirty modules.
            instances: 100,
            // Guests have one, and their adapters another.
            memories: 4,
            tables: 20,
            // What the engine's makers chose.
            stack: ByteSize::kib(512).as_u64(),
        }
    }
}
