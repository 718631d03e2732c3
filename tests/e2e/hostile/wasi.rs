//! What the system would have for a program, and has not for a guest.

use serde_json::json;

use super::attempt;

#[test]
pub(super) fn looks_for_files() {
    assert_eq!(attempt("wasi", "looks_for_files").run().output(), json!([false, false, false]));
}

#[test]
pub(super) fn opens_sockets() {
    assert_eq!(attempt("wasi", "opens_sockets").run().output(), json!([false, false, false, false]));
}

#[test]
pub(super) fn reads_the_environment() {
    assert_eq!(attempt("wasi", "reads_the_environment").run().output(), json!([0, 0, 0]));
}

#[test]
pub(super) fn exits() {
    attempt("wasi", "exits").run().was_broken("it ended itself, as a program does");
}
