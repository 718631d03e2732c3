use std::time::{Duration, Instant};

use proptest::prelude::*;

use super::*;
use crate::Policy;
use crate::api::known::{manifests, principal};

fn index() -> Index {
    Index::of(&manifests()).unwrap()
}

fn names(found: Vec<&Found>) -> Vec<String> {
    found.into_iter().map(|found| format!("{} {}", found.plugin, found.name)).collect()
}

/// What people ask for, and what is to be among the first three that are found.
const QUESTIONS: &[(&str, &[&str])] = &[
    ("end a user's session", &["appwrite users.delete-session"]),
    ("sign a user out everywhere", &["appwrite users.delete-all-sessions"]),
    ("send a message in a conversation", &["chatwoot messages.create"]),
    ("create a new contact", &["chatwoot contacts.create"]),
    ("delete contact", &["wibiclick contacts.delete", "chatwoot contacts.delete"]),
    ("upload a file", &["appwrite files.create"]),
    ("block a user", &["appwrite users.update-status"]),
    ("send an sms", &["appwrite messages.create-sms"]),
    ("send a whatsapp message", &["wibiclick whatsapp.send"]),
    ("convert an estimate to an invoice", &["wibiclick estimates.convert-to-invoice"]),
    (
        "how much has a technician earned this month",
        &["wibiclick technicians.calculate-salary", "wibiclick technicians.get-monthly-report"],
    ),
    ("merge two customers", &["wibiclick contacts.merge"]),
    ("run a function", &["appwrite executions.create"]),
    ("list all invoices", &["wibiclick invoices.list"]),
    ("wallet balance", &["aigency users.get-balance"]),
    ("send a telegram message", &["aigency messages.send"]),
    ("make the agents forget", &["aigency memories.delete-all", "aigency memories.delete"]),
    ("users.list", &["appwrite users.list", "wibiclick users.list"]),
    ("chatwoot list conversations", &["chatwoot conversations.list"]),
    ("change the email address of a user", &["appwrite users.update-email"]),
    ("reset password mail", &["wibiclick users.request-password-reset"]),
    ("subscribe to a channel", &["aigency subscriptions.add"]),
    ("cancel a deployment", &["appwrite deployments.update-status"]),
    ("assign a conversation to an agent", &["chatwoot conversations.assign"]),
    ("add a label to a conversation", &["chatwoot conversations.set-labels"]),
    ("close a conversation", &["chatwoot conversations.toggle-status"]),
    ("invite an agent", &["chatwoot agents.create"]),
    ("log in", &["vtiger session.login", "aigency users.login", "wibiclick users.login"]),
    ("get an invoice", &["vtiger inventory.get"]),
    ("find contacts by email", &["chatwoot contacts.search"]),
    ("create a crm record", &["vtiger records.create"]),
    ("count open conversations", &["chatwoot conversations.get-counts", "chatwoot reports.get-account-metrics"]),
    ("delete a file", &["appwrite files.delete"]),
    ("register a webhook", &["chatwoot webhooks.create"]),
    ("make a qr code", &["appwrite avatars.get-qr"]),
    ("website statistics", &["wibiclick websites.get-analytics"]),
    ("add a note to a customer", &["wibiclick notes.add"]),
    ("list the users", &["appwrite users.list", "wibiclick users.list"]),
    ("create a user", &["appwrite users.create", "chatwoot users.create"]),
    ("delete a user", &["appwrite users.delete", "chatwoot users.delete", "vtiger users.delete"]),
    ("send an email", &["appwrite messages.create-email"]),
    ("sales lead conversion", &["vtiger leads.convert"]),
    ("remove somebody from a team", &["chatwoot teams.remove-members", "appwrite teams.delete-membership"]),
    ("insert a row in a table", &["appwrite rows.create"]),
    ("query a database table", &["appwrite rows.list"]),
    ("turn off a capability", &["aigency capabilities.disable"]),
    ("what does the agent remember", &["aigency memories.list"]),
    ("appwrite users.delete-session", &["appwrite users.delete-session"]),
    ("users delete session", &["appwrite users.delete-session"]),
    ("create article", &["chatwoot help-center.create-article"]),
    ("update an invoice status", &["wibiclick invoices.update-status"]),
];

#[test]
fn sentences_find_what_is_meant() {
    let (index, everybody) = (index(), principal());
    let mut missed = Vec::new();
    for (question, wanted) in QUESTIONS {
        let found = names(index.find(question, &everybody).unwrap());
        let rank = found.iter().position(|name| wanted.contains(&name.as_str()));
        if rank.is_none_or(|rank| rank > 2) {
            missed.push((question, rank, found.into_iter().take(3).collect::<Vec<_>>()));
        }
    }
    assert!(missed.is_empty(), "{missed:?}");
}

#[test]
fn a_word_that_has_only_begun_finds_something() {
    let found = names(index().find("sess", &principal()).unwrap());
    assert!(found.contains(&"appwrite users.list-sessions".to_owned()), "{found:?}");
}

#[test]
fn only_what_a_principal_may_know_of_is_found() {
    let index = index();
    let policy: Policy =
        serde_json::from_str(r#"{"plugins": ["chatwoot"], "operations": ["contacts.*"], "effects": ["read"]}"#)
            .unwrap();
    let some = Principal { policy, ..principal() };
    let found = names(index.find("create or list contacts", &some).unwrap());
    assert!(!found.is_empty() && found.iter().all(|name| name.starts_with("chatwoot contacts.")), "{found:?}");
    assert!(!found.contains(&"chatwoot contacts.create".to_owned()));
    assert!(index.all(&some).count() < 20 && index.all(&principal()).count() == 482);
}

#[test]
fn a_search_takes_no_time() {
    let (index, everybody) = (index(), principal());
    let start = Instant::now();
    for (question, _) in QUESTIONS {
        index.find(question, &everybody).unwrap();
    }
    let each = start.elapsed() / QUESTIONS.len() as u32;
    println!("{each:?} for each question");
    assert!(each < Duration::from_millis(100), "{each:?}");
}

proptest! {
    #![proptest_config(ProptestConfig::with_cases(64))]

    /// Whatever is asked for, it is no error.
    #[test]
    fn no_question_is_one_that_cannot_be_asked(question in r#"([a-z"'*():^+\-{}\[\] \x00]|NEAR|AND|OR|NOT|\PC){0,40}"#) {
        static INDEX: std::sync::LazyLock<Index> = std::sync::LazyLock::new(index);
        INDEX.find(&question, &principal()).unwrap();
    }
}
