//! The words of names and questions.

use std::collections::HashSet;

/// How many words of a question count, and how long they may be.
const MOST: usize = 24;
const LONGEST: usize = 64;

/// Words that say nothing of what is looked for.
const EMPTY: &[&str] = &[
    "a", "about", "all", "also", "an", "and", "any", "are", "as", "at", "be", "by", "can", "do", "does", "for", "from",
    "give", "has", "have", "how", "i", "if", "in", "into", "is", "it", "its", "like", "me", "my", "need", "new", "no",
    "not", "of", "on", "one", "or", "our", "out", "please", "s", "should", "so", "some", "that", "the", "their",
    "them", "there", "thing", "things", "this", "to", "up", "us", "want", "was", "we", "what", "when", "where",
    "which", "who", "whose", "with", "you", "your",
];

/// Words of about the same meaning where it is said what is done to something, and of things that have several names.
const ALIKE: &[&[&str]] = &[
    &["create", "add", "make", "new", "insert", "register", "save", "store", "open"],
    &["delete", "remove", "erase", "destroy", "drop", "discard", "forget"],
    &["end", "delete", "terminate", "close", "finish", "stop", "logout", "kill"],
    &["revoke", "delete", "remove", "withdraw"],
    &["update", "change", "edit", "modify", "set", "replace", "rename", "adjust"],
    &["get", "fetch", "read", "show", "tell", "retrieve", "view", "see", "look", "find", "check"],
    &["list", "show", "all", "find", "fetch", "enumerate", "get"],
    &["search", "find", "filter", "query", "look", "list"],
    &["send", "write", "post", "reply", "create", "deliver"],
    &["run", "execute", "call", "start", "invoke", "trigger"],
    &["stop", "cancel", "disable", "abort", "end"],
    &["disable", "turn", "off", "deactivate", "block", "suspend"],
    &["enable", "turn", "on", "activate", "resume"],
    &["upload", "attach", "create"],
    &["download", "fetch", "get"],
    &["assign", "set", "give", "hand"],
    &["merge", "join", "combine", "unite"],
    &["invite", "add", "create"],
    &["customer", "contact", "client", "person", "people"],
    &["user", "member", "account", "person"],
    &["agent", "employee", "staff"],
    &["message", "sms", "mail", "email", "text"],
    &["mail", "email", "message"],
    &["phone", "number", "telephone"],
    &["login", "sign", "log", "session"],
    &["logout", "sign", "session"],
    &["picture", "image", "avatar", "photo", "logo"],
    &["bill", "invoice"],
    &["quote", "estimate"],
    &["ticket", "conversation", "case"],
    &["chat", "conversation", "message"],
    &["label", "tag"],
    &["database", "table", "collection"],
    &["record", "row", "document", "entity", "object"],
    &["comment", "note"],
    &["statistics", "report", "figures", "analytics", "performance", "summary", "metrics"],
];

/// A name taken apart: `users.list-sessions` and `maxItems` are of words.
pub(super) fn parts(name: &str) -> String {
    let mut words = String::with_capacity(name.len() + 8);
    let mut before = ' ';
    for c in name.chars() {
        if c.is_uppercase() && before.is_lowercase() {
            words.push(' ');
        }
        words.push(if c.is_alphanumeric() { c } else { ' ' });
        before = c;
    }
    words
}

/// The words of a question that count. They are letters and digits alone: nothing of them is syntax of FTS5.
pub(super) fn of_question(question: &str) -> Vec<String> {
    let all: Vec<String> = parts(&question.chars().take(MOST * LONGEST).collect::<String>())
        .split_whitespace()
        .map(str::to_lowercase)
        .filter(|word| word.chars().count() <= LONGEST)
        .collect();
    let full: Vec<String> = all.iter().filter(|word| !EMPTY.contains(&word.as_str())).cloned().collect();
    let mut seen = HashSet::new();
    let chosen = if full.is_empty() { all } else { full };
    chosen.into_iter().filter(|word| seen.insert(word.clone())).take(MOST).collect()
}

/// Those of about the same meaning, also where the word is a plural.
pub(super) fn alike(word: &str) -> Vec<&'static str> {
    let single = single(word);
    let begins = |list: &&&[&'static str]| list.first().is_some_and(|first| *first == word || *first == single);
    let or_has = |list: &&&[&'static str]| list.iter().any(|known| *known == word || *known == single);
    let lists: Vec<_> = ALIKE.iter().filter(begins).collect();
    let lists = if lists.is_empty() { ALIKE.iter().filter(or_has).collect() } else { lists };
    let mut found: Vec<&str> = lists.into_iter().flat_map(|list| list.iter().copied()).collect();
    found.retain(|known| *known != word && *known != single);
    found.sort_unstable();
    found.dedup();
    found
}

/// These words and those of about the same meaning, to be found in names.
pub(super) fn with_alike(words: &[String]) -> HashSet<String> {
    let all = words.iter().flat_map(|word| alike(word).into_iter().chain([word.as_str()]));
    all.map(|word| single(word).to_owned()).collect()
}

/// Which share of the words of a name are among some.
pub(super) fn share_of(name: &str, known: &HashSet<String>) -> f64 {
    let name = parts(name).to_lowercase();
    let (mut all, mut among) = (0_u32, 0_u32);
    for word in name.split_whitespace() {
        all += 1;
        among += u32::from(known.contains(single(word)));
    }
    f64::from(among) / f64::from(all.max(1))
}

fn single(word: &str) -> &str {
    word.strip_suffix('s').unwrap_or(word)
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn names_and_questions_are_of_words() {
        assert_eq!(parts("users.list-sessions maxItems JWTs"), "users list sessions max Items JWTs");
        assert_eq!(of_question("End a user's session!"), ["end", "user", "session"]);
        assert_eq!(of_question("\"a\" OR b* NEAR(c) -d ^e title:f \u{0}"), ["b", "near", "c", "d", "e", "title", "f"]);
        assert_eq!(of_question("the"), ["the"], "where there is nothing else");
        assert!(of_question(" \"'* ").is_empty());
        assert_eq!(of_question(&"x ".repeat(10_000)).len(), 1);
    }

    #[test]
    fn words_of_about_the_same_meaning_are_known() {
        assert!(alike("end").contains(&"delete") && alike("customers").contains(&"contact"));
        assert!(alike("bucket").is_empty());
    }
}
