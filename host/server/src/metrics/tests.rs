use std::collections::BTreeSet;
use std::sync::Arc;

use wharf::vault::{MemoryVault, Vault as _};
use wharf::{Host, RefusalEvent};

use super::plugins::{MOST, OTHER, Plugins};
use super::*;

/// What is counted as it happens, in the text format.
fn counted(metrics: &Metrics) -> String {
    let mut told = String::new();
    prometheus_text::encode(&mut told, &metrics.registry).unwrap();
    told
}

fn refused<'a>(plugin: &'a str, rule: &'static str) -> RefusalEvent<'a> {
    RefusalEvent { call: "c-1", plugin, operation: "a.b", connection: "main", rule, limit: None }
}

#[test]
fn every_metric_is_documented_and_every_documented_metric_is_told() {
    let rows = include_str!("../../../../docs/metrics.md").lines().filter(|line| line.starts_with("| `"));
    let first = rows.filter_map(|row| row.split(" | ").next());
    let in_code = first.flat_map(|cell| cell.split('`').skip(1).step_by(2));
    let plain = |name: &str| name.trim_end_matches("_total").trim_end_matches("_info").to_owned();
    let documented: BTreeSet<String> = in_code.map(plain).collect();
    let told: BTreeSet<String> = names::ALL.iter().map(|name| name.name.to_owned()).collect();
    assert_eq!(documented, told);
}

#[test]
fn names_are_those_of_prometheus() {
    for Name { name, says } in names::ALL {
        assert!(name.starts_with("wharf_") || name.starts_with("process_"), "{name}");
        assert!(name.bytes().all(|byte| byte.is_ascii_lowercase() || byte == b'_'), "{name}");
        assert!(!says.ends_with('.') && says.is_ascii() && !says.contains(['\n', '\\']), "{name}");
    }
}

#[test]
fn there_are_so_many_plugins_and_all_others_are_one() {
    let plugins = Plugins::default();
    let labels: BTreeSet<Arc<str>> = (0..MOST + 100).map(|number| plugins.label(&format!("p{number}"))).collect();
    assert_eq!(labels.len(), MOST + 1);
    assert!(labels.contains(OTHER));
    assert_eq!((&*plugins.label("p0"), &*plugins.label("new")), ("p0", OTHER));
}

#[test]
fn a_label_forges_no_line() {
    let metrics = Metrics::new();
    metrics.refused(&refused("a\"} 1\nwharf_calls_total{plugin=\"b", "grant"));
    let told = counted(&metrics);
    assert!(
        told.contains("plugin=\"a\\\"} 1\\nwharf_calls_total{plugin=\\\"b\",rule=\"grant\",limit=\"\"} 1\n"),
        "{told}"
    );
    assert!(!told.lines().any(|line| line.starts_with("wharf_calls_total{")));
}

#[test]
fn a_refusal_is_counted_by_its_rule_and_a_limit_by_its_name() {
    let metrics = Arc::new(Metrics::new());
    let hook = metrics.hook();
    hook(&refused("acme", "address"));
    hook(&refused("acme", "address"));
    hook(&RefusalEvent { limit: Some("timeout"), ..refused("acme", "limit") });
    let told = counted(&metrics);
    for line in [
        "wharf_refusals_total{plugin=\"acme\",rule=\"address\",limit=\"\"} 2\n",
        "wharf_refusals_total{plugin=\"acme\",rule=\"limit\",limit=\"timeout\"} 1\n",
    ] {
        assert!(told.contains(line), "{line}{told}");
    }
}

#[test]
fn what_a_caller_writes_is_in_no_label() {
    let metrics = Metrics::new();
    metrics.asked("GET", Some("/v1/plugins/{plugin}"), 200);
    metrics.asked("STEAL", None, 404);
    let told = counted(&metrics);
    assert!(told.contains("{method=\"GET\",route=\"/v1/plugins/{plugin}\",status=\"200\"} 1\n"), "{told}");
    assert!(told.contains("{method=\"_other\",route=\"_other\",status=\"404\"} 1\n"), "{told}");
    assert!(!told.contains("STEAL"));
}

#[test]
fn those_that_are_there_are_counted_until_they_are_gone() {
    let gauge = Gauge::default();
    let (first, second) = (Counted::among(&gauge), Counted::among(&gauge));
    assert_eq!(gauge.get(), 2);
    drop(first);
    assert_eq!(gauge.get(), 1);
    drop(second);
    assert_eq!(gauge.get(), 0);
}

#[test]
fn connections_are_counted_once_each_was_looked_at_and_again_when_they_change() {
    let vault = Arc::new(MemoryVault::default());
    let host = Host::builder().vault(Arc::clone(&vault) as Arc<dyn wharf::vault::Vault>).build().unwrap();
    let connections = Connections::default();
    for name in ["acme/a", "acme/b", "crm/a", "~server"] {
        vault.put(name, b"nothing that could be read", None).unwrap();
    }
    assert!(connections.counted().is_empty(), "a part would look like too few");
    let counted = || {
        connections.look(&host).unwrap();
        connections.counted().into_iter().map(|((plugin, state), count)| (plugin, state, count)).collect::<Vec<_>>()
    };
    let damaged = |plugin: &str, count| (plugin.to_owned(), "damaged", count);
    assert_eq!(counted(), [damaged("acme", 2), damaged("crm", 1)]);
    let version = vault.get("acme/a").unwrap().unwrap().version;
    vault.delete("acme/a", version).unwrap();
    assert_eq!(counted(), [damaged("acme", 1), damaged("crm", 1)]);
}

#[test]
fn the_form_is_the_one_that_is_asked_for() {
    let prometheus = "application/openmetrics-text;version=1.0.0;q=0.5,text/plain;version=0.0.4;q=0.2,*/*;q=0.1";
    assert_eq!(Form::of(Some(prometheus)), Form::OpenMetrics);
    for accept in [None, Some("*/*"), Some("text/plain"), Some("application/openmetrics-text-of-mine"), Some("")] {
        assert_eq!(Form::of(accept), Form::Text, "{accept:?}");
    }
}
