//! Stripe: a sandbox of one account. Bodies are forms, and what comes a second time with the same key is answered as the first time.

use std::collections::BTreeMap;

use serde_json::{Map, Value, json};

use super::Provider;
use super::call::{Call, Outcome, Refusal, json, member, object, refusal, with};
use super::nested;
use crate::answer::{Answer, Canned};
use crate::input::{Wrong, fitting};
use crate::request::Recorded;
use crate::store::Store;
use crate::table::{self, Place, Table};

pub(super) static OPERATIONS: Table = Table::new(|| table::read(include_str!("../../tables/catalogue/stripe.json")));

pub(super) const KEY: &str = "rk_simulated_7Qm2ZxV9tLw4Rk8YpJc3Wk5BvHc7";
/// What a request may have besides what HTTP clients send.
pub(super) const HEADERS: [&str; 3] = ["authorization", "stripe-version", "idempotency-key"];
const VERSION: &str = "2025-09-30.clover";
const TIME: u64 = 1_767_603_600;

pub(super) struct Stripe {
    store: Store,
    /// By their keys.
    answered: BTreeMap<String, Canned>,
}

impl Provider for Stripe {
    fn answer(&mut self, request: &Recorded) -> Canned {
        let key = request.header("idempotency-key").unwrap_or_default().to_owned();
        if let Some(before) = self.answered.get(&key) {
            return before.clone();
        }
        let answer = self.serve(request).unwrap_or_else(|Refusal { status, code, text, field }| {
            let kind = if status == 402 { "card_error" } else { "invalid_request_error" };
            let mut error = object(json!({ "type": kind, "code": code, "message": text }));
            if status == 402 {
                error.insert("decline_code".to_owned(), "insufficient_funds".into());
            }
            if !field.is_empty() {
                error.insert("param".to_owned(), field.into());
            }
            Answer::json(status, &json!({ "error": error })).into()
        });
        if !key.is_empty() {
            self.answered.insert(key, answer.clone());
        }
        answer
    }
}

impl Stripe {
    pub(super) fn new() -> Self {
        let mut stripe = Self { store: Store::new("id"), answered: BTreeMap::new() };
        for (name, email) in [("Ada", "ada@example.com"), ("Grace", "grace@example.com"), ("Hedy", "hedy@example.com")]
        {
            stripe.add("customers", "cus", "customer", object(json!({ "name": name, "email": email })));
        }
        for (amount, kind) in [("500", "one_time"), ("900", "recurring"), ("9000", "recurring")] {
            let price = json!({ "active": true, "currency": "eur", "unit_amount": amount, "type": kind, "product": "prod_tea" });
            stripe.add("prices", "price", "price", object(price));
        }
        for status in ["paid", "open"] {
            let invoice = json!({ "customer": "cus_1", "status": status, "total": 900, "currency": "eur" });
            stripe.add("invoices", "in", "invoice", object(invoice));
        }
        stripe
    }

    fn serve(&mut self, request: &Recorded) -> Outcome {
        if request.header("authorization") != Some(&format!("Bearer {KEY}")) {
            return Err(refusal(401, "api_key_invalid", "Invalid API Key provided"));
        }
        if request.header("stripe-version") != Some(VERSION) {
            return Err(refusal(400, "invalid_version", "Invalid Stripe API version"));
        }
        let segments = request.segments();
        let path: Vec<&str> = segments.iter().skip(1).map(String::as_str).collect();
        let unknown = || refusal(404, "url_unknown", "Unrecognized request URL");
        let mut call = Call::find(&OPERATIONS, &request.method, &path).ok_or_else(unknown)?;
        call.input.query =
            read(&call, Place::Query, request.query()).map_err(Refusal::wrong(400, "parameter_unknown"))?;
        if !request.body.is_empty() && !request.has_media_type("application/x-www-form-urlencoded") {
            return Err(refusal(400, "body_no_form", "Invalid request: the body is no form"));
        }
        let form = form_urlencoded::parse(&request.body).into_owned().collect();
        call.input.body = read(&call, Place::Form, form).map_err(Refusal::wrong(400, "parameter_unknown"))?;
        let (collection, action) = call.name().split_once('.').unwrap_or_default();
        let (prefix, kind) = match collection {
            "customers" => ("cus", "customer"),
            "payment-intents" => ("pi", "payment_intent"),
            "refunds" => ("re", "refund"),
            "checkout-sessions" => ("cs", "checkout.session"),
            "subscriptions" => ("sub", "subscription"),
            _ => ("", ""),
        };
        match action {
            "list" => self.list(&call, collection),
            "search" => self.search(&call),
            "create" => self.create(&call, collection, prefix, kind),
            _ if collection == "account" => {
                let settings = json!({ "dashboard": { "display_name": "Harbour", "timezone": "Europe/Berlin" } });
                json(200, &json!({ "id": "acct_1", "object": "account", "country": "DE", "settings": settings }))
            }
            _ => self.one(&call, collection, action),
        }
    }

    fn list(&self, call: &Call<'_>, collection: &str) -> Outcome {
        let filters = ["email", "customer", "status", "product", "type", "subscription"];
        let is_meant = |thing: &&Value| {
            filters.iter().all(|name| call.text(name).is_empty() || thing.get(*name) == Some(&call.text(name).into()))
        };
        // The newest first.
        let all: Vec<Value> = self.store.all(collection).iter().rev().filter(is_meant).cloned().collect();
        let after = call.text("starting_after");
        let from = match all.iter().position(|thing| member(thing, "id") == after) {
            Some(at) => at + 1,
            None if after.is_empty() => 0,
            None => return Err(missing("starting_after", &after)),
        };
        let (data, next) = call.page(&all, from, "limit", 10);
        json(
            200,
            &json!({ "object": "list", "url": format!("/v1/{collection}"), "has_more": next.is_some(), "data": data }),
        )
    }

    /// Of the query only what stands in quotation marks is looked for, in the names.
    fn search(&self, call: &Call<'_>) -> Outcome {
        let query = call.text("query");
        let word = query.split('\'').nth(1).unwrap_or_default().to_lowercase();
        let is_found = |thing: &&Value| member(thing, "name").to_lowercase().contains(&word);
        let all: Vec<Value> = self.store.all("customers").iter().filter(is_found).cloned().collect();
        let from = call.text("page").strip_prefix("page_").and_then(|from| from.parse().ok()).unwrap_or(0);
        let (data, next) = call.page(&all, from, "limit", 10);
        let next_page = next.map(|next| format!("page_{next}"));
        json(
            200,
            &json!({ "object": "search_result", "has_more": next.is_some(), "next_page": next_page, "data": data }),
        )
    }

    fn create(&mut self, call: &Call<'_>, collection: &str, prefix: &str, kind: &str) -> Outcome {
        for (name, of) in [("customer", "customers"), ("payment_intent", "payment-intents")] {
            let id = call.text(name);
            if !id.is_empty() && self.store.find(of, &id).is_none() {
                return Err(missing(name, &id));
            }
        }
        if call.text("payment_method") == "pm_card_chargeDeclinedInsufficientFunds" {
            return Err(refusal(402, "card_declined", "Your card has insufficient funds."));
        }
        let mut given = call.given();
        let own = match collection {
            "payment-intents" => {
                let status = match (call.text("confirm").as_str(), call.text("capture_method").as_str()) {
                    ("true", "manual") => "requires_capture",
                    ("true", _) => "succeeded",
                    _ => "requires_payment_method",
                };
                json!({ "status": status, "client_secret": "pi_secret_simulated_Zq8TnYx3Wk5BvHc7" })
            }
            "refunds" => json!({ "status": "succeeded" }),
            "checkout-sessions" => json!({ "status": "open", "url": "https://checkout.example/pay/cs_1" }),
            "subscriptions" => json!({ "status": "active" }),
            _ => json!({}),
        };
        given.extend(object(own));
        json(200, &self.add(collection, prefix, kind, given))
    }

    fn one(&mut self, call: &Call<'_>, collection: &str, action: &str) -> Outcome {
        let id = call.id().to_owned();
        let found = self.store.find(collection, &id).cloned().ok_or_else(|| missing("id", &id))?;
        let status = member(&found, "status");
        let changes = match action {
            "get" => return json(200, &found),
            "update" => call.given(),
            "delete" => {
                self.store.remove(collection, &id);
                return json(200, &json!({ "id": id, "object": "customer", "deleted": true }));
            }
            "capture" if status != "requires_capture" => {
                let words = format!("This PaymentIntent could not be captured because it has a status of {status}.");
                return Err(refusal(400, "payment_intent_unexpected_state", words));
            }
            "capture" => object(json!({ "status": "succeeded", "amount_received": found.get("amount") })),
            _ => object(json!({ "status": "canceled", "canceled_at": TIME })),
        };
        json(200, &self.store.change(collection, &id, changes).unwrap_or_default())
    }

    fn add(&mut self, collection: &str, prefix: &str, kind: &str, given: Map<String, Value>) -> Value {
        let id = format!("{prefix}_{}", self.store.all(collection).len() + 1);
        let thing = json!({ "id": id, "object": kind, "created": TIME, "livemode": false });
        self.store.add(collection, with(thing, given))
    }
}

/// What a form or a query says, where it is what the operation takes.
fn read(call: &Call<'_>, place: Place, pairs: Vec<(String, String)>) -> Result<Map<String, Value>, Wrong> {
    let params: Vec<_> = call.operation.params.iter().filter(|param| param.place == place).collect();
    fitting(&params, nested::members(pairs.into_iter()))
}

fn missing(field: &str, id: &str) -> Refusal {
    Refusal { field: field.to_owned(), ..refusal(404, "resource_missing", format!("No such {field}: '{id}'")) }
}
