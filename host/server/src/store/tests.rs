use std::collections::BTreeSet;
use std::path::PathBuf;
use std::sync::Barrier;
use std::thread;
use std::time::Duration;

use tempfile::TempDir;
use wharf::vault::MemoryVault;

use super::idempotency::DAY;
use super::types::{Begun, Ended, NewCall, NewKey};
use super::*;
use crate::auth::policy::{Names, Policy};
use crate::auth::principal::{Principal, Role};

mod approvals;
mod calls;
mod forms;
mod owners;
mod pruned;
mod timing;
mod tokens;

/// A folder with a store in it, and the vault of its keys.
pub(super) struct Place {
    _folder: TempDir,
    pub(super) file: PathBuf,
    pub(super) vault: Arc<MemoryVault>,
}

impl Place {
    pub(super) fn new() -> Self {
        let folder = tempfile::tempdir().unwrap();
        Self { file: folder.path().join("store/server.db"), _folder: folder, vault: Arc::default() }
    }

    pub(super) fn serve(&self) -> Store {
        Store::open_to_serve(&self.file, Arc::clone(&self.vault) as Arc<dyn Vault>).unwrap()
    }

    pub(super) fn call(&self) -> Store {
        Store::open_to_call(&self.file, Arc::clone(&self.vault) as Arc<dyn Vault>).unwrap()
    }

    pub(super) fn open(&self) -> Store {
        Store::open(&self.file, Arc::clone(&self.vault) as Arc<dyn Vault>).unwrap()
    }
}

pub(super) fn new(id: impl Into<String>) -> NewCall {
    NewCall {
        id: id.into(),
        tenant: Some("acme".to_owned()),
        principal: "shop".to_owned(),
        plugin: "appwrite".to_owned(),
        version: "1.2.3".to_owned(),
        digest: "sha256:0123456789abcdef0123456789abcdef0123456789abcdef0123456789abcdef".to_owned(),
        operation: "users.list".to_owned(),
        connection: Some("main".to_owned()),
        effect: "read",
        trace: "4bf92f3577b34da6a3ce929d0e0e4736".to_owned(),
        at: now(),
        is_later: false,
        request: None,
        approval: None,
        key: None,
    }
}

pub(super) fn with_key(id: impl Into<String>, key: &str, fingerprint: u8) -> NewCall {
    NewCall { key: Some(NewKey { key: key.to_owned(), fingerprint: [fingerprint; 32] }), ..new(id) }
}

pub(super) fn ended(id: impl Into<String>) -> Ended {
    Ended {
        id: id.into(),
        at: now(),
        state: CallState::Succeeded,
        problem: None,
        connection: None,
        requests: r#"[{"method":"GET","url":"https://example.com/users","status":200}]"#.to_owned(),
        retries: 1,
        queue: Duration::from_micros(1),
        host: Duration::from_micros(2),
        sandbox: Some(Duration::from_micros(3)),
        network: Duration::from_micros(4),
        waiting: Duration::from_micros(5),
        request: None,
        answer: None,
        frees_key: false,
    }
}

#[test]
fn the_file_is_the_owners_alone_and_one_server_uses_it() {
    use std::os::unix::fs::PermissionsExt as _;
    let place = Place::new();
    let store = place.serve();
    store.begin(new("a")).unwrap();
    let folder = place.file.parent().unwrap();
    assert_eq!(folder.metadata().unwrap().permissions().mode() & 0o777, 0o700);
    for entry in folder.read_dir().unwrap() {
        let entry = entry.unwrap();
        let own = if entry.path().is_dir() { 0o700 } else { 0o600 };
        assert_eq!(entry.metadata().unwrap().permissions().mode() & 0o777, own, "{entry:?}");
    }
    let second = Store::open_to_serve(&place.file, Arc::clone(&place.vault) as Arc<dyn Vault>);
    let Err(StoreError::Refused(words)) = second else { panic!() };
    assert!(words.contains("another server runs with") && words.contains("stop it first"), "{words}");
    // Others look at it meanwhile.
    assert!(place.open().call("a").unwrap().is_some());
    drop(store);
    place.serve();

    std::fs::set_permissions(&place.file, std::fs::Permissions::from_mode(0o644)).unwrap();
    let Err(StoreError::Unusable(words)) = Store::open(&place.file, Arc::clone(&place.vault) as Arc<dyn Vault>) else {
        panic!()
    };
    assert!(words.contains("others can read") && words.contains("`chmod "), "{words}");
}

#[test]
fn the_keys_of_another_vault_are_told() {
    let place = Place::new();
    drop(place.serve());
    let other: Arc<dyn Vault> = Arc::new(MemoryVault::default());
    let Err(error) = Store::open_to_serve(&place.file, other) else { panic!() };
    assert!(error.to_string().contains("of another vault; put back that vault"), "{error}");
}

#[test]
fn webhooks_wait_over_a_restart_until_they_are_settled() {
    let place = Place::new();
    let store = place.serve();
    for (id, at) in [("m1", 10), ("m2", 20), ("m1", 30)] {
        let new = NewDelivery { id: id.to_owned(), webhook: "product".to_owned(), payload: "{}".to_owned(), at };
        store.add_delivery(&new).unwrap();
    }
    assert_eq!(store.next_delivery("product").unwrap(), Some(10));
    assert_eq!(store.due_deliveries("product", 15, 10).unwrap().len(), 1);
    store.settle_delivery("m1", Settled::Again(100)).unwrap();
    drop(store);
    let store = place.serve();
    let due = store.due_deliveries("product", 1000, 10).unwrap();
    assert_eq!(due.iter().map(|one| (one.id.as_str(), one.attempts)).collect::<Vec<_>>(), [("m2", 0), ("m1", 1)]);
    assert_eq!((store.count_deliveries("product").unwrap(), store.count_deliveries("other").unwrap()), (2, 0));
    store.settle_delivery("m1", Settled::Over).unwrap();
    store.settle_delivery("m2", Settled::Over).unwrap();
    assert_eq!(
        (store.next_delivery("product").unwrap(), store.due_deliveries("product", u64::MAX, 10).unwrap().len()),
        (None, 0)
    );
    let new = NewDelivery { id: "m3".to_owned(), webhook: "product".to_owned(), payload: "{}".to_owned(), at: 50 };
    store.add_delivery(&new).unwrap();
    for (before, left) in [(50, 1), (51, 0)] {
        store.forget_deliveries(before).unwrap();
        assert_eq!(store.count_deliveries("product").unwrap(), left);
    }
}
