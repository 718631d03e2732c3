//! What metrics are called, by the conventions of Prometheus, and what each says. `docs/metrics.md` has the same, with their labels.
//!
//! The names of counters end in `_total` where they are told, and those of infos in `_info`.

/// A metric.
#[derive(Clone, Copy, Debug)]
pub(super) struct Name {
    pub(super) name: &'static str,
    /// What stands before the metric. A full stop is added.
    pub(super) says: &'static str,
}

macro_rules! names {
    ($($constant:ident = $name:literal, $says:literal;)*) => {
        $(pub(super) const $constant: Name = Name { name: $name, says: $says };)*

        /// All of them.
        #[cfg(test)]
        pub(super) const ALL: &[Name] = &[$($constant),*];
    };
}

names! {
    CALLS = "wharf_calls", "Calls that ended, by how they ended";
    CALL_SECONDS = "wharf_call_duration_seconds", "How long calls took, from the queue to their end";
    PART_SECONDS = "wharf_call_part_duration_seconds", "Where the time of calls went";
    RETRIES = "wharf_call_retries", "How often calls were tried again";
    PROVIDER_REQUESTS = "wharf_provider_requests", "Requests of calls to providers, by the class of the status";
    REFUSALS = "wharf_refusals", "What the host refused, by rule";
    REPLAYS = "wharf_idempotency_replays", "Calls that were told again by their idempotency key";
    HTTP_REQUESTS = "wharf_http_requests", "Requests to the server, by the pattern of their path";
    SOCKETS = "wharf_http_sockets", "Sockets of callers that are open";
    STREAMS = "wharf_event_streams", "Callers who read events";
    CONNECTION_CHANGES = "wharf_connection_changes", "Changes of the state of connections, by the new state";

    CONNECTIONS = "wharf_connections", "Connections in the vault, by state";
    PLACES = "wharf_queue_places", "How many calls run at one time at most";
    RUNNING = "wharf_queue_running", "Calls that have a place";
    WAITING = "wharf_queue_waiting", "Calls that wait for a place";
    ACCEPTED = "wharf_queue_accepted", "Calls that were accepted for later and have not begun";
    HOST_RUNNING = "wharf_host_running", "Calls that the host has let in";
    HOST_PLACES = "wharf_host_places", "How many calls the host lets in at one time";
    INSTANCES_READY = "wharf_instances_ready", "Instances that are made and that no call had yet";
    RELEASES_LOADED = "wharf_releases_loaded", "Releases in memory, with those that can be gone back to";
    RELEASE_SWAPS = "wharf_release_swaps", "How often a release took the place of another one";
    PLUGIN = "wharf_plugin", "The releases that answer calls";
    BUDGET_ACCOUNTS = "wharf_budget_accounts", "Accounts of providers that have a rate budget";
    BUDGET_PAUSED = "wharf_budget_paused_accounts", "Accounts whose provider takes nothing for some time";
    BUDGET_WAITING = "wharf_budget_waiting", "Requests that wait for their turn in a rate budget";
    BUDGET_UNDER_WAY = "wharf_budget_under_way", "Requests of accounts with a rate budget that are under way";
    DELIVERIES = "wharf_webhook_deliveries", "Attempts to deliver a message, by what came of them";
    WEBHOOK_WAITING = "wharf_webhook_waiting", "Messages that wait to be delivered";
    HISTORY = "wharf_history_size_bytes", "Size of the history of calls";
    AUDIT_LOST = "wharf_audit_lost_records", "Records of the audit that could not be kept, or not yet";
    BUILD = "wharf_build", "The version of Wharf";

    CPU = "process_cpu_seconds", "Time of processors that the process took";
    RESIDENT = "process_resident_memory_bytes", "Memory of the process that is resident";
    VIRTUAL = "process_virtual_memory_bytes", "Address space of the process";
    THREADS = "process_threads", "Threads of the process";
    FILES = "process_open_fds", "Files and sockets that the process has open";
    MOST_FILES = "process_max_fds", "How many files and sockets the process may have open";
    STARTED = "process_start_time_seconds", "When the server started, in seconds since 1970";
}
