//! Requests for tokens leave by the one way out: every rule of addresses holds for them.

use std::fs;
use std::path::{Path, PathBuf};

use wharf::failure::{CallError, Refusal};
use wharf::{Connect, Host, Secret};
use wharf_simulated::oauth::{Odd, Options};

use crate::world::{CONNECTION, PLUGIN, World, builder, call, connection, host};

/// Comes back from a browser, and has the code redeemed.
fn redeem(host: &Host) -> CallError {
    let connect = Connect { plugin: PLUGIN.to_owned(), name: CONNECTION.to_owned(), ..Connect::default() };
    let consent = host.consent(connect, "http://127.0.0.1:1/callback").unwrap();
    let (_, state) = consent.url.split_once("state=").unwrap();
    let state = state.split('&').next().unwrap();
    host.consented(&format!("code=a-code-of-a-stranger&state={state}"), &Secret::new(consent.browser())).unwrap_err()
}

#[test]
fn no_token_is_asked_for_at_an_address_that_is_never_allowed() {
    for url in ["http://169.254.169.254", "http://[fe80::1]", "http://[::ffff:169.254.169.254]", "http://0.0.0.0:9"] {
        let error = redeem(&host(url, builder()));
        let CallError::Refusal(Refusal::Denied(denial)) = &error else { panic!("{url}: {error:?}") };
        assert_eq!(denial.rule.name(), "address", "{url}");
        assert!(!error.to_string().contains("a-code-of-a-stranger"), "{error}");
    }
}

#[test]
fn a_token_server_that_sends_elsewhere_is_not_followed() {
    let world = World::new(Options::default());
    let other = World::new(Options::default());
    let host = world.host();
    for to in [format!("{}/token", other.server.url()), "http://169.254.169.254/token".to_owned(), "/token2".to_owned()]
    {
        other.server.clear_requests();
        world.server.next(Odd::Redirect { to });
        let error = host.refresh(PLUGIN, CONNECTION).unwrap_err();
        assert!(error.to_string().contains("redirect"), "{error}");
        assert_eq!(other.server.requests(), []);
        assert_eq!(world.server.requests_of("/token2"), []);
    }
    // Nothing was spent.
    host.refresh(PLUGIN, CONNECTION).unwrap();
    call(&host).unwrap();
}

#[test]
fn a_token_is_not_sent_to_another_server_than_the_one_that_gave_it() {
    let world = World::new(Options::default());
    let other = World::new(Options::default());
    other.server.clear_requests();
    let host = world.host();
    host.connect(PLUGIN, connection(&other.server.url()));
    let error = call(&host).unwrap_err();
    assert!(error.to_string().contains("wharf connect acme"), "{error}");
    assert!(host.refresh(PLUGIN, CONNECTION).is_err());
    assert_eq!(other.server.requests(), []);
    // It is still there for the one that it is of.
    host.connect(PLUGIN, connection(&world.server.url()));
    call(&host).unwrap();
}

/// Who opens sockets in the sources of the host, and who listens: the client of `wharf_egress::send`; the command that connects, and the
/// server.
#[test]
fn nobody_else_opens_sockets() {
    let host = Path::new(env!("CARGO_MANIFEST_DIR")).join("..");
    let (mut found, mut listen) = (Vec::new(), Vec::new());
    for part in ["egress", "runtime", "cli", "vault", "server"] {
        look(&host.join(part).join("src"), &mut found);
    }
    found.retain(|(path, _)| !path.components().any(|part| part.as_os_str() == "tests") && !path.ends_with("tests.rs"));
    for (path, text) in &found {
        let is_wire = path.components().any(|part| part.as_os_str() == "wire");
        // What stands in a module of tests runs in no host.
        let text = text.split("#[cfg(test)]\nmod ").next().unwrap();
        for word in ["TcpStream::connect", "UdpSocket", "UnixStream::connect", "socket::connect", "net::connect("] {
            assert!(is_wire || !text.contains(word), "{} has {word}", path.display());
        }
        assert!(
            path.components().any(|part| part.as_os_str() == "egress") || !text.contains("ureq::"),
            "{}",
            path.display()
        );
        if text.contains("TcpListener") || text.contains("UnixListener") {
            listen.push(path.display().to_string());
        }
    }
    assert!(found.len() > 100);
    listen.sort();
    // A browser comes back to the first, on an address of this machine, and the second is the server's.
    let expected = ["cli/src/commands/connect/listener.rs", "server/src/listen/mod.rs"];
    assert!(
        listen.len() == expected.len() && listen.iter().zip(expected).all(|(path, end)| path.ends_with(end)),
        "{listen:?}"
    );
}

fn look(folder: &Path, found: &mut Vec<(PathBuf, String)>) {
    for entry in fs::read_dir(folder).unwrap() {
        let path = entry.unwrap().path();
        if path.is_dir() {
            look(&path, found);
        } else if path.extension().is_some_and(|ending| ending == "rs") {
            found.push((path.clone(), fs::read_to_string(&path).unwrap()));
        }
    }
}
