//! A checked manifest as it is kept: an index, which is read when a release is loaded, and pieces behind it, of which each is read
//! when an operation is called that needs it.
//!
//! | part of the index | what |
//! | --- | --- |
//! | a line of JSON | what does not belong to one operation, and how many pieces there are |
//! | 16 bytes for each piece | where its name and it end, what it takes to be ready for use, its CRC-32 |
//! | 4 bytes for each piece | the pieces in the order of their names |
//! | the names | one behind the other |
//!
//! The pieces are the definitions that schemas share, and the operations. Before them stand the routes of all requests.

use std::fs::File;
use std::io::{self, Read as _, Seek as _, SeekFrom};
use std::ops::Range;
use std::path::{Path, PathBuf};
use std::sync::{Mutex, PoisonError};

use serde::de::DeserializeOwned;
use serde::{Deserialize, Serialize};
use serde_json::Value;
use wharf_egress::declaration::Route;

use crate::manifest::{About, Manifest, Operation, add_definitions};

/// A manifest that passed the check.
pub(crate) struct Description {
    pub(crate) about: About,
    /// Size of the component, in bytes.
    pub(crate) size: u64,
    routes: Entry,
    definitions: Table,
    operations: Table,
    pieces: Pieces,
    /// The file that it was read from.
    kept_in: Option<PathBuf>,
}

/// The pieces of one kind, in the order of the manifest and in that of their names.
#[derive(Default)]
struct Table {
    entries: Vec<Entry>,
    by_name: Vec<u32>,
    names: String,
}

/// A piece: where its name and it are, what it takes to be ready for use, in bytes, and its checksum.
#[derive(Clone, Debug, Default)]
struct Entry {
    name: Range<usize>,
    place: Range<usize>,
    weight: u32,
    crc: u32,
}

/// Where the pieces are.
pub(crate) enum Pieces {
    Read(Vec<u8>),
    /// In this file, from there on.
    InFile(Mutex<File>, u64),
}

#[derive(Serialize, Deserialize)]
struct Head {
    about: About,
    size: u64,
    /// Length and checksum.
    routes: (usize, u32),
    definitions: usize,
    operations: usize,
}

const RECORD: usize = 16;

impl Description {
    /// That of a manifest, of a component of this size, with what each operation takes to be ready for use.
    pub(crate) fn of(manifest: &Manifest, size: u64, weights: &[u64]) -> serde_json::Result<Self> {
        let routes: Vec<Route> = manifest.operations.iter().flat_map(|o| &o.requests).map(Route::of).collect();
        let mut pieces = serde_json::to_vec(&routes)?;
        let routes = Entry { place: 0..pieces.len(), crc: crc32fast::hash(&pieces), ..Entry::default() };
        let (mut definitions, mut operations) = (Table::default(), Table::default());
        for (name, schema) in &manifest.definitions {
            definitions.add(&mut pieces, name, schema, 0)?;
        }
        for (operation, weight) in manifest.operations.iter().zip(weights) {
            operations.add(&mut pieces, &operation.name, operation, *weight)?;
        }
        definitions.sort();
        operations.sort();
        let about = manifest.about.clone();
        Ok(Self { about, size, routes, definitions, operations, pieces: Pieces::Read(pieces), kept_in: None })
    }

    /// The names of the operations.
    pub(crate) fn names(&self) -> impl ExactSizeIterator<Item = &str> {
        self.operations.entries.iter().map(|entry| self.operations.name(entry))
    }

    /// Which operation has a name.
    pub(crate) fn position(&self, name: &str) -> Option<usize> {
        self.operations.find(name)
    }

    /// What an operation takes to be ready for use, in bytes.
    pub(crate) fn weight(&self, position: usize) -> u64 {
        self.operations.entries.get(position).map_or(0, |entry| entry.weight.into())
    }

    /// An operation, with the definitions in its input schema that it uses.
    ///
    /// # Errors
    /// What cannot be read, and how that is mended.
    pub(crate) fn operation(&self, name: &str) -> Result<Operation, String> {
        let mut operation: Operation = self.read(&self.operations, name)?.ok_or("it is not there")?;
        self.complete(&mut operation.input_schema)?;
        Ok(operation)
    }

    /// Adds to a schema the definitions that it uses.
    pub(crate) fn complete(&self, schema: &mut Value) -> Result<(), String> {
        add_definitions(schema, |name| self.read(&self.definitions, name))
    }

    /// Those of all requests.
    pub(crate) fn routes(&self) -> Result<Vec<Route>, String> {
        self.piece(&self.routes)
    }

    /// The whole.
    ///
    /// # Errors
    /// What cannot be read, and how that is mended.
    pub(crate) fn manifest(&self) -> Result<Manifest, String> {
        let definitions = self.definitions.entries.iter();
        let definitions = definitions.map(|e| Ok((self.definitions.name(e).to_owned(), self.piece(e)?)));
        Ok(Manifest {
            about: self.about.clone(),
            definitions: definitions.collect::<Result<_, String>>()?,
            operations: self.operations.entries.iter().map(|entry| self.piece(entry)).collect::<Result<_, _>>()?,
        })
    }

    fn read<T: DeserializeOwned>(&self, table: &Table, name: &str) -> Result<Option<T>, String> {
        let entry = table.find(name).and_then(|position| table.entries.get(position));
        entry.map(|entry| self.piece(entry)).transpose()
    }

    fn piece<T: DeserializeOwned>(&self, entry: &Entry) -> Result<T, String> {
        let read = self.pieces.read(entry.place.clone()).map_err(|error| error.to_string());
        let sound = read.and_then(|bytes| match crc32fast::hash(&bytes) == entry.crc {
            true => serde_json::from_slice(&bytes).map_err(|error| error.to_string()),
            false => Err("its checksum is another one".to_owned()),
        });
        sound.map_err(|problem| match &self.kept_in {
            Some(file) => format!(
                "what is kept of it in {} is damaged ({problem}); delete that file and load the plugin again, which compiles it anew",
                file.display()
            ),
            None => format!("what is known of it is damaged ({problem}); load the plugin again"),
        })
    }

    /// The index, which [`from_index`](Self::from_index) reads.
    pub(crate) fn index(&self) -> serde_json::Result<Vec<u8>> {
        let mut bytes = serde_json::to_vec(&Head {
            about: self.about.clone(),
            size: self.size,
            routes: (self.routes.place.len(), self.routes.crc),
            definitions: self.definitions.entries.len(),
            operations: self.operations.entries.len(),
        })?;
        bytes.push(b'\n');
        self.definitions.write(&mut bytes);
        self.operations.write(&mut bytes);
        Ok(bytes)
    }

    /// The pieces, if they are in memory, as those of a new description are.
    pub(crate) fn pieces(&self) -> &[u8] {
        match &self.pieces {
            Pieces::Read(bytes) => bytes,
            Pieces::InFile(..) => &[],
        }
    }

    /// What was written; nothing where it is cut or is something else.
    pub(crate) fn from_index(index: &[u8], pieces: Pieces, length: usize, kept_in: Option<&Path>) -> Option<Self> {
        let head_ends = index.iter().position(|byte| *byte == b'\n')?;
        let Head { about, size, routes, definitions, operations } =
            serde_json::from_slice(index.get(..head_ends)?).ok()?;
        let rest = index.get(head_ends + 1..)?;
        let routes = Entry { place: 0..routes.0, crc: routes.1, ..Entry::default() };
        let (definitions, rest, end) = Table::read(rest, definitions, routes.place.end)?;
        let (operations, rest, end) = Table::read(rest, operations, end)?;
        let kept_in = kept_in.map(Path::to_owned);
        let found = Self { about, size, routes, definitions, operations, pieces, kept_in };
        (rest.is_empty() && end == length).then_some(found)
    }

    /// Both in one piece.
    pub(crate) fn to_bytes(&self) -> serde_json::Result<Vec<u8>> {
        let index = self.index()?;
        Ok([&(index.len() as u64).to_le_bytes(), index.as_slice(), self.pieces()].concat())
    }

    /// What was written; nothing where it is cut or is something else.
    pub(crate) fn from_bytes(mut bytes: Vec<u8>) -> Option<Self> {
        let index = usize::try_from(u64::from_le_bytes(*bytes.first_chunk()?)).ok()?.checked_add(8)?;
        let pieces = (index <= bytes.len()).then(|| bytes.split_off(index))?;
        let length = pieces.len();
        Self::from_index(bytes.get(8..)?, Pieces::Read(pieces), length, None)
    }
}

impl Pieces {
    fn read(&self, place: Range<usize>) -> io::Result<Vec<u8>> {
        match self {
            Self::Read(bytes) => bytes.get(place).map(<[u8]>::to_vec).ok_or(io::ErrorKind::UnexpectedEof.into()),
            Self::InFile(file, begin) => {
                let mut file = file.lock().unwrap_or_else(PoisonError::into_inner);
                file.seek(SeekFrom::Start(begin.saturating_add(place.start as u64)))?;
                let mut bytes = vec![0; place.len()];
                file.read_exact(&mut bytes)?;
                Ok(bytes)
            }
        }
    }
}

impl Table {
    fn add(&mut self, pieces: &mut Vec<u8>, name: &str, piece: &impl Serialize, weight: u64) -> serde_json::Result<()> {
        let (start, name_starts) = (pieces.len(), self.names.len());
        serde_json::to_writer(&mut *pieces, piece)?;
        self.names.push_str(name);
        self.entries.push(Entry {
            name: name_starts..self.names.len(),
            place: start..pieces.len(),
            // More than fits is more than any may take.
            weight: u32::try_from(weight).unwrap_or(u32::MAX),
            crc: crc32fast::hash(pieces.get(start..).unwrap_or_default()),
        });
        Ok(())
    }

    fn sort(&mut self) {
        let mut by_name: Vec<u32> = (0..self.entries.len()).filter_map(|n| u32::try_from(n).ok()).collect();
        by_name.sort_by_key(|number| self.name_of(*number));
        self.by_name = by_name;
    }

    fn name(&self, entry: &Entry) -> &str {
        self.names.get(entry.name.clone()).unwrap_or_default()
    }

    fn name_of(&self, number: u32) -> &str {
        self.entries.get(number as usize).map(|entry| self.name(entry)).unwrap_or_default()
    }

    fn find(&self, name: &str) -> Option<usize> {
        let at = self.by_name.binary_search_by_key(&name, |number| self.name_of(*number)).ok()?;
        self.by_name.get(at).map(|number| *number as usize)
    }

    fn write(&self, into: &mut Vec<u8>) {
        for Entry { name, place, weight, crc } in &self.entries {
            let [name, place] = [name.len(), place.len()].map(|length| u32::try_from(length).unwrap_or(u32::MAX));
            [name, place, *weight, *crc].iter().for_each(|number| into.extend(number.to_le_bytes()));
        }
        self.by_name.iter().for_each(|number| into.extend(number.to_le_bytes()));
        into.extend(self.names.as_bytes());
    }

    /// So many entries, of which the first piece begins there; what is left, and where the last piece ends.
    fn read(bytes: &[u8], count: usize, begin: usize) -> Option<(Self, &[u8], usize)> {
        let (records, rest) = bytes.split_at_checked(count.checked_mul(RECORD)?)?;
        let (by_name, rest) = rest.split_at_checked(count.checked_mul(4)?)?;
        let number = |bytes: &[u8]| bytes.first_chunk().map(|four| u32::from_le_bytes(*four));
        let (mut name_ends, mut end) = (0_usize, begin);
        let mut entries = Vec::with_capacity(count);
        for record in records.chunks_exact(RECORD) {
            let [name, length] = [number(record)?, number(record.get(4..)?)?].map(|length| length as usize);
            let (name_starts, start) = (name_ends, end);
            (name_ends, end) = (name_starts.checked_add(name)?, start.checked_add(length)?);
            let (weight, crc) = (number(record.get(8..)?)?, number(record.get(12..)?)?);
            entries.push(Entry { name: name_starts..name_ends, place: start..end, weight, crc });
        }
        let (names, rest) = rest.split_at_checked(name_ends)?;
        let by_name = by_name.chunks_exact(4).filter_map(number).collect();
        Some((Self { entries, by_name, names: str::from_utf8(names).ok()?.to_owned() }, rest, end))
    }
}

#[cfg(test)]
mod tests {
    use proptest::prelude::*;
    use serde_json::json;

    use super::*;

    fn manifest() -> Manifest {
        let operation = |name: &str| {
            json!({
                "name": name, "title": "", "summary": "", "effect": "read", "idempotent": true, "unverified": null,
                "attachments": [], "output-attachments": [], "sensitive-inputs": [], "sensitive-outputs": [], "requests": [],
                "input-schema": {"properties": {"x": {"$ref": "#/$defs/node"}}}, "output-schema": {"$ref": "#/$defs/other"},
            })
        };
        serde_json::from_value(json!({
            "name": "acme", "title": "", "version": "1.0.0", "summary": "",
            "base-url": {"summary": "", "default": null, "suffix": null, "environment": null}, "fields": [], "schemes": [],
            "$defs": {"node": {"items": {"$ref": "#/$defs/node"}, "contains": {"$ref": "#/$defs/id"}}, "id": true, "other": {}},
            "operations": [operation("b.get"), operation("a.list"), operation("ä.get"), operation("a.get")],
        }))
        .unwrap()
    }

    fn written() -> Vec<u8> {
        Description::of(&manifest(), 7, &[1, 2, 3, u64::MAX]).unwrap().to_bytes().unwrap()
    }

    #[test]
    fn what_was_written_is_read_in_pieces() {
        let description = Description::from_bytes(written()).unwrap();
        assert_eq!(description.manifest().unwrap(), manifest());
        assert_eq!(description.names().collect::<Vec<_>>(), ["b.get", "a.list", "ä.get", "a.get"]);
        assert_eq!(
            ["a.get", "ä.get", "b.get", "c"].map(|n| description.position(n)),
            [Some(3), Some(2), Some(0), None]
        );
        assert_eq!((description.weight(1), description.weight(3)), (2, u32::MAX.into()));
        let operation = description.operation("a.list").unwrap();
        let defs = operation.input_schema["$defs"].as_object().unwrap();
        assert_eq!(defs.keys().collect::<Vec<_>>(), ["node", "id"], "those that are used, and no other");
    }

    #[test]
    fn a_damaged_piece_is_the_error_of_those_that_need_it() {
        let mut bytes = written();
        let at = |bytes: &[u8], text: &str| bytes.windows(text.len()).rposition(|w| w == text.as_bytes()).unwrap();
        let place = at(&bytes, "\"a.list\"");
        bytes[place + 1] = b'z';
        let description = Description::from_bytes(bytes).unwrap();
        let problem = description.operation("a.list").unwrap_err();
        assert!(problem.contains("damaged (its checksum is another one); load the plugin again"), "{problem}");
        assert!(description.operation("a.get").is_ok());
        assert!(description.manifest().is_err(), "what is asked for is never less than what there is");
    }

    proptest! {
        /// However it is damaged, it is read as what it was or not at all.
        #[test]
        fn damage_is_refused_or_seen(at in any::<prop::sample::Index>(), to: u8, cut in any::<prop::sample::Index>()) {
            let mut bytes = written();
            let place = at.index(bytes.len());
            bytes[place] = to;
            if let Some(description) = Description::from_bytes(bytes.clone()) {
                let names: Vec<String> = description.names().map(str::to_owned).collect();
                names.iter().for_each(|name| drop(description.operation(name)));
                let _ = (description.manifest(), description.routes());
            }
            let mut short = written();
            short.truncate(cut.index(short.len()));
            prop_assert!(Description::from_bytes(short).is_none());
        }
    }
}
