//! What credentials say that would come to nothing: a grant without its endpoint, a login that nobody could fill in.

use super::{in_path, same};
use crate::credential::{Credential, CredentialKind, Endpoint, Grant, Key, Login, Oauth2, ParameterValue, Session};
use crate::operation::Effect;
use crate::provider::{ConnectionField, Part, Provider, Scheme};
use crate::request::{DeclaredRequest, FieldSource};

/// What is wrong, behind the name of what it is wrong with.
type Problem = (&'static str, &'static str);

const NO_FIELD: &str = "` is no field of the connection: add `ConnectionField::plain`, or `ConnectionField::secret`";
const NO_SECRET: &str = "` is a plain field, and a secret is needed there: say `ConnectionField::secret`";
const A_SECRET: &str = "` is a secret, and stands where it can be read: say `ConnectionField::plain`";

/// The first problem of the credentials, or of the test of a connection.
pub(super) const fn of_credentials(provider: &Provider) -> Option<Problem> {
    let mut credentials = provider.credentials;
    while let [credential, others @ ..] = credentials {
        if !is_placed(provider.schemes, credential.name) {
            return Some((
                credential.name,
                "` is a credential that no scheme places: write `Part::Credential(NAME, VALUE)` into one",
            ));
        }
        let problem = match &credential.kind {
            CredentialKind::Oauth2(of) => of_oauth2(provider, of),
            CredentialKind::Session(of) => of_session(provider, of),
        };
        if problem.is_some() {
            return problem;
        }
        credentials = others;
    }
    if let Some(problem) = of_schemes(provider) {
        return Some(problem);
    }
    of_test(provider)
}

/// Schemes name values that there are.
const fn of_schemes(provider: &Provider) -> Option<Problem> {
    let mut schemes = provider.schemes;
    while let [scheme, others @ ..] = schemes {
        let mut number = 0;
        while let Some(part) = nth(scheme, number) {
            if let Part::Credential(name, value) = part {
                match find(provider.credentials, name) {
                    None => return Some((name, "` is no credential: add it to the provider's `credentials`")),
                    Some(credential) if !has_value(credential, value) => {
                        return Some((
                            value,
                            "` is no value of the credential: OAuth 2 has `access`, a session what its login takes",
                        ));
                    }
                    Some(_) => {}
                }
            }
            number += 1;
        }
        schemes = others;
    }
    None
}

const fn is_placed(schemes: &[Scheme], credential: &str) -> bool {
    let mut schemes = schemes;
    while let [scheme, others @ ..] = schemes {
        let mut number = 0;
        while let Some(part) = nth(scheme, number) {
            if let Part::Credential(name, _) = part
                && same(name, credential)
            {
                return true;
            }
            number += 1;
        }
        schemes = others;
    }
    false
}

/// A part of a scheme by its number, through all of its templates.
const fn nth(scheme: &Scheme, mut number: usize) -> Option<&'static Part> {
    let mut values = scheme.values;
    while let [value, others @ ..] = values {
        if let Some((_, [part, ..])) = value.parts.split_at_checked(number) {
            return Some(part);
        }
        number -= value.parts.len();
        values = others;
    }
    let mut placements = scheme.placements;
    while let [placement, others @ ..] = placements {
        if let Some((_, [part, ..])) = placement.parts.split_at_checked(number) {
            return Some(part);
        }
        number -= placement.parts.len();
        placements = others;
    }
    None
}

const fn find<'c>(credentials: &'c [Credential], name: &str) -> Option<&'c Credential> {
    let mut credentials = credentials;
    while let [credential, others @ ..] = credentials {
        if same(credential.name, name) {
            return Some(credential);
        }
        credentials = others;
    }
    None
}

const fn has_value(credential: &Credential, value: &str) -> bool {
    match &credential.kind {
        CredentialKind::Oauth2(_) => same(value, "access"),
        CredentialKind::Session(of) => takes(of.login, value),
    }
}

/// Whether one of these requests takes a value of this name.
const fn takes(login: &[Login], name: &str) -> bool {
    let mut login = login;
    while let [step, others @ ..] = login {
        let mut taken = step.takes;
        while let [one, others @ ..] = taken {
            if same(one.name, name) {
                return true;
            }
            taken = others;
        }
        login = others;
    }
    false
}

const fn of_oauth2(provider: &Provider, of: &Oauth2) -> Option<Problem> {
    let needs = [
        (
            Grant::AuthorizationCode,
            of.authorize.is_some(),
            ("authorize", "` is of `Grant::AuthorizationCode`: have both or none"),
        ),
        (Grant::DeviceCode, of.device.is_some(), ("device", "` is of `Grant::DeviceCode`: have both or none")),
        (Grant::JwtBearer, of.assertion.is_some(), ("assertion", "` is of `Grant::JwtBearer`: have both or none")),
    ];
    let mut rest: &[(Grant, bool, Problem)] = &needs;
    while let [(grant, is_there, problem), others @ ..] = rest {
        if has(of.grants, *grant) != *is_there {
            return Some(*problem);
        }
        rest = others;
    }
    let fields = provider.fields;
    if let Some(problem) = of_field(fields, of.client.id, false) {
        return Some(problem);
    }
    if let Some(secret) = of.client.secret
        && let Some(problem) = of_field(fields, secret, true)
    {
        return Some(problem);
    }
    if let Some(key) = &of.client.key
        && let Some(problem) = of_key(fields, key)
    {
        return Some(problem);
    }
    if let Some(assertion) = &of.assertion {
        if let Some(problem) = of_key(fields, &assertion.key) {
            return Some(problem);
        }
        if let Some(problem) = of_field(fields, assertion.issuer, false) {
            return Some(problem);
        }
        if let Some(subject) = assertion.subject
            && let Some(problem) = of_field(fields, subject, false)
        {
            return Some(problem);
        }
    }
    let mut told = of.fields;
    while let [one, others @ ..] = told {
        if let Some(problem) = of_field(fields, one.name, false) {
            return Some(problem);
        }
        told = others;
    }
    of_endpoints(fields, of)
}

const fn has(grants: &[Grant], grant: Grant) -> bool {
    let mut grants = grants;
    while let [one, others @ ..] = grants {
        if *one as u8 == grant as u8 {
            return true;
        }
        grants = others;
    }
    false
}

const fn of_key(fields: &[ConnectionField], key: &Key) -> Option<Problem> {
    if let Some(problem) = of_field(fields, key.field, true) {
        return Some(problem);
    }
    match key.id {
        Some(id) => of_field(fields, id, false),
        None => None,
    }
}

const fn of_endpoints(fields: &[ConnectionField], of: &Oauth2) -> Option<Problem> {
    let all = [of.authorize, of.device, Some(of.token), of.revoke];
    let mut rest: &[Option<Endpoint>] = &all;
    while let [endpoint, others @ ..] = rest {
        if let Some(endpoint) = endpoint
            && let Some(problem) = of_endpoint(fields, endpoint)
        {
            return Some(problem);
        }
        rest = others;
    }
    None
}

const fn of_endpoint(fields: &[ConnectionField], endpoint: &Endpoint) -> Option<Problem> {
    let mut parameters = endpoint.parameters;
    while let [parameter, others @ ..] = parameters {
        if let ParameterValue::Field(field) = parameter.value
            && let Some(problem) = of_field(fields, field, false)
        {
            return Some(problem);
        }
        parameters = others;
    }
    let mut secrets = fields;
    while let [field, others @ ..] = secrets {
        if field.secret && in_path(endpoint.path, field.name) {
            return Some((field.name, A_SECRET));
        }
        secrets = others;
    }
    None
}

/// What is wrong with a field in its use.
const fn of_field(fields: &[ConnectionField], name: &'static str, secret: bool) -> Option<Problem> {
    let mut fields = fields;
    while let [field, others @ ..] = fields {
        if same(field.name, name) {
            return match (field.secret, secret) {
                (true, false) => Some((name, A_SECRET)),
                (false, true) => Some((name, NO_SECRET)),
                _ => None,
            };
        }
        fields = others;
    }
    Some((name, NO_FIELD))
}

const fn of_session(provider: &Provider, of: &Session) -> Option<Problem> {
    let mut number = 0;
    while number < of.login.len() {
        let (before, rest) = of.login.split_at(number);
        if let [step, ..] = rest
            && let Some(problem) = of_login(provider, before, &step.request)
        {
            return Some(problem);
        }
        number += 1;
    }
    None
}

/// What is wrong with a request of a login; what was taken `before` it can stand in it.
const fn of_login(provider: &Provider, before: &[Login], request: &DeclaredRequest) -> Option<Problem> {
    let mut fields = request.fields;
    while let [field, others @ ..] = fields {
        let problem = match field.source {
            FieldSource::Input(_) | FieldSource::InputOr(..) => Some((
                field.name,
                "` is bound to an input, and a login has none: say `Field::of_connection` or `Field::free`",
            )),
            FieldSource::CallId => Some((field.name, "` is the id of a call, and a login is of none: leave it out")),
            FieldSource::Free(_) if !takes(before, field.name) => Some((
                field.name,
                "` is free, and no request before it takes a value of this name: say `.takes(…)` there",
            )),
            FieldSource::Connection(name) => of_field(provider.fields, name, false),
            FieldSource::Free(_) => None,
        };
        if problem.is_some() {
            return problem;
        }
        fields = others;
    }
    if request.as_file
        || request.read_only
        || request.open.is_some()
        || request.open_query.is_some()
        || !request.when_given.is_empty()
    {
        return Some((
            request.name,
            "` is a request of a login, which has no caller, no function and no file: leave `.answers_file()`, `.read_only()`, \
             `.open(…)`, `.open_query(…)` and `.when_given(…)` out",
        ));
    }
    match request.scheme {
        Some(Some(scheme)) if places_a_credential(provider.schemes, scheme) => {
            Some((scheme, "` places a credential that is obtained, and a login has schemes of fields alone"))
        }
        _ => None,
    }
}

const fn places_a_credential(schemes: &[Scheme], name: &str) -> bool {
    let mut schemes = schemes;
    while let [scheme, others @ ..] = schemes {
        let mut number = 0;
        while same(scheme.name, name)
            && let Some(part) = nth(scheme, number)
        {
            if matches!(part, Part::Credential(..)) {
                return true;
            }
            number += 1;
        }
        schemes = others;
    }
    false
}

/// The test of a connection is an operation that reads and needs nothing.
const fn of_test(provider: &Provider) -> Option<Problem> {
    let Some(test) = &provider.test else { return None };
    let mut resources = provider.resources;
    while let [resource, others @ ..] = resources {
        let mut operations = resource.operations;
        while let [operation, others @ ..] = operations {
            if is_named(test.operation, resource.name, operation.action) {
                if !matches!(operation.effect, Effect::Read) {
                    return Some((test.operation, "` does more than read, and is run to test a connection"));
                }
                let mut inputs = operation.inputs;
                while let [input, others @ ..] = inputs {
                    if input.required {
                        return Some((test.operation, "` needs an input, and is run without one to test a connection"));
                    }
                    inputs = others;
                }
                return None;
            }
            operations = others;
        }
        resources = others;
    }
    Some((test.operation, "` tests a connection, and is no operation: write `resource.action`"))
}

/// Whether `name` is `resource.action`.
const fn is_named(name: &str, resource: &str, action: &str) -> bool {
    match name.as_bytes().split_at_checked(resource.len()) {
        Some((before, [b'.', after @ ..])) => {
            super::same_bytes(before, resource.as_bytes()) && super::same_bytes(after, action.as_bytes())
        }
        _ => false,
    }
}
