//! YAML 1.2 (core schema) as a tree, with the place of each value. JSON is YAML.

mod write;

pub use write::{write, write_operations};
