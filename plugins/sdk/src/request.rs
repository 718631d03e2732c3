//! Requests as they are declared to the host.

/// Where a value goes.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Place {
    /// A variable of the path or the scheme.
    Variable,
    /// The query.
    Query,
    /// A header.
    Header,
    /// The body: a member, field or part.
    Body,
    /// Nowhere by itself: the operation's function reads it.
    Code,
}

/// HTTP method.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
#[expect(missing_docs, reason = "the names say it")]
pub enum Method {
    Get,
    Head,
    Post,
    Put,
    Patch,
    Delete,
}

/// The form of a request's body.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Body {
    /// JSON where anything goes into the body, else none.
    Json,
    /// The same as another media type of JSON, such as `application/merge-patch+json`.
    JsonAs(&'static str),
    /// `application/x-www-form-urlencoded`
    Form,
    /// `multipart/form-data`
    Multipart,
    /// `multipart/form-data` where the caller attaches a file, else JSON: declared as two requests.
    JsonOrMultipart,
    /// One attachment, as it is.
    File(&'static str),
    /// A file that the function gives, of the [media types](DeclaredRequest::media_types) of the request: say why it must be
    /// so.
    FreeFile(&'static str),
    /// One text, in UTF-8: the only value that goes into the body, of this media type, such as `application/xml`.
    Text(&'static str),
}

/// How a list is written where there is only text. An object needs `Brackets`, `Indexed` or `Json` there, and a list of lists or
/// objects `Indexed` or `Json`. What would be read as another list is refused: an empty one, one with a null in it, and with `Commas`
/// or in a header an entry with a comma.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Lists {
    /// `name=a&name=b`
    Repeated,
    /// `name[]=a&name[]=b`, and an object as `name[key]=a`
    Brackets,
    /// `name[0]=a&name[1]=b`, an object as `name[key]=a`, and what is nested as `name[0][key]=a`
    Indexed,
    /// `name=a,b`
    Commas,
    /// `name=["a","b"]`
    Json,
}

/// A value that the host always writes.
#[derive(Clone, Copy, Debug)]
pub struct Constant {
    pub(crate) place: Place,
    pub(crate) name: &'static str,
    pub(crate) value: ConstantValue,
}

#[derive(Clone, Copy, Debug)]
pub(crate) enum ConstantValue {
    Text(&'static str),
    Json(&'static str),
}

impl Constant {
    /// A query parameter.
    pub const fn query(name: &'static str, text: &'static str) -> Self {
        Self { place: Place::Query, name, value: ConstantValue::Text(text) }
    }

    /// A header.
    pub const fn header(name: &'static str, text: &'static str) -> Self {
        Self { place: Place::Header, name, value: ConstantValue::Text(text) }
    }

    /// A text in the body.
    pub const fn body(name: &'static str, text: &'static str) -> Self {
        Self { place: Place::Body, name, value: ConstantValue::Text(text) }
    }

    /// JSON in the body.
    pub const fn body_json(name: &'static str, json: &'static str) -> Self {
        Self { place: Place::Body, name, value: ConstantValue::Json(json) }
    }
}

/// A value of a request that is not an input by its own name.
#[derive(Clone, Copy, Debug)]
pub struct Field {
    pub(crate) place: Place,
    pub(crate) name: &'static str,
    pub(crate) source: FieldSource,
    pub(crate) lists: Lists,
    pub(crate) encodes_slashes: bool,
    pub(crate) media_type: Option<&'static str>,
    pub(crate) sensitive: bool,
}

#[derive(Clone, Copy, Debug)]
pub(crate) enum FieldSource {
    Input(&'static str),
    InputOr(&'static str, &'static str),
    Connection(&'static str),
    CallId,
    Free(&'static str),
}

impl Field {
    const fn of(place: Place, name: &'static str, source: FieldSource) -> Self {
        Self { place, name, source, lists: Lists::Repeated, encodes_slashes: false, media_type: None, sensitive: false }
    }

    /// The caller's input, under a name of its own.
    pub const fn bound(place: Place, name: &'static str, input: &'static str) -> Self {
        Self::of(place, name, FieldSource::Input(input))
    }

    /// The caller's input, or this JSON where there is none.
    pub const fn bound_or(place: Place, name: &'static str, input: &'static str, json: &'static str) -> Self {
        Self::of(place, name, FieldSource::InputOr(input, json))
    }

    /// The plain field of the connection of this name: an account, an owner. The operator gives it, and neither the caller nor the
    /// plugin.
    pub const fn of_connection(place: Place, name: &'static str, field: &'static str) -> Self {
        Self::of(place, name, FieldSource::Connection(field))
    }

    /// The id of the call, which stays the same where the host tries it again: an idempotency key. A request has one.
    pub const fn call_id(place: Place, name: &'static str) -> Self {
        Self::of(place, name, FieldSource::CallId)
    }

    /// Given by the function: say why it must be so.
    pub const fn free(place: Place, name: &'static str, why: &'static str) -> Self {
        Self::of(place, name, FieldSource::Free(why))
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

/// A request that is declared to the host.
#[derive(Clone, Copy, Debug)]
pub struct DeclaredRequest {
    pub(crate) name: &'static str,
    pub(crate) method: Method,
    pub(crate) server: Option<&'static str>,
    pub(crate) path: &'static str,
    pub(crate) fields: &'static [Field],
    pub(crate) constants: &'static [Constant],
    pub(crate) discriminator: Option<Constant>,
    pub(crate) body: Body,
    pub(crate) open: Option<&'static str>,
    pub(crate) open_query: Option<&'static str>,
    pub(crate) media_types: &'static [&'static str],
    /// The outer option: whether the provider's own scheme is replaced.
    pub(crate) scheme: Option<Option<&'static str>>,
    pub(crate) as_file: bool,
    pub(crate) read_only: bool,
    pub(crate) sensitive_answer: &'static [&'static str],
    pub(crate) redirects_to: &'static [&'static str],
    pub(crate) when_given: &'static [&'static str],
}

impl DeclaredRequest {
    /// A request besides an operation's own. The name is in kebab case.
    pub const fn new(name: &'static str, method: Method, path: &'static str) -> Self {
        Self {
            name,
            method,
            server: None,
            path,
            fields: &[],
            constants: &[],
            discriminator: None,
            body: Body::Json,
            open: None,
            open_query: None,
            media_types: &[],
            scheme: None,
            as_file: false,
            read_only: false,
            sensitive_answer: &[],
            redirects_to: &[],
            when_given: &[],
        }
    }

    /// Its values.
    pub const fn fields(mut self, fields: &'static [Field]) -> Self {
        self.fields = fields;
        self
    }

    /// Values that are always the same.
    pub const fn constants(mut self, constants: &'static [Constant]) -> Self {
        self.constants = constants;
        self
    }

    /// The constant that tells the provider which of its operations is meant.
    pub const fn discriminator(mut self, constant: Constant) -> Self {
        self.discriminator = Some(constant);
        self
    }

    /// The form of its body.
    pub const fn body(mut self, body: Body) -> Self {
        self.body = body;
        self
    }

    /// The function may add fields to the body: say why it must be so.
    pub const fn open(mut self, why: &'static str) -> Self {
        self.open = Some(why);
        self
    }

    /// The function may add query parameters: say why it must be so.
    pub const fn open_query(mut self, why: &'static str) -> Self {
        self.open_query = Some(why);
        self
    }

    /// What the files are that its function gives, such as `image/png`: the whole body, or parts of a multipart one. Those that
    /// it takes from [`Attachment`](crate::Attachment)s are what these may be.
    pub const fn media_types(mut self, media_types: &'static [&'static str]) -> Self {
        self.media_types = media_types;
        self
    }

    /// It goes to this one of the [further servers](crate::Provider::servers).
    pub const fn server(mut self, name: &'static str) -> Self {
        self.server = Some(name);
        self
    }

    /// Another scheme than the provider's own, or none.
    pub const fn scheme(mut self, scheme: Option<&'static str>) -> Self {
        self.scheme = Some(scheme);
        self
    }

    /// The body of a good answer comes as a file, which does not enter the plugin's memory.
    pub const fn answers_file(mut self) -> Self {
        self.as_file = true;
        self
    }

    /// JSON Pointers into the body of its answer, as it comes and not as it is read, to texts that are masked in logs and records from
    /// then on: a token, a session.
    pub const fn sensitive_answer(mut self, pointers: &'static [&'static str]) -> Self {
        self.sensitive_answer = pointers;
        self
    }

    /// Origins at which the file may be that is its answer: `https://files.example.com`, or `https://*.example.com` for all hosts below
    /// one. Where an answer redirects there, the host fetches the file, without credentials.
    pub const fn redirects_to(mut self, origins: &'static [&'static str]) -> Self {
        self.redirects_to = origins;
        self
    }

    /// It is sent instead of the operation's own request where one of these inputs or attachments is given; of several such requests
    /// the first. So an operation without a function has a choice.
    pub const fn when_given(mut self, names: &'static [&'static str]) -> Self {
        self.when_given = names;
        self
    }

    /// It changes nothing, although its method (POST) says otherwise.
    pub const fn read_only(mut self) -> Self {
        self.read_only = true;
        self
    }
}
