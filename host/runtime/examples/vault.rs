//! Connections of a product's users, kept in a store of the product's own: a table of names, values and versions, such as every
//! database has. What is on one machine has `wharf-vault`, which also encrypts.

use std::collections::BTreeMap;
use std::sync::{Arc, Mutex, MutexGuard, PoisonError};

use serde_json::json;
use wharf::vault::{Changes, Entry, Put, Vault, VaultError};
use wharf::{Call, Connect, Host, Secret};

/// The table. A real one encrypts its values, and is asked by several processes.
#[derive(Default)]
struct Table(Mutex<Rows>);

#[derive(Default)]
struct Rows {
    /// By name: the version of the last change, and the value where there is one.
    by_name: BTreeMap<String, (u64, Option<Vec<u8>>)>,
    last: u64,
}

impl Table {
    fn rows(&self) -> MutexGuard<'_, Rows> {
        self.0.lock().unwrap_or_else(PoisonError::into_inner)
    }

    /// `UPDATE … SET value = …, version = … WHERE name = … AND version = …`
    fn write(&self, name: &str, seen: Option<u64>, value: Option<&[u8]>) -> Put {
        let mut rows = self.rows();
        let found = rows.by_name.get(name).filter(|(_, value)| value.is_some()).map(|(version, _)| *version);
        if found != seen {
            return Put::Changed;
        }
        rows.last += 1;
        let version = rows.last;
        rows.by_name.insert(name.to_owned(), (version, value.map(<[u8]>::to_vec)));
        Put::Done(version)
    }
}

impl Vault for Table {
    fn get(&self, name: &str) -> Result<Option<Entry>, VaultError> {
        let rows = self.rows();
        let Some((version, Some(value))) = rows.by_name.get(name) else { return Ok(None) };
        Ok(Some(Entry { value: value.clone().into(), version: *version }))
    }

    fn put(&self, name: &str, value: &[u8], seen: Option<u64>) -> Result<Put, VaultError> {
        Ok(self.write(name, seen, Some(value)))
    }

    fn delete(&self, name: &str, seen: u64) -> Result<Put, VaultError> {
        Ok(self.write(name, Some(seen), None))
    }

    fn list(&self, prefix: &str, after: Option<&str>, most: usize) -> Result<Vec<String>, VaultError> {
        let rows = self.rows();
        let there = rows.by_name.iter().filter(|(_, (_, value))| value.is_some()).map(|(name, _)| name);
        let named = there.filter(|name| name.starts_with(prefix) && after.is_none_or(|after| name.as_str() > after));
        Ok(named.take(most).cloned().collect())
    }

    fn changes(&self, since: u64) -> Result<Changes, VaultError> {
        let rows = self.rows();
        let changed = rows.by_name.iter().filter(|(_, (version, _))| *version > since);
        Ok(Changes { names: changed.map(|(name, _)| name.clone()).collect(), until: rows.last })
    }

    /// Of several processes each has a name of its own, and one that has ended is known: by a heartbeat, say.
    fn owner(&self) -> &str {
        "the only process"
    }

    fn is_gone(&self, _: &str) -> bool {
        false
    }
}

fn main() -> Result<(), Box<dyn std::error::Error>> {
    let host = Host::builder()
        .vault(Arc::new(Table::default()))
        .on_connection(|event| println!("{}/{} is {}", event.plugin, event.connection, event.state))
        .build()?;
    host.load_bytes(wharf_artifacts::APPWRITE.bytes)?;

    // One of many users. A credential that somebody agrees to begins with `Host::consent`, which gives the address for the browser.
    let key = Secret::new("k7RmX2vQp9LzT4wBk7RmX2vQ");
    host.connect_unattended(Connect {
        plugin: "appwrite".to_owned(),
        name: "ada@example.com".to_owned(),
        servers: [("main".to_owned(), "https://appwrite.example/v1".to_owned())].into(),
        fields: [("project_id".to_owned(), Secret::new("shop")), ("api_key".to_owned(), key)].into(),
        ..Connect::default()
    })?;

    let call = Call::new("appwrite", "users.get").input(json!({"userId": "ada"})).connection("ada@example.com");
    for exchange in host.run(call.dry_run()).exchanges {
        println!("{} {} {:?}", exchange.request.method, exchange.request.url, exchange.request.headers);
    }
    Ok(())
}
