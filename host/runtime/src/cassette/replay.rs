//! A recorded call in another release: the recorded answers, and nothing else.

use std::fmt;
use std::sync::{Arc, Mutex, MutexGuard, PoisonError};

use bytes::Bytes;
use wharf_egress::outgoing::Shown;
use wharf_egress::send::{Answer, SendError};
use wharf_egress::text::in_one_line;
use wharf_egress::{Blob, Connection, Secret, declaration};

use super::{Became, Cassette, Difference, End, RecordedCall, RecordedConnection, RecordedExchange, RecordedRequest};
use crate::call::{Call, Output};
use crate::failure::{CallError, Refusal};
use crate::host::Host;
use crate::manifest::About;
use crate::registry::Release;
use crate::sandbox::ctx::Unanswered;
use crate::sandbox::way::Moment;

/// The name of the connection.
const SELF_TEST: &str = "self-test";

/// Where requests would go. It is never contacted.
const NOWHERE: &str = "http://127.0.0.1:9";

/// What stands in the place of each secret, and is masked like one where people see it.
const SECRET: &str = "placeholder-of-a-secret";

/// In lines.
const SCREEN: usize = 40;

/// Why a release did not pass its self-test.
#[derive(Clone, Debug, PartialEq, Eq, thiserror::Error)]
pub enum ReplayError {
    /// The cassette is of another plugin.
    #[error("the cassette is of the plugin `{}`, and this is `{plugin}`", in_one_line(.recorded))]
    OtherPlugin {
        /// Of the cassette.
        recorded: String,
        /// Of the release.
        plugin: String,
    },
    /// Not all calls are as they were recorded; up to 40 lines of what differs.
    #[error("{}", Screen(&joined(.0)))]
    Different(Vec<Difference>),
}

fn joined(differences: &[Difference]) -> String {
    differences.iter().map(Difference::to_string).collect::<Vec<_>>().join("\n")
}

/// As much of a text as fits on a screen.
pub(super) struct Screen<'a>(pub(super) &'a str);

impl fmt::Display for Screen<'_> {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        let lines: Vec<&str> = self.0.lines().collect();
        f.write_str(&lines.iter().take(SCREEN).copied().collect::<Vec<_>>().join("\n"))?;
        match lines.len().saturating_sub(SCREEN) {
            0 => Ok(()),
            more => write!(f, "\nand {more} more lines"),
        }
    }
}

/// Answers the requests of a call as they were answered when it was recorded.
pub(crate) struct Player {
    pub(crate) moment: Moment,
    exchanges: Vec<RecordedExchange>,
    heard: Mutex<Heard>,
}

#[derive(Default)]
struct Heard {
    /// Requests that were as recorded.
    same: usize,
    /// The one that was not.
    other: Option<RecordedRequest>,
}

impl Player {
    pub(super) fn new(recorded: &RecordedCall) -> Self {
        let moment = Moment { time: recorded.recorded, seed: recorded.seed.clone() };
        Self { moment, exchanges: recorded.exchanges.clone(), heard: Mutex::default() }
    }

    /// What became of the next request, if it is this one. An answer may have so many bytes.
    pub(crate) fn answer(&self, request: Shown, most: u64) -> Result<Result<Answer, SendError>, Unanswered> {
        let request = RecordedRequest::from(request);
        let mut heard = self.heard();
        match self.exchanges.get(heard.same) {
            Some(exchange) if exchange.request.is_same(&request) => {
                heard.same += 1;
                Ok(exchange.became.result(most))
            }
            _ => {
                heard.other = Some(request);
                Err(Unanswered)
            }
        }
    }

    /// Whether the last answer had not come to its end when it was recorded.
    pub(crate) fn was_left(&self) -> bool {
        let last = self.heard().same.checked_sub(1).and_then(|last| self.exchanges.get(last));
        last.is_some_and(|exchange| matches!(&exchange.became, Became::Answer(answer) if answer.left))
    }

    /// The request that was not the recorded one.
    pub(super) fn unheard_of(&self) -> Option<RecordedRequest> {
        self.heard().other.clone()
    }

    /// Where the requests went another way: a sentence, and lines.
    fn difference(&self) -> Option<(String, Vec<String>)> {
        let heard = self.heard();
        let left = self.exchanges.get(heard.same..).unwrap_or_default();
        let number = heard.same + 1;
        let next = left.first().map(|exchange| &exchange.request);
        Some(match (next, &heard.other) {
            (None, None) => return None,
            (None, Some(now)) => (format!("request {number} was not recorded"), now.marked('+')),
            (Some(then), Some(now)) if !left.iter().any(|exchange| exchange.request.is_same(now)) => {
                (format!("request {number} is another one"), then.differences(now))
            }
            (Some(then), _) => (format!("request {number} is missing"), then.marked('-')),
        })
    }

    fn heard(&self) -> MutexGuard<'_, Heard> {
        self.heard.lock().unwrap_or_else(PoisonError::into_inner)
    }
}

impl Became {
    fn result(&self, most: u64) -> Result<Answer, SendError> {
        match self {
            Self::Answer(answer) if answer.body.0.len() as u64 <= most => {
                let body = Blob::new(answer.body.0.clone(), answer.media_type.clone(), answer.file_name.clone());
                let (status, headers) = (answer.status, answer.headers.clone());
                Ok(Answer { status, headers, body, passed_over: Vec::new() })
            }
            Self::Answer(_) | Self::TooLarge => Err(SendError::TooLarge { limit: most }),
            Self::Unavailable(message) => Err(SendError::Unavailable(message.clone())),
            Self::NoAnswer(message) => Err(SendError::NoAnswer(message.clone())),
            Self::Unreadable { status, message } => {
                Err(SendError::Unreadable { status: *status, problem: message.clone() })
            }
            Self::Timeout => Err(SendError::Timeout { sent: true }),
        }
    }
}

impl Host {
    /// Runs the calls of a cassette in a release, which need not be one that answers calls. Nothing is sent, and nothing is
    /// recorded in the audit: requests go through the guard as always, and get the recorded answers as long as they are the
    /// recorded ones. Each call begins with an empty state. Where its connection had a secret, there is a placeholder.
    ///
    /// # Errors
    /// [`ReplayError::Different`] with one difference for each call that is not as it was recorded.
    pub fn replay(&self, release: &Arc<Release>, cassette: &Cassette) -> Result<(), ReplayError> {
        let (recorded, plugin) = (&cassette.plugin, &release.about.name);
        if recorded != plugin {
            return Err(ReplayError::OtherPlugin { recorded: recorded.clone(), plugin: plugin.clone() });
        }
        let differences: Vec<Difference> = cassette
            .calls
            .iter()
            .enumerate()
            .filter_map(|(index, call)| {
                let (what, lines) = self.replayed(release, call)?;
                Some(Difference { call: index + 1, operation: call.operation.clone(), what, lines })
            })
            .collect();
        if differences.is_empty() { Ok(()) } else { Err(ReplayError::Different(differences)) }
    }

    /// Where a recorded call is another one now: a sentence, and lines.
    pub(super) fn replayed(&self, release: &Arc<Release>, recorded: &RecordedCall) -> Option<(String, Vec<String>)> {
        let player = Arc::new(Player::new(recorded));
        let end = self.played(release, recorded, &player).unwrap_or_else(End::of_refusal);
        let of_end = recorded.end.differences(&end);
        match player.difference() {
            // The call ended there, so its end says nothing.
            Some(difference) if player.heard().other.is_some() => Some(difference),
            Some((what, lines)) => Some((what, lines.into_iter().chain(of_end).collect())),
            None if of_end.is_empty() => None,
            None => Some(("it ends in another way".to_owned(), of_end)),
        }
    }

    pub(super) fn played(
        &self,
        release: &Arc<Release>,
        recorded: &RecordedCall,
        player: &Arc<Player>,
    ) -> Result<End, Refusal> {
        let operation = release.operation(&recorded.operation)?;
        let connection = connection(&release.about, &recorded.connection)?;
        let target = self.target_of_replay(release, Arc::clone(&operation), connection, Arc::clone(player));
        let mut call = Call::new(&release.about.name, &recorded.operation).input(recorded.input.clone());
        for file in &recorded.attachments {
            let blob = Blob::new(file.content.0.clone(), file.media_type.clone(), file.file_name.clone());
            call = call.attach(&file.name, blob);
        }
        let (ran, ..) = self.attempts(&target, call);
        Ok(End::of(&ran.result.map(Output::from), &operation.declared, Bytes::clone))
    }
}

impl End {
    fn of_refusal(refusal: Refusal) -> Self {
        Self::Failure(CallError::from(refusal).to_json().into())
    }
}

/// A connection that could have been the recorded one. A secret that the plugin did not ask for then is there.
fn connection<'a>(about: &'a About, recorded: &RecordedConnection) -> Result<Connection, Refusal> {
    let suffix = about.base_url.suffix.as_deref().unwrap_or_default();
    let mut connection = Connection::builder(&about.name, SELF_TEST, NOWHERE).suffix(suffix);
    for server in &about.servers {
        connection = connection.server(&server.name, NOWHERE, server.rule.suffix.as_deref().unwrap_or_default());
    }
    for field in &about.fields {
        let name = &field.name;
        let plain = recorded.fields.get(name).or(field.default.as_ref()).filter(|_| !field.secret);
        connection = match plain {
            Some(value) => connection.field(name, value),
            None if field.secret && !recorded.without.contains(name) => {
                connection.secret(name, Secret::new(SECRET)).allow_weak([name])
            }
            None => connection.absent(name, "it was recorded without"),
        };
    }
    let connection = connection.build().map_err(|error| Refusal::Connection(error.to_string()))?;
    let values = |credential: &'a declaration::Credential| {
        let values = credential.values().into_iter().map(|value| (value, Secret::new(SECRET)));
        (credential.name.as_str(), values.collect())
    };
    Ok(connection.with(about.credentials.iter().map(values)))
}

#[cfg(test)]
mod tests {
    use super::*;

    fn shown(url: &str) -> Shown {
        Shown { request: "get".into(), method: "GET", url: url.into(), headers: Vec::new(), body: None }
    }

    fn player(urls: &[&str]) -> Player {
        let exchanges = urls
            .iter()
            .map(|url| RecordedExchange { request: shown(url).into(), became: Became::Unavailable((*url).to_owned()) });
        let moment = Moment { time: std::time::UNIX_EPOCH, seed: String::new() };
        Player { moment, exchanges: exchanges.collect(), heard: Mutex::default() }
    }

    fn hears(player: &Player, urls: &[&str]) -> Option<(String, Vec<String>)> {
        for url in urls {
            match player.answer(shown(url), 100) {
                Ok(answer) => assert!(matches!(answer, Err(SendError::Unavailable(message)) if message == *url)),
                Err(Unanswered) => break,
            }
        }
        player.difference()
    }

    #[test]
    fn requests_are_answered_in_their_order_and_a_stray_one_is_not() {
        assert_eq!(hears(&player(&["a", "b"]), &["a", "b"]), None);
        let lines = |lines: &[&str]| lines.iter().map(|line| (*line).to_owned()).collect::<Vec<_>>();
        let (what, told) = hears(&player(&["a", "b"]), &["a", "c"]).unwrap();
        assert_eq!((what.as_str(), told), ("request 2 is another one", lines(&["- GET b", "+ GET c"])));
        let (what, told) = hears(&player(&["a"]), &["a", "b"]).unwrap();
        assert_eq!((what.as_str(), told), ("request 2 was not recorded", lines(&["+ request get", "+ GET b"])));
        let missing = ("request 1 is missing".to_owned(), lines(&["- request get", "- GET a"]));
        assert_eq!(hears(&player(&["a", "b"]), &["b"]), Some(missing.clone()));
        assert_eq!(hears(&player(&["a"]), &[]), Some(missing));
    }

    #[test]
    fn differences_are_cut_to_a_screen() {
        let lines = (0..100).map(|number| format!("- {number}")).collect();
        let difference = Difference { call: 1, operation: "a.b".into(), what: "it is longer".into(), lines };
        let text = ReplayError::Different(vec![difference]).to_string();
        assert!(
            text.starts_with("call 1, a.b: it is longer\n- 0\n") && text.ends_with("\nand 61 more lines"),
            "{text}"
        );
        assert_eq!(text.lines().count(), SCREEN + 1);
    }
}
