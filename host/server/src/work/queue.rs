//! Which call begins next.
//!
//! There are so many places for calls that run, and a queue before them with an end. Calls of one plugin for one tenant are a *lane*.
//! Two rules keep one from starving others: a lane, and a tenant, take a place only while four times as many are free as they have
//! not, so that however slow one provider is some places are always left; and of those that wait, tenants take turns.

use std::collections::HashMap;
use std::collections::VecDeque;
use std::sync::{Arc, Mutex, MutexGuard, PoisonError};
use std::time::{Duration, Instant};

use tokio::sync::{Notify, oneshot};

/// Who waits together: calls of a plugin for a tenant.
#[derive(Clone, Debug, PartialEq, Eq, Hash)]
pub(crate) struct Lane {
    pub(crate) tenant: Option<String>,
    pub(crate) plugin: String,
}

/// How many times the free places somebody may have. So one lane alone has four fifths of all, two have four ninths each, and there
/// are always some left for another.
const SHARE: usize = 4;

/// Why a call does not begin.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) enum Refused {
    /// As many wait as may.
    Full,
    /// Its turn did not come in time.
    Late,
    /// The server is about to stop.
    Closed,
}

/// How a queue stands.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) struct Standing {
    pub(crate) places: usize,
    pub(crate) running: usize,
    pub(crate) waiting: usize,
}

/// The places, and who waits for them.
pub(crate) struct Queue {
    state: Mutex<State>,
    /// Told when nobody has a place any more.
    idle: Notify,
}

struct State {
    free: usize,
    waiting: usize,
    most_waiting: usize,
    closed: bool,
    lanes: HashMap<Lane, OfLane>,
    /// How many places a tenant has.
    tenants: HashMap<Option<String>, usize>,
    /// Lanes in which somebody waits, in the order of their turns.
    turns: VecDeque<Lane>,
}

#[derive(Default)]
struct OfLane {
    running: usize,
    waiting: VecDeque<oneshot::Sender<Place>>,
}

/// A place that somebody has. It is free again when it is dropped.
pub(crate) struct Place {
    queue: Arc<Queue>,
    lane: Option<Lane>,
}

/// Somebody who waits, until that is over.
struct Waits<'q> {
    queue: &'q Queue,
    lane: Lane,
}

impl Drop for Waits<'_> {
    fn drop(&mut self) {
        self.queue.state().forget_those_who_left(&self.lane);
    }
}

impl Queue {
    pub(crate) fn new(places: usize, most_waiting: usize) -> Arc<Self> {
        let state = State {
            free: places.max(1),
            waiting: 0,
            most_waiting,
            closed: false,
            lanes: HashMap::new(),
            tenants: HashMap::new(),
            turns: VecDeque::new(),
        };
        Arc::new(Self { state: Mutex::new(state), idle: Notify::new() })
    }

    /// A place, as soon as it is the lane's turn, and how long that took.
    pub(crate) async fn enter(self: &Arc<Self>, lane: Lane, wait: Duration) -> Result<(Place, Duration), Refused> {
        let began = Instant::now();
        let coming = {
            let mut state = self.state();
            if state.closed {
                return Err(Refused::Closed);
            }
            if state.has_room_for(&lane) && !state.waits(&lane) {
                return Ok((self.place(&mut state, lane), Duration::ZERO));
            }
            if state.waiting >= state.most_waiting {
                return Err(Refused::Full);
            }
            state.add(lane.clone())
        };
        // Whoever does not wait any more is forgotten, also where the caller hung up.
        let _waits = Waits { queue: self, lane };
        match tokio::time::timeout(wait, coming).await {
            Ok(Ok(place)) => Ok((place, began.elapsed())),
            Ok(Err(_)) => Err(Refused::Closed),
            Err(_) => Err(Refused::Late),
        }
    }

    /// How it stands.
    pub(crate) fn standing(&self) -> Standing {
        let state = self.state();
        let running = state.tenants.values().sum();
        Standing { places: state.free + running, running, waiting: state.waiting }
    }

    /// How many wait.
    pub(crate) fn waiting(&self) -> usize {
        self.state().waiting
    }

    /// Lets nobody in any more. Those who wait are told.
    pub(crate) fn close(&self) {
        let mut state = self.state();
        state.closed = true;
        state.turns.clear();
        state.waiting = 0;
        state.lanes.values_mut().for_each(|lane| lane.waiting.clear());
    }

    /// Waits until nobody has a place.
    pub(crate) async fn idle(&self) {
        loop {
            // It counts from here on, so what ends while it is looked is not missed.
            let told = self.idle.notified();
            if self.state().tenants.is_empty() {
                return;
            }
            told.await;
        }
    }

    fn place(self: &Arc<Self>, state: &mut State, lane: Lane) -> Place {
        state.free = state.free.saturating_sub(1);
        state.lanes.entry(lane.clone()).or_default().running += 1;
        *state.tenants.entry(lane.tenant.clone()).or_default() += 1;
        Place { queue: Arc::clone(self), lane: Some(lane) }
    }

    fn free(self: &Arc<Self>, lane: &Lane) {
        // Nobody is told under the lock: whoever is gone gives the place back.
        let mut told = Vec::new();
        let mut state = self.state();
        state.leave(lane);
        while let Some((lane, waiting)) = state.next() {
            told.push((waiting, self.place(&mut state, lane)));
        }
        if state.tenants.is_empty() {
            self.idle.notify_waiters();
        }
        drop(state);
        told.into_iter().for_each(|(waiting, place)| drop(waiting.send(place)));
    }

    fn state(&self) -> MutexGuard<'_, State> {
        self.state.lock().unwrap_or_else(PoisonError::into_inner)
    }
}

impl State {
    fn has_room_for(&self, lane: &Lane) -> bool {
        // The last one is for somebody who has none.
        let most = self.free.saturating_sub(1) * SHARE;
        let of_lane = self.lanes.get(lane).map_or(0, |lane| lane.running);
        let of_tenant = self.tenants.get(&lane.tenant).copied().unwrap_or_default();
        // A tenant may have more than a lane, so that its second plugin is not held up by its first.
        self.free > 0 && (of_lane == 0 || of_lane < most) && (of_tenant == 0 || of_tenant < most * SHARE)
    }

    fn waits(&self, lane: &Lane) -> bool {
        self.lanes.get(lane).is_some_and(|lane| lane.waiting.iter().any(|waiting| !waiting.is_closed()))
    }

    fn add(&mut self, lane: Lane) -> oneshot::Receiver<Place> {
        let (tell, coming) = oneshot::channel();
        let of_lane = self.lanes.entry(lane.clone()).or_default();
        if of_lane.waiting.is_empty() {
            self.turns.push_back(lane);
        }
        of_lane.waiting.push_back(tell);
        self.waiting += 1;
        coming
    }

    fn forget_those_who_left(&mut self, lane: &Lane) {
        let Some(of_lane) = self.lanes.get_mut(lane) else { return };
        let before = of_lane.waiting.len();
        of_lane.waiting.retain(|waiting| !waiting.is_closed());
        self.waiting = self.waiting.saturating_sub(before - of_lane.waiting.len());
        if of_lane.waiting.is_empty() {
            self.turns.retain(|other| other != lane);
            if self.lanes.get(lane).is_some_and(|lane| lane.running == 0) {
                self.lanes.remove(lane);
            }
        }
    }

    fn leave(&mut self, lane: &Lane) {
        self.free += 1;
        if let Some(of_lane) = self.lanes.get_mut(lane) {
            of_lane.running = of_lane.running.saturating_sub(1);
            if of_lane.running == 0 && of_lane.waiting.is_empty() {
                self.lanes.remove(lane);
            }
        }
        if let Some(of_tenant) = self.tenants.get_mut(&lane.tenant) {
            *of_tenant = of_tenant.saturating_sub(1);
            if *of_tenant == 0 {
                self.tenants.remove(&lane.tenant);
            }
        }
    }

    /// Who has the next turn and may take it.
    fn next(&mut self) -> Option<(Lane, oneshot::Sender<Place>)> {
        for _ in 0..self.turns.len() {
            let lane = self.turns.pop_front()?;
            let may = self.has_room_for(&lane);
            let of_lane = self.lanes.get_mut(&lane)?;
            // Those who do not wait any more.
            while of_lane.waiting.front().is_some_and(oneshot::Sender::is_closed) {
                of_lane.waiting.pop_front();
                self.waiting = self.waiting.saturating_sub(1);
            }
            let next = if may { of_lane.waiting.pop_front() } else { None };
            let (is_empty, is_idle) = (of_lane.waiting.is_empty(), of_lane.running == 0);
            if !is_empty {
                self.turns.push_back(lane.clone());
            } else if is_idle && next.is_none() {
                self.lanes.remove(&lane);
            }
            if let Some(next) = next {
                self.waiting = self.waiting.saturating_sub(1);
                self.had_turn(&lane.tenant);
                return Some((lane, next));
            }
        }
        None
    }

    /// Whoever had a turn comes after all others, with each of its lanes.
    fn had_turn(&mut self, tenant: &Option<String>) {
        let (same, others): (VecDeque<Lane>, VecDeque<Lane>) =
            self.turns.drain(..).partition(|lane| lane.tenant == *tenant);
        self.turns = others;
        self.turns.extend(same);
    }
}

impl Drop for Place {
    fn drop(&mut self) {
        if let Some(lane) = self.lane.take() {
            self.queue.free(&lane);
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn lane(tenant: &str, plugin: &str) -> Lane {
        Lane { tenant: Some(tenant.to_owned()), plugin: plugin.to_owned() }
    }

    /// Whoever gets a place at once.
    async fn now(queue: &Arc<Queue>, of: &Lane) -> Result<Place, Refused> {
        queue.enter(of.clone(), Duration::ZERO).await.map(|(place, _)| place)
    }

    async fn as_many_as_there_are(queue: &Arc<Queue>, of: &Lane) -> Vec<Place> {
        let mut places = Vec::new();
        while let Ok(place) = now(queue, of).await {
            places.push(place);
        }
        places
    }

    #[tokio::test]
    async fn one_slow_provider_leaves_places_to_others_and_so_do_two() {
        let queue = Queue::new(20, 100);
        let first = as_many_as_there_are(&queue, &lane("a", "slow")).await;
        assert_eq!(first.len(), 16, "four fifths");
        let second = as_many_as_there_are(&queue, &lane("b", "slow-too")).await;
        assert!(!second.is_empty(), "{}", second.len());
        assert!(now(&queue, &lane("c", "quick")).await.is_ok());
        drop(first);
        assert!(as_many_as_there_are(&queue, &lane("c", "quick")).await.len() > 10);
    }

    #[tokio::test]
    async fn the_second_plugin_of_a_tenant_is_not_held_up_by_its_first() {
        let queue = Queue::new(10, 100);
        let slow = as_many_as_there_are(&queue, &lane("a", "slow")).await;
        assert_eq!(slow.len(), 8);
        assert!(now(&queue, &lane("a", "quick")).await.is_ok());
    }

    #[tokio::test]
    async fn a_server_with_one_place_has_one() {
        let queue = Queue::new(1, 10);
        let place = now(&queue, &lane("a", "x")).await.unwrap();
        assert_eq!(now(&queue, &lane("b", "x")).await.err(), Some(Refused::Late));
        drop(place);
        assert!(now(&queue, &lane("b", "x")).await.is_ok());
    }

    #[tokio::test]
    async fn tenants_take_turns_however_many_calls_one_has_waiting() {
        let queue = Queue::new(1, 1000);
        let held = now(&queue, &lane("a", "x")).await.unwrap();
        let (told, mut order) = tokio::sync::mpsc::unbounded_channel();
        let wait = |of: Lane, name: &'static str| {
            let (queue, told) = (Arc::clone(&queue), told.clone());
            tokio::spawn(async move {
                let entered = queue.enter(of, Duration::from_secs(60)).await;
                told.send(name).unwrap();
                drop(entered);
            })
        };
        let mut waiting = Vec::new();
        for (of, name, expected) in [
            (lane("many", "x"), "many", 1),
            (lane("many", "x"), "many", 2),
            (lane("many", "y"), "many", 3),
            (lane("many", "x"), "many", 4),
            (lane("few", "x"), "few", 5),
            (lane("few", "x"), "few", 6),
        ] {
            waiting.push(wait(of, name));
            while queue.waiting() < expected {
                tokio::task::yield_now().await;
            }
        }
        drop(held);
        let mut names = Vec::new();
        for _ in 0..6 {
            names.push(order.recv().await.unwrap());
        }
        assert_eq!(names, ["many", "few", "many", "few", "many", "many"]);
        assert_eq!(queue.waiting(), 0);
    }

    #[tokio::test]
    async fn a_full_queue_and_a_closed_one_refuse() {
        let queue = Queue::new(1, 1);
        let place = now(&queue, &lane("a", "x")).await.unwrap();
        let waits = tokio::spawn({
            let queue = Arc::clone(&queue);
            async move { queue.enter(lane("a", "x"), Duration::from_secs(60)).await.map(drop) }
        });
        while queue.waiting() < 1 {
            tokio::task::yield_now().await;
        }
        assert_eq!(now(&queue, &lane("b", "x")).await.err(), Some(Refused::Full));
        queue.close();
        assert_eq!(waits.await.unwrap(), Err(Refused::Closed));
        assert_eq!(now(&queue, &lane("b", "x")).await.err(), Some(Refused::Closed));
        drop(place);
    }

    #[tokio::test]
    async fn it_is_idle_when_the_last_place_is_free() {
        let queue = Queue::new(2, 1);
        queue.idle().await;
        let (first, second) =
            (now(&queue, &lane("a", "x")).await.unwrap(), now(&queue, &lane("b", "x")).await.unwrap());
        let idle = tokio::spawn({
            let queue = Arc::clone(&queue);
            async move { queue.idle().await }
        });
        drop(first);
        tokio::task::yield_now().await;
        assert!(!idle.is_finished());
        drop(second);
        idle.await.unwrap();
    }

    #[tokio::test]
    async fn whoever_does_not_wait_any_more_takes_no_place() {
        let queue = Queue::new(1, 10);
        let place = now(&queue, &lane("a", "x")).await.unwrap();
        for _ in 0..5 {
            assert_eq!(now(&queue, &lane("b", "x")).await.err(), Some(Refused::Late));
        }
        drop(place);
        assert!(now(&queue, &lane("c", "x")).await.is_ok());
        assert_eq!(queue.waiting(), 0);
    }
}
