//! Who is told of records, besides the file.

use std::fmt;

/// What is called with a line.
type Hook = Box<dyn Fn(&str) + Send + Sync>;

/// All who are told.
#[derive(Default)]
pub(super) struct Hooks(Vec<Hook>);

impl Hooks {
    pub(super) fn add(&mut self, hook: impl Fn(&str) + Send + Sync + 'static) {
        self.0.push(Box::new(hook));
    }

    /// Tells of whole lines, of each by itself.
    pub(super) fn tell(&self, lines: &str) {
        self.0.iter().for_each(|hook| lines.lines().for_each(hook));
    }
}

impl fmt::Debug for Hooks {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(f, "{} hooks", self.0.len())
    }
}
