//! A value of the description, where it stands, and where it refers to.

use serde_json::Value;

use crate::import::model::Place;
use crate::import::source::{Documents, escaped, percent_decoded};
use crate::import::texts::shown;

/// References that lead to references, one after the other.
const MOST_HOPS: usize = 10;

/// A value, and where it stands.
#[derive(Clone, Debug)]
pub(super) struct At<'d> {
    documents: &'d Documents,
    pub(super) document: usize,
    pub(super) pointer: String,
    pub(super) value: &'d Value,
}

impl<'d> At<'d> {
    /// The root of a file.
    pub(super) fn root(documents: &'d Documents, document: usize) -> Self {
        let value = documents.file(document).map_or(&Value::Null, |document| &document.root);
        Self { documents, document, pointer: String::new(), value }
    }

    /// A value of which is known where it stands.
    pub(super) fn found(documents: &'d Documents, document: usize, pointer: String, value: &'d Value) -> Self {
        Self { documents, document, pointer, value }
    }

    pub(super) fn place(&self) -> Place {
        place(self.documents, self.document, &self.pointer)
    }

    /// A member; none where there is none, and where it says nothing.
    pub(super) fn get(&self, name: &str) -> Option<Self> {
        let value = self.value.get(name).filter(|value| !value.is_null())?;
        Some(self.below(name, value))
    }

    /// A member as a text; numbers and the like are taken as they are written.
    pub(super) fn text(&self, name: &str) -> Option<String> {
        as_text(self.value.get(name)?)
    }

    pub(super) fn bool(&self, name: &str) -> Option<bool> {
        self.value.get(name)?.as_bool()
    }

    /// The members of a mapping.
    pub(super) fn members(&self) -> impl Iterator<Item = (&'d str, Self)> {
        let members = self.value.as_object().into_iter().flatten();
        members.map(|(name, value)| (name.as_str(), self.below(name, value)))
    }

    /// The entries of a list.
    pub(super) fn entries(&self) -> impl Iterator<Item = Self> {
        let entries = self.value.as_array().into_iter().flatten();
        entries.enumerate().map(|(number, value)| self.below(&number.to_string(), value))
    }

    fn below(&self, name: &str, value: &'d Value) -> Self {
        let pointer = format!("{}/{}", self.pointer, escaped(name));
        Self { documents: self.documents, document: self.document, pointer, value }
    }

    /// What a reference leads to, also over several; what is none is itself.
    ///
    /// # Errors
    /// Why it cannot be followed, in words.
    pub(super) fn resolved(self) -> Result<Self, String> {
        let mut hops = MOST_HOPS;
        self.followed(&mut hops)
    }

    fn followed(self, hops: &mut usize) -> Result<Self, String> {
        let mut at = self;
        while let Some(Value::String(reference)) = at.value.get("$ref") {
            at = at.next(reference, hops)?;
        }
        Ok(at)
    }

    /// What a reference that stands here leads to, be that a reference again.
    ///
    /// # Errors
    /// As for [`resolved`](Self::resolved).
    pub(super) fn referred(&self, reference: &str) -> Result<Self, String> {
        let mut hops = MOST_HOPS;
        self.next(reference, &mut hops)
    }

    fn next(&self, reference: &str, hops: &mut usize) -> Result<Self, String> {
        let refused = |why: &str| format!("it refers to `{}`: {why}", shown(reference));
        *hops = hops.checked_sub(1).ok_or_else(|| refused("these references lead in a circle"))?;
        let (file, fragment) = reference.split_once('#').unwrap_or((reference, ""));
        let own = self.documents.file(self.document);
        let named = own.and_then(|document| document.anchor(file)).filter(|_| !file.is_empty());
        let root = match own.and_then(|document| document.links.get(file)) {
            _ if file.is_empty() => Self::root(self.documents, self.document),
            _ if named.is_some() => {
                let within = Self::root(self.documents, self.document).walked(named.unwrap_or_default(), hops);
                within.ok_or_else(|| refused("nothing is there"))?
            }
            Some(Ok(document)) => Self::root(self.documents, *document),
            Some(Err(why)) => return Err(refused(why)),
            None => return Err(refused("it is another file, which was not read")),
        };
        let fragment = percent_decoded(fragment);
        let pointer = if fragment.is_empty() || fragment.starts_with('/') {
            Some(fragment)
        } else {
            self.documents.file(root.document).and_then(|document| document.anchor(&fragment)).map(str::to_owned)
        };
        pointer.and_then(|pointer| root.walked(&pointer, hops)).ok_or_else(|| refused("nothing is there"))
    }

    /// Along a JSON Pointer, also through references.
    fn walked(self, pointer: &str, hops: &mut usize) -> Option<Self> {
        let mut at = self;
        for step in pointer.split('/').skip(1) {
            let name = if step.contains('~') { &step.replace("~1", "/").replace("~0", "~") } else { step };
            if !at.step(name) {
                at = at.followed(hops).ok()?;
                at.step(name).then_some(())?;
            }
        }
        Some(at)
    }

    /// Goes to what stands below. Whether something does.
    fn step(&mut self, name: &str) -> bool {
        let below = match self.value {
            Value::Object(members) => members.get(name),
            Value::Array(entries) => name.parse::<usize>().ok().and_then(|number| entries.get(number)),
            _ => None,
        };
        let Some(value) = below else { return false };
        self.value = value;
        self.pointer.push('/');
        self.pointer.push_str(&escaped(name));
        true
    }
}

/// A place in a file, for people.
pub(super) fn place(documents: &Documents, document: usize, pointer: &str) -> Place {
    let name = documents.file(document).map_or("", |document| document.name.as_str());
    shown(&format!("{name}#{pointer}"))
}

/// A scalar as it would be written.
pub(super) fn as_text(value: &Value) -> Option<String> {
    match value {
        Value::String(text) => Some(text.clone()),
        Value::Number(number) => Some(number.to_string()),
        Value::Bool(truth) => Some(truth.to_string()),
        _ => None,
    }
}
