//! Which operation a request is, by its method and path.

use crate::table::Operation;

/// The operation of a method and the segments of a path, and the values of the path's variables. Of two that fit, the one
/// whose first literal comes sooner is meant: `/users/identities` rather than `/users/{userId}`.
pub(crate) fn find<'o>(
    operations: &'o [Operation],
    method: &str,
    path: &[&str],
) -> Option<(&'o Operation, Vec<(String, String)>)> {
    let fitting = operations.iter().filter_map(|operation| {
        let (wanted, template) = operation.call.split_once(' ')?;
        let values = (wanted == method).then(|| fit(template, path)).flatten()?;
        Some((operation, values))
    });
    fitting.min_by_key(|(operation, _)| shape(&operation.call))
}

fn fit(template: &str, path: &[&str]) -> Option<Vec<(String, String)>> {
    let template: Vec<&str> = template.split('/').filter(|segment| !segment.is_empty()).collect();
    if template.len() != path.len() {
        return None;
    }
    let mut values = Vec::new();
    for (expected, found) in template.iter().zip(path) {
        match variable(expected) {
            Some(name) => values.push((name.to_owned(), (*found).to_owned())),
            None if expected == found => {}
            None => return None,
        }
    }
    Some(values)
}

fn variable(segment: &str) -> Option<&str> {
    segment.strip_prefix('{')?.strip_suffix('}')
}

/// Literals sort before variables.
fn shape(call: &str) -> Vec<bool> {
    call.split('/').map(|segment| variable(segment).is_some()).collect()
}
