//! Which scopes a token is asked for.

use std::collections::BTreeMap;

use indexmap::{IndexMap, IndexSet};

use super::need::Need;

/// Scopes of tokens.
#[derive(Debug, Default)]
pub(super) struct Scopes {
    /// All that the operations with these schemes need.
    pub(super) all: IndexMap<Vec<String>, IndexSet<String>>,
    /// By operation.
    pub(super) of: Vec<Vec<String>>,
}

/// Schemes that are placed together, and alternatives of scopes.
type Cleaned = (Vec<String>, Vec<Vec<String>>);

/// Of an operation one of its alternatives suffices, so those are taken that most operations share.
pub(super) fn chosen(needs: &[Option<Need>]) -> Scopes {
    let mut all: IndexMap<Vec<String>, IndexSet<String>> = IndexMap::new();
    let cleaned: Vec<Option<Cleaned>> = needs
        .iter()
        .map(|need| {
            need.as_ref().map(|need| (need.schemes.clone(), need.scopes.iter().map(|one| clean(one)).collect()))
        })
        .collect();
    for (schemes, alternatives) in cleaned.iter().flatten() {
        let known = all.entry(schemes.clone()).or_default();
        // There is no choice.
        if let [one] = alternatives.as_slice() {
            known.extend(one.iter().cloned());
        }
    }
    for (schemes, known) in &mut all {
        cover(known, cleaned.iter().flatten().filter(|(of, _)| of == schemes).map(|(_, alternatives)| alternatives));
    }
    let of_one = |(schemes, alternatives): &Cleaned| {
        let known = all.get(schemes)?;
        alternatives.iter().find(|one| one.iter().all(|scope| known.contains(scope))).cloned()
    };
    let of = cleaned.iter().map(|need| need.as_ref().and_then(of_one).unwrap_or_default()).collect();
    Scopes { all, of }
}

/// Takes alternatives until each operation has one: the one that most operations share, of these the longest, as it mostly allows less.
fn cover<'n>(known: &mut IndexSet<String>, needs: impl Iterator<Item = &'n Vec<Vec<String>>>) {
    let mut open: Vec<&Vec<Vec<String>>> = needs.collect();
    loop {
        open.retain(|alternatives| !alternatives.iter().any(|one| one.iter().all(|scope| known.contains(scope))));
        let mut counts: BTreeMap<&Vec<String>, usize> = BTreeMap::new();
        for alternative in open.iter().copied().flatten() {
            *counts.entry(alternative).or_default() += 1;
        }
        let length = |scopes: &[String]| scopes.iter().map(String::len).sum::<usize>();
        let Some((best, _)) = counts.into_iter().max_by_key(|(scopes, count)| (*count, length(scopes))) else { return };
        known.extend(best.iter().cloned());
    }
}

/// Scopes as a token can be asked for (RFC 6749, section 3.3). `none` is what some descriptions call the need for none.
fn clean(scopes: &[String]) -> Vec<String> {
    let is_visible = |c: char| matches!(c, '!'..='~') && !matches!(c, '"' | '\\');
    let single = scopes.iter().flat_map(|scope| scope.split_whitespace());
    let good = single.filter(|scope| *scope != "none" && scope.len() <= 512 && scope.chars().all(is_visible));
    good.map(str::to_owned).collect()
}
