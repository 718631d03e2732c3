//! One operation: its request, and what callers give.
//!
//! What is written is tried by the host's own check of declarations. What it refuses is written in another way or left out, in its
//! words.

use std::collections::HashSet;

use indexmap::IndexMap;
use serde_json::{Map, Value};
use wharf::declaration::{self, AnswerForm, BodyForm, Effect, ListStyle, Method, Request, Source};
use wharf::manifest::{self, Data, Manifest, document};

use super::model::{Api, In, Operation};
use super::names;
use super::report::{Outcome, Report, Teller};
use super::texts;
use super::words::{as_title, is_alike, words};
use inputs::Inputs;

mod body;
mod effects;
mod inputs;
mod parameters;
mod path;
pub(crate) mod schemas;

/// Of a title and of a summary, in letters.
const LONGEST_TITLE: usize = 80;
const LONGEST_SUMMARY: usize = 200;

/// Of what the host says against it, in letters.
const LONGEST_PROBLEM: usize = 300;

/// Parts of an operation that are tried one after the other, and those that are told of: a request has 250 fields at most.
const MOST_TRIED: usize = 240;
const MOST_TOLD: usize = 50;

/// What is uncertain of every operation that was imported.
pub(crate) const UNVERIFIED: &str = "Imported from a description of the API, and not seen to work.";

/// What others found out of an operation.
pub(crate) struct Around<'a> {
    pub(crate) name: &'a str,
    /// The further server that it is on.
    pub(crate) server: Option<&'a str>,
    /// Its scheme, where it is not the usual one; `none` for one without.
    pub(crate) scheme: Option<&'a str>,
    /// Its parameters that are the credential, by their numbers: they are no inputs.
    pub(crate) credential: &'a [usize],
    /// The header `Accept`, where the host's own would not do.
    pub(crate) accept: Option<&'a str>,
    /// Whether its answer is a file: then it may ask for a range of it.
    pub(crate) is_file: bool,
}

/// A part of an operation that can be left out.
#[derive(Clone, Debug, PartialEq, Eq, Hash)]
enum Part {
    /// By its number.
    Parameter(usize),
    /// Of a form, by its name.
    Member(String),
}

/// Writes an operation, without what is made of its answers. None where it is left out, which is told.
pub(crate) fn write(api: &Api, number: usize, around: &Around<'_>, report: &mut Report) -> Option<Map<String, Value>> {
    let operation = api.operations.get(number)?;
    let method = method(operation);
    let Some(method) = method else {
        let text = format!("requests of the method {} cannot be sent", texts::shown(&operation.method));
        report.of(Some(names::written(operation))).left_out(&operation.place, "method", text);
        return None;
    };
    let mut maker = Maker { api, operation, around, method, left_out: HashSet::new(), whole: false };
    maker.left_out.extend(around.credential.iter().copied().map(Part::Parameter));
    let made = maker.make_what_fits(report)?;
    effects::tell_of_reading(operation, method, &mut report.of(Some(names::written(operation))));
    match document::of_operation(&nothing(), &made) {
        Value::Object(written) => Some(written),
        _ => None,
    }
}

/// Tells what is missing: of an operation that works without it, or that does not.
fn lacking(needed: bool, place: &str, rule: &'static str, what: &str, teller: &mut Teller<'_>) -> Option<()> {
    if needed {
        teller.left_out(place, rule, format!("it needs {what}"));
        return None;
    }
    teller.lost(place, rule, format!("without {what}"));
    Some(())
}

fn method(operation: &Operation) -> Option<Method> {
    const METHODS: [Method; 6] = [Method::Get, Method::Head, Method::Post, Method::Put, Method::Patch, Method::Delete];
    METHODS.into_iter().find(|method| method.as_str() == operation.method)
}

struct Maker<'a> {
    api: &'a Api,
    operation: &'a Operation,
    around: &'a Around<'a>,
    method: Method,
    left_out: HashSet<Part>,
    /// Whether a body of JSON is one input, whatever it is.
    whole: bool,
}

impl Maker<'_> {
    /// The operation, without what the host refuses.
    fn make_what_fits(&mut self, report: &mut Report) -> Option<manifest::Operation> {
        let (made, told) = self.make();
        let Some(made) = made else { return self.give_up(told, report) };
        if problem_of(&made).is_none() {
            report.lines.extend(told.lines);
            return Some(made);
        }
        self.whole = true;
        if let (Some(made), told) = self.make()
            && problem_of(&made).is_none()
        {
            report.lines.extend(told.lines);
            return Some(made);
        }
        self.leave_out(report)
    }

    /// Without parts that do not fit beside others: each is added to those before it.
    fn leave_out(&mut self, report: &mut Report) -> Option<manifest::Operation> {
        let mut optional = self.optional();
        self.left_out.extend(optional.iter().map(|(part, ..)| part.clone()));
        self.whole = false;
        self.whole = self.problem().is_some();
        if let Some(problem) = self.problem() {
            let mut teller = report.of(Some(names::written(self.operation)));
            teller.left_out(&self.operation.place, "refused", texts::line(&problem, LONGEST_PROBLEM));
            return None;
        }
        let mut lost = Vec::new();
        for (part, name, place) in optional.drain(optional.len().min(MOST_TRIED)..) {
            let problem = "a request has 250 fields at most, and it is one too many".to_owned();
            self.left_out.insert(part);
            lost.push((name, place, problem));
        }
        for (part, name, place) in optional {
            self.left_out.remove(&part);
            if let Some(problem) = self.problem() {
                self.left_out.insert(part);
                lost.push((name, place, problem));
            }
        }
        let (made, told) = self.make();
        report.lines.extend(told.lines);
        let mut teller = report.of(Some(names::written(self.operation)));
        let more = lost.len().saturating_sub(MOST_TOLD);
        for (name, place, problem) in lost.into_iter().take(MOST_TOLD) {
            teller.lost(&place, "refused", texts::line(&format!("without `{name}`: {problem}"), LONGEST_PROBLEM));
        }
        if more > 0 {
            teller.lost(&self.operation.place, "refused", format!("and without {more} more"));
        }
        made
    }

    fn problem(&self) -> Option<String> {
        self.make().0.as_ref().and_then(problem_of)
    }

    /// Parts that the operation can do without, with their names and places.
    fn optional(&self) -> Vec<(Part, String, String)> {
        let parameters = self.operation.parameters.iter().enumerate();
        let parameters = parameters.filter(|(number, parameter)| {
            !parameter.required && parameter.at != In::Path && !self.left_out.contains(&Part::Parameter(*number))
        });
        let parameters = parameters.map(|(number, p)| (Part::Parameter(number), p.name.clone(), p.place.clone()));
        let contents = self.operation.body.iter().flat_map(|body| &body.contents);
        let members =
            contents.filter_map(|content| Some((content, content.schema.as_ref()?))).flat_map(|(content, schema)| {
                let members = schemas::loose_members(self.api, schema);
                let optional = members.members.iter().filter(|(name, _)| !members.required.contains(name));
                let part = |(name, _): &(&str, &Value)| {
                    (Part::Member((*name).to_owned()), (*name).to_owned(), content.place.clone())
                };
                optional.map(part).collect::<Vec<_>>()
            });
        let mut parts: Vec<_> = parameters.chain(members).collect();
        let mut seen = HashSet::new();
        parts.retain(|(part, ..)| seen.insert(part.clone()));
        parts
    }

    fn give_up(&self, told: Report, report: &mut Report) -> Option<manifest::Operation> {
        report.lines.extend(told.lines.into_iter().filter(|line| line.outcome == Outcome::LeftOut));
        None
    }

    /// The operation, with what is to be told of it.
    fn make(&self) -> (Option<manifest::Operation>, Report) {
        let mut told = Report::default();
        let mut teller = told.of(Some(names::written(self.operation)));
        let made = self.requests(&mut teller).map(|(requests, inputs)| self.finish(requests, inputs));
        (made, told)
    }

    fn requests(&self, teller: &mut Teller<'_>) -> Option<(Vec<Request>, Inputs)> {
        let Self { api, operation, method, .. } = *self;
        let mut inputs = Inputs::default();
        let path = path::write(api, operation, &mut inputs, teller)?;
        let wanted = body::Wanted { left_out: &self.left_out, whole: self.whole };
        let body = body::write(api, operation, method, wanted, &mut inputs, teller)?;
        let mut fields = parameters::write(api, operation, method, &self.left_out, &mut inputs, teller)?;
        if let Some(accept) = self.around.accept {
            let accept = Source::Text(accept.to_owned());
            fields.headers.push(parameters::field("Accept".to_owned(), accept, ListStyle::Repeated));
        }
        let action = self.around.name.split_once('.').map_or(self.around.name, |(_, action)| action);
        let request = Request {
            name: action.to_owned(),
            method,
            server: self.around.server.map(str::to_owned),
            path: path.path,
            variables: path.variables,
            query: fields.query,
            open_query: None,
            headers: fields.headers,
            body: body.form.unwrap_or(BodyForm::None),
            scheme: self.around.scheme.map(str::to_owned),
            answer: if self.around.is_file { AnswerForm::Blob } else { AnswerForm::Bytes },
            read_only: false,
            sensitive_answer: Vec::new(),
            redirects_to: Vec::new(),
            when_given: Vec::new(),
        };
        let requests = match body.with_files {
            Some((form, when_given)) => vec![
                Request { name: "with-files".to_owned(), body: form, when_given, ..request.clone() },
                Request { name: "without-files".to_owned(), ..request },
            ],
            None => vec![request],
        };
        Some((requests, inputs))
    }

    fn finish(&self, requests: Vec<Request>, inputs: Inputs) -> manifest::Operation {
        let by_method = requests.iter().map(Request::effect).max().unwrap_or(Effect::Read);
        let raised = effects::raised(self.operation, self.method).filter(|effect| *effect > by_method);
        // What changes something though its method says that it reads is not done twice.
        let reads_or_puts = matches!(self.method, Method::Get | Method::Head | Method::Put);
        let idempotent =
            (reads_or_puts && !(raised.is_some() && self.method.is_safe())) || requests.iter().all(Request::has_key);
        let (title, summary) = self.texts();
        manifest::Operation {
            name: self.around.name.to_owned(),
            title,
            summary,
            input_schema: inputs.schema(),
            output_schema: None,
            effect: raised.unwrap_or(by_method),
            idempotent,
            unverified: Some(UNVERIFIED.to_owned()),
            attachments: inputs.attachments,
            output_attachments: Vec::new(),
            sensitive_inputs: inputs.sensitive,
            sensitive_outputs: Vec::new(),
            requests,
            data: Some(Data::default()),
        }
    }

    /// What the name says, in its own order: what is done, and to what where that is not said with it.
    fn words_of_name(&self) -> Vec<String> {
        let (resource, action) = self.around.name.split_once('.').unwrap_or(("", self.around.name));
        let (of_resource, mut all) = (words(resource), words(action));
        let is_said = all.iter().any(|word| of_resource.iter().any(|other| is_alike(word, other)));
        if !is_said {
            all.extend(of_resource);
        }
        all
    }

    /// The title, and the summary.
    fn texts(&self) -> (String, String) {
        let Operation { summary, description, deprecated, .. } = self.operation;
        let of_name = as_title(&self.words_of_name());
        let title = texts::line(summary.trim_end_matches('.'), LONGEST_TITLE);
        let title = if title.is_empty() { of_name } else { title };
        let sentence = first_sentence(&texts::line(description, LONGEST_SUMMARY));
        let told = [texts::line(summary, LONGEST_SUMMARY), sentence].into_iter().find(|text| !text.is_empty());
        let told = told.unwrap_or_else(|| title.clone());
        let ends = if told.ends_with(['.', '!', '?', '…']) { "" } else { "." };
        let deprecated = if *deprecated { " Deprecated." } else { "" };
        (title, format!("{told}{ends}{deprecated}"))
    }
}

fn first_sentence(text: &str) -> String {
    let end = text.match_indices(". ").map(|(at, _)| at).find(|at| *at > 12);
    end.and_then(|at| text.get(..=at)).unwrap_or(text).to_owned()
}

/// What the host says against an operation, as far as its requests are concerned. Its scheme is looked at where there are schemes.
fn problem_of(operation: &manifest::Operation) -> Option<String> {
    let requests: Vec<Request> =
        operation.requests.iter().map(|request| Request { scheme: None, ..request.clone() }).collect();
    let inputs: Vec<&str> = operation.input_names().collect();
    let attachments: Vec<&str> = operation.attachments.iter().map(|file| file.name.as_str()).collect();
    let declared = declaration::Operation {
        name: &operation.name,
        effect: operation.effect,
        inputs: &inputs,
        attachments: &attachments,
        requests: &requests,
    };
    let problem = declaration::check(&[], &[], &[], &[declared]).into_iter().map(|problem| problem.problem).next();
    let schema = |name: &str| operation.input_schema.get("properties")?.get(name);
    problem.or_else(|| requests.iter().find_map(|request| request.problems_of_inputs(schema).into_iter().next()))
}

/// A manifest without anything: an operation is written as it stands in one.
fn nothing() -> Manifest {
    let base_url = manifest::BaseUrl {
        summary: String::new(),
        default: None,
        suffix: None,
        environment: None,
        client_certificate: None,
    };
    Manifest {
        about: manifest::About {
            name: String::new(),
            title: String::new(),
            version: String::new(),
            summary: String::new(),
            base_url,
            servers: Vec::new(),
            fields: Vec::new(),
            credentials: Vec::new(),
            test: None,
            rate: None,
            schemes: Vec::new(),
            answer: Vec::new(),
            answers: IndexMap::new(),
        },
        definitions: IndexMap::new(),
        operations: Vec::new(),
    }
}

#[cfg(test)]
mod survey;
#[cfg(test)]
mod tests;
