//! The credentials of one call: what its requests place, obtained before they are built.

use std::sync::Arc;

use wharf_egress::audit::Audit;
use wharf_egress::send::Answer;
use wharf_egress::{Connection, Deadline, Secret};

use super::obtain::OnBehalf;
use super::over::says_so;
use super::prepared::Prepared;
use super::renewal::{Job, NotLive, Obtain, Want, name_of_row};
use super::row::Live;
use super::shelf::{Known, lock};
use super::{Credentials, oauth, session};
use crate::grant::Grant;
use crate::registry::Release;

/// What stands in a dry run for a token that nobody obtained yet. It fits into a header, and is masked like one where people see it.
const IMAGINED: &str = "a-credential-that-is-still-to-be-obtained";

/// What a call has to do with credentials that live.
#[derive(Clone)]
pub(crate) struct OfCall {
    pub(crate) credentials: Arc<Credentials>,
    pub(crate) release: Arc<Release>,
    pub(crate) grant: Arc<Grant>,
    pub(crate) audit: Option<Arc<Audit>>,
}

/// A connection with what its credentials are now, and which ones these are.
pub(crate) struct Placed {
    pub(crate) connection: Arc<Connection>,
    /// By the name of the credential, its generation.
    pub(crate) generations: Vec<(String, u64)>,
}

impl OfCall {
    /// The connection with credentials of these names that can be placed now. One that runs out soon is renewed beside the call.
    pub(crate) fn ready(&self, names: &[&str], deadline: Deadline) -> Result<Placed, NotLive> {
        let mut known = self.known()?;
        let now = self.credentials.renewal.now();
        let mut is_newer = false;
        for prepared in self.named(names) {
            let live = self.live(&known, prepared).cloned().unwrap_or_default();
            if !live.is_valid(&now) {
                let want = Want { beyond: 0, at_once: false };
                self.credentials.renewal.obtain(&self.job(prepared)?, want, deadline)?;
                is_newer = true;
            } else if live.is_due(&now) && !live.is_cooling(&now) && self.job(prepared)?.obtain.can_renew(&live) {
                let want = Want { beyond: live.generation, at_once: false };
                self.credentials.renewal.begin(&self.job(prepared)?, want);
            }
        }
        if is_newer {
            known = self.known()?;
        }
        Ok(self.placed(&known, names))
    }

    /// The same with newer ones than those that were placed, where an answer says that one of these is over: once, and where a newer one
    /// was of no use a moment ago, not at all.
    pub(crate) fn renewed(
        &self,
        placed: &Placed,
        answer: &Answer,
        deadline: Deadline,
    ) -> Result<Option<Placed>, NotLive> {
        let names: Vec<&str> = placed.generations.iter().map(|(name, _)| name.as_str()).collect();
        let over = self.named(&names).find(|prepared| is_over(prepared, answer));
        let Some(prepared) = over else { return Ok(None) };
        let generation = placed.generations.iter().find(|(name, _)| *name == prepared.declared.name);
        let beyond = generation.map_or(0, |(_, generation)| *generation);
        let job = self.job(prepared)?;
        if self.credentials.is_futile(&job, beyond) {
            return Ok(None);
        }
        self.credentials.renewal.obtain(&job, Want { beyond, at_once: false }, deadline)?;
        Ok(Some(self.placed(&*self.known()?, &names)))
    }

    /// Whether an answer says that one of those that were placed is over.
    pub(crate) fn says_over(&self, placed: &Placed, answer: &Answer) -> bool {
        let names: Vec<&str> = placed.generations.iter().map(|(name, _)| name.as_str()).collect();
        self.named(&names).any(|prepared| is_over(prepared, answer))
    }

    /// Takes down that newer ones were of no use either.
    pub(crate) fn were_of_no_use(&self, placed: &Placed) {
        for (name, generation) in &placed.generations {
            self.credentials.note_futile(&self.name_of_row(), name, *generation);
        }
    }

    /// For a request that is not sent: with what the credentials are, or with something in their place.
    pub(crate) fn imagined(&self, names: &[&str]) -> Arc<Connection> {
        let known = self.known().ok();
        let placed = known.map(|known| self.placed(&known, names));
        let connection = placed.map_or_else(|| Arc::clone(&self.grant.connection), |placed| placed.connection);
        let missing = self.named(names).filter(|prepared| {
            prepared.declared.values().iter().any(|value| !connection.has_live(&prepared.declared.name, value))
        });
        let imagined = missing.map(|prepared| {
            let values = prepared.declared.values().into_iter().map(|value| (value, Secret::new(IMAGINED)));
            (prepared.declared.name.as_str(), values.collect())
        });
        Arc::new(connection.with(imagined))
    }

    fn placed(&self, known: &Known, names: &[&str]) -> Placed {
        let base = &self.grant.connection;
        let all = || self.release.credentials().iter().filter_map(|one| Some((one, self.live(known, one)?)));
        let with = || Arc::new(base.with(all().map(|(one, live)| (one.declared.name.as_str(), live.secrets()))));
        let mut live = lock(&known.live);
        let connection = match &*live {
            // A connection of the configuration may be another one by now.
            Some((of, live)) if Arc::ptr_eq(of, base) => Arc::clone(live),
            _ => Arc::clone(&live.insert((Arc::clone(base), with())).1),
        };
        drop(live);
        let named = all().filter(|(one, _)| names.contains(&one.declared.name.as_str()));
        let generations = named.map(|(one, live)| (one.declared.name.clone(), live.generation)).collect();
        Placed { connection, generations }
    }

    fn known(&self) -> Result<Arc<Known>, NotLive> {
        self.credentials.known(&self.name_of_row())
    }

    /// A credential as its row has it, where it is of the user and the server that the connection has now.
    fn live<'k>(&self, known: &'k Known, prepared: &Prepared) -> Option<&'k Live> {
        let live = known.row.credentials.get(&prepared.declared.name)?;
        Some(live).filter(|live| live.binding == prepared.binding(&self.grant.connection))
    }

    fn name_of_row(&self) -> String {
        name_of_row(&self.release.about.name, self.grant.connection.name())
    }

    fn named<'a>(&'a self, names: &'a [&str]) -> impl Iterator<Item = &'a Arc<Prepared>> {
        self.release.credentials().iter().filter(|prepared| names.contains(&prepared.declared.name.as_str()))
    }

    pub(crate) fn on_behalf(&self) -> OnBehalf {
        OnBehalf::of(&self.release, self.audit.as_ref())
    }

    /// How a credential is obtained.
    pub(crate) fn job(&self, prepared: &Arc<Prepared>) -> Result<Arc<Job>, NotLive> {
        let by = self.on_behalf();
        let connection = Arc::clone(&self.grant.connection);
        let obtain: Box<dyn Obtain> = match prepared.session() {
            Some((session, steps)) => Box::new(session::LogIn {
                release: Arc::clone(&self.release),
                session: session.clone(),
                steps: Arc::clone(steps),
                connection,
                by,
            }),
            None => Box::new(oauth::Renew { prepared: Arc::clone(prepared), connection, by }),
        };
        Ok(Arc::new(Job {
            plugin: self.release.about.name.clone(),
            digest: self.release.digest.clone(),
            connection: self.grant.connection.name().to_owned(),
            credential: prepared.declared.name.clone(),
            binding: prepared.binding(&self.grant.connection),
            is_made: self.grant.is_made,
            obtain,
        }))
    }
}

/// By RFC 9110, section 15.5.2, nothing was done where the status is 401.
fn is_over(prepared: &Prepared, answer: &Answer) -> bool {
    answer.status == 401 || says_so(prepared.declared.over(), answer)
}

impl dyn Obtain {
    /// Whether there is something to renew it with.
    fn can_renew(&self, live: &Live) -> bool {
        self.spends(live).is_some() || self.is_unattended(live)
    }
}
