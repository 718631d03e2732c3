use crate::call::{Call, Output};
use crate::failure::Failure;
use crate::input::Input;
use crate::pages::Paging;
use crate::provider::Attachment;
use crate::request::{Body, Constant, DeclaredRequest, Field, Method};
use crate::schema::Schema;
use wharf_answer::rules::Rule;

/// Operations that concern one kind of thing: the part of their names before the dot.
#[derive(Clone, Copy, Debug)]
pub struct Resource {
    /// Kebab case: `users`.
    pub name: &'static str,
    /// What can be done.
    pub operations: &'static [Operation],
}

impl Resource {
    /// A resource.
    pub const fn new(name: &'static str, operations: &'static [Operation]) -> Self {
        Self { name, operations }
    }
}

/// The function of an operation that needs more than one plain request.
pub type Run = fn(&Call<'_>) -> Result<Output, Failure>;

/// One thing that a caller can ask for: a request, and how its answer is read.
#[derive(Clone, Copy)]
pub struct Operation {
    pub(crate) action: &'static str,
    pub(crate) title: &'static str,
    pub(crate) summary: &'static str,
    pub(crate) effect: Effect,
    pub(crate) idempotent: bool,
    pub(crate) unverified: Option<&'static str>,
    pub(crate) inputs: &'static [Input],
    pub(crate) attachments: &'static [Attachment],
    pub(crate) files: &'static [&'static str],
    pub(crate) sensitive_outputs: &'static [&'static str],
    pub(crate) output: Option<Schema>,
    /// The request that carries the inputs; none where `requests` has them all.
    pub(crate) request: Option<DeclaredRequest>,
    pub(crate) requests: &'static [DeclaredRequest],
    pub(crate) answer: Answer,
    pub(crate) members: &'static [&'static str],
    pub(crate) paging: Option<&'static Paging>,
    pub(crate) run: Option<Run>,
}

impl std::fmt::Debug for Operation {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        f.write_str(self.action)
    }
}

/// What an operation does to the provider's data.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Effect {
    /// Changes nothing.
    Read,
    /// Adds or changes.
    Write,
    /// Takes away.
    Delete,
}

/// What an operation makes of a good answer.
#[derive(Clone, Copy, Debug)]
pub enum Answer {
    /// The value that [`crate::Provider::read`] finds in it.
    Value,
    /// The whole body, as it came.
    Body,
    /// `{"success": true}`
    Success,
    /// The body as a file of this name, unless it is an object of JSON in which [`crate::Provider::read`] finds an error.
    File(&'static str),
    /// The body as a file of this name, whatever it is.
    AnyFile(&'static str),
    /// What these rules say, instead of the provider's.
    Rules(fn() -> Vec<Rule>),
}

impl Operation {
    const fn of(action: &'static str, title: &'static str, effect: Effect, idempotent: bool) -> Self {
        Self {
            action,
            title,
            summary: "",
            effect,
            idempotent,
            unverified: None,
            inputs: &[],
            attachments: &[],
            files: &[],
            sensitive_outputs: &[],
            output: None,
            request: None,
            requests: &[],
            answer: Answer::Value,
            members: &[],
            paging: None,
            run: None,
        }
    }

    const fn plain(mut self, method: Method, path: &'static str) -> Self {
        self.request = Some(DeclaredRequest::new(self.action, method, path));
        self
    }

    /// A GET. The path is a template: `/users/{userId}`.
    pub const fn get(action: &'static str, title: &'static str, path: &'static str) -> Self {
        Self::of(action, title, Effect::Read, true).plain(Method::Get, path)
    }

    /// A POST that writes.
    pub const fn post(action: &'static str, title: &'static str, path: &'static str) -> Self {
        Self::of(action, title, Effect::Write, false).plain(Method::Post, path)
    }

    /// A PUT that writes.
    pub const fn put(action: &'static str, title: &'static str, path: &'static str) -> Self {
        Self::of(action, title, Effect::Write, true).plain(Method::Put, path)
    }

    /// A PATCH that writes.
    pub const fn patch(action: &'static str, title: &'static str, path: &'static str) -> Self {
        Self::of(action, title, Effect::Write, false).plain(Method::Patch, path)
    }

    /// A DELETE. A second one finds nothing and fails, so it is not idempotent for the caller.
    pub const fn delete(action: &'static str, title: &'static str, path: &'static str) -> Self {
        Self::of(action, title, Effect::Delete, false).plain(Method::Delete, path)
    }

    /// An operation whose requests each say by themselves which inputs they carry, and the function that sends them.
    pub const fn function(
        action: &'static str,
        title: &'static str,
        effect: Effect,
        requests: &'static [DeclaredRequest],
        run: Run,
    ) -> Self {
        let mut operation = Self::of(action, title, effect, matches!(effect, Effect::Read));
        operation.requests = requests;
        operation.run = Some(run);
        operation
    }

    /// A function that sends its request, and those of [`Operation::also`], in an order of its own.
    pub const fn run(mut self, run: Run) -> Self {
        self.run = Some(run);
        self
    }

    /// Further requests that its function may send, or, where there is none, that are sent [instead](DeclaredRequest::when_given). They
    /// say by themselves which inputs they carry.
    pub const fn also(mut self, requests: &'static [DeclaredRequest]) -> Self {
        self.requests = requests;
        self
    }

    /// Values of its request that are not inputs by their own name: fields of the connection, or those that its function gives.
    pub const fn fields(mut self, fields: &'static [Field]) -> Self {
        self.request = Some(self.own_request().fields(fields));
        self
    }

    /// It gives a list back, a page at a time. The caller may ask for more than a page by an input `maxItems`, which is
    /// added to the others; then pages are followed up to that number, and the output is the first answer with the items
    /// of all.
    pub const fn paged(mut self, paging: &'static Paging) -> Self {
        assert!(self.request.is_some(), "pages are followed by the operation's own request");
        self.paging = Some(paging);
        self
    }

    /// One line: what it does.
    pub const fn summary(mut self, summary: &'static str) -> Self {
        self.summary = summary;
        self
    }

    /// What a caller may give, and where it goes.
    pub const fn inputs(mut self, inputs: &'static [Input]) -> Self {
        self.inputs = inputs;
        self
    }

    /// Files that a caller may attach.
    pub const fn attachments(mut self, attachments: &'static [Attachment]) -> Self {
        self.attachments = attachments;
        self
    }

    /// What it does to the provider's data, where its method does not tell.
    pub const fn effect(mut self, effect: Effect) -> Self {
        self.effect = effect;
        self
    }

    /// Running it twice does no more than running it once.
    pub const fn idempotent(mut self) -> Self {
        self.idempotent = true;
        self
    }

    /// Running it twice does more than running it once, although its method says otherwise.
    pub const fn not_idempotent(mut self) -> Self {
        self.idempotent = false;
        self
    }

    /// It was not seen to work: say what is uncertain.
    pub const fn unverified(mut self, why: &'static str) -> Self {
        self.unverified = Some(why);
        self
    }

    /// What the output is, for callers that have types. No answer is held against it.
    pub const fn output(mut self, schema: Schema) -> Self {
        self.output = Some(schema);
        self
    }

    /// JSON Pointers into the output, to members that are masked in logs and records.
    pub const fn sensitive_outputs(mut self, pointers: &'static [&'static str]) -> Self {
        self.sensitive_outputs = pointers;
        self
    }

    /// JSON Pointers into the body of its request's answer, to texts that are masked in logs and records from then on: a token, a session.
    pub const fn sensitive_answer(mut self, pointers: &'static [&'static str]) -> Self {
        self.request = Some(self.own_request().sensitive_answer(pointers));
        self
    }

    /// A good answer is an object with these members; anything else is no good answer, whatever its status. For operations
    /// whose output is the value that is read.
    pub const fn answers_with(mut self, members: &'static [&'static str]) -> Self {
        assert!(matches!(self.answer, Answer::Value) && self.run.is_none(), "the output is not the value that is read");
        self.members = members;
        self
    }

    /// The output is the whole body of a good answer, which must be JSON.
    pub const fn answers_body(mut self) -> Self {
        self.answer = Answer::Body;
        self
    }

    /// A good answer becomes `{"success": true}`.
    pub const fn answers_success(mut self) -> Self {
        self.answer = Answer::Success;
        self
    }

    /// Rules of its own say what the answer is, and none of the provider's: `Rule::uses("first")` and `Rule::uses("errors")` stand for
    /// those of [`Rules`](crate::Rules), where there are any. They are looked at by the host, so it has no function.
    pub const fn answers_by(mut self, rules: fn() -> Vec<Rule>) -> Self {
        self.answer = Answer::Rules(rules);
        self
    }

    /// The body of a good answer becomes a file of the output. An object of JSON of up to 1 MiB is read before by
    /// [`crate::Provider::read`], whatever its status and media type say: what that fails with, the call fails with.
    pub const fn answers_file(mut self, name: &'static str) -> Self {
        self.answer = Answer::File(name);
        self.request = Some(self.own_request().answers_file());
        self
    }

    /// The same for a provider that keeps files of any kind and tells errors by the status: nobody looks into them.
    pub const fn answers_any_file(mut self, name: &'static str) -> Self {
        self.answer = Answer::AnyFile(name);
        self.request = Some(self.own_request().answers_file());
        self
    }

    /// Origins at which the file may be that is its answer: [`DeclaredRequest::redirects_to`].
    pub const fn redirects_to(mut self, origins: &'static [&'static str]) -> Self {
        self.request = Some(self.own_request().redirects_to(origins));
        self
    }

    /// Names of the files that its function may give back.
    pub const fn gives(mut self, files: &'static [&'static str]) -> Self {
        self.files = files;
        self
    }

    /// The form of its request's body, where it is not JSON.
    pub const fn sends(mut self, body: Body) -> Self {
        self.request = Some(self.own_request().body(body));
        self
    }

    /// What the files are that its function gives with its request.
    pub const fn media_types(mut self, media_types: &'static [&'static str]) -> Self {
        self.request = Some(self.own_request().media_types(media_types));
        self
    }

    /// It goes to this one of the [further servers](crate::Provider::servers).
    pub const fn server(mut self, name: &'static str) -> Self {
        self.request = Some(self.own_request().server(name));
        self
    }

    /// Another scheme than the provider's own, or none.
    pub const fn scheme(mut self, scheme: Option<&'static str>) -> Self {
        self.request = Some(self.own_request().scheme(scheme));
        self
    }

    /// Values that its request always has.
    pub const fn constants(mut self, constants: &'static [Constant]) -> Self {
        self.request = Some(self.own_request().constants(constants));
        self
    }

    /// The constant that tells the provider which of its operations is meant.
    pub const fn discriminator(mut self, constant: Constant) -> Self {
        self.request = Some(self.own_request().discriminator(constant));
        self
    }

    /// Its request changes nothing, although its method says otherwise.
    pub const fn reads(mut self) -> Self {
        self.effect = Effect::Read;
        self.idempotent = true;
        self.request = Some(self.own_request().read_only());
        self
    }

    /// Whether an answer without a value is none.
    pub(crate) fn gives_what_it_reads(&self) -> bool {
        self.effect == Effect::Read && matches!(self.answer, Answer::Value | Answer::Body)
    }

    /// Whether a request of this name changes something, as far as its declaration tells.
    pub(crate) fn changes_by(&self, name: &str) -> bool {
        let reads =
            |request: &DeclaredRequest| request.read_only || matches!(request.method, Method::Get | Method::Head);
        let declared = self.requests.iter().find(|declared| declared.name == name).or(self.request.as_ref());
        self.effect != Effect::Read && declared.is_some_and(|declared| !reads(declared))
    }

    /// The name of the request that is sent instead of the own one where the caller attaches files.
    pub(crate) fn with_files(&self) -> String {
        format!("{}-with-files", self.action)
    }

    /// The request that carries the inputs. Setting something on one that does not exist would do nothing, so it does not
    /// compile.
    const fn own_request(&self) -> DeclaredRequest {
        assert!(
            self.request.is_some(),
            "without a request of its own, an operation says this on its declared requests"
        );
        match self.request {
            Some(request) => request,
            None => DeclaredRequest::new(self.action, Method::Get, ""),
        }
    }
}
