//! What happens, for those who want to be told: by a stream of events, or by webhooks.

use std::collections::{BTreeMap, VecDeque};
use std::sync::{Arc, Mutex, MutexGuard, PoisonError};
use std::time::SystemTime;

use serde_json::{Map, Value, json};
use tokio::sync::broadcast::{self, Receiver, Sender};
use wharf::declaration::Effect;
use wharf::{ConnectionEvent, Host, State as Standing};

use crate::auth::principal::{Principal, Role};

/// So many of the last ones can be told again, and so many may wait for one who is slow.
const KEPT: usize = 1000;

/// Something that happened.
#[derive(Clone, Debug, PartialEq)]
pub(crate) struct Event {
    /// Such as `connect-session.completed`.
    pub(crate) kind: &'static str,
    /// Whose it is; none for the tenant without a name.
    pub(crate) tenant: Option<String>,
    pub(crate) plugin: Option<String>,
    /// By the name that it has for its tenant.
    pub(crate) connection: Option<String>,
    /// What else there is to say, as an object. No secret is in it.
    pub(crate) data: Value,
}

/// Whose call an event is about.
#[derive(Clone, Debug, PartialEq, Eq)]
pub(crate) struct OfCall {
    pub(crate) principal: String,
    pub(crate) operation: String,
    /// `read`, `write` or `delete`.
    pub(crate) effect: &'static str,
}

/// Who may know of an event, besides those of its tenant.
#[derive(Clone, Debug, PartialEq, Eq)]
enum Audience {
    /// Those who look after connections.
    Connections,
    /// Those who look at calls, and whoever asked for this one.
    Call(OfCall),
    /// The same, and those who decide about calls. Without an effect it is about no call.
    Approval(OfCall),
    /// Everybody, of each tenant.
    All,
}

/// An event as it is told.
#[derive(Debug)]
pub(crate) struct Told {
    /// The start of the server, and a number that grows: `18c5e1f2a4b-7`.
    pub(crate) id: String,
    number: u64,
    pub(crate) at: SystemTime,
    pub(crate) event: Event,
    audience: Audience,
}

impl Told {
    /// As it is sent, the same to all: see `docs/events.md`.
    pub(crate) fn to_json(&self) -> Value {
        let Event { kind, tenant, plugin, connection, data } = &self.event;
        let mut told = Map::new();
        for (name, value) in [("tenant", tenant), ("plugin", plugin), ("connection", connection)] {
            told.extend(value.as_ref().map(|value| (name.to_owned(), json!(value))));
        }
        told.extend(data.as_object().cloned().unwrap_or_default());
        if let Audience::Call(of) | Audience::Approval(of) = &self.audience {
            told.extend(
                Some(&of.operation).filter(|name| !name.is_empty()).map(|name| ("operation".to_owned(), json!(name))),
            );
            told.insert("principal".to_owned(), json!(of.principal));
        }
        json!({"type": kind, "timestamp": humantime::format_rfc3339_millis(self.at).to_string(), "data": told})
    }

    /// Whether somebody is to know of it.
    pub(crate) fn is_for(&self, principal: &Principal) -> bool {
        let Event { tenant, plugin, connection, .. } = &self.event;
        let policy = &principal.policy;
        let covers = plugin.as_deref().is_none_or(|plugin| policy.covers_plugin(plugin))
            && connection.as_deref().is_none_or(|connection| policy.covers_connection(connection));
        let is_own = principal.tenant == *tenant;
        covers
            && match &self.audience {
                Audience::Connections => is_own && (principal.is(Role::Manage) || principal.is(Role::Read)),
                Audience::Call(of) => {
                    let asked = principal.is(Role::Call) && principal.name == of.principal;
                    let all = [Effect::Read, Effect::Write, Effect::Delete];
                    let effect = all.into_iter().find(|effect| effect.as_str() == of.effect);
                    let covers = effect.is_some_and(|effect| policy.covers_operation(&of.operation, effect));
                    is_own && covers && (asked || principal.is(Role::Read))
                }
                Audience::Approval(of) => {
                    let all = [Effect::Read, Effect::Write, Effect::Delete];
                    let effect = all.into_iter().find(|effect| effect.as_str() == of.effect);
                    let covers = effect.is_none_or(|effect| policy.covers_operation(&of.operation, effect));
                    let asked = principal.is(Role::Call) && principal.name == of.principal;
                    is_own && covers && (asked || principal.is(Role::Read) || principal.is(Role::Approve))
                }
                Audience::All => true,
            }
    }

    /// Whether it is of a tenant, where one is meant, or of all.
    pub(crate) fn is_of(&self, tenant: Option<&str>) -> bool {
        self.audience == Audience::All || tenant.is_none_or(|tenant| self.event.tenant.as_deref() == Some(tenant))
    }
}

/// Who is told of each event at once, on the thread that it happens on: it must not wait.
type Sink = Box<dyn Fn(&Arc<Told>) + Send + Sync>;

/// Tells what happens. It is made before the host, whose connections tell of themselves here.
pub struct Events {
    state: Mutex<State>,
    sinks: Mutex<Vec<Sink>>,
    epoch: u64,
}

struct State {
    last: u64,
    kept: VecDeque<Arc<Told>>,
    /// None when no more is told.
    sender: Option<Sender<Arc<Told>>>,
}

/// What was told since a moment, and what is told from now on.
pub(crate) struct Since {
    /// The id of the last event that there was, or what stands for it where there was none.
    pub(crate) last: String,
    pub(crate) kept: Vec<Arc<Told>>,
    /// Whether something between is not known any more.
    pub(crate) has_gap: bool,
    pub(crate) rest: Option<Receiver<Arc<Told>>>,
}

impl Default for Events {
    fn default() -> Self {
        Self::new()
    }
}

impl Events {
    /// Nothing has happened yet.
    pub fn new() -> Self {
        let since = SystemTime::now().duration_since(SystemTime::UNIX_EPOCH).unwrap_or_default();
        let sender = Some(broadcast::channel(KEPT).0);
        let state = Mutex::new(State { last: 0, kept: VecDeque::with_capacity(KEPT), sender });
        Self { state, sinks: Mutex::default(), epoch: u64::try_from(since.as_millis()).unwrap_or_default() }
    }

    /// What [`wharf::HostBuilder::on_connection`] is to call.
    pub fn hook(self: &Arc<Self>) -> impl Fn(&ConnectionEvent) + Send + Sync + 'static {
        let events = Arc::clone(self);
        move |event| events.tell(of_connection(event))
    }

    /// Tells those who look after connections.
    pub(crate) fn tell(&self, event: Event) {
        self.put(event, Audience::Connections);
    }

    /// Tells those who look at calls, and whoever asked for this one.
    pub(crate) fn tell_of_call(&self, event: Event, of: OfCall) {
        self.put(event, Audience::Call(of));
    }

    /// Tells those who look at calls or decide about them, and whoever asked.
    pub(crate) fn tell_of_approval(&self, event: Event, of: OfCall) {
        self.put(event, Audience::Approval(of));
    }

    /// Tells everybody who may use the plugin.
    pub(crate) fn tell_all(&self, event: Event) {
        self.put(event, Audience::All);
    }

    /// Calls this for each event from now on.
    pub(crate) fn on_each(&self, sink: impl Fn(&Arc<Told>) + Send + Sync + 'static) {
        self.sinks.lock().unwrap_or_else(PoisonError::into_inner).push(Box::new(sink));
    }

    /// Ends all streams.
    pub(crate) fn end(&self) {
        self.lock().sender = None;
    }

    /// What was told after the event of an id, and what is told from now on; without an id only that.
    pub(crate) fn since(&self, id: Option<&str>) -> Since {
        let state = self.lock();
        let (last, rest) = (self.id(state.last), state.sender.as_ref().map(Sender::subscribe));
        let Some(id) = id else { return Since { last, kept: Vec::new(), has_gap: false, rest } };
        let of_this_server = id
            .split_once('-')
            .filter(|(epoch, _)| u64::from_str_radix(epoch, 16) == Ok(self.epoch))
            .and_then(|(_, number)| number.parse::<u64>().ok())
            .filter(|number| *number <= state.last);
        let after = of_this_server.unwrap_or(0);
        let kept: Vec<_> = state.kept.iter().filter(|told| told.number > after).cloned().collect();
        let first = state.kept.front().map_or(state.last, |told| told.number.saturating_sub(1));
        Since { last, kept, has_gap: of_this_server.is_none_or(|number| number < first), rest }
    }

    fn put(&self, event: Event, audience: Audience) {
        let told = {
            let mut state = self.lock();
            state.last += 1;
            let (id, number) = (self.id(state.last), state.last);
            let told = Arc::new(Told { id, number, at: SystemTime::now(), event, audience });
            if state.kept.len() == KEPT {
                state.kept.pop_front();
            }
            state.kept.push_back(Arc::clone(&told));
            if let Some(sender) = &state.sender {
                // That nobody listens is no error.
                let _ = sender.send(Arc::clone(&told));
            }
            told
        };
        let sinks = self.sinks.lock().unwrap_or_else(PoisonError::into_inner);
        sinks.iter().for_each(|sink| sink(&told));
    }

    fn id(&self, number: u64) -> String {
        format!("{:x}-{number}", self.epoch)
    }

    fn lock(&self) -> MutexGuard<'_, State> {
        self.state.lock().unwrap_or_else(PoisonError::into_inner)
    }
}

/// What becomes of a connection, by the names that it has for its tenant.
fn of_connection(event: &ConnectionEvent) -> Event {
    let (tenant, connection) = match event.connection.split_once(':') {
        Some((tenant, name)) => (Some(tenant.to_owned()), name),
        None => (None, event.connection.as_str()),
    };
    let kind = match event.state {
        Standing::Active => "connection.active",
        Standing::Expiring => "connection.expiring",
        Standing::Refreshing => "connection.refreshing",
        Standing::NeedsReconnect => "connection.needs-reconnect",
        Standing::Revoked => "connection.revoked",
    };
    let mut data = json!({"credential": event.credential});
    if let Some(members) = data.as_object_mut().filter(|_| !event.reason.is_empty()) {
        members.insert("reason".to_owned(), json!(event.reason));
    }
    Event { kind, tenant, plugin: Some(event.plugin.clone()), connection: Some(connection.to_owned()), data }
}

/// The releases that answer calls, by plugin: their version and digest.
#[derive(Default)]
pub(crate) struct Releases(BTreeMap<String, (String, String)>);

impl Releases {
    /// Those of a host as it is.
    pub(crate) fn of(host: &Host) -> Self {
        let plugins = host.plugins();
        let live = plugins.iter().map(|release| {
            let about = &release.about;
            (about.name.clone(), (about.version.clone(), release.digest.clone()))
        });
        Self(live.collect())
    }

    /// Tells of those that are others by now.
    pub(crate) fn look_again(&mut self, host: &Host, events: &Events) {
        let now = Self::of(host);
        for (plugin, release) in now.0.iter().filter(|(plugin, release)| self.0.get(*plugin) != Some(release)) {
            let (version, digest) = release;
            let data = json!({"version": version, "digest": digest});
            let plugin = Some(plugin.clone());
            events.tell_all(Event { kind: "release.live", tenant: None, plugin, connection: None, data });
        }
        *self = now;
    }
}

#[cfg(test)]
mod tests;
