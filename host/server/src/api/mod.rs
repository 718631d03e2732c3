//! What is asked for.
