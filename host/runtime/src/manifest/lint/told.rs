//! Mistakes that follow from others are not told.

use std::collections::HashSet;

use wharf_egress::declaration::Problem;

/// What is wrong with a request whose inputs are none.
const UNBOUND: [&str; 2] = [" which is no input of the operation", " in the path is no input of the operation"];

/// Leaves of each mistake one problem.
pub(super) fn once(problems: &mut Vec<Problem>) {
    let told: HashSet<(String, String)> =
        problems.iter().map(|problem| (problem.place.clone(), problem.problem.clone())).collect();
    let without_inputs: HashSet<String> = problems
        .iter()
        .filter(|problem| problem.problem.starts_with(super::schemas::NO_PROPERTIES))
        .filter_map(|problem| Some(problem.place.strip_suffix("/input")?.to_owned()))
        .collect();
    let misnamed: HashSet<String> = problems
        .iter()
        .filter(|problem| problem.problem.starts_with("its name is not `<resource>.<action>`"))
        .map(|problem| problem.place.clone())
        .collect();
    problems.retain(|Problem { place, problem }| {
        let operation = place.split("/request").next().unwrap_or_default();
        // The request that turns the page is made of the other one.
        let of_first = place.strip_suffix("/requests/next-page").map(|operation| format!("{operation}/request"));
        let is_again = of_first.is_some_and(|first| told.contains(&(first, problem.clone())));
        let is_unbound = UNBOUND.iter().any(|words| problem.contains(words)) && without_inputs.contains(operation);
        let is_misnamed = operation.len() < place.len()
            && problem.starts_with("its name is not in kebab case")
            && misnamed.contains(operation);
        !is_again && !is_unbound && !is_misnamed
    });
}
