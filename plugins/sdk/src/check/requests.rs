//! What a request says that would come to nothing, or that nobody could send.

use super::{as_text, find, has_code, in_path, is_segment, same};
use crate::input::Input;
use crate::operation::{Answer, Operation};
use crate::provider::{ConnectionField, Location, Provider};
use crate::request::{Body, DeclaredRequest, Field, FieldSource, Method, Place};

/// What is wrong, behind the name of what it is wrong with.
type Problem = (&'static str, &'static str);

const NOWHERE: &str = "` is sent nowhere: the body is one file, which has no fields";
const NO_SLASHES: &str =
    "` cannot have its slashes encoded: it is no whole segment `{…}` of the path; `{+…}` takes several segments";
const NO_PART: &str =
    "` has a media type, and is no part of a multipart body: say `.sends(Body::Multipart)`, or leave it out";
const NO_RANGE: &str =
    "` asks for a part of a file: only a GET has it, by `.answers_file(…)`, as an input and without `.redirects_to(…)`";

/// What is wrong with a request.
pub(super) const fn of_request(
    provider: &Provider,
    operation: &Operation,
    request: &DeclaredRequest,
) -> Option<Problem> {
    if let Some(problem) = of_whole(operation, request) {
        return Some(problem);
    }
    if let Some(problem) = of_scheme(provider, request) {
        return Some(problem);
    }
    let (mut fields, mut has_key) = (request.fields, false);
    while let [field, others @ ..] = fields {
        if let Some(problem) = of_field(provider, operation, request, field) {
            return Some((field.name, problem));
        }
        let is_key = matches!(field.source, FieldSource::CallId);
        if is_key && has_key {
            return Some((
                field.name,
                "` is the id of the call, which stands in the request already: leave one of them out",
            ));
        }
        has_key = has_key || is_key;
        fields = others;
    }
    let mut constants = request.constants;
    while let [constant, others @ ..] = constants {
        if is_one_file(request) && matches!(constant.place, Place::Body) {
            return Some((constant.name, NOWHERE));
        }
        constants = others;
    }
    None
}

/// What is wrong with what it says as a whole.
const fn of_whole(operation: &Operation, request: &DeclaredRequest) -> Option<Problem> {
    let has_code = has_code(operation);
    let is_file = request.as_file || matches!(operation.answer, Answer::Rules(_));
    let problem = match request {
        _ if !is_file && !request.redirects_to.is_empty() => {
            "` is followed to another origin, and its answer is no file: say `.answers_file(…)`, or leave `.redirects_to(…)` out"
        }
        _ if has_code && !request.when_given.is_empty() => {
            "` has `.when_given(…)`, and the function chooses among the requests: leave it out"
        }
        _ if !has_code && (request.open.is_some() || request.open_query.is_some()) => {
            "` is open, and there is no function that adds anything: add `.run(…)`, or leave `.open(…)` and `.open_query(…)` out"
        }
        _ if matches!(request.body, Body::Text(_)) && texts(operation, request) != 1 => {
            "` has a text as its body, which is one value: say of one input that it goes there, by `body`"
        }
        _ => return of_choice(operation, request),
    };
    Some((request.name, problem))
}

/// What is wrong with what it is sent for.
const fn of_choice(operation: &Operation, request: &DeclaredRequest) -> Option<Problem> {
    let mut names = request.when_given;
    while let [name, others @ ..] = names {
        let (mut attachments, mut is_file) = (operation.attachments, false);
        while let [attachment, others @ ..] = attachments {
            is_file = is_file || same(attachment.name, name);
            attachments = others;
        }
        if !is_file && find(operation.inputs, name).is_none() {
            return Some((name, "` is what a request is sent for, and no input or attachment of the operation"));
        }
        names = others;
    }
    None
}

/// How many values go into its body.
const fn texts(operation: &Operation, request: &DeclaredRequest) -> usize {
    let mut count = 0;
    let is_own = match &operation.request {
        Some(own) => same(own.name, request.name),
        None => false,
    };
    let mut inputs: &[Input] = if is_own { operation.inputs } else { &[] };
    while let [input, others @ ..] = inputs {
        count += matches!(input.place, Place::Body) as usize;
        inputs = others;
    }
    let mut fields = request.fields;
    while let [field, others @ ..] = fields {
        count += matches!(field.place, Place::Body) as usize;
        fields = others;
    }
    let mut constants = request.constants;
    while let [constant, others @ ..] = constants {
        count += matches!(constant.place, Place::Body) as usize;
        constants = others;
    }
    count
}

/// Where its scheme places a credential in the path, the path has to have the place.
const fn of_scheme(provider: &Provider, request: &DeclaredRequest) -> Option<Problem> {
    let name = match request.scheme {
        Some(scheme) => scheme,
        None => provider.scheme,
    };
    let Some(name) = name else { return None };
    let mut schemes = provider.schemes;
    while let [scheme, others @ ..] = schemes {
        let mut placements = scheme.placements;
        while let [placement, others @ ..] = placements {
            let is_in_path = matches!(placement.location, Location::Path) && same(scheme.name, name);
            if is_in_path && !in_path(request.path, placement.name) {
                return Some((
                    placement.name,
                    "` is where the scheme places a credential, and a path has no such variable: write `{…}` into it, or say \
                     `.scheme(None)`",
                ));
            }
            placements = others;
        }
        schemes = others;
    }
    None
}

/// What is wrong with a value that is not an input by its own name.
const fn of_field(
    provider: &Provider,
    operation: &Operation,
    request: &DeclaredRequest,
    field: &Field,
) -> Option<&'static str> {
    let is_whole =
        matches!(field.place, Place::Body) && (field.name.is_empty() || matches!(request.body, Body::Text(_)));
    match (field.place, &field.source) {
        (Place::Code, _) => Some("` is a value of a request without a place: say query, header, body or variable"),
        (Place::Body, _) if is_one_file(request) => Some(NOWHERE),
        (Place::Header, FieldSource::Input(_)) if is_range(field.name) && has_range(request) => None,
        (Place::Header, _) if is_range(field.name) => Some(NO_RANGE),
        _ if field.media_type.is_some() && !is_part(request, field.place) => Some(NO_PART),
        _ if field.encodes_slashes && !has_slashes(request, field.place, field.name) => Some(NO_SLASHES),
        (_, FieldSource::Connection(name)) => match connection_field(provider.fields, name) {
            Some(ConnectionField { secret: true, .. }) => {
                Some("` is bound to a secret of the connection, which a scheme alone places: say so by a `Placement`")
            }
            None => Some(
                "` is bound to what is no field of the connection: add `ConnectionField::plain` to the provider's `fields`",
            ),
            Some(_) => None,
        },
        (Place::Variable, FieldSource::CallId) => {
            Some("` is a variable, which the id of the call cannot be: say query, header or body")
        }
        (_, FieldSource::CallId) if is_whole => {
            Some("` is the whole body, which the id of the call cannot be: give it a name")
        }
        (Place::Query, FieldSource::Input(name)) if field.name.is_empty() => of_members(find(operation.inputs, name)),
        (_, FieldSource::Free(_)) if !has_code(operation) => {
            Some("` is free, and there is no function that gives it: add `.run(…)`, or bind it to an input")
        }
        (place, FieldSource::Input(name) | FieldSource::InputOr(name, _)) if field.media_type.is_none() => {
            match find(operation.inputs, name) {
                Some(input) => as_text(request, place, &input.schema, field.lists),
                None => None,
            }
        }
        _ => None,
    }
}

/// What is wrong with what an input says of where it stands in a request.
pub(super) const fn of_input(own: &DeclaredRequest, input: &Input) -> Option<&'static str> {
    let name = input.on_wire();
    match input.place {
        Place::Header if is_range(name) && (!has_range(own) || input.otherwise.is_some()) => Some(NO_RANGE),
        _ if input.media_type.is_some() && !is_part(own, input.place) => Some(NO_PART),
        _ if input.encodes_slashes && !has_slashes(own, input.place, name) => Some(NO_SLASHES),
        Place::Query if name.is_empty() => of_members(Some(input)),
        _ => None,
    }
}

/// What is wrong with an input whose members are to be query parameters.
const fn of_members(input: Option<&Input>) -> Option<&'static str> {
    match input {
        Some(input) if input.otherwise.is_some() => {
            Some("` has no name in the query, so that its members are parameters: leave `.or_send(…)` out")
        }
        Some(input) if input.schema.is_no_object() => {
            Some("` has no name in the query, so that its members are parameters, and it is no object")
        }
        _ => None,
    }
}

const fn connection_field<'f>(fields: &'f [ConnectionField], name: &str) -> Option<&'f ConnectionField> {
    let mut fields = fields;
    while let [field, others @ ..] = fields {
        if same(field.name, name) {
            return Some(field);
        }
        fields = others;
    }
    None
}

const fn is_one_file(request: &DeclaredRequest) -> bool {
    matches!(request.body, Body::File(_) | Body::FreeFile(_))
}

const fn is_part(request: &DeclaredRequest, place: Place) -> bool {
    matches!((place, request.body), (Place::Body, Body::Multipart | Body::JsonOrMultipart))
}

const fn has_slashes(request: &DeclaredRequest, place: Place, name: &str) -> bool {
    matches!(place, Place::Variable) && is_segment(request.path, name)
}

const fn is_range(header: &str) -> bool {
    header.eq_ignore_ascii_case("range")
}

const fn has_range(request: &DeclaredRequest) -> bool {
    matches!(request.method, Method::Get) && request.as_file && request.redirects_to.is_empty()
}
