//! The path of an agent, from a sentence to an operation.

use super::*;
use crate::api::known::{manifests, principal};

/// What agents ask for, and what is to be among the first five that are found. They were written before anything was tuned.
const SENTENCES: &[(&str, &[&str])] = &[
    ("kick ada off all her devices", &["appwrite users.delete-all-sessions"]),
    ("a customer lost his phone, remove his authenticator app", &["appwrite users.delete-mfa-authenticator"]),
    ("give our new colleague a login with her email and a password", &["appwrite users.create"]),
    ("which groups is this account a member of", &["appwrite users.list-memberships"]),
    ("what did this user do lately", &["appwrite users.list-logs"]),
    ("put the pdf into the storage bucket", &["appwrite files.create"]),
    ("make a thumbnail of the picture", &["appwrite files.preview"]),
    ("how do I get the bytes of a stored file", &["appwrite files.download"]),
    ("add one to the counter column of a row", &["appwrite rows.increment-column"]),
    ("wipe every document that matches a query", &["appwrite documents.delete-many"]),
    ("roll out the main branch of the repository", &["appwrite deployments.create-vcs"]),
    ("store an API key as an environment variable of the function", &["appwrite variables.create"]),
    ("text everybody who subscribed that we are down", &["appwrite messages.create-sms"]),
    ("configure our Twilio account for sending texts", &["appwrite providers.create-twilio"]),
    ("take someone off the mailing topic", &["appwrite subscribers.delete"]),
    ("what currencies exist", &["appwrite locale.list-currencies"]),
    ("flag picture for Germany", &["appwrite avatars.get-flag"]),
    ("screenshot of a web page", &["appwrite avatars.get-screenshot"]),
    ("reply to the customer in his open ticket", &["chatwoot messages.create"]),
    ("hand this ticket over to the billing team", &["chatwoot conversations.assign"]),
    ("mark the ticket as resolved", &["chatwoot conversations.toggle-status"]),
    ("make this conversation urgent", &["chatwoot conversations.toggle-priority"]),
    ("tag the contact as a vip", &["chatwoot contacts.set-labels"]),
    ("everything that we ever talked about with this contact", &["chatwoot contacts.list-conversations"]),
    ("look up a person by phone number", &["chatwoot contacts.search"]),
    ("save a text block that agents can reuse", &["chatwoot canned-responses.create"]),
    (
        "how fast do our agents answer",
        &[
            "chatwoot reports.get-agent-metrics",
            "chatwoot reports.list-statistics",
            "chatwoot reports.get-statistics-summary",
        ],
    ),
    ("who may answer in this inbox", &["chatwoot inboxes.list-members"]),
    ("notify my server whenever a message arrives", &["chatwoot webhooks.create"]),
    ("write a help center page", &["chatwoot help-center.create-article"]),
    ("automatically assign new conversations to a team", &["chatwoot automation-rules.create"]),
    ("throw out a support agent who left the company", &["chatwoot agents.delete"]),
    ("who changed what in our support account", &["chatwoot audit-logs.list"]),
    ("turn a lead into an account and an opportunity", &["vtiger leads.convert"]),
    ("what fields does the Contacts module have", &["vtiger metadata.describe"]),
    ("find all accounts in Berlin with a select statement", &["vtiger query.run"]),
    ("link a contact to a campaign", &["vtiger relations.add"]),
    ("what changed since yesterday in the crm", &["vtiger sync.get-changes"]),
    ("attach a file to a crm record", &["vtiger documents.upload"]),
    ("which plumber fits this job best", &["wibiclick jobs.match-technician"]),
    ("the customer accepted the quote, bill it", &["wibiclick estimates.convert-to-invoice"]),
    ("the invoice was paid", &["wibiclick invoices.update-status"]),
    ("are there duplicate customers", &["wibiclick contacts.get-potential-merges"]),
    ("what does this client owe us", &["wibiclick contacts.get-financials"]),
    ("does this number use whatsapp", &["wibiclick whatsapp.check-number"]),
    ("how many people visited my site", &["wibiclick websites.get-views", "wibiclick websites.get-analytics"]),
    ("replace our company logo", &["wibiclick settings.upload-logo"]),
    ("remind me to call the supplier tomorrow", &["wibiclick tasks.create"]),
    ("stop following this channel", &["aigency subscriptions.disable", "aigency subscriptions.remove"]),
    ("how many tokens did I spend this month", &["aigency usage.list-history"]),
];

/// Written after that, to see whether it holds for others.
const FURTHER: &[(&str, &[&str])] = &[
    ("Please create an account for bob@example.com", &["appwrite users.create"]),
    ("I want to see every session that user 42 has open", &["appwrite users.list-sessions"]),
    (
        "The user forgot her password, set a new one",
        &["appwrite users.update-password", "wibiclick users.reset-password", "vtiger users.change-password"],
    ),
    ("Verify the email of this user by hand", &["appwrite users.update-email-verification"]),
    ("Can you put a label premium on that user?", &["appwrite users.update-labels"]),
    ("I need the rows of the orders table where status is open", &["appwrite rows.list"]),
    ("Save this JSON as a new document in the collection", &["appwrite documents.create"]),
    ("Change two fields of one row", &["appwrite rows.update"]),
    ("Create a bucket for invoices", &["appwrite buckets.create"]),
    ("Share a file for an hour with a link", &["appwrite tokens.create"]),
    ("Delete that picture from storage", &["appwrite files.delete"]),
    ("Show me the last runs of my function", &["appwrite executions.list"]),
    ("Why did deployment 7 fail", &["appwrite deployments.get"]),
    ("Go back to the deployment from yesterday", &["appwrite functions.update-deployment"]),
    ("Which runtimes can functions use", &["appwrite functions.list-runtimes"]),
    ("Set up SendGrid as our mail provider", &["appwrite providers.create-sendgrid"]),
    ("Send a push notification to all iPhones", &["appwrite messages.create-push"]),
    ("Country codes for phone numbers", &["appwrite locale.list-countries-phones"]),
    ("Generate an avatar with the initials of a name", &["appwrite avatars.get-initials"]),
    (
        "Show all unassigned conversations of my inbox",
        &["chatwoot conversations.list", "chatwoot conversations.filter"],
    ),
    ("Start a conversation with a contact by email", &["chatwoot conversations.create"]),
    ("Read the messages of conversation 12", &["chatwoot messages.list", "chatwoot conversations.list-messages"]),
    ("Delete a message that I sent by mistake", &["chatwoot messages.delete"]),
    ("Add Anna and Tom to the sales team", &["chatwoot teams.add-members"]),
    ("Which labels does this conversation have", &["chatwoot conversations.list-labels"]),
    ("Connect Slack to our support desk", &["chatwoot integrations.create-hook"]),
    ("Create an email inbox", &["chatwoot inboxes.create"]),
    (
        "Make a dashboard of how many conversations were resolved last week",
        &[
            "chatwoot reports.list-statistics",
            "chatwoot reports.get-statistics-summary",
            "chatwoot reports.get-account-metrics",
            "chatwoot conversations.get-counts",
        ],
    ),
    ("Remove the old webhook", &["chatwoot webhooks.delete"]),
    ("Update the phone number of a contact", &["chatwoot contacts.update", "wibiclick contacts.save"]),
    ("Define a new custom field for contacts", &["chatwoot custom-attributes.create"]),
    ("Create a new lead named Miller in Vtiger", &["vtiger records.create"]),
    ("Delete record 12x34", &["vtiger records.delete"]),
    ("Which modules can I query", &["vtiger metadata.list-types"]),
    ("Get all tickets that belong to an organisation", &["vtiger relations.list", "vtiger relations.query"]),
    ("Download the attachment of a document in Vtiger", &["vtiger documents.download"]),
    ("Create an invoice for a customer", &["wibiclick invoices.save"]),
    ("Send the estimate as a PDF over WhatsApp", &["wibiclick whatsapp.send-document"]),
    ("Show today's jobs", &["wibiclick jobs.list"]),
    (
        "Assign a job to Peter",
        &["wibiclick jobs.send-to-technician", "wibiclick jobs.match-technician", "wibiclick jobs.save"],
    ),
    ("Set the call-out fee of a job", &["wibiclick jobs.update-callout-fee"]),
    (
        "Which of my websites gets the most clicks",
        &["wibiclick websites.get-clicks", "wibiclick websites.get-analytics", "wibiclick websites.get-performance"],
    ),
    ("What did employees do this month", &["wibiclick employees.get-monthly-summary"]),
    ("Add a new supplier", &["wibiclick suppliers.save"]),
    ("Customer does not want marketing emails", &["wibiclick contacts.set-communication-preferences"]),
    ("What is my credit balance", &["aigency users.get-balance", "wibiclick users.get-credits"]),
    ("Subscribe the bot to a Telegram channel", &["aigency subscriptions.add"]),
    ("Delete everything you remember about me", &["aigency memories.delete-all"]),
    ("Turn the web search capability on", &["aigency capabilities.enable"]),
    ("Tell the agent some background information", &["aigency contexts.add"]),
];

/// Those that are not among the first five.
fn missed(index: &Index, sentences: &[(&str, &[&str])]) -> Vec<String> {
    let mut missed = Vec::new();
    for (sentence, wanted) in sentences {
        let found = index.find(sentence, &principal()).unwrap();
        let names: Vec<String> = found.iter().map(|found| format!("{} {}", found.plugin, found.name)).collect();
        if !names.iter().take(5).any(|name| wanted.contains(&name.as_str())) {
            let place = names.iter().position(|name| wanted.contains(&name.as_str()));
            missed.push(format!("{sentence}: {wanted:?} is {place:?}, after {:?}", names.get(..5)));
        }
    }
    missed
}

#[test]
fn fifty_sentences_find_the_right_one_of_482_operations_among_the_first_five() {
    let missed = missed(&Index::of(&manifests()).unwrap(), SENTENCES);
    assert!(SENTENCES.len() == 50 && missed.is_empty(), "{missed:#?}");
}

#[test]
fn of_fifty_further_sentences_forty_eight_do_too() {
    let missed = missed(&Index::of(&manifests()).unwrap(), FURTHER);
    assert!(missed.len() * 20 <= FURTHER.len(), "{missed:#?}");
}
