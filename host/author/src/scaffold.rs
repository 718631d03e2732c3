//! A new folder to begin with.
