//! Sessions: the host sends the requests that log in, one after the other, and takes out of the answers what schemes place.

use std::collections::{BTreeMap, HashSet};
use std::sync::Arc;
use std::thread;
use std::time::Duration;

use serde_json::Map;
use wharf_answer::{Answer, Failure as Told, judge};
use wharf_egress::declaration::{self, BodyForm, Declaration, Field, LoginStep, Routes, Scheme, Session, TakenFrom};
use wharf_egress::guard::{self, Asked, AskedBody, Item};
use wharf_egress::send::{self, Allowance, SendError};
use wharf_egress::work::Work;
use wharf_egress::{Connection, Deadline, Json, Secret, moved};

use super::obtain::{OnBehalf, not_sent, refused};
use super::over::{says_so, text_at};
use super::renewal::{NotObtained, Obtain, Obtained};
use super::row::Live;
use crate::registry::Release;

/// How often a login is begun, where something of others is in its way.
const TRIES: u32 = 3;

/// Before the second one, and twice as long before the third; by chance up to twice that, so that two that met do not meet again.
const WAIT: Duration = Duration::from_millis(200);

/// The most that an answer of a login has, in bytes.
const LARGEST_HEAD: u64 = 64 << 10;
const LARGEST_ANSWER: u64 = 1 << 20;

/// The requests of a login, ready for use.
pub(crate) struct Steps(Vec<Declaration>);

impl Steps {
    pub(crate) fn of(session: &Session, schemes: &[Arc<Scheme>]) -> Self {
        let requests: Vec<_> = session.login.iter().map(|step| step.request.clone()).collect();
        Self(declaration::prepare(schemes, &Routes::default(), &requests))
    }
}

/// Obtains a session.
pub(crate) struct LogIn {
    pub(crate) release: Arc<Release>,
    pub(crate) session: Session,
    pub(crate) steps: Arc<Steps>,
    pub(crate) connection: Arc<Connection>,
    pub(crate) by: OnBehalf,
}

/// Why a login did not come to its end.
enum Ended {
    /// Others may have been in its way.
    Disturbed(NotObtained),
    Failed(NotObtained),
}

impl Obtain for LogIn {
    fn spends<'l>(&self, _: &'l Live) -> Option<&'l Secret> {
        None
    }

    fn is_unattended(&self, _: &Live) -> bool {
        true
    }

    fn obtain(&self, _: &Live, within: Duration) -> Result<Obtained, NotObtained> {
        let deadline = Deadline::within(within);
        let mut tries = 1;
        loop {
            match self.log_in(deadline) {
                Ok(values) => {
                    return Ok(Obtained { values, lasts: self.session.lasts.map(u64::from), ..Obtained::default() });
                }
                Err(Ended::Disturbed(_)) if tries < TRIES && !deadline.is_over() => {
                    thread::sleep(WAIT.mul_f64(f64::from(tries) * (1.0 + chance())));
                    tries += 1;
                }
                Err(Ended::Disturbed(why) | Ended::Failed(why)) => return Err(why),
            }
        }
    }
}

impl LogIn {
    fn log_in(&self, deadline: Deadline) -> Result<Vec<(String, Secret)>, Ended> {
        let mut taken: BTreeMap<String, String> = BTreeMap::new();
        for step in &self.session.login {
            let (answer, moved) = self.send(step, &taken, deadline)?;
            for (name, text) in self.take(step, &answer, moved)? {
                taken.insert(name, text);
            }
        }
        Ok(taken.into_iter().map(|(name, text)| (name, Secret::new(text))).collect())
    }

    /// The answer, and where it leads if it is a redirect.
    fn send(
        &self,
        step: &LoginStep,
        taken: &BTreeMap<String, String>,
        deadline: Deadline,
    ) -> Result<(send::Answer, Option<String>), Ended> {
        let (asked, work) = (asked(step, taken), Work::until(deadline));
        let sensitive: HashSet<String> = taken.keys().cloned().collect();
        let input = Map::new();
        let item = Item { input: &input, attachments: &[], sensitive: &sensitive, written: None, call: self.by.id() };
        let prepared = guard::prepare(&self.steps.0, &asked, item, &self.connection, &work);
        let outgoing = prepared.map_err(|refusal| Ended::Failed(NotObtained::Refusal(refusal.into())))?;
        let allowance = Allowance::new(deadline, LARGEST_HEAD, LARGEST_ANSWER);
        let who = self.by.who(self.connection.name(), "log in");
        let send = |allowance| send::send_one(&self.connection, &outgoing, allowance, self.by.recorder(who));
        let answer = match send(allowance) {
            Err(SendError::Closed(_)) => send(Allowance { new_socket: true, ..allowance }),
            sent => sent,
        };
        let answer =
            answer.map_err(|error| Ended::Failed(self.at_login(step, not_sent(&self.connection, &outgoing, error))))?;
        let moved = moved(&self.connection, &outgoing, &answer);
        Ok((answer, moved))
    }

    /// What the answer gives, where it is a success by the rules of the manifest.
    fn take(
        &self,
        step: &LoginStep,
        answer: &send::Answer,
        moved: Option<String>,
    ) -> Result<Vec<(String, String)>, Ended> {
        let about = &self.release.about;
        let body = answer.body.in_memory().map(|bytes| bytes.to_vec()).unwrap_or_default();
        let read = Answer::of(answer.status, answer.headers.clone(), body);
        if let Err(told) = judge(&read, &about.answer, about) {
            let is_disturbed = says_so(&self.session.again, answer);
            let told = moved.iter().fold(told, |told, moved| told.with_note(&format!("{moved}; the answer")));
            let why = self.at_login(step, self.failed(told));
            return Err(if is_disturbed { Ended::Disturbed(why) } else { Ended::Failed(why) });
        }
        let json = answer.body.in_memory().and_then(|bytes| Json::of_answer(bytes));
        let found = |from: &TakenFrom| match from {
            TakenFrom::Answer(pointer) => json.as_ref().and_then(|json| text_at(json, pointer)),
            TakenFrom::Header(name) => read.header(name).map(str::to_owned),
            TakenFrom::Cookie(name) => read.all("set-cookie").find_map(|cookie| value_of(cookie, name)),
        };
        let taken = step.takes.iter().map(|taken| match found(&taken.from).filter(|text| !text.is_empty()) {
            Some(text) => Ok((taken.name.clone(), text)),
            None => Err(taken.name.as_str()),
        });
        taken.collect::<Result<_, &str>>().map_err(|missing| {
            let words = format!("the answer to `{}` has no `{missing}` in it", step.request.name);
            Ended::Failed(self.at_login(step, NotObtained::Later { words, sent: false, after: None }))
        })
    }

    fn failed(&self, told: Told) -> NotObtained {
        let words = |text: &str| self.connection.mask_for_people(wharf_egress::text::in_one_line(text));
        match told {
            Told::Unavailable(detail) | Told::RateLimited(detail) | Told::Timeout(detail) => NotObtained::Later {
                words: words(&detail.message),
                sent: false,
                after: detail.retry_after.map(|seconds| Duration::from_secs(seconds.into())),
            },
            // The server's own trouble: nobody has to mend the credentials for it.
            Told::Provider(detail) if let Some(status @ 500..) = detail.status => NotObtained::Later {
                words: format!("{} (status {status})", words(&detail.message)),
                sent: false,
                after: detail.retry_after.map(|seconds| Duration::from_secs(seconds.into())),
            },
            Told::InvalidInput(_, message) | Told::Denied(message) => refused(words(&message), None, None),
            Told::Unauthorized(detail)
            | Told::Forbidden(detail)
            | Told::NotFound(detail)
            | Told::Conflict(detail)
            | Told::Provider(detail) => refused(words(&detail.message), detail.code, detail.status),
        }
    }

    /// Says that it is not the operation which failed.
    fn at_login(&self, step: &LoginStep, why: NotObtained) -> NotObtained {
        let note = |words: String| format!("at the login (`{}`): {words}", step.request.name);
        match why {
            NotObtained::Final(words) => NotObtained::Final(note(words)),
            NotObtained::Rejected(detail) => {
                NotObtained::Rejected(crate::failure::Detail { message: note(detail.message), ..detail })
            }
            NotObtained::Later { words, sent, after } => NotObtained::Later { words: note(words), sent, after },
            other => other,
        }
    }
}

/// What is asked for: what is free of it is what was taken before, of the same name.
fn asked(step: &LoginStep, taken: &BTreeMap<String, String>) -> Asked {
    let request = &step.request;
    let given = |name: &String| taken.get(name).map(|text| (name.clone(), text.clone()));
    let free = |fields: &[Field]| fields.iter().filter(|f| f.source.is_free()).filter_map(|f| given(&f.name)).collect();
    let variables = request.variables.iter().filter(|variable| variable.source.is_free());
    let of_body: Vec<(String, String)> = free(request.body.fields());
    let body = match &request.body {
        BodyForm::Form(_) if !of_body.is_empty() => Some(AskedBody::Form(of_body)),
        BodyForm::Json(_) if !of_body.is_empty() => {
            let members = of_body.into_iter().map(|(name, text)| (name, serde_json::Value::from(text)));
            Some(AskedBody::Json(serde_json::Value::Object(members.collect()).to_string()))
        }
        _ => None,
    };
    Asked {
        name: request.name.clone(),
        variables: variables.filter_map(|variable| given(&variable.name)).collect(),
        query: free(&request.query),
        headers: free(&request.headers),
        body,
    }
}

/// The value of a cookie, where it is the one of this name (RFC 6265, section 4.1.1).
fn value_of(cookie: &str, name: &str) -> Option<String> {
    let (found, value) = cookie.split(';').next()?.split_once('=')?;
    (found.trim() == name).then(|| value.trim().to_owned())
}

/// From 0 to 1.
fn chance() -> f64 {
    let number = getrandom::u32().unwrap_or_default();
    f64::from(number) / f64::from(u32::MAX)
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_cookie_is_found_by_its_whole_name() {
        assert_eq!(value_of("JSESSIONID=abc; Path=/; HttpOnly", "JSESSIONID").as_deref(), Some("abc"));
        assert_eq!(value_of("XJSESSIONID=abc", "JSESSIONID"), None);
        assert_eq!(value_of("a=b=c", "a").as_deref(), Some("b=c"));
    }
}
