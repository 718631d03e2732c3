//! What a server would find: its store, its addresses, who may ask.

use std::net::SocketAddr;

use wharf::config::Config;
use wharf::failure::Kind;
use wharf::files::is_there;
use wharf::permissions::{Closed, exposed_at};
use wharf_server::{ServeError, is_served, look, may_listen_at};

use super::{Finding, Verdict};
use crate::setup::server::file as file_of_server;

pub(super) fn findings(config: &Config) -> Vec<Finding> {
    let mut found = Found(Vec::new());
    // Without a configuration there is no server.
    let Ok(file) = file_of_server(config) else { return found.0 };
    let principals = found.store(&file);
    found.addresses(config, is_served(&file));
    found.public_url(config);
    found.who_may_ask(config, principals);
    found.0
}

struct Found(Vec<Finding>);

impl Found {
    fn add(&mut self, verdict: Verdict, text: impl Into<String>) {
        self.0.push(Finding { subject: "server".to_owned(), verdict, text: text.into() });
    }

    /// What is kept, and how many have a token.
    fn store(&mut self, file: &std::path::Path) -> u64 {
        let path = file.display();
        if !is_there(file) {
            self.add(Verdict::Good, format!("the first one makes {path}"));
            return 0;
        }
        if let Some(words) = exposed_at(file, Closed::Own).or_else(|| exposed_at(file, Closed::Private)) {
            self.add(Verdict::Bad(Kind::Host), words);
        }
        match look(file) {
            Ok(found) => {
                match found.older {
                    None => self.add(Verdict::Good, format!("{path} is whole, and {} have a token", found.principals)),
                    Some(form) => self.add(
                        Verdict::Look,
                        format!("{path} has the form {form} of an older Wharf: the next server carries it over, and keeps a copy beside it"),
                    ),
                }
                found.principals
            }
            Err(error) => {
                self.add(Verdict::Bad(Kind::Host), error.to_string());
                0
            }
        }
    }

    fn addresses(&mut self, config: &Config, is_running: bool) {
        let server = &config.server;
        if is_running {
            return self.add(Verdict::Good, format!("one runs with this store; it is to listen at {}", server.listen));
        }
        let management = server.management.map(|address| (address, "management"));
        for (address, key) in [(server.listen, "listen")].into_iter().chain(management) {
            match may_listen_at(address) {
                Ok(()) => self.add(Verdict::Good, format!("{address} is free")),
                Err(reason) => {
                    let error = ServeError::Address { address, key, reason };
                    self.add(Verdict::Bad(Kind::Host), format!("{error}; or end the program that listens there"));
                }
            }
        }
    }

    /// Where browsers are sent to, and what programs send tokens to.
    fn public_url(&mut self, config: &Config) {
        let server = &config.server;
        match &server.public_url {
            Some(url) if url.starts_with("http://") && !is_of_this_machine(url) => self.add(
                Verdict::Look,
                format!("`public_url` is {url}: tokens pass in the clear; have a proxy speak TLS, and write https://"),
            ),
            None if is_open(&server.listen) => self.add(
                Verdict::Look,
                "it is open to others, and there is no `public_url` under [server]: links that it gives name its address; write how \
                 it is called from outside",
            ),
            _ => {}
        }
    }

    fn who_may_ask(&mut self, config: &Config, principals: u64) {
        let server = &config.server;
        let open = [Some(server.listen), server.management].into_iter().flatten().find(is_open);
        let is_known = principals > 0 || server.oidc.as_ref().is_some_and(|oidc| !oidc.principals.is_empty());
        if let Some(address) = open.filter(|_| !is_known) {
            self.add(Verdict::Bad(Kind::Input), ServeError::NoPrincipals(address).to_string());
        }
    }
}

fn is_open(address: &SocketAddr) -> bool {
    !address.ip().is_loopback()
}

/// Whether a URL is one of this machine.
fn is_of_this_machine(url: &str) -> bool {
    let host = url.trim_start_matches("http://");
    ["localhost", "127.0.0.1", "[::1]"]
        .iter()
        .any(|own| host.strip_prefix(own).is_some_and(|rest| rest.is_empty() || rest.starts_with(':')))
}
