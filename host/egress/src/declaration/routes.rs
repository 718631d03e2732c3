//! The routes of all requests of a plugin: which values would make one request another one.
//!
//! They come from a stranger, and each request is held against all of them. So the paths are a tree, and the names numbers: what
//! finding the siblings of one request takes grows with the number of segments, and a value that is no name of another request
//! is looked up once. One that is makes the whole path be looked at: it is refused where that is the route of another request.

use std::collections::{BTreeMap, HashMap};
use std::sync::Arc;

use serde::{Deserialize, Serialize};

use super::{Method, Path, Request};
use crate::path::Shape;
use crate::work::{OutOfTime, Work};

/// What tells two requests of a plugin apart on the provider's side. Not the server: the operator may name one for two.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
pub struct Route {
    method: Method,
    path: Path,
}

impl Route {
    /// That of a request.
    pub fn of(request: &Request) -> Self {
        Self { method: request.method, path: request.path.clone() }
    }

    /// How many segments its path has.
    pub(super) fn segments(&self) -> usize {
        self.path.shapes().count()
    }
}

/// All routes of a plugin.
#[derive(Clone, Debug, Default)]
pub struct Routes(Arc<Tree>);

#[derive(Debug, Default)]
struct Tree {
    names: Names,
    /// Which tree the paths of a method are in: a HEAD is answered by the route of the GET.
    roots: BTreeMap<&'static str, usize>,
    nodes: Vec<Node>,
}

/// The literal segments of all paths, whatever their case: servers differ in whether they tell cases apart.
#[derive(Debug, Default)]
struct Names(HashMap<String, u32>);

/// A place in a tree of paths, and where the next segment leads.
#[derive(Debug, Default)]
struct Node {
    literals: BTreeMap<u32, usize>,
    /// Segments of text and variables.
    mixed: BTreeMap<Pattern, usize>,
    variable: Option<usize>,
    /// A variable of several segments.
    rest: Option<usize>,
    /// Whether it was reached by one, which may go on.
    goes_on: bool,
    /// Whether a path ends here.
    ends: bool,
}

/// A segment of text and variables: `{id}:archive`.
#[derive(Clone, Debug, PartialEq, Eq, PartialOrd, Ord)]
struct Pattern {
    /// The texts around its variables, the first and the last of which may be empty.
    texts: Vec<String>,
}

/// How closely a segment says what it matches. Servers take the route that says more.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord)]
pub(crate) enum Closeness {
    /// A variable of several segments.
    Rest,
    Variable,
    /// So many bytes of it are text.
    Mixed(usize),
    Literal,
}

/// A segment of a path whose variables have their values.
#[derive(Debug)]
pub(crate) struct Filled<'a> {
    /// The variable in it, or the first of several.
    pub(crate) variable: Option<&'a str>,
    pub(crate) closeness: Closeness,
    /// All that servers take it for; none for a credential, of which nothing may be told.
    pub(crate) readings: Option<Vec<String>>,
}

/// A path that would be the route of another request.
#[derive(Debug, PartialEq, Eq)]
pub(crate) struct Clash<'a> {
    /// The variable whose value does it.
    pub(crate) variable: &'a str,
    /// The name that the other request has in its place, if it is a name.
    pub(crate) name: Option<String>,
}

impl FromIterator<Route> for Routes {
    fn from_iter<I: IntoIterator<Item = Route>>(routes: I) -> Self {
        let mut made = Tree::default();
        routes.into_iter().for_each(|Route { method, path }| made.add(method, &path));
        Self(Arc::new(made))
    }
}

impl Routes {
    /// What other requests have where a path has a segment with variables.
    ///
    /// By another method the same path is another request: `DELETE /users/new` is none where only a POST is declared. `of_any_length`
    /// where a value in it may be read as several segments.
    pub(crate) fn siblings(&self, method: Method, path: &Path, mut of_any_length: bool) -> Siblings {
        let tree = &self.0;
        let root = tree.roots.get(routed_as(method)).copied();
        let mut here: Vec<&Node> = root.and_then(|root| tree.nodes.get(root)).into_iter().collect();
        let mut places = Vec::new();
        for shape in path.shapes() {
            of_any_length |= matches!(shape, Shape::Rest(_)) || here.iter().any(|node| node.rest.is_some());
            let mut place = Place::default();
            if !matches!(shape, Shape::Literal(_)) {
                place.names = here.iter().flat_map(|node| node.literals.keys().copied()).collect();
                place.names.sort_unstable();
                place.names.dedup();
                place.names.shrink_to_fit();
                let own = shape.closeness();
                place.mixed = here.iter().flat_map(|node| node.mixed.keys()).any(|other| other.closeness() > own);
            }
            places.push(place);
            let literal = match shape {
                Shape::Literal(text) => Some((tree.names.find(text), folded(text))),
                _ => None,
            };
            here = here
                .into_iter()
                .flat_map(|node| node.may_lead(literal.as_ref()))
                .filter_map(|at| tree.nodes.get(at))
                .collect();
        }
        if places.iter().all(Place::is_empty) {
            places.clear();
        }
        Siblings { tree: Arc::clone(tree), root, places, of_any_length }
    }
}

impl Tree {
    fn add(&mut self, method: Method, path: &Path) {
        let free = self.nodes.len();
        let root = *self.roots.entry(routed_as(method)).or_insert(free);
        if root == free {
            self.nodes.push(Node::default());
        }
        let mut ends = vec![root];
        for shape in path.shapes() {
            ends = match shape {
                Shape::Literal(text) => {
                    let name = self.names.number(text);
                    self.children(&ends, |node, free| *node.literals.entry(name).or_insert(free))
                }
                Shape::Variable => self.children(&ends, |node, free| *node.variable.get_or_insert(free)),
                Shape::Mixed(texts) => {
                    let pattern = Pattern::of(&texts);
                    self.children(&ends, |node, free| *node.mixed.entry(pattern.clone()).or_insert(free))
                }
                Shape::Rest(tail) => {
                    let rest = self.children(&ends, |node, free| *node.rest.get_or_insert(free));
                    rest.iter().for_each(|at| self.mark(*at, |node| node.goes_on = true));
                    match tail {
                        "" => rest,
                        // Its last segment may be its only one.
                        tail => {
                            let pattern = Pattern::of(&["", tail]);
                            let before = [ends, rest].concat();
                            self.children(&before, |node, free| *node.mixed.entry(pattern.clone()).or_insert(free))
                        }
                    }
                }
            };
        }
        ends.into_iter().for_each(|at| self.mark(at, |node| node.ends = true));
    }

    fn mark(&mut self, at: usize, mark: impl FnOnce(&mut Node)) {
        self.nodes.get_mut(at).map(mark);
    }

    /// Where a segment leads from each of these nodes: `child` is given a number that is free.
    fn children(&mut self, from: &[usize], child: impl Fn(&mut Node, usize) -> usize) -> Vec<usize> {
        let one = |at: &usize| {
            let free = self.nodes.len();
            let made = child(self.nodes.get_mut(*at)?, free);
            if made == free {
                self.nodes.push(Node::default());
            }
            Some(made)
        };
        from.iter().filter_map(one).collect()
    }

    /// Whether a path is the route of another request, which has a name, or more of it, in the place of a variable.
    fn clash<'a>(&self, root: usize, path: &[Filled<'a>], work: &Work) -> Result<Option<Clash<'a>>, OutOfTime> {
        let mut here: Vec<(usize, Found<'a>)> = vec![(root, None)];
        for filled in path {
            let readings = filled.readings.iter().flatten();
            let names: Vec<u32> = readings.filter_map(|reading| self.names.find(reading)).collect();
            let mut next = Vec::new();
            for (at, found) in here {
                let Some(node) = self.nodes.get(at) else { continue };
                node.lead(at, filled, &names, work, |to, closeness, name| {
                    let clashes = closeness > filled.closeness && filled.readings.is_some();
                    let new = filled.variable.filter(|_| clashes).map(|variable| (variable, name));
                    // One that can be told by its name is told.
                    next.push((to, found.filter(|(_, name)| name.is_some()).or(new).or(found)));
                })?;
            }
            // Of the ways to one node, one that clashes says all.
            next.sort_by_key(|(at, found)| (*at, found.is_none()));
            next.dedup_by_key(|(at, _)| *at);
            here = next;
        }
        let ends = |at: usize| self.nodes.get(at).is_some_and(|node| node.ends);
        let found = here.into_iter().filter(|(at, _)| ends(*at)).find_map(|(_, found)| found);
        Ok(found.map(|(variable, name)| Clash { variable, name: name.and_then(|number| self.names.name(number)) }))
    }
}

/// A variable in whose place the routes that lead to a node have more than a variable, and their name there.
type Found<'a> = Option<(&'a str, Option<u32>)>;

impl Node {
    /// Everywhere that a segment leads from this node, which is `at` this place: with how closely it is said there, and the name.
    fn lead(
        &self,
        at: usize,
        filled: &Filled<'_>,
        names: &[u32],
        work: &Work,
        mut to: impl FnMut(usize, Closeness, Option<u32>),
    ) -> Result<(), OutOfTime> {
        work.steps(1 + names.len() + self.mixed.len())?;
        for name in names {
            self.literals.get(name).into_iter().for_each(|child| to(*child, Closeness::Literal, Some(*name)));
        }
        for (pattern, child) in &self.mixed {
            let readings = filled.readings.as_deref();
            work.steps(readings.into_iter().flatten().map(String::len).sum())?;
            if readings.is_none_or(|readings| readings.iter().any(|reading| pattern.meets(reading))) {
                to(*child, pattern.closeness(), None);
            }
        }
        self.variable.into_iter().for_each(|child| to(child, Closeness::Variable, None));
        let goes_on = self.goes_on.then_some(at);
        self.rest.into_iter().chain(goes_on).for_each(|child| to(child, Closeness::Rest, None));
        Ok(())
    }

    /// Where a segment may lead that is a literal, known by a number or by none, or has variables: a variable can be anything.
    fn may_lead(&self, literal: Option<&(Option<u32>, String)>) -> impl Iterator<Item = usize> {
        let named: Vec<usize> = match literal {
            Some((number, text)) => {
                let literal = number.and_then(|number| self.literals.get(&number));
                let met = self.mixed.iter().filter(|(pattern, _)| pattern.meets(text)).map(|(_, to)| to);
                literal.into_iter().chain(met).copied().collect()
            }
            None => self.literals.values().chain(self.mixed.values()).copied().collect(),
        };
        named.into_iter().chain(self.variable)
    }
}

impl Names {
    fn number(&mut self, text: &str) -> u32 {
        let next = u32::try_from(self.0.len()).unwrap_or(u32::MAX);
        *self.0.entry(folded(text)).or_insert(next)
    }

    fn find(&self, text: &str) -> Option<u32> {
        self.0.get(&folded(text)).copied()
    }

    /// For a message.
    fn name(&self, number: u32) -> Option<String> {
        self.0.iter().find(|(_, known)| **known == number).map(|(name, _)| name.clone())
    }
}

impl Pattern {
    fn of(texts: &[&str]) -> Self {
        Self { texts: texts.iter().map(|text| folded(text)).collect() }
    }

    fn closeness(&self) -> Closeness {
        Closeness::Mixed(self.texts.iter().map(String::len).sum())
    }

    fn meets(&self, reading: &str) -> bool {
        let reading = folded(reading);
        let [first, between @ .., last] = self.texts.as_slice() else { return false };
        let inside = reading.strip_prefix(first.as_str()).and_then(|rest| rest.strip_suffix(last.as_str()));
        let mut rest = inside;
        for text in between {
            rest = rest.and_then(|rest| rest.split_once(text.as_str())).map(|(_, after)| after);
        }
        rest.is_some()
    }
}

impl Shape<'_> {
    /// That of the segment, or of the last one that it stands for.
    pub(crate) fn closeness(&self) -> Closeness {
        match self {
            Self::Literal(_) => Closeness::Literal,
            Self::Mixed(texts) => Closeness::Mixed(texts.iter().map(|text| text.len()).sum()),
            Self::Variable => Closeness::Variable,
            Self::Rest("") => Closeness::Rest,
            Self::Rest(tail) => Closeness::Mixed(tail.len()),
        }
    }
}

/// Whatever its case, also for servers that ask Unicode (`ſ` is an `s`).
fn folded(text: &str) -> String {
    if text.is_ascii() { text.to_ascii_lowercase() } else { text.to_uppercase().to_lowercase() }
}

/// The method in whose table of routes servers look.
fn routed_as(method: Method) -> &'static str {
    if method == Method::Head { Method::Get.as_str() } else { method.as_str() }
}

/// What other requests have in the places of a path.
#[derive(Clone, Debug, Default)]
pub(crate) struct Siblings {
    tree: Arc<Tree>,
    root: Option<usize>,
    /// For each segment; nothing where no other request has anything.
    places: Vec<Place>,
    /// Whether there are variables of several segments, so that segments have no fixed places.
    of_any_length: bool,
}

/// What other requests have in the place of a segment.
#[derive(Clone, Debug, Default)]
struct Place {
    names: Vec<u32>,
    /// Whether one has text there beside its variables, and more of it.
    mixed: bool,
}

impl Place {
    fn is_empty(&self) -> bool {
        self.names.is_empty() && !self.mixed
    }
}

impl Siblings {
    /// Whether no value can make the request another one.
    pub(crate) fn is_empty(&self) -> bool {
        self.places.is_empty() && !self.of_any_length
    }

    /// Whether a path is the route of another request, by a value of a variable.
    pub(crate) fn clash<'a>(&self, path: &[Filled<'a>], work: &Work) -> Result<Option<Clash<'a>>, OutOfTime> {
        let Some(root) = self.root.filter(|_| self.of_any_length || self.is_near(path)) else { return Ok(None) };
        self.tree.clash(root, path, work)
    }

    /// Whether a value is a name of another request in its place: most are none, and nothing else is looked at.
    fn is_near(&self, path: &[Filled<'_>]) -> bool {
        let is_name = |place: &Place, reading: &String| {
            self.tree.names.find(reading).is_some_and(|number| place.names.binary_search(&number).is_ok())
        };
        // A value that may be read as several segments moves those behind it.
        path.len() != self.places.len()
            || path.iter().zip(&self.places).any(|(filled, place)| {
                place.mixed
                    || (!place.names.is_empty()
                        && filled.readings.iter().flatten().any(|reading| is_name(place, reading)))
            })
    }
}

#[cfg(test)]
mod tests;
