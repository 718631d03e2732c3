//! The keywords of one schema: those of 2020-12 as they are, those of other dialects as what they mean, and no others.

use indexmap::IndexSet;
use serde_json::{Map, Number, Value};

use super::Converter;
use super::values::{differ_by_format, fitting, is_clean_value, known_type, type_of, weight, whole};
use crate::import::texts::{beginning, is_clean, shown};

/// Letters of a description that are kept.
const LONGEST_TEXT: usize = 1_000;

/// What says nothing of a value, and is kept for people and for whoever writes inputs.
const ANNOTATIONS: [&str; 7] =
    ["description", "default", "readOnly", "writeOnly", "deprecated", "contentEncoding", "contentMediaType"];

/// Values of an `enum`: more take longer to read than to check.
const MOST_CHOICES: usize = 5_000;

/// Members of an object: of more every check takes long.
const MOST_MEMBERS: usize = 10_000;

impl<'d> Converter<'_, 'd, '_> {
    /// What is made of the keywords; of one that stands beside a reference that stands for itself, only what people read.
    pub(super) fn keywords(&mut self, keywords: &'d Map<String, Value>, only_annotations: bool) -> Map<String, Value> {
        let mut made = Map::new();
        for (keyword, value) in keywords {
            if !only_annotations || ANNOTATIONS.contains(&keyword.as_str()) {
                self.below(keyword, |this| this.keyword(keyword, value, keywords, &mut made));
            }
        }
        if keywords.get("type").and_then(Value::as_str) == Some("file") {
            made.insert("format".to_owned(), Value::from("binary"));
        }
        require(keywords, &mut made);
        self.repair(&mut made);
        // Which alternative it is says a member, which not every one of them is held to.
        if keywords.contains_key("discriminator") && !made.contains_key("anyOf") {
            let all = made.shift_remove("oneOf");
            made.extend(all.map(|all| ("anyOf".to_owned(), all)));
        }
        made
    }

    fn keyword(&mut self, keyword: &str, value: &'d Value, all: &'d Map<String, Value>, made: &mut Map<String, Value>) {
        let said = match keyword {
            "type" => self.types(value).map(|types| whole_by_format(types, all.get("format"))),
            "format" => value.as_str().filter(|format| format.len() <= 60 && is_clean(format)).map(Value::from),
            "enum" => self.choices(value, all),
            "const" => self.constant(value),
            "multipleOf" => self.number(value).filter(|step| step.as_f64().is_some_and(|step| step > 0.0)),
            "maximum" | "minimum" => self.bound(keyword, value, all),
            "exclusiveMaximum" | "exclusiveMinimum" => return self.exclusive(keyword, value, all, made),
            "maxLength" | "minLength" | "maxItems" | "minItems" | "maxProperties" | "minProperties" | "minContains"
            | "maxContains" => self.count(value),
            "uniqueItems" => value.as_bool().filter(|unique| *unique).map(Value::from),
            "pattern" => self.pattern(value),
            "required" => self.names(value),
            "patternProperties" => self.patterned(value),
            "properties" | "dependentSchemas" => self.map(value),
            "dependentRequired" => self.dependent(value),
            "dependencies" => return self.dependencies(value, made),
            "additionalProperties"
            | "propertyNames"
            | "not"
            | "if"
            | "then"
            | "else"
            | "contains"
            | "unevaluatedProperties"
            | "unevaluatedItems" => Some(self.schema(value)),
            // Before 2020-12 a list of schemas was one for each entry, and `additionalItems` those after them.
            "items" if value.is_array() => {
                made.extend(self.list(value).map(|list| ("prefixItems".to_owned(), list)));
                let rest = all.get("additionalItems").map(|rest| self.schema(rest));
                made.extend(rest.map(|rest| ("items".to_owned(), rest)));
                return;
            }
            "items" => Some(self.schema(value)),
            "prefixItems" | "allOf" | "anyOf" | "oneOf" => self.list(value),
            "description" => value.as_str().and_then(|text| self.description(text)),
            "default" => self.default(value, all),
            "contentEncoding" | "contentMediaType" => value.as_str().filter(|text| is_clean(text)).map(Value::from),
            "readOnly" | "writeOnly" | "deprecated" => value.as_bool().filter(|says| *says).map(Value::from),
            _ => None,
        };
        if let Some(said) = said {
            made.insert(keyword.to_owned(), said);
        }
    }

    /// A keyword that has not the form that it needs says nothing.
    fn unclear<T>(&mut self, value: &Value) -> Option<T> {
        let keyword = self.pointer.rsplit('/').next().unwrap_or_default().to_owned();
        let written: String = value.to_string().chars().take(40).collect();
        self.relaxed("schema-keyword", format!("`{keyword}` cannot be {}; it is not held to it", shown(&written)));
        None
    }

    fn types(&mut self, value: &Value) -> Option<Value> {
        self.spend(weight(value))?;
        let names: Vec<&str> = match value {
            Value::String(name) => name.split([',', '|']).map(str::trim).collect(),
            Value::Array(names) => names.iter().filter_map(Value::as_str).collect(),
            _ => return self.unclear(value),
        };
        let mut types: Vec<&'static str> = Vec::new();
        for name in names {
            match known_type(name) {
                Some("") => return None,
                Some(known) if types.contains(&known) => {}
                Some(known) => types.push(known),
                None => return self.unclear(value),
            }
        }
        match types.as_slice() {
            [] => None,
            [one] => Some(Value::from(*one)),
            several => Some(Value::from(several.to_vec())),
        }
    }

    /// The values that are allowed, as the type has them: `[1, 2]` of a text are `["1", "2"]`.
    fn choices(&mut self, value: &Value, all: &Map<String, Value>) -> Option<Value> {
        let Value::Array(choices) = value else { return self.unclear(value) };
        self.spend(weight(value))?;
        if choices.is_empty() {
            return self.unclear(value);
        }
        if choices.len() > MOST_CHOICES {
            self.relaxed("schema-enum", format!("it has more than {MOST_CHOICES} values; any value is accepted"));
            return None;
        }
        let of_type = type_of(all);
        let made: Vec<Value> = choices.iter().filter_map(|choice| fitting(choice, of_type)).collect();
        if !made.iter().all(is_clean_value) {
            let text =
                "one of its values has a line break or a character that is not shown as itself; any value is accepted";
            self.relaxed("schema-text", text);
            return None;
        }
        if made.is_empty() { self.unclear(value) } else { Some(Value::Array(made)) }
    }

    fn constant(&mut self, value: &Value) -> Option<Value> {
        self.spend(weight(value))?;
        if is_clean_value(value) {
            return Some(value.clone());
        }
        let text = "its value has a line break or a character that is not shown as itself; any value is accepted";
        self.relaxed("schema-text", text);
        None
    }

    /// What holds where nothing is given, as the type has it.
    fn default(&mut self, value: &Value, all: &Map<String, Value>) -> Option<Value> {
        self.spend(weight(value))?;
        fitting(value, type_of(all)).filter(is_clean_value)
    }

    fn description(&mut self, text: &str) -> Option<Value> {
        let text = beginning(text, LONGEST_TEXT);
        self.spend(text.len() / 64)?;
        Some(Value::String(text))
    }

    fn number(&mut self, value: &Value) -> Option<Value> {
        let number = match value {
            Value::Number(number) => Some(number.clone()),
            Value::String(text) => text.trim().parse::<Number>().ok(),
            _ => None,
        };
        match number {
            Some(number) => Some(Value::Number(number)),
            None => self.unclear(value),
        }
    }

    /// A bound that another keyword makes exclusive stands there (OpenAPI 3.0).
    fn bound(&mut self, keyword: &str, value: &Value, all: &Map<String, Value>) -> Option<Value> {
        let exclusive = if keyword == "maximum" { "exclusiveMaximum" } else { "exclusiveMinimum" };
        let number = self.number(value)?;
        (all.get(exclusive) != Some(&Value::Bool(true))).then_some(number)
    }

    fn exclusive(&mut self, keyword: &str, value: &Value, all: &Map<String, Value>, made: &mut Map<String, Value>) {
        let bound = if keyword == "exclusiveMaximum" { "maximum" } else { "minimum" };
        let number = match value {
            Value::Bool(true) => all.get(bound).and_then(|bound| self.number(bound)),
            Value::Bool(false) => None,
            other => self.number(other),
        };
        made.extend(number.map(|number| (keyword.to_owned(), number)));
    }

    fn count(&mut self, value: &Value) -> Option<Value> {
        let count = match self.number(value)? {
            Value::Number(number) => number.as_u64().or_else(|| whole(number.as_f64()?)),
            _ => None,
        };
        match count {
            Some(count) => Some(Value::from(count)),
            None => self.unclear(value),
        }
    }

    fn pattern(&mut self, value: &Value) -> Option<Value> {
        let Value::String(pattern) = value else { return self.unclear(value) };
        self.usable(pattern).map(Value::from)
    }

    /// A pattern that can be used. One that was written as `/^a$/` is without the strokes, which belong to some languages.
    fn usable(&mut self, pattern: &str) -> Option<String> {
        let bare =
            pattern.strip_prefix("/^").and_then(|rest| rest.strip_suffix("$/")).map(|inner| format!("^{inner}$"));
        let pattern = bare.unwrap_or_else(|| pattern.to_owned());
        self.spend(1 + pattern.len() / 64)?;
        if !is_clean(&pattern) {
            self.relaxed(
                "schema-text",
                "its pattern has a character that is not shown as itself; it is not held to it",
            );
            return None;
        }
        match self.schemas.patterns.check(&pattern) {
            Ok(()) => Some(pattern),
            Err(problem) => {
                self.relaxed("schema-pattern", format!("it {problem}; it is not held to it"));
                None
            }
        }
    }

    /// The names of members, each once. Of a member itself `true` says that it is required.
    fn names(&mut self, value: &Value) -> Option<Value> {
        if value.is_boolean() {
            return None;
        }
        let Value::Array(names) = value else { return self.unclear(value) };
        self.spend(weight(value))?;
        let mut made: Vec<&str> = Vec::new();
        let mut known = std::collections::HashSet::new();
        for name in names {
            let Value::String(name) = name else { return self.unclear(value) };
            if is_clean(name) && known.insert(name) {
                made.push(name);
            }
        }
        (!made.is_empty()).then(|| Value::from(made))
    }

    fn map(&mut self, value: &'d Value) -> Option<Value> {
        let Value::Object(members) = value else { return self.unclear(value) };
        if members.len() > MOST_MEMBERS {
            let text = format!("it has more than {MOST_MEMBERS} members; they are not held to what is said of each");
            self.relaxed("schema-members", text);
            return None;
        }
        let mut made = Map::new();
        for (name, schema) in members {
            self.spend(name.len() / 64)?;
            if is_clean(name) {
                let schema = self.below(name, |this| this.schema(schema));
                made.insert(name.clone(), schema);
            } else {
                let text =
                    format!("the member `{}` has a name that is not shown as itself, and is left out", shown(name));
                self.tell(crate::import::report::Outcome::Lost, "schema-name", text);
            }
        }
        Some(Value::Object(made))
    }

    fn patterned(&mut self, value: &'d Value) -> Option<Value> {
        let Value::Object(members) = value else { return self.unclear(value) };
        let mut made = Map::new();
        for (pattern, schema) in members {
            if let Some(usable) = self.usable(pattern) {
                let schema = self.below(pattern, |this| this.schema(schema));
                made.insert(usable, schema);
            }
        }
        (made.len() == members.len()).then_some(Value::Object(made))
    }

    fn dependent(&mut self, value: &Value) -> Option<Value> {
        let Value::Object(members) = value else { return self.unclear(value) };
        let mut made = Map::new();
        for (name, names) in members {
            if let Some(names) = self.names(names).filter(|_| is_clean(name)) {
                made.insert(name.clone(), names);
            }
        }
        Some(Value::Object(made))
    }

    /// Before 2019 one keyword said both.
    fn dependencies(&mut self, value: &'d Value, made: &mut Map<String, Value>) {
        let (mut names, mut schemas) = (Map::new(), Map::new());
        for (name, needed) in value.as_object().into_iter().flatten().filter(|(name, _)| is_clean(name)) {
            if needed.is_array() {
                names.extend(self.names(needed).map(|needed| (name.clone(), needed)));
            } else {
                let schema = self.below(name, |this| this.schema(needed));
                schemas.insert(name.clone(), schema);
            }
        }
        for (keyword, map) in [("dependentRequired", names), ("dependentSchemas", schemas)] {
            if !map.is_empty() {
                made.insert(keyword.to_owned(), Value::Object(map));
            }
        }
    }

    fn list(&mut self, value: &'d Value) -> Option<Value> {
        let Value::Array(entries) = value else { return self.unclear(value) };
        let mut made = Vec::new();
        for (number, entry) in entries.iter().enumerate() {
            made.push(self.below(&number.to_string(), |this| this.schema(entry)));
        }
        (!made.is_empty()).then_some(Value::Array(made))
    }

    /// What holds of several keywords together.
    fn repair(&mut self, made: &mut Map<String, Value>) {
        const APPLICATORS: [&str; 7] = ["$ref", "allOf", "anyOf", "oneOf", "not", "if", "dependentSchemas"];
        let applicators = APPLICATORS.iter().filter(|name| made.contains_key(**name)).count();
        for keyword in ["unevaluatedProperties", "unevaluatedItems"] {
            if applicators > 1 && made.shift_remove(keyword).is_some() {
                let text =
                    format!("`{keyword}` stands beside several of `allOf`, `anyOf` and the like; it is not held to it");
                self.relaxed("schema-unevaluated", text);
            }
        }
        // `format` is not held to, so texts that differ by it alone are the same, and a value would be of both.
        let is_ambiguous = made.get("oneOf").and_then(Value::as_array).is_some_and(|all| differ_by_format(all));
        if is_ambiguous
            && !made.contains_key("anyOf")
            && let Some(all) = made.shift_remove("oneOf")
        {
            made.insert("anyOf".to_owned(), all);
        }
    }
}

/// Requires the members that say `required: true` of themselves, as was done long ago.
fn require(keywords: &Map<String, Value>, made: &mut Map<String, Value>) {
    let members = keywords.get("properties").and_then(Value::as_object).into_iter().flatten();
    let own = members.filter(|(name, of)| of.get("required") == Some(&Value::Bool(true)) && is_clean(name));
    let own: Vec<&str> = own.map(|(name, _)| name.as_str()).collect();
    if own.is_empty() {
        return;
    }
    let said = made.get("required").and_then(Value::as_array).into_iter().flatten().filter_map(Value::as_str);
    let all: IndexSet<&str> = said.chain(own).collect();
    let all: Vec<Value> = all.into_iter().map(Value::from).collect();
    made.insert("required".to_owned(), Value::Array(all));
}

/// `number` with the format of whole numbers, as some generators write it.
fn whole_by_format(types: Value, format: Option<&Value>) -> Value {
    let is_whole = types == "number" && matches!(format.and_then(Value::as_str), Some("int32" | "int64"));
    if is_whole { Value::from("integer") } else { types }
}
