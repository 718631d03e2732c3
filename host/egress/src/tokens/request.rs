//! Requests to an authorization server, made like those that a plugin declares: every rule of egress holds for them.

use std::collections::HashSet;
use std::sync::Arc;

use serde_json::{Map, Value};
use zeroize::Zeroize as _;

use crate::connection::Connection;
use crate::deadline::Deadline;
use crate::declaration::{
    self, AnswerForm, BodyFields, BodyForm, Client, ClientAuthentication, Endpoint, Field, Function, ListStyle,
    Location, MAIN_SERVER, Method, NamedTemplate, Parameter, ParameterValue, Part, Placement, Request, Route, Scheme,
    Source, Template, Variable,
};
use crate::guard::{Asked, Item, Refusal, prepare};
use crate::outgoing::Outgoing;
use crate::secret::Secret;
use crate::work::Work;

/// What is sent, in order. Secrets are inputs of the request, so nothing is shown of them; all else is a part of what is declared.
#[derive(Default)]
pub(super) struct Sent {
    fields: Vec<Field>,
    inputs: Map<String, Value>,
    sensitive: HashSet<String>,
}

impl Sent {
    /// Adds something that anybody may know.
    pub(super) fn open(&mut self, name: &str, value: &str) -> &mut Self {
        self.add(name, Source::Text(value.to_owned()))
    }

    /// Adds a secret.
    pub(super) fn secret(&mut self, name: &str, value: &Secret) -> &mut Self {
        self.inputs.insert(name.to_owned(), Value::from(value.reveal()));
        self.sensitive.insert(name.to_owned());
        self.add(name, Source::Input(name.to_owned()))
    }

    /// What the manifest says besides. Of what is there already it may say one thing in other words.
    pub(super) fn besides(
        &mut self,
        parameters: &[Parameter],
        connection: &Connection,
        but: Option<&str>,
    ) -> &mut Self {
        for Parameter { name, value } in parameters {
            let source = match value {
                ParameterValue::Text(text) => Source::Text(text.clone()),
                ParameterValue::Field(field) if is_left_out(connection, field) => continue,
                ParameterValue::Field(field) => Source::Field(field.clone()),
            };
            match self.fields.iter_mut().find(|field| field.name == *name) {
                Some(field) if but == Some(name) => field.source = source,
                Some(_) => {}
                None => _ = self.add(name, source),
            }
        }
        self
    }

    /// The secrets in it.
    pub(super) fn secrets(&self) -> impl Iterator<Item = &str> {
        self.inputs.values().filter_map(Value::as_str)
    }

    fn add(&mut self, name: &str, source: Source) -> &mut Self {
        self.fields.push(field(name, source));
        self
    }
}

impl Drop for Sent {
    fn drop(&mut self) {
        self.inputs.values_mut().for_each(wipe);
    }
}

/// Overwrites the texts in a value.
pub(super) fn wipe(value: &mut Value) {
    match value {
        Value::String(text) => text.zeroize(),
        Value::Array(items) => items.iter_mut().for_each(wipe),
        Value::Object(members) => members.values_mut().for_each(wipe),
        Value::Null | Value::Bool(_) | Value::Number(_) => {}
    }
}

/// Whether a field has no value. A secret has one, which the guard then refuses to send as it is.
fn is_left_out(connection: &Connection, field: &str) -> bool {
    connection.require(field).is_err() || connection.field(field) == Some("")
}

/// A request for tokens, or to give one up: a form, or JSON.
pub(super) fn post(
    name: &str,
    endpoint: &Endpoint,
    sent: &Sent,
    scheme: Option<Scheme>,
    connection: &Connection,
    deadline: Deadline,
) -> Result<Outgoing, Refusal> {
    let fields = BodyFields { fields: sent.fields.clone(), ..BodyFields::default() };
    let body = if endpoint.json { BodyForm::Json(fields) } else { BodyForm::Form(fields) };
    // Some answer with a form where nobody says this.
    let headers = vec![field("Accept", Source::Text("application/json".to_owned()))];
    let request = Request { headers, body, ..plain(name, Method::Post, endpoint) };
    let outgoing = prepared(request, scheme, sent, connection, deadline)?;
    Ok(Outgoing { for_host: true, ..outgoing })
}

/// An address with what is sent to it in its query. The host itself never asks for it.
pub(super) fn address(
    endpoint: &Endpoint,
    sent: &Sent,
    connection: &Connection,
    deadline: Deadline,
) -> Result<Secret, Refusal> {
    let request = Request { query: sent.fields.clone(), ..plain("authorize", Method::Get, endpoint) };
    prepared(request, None, sent, connection, deadline).map(|outgoing| Secret::new(outgoing.url.real()))
}

fn prepared(
    request: Request,
    scheme: Option<Scheme>,
    sent: &Sent,
    connection: &Connection,
    deadline: Deadline,
) -> Result<Outgoing, Refusal> {
    let asked = Asked { name: request.name.clone(), ..Asked::default() };
    let routes = std::iter::once(Route::of(&request)).collect();
    let schemes: Vec<Arc<Scheme>> = scheme.into_iter().map(Arc::new).collect();
    let declared = declaration::prepare(&schemes, &routes, &[request]);
    let item =
        Item { input: &sent.inputs, attachments: &[], sensitive: &sent.sensitive, written: None, call: &asked.name };
    prepare(&declared, &asked, item, connection, &Work::until(deadline))
}

fn plain(name: &str, method: Method, endpoint: &Endpoint) -> Request {
    let variable = |name: &str| Variable {
        name: name.to_owned(),
        source: Source::Field(name.to_owned()),
        slashes: declaration::Slashes::Refused,
    };
    Request {
        name: name.to_owned(),
        method,
        server: endpoint.server.clone(),
        path: endpoint.path.clone(),
        variables: endpoint.path.variables().map(variable).collect(),
        query: Vec::new(),
        open_query: None,
        headers: Vec::new(),
        body: BodyForm::None,
        scheme: (method == Method::Post).then(|| SCHEME.to_owned()),
        answer: AnswerForm::Bytes,
        read_only: false,
        sensitive_answer: Vec::new(),
        redirects_to: Vec::new(),
        when_given: Vec::new(),
    }
}

const SCHEME: &str = "client";

fn field(name: &str, source: Source) -> Field {
    Field { name: name.to_owned(), source, lists: ListStyle::Repeated, media_type: None }
}

/// How the client shows who it is, as a scheme. What it signs is no part of it.
pub(super) fn client(client: &Client, endpoint: &Endpoint) -> Scheme {
    let by_field = |name: &str| Part::Field(name.to_owned());
    let template = |parts: Vec<Part>, functions: Vec<Function>| Template { parts, functions };
    let in_body = |name: &str, field: &str| Placement {
        location: Location::Body,
        name: name.to_owned(),
        template: template(vec![by_field(field)], Vec::new()),
        unless: None,
    };
    let mut scheme = Scheme {
        name: SCHEME.to_owned(),
        summary: String::new(),
        values: Vec::new(),
        placements: vec![in_body("client_id", &client.id)],
        servers: vec![endpoint.server.clone().unwrap_or_else(|| MAIN_SERVER.to_owned())],
        sign: None,
    };
    match (client.by, &client.secret) {
        (ClientAuthentication::Body, Some(secret)) => scheme.placements.push(in_body("client_secret", secret)),
        (ClientAuthentication::Basic, secret) => {
            let value = |name: &str, parts, functions| NamedTemplate {
                name: name.to_owned(),
                template: template(parts, functions),
            };
            let part = |name: &str| Part::Value(name.to_owned());
            let of_secret = secret.iter().map(|secret| by_field(secret)).collect();
            // RFC 6749, section 2.3.1. A `~` may stand as it is in a form, too, and servers that decode nothing want it so.
            scheme.values = vec![
                value("id", vec![by_field(&client.id)], vec![Function::PercentEncode]),
                value("secret", of_secret, vec![Function::PercentEncode]),
                value("pair", vec![part("id"), Part::Literal(":".to_owned()), part("secret")], vec![Function::Base64]),
            ];
            scheme.placements = vec![Placement {
                location: Location::Header,
                name: "Authorization".to_owned(),
                template: template(vec![Part::Literal("Basic ".to_owned()), part("pair")], Vec::new()),
                unless: None,
            }];
        }
        (ClientAuthentication::Body | ClientAuthentication::None | ClientAuthentication::Jwt, _) => {}
    }
    scheme
}
