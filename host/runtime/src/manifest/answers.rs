//! The check of what a manifest says of answers, and of operations that need no code.

use std::collections::{HashMap, HashSet};

use wharf_answer::pages::{MAX_ITEMS, NEXT_PAGE, Pages, Turn};
use wharf_answer::rules::{Condition, Failing, FailureKind, Output, Place, Rule, Status, Subject, Test, Then};
use wharf_answer::{DEEPEST as DEEPEST_USE, Named as _};
use wharf_egress::Json;
use wharf_egress::declaration::{AnswerForm, Problem, Request, is_pointer, place, place_of_request};

use super::{About, Data, Manifest, Operation};

mod lines;

/// Rules of one list, lists with a name, and conditions of a rule. Ten rules are many.
const MOST_RULES: usize = 64;
const MOST_LISTS: usize = 64;
const MOST_CONDITIONS: usize = 16;

/// Texts, values and places of all rules of a manifest together: each may be looked for in each answer.
const MOST_TEXTS: usize = 4096;

/// Rules that one answer may come to, those among them that others use. Lists that use lists multiply one another.
const MOST_LOOKED_AT: usize = 1024;

/// Members on the way of a JSON Pointer, and how long it is in bytes.
const DEEPEST: usize = 16;
const LONGEST_POINTER: usize = 512;

/// The problems of all rules, and of all operations without code.
pub(super) fn problems(manifest: &Manifest) -> Vec<Problem> {
    let Manifest { about, operations, .. } = manifest;
    let mut lint = Lint { about, sizes: sizes(about, DEEPEST_USE), problems: Vec::new(), texts: 0 };
    if about.answers.len() > MOST_LISTS {
        lint.report("/answers", format!("there are {} lists of rules; the most are {MOST_LISTS}", about.answers.len()));
    }
    lint.rules("/answer", &about.answer);
    for (name, rules) in &about.answers {
        lint.rules(&place(&["answers", name]), rules);
    }
    lint.uses();
    for operation in operations {
        let place = place(&["operations", &operation.name]);
        match &operation.data {
            Some(data) => lint.of_data(&place, operation, data),
            None => lint.of_code(operation),
        }
    }
    if lint.texts > MOST_TEXTS {
        let texts = lint.texts;
        lint.report("", format!("all rules together have {texts} texts, values and places; the most are {MOST_TEXTS}"));
    }
    lint.problems
}

/// How many rules each list comes to, with those that it uses so deep.
fn sizes(about: &About, deep: usize) -> HashMap<&str, usize> {
    let mut sizes = HashMap::new();
    for _ in 0..=deep {
        sizes = about.answers.iter().map(|(name, rules)| (name.as_str(), size(rules, &sizes))).collect();
    }
    sizes
}

fn size(rules: &[Rule], sizes: &HashMap<&str, usize>) -> usize {
    let with_used = |rule| used(rule).and_then(|name| sizes.get(name)).copied().unwrap_or_default().saturating_add(1);
    rules.iter().map(with_used).fold(0, usize::saturating_add)
}

/// Whether rules use themselves, also by others.
fn uses_itself(about: &About, name: &str) -> bool {
    let (mut seen, mut open) = (HashSet::new(), vec![name]);
    while let Some(list) = open.pop() {
        for used in about.rules(list).unwrap_or_default().iter().filter_map(used) {
            if used == name {
                return true;
            }
            if seen.insert(used) {
                open.push(used);
            }
        }
    }
    false
}

fn used(rule: &Rule) -> Option<&str> {
    match &rule.then {
        Then::Use(name) => Some(name),
        _ => None,
    }
}

/// All rules that a list consists of, those that it uses among them; circles are told of elsewhere.
fn with_used<'a>(about: &'a About, rules: &'a [Rule]) -> Vec<&'a Rule> {
    let (mut seen, mut open, mut all) = (HashSet::new(), vec![rules], Vec::new());
    while let Some(rules) = open.pop() {
        all.extend(rules);
        let fresh = rules.iter().filter_map(used).filter(|name| seen.insert(*name));
        open.extend(fresh.filter_map(|name| about.rules(name)).collect::<Vec<_>>());
    }
    all
}

struct Lint<'a> {
    about: &'a About,
    /// How many rules each list comes to.
    sizes: HashMap<&'a str, usize>,
    problems: Vec<Problem>,
    texts: usize,
}

impl Lint<'_> {
    fn report(&mut self, place: &str, problem: impl Into<String>) {
        self.problems.push(Problem { place: place.to_owned(), problem: problem.into() });
    }

    /// Lists come to an end, and none stands deeper than is looked at.
    fn uses(&mut self) {
        let about = self.about;
        let names = || about.answers.keys().map(String::as_str);
        let mut in_a_circle = names().filter(|name| uses_itself(about, name)).peekable();
        if in_a_circle.peek().is_some() {
            let problem = "its rules use one another in a circle";
            return in_a_circle.for_each(|name| self.report(&place(&["answers", name]), problem));
        }
        // What one step more adds to is too deep.
        let (before, sizes) = (sizes(about, DEEPEST_USE - 1), sizes(about, DEEPEST_USE));
        for name in names().filter(|name| before.get(name) != sizes.get(name)) {
            self.report(&place(&["answers", name]), format!("its rules use others more than {DEEPEST_USE} deep"));
        }
    }

    fn rules(&mut self, place: &str, rules: &[Rule]) {
        if rules.len() > MOST_RULES {
            self.report(place, format!("it has {} rules; the most are {MOST_RULES}", rules.len()));
        }
        let count = size(rules, &self.sizes);
        if count > MOST_LOOKED_AT {
            self.report(
                place,
                format!("with those that it uses it comes to {count} rules; the most are {MOST_LOOKED_AT}"),
            );
        }
        for (number, rule) in rules.iter().enumerate() {
            self.rule(&format!("{place}/{number}"), rule);
        }
        let last = rules.len().saturating_sub(1);
        if let Some(number) = rules.iter().take(last).position(|rule| self.always_fits(rule, 0)) {
            let problem = "it fits every answer, so that none behind it is looked at; delete those";
            self.report(&format!("{place}/{number}"), problem);
        }
    }

    /// Whether no answer gets past a rule. `deep` is how many lists use one another until there.
    fn always_fits(&self, rule: &Rule, deep: usize) -> bool {
        let rest = |name: &str| self.about.rules(name).unwrap_or_default();
        rule.each.is_none()
            && rule.conditions.is_empty()
            && match &rule.then {
                Then::Use(name) => {
                    deep < MOST_LISTS && rest(name).last().is_some_and(|last| self.always_fits(last, deep + 1))
                }
                _ => true,
            }
    }

    fn rule(&mut self, place: &str, rule: &Rule) {
        if rule.conditions.len() > MOST_CONDITIONS {
            self.report(place, format!("it has {} conditions; the most are {MOST_CONDITIONS}", rule.conditions.len()));
        }
        rule.each.iter().for_each(|pointer| self.pointer(place, pointer, true));
        rule.conditions.iter().for_each(|condition| self.condition(place, condition));
        self.texts += 1;
        match &rule.then {
            Then::Output(Output::At(pointer)) => self.pointer(place, pointer, false),
            Then::Output(Output::Value(json)) => {
                if let Err(error) = Json::parse(json.as_ref()) {
                    self.report(place, format!("its value is not JSON: {error}"));
                }
            }
            Then::Output(Output::Lines(lines)) => self.lines(place, lines),
            Then::Output(Output::Body | Output::Text | Output::Message | Output::File(_)) => {}
            Then::Failure(failing) => self.failing(place, failing),
            Then::Unreadable(expected) if expected.trim().is_empty() => {
                self.report(place, "say what the answer should be: `unreadable: an answer of Acme`");
            }
            Then::Unreadable(_) => {}
            Then::Use(name) if self.about.answers.contains_key(name.as_ref()) => {}
            Then::Use(name) => {
                let known: Vec<&str> = self.about.answers.keys().map(String::as_str).collect();
                let known = if known.is_empty() {
                    "there are none".to_owned()
                } else {
                    format!("there are `{}`", known.join("`, `"))
                };
                self.report(place, format!("there are no rules `{name}` under `answers`; {known}"));
            }
        }
    }

    fn failing(&mut self, place: &str, failing: &Failing) {
        let Failing { kind, message, code, field, retry_after, .. } = failing;
        let places = message.iter().chain(code.iter()).chain(field.iter()).chain(retry_after.iter());
        for of in places {
            self.texts += 1;
            match of {
                Place::At(pointer) => self.pointer(place, pointer, false),
                Place::Header(name) => self.header(place, name),
                Place::Body | Place::Words(_) => {}
            }
        }
        if !field.is_empty() && *kind != FailureKind::InvalidInput {
            self.report(place, "only a failure of the kind `invalid-input` names a field");
        }
    }

    fn condition(&mut self, place: &str, condition: &Condition) {
        let Condition { of, test, any_case: _, except, not: _ } = condition;
        let mut has_any = false;
        match of {
            Subject::At(pointers) => {
                self.texts += pointers.len();
                if pointers.is_empty() {
                    self.report(place, "a condition has no place to look at");
                }
                pointers.iter().for_each(|pointer| self.pointer(place, pointer, true));
                has_any = pointers.iter().any(|pointer| pointer.split('/').any(|token| token == "*"));
            }
            Subject::Header(name) => self.header(place, name),
            Subject::Status | Subject::Body | Subject::Operation => {}
        }
        let fits = match test {
            Test::Statuses(_) => matches!(of, Subject::Status | Subject::At(_) | Subject::Header(_)),
            Test::Reads(_) => *of == Subject::Operation,
            Test::Is(_) => matches!(of, Subject::At(_) | Subject::Body),
            Test::Exists(_) | Test::Present(_) => matches!(of, Subject::At(_) | Subject::Header(_)),
            Test::OneOf(_) | Test::NoneOf(_) | Test::Contains(_) | Test::Words(_) => {
                matches!(of, Subject::At(_) | Subject::Header(_) | Subject::Body)
            }
        };
        if !fits {
            self.report(place, "a condition asks what cannot be asked of what it looks at");
        }
        let count = match test {
            Test::Statuses(statuses) => statuses.len(),
            Test::OneOf(values) | Test::NoneOf(values) => values.len(),
            Test::Is(kinds) => kinds.len(),
            Test::Contains(texts) => texts.len(),
            Test::Words(words) => words.one_of.len(),
            Test::Reads(_) | Test::Exists(_) | Test::Present(_) => 1,
        };
        if count == 0 {
            self.report(place, "a condition has nothing to compare with");
        }
        if let Test::Words(words) = test {
            self.texts += words.only.len();
        }
        if let Test::Contains(texts) = test
            && texts.iter().any(|text| text.is_empty())
        {
            self.report(place, "the empty text is in every text");
        }
        let is_status = |status: &Status| match status {
            Status::One(one) => (100..600).contains(one),
            Status::Class(class) => (1..6).contains(class),
        };
        if let Test::Statuses(statuses) = test
            && !statuses.iter().all(is_status)
        {
            self.report(place, "a status is one from 100 to 599, or a class such as `4xx`");
        }
        self.texts += count + except.len();
        if !except.is_empty() && !has_any {
            self.report(place, "`except` leaves out members of a place with `*`, and there is none");
        }
    }

    fn pointer(&mut self, place: &str, pointer: &str, any: bool) {
        let tokens = || pointer.split('/').skip(1);
        if !is_pointer(pointer) {
            self.report(place, format!("`{pointer}` is not a JSON Pointer, such as `/error/message` (RFC 6901)"));
        }
        if tokens().count() > DEEPEST || pointer.len() > LONGEST_POINTER {
            let problem = format!(
                "`{pointer}` leads through more than {DEEPEST} members, or is longer than {LONGEST_POINTER} bytes"
            );
            self.report(place, problem);
        }
        if !any && tokens().any(|token| token == "*") {
            self.report(place, format!("`{pointer}` has to lead to one place; a `*` stands in conditions alone"));
        }
    }

    fn header(&mut self, place: &str, name: &str) {
        let is_name = |byte: u8| byte.is_ascii_alphanumeric() || b"!#$%&'*+-.^_`|~".contains(&byte);
        if name.is_empty() || name.len() > 64 || !name.bytes().all(is_name) {
            self.report(place, format!("`{name}` is not the name of a header"));
        }
    }

    fn of_code(&mut self, operation: &Operation) {
        for request in operation.requests.iter().filter(|request| !request.when_given.is_empty()) {
            let problem = "it has code, which chooses among the requests; delete `when-given`";
            self.report(&place_of_request(&operation.name, &operation.requests, &request.name), problem);
        }
    }

    fn of_data(&mut self, place: &str, operation: &Operation, data: &Data) {
        self.rules(&format!("{place}/answer"), &data.answer);
        self.choice(place, operation);
        let turned = data.pages.as_ref().map(|pages| pages.turn.parameters()).unwrap_or_default();
        for request in &operation.requests {
            let turned = if request.name == NEXT_PAGE { turned.as_slice() } else { &[] };
            for what in unbound(request, turned) {
                let problem = format!("{what} is free, and without code nobody gives it; bind it, or set `code`");
                self.report(&place_of_request(&operation.name, &operation.requests, &request.name), problem);
            }
        }
        if let Some(pages) = &data.pages {
            self.pages(place, operation, pages);
        }
        self.files(place, operation, data);
        self.beside_lines(place, operation, data);
    }

    /// Which of several requests is sent has to be clear.
    fn choice(&mut self, place: &str, operation: &Operation) {
        let own: Vec<&Request> = operation.requests.iter().filter(|request| request.name != NEXT_PAGE).collect();
        let turns_the_page = usize::from(operation.data.as_ref().is_some_and(|data| data.pages.is_some()));
        if operation.requests.len() - own.len() > turns_the_page {
            let place = place_of_request(&operation.name, &operation.requests, NEXT_PAGE);
            let problem = format!(
                "`{NEXT_PAGE}` is the name of the request that turns the page; choose another one for this request, or for the \
                 action where it has the name of that"
            );
            return self.report(&place, problem);
        }
        let Some((last, others)) = own.split_last() else {
            return self.report(place, "without code it needs a request");
        };
        if !last.when_given.is_empty() {
            let name = &last.name;
            let problem = format!("one of its requests is sent in any case: the last, `{name}`, has no `when-given`");
            self.report(place, problem);
        }
        for request in others {
            let name = &request.name;
            if request.when_given.is_empty() {
                let problem =
                    format!("no request behind `{name}` is ever sent; say by `when-given` for what it is sent");
                self.report(place, problem);
            }
            let is_known = |given: &String| {
                operation.attachments.iter().any(|attachment| attachment.name == *given)
                    || operation.input_names().any(|input| input == given)
            };
            for given in request.when_given.iter().filter(|given| !is_known(given)) {
                self.report(place, format!("the request `{name}` is sent for `{given}`, which is no input of it"));
            }
        }
    }

    fn pages(&mut self, place: &str, operation: &Operation, pages: &Pages) {
        let place = &format!("{place}/pages");
        self.pointer(place, &pages.list, false);
        match &pages.turn {
            Turn::Page { .. } => {}
            Turn::Offset { most, .. } => {
                if *most == 0 {
                    self.report(place, "a page has at least one item");
                }
            }
            Turn::Cursor { at, .. } | Turn::Last { at, .. } => self.pointer(place, at, false),
            Turn::Link { at, read } => {
                at.iter().for_each(|at| self.pointer(place, at, false));
                if read.is_empty() {
                    self.report(place, "of the link to the next page nothing is read; name its query parameters");
                }
            }
        }
        let properties = operation.input_schema.get("properties");
        if properties.and_then(|properties| properties.get(MAX_ITEMS)).is_none() {
            self.report(place, format!("the input `{MAX_ITEMS}` is missing"));
        }
        if operation.requests.iter().any(|request| request.answer == AnswerForm::Blob) {
            self.report(place, "it is answered with a file, which has no pages");
        }
        let Some(next) = operation.requests.iter().find(|request| request.name == NEXT_PAGE) else {
            return self.report(place, format!("it has no request `{NEXT_PAGE}`"));
        };
        let turned = pages.turn.parameters();
        let is_free = |name: &str| next.query.iter().any(|field| field.name == name && field.source.is_free());
        for name in turned.iter().filter(|name| !is_free(name)) {
            self.report(place, format!("`{name}` is no free parameter of the request `{NEXT_PAGE}`"));
        }
        // The provider says what they are in later pages, so in the first one the caller may as well.
        let in_first = operation.requests.first().map(|first| first.query.as_slice()).unwrap_or_default();
        for field in in_first.iter().filter(|field| turned.contains(&field.name.as_str())) {
            if field.source.input().is_none() {
                let name = &field.name;
                let problem =
                    format!("`{name}` turns the page, so in the request it is bound to an input, or left out");
                self.report(place, problem);
            }
        }
        // Else the pages that follow are those of another request.
        let is_turned = |name: &str| turned.contains(&name);
        let first = operation.requests.first();
        let rest = |request: &Request| {
            let query = request.query.iter().filter(|field| !is_turned(&field.name)).cloned().collect();
            Request { name: String::new(), query, ..request.clone() }
        };
        if first.is_some_and(|first| rest(first) != rest(next)) {
            self.report(place, format!("the request `{NEXT_PAGE}` is another one than that of the first page"));
        }
    }

    /// A file comes where it is declared on each side.
    fn files(&mut self, place: &str, operation: &Operation, data: &Data) {
        let own = if data.answer.is_empty() { &self.about.answer } else { &data.answer };
        let rules = with_used(self.about, own);
        let files: Vec<&str> = rules
            .iter()
            .filter_map(|rule| match &rule.then {
                Then::Output(Output::File(name)) => Some(name.as_ref()),
                _ => None,
            })
            .collect();
        let is_file = operation.requests.iter().any(|request| request.answer == AnswerForm::Blob);
        for name in files.iter().filter(|name| !operation.output_attachments.iter().any(|file| file == *name)) {
            self.report(place, format!("its answer is a file `{name}`, which is not among the operation's files"));
        }
        for name in operation.output_attachments.iter().filter(|file| !files.contains(&file.as_str())) {
            self.report(
                place,
                format!("no rule of its answer gives the file `{name}`; write `output: {{file: {name}}}`"),
            );
        }
        if is_file == files.is_empty() {
            self.report(
                place,
                "an answer that is given as a file needs a request `as-file`, and a rule with `output: {file: NAME}`",
            );
        }
    }
}

/// The values that code would give, but for those by which a page is turned.
fn unbound(request: &Request, turned: &[&str]) -> Vec<String> {
    let is_turned = |what: &str| what.strip_prefix("query ").is_some_and(|name| turned.contains(&name));
    request.free_values().into_iter().map(|(what, _)| what).filter(|what| !is_turned(what)).collect()
}

#[cfg(test)]
mod tests;
