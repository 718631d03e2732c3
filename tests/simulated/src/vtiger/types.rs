//! The modules and other entities of a fresh installation.

use serde_json::{Map, Value, json};

/// Name, label and the label of one record of each module.
const MODULES: [(&str, &str, &str); 28] = [
    ("Campaigns", "Campaigns", "Campaign"),
    ("Vendors", "Vendors", "Vendor"),
    ("Faq", "FAQ", "FAQ"),
    ("Quotes", "Quotes", "Quote"),
    ("PurchaseOrder", "Purchase Orders", "Purchase Order"),
    ("SalesOrder", "Sales Orders", "Sales Order"),
    ("Invoice", "Invoices", "Invoice"),
    ("PriceBooks", "Price Books", "Price Book"),
    ("Calendar", "Calendar", "Task"),
    ("Leads", "Leads", "Lead"),
    ("Accounts", "Organizations", "Organization"),
    ("Contacts", "Contacts", "Contact"),
    ("Potentials", "Opportunities", "Opportunity"),
    ("Products", "Products", "Product"),
    ("Documents", "Documents", "Document"),
    ("Emails", "Emails", "Email"),
    ("HelpDesk", "Tickets", "Ticket"),
    ("Events", "Events", "Event"),
    ("Users", "Users", "User"),
    ("PBXManager", "PBX Manager", "Call Record"),
    ("ServiceContracts", "Service Contracts", "Service Contract"),
    ("Services", "Services", "Service"),
    ("ProjectMilestone", "Project Milestones", "Project Milestone"),
    ("ProjectTask", "Project Tasks", "Project Task"),
    ("Project", "Projects", "Project"),
    ("ModComments", "Comments", "Comment"),
    ("SMSNotifier", "SMS Notifier", "SMS Notifier"),
    ("Assets", "Assets", "Asset"),
];

/// What is no module; here name and labels are one word.
const OTHERS: [&str; 7] =
    ["Groups", "Currency", "DocumentFolders", "CompanyDetails", "LineItem", "Tax", "ProductTaxes"];

/// The modules with a field of the type `email`. Other field types are not simulated.
const WITH_EMAIL: [&str; 4] = ["Vendors", "Leads", "Accounts", "Contacts"];

/// The result of the operation. The list of field types is JSON text; without it, or when it is
/// not readable, nothing is left out.
pub(super) fn list(field_types: Option<&str>) -> Value {
    let field_types: Vec<String> = field_types.and_then(|text| serde_json::from_str(text).ok()).unwrap_or_default();
    let wanted = |name: &str| {
        field_types.is_empty() || (field_types.iter().any(|kind| kind == "email") && WITH_EMAIL.contains(&name))
    };
    let modules = MODULES.iter().map(|&(name, label, singular)| (name, label, singular, true));
    let others = OTHERS.iter().map(|&name| (name, name, name, false));
    let mut types = Vec::new();
    let mut information = Map::new();
    for (name, label, singular, is_entity) in modules.chain(others) {
        if wanted(name) {
            types.push(name);
            let entry = json!({ "isEntity": is_entity, "label": label, "singular": singular });
            information.insert(name.to_owned(), entry);
        }
    }
    if types.is_empty() {
        // PHP makes no difference between an empty object and an empty array.
        return json!({ "types": [], "information": [] });
    }
    json!({ "types": types, "information": information })
}
