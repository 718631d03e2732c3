//! Each rule of egress, from the side of a guest that breaks it.

use std::time::{Duration, Instant};

use serde_json::json;
use wharf::{Call, Grant, Host};
use wharf_artifacts::ROGUE;

use super::{Ended, attempt, connection};
use crate::world::answer;

fn ended(guest: &str) -> Ended {
    attempt("egress", guest).run()
}

/// A guest that must be denied, by the rule beside its name.
macro_rules! denied {
    ($($guest:ident by $rule:literal;)*) => { $(
        #[test]
        pub(super) fn $guest() {
            ended(stringify!($guest)).was_denied($rule);
        }
    )* };
}

denied! {
    asks_for_a_url by "undeclared-request";
    asks_for_nothing by "undeclared-request";
    asks_for_a_request_with_escapes_in_its_name by "undeclared-request";
    gives_a_variable_that_is_not_there by "bound-value";
    gives_a_parameter_that_was_not_declared by "bound-value";
    gives_a_header_that_was_not_declared by "bound-value";
    leaves_a_variable_out by "missing-value";
    climbs_out_of_the_path by "path-value";
    hides_a_slash_in_an_encoding by "path-value";
    hides_dots_before_a_semicolon by "path-value";
    empties_a_segment by "path-value";
    names_a_sibling by "path-value";
    splits_a_header by "header-value";
    poses_with_another_key by "credential";
    overrides_the_method by "method-override";
    overrides_the_method_by_another_name by "method-override";
    gives_the_operation_a_second_time by "bound-value";
    gives_the_operation_with_brackets by "bound-value";
    gives_the_operation_in_brackets by "body";
    gives_the_operation_with_a_zero_byte by "bound-value";
    gives_a_constant_as_php_mangles_it by "bound-value";
    gives_a_constant_with_half_a_bracket by "body";
    gives_the_method_a_second_time by "bound-value";
    names_a_member_twice by "body";
    sends_a_batch by "body";
    gives_a_body_of_another_form by "body";
    breaks_out_of_a_quoted_name by "body";
    breaks_out_of_a_media_type by "body";
    gives_a_file_of_another_type by "body";
    gives_more_fields_than_servers_take by "values";
    asks_for_an_endless_url by "url";
}

/// What the host does for them ends with the call: refused at once, or out of time soon after it.
fn costs_no_time(guest: &str, rule: &str) {
    const TIME: Duration = Duration::from_secs(20);
    let started = Instant::now();
    let ended = attempt("egress", guest).limits(|limits| limits.timeout = TIME).run();
    ended.was_denied(rule);
    assert!(ended.report.timing.host < TIME / 10, "{:?}", ended.report.timing);
    assert!(started.elapsed() < TIME, "{:?}", started.elapsed());
}

#[test]
pub(super) fn gives_a_variable_of_megabytes() {
    costs_no_time("gives_a_variable_of_megabytes", "url");
}

#[test]
pub(super) fn gives_a_million_values() {
    costs_no_time("gives_a_million_values", "values");
}

#[test]
pub(super) fn goes_on_after_a_refusal() {
    let ended = ended("goes_on_after_a_refusal");
    assert_eq!(ended.server.requests().len(), 1, "the declared one, and not the other");
    ended.output();
}

#[test]
pub(super) fn breaks_out_of_a_file_name() {
    let ended = ended("breaks_out_of_a_file_name");
    let body = String::from_utf8(ended.server.requests()[0].body.clone()).unwrap();
    let heads: Vec<&str> = body.lines().filter(|line| line.starts_with("Content-Disposition")).collect();
    let file = r#"name="file"; filename="a%3B name=operation; x=%22%5C%0D%0AX-Injected: 1""#;
    assert_eq!(
        heads,
        [
            r#"Content-Disposition: form-data; name="operation""#,
            format!("Content-Disposition: form-data; {file}").as_str(),
        ]
    );
    assert!(!body.contains("\nX-Injected"), "{body}");
}

#[test]
pub(super) fn asks_wherever_the_connection_leads() {
    for url in [
        "http://169.254.169.254",
        "http://168.63.129.16",
        "http://0.0.0.0:1",
        "http://[::ffff:169.254.169.254]",
        "http://[64:ff9b::a9fe:a9fe]",
        "http://[2002:a9fe:a9fe::1]",
        "http://224.0.0.1",
        "http://2852039166",
        "http://0xa9fea9fe",
    ] {
        attempt("egress", "asks_wherever_the_connection_leads").base_url(url).run().was_denied("address");
    }
}

#[test]
pub(super) fn is_redirected() {
    let elsewhere = wharf_simulated::appwrite::start().unwrap();
    for status in [301, 302, 303, 307, 308] {
        let mut redirect = answer(status, "text/plain", "");
        redirect.headers.push(("Location".to_owned(), elsewhere.url()));
        let ended = attempt("egress", "is_redirected").answered(redirect).run();
        assert_eq!(ended.server.requests().len(), 1);
        assert_eq!(ended.output(), json!(status), "the guest sees where it would have gone");
    }
    assert!(elsewhere.requests().is_empty());
}

#[test]
pub(super) fn is_given_an_unknown_encoding() {
    let mut odd = answer(200, "text/plain", "x");
    odd.headers.push(("Content-Encoding".to_owned(), "zstd".to_owned()));
    let ended = attempt("egress", "is_given_an_unknown_encoding").answered(odd).run();
    assert_eq!(ended.server.requests().len(), 1);
    ended.server.clear_requests();
    ended.was_denied("content-encoding");
}

#[test]
pub(super) fn does_what_was_not_granted() {
    let server = wharf_simulated::appwrite::start().unwrap();
    let host = Host::builder().build().unwrap();
    host.load_bytes(ROGUE.bytes).unwrap();
    let grant = Grant::from(connection("rogue", "main", &server.url())).operations(vec!["wasi.*".parse().unwrap()]);
    host.connect("rogue", grant);
    let report = host.run(Call::new("rogue", "egress.does-what-was-not-granted"));
    assert!(report.log.is_empty(), "it never ran");
    Ended { server, report }.was_denied("grant");
}
