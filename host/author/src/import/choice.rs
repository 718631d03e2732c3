//! Which operations of a description are taken: `--include` and `--exclude`.

use wharf::operation::nearest;

use super::ImportError;
use super::model::Operation;

/// The most requests of a plugin.
const MOST: usize = 16_000;

/// A choice by tags, paths and operations.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub(crate) struct Choice {
    include: Vec<String>,
    exclude: Vec<String>,
}

impl Choice {
    pub(crate) fn of(include: &[String], exclude: &[String]) -> Self {
        Self { include: include.to_vec(), exclude: exclude.to_vec() }
    }

    /// Keeps the operations that are chosen, and tells how many there were.
    ///
    /// # Errors
    /// A pattern that fits nothing: it would leave something in, or out, that somebody meant.
    pub(crate) fn keep(&self, operations: &mut Vec<Operation>) -> Result<usize, ImportError> {
        for (flag, pattern) in
            self.include.iter().map(|p| ("--include", p)).chain(self.exclude.iter().map(|p| ("--exclude", p)))
        {
            if !operations.iter().any(|operation| fits(pattern, operation)) {
                return Err(unknown(flag, pattern, operations));
            }
        }
        let before = operations.len();
        let any = |patterns: &[String], operation: &Operation| patterns.iter().any(|pattern| fits(pattern, operation));
        operations.retain(|operation| {
            (self.include.is_empty() || any(&self.include, operation)) && !any(&self.exclude, operation)
        });
        if operations.len() > MOST {
            let problem =
                format!("it has {} operations, and a plugin has {MOST} at most; choose by --include", operations.len());
            return Err(ImportError::new("", problem));
        }
        match operations.is_empty() && before > 0 {
            true => Err(ImportError::new("--exclude", "no operation is left; exclude less")),
            false => Ok(before),
        }
    }
}

fn unknown(flag: &str, pattern: &str, operations: &[Operation]) -> ImportError {
    let known = operations.iter().flat_map(|operation| {
        let names = operation.tags.iter().map(String::as_str).chain(operation.id.as_deref());
        names.chain([operation.path.as_str()])
    });
    let near = nearest(pattern, known).map(|near| format!("did you mean `{near}`? ")).unwrap_or_default();
    let kinds = "a tag, a path such as /users or /users/*, `GET /users`, or an operationId; `*` is any text";
    ImportError::new(format!("{flag} {pattern}"), format!("no operation fits; {near}it is {kinds}"))
}

/// Whether a pattern is for an operation: its tag, its path or one below, its method and path, or its id.
fn fits(pattern: &str, operation: &Operation) -> bool {
    if let Some((method, path)) = pattern.split_once(' ').filter(|(_, path)| path.starts_with(['/', '*'])) {
        return method.eq_ignore_ascii_case(&operation.method) && is_like(path, &operation.path);
    }
    if pattern.starts_with('/') {
        let below = format!("{}/*", pattern.trim_end_matches('/'));
        return is_like(pattern, &operation.path) || is_like(&below, &operation.path);
    }
    let names = operation.tags.iter().chain(&operation.id);
    names.into_iter().any(|name| is_like(&pattern.to_lowercase(), &name.to_lowercase()))
}

/// Whether a text is like a pattern, in which `*` is any text.
fn is_like(pattern: &str, text: &str) -> bool {
    let Some((first, rest)) = pattern.split_once('*') else { return pattern == text };
    let Some(mut left) = text.strip_prefix(first) else { return false };
    let mut parts = rest.split('*').peekable();
    while let Some(part) = parts.next() {
        if parts.peek().is_none() {
            return left.ends_with(part);
        }
        match left.find(part) {
            Some(at) => left = left.get(at.saturating_add(part.len())..).unwrap_or_default(),
            None => return false,
        }
    }
    true
}

#[cfg(test)]
mod tests {
    use super::*;

    fn operation(method: &str, path: &str, id: &str, tag: &str) -> Operation {
        let (method, path) = (method.to_owned(), path.to_owned());
        Operation { method, path, id: Some(id.to_owned()), tags: vec![tag.to_owned()], ..Operation::default() }
    }

    fn kept(include: &[&str], exclude: &[&str]) -> Result<Vec<String>, String> {
        let mut operations = vec![
            operation("GET", "/users", "users/list", "Users"),
            operation("DELETE", "/users/{id}", "users/delete", "Users"),
            operation("GET", "/orders/{id}/lines", "orders/list-lines", "Orders"),
        ];
        let [include, exclude] =
            [include, exclude].map(|texts| texts.iter().map(|t| (*t).to_owned()).collect::<Vec<_>>());
        Choice::of(&include, &exclude).keep(&mut operations).map_err(|error| error.to_string())?;
        Ok(operations.into_iter().map(|operation| operation.id.unwrap()).collect())
    }

    #[test]
    fn operations_are_chosen_by_tag_path_and_id() {
        assert_eq!(kept(&["users"], &[]).unwrap(), ["users/list", "users/delete"]);
        assert_eq!(kept(&["/users"], &["DELETE /users/*"]).unwrap(), ["users/list"]);
        assert_eq!(kept(&["/*/lines", "users/list"], &[]).unwrap(), ["users/list", "orders/list-lines"]);
        assert_eq!(kept(&[], &["get /users"]).unwrap(), ["users/delete", "orders/list-lines"]);
        assert_eq!(kept(&["*list*"], &["DELETE *"]).unwrap(), ["users/list", "orders/list-lines"]);
    }

    #[test]
    fn a_pattern_that_fits_nothing_is_an_error() {
        let problem = kept(&["user"], &[]).unwrap_err();
        assert!(problem.contains("--include user: no operation fits; did you mean `Users`? "), "{problem}");
        assert!(kept(&["/user"], &[]).is_err(), "a path is one by segments");
        assert!(kept(&[], &["*"]).unwrap_err().contains("no operation is left"));
    }
}
