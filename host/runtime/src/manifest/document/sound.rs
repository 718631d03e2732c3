//! What can be checked of a manifest of whose document some is malformed: all else.

use wharf_egress::declaration;

use super::Problem;
use crate::manifest::{self, Manifest};

/// Members on which nothing else in a manifest depends.
const ALONE: [&str; 6] = ["contract", "title", "version", "summary", "test", "rate"];

/// Those of which an unknown member takes nothing away.
const WHOLE: [&str; 3] = ["server", "servers", "schemes"];

/// A manifest without the operations that are malformed; nothing where more is.
pub(super) fn part(manifest: &Manifest, wrong: &[Problem]) -> Option<Manifest> {
    let is_confined = |problem: &Problem| {
        let mut steps = problem.place.split('/').skip(1);
        match (steps.next(), steps.next(), steps.next()) {
            (Some("operations"), Some(_), _) | (Some("fields"), Some(_), Some(_)) => true,
            (Some(name), ..) => ALONE.contains(&name) || (problem.of_name && WHOLE.contains(&name)),
            (None, ..) => false,
        }
    };
    if !wrong.iter().all(is_confined) {
        return None;
    }
    let mut part = manifest.clone();
    part.operations.retain(|operation| !is_wrong(&of_operation(&operation.name), wrong));
    Some(part)
}

/// What the check finds in such a part, of which nothing was told yet.
pub(super) fn problems(part: &Manifest, wrong: &[Problem]) -> Option<Vec<declaration::Problem>> {
    let mut found = manifest::check(part).err()?;
    let names = || part.operations.iter().map(|operation| &operation.name);
    let tests_one = part.about.test.as_ref().is_some_and(|test| {
        names().any(|name| *name == test.operation) || !is_wrong(&of_operation(&test.operation), wrong)
    });
    found.retain(|problem| {
        let is_told =
            wrong.iter().any(|told| is_within(&told.place, &problem.place) || is_within(&problem.place, &told.place));
        !is_told && !problem.place.is_empty() && (tests_one || !is_within(&problem.place, "/test"))
    });
    Some(found)
}

fn of_operation(name: &str) -> String {
    declaration::place(&["operations", name])
}

/// Whether something is wrong at a place, or within it.
fn is_wrong(place: &str, wrong: &[Problem]) -> bool {
    wrong.iter().any(|problem| is_within(&problem.place, place))
}

fn is_within(place: &str, outer: &str) -> bool {
    place.strip_prefix(outer).is_some_and(|rest| rest.is_empty() || rest.starts_with('/'))
}
