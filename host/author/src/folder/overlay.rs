//! What a person changes in a document: JSON Merge Patch (RFC 7396).

use indexmap::IndexMap;

use super::origins::{self, Origins};
use crate::yaml::{Kind, Node};

/// Lays a patch over a document: its members take the place of those of the same name, and null takes them away.
pub(super) fn merge(tree: &mut Node, origins: &mut Origins, patch: Node, of_patch: &Origins) {
    Merging { origins, of_patch, pointer: String::new() }.merge(tree, patch);
}

struct Merging<'a> {
    origins: &'a mut Origins,
    of_patch: &'a Origins,
    pointer: String,
}

impl Merging<'_> {
    /// Neither tree is deeper than the reader lets one be.
    fn merge(&mut self, target: &mut Node, patch: Node) {
        let Node { line, column, kind } = patch;
        let Kind::Map(members) = kind else {
            self.origins.replace(&self.pointer, self.of_patch);
            *target = Node { line, column, kind };
            return;
        };
        if !matches!(target.kind, Kind::Map(_)) {
            self.origins.replace(&self.pointer, self.of_patch);
            *target = Node { line, column, kind: Kind::Map(IndexMap::new()) };
        }
        let Kind::Map(known) = &mut target.kind else { return };
        for (name, value) in members {
            let length = origins::push(&mut self.pointer, &name);
            match value.kind {
                Kind::Null => {
                    known.shift_remove(&name);
                    self.origins.remove(&self.pointer);
                }
                _ => {
                    let nothing = Node { line: value.line, column: value.column, kind: Kind::Null };
                    self.merge(known.entry(name).or_insert(nothing), value);
                }
            }
            self.pointer.truncate(length);
        }
    }
}
