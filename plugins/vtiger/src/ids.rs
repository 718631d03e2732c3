//! Schemas that several operations use.

use wharf_plugin::{Schema, text};

/// `12x5`: the number of the kind of record, which differs between installations, and the number of the record.
pub(crate) const ID: Schema = text().matches("^[0-9]+x[0-9]+$");

/// The name of a module, as `metadata.list-types` gives it; case matters.
pub(crate) const MODULE: Schema = text().at_least(1);

/// Whether a text is the id of something that there is.
pub(crate) fn is_id(text: &str) -> bool {
    text.split_once('x').is_some_and(|(kind, number)| is_number(kind) && is_number(number))
}

/// Whether a text is the number of something that there is: they begin with 1.
pub(crate) fn is_number(text: &str) -> bool {
    text.parse::<u64>().is_ok_and(|number| number > 0)
}
