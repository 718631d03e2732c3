//! What is known of the plugins that answer calls, made anew when others do.

use std::num::NonZeroUsize;
use std::sync::{Arc, Mutex, MutexGuard, PoisonError};

use arc_swap::ArcSwapOption;
use bytes::Bytes;
use lru::LruCache;
use ring::digest::{SHA256, digest};
use serde_json::json;
use wharf::Host;
use wharf::manifest::Manifest;

use crate::Principal;
use crate::api::openapi::{self, Connections};
use crate::auth::names::own_connections;
use crate::problem::{self, Problem};

pub(crate) mod search;

use search::Index;

/// Documents that are kept: each has more than a megabyte where everything may be called.
const DOCUMENTS: NonZeroUsize = NonZeroUsize::new(4).unwrap();

/// The index of operations, and documents that were asked for.
pub(crate) struct Catalogue {
    index: ArcSwapOption<Indexed>,
    /// By all that a document depends on.
    documents: Mutex<LruCache<[u8; 32], Document>>,
    /// Who makes one holds it: others wait, and do not make it too.
    making: Mutex<()>,
}

struct Indexed {
    /// Name and digest of each plugin.
    releases: Vec<(String, String)>,
    index: Index,
}

/// A document as it is sent.
#[derive(Clone)]
pub(crate) struct Document {
    pub(crate) text: Bytes,
    pub(crate) etag: String,
}

impl Default for Catalogue {
    fn default() -> Self {
        Self {
            index: ArcSwapOption::empty(),
            documents: Mutex::new(LruCache::new(DOCUMENTS)),
            making: Mutex::default(),
        }
    }
}

impl Catalogue {
    /// Does something with the index of the operations that can be called now.
    pub(crate) fn with_index<T>(&self, host: &Host, part: impl FnOnce(&Index) -> T) -> Result<T, Problem> {
        let releases = releases(host);
        let is_current = |known: &Arc<Indexed>| known.releases == releases;
        if let Some(known) = self.index.load_full().filter(is_current) {
            return Ok(part(&known.index));
        }
        let _making = lock(&self.making);
        if let Some(known) = self.index.load_full().filter(is_current) {
            return Ok(part(&known.index));
        }
        let index = Index::of(&manifests(host)?).map_err(|error| {
            Problem::new(problem::HOST_FAULT, format!("the host failed: operations cannot be searched: {error}"))
        })?;
        let known = Arc::new(Indexed { releases, index });
        self.index.store(Some(Arc::clone(&known)));
        Ok(part(&known.index))
    }

    /// What a principal may do now. It may wait for the vault.
    pub(crate) fn document(&self, host: &Host, principal: &Principal, url: &str) -> Result<Document, Problem> {
        let mut connections = Connections::new();
        for release in host.plugins().iter().filter(|release| principal.policy.covers_plugin(&release.about.name)) {
            let name = &release.about.name;
            connections.insert(name.clone(), own_connections(host, principal, name)?);
        }
        let depends_on = json!([releases(host), principal.roles, principal.policy, connections, url]);
        let key = sha256(depends_on.to_string().as_bytes());
        if let Some(known) = lock(&self.documents).get(&key) {
            return Ok(known.clone());
        }
        let _making = lock(&self.making);
        if let Some(known) = lock(&self.documents).get(&key) {
            return Ok(known.clone());
        }
        let text = openapi::document(manifests(host)?, principal, &connections, url).to_string();
        let tag: String = sha256(text.as_bytes()).iter().take(16).map(|byte| format!("{byte:02x}")).collect();
        let document = Document { text: text.into(), etag: format!("\"{tag}\"") };
        lock(&self.documents).put(key, document.clone());
        Ok(document)
    }
}

fn lock<T>(mutex: &Mutex<T>) -> MutexGuard<'_, T> {
    mutex.lock().unwrap_or_else(PoisonError::into_inner)
}

fn releases(host: &Host) -> Vec<(String, String)> {
    host.plugins().iter().map(|release| (release.about.name.clone(), release.digest.clone())).collect()
}

fn manifests(host: &Host) -> Result<Vec<Manifest>, Problem> {
    host.plugins().iter().map(|release| Ok(release.manifest()?)).collect()
}

fn sha256(bytes: &[u8]) -> [u8; 32] {
    digest(&SHA256, bytes).as_ref().try_into().unwrap_or_default()
}
