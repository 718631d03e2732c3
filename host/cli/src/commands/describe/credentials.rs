//! The credentials that the host obtains for a plugin: how, and what for.

use wharf::declaration::{Credential, CredentialKind, Endpoint, Oauth2, Session, ToldBy};
use wharf::manifest::Manifest;

use crate::print::{BOLD, DIM, NAME, Text, WARN, styled, text};

/// A section, or nothing where there is none.
pub(super) fn section(manifest: &Manifest) -> Text {
    let credentials = &manifest.about.credentials;
    if credentials.is_empty() {
        return Text::default();
    }
    let each: Text = credentials.iter().map(credential).collect();
    text!["\n", styled(BOLD, "credentials that the host obtains and renews"), "\n", each, tested(manifest)]
}

fn tested(manifest: &Manifest) -> Text {
    let Some(test) = &manifest.about.test else { return Text::default() };
    text!["  ", styled(DIM, format!("a connection is tested by {}", test.operation)), "\n"]
}

fn credential(Credential { name, summary, kind }: &Credential) -> Text {
    let (how, details) = match kind {
        CredentialKind::Oauth2(of) => (by_grants(of), of_oauth2(of)),
        CredentialKind::Session(of) => ("a login".to_owned(), of_session(of)),
    };
    let mut text = text!["  ", styled(NAME, format!("{name:<16}")), " ", styled(WARN, how), ": ", summary, "\n"];
    for (what, words) in details {
        text.add(text![" ".repeat(19), styled(DIM, what), " ", words, "\n"]);
    }
    text
}

fn by_grants(of: &Oauth2) -> String {
    let grants: Vec<&str> = of.grants.iter().map(|grant| grant.as_str()).collect();
    format!("OAuth 2 by {}", grants.join(" or "))
}

fn of_oauth2(of: &Oauth2) -> Vec<(String, String)> {
    let endpoints = of.endpoints().map(|(name, endpoint)| (name.to_owned(), address(endpoint)));
    let scopes = (!of.scopes.is_empty()).then(|| ("scopes".to_owned(), of.scopes.join(" ")));
    let told = of.fields.iter().map(|told| (told.name.clone(), &told.by));
    let told = told.chain(of.servers.iter().map(|told| (format!("the address of {}", told.name), &told.by)));
    let told = told.map(|(what, by)| match by {
        ToldBy::Answer(pointer) => ("the provider tells".to_owned(), format!("{what}, at {pointer} of the answer")),
        ToldBy::Callback(name) => ("the provider tells".to_owned(), format!("{what}, by the parameter {name}")),
    });
    endpoints.chain(scopes).chain(told).collect()
}

/// `{servers.accounts}/token`, as the requests of an operation are shown.
fn address(endpoint: &Endpoint) -> String {
    let server = endpoint.server.as_ref().map_or_else(|| "base_url".to_owned(), |name| format!("servers.{name}"));
    format!("{{{server}}}{}", endpoint.path)
}

fn of_session(of: &Session) -> Vec<(String, String)> {
    let step = |(number, request): (usize, &wharf::declaration::Request)| {
        let server = request.server.as_ref().map_or_else(|| "base_url".to_owned(), |name| format!("servers.{name}"));
        (format!("request {number}"), format!("{} {{{server}}}{}", request.method.as_str(), request.path))
    };
    let steps = (1..).zip(of.login.iter().map(|step| &step.request)).map(step);
    let lasts = of.lasts.map(|seconds| ("lasts".to_owned(), format!("{seconds} seconds after the login")));
    steps.chain(lasts).collect()
}
