//! Who may do what.

pub(crate) mod policy;
pub(crate) mod principal;
