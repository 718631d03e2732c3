//! JSON Schemas of all dialects that descriptions use, as those of 2020-12 that a manifest takes.
//!
//! What a schema refers to becomes a definition of the API, `#/$defs/NAME`, when it is referred to for the first time. So recursion
//! stays what it is, and nothing is written out twice.

use std::collections::{BTreeMap, HashMap, VecDeque};

use indexmap::IndexMap;
use serde_json::{Map, Value, json};

use super::at::{At, place};
use crate::import::model::{Operation, Place};
use crate::import::report::{Outcome, Teller};
use crate::import::source::{Documents, escaped};

mod circles;
mod keywords;
mod patterns;
mod values;

use patterns::Patterns;

/// What all schemas are made of, together, in values: some hundreds of bytes each.
const MOST_VALUES: usize = 500_000;

/// What a definition takes, beside the values in it.
const DEFINITION: usize = 3;

/// Schemas within schemas. What is deeper becomes a definition, as a manifest is only so deep.
const DEEPEST: usize = 10;

/// The longest name of a definition.
const LONGEST_NAME: usize = 100;

/// How schemas of a notation refer to each other, and what stands beside a reference.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(super) enum Dialect {
    /// OpenAPI 3.0 and Swagger 2.0: a reference stands for itself, but for what people read of it.
    Alone,
    /// OpenAPI 3.1: what stands beside a reference holds too.
    Beside,
    /// Google's: a reference is the name of a schema.
    Names,
}

/// Something of a schema that could not stay as it is described.
#[derive(Clone, Debug, PartialEq, Eq)]
pub(super) struct Problem {
    pub(super) outcome: Outcome,
    pub(super) place: Place,
    pub(super) rule: &'static str,
    pub(super) text: String,
}

/// By their rules, the first of each.
pub(super) type Problems = BTreeMap<&'static str, Problem>;

/// All schemas of an API.
pub(super) struct Schemas<'d> {
    documents: &'d Documents,
    dialect: Dialect,
    /// By their places.
    names: HashMap<(usize, String), String>,
    /// How often each was wanted.
    taken: HashMap<String, usize>,
    waiting: VecDeque<(String, At<'d>)>,
    done: IndexMap<String, Value>,
    problems: HashMap<String, Problems>,
    patterns: Patterns,
    /// How many values may still be made.
    left: usize,
}

/// All definitions, and what is to be told of each, and of those that it refers to.
pub(super) struct Definitions {
    pub(super) schemas: IndexMap<String, Value>,
    problems: HashMap<String, Problems>,
}

impl<'d> Schemas<'d> {
    pub(super) fn new(documents: &'d Documents, dialect: Dialect) -> Self {
        Self {
            documents,
            dialect,
            names: HashMap::new(),
            taken: HashMap::new(),
            waiting: VecDeque::new(),
            done: IndexMap::new(),
            problems: HashMap::new(),
            patterns: Patterns::default(),
            left: MOST_VALUES,
        }
    }

    /// Whether there was more than can be taken.
    pub(super) fn is_too_much(&self) -> bool {
        self.left == 0
    }

    /// The schema at a place.
    pub(super) fn of(&mut self, at: &At<'d>, problems: &mut Problems) -> Value {
        let mut converter =
            Converter { schemas: self, document: at.document, pointer: at.pointer.clone(), problems, depth: 0 };
        converter.schema(at.value)
    }

    /// Reads what was referred to, and what that refers to.
    pub(super) fn finish(mut self) -> Option<Definitions> {
        while let Some((name, at)) = self.waiting.pop_front() {
            let mut problems = Problems::new();
            let schema = self.of(&at, &mut problems);
            if !problems.is_empty() {
                self.problems.insert(name.clone(), problems);
            }
            self.done.insert(name, schema);
            if self.is_too_much() {
                return None;
            }
        }
        for (name, place) in circles::opened(&mut self.done) {
            let text = "it refers to itself and tries the same value again, without end; it is not held to that";
            let problem = Problem { outcome: Outcome::Relaxed, place, rule: "schema-circle", text: text.to_owned() };
            self.problems.entry(name).or_default().entry(problem.rule).or_insert(problem);
        }
        let mut definitions = Definitions { schemas: self.done, problems: self.problems };
        definitions.share_problems();
        Some(definitions)
    }

    /// The name of what stands at a place, which becomes a definition.
    fn name_of(&mut self, at: At<'d>) -> String {
        let place = (at.document, at.pointer.clone());
        if let Some(known) = self.names.get(&place) {
            return known.clone();
        }
        let wanted = name_for(self.documents, &at);
        let mut name = wanted.clone();
        while self.taken.contains_key(&name) {
            let times = self.taken.entry(wanted.clone()).or_insert(1);
            *times += 1;
            name = format!("{wanted}-{times}");
        }
        self.taken.insert(name.clone(), 1);
        self.left = self.left.saturating_sub(DEFINITION);
        self.names.insert(place, name.clone());
        self.waiting.push_back((name.clone(), at));
        name
    }
}

impl Definitions {
    /// Tells what became of the schemas of an operation's input, and of what they refer to, now that all are known.
    pub(super) fn tell(&self, operation: &Operation, mut problems: Problems, teller: &mut Teller<'_>) {
        let bodies =
            operation.body.iter().flat_map(|body| &body.contents).filter_map(|content| content.schema.as_ref());
        for schema in operation.parameters.iter().map(|parameter| &parameter.schema).chain(bodies) {
            each_reference(schema, &mut |name| {
                for (rule, problem) in self.problems.get(name).into_iter().flatten() {
                    problems.entry(rule).or_insert_with(|| problem.clone());
                }
            });
        }
        for Problem { outcome, place, rule, text } in problems.into_values() {
            match outcome {
                Outcome::Lost => teller.lost(&place, rule, text),
                _ => teller.relaxed(&place, rule, text),
            }
        }
    }

    /// Gives each definition the problems of those that it refers to.
    fn share_problems(&mut self) {
        let mut users: HashMap<&str, Vec<&str>> = HashMap::new();
        for (name, schema) in &self.schemas {
            each_reference(schema, &mut |target| users.entry(target).or_default().push(name));
        }
        let mut open: Vec<(String, Problem)> = Vec::new();
        for (name, problems) in &self.problems {
            open.extend(problems.values().map(|problem| (name.clone(), problem.clone())));
        }
        while let Some((name, problem)) = open.pop() {
            for user in users.get(name.as_str()).into_iter().flatten() {
                let known = self.problems.entry((*user).to_owned()).or_default();
                if !known.contains_key(problem.rule) {
                    known.insert(problem.rule, problem.clone());
                    open.push(((*user).to_owned(), problem.clone()));
                }
            }
        }
    }
}

/// Calls with the name of each definition that a schema refers to.
pub(super) fn each_reference<'v>(schema: &'v Value, call: &mut impl FnMut(&'v str)) {
    match schema {
        Value::Object(members) => {
            for (keyword, value) in members {
                match value {
                    Value::String(target) if keyword == "$ref" => {
                        if let Some(name) = target.strip_prefix("#/$defs/") {
                            call(name);
                        }
                    }
                    _ if matches!(keyword.as_str(), "enum" | "const" | "default") => {}
                    value => each_reference(value, call),
                }
            }
        }
        Value::Array(entries) => entries.iter().for_each(|entry| each_reference(entry, call)),
        _ => {}
    }
}

/// A name for what stands at a place: the last step of `/components/schemas/Order`, of others two, of a whole file its name.
fn name_for(documents: &Documents, at: &At<'_>) -> String {
    let steps: Vec<String> =
        at.pointer.split('/').skip(1).map(|step| step.replace("~1", "/").replace("~0", "~")).collect();
    let named = match steps.as_slice() {
        [] => {
            let file = documents.file(at.document).map_or("", |document| document.name.as_str());
            file.rsplit('/').next().unwrap_or_default().split('.').next().unwrap_or_default().to_owned()
        }
        [home, name] if matches!(home.as_str(), "definitions" | "schemas" | "$defs") => name.clone(),
        [home, kind, name] if home == "components" && kind == "schemas" => name.clone(),
        [home, kind, name, rest @ ..] if home == "components" && kind == "schemas" => {
            let rest: Vec<&str> = rest.iter().map(String::as_str).filter(|step| *step != "properties").collect();
            format!("{name}.{}", rest.join("."))
        }
        steps => steps.iter().skip(1).map(String::as_str).collect::<Vec<_>>().join("."),
    };
    let plain = |c: char| if c.is_ascii_alphanumeric() || matches!(c, '-' | '_' | '.') { c } else { '_' };
    let mut clean: String = named.chars().map(plain).collect();
    while clean.contains("__") && !named.contains("__") {
        clean = clean.replace("__", "_");
    }
    // The end says more of a long one.
    let clean: String = clean.chars().skip(clean.len().saturating_sub(LONGEST_NAME)).collect();
    let clean = clean.trim_matches(|c| matches!(c, '_' | '.' | '-'));
    if clean.is_empty() { "schema".to_owned() } else { clean.to_owned() }
}

/// Makes one schema.
struct Converter<'s, 'd, 'p> {
    schemas: &'s mut Schemas<'d>,
    document: usize,
    pointer: String,
    problems: &'p mut Problems,
    depth: usize,
}

impl<'d> Converter<'_, 'd, '_> {
    fn tell(&mut self, outcome: Outcome, rule: &'static str, text: String) {
        if self.problems.contains_key(rule) {
            return;
        }
        let place = place(self.schemas.documents, self.document, &self.pointer);
        self.problems.insert(rule, Problem { outcome, place, rule, text });
    }

    fn relaxed(&mut self, rule: &'static str, text: impl Into<String>) {
        self.tell(Outcome::Relaxed, rule, text.into());
    }

    /// Does something with what stands below, and has its place meanwhile.
    fn below<T>(&mut self, step: &str, run: impl FnOnce(&mut Self) -> T) -> T {
        let length = self.pointer.len();
        self.pointer.push('/');
        self.pointer.push_str(&escaped(step));
        let made = run(self);
        self.pointer.truncate(length);
        made
    }

    /// Counts what is made. None where it is too much.
    fn spend(&mut self, values: usize) -> Option<()> {
        self.schemas.left = self.schemas.left.saturating_sub(values);
        (!self.schemas.is_too_much()).then_some(())
    }

    fn schema(&mut self, value: &'d Value) -> Value {
        match value {
            Value::Bool(truth) => Value::Bool(*truth),
            Value::Object(keywords) if self.depth >= DEEPEST && !keywords.contains_key("$ref") && nests(keywords) => {
                let at = At::found(self.schemas.documents, self.document, self.pointer.clone(), value);
                let name = self.schemas.name_of(at);
                json!({"$ref": format!("#/$defs/{name}")})
            }
            Value::Object(keywords) => {
                if self.spend(1).is_none() {
                    return Value::Bool(true);
                }
                self.depth += 1;
                let made = self.object(keywords);
                self.depth -= 1;
                made
            }
            // Nothing was written, as in `name:` of YAML.
            Value::Null => Value::Object(Map::new()),
            _ => {
                self.relaxed("schema-form", "a schema is a mapping; this one is none, and anything is accepted");
                Value::Object(Map::new())
            }
        }
    }

    fn object(&mut self, keywords: &'d Map<String, Value>) -> Value {
        let reference = keywords.get("$ref").and_then(Value::as_str);
        let Some(reference) = reference else {
            let mut made = self.keywords(keywords, false);
            if let Some(Value::String(dynamic)) = keywords.get("$dynamicRef").or(keywords.get("$recursiveRef")) {
                self.refer(dynamic, &mut made);
            }
            return nullable(keywords, made);
        };
        let mut made = self.keywords(keywords, self.schemas.dialect != Dialect::Beside);
        self.refer(reference, &mut made);
        nullable(keywords, made)
    }

    /// Adds a reference to what is made of the keywords beside it.
    fn refer(&mut self, reference: &str, made: &mut Map<String, Value>) {
        let here = At::found(self.schemas.documents, self.document, self.pointer.clone(), &Value::Null);
        let named = match self.schemas.dialect {
            Dialect::Names => format!("#/schemas/{}", escaped(reference)),
            _ => reference.to_owned(),
        };
        match here.referred(&named) {
            Ok(at) => {
                let name = self.schemas.name_of(at);
                // In front, where people look for it.
                let beside = std::mem::take(made);
                made.insert("$ref".to_owned(), Value::String(format!("#/$defs/{name}")));
                made.extend(beside);
            }
            Err(problem) => self.relaxed("schema-reference", format!("{problem}; anything is accepted there")),
        }
    }
}

/// Whether there are schemas in one.
fn nests(keywords: &Map<String, Value>) -> bool {
    keywords
        .values()
        .any(|value| value.is_object() || value.as_array().is_some_and(|all| all.iter().any(Value::is_object)))
}

/// A schema that allows null too where the description says so in the way of OpenAPI 3.0.
fn nullable(keywords: &Map<String, Value>, mut made: Map<String, Value>) -> Value {
    let says = |name: &str| keywords.get(name) == Some(&Value::Bool(true));
    if !says("nullable") && !says("x-nullable") {
        return Value::Object(made);
    }
    // One of `oneOf` may allow null already, and two would be too many.
    if ["$ref", "allOf", "anyOf", "oneOf", "not", "if"].iter().any(|name| made.contains_key(*name)) {
        let mut around = Map::new();
        for name in ["description", "default", "deprecated", "readOnly", "writeOnly"] {
            around.extend(made.shift_remove_entry(name));
        }
        around.insert("anyOf".to_owned(), json!([made, {"type": "null"}]));
        return Value::Object(around);
    }
    match made.get_mut("type") {
        Some(Value::Array(types)) if !types.contains(&Value::from("null")) => types.push(Value::from("null")),
        Some(Value::String(one)) if one != "null" => {
            let one = std::mem::take(one);
            made.insert("type".to_owned(), json!([one, "null"]));
        }
        _ => {}
    }
    if let Some(Value::Array(choices)) =
        made.get_mut("enum").filter(|choices| !choices.as_array().is_some_and(|all| all.contains(&Value::Null)))
    {
        choices.push(Value::Null);
    }
    if let Some(only) = made.get("const").filter(|only| !only.is_null()).cloned() {
        made.shift_remove("const");
        made.insert("enum".to_owned(), Value::Array(vec![only, Value::Null]));
    }
    Value::Object(made)
}
