//! The items of an answer that comes line by line, up to its end.

use std::time::Duration;

use wharf_answer::lines::{Form, Last, Lines, MOST};
use wharf_answer::rules::{Output, Rule, Then};
use wharf_answer::{Answer, Detail, Failure, Found, Named as _, judge_head_within};
use wharf_egress::Json;
use wharf_egress::json::Problem;
use wharf_egress::lines::{Line, LineForm, Whole};
use wharf_egress::work::Work;

use crate::manifest::About;
use crate::sandbox::ctx::{Ctx, NoAnswer};
use crate::sandbox::open::{Next, Open};

/// Items that are still to come.
pub(super) struct Listening {
    lines: Lines,
    source: Source,
    /// How many have come.
    count: u32,
    status: u16,
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
    pub(super) fn to(open: Open, lines: Lines, status: u16) -> Self {
        Self { lines, source: Source::Open(open), count: 0, status }
    }

    /// The same of an answer that is there already.
    pub(super) fn to_whole(answer: &Answer, lines: Lines, most_bytes: u64) -> Result<Self, Failure> {
        if !is_meant(&lines, answer.header("content-type")) {
            let expected = if lines.form == Form::Lines { "made up of lines" } else { "a stream of events" };
            return Err(answer.makes_no_sense(expected));
        }
        let whole = Whole::new(form_of(&lines), answer.bytes().to_vec(), most_bytes);
        Ok(Self { lines, source: Source::Whole(whole), count: 0, status: answer.status })
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
                Ok(None) => Next::End,
                Err(problem) => return Err(self.failed(Failure::Provider, &problem)),
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
        self.count += 1;
        let data = Json::parse_within(line.data.clone(), &ctx.meter.work());
        match data {
            _ if !self.lines.has_json() => {}
            Ok(_) => {}
            Err(Problem::OutOfTime(_)) => return Err(late(ctx)),
            Err(problem) => {
                let words = format!("item {} of the answer is not JSON: {problem}", self.count);
                return Err(self.failed(Failure::Provider, &words));
            }
        }
        let item = self.lines.item(&line.data, &line.event, &line.id);
        Json::parse(item).map_err(|problem| self.failed(Failure::Provider, &problem.to_string()))
    }

    fn failed(&self, kind: fn(Detail) -> Failure, words: &str) -> NoItem {
        let maybe = match &self.source {
            Source::Open(open) => open.afterwards(),
            Source::Whole(_) | Source::Over => "",
        };
        NoItem::Failure(kind(Detail { status: Some(self.status), ..Detail::new(format!("{words}{maybe}")) }))
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
    let essence = content_type.and_then(|value| value.split(';').next()).unwrap_or_default().trim();
    let is = |name: &str| essence.eq_ignore_ascii_case(name);
    if lines.form == Form::Lines { !is("text/html") } else { is("text/event-stream") }
}

/// The rules of an answer as far as they look at its status and its headers alone: all that is known when its lines begin to come.
pub(super) struct OfHead<'a> {
    rules: &'a [Rule],
    about: &'a About,
    /// Of the first rule that has any.
    pub(super) lines: &'a Lines,
}

impl<'a> OfHead<'a> {
    /// None where no rule is of lines.
    pub(super) fn of(rules: &'a [Rule], about: &'a About) -> Option<Self> {
        Some(Self { rules, about, lines: first_lines(rules, about, wharf_answer::DEEPEST)? })
    }

    /// How an answer with this head is read line by line, if it is.
    pub(super) fn lines(&self, status: u16, headers: &[(String, String)], is_read: bool, work: &Work) -> Option<Lines> {
        let head = Answer::of(status, headers.to_vec(), Vec::new());
        let head = if is_read { head.to_a_read() } else { head };
        // Where the time is over, that is found when the answer is read.
        match judge_head_within(&head, self.rules, self.about, &|bytes| work.steps(bytes).is_ok()).ok()? {
            Ok(Found::Lines(lines)) if is_meant(&lines, head.header("content-type")) => Some(lines),
            _ => None,
        }
    }
}

fn first_lines<'a>(rules: &'a [Rule], about: &'a About, deep: usize) -> Option<&'a Lines> {
    rules.iter().filter(|rule| !rule.looks_at_the_body()).find_map(|rule| match &rule.then {
        Then::Output(Output::Lines(lines)) => Some(lines),
        Then::Use(name) => first_lines(about.rules(name)?, about, deep.checked_sub(1)?),
        _ => None,
    })
}
