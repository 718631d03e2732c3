//! A checked manifest as it is kept: in pieces, so that an operation is read when it is called and not before.
//!
//! The first line is JSON: what does not belong to one operation, and the names of the operations with the lengths of what
//! follows. Then come the routes of all requests, and one operation after the other.

use std::ops::Range;

use indexmap::IndexMap;
use serde::{Deserialize, Serialize};
use wharf_egress::declaration::Route;

use crate::manifest::{About, Manifest, Operation};

/// A manifest that passed the check.
pub(crate) struct Description {
    pub(crate) about: About,
    /// Size of the component, in bytes.
    pub(crate) size: u64,
    routes: Range<usize>,
    operations: IndexMap<String, Piece>,
    pieces: Vec<u8>,
}

/// Where an operation is, and what it takes to be ready for use, in bytes.
struct Piece {
    place: Range<usize>,
    weight: u64,
}

#[derive(Serialize, Deserialize)]
struct Head {
    about: About,
    size: u64,
    routes: usize,
    operations: Vec<(String, usize, u64)>,
}

impl Description {
    /// That of a manifest, of a component of this size, with what each operation takes to be ready for use.
    pub(crate) fn of(manifest: &Manifest, size: u64, weights: &[u64]) -> serde_json::Result<Self> {
        let routes: Vec<Route> = manifest.operations.iter().flat_map(|o| &o.requests).map(Route::of).collect();
        let mut pieces = serde_json::to_vec(&routes)?;
        let routes = 0..pieces.len();
        let mut operations = IndexMap::new();
        for (operation, weight) in manifest.operations.iter().zip(weights) {
            let start = pieces.len();
            serde_json::to_writer(&mut pieces, operation)?;
            operations.insert(operation.name.clone(), Piece { place: start..pieces.len(), weight: *weight });
        }
        Ok(Self { about: manifest.about.clone(), size, routes, operations, pieces })
    }

    pub(crate) fn names(&self) -> impl Iterator<Item = &str> {
        self.operations.keys().map(String::as_str)
    }

    /// The names, and what each operation takes to be ready for use, in bytes.
    pub(crate) fn weights(&self) -> impl Iterator<Item = (&str, u64)> {
        self.operations.iter().map(|(name, piece)| (name.as_str(), piece.weight))
    }

    /// An operation; none of that name, or one that is damaged.
    pub(crate) fn operation(&self, name: &str) -> Option<Operation> {
        serde_json::from_slice(self.pieces.get(self.operations.get(name)?.place.clone())?).ok()
    }

    /// Those of all requests.
    pub(crate) fn routes(&self) -> Vec<Route> {
        let piece = self.pieces.get(self.routes.clone()).unwrap_or_default();
        serde_json::from_slice(piece).unwrap_or_default()
    }

    /// The whole.
    pub(crate) fn manifest(&self) -> Manifest {
        let operations = self.names().filter_map(|name| self.operation(name)).collect();
        Manifest { about: self.about.clone(), operations }
    }

    pub(crate) fn to_bytes(&self) -> serde_json::Result<Vec<u8>> {
        let mut bytes = serde_json::to_vec(&Head {
            about: self.about.clone(),
            size: self.size,
            routes: self.routes.len(),
            operations: self
                .operations
                .iter()
                .map(|(name, piece)| (name.clone(), piece.place.len(), piece.weight))
                .collect(),
        })?;
        bytes.push(b'\n');
        bytes.extend_from_slice(&self.pieces);
        Ok(bytes)
    }

    /// What was written; nothing where it is cut or is something else.
    pub(crate) fn from_bytes(mut bytes: Vec<u8>) -> Option<Self> {
        let head_ends = bytes.iter().position(|byte| *byte == b'\n')?;
        let mut head: Head = serde_json::from_slice(bytes.get(..head_ends)?).ok()?;
        let pieces = bytes.split_off(head_ends + 1);
        let mut end = head.routes;
        let mut operations = IndexMap::with_capacity(head.operations.len());
        for (name, length, weight) in std::mem::take(&mut head.operations) {
            let start = end;
            end = start.checked_add(length)?;
            operations.insert(name, Piece { place: start..end, weight });
        }
        let Head { about, size, routes, .. } = head;
        (end == pieces.len()).then_some(Self { about, size, routes: 0..routes, operations, pieces })
    }
}
