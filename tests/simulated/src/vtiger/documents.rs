//! Files of documents.

use base64::Engine as _;
use base64::engine::general_purpose::STANDARD;
use serde_json::{Value, json};

use super::crm::{Crm, Record};
use super::modules;
use super::refusal::Refusal;
use crate::input::File;

impl Crm {
    /// The file has a number of its own beside the document's, and the same prefix.
    pub(super) fn attach(&mut self, document: &mut Record, files: &[File]) {
        let file = files.iter().find(|file| file.field == "filename");
        let id = file.map(|file| {
            let prefix = modules::named("Documents").map_or(0, |module| module.prefix);
            let id = format!("{prefix}x{}", self.store.number());
            document.insert("filename".to_owned(), json!(file.name));
            document.insert("filetype".to_owned(), json!(file.media_type));
            document.insert("filesize".to_owned(), json!(file.bytes.len().to_string()));
            self.files.insert(id.clone(), file.clone());
            id
        });
        document.insert("imageattachmentids".to_owned(), json!(id.unwrap_or_default()));
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
