//! The items of an answer that comes line by line, up to its end.

use std::time::Duration;

use wharf_answer::lines::{Form, Last, Lines, MOST};
use wharf_answer::rules::{Condition, Output, Rule, Then};
use wharf_answer::{Answer, Detail, Failure, Found, Late, Named as _, judge_within};
use wharf_egress::Json;
use wharf_egress::json::Problem;
use wharf_egress::lines::{Line, LineForm, NoLine, Whole};
use wharf_egress::work::Work;

use super::rules;
use crate::manifest::About;
use crate::sandbox::ctx::{Ctx, NoAnswer};
use crate::sandbox::open::{Next, Open};

/// Items that are still to come.
pub(super) struct Listening {
    lines: Lines,
    source: Source,
    /// How many have come.
    count: u32,
    /// The answer without its body.
    head: Answer,
}

enum Source {
    /// The provider is still sending.
    Open(Open),
    /// All of it is there.
    Whole(Whole),
    /// There is no other item.
    Over,
}

/// Why there is no next item.
pub(super) enum NoItem {
    Failure(Failure),
    NoAnswer(NoAnswer),
}

impl From<NoAnswer> for NoItem {
    fn from(why: NoAnswer) -> Self {
        Self::NoAnswer(why)
    }
}

impl Listening {
    /// To an answer that is open, with this head.
    pub(super) fn to(open: Open, lines: Lines, head: Answer) -> Self {
        Self { lines, source: Source::Open(open), count: 0, head }
    }

    /// The same of an answer that is there already.
    pub(super) fn to_whole(answer: &Answer, lines: Lines, most_bytes: u64) -> Result<Self, Failure> {
        if !is_meant(&lines, answer.header("content-type")) {
            let expected = if lines.form == Form::Lines { "made up of lines" } else { "a stream of events" };
            return Err(answer.makes_no_sense(expected));
        }
        let whole = Whole::new(form_of(&lines), answer.bytes().to_vec(), most_bytes);
        Ok(Self { lines, source: Source::Whole(whole), count: 0, head: answer.with_body(Vec::new()) })
    }

    /// The next item, if there is another.
    pub(super) fn next(&mut self, ctx: &mut Ctx) -> Result<Option<Json>, NoItem> {
        let item = self.item(ctx);
        if !matches!(item, Ok(Some(_))) {
            self.source = Source::Over;
        }
        item
    }

    /// Nobody wants the other items.
    pub(super) fn hang_up(&mut self, ctx: &mut Ctx) -> Result<(), NoItem> {
        self.close(ctx)
    }

    fn item(&mut self, ctx: &mut Ctx) -> Result<Option<Json>, NoItem> {
        if self.count >= self.lines.most.unwrap_or(MOST) && !matches!(self.source, Source::Over) {
            self.close(ctx)?;
            return match self.lines.most {
                Some(_) => Ok(None),
                None => Err(self.failed(Failure::Provider, &format!("the answer has more than {MOST} items"))),
            };
        }
        let next = match &mut self.source {
            Source::Over => return Ok(None),
            Source::Open(open) => ctx.next_line(open)?,
            Source::Whole(whole) => match whole.next_line() {
                Ok(Some(line)) => Next::Line(line),
                Ok(None) if ctx.was_left() => Next::Enough,
                Ok(None) => Next::End,
                Err(NoLine::TooLong { .. }) => return Err(NoAnswer::from(ctx.meter.item_too_large("")).into()),
                Err(problem @ NoLine::NotUtf8) => return Err(self.failed(Failure::Provider, &problem.to_string())),
            },
        };
        match next {
            Next::Line(line) => match self.end_with(ctx, &line)? {
                None => self.read(ctx, &line).map(Some),
                Some(last) => {
                    self.close(ctx)?;
                    if last == Last::Item { self.read(ctx, &line).map(Some) } else { Ok(None) }
                }
            },
            Next::Enough => Ok(None),
            Next::End => self.ended(ctx),
        }
    }

    /// The answer is over. Whether that is its end depends on what ends it.
    fn ended(&mut self, ctx: &mut Ctx) -> Result<Option<Json>, NoItem> {
        let begun = match &self.source {
            Source::Open(open) => open.begun(),
            Source::Whole(whole) => whole.begun(),
            Source::Over => None,
        };
        let Some(begun) = begun.cloned() else {
            return match self.lines.end_in_words() {
                None => Ok(None),
                Some(end) => Err(self.failed(Failure::Unavailable, &format!("the answer ended without {end}"))),
            };
        };
        // Some leave the blank line out behind the last event.
        match self.end_with(ctx, &begun)? {
            Some(Last::Mark) => Ok(None),
            Some(Last::Item) => {
                self.source = Source::Over;
                self.read(ctx, &begun).map(Some)
            }
            None => Err(self.failed(Failure::Unavailable, "the answer ended in the middle of an event")),
        }
    }

    /// Nothing more is wanted.
    fn close(&mut self, ctx: &mut Ctx) -> Result<(), NoItem> {
        match std::mem::replace(&mut self.source, Source::Over) {
            Source::Open(open) => Ok(ctx.close(open)?),
            Source::Whole(_) | Source::Over => Ok(()),
        }
    }

    fn end_with(&self, ctx: &mut Ctx, line: &Line) -> Result<Option<Last>, NoItem> {
        let work = ctx.meter.work();
        let end = self.lines.end_with(&line.data, &line.event, &|bytes| work.steps(bytes).is_ok());
        end.map_err(|_| late(ctx))
    }

    fn read(&mut self, ctx: &mut Ctx, line: &Line) -> Result<Json, NoItem> {
        if self.count == 0 {
            self.hold_against_rules(ctx, line)?;
        }
        self.count += 1;
        if self.lines.has_json() {
            match Json::parse_within(line.data.clone(), &ctx.meter.work()) {
                Ok(_) => {}
                Err(Problem::OutOfTime(_)) => return Err(late(ctx)),
                Err(problem) => {
                    let words = format!("item {} of the answer is not JSON: {problem}", self.count);
                    return Err(self.failed(Failure::Provider, &words));
                }
            }
        }
        let item = self.lines.item(&line.data, &line.event, &line.id);
        Json::parse(item).map_err(|problem| self.failed(Failure::Provider, &problem.to_string()))
    }

    /// Where it fails, many providers send what tells of it in the place of the first item. What rules say of the body holds of that.
    fn hold_against_rules(&mut self, ctx: &mut Ctx, first: &Line) -> Result<(), NoItem> {
        let Some(call) = &ctx.call else { return Ok(()) };
        let (about, data) = (&call.release.about, call.operation.declared.data.as_ref());
        let (answer, work) = (self.head.with_body(first.data.clone().into()), ctx.meter.work());
        let rules = data.map_or(&[][..], |data| rules(about, data));
        match judge_within(&answer, rules, about, &|bytes| work.steps(bytes).is_ok()) {
            Ok(Ok(_)) => Ok(()),
            Ok(Err(failure)) => self.close(ctx).and(Err(NoItem::Failure(failure))),
            Err(Late) => Err(late(ctx)),
        }
    }

    fn failed(&self, kind: fn(Detail) -> Failure, words: &str) -> NoItem {
        let maybe = if self.head.is_to_a_change() { "; what it asks for may have been done" } else { "" };
        NoItem::Failure(kind(Detail { status: Some(self.head.status), ..Detail::new(format!("{words}{maybe}")) }))
    }
}

fn late(ctx: &mut Ctx) -> NoItem {
    NoItem::NoAnswer(ctx.meter.out_of_time("the host was still reading an answer").into())
}

/// How long an answer is listened to, where that is said.
pub(super) fn listened(lines: &Lines) -> Option<Duration> {
    lines.seconds.map(|seconds| Duration::from_secs(seconds.into()))
}

pub(super) fn form_of(lines: &Lines) -> LineForm {
    if lines.form == Form::Lines { LineForm::Json } else { LineForm::Events }
}

/// Whether an answer of a media type can be what is read line by line. Lines of JSON go by many names.
fn is_meant(lines: &Lines, content_type: Option<&str>) -> bool {
    let is = |name: &str| essence(content_type).eq_ignore_ascii_case(name);
    if lines.form == Form::Lines { !is("text/html") } else { is("text/event-stream") }
}

/// Whether an answer of a media type is perhaps one value.
fn is_json(content_type: Option<&str>) -> bool {
    let essence = essence(content_type).to_ascii_lowercase();
    essence == "application/json" || essence.ends_with("+json")
}

fn essence(content_type: Option<&str>) -> &str {
    content_type.and_then(|value| value.split(';').next()).unwrap_or_default().trim()
}

/// The rules of an answer as far as they look at its status and its headers: all that is known when its lines begin to come.
pub(super) struct OfHead {
    rules: Flat,
    /// Of the first rule that has any.
    pub(super) lines: Lines,
}

/// Rules with those that they use in their places.
#[derive(Default)]
struct Flat {
    /// Those that look at nothing of the body.
    certain: Vec<Rule>,
    /// All of them. One that looks at the body too fits where it perhaps does, and tells nothing.
    perhaps: Vec<Rule>,
}

impl Flat {
    fn add(&mut self, rules: &[Rule], about: &About, before: &[Condition], deep: usize) {
        for rule in rules {
            let of_head = rule.conditions.iter().filter(|condition| !condition.looks_at_the_body());
            let conditions: Vec<_> = before.iter().chain(of_head).cloned().collect();
            let flat = |then| Rule { each: None, conditions: conditions.clone().into(), then };
            match (&rule.then, deep.checked_sub(1)) {
                _ if rule.looks_at_the_body() => self.perhaps.push(flat(Then::Unreadable("".into()))),
                (Then::Use(name), Some(deep)) => {
                    self.add(about.rules(name).unwrap_or_default(), about, &conditions, deep);
                }
                (Then::Use(_), None) => {}
                (then, _) => {
                    self.certain.push(flat(then.clone()));
                    self.perhaps.push(flat(then.clone()));
                }
            }
        }
    }
}

impl OfHead {
    /// None where no rule is of lines.
    pub(super) fn of(rules: &[Rule], about: &About) -> Option<Self> {
        let lines = first_lines(rules, about)?.clone();
        let mut flat = Flat::default();
        flat.add(rules, about, &[], wharf_answer::DEEPEST);
        Some(Self { rules: flat, lines })
    }

    /// How an answer with this head is read line by line, if it is: a success. One that is perhaps one value of JSON is not where a
    /// rule before the lines looks at the body.
    pub(super) fn lines(&self, head: &Answer, work: &Work) -> Option<Lines> {
        // Where the time is over, that is found when the answer is read.
        let of = |rules: &[Rule]| match judge_within(head, rules, &(), &|bytes| work.steps(bytes).is_ok()) {
            Ok(Ok(Found::Lines(lines))) => Some(lines),
            _ => None,
        };
        let content_type = head.header("content-type");
        let lines = of(&self.rules.certain).filter(|lines| head.is_success() && is_meant(lines, content_type))?;
        (!is_json(content_type) || of(&self.rules.perhaps).is_some()).then_some(lines)
    }
}

/// By which lines an answer is made up, if a rule says so that does not look at its body.
pub(super) fn first_lines<'a>(rules: &'a [Rule], about: &'a About) -> Option<&'a Lines> {
    first_lines_within(rules, about, wharf_answer::DEEPEST)
}

fn first_lines_within<'a>(rules: &'a [Rule], about: &'a About, deep: usize) -> Option<&'a Lines> {
    rules.iter().filter(|rule| !rule.looks_at_the_body()).find_map(|rule| match &rule.then {
        Then::Output(Output::Lines(lines)) => Some(lines),
        Then::Use(name) => first_lines_within(about.rules(name)?, about, deep.checked_sub(1)?),
        _ => None,
    })
}
