//! `wharf tokens`: who may do what over HTTP.

use std::fs;
use std::sync::Arc;

use serde_json::json;
use wharf::declaration::Effect;
use wharf_server::{Role, Store};
use wharf_vault::{KeySource, SqliteVault};

use crate::world::World;

fn store(world: &World) -> Store {
    let source = KeySource::Made { folder: world.path().join(".config/wharf/keys") };
    let vault = SqliteVault::new(world.path().join(".wharf/vault.db"), source);
    Store::open(&world.path().join(".wharf/server.db"), Arc::new(vault)).unwrap()
}

#[test]
fn a_token_is_printed_once_and_does_what_it_was_made_for_until_it_is_removed() {
    let world = World::new();
    let words = "tokens create shop --role call --role read --tenant acme --plugin appwrite --plugin vtiger --connection shop-* \
                 --operation users.* --effect read --expires 30d";
    let run = world.wharf(&words.split_whitespace().collect::<Vec<_>>());
    assert_eq!(run.code, 0, "{run:?}");
    let token = run.out.trim_end();
    assert!(token.starts_with("wharf_") && token.len() == 49 && run.out.ends_with('\n'), "{run:?}");
    assert!(
        !run.err.contains(token) && run.err.contains("✓ `shop` may call, read; plugins appwrite, vtiger; "),
        "{run:?}"
    );

    let store = store(&world);
    let shop = store.principal_of(token).unwrap().unwrap();
    assert_eq!((shop.name.as_str(), shop.tenant.as_deref()), ("shop", Some("acme")));
    assert!(shop.is(Role::Call) && shop.is(Role::Read) && !shop.is(Role::Manage));
    assert!(shop.sees("appwrite", "users.list", Effect::Read) && !shop.sees("chatwoot", "users.list", Effect::Read));
    assert!(
        !shop.sees("appwrite", "users.remove", Effect::Delete) && !shop.sees("appwrite", "files.list", Effect::Read)
    );
    assert_eq!(shop.own_name("acme:shop-eu"), Some("shop-eu"));
    assert_eq!(shop.own_name("acme:main"), None);

    let list = world.wharf(&["tokens", "list"]);
    for words in
        ["shop ", "acme ", "call, read; plugins appwrite, vtiger; connections shop-*; operations users.*; effects read"]
    {
        assert!(list.out.contains(words), "{words}: {list:?}");
    }
    let listed = world.wharf(&["tokens", "list", "--json"]).json();
    assert_eq!(listed[0]["policy"]["operations"], json!(["users.*"]));
    assert!(listed[0]["expires"].as_str().unwrap().ends_with('Z') && listed[0]["lastUsed"].is_string(), "{listed}");
    assert!(!list.out.contains("wharf_") && !listed.to_string().contains("wharf_"));

    world.wharf(&["tokens", "remove", "shopp"]).fails(2, &["there is no token `shopp`; did you mean `shop`?"]);
    let removed = world.wharf(&["tokens", "remove", "shop"]);
    assert_eq!(removed.out, "✓ the token `shop` is removed; servers refuse it from now on\n");
    assert_eq!(store.principal_of(token).unwrap(), None, "a process that has the store open notices");
    world.wharf(&["tokens", "remove", "shop"]).fails(2, &["there is no token `shop`"]);
}

#[test]
fn what_cannot_be_a_token_is_told_and_nothing_is_made() {
    let world = World::new();
    let create = |words: &[&str]| world.wharf(&[&["tokens", "create"], words].concat());
    create(&["shop"]).fails(2, &["--role"]);
    create(&["shop", "--role", "cal"]).fails(2, &["it is one of approve, call, manage, read"]);
    create(&["shop", "--role", "call", "--effect", "writ"]).fails(2, &["it is one of read, write, delete"]);
    create(&["shop", "--role", "call", "--connection", "a*b"]).fails(2, &["such as `shop` or `shop-*`"]);
    assert!(!world.path().join(".wharf/server.db").exists());
    create(&["login/ada", "--role", "call"]).fails(2, &["is no name of a token"]);
    create(&["shop", "--role", "call", "--tenant", "a:b"]).fails(2, &["is no name of a tenant"]);
    assert_eq!(world.wharf(&["tokens", "list", "--json"]).json(), json!([]));
    let json = create(&["shop", "--role", "call", "--json"]).json();
    assert_eq!((&json["name"], &json["roles"], &json["expires"]), (&json!("shop"), &json!(["call"]), &json!(null)));
    assert!(json["token"].as_str().unwrap().starts_with("wharf_"), "{json}");
    create(&["shop", "--role", "call"])
        .fails(2, &["there is a token `shop` already", "`wharf tokens remove shop` first"]);
}

#[test]
fn without_a_token_nothing_is_made_and_without_a_configuration_nothing_is_kept() {
    let world = World::new();
    let list = world.wharf(&["tokens", "list"]);
    assert!(
        list.code == 0 && list.out.is_empty() && list.err.contains("`wharf tokens create NAME --role call`"),
        "{list:?}"
    );
    assert!(!world.path().join(".wharf/server.db").exists() && !world.path().join(".wharf/vault.db").exists());
    fs::remove_file(world.path().join("wharf.toml")).unwrap();
    world.wharf(&["tokens", "create", "shop", "--role", "call"]).fails(2, &["make a wharf.toml, which may be empty"]);
}

#[cfg(unix)]
#[test]
fn what_a_server_keeps_is_its_owners_alone() {
    use std::os::unix::fs::PermissionsExt as _;
    let world = World::new();
    assert_eq!(world.wharf(&["tokens", "create", "shop", "--role", "call"]).code, 0);
    let file = world.path().join(".wharf/server.db");
    assert_eq!(fs::metadata(&file).unwrap().permissions().mode() & 0o777, 0o600);
    fs::set_permissions(&file, fs::Permissions::from_mode(0o666)).unwrap();
    world.wharf(&["tokens", "list"]).fails(1, &["others can write to", "`chmod go-w ", "the tokens and the history"]);
}
