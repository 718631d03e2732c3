//! `wharf vault`: what is in it, new keys, backups.

use std::fs;

use serde_json::json;
use wharf::vault::Vault as _;
use wharf_simulated::appwrite::API_KEY;
use wharf_vault::{KeySource, SqliteVault};

use crate::world::World;

/// A world with a vault of two entries, whose key Wharf has made.
fn written() -> (World, SqliteVault) {
    let world = World::new();
    let source = KeySource::Made { folder: world.path().join(".config/wharf/keys") };
    let vault = SqliteVault::new(world.path().join(".wharf/vault.db"), source);
    vault.put("acme/main", b"geheim", None).unwrap();
    vault.put("acme/other", b"geheim", None).unwrap();
    (world, vault)
}

#[test]
fn a_vault_that_is_not_there_is_told_and_not_made() {
    let world = World::new();
    let run = world.wharf(&["vault", "status"]);
    assert_eq!(run.code, 0, "{run:?}");
    assert!(run.out.starts_with("There is no vault yet at .wharf/vault.db"), "{}", run.out);
    assert_eq!(
        world.wharf(&["vault", "status", "--json"]).json(),
        json!({ "file": ".wharf/vault.db", "exists": false })
    );
    for words in
        [["vault", "rotate"].as_slice(), &["vault", "rotate", "--outer"], &["vault", "mend"], &["vault", "backup", "b"]]
    {
        world.wharf(words).fails(1, &["there is no vault yet at .wharf/vault.db"]);
    }
    assert!(!world.path().join(".wharf/vault.db").exists() && !world.path().join(".config").exists());
}

#[test]
fn the_status_tells_what_is_there_and_no_secret() {
    let (world, vault) = written();
    let run = world.wharf(&["vault", "status"]);
    assert_eq!(run.code, 0, "{run:?}");
    for words in [
        ".wharf/vault.db, ",
        "entries   2",
        "the file ",
        "/.config/wharf/keys/vault-",
        "✓ every entry is as it was written",
    ] {
        assert!(run.out.contains(words), "{words}: {}", run.out);
    }
    let status = world.wharf(&["vault", "status", "--json"]).json();
    assert_eq!(status["entries"], 2);
    assert_eq!(status["checked"], json!({ "damaged": [], "missing": 0, "damaged-lists": 0 }));
    assert_eq!(status["inner-keys"][0]["entries"], 2);
    let key = fs::read_dir(world.path().join(".config/wharf/keys")).unwrap().next().unwrap().unwrap().path();
    assert!(!status.to_string().contains(fs::read_to_string(&key).unwrap().trim()));

    drop(vault);
    fs::rename(&key, world.path().join("elsewhere")).unwrap();
    let run = world.wharf(&["vault", "status"]);
    assert_eq!(run.code, 1);
    assert!(
        run.out.contains("✗ the entries were not looked at: the vault's key is not there: put your copy"),
        "{}",
        run.out
    );
    world.configure("[vault]\nkey = { file = \"elsewhere\" }\n");
    assert_eq!(world.wharf(&["vault", "status"]).code, 0);
    world.configure("[vault]\nkey = { command = [\"cat\", \"elsewhere\"] }\n");
    assert_eq!(world.wharf(&["vault", "status"]).code, 0);
    world.configure("[vault]\nkey = { env = \"WHARF_KEY\" }\n");
    let key = fs::read_to_string(world.path().join("elsewhere")).unwrap();
    assert_eq!(world.wharf_with(&[("WHARF_KEY", key.trim())], &["vault", "status"]).code, 0);
    world.configure(&format!("[vault]\nkey = \"{}\"\n", key.trim()));
    let run = world.wharf(&["vault", "status"]);
    run.fails(2, &["wharf.toml:2: `vault.key` is { env = \"NAME\" }", "and never the key itself"]);
    assert!(!run.err.contains(key.trim()));
}

#[test]
fn keys_are_exchanged_and_what_is_to_be_done_is_told() {
    let (world, vault) = written();
    let run = world.wharf(&["vault", "rotate"]);
    assert_eq!((run.code, run.out.as_str()), (0, "2 entries have a new inner key\n"));
    let run = world.wharf(&["vault", "rotate", "--outer"]);
    assert_eq!(run.code, 0, "{run:?}");
    assert!(
        run.out.contains("keep a copy of it elsewhere; the one before is in ") && run.out.contains(".key.old"),
        "{}",
        run.out
    );
    assert_eq!(vault.get("acme/main").unwrap().unwrap().value.as_slice(), b"geheim", "who runs goes on");

    world.write("new.key", "5a".repeat(32));
    world.wharf(&["vault", "rotate", "--outer", "--to", "geheim"]).fails(2, &["--to says where the new key is"]);
    let run = world.wharf(&["vault", "rotate", "--outer", "--to", "{ file = \"new.key\" }"]);
    assert_eq!(run.code, 0, "{run:?}");
    assert!(run.out.contains("write key = { file = \"new.key\" } under [vault] of "), "{}", run.out);
    let run = world.wharf(&["vault", "status"]);
    assert!(run.out.contains("is not the one of the vault: its id is "), "{}", run.out);
    let doctor = world.wharf(&["doctor", "--offline"]);
    assert_eq!(doctor.code, 1, "a server does not start: {doctor:?}");
    assert!(doctor.out.contains("✗ vault ") && doctor.out.contains("is not the one of the vault"), "{}", doctor.out);
    world.configure("[vault]\nkey = { file = \"new.key\" }\n");
    assert_eq!(world.wharf(&["vault", "status"]).code, 0);
}

#[test]
fn a_backup_is_written_and_put_back() {
    let (world, vault) = written();
    let run = world.wharf(&["vault", "backup", "vault.backup"]);
    assert_eq!(run.code, 0, "{run:?}");
    assert!(
        run.out.starts_with("2 entries are in vault.backup; it is of no use without the key, which is from the file ")
    );
    vault.put("acme/third", b"geheim", None).unwrap();
    world
        .wharf(&["vault", "restore", "vault.backup"])
        .fails(1, &["other processes have .wharf/vault.db open; stop them first"]);
    drop(vault);
    let run = world.wharf(&["vault", "restore", "vault.backup"]);
    assert_eq!(
        run.out,
        "2 entries are there again, from vault.backup; the vault that was there is .wharf/vault.db.before-restore\n"
    );
    assert_eq!(world.wharf(&["vault", "status", "--json"]).json()["entries"], 2);
}

#[cfg(unix)]
#[test]
fn a_secret_comes_from_a_command_that_no_shell_reads() {
    let world = World::new();
    let url = world.simulation.appwrite.url();
    let with = |command: &str| {
        world.configure(&format!(
            "[connections.a]\nprovider = \"appwrite\"\nbase_url = \"{url}\"\n[connections.a.fields]\n\
             project_id = \"simulated-project\"\napi_key = {{ command = {command} }}\n"
        ));
        world.call("appwrite users.list")
    };
    world.write("key.txt", format!("{API_KEY}\n"));
    assert_eq!(with("[\"cat\", \"key.txt\"]").code, 0);
    let script = world.write("show", "#!/bin/sh\ncat key.txt\necho $1 $PWD >&2\n");
    fs::set_permissions(&script, std::os::unix::fs::PermissionsExt::from_mode(0o700)).unwrap();
    assert_eq!(with("[\"./show\", \"geheim\"]").code, 0);
    for (command, words) in [
        (
            "[\"sh\", \"-c\", \"echo geheim; echo geheim >&2; exit 3\"]",
            "`api_key`: the command `sh` failed (exit code 3)",
        ),
        ("[\"true\"]", "the command `true` prints nothing"),
        ("[\"./nowhere\"]", "the command `./nowhere` is not there"),
        ("[\"printf\", \"geheim %s \", \"Zq8TnYx3Wk5BvHc7\"]", "the command `printf`: "),
    ] {
        let run = with(command);
        run.fails(2, &["connection `a`", words]);
        assert!(!run.err.contains("geheim"), "{}", run.err);
    }
    for wrong in ["\"geheim\"", "[]", "[1]", "[\"\"]"] {
        let run = with(wrong);
        run.fails(2, &["connections.a.fields.api_key", "{ command = [\"program\"] }"]);
        assert!(!run.err.contains("geheim"), "{}", run.err);
    }
}
