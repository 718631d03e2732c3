//! Schemas that several operations use.

use wharf_plugin::{Schema, text};

/// `12x5`: the number of the kind of record, which differs between installations, and the number of the record.
pub(crate) const ID: Schema = text().matches("^[0-9]+x[0-9]+$");

/// The name of a module, as `metadata.list-types` gives it; case matters.
pub(crate) const MODULE: Schema = text().at_least(1);
