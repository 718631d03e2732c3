//! Which of its alternatives an operation has.

use std::collections::HashSet;

use indexmap::IndexMap;

use super::way::Way;
use super::{Spot, Ways};
use crate::import::model::{Api, Requirement};
use crate::import::names;
use crate::import::report::{Report, Teller};

/// Schemes that are placed together.
const MOST_TOGETHER: usize = 8;

/// Schemes of a manifest.
const MOST_SCHEMES: usize = 100;

/// What an operation needs, as it is said.
#[derive(Clone, Debug, PartialEq)]
pub(super) enum Needs {
    Nothing,
    /// The scheme of this name.
    One(String),
    OneOf(Vec<Requirement>),
}

/// What is chosen for it.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub(super) struct Need {
    /// Schemes that are placed together.
    pub(super) schemes: Vec<String>,
    /// Scopes of a token: alternatives, of each of which all are needed.
    pub(super) scopes: Vec<Vec<String>>,
}

/// Adds to what operations need the keys that they have as parameters which must be there: some descriptions list schemes as
/// alternatives that are needed together.
pub(super) fn with_parameters(api: &Api, ways: &Ways, needs: &mut [Option<Need>]) {
    let keys: Vec<(&String, Spot)> = ways
        .iter()
        .filter(|(_, way)| matches!(way, Way::Key(_)))
        .filter_map(|(name, way)| Some((name, way.spot()?)))
        .collect();
    for (operation, need) in api.operations.iter().zip(needs) {
        let Some(need) = need else { continue };
        for parameter in operation.parameters.iter().filter(|parameter| parameter.required) {
            let found = keys.iter().find(|(_, spot)| spot.is_of(parameter.at, &parameter.name));
            let is_written = |spot: &Spot| {
                let mut others = need.schemes.iter().filter_map(|name| ways.get(name)?.spot());
                others.any(|other| other.is_of(parameter.at, &spot.name))
            };
            if let Some((name, spot)) = found
                && !is_written(spot)
                && need.schemes.len() < MOST_TOGETHER
            {
                need.schemes.push((*name).clone());
            }
        }
    }
}

/// By operation; none where it has no credentials.
pub(super) fn chosen(api: &Api, ways: &Ways, needs: Vec<Needs>, report: &mut Report) -> Vec<Option<Need>> {
    let (mut told, mut known) = (Told::default(), HashSet::new());
    let chosen = api.operations.iter().zip(needs).map(|(operation, needs)| {
        let alternatives = match needs {
            Needs::Nothing => return None,
            Needs::One(name) => vec![IndexMap::from([(name, Vec::new())])],
            Needs::OneOf(alternatives) => alternatives,
        };
        told.alternatives(&alternatives, ways, &mut report.of(None), &operation.place);
        let mut tell = report.of(Some(names::written(operation)));
        let need = one_of(&alternatives, ways, &mut tell, &operation.place)?;
        if known.len() == MOST_SCHEMES && !known.contains(&need.schemes) {
            let text = "its requests have no credentials: a plugin has 100 schemes, and it needs another one";
            tell.lost(&operation.place, "credential", text);
            return None;
        }
        known.insert(need.schemes.clone());
        Some(need)
    });
    chosen.collect()
}

/// The best of alternatives: one that an operator enters, a bearer token before others, and then one that the host obtains.
fn one_of(alternatives: &[Requirement], ways: &Ways, tell: &mut Teller<'_>, place: &str) -> Option<Need> {
    let some = || alternatives.iter().filter(|alternative| !alternative.is_empty());
    let Some(best) = some().filter(|one| problem(one, ways).is_none()).min_by_key(|one| rank(one, ways)) else {
        if let Some(problem) = some().find_map(|one| problem(one, ways)) {
            tell.lost(place, "credential", format!("its requests have no credentials: {problem}"));
        }
        return None;
    };
    let schemes = each_place_once(best, ways);
    let same = some().filter(|one| one.keys().eq(best.keys()));
    let of_tokens = |one: &Requirement| {
        let of_token = |name: &String| matches!(ways.get(name), Some(Way::Oauth2(_)));
        one.iter().filter(|(name, _)| of_token(name)).flat_map(|(_, scopes)| scopes.clone()).collect::<Vec<_>>()
    };
    Some(Need { scopes: same.map(of_tokens).collect(), schemes })
}

/// Why schemes cannot be placed together.
fn problem(alternative: &Requirement, ways: &Ways) -> Option<String> {
    if alternative.len() > MOST_TOGETHER {
        return Some(format!("it needs {} schemes at once", alternative.len()));
    }
    alternative.keys().find_map(|name| match ways.get(name) {
        None => Some(format!("the scheme `{name}` is described nowhere")),
        Some(Way::Nowhere(what)) => Some(format!("the scheme `{name}` is {what}, which the host does not write")),
        Some(_) => None,
    })
}

/// Of schemes with one place, which are one credential by several ways, the one that the host can go; else the first.
fn each_place_once(alternative: &Requirement, ways: &Ways) -> Vec<String> {
    let place = |name: &String| ways.get(name)?.spot().map(|spot| (spot.at.member(), super::alike(&spot.name)));
    let mut kept: Vec<&String> = Vec::new();
    for name in alternative.keys() {
        match kept.iter_mut().find(|other| place(other) == place(name)) {
            None => kept.push(name),
            Some(other) if matches!(ways.get(*other), Some(Way::Token)) => *other = name,
            Some(_) => {}
        }
    }
    kept.into_iter().cloned().collect()
}

/// The smaller the better.
fn rank(alternative: &Requirement, ways: &Ways) -> u8 {
    let all = |is: fn(&Way) -> bool| alternative.keys().all(|name| ways.get(name).is_some_and(is));
    match () {
        () if all(|way| matches!(way, Way::Bearer)) => 0,
        () if all(Way::is_static) => 1,
        () if all(|way| !matches!(way, Way::Token)) => 2,
        () => 3,
    }
}

/// What is told once for all operations.
#[derive(Default)]
struct Told {
    optional: bool,
    others: HashSet<Vec<String>>,
}

impl Told {
    fn alternatives(&mut self, alternatives: &[Requirement], ways: &Ways, tell: &mut Teller<'_>, place: &str) {
        let some: Vec<&Requirement> = alternatives.iter().filter(|one| !one.is_empty()).collect();
        if !some.is_empty() && some.len() < alternatives.len() && !self.optional {
            self.optional = true;
            tell.note(
                place,
                "optional-credentials",
                "operations that need no credentials, and may have them, have them",
            );
        }
        let mut keys: Vec<Vec<String>> = some.iter().map(|one| one.keys().cloned().collect()).collect();
        keys.dedup();
        if keys.len() > 1 && self.others.insert(keys.concat()) {
            let names: Vec<String> = keys.iter().map(|names| format!("`{}`", names.join("` with `"))).collect();
            let best = some.iter().filter(|one| problem(one, ways).is_none()).min_by_key(|one| rank(one, ways));
            let Some(best) = best else { return };
            let best = best.keys().cloned().collect::<Vec<_>>().join("` with `");
            let text = format!("of {} only `{best}` is written", names.join(", "));
            tell.note(place, "alternative-credentials", text);
        }
    }
}
