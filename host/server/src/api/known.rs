//! For tests: the bundled plugins, and somebody who may do everything.

use std::path::Path;
use std::sync::LazyLock;

use wharf::Host;
use wharf::manifest::Manifest;
use wharf_artifacts::PROVIDERS;

use crate::{Policy, Principal, Role};

/// A host with the bundled plugins.
pub(crate) static HOST: LazyLock<Host> = LazyLock::new(|| {
    let cache = Path::new(env!("CARGO_MANIFEST_DIR")).join("../../target/tmp/server");
    let host = Host::builder().cache(cache).build().unwrap();
    for plugin in PROVIDERS {
        host.load_bytes(plugin.bytes).unwrap();
    }
    host
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
