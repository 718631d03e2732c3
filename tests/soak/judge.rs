//! What callers were told, what the provider did and what the history says have to be the same.

use std::collections::{BTreeMap, HashMap, HashSet};

use serde_json::Value;

use crate::books::{Books, Telling, Told};
use crate::client::Client;
use crate::provider::Deeds;

/// A call, as the history has it.
struct Row {
    state: String,
    problem: Option<String>,
    trace: String,
    plugin: String,
    /// Whether a request of it was sent.
    was_sent: bool,
}

/// The history.
#[derive(Default)]
pub(crate) struct History {
    rows: HashMap<String, Row>,
    by_trace: HashMap<String, Vec<String>>,
}

impl History {
    /// All of it, page by page.
    pub(crate) fn read(client: &mut Client) -> Self {
        let (mut history, mut after) = (Self::default(), String::new());
        loop {
            let page = client.get(&format!("/v1/calls?limit=500{after}")).unwrap().json();
            page["items"].as_array().unwrap().iter().for_each(|row| history.add(row));
            match page["next"].as_str() {
                Some(next) => after = format!("&after={next}"),
                None => return history,
            }
        }
    }

    fn add(&mut self, row: &Value) {
        let text = |name: &str| row[name].as_str().unwrap_or_default().to_owned();
        let problem =
            row["problem"]["type"].as_str().map(|problem| problem.rsplit(':').next().unwrap_or_default().to_owned());
        let was_sent = !row["requests"].as_array().unwrap().is_empty();
        let (call, trace) = (text("call"), text("trace"));
        self.by_trace.entry(trace.clone()).or_default().push(call.clone());
        let row = Row { state: text("state"), problem, trace, plugin: text("plugin"), was_sent };
        assert!(self.rows.insert(call.clone(), row).is_none(), "{call} stands there twice");
    }

    /// How many there are of each state.
    pub(crate) fn states(&self) -> BTreeMap<&str, u64> {
        let mut states = BTreeMap::new();
        self.rows.values().for_each(|row| *states.entry(row.state.as_str()).or_default() += 1);
        states
    }

    pub(crate) fn count(&self) -> usize {
        self.rows.len()
    }
}

/// Compares them. Where servers were killed, it may be that nobody knows.
pub(crate) fn judge(books: &Books, deeds: &Deeds, history: &History, was_killed: bool) {
    let tellings = books.tellings();
    let mut orders = HashMap::<&str, Vec<&Telling>>::new();
    tellings.iter().for_each(|telling| orders.entry(&telling.order).or_default().push(telling));
    for (call, row) in &history.rows {
        if matches!(row.state.as_str(), "accepted" | "running") {
            books.fault(format!("{call} has not ended: {}", row.state));
        }
        if row.state == "unknown" && !was_killed {
            books.fault(format!("{call} is unknown"));
        }
    }
    for order in deeds.orders() {
        if !orders.contains_key(order.as_str()) {
            books.fault(format!("{order} was ordered by nobody"));
        }
    }
    let mut known = HashSet::new();
    for (order, tellings) in &orders {
        let of_order = Order { order, tellings, acted: deeds.acted(order), history, was_killed };
        if let Err(words) = of_order.judge(&mut known) {
            books.fault(format!("{order}: {words}; the provider acted {} times: {tellings:?}", of_order.acted));
        }
    }
    let traces: HashSet<&str> = tellings.iter().filter_map(|telling| telling.trace.as_deref()).collect();
    for (call, row) in history.rows.iter().filter(|(call, row)| row.plugin == "shop" && !known.contains(*call)) {
        if !traces.contains(row.trace.as_str()) && row.was_sent && !row.trace.starts_with(ITEMS) {
            books.fault(format!("{call} was asked for by nobody"));
        }
    }
}

/// What the traces of requests for several items begin with.
pub(crate) const ITEMS: &str = "17e35";

struct Order<'o> {
    order: &'o str,
    tellings: &'o [&'o Telling],
    acted: u32,
    history: &'o History,
    was_killed: bool,
}

impl Order<'_> {
    fn judge(&self, known: &mut HashSet<String>) -> Result<(), String> {
        let mut calls = HashSet::new();
        for telling in self.tellings {
            calls.extend(telling.call.clone());
            let of_trace = telling.trace.as_ref().and_then(|trace| self.history.by_trace.get(trace));
            calls.extend(of_trace.into_iter().flatten().cloned());
            self.told(telling)?;
        }
        let rows: Vec<&Row> = calls.iter().filter_map(|call| self.history.rows.get(call)).collect();
        let may_have_acted = |row: &&&Row| row.was_sent || row.state == "unknown";
        let sent = rows.iter().filter(may_have_acted).count();
        let is_keyed = self.tellings[0].is_keyed;
        if !is_keyed && rows.len() > 1 {
            return Err(format!("it has {} calls", rows.len()));
        }
        if sent > 1 || self.acted > 1 {
            return Err(format!("{sent} calls were sent"));
        }
        let has_trace = self.tellings.iter().all(|telling| telling.trace.is_some());
        if self.acted == 1 && sent == 0 && (has_trace || self.tellings.iter().any(|telling| telling.call.is_some())) {
            return Err("no call says that it was sent".to_owned());
        }
        if self.acted == 0 && rows.iter().any(|row| row.state == "succeeded") {
            return Err("it is said to have succeeded".to_owned());
        }
        known.extend(calls);
        Ok(())
    }

    /// Whether it was told what is so.
    fn told(&self, telling: &Telling) -> Result<(), String> {
        let row = telling.call.as_ref().and_then(|call| self.history.rows.get(call));
        let says =
            |state: &str| row.is_some_and(|row| row.state == state || (self.was_killed && row.state == "unknown"));
        let is_right = match &telling.told {
            Told::Good => self.acted == 1 && says("succeeded"),
            Told::Bad(problem) => {
                says("failed") && row.is_none_or(|row| row.state != "failed" || row.problem.as_ref() == Some(problem))
            }
            Told::Unknown => self.was_killed && row.is_some_and(|row| row.state == "unknown"),
            // Another request with its key may have begun.
            Told::Refused(_) => self.acted == 0 || (telling.is_keyed && self.tellings.len() > 1),
            Told::Nothing => true,
        };
        let state = row.map(|row| &row.state);
        is_right
            .then_some(())
            .ok_or_else(|| format!("{:?} was told of {}, and the history says {state:?}", telling.told, self.order))
    }
}
