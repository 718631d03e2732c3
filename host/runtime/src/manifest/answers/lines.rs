//! The check of answers that come line by line.

use wharf_answer::lines::{Content, End, Form, Lines, MOST};
use wharf_answer::rules::{Output, Then};
use wharf_egress::declaration::place_of_request;

use super::{Lint, with_used};
use crate::manifest::{Data, Operation};

/// The longest time for which an answer is listened to, in seconds: an hour.
const LONGEST: u32 = 3600;

impl Lint<'_> {
    pub(super) fn lines(&mut self, place: &str, lines: &Lines) {
        if lines.most.is_some_and(|most| !(1..=MOST).contains(&most)) {
            self.report(place, format!("`most` is a number of items from 1 to {MOST}"));
        }
        if lines.seconds.is_some_and(|seconds| !(1..=LONGEST).contains(&seconds)) {
            self.report(place, format!("`seconds` is a number from 1 to {LONGEST}"));
        }
        match &lines.end {
            None => {}
            Some(End::Text(text)) if text.is_empty() || text.trim() != *text => {
                self.report(place, "the text that ends an answer has to be one, without blanks around it");
            }
            Some(End::Event(name)) if name.is_empty() || name.contains(['\r', '\n']) => {
                self.report(place, "the event that ends an answer needs a name of one line; one without is `message`");
            }
            Some(End::Event(_)) if lines.form == Form::Lines => {
                self.report(place, "lines have no events; name what ends them by `text`, or by `at` and `equals`");
            }
            Some(End::At(..)) if lines.form == Form::Events(Content::Text) => {
                self.report(place, "in a text there is no place to look at; write `data: json`, or another `end`");
            }
            Some(End::At(pointer, _)) => self.pointer(place, pointer, false),
            Some(End::Text(_) | End::Event(_)) => {}
        }
    }

    /// What an operation cannot be besides.
    pub(super) fn beside_lines(&mut self, place: &str, operation: &Operation, data: &Data) {
        let own = if data.answer.is_empty() { &self.about.answer } else { &data.answer };
        let rules = with_used(self.about, own);
        let of_lines = rules.iter().filter(|rule| matches!(rule.then, Then::Output(Output::Lines(_))));
        let mut of_lines = of_lines.peekable();
        if of_lines.peek().is_none() {
            return;
        }
        if of_lines.any(|rule| rule.looks_at_the_body()) {
            let problem = "an answer is read line by line by its status and its headers; a condition of that rule looks at the body";
            self.report(place, problem);
        }
        if data.pages.is_some() {
            self.report(place, "its answer comes line by line, and has no pages");
        }
        for request in operation.requests.iter().filter(|request| !request.sensitive_answer.is_empty()) {
            let problem = "nothing is looked for in lines by `sensitive-answer`; name it among `sensitive-outputs`";
            self.report(&place_of_request(&operation.name, &operation.requests, &request.name), problem);
        }
    }
}
