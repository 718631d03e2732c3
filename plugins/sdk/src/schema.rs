use std::collections::BTreeSet;

use crate::json_text::{Members, quoted};

/// What a value may be: a subset of JSON Schema 2020-12 that can be written as a constant.
#[derive(Clone, Copy, Debug)]
pub struct Schema {
    kind: Kind,
    min: Option<i64>,
    max: Option<i64>,
    pattern: Option<&'static str>,
    format: Option<&'static str>,
    default: Option<&'static str>,
    nullable: bool,
    open: bool,
}

#[derive(Clone, Copy, Debug)]
enum Kind {
    Any,
    Text,
    TextOrInteger,
    Integer,
    Number,
    Boolean,
    OneOf(&'static [&'static str]),
    List(&'static Schema),
    Object,
    ObjectOf(&'static [Property]),
    Shared(&'static Definition),
    Named(&'static str),
}

/// A schema with a name, which stands once in the manifest, under `$defs`, however often it is [`shared`]. It may have itself in
/// it, by [`named`]: a tree.
#[derive(Clone, Copy, Debug)]
pub struct Definition {
    name: &'static str,
    schema: Schema,
}

impl Definition {
    /// The name is of letters, digits, `-`, `_` and `.`, and no other definition has it.
    pub const fn new(name: &'static str, schema: Schema) -> Self {
        Self { name, schema }
    }
}

/// A member of an object.
#[derive(Clone, Copy, Debug)]
pub struct Property {
    /// Its name.
    pub name: &'static str,
    /// What it may be.
    pub schema: Schema,
    /// Whether the object cannot be without it.
    pub required: bool,
    /// One line.
    pub description: &'static str,
}

/// A member that the object cannot be without; [`Property::optional`] says otherwise.
pub const fn property(name: &'static str, schema: Schema) -> Property {
    Property { name, schema, required: true, description: "" }
}

impl Property {
    /// One line for people.
    pub const fn describe(mut self, description: &'static str) -> Self {
        self.description = description;
        self
    }

    /// The object may be without it.
    pub const fn optional(mut self) -> Self {
        self.required = false;
        self
    }
}

const fn of(kind: Kind) -> Schema {
    Schema { kind, min: None, max: None, pattern: None, format: None, default: None, nullable: false, open: false }
}

/// Any JSON.
pub const fn any() -> Schema {
    of(Kind::Any)
}

/// A text.
pub const fn text() -> Schema {
    of(Kind::Text)
}

/// A text or a whole number, each of which goes on as it is.
pub const fn text_or_integer() -> Schema {
    of(Kind::TextOrInteger)
}

/// A whole number.
pub const fn integer() -> Schema {
    of(Kind::Integer)
}

/// A number.
pub const fn number() -> Schema {
    of(Kind::Number)
}

/// True or false.
pub const fn boolean() -> Schema {
    of(Kind::Boolean)
}

/// One of these texts.
pub const fn one_of(choices: &'static [&'static str]) -> Schema {
    of(Kind::OneOf(choices))
}

/// A list.
pub const fn list(items: &'static Schema) -> Schema {
    of(Kind::List(items))
}

/// An object with any members.
pub const fn object() -> Schema {
    of(Kind::Object)
}

/// An object with these members and no others; [`Schema::open`] lets others in.
pub const fn object_of(properties: &'static [Property]) -> Schema {
    of(Kind::ObjectOf(properties))
}

/// What a definition says.
pub const fn shared(definition: &'static Definition) -> Schema {
    of(Kind::Shared(definition))
}

/// What the definition of this name says, from within that definition.
pub const fn named(definition: &'static str) -> Schema {
    of(Kind::Named(definition))
}

impl Schema {
    /// The least value of a number, the least length of a text (in characters) or a list.
    pub const fn at_least(mut self, min: i64) -> Self {
        self.min = Some(min);
        self
    }

    /// The greatest value of a number, the greatest length of a text (in characters) or a list.
    pub const fn at_most(mut self, max: i64) -> Self {
        self.max = Some(max);
        self
    }

    /// A regular expression (ECMA 262, without look-around and back-references) that a text matches.
    pub const fn matches(mut self, pattern: &'static str) -> Self {
        self.pattern = Some(pattern);
        self
    }

    /// A format of JSON Schema, such as `date-time`. It is told to callers, not checked.
    pub const fn format(mut self, format: &'static str) -> Self {
        self.format = Some(format);
        self
    }

    /// What the provider takes where nothing is given, as JSON. It is told to callers, not sent.
    pub const fn provider_default(mut self, json: &'static str) -> Self {
        self.default = Some(json);
        self
    }

    /// An object may have other members, too.
    pub const fn open(mut self) -> Self {
        self.open = true;
        self
    }

    /// Null is allowed as well.
    pub const fn or_null(mut self) -> Self {
        self.nullable = true;
        self
    }

    /// Whether it is an object, which a text is no place for by itself.
    pub(crate) const fn is_object(&self) -> bool {
        matches!(self.defined(), Kind::Object | Kind::ObjectOf(_))
    }

    /// Whether it is no object, whatever is given.
    pub(crate) const fn is_no_object(&self) -> bool {
        !matches!(self.defined(), Kind::Any | Kind::Shared(_) | Kind::Named(_)) && !self.is_object()
    }

    /// What it is, or what the definition is that it refers to.
    const fn defined(&self) -> Kind {
        match self.kind {
            Kind::Shared(definition) => definition.schema.kind,
            own => own,
        }
    }

    /// Whether it is a list of lists or objects.
    pub(crate) const fn is_nested_list(&self) -> bool {
        match self.defined() {
            Kind::List(items) => matches!(items.defined(), Kind::List(_) | Kind::Object | Kind::ObjectOf(_)),
            _ => false,
        }
    }

    /// The definitions that it refers to, and those that they refer to: each once, by its name and as it is written.
    pub(crate) fn add_definitions(self, found: &mut BTreeSet<(&'static str, String)>) {
        match self.kind {
            Kind::List(items) => items.add_definitions(found),
            Kind::ObjectOf(properties) => properties.iter().for_each(|p| p.schema.add_definitions(found)),
            Kind::Shared(Definition { name, schema }) => {
                let mut json = String::new();
                schema.write("", &mut json);
                if found.insert((name, json)) {
                    schema.add_definitions(found);
                }
            }
            _ => {}
        }
    }

    /// Writes it as JSON Schema. As text at once: a provider has thousands of them, and a plugin is asked for them often.
    pub(crate) fn write(self, description: &str, text: &mut String) {
        let mut object = Members::begin(text);
        self.write_type(&mut object);
        let (min, max) = match self.defined() {
            Kind::Text | Kind::TextOrInteger => ("minLength", "maxLength"),
            Kind::List(_) => ("minItems", "maxItems"),
            _ => ("minimum", "maximum"),
        };
        for (name, number) in [(min, self.min), (max, self.max)] {
            if let Some(number) = number {
                object.add(name, &number.to_string());
            }
        }
        for (name, words) in [("pattern", self.pattern), ("format", self.format)] {
            if let Some(words) = words {
                object.add_text(name, words);
            }
        }
        if let Some(json) = self.default {
            object.add("default", json);
        }
        if !description.is_empty() {
            object.add_text("description", description);
        }
        object.end();
    }

    fn write_type(self, object: &mut Members<'_>) {
        let types: &[&str] = match self.kind {
            Kind::Any => return,
            Kind::Shared(&Definition { name, .. }) | Kind::Named(name) => {
                let reference = quoted(&format!("#/$defs/{name}"));
                return match self.nullable {
                    false => object.add("$ref", &reference),
                    true => object.add("anyOf", &format!(r#"[{{"$ref":{reference}}},{{"type":"null"}}]"#)),
                };
            }
            Kind::Text | Kind::OneOf(_) => &["string"],
            Kind::TextOrInteger => &["string", "integer"],
            Kind::Integer => &["integer"],
            Kind::Number => &["number"],
            Kind::Boolean => &["boolean"],
            Kind::List(_) => &["array"],
            Kind::Object | Kind::ObjectOf(_) => &["object"],
        };
        match types {
            [only] if !self.nullable => object.add_text("type", only),
            several => {
                let null = self.nullable.then_some("null");
                let names: Vec<String> = several.iter().copied().chain(null).map(quoted).collect();
                object.add("type", &format!("[{}]", names.join(",")));
            }
        }
        match self.kind {
            Kind::OneOf(choices) => {
                let null = self.nullable.then(|| "null".to_owned());
                let choices: Vec<String> = choices.iter().map(|choice| quoted(choice)).chain(null).collect();
                object.add("enum", &format!("[{}]", choices.join(",")));
            }
            Kind::List(items) => items.write("", object.value("items")),
            Kind::ObjectOf(properties) => {
                let members = properties.iter().map(|p| (p.name, p.required, p.schema, p.description));
                write_members(members, self.open, object);
            }
            _ => {}
        }
    }
}

/// The JSON Schema of an object with these members and no others: name, whether it is required, schema, description.
pub(crate) fn closed_object(members: impl Iterator<Item = (&'static str, bool, Schema, &'static str)>) -> String {
    let mut text = String::new();
    let mut object = Members::begin(&mut text);
    object.add_text("type", "object");
    write_members(members, false, &mut object);
    object.end();
    text
}

fn write_members(
    members: impl Iterator<Item = (&'static str, bool, Schema, &'static str)>,
    open: bool,
    object: &mut Members<'_>,
) {
    let mut required = Vec::new();
    let mut properties = Members::begin(object.value("properties"));
    for (name, is_required, schema, description) in members {
        if is_required {
            required.push(quoted(name));
        }
        schema.write(description, properties.value(name));
    }
    properties.end();
    if !required.is_empty() {
        object.add("required", &format!("[{}]", required.join(",")));
    }
    if !open {
        object.add("additionalProperties", "false");
    }
}

#[cfg(test)]
mod tests {
    use serde_json::{Value, json};

    use super::*;

    const NODE: Definition =
        Definition::new("node", object_of(&[property("children", list(&named("node"))).optional()]));

    #[test]
    fn a_definition_that_has_itself_in_it_is_written_once() {
        let mut found = BTreeSet::new();
        object_of(const { &[property("a", shared(&NODE)), property("b", shared(&NODE))] }).add_definitions(&mut found);
        let node = r##"{"type":"object","properties":{"children":{"type":"array","items":{"$ref":"#/$defs/node"}}},"additionalProperties":false}"##;
        assert_eq!(found, BTreeSet::from([("node", node.to_owned())]));
    }

    #[test]
    fn schemas_are_json_schema() {
        const ITEM: Schema = text().at_most(9);
        const MEMBERS: [Property; 2] =
            [property("a", integer()).describe("One \"a\"."), property("b", object()).optional()];
        for (schema, expected) in [
            (text().at_least(1).matches("^a"), json!({"type": "string", "minLength": 1, "pattern": "^a"})),
            (integer().at_least(1).provider_default("25"), json!({"type": "integer", "minimum": 1, "default": 25})),
            (text_or_integer().at_least(1), json!({"type": ["string", "integer"], "minLength": 1})),
            (text_or_integer().or_null(), json!({"type": ["string", "integer", "null"]})),
            (one_of(&["a", "b"]).or_null(), json!({"type": ["string", "null"], "enum": ["a", "b", null]})),
            (
                list(&ITEM).at_most(2),
                json!({"type": "array", "items": {"type": "string", "maxLength": 9}, "maxItems": 2}),
            ),
            (any(), json!({})),
            (text().matches("^\"\\\\\n$").or_null(), json!({"type": ["string", "null"], "pattern": "^\"\\\\\n$"})),
            (
                object_of(&MEMBERS),
                json!({
                    "type": "object",
                    "properties": {"a": {"type": "integer", "description": "One \"a\"."}, "b": {"type": "object"}},
                    "required": ["a"],
                    "additionalProperties": false,
                }),
            ),
            (shared(&NODE), json!({"$ref": "#/$defs/node"})),
            (shared(&NODE).or_null(), json!({"anyOf": [{"$ref": "#/$defs/node"}, {"type": "null"}]})),
            (object_of(&[]).open(), json!({"type": "object", "properties": {}})),
        ] {
            let mut text = String::new();
            schema.write("", &mut text);
            let written: Value = serde_json::from_str(&text).unwrap();
            assert_eq!(written, expected, "{text}");
        }
    }
}
