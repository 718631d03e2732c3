//! That the list of tools may be another one: a plugin answers by another release, or the operator chose others.

use std::sync::Arc;
use std::time::Duration;

use rmcp::service::{Peer, RoleServer, SubscriptionSink};
use tokio::sync::broadcast::Receiver;
use tokio::sync::broadcast::error::RecvError;
use tokio::sync::watch;

use crate::app::App;
use crate::auth::principal::Principal;
use crate::events::Told;

/// How often it is looked whether a session is still there.
const LOOK: Duration = Duration::from_secs(60);

/// What changes, as far as somebody is to know of it.
struct Changes {
    events: Option<Receiver<Arc<Told>>>,
    tools: watch::Receiver<()>,
    principal: Arc<Principal>,
}

impl Changes {
    fn new(app: &App, principal: &Arc<Principal>) -> Self {
        let events = app.events.since(None).rest;
        Self { events, tools: app.tools_changed.subscribe(), principal: Arc::clone(principal) }
    }

    /// Waits for the next one; false where there are no more. A release of a plugin that somebody may not use is none for them.
    async fn next(&mut self) -> bool {
        let Some(events) = &mut self.events else { return false };
        loop {
            tokio::select! {
                told = events.recv() => match told {
                    Ok(told) if told.event.kind == "release.live" && told.is_for(&self.principal) => return true,
                    Ok(_) => {}
                    // It may have been among those that were missed.
                    Err(RecvError::Lagged(_)) => return true,
                    Err(RecvError::Closed) => return false,
                },
                changed = self.tools.changed() => return changed.is_ok(),
            }
        }
    }
}

/// Tells a session until it is over.
pub(super) async fn tell_session(app: Arc<App>, principal: Arc<Principal>, peer: Peer<RoleServer>) {
    let mut changes = Changes::new(&app, &principal);
    // Nothing of the server is kept for a session that has ended.
    drop(app);
    while !peer.is_transport_closed() {
        match tokio::time::timeout(LOOK, changes.next()).await {
            Ok(true) if peer.notify_tool_list_changed().await.is_ok() => {}
            Ok(_) => return,
            Err(_) => {}
        }
    }
}

/// Tells whoever listens, for as long as that goes well.
pub(super) async fn tell_listener(app: &App, principal: &Arc<Principal>, sink: &SubscriptionSink) {
    let mut changes = Changes::new(app, principal);
    while changes.next().await && sink.notify_tool_list_changed().await.is_ok() {}
}
