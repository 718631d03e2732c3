//! Which file each part of a document is of.

use std::collections::BTreeMap;

/// Where the parts of a document are from, by JSON Pointers to them. What is within such a part is of the same file.
pub(super) struct Origins(BTreeMap<String, usize>);

impl Origins {
    /// That all is of one file.
    pub(super) fn of_file(file: usize) -> Self {
        Self(BTreeMap::from([(String::new(), file)]))
    }

    /// The file that a part is of.
    pub(super) fn of(&self, pointer: &str) -> usize {
        let mut part = pointer;
        loop {
            if let Some(file) = self.0.get(part) {
                return *file;
            }
            match part.rsplit_once('/') {
                Some((outer, _)) => part = outer,
                None => return 0,
            }
        }
    }

    /// That a part is of a file.
    pub(super) fn put(&mut self, pointer: &str, file: usize) {
        self.0.insert(pointer.to_owned(), file);
    }

    /// That a part, and all within it, is now from where another document has it.
    pub(super) fn replace(&mut self, pointer: &str, by: &Self) {
        self.remove(pointer);
        self.put(pointer, by.of(pointer));
        let within: Vec<(String, usize)> = by.within(pointer).map(|(part, file)| (part.clone(), *file)).collect();
        self.0.extend(within);
    }

    /// That a part is no more.
    pub(super) fn remove(&mut self, pointer: &str) {
        let within: Vec<String> = self.within(pointer).map(|(part, _)| part.clone()).collect();
        for part in within.iter().map(String::as_str).chain([pointer]) {
            self.0.remove(part);
        }
    }

    fn within(&self, pointer: &str) -> impl Iterator<Item = (&String, &usize)> {
        let begins = format!("{pointer}/");
        self.0.range(begins.clone()..).take_while(move |(part, _)| part.starts_with(&begins))
    }
}

/// Adds a step to a JSON Pointer, and tells how long it was before.
pub(super) fn push(pointer: &mut String, name: &str) -> usize {
    let length = pointer.len();
    pointer.push('/');
    pointer.push_str(&name.replace('~', "~0").replace('/', "~1"));
    length
}
