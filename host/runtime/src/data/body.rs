//! Bodies as the host gives them on.

use wharf_answer::Answer;
use wharf_egress::{Blob, Json};

/// The largest file that is read for an error, in bytes.
const LARGEST_ERROR: u64 = 1 << 20;

/// Beside a file.
pub(super) fn success() -> Json {
    Json::from(serde_json::json!({ "success": true }))
}

/// The body of a file that may tell of an error: an object of JSON; nothing of other files.
pub(super) fn of_file(file: &Blob) -> Vec<u8> {
    let Some(bytes) = file.in_memory().filter(|bytes| bytes.len() as u64 <= LARGEST_ERROR) else { return Vec::new() };
    let start = bytes.strip_prefix("\u{feff}".as_bytes()).unwrap_or(bytes).trim_ascii_start();
    let is_object = start.starts_with(b"{") && Answer::new(200, &[], bytes.to_vec()).object().is_some();
    if is_object { bytes.to_vec() } else { Vec::new() }
}
