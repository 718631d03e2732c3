//! Guests that no operator would want, as components. Each example is a component of its own.
//!
//! `rogue` has one operation for each thing that a plugin might try while it runs; the tests are named like them, and a guest
//! without a test does not compile. What is tried at the level of the binary interface stands in `wat/`, as core modules.
