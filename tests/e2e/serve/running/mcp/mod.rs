//! What agents have of a server: the Model Context Protocol over HTTP, message by message.

mod agent;
mod approvals;
mod changes;
mod doors;
mod tools;
