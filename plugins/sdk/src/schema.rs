use serde_json::{Map, Value, json};

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
    Integer,
    Number,
    Boolean,
    OneOf(&'static [&'static str]),
    List(&'static Schema),
    Object,
    ObjectOf(&'static [Property]),
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

    /// As JSON Schema.
    pub(crate) fn to_json(self, description: &str) -> Value {
        let mut schema = Map::new();
        self.write_type(&mut schema);
        let (min, max) = match self.kind {
            Kind::Text => ("minLength", "maxLength"),
            Kind::List(_) => ("minItems", "maxItems"),
            _ => ("minimum", "maximum"),
        };
        let members = [
            (min, self.min.map(Value::from)),
            (max, self.max.map(Value::from)),
            ("pattern", self.pattern.map(Value::from)),
            ("format", self.format.map(Value::from)),
            ("default", self.default.and_then(|text| serde_json::from_str(text).ok())),
            ("description", (!description.is_empty()).then(|| Value::from(description))),
        ];
        schema.extend(members.into_iter().filter_map(|(name, value)| Some((name.to_owned(), value?))));
        Value::Object(schema)
    }

    fn write_type(self, schema: &mut Map<String, Value>) {
        let name = match self.kind {
            Kind::Any => return,
            Kind::Text | Kind::OneOf(_) => "string",
            Kind::Integer => "integer",
            Kind::Number => "number",
            Kind::Boolean => "boolean",
            Kind::List(_) => "array",
            Kind::Object | Kind::ObjectOf(_) => "object",
        };
        let types = if self.nullable { json!([name, "null"]) } else { json!(name) };
        schema.insert("type".to_owned(), types);
        match self.kind {
            Kind::OneOf(choices) => {
                let null = self.nullable.then_some(Value::Null);
                schema.insert("enum".to_owned(), choices.iter().map(|c| Value::from(*c)).chain(null).collect());
            }
            Kind::List(items) => {
                schema.insert("items".to_owned(), items.to_json(""));
            }
            Kind::ObjectOf(properties) => {
                let closed =
                    object_schema(properties.iter().map(|p| (p.name, p.required, p.schema.to_json(p.description))));
                schema.extend(closed);
                if self.open {
                    schema.shift_remove("additionalProperties");
                }
            }
            _ => {}
        }
    }
}

/// The members of a closed object's schema, its type left out.
pub(crate) fn object_schema(properties: impl Iterator<Item = (&'static str, bool, Value)>) -> Map<String, Value> {
    let mut required = Vec::new();
    let mut members = Map::new();
    for (name, is_required, schema) in properties {
        if is_required {
            required.push(Value::from(name));
        }
        members.insert(name.to_owned(), schema);
    }
    let mut object = Map::new();
    object.insert("properties".to_owned(), Value::Object(members));
    if !required.is_empty() {
        object.insert("required".to_owned(), Value::Array(required));
    }
    object.insert("additionalProperties".to_owned(), Value::Bool(false));
    object
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn schemas_are_json_schema() {
        const ITEM: Schema = text().at_most(9);
        for (schema, expected) in [
            (text().at_least(1).matches("^a"), json!({"type": "string", "minLength": 1, "pattern": "^a"})),
            (integer().at_least(1).provider_default("25"), json!({"type": "integer", "minimum": 1, "default": 25})),
            (one_of(&["a", "b"]).or_null(), json!({"type": ["string", "null"], "enum": ["a", "b", null]})),
            (
                list(&ITEM).at_most(2),
                json!({"type": "array", "items": {"type": "string", "maxLength": 9}, "maxItems": 2}),
            ),
            (any(), json!({})),
        ] {
            assert_eq!(schema.to_json(""), expected);
        }
    }
}
