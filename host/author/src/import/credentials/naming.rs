//! Names of schemes and fields.

/// The longest name.
const LONGEST: usize = 64;

/// Words as a name in kebab case (`-`) or snake case (`_`), which begins with a letter; `otherwise` where there is none.
pub(super) fn joined(words: &[String], separator: &str, otherwise: &str) -> String {
    let begins = words.iter().position(|word| word.starts_with(|c: char| c.is_ascii_lowercase()));
    let mut name = String::new();
    for word in begins.and_then(|begins| words.get(begins..)).unwrap_or_default() {
        // A number may come behind it.
        if name.len() + separator.len() + word.len() > LONGEST - 5 {
            break;
        }
        if !name.is_empty() {
            name.push_str(separator);
        }
        name.push_str(word);
    }
    if name.is_empty() { otherwise.to_owned() } else { name }
}

/// A name that is not taken: this one, or with the first number behind it that is free.
pub(super) fn free(name: &str, separator: &str, is_taken: impl Fn(&str) -> bool) -> String {
    let numbered = (2_usize..).map(|number| format!("{name}{separator}{number}"));
    std::iter::once(name.to_owned()).chain(numbered).find(|name| !is_taken(name)).unwrap_or_default()
}
