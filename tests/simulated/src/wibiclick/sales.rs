//! Estimates and invoices, and their line items.

use serde_json::{Map, Value, json};

use super::State;
use super::call::{Call, Outcome, Refusal, done, member, members, refusal};
use crate::answer::Answer;

const MEMBERS: [&str; 5] = ["id", "item", "description", "quantity", "amount"];

fn items(thing: &Value) -> Vec<Value> {
    thing.get("items").and_then(Value::as_array).cloned().unwrap_or_default()
}

/// What an estimate or an invoice has in any case: a number, a status and line items, each with an id.
pub(super) fn complete(
    state: &mut State,
    call: &Call<'_>,
    list: &str,
    members: &mut Map<String, Value>,
) -> Result<(), Refusal> {
    let stored = state.store.find(list, call.body("id")).map(items);
    if stored.is_none() {
        members.entry("number").or_insert_with(|| number(state, call, list).into());
        members.entry("reason").or_insert_with(|| "draft".into());
        members.entry("items").or_insert_with(|| json!([]));
    }
    let stored = stored.unwrap_or_default();
    for item in members.get_mut("items").and_then(Value::as_array_mut).into_iter().flatten() {
        let item = item.as_object_mut().ok_or_else(|| refusal(400, "items: they must be objects"))?;
        if let Some(name) = item.keys().find(|name| !MEMBERS.contains(&name.as_str())) {
            return Err(refusal(400, format!("items: {name} is not known here")));
        }
        let number = |name: &str| item.get(name).is_none_or(Value::is_number);
        if !item.get("item").is_some_and(Value::is_string) || !number("quantity") || !number("amount") {
            return Err(refusal(400, "items: each needs its name in item; quantity and amount are numbers"));
        }
        match item.get("id") {
            Some(id) if !stored.iter().any(|stored| stored.get("id") == Some(id)) => {
                return Err(refusal(404, "Line item not found"));
            }
            Some(_) => {}
            None => drop(item.insert("id".to_owned(), state.new_id().into())),
        }
    }
    Ok(())
}

fn number(state: &State, call: &Call<'_>, list: &str) -> String {
    format!("{:04}", state.of(list, call.website()).count() + 1)
}

pub(super) fn next_number(state: &State, call: &Call<'_>, list: &str, name: &str) -> Outcome {
    Ok(Answer::json(200, &json!({ name: number(state, call, list) })))
}

pub(super) fn remove_item(state: &mut State, call: &Call<'_>, list: &str) -> Outcome {
    let mut left = items(state.find(list, call.body("id"), call.website())?);
    let id = call.input.body.get("item").and_then(|item| item.get("id"));
    let id = id.ok_or_else(|| refusal(400, "item: it must have an id"))?;
    let before = left.len();
    left.retain(|item| item.get("id") != Some(id));
    if left.len() == before {
        return Err(refusal(404, "Line item not found"));
    }
    state.store.change(list, call.body("id"), members(json!({ "items": left })));
    done("Line item removed")
}

pub(super) fn convert(state: &mut State, call: &Call<'_>) -> Outcome {
    let mut invoice = members(state.find("estimates", call.variable(), call.website())?.clone());
    invoice.remove("id");
    invoice.insert("number".to_owned(), number(state, call, "invoices").into());
    invoice.insert("estimateId".to_owned(), call.variable().into());
    let invoice = state.add("invoices", call.website(), invoice);
    Ok(Answer::json(200, &json!({ "invoice": { "id": member(&invoice, "id") } })))
}

/// With an id it changes the item wherever it is; without, it adds one to the estimate or invoice that is named.
pub(super) fn save_item(state: &mut State, call: &Call<'_>) -> Outcome {
    let mut given = call.input.body.clone();
    let parents = [("estimates", given.remove("estimateId")), ("invoices", given.remove("invoiceId"))];
    if let Some(name) = given.remove("name") {
        given.insert("item".to_owned(), name);
    }
    let (list, parent) = match given.get("id") {
        Some(id) => parent_of(state, call, id).ok_or_else(|| refusal(404, "Line item not found"))?,
        None => parents
            .into_iter()
            .find_map(|(list, id)| Some((list, id?.as_str()?.to_owned())))
            .ok_or_else(|| refusal(400, "estimateId or invoiceId is required"))?,
    };
    let mut items = items(state.find(list, &parent, call.website())?);
    let id = given.get("id").cloned().unwrap_or_else(|| state.new_id().into());
    if !items.iter().any(|item| item.get("id") == Some(&id)) {
        items.push(json!({ "id": id, "quantity": 1 }));
    }
    let item = items.iter_mut().find(|item| item.get("id") == Some(&id)).and_then(Value::as_object_mut);
    item.into_iter().for_each(|item| item.extend(given.clone()));
    state.store.change(list, &parent, members(json!({ "items": items })));
    Ok(Answer::json(200, &json!({ "success": true, "message": "Line item saved", "id": id })))
}

fn parent_of(state: &State, call: &Call<'_>, item: &Value) -> Option<(&'static str, String)> {
    ["estimates", "invoices"].into_iter().find_map(|list| {
        let has = |thing: &&Value| items(thing).iter().any(|own| own.get("id") == Some(item));
        let thing = state.of(list, call.website()).find(has)?;
        Some((list, member(thing, "id").to_owned()))
    })
}

/// One item for each line: `2 x Drain pump 450`.
pub(super) fn parse_items(call: &Call<'_>) -> Outcome {
    let items = call.body("rawText").lines().filter(|line| !line.trim().is_empty()).map(|line| {
        let (quantity, rest) = match line.trim().split_once(" x ") {
            Some((count, rest)) if count.parse::<u32>().is_ok() => (count.parse().unwrap_or(1), rest),
            _ => (1_u32, line.trim()),
        };
        let (name, amount) = match rest.rsplit_once(' ') {
            Some((name, amount)) if amount.parse::<f64>().is_ok() => (name, amount.parse().unwrap_or(0.0)),
            _ => (rest, 0.0),
        };
        json!({ "item": name, "description": "", "quantity": quantity, "amount": amount })
    });
    Ok(Answer::json(200, &json!({ "lineItems": items.collect::<Vec<Value>>() })))
}
