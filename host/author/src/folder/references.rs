//! `$ref` to files: what stands there is put in its place.

use indexmap::IndexMap;

use super::origins::{self, Origins};
use super::sources::name_of;
use super::{Folder, Problem};
use crate::yaml::{Kind, Limits, Node};

const REF: &str = "$ref";

/// More tell nothing new.
const MOST_PROBLEMS: usize = 1_000;

/// The members of a mapping, each with the number of the file that it is of.
type Members = IndexMap<String, (usize, Node)>;

/// The tree of a file with all that it refers to, and where its parts are from.
pub(super) fn resolved(folder: &mut Folder, file: usize, tree: &Node) -> (Node, Origins) {
    let mut resolving = Resolving {
        folder,
        origins: Origins::of_file(file),
        pointer: String::new(),
        way: vec![(file, String::new())],
        deep: 0,
        left: Limits::plugin(),
    };
    let tree = resolving.node(file, tree);
    (tree, resolving.origins)
}

struct Resolving<'f> {
    folder: &'f mut Folder,
    origins: Origins,
    /// To where it is.
    pointer: String,
    /// The files that led here, and which part of each.
    way: Vec<(usize, String)>,
    deep: usize,
    /// How much may still be taken in.
    left: Limits,
}

impl Resolving<'_> {
    fn node(&mut self, file: usize, node: &Node) -> Node {
        let kind = match &node.kind {
            Kind::List(_) | Kind::Map(_) if self.deep == Limits::plugin().deep => {
                let problem = format!("values stand in values here more than {} deep; write it flatter", self.deep);
                self.wrong(file, node, problem);
                Kind::Null
            }
            Kind::List(items) => {
                self.deep += 1;
                let all = items
                    .iter()
                    .enumerate()
                    .map(|(number, item)| self.within(&number.to_string(), |resolving| resolving.node(file, item)));
                let all = all.collect();
                self.deep -= 1;
                Kind::List(all)
            }
            Kind::Map(members) => {
                self.deep += 1;
                let all = self.members(file, members);
                self.deep -= 1;
                for (name, (from, _)) in all.iter().filter(|(_, (from, _))| *from != file) {
                    let length = origins::push(&mut self.pointer, name);
                    self.origins.put(&self.pointer, *from);
                    self.pointer.truncate(length);
                }
                Kind::Map(all.into_iter().map(|(name, (_, value))| (name, value)).collect())
            }
            plain => plain.clone(),
        };
        Node { line: node.line, column: node.column, kind }
    }

    fn within<T>(&mut self, name: &str, then: impl FnOnce(&mut Self) -> T) -> T {
        let length = origins::push(&mut self.pointer, name);
        let result = then(self);
        self.pointer.truncate(length);
        result
    }

    /// The members of a mapping; in the place of `$ref` those that it leads to.
    fn members(&mut self, file: usize, members: &IndexMap<String, Node>) -> Members {
        let mut all = Members::new();
        for (name, value) in members {
            match references(name, value).filter(|_| !is_data(&self.pointer)) {
                None => {
                    let value = self.within(name, |resolving| resolving.node(file, value));
                    self.add(&mut all, name, file, value);
                }
                Some(several) => {
                    for (at, reference) in several {
                        for (name, (from, value)) in self.taken(file, at, reference) {
                            self.add(&mut all, &name, from, value);
                        }
                    }
                }
            }
        }
        all
    }

    fn add(&mut self, all: &mut Members, name: &str, file: usize, value: Node) {
        match all.get(name) {
            None => drop(all.insert(name.to_owned(), (file, value))),
            Some((first, known)) => {
                let known = format!("in line {} of {}", known.line, self.folder.sources.name(*first));
                self.wrong(file, &value, format!("`{name}` stands twice, first {known}; write it once"));
            }
        }
    }

    /// The members of the mapping that a reference leads to.
    fn taken(&mut self, file: usize, at: &Node, reference: &str) -> Members {
        match self.target(file, at, reference) {
            Ok((from, target, part)) => {
                self.way.push((from, part));
                self.deep += 1;
                let members = match &target.kind {
                    Kind::Map(members) if self.deep <= Limits::plugin().deep => self.members(from, members),
                    _ => Members::new(),
                };
                self.deep -= 1;
                self.way.pop();
                members
            }
            Err(problem) => {
                self.tell(problem);
                Members::new()
            }
        }
    }

    /// The file that a reference leads to, the mapping there, and the part of the file that it is.
    fn target(&mut self, file: usize, at: &Node, reference: &str) -> Result<(usize, Node, String), Problem> {
        let (name, part) = reference.split_once('#').unwrap_or((reference, ""));
        let name = name_of(name).map_err(|why| self.problem(file, at, why))?;
        let (from, tree) = self.folder.sources.read(&name).map_err(|mut problem| {
            // Where the file has no line that is wrong, the place that names it is told.
            if problem.line == 0 {
                problem = self.problem(file, at, &format!("`{name}`: {}", problem.problem));
            }
            problem
        })?;
        let target = tree.at(part);
        if !part.is_empty() && !leads_somewhere(&tree, part) {
            return Err(self.problem(file, at, &format!("there is nothing at `{part}` in `{name}`")));
        }
        if !matches!(target.kind, Kind::Map(_)) {
            let problem =
                format!("`{reference}` leads to {}, and only the members of a mapping are taken in", target.what());
            return Err(self.problem(file, at, &problem));
        }
        if self.way.iter().any(|(on_way, of_it)| *on_way == from && of_it == part) {
            let problem = format!("`{reference}` leads back to where it is taken in, which would have no end");
            return Err(self.problem(file, at, &problem));
        }
        let (values, bytes) = target.size();
        match (self.left.values.checked_sub(values), self.left.bytes.checked_sub(bytes)) {
            (Some(values), Some(bytes)) => (self.left.values, self.left.bytes) = (values, bytes),
            _ => {
                let Limits { values, bytes, .. } = Limits::plugin();
                let problem = format!("more is taken in than {values} values or {bytes} bytes; take less");
                return Err(self.problem(file, at, &problem));
            }
        }
        Ok((from, target.clone(), part.to_owned()))
    }

    fn problem(&self, file: usize, node: &Node, problem: &str) -> Problem {
        self.folder.sources.problem(file, node.line, node.column, &self.pointer, problem.to_owned())
    }

    fn wrong(&mut self, file: usize, node: &Node, problem: String) {
        self.tell(self.problem(file, node, &problem));
    }

    fn tell(&mut self, problem: Problem) {
        let problems = &mut self.folder.problems;
        if problems.len() < MOST_PROBLEMS && !problems.contains(&problem) {
            problems.push(problem);
        }
    }
}

/// Keywords of a schema below which everything is data.
const OF_DATA: [&str; 5] = ["const", "default", "enum", "example", "examples"];

/// Whether a JSON Pointer leads into what is data, in which a `$ref` is a text like others.
fn is_data(pointer: &str) -> bool {
    let steps: Vec<&str> = pointer.split('/').collect();
    // Below `properties` and the like these are names.
    let is_name = |number: usize| {
        let outer = number.checked_sub(1).and_then(|outer| steps.get(outer));
        outer.is_some_and(|outer| ["properties", "patternProperties", "$defs", "dependentSchemas"].contains(outer))
    };
    let is_of_schema = steps.iter().any(|step| ["input", "output", "$defs"].contains(step));
    is_of_schema && steps.iter().enumerate().any(|(number, step)| OF_DATA.contains(step) && !is_name(number))
}

/// The references to files that a member is; none where it is another member, or a `$ref` of a JSON Schema.
fn references<'n>(name: &str, value: &'n Node) -> Option<Vec<(&'n Node, &'n str)>> {
    let of_file = |node: &'n Node| match &node.kind {
        Kind::Text(text) if !text.starts_with('#') => Some((node, text.as_str())),
        _ => None,
    };
    match &value.kind {
        _ if name != REF => None,
        Kind::List(items) => items.iter().map(of_file).collect(),
        _ => Some(vec![of_file(value)?]),
    }
}

/// Whether each step of a JSON Pointer is there.
fn leads_somewhere(tree: &Node, pointer: &str) -> bool {
    let mut node = tree;
    pointer.starts_with('/')
        && pointer.split('/').skip(1).all(|step| {
            let next = node.at(&format!("/{step}"));
            let is_another = !std::ptr::eq(next, node);
            node = next;
            is_another
        })
}
