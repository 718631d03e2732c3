//! Files of documents.

use base64::Engine as _;
use base64::engine::general_purpose::STANDARD;
use serde_json::{Value, json};

use super::crm::{Crm, Record};
use super::modules;
use super::refusal::Refusal;
use crate::input::File;

impl Crm {
    /// The file has a number of its own beside the document's, and the same prefix. It is kept where the document says that it is the
    /// server's, unless it is empty or a picture that could be a program; and nothing is said where it is not.
    pub(super) fn attach(&mut self, document: &mut Record, element: &Record, files: &[File]) {
        let is_the_servers = element.get("filelocationtype").and_then(Value::as_str) == Some("I");
        let is_kept = |file: &&File| {
            is_the_servers && file.field == "filename" && !file.bytes.is_empty() && file.media_type != "image/svg+xml"
        };
        if let Some(file) = files.iter().find(is_kept) {
            let prefix = modules::named("Documents").map_or(0, |module| module.prefix);
            let id = format!("{prefix}x{}", self.store.number());
            document.insert("filename".to_owned(), json!(file.name));
            document.insert("filetype".to_owned(), json!(file.media_type));
            document.insert("filesize".to_owned(), json!(file.bytes.len().to_string()));
            self.files.insert(id.clone(), file.clone());
            document.insert("imageattachmentids".to_owned(), json!(id));
        }
    }

    /// By the file's own id; a document's is none.
    pub(super) fn file(&self, id: &str) -> Result<Value, Refusal> {
        let number = id.split_once('x').map(|(_, number)| number).ok_or_else(|| Refusal::denied_for("id"))?;
        let file = self.files.get(id).ok_or_else(Refusal::not_found)?;
        Ok(json!([{
            "fileid": number,
            "filename": file.name,
            "filetype": file.media_type,
            "filesize": file.bytes.len(),
            "filecontents": STANDARD.encode(&file.bytes),
        }]))
    }
}
