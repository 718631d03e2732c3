//! The pages that a browser is shown: plain, with no script, nothing of another server, and nothing secret.

use std::fmt::Write as _;
use std::sync::LazyLock;

use axum::body::Body;
use axum::http::{HeaderName, HeaderValue, StatusCode};
use axum::response::{IntoResponse, Response};
use base64::Engine as _;
use base64::engine::general_purpose::STANDARD;

/// All of the looks. It is allowed by its digest, and nothing else is.
const STYLE: &str = "body{font:1rem/1.5 system-ui,sans-serif;max-width:32rem;margin:3rem auto;padding:0 1rem;color:#1a1a1a;\
background:#fff}label{display:block;font-weight:600;margin-top:1rem}small{display:block;font-weight:400;color:#555}\
input,select,textarea{box-sizing:border-box;width:100%;font:inherit;padding:.4rem}button,.button{display:inline-block;\
font:inherit;margin-top:1.5rem;padding:.5rem 1.25rem;border:0;border-radius:.25rem;background:#0b57d0;color:#fff;\
text-decoration:none}.wrong{border-left:.25rem solid #b3261e;padding-left:.75rem}";

static STYLE_DIGEST: LazyLock<String> =
    LazyLock::new(|| STANDARD.encode(ring::digest::digest(&ring::digest::SHA256, STYLE.as_bytes())));

/// An answer to a browser.
#[derive(Clone, Debug)]
pub struct Page {
    status: u16,
    title: String,
    /// What it is a page of.
    of: String,
    body: String,
    has_form: bool,
    /// Where the browser goes next by itself.
    on: Option<String>,
    /// Further header fields.
    headers: Vec<(&'static str, String)>,
}

/// Something that somebody enters.
#[derive(Clone, Debug)]
pub(crate) struct Input {
    /// What it is called in the form.
    pub(crate) name: String,
    pub(crate) title: String,
    pub(crate) summary: String,
    pub(crate) kind: InputKind,
    pub(crate) is_required: bool,
    /// What stands there already; never a secret.
    pub(crate) value: String,
}

#[derive(Clone, Debug, PartialEq, Eq)]
pub(crate) enum InputKind {
    Text,
    /// What is typed is not shown.
    Secret,
    /// Several lines, such as a key in PEM form.
    Lines,
    Choice(Vec<String>),
}

impl Page {
    /// A page with a title, and a paragraph below it.
    pub fn new(status: u16, title: impl Into<String>, words: impl AsRef<str>) -> Self {
        let page = Self {
            status,
            title: title.into(),
            of: "Wharf".to_owned(),
            body: String::new(),
            has_form: false,
            on: None,
            headers: Vec::new(),
        };
        page.words(words.as_ref())
    }

    /// Sends the browser on at once.
    pub fn redirect(to: &str) -> Self {
        Self::new(302, "To the provider", "Your browser is sent to the provider.").with("Location", to.to_owned())
    }

    /// With a further header field.
    pub fn with(mut self, name: &'static str, value: String) -> Self {
        // What a value of a stranger's has besides would begin another field.
        self.headers.push((name, value.chars().filter(|c| !c.is_control()).collect()));
        self
    }

    /// A page of a product that is not called Wharf.
    pub(crate) fn of(mut self, product: &str) -> Self {
        product.clone_into(&mut self.of);
        self
    }

    /// Another paragraph.
    pub(crate) fn words(mut self, words: &str) -> Self {
        // Writing to a String does not fail.
        let _ = writeln!(self.body, "<p>{}</p>", escaped(words));
        self
    }

    /// A paragraph that says what went wrong.
    pub(crate) fn wrong(mut self, words: &str) -> Self {
        let _ = writeln!(self.body, "<p class=\"wrong\" role=\"alert\">{}</p>", escaped(words));
        self
    }

    /// A link that looks like a button.
    pub(crate) fn link(mut self, to: &str, words: &str) -> Self {
        let _ = writeln!(
            self.body,
            "<p><a class=\"button\" rel=\"noreferrer\" href=\"{}\">{}</a></p>",
            escaped(to),
            escaped(words)
        );
        self
    }

    /// Sends the browser on, with a link for one that does not go by itself. It is no redirect: a browser holds the answer to a form
    /// against `form-action`, with each address that it leads to.
    pub(crate) fn on(mut self, to: &str, words: &str) -> Self {
        self.on = Some(to.to_owned());
        self.link(to, words)
    }

    /// A form that is sent to where the page came from.
    pub(crate) fn form(mut self, token: &str, inputs: &[Input], button: &str) -> Self {
        self.has_form = true;
        let _ = writeln!(
            self.body,
            "<form method=\"post\" autocomplete=\"off\">\n<input type=\"hidden\" name=\"{FORM_TOKEN}\" value=\"{}\">",
            escaped(token)
        );
        for input in inputs {
            self.input(input);
        }
        let _ = writeln!(self.body, "<button>{}</button>\n</form>", escaped(button));
        self
    }

    fn input(&mut self, input: &Input) {
        let (name, value) = (escaped(&input.name), escaped(&input.value));
        let required = if input.is_required { " required" } else { "" };
        let _ = writeln!(
            self.body,
            "<label>{}{} <small>{}</small>",
            escaped(&input.title),
            if input.is_required { "" } else { " (may be left out)" },
            escaped(&input.summary)
        );
        let _ = match &input.kind {
            InputKind::Text => write!(self.body, "<input type=\"text\" name=\"{name}\" value=\"{value}\"{required}>"),
            InputKind::Secret => {
                write!(self.body, "<input type=\"password\" name=\"{name}\" autocomplete=\"new-password\"{required}>")
            }
            InputKind::Lines => {
                write!(self.body, "<textarea name=\"{name}\" rows=\"6\" spellcheck=\"false\"{required}></textarea>")
            }
            InputKind::Choice(choices) => {
                let option = |choice: &String| {
                    let selected = if *choice == input.value { " selected" } else { "" };
                    format!("<option{selected}>{}</option>", escaped(choice))
                };
                let none = if input.is_required { "" } else { "<option value=\"\"></option>" };
                let options: String = choices.iter().map(option).collect();
                write!(self.body, "<select name=\"{name}\"{required}>{none}{options}</select>")
            }
        };
        self.body.push_str("</label>\n");
    }

    /// Its status.
    pub fn status(&self) -> u16 {
        self.status
    }

    /// Its header fields.
    pub fn headers(&self) -> impl Iterator<Item = (&'static str, String)> + '_ {
        let forms = if self.has_form { "'self'" } else { "'none'" };
        let policy = format!(
            "default-src 'none'; style-src 'sha256-{}'; form-action {forms}; frame-ancestors 'none'; base-uri 'none'",
            *STYLE_DIGEST
        );
        let fixed = [
            ("Content-Type", "text/html; charset=utf-8".to_owned()),
            ("Cache-Control", "no-store".to_owned()),
            // The address has the code, or the link's token.
            ("Referrer-Policy", "no-referrer".to_owned()),
            ("Content-Security-Policy", policy),
            ("X-Content-Type-Options", "nosniff".to_owned()),
        ];
        fixed.into_iter().chain(self.headers.iter().cloned())
    }

    /// Its text, in HTML.
    pub fn body(&self) -> String {
        let on =
            self.on.as_deref().map(|to| format!("<meta http-equiv=\"refresh\" content=\"0;url={}\">\n", escaped(to)));
        format!(
            "<!DOCTYPE html>\n<html lang=\"en\">\n<head>\n<meta charset=\"utf-8\">\n\
             <meta name=\"viewport\" content=\"width=device-width\">\n{on}<title>{of}: {title}</title>\n<style>{STYLE}</style>\n\
             </head>\n<body>\n<h1>{title}</h1>\n{body}</body>\n</html>\n",
            on = on.unwrap_or_default(),
            of = escaped(&self.of),
            title = escaped(&self.title),
            body = self.body
        )
    }
}

impl IntoResponse for Page {
    fn into_response(self) -> Response {
        let mut response = Response::new(Body::from(self.body()));
        *response.status_mut() = StatusCode::from_u16(self.status).unwrap_or(StatusCode::INTERNAL_SERVER_ERROR);
        for (name, value) in self.headers() {
            if let (Ok(name), Ok(value)) = (HeaderName::try_from(name), HeaderValue::try_from(value)) {
                response.headers_mut().append(name, value);
            }
        }
        response
    }
}

/// What the hidden part of a form is called. No field of a plugin has such a name.
pub(crate) const FORM_TOKEN: &str = "form-token";

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

    fn header(page: &Page, name: &str) -> String {
        page.headers().find(|(known, _)| *known == name).unwrap().1
    }

    #[test]
    fn what_a_stranger_says_is_text_and_no_page() {
        let page = Page::new(400, "Not <b>", "it said \"<script>\" & '\u{202e}'")
            .with("Location", "x\r\nSet-Cookie: a=b".into());
        let text = page.body();
        assert!(text.contains("<h1>Not &lt;b&gt;</h1>"), "{text}");
        assert!(text.contains("&quot;&lt;script&gt;&quot; &amp; &#39;\\u{202e}&#39;"), "{text}");
        assert_eq!(header(&page, "Location"), "xSet-Cookie: a=b");
    }

    #[test]
    fn a_page_loads_nothing_and_sends_a_form_to_where_it_came_from_alone() {
        let page = Page::new(200, "Connect", "");
        assert!(header(&page, "Content-Security-Policy").contains("form-action 'none'; frame-ancestors 'none'"));
        let input = Input {
            name: "api_key".into(),
            title: "API \"key\"".into(),
            summary: "From the provider.".into(),
            kind: InputKind::Secret,
            is_required: true,
            value: "never shown".into(),
        };
        let page = page.form("t0ken", &[input], "Connect");
        assert!(header(&page, "Content-Security-Policy").contains("form-action 'self'"));
        let text = page.body();
        assert!(text.contains("type=\"password\" name=\"api_key\"") && !text.contains("never shown"), "{text}");
        assert!(text.contains("API &quot;key&quot;") && !text.contains(" src=") && !text.contains("<script"), "{text}");
    }

    #[test]
    fn an_address_to_go_on_to_ends_nothing_early() {
        let text = Page::new(200, "On", "").on("https://a.example/?x=1&y=\"'><script>", "Go on").body();
        assert!(
            text.contains("content=\"0;url=https://a.example/?x=1&amp;y=&quot;&#39;&gt;&lt;script&gt;\""),
            "{text}"
        );
    }
}
