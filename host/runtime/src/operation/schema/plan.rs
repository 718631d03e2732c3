//! What trying a schema on a value costs, found out when it is loaded.
//!
//! A schema comes from a stranger, and the validator cannot be stopped. So the schema is taken apart into a plan first: which
//! schemas are tried on which part of a value, and how many steps each of them is. What has no bound is refused in words.

use std::borrow::Cow;
use std::collections::{HashMap, HashSet};

use regex_automata::nfa::thompson::NFA;
use serde_json::{Map, Value};

use super::numeric::Numeric;

/// Schemas, references followed, that are tried at most. The largest known has some two hundred.
const MOST: u64 = 4_000;

/// Schemas within schemas, references followed: as deep as the host's stack allows, and far deeper than anyone writes.
const DEEPEST: usize = 200;

/// What a pattern may become, and all of an operation together, in bytes: a long one is a few kilobytes, and one that names the
/// letters of all languages some ninety.
pub(super) const LARGEST_PATTERN: usize = 1 << 20;
const LARGEST_PATTERNS: usize = 2 << 20;

/// What a plan and a validator take for each schema, and for each byte of a pattern, at most and roughly, in bytes.
const SCHEMA: u64 = 1 << 10;
const PATTERN: u64 = 8;

/// What a pattern fills while it is used, in bytes, by each thread: the child cannot measure it.
pub(super) const PATTERN_CACHE: usize = 64 << 10;

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
    kinds: u8,
    depth: usize,
}

impl Node {
    fn children(&self) -> impl Iterator<Item = usize> {
        let single = [self.others, self.names, self.items, self.contains, self.rest];
        let lists = [&self.same, &self.conditional, &self.patterns, &self.first];
        let lists = lists.into_iter().flatten().chain(self.members.values()).copied();
        single.into_iter().flatten().chain(lists)
    }
}

const INTEGER: u8 = 1;
const NUMBER: u8 = 2;

impl Plan {
    /// Takes a schema apart.
    ///
    /// # Errors
    /// What has no bound, or goes beyond one.
    pub(crate) fn of(schema: &Value) -> Result<Self, String> {
        let mut builder = Builder {
            root: schema,
            nodes: Vec::new(),
            sizes: Vec::new(),
            heights: Vec::new(),
            known: HashMap::new(),
            open: HashSet::new(),
            patterns: HashMap::new(),
            pattern_bytes: 0,
        };
        let root = builder.node(schema, "#", 0)?;
        let size = builder.sizes.get(root).copied().unwrap_or_default();
        let weight =
            size * SCHEMA + (builder.pattern_bytes as u64) * PATTERN + (builder.patterns.len() * PATTERN_CACHE) as u64;
        Ok(Self { nodes: builder.nodes, root, weight })
    }

    pub(super) fn root(&self) -> usize {
        self.root
    }

    pub(super) fn node(&self, number: usize) -> Option<&Node> {
        self.nodes.get(number)
    }
}

struct Builder<'a> {
    root: &'a Value,
    nodes: Vec<Node>,
    /// How many schemas each node is when its references are followed.
    sizes: Vec<u64>,
    /// How deep each node is, likewise.
    heights: Vec<usize>,
    known: HashMap<*const Value, usize>,
    /// Schemas that are being taken apart.
    open: HashSet<*const Value>,
    /// The states of each pattern.
    patterns: HashMap<&'a str, usize>,
    pattern_bytes: usize,
}

impl<'a> Builder<'a> {
    /// `from` is the reference that led here.
    fn node(&mut self, schema: &'a Value, from: &str, depth: usize) -> Result<usize, String> {
        let known = self.known.get(&std::ptr::from_ref(schema)).copied();
        let height = known.and_then(|known| self.heights.get(known)).copied().unwrap_or_default();
        if depth + height > DEEPEST {
            return Err(format!("nests more than {DEEPEST} deep when its references are followed"));
        }
        if let Some(known) = known {
            return Ok(known);
        }
        if !self.open.insert(schema) {
            return Err(format!("refers from `{from}` to itself"));
        }
        let (node, size) = match schema {
            Value::Bool(_) => (Node { steps: 1, times: 1, ..Node::default() }, 1),
            Value::Object(keywords) => self.object(keywords, depth)?,
            _ => return Err("has something in it that is no schema: one is an object, `true` or `false`".to_owned()),
        };
        if size > MOST {
            return Err(format!("consists of more than {MOST} schemas when its references are followed"));
        }
        self.open.remove(&std::ptr::from_ref(schema));
        let number = self.nodes.len();
        self.nodes.push(node);
        self.sizes.push(size);
        let height = self.nodes.get(number).map_or(0, |node| {
            let heights = node.children().filter_map(|child| self.heights.get(child));
            heights.max().map_or(0, |height| height + 1)
        });
        self.heights.push(height);
        self.known.insert(schema, number);
        Ok(number)
    }

    fn object(&mut self, keywords: &'a Map<String, Value>, depth: usize) -> Result<(Node, u64), String> {
        let mut node = Node { steps: 1 + keywords.len(), times: 1, kinds: kinds(keywords), ..Node::default() };
        node.numeric = Numeric::of(keywords);
        for (keyword, value) in keywords {
            self.keyword(&mut node, keyword, value, depth + 1)?;
        }
        let on_the_same = || node.same.iter().chain(&node.conditional);
        node.depth =
            1 + on_the_same().filter_map(|child| Some(self.nodes.get(*child)?.depth)).max().unwrap_or_default();
        if let Some(keyword) = ["unevaluatedProperties", "unevaluatedItems"].iter().find(|k| keywords.contains_key(**k))
        {
            one_applicator(keywords, keyword)?;
            // The validator asks each level again what it has looked at.
            node.times = 1 + node.depth;
        }
        let of_same = of(&self.nodes, &node.same, |child| child.kinds);
        node.kinds = of_same.fold(node.kinds, |all, kinds| all | kinds);
        node.whole = node.kinds & INTEGER != 0 && node.kinds & NUMBER == 0;
        let size = self.size(&node);
        Ok((node, size))
    }

    fn keyword(&mut self, node: &mut Node, keyword: &'a str, value: &'a Value, depth: usize) -> Result<(), String> {
        match keyword {
            "$ref" => {
                let Some(target) = value.as_str() else { return Ok(()) };
                let schema = self.target(target)?;
                node.same.push(self.node(schema, target, depth)?);
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
            "not" | "if" | "then" | "else" => node.conditional.push(self.node(value, keyword, depth)?),
            "dependentSchemas" => self.map(value, depth, |_, child| node.conditional.push(child))?,
            "properties" => {
                self.map(value, depth, |name, child| {
                    node.members.insert(name.to_owned(), child);
                })?;
                node.steps += node.members.len() / 4;
            }
            "patternProperties" => {
                for pattern in value.as_object().into_iter().flatten().map(|(pattern, _)| pattern) {
                    node.names_text += self.states(pattern)?;
                }
                self.map(value, depth, |_, child| node.patterns.push(child))?;
            }
            "additionalProperties" => node.others = Some(self.node(value, keyword, depth)?),
            "propertyNames" => node.names = Some(self.node(value, keyword, depth)?),
            "prefixItems" => self.list(&mut node.first, value, depth)?,
            "items" => node.items = Some(self.node(value, keyword, depth)?),
            "contains" => node.contains = Some(self.node(value, keyword, depth)?),
            "unevaluatedProperties" | "unevaluatedItems" => node.rest = Some(self.node(value, keyword, depth)?),
            "enum" | "const" | "required" | "dependentRequired" => node.steps += values(value),
            // With fractions it is reckoned with numbers of any length.
            "multipleOf" => node.steps += 250,
            "uniqueItems" => node.unique = value.as_bool() == Some(true),
            "minLength" | "maxLength" => node.text += 1,
            "pattern" => node.text += self.states(value.as_str().unwrap_or_default())?,
            _ => {}
        }
        Ok(())
    }

    fn target(&self, target: &str) -> Result<&'a Value, String> {
        let Some(pointer) = target.strip_prefix('#') else {
            return Err(format!("refers to `{target}`, which is outside of it"));
        };
        // What stands elsewhere may be a text for people, for which no approval is asked; and the validator reads `%` as an
        // encoding.
        let of_defs = pointer.strip_prefix("/$defs/").is_some_and(|name| !name.contains(['/', '%']));
        if !of_defs && !pointer.is_empty() {
            return Err(format!("refers to `{target}`; refer to a part of it by `#/$defs/…`"));
        }
        self.root.pointer(pointer).ok_or_else(|| format!("refers to `{target}`, which is not in it"))
    }

    /// What is not of the form that a keyword needs is for the validator to tell.
    fn list(&mut self, into: &mut Vec<usize>, value: &'a Value, depth: usize) -> Result<(), String> {
        for schema in value.as_array().into_iter().flatten() {
            into.push(self.node(schema, "#", depth)?);
        }
        Ok(())
    }

    fn map(&mut self, value: &'a Value, depth: usize, mut into: impl FnMut(&str, usize)) -> Result<(), String> {
        for (name, schema) in value.as_object().into_iter().flatten() {
            into(name, self.node(schema, "#", depth)?);
        }
        Ok(())
    }

    /// How many states a pattern has: for each byte of a text each of them may be looked at.
    fn states(&mut self, pattern: &'a str) -> Result<usize, String> {
        if let Some(known) = self.patterns.get(pattern) {
            return Ok(*known);
        }
        let shown: String = pattern.chars().take(60).collect();
        let config = NFA::config().nfa_size_limit(Some(LARGEST_PATTERN));
        // What cannot be translated cannot be parsed either.
        let translated = jsonschema_regex::to_rust_regex(pattern).unwrap_or(Cow::Borrowed(pattern));
        let nfa = NFA::compiler().configure(config).build(&translated).map_err(|error| match error.size_limit() {
            Some(_) => format!("has the pattern `{shown}`, which takes more than {LARGEST_PATTERN} bytes; repeat less"),
            None => format!(
                "has the pattern `{shown}`, which is no regular expression without look-around and back-references"
            ),
        })?;
        self.pattern_bytes += nfa.memory_usage();
        if self.pattern_bytes > LARGEST_PATTERNS {
            return Err(format!("has patterns that take more than {LARGEST_PATTERNS} bytes, all together"));
        }
        self.patterns.insert(pattern, nfa.states().len());
        Ok(nfa.states().len())
    }

    fn size(&self, node: &Node) -> u64 {
        let of = |children: &[usize]| {
            let sizes = children.iter().filter_map(|child| self.sizes.get(*child));
            sizes.fold(0_u64, |sum, size| sum.saturating_add(*size))
        };
        let members: Vec<usize> = node.members.values().copied().collect();
        let single = [node.others, node.names, node.items, node.contains, node.rest];
        let single: Vec<usize> = single.into_iter().flatten().collect();
        let of_same = of(&node.same).saturating_add(of(&node.conditional)).saturating_mul(node.times as u64);
        let inner = [of(&members), of(&node.patterns), of(&node.first), of(&single)];
        inner.iter().fold(of_same.saturating_add(1), |sum, size| sum.saturating_add(*size))
    }
}

fn of<'n, T>(
    nodes: &'n [Node],
    children: &'n [usize],
    member: impl Fn(&Node) -> T + 'n,
) -> impl Iterator<Item = T> + 'n {
    children.iter().filter_map(|child| nodes.get(*child)).map(member)
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
mod tests {
    use serde_json::json;

    use super::*;

    fn problem(schema: &Value) -> String {
        Plan::of(schema).map(|plan| format!("{} bytes", plan.weight)).unwrap_err()
    }

    #[test]
    fn a_schema_that_doubles_with_each_reference_is_refused() {
        let mut defs = Map::from_iter([("d0".to_owned(), json!({"type": "string"}))]);
        for n in 1..=40 {
            let half = json!({"$ref": format!("#/$defs/d{}", n - 1)});
            defs.insert(format!("d{n}"), json!({"allOf": [half, half]}));
        }
        let schema = json!({"$defs": defs, "properties": {"x": {"$ref": "#/$defs/d40"}}});
        assert!(problem(&schema).contains("more than 4000 schemas"));
    }

    #[test]
    fn a_chain_of_references_and_one_that_bites_its_tail_are_refused() {
        let chain = (0..10_000).map(|n| (format!("d{n}"), json!({"$ref": format!("#/$defs/d{}", n + 1)})));
        let schema = json!({"$defs": Map::from_iter(chain), "$ref": "#/$defs/d0"});
        assert!(problem(&schema).contains("deep"));
        for schema in [
            json!({"$defs": {"a": {"allOf": [{"$ref": "#/$defs/a"}]}}, "$ref": "#/$defs/a"}),
            json!({"properties": {"x": {"$ref": "#"}}}),
        ] {
            assert!(problem(&schema).contains("to itself"), "{schema}");
        }
    }

    #[test]
    fn chains_that_are_known_already_make_no_deeper_one() {
        let target = |chain: usize, n: usize| match (chain, n) {
            (0, 0) => "#/$defs/end".to_owned(),
            (_, 0) => format!("#/$defs/c{}n99", chain - 1),
            _ => format!("#/$defs/c{chain}n{}", n - 1),
        };
        let links = (0..3).flat_map(|chain| (0..100).map(move |n| (chain, n)));
        let links = links.map(|(chain, n)| (format!("c{chain}n{n}"), json!({"$ref": target(chain, n)})));
        let mut defs = Map::from_iter(links);
        defs.insert("end".to_owned(), json!(true));
        let all: Vec<Value> = (0..3).map(|chain| json!({"$ref": format!("#/$defs/c{chain}n99")})).collect();
        assert!(problem(&json!({"$defs": defs, "allOf": all})).contains("deep"));
    }

    #[test]
    fn a_reference_leads_where_the_plan_and_an_approval_look_alone() {
        let defs = json!({"%61": true, "a": {"type": "integer"}});
        for target in ["#/$defs/%61", "#/properties/x/default", "#/$defs/a/properties/y", "#/$comment"] {
            let schema = json!({"$defs": defs, "properties": {"x": {"$ref": target, "default": {"enum": ["viewer"]}}}});
            assert!(problem(&schema).contains("#/$defs/"), "{target}");
        }
        let id = "https://json-schema.org/draft/2020-12/schema";
        let within = json!({"$id": id, "$ref": "#/$defs/b", "$defs": {"b": {"type": "integer"}}});
        let schema = json!({"$defs": {"a": within, "b": true}, "$ref": "#/$defs/a"});
        assert!(problem(&schema).contains("an `$id`"));
    }

    #[test]
    fn a_plain_schema_with_references_is_fine() {
        let schema = json!({
            "$defs": {"id": {"type": "string"}, "ids": {"type": "array", "items": {"$ref": "#/$defs/id"}}},
            "properties": {"one": {"$ref": "#/$defs/id"}, "all": {"$ref": "#/$defs/ids"}, "$ref": {"type": "string"}},
        });
        assert!(Plan::of(&schema).is_ok());
        assert!(problem(&json!({"$ref": "#/$defs/none"})).contains("not in it"));
        assert!(problem(&json!({"$ref": "https://x.example"})).contains("outside of it"));
    }

    #[test]
    fn what_nests_and_asks_again_what_was_looked_at_is_refused() {
        let mut nested = json!({"type": "object"});
        for _ in 0..20 {
            nested = json!({"anyOf": [{"properties": {"x": nested}}], "unevaluatedProperties": false});
        }
        assert!(problem(&nested).contains("more than 4000 schemas"));
        let beside = json!({"anyOf": [true], "allOf": [true], "unevaluatedProperties": false});
        assert!(problem(&beside).contains("beside `allOf` and `anyOf`"), "{}", problem(&beside));
        assert!(Plan::of(&json!({"allOf": [{"properties": {"x": true}}], "unevaluatedProperties": false})).is_ok());
    }

    #[test]
    fn a_pattern_has_a_size() {
        for (pattern, words) in [
            (r"^(a?b?c?d?){20000}$", "takes more than 1048576 bytes"),
            (r"^(?=a)b$", "look-around"),
            (r"(", "no regular expression"),
        ] {
            assert!(problem(&json!({"pattern": pattern})).contains(words), "{}", problem(&json!({"pattern": pattern})));
            let names = json!({"patternProperties": {pattern: true}});
            assert!(problem(&names).contains(words));
        }
        let many = (0..200).map(|n| (format!("p{n}"), json!({"pattern": format!("^[a-z]{{900}}{n}$")})));
        assert!(problem(&json!({"properties": Map::from_iter(many)})).contains("all together"));
        for usual in [r"^[a-zA-Z0-9._-]{1,36}$", r"^[\p{L}\p{N} ._-]*$", r"^\d{4}-\d\d-\d\d$"] {
            assert!(Plan::of(&json!({"pattern": usual})).is_ok(), "{usual}");
        }
    }
}
