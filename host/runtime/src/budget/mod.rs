//! Rate budgets: how many requests the account of a provider takes. A request that is one too many waits for its turn here, rather than
//! be refused there.
//!
//! | file | what |
//! | --- | --- |
//! | `limits` | the budget of a connection, and who says it |
//! | `record` | when requests of an account went |
//! | `queue` | whose turn it is: tenants take turns, and each has its own in order |
//! | `turns` | when the next one may go; it has no clock of its own |
//! | `account` | waiting for it |
//! | `told` | what a provider says of its limits in the heads of its answers |

use std::collections::BTreeMap;
use std::num::NonZeroUsize;
use std::sync::{Arc, Mutex, PoisonError};
use std::time::Instant;

use lru::LruCache;
use wharf_egress::declaration::GrantType;

use crate::credentials::{Credentials, row_name};
use crate::failure::LimitReached;
use crate::grant::Grant;
use crate::host::BudgetFigures;
use crate::registry::Release;

mod account;
mod limits;
mod queue;
mod record;
#[cfg(test)]
mod tests;
mod told;
mod turns;

use account::Account;
pub(crate) use account::Pass;
pub(crate) use limits::{Budget, Own};

/// How many accounts are remembered. Those that calls are using are remembered besides.
const MOST_ACCOUNTS: usize = 10_000;

/// The accounts of all providers that have a budget, by a digest of what tells them from each other.
pub(crate) struct Budgets {
    accounts: Mutex<LruCache<String, Arc<Account>>>,
    most: usize,
}

impl Default for Budgets {
    fn default() -> Self {
        Self::of_most(MOST_ACCOUNTS)
    }
}

impl Budgets {
    fn of_most(most: usize) -> Self {
        Self { accounts: Mutex::new(LruCache::unbounded()), most: NonZeroUsize::new(most).map_or(1, NonZeroUsize::get) }
    }

    /// What the requests of a call are held against; none where nobody has said how many there may be.
    pub(crate) fn of_call(&self, release: &Release, grant: &Grant, credentials: &Credentials) -> Option<Turns> {
        let budget = Budget::of(release.about.rate.as_ref(), grant.rate.as_ref())?;
        let connection = grant.connection.name();
        Some(Turns {
            account: self.account(&key(release, grant, credentials), &release.about.name),
            budget,
            tenant: connection.split_once(':').map_or("", |(tenant, _)| tenant).to_owned(),
            whose: format!("the account of {} that the connection `{connection}` uses", release.about.title),
        })
    }

    fn account(&self, key: &str, plugin: &str) -> Arc<Account> {
        let mut accounts = self.accounts.lock().unwrap_or_else(PoisonError::into_inner);
        if let Some(known) = accounts.get(key) {
            return Arc::clone(known);
        }
        if accounts.len() >= self.most {
            let unused = accounts.iter().rev().find(|(_, account)| Arc::strong_count(account) == 1);
            if let Some(key) = unused.map(|(key, _)| key.clone()) {
                accounts.pop(&key);
            }
        }
        let account = Arc::new(Account::of(plugin));
        accounts.put(key.to_owned(), Arc::clone(&account));
        account
    }

    /// How they stand, by plugin. Nobody waits for it but whoever asks for an account while they are listed.
    pub(crate) fn figures(&self) -> BTreeMap<String, BudgetFigures> {
        let accounts = self.accounts.lock().unwrap_or_else(PoisonError::into_inner);
        let all: Vec<Arc<Account>> = accounts.iter().map(|(_, account)| Arc::clone(account)).collect();
        drop(accounts);
        let (now, mut figures) = (Instant::now(), BTreeMap::<String, BudgetFigures>::new());
        for account in &all {
            match figures.get_mut(account.plugin()) {
                Some(of_plugin) => account.add_to(of_plugin, now),
                None => account.add_to(figures.entry(account.plugin().to_owned()).or_default(), now),
            }
        }
        figures
    }
}

/// Tells the accounts of providers from each other. Where a connection leads is a part of it: a tenant whose server claims to be the
/// account of another one holds up nobody but itself.
fn key(release: &Release, grant: &Grant, credentials: &Credentials) -> String {
    let (connection, plugin) = (&grant.connection, &release.about.name);
    let known = credentials.known(&row_name(plugin, connection.name())).ok();
    let account = known.as_ref().and_then(|known| known.row.account.as_ref());
    // What somebody agreed to is theirs, and all that the connection itself has is of the application.
    let is_agreed_to = release.credentials().iter().any(|credential| {
        let grants = credential.oauth2().map(|(oauth2, _)| oauth2.grants.as_slice()).unwrap_or_default();
        grants.iter().any(|grant| matches!(grant, GrantType::AuthorizationCode | GrantType::DeviceCode))
    });
    let (kind, whose) = match account {
        Some(account) => ("account", account.identity.as_str()),
        None if is_agreed_to => ("connection", connection.name()),
        None => ("credentials", connection.identity()),
    };
    connection.digest_of(&[plugin, connection.base_url(), kind, whose], &[])
}

/// The turns of a call's requests.
#[derive(Clone)]
pub(crate) struct Turns {
    account: Arc<Account>,
    budget: Budget,
    /// Who takes turns with the others.
    tenant: String,
    /// In words.
    whose: String,
}

impl Turns {
    /// Waits until a request may be sent. It is under way as long as the pass is there.
    pub(crate) fn next(&self, deadline: wharf_egress::Deadline) -> Result<Pass, LimitReached> {
        self.account.enter(&self.tenant, &self.budget, deadline).map_err(|late| late.limit(&self.whose, &self.budget))
    }

    /// Goes by what the provider says of its limits.
    pub(crate) fn heed(&self, status: u16, headers: &[(String, String)]) {
        if let Some(pause) = told::pause(status, headers) {
            self.account.pause(pause);
        }
    }
}
