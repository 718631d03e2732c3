//! The conversion of a lead.

use serde_json::{Map, Value, json};

use super::crm::{CONVERTED, Crm, id_of};
use super::refusal::Refusal;

impl Crm {
    /// What is made comes one after another; a failure leaves what was made before it.
    pub(super) fn convert_lead(&mut self, element: &Value) -> Result<Value, Refusal> {
        let element = element.as_object().ok_or(Refusal::Death)?;
        let lead = element.get("leadId").and_then(Value::as_str).unwrap_or_default();
        let (module, record) = self.locate(lead)?;
        if module.name != "Leads" {
            return Err(Refusal::denied());
        }
        if record.contains_key(CONVERTED) {
            return Err(Refusal::new("LEAD_ALREADY_CONVERTED", "Lead is already converted"));
        }
        let wanted = |name: &str| {
            let entity = element.get("entities")?.get(name)?.as_object()?;
            let owner = element.get("assignedTo").cloned().unwrap_or_default();
            let mut entity = entity.clone();
            let made = entity.remove("create").is_some_and(|create| create == json!(true) || create == json!("true"));
            entity.insert("assigned_user_id".to_owned(), owner);
            entity.insert("isconvertedfromlead".to_owned(), json!("1"));
            made.then_some(entity)
        };
        let mut made = Map::new();
        if let Some(account) = wanted("Accounts") {
            let id = match self.account_named(account.get("accountname")) {
                Some(id) => id,
                None => self.made("Accounts", account)?,
            };
            made.insert("Accounts".to_owned(), id);
        }
        if let Some(mut contact) = wanted("Contacts") {
            contact.insert("account_id".to_owned(), made.get("Accounts").cloned().unwrap_or_default());
            made.insert("Contacts".to_owned(), self.made("Contacts", contact)?);
        }
        if made.is_empty() {
            return Ok(Value::Null);
        }
        if let Some(mut potential) = wanted("Potentials") {
            potential.insert("related_to".to_owned(), made.get("Accounts").cloned().unwrap_or_default());
            potential.insert("contact_id".to_owned(), made.get("Contacts").cloned().unwrap_or_default());
            made.insert("Potentials".to_owned(), self.made("Potentials", potential)?);
        }
        let heir = element.get("transferRelatedRecordsTo").and_then(Value::as_str).unwrap_or("Contacts");
        if let Some(heir) = made.get(heir).and_then(Value::as_str) {
            for end in self.links.iter_mut().flat_map(|(one, other)| [one, other]).filter(|end| *end == lead) {
                heir.clone_into(end);
            }
        }
        self.store.change("Leads", lead, Map::from_iter([(CONVERTED.to_owned(), json!("1"))]));
        Ok(made.into())
    }

    fn made(&mut self, module: &str, element: Map<String, Value>) -> Result<Value, Refusal> {
        Ok(json!(id_of(&self.create(module, &element.into(), &[])?)))
    }

    fn account_named(&self, name: Option<&Value>) -> Option<Value> {
        let account = self.store.all("Accounts").iter().find(|account| account.get("accountname") == name)?;
        account.get("id").cloned()
    }
}
