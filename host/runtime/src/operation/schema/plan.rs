//! What trying a schema on a value costs, found out when it is loaded.
//!
//! A schema comes from a stranger, and the validator cannot be stopped. So the schema is taken apart into a plan first: which
//! schemas are tried on which part of a value, and how many steps each of them is. What has no bound is refused in words.

use std::borrow::Cow;
use std::collections::{BTreeMap, HashMap};

use indexmap::IndexMap;
use regex_automata::nfa::thompson::NFA;
use serde_json::{Map, Value};

use super::numeric::Numeric;
use super::reckon::{Cost, Written};

/// Schemas within schemas, as they are written: as deep as the host's stack allows, and far deeper than anyone writes.
pub(super) const DEEPEST: usize = 200;

/// What a pattern may become, and all of an operation together, in bytes: a long one is a few kilobytes, and one that names the
/// letters of all languages some ninety.
pub(super) const LARGEST_PATTERN: usize = 1 << 20;
pub(super) const LARGEST_PATTERNS: usize = 2 << 20;

/// What a pattern fills while it is used, in bytes, by each thread: the child cannot measure it.
pub(super) const PATTERN_CACHE: usize = 64 << 10;

/// What the definitions of a manifest consist of, all together, at most. Those of the largest known API are some 300,000 schemas.
const MOST_SHARED: usize = 500_000;

/// A schema, taken apart.
#[derive(Debug)]
pub(crate) struct Plan {
    nodes: Vec<Node>,
    root: usize,
    /// What the validator takes, roughly, in bytes.
    pub(super) weight: u64,
}

/// One schema of a plan, and those within it by their numbers.
#[derive(Debug, Default)]
pub(super) struct Node {
    /// Steps for each value that it is tried on.
    pub(super) steps: usize,
    /// Steps for each 16 bytes of a text: the states of its pattern.
    pub(super) text: usize,
    /// Whether a number has to be a whole one.
    pub(super) whole: bool,
    /// What else it says of numbers.
    pub(super) numeric: Option<Box<Numeric>>,
    /// Tried on the same value: by `$ref`, `allOf`, `anyOf`, `oneOf`.
    pub(super) same: Vec<usize>,
    /// The same, where what they say holds under a condition: `not`, `if`, `dependentSchemas`.
    pub(super) conditional: Vec<usize>,
    /// How often these are tried: `unevaluatedProperties` asks again.
    pub(super) times: usize,
    /// Tried on the members of an object: those of a name, of a pattern, all others, their names.
    pub(super) members: HashMap<String, usize>,
    pub(super) patterns: Vec<usize>,
    pub(super) names_text: usize,
    pub(super) others: Option<usize>,
    pub(super) names: Option<usize>,
    /// Tried on the entries of a list: the first ones, those after them, any of them.
    pub(super) first: Vec<usize>,
    pub(super) items: Option<usize>,
    pub(super) contains: Option<usize>,
    /// Tried on what nothing else was tried on.
    pub(super) rest: Option<usize>,
    /// Whether the entries of a list are compared with each other.
    pub(super) unique: bool,
    pub(super) kinds: u8,
}

impl Node {
    /// Those that are tried on the same value.
    pub(super) fn on_the_same(&self) -> impl Iterator<Item = usize> {
        self.same.iter().chain(&self.conditional).copied()
    }

    /// Those that are tried on what stands in the value.
    pub(super) fn within(&self) -> impl Iterator<Item = usize> {
        let single = [self.others, self.names, self.items, self.contains, self.rest];
        let lists = self.patterns.iter().chain(&self.first).chain(self.members.values()).copied();
        single.into_iter().flatten().chain(lists)
    }
}

pub(super) const INTEGER: u8 = 1;
pub(super) const NUMBER: u8 = 2;

impl Plan {
    /// Takes a schema apart.
    ///
    /// # Errors
    /// What has no bound, or goes beyond one.
    pub(crate) fn of(schema: &Value) -> Result<Self, String> {
        let mut planner = Planner::default();
        let root = planner.add(schema)?;
        let weight = planner.weight_of(root)?;
        Ok(Self { nodes: planner.nodes, root, weight })
    }

    pub(super) fn root(&self) -> usize {
        self.root
    }

    pub(super) fn node(&self, number: usize) -> Option<&Node> {
        self.nodes.get(number)
    }
}

/// What takes schemas apart: the definitions that a manifest's schemas share once, and then one schema after the other.
#[derive(Default)]
pub(crate) struct Planner<'a> {
    shared: Option<&'a IndexMap<String, Value>>,
    /// The schema that is being taken apart; none while it is the shared definitions.
    root: Option<&'a Value>,
    pub(super) nodes: Vec<Node>,
    /// What each node costs.
    pub(super) costs: Vec<Cost>,
    /// Where a reference leads: to definitions that are shared, and to others.
    shared_targets: HashMap<*const Value, usize>,
    targets: HashMap<*const Value, usize>,
    /// What they lead to, as it is written.
    pub(super) written: BTreeMap<usize, Written>,
    /// Targets that were not yet taken apart, and the one that is.
    open: Vec<(usize, &'a Value)>,
    current: (usize, Written),
    /// How many of the nodes are shared.
    pub(super) of_shared: usize,
    /// Those of all schemas so far.
    patterns: HashMap<&'a str, usize>,
    pub(super) all_patterns: Vec<Pattern>,
    /// The last schema whose weight counted a node, or a pattern.
    pub(super) seen: Vec<u32>,
    pub(super) round: u32,
}

/// What a pattern was translated to.
#[derive(Clone, Copy, Debug)]
pub(super) struct Pattern {
    states: usize,
    pub(super) bytes: usize,
    pub(super) seen: u32,
}

impl<'a> Planner<'a> {
    /// One for the schemas of a manifest with these definitions.
    ///
    /// # Errors
    /// The definition that cannot be used, and what is wrong with it.
    pub(crate) fn sharing(definitions: &'a IndexMap<String, Value>) -> Result<Self, (String, String)> {
        let mut planner = Self { shared: Some(definitions), ..Self::default() };
        for (name, schema) in definitions {
            planner.take_apart(schema).map_err(|problem| (name.clone(), problem))?;
            if planner.nodes.len() > MOST_SHARED {
                let problem = format!("brings the definitions to more than {MOST_SHARED} schemas, all together");
                return Err((name.clone(), problem));
            }
        }
        planner.reckon(0).map_err(|(number, problem)| (planner.definition_of(number), problem))?;
        planner.of_shared = planner.nodes.len();
        planner.shared_targets = std::mem::take(&mut planner.targets);
        Ok(planner)
    }

    /// What the validator of a schema takes, roughly, in bytes. Every definition counts once.
    ///
    /// # Errors
    /// As for [`Plan::of`], and where it has a definition of a name that is shared.
    pub(crate) fn weight(&mut self, schema: &'a Value) -> Result<u64, String> {
        let weight = self.add(schema).and_then(|root| self.weight_of(root));
        self.forget();
        weight
    }

    /// Whether a schema can be used by others than the host, which tries it on nothing.
    ///
    /// # Errors
    /// As for [`weight`](Self::weight).
    pub(crate) fn check(&mut self, schema: &'a Value) -> Result<(), String> {
        let added = self.add(schema).map(drop);
        self.forget();
        added
    }

    /// The name of the shared definition that a node is written in.
    fn definition_of(&self, number: usize) -> String {
        let written_in = self.costs.get(number).map(|cost| cost.written_in);
        let mut all = self.shared.into_iter().flatten();
        all.find(|(_, schema)| self.target_of(schema) == written_in).map(|(name, _)| name.clone()).unwrap_or_default()
    }

    fn add(&mut self, schema: &'a Value) -> Result<usize, String> {
        let own = schema.get("$defs").and_then(Value::as_object).into_iter().flatten().map(|(name, _)| name);
        let twice = own.into_iter().find(|name| self.shared.is_some_and(|shared| shared.contains_key(*name)));
        if let Some(name) = twice {
            return Err(format!(
                "has a definition `{name}`, and the manifest has one of that name; rename one of them"
            ));
        }
        self.root = Some(schema);
        let root = self.take_apart(schema)?;
        self.reckon(self.of_shared).map_err(|(_, problem)| problem)?;
        Ok(root)
    }

    /// Goes back to what is shared.
    fn forget(&mut self) {
        self.nodes.truncate(self.of_shared);
        self.costs.truncate(self.of_shared);
        self.targets.clear();
        let _ = self.written.split_off(&self.of_shared);
        self.open.clear();
        self.root = None;
    }

    fn take_apart(&mut self, schema: &'a Value) -> Result<usize, String> {
        let root = self.target(schema);
        while let Some((number, schema)) = self.open.pop() {
            self.current = (number, Written::default());
            self.fill(number, schema, 0)?;
            let (number, written) = std::mem::take(&mut self.current);
            self.written.insert(number, written);
        }
        Ok(root)
    }

    fn target_of(&self, schema: &Value) -> Option<usize> {
        let place = std::ptr::from_ref(schema);
        self.shared_targets.get(&place).or_else(|| self.targets.get(&place)).copied()
    }

    /// The number of what a reference leads to. It is taken apart later: a chain of references is no deeper than one of them.
    fn target(&mut self, schema: &'a Value) -> usize {
        if let Some(known) = self.target_of(schema) {
            return known;
        }
        let number = self.free();
        self.targets.insert(schema, number);
        self.open.push((number, schema));
        number
    }

    fn free(&mut self) -> usize {
        self.nodes.push(Node::default());
        self.costs.push(Cost::default());
        self.nodes.len() - 1
    }

    fn node(&mut self, schema: &'a Value, depth: usize) -> Result<usize, String> {
        let number = self.free();
        self.fill(number, schema, depth)?;
        Ok(number)
    }

    fn fill(&mut self, number: usize, schema: &'a Value, depth: usize) -> Result<(), String> {
        if depth > DEEPEST {
            return Err(format!("nests more than {DEEPEST} deep"));
        }
        let (written_in, written) = &mut self.current;
        written.height = written.height.max(depth);
        let written_in = *written_in;
        let (node, cost) = match schema {
            Value::Bool(_) => (Node { steps: 1, times: 1, ..Node::default() }, Cost::default()),
            Value::Object(keywords) => self.object(keywords, depth)?,
            _ => return Err("has something in it that is no schema: one is an object, `true` or `false`".to_owned()),
        };
        if let (Some(place), Some(of_place)) = (self.nodes.get_mut(number), self.costs.get_mut(number)) {
            (*place, *of_place) = (node, cost);
            of_place.written_in = written_in;
        }
        Ok(())
    }

    fn object(&mut self, keywords: &'a Map<String, Value>, depth: usize) -> Result<(Node, Cost), String> {
        let mut node = Node { steps: 1 + keywords.len(), times: 1, kinds: kinds(keywords), ..Node::default() };
        let mut cost = Cost::default();
        node.numeric = Numeric::of(keywords);
        for (keyword, value) in keywords {
            self.keyword(&mut node, &mut cost, keyword, value, depth + 1)?;
        }
        for keyword in ["unevaluatedProperties", "unevaluatedItems"] {
            if keywords.contains_key(keyword) {
                one_applicator(keywords, keyword)?;
                cost.asks_again = true;
            }
        }
        Ok((node, cost))
    }

    fn keyword(
        &mut self,
        node: &mut Node,
        cost: &mut Cost,
        keyword: &'a str,
        value: &'a Value,
        depth: usize,
    ) -> Result<(), String> {
        match keyword {
            "$ref" => {
                let Some(target) = value.as_str() else { return Ok(()) };
                let schema = self.find(target)?;
                let number = self.target(schema);
                node.same.push(number);
                self.current.1.refers.push(number);
            }
            // References within would begin there, and not at the root.
            "$id" if value.is_string() => return Err("has an `$id`; it needs no name".to_owned()),
            "$schema" => match value.as_str() {
                None | Some("https://json-schema.org/draft/2020-12/schema") => {}
                Some(other) => return Err(format!("refers to `{other}`, which is outside of it")),
            },
            "$anchor" | "$dynamicAnchor" | "$dynamicRef" | "$recursiveAnchor" | "$recursiveRef" | "$vocabulary" => {
                return Err(format!("has a `{keyword}`; refer to a part of it by `$ref` and `#/$defs/…`"));
            }
            "additionalItems" | "dependencies" => {
                return Err(format!("has `{keyword}`, which is not of JSON Schema 2020-12"));
            }
            "allOf" | "anyOf" | "oneOf" => self.list(&mut node.same, value, depth)?,
            "not" | "if" | "then" | "else" => node.conditional.push(self.node(value, depth)?),
            "dependentSchemas" => self.map(value, depth, |_, child| node.conditional.push(child))?,
            "properties" => {
                self.map(value, depth, |name, child| {
                    node.members.insert(name.to_owned(), child);
                })?;
                node.steps += node.members.len() / 4;
            }
            "patternProperties" => {
                for pattern in value.as_object().into_iter().flatten().map(|(pattern, _)| pattern) {
                    node.names_text += self.states(cost, pattern)?;
                }
                self.map(value, depth, |_, child| node.patterns.push(child))?;
            }
            "additionalProperties" => node.others = Some(self.node(value, depth)?),
            "propertyNames" => node.names = Some(self.node(value, depth)?),
            "prefixItems" => self.list(&mut node.first, value, depth)?,
            "items" => node.items = Some(self.node(value, depth)?),
            "contains" => node.contains = Some(self.node(value, depth)?),
            "unevaluatedProperties" | "unevaluatedItems" => node.rest = Some(self.node(value, depth)?),
            "enum" | "const" | "required" | "dependentRequired" => node.steps += values(value),
            // With fractions it is reckoned with numbers of any length.
            "multipleOf" => node.steps += 250,
            "uniqueItems" => node.unique = value.as_bool() == Some(true),
            "minLength" | "maxLength" => node.text += 1,
            "pattern" => node.text += self.states(cost, value.as_str().unwrap_or_default())?,
            _ => {}
        }
        Ok(())
    }

    fn find(&self, target: &str) -> Result<&'a Value, String> {
        let Some(pointer) = target.strip_prefix('#') else {
            return Err(format!("refers to `{target}`, which is outside of it"));
        };
        // What stands elsewhere may be a text for people, for which no approval is asked; and the validator reads `%` as an
        // encoding. `#` is the schema of an operation: what is shared is of none.
        let name = pointer.strip_prefix("/$defs/").filter(|name| !name.contains(['/', '%']));
        if name.is_none() && (!pointer.is_empty() || self.root.is_none()) {
            return Err(format!("refers to `{target}`; refer to a part of it by `#/$defs/…`"));
        }
        let own = self.root.and_then(|root| root.pointer(pointer));
        let shared = || self.shared?.get(name?);
        own.or_else(shared).ok_or_else(|| format!("refers to `{target}`, which is not in it"))
    }

    /// What is not of the form that a keyword needs is for the validator to tell.
    fn list(&mut self, into: &mut Vec<usize>, value: &'a Value, depth: usize) -> Result<(), String> {
        for schema in value.as_array().into_iter().flatten() {
            into.push(self.node(schema, depth)?);
        }
        Ok(())
    }

    fn map(&mut self, value: &'a Value, depth: usize, mut into: impl FnMut(&str, usize)) -> Result<(), String> {
        for (name, schema) in value.as_object().into_iter().flatten() {
            into(name, self.node(schema, depth)?);
        }
        Ok(())
    }

    /// How many states a pattern has: for each byte of a text each of them may be looked at.
    fn states(&mut self, cost: &mut Cost, pattern: &'a str) -> Result<usize, String> {
        let number = match self.patterns.get(pattern) {
            Some(known) => *known,
            None => {
                self.all_patterns.push(translated(pattern)?);
                self.patterns.insert(pattern, self.all_patterns.len() - 1);
                self.all_patterns.len() - 1
            }
        };
        cost.patterns.push(number);
        Ok(self.all_patterns.get(number).map_or(0, |pattern| pattern.states))
    }
}

pub(super) fn translated(pattern: &str) -> Result<Pattern, String> {
    let shown: String = pattern.chars().take(60).collect();
    let config = NFA::config().nfa_size_limit(Some(LARGEST_PATTERN));
    // What cannot be translated cannot be parsed either.
    let translated = jsonschema_regex::to_rust_regex(pattern).unwrap_or(Cow::Borrowed(pattern));
    let nfa = NFA::compiler().configure(config).build(&translated).map_err(|error| match error.size_limit() {
        Some(_) => format!("has the pattern `{shown}`, which takes more than {LARGEST_PATTERN} bytes; repeat less"),
        None => {
            format!("has the pattern `{shown}`, which is no regular expression without look-around and back-references")
        }
    })?;
    Ok(Pattern { states: nfa.states().len(), bytes: nfa.memory_usage(), seen: 0 })
}

/// Where several of these stand beside each other, what each of them has looked at is asked for again and again.
fn one_applicator(keywords: &Map<String, Value>, beside: &str) -> Result<(), String> {
    const APPLICATORS: [&str; 7] = ["$ref", "allOf", "anyOf", "oneOf", "not", "if", "dependentSchemas"];
    let there: Vec<&str> = APPLICATORS.into_iter().filter(|name| keywords.contains_key(*name)).collect();
    if there.len() <= 1 {
        return Ok(());
    }
    Err(format!("has `{beside}` beside `{}`; only one of these can stand there", there.join("` and `")))
}

fn kinds(keywords: &Map<String, Value>) -> u8 {
    let of = |name: &str| match name {
        "integer" => INTEGER,
        "number" => NUMBER,
        _ => 0,
    };
    match keywords.get("type") {
        Some(Value::String(name)) => of(name),
        Some(Value::Array(names)) => names.iter().filter_map(Value::as_str).fold(0, |all, name| all | of(name)),
        _ => 0,
    }
}

/// How many values there are to be compared with.
fn values(value: &Value) -> usize {
    1 + match value {
        Value::Array(items) => items.iter().map(values).sum(),
        Value::Object(members) => members.values().map(values).sum(),
        Value::String(text) => text.len() / 64,
        Value::Null | Value::Bool(_) | Value::Number(_) => 0,
    }
}

#[cfg(test)]
mod tests;
