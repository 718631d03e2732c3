//! The paths of all requests of a plugin: which names other requests have where one has a variable.
//!
//! They come from a stranger, and each request is held against all of them. So the paths are a tree, and the names numbers: what
//! finding the siblings of one request takes grows with the number of segments, and looking a value up takes no longer with
//! more of them.

use std::collections::{BTreeMap, HashMap};
use std::sync::Arc;

use serde::{Deserialize, Serialize};

use super::{Method, Path, Request};

/// What tells two requests of a plugin apart on the provider's side.
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
        self.path.segments().count()
    }
}

/// All routes of a plugin.
#[derive(Clone, Debug, Default)]
pub struct Routes {
    names: Arc<Names>,
    /// Which tree the paths of a method are in: a HEAD is answered by the route of the GET.
    roots: BTreeMap<&'static str, usize>,
    nodes: Vec<Node>,
}

/// The literal segments of all paths, in lower case: servers differ in whether they tell cases apart.
#[derive(Debug, Default)]
struct Names(HashMap<String, u32>);

/// A place in a tree of paths, and where the next segment leads.
#[derive(Clone, Debug, Default)]
struct Node {
    literals: BTreeMap<u32, usize>,
    variable: Option<usize>,
}

impl FromIterator<Route> for Routes {
    fn from_iter<I: IntoIterator<Item = Route>>(routes: I) -> Self {
        let (mut names, mut made) = (Names::default(), Self::default());
        for Route { method, path } in routes {
            let mut at = made.root(method);
            for segment in path.segments() {
                let name = segment.literal().map(|text| names.number(text));
                at = made.child(at, name);
            }
        }
        Self { names: Arc::new(names), ..made }
    }
}

impl Routes {
    /// The names that other requests have where a path has a segment with variables.
    ///
    /// By another method the same path is another request: `DELETE /users/new` is none where only a POST is declared.
    pub(crate) fn siblings(&self, method: Method, path: &Path) -> Siblings {
        let mut here: Vec<&Node> =
            self.roots.get(routed_as(method)).and_then(|root| self.nodes.get(*root)).into_iter().collect();
        let mut by_segment = Vec::new();
        for segment in path.segments() {
            let literal = segment.literal();
            let mut names: Vec<u32> = match literal {
                Some(_) => Vec::new(),
                None => here.iter().flat_map(|node| node.literals.keys().copied()).collect(),
            };
            names.sort_unstable();
            names.dedup();
            names.shrink_to_fit();
            by_segment.push(names);
            let number = literal.map(|text| self.names.find(text));
            here = here.into_iter().flat_map(|node| node.next(number)).filter_map(|at| self.nodes.get(at)).collect();
        }
        Siblings { names: Arc::clone(&self.names), by_segment }
    }

    fn root(&mut self, method: Method) -> usize {
        let free = self.nodes.len();
        let root = *self.roots.entry(routed_as(method)).or_insert(free);
        if root == free {
            self.nodes.push(Node::default());
        }
        root
    }

    /// Where a segment leads: a literal by its number, or one with variables.
    fn child(&mut self, at: usize, name: Option<u32>) -> usize {
        let free = self.nodes.len();
        let Some(node) = self.nodes.get_mut(at) else { return at };
        let child = match name {
            Some(number) => *node.literals.entry(number).or_insert(free),
            None => *node.variable.get_or_insert(free),
        };
        if child == free {
            self.nodes.push(Node::default());
        }
        child
    }
}

impl Node {
    /// Where a segment may lead that is a literal, known by a number or by none, or has variables: a variable can be anything.
    fn next(&self, literal: Option<Option<u32>>) -> impl Iterator<Item = usize> {
        let literals: Vec<usize> = match literal {
            Some(number) => number.and_then(|number| self.literals.get(&number)).copied().into_iter().collect(),
            None => self.literals.values().copied().collect(),
        };
        literals.into_iter().chain(self.variable)
    }
}

impl Names {
    fn number(&mut self, text: &str) -> u32 {
        let next = u32::try_from(self.0.len()).unwrap_or(u32::MAX);
        *self.0.entry(text.to_ascii_lowercase()).or_insert(next)
    }

    fn find(&self, text: &str) -> Option<u32> {
        self.0.get(&text.to_ascii_lowercase()).copied()
    }
}

/// The method in whose table of routes servers look.
fn routed_as(method: Method) -> &'static str {
    if method == Method::Head { Method::Get.as_str() } else { method.as_str() }
}

/// For each segment of a path: the names that other requests have in its place.
#[derive(Clone, Debug, Default)]
pub(crate) struct Siblings {
    names: Arc<Names>,
    by_segment: Vec<Vec<u32>>,
}

impl Siblings {
    /// Whether a text is one of them, whatever its case.
    pub(crate) fn has(&self, segment: usize, text: &str) -> bool {
        let siblings = self.by_segment.get(segment).map(Vec::as_slice).unwrap_or_default();
        !siblings.is_empty() && self.names.find(text).is_some_and(|number| siblings.binary_search(&number).is_ok())
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn routes(paths: &[(Method, &str)]) -> Routes {
        paths.iter().map(|(method, path)| Route { method: *method, path: Path::parse(path).unwrap() }).collect()
    }

    #[test]
    fn a_sibling_is_a_name_that_another_path_could_have_in_this_place() {
        let routes = routes(&[
            (Method::Get, "/users/identities"),
            (Method::Get, "/users/{id}/sessions/recovery"),
            (Method::Get, "/{kind}/Me"),
            (Method::Get, "/teams/members"),
            (Method::Post, "/users/new"),
        ]);
        let of = |method, path: &str| routes.siblings(method, &Path::parse(path).unwrap());
        let user = of(Method::Get, "/users/{id}");
        for (text, is_sibling) in
            [("identities", true), ("IDENTITIES", true), ("me", true), ("members", false), ("new", false)]
        {
            assert_eq!(user.has(1, text), is_sibling, "{text}");
        }
        assert!(!user.has(0, "users"), "a literal has no siblings");
        assert!(of(Method::Head, "/users/{id}").has(1, "identities"), "a HEAD is routed as the GET");
        assert!(of(Method::Post, "/users/{id}").has(1, "new"));
        assert!(of(Method::Get, "/users/{id}/sessions/{session}").has(3, "recovery"));
        assert!(!of(Method::Get, "/teams/{id}/sessions/{session}").has(3, "recovery"));
        assert!(of(Method::Get, "/{anything}/{id}").has(1, "members"));
        assert!(!of(Method::Delete, "/users/{id}").has(1, "identities"));
    }
}
