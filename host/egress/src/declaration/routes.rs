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

/// A node that a path leads to, with the variable in whose place another request's name was met, and that name.
type Reached<'a> = (usize, Option<(&'a str, Option<u32>)>);

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

    /// Where a path leads that has another request's name, or more of it, in the place of a variable.
    fn clash<'a>(&self, root: usize, path: &[Filled<'a>], work: &Work) -> Result<Option<Clash<'a>>, OutOfTime> {
        let mut here: Vec<Reached<'_>> = vec![(root, None)];
        for filled in path {
            let mut next = Vec::new();
            let numbers: Vec<u32> =
                filled.readings.iter().flatten().filter_map(|reading| self.names.find(reading)).collect();
            for (at, clash) in here {
                let Some(node) = self.nodes.get(at) else { continue };
                work.steps(1 + node.mixed.len())?;
                let mut lead = |to: usize, closeness: Closeness, name: Option<u32>| {
                    let clashes = closeness > filled.closeness && filled.readings.is_some();
                    let new = filled.variable.filter(|_| clashes).map(|variable| (variable, name));
                    let named = |clash: &(&str, Option<u32>)| clash.1.is_some();
                    next.push((to, clash.filter(named).or(new).or(clash)));
                };
                for number in &numbers {
                    if let Some(to) = node.literals.get(number) {
                        lead(*to, Closeness::Literal, Some(*number));
                    }
                }
                for (pattern, to) in &node.mixed {
                    let is_met = match &filled.readings {
                        None => true,
                        Some(readings) => {
                            work.steps(readings.iter().map(String::len).sum())?;
                            readings.iter().any(|reading| pattern.meets(reading))
                        }
                    };
                    if is_met {
                        lead(*to, pattern.closeness(), None);
                    }
                }
                node.variable.into_iter().for_each(|to| lead(to, Closeness::Variable, None));
                node.rest.into_iter().for_each(|to| lead(to, Closeness::Rest, None));
                if node.goes_on {
                    lead(at, Closeness::Rest, None);
                }
            }
            // Of the ways to one node, one that clashes says all.
            next.sort_by_key(|(at, clash)| (*at, clash.is_none()));
            next.dedup_by_key(|(at, _)| *at);
            here = next;
        }
        let ends = |at: usize| self.nodes.get(at).is_some_and(|node| node.ends);
        let clash = here.into_iter().filter(|(at, _)| ends(*at)).find_map(|(_, clash)| clash);
        Ok(clash.map(|(variable, name)| Clash { variable, name: name.and_then(|number| self.names.name(number)) }))
    }
}

impl Node {
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
mod tests {
    use std::time::Duration;

    use super::*;
    use crate::Deadline;
    use crate::path::{Given, Whose};
    use crate::refusal::Refusal;
    use crate::rules::Denial;
    use crate::secret::Text;

    fn routes(paths: &[(Method, &str)]) -> Routes {
        paths.iter().map(|(method, path)| Route { method: *method, path: Path::parse(path).unwrap() }).collect()
    }

    /// Whether these values, in order, make the path that of another request.
    fn clashes(routes: &Routes, method: Method, path: &str, values: &[&str]) -> bool {
        let path = Path::parse(path).unwrap();
        let siblings = routes.siblings(method, &path, false);
        let names: Vec<&str> = path.variables().collect();
        let value = |name: &str| -> Result<Given, Denial> {
            let index = names.iter().position(|known| *known == name).unwrap();
            Ok(Given { text: Text::open(values[index]), whose: Whose::Caller, slashes: false })
        };
        let work = Work::until(Deadline::within(Duration::MAX));
        match path.expand(&mut Text::default(), &siblings, &work, value) {
            Ok(_) => false,
            Err(Refusal::Denied(denial)) => {
                assert!(denial.message.contains("another request of the plugin"), "{denial}");
                true
            }
            Err(other) => panic!("{other}"),
        }
    }

    #[test]
    fn a_value_is_refused_that_makes_the_whole_path_that_of_another_request() {
        let routes = routes(&[
            (Method::Get, "/users/identities"),
            (Method::Get, "/users/{id}"),
            (Method::Get, "/users/{id}/sessions/recovery"),
            (Method::Get, "/users/{id}/sessions/{session}"),
            (Method::Get, "/{kind}/Me"),
            (Method::Get, "/teams/members/"),
            (Method::Post, "/users/new"),
        ]);
        let is = |method, path, values: &[&str]| clashes(&routes, method, path, values);
        for value in ["identities", "IDENTITIES", "identitie\u{17f}", "me", "identities.json", "%69dentities;x"] {
            assert!(is(Method::Get, "/users/{id}", &[value]), "{value}");
            assert!(is(Method::Get, "/users/{id}/", &[value]), "{value}, with a slash at the end");
        }
        assert!(!is(Method::Get, "/users/{id}", &["members"]) && !is(Method::Get, "/users/{id}", &["new"]));
        assert!(is(Method::Head, "/users/{id}", &["identities"]), "a HEAD is routed as the GET");
        assert!(is(Method::Post, "/users/{id}", &["new"]));
        assert!(!is(Method::Delete, "/users/{id}", &["identities"]));
        assert!(is(Method::Get, "/teams/{id}", &["members"]), "the other one has a slash at its end");
        assert!(is(Method::Get, "/users/{id}/sessions/{session}", &["ada", "recovery"]));
        assert!(!is(Method::Get, "/teams/{id}/sessions/{session}", &["ada", "recovery"]));
        assert!(is(Method::Get, "/{anything}/{id}", &["teams", "members"]));
        assert!(!is(Method::Get, "/{anything}/{id}", &["clubs", "members"]));
    }

    #[test]
    fn a_name_of_another_request_is_a_value_where_the_rest_is_no_route() {
        let routes = routes(&[
            (Method::Get, "/teams/{id}"),
            (Method::Get, "/services/{id}"),
            (Method::Post, "/teams/{id}/notes"),
            (Method::Post, "/{entity_type}/{id}/change_tags"),
        ]);
        assert!(!clashes(&routes, Method::Post, "/{entity_type}/{id}/change_tags", &["teams", "7"]));
        assert!(!clashes(&routes, Method::Post, "/{entity_type}/{id}/change_tags", &["teams", "notes"]));
        assert!(clashes(&routes, Method::Post, "/{a}/{b}/{c}", &["teams", "7", "notes"]));
        assert!(clashes(&routes, Method::Post, "/{a}/{b}/{c}", &["anything", "7", "change_tags"]));
    }

    #[test]
    fn a_segment_of_text_and_variables_is_another_requests_too() {
        let routes = routes(&[
            (Method::Post, "/things/{id}"),
            (Method::Post, "/things/{id}:archive"),
            (Method::Post, "/things/{a}-{b}.json"),
        ]);
        let is = |path, values: &[&str]| clashes(&routes, Method::Post, path, values);
        for value in ["7:archive", "7:ARCHIVE", "7%3aarchive", "7:archive;x=1", "a-b.json"] {
            assert!(is("/things/{id}", &[value]), "{value}");
        }
        assert!(!is("/things/{id}", &["7:delete"]) && !is("/things/{id}:archive", &["7"]));
        assert!(!is("/things/{a}-{b}.json", &["a", "b"]));
    }

    #[test]
    fn a_variable_of_several_segments_reaches_no_other_route() {
        let routes = routes(&[
            (Method::Get, "/contents/{+path}"),
            (Method::Get, "/contents/{+path}/history"),
            (Method::Get, "/contents/list/{id}"),
            (Method::Get, "/contents/{one}/{two}/{three}"),
            (Method::Get, "/files/{id}/{part}"),
            (Method::Get, "/v1/{+name}"),
            (Method::Get, "/v1/{+resource}:getPolicy"),
        ]);
        let is = |path, values: &[&str]| clashes(&routes, Method::Get, path, values);
        let of_rest = |value| is("/contents/{+path}", &[value]);
        for value in ["a/history", "history/HISTORY", "a/b/c/d/history.", "list/7", "LIST/7", "%6cist/7", "a/b/c"] {
            assert!(of_rest(value), "{value}");
        }
        for value in ["a", "a/b", "list", "history", "a/b/c/d", "history/a"] {
            assert!(!of_rest(value), "{value}");
        }
        assert!(!is("/contents/{+path}/history", &["a/b/c/d"]));
        assert!(!is("/files/{id}/{part}", &["a", "b"]));
        assert!(is("/contents/{a}/{b}", &["a", "history"]), "a single variable beside one of several segments");
        assert!(is("/v1/{+name}", &["projects/a:getPolicy"]) && is("/v1/{+name}", &["a:getpolicy"]));
        assert!(!is("/v1/{+name}", &["projects/a"]));
        assert!(!is("/v1/{+resource}:getPolicy", &["projects/a"]));
    }
}
