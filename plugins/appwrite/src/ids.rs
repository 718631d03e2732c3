use wharf_plugin::{Schema, text};

/// An id of Appwrite: 1 to 36 characters, the first one a letter or digit.
pub(crate) const ID: Schema = text().at_least(1).at_most(36).matches("^[a-zA-Z0-9][a-zA-Z0-9._-]*$");
