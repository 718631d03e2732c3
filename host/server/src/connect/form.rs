//! What somebody is asked for on a page, and what they entered.

use std::collections::BTreeMap;

use wharf::Secret;
use wharf::declaration::{CredentialKind, MAIN_SERVER};
use wharf::manifest::{About, ConnectionField};
use zeroize::Zeroizing;

use super::page::{FORM_TOKEN, Input, InputKind};
use super::reach::{Reach, check_server};
use super::wish::Plan;
use crate::problem::Problem;

/// What the address of the main server is called in a form. No field of a plugin has such a name.
const SERVER: &str = "server-main";

/// The largest value, in bytes: as in a configuration.
const LARGEST: usize = 64 << 10;

/// What is asked for.
pub(crate) struct Form {
    inputs: Vec<Input>,
}

/// What somebody entered.
#[derive(Default)]
pub(crate) struct Entered(BTreeMap<String, Zeroizing<String>>);

impl Entered {
    /// What a form was filled in with.
    pub(crate) fn read(body: &[u8]) -> Self {
        let pairs = form_urlencoded::parse(body);
        // A browser sends line breaks as two characters each (HTML, section 4.10.21.8).
        Self(pairs.map(|(name, value)| (name.into_owned(), Zeroizing::new(value.replace("\r\n", "\n")))).collect())
    }

    /// What stood in the hidden part of the form.
    pub(crate) fn token(&self) -> &str {
        self.get(FORM_TOKEN)
    }

    fn get(&self, name: &str) -> &str {
        self.0.get(name).map(|value| value.as_str()).unwrap_or_default()
    }
}

/// What is made of it.
#[derive(Default)]
pub(crate) struct Taken {
    pub(crate) servers: BTreeMap<String, String>,
    pub(crate) fields: BTreeMap<String, Secret>,
}

impl Form {
    /// What a plan lacks. Where nothing but its fields makes the connection, all of them are asked for anew.
    pub(crate) fn of(reach: &Reach<'_>, plan: &Plan, is_by_browser: bool) -> Result<Self, Problem> {
        let about = &plan.release.about;
        let asks_server = plan.lacks_main_server();
        let mut connect = plan.connect.clone();
        if !is_by_browser && !plan.is_configured && plan.info.is_some() {
            // As if there were none.
            connect.name = format!("{}.{}", "new", super::random::<16>()?.as_str());
            if let Some(info) = &plan.info {
                connect.servers.extend(info.servers.clone());
            }
        }
        if asks_server {
            // Only so that it can be told what else is lacking.
            connect.servers.insert(MAIN_SERVER.to_owned(), "https://not-told-yet.invalid".to_owned());
        }
        let lacking = reach.host.lacking(&connect)?;
        let asked = about.fields.iter().filter(|field| lacking.contains(&field.name));
        let server = asks_server.then(|| Input {
            name: SERVER.to_owned(),
            title: "Address".to_owned(),
            summary: about.base_url.summary.clone(),
            kind: InputKind::Text,
            is_required: true,
            value: String::new(),
        });
        Ok(Self { inputs: server.into_iter().chain(asked.map(|field| input(field, about))).collect() })
    }

    pub(crate) fn inputs(&self) -> &[Input] {
        &self.inputs
    }

    /// With what was entered before, but for what is secret.
    pub(crate) fn filled(mut self, entered: &Entered) -> Self {
        for input in &mut self.inputs {
            if matches!(input.kind, InputKind::Text | InputKind::Choice(_)) {
                entered.get(&input.name).clone_into(&mut input.value);
            }
        }
        self
    }

    /// Servers and fields of what was entered, or what is wrong with it.
    pub(crate) fn taken(&self, entered: &Entered) -> Result<Taken, String> {
        let Taken { mut servers, mut fields } = Taken::default();
        for input in &self.inputs {
            match entered.get(&input.name) {
                "" if input.is_required => return Err(format!("“{}” is missing.", input.title)),
                "" => {}
                value if value.len() > LARGEST => return Err(format!("“{}” is too long.", input.title)),
                value if input.name == SERVER => {
                    let wrong = "The address is none that can be used here: it begins with https:// and a name.";
                    check_server(MAIN_SERVER, value.trim()).map_err(|_| wrong.to_owned())?;
                    servers.insert(MAIN_SERVER.to_owned(), value.trim().to_owned());
                }
                value => drop(fields.insert(input.name.clone(), Secret::new(value))),
            }
        }
        Ok(Taken { servers, fields })
    }
}

fn input(field: &ConnectionField, about: &About) -> Input {
    let kind = match field {
        ConnectionField { choices, .. } if !choices.is_empty() => InputKind::Choice(choices.clone()),
        ConnectionField { name, .. } if has_lines(name, about) => InputKind::Lines,
        ConnectionField { secret: true, .. } => InputKind::Secret,
        _ => InputKind::Text,
    };
    Input {
        name: field.name.clone(),
        title: field.title.clone(),
        summary: field.summary.clone(),
        kind,
        is_required: field.required,
        value: field.default.clone().unwrap_or_default(),
    }
}

/// Whether it is in PEM form, which a field of one line would spoil.
fn has_lines(name: &str, about: &About) -> bool {
    let certificates = about.servers.iter().map(|server| &server.rule).chain([&about.base_url]);
    let mut certificates = certificates.filter_map(|rule| rule.client_certificate.as_ref());
    let is_key = about.credentials.iter().any(|credential| match &credential.kind {
        CredentialKind::Oauth2(oauth2) => {
            oauth2.assertion.as_ref().is_some_and(|assertion| assertion.key.field == name)
        }
        CredentialKind::Session(_) => false,
    });
    is_key || certificates.any(|one| one.certificate == name || one.key == name)
}
