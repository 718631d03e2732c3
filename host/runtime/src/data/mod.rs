//! The third station of a call of which nothing runs: the host sends its request, and reads the answer by the rules of the manifest.
//!
//! What is sent goes the way of a plugin's requests: counted, built by the guard, recorded, masked, limited. No instance is made.

use std::time::Instant;

use serde_json::Value;
use wharf_answer::lines::Lines;
use wharf_answer::pages::{Given as GivenFor, MAX_ITEMS, NEXT_PAGE, Page, Pages};
use wharf_answer::rules::{Output, Rule, Then};
use wharf_answer::{Answer, Detail, Failure, Found, Late, Named, judge_within};
use wharf_egress::audit::AuditError;
use wharf_egress::declaration::{AnswerForm, Effect, Field, Request};
use wharf_egress::guard::{self, Asked};
use wharf_egress::json::{Literal, Problem};
use wharf_egress::{Blob, Json, SpoolError, send};

use crate::credentials::NotLive;
use crate::failure::{self, CallError, Fault, LimitReached, Refusal};
use crate::grant::Grant;
use crate::limits::Limits;
use crate::manifest::{About, Data};
use crate::operation::Operation;
use crate::registry::Release;
use crate::sandbox::contract::Failed;
use crate::sandbox::ctx::{Ctx, NoAnswer, Unanswered};
use crate::sandbox::ending::Ending;
use crate::sandbox::open::Opened;
use crate::sandbox::running::Running;
use crate::sandbox::{Given, Ran};

mod body;
mod lines;
mod stream;

use lines::{Listening, NoItem, OfHead, form_of, listened};
pub(crate) use stream::{Items, Listened, gives_lines};

/// Runs one operation that is data.
pub(crate) fn run(data: &Data, running: Running, limits: Limits, started: Instant) -> Ran {
    let (release, operation, grant) = (running.release.clone(), running.operation.clone(), running.grant.clone());
    let mut ctx = Ctx::new(limits, started, Some(running));
    let ended = Run::of(&mut ctx, &release.about, &operation, data).call();
    end(ctx, &release, &operation, &grant, ended)
}

/// How a run ends.
fn end(mut ctx: Ctx, release: &Release, operation: &Operation, grant: &Grant, ended: Ended) -> Ran {
    let ending = Ending::of(&mut ctx, release, operation, &grant.connection);
    let mut partial = None;
    let result = match ended {
        Ended::Answered(Ok((given, incomplete))) => match (within(&mut ctx, given), incomplete) {
            (Ok(part), Some(why)) => {
                partial = Some(part);
                Err(ending.failed(&mut ctx, told(why)))
            }
            (checked, _) => checked,
        },
        Ended::Answered(Err(why)) => Err(ending.failed(&mut ctx, told(why))),
        Ended::Over(error) => error_of(&mut ctx, &error),
    };
    ending.ran(ctx, result, partial, None)
}

/// What a call of the operation came to.
enum Ended {
    /// An output, which may be a part of what was asked for, or a failure.
    Answered(Result<(Given, Option<Failure>), Failure>),
    /// Something ended the call: a limit, a dry run, an audit that cannot be written.
    Over(wasmtime::Error),
}

/// How a call is over that something ended.
fn error_of(ctx: &mut Ctx, error: &wasmtime::Error) -> Result<Given, CallError> {
    // A dry run has the request among its exchanges, and the player of a cassette has it too.
    if error.is::<Unanswered>() {
        return Ok((Json::null(), Vec::new()));
    }
    if let Some(unrecorded) = error.downcast_ref::<AuditError>() {
        return Err(Fault::from(unrecorded.clone()).into());
    }
    if let Some(problem) = error.downcast_ref::<SpoolError>() {
        return Err(Fault::from(problem.clone()).into());
    }
    if let Some(why) = error.downcast_ref::<NotLive>() {
        return Err(why.clone().into());
    }
    Err(match ctx.meter.reached() {
        Some(limit) => Refusal::from(limit).into(),
        None => Fault::Host(error.root_cause().to_string()).into(),
    })
}

/// An output within its limits.
fn within(ctx: &mut Ctx, given: Given) -> Result<Given, CallError> {
    let files = given.1.iter().map(|(_, blob)| blob.len()).fold(0, u64::saturating_add);
    ctx.meter.check_output(given.0.as_str(), files).map_err(Refusal::from)?;
    Ok(given)
}

/// A failure as the host has it. What the host denied it tells of itself.
fn told(failure: Failure) -> Failed {
    let detail = |from: Detail| {
        let Detail { message, status, code, retry_after } = from;
        let code = code.filter(|code| !code.trim().is_empty());
        failure::Detail { message, status, code, retry_after, ..failure::Detail::default() }
    };
    Failed::Told(match failure {
        Failure::Denied(message) => return Failed::Denied(message),
        Failure::InvalidInput(field, message) => failure::Failure::InvalidInput { field, message },
        Failure::Unauthorized(from) => failure::Failure::Unauthorized(detail(from)),
        Failure::Forbidden(from) => failure::Failure::Forbidden(detail(from)),
        Failure::NotFound(from) => failure::Failure::NotFound(detail(from)),
        Failure::Conflict(from) => failure::Failure::Conflict(detail(from)),
        Failure::RateLimited(from) => failure::Failure::RateLimited(detail(from)),
        Failure::Provider(from) => failure::Failure::Provider(detail(from)),
        Failure::Unavailable(from) => failure::Failure::Unavailable(detail(from)),
        Failure::Timeout(from) => failure::Failure::Timeout(detail(from)),
    })
}

/// What is made of the answer of an operation.
fn rules<'a>(about: &'a About, data: &'a Data) -> &'a [Rule] {
    if data.answer.is_empty() { &about.answer } else { &data.answer }
}

/// What is sent of a request: but for what turns a page all of it is bound.
fn asked(request: &Request, query: Vec<(String, String)>) -> Asked {
    Asked { name: request.name.clone(), variables: Vec::new(), query, headers: Vec::new(), body: None }
}

/// What came of a request.
enum Begun {
    Given(Given),
    /// Its items are still to come.
    Lines(Box<Listening>),
}

/// One call of an operation.
struct Run<'a> {
    ctx: &'a mut Ctx,
    about: &'a About,
    operation: &'a Operation,
    data: &'a Data,
    /// What ended the call, where something did.
    over: Option<wasmtime::Error>,
}

impl<'a> Run<'a> {
    fn of(ctx: &'a mut Ctx, about: &'a About, operation: &'a Operation, data: &'a Data) -> Self {
        Self { ctx, about, operation, data, over: None }
    }

    fn call(mut self) -> Ended {
        let answered = match (&self.data.pages, self.wanted()) {
            (Some(pages), Some(wanted)) => self.follow(pages, wanted),
            _ => self.once(),
        };
        self.ended_with(answered)
    }

    fn ended_with(mut self, answered: Result<(Given, Option<Failure>), Failure>) -> Ended {
        match self.over.take() {
            // What came before a limit is not lost.
            Some(error) if !matches!(&answered, Ok((_, Some(_))) if error.is::<LimitReached>()) => Ended::Over(error),
            _ => Ended::Answered(answered),
        }
    }

    /// How many items the caller wants.
    fn wanted(&self) -> Option<usize> {
        let call = self.ctx.call.as_ref()?;
        usize::try_from(call.input.members.get(MAX_ITEMS)?.as_u64()?).ok()
    }

    fn once(&mut self) -> Result<(Given, Option<Failure>), Failure> {
        match self.begin()? {
            Begun::Given(given) => Ok((given, None)),
            Begun::Lines(items) => self.list(items),
        }
    }

    /// Sends the request that is for what the caller gave: all of its answer, or what is to come of it.
    fn begin(&mut self) -> Result<Begun, Failure> {
        let Some(request) = self.chosen() else {
            return Err(Failure::Provider(Detail::new("none of its requests is for what was given")));
        };
        let work = self.ctx.meter.work();
        let (answer, file) = match OfHead::of(self.rules(), self.about) {
            None => self.send(request, Vec::new())?,
            Some(of_head) => match self.open(request, &of_head)? {
                // One that is recorded is read as it was when it came.
                Opened::Whole(answer, form) => {
                    let head = self.mark(request)(Answer::of(answer.status, answer.headers.clone(), Vec::new()));
                    match of_head.lines(&head, &work) {
                        Some(lines) => return self.whole(&self.read(request, answer, AnswerForm::Bytes).0, lines),
                        None => self.read(request, answer, form),
                    }
                }
                Opened::Lines(open) => {
                    let (status, headers) = open.head();
                    let head = self.mark(request)(Answer::of(status, headers.to_vec(), Vec::new()));
                    let lines = of_head.lines(&head, &work).unwrap_or(of_head.lines);
                    return Ok(Begun::Lines(Box::new(Listening::to(open, lines, head))));
                }
            },
        };
        Ok(Begun::Given(match (self.judge(&answer)?, file) {
            (Found::File(name), Some(file)) => match self.ctx.meter.count_blob(&file) {
                Ok(()) => (body::success(), vec![(name, file)]),
                Err(limit) => return Err(self.ended(limit.into())),
            },
            (Found::Json(json), None) => (self.json(json)?, Vec::new()),
            (Found::Lines(lines), None) => return self.whole(&answer, lines),
            (Found::File(_), None) => return Err(answer.makes_no_sense("a file")),
            (Found::Json(_) | Found::Lines(_), Some(_)) => return Err(answer.makes_no_sense("JSON")),
        }))
    }

    fn open(&mut self, request: &Request, of_head: &OfHead) -> Result<Opened, Failure> {
        let (mark, work) = (self.mark(request), self.ctx.meter.work());
        let head = |status, headers: &[_]| mark(Answer::of(status, headers.to_vec(), Vec::new()));
        let wanted = |status, headers: &[_]| of_head.lines(&head(status, headers), &work).map(|lines| form_of(&lines));
        let opened = self.ctx.open(&asked(request, Vec::new()), listened(&of_head.lines), wanted);
        opened.map_err(|why| self.unanswered(why))
    }

    fn whole(&self, answer: &Answer, lines: Lines) -> Result<Begun, Failure> {
        let item_bytes = self.ctx.meter.limits().output;
        Listening::to_whole(answer, lines, item_bytes).map(|items| Begun::Lines(Box::new(items)))
    }

    /// All items as a list; where it failed in the middle, those that had come.
    fn list(&mut self, mut items: Box<Listening>) -> Result<(Given, Option<Failure>), Failure> {
        let mut list = "[".to_owned();
        let why = loop {
            let item = match items.next(self.ctx) {
                Ok(Some(item)) => item,
                Ok(None) => break None,
                Err(why) => break Some(self.no_item(why)),
            };
            let between = if list.len() > 1 { "," } else { "" };
            let bytes = (list.len() + between.len() + item.as_str().len() + 1) as u64;
            if let Err(limit) = self.ctx.meter.check_items(bytes) {
                break Some(self.ended(limit.into()));
            }
            list.push_str(between);
            list.push_str(item.as_str());
        };
        match why {
            Some(why) if list.len() == 1 => Err(why),
            why => Ok(((self.json(list + "]")?, Vec::new()), why)),
        }
    }

    fn no_item(&mut self, why: NoItem) -> Failure {
        match why {
            NoItem::Failure(failure) => failure,
            NoItem::NoAnswer(why) => self.unanswered(why),
        }
    }

    /// The first request that is for what the caller gave.
    fn chosen(&self) -> Option<&'a Request> {
        let call = self.ctx.call.as_ref()?;
        let is_given = |name: &String| {
            call.input.members.contains_key(name) || call.attachments.iter().any(|(attached, _)| attached == name)
        };
        let mut requests = self.operation.declared.requests.iter().filter(|request| request.name != NEXT_PAGE);
        requests.find(|request| request.when_given.is_empty() || request.when_given.iter().any(is_given))
    }

    fn follow(&mut self, pages: &Pages, wanted: usize) -> Result<(Given, Option<Failure>), Failure> {
        let requests = &self.operation.declared.requests;
        let (Some(own), Some(next)) = (requests.first(), requests.iter().find(|request| request.name == NEXT_PAGE))
        else {
            return Err(Failure::Provider(Detail::new("it has no request that turns the page")));
        };
        let given = self.given(own);
        let caller = |name: &str| given.iter().find(|(known, _)| known == name).map(|(_, given)| given.clone());
        let (json, incomplete) = pages.follow(wanted, caller, |page, values| {
            // The first page is that of a call for one page, as long as nothing is counted.
            let (answer, _) = if page.number == 1 && !pages.turn.counts() {
                self.send(own, Vec::new())?
            } else {
                self.send(next, values.iter().map(|(name, value)| ((*name).to_owned(), value.clone())).collect())?
            };
            let link = answer.all("link").collect::<Vec<_>>().join(", ");
            Ok(self.page(page, &answer)?.map(|json| (json, Some(link))))
        })?;
        Ok(((self.json(json)?, Vec::new()), incomplete))
    }

    /// What the answer of a page gives. For a later page a good answer without anything is no page.
    fn page(&mut self, page: &Page<'_>, answer: &Answer) -> Result<Option<String>, Failure> {
        let is_nothing = answer.is_empty() || answer.bytes().trim_ascii() == b"null";
        if page.number > 1 && answer.is_success() && is_nothing {
            return Ok(None);
        }
        match self.judge(answer)? {
            Found::Json(json) => Ok(Some(json)),
            Found::File(_) | Found::Lines(_) => Err(answer.makes_no_sense("a list")),
        }
    }

    /// What the caller gave for the query parameters of the operation's own request, or what holds where the caller gave nothing.
    fn given(&self, own: &Request) -> Vec<(String, GivenFor)> {
        let Some(call) = self.ctx.call.as_ref() else { return Vec::new() };
        let of_field = |field: &Field| {
            let input = field.source.input()?;
            let given = call.input.members.get(input).filter(|value| !value.is_null()).map(Value::to_string);
            let json = given.or_else(|| field.source.otherwise().map(Literal::to_string))?;
            let value = serde_json::from_str(&json).unwrap_or(json);
            Some((field.name.clone(), GivenFor { input: input.to_owned(), value }))
        };
        own.query.iter().filter_map(of_field).collect()
    }

    /// Sends a declared request. A file of the answer comes beside it; of a small object of JSON it is the body as well, as it may
    /// tell of an error.
    fn send(&mut self, request: &Request, query: Vec<(String, String)>) -> Result<(Answer, Option<Blob>), Failure> {
        match self.ctx.send(&asked(request, query)) {
            Ok((answer, form)) => Ok(self.read(request, answer, form)),
            Err(why) => Err(self.unanswered(why)),
        }
    }

    /// An answer as the rules look at it, and its file.
    fn read(&self, request: &Request, answer: send::Answer, form: AnswerForm) -> (Answer, Option<Blob>) {
        let is_file = form == AnswerForm::Blob && (200..300).contains(&answer.status);
        let (body, file) = match is_file {
            true => (body::of_file(&answer.body), Some(answer.body)),
            // Only files are on disk.
            false => (answer.body.into_memory().map(Vec::from).unwrap_or_default(), None),
        };
        (self.mark(request)(Answer::of(answer.status, answer.headers, body)), file)
    }

    /// Marks an answer as one to an operation that reads, and gives back what it reads, or to one that changes something.
    fn mark(&self, request: &Request) -> fn(Answer) -> Answer {
        let gives_another = |rule: &Rule| matches!(rule.then, Then::Output(Output::Value(_) | Output::File(_)));
        let effect = self.operation.declared.effect;
        if effect == Effect::Read && !self.data.answer.iter().any(gives_another) {
            Answer::to_a_read
        } else if effect != Effect::Read && request.effect() != Effect::Read {
            Answer::to_a_change
        } else {
            |answer| answer
        }
    }

    fn rules(&self) -> &'a [Rule] {
        rules(self.about, self.data)
    }

    /// What the rules make of an answer, within the time of the call.
    fn judge(&mut self, answer: &Answer) -> Result<Found, Failure> {
        let work = self.ctx.meter.work();
        judge_within(answer, self.rules(), self.about, &|bytes| work.steps(bytes).is_ok()).unwrap_or_else(|Late| {
            let limit = self.ctx.meter.out_of_time("the host was still reading an answer");
            Err(self.ended(limit.into()))
        })
    }

    /// A document that was read.
    fn json(&mut self, text: String) -> Result<Json, Failure> {
        Json::parse_within(text, &self.ctx.meter.work()).map_err(|problem| match problem {
            Problem::OutOfTime(_) => {
                let limit = self.ctx.meter.out_of_time("its output was still being read");
                self.ended(limit.into())
            }
            problem => Failure::Provider(Detail::new(format!("the answer is not JSON: {problem}"))),
        })
    }

    fn unanswered(&mut self, why: NoAnswer) -> Failure {
        match why {
            // The words of the refusal itself: it is told of as it is.
            NoAnswer::Refused(guard::Refusal::Denied(denial)) => Failure::Denied(denial.message),
            NoAnswer::Refused(refusal) => Failure::Denied(Refusal::from(refusal).to_string()),
            NoAnswer::Unavailable(message) | NoAnswer::Sent(message) => Failure::Unavailable(Detail::new(message)),
            NoAnswer::Unreadable { status, message } => Failure::Provider(Detail { status, ..Detail::new(message) }),
            NoAnswer::Ends(error) => self.ended(error),
        }
    }

    /// Something ends the call. Where it is a limit, what came before is handed on, for which there is a little time.
    fn ended(&mut self, error: wasmtime::Error) -> Failure {
        if error.is::<LimitReached>() {
            self.ctx.meter.tell();
        }
        let words = error.to_string();
        self.over = Some(error);
        Failure::Denied(words)
    }
}

impl Named for About {
    fn rules(&self, name: &str) -> Option<&[Rule]> {
        self.answers.get(name).map(Vec::as_slice)
    }
}

#[cfg(test)]
mod tests;
