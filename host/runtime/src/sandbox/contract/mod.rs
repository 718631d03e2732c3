//! The versions of the contract that this host serves, each in a module of its own.
//!
//! A module holds the generated bindings (private), the host's side of the imports, and the conversions between the
//! contract's types and the host's own, so that nothing outside of it knows which version a plugin was built for.

pub(crate) mod v0_1;
