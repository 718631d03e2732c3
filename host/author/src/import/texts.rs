//! Texts of strangers, made fit for a manifest: people and language models read them.

use wharf::text::deceives;

/// What is looked at of a text for each letter that is wanted: marks fall away, and a text may have megabytes of them.
const LOOKED_AT: usize = 8;

/// A text in one line of so many letters at most, without marks of Markdown and HTML, and without what is not shown as itself.
/// What is too long is cut behind a word, with `…`.
pub(crate) fn line(text: &str, most: usize) -> String {
    let begin: String = text.chars().take(most.saturating_mul(LOOKED_AT).saturating_add(200)).collect();
    let plain = unmarked(&entities(&without_tags(&begin)));
    let clean: String =
        plain.chars().map(|c| if c.is_whitespace() { ' ' } else { c }).filter(|c| !deceives(*c)).collect();
    let words: Vec<&str> = clean.split(' ').filter(|word| !word.is_empty()).collect();
    cut(&words.join(" "), most)
}

/// Whether a name is shown as it is.
pub(crate) fn is_clean(name: &str) -> bool {
    !name.contains(deceives)
}

/// A name for people: what is not shown as itself is written as an escape, and it is cut.
pub(crate) fn shown(name: &str) -> String {
    let begin: String = name.chars().take(200).collect();
    let dots = if begin.len() < name.len() { "…" } else { "" };
    format!("{}{dots}", wharf::text::in_one_line(&begin))
}

/// As many letters of a text as somebody looks at, as they are.
pub(crate) fn beginning(text: &str, most: usize) -> String {
    text.chars().take(most).collect()
}

fn cut(text: &str, most: usize) -> String {
    if text.chars().count() <= most {
        return text.to_owned();
    }
    let kept: String = text.chars().take(most.saturating_sub(1)).collect();
    let whole_words = kept.rsplit_once(' ').map_or(kept.as_str(), |(words, _)| words);
    // One endless word is cut within.
    let kept = if whole_words.chars().count() * 2 < most { kept.as_str() } else { whole_words };
    format!("{}…", kept.trim_end_matches([' ', ',', ';', ':']))
}

/// Without `<b>`, `</p>`, `<br/>` and comments; `a < b` stays.
fn without_tags(text: &str) -> String {
    let mut plain = String::with_capacity(text.len());
    let mut rest = text;
    while let Some((before, behind)) = rest.split_once('<') {
        plain.push_str(before);
        let is_tag = behind.starts_with(|c: char| c.is_ascii_alphabetic() || c == '/' || c == '!');
        match behind.split_once('>').filter(|(tag, _)| is_tag && !tag.contains('<')) {
            Some((tag, after)) => {
                plain.push_str(if is_placeholder(tag) { tag } else { " " });
                rest = after;
            }
            None => {
                plain.push('<');
                rest = behind;
            }
        }
    }
    plain + rest
}

/// `<id>` in a text is no tag of HTML.
fn is_placeholder(tag: &str) -> bool {
    const TAGS: [&str; 43] = [
        "a",
        "abbr",
        "b",
        "big",
        "blockquote",
        "br",
        "center",
        "code",
        "dd",
        "del",
        "details",
        "div",
        "dl",
        "dt",
        "em",
        "font",
        "h1",
        "h2",
        "h3",
        "h4",
        "h5",
        "h6",
        "hr",
        "i",
        "img",
        "ins",
        "li",
        "ol",
        "p",
        "pre",
        "s",
        "small",
        "span",
        "strong",
        "sub",
        "summary",
        "sup",
        "table",
        "td",
        "th",
        "tr",
        "u",
        "ul",
    ];
    let name = tag.trim_start_matches('/');
    let name = name.split(|c: char| !c.is_ascii_alphanumeric()).next().unwrap_or_default().to_ascii_lowercase();
    let is_word = tag.chars().all(|c| c.is_ascii_alphanumeric() || matches!(c, '_' | '-'));
    is_word
        && !TAGS.contains(&name.as_str())
        && !matches!(name.as_str(), "tbody" | "thead" | "tt" | "var" | "kbd" | "script")
}

fn entities(text: &str) -> String {
    if !text.contains('&') {
        return text.to_owned();
    }
    let known = [
        ("&lt;", "<"),
        ("&gt;", ">"),
        ("&quot;", "\""),
        ("&#39;", "'"),
        ("&apos;", "'"),
        ("&nbsp;", " "),
        ("&amp;", "&"),
    ];
    known.iter().fold(text.to_owned(), |text, (entity, letter)| text.replace(entity, letter))
}

/// Without the marks of Markdown: headings, lists and fences at the start of a line, emphasis, code, and the addresses of links.
fn unmarked(text: &str) -> String {
    let mut plain = String::with_capacity(text.len());
    for line in text.lines() {
        let line = line.trim_start().trim_start_matches(['#', '>']).trim_start();
        let line = ["* ", "- ", "+ ", "```"].iter().find_map(|mark| line.strip_prefix(mark)).unwrap_or(line);
        plain.push_str(&without_links(line).replace("**", "").replace("__", "").replace('`', ""));
        plain.push(' ');
    }
    plain
}

/// `[text](address)` as its text, and an image as what it shows.
fn without_links(line: &str) -> String {
    let mut plain = String::with_capacity(line.len());
    let mut rest = line;
    while let Some((before, behind)) = rest.split_once('[') {
        let link = behind.split_once("](").and_then(|(text, address)| {
            let (_, after) = address.split_once(')')?;
            (!text.contains(['[', ']'])).then_some((text, after))
        });
        match link {
            Some((text, after)) => {
                plain.push_str(before.strip_suffix('!').unwrap_or(before));
                plain.push_str(text);
                rest = after;
            }
            None => {
                plain.push_str(before);
                plain.push('[');
                rest = behind;
            }
        }
    }
    plain + rest
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn marks_fall_away_and_words_stay() {
        for (text, read) in [
            ("Lists **all** users.\n\n# More\n* one\n- two", "Lists all users. More one two"),
            ("<p>See <a href=\"https://x.example\">the docs</a>.</p>", "See the docs ."),
            ("See [the docs](https://x.example/a) and ![a chart](b.png)!", "See the docs and a chart!"),
            ("a < b &amp;&amp; c > d", "a < b && c > d"),
            ("the `id` of <account>", "the id of account"),
            ("snake_case stays, [x] too", "snake_case stays, [x] too"),
            ("evil\u{202e}txt\u{7}\u{200d} here\r\n", "eviltxt here"),
            ("", ""),
        ] {
            assert_eq!(line(text, 100), read);
        }
    }

    #[test]
    fn what_is_too_long_is_cut_behind_a_word() {
        assert_eq!(line("Creates an order, and more", 20), "Creates an order…");
        assert_eq!(line(&"x".repeat(50), 10), format!("{}…", "x".repeat(9)));
        assert_eq!(line("Ends just here", 14), "Ends just here");
        assert_eq!(line("ab", 0), "…");
    }
}
