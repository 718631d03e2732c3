//! Whose turn it is: tenants take turns, and within each who came first goes first.

use std::collections::VecDeque;

#[derive(Debug, Default)]
pub(super) struct Queue {
    /// The first one is next. Each has somebody who waits.
    tenants: VecDeque<Tenant>,
}

#[derive(Debug)]
struct Tenant {
    name: String,
    waiting: VecDeque<u64>,
}

impl Queue {
    #[cfg(test)]
    pub(super) fn is_empty(&self) -> bool {
        self.tenants.is_empty()
    }

    pub(super) fn join(&mut self, tenant: &str, ticket: u64) {
        match self.tenants.iter_mut().find(|known| known.name == tenant) {
            Some(known) => known.waiting.push_back(ticket),
            None => {
                self.tenants.push_back(Tenant { name: tenant.to_owned(), waiting: VecDeque::from([ticket]) });
            }
        }
    }

    /// Whose turn it is.
    pub(super) fn next(&self) -> Option<u64> {
        self.tenants.front()?.waiting.front().copied()
    }

    /// The next one goes, and then it is the turn of another tenant.
    pub(super) fn go(&mut self) {
        if let Some(mut tenant) = self.tenants.pop_front() {
            tenant.waiting.pop_front();
            if !tenant.waiting.is_empty() {
                self.tenants.push_back(tenant);
            }
        }
    }

    /// Somebody waits no longer, and has not gone.
    pub(super) fn leave(&mut self, ticket: u64) {
        for tenant in &mut self.tenants {
            tenant.waiting.retain(|other| *other != ticket);
        }
        self.tenants.retain(|tenant| !tenant.waiting.is_empty());
    }

    /// How many go before this one, as it stands now.
    pub(super) fn before(&self, ticket: u64) -> u64 {
        let place = |tenant: &Tenant| tenant.waiting.iter().position(|other| *other == ticket);
        let found = self.tenants.iter().enumerate().find_map(|(at, tenant)| Some((at, place(tenant)?)));
        let Some((own, place)) = found else { return 0 };
        let others = self.tenants.iter().enumerate().map(|(at, tenant)| match at.cmp(&own) {
            std::cmp::Ordering::Less => tenant.waiting.len().min(place.saturating_add(1)),
            std::cmp::Ordering::Equal => place,
            std::cmp::Ordering::Greater => tenant.waiting.len().min(place),
        });
        others.sum::<usize>() as u64
    }
}
