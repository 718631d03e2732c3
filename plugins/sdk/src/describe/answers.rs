//! What is made of answers: the rules of the provider, and those of operations that are data.

use std::collections::BTreeSet;

use wharf_answer::build::{at, body, success};
use wharf_answer::document::rules;
use wharf_answer::rules::{Kind, Output, Rule, Then};

use crate::json_text::{Members, object};
use crate::operation::{Answer, Operation};
use crate::pages::Paging;
use crate::provider::Provider;
use crate::read::{Read, Rules, done, good};

/// The names of the rules that operations share.
const FIRST: &str = "first";
const ERRORS: &str = "errors";

/// The rules of the provider: by name, and those of all operations that have none of their own.
pub(super) fn answers(provider: &Provider, document: &mut Members<'_>) {
    let Read::Rules(all) = provider.read else { return };
    let Rules { first, output, errors, named } = all();
    let usual = framed(&first, output, &errors);
    if !usual.is_empty() {
        document.add("answer", rules(&usual).get());
    }
    if first.is_empty() && errors.is_empty() && named.is_empty() {
        return;
    }
    object(document.value("answers"), |answers| {
        for (name, own) in [(FIRST, first), (ERRORS, errors)].into_iter().chain(named) {
            if !own.is_empty() {
                answers.add(name, rules(&own).get());
            }
        }
    });
}

/// Rules between those that all operations share.
fn framed(first: &[Rule], own: Vec<Rule>, errors: &[Rule]) -> Vec<Rule> {
    let shared = |rules: &[Rule], name: &'static str| (!rules.is_empty()).then(|| Rule::uses(name));
    shared(first, FIRST).into_iter().chain(own).chain(shared(errors, ERRORS)).collect()
}

/// The rules of an operation that is data, which are none where those of the provider are enough; nothing of one that is code.
pub(super) fn own_rules(provider: &Provider, operation: &Operation) -> Option<Vec<Rule>> {
    let Read::Rules(all) = provider.read else { return None };
    let has_function = operation.run.is_some() || operation.paging.is_some_and(Paging::has_function);
    // What is sent without a function says when.
    if has_function || operation.requests.iter().any(|request| request.when_given.is_empty()) {
        return None;
    }
    let Rules { first, output, errors, .. } = all();
    let own = match operation.answer {
        Answer::Value if operation.members.is_empty() => return Some(Vec::new()),
        Answer::Value => {
            // The members of what other rules give stand elsewhere.
            if output.iter().any(|rule| !matches!(rule.then, Then::Output(Output::Body))) {
                return None;
            }
            let expected = format!("an object with `{}`", operation.members.join("`, `"));
            let lacks = operation.members.iter().map(|name| {
                let pointer = format!("/{}", name.replace('~', "~0").replace('/', "~1"));
                let is_missing = at([pointer]).exists(false);
                Rule::unreadable([success(), body().is([Kind::Json, Kind::Nothing]), is_missing], expected.clone())
            });
            lacks.chain([good(Output::Body)]).collect()
        }
        Answer::Body => vec![good(Output::Body)],
        Answer::Success => vec![done()],
        Answer::Rules(own) => return Some(own()),
        Answer::File(name) => vec![good(Output::File(name.into()))],
        Answer::AnyFile(name) => {
            // Nobody looks into it.
            let rules = framed(&first, Vec::new(), &errors);
            return Some([good(Output::File(name.into()))].into_iter().chain(rules).collect());
        }
    };
    Some(framed(&first, own, &errors))
}

/// The files that rules give.
pub(super) fn files(rules: &[Rule]) -> Vec<&str> {
    let files = rules.iter().filter_map(|rule| match &rule.then {
        Then::Output(Output::File(name)) => Some(&**name),
        _ => None,
    });
    files.collect::<BTreeSet<_>>().into_iter().collect()
}
