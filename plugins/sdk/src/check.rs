//! What a plugin's data says that would come to nothing: an input that no request carries, for instance. It is found when the
//! plugin is compiled, so it is written for a compiler that knows neither iterators nor formatting there.

use crate::input::Input;
use crate::operation::{Answer, Operation};
use crate::provider::{Attachment, Provider, Scheme};
use crate::read::Read;
use crate::request::{Body, DeclaredRequest, Field, FieldSource, Lists, Place};
use crate::schema::Schema;

mod credentials;
mod requests;

use requests::of_request;

/// Checks all operations of a provider.
///
/// # Panics
/// With the first value that would go nowhere, and what to do.
pub const fn check(provider: &Provider) {
    if let Some((name, problem)) = credentials::of_credentials(provider) {
        Words::new().add("credentials: `").add(name).add(problem).panic();
    }
    let mut resources = provider.resources;
    while let [resource, others @ ..] = resources {
        let mut operations = resource.operations;
        while let [operation, others @ ..] = operations {
            if let Some((name, problem)) = problem(provider, operation) {
                Words::new()
                    .add(resource.name)
                    .add(".")
                    .add(operation.action)
                    .add(": `")
                    .add(name)
                    .add(problem)
                    .panic();
            }
            operations = others;
        }
        resources = others;
    }
}

/// The name of a value that goes nowhere, and what to do about it.
const fn problem(provider: &Provider, operation: &Operation) -> Option<(&'static str, &'static str)> {
    if let Some(problem) = of_answer(provider, operation) {
        return Some(problem);
    }
    let mut inputs = operation.inputs;
    while let [input, others @ ..] = inputs {
        if let Some(problem) = of_input(provider, operation, input) {
            return Some((input.name, problem));
        }
        inputs = others;
    }
    let mut attachments = operation.attachments;
    while let [attachment, others @ ..] = attachments {
        if !is_sent(operation, attachment) {
            return Some((
                attachment.name,
                "` is a file that is sent nowhere: say `.sends(Body::Multipart)` or `.sends(Body::File(…))`, or add `.run(…)`",
            ));
        }
        attachments = others;
    }
    if let Some(own) = &operation.request
        && let Some(problem) = of_request(provider, operation, own)
    {
        return Some(problem);
    }
    let mut requests = operation.requests;
    while let [request, others @ ..] = requests {
        if !has_code(operation) && request.when_given.is_empty() {
            return Some((
                request.name,
                "` is a request that nothing sends: add the function that does, by `.run(…)`, or say by `.when_given(…)` for which \
                 inputs it is sent",
            ));
        }
        if let Some(problem) = of_request(provider, operation, request) {
            return Some(problem);
        }
        requests = others;
    }
    None
}

/// What is wrong with what is made of the answer.
const fn of_answer(provider: &Provider, operation: &Operation) -> Option<(&'static str, &'static str)> {
    let has_function = has_code(operation) || matches!(provider.read, Read::Function(_));
    if has_function && matches!(operation.answer, Answer::Rules(_)) {
        return Some((
            "answers_by",
            "` has rules that the host looks at, and here a function reads the answer: leave it out, or `.run(…)`, or write \
             `Read::Rules` as the provider's `read`",
        ));
    }
    let Some(paging) = operation.paging else { return None };
    if !matches!(operation.answer, Answer::Value | Answer::Rules(_)) {
        return Some((
            "paged",
            "` gives the value that is read, with the items of all pages: leave `.answers_body()`, `.answers_success()` or \
             `.answers_file(…)` out",
        ));
    }
    if has_function && paging.is_by_link() {
        return Some((
            "by_link",
            "` is a link that the host reads, where no function does: turn the page by `Paging::new`, from what the answer says",
        ));
    }
    if !has_function && !operation.requests.is_empty() {
        return Some(("paged", "` follows one request: leave `.also(…)` out, or add `.run(…)`"));
    }
    None
}

/// What is wrong where an input goes.
const fn of_input(provider: &Provider, operation: &Operation, input: &Input) -> Option<&'static str> {
    let has_other_name = input.wire_name.is_some() || input.otherwise.is_some();
    if let Some(own) = &operation.request
        && let Some(problem) = requests::of_input(own, input)
    {
        return Some(problem);
    }
    match input.place {
        Place::Code if has_other_name => Some(
            "` is code_only and goes nowhere by itself: say `Field::bound(place, name, input)` or `Field::bound_or` on a request \
             instead of `.sent_as(…)` or `.or_send(…)`",
        ),
        Place::Code if is_bound(operation, input.name) || has_code(operation) => None,
        Place::Code => Some(
            "` is sent nowhere: it is code_only, and the operation has no function; say where it goes, by `query`, `body` or the \
             like, or add `.run(…)`",
        ),
        Place::Variable if is_variable(provider, operation, input) => None,
        Place::Variable => Some(
            "` is sent nowhere: neither a path nor a scheme of the operation has a variable of this name; write `{name}` into the \
             path, or say `query`, `body` or the like",
        ),
        Place::Query | Place::Header | Place::Body if is_bound(operation, input.name) => None,
        _ if operation.request.is_none() => Some(
            "` is sent nowhere: an operation of a function has no request of its own; make it `code_only`, and bind it in one of \
             its requests, by `Field::bound(place, name, input)`, where one carries it",
        ),
        Place::Body if has_whole_body(operation) => {
            Some("` is sent nowhere: the body is one file, which has no fields; say `query` or `header`")
        }
        // Its members are the parameters.
        Place::Query if input.on_wire().is_empty() => None,
        // It is JSON in a part of its own.
        Place::Body if input.media_type.is_some() => None,
        Place::Query | Place::Header | Place::Body => match &operation.request {
            Some(own) => as_text(own, input.place, &input.schema, input.lists),
            None => None,
        },
    }
}

/// What is wrong with a list or an object where there is only text.
const fn as_text(request: &DeclaredRequest, place: Place, schema: &Schema, lists: Lists) -> Option<&'static str> {
    let is_text = match place {
        Place::Query | Place::Header => true,
        Place::Body => matches!(request.body, Body::Form | Body::Multipart | Body::JsonOrMultipart),
        Place::Variable | Place::Code => false,
    };
    match lists {
        _ if !is_text => None,
        Lists::Repeated | Lists::Commas if schema.is_object() => Some(
            "` is an object where there is only text: say how it is written, by `.lists(Lists::Json)`, `.lists(Lists::Brackets)` or \
             `.lists(Lists::Indexed)`",
        ),
        Lists::Repeated | Lists::Brackets | Lists::Commas if schema.is_nested_list() => Some(
            "` has lists or objects in it where there is only text: say `.lists(Lists::Json)` or `.lists(Lists::Indexed)`",
        ),
        _ => None,
    }
}

const fn find<'i>(inputs: &'i [Input], name: &str) -> Option<&'i Input> {
    let mut inputs = inputs;
    while let [input, others @ ..] = inputs {
        if same(input.name, name) {
            return Some(input);
        }
        inputs = others;
    }
    None
}

/// Whether a function of the plugin sees the operation's inputs.
const fn has_code(operation: &Operation) -> bool {
    let of_pages = match operation.paging {
        Some(paging) => paging.has_function(),
        None => false,
    };
    operation.run.is_some() || of_pages
}

const fn has_whole_body(operation: &Operation) -> bool {
    match &operation.request {
        Some(own) => matches!(own.body, Body::File(_) | Body::FreeFile(_)),
        None => false,
    }
}

/// Whether a request binds one of its values to an input.
const fn is_bound(operation: &Operation, input: &str) -> bool {
    if let Some(own) = &operation.request
        && binds(own.fields, input)
    {
        return true;
    }
    if let Some(paging) = operation.paging
        && binds(paging.free(), input)
    {
        return true;
    }
    let mut requests = operation.requests;
    while let [request, others @ ..] = requests {
        if binds(request.fields, input) {
            return true;
        }
        requests = others;
    }
    false
}

const fn binds(fields: &[Field], input: &str) -> bool {
    let mut fields = fields;
    while let [field, others @ ..] = fields {
        if let FieldSource::Input(name) | FieldSource::InputOr(name, _) = field.source
            && same(name, input)
        {
            return true;
        }
        fields = others;
    }
    false
}

/// Whether the path or the scheme of a request has an input as a variable.
const fn is_variable(provider: &Provider, operation: &Operation, input: &Input) -> bool {
    if let Some(own) = &operation.request
        && has_variable(provider, own, input.on_wire())
    {
        return true;
    }
    let mut requests = operation.requests;
    while let [request, others @ ..] = requests {
        // Of these none but an input's own name is known.
        if input.wire_name.is_none() && has_variable(provider, request, input.name) {
            return true;
        }
        requests = others;
    }
    is_bound(operation, input.name)
}

const fn has_variable(provider: &Provider, request: &DeclaredRequest, name: &str) -> bool {
    let scheme = match request.scheme {
        Some(scheme) => scheme,
        None => provider.scheme,
    };
    let in_scheme = match scheme {
        Some(scheme) => in_schemes(provider.schemes, scheme, name),
        None => false,
    };
    in_scheme || in_path(request.path, name)
}

const fn in_schemes(schemes: &[Scheme], name: &str, variable: &str) -> bool {
    let mut schemes = schemes;
    while let [scheme, others @ ..] = schemes {
        if same(scheme.name, name) && scheme.has_variable(variable) {
            return true;
        }
        schemes = others;
    }
    false
}

/// Whether `{name}` or `{+name}` stands in a path.
const fn in_path(path: &str, name: &str) -> bool {
    let mut rest = path.as_bytes();
    while let [first, others @ ..] = rest {
        let begun = match others {
            [b'+', name @ ..] => name,
            name => name,
        };
        if *first == b'{'
            && let Some((inside, [b'}', ..])) = begun.split_at_checked(name.len())
            && same_bytes(inside, name.as_bytes())
        {
            return true;
        }
        rest = others;
    }
    false
}

/// Whether `{name}` is a whole segment of a path.
const fn is_segment(path: &str, name: &str) -> bool {
    let mut rest = path.as_bytes();
    while let [first, others @ ..] = rest {
        if let (b'/', [b'{', begun @ ..]) = (*first, others)
            && let Some((inside, [b'}'] | [b'}', b'/', ..])) = begun.split_at_checked(name.len())
            && same_bytes(inside, name.as_bytes())
        {
            return true;
        }
        rest = others;
    }
    false
}

const fn is_sent(operation: &Operation, attachment: &Attachment) -> bool {
    let by_itself = match &operation.request {
        Some(own) => match own.body {
            Body::Multipart | Body::JsonOrMultipart => true,
            Body::File(name) => same(name, attachment.name),
            Body::Json | Body::JsonAs(_) | Body::Form | Body::FreeFile(_) | Body::Text(_) => false,
        },
        None => false,
    };
    let mut requests = operation.requests;
    while let [request, others @ ..] = requests {
        if let Body::File(name) = request.body
            && same(name, attachment.name)
        {
            return true;
        }
        requests = others;
    }
    by_itself || is_bound(operation, attachment.name) || has_code(operation)
}

pub(crate) const fn same(one: &str, other: &str) -> bool {
    same_bytes(one.as_bytes(), other.as_bytes())
}

const fn same_bytes(mut one: &[u8], mut other: &[u8]) -> bool {
    while let ([a, ones @ ..], [b, others @ ..]) = (one, other) {
        if *a != *b {
            return false;
        }
        one = ones;
        other = others;
    }
    one.is_empty() && other.is_empty()
}

/// A message in the making.
struct Words {
    bytes: [u8; 512],
    length: usize,
}

impl Words {
    const fn new() -> Self {
        Self { bytes: [0; 512], length: 0 }
    }

    /// What finds no room is left out.
    const fn add(mut self, words: &str) -> Self {
        let mut rest = words.as_bytes();
        let room = self.bytes.split_at_mut(self.length).1;
        if room.len() >= rest.len() {
            let mut room = room;
            while let ([byte, others @ ..], [place, places @ ..]) = (rest, room) {
                *place = *byte;
                rest = others;
                room = places;
            }
            self.length += words.len();
        }
        self
    }

    #[expect(clippy::panic, reason = "what it panics with is what the compiler tells the author")]
    const fn panic(&self) -> ! {
        match str::from_utf8(self.bytes.split_at(self.length).0) {
            Ok(words) => panic!("{}", words),
            Err(_) => panic!("a value is sent nowhere"),
        }
    }
}

#[cfg(test)]
mod tests;
