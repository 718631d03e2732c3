//! Values that must differ from call to call but need not be secret.

use std::hash::{BuildHasher, RandomState};

/// A number that the standard library's randomly keyed hasher gives; it saves a crate.
pub(crate) fn number() -> u64 {
    RandomState::new().hash_one(())
}
