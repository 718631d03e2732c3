//! Which credentials requests have: the fields that an operator enters, what the host obtains, and where each is placed.
//!
//! | step | module |
//! | --- | --- |
//! | how each scheme of the description can be placed | `way` |
//! | which of its alternatives an operation has | `need` |
//! | which scopes that takes | `scopes` |
//! | fields, placements and authorization servers | `build`, `oauth2` |
//! | parameters that are the credential itself | `parameters` |

use indexmap::{IndexMap, IndexSet};
use serde_json::{Map, Value, json};

use super::model::{Api, In, Operation, Scheme, SchemeKind};
use super::report::Report;
use super::servers::Servers;
use super::texts;

mod also;
mod auth;
mod build;
mod naming;
mod need;
mod oauth2;
mod parameters;
mod prepare;
mod scopes;
#[cfg(test)]
mod tests;
mod way;

pub use auth::Auth;
use build::Builder;
use need::{Need, Needs};
pub(crate) use prepare::prepare;
use way::Way;

/// The server of requests that name none.
const MAIN: &str = "main";

/// The name of a scheme that the description does not name.
const KEY: &str = "api_key";

/// The members of a manifest that say how requests are authenticated, and what that is for each operation.
#[derive(Debug, Default)]
pub(crate) struct Credentials {
    pub(crate) fields: Map<String, Value>,
    /// Of authorization servers.
    pub(crate) servers: Map<String, Value>,
    pub(crate) credentials: Map<String, Value>,
    pub(crate) schemes: Map<String, Value>,
    /// The usual one.
    pub(crate) scheme: Option<String>,
    /// In the order of the description.
    pub(crate) of: Vec<OfOperation>,
}

/// What it is for an operation.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub(crate) struct OfOperation {
    /// Where it is not the usual one; `none`, where there is none.
    pub(crate) scheme: Option<String>,
    /// Parameters that are the credential.
    pub(crate) parameters: Vec<usize>,
    /// Scopes that its token needs, for people.
    pub(crate) scopes: Vec<String>,
}

/// Finds out which credentials requests have. What `--auth` says goes before the description.
pub(crate) fn credentials(
    api: &Api,
    plugin: &str,
    servers: &Servers,
    auth: Option<&Auth>,
    report: &mut Report,
) -> Credentials {
    let (schemes, ways, needs) = match auth {
        Some(auth) => {
            tell_of_replaced(api, auth, report);
            of_auth(api, auth)
        }
        None => of_description(api, report),
    };
    let mut needs = need::chosen(api, &ways, needs, report);
    need::with_parameters(api, &ways, &mut needs);
    let scopes = scopes::chosen(&needs);
    let mut builder = Builder::new(api, plugin, servers, &schemes, ways);
    let usual = usual(&needs);
    let names = builder.schemes(&needs, usual.as_ref(), &scopes, report);
    let name_of = |need: &Need| names.get(&need.schemes).cloned();
    let placed = |need: Option<&Need>| need.map(|need| builder.places(need)).unwrap_or_default();
    let spots: Vec<Vec<Spot>> = needs.iter().map(|need| placed(need.as_ref())).collect();
    let parameters = parameters::of(api, &spots);
    let usual_name = usual.as_ref().and_then(|usual| names.get(usual).cloned());
    let of = needs.iter().zip(parameters).zip(scopes.of).map(|((need, parameters), scopes)| {
        let scheme = need.as_ref().and_then(name_of);
        let differs = scheme != usual_name;
        OfOperation { scheme: differs.then(|| scheme.unwrap_or_else(|| "none".to_owned())), parameters, scopes }
    });
    let of = of.collect();
    let mut made = Credentials { scheme: usual_name, of, ..builder.done() };
    also::write_also(api, &spots, &mut made);
    made
}

type Schemes = IndexMap<String, Scheme>;
type Ways = IndexMap<String, Way>;

/// What a person says goes before what is described, which is told.
fn tell_of_replaced(api: &Api, auth: &Auth, report: &mut Report) {
    let requirements = api.operations.iter().filter_map(|operation| operation.security.as_ref()).flatten();
    let names: IndexSet<String> = requirements.flat_map(IndexMap::keys).map(|name| texts::shown(name)).collect();
    if !names.is_empty() {
        let names: Vec<String> = names.into_iter().take(8).map(|name| format!("`{name}`")).collect();
        let text = format!("--auth takes the place of what is described: {}", names.join(", "));
        report.of(None).note("", "auth-instead", text);
    }
    if matches!(auth, Auth::Body(_)) && api.operations.iter().any(|operation| operation.body.is_none()) {
        let text = "requests without a body have no credentials, as --auth has them be a member of it";
        report.of(None).note("", "auth-of-bodies", text);
    }
}

/// All operations have what `--auth` says, but for those that say themselves that they need nothing.
fn of_auth(api: &Api, auth: &Auth) -> (Schemes, Ways, Vec<Needs>) {
    let Some((name, way)) = auth.scheme() else {
        return (Schemes::new(), Ways::new(), vec![Needs::Nothing; api.operations.len()]);
    };
    let says_nothing_needed = |operation: &Operation| operation.security.as_ref().is_some_and(|all| is_open(all));
    let is_said = api.operations.iter().any(|operation| operation.security.as_ref().is_some_and(|all| !is_open(all)));
    let needs = api.operations.iter().map(|operation| match () {
        () if is_said && says_nothing_needed(operation) => Needs::Nothing,
        // A member of the body needs a body.
        () if matches!(auth, Auth::Body(_)) && operation.body.is_none() => Needs::Nothing,
        () => Needs::One(name.to_owned()),
    });
    let needs = needs.collect();
    (Schemes::new(), IndexMap::from([(name.to_owned(), way)]), needs)
}

/// Whether nothing is needed: no alternative has a scheme.
fn is_open(alternatives: &[super::model::Requirement]) -> bool {
    alternatives.iter().all(IndexMap::is_empty)
}

/// What the description says; and where it says nothing of any operation, what its schemes or its parameters tell.
fn of_description(api: &Api, report: &mut Report) -> (Schemes, Ways, Vec<Needs>) {
    let (schemes, needs) = described(api, report);
    let ways = way::ways(&schemes, report);
    (schemes, ways, needs)
}

fn described(api: &Api, report: &mut Report) -> (Schemes, Vec<Needs>) {
    let all = |needs: Needs| vec![needs; api.operations.len()];
    if api.operations.iter().any(|operation| operation.security.is_some()) {
        let needs = api.operations.iter().map(|operation| match &operation.security {
            None => parameters::scheme(api, operation).map_or(Needs::Nothing, Needs::One),
            Some(alternatives) => Needs::OneOf(alternatives.clone()),
        });
        return (api.schemes.clone(), needs.collect());
    }
    let mut tell = report.of(None);
    let mut can_be_placed = api.schemes.values().filter(|scheme| !matches!(scheme.kind, SchemeKind::Other(_)));
    if can_be_placed.any(|scheme| !matches!(scheme.kind, SchemeKind::ApiKey { at: In::Cookie, .. })) {
        let place = api.schemes.values().next().map(|scheme| scheme.place.clone()).unwrap_or_default();
        tell.note(&place, "unused-schemes", "no operation says which scheme it needs; all of them have the first one");
        let alternatives = api.schemes.keys().map(|name| IndexMap::from([(name.clone(), Vec::new())])).collect();
        return (api.schemes.clone(), all(Needs::OneOf(alternatives)));
    }
    if let Some((at, name, has)) = parameters::usual(api) {
        let text =
            format!("nothing is said of credentials; the parameter `{name}` of most operations is taken for one");
        tell.note("", "credential-parameter", text);
        let scheme = Scheme { place: String::new(), description: String::new(), kind: SchemeKind::ApiKey { at, name } };
        let need = |has| if has { Needs::One(KEY.to_owned()) } else { Needs::Nothing };
        return (IndexMap::from([(KEY.to_owned(), scheme)]), has.into_iter().map(need).collect());
    }
    tell.note(
        "",
        "no-security",
        "nothing is said of credentials, so requests have none; say it by `--auth bearer` (or `basic`, `header:X-Key`, `query:key`, \
         `body:key`), or by `--auth none` where there are none",
    );
    (Schemes::new(), all(Needs::Nothing))
}

/// What most operations have; the first of several.
fn usual(needs: &[Option<Need>]) -> Option<Vec<String>> {
    let mut counts: IndexMap<&Vec<String>, usize> = IndexMap::new();
    for need in needs.iter().flatten() {
        *counts.entry(&need.schemes).or_default() += 1;
    }
    let most = counts.values().copied().max()?;
    counts.into_iter().find(|(_, count)| *count == most).map(|(schemes, _)| schemes.clone())
}

/// Where a credential is written.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub(crate) struct Spot {
    pub(crate) at: Where,
    pub(crate) name: String,
}

/// In which part of a request.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
pub(crate) enum Where {
    #[default]
    Header,
    Query,
    Body,
    Path,
}

impl Spot {
    /// Whether a parameter would be written there, too.
    fn is_of(&self, at: In, name: &str) -> bool {
        match (self.at, at) {
            (Where::Header, In::Header) => alike(&self.name) == alike(name),
            (Where::Path, In::Path) => self.name == name,
            (Where::Query, In::Query) => self.name.eq_ignore_ascii_case(name),
            _ => false,
        }
    }
}

/// A name of a header as servers read it.
fn alike(name: &str) -> String {
    name.to_ascii_lowercase().replace('_', "-")
}

impl Where {
    fn member(self) -> &'static str {
        match self {
            Self::Header => "header",
            Self::Query => "query",
            Self::Body => "body",
            Self::Path => "path",
        }
    }

    fn in_words(self) -> &'static str {
        match self {
            Self::Header => "header",
            Self::Query => "query parameter",
            Self::Body => "member of the body",
            Self::Path => "variable of the path",
        }
    }
}

impl Spot {
    /// A placement of this text.
    fn placement(&self, template: &str) -> Value {
        json!({ self.at.member(): self.name, "template": template })
    }
}
