//! The check of requests that log in. They meet the rules of all requests; what they are made of is the operator's and the provider's,
//! and nothing of a caller or a plugin.

use std::collections::HashSet;

use super::super::{Bindable, Lint};
use super::LONGEST;
use crate::declaration::{
    AnswerForm, BodyForm, LoginStep, Over, Part, Request, Scheme, Session, Source, Taken, TakenFrom, place,
};

/// Requests of a login, what all of them take, and answers that are told apart.
const MOST_STEPS: usize = 8;
const MOST_TAKEN: usize = 16;
const MOST_SIGNS: usize = 16;
const MOST_WORDS: usize = 64;

/// Of what is taken.
const LONGEST_NAME: usize = 64;

impl Lint<'_> {
    pub(super) fn session(&mut self, name: &str, session: &Session, schemes: &[Scheme]) {
        let whole = place(&["credentials", name, "session"]);
        self.place.clone_from(&whole);
        self.lasts(session.lasts);
        for (what, signs) in [("over", &session.over), ("again", &session.again)] {
            self.place = format!("{whole}/{what}");
            self.signs(signs);
        }
        self.place = format!("{whole}/login");
        let taken: Vec<&Taken> = session.login.iter().flat_map(|step| &step.takes).collect();
        if taken.is_empty() {
            self.report("nothing is taken out of the answers; say under `takes` what the session is known by");
        }
        for (what, count, most) in [("requests", session.login.len(), MOST_STEPS), ("values", taken.len(), MOST_TAKEN)]
        {
            if count > most {
                return self.report(format!("it has {count} {what}; the most are {most}"));
            }
        }
        self.unique("request", session.login.iter().map(|step| step.request.name.clone()));
        self.unique("value", taken.iter().map(|taken| taken.name.clone()));
        let mut known = HashSet::new();
        for step in &session.login {
            self.place = format!("{whole}/login{}", place(&[&step.request.name]));
            self.step(step, &known, schemes);
            known.extend(step.takes.iter().map(|taken| taken.name.as_str()));
        }
    }

    fn step(&mut self, LoginStep { request, takes }: &LoginStep, known: &HashSet<&str>, schemes: &[Scheme]) {
        let scheme = request.scheme.as_ref().and_then(|name| schemes.iter().find(|scheme| scheme.name == *name));
        if let Some(scheme) = scheme.filter(|scheme| scheme.parts().any(|part| matches!(part, Part::Credential { .. })))
        {
            self.report(format!(
                "its scheme `{}` places a credential that is obtained; a login has schemes of fields alone",
                scheme.name
            ));
        }
        self.values_of_a_login(request, known, scheme);
        self.form_of_a_login(request);
        takes.iter().for_each(|taken| self.taken(taken));
        // Of inputs was told.
        let inputs = request.sources().filter_map(Source::input).chain(request.path.variables()).collect();
        self.request(&Bindable { inputs, attachments: HashSet::new() }, request, schemes);
    }

    /// Where its values come from.
    fn values_of_a_login(&mut self, request: &Request, known: &HashSet<&str>, scheme: Option<&Scheme>) {
        let of_scheme = scheme.into_iter().flat_map(Scheme::variables);
        let placed: HashSet<&str> = scheme.into_iter().flat_map(Scheme::placed_in_path).collect();
        let listed: HashSet<&str> = request.variables.iter().map(|variable| variable.name.as_str()).collect();
        let in_path = request.path.variables().filter(|name| !placed.contains(name));
        let implied = in_path.chain(of_scheme).filter(|name| !listed.contains(name));
        let inputs: HashSet<&str> = request.sources().filter_map(Source::input).chain(implied).collect();
        let mut inputs: Vec<&str> = inputs.into_iter().collect();
        inputs.sort_unstable();
        for name in inputs {
            self.report(format!(
                "it is bound to an input `{name}`, and a login has none; write a constant, a `field`, or `free` for what was taken before"
            ));
        }
        if request.sources().any(|source| *source == Source::CallId) {
            self.report("it has the id of a call, and a login is of none");
        }
        let variables = request.variables.iter().map(|variable| (&variable.name, &variable.source));
        let fields = request.query.iter().chain(&request.headers).chain(request.body.fields());
        let named = variables.chain(fields.map(|field| (&field.name, &field.source)));
        for (name, _) in named.filter(|(name, source)| source.is_free() && !known.contains(name.as_str())) {
            self.report(format!("`{name}` is free, and no request before it takes a value of this name"));
        }
    }

    fn form_of_a_login(&mut self, request: &Request) {
        let is_open = request.open_query.is_some() || request.body.open_reason().is_some();
        if is_open || request.body.whole().is_some_and(Source::is_free) {
            self.report("nobody could give what is open in it; declare its fields");
        }
        if matches!(request.body, BodyForm::Blob(_)) {
            self.report("its body is a file, and a login has none");
        }
        if request.answer != AnswerForm::Bytes || !request.when_given.is_empty() || request.read_only {
            self.report("`as-file`, `read-only` and `when-given` are of operations; delete them");
        }
    }

    fn taken(&mut self, Taken { name, from }: &Taken) {
        let plain = |c: char| c.is_ascii_alphanumeric() || matches!(c, '-' | '_');
        if !name.starts_with(|c: char| c.is_ascii_alphabetic()) || name.len() > LONGEST_NAME || !name.chars().all(plain)
        {
            self.report(format!(
                "the value `{name}` needs a name of letters, digits, `-` and `_` that begins with a letter"
            ));
        }
        let is_token = |text: &str| {
            let plain = |byte: u8| byte.is_ascii_alphanumeric() || b"!#$%&'*+-.^_`|~".contains(&byte);
            (1..=LONGEST).contains(&text.len()) && text.bytes().all(plain)
        };
        match from {
            TakenFrom::Answer(pointer) => self.pointer(pointer),
            TakenFrom::Header(header) if header.eq_ignore_ascii_case("set-cookie") => {
                self.report(format!("the value `{name}` is taken out of a cookie; write `cookie` and its name"));
            }
            TakenFrom::Header(header) if !is_token(header) => {
                self.report(format!("`{header}` is not the name of a header"));
            }
            TakenFrom::Cookie(cookie) if !is_token(cookie) => {
                self.report(format!("`{cookie}` is not the name of a cookie"));
            }
            TakenFrom::Header(_) | TakenFrom::Cookie(_) => {}
        }
    }

    /// Answers that are told apart from good ones.
    pub(super) fn signs(&mut self, signs: &[Over]) {
        if signs.len() > MOST_SIGNS {
            return self.report(format!("there are {}; the most are {MOST_SIGNS}", signs.len()));
        }
        for Over { status, at, is } in signs {
            if status.is_some_and(|status| !(100..=599).contains(&status)) {
                self.report("a status is a number from 100 to 599");
            }
            at.iter().for_each(|pointer| self.pointer(pointer));
            match (status, at) {
                (None, None) => self.report("say by what an answer is known: `status`, `at`, or both"),
                (Some(..300), None) => {
                    self.report("every good answer has this status; say `at` what place this one differs");
                }
                _ => {}
            }
            if at.is_none() && !is.is_empty() {
                self.report("`is` says what stands `at` a place of the answer; name the place");
            }
            if is.len() > MOST_WORDS || is.iter().any(|word| word.len() > LONGEST) {
                self.report(format!("`is` has more than {MOST_WORDS} texts, or one of more than {LONGEST} bytes"));
            }
        }
    }
}
