use std::borrow::Cow;
use std::fmt;

use percent_encoding::percent_decode_str;
use serde::{Deserialize, Deserializer, Serialize, Serializer};

use crate::declaration::{Closeness, Filled, Siblings};
use crate::encode::percent_encoded;
use crate::refusal::Refusal;
use crate::rules::{Denial, LONGEST_URL, Rule, too_long};
use crate::secret::Text;
use crate::wiped::Wiped;
use crate::work::Work;

/// Far more than any API nests.
const MOST_SEGMENTS: usize = 64;

/// How often a value is percent-decoded in search of something hidden: as often as a chain of proxies might.
const DECODINGS: usize = 4;

/// A path template: `/users/{userId}/sessions/{sessionId}`. The empty template adds nothing to the base URL. A variable with a
/// plus takes several segments: `/contents/{+path}`.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub struct Path {
    template: String,
    segments: Vec<Vec<Piece>>,
}

#[derive(Clone, Debug, PartialEq, Eq)]
enum Piece {
    Literal(String),
    Variable(String),
    /// Of several segments. It begins its own, and at most a literal is behind it there.
    Rest(String),
}

impl Piece {
    fn variable(&self) -> Option<&str> {
        match self {
            Self::Variable(name) | Self::Rest(name) => Some(name),
            Self::Literal(_) => None,
        }
    }
}

/// What a segment consists of.
#[derive(Clone, Debug, PartialEq, Eq)]
pub(crate) enum Shape<'a> {
    Literal(&'a str),
    Variable,
    /// Variables with these texts around them, the first and the last of which may be empty.
    Mixed(Vec<&'a str>),
    /// Several segments, the last of which ends in this text.
    Rest(&'a str),
}

/// The value of a variable.
pub(crate) struct Given {
    pub(crate) text: Text,
    pub(crate) whose: Whose,
    /// Whether a slash in it is a part of it, written `%2F`.
    pub(crate) slashes: bool,
}

/// Who has to give another value where one cannot stand in a path.
pub(crate) enum Whose {
    Caller,
    /// The operator, by this field of the connection.
    Field(String),
    /// The operator: it is a credential.
    Credential,
}

/// Why a text is not a path template.
#[derive(Clone, Debug, PartialEq, Eq, thiserror::Error)]
#[error("the path `{template}` {problem}")]
pub struct PathError {
    template: String,
    problem: &'static str,
}

impl Path {
    /// Reads a template.
    ///
    /// # Errors
    /// A path that does not begin with a slash, has an empty segment (but for the last), a dot segment, a brace without
    /// its other half, a variable without a name, a variable of several segments whose end cannot be told, or a character that
    /// does not stand in a path (RFC 3986, section 3.3).
    pub fn parse(template: &str) -> Result<Self, PathError> {
        let error = |problem| PathError { template: template.to_owned(), problem };
        if template.is_empty() {
            return Ok(Self { template: String::new(), segments: Vec::new() });
        }
        let rest = template.strip_prefix('/').ok_or_else(|| error("does not begin with `/`"))?;
        let count = rest.split('/').count();
        if count > MOST_SEGMENTS {
            return Err(error("has more than 64 segments"));
        }
        let segments = rest
            .split('/')
            .enumerate()
            .map(|(index, segment)| match segment {
                "" if index + 1 < count => Err("has an empty segment"),
                "." | ".." => Err("has a dot segment"),
                _ => pieces(segment),
            })
            .collect::<Result<Vec<_>, _>>()
            .map_err(error)?;
        several(&segments).map_err(error)?;
        Ok(Self { template: template.to_owned(), segments })
    }

    /// The template as it was written.
    pub fn as_str(&self) -> &str {
        &self.template
    }

    /// The variables, in order.
    pub fn variables(&self) -> impl Iterator<Item = &str> {
        self.segments.iter().flatten().filter_map(Piece::variable)
    }

    /// Those whose value is one whole segment.
    pub(crate) fn whole_segments(&self) -> impl Iterator<Item = &str> {
        self.segments.iter().filter_map(|pieces| match pieces.as_slice() {
            [Piece::Variable(name)] => Some(name.as_str()),
            _ => None,
        })
    }

    /// Those that share their segment with another variable, or take several.
    pub(crate) fn unseparated(&self) -> impl Iterator<Item = &str> {
        let is_shared = |pieces: &&Vec<Piece>| {
            pieces.iter().filter(|piece| piece.variable().is_some()).count() > 1
                || pieces.iter().any(|piece| matches!(piece, Piece::Rest(_)))
        };
        self.segments.iter().filter(is_shared).flatten().filter_map(Piece::variable)
    }

    /// The segments, in order. A slash at the end makes no other path: servers take it for the one without.
    pub(crate) fn shapes(&self) -> impl Iterator<Item = Shape<'_>> {
        self.segments.iter().filter(|pieces| !pieces.is_empty()).map(|pieces| shape(pieces))
    }

    /// Appends the path to a URL, with its variables filled in: how many bytes of it are credentials.
    pub(crate) fn expand(
        &self,
        url: &mut Text,
        siblings: &Siblings,
        work: &Work,
        value: impl Fn(&str) -> Result<Given, Denial>,
    ) -> Result<usize, Refusal> {
        let (mut credentials, mut filled, mut decoded) = (0, Vec::new(), Vec::new());
        for segment in &self.segments {
            url.push_str("/");
            let mut segment = Filling { pieces: segment, whole: String::new(), values: Vec::new() };
            credentials += segment.write(url, &value)?;
            if url.real().len() - credentials > LONGEST_URL {
                return Err(too_long().into());
            }
            segment.check()?;
            if !siblings.is_empty() && !segment.pieces.is_empty() {
                filled.extend(segment.filled(false));
                decoded.extend(segment.filled(true));
            }
        }
        let clash = match siblings.clash(&filled, work)? {
            // A proxy on the way may decode a slash.
            None if decoded.len() > filled.len() => siblings.clash(&decoded, work)?,
            clash => clash,
        };
        let Some(clash) = clash else { return Ok(credentials) };
        let problem = match clash.name {
            Some(name) => format!("is `{name}`, which another request of the plugin has in this place"),
            None => "would make the path that of another request of the plugin".to_owned(),
        };
        let whose = value(clash.variable)?.whose;
        Err(whose.denies(clash.variable, &problem).into())
    }
}

/// A segment whose variables get their values.
struct Filling<'a> {
    pieces: &'a [Piece],
    /// All of it, but for a credential.
    whole: String,
    values: Vec<(&'a str, Given)>,
}

impl<'a> Filling<'a> {
    /// Appends it to a URL: how many bytes of it are a credential.
    fn write(&mut self, url: &mut Text, value: impl Fn(&str) -> Result<Given, Denial>) -> Result<usize, Denial> {
        let mut credentials = 0;
        for piece in self.pieces {
            match piece {
                Piece::Literal(text) => {
                    url.push_str(text);
                    self.whole.push_str(text);
                }
                Piece::Variable(name) | Piece::Rest(name) => {
                    let given = value(name)?;
                    let before = url.real().len();
                    match piece {
                        Piece::Rest(_) => url.push(&given.text.encoded(percent_encode_segments)),
                        _ => url.push_percent_encoded(&given.text),
                    }
                    match given.whose {
                        Whose::Credential => credentials += url.real().len() - before,
                        _ => self.whole.push_str(given.text.real()),
                    }
                    self.values.push((name, given));
                }
            }
        }
        Ok(credentials)
    }

    /// Refuses values that would make another path.
    fn check(&self) -> Result<(), Denial> {
        for (name, given) in &self.values {
            let value = given.text.real();
            if !given.slashes && !self.is_rest() {
                check(name, given, value)?;
                continue;
            }
            if value.split('/').count() > MOST_SEGMENTS {
                return Err(given.whose.denies(name, "has more than 64 segments"));
            }
            value.split('/').try_for_each(|part| check(name, given, part))?;
        }
        // What each of several pieces is not, all of them together may be.
        match self.values.first() {
            Some((name, given)) if self.pieces.len() > 1 && !matches!(given.whose, Whose::Credential) => {
                self.whole.split('/').try_for_each(|part| check(name, given, part))
            }
            _ => Ok(()),
        }
    }

    fn is_rest(&self) -> bool {
        matches!(self.pieces, [Piece::Rest(_), ..])
    }

    /// What servers take it for, for those that decode a slash in it or not.
    fn filled(&self, decoded: bool) -> Vec<Filled<'a>> {
        let variable = self.values.first().map(|(name, _)| *name);
        let closeness = shape(self.pieces).closeness();
        if self.values.iter().any(|(_, given)| matches!(given.whose, Whose::Credential)) {
            return vec![Filled { variable, closeness, readings: None }];
        }
        let is_split = self.is_rest() || (decoded && self.values.iter().any(|(_, given)| given.slashes));
        let parts: Vec<&str> = if is_split { self.whole.split('/').collect() } else { vec![&self.whole] };
        let last = parts.len() - 1;
        let one = |(index, part): (usize, &&str)| Filled {
            variable,
            closeness: if is_split && (index < last || !self.is_rest()) { Closeness::Rest } else { closeness },
            readings: Some(readings(part)),
        };
        parts.iter().enumerate().map(one).collect()
    }
}

impl Whose {
    fn denies(&self, variable: &str, problem: &str) -> Denial {
        match self {
            Self::Caller => Rule::PathValue.denies(format!("the value of `{variable}` in the path {problem}")),
            Self::Field(field) => Rule::PathValue
                .denies(format!("the value of `{variable}` in the path {problem}"))
                .with_remedy(format!("the operator gives the field `{field}` of the connection another value")),
            Self::Credential => Rule::PathValue
                .denies(format!("the credential `{variable}` in the path {problem}"))
                .with_remedy("the operator gives the connection another one".to_owned()),
        }
    }
}

fn shape(pieces: &[Piece]) -> Shape<'_> {
    match pieces {
        [] => Shape::Literal(""),
        [Piece::Literal(text)] => Shape::Literal(text),
        [Piece::Variable(_)] => Shape::Variable,
        [Piece::Rest(_)] => Shape::Rest(""),
        [Piece::Rest(_), Piece::Literal(tail), ..] => Shape::Rest(tail),
        pieces => {
            let mut texts = vec![""];
            for piece in pieces {
                match (piece, texts.last_mut()) {
                    (Piece::Literal(text), Some(last)) => *last = text,
                    _ => texts.push(""),
                }
            }
            Shape::Mixed(texts)
        }
    }
}

fn percent_encode_segments(value: &str) -> Wiped {
    let mut parts = value.split('/');
    let first = parts.next().into_iter().flat_map(percent_encoded);
    first.chain(parts.flat_map(|part| std::iter::once("/").chain(percent_encoded(part)))).collect()
}

/// Where a variable of several segments ends has to be told from what stands behind it, and there is one at most.
fn several(segments: &[Vec<Piece>]) -> Result<(), &'static str> {
    let is_rest = |piece: &Piece| matches!(piece, Piece::Rest(_));
    if segments.iter().flatten().filter(|piece| is_rest(piece)).count() > 1 {
        return Err("has more than one variable of several segments");
    }
    for (index, pieces) in segments.iter().enumerate().filter(|(_, pieces)| pieces.iter().any(is_rest)) {
        if !matches!(pieces.as_slice(), [Piece::Rest(_)] | [Piece::Rest(_), Piece::Literal(_)]) {
            return Err(
                "has a variable of several segments that does not begin its segment, or has another one beside it",
            );
        }
        let next = segments.get(index + 1).map(Vec::as_slice);
        if !matches!(next, None | Some([] | [Piece::Literal(_)])) {
            return Err("has a variable of several segments that is not at its end, nor before a literal");
        }
    }
    Ok(())
}

fn pieces(segment: &str) -> Result<Vec<Piece>, &'static str> {
    let mut pieces = Vec::new();
    let mut rest = segment;
    while !rest.is_empty() {
        let (text, variable) = match rest.split_once('{') {
            None => (rest, None),
            Some((text, after)) => {
                let (inside, after) = after.split_once('}').ok_or("has `{` without `}`")?;
                let name = inside.strip_prefix('+').unwrap_or(inside);
                if name.is_empty() || !name.chars().all(|c| c.is_ascii_alphanumeric() || matches!(c, '_' | '-' | '$')) {
                    return Err("has a variable whose name is not made of letters, digits, `_`, `-` and `$`");
                }
                rest = after;
                (text, Some((name, inside != name)))
            }
        };
        if !text.bytes().all(is_path_character) {
            return Err("has a character that does not stand in a path");
        }
        if !text.is_empty() {
            pieces.push(Piece::Literal(text.to_owned()));
        }
        match variable {
            Some((name, false)) => pieces.push(Piece::Variable(name.to_owned())),
            Some((name, true)) => pieces.push(Piece::Rest(name.to_owned())),
            None => break,
        }
    }
    Ok(pieces)
}

/// `pchar` of RFC 3986 without percent-encoding.
fn is_path_character(byte: u8) -> bool {
    byte.is_ascii_alphanumeric() || b"-._~!$&'()*+,;=:@".contains(&byte)
}

/// Refuses a value, or a part of it, that would make another path, also one that would do so after a proxy on the way has decoded
/// it.
fn check(variable: &str, given: &Given, part: &str) -> Result<(), Denial> {
    if is_plain(part) {
        return Ok(());
    }
    let problem = levels(part).into_iter().find_map(|level| {
        // What strips spaces takes `.. ` for `..`.
        match without_parameters(&level).trim_matches(' ') {
            "" if given.text.real().contains('/') => Some("has an empty segment, which would make another path"),
            "" => Some("is empty, which would make another path"),
            "." | ".." => Some("is a dot segment, which would make another path"),
            _ if level.contains(['/', '\\']) => Some("has a slash in it, which would make another path"),
            _ if level.chars().any(char::is_control) => Some("has a control character in it"),
            _ => None,
        }
    });
    problem.map_or(Ok(()), |problem| Err(given.whose.denies(variable, problem)))
}

/// Whether every server takes it for itself.
fn is_plain(segment: &str) -> bool {
    !segment.is_empty() && segment.bytes().all(|byte| byte.is_ascii_alphanumeric() || matches!(byte, b'-' | b'_'))
}

/// A text as it is, and percent-decoded once and more often.
fn levels(text: &str) -> Vec<Cow<'_, str>> {
    let mut levels = vec![Cow::Borrowed(text)];
    while let Some(level) = levels.last().filter(|level| level.contains('%') && levels.len() < DECODINGS) {
        let decoded = percent_decode_str(level).decode_utf8_lossy().into_owned();
        if decoded == **level {
            break;
        }
        levels.push(Cow::Owned(decoded));
    }
    levels
}

/// All that servers take a segment for.
fn readings(segment: &str) -> Vec<String> {
    if is_plain(segment) {
        return vec![segment.to_owned()];
    }
    let mut readings: Vec<String> =
        levels(segment).iter().flat_map(|level| routes(level).map(str::to_owned).collect::<Vec<_>>()).collect();
    readings.dedup();
    readings
}

/// A segment as servers in Java see it: without the parameters after a semicolon (`..;a=b` for `..`).
fn without_parameters(segment: &str) -> &str {
    segment.split([';', '?', '#']).next().unwrap_or_default()
}

/// What a segment is taken for by servers that pass over parameters, and over dots and spaces at its end, or take what follows
/// the last dot for a format (`all.json` for `all`, as Rails does).
fn routes(segment: &str) -> impl Iterator<Item = &str> {
    let trimmed = without_parameters(segment).trim_end_matches(['.', ' ']);
    let without_format = trimmed.rsplit_once('.').map(|(name, _)| name);
    [segment, trimmed].into_iter().chain(without_format)
}

impl fmt::Display for Path {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(&self.template)
    }
}

impl Serialize for Path {
    fn serialize<S: Serializer>(&self, serializer: S) -> Result<S::Ok, S::Error> {
        serializer.serialize_str(&self.template)
    }
}

impl<'de> Deserialize<'de> for Path {
    fn deserialize<D: Deserializer<'de>>(deserializer: D) -> Result<Self, D::Error> {
        let template = String::deserialize(deserializer)?;
        Self::parse(&template).map_err(serde::de::Error::custom)
    }
}

#[cfg(test)]
mod tests;
