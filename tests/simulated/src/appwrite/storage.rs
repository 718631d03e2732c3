//! Files, what they hold, and the tokens by which others may see them.

use serde_json::{Value, json};

use super::State;
use super::avatars;
use super::call::Call;
use super::fault::Fault;
use super::kinds;
use super::parts::{Upload, signature};
use super::plain::{member, text, unique};
use super::queries::Scope;
use super::rules;
use crate::answer::Answer;
use crate::clock;

impl State {
    pub(super) fn files(&mut self, call: &Call<'_>) -> Result<Option<Answer>, Fault> {
        match call.action() {
            "create" => self.create_file(call).map(Some),
            "download" | "view" | "preview" => self.show_file(call).map(Some),
            _ => Ok(None),
        }
    }

    fn create_file(&mut self, call: &Call<'_>) -> Result<Answer, Fault> {
        let id = self.receive(call, |state, upload| state.new_file(call, upload))?;
        let noted = self.uploads.get(&format!("{}/{id}", call.list())).map(|upload| {
            json!({
                "chunksTotal": upload.parts_total(),
                "chunksUploaded": upload.parts_come(),
                "signature": if upload.is_complete() { signature(&upload.bytes) } else { String::new() },
            })
        });
        let file = self.note_upload(call, &id, noted.unwrap_or_default())?;
        Ok(call.answer(&file))
    }

    /// The thing for a file, when it or the first part of it comes.
    fn new_file(&mut self, call: &Call<'_>, upload: &Upload) -> Result<String, Fault> {
        let bucket = self.store.find("buckets", call.place("bucketId")).cloned().unwrap_or_default();
        let size = u64::try_from(upload.size).unwrap_or(u64::MAX);
        if member(&bucket, "maximumFileSize").as_u64().is_some_and(|most| size > most) {
            return Err(Fault::new(400, "storage_invalid_file_size", "The file is larger than the bucket takes"));
        }
        let extensions = member(&bucket, "allowedFileExtensions").as_array().cloned().unwrap_or_default();
        let extension = upload.name.rsplit_once('.').map_or("", |(_, extension)| extension);
        if !extensions.is_empty() && !extensions.contains(&extension.into()) {
            return Err(Fault::new(400, "storage_file_type_unsupported", "The bucket does not take such files"));
        }
        let mut members = call.body();
        members.insert("name".to_owned(), upload.name.clone().into());
        members.insert("bucketId".to_owned(), call.place("bucketId").into());
        members.insert("mimeType".to_owned(), upload.media_type.clone().into());
        members.insert("sizeOriginal".to_owned(), upload.size.into());
        let file = self.create(call, members)?;
        Ok(text(&file, "$id").to_owned())
    }

    fn show_file(&self, call: &Call<'_>) -> Result<Answer, Fault> {
        avatars::check(call)?;
        if let Some(secret) = call.text("token") {
            let known = self.store.all("tokens").iter().any(|token| text(token, "secret") == secret);
            known.then_some(()).ok_or_else(|| Fault::new(404, "token_not_found", "There is no such token"))?;
        }
        let upload = self.content(call).ok_or_else(|| call.kind().not_found(call.id()))?;
        let media_type = match call.action() {
            "preview" => avatars::media_type(call, &upload.media_type),
            _ => upload.media_type.clone(),
        };
        Ok(Answer::file(media_type, upload.bytes.clone()))
    }

    pub(super) fn tokens(&mut self, call: &Call<'_>) -> Result<Option<Answer>, Fault> {
        let of = format!("{}:{}", call.place("bucketId"), call.place("fileId"));
        if let Some(date) = call.text("expire") {
            rules::ahead("expire", date)?;
        }
        let expire = call.text("expire").unwrap_or_default();
        match call.action() {
            "create" => {
                let token = json!({
                    "resourceId": of, "resourceType": "files", "expire": expire, "secret": unique(), "accessedAt": "",
                });
                let members = token.as_object().cloned().unwrap_or_default();
                let token = self.make("tokens", &unique(), kinds::of("tokens"), members);
                Ok(Some(call.answer(&token)))
            }
            "list" => {
                let tokens = self.store.all("tokens").iter().filter(|token| text(token, "resourceId") == of);
                let tokens: Vec<Value> = tokens.cloned().collect();
                self.list_of(call, &tokens, Scope::Whole(call.kind().attributes)).map(Some)
            }
            // Null takes the end away.
            "update" if call.input.body.contains_key("expire") => {
                let members = [("expire".to_owned(), expire.into()), ("accessedAt".to_owned(), clock::now().into())];
                let token = self.change(call, members.into_iter().collect())?;
                Ok(Some(call.answer(&token)))
            }
            _ => Ok(None),
        }
    }
}
