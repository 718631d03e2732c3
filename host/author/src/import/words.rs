//! Words of a name, however it is written: `ListIDs`, `list_ids` and `list-ids` have the same ones.

/// The words of a name, in small letters and digits. Letters of other alphabets have no place in the names of operations, and are
/// passed over.
pub(crate) fn words(text: &str) -> Vec<String> {
    let letters: Vec<char> = text.chars().collect();
    let mut words: Vec<String> = Vec::new();
    let mut word = String::new();
    for (at, c) in letters.iter().enumerate() {
        let before = at.checked_sub(1).and_then(|before| letters.get(before)).copied();
        if !c.is_ascii_alphanumeric() || begins_a_word(before, letters.get(at..).unwrap_or_default()) {
            words.extend(Some(std::mem::take(&mut word)).filter(|word| !word.is_empty()));
        }
        word.extend(Some(c.to_ascii_lowercase()).filter(char::is_ascii_alphanumeric));
    }
    words.extend(Some(word).filter(|word| !word.is_empty()));
    whole(words)
}

/// Whether a word begins with a letter inside of a name: `camelCase` has two words, and so has `HTTPServer`.
fn begins_a_word(before: Option<char>, rest: &[char]) -> bool {
    let (Some(before), Some(c)) = (before, rest.first()) else { return false };
    if !c.is_ascii_uppercase() {
        return false;
    }
    let next = rest.get(1).copied();
    let ends_in_a_plural = || next == Some('s') && rest.get(2).is_none_or(|c| !c.is_ascii_lowercase());
    let is_a_version = || next == Some('v') && rest.get(2).is_some_and(char::is_ascii_digit);
    match before {
        before if before.is_ascii_lowercase() || before.is_ascii_digit() => true,
        before if before.is_ascii_uppercase() => {
            next.is_some_and(|next| next.is_ascii_lowercase()) && !ends_in_a_plural() && !is_a_version()
        }
        _ => false,
    }
}

/// Words that capital letters take apart and people do not.
fn whole(words: Vec<String>) -> Vec<String> {
    let mut joined: Vec<String> = Vec::new();
    for word in words {
        match joined.last_mut() {
            Some(last) if last == "o" && word.starts_with("auth") => last.push_str(&word),
            _ => joined.push(word),
        }
    }
    joined
}

/// Whether two words are the same, but for the one being of several things: `entry` and `entries`.
pub(crate) fn is_alike(word: &str, other: &str) -> bool {
    singular(word) == singular(other)
}

/// A word without the ending of a plural, as far as English has a rule for it.
fn singular(word: &str) -> String {
    match word {
        _ if word.len() <= 3 || word.ends_with("ss") || word.ends_with("us") || word.ends_with("is") => word.to_owned(),
        _ if word.ends_with("ies") => format!("{}y", word.strip_suffix("ies").unwrap_or(word)),
        _ if ["sses", "xes", "ches", "shes", "zes"].iter().any(|ending| word.ends_with(ending)) => {
            word.strip_suffix("es").unwrap_or(word).to_owned()
        }
        _ => word.strip_suffix('s').unwrap_or(word).to_owned(),
    }
}

/// Words as a title: `Update auth token`.
pub(crate) fn as_title(words: &[String]) -> String {
    let text = words.join(" ");
    let mut letters = text.chars();
    letters.next().map(|first| format!("{}{}", first.to_ascii_uppercase(), letters.as_str())).unwrap_or_default()
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn words_are_found_however_they_are_put_together() {
        for (name, expected) in [
            ("ListIDs", "list ids"),
            ("list_user-ids", "list user ids"),
            ("getHTTPServer2", "get http server2"),
            ("ReservedIPv6.list", "reserved ipv6 list"),
            ("OAuth2Token", "oauth2 token"),
            ("1-Click Applications", "1 click applications"),
            ("/v1/users/{user.id}", "v1 users user id"),
            ("__proto__", "proto"),
            ("größe\u{202e}ß", "gr e"),
            ("", ""),
        ] {
            assert_eq!(words(name).join(" "), expected, "{name}");
        }
        assert_eq!(as_title(&words("updateAuthToken")), "Update auth token");
    }

    #[test]
    fn one_and_several_are_alike() {
        for (one, several) in [("user", "users"), ("entry", "entries"), ("box", "boxes"), ("address", "address")] {
            assert!(is_alike(one, several), "{one}");
        }
        assert!(!is_alike("status", "statu") && !is_alike("list", "lists-all"));
    }
}
