//! From a call that nobody made, and the answers that it could have, to a call that can be replayed.

use std::sync::Arc;
use std::time::{Duration, UNIX_EPOCH};

use serde_json::Value;
use wharf_egress::Json;

use super::replay::Player;
use super::{
    Became, CassetteError, End, RecordedAnswer, RecordedCall, RecordedConnection, RecordedExchange, RecordedFile,
};
use crate::host::Host;
use crate::manifest::{About, ConnectionField};
use crate::registry::Release;

/// When it would have been: the first day of 2026. The same call is the same each time.
const MOMENT: Duration = Duration::from_secs(1_767_225_600);

/// What stands in a field of the connection that can have any value.
const EXAMPLE: &str = "example";

/// A call that nobody made.
#[derive(Clone, Debug)]
pub struct Imagined {
    /// The operation.
    pub operation: String,
    /// The input.
    pub input: Json,
    /// The files beside it.
    pub attachments: Vec<RecordedFile>,
    /// What its requests are answered with, in their order.
    pub answers: Vec<RecordedAnswer>,
}

impl RecordedCall {
    /// Whether nothing was ever sent for it: it was [imagined](Host::imagine).
    pub fn is_imagined(&self) -> bool {
        self.recorded == UNIX_EPOCH + MOMENT && self.seed == self.operation
    }
}

impl Host {
    /// A call as a cassette keeps it, of which only the input and the answers are known, such as those of a description. Its requests and
    /// its end are those that a release makes of them. Nothing is sent.
    ///
    /// # Errors
    /// [`CassetteError::Call`] where the release does not have the operation, or makes more or fewer requests than there are answers.
    pub fn imagine(&self, release: &Arc<Release>, call: Imagined) -> Result<RecordedCall, CassetteError> {
        let Imagined { operation, input, attachments, answers } = call;
        let mut recorded = RecordedCall {
            recorded: UNIX_EPOCH + MOMENT,
            seed: operation.clone(),
            operation: operation.clone(),
            input,
            attachments,
            connection: RecordedConnection::imagined(&release.about),
            exchanges: Vec::new(),
            end: End::Failure(Value::Null.into()),
        };
        let failed = |problem: String| CassetteError::Call { operation: operation.clone(), problem };
        let mut answers = answers.into_iter();
        // A replay ends at the first request that is not in the recording, and tells it.
        loop {
            let player = Arc::new(Player::new(&recorded));
            let end = self.played(release, &recorded, &player).map_err(|refusal| failed(refusal.to_string()))?;
            let Some(request) = player.unheard_of() else {
                let left = answers.count();
                recorded.end = end;
                return match left {
                    0 => Ok(recorded),
                    left => Err(failed(format!(
                        "it makes {} requests, and there are {left} more answers",
                        recorded.exchanges.len()
                    ))),
                };
            };
            let answer =
                answers.next().ok_or_else(|| failed("it makes more requests than there are answers".to_owned()))?;
            recorded.exchanges.push(RecordedExchange { request, became: Became::Answer(answer) });
        }
    }
}

impl RecordedConnection {
    /// One that has a value for each field.
    fn imagined(about: &About) -> Self {
        let value = |field: &ConnectionField| field.choices.first().cloned().unwrap_or_else(|| EXAMPLE.to_owned());
        let open = about.fields.iter().filter(|field| !field.secret && field.default.is_none());
        Self { fields: open.map(|field| (field.name.clone(), value(field))).collect(), without: Vec::new() }
    }
}
