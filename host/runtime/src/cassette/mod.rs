//! Self-tests of a release: calls with the answers of the provider, recorded once and replayed with the network off.
//!
//! [`Host::record`](crate::Host::record) runs a call and tells what was asked for, what came back and how it ended. A
//! [`Cassette`] is a file of such calls. [`Host::replay`](crate::Host::replay) runs them in another release, which gets the
//! recorded answers as long as it asks for the recorded requests, and has to end as it ended then.
//!
//! [`Host::imagine`](crate::Host::imagine) makes one of a call that nobody made, and the answers that it could have.
//!
//! No secret of a connection is in a cassette: requests are kept as they may be shown, and answers as the plugin got them.
//! Placeholders stand for what a manifest marks as sensitive. All else that the provider answered is there as it was.

use std::collections::BTreeMap;
use std::io;
use std::path::{Path, PathBuf};
use std::time::SystemTime;

use serde::{Deserialize, Serialize};
use wharf_egress::Json;
use wharf_egress::outgoing::Shown;
use wharf_egress::text::{MARK, visible};

use crate::files::{in_words, read, replace_as_it_is, resolved};

mod content;
mod diff;
mod imagine;
mod node;
mod placeholders;
mod record;
mod replay;

pub use content::Content;
pub use diff::Difference;
pub use imagine::Imagined;
pub(crate) use record::Recorder;
pub(crate) use replay::Player;
pub use replay::ReplayError;

/// Goes up where an older Wharf could misread the file.
const FORMAT: u32 = 1;

/// The largest file, in bytes: many calls with answers of the usual size.
const LARGEST: u64 = 64 << 20;

const TOO_LARGE: &str = "it has more than 64 MiB; record fewer calls, or smaller answers, in one cassette";

/// Recorded calls of one plugin.
#[derive(Clone, Debug, PartialEq, Serialize, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct Cassette {
    format: u32,
    /// Name of the plugin.
    pub plugin: String,
    /// In the order of their recording. Each stands for itself.
    pub calls: Vec<RecordedCall>,
}

/// A call, what it asked for and what came back, and how it ended.
#[derive(Clone, Debug, PartialEq, Serialize, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct RecordedCall {
    /// When it was recorded, in whole seconds. The plugin's clock stands still at this time.
    #[serde(with = "humantime_serde")]
    pub recorded: SystemTime,
    /// What the plugin's random numbers are made from.
    pub seed: String,
    /// The operation.
    pub operation: String,
    /// The input, with placeholders in the place of what is sensitive.
    pub input: Json,
    /// The files beside it.
    pub attachments: Vec<RecordedFile>,
    /// What the connection consisted of.
    pub connection: RecordedConnection,
    /// The requests, in their order.
    pub exchanges: Vec<RecordedExchange>,
    /// How it ended.
    pub end: End,
}

/// What a plugin may know of a connection.
#[derive(Clone, Debug, Default, PartialEq, Eq, Serialize, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct RecordedConnection {
    /// Those that are not secret, by name.
    pub fields: BTreeMap<String, String>,
    /// Secret fields that it had no value for.
    pub without: Vec<String>,
}

/// A file of an input.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "kebab-case", deny_unknown_fields)]
pub struct RecordedFile {
    /// Name of the attachment.
    pub name: String,
    /// `image/png`
    pub media_type: String,
    /// Without a path.
    pub file_name: Option<String>,
    /// What is in it.
    pub content: Content,
}

/// A request, and what became of it.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct RecordedExchange {
    /// What the plugin wanted to be sent.
    pub request: RecordedRequest,
    /// What came back.
    pub became: Became,
}

/// A request as it may be shown: secrets and sensitive values masked, and `{base_url}` in the place of the address.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct RecordedRequest {
    /// Name of the declared request.
    pub request: String,
    /// `DELETE`
    pub method: String,
    /// Whole, with query.
    pub url: String,
    /// Those that the declaration and the scheme give.
    pub headers: Vec<(String, String)>,
    /// As text where it is one, up to 4096 bytes; of other bodies the size and the media type.
    pub body: Option<String>,
}

/// What became of a request.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "kebab-case")]
pub enum Became {
    /// The provider answered.
    Answer(RecordedAnswer),
    /// There was no connection; the text says why.
    Unavailable(String),
    /// It was sent, and there was no answer; the text says why.
    NoAnswer(String),
    /// There was an answer that cannot be read.
    Unreadable {
        /// HTTP status of the answer, if it had one.
        status: Option<u16>,
        /// What was wrong with it.
        message: String,
    },
    /// The call was over before there was an answer.
    Timeout,
    /// The answer was larger than allowed.
    TooLarge,
}

/// An answer as the plugin got it.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "kebab-case", deny_unknown_fields)]
pub struct RecordedAnswer {
    /// HTTP status.
    pub status: u16,
    /// Without those of the connection, and without cookies.
    pub headers: Vec<(String, String)>,
    /// `application/json`
    pub media_type: String,
    /// Without a path.
    pub file_name: Option<String>,
    /// Decoded; of an answer that came line by line its items, as they were read.
    pub body: Content,
    /// Whether it came line by line, and was listened to as long as it should be before it was at its end.
    #[serde(default, skip_serializing_if = "std::ops::Not::not")]
    pub left: bool,
}

/// How a call ended.
#[derive(Clone, Debug, PartialEq, Serialize, Deserialize)]
#[serde(rename_all = "kebab-case", deny_unknown_fields)]
pub enum End {
    /// With an output.
    Output {
        /// Sensitive members masked.
        json: Json,
        /// The files beside it.
        attachments: Vec<FileDigest>,
    },
    /// As [`CallError::to_json`](crate::failure::CallError::to_json) tells.
    Failure(Json),
}

/// A file of an output, as much as tells whether another one is the same.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "kebab-case", deny_unknown_fields)]
pub struct FileDigest {
    /// Name of the attachment.
    pub name: String,
    /// `image/png`
    pub media_type: String,
    /// In bytes.
    pub size: u64,
    /// Of its content, in lower case hexadecimal.
    pub sha256: String,
}

/// Why there is no cassette, or no recording of a call.
#[derive(Clone, Debug, PartialEq, Eq, thiserror::Error)]
pub enum CassetteError {
    /// A file is no cassette, or cannot be read or written.
    #[error("the cassette {}: {problem}", .file.display())]
    File {
        /// The file.
        file: PathBuf,
        /// What is wrong, and what to do.
        problem: String,
    },
    /// A call was run, and cannot be kept.
    #[error("the call of {operation} is not recorded: {problem}")]
    Call {
        /// The operation.
        operation: String,
        /// Why, and what to do.
        problem: String,
    },
}

impl Cassette {
    /// One without calls.
    pub fn new(plugin: impl Into<String>) -> Self {
        Self { format: FORMAT, plugin: plugin.into(), calls: Vec::new() }
    }

    /// Reads a file.
    ///
    /// # Errors
    /// [`CassetteError::File`] where it cannot be read, has more than 64 MiB, or is no cassette of this format.
    pub fn read(file: &Path) -> Result<Self, CassetteError> {
        let read = read(file, LARGEST).map_err(|error| match error.kind() {
            io::ErrorKind::FileTooLarge => TOO_LARGE.to_owned(),
            _ => {
                let expected = "a cassette, which is a file of JSON that `wharf record --to FILE` makes";
                format!("it cannot be read: {}", in_words(&error, expected))
            }
        });
        read.and_then(|bytes| Self::parse(&bytes)).map_err(|problem| of_file(file, problem))
    }

    /// Writes a file, in the place of one that is there, whose permissions it keeps. A new one is its owner's alone, as it holds
    /// answers of a provider.
    ///
    /// # Errors
    /// [`CassetteError::File`] where it cannot be written, or would have more than 64 MiB.
    pub fn write(&self, file: &Path) -> Result<(), CassetteError> {
        let json = serde_json::to_string(self).map_err(|error| error.to_string());
        let json = json.and_then(|text| Json::parse(text).map_err(|error| error.to_string()));
        let written = json.and_then(|json| {
            let text = json.pretty() + "\n";
            if text.len() as u64 > LARGEST {
                return Err(TOO_LARGE.to_owned());
            }
            let written = resolved(file).and_then(|file| replace_as_it_is(&file, text.as_bytes()));
            written.map_err(|error| format!("it cannot be written: {error}"))
        });
        written.map_err(|problem| of_file(file, problem))
    }

    fn parse(bytes: &[u8]) -> Result<Self, String> {
        let bytes = bytes.strip_prefix(MARK).unwrap_or(bytes);
        #[derive(Deserialize)]
        struct Head {
            format: u32,
        }
        let damaged = |error: serde_json::Error| {
            let error = visible(&error.to_string());
            format!("it is no cassette ({error}); restore it from version control, or record it anew")
        };
        // First of all, as another format may have other members.
        let Head { format } = serde_json::from_slice(bytes).map_err(damaged)?;
        if format != FORMAT {
            return Err(format!(
                "it has the format {format}, and this Wharf knows {FORMAT}; use the Wharf that recorded it"
            ));
        }
        let cassette: Self = serde_json::from_slice(bytes).map_err(damaged)?;
        if cassette.calls.is_empty() {
            return Err("it has no calls, so it tests nothing; record one".to_owned());
        }
        Ok(cassette)
    }
}

fn of_file(file: &Path, problem: String) -> CassetteError {
    CassetteError::File { file: file.to_owned(), problem }
}

impl From<Shown> for RecordedRequest {
    fn from(Shown { request, method, url, headers, body }: Shown) -> Self {
        Self { request, method: method.to_owned(), url, headers, body }
    }
}

#[cfg(test)]
mod tests {
    use std::time::{Duration, UNIX_EPOCH};

    use super::*;

    fn cassette() -> Cassette {
        let request = RecordedRequest {
            request: "get".into(),
            method: "GET".into(),
            url: "{base_url}/users/7".into(),
            headers: vec![("X-Key".into(), "•••".into())],
            body: None,
        };
        let answer = RecordedAnswer {
            status: 200,
            headers: vec![("content-type".into(), "image/png".into())],
            media_type: "image/png".into(),
            file_name: Some("ada.png".into()),
            body: Content(vec![0x89, b'P', 0xff].into()),
            left: false,
        };
        let file = RecordedFile {
            name: "note".into(),
            media_type: "text/plain".into(),
            file_name: None,
            content: Content("déjà vu\n".into()),
        };
        let digest =
            FileDigest { name: "photo".into(), media_type: "image/png".into(), size: 3, sha256: "00".repeat(32) };
        let call = RecordedCall {
            recorded: UNIX_EPOCH + Duration::from_secs(1_800_000_000),
            seed: "5eed".into(),
            operation: "users.photo".into(),
            input: Json::parse(r#"{"id": 7, "price": 1.10}"#).unwrap(),
            attachments: vec![file],
            connection: RecordedConnection {
                fields: BTreeMap::from([("user".into(), "ada".into())]),
                without: vec!["token".into()],
            },
            exchanges: vec![
                RecordedExchange { request: request.clone(), became: Became::Answer(answer) },
                RecordedExchange { request, became: Became::Timeout },
            ],
            end: End::Output {
                json: Json::parse(r#"[123456789012345678901, "\ud83d", {"a": 1, "a": 2}]"#).unwrap(),
                attachments: vec![digest],
            },
        };
        Cassette { calls: vec![call], ..Cassette::new("acme") }
    }

    #[test]
    fn what_was_written_is_read_again() {
        let folder = tempfile::tempdir().unwrap();
        let file = folder.path().join("acme.cassette.json");
        cassette().write(&file).unwrap();
        assert_eq!(Cassette::read(&file).unwrap(), cassette());
        std::fs::write(&file, [MARK, &std::fs::read(&file).unwrap()].concat()).unwrap();
        assert_eq!(Cassette::read(&file).unwrap(), cassette(), "an editor put a mark before it");
        let text = std::fs::read_to_string(&file).unwrap();
        for line in [
            r#""format": 1"#,
            r#""recorded": "2027-01-15T08:00:00Z""#,
            r#""text": "déjà vu\n""#,
            r#""base64": "iVD/""#,
            r#""became": "timeout""#,
            r#""price": 1.10"#,
            "123456789012345678901,",
        ] {
            assert!(text.contains(line), "{line} is not in {text}");
        }
    }

    #[test]
    fn a_damaged_file_is_told_with_what_is_wrong_and_what_to_do() {
        let text = serde_json::to_string(&cassette()).unwrap();
        let problem = |from: &str, to: &str| {
            let text = text.replacen(from, to, 1);
            Cassette::parse(text.as_bytes()).unwrap_err()
        };
        assert!(problem(r#""format":1"#, r#""format":2,"new":{}"#).contains("knows 1; use the Wharf that recorded it"));
        assert!(problem(r#""seed""#, r#""sed""#).contains("unknown field `sed`"));
        assert!(problem("iVD/", "iVD=").contains("is no base 64"));
        assert!(problem("2027-01-15", "2027-99-15").contains("it is no cassette"));
        assert!(problem(r#""timeout""#, r#""gone""#).contains("unknown variant `gone`"));
        assert!(problem("{", "").contains("record it anew"));
        assert!(Cassette::parse(br#"{"format":1,"plugin":"a","calls":[]}"#).unwrap_err().contains("tests nothing"));
        let folder = tempfile::tempdir().unwrap();
        let nowhere = Cassette::read(&folder.path().join("nowhere.json")).unwrap_err().to_string();
        assert!(nowhere.contains("nowhere.json") && nowhere.contains("cannot be read"), "{nowhere}");
    }

    #[test]
    fn a_file_without_end_is_not_read() {
        let folder = tempfile::tempdir().unwrap();
        let file = folder.path().join("large.json");
        std::fs::File::create(&file).unwrap().set_len(LARGEST + 1).unwrap();
        assert!(Cassette::read(&file).unwrap_err().to_string().contains("more than 64 MiB"));
    }
}
