use indexmap::IndexMap;

use super::super::model::{Operation, ServerVariable};
use super::*;

fn server(url: &str) -> Server {
    Server { url: url.to_owned(), ..Server::default() }
}

/// With the servers of the API, and those of each operation.
fn made(usual: &[Server], operations: &[&[Server]]) -> (Servers, Report) {
    let operations = operations.iter().map(|own| Operation { servers: own.to_vec(), ..Operation::default() }).collect();
    let api = Api { title: "Acme".to_owned(), servers: usual.to_vec(), operations, ..Api::default() };
    let mut report = Report::default();
    (servers(&api, "acme-shop", &mut report), report)
}

#[test]
fn the_first_address_that_is_whole_and_encrypted_is_the_main_one() {
    let all =
        [server("/api"), server("http://a.example"), server("https://b.example/v1/"), server("https://c.example")];
    let (made, report) = made(&all, &[&[]]);
    assert_eq!(
        Value::from(made.main),
        json!({
            "summary": "Where Acme is: https://b.example/v1", "default": "https://b.example/v1",
            "environment": "ACME_SHOP_URL",
        })
    );
    assert_eq!(report.lines[0].rule, "several-servers");
    assert_eq!(made.of, [None]);
}

#[test]
fn what_the_operator_has_to_know_is_said_where_there_is_no_whole_address() {
    let region = ServerVariable { choices: vec!["us".to_owned(), "eu".to_owned()], ..ServerVariable::default() };
    let variables = IndexMap::from([("region".to_owned(), region)]);
    let open = Server { variables, ..server("https://{region}.acme.example/v1") };
    let (with_variable, _) = made(&[open], &[]);
    let summary = "Where Acme is: https://{region}.acme.example/v1 (region: us, eu)";
    assert_eq!(Value::from(with_variable.main), json!({"summary": summary, "environment": "ACME_SHOP_URL"}));
    let (without, _) = made(&[], &[]);
    assert_eq!(without.main["summary"], "Where Acme is, such as https://api.example.com");
    let (relative, _) = made(&[server("/api/v3/")], &[]);
    assert_eq!(relative.main["summary"], "Where Acme is, such as https://api.example.com/api/v3/");
    let (unencrypted, _) = made(&[server("http://acme.example")], &[]);
    assert_eq!(unencrypted.main.get("default"), None);
}

#[test]
fn a_variable_has_its_default_but_no_word_that_stands_for_one() {
    let with = |default: &str| {
        let variable = ServerVariable { default: default.to_owned(), ..ServerVariable::default() };
        let variables = IndexMap::from([("domain".to_owned(), variable)]);
        made(&[Server { variables, ..server("https://{domain}.acme.example") }], &[]).0.main.get("default").cloned()
    };
    assert_eq!(with("eu"), Some(json!("https://eu.acme.example")));
    assert_eq!((with("your-domain"), with("domain"), with("")), (None, None, None));
}

#[test]
fn other_servers_get_names_of_what_tells_them_apart() {
    let usual = [server("https://api.acme.example/v1")];
    let (made, _) = made(
        &usual,
        &[
            &[],
            &[server("https://uploads.acme.example")],
            &[server("https://uploads.acme.example/")],
            &[server("https://api.acme.example/beta")],
            &[server("/v1")],
        ],
    );
    let of: Vec<Option<&str>> = made.of.iter().map(Option::as_deref).collect();
    assert_eq!(of, [None, Some("uploads"), Some("uploads"), Some("beta"), None]);
    assert_eq!(made.others["uploads"]["default"], "https://uploads.acme.example");
    assert_eq!(made.others["uploads"]["environment"], "ACME_SHOP_UPLOADS_URL");
}

#[test]
fn the_server_that_most_operations_name_is_the_main_one() {
    let messages = [server("https://messages.acme.example")];
    let (made, _) = made(&[server("https://acme.example")], &[&messages, &messages, &[server("https://acme.example")]]);
    assert_eq!(made.main["default"], "https://messages.acme.example");
    assert_eq!(
        made.of,
        [None, None, Some("acme".to_owned())].map(|name| name.map(|_| made.others.keys().next().unwrap().clone()))
    );
}

#[test]
fn more_servers_than_a_connection_has_are_told() {
    let own: Vec<[Server; 1]> = (0..14).map(|n| [server(&format!("https://s{n}.example"))]).collect();
    let own: Vec<&[Server]> = own.iter().map(|server| server.as_slice()).chain([[].as_slice(); 3]).collect();
    let (made, _) = made(&[server("https://acme.example")], &own);
    assert_eq!((made.others.len(), made.beyond), (12, vec![12, 13]));
}
