//! Who may do what.

pub(crate) mod allowance;
pub(crate) mod caller;
pub(crate) mod names;
pub(crate) mod oidc;
pub(crate) mod policy;
pub(crate) mod principal;
