//! A name whose resolver answers with another address the second time.

use std::net::{Ipv4Addr, SocketAddr};
use std::sync::atomic::{AtomicUsize, Ordering};
use std::sync::{Arc, mpsc};
use std::thread;

use serde_json::json;
use wharf::config::ServerConfig;
use wharf::{Connection, Secret};
use wharf_artifacts::APPWRITE;
use wharf_server::{Events, Policy, Principal, Role, Server, Store};
use wharf_vault::{KeySource, SqliteVault};

use super::client::Client;
use super::held::Held;
use crate::obedient::builder;

const KEY: &str = "k7RmX2vQp9LzT4wBq3N8";

/// Where the provider is, which the operator allows; the machine's own address is another one.
const PROVIDER: Ipv4Addr = Ipv4Addr::new(127, 0, 0, 2);

/// A connection to `shop.example`, which is at the provider when it is asked for the first time, and then at 127.0.0.1.
fn connection(port: u16, asked: &Arc<AtomicUsize>) -> Connection {
    let asked = Arc::clone(asked);
    let lookup = move |host: &str, port: u16| {
        assert_eq!(host, "shop.example");
        let ip = if asked.fetch_add(1, Ordering::SeqCst) == 0 { PROVIDER } else { Ipv4Addr::LOCALHOST };
        Ok(vec![SocketAddr::from((ip, port))])
    };
    let builder = Connection::builder("appwrite", "main", &format!("http://shop.example:{port}"));
    let builder = builder.allow_addresses(["127.0.0.2/32".parse().unwrap()]).lookup(lookup);
    builder.field("project_id", "p").secret("api_key", Secret::new(KEY)).build().unwrap()
}

#[cfg(target_os = "linux")]
#[test]
fn a_credential_never_goes_to_the_machine_itself_where_a_name_is_bent_to_it() {
    // The collector listens at the port that the name leads to.
    let (provider, collector) = Held::start_at_both(PROVIDER.into(), Ipv4Addr::LOCALHOST.into());
    provider.let_all_go();
    collector.let_all_go();
    let asked = Arc::<AtomicUsize>::default();
    let folder = tempfile::tempdir().unwrap();
    let vault =
        SqliteVault::new(folder.path().join("vault.db"), KeySource::Made { folder: folder.path().join("keys") });
    let store = Store::open_to_serve(&folder.path().join("server.db"), Arc::new(vault)).unwrap();
    let principal = Principal {
        name: "shop".to_owned(),
        tenant: None,
        roles: [Role::Call].into_iter().collect(),
        policy: Policy::default(),
    };
    let token = store.add_principal(&principal, None).unwrap();
    let host = builder().build().unwrap();
    host.load_bytes(APPWRITE.bytes).unwrap();
    host.connect("appwrite", connection(provider.port, &asked));
    let config = ServerConfig { listen: SocketAddr::from((Ipv4Addr::LOCALHOST, 0)), ..ServerConfig::default() };
    let server = Server {
        host: Arc::new(host),
        store: Arc::new(store),
        events: Arc::new(Events::new()),
        metrics: Arc::default(),
        config: config.clone(),
        spool: None,
        audit: None,
        places: 10,
        watched: Vec::new(),
        reload: Arc::new(move || Ok(config.clone())),
        telemetry: None,
        tell: Arc::new(|_| {}),
    };
    let (ready, listens) = mpsc::channel();
    // It serves until the tests end.
    thread::spawn(move || server.serve(|addresses| ready.send(addresses.listen).unwrap()));
    let client = Client::new(listens.recv().unwrap(), &token);

    // What it answers is no list of users, which says that it was asked.
    client.call("appwrite users.list", "{}").fails(502, "provider", &["held"]);
    assert!(provider.arrived(1)[0].contains(&KEY.to_lowercase()), "it is for the provider");
    for _ in 0..3 {
        let problem = client.call("appwrite users.list", json!({"retries": 2})).fails(403, "denied", &["127.0.0.1"]);
        assert_eq!(problem["rule"], "address", "{problem}");
    }
    assert!(asked.load(Ordering::SeqCst) >= 4, "each time it is looked up and judged anew");
    assert_eq!((provider.count(), collector.count()), (1, 0));
}
