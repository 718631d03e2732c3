//! For tests: the bundled plugins, somebody who may do everything, and a server without a socket.

use std::path::Path;
use std::sync::{Arc, LazyLock};

use tempfile::TempDir;
use wharf::Host;
use wharf::config::ServerConfig;
use wharf::manifest::Manifest;
use wharf::vault::{MemoryVault, Vault};
use wharf_artifacts::PROVIDERS;

use super::{Door, router};
use crate::app::{App, Parts};
use crate::store::Store;
use crate::{Policy, Principal, Role};

/// A host with the bundled plugins.
pub(crate) static HOST: LazyLock<Arc<Host>> = LazyLock::new(|| {
    let cache = Path::new(env!("CARGO_MANIFEST_DIR")).join("../../target/tmp/server");
    let host = Host::builder().cache(cache).build().unwrap();
    for plugin in PROVIDERS {
        host.load_bytes(plugin.bytes).unwrap();
    }
    Arc::new(host)
});

pub(crate) fn manifests() -> Vec<Manifest> {
    HOST.plugins().iter().map(|release| release.manifest().unwrap()).collect()
}

pub(crate) fn principal() -> Principal {
    Principal {
        name: "everybody".to_owned(),
        tenant: None,
        roles: Role::ALL.into_iter().collect(),
        policy: Policy::default(),
    }
}

/// The paths of a server, the tokens of those who may ask, and the folder in which that is known.
pub(crate) fn served(principals: impl IntoIterator<Item = Principal>) -> (axum::Router, Vec<String>, TempDir) {
    let (app, folder) = app();
    let tokens = principals.into_iter().map(|principal| app.store.add_principal(&principal, None).unwrap().to_string());
    let tokens = tokens.collect();
    (router(app, Door::Both), tokens, folder)
}

/// What the stations share.
pub(crate) fn app() -> (Arc<App>, TempDir) {
    app_with(|_| ())
}

/// The same with another configuration.
pub(crate) fn app_with(change: impl FnOnce(&mut ServerConfig)) -> (Arc<App>, TempDir) {
    let folder = tempfile::tempdir().unwrap();
    let vault: Arc<dyn Vault> = Arc::new(MemoryVault::default());
    let store = Store::open(&folder.path().join("server.db"), vault).unwrap();
    let mut config = ServerConfig::default();
    change(&mut config);
    let app = App::new(Parts {
        host: Arc::clone(&HOST),
        store: Arc::new(store),
        events: Arc::default(),
        metrics: Arc::default(),
        config,
        url: "http://127.0.0.1:8080".to_owned(),
        places: 4,
        spool: None,
        audit: None,
        telemetry: None,
        tell: Arc::new(|_: &str| ()),
    });
    (app.unwrap(), folder)
}
