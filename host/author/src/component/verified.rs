//! The mark `unverified` of operations that were seen to work.

use std::collections::BTreeSet;

use indexmap::IndexMap;
use serde_json::value::{RawValue, to_raw_value};

/// An object of which nothing below its members is looked at.
type Members = IndexMap<String, Box<RawValue>>;

/// The JSON text of a document without the mark `unverified` on these operations; all else in it stays as it is written.
///
/// # Errors
/// What is no document.
pub fn verified(document: &str, operations: &BTreeSet<&str>) -> serde_json::Result<String> {
    let mut manifest: Members = serde_json::from_str(document)?;
    let Some(all) = manifest.get_mut("operations") else { return Ok(document.to_owned()) };
    let mut of_all: Members = serde_json::from_str(all.get())?;
    for (_, operation) in of_all.iter_mut().filter(|(name, _)| operations.contains(name.as_str())) {
        let mut members: Members = serde_json::from_str(operation.get())?;
        members.shift_remove("unverified");
        *operation = to_raw_value(&members)?;
    }
    *all = to_raw_value(&of_all)?;
    serde_json::to_string(&manifest)
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn the_mark_is_left_off_and_nothing_else_changes() {
        let document = concat!(
            r#"{"z":1.10,"operations":{"b.c":{"title":"\u00e9","unverified":"so said","x-n":123456789012345678901},"#,
            r#""a.b":{"unverified":"so said"},"c.d":{"title":"C"}},"a":[ ]}"#
        );
        let without = document.replace(r#""unverified":"so said",""#, "\"");
        assert_eq!(verified(document, &BTreeSet::from(["b.c", "c.d", "d.e"])).unwrap(), without);
        assert_eq!(verified(document, &BTreeSet::new()).unwrap(), document);
        assert_eq!(verified("{}", &BTreeSet::from(["a.b"])).unwrap(), "{}");
        assert!(verified("[]", &BTreeSet::new()).is_err());
    }
}
