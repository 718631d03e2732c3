use base64::Engine as _;
use base64::engine::general_purpose::STANDARD;
use wharf_plugin::{
    Attachment, Blob, Body, Call, Constant, Detail, Failure, Field, Members, Operation, Output, Place, Resource,
    code_only, object, plain_json, query, words,
};

use crate::ids::{ID, is_id, is_number};
use crate::login::{by_get, send};

/// The name under which files are given back.
const FILE: &str = "file";

/// The member in which a file comes.
const CONTENT: &str = "filecontents";

/// Where the file of a document is. With `I` the server keeps it; it does not, and does not say so, where there is nothing.
const LOCATION: &str = "filelocationtype";

/// The ids of the files that the server keeps of a document.
const KEPT: &str = "imageattachmentids";

/// What the server gives where it knows no media type.
const ANY_TYPE: &str = "application/octet-stream";

pub(crate) const DOCUMENTS: Resource = Resource::new(
    "documents",
    &[
        Operation::post("upload", "Upload document", "")
            .discriminator(Constant::body("operation", "create"))
            .constants(&[Constant::body("elementType", "Documents")])
            .sends(Body::Multipart)
            // The session's name is read from the query as well; it is the one value that need not stand in the body.
            .scheme(Some("session-in-query"))
            .fields(&[Field::free(
                Place::Body,
                "element",
                "the caller's document, and that the server is to keep its file",
            )])
        .summary(
            "Adds a document with a file. The file's own id is in imageattachmentids of the answer. The server keeps no \
             empty file, nor one of some kinds, such as SVG; then the document is there without it, and the call fails.",
        )
        .inputs(&[
            code_only("element", object()).describe(
                "Fields of the document: notes_title, assigned_user_id, folderid (an id of DocumentFolders), filename, \
                 filestatus 1. Its filelocationtype is I.",
            ),
        ])
        .attachments(&[Attachment::new("filename", "The file.")])
        .run(upload),
        by_get("download", "Download file", "files_retrieve")
            .summary("Fetches the file of a document, by the id in its imageattachmentids, not by the document's own.")
            .inputs(&[query("id", ID).describe("Id of the file, such as 15x9.")])
            .gives(&[FILE])
            .run(download),
    ],
);

fn upload(call: &Call<'_>) -> Result<Output, Failure> {
    let element = element(call.written("element").unwrap_or("{}"))?;
    let answer = call.own_request().texts(vec![("element".to_owned(), element)]).send()?;
    call.read(&answer).map(told)
}

/// A document whose file the server is to keep.
fn element(given: &str) -> Result<String, Failure> {
    let wrong = |message: &str| Failure::InvalidInput(Some("element".to_owned()), message.to_owned());
    let given = Members::of(given).ok_or_else(|| wrong("it is not an object"))?;
    let location = given.get(LOCATION);
    match location.map(words) {
        None => {}
        Some(Some(said)) if said == "I" => {}
        _ if matches!(location, Some("null" | "\"\"")) => {}
        _ => return Err(wrong("a file is uploaded with the filelocationtype I: leave it out, or use records.create")),
    }
    let others = given.with(|name| (name == LOCATION).then_some(None));
    let comma = if others == "{}" { "" } else { "," };
    let others = others.strip_suffix('}').unwrap_or_default();
    Ok(plain_json(&format!("{others}{comma}\"{LOCATION}\":\"I\"}}")))
}

/// The server makes the document first, and says success whatever becomes of the file.
fn told(document: String) -> Output {
    let members = Members::of(&document);
    let kept = members.as_ref().and_then(|members| members.get(KEPT)).unwrap_or("null");
    if names_files(kept) {
        return Output::text(document);
    }
    let id = members.as_ref().and_then(|members| members.words("id"));
    let made = id.map_or_else(|| "a document".to_owned(), |id| format!("the document {id}"));
    let message = format!(
        "Vtiger made {made} and kept no file: it keeps no empty ones, nor some kinds, such as SVG; delete the document"
    );
    Output::text(document).incomplete(Failure::Provider(Detail::new(message)))
}

/// Whether a value has an id of a file: a text with one or several, or a list of such.
fn names_files(json: &str) -> bool {
    let mut parts = json.split(|c: char| !c.is_ascii_alphanumeric());
    !json.starts_with('{') && parts.any(|part| is_id(part) || is_number(part))
}

fn download(call: &Call<'_>) -> Result<Output, Failure> {
    let (about, files) = files(&send(call)?)?;
    let blobs = files.iter().map(|f| Blob::create(&f.content, &f.media_type, f.name.as_deref()));
    Ok(blobs.fold(Output::text(about), |output, blob| output.file(FILE, blob)))
}

#[derive(Debug, PartialEq)]
struct File {
    name: Option<String>,
    media_type: String,
    content: Vec<u8>,
}

/// What is said about the files, and the files, which come in base 64 beside it.
fn files(json: &str) -> Result<(String, Vec<File>), Failure> {
    let wrong = |what: &str| Failure::Provider(Detail::new(what));
    let all: Vec<Members<'_>> = serde_json::from_str(json).map_err(|_| wrong("the answer is not a list of files"))?;
    let mut files = Vec::new();
    for file in all.iter().filter(|file| file.get(CONTENT).is_some()) {
        let content = file
            .text(CONTENT)
            .and_then(|text| STANDARD.decode(text).ok())
            .ok_or_else(|| wrong("the file's content is not base 64"))?;
        let words = |name: &str| file.text(name).filter(|text| !text.is_empty());
        let media_type = words("filetype").unwrap_or_else(|| ANY_TYPE.to_owned());
        files.push(File { name: words("filename"), media_type, content });
    }
    let about: Vec<String> = all.iter().map(|file| file.with(|name| (name == CONTENT).then_some(None))).collect();
    Ok((format!("[{}]", about.join(",")), files))
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn the_server_is_told_to_keep_the_file() {
        let sent = |given: &str| element(given).unwrap();
        assert_eq!(sent(r#"{"a": {"n": 1.10}}"#), r#"{"a":{"n": 1.10},"filelocationtype":"I"}"#);
        for given in ["{}", r#"{"filelocationtype":"I"}"#, r#"{"filelocationtype":null}"#, r#"{"filelocationtype":""}"#]
        {
            assert_eq!(sent(given), r#"{"filelocationtype":"I"}"#);
        }
        assert_eq!(sent(r#"{"a":"\\u0041"}"#), r#"{"a":"\\\u00750041","filelocationtype":"I"}"#);
        for given in [r#"{"filelocationtype":"E"}"#, r#"{"filelocationtype":1}"#] {
            assert!(matches!(element(given), Err(Failure::InvalidInput(Some(_), _))), "{given}");
        }
    }

    #[test]
    fn a_file_is_kept_where_its_id_is_told() {
        for kept in [r#""15x9""#, r#"["15x9"]"#, r#""15x9,15x10""#, r#""9""#, "9"] {
            assert!(names_files(kept), "{kept}");
        }
        let nothing = ["null", "[]", "[ ]", "{}", "{ }", "0", "false", "true", "[null]"];
        for kept in nothing.iter().chain(&[r#""0""#, r#""""#, r#"" ""#, r#"[""]"#, r#""15x0""#]) {
            assert!(!names_files(kept), "{kept}");
        }
    }

    #[test]
    fn a_file_comes_beside_what_is_said_about_it() {
        let answer = r#"[{"fileid":"9","filename":"noteg.txt","filetype":"text/plain","filesize":13.0,
            "filecontents":"aGVsbG8gdnRpZ2VyCg=="}]"#;
        let (about, files) = files(answer).unwrap();
        assert_eq!(about, r#"[{"fileid":"9","filename":"noteg.txt","filetype":"text/plain","filesize":13.0}]"#);
        let content = b"hello vtiger\n".to_vec();
        let expected = File { name: Some("noteg.txt".to_owned()), media_type: "text/plain".to_owned(), content };
        assert_eq!(files, [expected]);
    }

    #[test]
    fn a_file_without_a_name_or_a_type_is_a_file() {
        let (_, files) = files(r#"[{"filetype":"","filecontents":""}]"#).unwrap();
        assert_eq!(files, [File { name: None, media_type: ANY_TYPE.to_owned(), content: vec![] }]);
    }

    #[test]
    fn what_is_no_file_in_base_64_is_a_failure() {
        assert!(files(r#"{"filecontents":"AA=="}"#).is_err());
        assert!(files(r#"[{"filecontents":"AA"}]"#).is_err());
        assert!(files(r#"[{"filecontents":7}]"#).is_err());
    }
}
