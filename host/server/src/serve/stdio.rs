//! A server for one client, which has started this process: the Model Context Protocol on standard streams.

use std::io::{Read, Write};
use std::net::{Ipv4Addr, SocketAddr};
use std::sync::Arc;

use tokio::sync::{Semaphore, watch};

use super::{ServeError, Server, Signals, end, listen, more_files, runtime, upkeep};
use crate::api::{Door, router};
use crate::app::{App, Parts};
use crate::auth::caller::need_one_of;
use crate::auth::principal::{Principal, Role};
use crate::listen::Listener;
use crate::listen::hosts::Hosts;
use crate::mcp::stdio::{Stdio, Who};
use crate::mcp::{self, Mcp};
use crate::problem::{self, Problem};

/// Who asks over standard streams, where no request has a token.
#[derive(Clone, Debug)]
pub enum Local {
    /// Whoever has started the process.
    Somebody(Principal),
    /// The owner of a token, by its name. Where the token is changed or taken away, that holds from the next request on.
    OfToken(String),
}

impl Server {
    /// Serves one client by the Model Context Protocol, a message in each line, until it sends nothing more or the process is told to
    /// stop. Nothing but messages is written to `output`. [`Server::store`] is opened by [`Store::open_to_call`]: any number of such
    /// servers, and one that listens, use it together.
    ///
    /// Pages to connect by are at an address of loopback, at a port that the system picks.
    ///
    /// [`Store::open_to_call`]: crate::Store::open_to_call
    ///
    /// # Errors
    /// [`ServeError`] where it does not begin to.
    pub fn serve_mcp(
        self,
        local: Local,
        input: impl Read + Send + 'static,
        output: impl Write + Send + 'static,
    ) -> Result<(), ServeError> {
        let places = self.places();
        let runtime = runtime(places)?;
        let telemetry = self.telemetry.clone();
        let served = runtime.block_on(self.run_mcp(places, local, input, output));
        end(runtime);
        telemetry.iter().for_each(|telemetry| telemetry.stop());
        served
    }

    async fn run_mcp(
        self,
        places: usize,
        local: Local,
        input: impl Read + Send + 'static,
        output: impl Write + Send + 'static,
    ) -> Result<(), ServeError> {
        let Self { host, store, events, metrics, config, spool, audit, watched, reload, telemetry, tell, .. } = self;
        let signals = Signals::new();
        more_files();
        let socket = listen(SocketAddr::from((Ipv4Addr::LOCALHOST, 0)), "listen")?;
        let address = socket.address().map_err(ServeError::System)?;
        let (patience, grace) = (config.patience, config.grace);
        let sockets = Arc::new(Semaphore::new(config.sockets as usize));
        let url = format!("http://{address}");
        let parts = Parts { host, store, events, metrics, config, url, places, spool, audit, telemetry, tell };
        let app = App::new(parts).map_err(ServeError::Configuration)?;
        mcp::warnings(&app).iter().for_each(|words| (app.tell)(words));
        let who = who(&app, local);
        who()
            .and_then(|principal| need_one_of(&principal, &[Role::Call]))
            .map_err(|problem| ServeError::Configuration(problem.detail))?;

        let (stop, stopped) = watch::channel(false);
        let hosts = Arc::new(Hosts::new(address, None, &[]));
        let router = router(Arc::clone(&app), Door::Pages);
        let open = app.metrics.sockets.clone();
        let pages = Listener { socket, router, hosts, sockets, open, patience, grace };
        let pages = tokio::spawn(pages.serve(stopped));
        let streams = Stdio::new(Arc::clone(&app), who, input, output).map_err(ServeError::System)?;
        let upkeep = tokio::spawn(upkeep(Arc::clone(&app), watched, reload));
        let stopping = Arc::clone(&app);
        let told = tokio::spawn(async move {
            signals.told_to_stop().await;
            stopping.stop();
        });

        if let Ok(running) = rmcp::serve_server(Mcp::new(Arc::clone(&app)), streams).await {
            // However it ended, the client is gone.
            let _ = running.waiting().await;
        }
        app.stop();
        let _ = stop.send(true);
        // What was begun and nobody waits for any more has the same time.
        let _ = tokio::join!(tokio::time::timeout(grace, app.queue.idle()), pages);
        upkeep.abort();
        told.abort();
        Ok(())
    }
}

/// Who asks, as it is at each moment.
fn who(app: &Arc<App>, local: Local) -> Who {
    match local {
        Local::Somebody(principal) => {
            let principal = Arc::new(principal);
            Box::new(move || Ok(Arc::clone(&principal)))
        }
        Local::OfToken(name) => {
            let app = Arc::clone(app);
            Box::new(move || app.store.principal_named(&name)?.ok_or_else(|| no_token(&name)))
        }
    }
}

fn no_token(name: &str) -> Problem {
    let name = wharf::text::named(name, "of this name");
    let detail =
        format!("there is no token {name}, or it is not good any more; `wharf tokens list` names those that are");
    Problem::new(problem::UNAUTHENTICATED, detail)
}
