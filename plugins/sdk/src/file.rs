//! Files that come as answers.

use crate::bindings::wharf::provider::blobs::Blob;
use crate::call::Call;
use crate::failure::Failure;
use crate::response::Response;

/// The largest answer that is read for an error, in bytes.
const LARGEST_ERROR: u32 = 1024 * 1024;

impl Call<'_> {
    /// The file that a request with [`answers_file`](crate::DeclaredRequest::answers_file) was answered with. A provider may say with a
    /// good status what is wrong: so an object of JSON of up to 1 MiB is read as the provider's answers are, and is a file if there is
    /// no error in it.
    ///
    /// # Errors
    /// What the provider says is wrong.
    pub fn file(&self, response: Response) -> Result<Blob, Failure> {
        let status = response.status;
        let file = self.any_file(response)?;
        if let Some(body) = object(&file) {
            self.read(&Response::new(status, &[], body))?;
        }
        Ok(file)
    }

    /// The same whatever stands in the file.
    pub(crate) fn any_file(&self, response: Response) -> Result<Blob, Failure> {
        response.into_file().map_err(|response| match self.read(&response) {
            Ok(_) => response.makes_no_sense("a file"),
            Err(failure) => failure,
        })
    }
}

/// A file that is an object of JSON.
fn object(file: &Blob) -> Option<Vec<u8>> {
    let size = u32::try_from(file.size()).ok().filter(|size| *size <= LARGEST_ERROR)?;
    // Most files show at once that they are none.
    is_begun(&file.read(0, size.min(64))).then(|| file.read(0, size)).filter(|body| is_object(body))
}

fn is_begun(start: &[u8]) -> bool {
    let start = start.strip_prefix("\u{feff}".as_bytes()).unwrap_or(start).trim_ascii_start();
    start.is_empty() || start.starts_with(b"{")
}

fn is_object(body: &[u8]) -> bool {
    Response::new(200, &[], body).object().is_some()
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn an_object_of_json_may_be_an_error_and_nothing_else_is() {
        for (body, is_error) in [
            (r#"{"error": "No photo."}"#, true),
            ("\u{feff} \r\n{}", true),
            (r#"{"error": "half a pair \ud83d", "n": 1e400}"#, true),
            ("[1]", false),
            ("{ this is no JSON }", false),
            ("%PDF-1.7", false),
            ("", false),
        ] {
            assert_eq!(is_begun(body.as_bytes()) && is_object(body.as_bytes()), is_error, "{body}");
        }
        assert!(is_begun(&[b' '; 64]), "it may begin behind them");
    }
}
