use std::cell::OnceCell;

use serde_json::Value;

use crate::bindings::wharf::provider::blobs::Blob;
use crate::bindings::wharf::provider::{call as contract, http};
use crate::failure::Failure;
use crate::input::Input;
use crate::operation::Operation;
use crate::pages::{NEXT_PAGE, Page};
use crate::provider::Provider;
use crate::request::Place;
use crate::response::Response;
use wharf_answer::Members;
use wharf_answer::pages::Given;

/// The call that an operation's function handles.
pub struct Call<'a> {
    provider: &'a Provider,
    operation: &'a Operation,
    id: String,
    raw: String,
    input: OnceCell<Value>,
    attachments: Vec<contract::Attachment>,
}

impl<'a> Call<'a> {
    pub(crate) fn new(provider: &'a Provider, operation: &'a Operation, call: contract::Call) -> Self {
        let contract::Call { id, input: raw, attachments, .. } = call;
        Self { provider, operation, id, raw, input: OnceCell::new(), attachments }
    }

    /// Tells this call from every other one, and stays the same where the host tries it again: 36 characters at most, of `a` to
    /// `z`, `0` to `9` and `-`. It can be the idempotency key of a request. A call that sends several such requests adds to it
    /// what tells them apart.
    pub fn id(&self) -> &str {
        &self.id
    }

    /// An input that the caller gave, for what it says: [`Call::written`] keeps what its numbers are written with.
    pub fn input(&self, name: &str) -> Option<&Value> {
        self.parsed().get(name)
    }

    fn parsed(&self) -> &Value {
        // The host has parsed and validated it.
        self.input.get_or_init(|| serde_json::from_str(&self.raw).unwrap_or_default())
    }

    /// All inputs that the caller gave, by their names.
    pub fn inputs(&self) -> impl Iterator<Item = (&String, &Value)> {
        self.parsed().as_object().into_iter().flatten()
    }

    /// The JSON text of an input, with the digits that the caller wrote.
    pub fn written(&self, name: &str) -> Option<&str> {
        Members::of(&self.raw)?.get(name)
    }

    /// An input that is a text.
    pub fn text(&self, name: &str) -> Option<&str> {
        self.input(name)?.as_str()
    }

    /// What the caller gave for a query parameter of the operation's own request.
    pub(crate) fn given(&self, parameter: &str) -> Option<Given> {
        let is_it = |input: &&Input| input.place == Place::Query && input.on_wire() == parameter;
        let input = self.operation.inputs.iter().find(is_it)?.name;
        let value = self.input(input)?;
        let value = value.as_str().map_or_else(|| value.to_string(), str::to_owned);
        Some(Given { input: input.to_owned(), value })
    }

    /// The files that were attached under a name.
    pub fn attachments(&self, name: &str) -> impl Iterator<Item = &Blob> {
        self.attachments.iter().filter(move |a| a.name == name).map(|a| &a.content)
    }

    pub(crate) fn has_attachments(&self) -> bool {
        !self.attachments.is_empty()
    }

    /// Begins the operation's own request: the one that carries its inputs.
    pub fn own_request(&self) -> Request {
        self.request(self.operation.action)
    }

    /// The same in the form that carries the attached files, where there are two:
    /// [`Body::JsonOrMultipart`](crate::Body::JsonOrMultipart).
    pub fn own_request_with_files(&self) -> Request {
        self.request(&self.operation.with_files())
    }

    /// Begins the request that fetches a page of an operation that is [paged](crate::Operation::paged).
    pub fn next_page(&self) -> Request {
        self.request(NEXT_PAGE)
    }

    /// Begins one of the operation's declared requests.
    pub fn request(&self, name: &str) -> Request {
        Request {
            asked: http::Request {
                name: name.to_owned(),
                variables: vec![],
                query: vec![],
                headers: vec![],
                body: None,
            },
            reads: self.operation.gives_what_it_reads(),
            changes: self.operation.changes_by(name),
        }
    }

    /// Reads an answer as the provider's answers are read: the JSON text of its value.
    ///
    /// # Errors
    /// What the provider says is wrong.
    pub fn read(&self, response: &Response) -> Result<String, Failure> {
        self.provider.read.read(response)
    }

    /// Reads the answer of a page, as [`Call::read`] does. The first must have what the operation's answer must have; for a later
    /// one a good answer without anything is no page, as the one before was the last.
    ///
    /// # Errors
    /// What the provider says is wrong.
    pub fn read_page(&self, page: &Page<'_>, response: &Response) -> Result<Option<String>, Failure> {
        let is_nothing = response.is_empty() || response.bytes().trim_ascii() == b"null";
        match page.number {
            1 => self.value(response).map(Some),
            _ if response.is_success() && is_nothing => Ok(None),
            _ => self.read(response).map(Some),
        }
    }

    /// The same, with the members that the operation's answer must have.
    pub(crate) fn value(&self, response: &Response) -> Result<String, Failure> {
        let value = self.read(response)?;
        let members = self.operation.members;
        let has_all = |object: Members<'_>| members.iter().all(|name| object.get(name).is_some());
        if members.is_empty() || Members::of(&value).is_some_and(has_all) {
            return Ok(value);
        }
        Err(response.makes_no_sense(&format!("an object with `{}`", members.join("`, `"))))
    }
}

/// A declared request, to be filled with its free values.
pub struct Request {
    asked: http::Request,
    reads: bool,
    changes: bool,
}

impl Request {
    /// A free variable.
    pub fn variable(mut self, name: &str, value: impl Into<String>) -> Self {
        self.asked.variables.push((name.to_owned(), value.into()));
        self
    }

    /// A free query parameter.
    pub fn query(mut self, name: &str, value: impl Into<String>) -> Self {
        self.asked.query.push((name.to_owned(), value.into()));
        self
    }

    /// A free header.
    pub fn header(mut self, name: &str, value: impl Into<String>) -> Self {
        self.asked.headers.push((name.to_owned(), value.into()));
        self
    }

    /// The free members of a JSON body, or the whole of it where that is free.
    pub fn json(self, object: &Value) -> Self {
        self.json_text(object.to_string())
    }

    /// The same as JSON text, whose digits stay as they are.
    pub fn json_text(mut self, object: impl Into<String>) -> Self {
        self.asked.body = Some(http::Body::Json(object.into()));
        self
    }

    /// The free fields of a form.
    pub fn form(mut self, fields: Vec<(String, String)>) -> Self {
        self.asked.body = Some(http::Body::Form(fields));
        self
    }

    /// The free parts of a multipart body that are texts, each with its name.
    pub fn texts(mut self, texts: Vec<(String, String)>) -> Self {
        let part = |(name, text)| http::Part { name, content: http::PartContent::Text(text) };
        self.asked.body = Some(http::Body::Multipart(texts.into_iter().map(part).collect()));
        self
    }

    /// The free parts of a multipart body, each a name and a file.
    pub fn files(mut self, files: Vec<(String, Blob)>) -> Self {
        let part = |(name, blob)| http::Part { name, content: http::PartContent::Blob(blob) };
        self.asked.body = Some(http::Body::Multipart(files.into_iter().map(part).collect()));
        self
    }

    /// The whole body, where it is free.
    pub fn blob(mut self, blob: Blob) -> Self {
        self.asked.body = Some(http::Body::Blob(blob));
        self
    }

    /// Sends it and waits for the answer. Any status is an answer.
    ///
    /// # Errors
    /// Where there is no answer: refused by the host, no connection, out of time.
    pub fn send(self) -> Result<Response, Failure> {
        let response = Response::from(http::send(self.asked)?);
        let response = if self.changes { response.for_a_change() } else { response };
        Ok(if self.reads { response.to_a_read() } else { response })
    }
}

/// What an operation gives back.
pub struct Output {
    json: String,
    files: Vec<(String, Blob)>,
    incomplete: Option<Failure>,
}

impl Output {
    /// A JSON value. What was read from an answer goes as its text, [`Output::text`]: a value has other digits.
    pub fn json(value: &Value) -> Self {
        Self::text(value.to_string())
    }

    /// JSON text that is known to be good.
    pub fn text(json: String) -> Self {
        Self { json, files: Vec::new(), incomplete: None }
    }

    /// `{"success": true}`
    pub fn success() -> Self {
        Self::text(r#"{"success":true}"#.to_owned())
    }

    /// Only a part of what was asked for, as this happened then. The call has failed; a caller who asks for it gets the part.
    pub fn incomplete(mut self, failure: Failure) -> Self {
        self.incomplete = Some(failure);
        self
    }

    /// With a file.
    pub fn file(mut self, name: &str, blob: Blob) -> Self {
        self.files.push((name.to_owned(), blob));
        self
    }
}

impl From<Output> for contract::Output {
    fn from(output: Output) -> Self {
        let attachments = output.files.into_iter().map(|(name, content)| contract::Attachment { name, content });
        let incomplete = output.incomplete.map(Into::into);
        Self { json: output.json, attachments: attachments.collect(), incomplete }
    }
}

/// The connection of the call.
pub mod connection {
    /// A field that is set and is not a secret.
    pub fn field(name: &str) -> Option<String> {
        crate::bindings::wharf::provider::connection::field(name)
    }
}

/// Small values that outlive a call. They may vanish at any time.
pub mod state {
    use crate::bindings::wharf::provider::state as imported;

    /// A value that was set and has not expired.
    pub fn get(key: &str) -> Option<String> {
        imported::get(key)
    }

    /// Keeps a value for at most this many seconds. Where it cannot be kept the plugin goes on without it.
    pub fn set(key: &str, value: &str, seconds: u32) {
        let _ = imported::set(key, value, seconds);
    }

    /// Forgets a value.
    pub fn delete(key: &str) {
        imported::delete(key);
    }

    /// Runs something while no other call of the plugin does so as the same user of the same server, in whatever process of the host:
    /// what two calls must not do at one time, such as a login. Look at the state again in it, as the call before may have done it. There is
    /// none within another one. Where the host has no lock, it runs all the same, and the log tells.
    pub fn exclusive<T>(run: impl FnOnce() -> T) -> T {
        let section = imported::exclusive();
        if let Err(problem) = &section {
            super::log::warning(&format!("other calls may do the same at this time: {problem}"));
        }
        run()
    }
}

/// The plugin's log, which operators read.
pub mod log {
    use crate::bindings::wharf::provider::log::{Level, write};

    /// For operators who look for the cause of something.
    pub fn info(message: &str) {
        write(Level::Info, message);
    }

    /// Something that works and should not have happened.
    pub fn warning(message: &str) {
        write(Level::Warning, message);
    }
}
