//! The pages that the browser is shown: plain, with no script, nothing of another server, and nothing secret.

use std::fmt::Write as _;

/// An answer to a browser.
pub(super) struct Page {
    status: u16,
    title: String,
    words: String,
    /// Further header fields.
    headers: Vec<(&'static str, String)>,
}

impl Page {
    pub(super) fn new(status: u16, title: impl Into<String>, words: impl Into<String>) -> Self {
        Self { status, title: title.into(), words: words.into(), headers: Vec::new() }
    }

    /// Where a request is none that is waited for.
    pub(super) fn refused(status: u16) -> Self {
        Self::new(
            status,
            "Nothing here",
            "Wharf waits here for an answer that a browser comes back with, and for nothing else.",
        )
    }

    /// Sends the browser on.
    pub(super) fn on(to: &str) -> Self {
        Self::new(302, "To the provider", "Your browser is sent to the provider.").with("Location", to.to_owned())
    }

    pub(super) fn with(mut self, name: &'static str, value: String) -> Self {
        self.headers.push((name, value));
        self
    }

    pub(super) fn to_bytes(&self) -> Vec<u8> {
        let body = format!(
            "<!DOCTYPE html>\n<html lang=\"en\">\n<head><meta charset=\"utf-8\"><title>Wharf: {title}</title></head>\n<body>\n\
             <h1>{title}</h1>\n<p>{words}</p>\n</body>\n</html>\n",
            title = escaped(&self.title),
            words = escaped(&self.words)
        );
        let mut head = format!("HTTP/1.1 {} {}\r\n", self.status, reason(self.status));
        let fixed = [
            ("Content-Type", "text/html; charset=utf-8"),
            ("Cache-Control", "no-store"),
            // The address has the code.
            ("Referrer-Policy", "no-referrer"),
            (
                "Content-Security-Policy",
                "default-src 'none'; frame-ancestors 'none'; form-action 'none'; base-uri 'none'",
            ),
            ("X-Content-Type-Options", "nosniff"),
            ("Connection", "close"),
        ];
        let own = self.headers.iter().map(|(name, value)| (*name, value.as_str()));
        for (name, value) in fixed.into_iter().chain(own) {
            // What a value of a stranger's has besides would begin another field.
            let value: String = value.chars().filter(|c| !c.is_control()).collect();
            // Writing to a String does not fail.
            let _ = write!(head, "{name}: {value}\r\n");
        }
        let _ = write!(head, "Content-Length: {}\r\n\r\n", body.len());
        [head.into_bytes(), body.into_bytes()].concat()
    }
}

fn reason(status: u16) -> &'static str {
    match status {
        200 => "OK",
        302 => "Found",
        404 => "Not Found",
        405 => "Method Not Allowed",
        410 => "Gone",
        421 => "Misdirected Request",
        431 => "Request Header Fields Too Large",
        _ => "Bad Request",
    }
}

fn escaped(text: &str) -> String {
    let mut escaped = String::with_capacity(text.len());
    for c in wharf::text::visible(text).chars() {
        match c {
            '&' => escaped.push_str("&amp;"),
            '<' => escaped.push_str("&lt;"),
            '>' => escaped.push_str("&gt;"),
            '"' => escaped.push_str("&quot;"),
            '\'' => escaped.push_str("&#39;"),
            c => escaped.push(c),
        }
    }
    escaped
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn what_a_stranger_says_is_text_and_no_page() {
        let page = Page::new(400, "Not <b>", "it said \"<script>\" & '\u{202e}'")
            .with("Location", "x\r\nSet-Cookie: a=b".into());
        let text = String::from_utf8(page.to_bytes()).unwrap();
        assert!(text.contains("<h1>Not &lt;b&gt;</h1>"), "{text}");
        assert!(text.contains("&quot;&lt;script&gt;&quot; &amp; &#39;\\u{202e}&#39;"), "{text}");
        assert!(text.contains("Location: xSet-Cookie: a=b\r\n"), "{text}");
    }
}
