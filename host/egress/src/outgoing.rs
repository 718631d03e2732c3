//! A request that is ready to be sent.

use std::borrow::Cow;
use std::io::{self, Read};

use serde::Serialize;
use sha2::{Digest as _, Sha256};

use crate::content::{Content, Reader};
use crate::declaration::{AnswerForm, Method};
use crate::encode::hex;
use crate::masker::Masker;
use crate::range::Range;
use crate::secret::Text;

/// The longest text that [`Outgoing::shown`] repeats, in bytes: what is shown may be kept for each request of a call.
const LONGEST_SHOWN: usize = 4096;

/// A request as the host built it. It holds secrets; [`Outgoing::shown`] is what may be printed.
#[derive(Debug)]
pub struct Outgoing {
    pub(crate) name: String,
    pub(crate) method: Method,
    /// The further server that it goes to.
    pub(crate) server: Option<String>,
    pub(crate) url: Text,
    pub(crate) headers: Vec<(String, Text)>,
    pub(crate) body: Option<Body>,
    pub(crate) answer: AnswerForm,
    /// The part of the file that it asks for.
    pub(crate) range: Option<Range>,
    /// Origins where its answer may be fetched.
    pub(crate) redirects_to: Vec<String>,
    /// Whether it changes nothing at the provider.
    pub(crate) reads: bool,
    /// Whether it has a key by which the provider knows it again.
    pub(crate) has_key: bool,
    /// Whether its answer is for the host alone, which looks for secrets in it: they are not masked there.
    pub(crate) for_host: bool,
    /// Knows what was made of strong secrets for its credentials: for what a plugin sees.
    pub(crate) strong: Masker,
    /// Knows the weak secrets, and what was made of them: for what people see. The plugin may know them from an answer.
    pub(crate) weak: Masker,
}

/// How the configuration of a connection names the base URL of a server.
pub fn key_of(server: Option<&str>) -> Cow<'static, str> {
    server.map_or(Cow::Borrowed("base_url"), |name| Cow::Owned(format!("servers.{name}")))
}

/// A body with its media type.
pub(crate) struct Body {
    pub(crate) media_type: String,
    /// One behind the other.
    pub(crate) content: Vec<Content>,
    /// Set where the bytes themselves must not be shown.
    pub(crate) shown: Option<String>,
}

impl std::fmt::Debug for Body {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        write!(f, "{} bytes of {}", self.len(), self.media_type)
    }
}

/// A request as it may be shown: secrets and sensitive values masked.
#[derive(Clone, Debug, PartialEq, Eq, Serialize)]
pub struct Shown {
    /// Name of the declared request.
    pub request: String,
    /// `DELETE`
    pub method: &'static str,
    /// Whole, with query.
    pub url: String,
    /// Those that the declaration and the scheme give; not those of the HTTP client.
    pub headers: Vec<(String, String)>,
    /// As text where it is one.
    pub body: Option<String>,
}

impl Outgoing {
    /// What the host itself asks for, without credentials.
    pub(crate) fn get(name: &str, url: &str) -> Self {
        Self {
            name: name.to_owned(),
            method: Method::Get,
            server: None,
            url: Text::open(url),
            headers: Vec::new(),
            body: None,
            answer: AnswerForm::Blob,
            range: None,
            redirects_to: Vec::new(),
            reads: true,
            has_key: false,
            for_host: false,
            strong: Masker::default(),
            weak: Masker::default(),
        }
    }

    /// What may be shown of it.
    pub fn shown(&self) -> Shown {
        let header = |(name, value): &(String, Text)| (name.clone(), self.cut(value.shown()));
        Shown {
            request: self.name.clone(),
            method: self.method.as_str(),
            url: self.shown_url(),
            headers: self.headers.iter().map(header).collect(),
            body: self.body.as_ref().map(|body| body.shown(&self.weak)),
        }
    }

    /// A digest of it as it would be sent, with credentials as they are shown: another token is the same request. What somebody could
    /// guess of the rest shows in it, so it is for the host alone.
    pub fn digest(&self) -> io::Result<String> {
        let mut hash = Sha256::new();
        let mut add = |bytes: &[u8]| {
            hash.update((bytes.len() as u64).to_le_bytes());
            hash.update(bytes);
        };
        for text in
            [self.name.as_str(), self.method.as_str(), self.server.as_deref().unwrap_or_default(), self.url.shown()]
        {
            add(text.as_bytes());
        }
        for (name, value) in &self.headers {
            add(name.as_bytes());
            add(value.shown().as_bytes());
        }
        if let Some(body) = &self.body {
            // Each run takes another boundary of parts.
            let media_type = body.media_type.split("; boundary=").next().unwrap_or_default();
            add(media_type.as_bytes());
            match &body.shown {
                Some(shown) => add(shown.as_bytes()),
                None => {
                    let mut whole = Sha256::new();
                    io::copy(&mut body.reader(), &mut whole)?;
                    add(&whole.finalize());
                }
            }
        }
        Ok(hex(&hash.finalize()))
    }

    /// Whether it changes nothing at the provider, as far as its declaration tells.
    pub fn reads(&self) -> bool {
        self.reads
    }

    /// Whether it may be sent again where nothing says that the provider has seen it: by its method (RFC 9110, section 9.2.2), or as
    /// it has a key, so that a provider which did see it does nothing twice.
    pub(crate) fn may_be_repeated(&self) -> bool {
        self.method.may_be_repeated() || self.has_key
    }

    /// What is to be said where it was sent, and its answer does not tell what became of it.
    pub fn afterwards(&self) -> &'static str {
        if self.reads { "" } else { "; what it asks for may have been done" }
    }

    /// Knows the weak secrets that [`Connection::mask_for_people`](crate::Connection::mask_for_people) knows, and what was
    /// made of them for this request.
    pub fn for_people(&self) -> &Masker {
        &self.weak
    }

    /// Says which trace it is part of (W3C Trace Context), unless its declaration has a word of its own on that.
    pub fn be_part_of(&mut self, traceparent: &str) {
        const NAME: &str = "traceparent";
        if !self.headers.iter().any(|(name, _)| name.eq_ignore_ascii_case(NAME)) {
            self.headers.push((NAME.to_owned(), Text::open(traceparent)));
        }
    }

    /// The further server that it goes to.
    pub fn server(&self) -> Option<&str> {
        self.server.as_deref()
    }

    /// The same with `{base_url}`, or `{servers.NAME}`, in the place of the server's base URL: so requests over two connections can be
    /// compared.
    pub fn shown_without(&self, base_url: &str) -> Shown {
        let url = match self.url.shown().strip_prefix(base_url) {
            Some(rest) => self.cut(&format!("{{{}}}{rest}", key_of(self.server()))),
            None => self.shown_url(),
        };
        Shown { url, ..self.shown() }
    }

    /// Takes further texts out of what is shown of it, such as a token that an earlier answer of the call had.
    pub fn hide(&mut self, masker: &Masker) {
        let hide = |text: &mut Text| {
            let shown = masker.mask_text(text.shown().to_owned());
            if shown != text.shown() {
                *text = std::mem::take(text).but_shown_as(shown);
            }
        };
        hide(&mut self.url);
        self.headers.iter_mut().for_each(|(_, value)| hide(value));
        if let Some(body) = &mut self.body {
            let shown = body.text();
            let start = shown.floor_char_boundary(LONGEST_SHOWN + masker.longest() + self.weak.longest());
            let hidden = masker.mask_text(shown.get(..start).unwrap_or_default().to_owned());
            if body.shown.is_some() || hidden != shown {
                body.shown = Some(hidden);
            }
        }
    }

    pub(crate) fn shown_url(&self) -> String {
        self.cut(self.url.shown())
    }

    fn cut(&self, shown: &str) -> String {
        masked_start(shown, &self.weak, shown.len() as u64)
    }

    /// Size of its body, in bytes.
    pub fn body_bytes(&self) -> u64 {
        self.body.as_ref().map_or(0, Body::len)
    }

    /// How the plugin wants the body of the answer.
    pub fn answer(&self) -> AnswerForm {
        self.answer
    }
}

impl Body {
    /// In bytes.
    pub(crate) fn len(&self) -> u64 {
        self.content.iter().map(Content::len).sum()
    }

    /// All of it, from the start.
    pub(crate) fn reader(&self) -> impl Read {
        Pieces { rest: self.content.iter(), reader: None }
    }

    fn shown(&self, weak: &Masker) -> String {
        masked_start(&self.text(), weak, self.len())
    }

    /// What may be shown, but for what a masker finds.
    fn text(&self) -> Cow<'_, str> {
        if let Some(shown) = &self.shown {
            return Cow::Borrowed(shown);
        }
        let short = match self.content.as_slice() {
            [Content::Memory(bytes)] if bytes.len() <= LONGEST_SHOWN => std::str::from_utf8(bytes).ok(),
            _ => None,
        };
        match short {
            Some(text) => Cow::Borrowed(text),
            None => Cow::Owned(format!("[{} bytes of {}]", self.len(), self.media_type)),
        }
    }
}

/// Reads contents one behind the other.
struct Pieces<'a> {
    rest: std::slice::Iter<'a, Content>,
    reader: Option<Reader>,
}

impl Read for Pieces<'_> {
    fn read(&mut self, into: &mut [u8]) -> io::Result<usize> {
        loop {
            let amount = self.reader.as_mut().map_or(Ok(0), |reader| reader.read(into))?;
            if amount > 0 || into.is_empty() {
                return Ok(amount);
            }
            match self.rest.next() {
                Some(content) => self.reader = Some(content.reader()),
                None => return Ok(0),
            }
        }
    }
}

/// The start of a text of so many bytes without what a masker finds. Of a long one no more is searched than is shown.
fn masked_start(text: &str, masker: &Masker, bytes: u64) -> String {
    if text.len() <= LONGEST_SHOWN {
        return masker.mask_text(text.to_owned());
    }
    let searched = text.floor_char_boundary(LONGEST_SHOWN + masker.longest());
    let masked = masker.mask_text(text.get(..searched).unwrap_or_default().to_owned());
    let end = masked.floor_char_boundary(LONGEST_SHOWN);
    format!("{}… [{bytes} bytes]", masked.get(..end).unwrap_or_default())
}

/// A text that may be kept for each request of a call.
pub(crate) fn cut(text: &str) -> String {
    if text.len() <= LONGEST_SHOWN {
        return text.to_owned();
    }
    let end = text.floor_char_boundary(LONGEST_SHOWN);
    format!("{}… [{} bytes]", text.get(..end).unwrap_or_default(), text.len())
}
