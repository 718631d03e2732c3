//! The check of what a request has in its fields, headers and body.

use super::{Bindable, Lint};
use crate::declaration::names::{self, header_as_read};
use crate::declaration::{AnswerForm, BodyForm, Field, ListStyle, Method, Request, Source};
use crate::lists;
use crate::media_type;
use crate::redirect;
use crate::well_known::replaces_method;

/// Of the files of a request.
const MOST_MEDIA_TYPES: usize = 32;

/// That a request may be led to.
const MOST_ORIGINS: usize = 16;

/// Headers that no plugin and no scheme sets.
const HOST_HEADERS: [&str; 19] = [
    "accept-encoding",
    "connection",
    "content-length",
    "content-type",
    "cookie",
    "cookie2",
    "expect",
    "forwarded",
    "host",
    "keep-alive",
    "te",
    "trailer",
    "transfer-encoding",
    "upgrade",
    "user-agent",
    "via",
    // Servers and proxies take the host, the path or the client from these, and from some of the families below.
    "content-encoding",
    "x-http-host-override",
    "x-real-ip",
];

/// The same for whole families of headers.
const HOST_PREFIXES: [&str; 8] =
    ["proxy-", "sec-", "x-accel-", "x-envoy-", "x-forwarded-", "x-original-", "x-override-", "x-rewrite-"];

/// Members on the way of a JSON Pointer: more than any API nests, and far from what a recursion cannot take.
const DEEPEST: usize = 32;

impl Lint<'_> {
    /// JSON that is sent where the caller gives nothing meets the same rules as what a caller gives.
    pub(super) fn literals(&mut self, request: &Request) {
        for (field, place) in request.text_fields() {
            if let Source::InputOr(_, json) = &field.source
                && let Err(denial) = lists::check(field, &json.value, false, place)
            {
                self.report(format!("without a value of the caller's, {}; {}", denial.message, denial.remedy));
            }
        }
    }

    /// The id of the call is a field by itself, and one of them.
    pub(super) fn key(&mut self, request: &Request) {
        for variable in request.variables.iter().filter(|variable| variable.source == Source::CallId) {
            self.report(format!("the variable `{}` cannot be the id of the call; make a field of it", variable.name));
        }
        let fields = || request.query.iter().chain(&request.headers).chain(request.body.fields());
        let is_key = |source: &Source| *source == Source::CallId;
        let is_whole = fields().any(|field| field.name.is_empty() && is_key(&field.source));
        if is_whole || request.body.whole().is_some_and(is_key) {
            self.report("the id of the call cannot be the whole body; give it a name");
        }
        if fields().filter(|field| is_key(&field.source)).count() > 1 {
            self.report("the id of the call stands in it twice");
        }
    }

    /// Where the names of query parameters are the caller's.
    pub(super) fn open_names(&mut self, request: &Request) {
        let open = || request.query.iter().filter(|field| field.name.is_empty());
        if open().count() > 1 {
            self.report("two query parameters have no name");
        }
        if open().any(|field| !matches!(field.source, Source::Input(_))) {
            self.report("a query parameter without a name has to be bound to an input, whose members are parameters");
        }
    }

    pub(super) fn headers(&mut self, request: &Request) {
        self.range(request);
        for field in &request.headers {
            self.header_name(&field.name);
            if matches!(field.lists, ListStyle::Brackets | ListStyle::Indexed) {
                self.report(format!("a list in the header `{}` cannot have brackets in the header's name", field.name));
            }
            if let Source::Text(text) = &field.source
                && !text.bytes().all(|byte| matches!(byte, b' '..=b'~'))
            {
                self.report(format!("the value of the header `{}` is not visible ASCII", field.name));
            }
            if field.name.eq_ignore_ascii_case("authorization") {
                self.report("the header `Authorization` belongs to a scheme");
            }
        }
    }

    /// A part is the caller's to ask for: a plugin that chose parts could read a secret in pieces which no mask is found in.
    pub(super) fn range(&mut self, request: &Request) {
        let is_range = |field: &&Field| header_as_read(&field.name) == "range";
        for field in request.headers.iter().filter(is_range) {
            let is_good = request.answer == AnswerForm::Blob && request.method == Method::Get;
            if !is_good || request.read_only || !request.redirects_to.is_empty() {
                self.report("only a GET whose answer is a file, and is nowhere else, may have the header `Range`");
            }
            if !matches!(field.source, Source::Input(_)) {
                self.report("the header `Range` has to be bound to an input");
            }
        }
    }

    pub(super) fn header_name(&mut self, name: &str) {
        let lower = header_as_read(name);
        let token = |byte: u8| byte.is_ascii_alphanumeric() || b"!#$%&'*+-.^_`|~".contains(&byte);
        if name.is_empty() || !name.bytes().all(token) {
            self.report(format!("`{name}` is not the name of a header"));
        } else if HOST_HEADERS.contains(&lower.as_str())
            || HOST_PREFIXES.iter().any(|p| lower.starts_with(p))
            || replaces_method(name)
        {
            self.report(format!("the header `{name}` is the host's own; no plugin can set it"));
        }
    }

    pub(super) fn body(&mut self, request: &Request) {
        if request.method.is_safe() && request.body != BodyForm::None {
            self.report(format!("a {} has no body", request.method.as_str()));
        }
        let json = matches!(request.body, BodyForm::Json(_));
        let fields = request.body.fields();
        for field in fields {
            if !json && field.name.is_empty() {
                self.report("a field has no name");
            }
            if json && field.name.is_empty() && fields.len() > 1 {
                self.report("a field that is the whole body stands alone");
            }
            if json && field.name.starts_with('/') {
                names::pointer(&field.name, DEEPEST).into_iter().for_each(|problem| self.report(problem));
            }
            if json && field.source.is_free() && field.name.starts_with('/') {
                self.report(format!("`{}` cannot be free: a plugin gives whole members", field.name));
            }
        }
    }

    pub(super) fn media_types(&mut self, request: &Request) {
        let ranges = request.body.media_types();
        if ranges.len() > MOST_MEDIA_TYPES {
            return self.report(format!("it has {} media types; the most are {MOST_MEDIA_TYPES}", ranges.len()));
        }
        let free = request.body.whole().is_some_and(Source::is_free);
        if free && ranges.is_empty() && matches!(request.body, BodyForm::Blob(_)) {
            self.report("the file that is its body is of no media type; say which it may have");
        }
        ranges.iter().filter_map(|range| media_type::problem(range, free)).for_each(|problem| self.report(problem));
        self.unique("media type", ranges.iter().map(|range| range.to_ascii_lowercase()));
        let of_body = match &request.body {
            BodyForm::Json(body) => body.media_type.as_deref().and_then(media_type::problem_of_json),
            BodyForm::Form(body) if body.media_type.is_some() => Some("a form has no media type of its own".to_owned()),
            BodyForm::Text(body) => media_type::problem_of_text(&body.media_type),
            _ => None,
        };
        of_body.into_iter().for_each(|problem| self.report(problem));
    }

    /// Where the file may be that is its answer.
    pub(super) fn redirects(&mut self, request: &Request) {
        let origins = &request.redirects_to;
        if origins.is_empty() {
            return;
        }
        if origins.len() > MOST_ORIGINS {
            return self.report(format!("it may be led to {} origins; the most are {MOST_ORIGINS}", origins.len()));
        }
        if request.answer != AnswerForm::Blob || request.method == Method::Head {
            self.report("only a request whose answer is a file may be led to another origin");
        }
        origins.iter().filter_map(|origin| redirect::problem(origin)).for_each(|problem| self.report(problem));
        self.unique("origin that it may be led to", origins.iter().cloned());
    }

    /// Parts that are JSON.
    pub(super) fn json_parts(&mut self, names: &Bindable<'_>, request: &Request) {
        let parts = matches!(request.body, BodyForm::Multipart(_)).then(|| request.body.fields()).unwrap_or_default();
        let fields = request.query.iter().chain(&request.headers).chain(request.body.fields());
        if fields.filter(|field| field.media_type.is_some()).count()
            > parts.iter().filter(|f| f.media_type.is_some()).count()
        {
            self.report("only a part of a multipart body has a media type of its own");
        }
        for field in parts {
            let Some(media_type) = &field.media_type else { continue };
            media_type::problem_of_json(media_type).into_iter().for_each(|problem| self.report(problem));
            let problem = match field.source.input() {
                _ if field.source.is_free() => "is free, and a part of JSON is bound",
                Some(input) if names.attachments.contains(input) => {
                    "is a file, which says itself of what media type it is"
                }
                _ if field.lists != ListStyle::Repeated => {
                    "is a part of JSON, in which lists are lists; leave their style out"
                }
                _ => continue,
            };
            self.report(format!("`{}` {problem}", field.name));
        }
    }
}
