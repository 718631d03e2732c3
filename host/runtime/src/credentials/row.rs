//! What is kept of a connection: how it was made at run time, and what its credentials are now.

use std::collections::BTreeMap;
use std::time::Duration;

use serde::{Deserialize, Serialize};
use wharf_egress::declaration::GrantType;
use wharf_egress::{Kept, Secret};
use zeroize::Zeroizing;

use super::clock::Moment;

/// One row for each connection. Its name in the vault is `PLUGIN/CONNECTION`.
#[derive(Clone, Debug, Default, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "kebab-case")]
pub(crate) struct Row {
    /// The same as long as there is such a connection, whatever its name.
    #[serde(default)]
    pub(crate) id: String,
    /// Set while it takes the name of another one, which goes: that one's name and version.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub(crate) moving: Option<(String, u64)>,
    /// Set where it was made at run time, and stands in no configuration.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub(crate) made: Option<Made>,
    /// Whose it is, as its test told, and when.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub(crate) account: Option<Account>,
    /// By the name of the credential.
    #[serde(default)]
    pub(crate) credentials: BTreeMap<String, Live>,
}

/// A connection that was made at run time.
#[derive(Clone, Debug, Default, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "kebab-case")]
pub(crate) struct Made {
    /// When.
    pub(crate) at: Moment,
    /// The configured connection whose fields, grants and way to the provider it has where it has none of its own.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub(crate) from: Option<String>,
    /// Where servers are, by their names.
    #[serde(default, skip_serializing_if = "BTreeMap::is_empty")]
    pub(crate) servers: BTreeMap<String, String>,
    /// Where the provider says that they are, until the operator agrees.
    #[serde(default, skip_serializing_if = "BTreeMap::is_empty")]
    pub(crate) proposed: BTreeMap<String, String>,
    /// Fields, by their names.
    #[serde(default, skip_serializing_if = "BTreeMap::is_empty")]
    pub(crate) fields: BTreeMap<String, Given>,
}

/// The value of a field, and when it was given.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
pub(crate) struct Given {
    pub(crate) value: Kept,
    pub(crate) at: Moment,
}

/// Whose a connection is.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
pub(crate) struct Account {
    pub(crate) identity: String,
    pub(crate) told: Moment,
}

/// What a credential is now.
#[derive(Clone, Debug, Default, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "kebab-case")]
pub(crate) struct Live {
    #[serde(default)]
    pub(crate) standing: Standing,
    /// Whose it is, and from where: as a digest. What another user has, or another server gave, is not this credential.
    #[serde(default)]
    pub(crate) binding: String,
    /// How often it was obtained: tells one token from the next.
    #[serde(default)]
    pub(crate) generation: u64,
    /// What schemes place.
    #[serde(default, skip_serializing_if = "BTreeMap::is_empty")]
    pub(crate) values: BTreeMap<String, Kept>,
    /// What the next one is obtained with.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub(crate) refresh: Option<Kept>,
    /// How it was first obtained.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub(crate) grant: Option<GrantType>,
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub(crate) obtained: Option<Moment>,
    /// From then on, in seconds; none where it lasts until somebody says that it is over.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub(crate) lasts: Option<u64>,
    /// What was granted, where that is known.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub(crate) scopes: Option<Vec<String>>,
    /// Who obtains the next one, while somebody does.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub(crate) lease: Option<Lease>,
    /// The digest of a refresh token that was sent, with no answer that says what became of it.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub(crate) unanswered: Option<String>,
    /// The last failure, until it was obtained again.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub(crate) failed: Option<Failed>,
    /// How often a refresh token was lost, as the server changed it and nobody heard of it.
    #[serde(default, skip_serializing_if = "is_zero")]
    pub(crate) lost: u64,
}

/// Whether a credential can still be obtained.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "kebab-case")]
pub(crate) enum Standing {
    #[default]
    Active,
    /// Somebody has to agree anew.
    NeedsReconnect,
    /// It was given up.
    Revoked,
}

/// Who obtains the next one. That the lease is written before anything is sent is the record of the intent.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "kebab-case")]
pub(crate) struct Lease {
    /// As the vault names it.
    pub(crate) owner: String,
    /// Nobody else had this one: who comes back late finds another.
    pub(crate) fence: String,
    pub(crate) taken: Moment,
    /// In milliseconds.
    pub(crate) lasts: u64,
    /// The digest of the refresh token that is spent.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub(crate) spends: Option<String>,
}

/// A failure to obtain the next one.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "kebab-case")]
pub(crate) struct Failed {
    pub(crate) at: Moment,
    /// Why, in words without a secret.
    pub(crate) reason: String,
    /// How often in a row.
    pub(crate) times: u32,
    /// How long nobody tries again, in milliseconds.
    pub(crate) cool: u64,
    /// Whether the provider said no.
    #[serde(default, skip_serializing_if = "std::ops::Not::not")]
    pub(crate) rejected: bool,
}

#[expect(clippy::trivially_copy_pass_by_ref, reason = "serde asks so")]
fn is_zero(count: &u64) -> bool {
    *count == 0
}

impl Row {
    /// Of an entry of the vault.
    pub(crate) fn read(bytes: &[u8]) -> Result<Self, String> {
        serde_json::from_slice(bytes).map_err(|error| {
            // The words of the parser may repeat what stands there.
            format!("it is not read by this version of Wharf (line {}, column {})", error.line(), error.column())
        })
    }

    pub(crate) fn write(&self) -> Zeroizing<Vec<u8>> {
        Zeroizing::new(serde_json::to_vec(self).unwrap_or_default())
    }
}

impl Lease {
    /// Whether its time is over.
    pub(crate) fn is_over(&self, now: &Moment) -> bool {
        now.since(&self.taken) >= Duration::from_millis(self.lasts)
    }
}

impl Failed {
    /// How long nobody tries again.
    pub(crate) fn left(&self, now: &Moment) -> Option<Duration> {
        Duration::from_millis(self.cool).checked_sub(now.since(&self.at)).filter(|left| !left.is_zero())
    }
}

/// A token is not used in its last seconds: a request is under way for a while.
const LAST_SECONDS: Duration = Duration::from_secs(10);

/// The most by which a token is renewed before its end.
const EARLY: Duration = Duration::from_secs(15 * 60);

impl Live {
    pub(crate) fn is_there(&self) -> bool {
        self.standing == Standing::Active && !self.values.is_empty()
    }

    /// Whether it can be placed now.
    pub(crate) fn is_valid(&self, now: &Moment) -> bool {
        self.is_there() && self.left(now).is_none_or(|left| !left.is_zero())
    }

    /// For how long it can be placed; none where no end is known.
    fn left(&self, now: &Moment) -> Option<Duration> {
        let (lasts, obtained) = (Duration::from_secs(self.lasts?), self.obtained.as_ref()?);
        let kept = LAST_SECONDS.min(lasts / 10);
        Some(lasts.saturating_sub(kept).saturating_sub(now.since(obtained)))
    }

    /// Whether it is time to renew it, before its end. Many that were made at one time are not renewed at one time.
    pub(crate) fn is_due(&self, now: &Moment) -> bool {
        let (Some(lasts), Some(obtained)) = (self.lasts.map(Duration::from_secs), self.obtained.as_ref()) else {
            return false;
        };
        let early = EARLY.min(lasts / 2).mul_f64(1.0 - self.spread() / 4.0);
        now.since(obtained) >= lasts.saturating_sub(early)
    }

    /// Whether nobody tries again yet after a failure.
    pub(crate) fn is_cooling(&self, now: &Moment) -> bool {
        self.failed.as_ref().is_some_and(|failed| failed.left(now).is_some())
    }

    /// From 0 to 1, the same for the same token.
    fn spread(&self) -> f64 {
        let obtained = self.obtained.as_ref().map_or(0, |moment| moment.wall);
        let mixed = obtained.wrapping_add(self.generation).wrapping_mul(0x9e37_79b9_7f4a_7c15);
        f64::from(u32::try_from(mixed >> 32).unwrap_or_default()) / f64::from(u32::MAX)
    }

    /// The values, for a connection.
    pub(crate) fn secrets(&self) -> Vec<(&str, Secret)> {
        self.values.iter().map(|(name, value)| (name.as_str(), value.0.clone())).collect()
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn live(lasts: Option<u64>) -> Live {
        Live {
            values: [("access".to_owned(), Kept(Secret::new("at-1")))].into(),
            obtained: Some(Moment::now()),
            lasts,
            generation: 1,
            ..Live::default()
        }
    }

    fn after(live: &Live, seconds: u64) -> Moment {
        live.obtained.as_ref().unwrap().later(Duration::from_secs(seconds))
    }

    #[test]
    fn a_token_is_due_before_its_end_and_valid_until_shortly_before() {
        let hour = live(Some(3600));
        assert!(!hour.is_due(&after(&hour, 2699)) && hour.is_due(&after(&hour, 3600 - 675)));
        assert!(hour.is_valid(&after(&hour, 3589)) && !hour.is_valid(&after(&hour, 3590)));
        let minute = live(Some(60));
        assert!(!minute.is_due(&after(&minute, 29)) && minute.is_due(&after(&minute, 38)));
        assert!(minute.is_valid(&after(&minute, 53)) && !minute.is_valid(&after(&minute, 54)));
    }

    #[test]
    fn a_token_without_an_end_is_used_until_somebody_says_that_it_is_over() {
        let live = live(None);
        let later = after(&live, 100 * 365 * 24 * 3600);
        assert!(live.is_valid(&later) && !live.is_due(&later));
        let revoked = Live { standing: Standing::Revoked, ..live };
        assert!(!revoked.is_valid(&later));
    }

    #[test]
    fn a_row_reads_as_it_was_written_and_a_strange_one_repeats_nothing() {
        let row = Row { credentials: [("google".to_owned(), live(Some(60)))].into(), ..Row::default() };
        assert_eq!(Row::read(&row.write()).unwrap(), row);
        let problem = Row::read(br#"{"credentials": {"google": {"values": "geheim"}}}"#).unwrap_err();
        assert!(!problem.contains("geheim"), "{problem}");
        assert!(!format!("{row:?}").contains("at-1"));
    }
}
