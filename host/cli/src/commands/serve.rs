//! `wharf serve`: the HTTP API.

use std::path::{Path, PathBuf};
use std::process::ExitCode;
use std::sync::{Arc, Mutex, PoisonError};

use anyhow::{Context as _, Result};
use serde_json::json;
use wharf::Host;
use wharf::config::ServerConfig;
use wharf_server::{Addresses, Events, Metrics, Server, Store};

use crate::args::{Args, Serve};
use crate::print::{self, BOLD, Text, styled, text};
use crate::setup::server::file as file_of_server;
use crate::setup::{Setup, configuration, find};

mod demo;

pub(crate) fn run(args: &Args, options: &Serve) -> Result<ExitCode> {
    wharf_server::share_heaps();
    if options.demo {
        return demo::run(options);
    }
    let file = find(args.config.as_deref());
    let serving = Serving::new(file.as_deref(), options)?;
    serving.serve(|addresses| told(addresses, options.json))
}

/// A server that is about to serve.
struct Serving {
    setup: Setup,
    config: ServerConfig,
    store: Arc<Store>,
    events: Arc<Events>,
    metrics: Arc<Metrics>,
    file: Option<PathBuf>,
}

impl Serving {
    fn new(file: Option<&Path>, options: &Serve) -> Result<Self> {
        let config = configuration(file)?;
        let mut server = config.server.clone();
        server.listen = options.listen.unwrap_or(server.listen);
        let (events, metrics) = (Arc::new(Events::new()), Arc::new(Metrics::new()));
        let builder = Host::builder().on_connection(events.hook()).on_refusal(metrics.hook());
        let setup = Setup::begun(config, builder)?;
        let store = Store::open_to_serve(&file_of_server(&setup.config)?, setup.vault()?)?;
        setup.load_all()?;
        setup.grant_each()?;
        Ok(Self { config: server, store: Arc::new(store), events, metrics, file: file.map(Path::to_owned), setup })
    }

    fn serve(self, ready: impl FnOnce(&Addresses) -> Result<()>) -> Result<ExitCode> {
        let Self { setup, config, store, events, metrics, file } = self;
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
        let told = Mutex::new(None);
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
            tell: Arc::new(|words: &str| print::note(words.to_owned())),
        };
        server.serve(|addresses| {
            let result = ready(addresses);
            *told.lock().unwrap_or_else(PoisonError::into_inner) = result.err();
        })?;
        match told.into_inner().unwrap_or_else(PoisonError::into_inner) {
            Some(error) => Err(error),
            None => Ok(ExitCode::SUCCESS),
        }
    }
}

fn told(addresses: &Addresses, as_json: bool) -> Result<()> {
    let Addresses { listen, management, url } = addresses;
    if as_json {
        return Ok(print::json_line(&json!({ "listen": listen, "management": management, "url": url }))?);
    }
    let mut text = text!["listening at ", styled(BOLD, format!("http://{listen}"))];
    if let Some(management) = management {
        text.add(format!(", for management at http://{management}"));
    }
    text.add(Text::from("; Ctrl-C ends it".to_owned()));
    print::out(text).context("standard output")
}
