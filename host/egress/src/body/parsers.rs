//! How servers read the head of a part, in short: for each of them what it does with quotes, escapes and percent signs.

use percent_encoding::percent_decode_str;
use regex::Regex;

/// What a server makes of a Content-Disposition.
#[derive(Debug, Default, PartialEq, Eq)]
pub(super) struct Seen {
    pub(super) name: Option<String>,
    pub(super) file_name: Option<String>,
    /// Names of further parameters.
    pub(super) others: Vec<String>,
}

impl Seen {
    /// A later one takes the place of an earlier one, unless a server says otherwise.
    fn put(&mut self, name: &str, value: String) {
        match name.to_ascii_lowercase().as_str() {
            "name" => self.name = Some(value),
            "filename" => self.file_name = Some(value),
            _ => self.others.push(name.to_owned()),
        }
    }
}

/// PHP, main/rfc1867.c: `php_ap_getword` and `php_ap_getword_conf`. A line break ends a header before this is asked.
pub(super) fn php(header: &str) -> Seen {
    fn word(line: &mut &str, stop: char) -> String {
        let text = *line;
        let mut place = text.char_indices();
        let end = loop {
            match place.next() {
                None => break text.len(),
                Some((at, c)) if c == stop => break at,
                Some((_, quote @ ('"' | '\''))) => {
                    while let Some((_, c)) = place.next() {
                        match c {
                            c if c == quote => break,
                            '\\' if place.as_str().starts_with(quote) => drop(place.next()),
                            _ => {}
                        }
                    }
                }
                Some(_) => {}
            }
        };
        *line = text[end..].trim_start_matches(stop);
        text[..end].to_owned()
    }
    fn conf(value: &str) -> String {
        let value = value.trim_start();
        let Some(quote) = value.chars().next().filter(|c| matches!(c, '"' | '\'')) else {
            return value.split_whitespace().next().unwrap_or_default().to_owned();
        };
        let (mut text, mut rest) = (String::new(), value[1..].chars());
        while let Some(c) = rest.next() {
            match c {
                c if c == quote => break,
                '\\' if rest.as_str().starts_with([quote, '\\']) => text.extend(rest.next()),
                c => text.push(c),
            }
        }
        text
    }
    let mut seen = Seen::default();
    let mut rest = header.lines().next().unwrap_or_default();
    word(&mut rest, ';');
    while !rest.is_empty() {
        let pair = word(&mut rest, ';');
        let mut pair = pair.trim_start();
        let key = word(&mut pair, '=');
        let value = conf(pair);
        // A path is cut off from a file's name, for Internet Explorer.
        let value =
            if key == "filename" { value.rsplit(['\\', '/']).next().unwrap_or_default().to_owned() } else { value };
        seen.put(&key, value);
    }
    seen
}

/// Rack 2.2, multipart.rb and multipart/parser.rb.
pub(super) fn rack(header: &str) -> Seen {
    const TOKEN: &str = r#"[^\s()<>,;:\\"/\[\]?=]+"#;
    let value = format!(r#""(?:\\"|[^"])*"|{TOKEN}"#);
    let head = format!("Content-Disposition: {header}\r\n");
    let regex = |pattern: &str| Regex::new(pattern).unwrap();
    let first = |pattern: &str| Some(regex(pattern).captures(&head)?.get(1)?.as_str().to_owned());
    let unquoted = |text: String| match text.strip_prefix('"').and_then(|text| text.strip_suffix('"')) {
        Some(inside) => inside.to_owned(),
        None => text,
    };

    let attribute = r#"[^ \x00-\x1f\x7f)(><@,;:\\"/\[\]?='*%]+"#;
    let regular = format!(r"({attribute}(?:\*[0-9]+)?)=({value})");
    let extended =
        format!(r"({attribute}\*(?:[0-9]+\*)?)=([a-zA-Z0-9\-]*'[a-zA-Z0-9\-]*'(?:%[0-9a-fA-F]{{2}}|{attribute})*)");
    let parameter = format!(r"(?i);\s*(?:{regular}|{extended})\s*");
    let whole = format!(r"(?im)^Content-Disposition:\s*{TOKEN}\s*(?:{})+\r?$", &parameter[4..]);

    let mut seen = Seen::default();
    if regex(&whole).is_match(&head) {
        for found in regex(&parameter).captures_iter(&head) {
            let mut pieces = found.iter().skip(1).flatten().map(|piece| piece.as_str().to_owned());
            let (name, value) = (pieces.next().unwrap(), pieces.next().unwrap());
            seen.put(&name, unquoted(value));
        }
    } else {
        let broken = r#"(?im)^Content-Disposition:.*;\s*filename="(.*?)"(?:\s*$|\s*;\s*[^\s()<>,;:\\"/\[\]?=]+=)"#;
        seen.file_name = first(broken).or_else(|| first(&format!(r"(?i);\s*filename=({TOKEN})")));
    }
    // The last place that looks like one, in quotes or not.
    seen.name = first(&format!(r"(?i)Content-Disposition:.*;\s*name=({value})")).map(unquoted);
    seen.file_name = seen.file_name.map(|name| {
        let is_encoded = |after: &str| after.len() >= 2 && after.bytes().take(2).all(|byte| byte.is_ascii_hexdigit());
        let name = match name.split('%').skip(1).all(is_encoded) {
            true => percent_decode_str(&name).decode_utf8_lossy().into_owned(),
            false => name,
        };
        match regex(r#"\\[^\\"]"#).is_match(&name) {
            true => name,
            false => regex(r"\\(.)").replace_all(&name, "$1").into_owned(),
        }
    });
    seen
}

/// Python up to 3.12, `cgi.parse_header`; `email.message` splits in the same way.
pub(super) fn python(header: &str) -> Seen {
    let mut seen = Seen::default();
    // A parser of mail ends a line wherever `str.splitlines` does.
    let ends =
        |c: char| matches!(c, '\n' | '\r' | '\x0b' | '\x0c' | '\x1c'..='\x1e' | '\u{85}' | '\u{2028}' | '\u{2029}');
    let line = header.split(ends).next().unwrap_or_default();
    let mut rest = format!(";{line}");
    let mut is_first = true;
    while let Some(tail) = rest.strip_prefix(';') {
        let count = |text: &str, what: &str| text.matches(what).count();
        let mut end = tail.find(';');
        while let Some(at) = end.filter(|at| (count(&tail[..*at], "\"") - count(&tail[..*at], "\\\"")) % 2 == 1) {
            end = tail[at + 1..].find(';').map(|next| at + 1 + next);
        }
        let (piece, after) = tail.split_at(end.unwrap_or(tail.len()));
        if let (false, Some((name, value))) = (is_first, piece.split_once('=')) {
            let value = value.trim();
            let inside = value.strip_prefix('"').and_then(|value| value.strip_suffix('"'));
            let unescape = |text: &str| text.replace("\\\\", "\\").replace("\\\"", "\"");
            seen.put(name.trim(), inside.map_or_else(|| value.to_owned(), unescape));
        }
        is_first = false;
        rest = after.to_owned();
    }
    seen
}

/// Werkzeug 3, `http.parse_options_header`.
pub(super) fn werkzeug(header: &str) -> Seen {
    let mut seen = Seen::default();
    let mut rest = header.split_once(';').map_or("", |(_, rest)| rest);
    let key = Regex::new(r"^\s*([\w!#$%&'*+\-.^`|~]+)\s*=\s*").unwrap();
    let quoted = Regex::new(r#"(?s)^"((?:\\["\\]|[^"])*)""#).unwrap();
    loop {
        rest = rest.trim_start_matches([';', ' ', '\t']);
        let Some(found) = key.captures(rest) else { return seen };
        let name = found[1].to_owned();
        rest = &rest[found[0].len()..];
        let value = match quoted.captures(rest) {
            Some(found) => {
                rest = &rest[found[0].len()..];
                // Browsers write a quote so.
                found[1].replace("\\\\", "\\").replace("\\\"", "\"").replace("%22", "\"")
            }
            None => {
                let end = rest.find(';').unwrap_or(rest.len());
                let value = rest[..end].trim().to_owned();
                rest = &rest[end..];
                value
            }
        };
        seen.put(&name, value);
    }
}

/// Go, `mime.ParseMediaType`: an error, here nothing seen, where a parameter stands twice or the rest makes no sense.
pub(super) fn go(header: &str) -> Seen {
    fn is_token(c: char) -> bool {
        c.is_ascii_graphic() && !"()<>@,;:\\\"/[]?=".contains(c)
    }
    fn parse(header: &str) -> Option<Seen> {
        let (_, mut rest) = header.split_at(header.find(';').unwrap_or(header.len()));
        let mut seen = Seen::default();
        let mut known = Vec::new();
        while !rest.trim_start().is_empty() {
            let after = rest.trim_start().strip_prefix(';')?.trim_start();
            let end = after.find(|c| !is_token(c)).unwrap_or(after.len());
            let (name, after) = after.split_at(end);
            if name.is_empty() {
                return after.trim().is_empty().then_some(seen);
            }
            let after = after.trim_start().strip_prefix('=')?.trim_start();
            let mut value = String::new();
            match after.strip_prefix('"') {
                None => {
                    let end = after.find(|c| !is_token(c)).unwrap_or(after.len());
                    value.push_str(&after[..end]);
                    rest = &after[end..];
                }
                Some(inside) => {
                    let mut chars = inside.chars();
                    loop {
                        match chars.next()? {
                            '"' => break,
                            '\\' if chars.as_str().starts_with(|c| "()<>@,;:\\\"/[]?=".contains(c)) => {
                                value.extend(chars.next())
                            }
                            '\r' | '\n' => return None,
                            c => value.push(c),
                        }
                    }
                    rest = chars.as_str();
                }
            }
            let name = name.to_ascii_lowercase();
            if known.contains(&name) {
                return None;
            }
            seen.put(&name, value);
            known.push(name);
        }
        Some(seen)
    }
    parse(header).unwrap_or_default()
}
