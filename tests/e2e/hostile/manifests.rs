//! Plugins that do not say of themselves what is so.

use std::time::{Duration, Instant};

use wharf::failure::{CallError, Refusal};
use wharf::{Call, Host, Limits};
use wharf_artifacts::{ENDLESS, LIAR, UNSTEADY};

use super::connection;

#[test]
fn a_lying_manifest_is_refused_with_what_is_wrong_and_where() {
    let error = Host::builder().build().unwrap().load_bytes(LIAR.bytes).map(drop).unwrap_err().to_string();
    assert!(!error.replace('\n', "").contains(char::is_control) && !error.contains('\u{202e}'), "{error:?}");
    for problem in [
        "a text in it has a control character",
        "`not a version` is not a semantic version",
        "base-url: the environment variable `AWS_ENDPOINT_URL` does not begin with `LIAR_`",
        "fields: `key` stands twice",
        "and 9 more",
    ] {
        assert!(error.contains(problem), "{error}");
    }
}

#[test]
fn a_plugin_that_never_ends_to_describe_itself_ends_with_its_time() {
    let limits = Limits { timeout: Duration::from_millis(300), ..Limits::default() };
    let host = Host::builder().limits(limits).build().unwrap();
    let started = Instant::now();
    let error = host.load_bytes(ENDLESS.bytes).map(drop).unwrap_err().to_string();
    assert!(error.contains("it does not describe itself") && error.contains("`timeout` of 300ms"), "{error}");
    assert!(started.elapsed() < Duration::from_secs(20), "{:?}", started.elapsed());
}

#[test]
fn only_what_a_plugin_said_of_itself_when_it_was_loaded_counts() {
    let server = wharf_simulated::appwrite::start().unwrap();
    let host = Host::builder().build().unwrap();
    let release = host.load_bytes(UNSTEADY.bytes).unwrap();
    let said = release.about.summary.clone();
    host.connect("unsteady", connection("unsteady", "main", &server.url()));
    for _ in 0..3 {
        match host.call(Call::new("unsteady", "things.take")) {
            Err(CallError::Refusal(Refusal::Denied(denial))) => assert_eq!(denial.rule.name(), "undeclared-request"),
            other => panic!("not denied: {other:?}"),
        }
    }
    assert!(server.requests().is_empty());
    assert_eq!(host.plugin("unsteady").unwrap().about.summary, said);
}
