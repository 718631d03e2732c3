//! `wharf serve`: the HTTP API.

use std::net::SocketAddr;
use std::path::{Path, PathBuf};
use std::process::ExitCode;
use std::sync::{Arc, Mutex, PoisonError};

use anyhow::{Context as _, Result};
use serde_json::json;
use tracing::{info, warn};
use wharf::config::{Config, ServerConfig};
use wharf::{Host, HostBuilder};
use wharf_server::{Addresses, Events, Metrics, Server, Store, Telemetry};

use self::shipped::Shipped;
use crate::args::{Args, Serve};
use crate::log::{self, Logging};
use crate::print::{self, BOLD, Text, styled, text};
use crate::setup::server::file as file_of_server;
use crate::setup::{Setup, configuration, find};

mod demo;
mod shipped;

pub(crate) fn run(args: &Args, options: &Serve) -> Result<ExitCode> {
    wharf_server::share_heaps();
    if options.demo {
        return demo::run(options);
    }
    let file = find(args.config.as_deref());
    let mut shipped = None;
    let serving = Serving::listening(file.as_deref(), options.listen, |config, builder| {
        let (builder, begun) = Shipped::begin(config, builder)?;
        shipped = begun;
        Ok(builder)
    })?;
    let (host, is_taken) = (Arc::clone(&serving.setup.host), shipped.is_some());
    let served = serving.serve(|addresses| told(addresses, options.json, is_taken));
    if let Some(shipped) = shipped {
        shipped.end(&host);
    }
    served
}

/// A server that is about to serve.
pub(super) struct Serving {
    setup: Setup,
    config: ServerConfig,
    pub(super) store: Arc<Store>,
    events: Arc<Events>,
    metrics: Arc<Metrics>,
    file: Option<PathBuf>,
    telemetry: Option<Arc<Telemetry>>,
    log: Logging,
}

impl Serving {
    /// One that listens, with something more that the host is made of.
    fn listening(
        file: Option<&Path>,
        listen: Option<SocketAddr>,
        more: impl FnOnce(&Config, HostBuilder) -> Result<HostBuilder>,
    ) -> Result<Self> {
        let open = |setup: &Setup| Ok(Store::open_to_serve(&file_of_server(&setup.config)?, setup.vault()?)?);
        let mut serving = Self::with(file, more, open)?;
        serving.config.listen = listen.unwrap_or(serving.config.listen);
        Ok(serving)
    }

    /// One with the plugins and connections of a configuration.
    pub(super) fn with(
        file: Option<&Path>,
        more: impl FnOnce(&Config, HostBuilder) -> Result<HostBuilder>,
        open: impl FnOnce(&Setup) -> Result<Store>,
    ) -> Result<Self> {
        let config = configuration(file)?;
        let server = config.server.clone();
        let log = log::begin(server.log);
        let telemetry = server.telemetry.as_ref().map(|config| Telemetry::start(config, Arc::new(tell)));
        let telemetry = telemetry.transpose().map_err(anyhow::Error::msg)?;
        telemetry.iter().for_each(|telemetry| log.and_to(telemetry));
        let (events, metrics) = (Arc::new(Events::new()), Arc::new(Metrics::new()));
        let host = Host::builder().on_connection(events.hook()).on_refusal(metrics.hook());
        let mut host = more(&config, host)?;
        if let Some(telemetry) = telemetry.clone().filter(|telemetry| telemetry.takes_audit()) {
            host = host.on_record(move |line| telemetry.audit(line));
        }
        let setup = Setup::begun(config, host)?;
        let store = Arc::new(open(&setup)?);
        setup.load_all()?;
        setup.grant_each()?;
        Ok(Self { config: server, store, events, metrics, file: file.map(Path::to_owned), telemetry, log, setup })
    }

    /// The server, which follows the configuration, and its log.
    pub(super) fn server(self) -> (Server, Logging) {
        let Self { setup, config, store, events, metrics, file, telemetry, log } = self;
        let (listen, watched) = (config.listen, setup.watched(file.clone()));
        let (host, places) = (Arc::clone(&setup.host), setup.config.limits.engine.calls);
        let spool = setup.config.store.as_ref().map(|store| store.join("spool"));
        let audit = setup.config.audit.as_ref().map(|audit| audit.file.clone());
        let current = Mutex::new(setup);
        let reload = move || {
            let mut current = current.lock().unwrap_or_else(PoisonError::into_inner);
            let next = current.following(file.as_deref()).map_err(|error| format!("{error:#}"))?;
            let mut config = next.config.server.clone();
            // What was typed holds.
            config.listen =
                if next.config.server.listen == current.config.server.listen { listen } else { config.listen };
            *current = next;
            Ok(config)
        };
        let server = Server {
            host,
            store,
            events,
            metrics,
            config,
            spool,
            audit,
            places,
            watched,
            reload: Arc::new(reload),
            telemetry,
            tell: Arc::new(tell),
        };
        (server, log)
    }

    fn serve(self, ready: impl FnOnce(&Addresses) -> Result<()>) -> Result<ExitCode> {
        let told = Mutex::new(None);
        let (server, log) = self.server();
        server.serve(|addresses| {
            info!(target: "wharf::server", listen = %addresses.listen, url = addresses.url, "serving");
            let result = ready(addresses);
            *told.lock().unwrap_or_else(PoisonError::into_inner) = result.err();
        })?;
        drop(log);
        match told.into_inner().unwrap_or_else(PoisonError::into_inner) {
            Some(error) => Err(error),
            None => Ok(ExitCode::SUCCESS),
        }
    }
}

/// What an operator should know of a server that runs.
fn tell(words: &str) {
    warn!(target: "wharf::server", "{words}");
}

/// Tells where it listens. Where standard output is taken by records, people are told elsewhere.
fn told(addresses: &Addresses, as_json: bool, is_taken: bool) -> Result<()> {
    let Addresses { listen, management, url } = addresses;
    if as_json {
        return Ok(print::json_line(&json!({ "listen": listen, "management": management, "url": url }))?);
    }
    let mut text = text!["listening at ", styled(BOLD, format!("http://{listen}"))];
    if let Some(management) = management {
        text.add(format!(", for management at http://{management}"));
    }
    text.add(Text::from("; Ctrl-C ends it".to_owned()));
    if is_taken {
        print::note(text);
        return Ok(());
    }
    print::out(text).context("standard output")
}
