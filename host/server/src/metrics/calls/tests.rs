use std::time::Duration;

use prometheus_client::encoding::prometheus_text;
use wharf::failure::{CallError, Fault};
use wharf::{Output, Timing};

use super::*;
use crate::api::known::HOST;
use crate::problem::TYPES;

fn report(release: Option<Arc<Release>>, result: Result<Output, CallError>) -> Report {
    let millis = Duration::from_millis;
    let timing = Timing { host: millis(2), sandbox: None, network: millis(20), waiting: Duration::ZERO };
    let (exchanges, log) = (Vec::new(), Vec::new());
    let id = "c-1".to_owned();
    Report { id, release, connection: None, result, partial: None, exchanges, log, retries: 1, timing }
}

fn good() -> Result<Output, CallError> {
    Ok(Output { json: serde_json::json!(null).into(), attachments: Vec::new() })
}

fn told(registry: &Registry) -> String {
    let mut told = String::new();
    prometheus_text::encode(&mut told, registry).unwrap();
    told
}

#[test]
fn a_call_is_counted_by_how_it_ended_and_by_where_its_time_went() {
    let mut registry = Registry::default();
    let calls = Calls::new(&mut registry, Arc::default());
    let release = HOST.plugin("appwrite").unwrap();
    let broken = Err(CallError::from(Fault::Host("a disk".to_owned())));
    for result in [good(), good(), broken] {
        let report = report(Some(Arc::clone(&release)), result);
        calls.ended("appwrite", "users.list", &report, Duration::from_millis(1));
    }
    calls.not_begun("appwrite", "users.list", Some(&release), "busy");
    let told = told(&registry);
    for line in [
        "wharf_calls_total{plugin=\"appwrite\",operation=\"users.list\",outcome=\"ok\"} 2\n",
        "wharf_calls_total{plugin=\"appwrite\",operation=\"users.list\",outcome=\"host-fault\"} 1\n",
        "wharf_calls_total{plugin=\"appwrite\",operation=\"users.list\",outcome=\"busy\"} 1\n",
        "wharf_call_duration_seconds_bucket{plugin=\"appwrite\",le=\"0.01\"} 0\n",
        "wharf_call_duration_seconds_bucket{plugin=\"appwrite\",le=\"0.025\"} 3\n",
        "wharf_call_part_duration_seconds_bucket{plugin=\"appwrite\",part=\"queue\",le=\"0.001\"} 3\n",
        "wharf_call_part_duration_seconds_count{plugin=\"appwrite\",part=\"sandbox\"} 0\n",
        "wharf_call_retries_total{plugin=\"appwrite\"} 3\n",
    ] {
        assert!(told.contains(line), "{line}{told}");
    }
}

#[test]
fn what_no_release_has_is_counted_with_all_others() {
    let mut registry = Registry::default();
    let calls = Calls::new(&mut registry, Arc::default());
    let release = HOST.plugin("appwrite").unwrap();
    calls.ended("appwrite", "made.up", &report(Some(release), good()), Duration::ZERO);
    calls.ended("gone", "users.list", &report(None, good()), Duration::ZERO);
    let told = told(&registry);
    assert!(told.contains("wharf_calls_total{plugin=\"_other\",operation=\"_other\",outcome=\"ok\"} 2\n"), "{told}");
    assert!(!told.contains("made.up") && !told.contains("gone"));
}

#[test]
fn there_are_so_many_operations_and_all_others_are_one() {
    let mut registry = Registry::default();
    let calls = Calls::new(&mut registry, Arc::default());
    for number in 0..MOST {
        assert!(calls.add("acme", &format!("things.do-{number}")).is_some());
    }
    assert!(calls.add("acme", "one.more").is_none());
    assert!(calls.add("acme", "things.do-7").is_some(), "those that are known stay");
    assert_eq!(told(&registry).lines().filter(|line| line.starts_with("wharf_calls_total{")).count(), MOST);
}

#[test]
fn each_outcome_is_a_documented_problem() {
    let release = HOST.plugin("appwrite").unwrap();
    let fault = CallError::from(Fault::Host("a disk".to_owned()));
    assert!(TYPES.iter().any(|kind| kind.name == fault.code()));
    assert!(!TYPES.iter().any(|kind| kind.name == OK));
    assert!(release.operation_names().all(|name| name != OTHER));
}

#[test]
fn all_operations_of_five_plugins_are_a_small_scrape() {
    let mut registry = Registry::default();
    let calls = Calls::new(&mut registry, Arc::default());
    for release in HOST.plugins() {
        for operation in release.operation_names() {
            let plugin = &release.about.name;
            calls.ended(plugin, operation, &report(Some(Arc::clone(&release)), good()), Duration::ZERO);
        }
    }
    let told = told(&registry);
    assert_eq!(told.lines().filter(|line| line.starts_with("wharf_calls_total{")).count(), 482);
    assert!(told.len() < 128 << 10, "{} bytes", told.len());
}
