//! A server that runs, and what callers, idlers and attackers have of it.

mod agent;
mod approvals;
mod audit;
mod beside;
mod bodies;
mod calls;
mod client;
mod fairness;
mod files;
mod following;
mod heads;
mod held;
mod idempotency;
mod items;
#[cfg(target_os = "linux")]
mod large;
mod later;
mod mcp;
mod metrics;
mod rebinding;
mod server;
mod stopping;
mod telemetry;
mod tenants;
mod who;
