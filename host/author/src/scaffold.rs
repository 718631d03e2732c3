//! A new folder to begin with.

/// The name of the schema of a manifest, in a folder.
pub const SCHEMA_FILE: &str = "manifest.schema.json";

/// The schema of a manifest, for editors.
pub const SCHEMA: &str = include_str!("../../../wit/0.2/manifest.schema.json");
