//! Signs requests: knows the parts of one as they are sent, of which templates and [signatures](aws) are made.

use std::cell::OnceCell;
use std::io::Read as _;
use std::time::{Duration, SystemTime, UNIX_EPOCH};

use sha2::{Digest as _, Sha256};

use crate::Connection;
use crate::content::{Content, PIECE};
use crate::declaration::{Method, RequestPart, Sign};
use crate::encode::hex;
use crate::outgoing::Body;
use crate::refusal::Refusal;
use crate::rules::Rule;
use crate::scheme::Derived;
use crate::secret::Text;
use crate::spool::SpoolError;
use crate::work::Work;

mod aws;

/// A request whose URL and body stand, at the one moment that all of its signatures tell.
pub(crate) struct ToSign<'a> {
    method: Method,
    url: &'a Text,
    body: Option<&'a Body>,
    time: SystemTime,
    work: &'a Work,
    /// A body is read once, however often its digest is asked for.
    digest: OnceCell<String>,
}

impl<'a> ToSign<'a> {
    pub(crate) fn new(method: Method, url: &'a Text, body: Option<&'a Body>, work: &'a Work) -> Self {
        Self { method, url, body, time: work.time(), work, digest: OnceCell::new() }
    }

    /// As it is sent. Not as a masked one: what is made of it is no secret of the connection, which answers are searched for.
    pub(crate) fn part(&self, part: RequestPart) -> Result<Text, Refusal> {
        let since = self.time.duration_since(UNIX_EPOCH).unwrap_or(Duration::ZERO);
        Ok(Text::open(match part {
            RequestPart::Method => self.method.as_str().to_owned(),
            RequestPart::Host => self.host().to_owned(),
            RequestPart::Path => self.path().to_owned(),
            RequestPart::Query => self.query().to_owned(),
            RequestPart::SortedQuery => {
                let mut pairs: Vec<&str> = self.query().split('&').collect();
                pairs.sort_unstable();
                pairs.join("&")
            }
            RequestPart::Target if self.query().is_empty() => self.path().to_owned(),
            RequestPart::Target => format!("{}?{}", self.path(), self.query()),
            RequestPart::Body => self.body()?.to_owned(),
            RequestPart::BodySha256 => self.body_sha256()?.to_owned(),
            RequestPart::Time => since.as_secs().to_string(),
            RequestPart::TimeMillis => since.as_millis().to_string(),
            RequestPart::TimeIso => humantime::format_rfc3339_seconds(self.time).to_string(),
            RequestPart::TimeBasic => self.time_basic(),
            RequestPart::TimeHttp => httpdate::fmt_http_date(self.time),
        }))
    }

    /// Whether something in a part is not to be shown.
    pub(crate) fn hides(&self, part: RequestPart) -> bool {
        match part {
            RequestPart::Body | RequestPart::BodySha256 => self.body.is_some_and(|body| body.shown.is_some()),
            part => part.is_given() && self.url.is_masked(),
        }
    }

    /// How long the text of a part may be beside all others, in bytes.
    pub(crate) fn room(&self, part: RequestPart) -> usize {
        let bytes = if part == RequestPart::Body { self.body.map_or(0, Body::len) } else { 0 };
        usize::try_from(bytes).unwrap_or(usize::MAX)
    }

    /// The headers that a signature consists of; `headers` are all the others.
    pub(crate) fn signed(
        &self,
        sign: &Sign,
        headers: &[(String, Text)],
        connection: &Connection,
        derived: &Derived,
    ) -> Result<Vec<(String, Text)>, Refusal> {
        match sign {
            Sign::AwsV4(with) => aws::headers(with, self, headers, connection, derived),
        }
    }

    fn time_basic(&self) -> String {
        humantime::format_rfc3339_seconds(self.time).to_string().replace(['-', ':'], "")
    }

    /// What follows the scheme: host and port, and the rest.
    fn after_scheme(&self) -> (&str, &str) {
        let (_, rest) = self.url.real().split_once("://").unwrap_or_default();
        rest.split_at(rest.find(['/', '?']).unwrap_or(rest.len()))
    }

    fn host(&self) -> &str {
        self.after_scheme().0
    }

    fn path(&self) -> &str {
        let path = self.after_scheme().1.split('?').next().unwrap_or_default();
        if path.is_empty() { "/" } else { path }
    }

    fn query(&self) -> &str {
        self.after_scheme().1.split_once('?').map(|(_, query)| query).unwrap_or_default()
    }

    fn body(&self) -> Result<&str, Refusal> {
        let text = match self.body.map(|body| body.content.as_slice()).unwrap_or_default() {
            [] => Some(""),
            [Content::Memory(bytes)] => {
                self.work.steps(bytes.len())?;
                std::str::from_utf8(bytes).ok()
            }
            _ => None,
        };
        text.ok_or_else(|| {
            let why = "its scheme signs the whole body as a text, and this one is a file or has one in it; a scheme can sign \
                       `{request.body-sha256}` of every body";
            Rule::Credential.denies(why).into()
        })
    }

    fn body_sha256(&self) -> Result<&str, Refusal> {
        if let Some(digest) = self.digest.get() {
            return Ok(digest);
        }
        let digest = match self.body {
            Some(body) => sha256_of(body, self.work)?,
            None => hex(&Sha256::digest([])),
        };
        Ok(self.digest.get_or_init(|| digest))
    }
}

/// Of all that is sent of it. What is on disk is read piece by piece, no longer than the call has.
fn sha256_of(body: &Body, work: &Work) -> Result<String, Refusal> {
    let (mut hash, mut reader, mut piece) = (Sha256::new(), body.reader(), vec![0; PIECE]);
    loop {
        let amount = match reader.read(&mut piece) {
            Ok(0) => return Ok(hex(&hash.finalize())),
            Ok(amount) => amount,
            Err(error) if error.kind() == std::io::ErrorKind::Interrupted => continue,
            Err(error) => return Err(SpoolError::of(error).into()),
        };
        work.steps(amount)?;
        hash.update(piece.get(..amount).unwrap_or_default());
    }
}
