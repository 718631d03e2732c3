//! A component of a manifest: data, and a function that hands it over.
