//! Plugins that do not say of themselves what is so.

use std::time::{Duration, Instant};

use serde_json::{Value, json};
use wharf::failure::{CallError, Refusal};
use wharf::manifest::{Manifest, check};
use wharf::{Call, Host, Limits};
use wharf_artifacts::{ENDLESS, LIAR, OBEDIENT, UNSTEADY};

use super::connection;

#[test]
fn a_lying_manifest_is_refused_with_what_is_wrong_and_where() {
    let error = Host::builder().build().unwrap().load_bytes(LIAR.bytes).map(drop).unwrap_err().to_string();
    assert!(!error.replace('\n', "").contains(char::is_control) && !error.contains('\u{202e}'), "{error:?}");
    for problem in [
        "a text in it has a line break, a control character or another one that is not shown as itself",
        "`not a version` is not a semantic version",
        "/server/environment: the environment variable `AWS_ENDPOINT_URL` does not begin with `LIAR_`",
        "/schemes/raw: `Cookie` has a variable that is not encoded",
        "and 8 more",
    ] {
        assert!(error.contains(problem), "{error}");
    }
}

/// What is wrong with a good manifest after a change.
fn changed(change: impl FnOnce(&mut Value)) -> String {
    let host = Host::builder().build().unwrap();
    let mut manifest = json!(host.load_bytes(OBEDIENT.bytes).unwrap().manifest().unwrap());
    change(&mut manifest["operations"][0]);
    let manifest: Manifest = serde_json::from_value(manifest).unwrap();
    let started = Instant::now();
    let problems = check(&manifest).map_err(|problems| problems[0].to_string()).unwrap_err();
    assert!(started.elapsed() < Duration::from_secs(5), "{:?}", started.elapsed());
    problems
}

#[test]
fn a_schema_that_would_take_for_ever_to_check_is_refused() {
    let with = |schema: Value| {
        changed(|operation| operation["input-schema"]["properties"] = json!({"x": schema, "y": {"type": "string"}}))
    };
    let nested = (0..20).fold(json!({"type": "string"}), |inner, _| {
        json!({"anyOf": [{"properties": {"x": inner}}, {"required": ["y"]}], "unevaluatedProperties": false})
    });
    assert!(with(nested).contains("more than 4000 schemas"));
    assert!(with(json!({"pattern": "^(a?b?c?d?){20000}$"})).contains("takes more than 1048576 bytes"));
    let endless = changed(|operation| operation["input-schema"]["allOf"] = json!([{"$ref": "#"}]));
    assert!(endless.contains("refers to itself and tries the same value again"));
    assert!(with(json!({"$dynamicRef": "#x"})).contains("has a `$dynamicRef`"));
    let patterns = (0..300).map(|n| json!({"pattern": format!("^[a-z]{{900}}{n}$")}));
    assert!(with(json!({"anyOf": patterns.collect::<Vec<_>>()})).contains("all together"));
}

#[test]
fn a_manifest_that_repeats_itself_is_refused() {
    let twice = changed(|operation| {
        operation["input-schema"]["properties"] = json!({"x": {"type": "string"}});
        operation["sensitive-inputs"] = json!(vec!["x"; 100_000]);
    });
    assert!(twice.contains("`x` stands twice"), "{twice}");
    let many: Vec<String> = (0..1000).map(|n| format!("file-{n}")).collect();
    let files = changed(|operation| operation["output-attachments"] = json!(many));
    assert!(files.contains("1000 attachments of the output; the most are 64"), "{files}");
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
