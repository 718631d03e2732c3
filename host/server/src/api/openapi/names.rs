//! Names in the document: of components, and of what a generator makes of an operation.

use std::collections::HashSet;

/// Names that were given out. Two are never alike to a generator, which makes `aB` and `a-b` one name of its own.
#[derive(Default)]
pub(super) struct Names(HashSet<String>);

impl Names {
    /// This name, or it with a number behind it where one is taken that is alike. Other characters than a component can have in its
    /// name become `_`.
    pub(super) fn add(&mut self, wanted: &str) -> String {
        let is_plain = |c: char| c.is_ascii_alphanumeric() || matches!(c, '.' | '-' | '_');
        let plain: String = wanted.chars().map(|c| if is_plain(c) { c } else { '_' }).collect();
        if self.0.insert(likeness(&plain)) {
            return plain;
        }
        let numbered = (2_u64..).map(|number| format!("{plain}_{number}"));
        numbered.into_iter().find(|name| self.0.insert(likeness(name))).unwrap_or(plain)
    }
}

fn likeness(name: &str) -> String {
    name.chars().filter(char::is_ascii_alphanumeric).map(|c| c.to_ascii_lowercase()).collect()
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn no_two_names_are_alike_to_a_generator() {
        let mut names = Names::default();
        let given = ["a.b-c", "a-b.c", "A.B.C", "a b/c", "a.b-c_2", "d"].map(|name| names.add(name));
        assert_eq!(given, ["a.b-c", "a-b.c_2", "A.B.C_3", "a_b_c_4", "a.b-c_2_2", "d"]);
    }
}
