use std::collections::HashSet;
use std::time::{Duration, Instant};

use serde_json::json;

use super::*;
use crate::Policy;
use crate::api::known::{manifests, principal};

const URL: &str = "http://127.0.0.1:8080";

fn of(principal: &Principal) -> Value {
    document(manifests(), principal, &Connections::new(), URL)
}

/// Every reference of a document, also where that is no keyword: there is none here.
fn references(value: &Value, into: &mut Vec<String>) {
    match value {
        Value::Array(items) => items.iter().for_each(|item| references(item, into)),
        Value::Object(members) => members.iter().for_each(|(name, member)| match member {
            Value::String(target) if name == "$ref" => into.push(target.clone()),
            member => references(member, into),
        }),
        _ => {}
    }
}

fn ids(document: &Value) -> Vec<String> {
    let methods = document["paths"].as_object().unwrap().values().flat_map(|item| item.as_object().unwrap().values());
    methods.map(|method| method["operationId"].as_str().unwrap().to_owned()).collect()
}

#[test]
fn every_operation_has_a_path_and_every_reference_leads_somewhere() {
    let document = of(&principal());
    let ids = ids(&document);
    assert_eq!(ids.iter().filter(|id| id.contains('.')).count(), 482);
    assert_eq!(ids.iter().collect::<HashSet<_>>().len(), ids.len());
    let mut found = Vec::new();
    references(&document, &mut found);
    for reference in found {
        let pointer = reference.strip_prefix('#').unwrap();
        assert!(document.pointer(pointer).is_some(), "{reference}");
    }
    assert_eq!(document["servers"], json!([{"url": URL}]));
    assert!(!document.to_string().contains(ROLES));
}

#[test]
fn a_principal_is_told_of_what_it_may_do_and_of_nothing_else() {
    let policy: Policy = serde_json::from_str(r#"{"plugins": ["chatwoot"], "effects": ["read"]}"#).unwrap();
    let reader = Principal { roles: [Role::Call].into(), policy, ..principal() };
    let document = of(&reader);
    let text = document.to_string();
    assert!(text.contains("/v1/plugins/chatwoot/operations/contacts.list"));
    for hidden in
        ["appwrite", "contacts.delete", "makeConnection", "listAudit", "/v1/connect-sessions\"", "NewConnection"]
    {
        assert!(!text.contains(hidden), "{hidden}");
    }
    let manager = Principal { roles: [Role::Manage].into(), ..principal() };
    let document = of(&manager);
    assert!(ids(&document).iter().all(|id| !id.contains('.')) && ids(&document).contains(&"makeConnection".to_owned()));
    assert!(!document.to_string().contains("listCalls"));
}

#[test]
fn connections_are_told_by_the_names_that_they_have() {
    let connections: Connections =
        [("vtiger".to_owned(), vec!["main".to_owned()]), ("appwrite".to_owned(), vec!["a".to_owned(), "b".to_owned()])]
            .into();
    let document = document(manifests(), &principal(), &connections, URL);
    let of = |plugin: &str| document["components"]["schemas"][format!("{plugin}.connection")].clone();
    assert_eq!(of("appwrite")["examples"], json!(["a", "b"]));
    assert!(
        of("vtiger")["description"].as_str().unwrap().ends_with("There is `main`, which is used where none is named.")
    );
    assert!(of("chatwoot")["description"].as_str().unwrap().ends_with("There is none yet."));
}

#[test]
fn files_come_as_parts_of_a_form() {
    let document = of(&principal());
    let path = &document["paths"]["/v1/plugins/appwrite/operations/files.create"]["post"];
    let form = &path["requestBody"]["content"]["multipart/form-data"];
    assert_eq!(form["schema"]["properties"]["file"]["format"], "binary");
    assert_eq!(form["encoding"]["request"]["contentType"], "application/json");
}

#[test]
fn four_hundred_operations_take_no_time() {
    let plugins = manifests();
    let start = Instant::now();
    let text = document(plugins, &principal(), &Connections::new(), URL).to_string();
    let took = start.elapsed();
    println!("{took:?} for {} bytes", text.len());
    assert!(took < Duration::from_millis(500), "{took:?}");
}

/// For other programs: `WHARF_OPENAPI=FILE` writes the document of everything.
#[test]
fn the_document_can_be_looked_at() {
    if let Some(file) = std::env::var_os("WHARF_OPENAPI") {
        std::fs::write(file, serde_json::to_string_pretty(&of(&principal())).unwrap()).unwrap();
    }
}
