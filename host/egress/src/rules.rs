//! The rules of egress: what holds for everything that leaves the sandbox, and what is refused.
//!
//! | about | what holds | shown by |
//! | --- | --- | --- |
//! | what can be sent | a declared request of the running operation, built by the host; a plugin gives free values alone | `asks_for_a_url`, `a_template_becomes_the_request_that_was_declared_whatever_the_values_are` |
//! | bound values, discriminators | what the host writes stands once, and nothing that a lenient server could take for it | `gives_the_operation_with_brackets`, `a_field_cannot_pass_for_another_one_by_dots_letters_or_the_path` |
//! | scheme, host, port | those of the base URL of the request's server, which the operator writes | `a_base_url_keeps_its_origin_or_is_refused` |
//! | addresses | all answers of the resolver are judged, one forbidden answer refuses them all, and what was judged is what is connected to | `one_forbidden_answer_refuses_all_of_them`, `a_name_that_answers_differently_the_second_time_is_judged_again_also_with_a_socket_in_the_pool` |
//! | redirects | not followed; the answer goes to the plugin | `a_redirect_is_an_answer`, `is_redirected` |
//! | files elsewhere | fetched by the host from declared origins alone, by a GET without credentials, headers or values of the request; nothing of the address but its origin is kept | `a_file_elsewhere_is_fetched_without_anything_of_the_request`, `a_file_is_not_fetched_from_an_address_that_is_not_allowed` |
//! | credentials | placed by the host, for the servers that their scheme names; a plugin cannot give a value in their place | `nothing_is_sent_but_what_is_declared_and_what_http_needs`, `poses_with_another_key` |
//! | secrets in answers | masked, best effort, after decoding; an encoding that the host cannot undo is refused | `reads_the_secret_from_an_echo`, `is_given_an_unknown_encoding` |
//! | weak secrets | refused, or allowed by the operator; then nothing that a plugin sees depends on them | `guesses_the_secret`, `a_thousand_calls_with_guesses_tell_nothing_of_a_weak_secret` |
//! | headers | only declared ones; never one that governs the connection, the credentials, the method or the path | `gives_a_header_that_was_not_declared`, `splits_a_header`, `a_declaration_that_would_break_a_rule_is_not_accepted` |
//! | cookies | neither kept nor handed on | `a_cookie_is_neither_handed_to_the_plugin_nor_sent_back` |
//! | proxies | none but the operator's, who then trusts it to resolve names | `a_request_goes_through_a_tunnel_and_the_proxy_resolves_the_name`, `proxies_of_the_environment_are_not_used` |
//! | TLS | certificates are verified, by the usual authorities, those of the system or those of the connection's CA file | `an_unknown_authority_is_refused_and_the_ca_file_makes_it_known` |
//! | environment | a manifest suggests variables of its own name alone | `a_lying_manifest_is_refused_with_what_is_wrong_and_where` |
//! | the audit | an intent before, an outcome or a refusal after | `an_intent_is_there_when_the_request_arrives_and_an_outcome_before_the_answer` |
//!
//! A refusal names one of these rules:
//!
//! | rule | what it refuses | what would allow it |
//! | --- | --- | --- |
//! | `grant` | an operation, before the plugin runs, that the operator's grant of the connection leaves out | the operator |
//! | `undeclared-request` | a request that the running operation does not declare | a manifest that declares it |
//! | `bound-value` | a variable, query parameter, header or body field given by the plugin that its declaration does not leave free, or that a server could take for one that the host writes; a request with the id of the call for a key, of which the provider has done one in this call already | a manifest that marks it as free |
//! | `missing-value` | a request for which the path or the credentials lack a value | the caller's input, or the plugin |
//! | `path-value` | a value that would change the shape of the path: empty, a dot segment, a slash that is not declared, a control character, or what makes it the path of another declared request | nothing |
//! | `header-value` | a header value with anything but visible ASCII and inner spaces | nothing |
//! | `list-value` | a list or an object that a server would read as another one where there is only text: empty, a comma in an entry that a comma ends, a null, a list in a list, an object of which nobody said how it is written | the caller, by another value; or a manifest with another style of lists |
//! | `credential` | a value in a place that a credential takes | nothing |
//! | `method-override` | a field by which servers replace the method: `_method`, `X-HTTP-Method-Override`, … | nothing |
//! | `body` | a body of another form than the declared one, with members twice, with a name that servers read in different ways, or a file whose media type is not declared | nothing, or another file |
//! | `values` | more values than servers take: 1,000 given by the plugin, 100 of them headers; 10,000 members of a JSON body, or 16 MiB of it; 10,000 entries of a list where there is only text; a name of more than 1,024 bytes | nothing |
//! | `url` | a URL of more than 16 KiB, credentials left out, or a variable of as much | shorter values |
//! | `address` | an address that is not public, unless the operator wrote it himself as the base URL's host, or allows it; link-local, metadata, unspecified and multicast ones always | the operator, except for those refused always |
//! | `content-encoding` | an answer with an encoding that the host cannot undo | nothing |
//!
//! A header that governs the connection, the credentials or the method (`Host`, `Cookie`, `X-HTTP-Method-Override`, …)
//! cannot be declared, so a plugin that gives one meets `bound-value`.

use std::borrow::Cow;
use std::fmt;

use crate::field::PLUGINS;

/// A rule of the table above.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash)]
#[expect(missing_docs, reason = "the table in the module's documentation describes each")]
pub enum Rule {
    Grant,
    UndeclaredRequest,
    BoundValue,
    MissingValue,
    PathValue,
    HeaderValue,
    ListValue,
    Credential,
    MethodOverride,
    Body,
    Values,
    Url,
    Address,
    ContentEncoding,
}

impl Rule {
    /// The stable name, as it stands in messages, records and the contract.
    pub fn name(self) -> &'static str {
        match self {
            Self::Grant => "grant",
            Self::UndeclaredRequest => "undeclared-request",
            Self::BoundValue => "bound-value",
            Self::MissingValue => "missing-value",
            Self::PathValue => "path-value",
            Self::HeaderValue => "header-value",
            Self::ListValue => "list-value",
            Self::Credential => "credential",
            Self::MethodOverride => "method-override",
            Self::Body => "body",
            Self::Values => "values",
            Self::Url => "url",
            Self::Address => "address",
            Self::ContentEncoding => "content-encoding",
        }
    }

    /// What would allow the thing that the rule refuses, where it does not depend on the case.
    fn remedy(self) -> &'static str {
        match self {
            Self::Grant => "the operator grants it in the configuration",
            Self::UndeclaredRequest => {
                "no configuration can allow it: the plugin's manifest has to declare the request"
            }
            Self::BoundValue => "no configuration can allow it: the plugin's manifest has to mark the value as free",
            Self::MissingValue => "give the input that it is bound to",
            Self::PathValue
            | Self::HeaderValue
            | Self::ListValue
            | Self::Credential
            | Self::MethodOverride
            | Self::Body
            | Self::Values
            | Self::Url
            | Self::Address
            | Self::ContentEncoding => "nothing can allow it",
        }
    }

    /// A refusal under this rule.
    pub(crate) fn denies(self, message: impl Into<String>) -> Denial {
        Denial { rule: self, message: message.into(), remedy: Cow::Borrowed(self.remedy()) }
    }
}

impl fmt::Display for Rule {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(self.name())
    }
}

/// A request that was not sent: which rule refused it, what was tried, and what would allow it.
///
/// It is a value: the plugin receives it and may go on without the request.
#[derive(Clone, Debug, PartialEq, Eq, thiserror::Error)]
#[error("{message} (rule {rule}; {remedy})")]
pub struct Denial {
    /// The rule.
    pub rule: Rule,
    /// What was tried and what the rule says. It holds no secret.
    pub message: String,
    /// The line of configuration that would allow it, or that nothing can.
    pub remedy: Cow<'static, str>,
}

impl Denial {
    /// A refusal of an operation that a connection is not granted for, and the line of configuration that would.
    pub fn of_grant(message: String, remedy: String) -> Self {
        Rule::Grant.denies(message).with_remedy(remedy)
    }

    /// A refusal of a request with the id of the call, of which the provider has done one already.
    pub fn of_key(request: &str) -> Self {
        let message = format!(
            "the plugin sent the request `{request}` twice in one call, and it has the call's id for a key: the provider would take \
             the second for the first"
        );
        Rule::BoundValue.denies(message).with_remedy(PLUGINS.to_owned())
    }

    /// A refusal of a request in the place of the one that a person agreed to.
    pub fn of_another_than_agreed(request: &str) -> Self {
        let message = format!(
            "the plugin asks for the request `{request}` in another way than in the dry run that a person confirmed: it is not sent"
        );
        Rule::UndeclaredRequest.denies(message).with_remedy(PLUGINS.to_owned())
    }

    /// Whether some configuration would allow it.
    pub(crate) fn may_be_allowed(&self) -> bool {
        self.remedy != self.rule.remedy()
    }

    /// The same with a remedy for the case at hand.
    pub(crate) fn with_remedy(self, remedy: String) -> Self {
        Self { remedy: Cow::Owned(remedy), ..self }
    }
}

/// Of a URL, and of the value of a header, in bytes. Servers take 8 to 16 KiB; a buffer for more would be there for each
/// request under way.
pub(crate) const LONGEST_URL: usize = 16 << 10;
pub(crate) const LONGEST_HEADER: usize = 16 << 10;

/// Of all credentials in a URL, in bytes, which come on top.
pub(crate) const LONGEST_CREDENTIALS: usize = 4 << 10;

/// How long it would be is not told: a credential may be a part of it.
pub(crate) fn too_long() -> Denial {
    let message = format!("the URL would be longer than {LONGEST_URL} bytes, the most that can be sent");
    Rule::Url.denies(message).with_remedy("give fewer or shorter values".to_owned())
}

pub(crate) fn header_too_long(name: &str) -> Denial {
    Rule::HeaderValue.denies(format!("the value of the header `{name}` has more than {LONGEST_HEADER} bytes"))
}
