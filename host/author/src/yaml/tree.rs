//! A tree that grows: the limits hold while it does.

use indexmap::IndexMap;
use indexmap::map::Entry;
use wharf::text::{in_one_line, shortened};

use super::{Kind, Limits, Node, Place, Problem};

/// A tree that grows.
pub(super) struct Tree<'l> {
    limits: &'l Limits,
    /// The lists and mappings that are being read, the innermost last.
    open: Vec<Open>,
    values: usize,
    bytes: usize,
    root: Option<Node>,
}

struct Open {
    node: Node,
    /// The name of the member that comes next.
    name: Option<Name>,
    /// Mappings whose members are this one's too, where it has none of the name (`<<`).
    merged: Vec<Node>,
}

struct Name {
    place: Place,
    text: String,
    merges: bool,
}

impl<'l> Tree<'l> {
    pub(super) fn new(limits: &'l Limits) -> Self {
        Self { limits, open: Vec::new(), values: 0, bytes: 0, root: None }
    }

    /// Whether the next thing has to be the name of a member.
    pub(super) fn wants_a_name(&self) -> bool {
        self.open.last().is_some_and(|open| matches!(open.node.kind, Kind::Map(_)) && open.name.is_none())
    }

    pub(super) fn name(&mut self, place: Place, text: String, merges: bool) -> Result<(), Problem> {
        self.count(place, 0, text.len())?;
        if let Some(open) = self.open.last_mut() {
            open.name = Some(Name { place, text, merges });
        }
        Ok(())
    }

    /// Where the lists and mappings begin that are open, the outermost first.
    pub(super) fn places_of_open(&self) -> impl Iterator<Item = Place> {
        self.open.iter().map(|open| Place { line: open.node.line, column: open.node.column })
    }

    /// Begins a list or a mapping.
    pub(super) fn open(&mut self, place: Place, kind: Kind) -> Result<(), Problem> {
        self.bear(place, 1)?;
        self.open.push(Open { node: place.node(kind), name: None, merged: Vec::new() });
        Ok(())
    }

    /// Ends the innermost list or mapping, which is not in the tree yet.
    pub(super) fn close(&mut self) -> Option<Node> {
        let Open { mut node, merged, .. } = self.open.pop()?;
        if let Kind::Map(members) = &mut node.kind {
            for more in merged {
                let Kind::Map(more) = more.kind else { continue };
                for (name, value) in more {
                    members.entry(name).or_insert(value);
                }
            }
        }
        Some(node)
    }

    /// Adds a value to the innermost list or mapping.
    pub(super) fn add(&mut self, mut node: Node) -> Result<(), Problem> {
        let place = Place { line: node.line, column: node.column };
        self.count(
            place,
            1,
            match &node.kind {
                Kind::Text(text) | Kind::Number(text) => text.len(),
                _ => 0,
            },
        )?;
        let Some(open) = self.open.last_mut() else {
            self.root = Some(node);
            return Ok(());
        };
        let members = match &mut open.node.kind {
            Kind::List(items) => {
                items.push(node);
                return Ok(());
            }
            Kind::Map(members) => members,
            _ => return Ok(()),
        };
        let Some(name) = open.name.take() else { return Ok(()) };
        if name.merges {
            return merge(&mut open.merged, node);
        }
        if node.line != name.place.line {
            (node.line, node.column) = (name.place.line, name.place.column);
        }
        put(members, name, node)
    }

    /// Adds a copy of what is in the tree already, to stand at another place.
    pub(super) fn add_copy(&mut self, place: Place, node: &Node) -> Result<(), Problem> {
        self.count_copy(place, node)?;
        // It is counted once more as itself.
        self.values = self.values.saturating_sub(1);
        self.add(Node { line: place.line, column: place.column, kind: node.kind.clone() })
    }

    /// Counts what a copy takes.
    pub(super) fn count_copy(&mut self, place: Place, node: &Node) -> Result<(), Problem> {
        let size = Size::of(node);
        self.bear(place, size.deep)?;
        self.count(place, size.values, size.bytes)
    }

    pub(super) fn root(self) -> Option<Node> {
        self.root
    }

    /// Refuses what would stand deeper than anything may.
    fn bear(&self, place: Place, deep: usize) -> Result<(), Problem> {
        let most = self.limits.deep;
        if self.open.len() + deep > most {
            return Err(place.wrong(format!("values stand in values here more than {most} deep; write it flatter")));
        }
        Ok(())
    }

    fn count(&mut self, place: Place, values: usize, bytes: usize) -> Result<(), Problem> {
        self.values += values;
        self.bytes += bytes;
        let Limits { values: most, bytes: most_bytes, .. } = self.limits;
        if self.values > *most {
            return Err(place.wrong(format!("there are more than {most} values; write fewer")));
        }
        if self.bytes > *most_bytes {
            return Err(place.wrong(format!("its texts have more than {most_bytes} bytes; write fewer")));
        }
        Ok(())
    }
}

fn put(members: &mut IndexMap<String, Node>, name: Name, node: Node) -> Result<(), Problem> {
    match members.entry(name.text) {
        Entry::Vacant(free) => drop(free.insert(node)),
        Entry::Occupied(taken) => {
            let (text, first) = (shown(taken.key()), taken.get().line);
            let problem = format!("`{text}` stands twice in one mapping, first in line {first}; write it once");
            return Err(name.place.wrong(problem));
        }
    }
    Ok(())
}

/// One mapping, or several in a list, of which the first goes before the others.
fn merge(merged: &mut Vec<Node>, node: Node) -> Result<(), Problem> {
    let wrong = |node: &Node| {
        let place = Place { line: node.line, column: node.column };
        Err(place.wrong(format!("`<<` takes in mappings, and this is {}", node.what())))
    };
    match node.kind {
        Kind::Map(_) => merged.push(node),
        Kind::List(items) => match items.iter().find(|item| !matches!(item.kind, Kind::Map(_))) {
            Some(other) => return wrong(other),
            None => merged.extend(items),
        },
        _ => return wrong(&node),
    }
    Ok(())
}

/// A name as it is told.
pub(super) fn shown(name: &str) -> String {
    shortened(&in_one_line(name), 64)
}

/// What a value takes.
pub(super) struct Size {
    pub(super) values: usize,
    pub(super) bytes: usize,
    deep: usize,
}

impl Size {
    /// The tree is never deeper than its limit, and neither is this.
    pub(super) fn of(node: &Node) -> Self {
        let (own, inner): (usize, Vec<Self>) = match &node.kind {
            Kind::Null | Kind::Bool(_) => return Self { values: 1, bytes: 0, deep: 0 },
            Kind::Text(text) | Kind::Number(text) => return Self { values: 1, bytes: text.len(), deep: 0 },
            Kind::List(items) => (0, items.iter().map(Self::of).collect()),
            Kind::Map(members) => (members.keys().map(String::len).sum(), members.values().map(Self::of).collect()),
        };
        Self {
            values: 1 + inner.iter().map(|size| size.values).sum::<usize>(),
            bytes: own + inner.iter().map(|size| size.bytes).sum::<usize>(),
            deep: 1 + inner.iter().map(|size| size.deep).max().unwrap_or_default(),
        }
    }
}
