//! The check of credentials that are obtained, as far as it takes more of the manifest than requests and schemes; and of the test of a
//! connection.

use serde_json::json;
use wharf_egress::declaration::{
    Credential, CredentialKind, Effect, MAIN_SERVER, Oauth2, Request, Session, Source, is_pointer, place,
};

use super::Lint;
use crate::manifest::{About, ConnectionTest, Manifest, Operation, add_definitions};
use crate::operation::{self, Schema};

/// Places of an output where an identity is looked for.
const MOST_PLACES: usize = 8;

impl Lint {
    pub(super) fn credentials(&mut self, about: &About) {
        for Credential { name, kind, .. } in &about.credentials {
            match kind {
                CredentialKind::Oauth2(oauth2) => self.oauth2(name, about, oauth2),
                CredentialKind::Session(session) => self.session(name, about, session),
            }
        }
    }

    fn oauth2(&mut self, name: &str, about: &About, oauth2: &Oauth2) {
        let whole = place(&["credentials", name, "oauth2"]);
        for used in oauth2.uses() {
            let place = format!("{whole}{}", used.place);
            match (is_secret(about, used.field), used.secret) {
                (Some(true), false) => self.report(
                    &place,
                    format!("the connection field `{}` is a secret, and stands here where it can be read", used.field),
                ),
                (Some(false), true) => self.secret(&place, about, used.field),
                _ => {}
            }
        }
        for (endpoint, of) in oauth2.endpoints() {
            self.server(&format!("{whole}/{endpoint}"), about, of.server.as_deref());
        }
        for told in oauth2.fields.iter().filter(|told| is_secret(about, &told.name) == Some(true)) {
            let place = format!("{whole}{}", place(&["fields", &told.name]));
            self.report(&place, "the field is a secret; what a provider tells is none");
        }
        for told in oauth2.servers.iter().filter(|told| told.name != MAIN_SERVER) {
            self.server(&format!("{whole}{}", place(&["servers", &told.name])), about, Some(&told.name));
        }
    }

    fn session(&mut self, name: &str, about: &About, session: &Session) {
        for request in session.login.iter().map(|step| &step.request) {
            let place = place(&["credentials", name, "session", "login", &request.name]);
            self.server(&place, about, request.server.as_deref());
            self.no_secrets(&place, about, request);
        }
    }

    /// A field that nobody but the host is to know.
    pub(super) fn secret(&mut self, place: &str, about: &About, field: &str) {
        match is_secret(about, field) {
            Some(true) => {}
            Some(false) => self.report(
                place,
                format!("the connection field `{field}` has to be a secret; write `secret: true` there"),
            ),
            None => self.report(place, format!("the connection field `{field}` is not declared")),
        }
    }

    /// Secrets are placed by schemes.
    pub(super) fn no_secrets(&mut self, place: &str, about: &About, request: &Request) {
        for field in request.connection_fields().filter(|name| is_secret(about, name) == Some(true)) {
            self.report(place, format!("the connection field `{field}` is a secret; only a scheme may place it"));
        }
    }

    pub(super) fn server(&mut self, place: &str, about: &About, server: Option<&str>) {
        if let Some(name) = server.filter(|name| about.server(Some(name)).is_none()) {
            self.report(
                place,
                format!("its server `{name}` is not declared; the main one is meant where none is named"),
            );
        }
    }

    /// What shows whether a connection works is run without anybody asking for it.
    pub(super) fn test(&mut self, manifest: &Manifest) {
        let Some(ConnectionTest { operation, identity }) = &manifest.about.test else { return };
        let Some(found) = manifest.operations.iter().find(|known| known.name == *operation) else {
            return self.report("/test/operation", format!("there is no operation `{operation}`"));
        };
        if found.effect != Effect::Read {
            self.report(
                "/test/operation",
                format!("`{operation}` does more than read, and is run to test a connection"),
            );
        }
        // A schema with problems is not made ready.
        if self.problems.is_empty() && needs_something(manifest, found) {
            self.report(
                "/test/operation",
                format!("`{operation}` needs an input, and is run without one to test a connection"),
            );
        }
        if identity.len() > MOST_PLACES {
            self.report("/test/identity", format!("there are {}; the most are {MOST_PLACES}", identity.len()));
        }
        self.unique("/test/identity", identity.iter());
        for pointer in identity.iter().filter(|pointer| !is_pointer(pointer)) {
            self.report("/test/identity", format!("`{pointer}` is no JSON Pointer (such as `/email`)"));
        }
    }
}

fn is_secret(about: &About, field: &str) -> Option<bool> {
    about.fields.iter().find(|known| known.name == field).map(|field| field.secret)
}

/// Whether an operation cannot be run with an empty input: its schema or a path says so.
fn needs_something(manifest: &Manifest, operation: &Operation) -> bool {
    // A credential may stand in the path too, and is nobody's input.
    let is_input =
        |source: Source| matches!(source, Source::Input(name) if operation.input_names().any(|own| own == name));
    let in_path = |request: &Request| {
        let mut sources = request.path.variables().map(|name| request.source_of(name));
        request.when_given.is_empty() && sources.any(is_input)
    };
    refuses_nothing(manifest, operation)
        || operation.attachments.iter().any(|file| file.required)
        || operation.requests.iter().any(in_path)
}

/// Whether its schema does not take an input without anything in it.
fn refuses_nothing(manifest: &Manifest, operation: &Operation) -> bool {
    let mut declared = operation.clone();
    let find = |name: &str| Ok(manifest.definitions.get(name).cloned());
    let is_whole = add_definitions(&mut declared.input_schema, find).is_ok();
    let Some(schema) = is_whole.then(|| Schema::new(&declared.input_schema).ok()).flatten() else { return false };
    operation::Operation::new(declared, schema, Vec::new()).validate(json!({})).is_err()
}
