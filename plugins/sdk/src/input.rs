use crate::request::{Lists, Place};
use crate::schema::Schema;

/// A parameter of an operation: what a caller may give, and where it goes.
#[derive(Clone, Copy, Debug)]
pub struct Input {
    /// As the caller writes it: the provider's own parameter name.
    pub name: &'static str,
    /// As the provider reads it, where that is another.
    pub wire_name: Option<&'static str>,
    /// Where it goes.
    pub place: Place,
    /// What it may be.
    pub schema: Schema,
    /// Whether the operation cannot do without it.
    pub required: bool,
    /// One line.
    pub description: &'static str,
    /// How a list is written in a query, header or form.
    pub lists: Lists,
    /// JSON that is sent where the caller gives nothing.
    pub otherwise: Option<&'static str>,
    /// Whether a slash in a variable of the path is a part of the value.
    pub encodes_slashes: bool,
    /// Of a part of a multipart body that is JSON.
    pub media_type: Option<&'static str>,
    /// Whether its value is masked in logs and records.
    pub sensitive: bool,
}

const fn of(place: Place, name: &'static str, schema: Schema) -> Input {
    Input {
        name,
        wire_name: None,
        place,
        schema,
        required: true,
        description: "",
        lists: Lists::Repeated,
        otherwise: None,
        encodes_slashes: false,
        media_type: None,
        sensitive: false,
    }
}

/// A variable of the path.
pub const fn path(name: &'static str, schema: Schema) -> Input {
    of(Place::Variable, name, schema)
}

/// A variable of the scheme alone.
pub const fn variable(name: &'static str, schema: Schema) -> Input {
    of(Place::Variable, name, schema)
}

/// A query parameter.
pub const fn query(name: &'static str, schema: Schema) -> Input {
    of(Place::Query, name, schema)
}

/// A header.
pub const fn header(name: &'static str, schema: Schema) -> Input {
    of(Place::Header, name, schema)
}

/// A member of a JSON body, a field of a form or a part of a multipart body.
pub const fn body(name: &'static str, schema: Schema) -> Input {
    of(Place::Body, name, schema)
}

/// An input that only the operation's function reads.
pub const fn code_only(name: &'static str, schema: Schema) -> Input {
    of(Place::Code, name, schema)
}

impl Input {
    /// One line for people.
    pub const fn describe(mut self, description: &'static str) -> Self {
        self.description = description;
        self
    }

    /// The caller may leave it out; then it is not sent.
    pub const fn optional(mut self) -> Self {
        self.required = false;
        self
    }

    /// The caller may give null as well.
    pub const fn or_null(mut self) -> Self {
        self.schema = self.schema.or_null();
        self
    }

    /// The caller may leave it out; then this JSON is sent.
    pub const fn or_send(mut self, json: &'static str) -> Self {
        self.required = false;
        self.otherwise = Some(json);
        self
    }

    /// The provider knows it by another name. In a JSON body this may be a JSON Pointer. In a query the name of an object may be empty:
    /// its members are parameters then.
    pub const fn sent_as(mut self, name: &'static str) -> Self {
        self.wire_name = Some(name);
        self
    }

    /// Its name as the provider reads it.
    pub(crate) const fn on_wire(&self) -> &'static str {
        match self.wire_name {
            Some(name) => name,
            None => self.name,
        }
    }

    /// How a list is written where there is only text.
    pub const fn lists(mut self, lists: Lists) -> Self {
        self.lists = lists;
        self
    }

    /// A slash in a variable that is a whole segment of the path is a part of the value, written `%2F`. Without this it is refused.
    pub const fn encode_slashes(mut self) -> Self {
        self.encodes_slashes = true;
        self
    }

    /// The part of a multipart body is JSON, of this media type: `application/json`.
    pub const fn media_type(mut self, media_type: &'static str) -> Self {
        self.media_type = Some(media_type);
        self
    }

    /// Its value is masked in logs and records.
    pub const fn sensitive(mut self) -> Self {
        self.sensitive = true;
        self
    }
}
