use std::time::Duration;

use serde_json::json;

use super::*;
use crate::Deadline;
use crate::declaration::{Method, Route, Routes};

fn siblings(path: &Path, others: &[&str]) -> Siblings {
    let route = |path: &&str| serde_json::from_value::<Route>(json!({"method": "GET", "path": path})).unwrap();
    others.iter().map(route).collect::<Routes>().siblings(Method::Get, path, true)
}

fn filled(template: &str, others: &[&str], value: impl Fn(&str) -> Given) -> Result<String, Denial> {
    let path = Path::parse(template).unwrap();
    let siblings = siblings(&path, others);
    let mut text = Text::default();
    let work = Work::until(Deadline::within(Duration::MAX));
    match path.expand(&mut text, &siblings, &work, |name| Ok(value(name))) {
        Ok(_) => Ok(text.real().to_owned()),
        Err(Refusal::Denied(denial)) => Err(denial),
        Err(other) => panic!("{other}"),
    }
}

fn given(value: &str) -> Given {
    Given { text: Text::open(value), whose: Whose::Caller, slashes: false }
}

fn expand(template: &str, value: &str) -> Result<String, Denial> {
    filled(template, &["/users/identities", "/users/{id}/sessions", "/teams/members"], |_| given(value))
}

fn encoded(template: &str, value: &str) -> Result<String, Denial> {
    filled(template, &["/projects/{id}/issues", "/projects/{id}"], |_| Given { slashes: true, ..given(value) })
}

#[test]
fn values_are_percent_encoded() {
    assert_eq!(
        expand("/users/{userId}/sessions", "ada lovelace?#&é").unwrap(),
        "/users/ada%20lovelace%3F%23%26%C3%A9/sessions"
    );
    assert_eq!(expand("/files/{id}.json", "7").unwrap(), "/files/7.json");
    assert_eq!(expand("", "7").unwrap(), "");
    assert_eq!(expand("/inboxes/", "7").unwrap(), "/inboxes/");
}

#[test]
fn values_that_would_make_another_path_are_refused() {
    for value in [
        "",
        ".",
        "..",
        "a/b",
        "a\\b",
        "%2e%2e",
        "%252E%252e",
        "1%2f2",
        "1%00",
        "a\nb",
        "..;",
        ".. ",
        "%2e.%20",
        ".;a=b",
        ";x",
        "..%3bx",
        "%2e%2e%253b",
    ] {
        let denial = expand("/users/{userId}", value).unwrap_err();
        assert_eq!(denial.rule, Rule::PathValue, "{value}");
    }
}

#[test]
fn a_value_that_names_a_sibling_is_refused() {
    for value in [
        "identities",
        "Identities",
        "%69dentities",
        "identities.json",
        "identities.",
        "identities. ",
        "identities;x",
        "identities;a=b.json",
        "identities%3Bx",
        "identities.;x",
        "identities?x",
        "identities%23x",
    ] {
        let denial = expand("/users/{userId}", value).unwrap_err();
        assert!(denial.message.contains("`identities`"), "{denial}");
    }
    assert_eq!(expand("/users/{userId}", "members").unwrap(), "/users/members", "a sibling elsewhere");
    assert_eq!(expand("/users/{userId}", "100%").unwrap(), "/users/100%25");
}

#[test]
fn values_of_one_segment_are_looked_at_together() {
    let together = |template: &str, first: &str, second: &str| {
        filled(template, &["/users/identities"], |name| given(if name == "a" { first } else { second }))
    };
    assert!(together("/users/{a}{b}", "iden", "tities").is_err());
    assert!(together("/users/i{a}", "dentities", "").is_err());
    assert!(together("/users/{a}.{b}", ".", "x").is_err(), "a dot by itself");
    assert!(together("/users/{a}{b}", "%2", "e%2e").is_err());
    assert!(together("/users/{a}.{b}", "report", "pdf").is_ok());
}

#[test]
fn a_variable_of_several_segments_keeps_their_slashes_and_each_is_held_to_the_rules() {
    assert_eq!(expand("/contents/{+path}", "src/a b/main.rs").unwrap(), "/contents/src/a%20b/main.rs");
    assert_eq!(expand("/contents/{+path}/history", "src").unwrap(), "/contents/src/history");
    assert_eq!(expand("/v1/{+name}:getPolicy", "projects/a").unwrap(), "/v1/projects/a:getPolicy");
    for value in [
        "",
        "/",
        "/a",
        "a/",
        "a//b",
        "a/../b",
        "..",
        "a/.",
        "a/%2e%2e/b",
        "a%2fb",
        "a/b%252f",
        "a\\b",
        "a/..;x/b",
        "a/ /b",
        "a/;x",
        "a/%00",
    ] {
        assert_eq!(expand("/contents/{+path}", value).unwrap_err().rule, Rule::PathValue, "{value}");
    }
    assert!(expand("/v1/{+name}.", ".").is_err(), "the last one and the text behind it are a dot segment");
    assert!(expand("/contents/{+path}", &"a/".repeat(64)).unwrap_err().message.contains("more than 64"));
}

#[test]
fn a_slash_is_a_part_of_a_value_where_the_declaration_says_so() {
    assert_eq!(encoded("/projects/{id}", "wharf/host").unwrap(), "/projects/wharf%2Fhost");
    for value in ["", "/a", "a/", "a//b", "../b", "a/%2e%2e", "a%2fb", "a\\b"] {
        assert_eq!(encoded("/projects/{id}", value).unwrap_err().rule, Rule::PathValue, "{value}");
    }
    // As a server sees it that decodes the slash first.
    for value in ["wharf/issues", "wharf/ISSUES", "wharf/issues.json", "wharf/%69ssues"] {
        assert!(encoded("/projects/{id}", value).unwrap_err().message.contains("`issues`"), "{value}");
    }
}

#[test]
fn what_the_operator_gave_is_the_operators_to_mend_and_of_a_credential_nothing_is_told() {
    let of = |whose: fn() -> Whose, value: &str| {
        let given = || Given { text: Text::made_of(value, true), whose: whose(), slashes: false };
        filled("/users/{id}", &["/users/identities"], |_| given())
    };
    let field = of(|| Whose::Field("owner".to_owned()), "a/b").unwrap_err();
    assert!(field.remedy.contains("the field `owner` of the connection"), "{field}");
    for value in ["", "..", "a/b", "a%2fb", "a\\b"] {
        let denial = of(|| Whose::Credential, value).unwrap_err();
        assert!(denial.message.starts_with("the credential `id` in the path"), "{denial}");
        assert!(denial.remedy.contains("the operator gives the connection another one"), "{denial}");
    }
    // Whether it is one of the names in a manifest would tell what it is.
    assert_eq!(of(|| Whose::Credential, "identities").unwrap(), "/users/identities");
}

#[test]
fn templates_are_checked() {
    for (template, problem) in [
        ("users", "does not begin with"),
        ("/users//sessions", "empty segment"),
        ("/users/../teams", "dot segment"),
        ("/users/{id", "without"),
        ("/users/{}", "variable"),
        ("/users/id}", "character"),
        ("/users?id=1", "character"),
        ("/us%65rs", "character"),
        (&"/a".repeat(65), "64 segments"),
        ("/{+a}/x/{+b}", "more than one variable of several segments"),
        ("/{+a}/{b}", "not at its end, nor before a literal"),
        ("/x{+a}", "does not begin its segment"),
        ("/{+a}{b}", "does not begin its segment"),
        ("/{+}", "variable"),
    ] {
        let error = Path::parse(template).unwrap_err().to_string();
        assert!(error.contains(problem), "{template}: {error}");
    }
}
